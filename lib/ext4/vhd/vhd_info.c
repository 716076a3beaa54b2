/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/vhd_info.h"

#include <string.h>

#include "base/utf.h"
#include "ext4/format.h"

#define MAX_PLACE 65536u /* bytes of a path */
#define SECTOR    512u

void vhd_info_deinit(struct vhd_info *i) {
        vhd_sparse_deinit(&i->sparse);
        for (size_t n = 0; n < VHDX_PLACES; n++)
                free(i->parents[n]);
        *i = (struct vhd_info){0};
}

static HRESULT read_all(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, struct hcs_error **err) {
        size_t got = 0;
        HRESULT hr = hcs_data_file_read_at(f, offset, data, n, &got, err);

        if (FAILED(hr) || got == n)
                return hr;
        return hcs_error_make(err, VHD_E_FILE_SIZE, "it ends at byte %llu, within its structures",
                              (unsigned long long)offset + got);
}

/* A footer, and what is wrong with it; S_FALSE where there is none. hcsshim puts one behind anything. */
static HRESULT read_footer(struct hcs_data_file *f, uint64_t offset, uint64_t file_size, struct vhd_footer *ret,
                           unsigned *ret_damage, struct hcs_error **err) {
        uint8_t bytes[VHD_FOOTER];
        HRESULT hr = read_all(f, offset, bytes, sizeof(bytes), err);

        if (FAILED(hr))
                return hr;
        if (!vhd_footer_parse(bytes, ret))
                return S_FALSE;
        *ret_damage = vhd_footer_check(bytes, file_size, NULL) & ~(unsigned)(VHD_UNALIGNED | VHD_BAD_GEOMETRY);
        return S_OK;
}

static HRESULT damaged(unsigned damage, struct hcs_error **err) {
        if (damage & VHD_BAD_CHECKSUM)
                return hcs_error_make(err, VHD_E_FOOTER_CHECKSUM, "the footer's checksum does not fit");
        if (damage & VHD_BAD_SIZE)
                return hcs_error_make(err, VHD_E_FILE_SIZE, "the file is not as long as its footer says");
        return hcs_error_make(err, VHD_E_FOOTER_CORRUPT, "the footer cannot be used");
}

/* The footer that counts. */
static HRESULT take_footer(struct hcs_data_file *f, uint64_t size, struct vhd_info *i, struct hcs_error **err) {
        struct vhd_footer copy;
        unsigned damage = 0, copy_damage = 0;
        HRESULT hr = read_footer(f, size - VHD_FOOTER, size, &i->footer, &damage, err);
        bool is_there = hr == S_OK, is_copied;

        i->end = size - VHD_FOOTER;
        if (FAILED(hr) || (is_there && !damage))
                return hr;
        hr = read_footer(f, 0, size, &copy, &copy_damage, err);
        if (FAILED(hr))
                return hr;
        is_copied = hr == S_OK && copy.type != VHD_FIXED;
        if (is_copied && !copy_damage) {
                i->footer = copy;
                i->is_from_copy = true;
                /* A bad footer is as long as a good one. */
                i->end = is_there ? size - VHD_FOOTER : (size + SECTOR - 1) / SECTOR * SECTOR;
                return S_OK;
        }
        return is_there ? damaged(damage, err) : is_copied ? damaged(copy_damage, err) : S_FALSE;
}

/* Text of bytes that are no UTF-16: what cannot be understood becomes the replacement character. */
static char *from_bytes(const uint8_t *bytes, size_t n) {
        size_t units = 0;
        size_t len = strnlen((const char *)bytes, n);
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy((const char *)bytes, len, &units);

        return hcs_utf16_to_utf8_lossy(wide, units, NULL);
}

/* UTF-16LE, with an end of its own or without one. */
static char *from_wide(const uint8_t *bytes, size_t n) {
        _cleanup_free_ uint16_t *units = hcs_calloc(n / 2 + 1, sizeof(*units));
        size_t len = 0;

        while (len < n / 2 && (units[len] = ext4_get16(bytes + 2 * len)) != 0)
                len++;
        return hcs_utf16_to_utf8_lossy(units, len, NULL);
}

static HRESULT read_locator(struct hcs_data_file *f, const struct vhd_locator *l, struct vhd_info *i,
                            struct hcs_error **err) {
        bool wide = l->code == VHD_W2KU || l->code == VHD_W2RU, relative = l->code == VHD_W2RU || l->code == VHD_WI2R;
        char **slot = &i->parents[relative ? VHDX_RELATIVE : VHDX_ABSOLUTE];
        _cleanup_free_ uint8_t *bytes = NULL;
        HRESULT hr;

        if (!wide && !relative && l->code != VHD_WI2K)
                return S_OK;
        if (l->length > MAX_PLACE || l->offset > i->end || l->length > i->end - l->offset)
                return hcs_error_make(err, VHD_E_SPARSE_CORRUPT,
                                      "a place of the parent, %u bytes at %llu, is not inside of the file", l->length,
                                      (unsigned long long)l->offset);
        bytes = hcs_calloc(1, l->length + 1u);
        hr = read_all(f, l->offset, bytes, l->length, err);
        if (FAILED(hr) || (!wide && *slot))
                return hr; /* what is written in both ways, counts in the newer one */
        free(*slot);
        *slot = wide ? from_wide(bytes, l->length) : from_bytes(bytes, l->length);
        return S_OK;
}

/* The name in the header stands in for the places that are not told. */
static HRESULT read_parents(struct hcs_data_file *f, struct vhd_info *i, struct hcs_error **err) {
        const char *name = i->sparse.parent_name;
        HRESULT hr = S_OK;
        size_t slot;

        for (size_t n = 0; SUCCEEDED(hr) && n < VHD_LOCATORS; n++)
                hr = read_locator(f, &i->sparse.locators[n], i, err);
        if (FAILED(hr) || !name)
                return hr;
        slot = name[0] == '\\' || name[0] == '/' || name[1] == ':' ? VHDX_ABSOLUTE : VHDX_RELATIVE;
        if (!i->parents[slot])
                i->parents[slot] = hcs_strdup(name);
        return S_OK;
}

static HRESULT check_table(const struct vhd_info *i, struct hcs_error **err) {
        const struct vhd_sparse *s = &i->sparse;
        uint64_t blocks = (i->footer.current_size + s->block_size - 1) / s->block_size;

        if (s->entries < blocks)
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "%u blocks of %u bytes are too few for a disk of %llu",
                                      s->entries, s->block_size, (unsigned long long)i->footer.current_size);
        if (s->table_offset % SECTOR || s->table_offset > i->end || s->entries > (i->end - s->table_offset) / 4)
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT,
                                      "the table of %u blocks at byte %llu is not inside of the file", s->entries,
                                      (unsigned long long)s->table_offset);
        return S_OK;
}

static HRESULT read_sparse(struct hcs_data_file *f, struct vhd_info *i, struct hcs_error **err) {
        uint8_t bytes[VHD_SPARSE];
        uint64_t at = i->footer.data_offset;
        HRESULT hr = S_OK;

        if (at > i->end || i->end - at < sizeof(bytes))
                return hcs_error_make(err, VHD_E_SPARSE_CORRUPT, "the header at byte %llu is not inside of the file",
                                      (unsigned long long)at);
        hr = read_all(f, at, bytes, sizeof(bytes), err);
        if (SUCCEEDED(hr))
                hr = vhd_sparse_parse(bytes, &i->sparse, err);
        if (SUCCEEDED(hr))
                hr = check_table(i, err);
        if (SUCCEEDED(hr) && i->footer.type == VHD_DIFFERENCING)
                hr = read_parents(f, i, err);
        return hr;
}

HRESULT vhd_info_read(struct hcs_data_file *f, struct vhd_info *ret, struct hcs_error **err) {
        _cleanup_(vhd_info_deinit) struct vhd_info i = {0};
        uint64_t size;
        HRESULT hr = hcs_data_file_size(f, &size, err);

        if (SUCCEEDED(hr) && size < VHD_FOOTER)
                return S_FALSE;
        if (SUCCEEDED(hr))
                hr = take_footer(f, size, &i, err);
        if (hr == S_OK && i.footer.current_size == 0)
                hr = hcs_error_make(err, VHD_E_SIZE, "it holds nothing");
        if (hr == S_OK && i.footer.type != VHD_FIXED && i.footer.current_size > VHD_MAX_SIZE)
                hr = hcs_error_make(err, VHD_E_SIZE, "it cannot hold %llu bytes",
                                    (unsigned long long)i.footer.current_size);
        if (hr == S_OK && i.footer.type != VHD_FIXED)
                hr = read_sparse(f, &i, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "VHD `%s`", hcs_data_file_name(f));
        if (hr != S_OK)
                return hr;
        *ret = i;
        i = (struct vhd_info){0};
        return S_OK;
}
