/* SPDX-License-Identifier: MIT */

/* What an argument is, by its bytes, and the layers in it. */

#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/verity/verity.h"
#include "ext4/read/image.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"
#include "platform/file.h"

static const char *const kinds[] = {"guess", "tar", "image", "layout"};

enum input_kind input_kind_parse(const char *text) {
        for (int k = INPUT_TAR; k <= INPUT_LAYOUT; k++)
                if (hcs_streq(text, kinds[k]))
                        return (enum input_kind)k;
        return INPUT_GUESS;
}

const char *input_kind_name(enum input_kind kind) {
        return kinds[kind];
}

void input_close(struct input *i) {
        oci_layout_free(i->layout);
        hcs_data_file_close(i->file);
        *i = (struct input){0};
}

static bool has_ext4(struct hcs_data_file *f) {
        uint8_t magic[2];
        size_t n;

        return SUCCEEDED(hcs_data_file_read_at(f, EXT4_SUPER_OFFSET + 56, magic, sizeof(magic), &n, NULL)) && n == 2 &&
               ext4_get16(magic) == EXT4_SUPER_MAGIC;
}

static HRESULT measure_ext4(struct input *i, struct hcs_error **err) {
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        HRESULT hr = ext4_image_open(i->file, &image, err);

        if (FAILED(hr))
                return hr;
        i->data_size = ext4_image_size(image);
        if (i->data_size > i->whole)
                return hcs_error_make(err, VERITY_E_EOF, "`%s`: the file system has %llu bytes, and there are %llu",
                                      i->path, (unsigned long long)i->data_size, (unsigned long long)i->whole);
        return S_OK;
}

static HRESULT measure_image(struct input *i, struct hcs_error **err) {
        uint64_t size;
        HRESULT hr;

        if (!hcs_data_file_is_regular(i->file))
                return hcs_error_make(err, HCS_WIN32(50), "`%s` cannot be read at any place, as an image must be",
                                      i->path);
        hr = hcs_data_file_size(i->file, &size, err);
        if (SUCCEEDED(hr))
                hr = vhd_data_size(i->file, &i->whole, err);
        if (FAILED(hr))
                return hr;
        i->vhd = size != i->whole;
        i->data_size = i->whole;
        i->ext4 = has_ext4(i->file);
        return i->ext4 ? measure_ext4(i, err) : S_OK;
}

static HRESULT open_tar_layout(struct input *i, struct hcs_error **err) {
        HRESULT hr = oci_layout_open_tar(i->file, &i->layout, err);

        if (hr == S_OK)
                i->file = NULL;
        return hr;
}

static HRESULT guess(struct input *i, struct hcs_error **err) {
        struct vhd_footer footer;
        unsigned damage;
        HRESULT hr;

        if (!hcs_data_file_is_regular(i->file)) {
                i->kind = INPUT_TAR;
                return S_OK;
        }
        if (vhdx_is(i->file))
                return hcs_error_make(err, VHDX_E_UNKNOWN, "`%s` is a VHDX: make a raw image of it first", i->path);
        hr = vhd_read(i->file, &footer, &damage, NULL, err);
        if (FAILED(hr))
                return hr;
        i->kind = hr == S_OK || has_ext4(i->file) ? INPUT_IMAGE : INPUT_TAR;
        if (i->kind == INPUT_IMAGE)
                return S_OK;
        hr = open_tar_layout(i, err);
        if (hr == S_OK)
                i->kind = INPUT_LAYOUT;
        return hr;
}

HRESULT input_open(const char *path, enum input_kind kind, struct input *ret, struct hcs_error **err) {
        _cleanup_(input_close) struct input i = {.path = path, .kind = kind};
        HRESULT hr;

        if (hcs_file_is_directory(path) && (kind == INPUT_GUESS || kind == INPUT_LAYOUT)) {
                i.kind = INPUT_LAYOUT;
                hr = oci_layout_open(path, &i.layout, err);
        } else {
                hr = hcs_data_file_open(path, &i.file, err);
                if (SUCCEEDED(hr) && kind == INPUT_GUESS)
                        hr = guess(&i, err);
                else if (SUCCEEDED(hr) && kind == INPUT_LAYOUT)
                        hr = open_tar_layout(&i, err);
                if (hr == S_FALSE && kind == INPUT_LAYOUT)
                        return hcs_error_make(err, OCI_E_DOCUMENT, "`%s` is a tar, but of no OCI image layout", path);
        }
        if (SUCCEEDED(hr) && i.kind == INPUT_IMAGE)
                hr = measure_image(&i, err);
        if (FAILED(hr))
                return hr;
        *ret = i;
        i = (struct input){0};
        return S_OK;
}

char *place_name(const struct place *p) {
        _cleanup_free_ char *tag = NULL;

        if (!p->manifest)
                return hcs_strdup(p->input->path);
        tag = p->manifest->name ? hcs_utf8_visible(p->manifest->name) : hcs_strdup(p->manifest->digest);
        return hcs_asprintf("%s: layer %zu of %s", p->input->path, p->index, tag);
}

static HRESULT each_of_layout(struct input *i, const struct oci_manifest *m,
                              HRESULT (*each)(void *ctx, const struct place *p, struct hcs_data_file *file,
                                              struct hcs_error **err),
                              void *ctx, struct hcs_error **err) {
        for (size_t n = 0; n < m->n_layers; n++) {
                const struct place p = {.input = i, .manifest = m, .layer = &m->layers[n], .index = n};
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
                HRESULT hr = p.layer->is_tar ? oci_layout_blob(i->layout, &p.layer->blob, &f, err) : S_OK;

                if (SUCCEEDED(hr))
                        hr = each(ctx, &p, f, err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *name = place_name(&p);

                        hcs_error_wrap(err, "%s", name);
                        return hr;
                }
        }
        return S_OK;
}

HRESULT input_each(struct input *i,
                   HRESULT (*each)(void *ctx, const struct place *p, struct hcs_data_file *file,
                                   struct hcs_error **err),
                   void *ctx, struct hcs_error **err) {
        _cleanup_(oci_manifests_deinit) struct oci_manifests m = {0};
        const struct place alone = {.input = i};
        HRESULT hr;

        if (i->kind != INPUT_LAYOUT) {
                hr = each(ctx, &alone, i->file, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "%s", i->path);
                return hr;
        }
        hr = oci_layout_manifests(i->layout, &m, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", i->path);
        for (size_t n = 0; SUCCEEDED(hr) && n < m.n; n++)
                hr = each_of_layout(i, &m.item[n], each, ctx, err);
        return hr;
}
