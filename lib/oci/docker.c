/* SPDX-License-Identifier: MIT */

#include "oci/docker.h"

#include <string.h>

#include "base/json.h"
#include "oci/digest.h"

#define MAX_IMAGES 4096u
#define MAX_FILES  4096u

void oci_docker_images_deinit(struct oci_docker_images *d) {
        for (size_t i = 0; i < d->n; i++) {
                free(d->item[i].config);
                hcs_strings_deinit(&d->item[i].layers);
                hcs_strings_deinit(&d->item[i].tags);
        }
        free(d->item);
        *d = (struct oci_docker_images){0};
}

static HRESULT refuse(struct hcs_error **err, size_t image, const char *what) {
        _cleanup_free_ char *path = hcs_asprintf("$[%zu]", image);

        hcs_error_make(err, OCI_E_DOCUMENT, "%s: %s", path, what);
        hcs_error_set_path(err, path);
        return OCI_E_DOCUMENT;
}

/* A list that is not there, or null, is empty. */
static bool read_strings(const struct hcs_json *list, struct hcs_strings *ret) {
        if (list && !hcs_json_is(list, HCS_JSON_ARRAY) && !hcs_json_is(list, HCS_JSON_NULL))
                return false;
        if (hcs_json_count(list) > MAX_FILES)
                return false;
        for (const struct hcs_json *j = hcs_json_first(list); j; j = hcs_json_next(j)) {
                if (!hcs_json_string(j))
                        return false;
                hcs_strings_add(ret, hcs_strdup(hcs_json_string(j)));
        }
        return true;
}

static HRESULT read_image(const struct hcs_json *j, struct oci_docker_images *d, struct hcs_error **err) {
        size_t place = d->n;
        struct oci_docker_image *image = &d->item[d->n++];

        image->config = hcs_strdup(hcs_json_get_string(j, "Config"));
        if (!image->config)
                return refuse(err, place, "Config, the name of a file, is missing");
        if (!read_strings(hcs_json_get(j, "Layers"), &image->layers))
                return refuse(err, place, "Layers is no list of up to 4096 names of files");
        if (!read_strings(hcs_json_get(j, "RepoTags"), &image->tags))
                return refuse(err, place, "RepoTags is no list of up to 4096 names");
        return S_OK;
}

HRESULT oci_docker_parse(const char *text, size_t len, struct oci_docker_images *ret, struct hcs_error **err) {
        static const struct hcs_json_options options = {.max_bytes = OCI_MAX_DOCUMENT};
        _cleanup_(oci_docker_images_deinit) struct oci_docker_images d = {0};
        _cleanup_json_ struct hcs_json *j = NULL;
        HRESULT hr = hcs_json_parse(text, len, &options, &j, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_json_is(j, HCS_JSON_ARRAY) || hcs_json_count(j) > MAX_IMAGES) {
                hcs_error_make(err, OCI_E_DOCUMENT, "$: a list of up to %u images is expected", MAX_IMAGES);
                hcs_error_set_path(err, "$");
                return OCI_E_DOCUMENT;
        }
        d.item = hcs_calloc(hcs_json_count(j) + 1, sizeof(*d.item));
        for (const struct hcs_json *image = hcs_json_first(j); SUCCEEDED(hr) && image; image = hcs_json_next(image))
                hr = read_image(image, &d, err);
        if (FAILED(hr))
                return hr;
        *ret = d;
        d = (struct oci_docker_images){0};
        return S_OK;
}

/* The digest that a file's name holds; NULL when it holds none. */
static char *digest_of_name(const char *name) {
        const char *hex = hcs_str_starts(name, "sha256:") ? name + strlen("sha256:") : name;
        _cleanup_free_ char *digest = hcs_asprintf("sha256:%.*s", (int)strcspn(hex, "./"), hex);

        return oci_digest_is_valid(digest) ? steal_pointer(&digest) : NULL;
}

static HRESULT describe(struct oci_archive *a, const char *file, const char *type, struct oci_descriptor *ret,
                        struct hcs_error **err) {
        HRESULT hr = oci_archive_size(a, file, &ret->size, err);

        if (FAILED(hr))
                return hr;
        ret->media_type = hcs_strdup(type);
        ret->file = hcs_strdup(file);
        return S_OK;
}

/* Its name says its digest, or must be believed. */
static HRESULT describe_config(struct oci_archive *a, const char *file, struct oci_descriptor *ret,
                               struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        char digest[OCI_DIGEST_SIZE];
        HRESULT hr = describe(a, file, "application/vnd.docker.container.image.v1+json", ret, err);

        if (FAILED(hr))
                return hr;
        ret->digest = digest_of_name(file);
        if (ret->digest)
                return S_OK;
        hr = oci_archive_extract(a, file, &f, err);
        if (SUCCEEDED(hr))
                hr = oci_digest_of(f, "sha256:", digest, err);
        if (SUCCEEDED(hr))
                ret->digest = hcs_strdup(digest);
        return hr;
}

/* The diff id is the digest of a tar as it is; a compressed one has that of its own in its name. */
static HRESULT describe_layer(struct oci_archive *a, const char *file, struct oci_descriptor *ret,
                              struct hcs_error **err) {
        bool compressed = hcs_str_ends(file, ".gz");
        HRESULT hr = describe(a, file,
                              compressed ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                                         : "application/vnd.docker.image.rootfs.diff.tar",
                              ret, err);

        if (FAILED(hr) || !compressed)
                return hr;
        ret->digest = digest_of_name(file);
        return ret->digest ? S_OK
                           : hcs_error_make(err, OCI_E_DOCUMENT, "the name of the compressed layer `%s` is no digest",
                                            file);
}

HRESULT oci_docker_describe(const struct oci_docker_image *image, struct oci_archive *a,
                            struct oci_manifest_document *ret, struct hcs_error **err) {
        _cleanup_(oci_manifest_document_deinit) struct oci_manifest_document d = {0};
        HRESULT hr = describe_config(a, image->config, &d.config, err);

        d.layers.item = hcs_calloc(image->layers.n + 1, sizeof(*d.layers.item));
        for (size_t i = 0; SUCCEEDED(hr) && i < image->layers.n; i++)
                hr = describe_layer(a, image->layers.items[i], &d.layers.item[d.layers.n++], err);
        if (FAILED(hr))
                return hr;
        *ret = d;
        d = (struct oci_manifest_document){0};
        return S_OK;
}
