/* SPDX-License-Identifier: MIT */

/* Layers from tars and images to verity images in the cache. What is there already is not made again. */

#include <stdio.h>
#include <string.h>

#include "cmd/lcowctl/lcowctl.h"
#include "cmd/progress/progress.h"
#include "ext4/layer.h"
#include "oci/digest.h"
#include "oci/layout.h"
#include "platform/file.h"
#include "uvm/verity_info.h"

static HRESULT convert(const struct wanted *w, struct hcs_data_file *tar, const char *path, const char *what,
                       struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *out = NULL;
        struct layer_options options;
        struct progress progress;
        struct layer layer;
        HRESULT hr = hcs_data_file_create(path, &out, err);

        if (FAILED(hr))
                return hr;
        layer_options_init(&options);
        progress_init(&progress, what);
        options.verity = options.vhd = true;
        if (!w->steps.quiet && !w->steps.json) {
                options.convert.progress = progress_convert;
                options.hashing.progress = progress_bytes;
        }
        options.convert.ctx = options.hashing.ctx = &progress;
        hr = layer_write(tar, out, &options, &layer, err);
        progress_end(&progress);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

/* digest: of the layer's content. tar is read only when the cache has no such image. */
static HRESULT add_disk(struct wanted *w, const char *digest, const char *what,
                        HRESULT (*open)(void *ctx, struct hcs_data_file **ret, struct hcs_error **err), void *ctx,
                        struct hcs_error **err) {
        _cleanup_free_ char *path = cache_layer(w->cache, digest), *folder = hcs_asprintf("%s/layers", w->cache);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *tar = NULL;
        bool cached = hcs_file_exists(path);
        struct hcs_json *info = NULL;
        HRESULT hr = cached ? S_OK : hcs_directory_create(folder, err);

        if (SUCCEEDED(hr) && !cached)
                hr = open(ctx, &tar, err);
        if (SUCCEEDED(hr) && !cached)
                hr = convert(w, tar, path, what, err);
        if (SUCCEEDED(hr))
                hr = uvm_verity_info(path, NULL, &info, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "layer %s", what), hr;
        lcow_step(&w->run, "layer %s: %s, root hash %.16s...", what, cached ? "in the cache" : "made",
                  info ? hcs_json_get_string(info, "RootDigest") : "none");
        lcow_run_add_disk(&w->run, path, info);
        return S_OK;
}

static HRESULT open_tar(void *ctx, struct hcs_data_file **ret, struct hcs_error **err) {
        return hcs_data_file_open(ctx, ret, err);
}

static HRESULT add_tar(struct wanted *w, const char *path, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        char digest[OCI_DIGEST_SIZE];
        HRESULT hr = hcs_data_file_open(path, &f, err);

        if (SUCCEEDED(hr) && !hcs_data_file_is_regular(f))
                hr = hcs_error_make(err, HCS_WIN32(50), "no file: what it is is found by reading it twice");
        if (SUCCEEDED(hr))
                hr = oci_digest_of(f, "sha256:", digest, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "layer %s", path), hr;
        return add_disk(w, digest, path, open_tar, (void *)(uintptr_t)path, err);
}

struct blob {
        struct oci_layout *layout;
        const struct oci_layer *layer;
};

static HRESULT open_blob(void *ctx, struct hcs_data_file **ret, struct hcs_error **err) {
        struct blob *b = ctx;

        return oci_layout_blob(b->layout, &b->layer->blob, ret, err);
}

static bool fits(const struct oci_manifest *m, const char *tag) {
        if (m->os && !hcs_streq(m->os, "linux"))
                return false;
        return !tag || hcs_streq(m->name, tag) || hcs_streq(m->digest, tag) ||
               (m->name && hcs_str_ends(m->name, tag) && m->name[strlen(m->name) - strlen(tag) - 1] == ':');
}

/* The first of the manifests with that tag; without one there must be only one to choose. */
static HRESULT choose(const struct oci_manifests *all, const char *tag, const struct oci_manifest **ret,
                      struct hcs_error **err) {
        unsigned n = 0;

        for (size_t i = 0; i < all->n; i++) {
                bool is_image = all->item[i].n_layers && all->item[i].layers[0].is_tar;

                if (!is_image || !fits(&all->item[i], tag))
                        continue;
                if (!n++)
                        *ret = &all->item[i];
        }
        if (!n)
                return hcs_error_make(err, HCS_WIN32(1168), "it has no Linux image%s%s", tag ? " called " : "",
                                      tag ? tag : "");
        if (n > 1 && !tag)
                return hcs_error_make(err, E_INVALIDARG, "it has %u images: say which, as PATH:TAG", n);
        return S_OK;
}

static HRESULT open_layout(const char *path, struct oci_layout **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr;

        if (hcs_file_is_directory(path))
                return oci_layout_open(path, ret, err);
        hr = hcs_data_file_open(path, &f, err);
        if (SUCCEEDED(hr))
                hr = oci_layout_open_tar(f, ret, err);
        if (hr == S_OK)
                f = NULL; /* the layout's */
        if (hr == S_FALSE)
                return hcs_error_make(err, OCI_E_DOCUMENT, "a tar, but of no image: --layer takes tars of layers");
        return hr;
}

static HRESULT add_image(struct wanted *w, struct oci_layout *layout, const char *tag, struct hcs_json **ret_config,
                         struct hcs_error **err) {
        _cleanup_(oci_manifests_deinit) struct oci_manifests all = {0};
        const struct oci_manifest *m = NULL;
        HRESULT hr = oci_layout_manifests(layout, &all, err);

        if (SUCCEEDED(hr))
                hr = choose(&all, tag, &m, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < m->n_layers; i++) {
                struct blob blob = {layout, &m->layers[i]};
                const struct oci_layer *l = &m->layers[i];

                if (l->is_tar)
                        hr = add_disk(w, l->diff_id ? l->diff_id : l->blob.digest, l->blob.digest, open_blob, &blob,
                                      err);
        }
        if (SUCCEEDED(hr) && m->config)
                hr = hcs_json_parse_cstr(m->config, ret_config, err);
        return hr;
}

HRESULT wanted_make_disks(struct wanted *w, struct hcs_json **ret_config, struct hcs_error **err) {
        _cleanup_(oci_layout_freep) struct oci_layout *layout = NULL;
        _cleanup_free_ char *path = hcs_strdup(w->image);
        char *colon = path ? strrchr(path, ':') : NULL;
        HRESULT hr = S_OK;

        for (size_t i = 0; i < w->layers.n && SUCCEEDED(hr); i++)
                hr = add_tar(w, w->layers.items[i], err);
        if (FAILED(hr) || !path)
                return hr;
        /* A colon may be the path's own. */
        if (colon && !strchr(colon, '/') && !hcs_file_exists(path))
                *colon++ = '\0';
        else
                colon = NULL;
        hr = open_layout(path, &layout, err);
        if (SUCCEEDED(hr))
                hr = add_image(w, layout, colon, ret_config, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "image %s", w->image);
        return hr;
}
