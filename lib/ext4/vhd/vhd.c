/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/vhd.h"

#include "ext4/copy.h"

HRESULT vhd_append(struct hcs_data_file *f, uint64_t size, const GUID *id, struct hcs_error **err) {
        struct vhd_footer footer;
        uint8_t bytes[VHD_FOOTER];

        vhd_footer_init(&footer, size);
        if (id)
                footer.id = *id;
        else if (FAILED(hcs_guid_v4(&footer.id)))
                return hcs_error_make(err, E_FAIL, "no random id for the footer");
        vhd_footer_print(&footer, bytes);
        return hcs_data_file_write_at(f, size, bytes, sizeof(bytes), err);
}

HRESULT vhd_read(struct hcs_data_file *f, struct vhd_footer *ret, unsigned *ret_damage, struct hcs_buf *texts,
                 struct hcs_error **err) {
        uint8_t bytes[VHD_FOOTER];
        uint64_t size;
        size_t n;
        HRESULT hr = hcs_data_file_size(f, &size, err);

        if (SUCCEEDED(hr) && size < VHD_FOOTER)
                return S_FALSE;
        if (SUCCEEDED(hr))
                hr = hcs_data_file_read_at(f, size - VHD_FOOTER, bytes, sizeof(bytes), &n, err);
        if (FAILED(hr))
                return hr;
        if (n < sizeof(bytes))
                return hcs_error_make(err, HCS_WIN32(38), "`%s` became shorter while it was read",
                                      hcs_data_file_name(f));
        if (!vhd_footer_parse(bytes, ret))
                return S_FALSE;
        *ret_damage = vhd_footer_check(bytes, size, texts);
        return S_OK;
}

/* S_FALSE: no footer. */
static HRESULT read_fixed(struct hcs_data_file *f, struct vhd_footer *ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf texts = {0};
        unsigned damage;
        HRESULT hr = vhd_read(f, ret, &damage, &texts, err);

        if (hr != S_OK)
                return hr;
        for (size_t i = 0; i + 1 < texts.len; i++)
                if (texts.data[i] == '\n')
                        texts.data[i] = ';';
        /* hcsshim puts a footer behind anything. */
        if (damage & ~(unsigned)VHD_UNALIGNED)
                return hcs_error_make(err, VHD_E_DAMAGED, "the VHD footer of `%s`: %.*s", hcs_data_file_name(f),
                                      (int)texts.len - 1, texts.data);
        if (ret->type != VHD_FIXED)
                return hcs_error_make(err, VHD_E_TYPE, "`%s` is a %s VHD, and only a fixed one will do",
                                      hcs_data_file_name(f), vhd_type_name(ret->type));
        return S_OK;
}

HRESULT vhd_data_size(struct hcs_data_file *f, uint64_t *ret, struct hcs_error **err) {
        struct vhd_footer footer;
        HRESULT hr = read_fixed(f, &footer, err);

        if (hr == S_OK)
                *ret = footer.current_size;
        return hr == S_FALSE ? hcs_data_file_size(f, ret, err) : hr;
}

/* The options and the total, for ext4_copy. */
struct display {
        const struct vhd_copy_options *o;
        uint64_t total;
};

static void show(void *ctx, uint64_t done) {
        const struct display *d = ctx;

        if (d->o && d->o->progress)
                d->o->progress(d->o->ctx, done, d->total);
}

HRESULT vhd_from_raw(struct hcs_data_file *in, struct hcs_data_file *out, const struct vhd_copy_options *options,
                     struct hcs_error **err) {
        struct display display = {.o = options};
        uint64_t n;
        HRESULT hr = hcs_data_file_size(in, &display.total, err);

        if (SUCCEEDED(hr))
                hr = ext4_copy(in, 0, out, 0, UINT64_MAX, show, &display, &n, err);
        return SUCCEEDED(hr) ? vhd_append(out, n, options ? options->id : NULL, err) : hr;
}

HRESULT vhd_to_raw(struct hcs_data_file *in, struct hcs_data_file *out, const struct vhd_copy_options *options,
                   struct hcs_error **err) {
        struct vhd_footer footer;
        struct display display = {.o = options};
        uint64_t n;
        HRESULT hr = read_fixed(in, &footer, err);

        if (hr == S_FALSE)
                return hcs_error_make(err, E_INVALIDARG, "`%s` has no VHD footer", hcs_data_file_name(in));
        if (FAILED(hr))
                return hr;
        display.total = footer.current_size;
        hr = ext4_copy(in, 0, out, 0, footer.current_size, show, &display, &n, err);
        if (SUCCEEDED(hr) && n < footer.current_size)
                return hcs_error_make(err, HCS_WIN32(38), "`%s` became shorter while it was read",
                                      hcs_data_file_name(in));
        return hr;
}
