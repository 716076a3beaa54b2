/* SPDX-License-Identifier: MIT */

/*
 * A table of blocks that becomes too small goes to the end of the file, with what was in it; the places that were its
 * own, and those of blocks that are cut off, stay unused.
 */

#include "ext4/vhd/disk_resize.h"

#include <string.h>

#include "ext4/vhd/vhd_create.h"
#include "ext4/vhd/vhdx_create.h"

#define SECTOR 512u

/* The footer goes to its new end, and the copy of one that has such. */
static HRESULT write_footer(struct hcs_data_file *f, struct vhd_info *i, uint64_t end, struct hcs_error **err) {
        static const uint8_t zeros[VHD_FOOTER];
        uint8_t bytes[VHD_FOOTER];
        HRESULT hr = S_OK;

        vhd_set_geometry(&i->footer);
        vhd_footer_print(&i->footer, bytes);
        if (end > i->end)
                hr = hcs_data_file_write_at(f, i->end, zeros, sizeof(zeros), err);
        if (SUCCEEDED(hr) && i->footer.type != VHD_FIXED)
                hr = hcs_data_file_write_at(f, 0, bytes, sizeof(bytes), err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(f, end, err);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(f, end, bytes, sizeof(bytes), err) : hr;
}

/* The old entries, and new ones for blocks that are not there, at the end of what is in the file. */
static HRESULT move_table(struct hcs_data_file *f, struct vhd_info *i, uint32_t entries, uint64_t *ret_end,
                          struct hcs_error **err) {
        struct vhd_sparse *s = &i->sparse;
        uint64_t n = vhd_whole_sectors(4ull * entries), at = i->end + VHD_FOOTER;
        _cleanup_free_ uint8_t *table = hcs_malloc(n);
        uint8_t bytes[VHD_SPARSE];
        size_t got;
        HRESULT hr;

        memset(table, 0xff, n);
        hr = hcs_data_file_read_at(f, s->table_offset, table, 4ull * s->entries, &got, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_write_at(f, at, table, n, err);
        if (FAILED(hr))
                return hr;
        s->table_offset = at;
        s->entries = entries;
        vhd_sparse_print(s, bytes);
        *ret_end = at + n;
        return hcs_data_file_write_at(f, i->footer.data_offset, bytes, sizeof(bytes), err);
}

static HRESULT resize_sparse(struct hcs_data_file *f, struct vhd_info *i, uint64_t size, struct hcs_error **err) {
        uint64_t entries = (size + i->sparse.block_size - 1) / i->sparse.block_size, end = i->end;
        HRESULT hr = S_OK;

        if (i->footer.type == VHD_DIFFERENCING || size < i->footer.current_size)
                return hcs_error_make(err, VHD_E_INVALID_TYPE, "a %s VHD cannot have another size",
                                      vhd_type_name(i->footer.type));
        if (entries > i->sparse.entries)
                hr = move_table(f, i, (uint32_t)entries, &end, err);
        i->footer.current_size = size;
        return SUCCEEDED(hr) ? write_footer(f, i, end, err) : hr;
}

static HRESULT resize_vhd(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        _cleanup_(vhd_info_deinit) struct vhd_info i = {0};
        HRESULT hr = vhd_info_read(f, &i, err);

        if (hr == S_FALSE)
                return hcs_error_make(err, VHD_E_NO_PROVIDER, "`%s` is neither a VHD nor a VHDX",
                                      hcs_data_file_name(f));
        if (FAILED(hr))
                return hr;
        if (size == 0 || size % SECTOR || size > VHD_MAX_SIZE)
                return hcs_error_make(err, VHD_E_SIZE, "a VHD cannot have %llu bytes", (unsigned long long)size);
        if (i.footer.type != VHD_FIXED)
                return resize_sparse(f, &i, size, err);
        i.footer.current_size = size;
        return write_footer(f, &i, size, err);
}

/* What a block that stays has beyond the new end becomes zeros. */
static HRESULT clear_tail(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        _cleanup_(disk_image_closep) struct disk_image *i = NULL;
        _cleanup_free_ uint8_t *zeros = NULL;
        struct disk_range range;
        uint32_t block;
        HRESULT hr = disk_image_open(f, NULL, &i, err);

        if (FAILED(hr) || size >= disk_image_facts(i)->size || size % disk_image_facts(i)->block_size == 0)
                return hr;
        block = disk_image_facts(i)->block_size;
        hr = disk_image_next(i, size, &range, err);
        if (hr != S_OK || range.offset / block != size / block)
                return hr;
        zeros = hcs_calloc(1, range.n);
        return disk_image_write(i, range.offset, zeros, (size_t)range.n, err);
}

static HRESULT resize_vhdx(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        HRESULT hr = vhdx_can_resize(f, size, err);

        if (SUCCEEDED(hr))
                hr = clear_tail(f, size, err);
        return SUCCEEDED(hr) ? vhdx_resize(f, size, err) : hr;
}

HRESULT disk_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        return vhdx_is(f) ? resize_vhdx(f, size, err) : resize_vhd(f, size, err);
}
