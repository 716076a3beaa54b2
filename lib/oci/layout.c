/* SPDX-License-Identifier: MIT */

#include "oci/layout.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf.h"
#include "oci/archive.h"
#include "oci/digest.h"
#include "oci/docker.h"

#define MAX_DEPTH     8u
#define MAX_MANIFESTS 4096u
/* Of all manifests together: a small manifest.json may name one image by many tags. */
#define MAX_LAYERS       65536u
#define MAX_CONFIG_BYTES ((size_t)64 << 20)

struct oci_layout {
        char *directory; /* or */
        struct oci_archive *archive;
        bool docker; /* the archive is of Docker's own form */
};

struct oci_layout *oci_layout_free(struct oci_layout *l) {
        if (!l)
                return NULL;
        oci_archive_free(l->archive);
        free(l->directory);
        free(l);
        return NULL;
}

static void manifest_deinit(struct oci_manifest *m) {
        for (size_t i = 0; i < m->n_layers; i++) {
                oci_descriptor_deinit(&m->layers[i].blob);
                free(m->layers[i].diff_id);
        }
        free(m->layers);
        free(m->digest);
        free(m->name);
        free(m->config);
        free(m->os);
        free(m->architecture);
        free(m->variant);
}

void oci_manifests_deinit(struct oci_manifests *m) {
        for (size_t i = 0; i < m->n; i++)
                manifest_deinit(&m->item[i]);
        free(m->item);
        *m = (struct oci_manifests){0};
}

static HRESULT open_file(struct oci_layout *l, const char *name, struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = l->directory ? hcs_asprintf("%s/%s", l->directory, name) : NULL;

        return path ? hcs_data_file_open(path, ret, err) : oci_archive_extract(l->archive, name, ret, err);
}

static HRESULT read_text(struct hcs_data_file *f, struct hcs_buf *out, struct hcs_error **err) {
        uint64_t size;
        size_t n;
        HRESULT hr = hcs_data_file_size(f, &size, err);

        if (SUCCEEDED(hr) && size > OCI_MAX_DOCUMENT)
                return hcs_error_make(err, OCI_E_DOCUMENT, "a document of %llu bytes, where up to %zu are possible",
                                      (unsigned long long)size, OCI_MAX_DOCUMENT);
        if (FAILED(hr))
                return hr;
        hcs_buf_reserve(out, (size_t)size);
        hr = hcs_data_file_read_at(f, 0, out->data, (size_t)size, &n, err);
        if (FAILED(hr))
                return hr;
        out->len = n;
        out->data[n] = '\0';
        return S_OK;
}

static HRESULT read_named(struct oci_layout *l, const char *name, struct hcs_buf *out, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = open_file(l, name, &f, err);

        return SUCCEEDED(hr) ? read_text(f, out, err) : hr;
}

static HRESULT wrap(struct hcs_error **err, HRESULT hr, const char *what) {
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", what);
        return hr;
}

static HRESULT check_layout(struct oci_layout *l, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = read_named(l, "oci-layout", &text, err);

        if (SUCCEEDED(hr))
                hr = oci_parse_layout(hcs_buf_cstr(&text), text.len, err);
        return wrap(err, hr, "no OCI image layout: oci-layout");
}

HRESULT oci_layout_open(const char *directory, struct oci_layout **ret, struct hcs_error **err) {
        _cleanup_(oci_layout_freep) struct oci_layout *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr;

        l->directory = hcs_strdup(directory);
        hr = check_layout(l, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&l);
        return S_OK;
}

HRESULT oci_layout_open_tar(struct hcs_data_file *tar, struct oci_layout **ret, struct hcs_error **err) {
        struct oci_layout *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr = oci_archive_open(tar, &l->archive, err);
        uint64_t size;

        /* What has both is a layout, with the other for older readers. */
        l->docker = hr == S_OK && FAILED(oci_archive_size(l->archive, "oci-layout", &size, NULL)) &&
                    SUCCEEDED(oci_archive_size(l->archive, "manifest.json", &size, NULL));
        if (hr == S_OK && !l->docker)
                hr = check_layout(l, err);
        if (hr != S_OK) {
                /* The tar is still the caller's. */
                if (l->archive)
                        oci_archive_release(l->archive);
                free(l);
                return hr;
        }
        *ret = l;
        return S_OK;
}

static HRESULT check_blob(struct hcs_data_file *f, const struct oci_descriptor *d, struct hcs_error **err) {
        char digest[OCI_DIGEST_SIZE];
        uint64_t size;
        HRESULT hr = hcs_data_file_size(f, &size, err);

        if (SUCCEEDED(hr) && size != d->size)
                return hcs_error_make(err, OCI_E_DIGEST, "it has %llu bytes, and its descriptor says %llu",
                                      (unsigned long long)size, (unsigned long long)d->size);
        if (SUCCEEDED(hr))
                hr = oci_digest_of(f, d->digest, digest, err);
        if (SUCCEEDED(hr) && !hcs_streq(digest, d->digest))
                return hcs_error_make(err, OCI_E_DIGEST, "its content is %s", digest);
        return hr;
}

HRESULT oci_layout_blob(struct oci_layout *l, const struct oci_descriptor *d, struct hcs_data_file **ret,
                        struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_free_ char *name =
                d->file ? hcs_strdup(d->file) : hcs_asprintf("blobs/%.6s/%s", d->digest, oci_digest_hex(d->digest));
        HRESULT hr = open_file(l, name, &f, err);

        if (SUCCEEDED(hr))
                hr = check_blob(f, d, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "blob %s", d->digest);
                return hr;
        }
        *ret = steal_pointer(&f);
        return S_OK;
}

static HRESULT read_blob(struct oci_layout *l, const struct oci_descriptor *d, struct hcs_buf *out,
                         struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr;

        if (d->size > OCI_MAX_DOCUMENT)
                return hcs_error_make(err, OCI_E_DOCUMENT, "a document of %llu bytes, where up to %zu are possible",
                                      (unsigned long long)d->size, OCI_MAX_DOCUMENT);
        hr = oci_layout_blob(l, d, &f, err);
        return SUCCEEDED(hr) ? read_text(f, out, err) : hr;
}

/* Each layer with its id out of the configuration, where that is one of an image. */
static HRESULT join(struct oci_layout *l, struct oci_manifest *m, struct oci_manifest_document *d, struct oci_config *c,
                    struct hcs_error **err) {
        if (c->diff_ids && c->n != d->layers.n)
                return hcs_error_make(err, OCI_E_DOCUMENT, "%zu layers, and %zu rootfs.diff_ids in the configuration",
                                      d->layers.n, c->n);
        if (!c->diff_ids && l->docker)
                return hcs_error_make(err, OCI_E_DOCUMENT, "the configuration has no rootfs.diff_ids");
        m->layers = hcs_calloc(d->layers.n + 1, sizeof(*m->layers));
        for (size_t i = 0; i < d->layers.n; i++) {
                struct oci_layer *layer = &m->layers[m->n_layers++];

                layer->blob = d->layers.item[i];
                d->layers.item[i] = (struct oci_descriptor){0};
                layer->is_tar = oci_is_layer(layer->blob.media_type);
                layer->diff_id = c->diff_ids ? hcs_strdup(c->diff_ids[i]) : NULL;
                if (!layer->blob.digest) /* of Docker's form: the tar as it is */
                        layer->blob.digest = hcs_strdup(layer->diff_id);
        }
        if (!m->os) {
                m->os = steal_pointer(&c->os);
                m->architecture = steal_pointer(&c->architecture);
                m->variant = steal_pointer(&c->variant);
        }
        return S_OK;
}

/* What document says, with what its configuration adds. Empties the document, and leaves the configuration in text. */
static HRESULT add_document(struct oci_layout *l, const struct oci_descriptor *d,
                            struct oci_manifest_document *document, struct hcs_buf *text, struct oci_manifests *out,
                            struct hcs_error **err) {
        _cleanup_(oci_config_deinit) struct oci_config config = {0};
        struct oci_manifest m = {0};
        HRESULT hr;

        if (out->n == MAX_MANIFESTS)
                return hcs_error_make(err, OCI_E_DOCUMENT, "there are more than %u manifests", MAX_MANIFESTS);
        if (document->layers.n > MAX_LAYERS - out->n_layers)
                return hcs_error_make(err, OCI_E_DOCUMENT, "all manifests have more than %u layers", MAX_LAYERS);
        hcs_buf_clear(text);
        hr = wrap(err, read_blob(l, &document->config, text, err), "config");
        /* Artefacts have configurations of all kinds, also empty ones. */
        if (SUCCEEDED(hr) && strstr(document->config.media_type, "image")) {
                hr = wrap(err, oci_parse_config(hcs_buf_cstr(text), text->len, &config, err), "config");
                if (SUCCEEDED(hr) && text->len > MAX_CONFIG_BYTES - out->config_bytes)
                        hr = hcs_error_make(err, OCI_E_DOCUMENT, "all configurations have more than %zu bytes",
                                            MAX_CONFIG_BYTES);
                m.config = hcs_strndup(hcs_buf_cstr(text), text->len);
        }
        m.digest = hcs_strdup(d->digest);
        m.name = hcs_strdup(d->name);
        m.os = hcs_strdup(d->os);
        m.architecture = hcs_strdup(d->architecture);
        m.variant = hcs_strdup(d->variant);
        if (SUCCEEDED(hr))
                hr = join(l, &m, document, &config, err);
        if (FAILED(hr)) {
                manifest_deinit(&m);
                return hr;
        }
        if ((out->n & (out->n - 1)) == 0)
                out->item = hcs_realloc(out->item, (out->n ? 2 * out->n : 1) * sizeof(*out->item));
        out->item[out->n++] = m;
        out->n_layers += m.n_layers;
        out->config_bytes += m.config ? text->len : 0;
        return S_OK;
}

static HRESULT add_manifest(struct oci_layout *l, const struct oci_descriptor *d, struct hcs_buf *text,
                            struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_(oci_manifest_document_deinit) struct oci_manifest_document document = {0};
        HRESULT hr = oci_parse_manifest(hcs_buf_cstr(text), text->len, &document, err);

        return SUCCEEDED(hr) ? add_document(l, d, &document, text, out, err) : hr;
}

static HRESULT walk(struct oci_layout *l, const struct hcs_buf *index, unsigned depth, const char *name,
                    struct oci_manifests *out, struct hcs_error **err);

/* What a descriptor of an index leads to. A tag of an index is one of all that is in it. */
static HRESULT follow(struct oci_layout *l, struct oci_descriptor *d, unsigned depth, const char *name,
                      struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (!oci_is_index(d->media_type) && !oci_is_manifest(d->media_type)) {
                _cleanup_free_ char *type = hcs_utf8_visible(d->media_type);

                return hcs_error_make(err, OCI_E_DOCUMENT, "media type `%.120s` is that of no manifest or index", type);
        }
        if (!d->name)
                d->name = hcs_strdup(name);
        hr = read_blob(l, d, &text, err);
        if (FAILED(hr))
                return hr;
        if (oci_is_index(d->media_type))
                return walk(l, &text, depth + 1, d->name, out, err);
        return add_manifest(l, d, &text, out, err);
}

static HRESULT walk(struct oci_layout *l, const struct hcs_buf *index, unsigned depth, const char *name,
                    struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_(oci_descriptors_deinit) struct oci_descriptors d = {0};
        HRESULT hr;

        if (depth > MAX_DEPTH)
                return hcs_error_make(err, OCI_E_DOCUMENT, "indexes nested deeper than %u", MAX_DEPTH);
        hr = oci_parse_index(hcs_buf_cstr(index), index->len, &d, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < d.n; i++) {
                hr = follow(l, &d.item[i], depth, name, out, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "manifests[%zu] %s", i, d.item[i].digest);
        }
        return hr;
}

/* ---- archives of Docker's form ---- */

/* With the tag `name`, or without one. */
static HRESULT add_docker_image(struct oci_layout *l, const struct oci_docker_image *image, const char *name,
                                struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_(oci_manifest_document_deinit) struct oci_manifest_document document = {0};
        _cleanup_(oci_descriptor_deinit) struct oci_descriptor d = {.name = hcs_strdup(name)};
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = oci_docker_describe(image, l->archive, &document, err);

        if (FAILED(hr))
                return hr;
        d.digest = hcs_strdup(document.config.digest); /* what Docker calls the image's id */
        return add_document(l, &d, &document, &text, out, err);
}

static HRESULT list_docker(struct oci_layout *l, struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_(oci_docker_images_deinit) struct oci_docker_images images = {0};
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = read_named(l, "manifest.json", &text, err);

        if (SUCCEEDED(hr))
                hr = oci_docker_parse(hcs_buf_cstr(&text), text.len, &images, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < images.n; i++) {
                const struct hcs_strings *tags = &images.item[i].tags;

                for (size_t t = 0; SUCCEEDED(hr) && t < (tags->n ? tags->n : 1); t++)
                        hr = add_docker_image(l, &images.item[i], tags->n ? tags->items[t] : NULL, out, err);
        }
        return wrap(err, hr, "manifest.json");
}

static HRESULT list_index(struct oci_layout *l, struct oci_manifests *out, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = read_named(l, "index.json", &text, err);

        return SUCCEEDED(hr) ? wrap(err, walk(l, &text, 0, NULL, out, err), "index.json") : hr;
}

HRESULT oci_layout_manifests(struct oci_layout *l, struct oci_manifests *ret, struct hcs_error **err) {
        struct oci_manifests m = {0};
        HRESULT hr = l->docker ? list_docker(l, &m, err) : list_index(l, &m, err);

        if (FAILED(hr)) {
                oci_manifests_deinit(&m);
                return hr;
        }
        *ret = m;
        return S_OK;
}
