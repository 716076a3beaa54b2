/* SPDX-License-Identifier: MIT */

#include "oci/document.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "oci/digest.h"

#define MAX_ITEMS 4096u
#define REF_NAME  "org.opencontainers.image.ref.name"

void oci_descriptor_deinit(struct oci_descriptor *d) {
        free(d->media_type);
        free(d->digest);
        free(d->os);
        free(d->architecture);
        free(d->variant);
        free(d->name);
        free(d->file);
        *d = (struct oci_descriptor){0};
}

void oci_descriptors_deinit(struct oci_descriptors *d) {
        for (size_t i = 0; i < d->n; i++)
                oci_descriptor_deinit(&d->item[i]);
        free(d->item);
        *d = (struct oci_descriptors){0};
}

void oci_manifest_document_deinit(struct oci_manifest_document *m) {
        oci_descriptor_deinit(&m->config);
        oci_descriptors_deinit(&m->layers);
}

void oci_config_deinit(struct oci_config *c) {
        for (size_t i = 0; i < c->n; i++)
                free(c->diff_ids[i]);
        free(c->diff_ids);
        free(c->os);
        free(c->architecture);
        free(c->variant);
        *c = (struct oci_config){0};
}

bool oci_is_index(const char *media_type) {
        return hcs_streq(media_type, "application/vnd.oci.image.index.v1+json") ||
               hcs_streq(media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
}

bool oci_is_manifest(const char *media_type) {
        return hcs_streq(media_type, "application/vnd.oci.image.manifest.v1+json") ||
               hcs_streq(media_type, "application/vnd.docker.distribution.manifest.v2+json");
}

bool oci_is_layer(const char *media_type) {
        return hcs_str_starts(media_type, "application/vnd.oci.image.layer.v1.tar") ||
               hcs_str_starts(media_type, "application/vnd.oci.image.layer.nondistributable.v1.tar") ||
               hcs_str_starts(media_type, "application/vnd.docker.image.rootfs.diff.tar") ||
               hcs_str_starts(media_type, "application/vnd.docker.image.rootfs.foreign.diff.tar");
}

/* A bad member: "path: what". */
static HRESULT refuse(struct hcs_error **err, const char *path, const char *what) {
        hcs_error_make(err, OCI_E_DOCUMENT, "%s: %s", path, what);
        hcs_error_set_path(err, path);
        return OCI_E_DOCUMENT;
}

static HRESULT parse_object(const char *text, size_t len, struct hcs_json **ret, struct hcs_error **err) {
        static const struct hcs_json_options options = {.max_bytes = OCI_MAX_DOCUMENT};
        _cleanup_json_ struct hcs_json *j = NULL;
        HRESULT hr = hcs_json_parse(text, len, &options, &j, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_json_is(j, HCS_JSON_OBJECT))
                return refuse(err, "$", "an object is expected");
        *ret = steal_pointer(&j);
        return S_OK;
}

static char *copy_string(const struct hcs_json *o, const char *key) {
        return hcs_strdup(hcs_json_get_string(o, key));
}

static HRESULT parse_descriptor(const struct hcs_json *j, const char *path, struct oci_descriptor *ret,
                                struct hcs_error **err) {
        const char *digest = hcs_json_get_string(j, "digest"), *type = hcs_json_get_string(j, "mediaType");
        const struct hcs_json *platform = hcs_json_get(j, "platform");
        uint64_t size;

        if (!hcs_json_is(j, HCS_JSON_OBJECT))
                return refuse(err, path, "a descriptor is expected");
        if (!digest || !oci_digest_is_valid(digest)) {
                _cleanup_free_ char *text = digest ? hcs_utf8_visible(digest) : NULL;
                _cleanup_free_ char *what = digest ? hcs_asprintf("`%.160s` is no sha256 or sha512 digest", text)
                                                   : hcs_strdup("there is no digest");

                return refuse(err, path, what);
        }
        if (!hcs_json_u64(hcs_json_get(j, "size"), &size) || size > INT64_MAX)
                return refuse(err, path, "there is no size");
        *ret = (struct oci_descriptor){.media_type = hcs_strdup(type ? type : ""),
                                       .digest = hcs_strdup(digest),
                                       .size = size,
                                       .os = copy_string(platform, "os"),
                                       .architecture = copy_string(platform, "architecture"),
                                       .variant = copy_string(platform, "variant"),
                                       .name = copy_string(hcs_json_get(j, "annotations"), REF_NAME)};
        return S_OK;
}

static HRESULT parse_descriptors(const struct hcs_json *root, const char *member, struct oci_descriptors *ret,
                                 struct hcs_error **err) {
        const struct hcs_json *array = hcs_json_get(root, member);
        struct oci_descriptors d = {0};
        HRESULT hr = S_OK;

        if (!hcs_json_is(array, HCS_JSON_ARRAY))
                return refuse(err, member, "an array of descriptors is expected");
        if (hcs_json_count(array) > MAX_ITEMS)
                return refuse(err, member, "there are more than 4096");
        d.item = hcs_calloc(hcs_json_count(array) + 1, sizeof(*d.item));
        for (const struct hcs_json *j = hcs_json_first(array); SUCCEEDED(hr) && j; j = hcs_json_next(j)) {
                _cleanup_buf_ struct hcs_buf path = {0};

                hcs_json_path_member(&path, member);
                hcs_json_path_index(&path, d.n);
                hr = parse_descriptor(j, hcs_buf_cstr(&path), &d.item[d.n], err);
                if (SUCCEEDED(hr))
                        d.n++;
        }
        if (FAILED(hr)) {
                oci_descriptors_deinit(&d);
                return hr;
        }
        *ret = d;
        return S_OK;
}

HRESULT oci_parse_layout(const char *text, size_t len, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *j = NULL;
        const char *version;
        HRESULT hr = parse_object(text, len, &j, err);

        if (FAILED(hr))
                return hr;
        version = hcs_json_get_string(j, "imageLayoutVersion");
        if (!version || !hcs_str_starts(version, "1."))
                return refuse(err, "imageLayoutVersion", version ? "not 1.x" : "it is missing");
        return S_OK;
}

HRESULT oci_parse_index(const char *text, size_t len, struct oci_descriptors *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *j = NULL;
        HRESULT hr = parse_object(text, len, &j, err);

        return SUCCEEDED(hr) ? parse_descriptors(j, "manifests", ret, err) : hr;
}

HRESULT oci_parse_manifest(const char *text, size_t len, struct oci_manifest_document *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *j = NULL;
        struct oci_manifest_document m = {0};
        HRESULT hr = parse_object(text, len, &j, err);

        if (SUCCEEDED(hr))
                hr = parse_descriptor(hcs_json_get(j, "config"), "config", &m.config, err);
        if (SUCCEEDED(hr))
                hr = parse_descriptors(j, "layers", &m.layers, err);
        if (FAILED(hr)) {
                oci_manifest_document_deinit(&m);
                return hr;
        }
        *ret = m;
        return S_OK;
}

static HRESULT parse_diff_ids(const struct hcs_json *array, struct oci_config *c, struct hcs_error **err) {
        if (hcs_json_count(array) > MAX_ITEMS)
                return refuse(err, "rootfs.diff_ids", "there are more than 4096");
        c->diff_ids = hcs_calloc(hcs_json_count(array) + 1, sizeof(*c->diff_ids));
        for (const struct hcs_json *j = hcs_json_first(array); j; j = hcs_json_next(j)) {
                const char *id = hcs_json_string(j);

                if (!id || !oci_digest_is_valid(id)) {
                        _cleanup_buf_ struct hcs_buf path = {0};

                        hcs_buf_puts(&path, "rootfs.diff_ids");
                        hcs_json_path_index(&path, c->n);
                        return refuse(err, hcs_buf_cstr(&path), "no sha256 or sha512 digest");
                }
                c->diff_ids[c->n++] = hcs_strdup(id);
        }
        return S_OK;
}

HRESULT oci_parse_config(const char *text, size_t len, struct oci_config *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *j = NULL;
        _cleanup_(oci_config_deinit) struct oci_config c = {0};
        const struct hcs_json *ids;
        HRESULT hr = parse_object(text, len, &j, err);

        if (FAILED(hr))
                return hr;
        c.os = copy_string(j, "os");
        c.architecture = copy_string(j, "architecture");
        c.variant = copy_string(j, "variant");
        ids = hcs_json_get(hcs_json_get(j, "rootfs"), "diff_ids");
        hr = hcs_json_is(ids, HCS_JSON_ARRAY) ? parse_diff_ids(ids, &c, err) : S_OK;
        if (FAILED(hr))
                return hr;
        *ret = c;
        c = (struct oci_config){0};
        return S_OK;
}
