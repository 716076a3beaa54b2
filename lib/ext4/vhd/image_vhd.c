/* SPDX-License-Identifier: MIT */

/*
 * Blocks of VHDs: a bitmap in whole sectors, then the data. Of a dynamic disk the bitmap is not looked at: what was
 * never written is zeros. A fixed disk is one run of blocks from the beginning of the file. New blocks have their data
 * at whole pages, as Windows 8 and later do.
 */

#include <string.h>

#include "ext4/vhd/bytes.h"
#include "ext4/vhd/image_private.h"
#include "ext4/vhd/vhd_create.h"

#define NOT_THERE 0xffffffffu
#define PAGE      4096u

static uint32_t bitmap_size(const struct disk_image *i) {
        uint32_t bytes = i->block_size / DISK_SECTOR / 8;

        return (bytes + DISK_SECTOR - 1) / DISK_SECTOR * DISK_SECTOR;
}

static HRESULT find(struct disk_image *i, uint64_t block, struct disk_place *ret, struct hcs_error **err) {
        const uint8_t *entry;
        uint64_t sector, at;
        HRESULT hr = disk_image_entry(i, i->table + 4 * block, 4, &entry, err);

        if (FAILED(hr))
                return hr;
        sector = vhd_get(entry, 4);
        if (sector == NOT_THERE) {
                *ret = (struct disk_place){DISK_ABSENT};
                return S_OK;
        }
        at = sector * DISK_SECTOR;
        if (at + bitmap_size(i) + i->block_size > i->end || at < i->vhd.footer.data_offset + VHD_SPARSE)
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "block %llu at byte %llu is not inside of the file",
                                      (unsigned long long)block, (unsigned long long)at);
        *ret = (struct disk_place){i->facts.type == VHD_DIFFERENCING ? DISK_PARTLY : DISK_WHOLE, at + bitmap_size(i),
                                   at};
        return S_OK;
}

/* The footer goes behind the room; where it was are zeros, or the room's own bytes. */
static HRESULT move_footer(struct disk_image *i, uint64_t to, struct hcs_error **err) {
        static const uint8_t zeros[VHD_FOOTER];
        uint8_t bytes[VHD_FOOTER];
        HRESULT hr;

        vhd_footer_print(&i->vhd.footer, bytes);
        hr = hcs_data_file_resize(i->file, to, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_write_at(i->file, to, bytes, sizeof(bytes), err);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(i->file, i->end, zeros, sizeof(zeros), err) : hr;
}

static HRESULT make_room(struct disk_image *i, struct disk_place *ret, struct hcs_error **err) {
        uint32_t bitmap = bitmap_size(i);
        uint64_t data = (i->end + bitmap + PAGE - 1) / PAGE * PAGE, end = data + i->block_size;
        _cleanup_free_ uint8_t *bits = hcs_calloc(1, bitmap);
        bool is_part = i->facts.type == VHD_DIFFERENCING;
        HRESULT hr;

        if (data / DISK_SECTOR >= NOT_THERE)
                return hcs_error_make(err, VHD_E_FILE_SIZE, "the file is too long for another block");
        hr = move_footer(i, end, err);
        if (!is_part)
                memset(bits, 0xff, bitmap);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_write_at(i->file, data - bitmap, bits, bitmap, err);
        if (FAILED(hr))
                return hr;
        i->end = end;
        *ret = (struct disk_place){is_part ? DISK_PARTLY : DISK_WHOLE, data, data - bitmap};
        return S_OK;
}

static HRESULT publish(struct disk_image *i, uint64_t block, const struct disk_place *place, struct hcs_error **err) {
        uint8_t entry[4];

        vhd_put(entry, place->bitmap / DISK_SECTOR, 4);
        return disk_image_set_entry(i, i->table + 4 * block, entry, 4, err);
}

static HRESULT withdraw(struct disk_image *i, uint64_t block, struct hcs_error **err) {
        static const uint8_t entry[4] = {0xff, 0xff, 0xff, 0xff};

        return disk_image_set_entry(i, i->table + 4 * block, entry, 4, err);
}

static HRESULT set_end(struct disk_image *i, uint64_t end, struct hcs_error **err) {
        uint8_t bytes[VHD_FOOTER];
        HRESULT hr;

        vhd_footer_print(&i->vhd.footer, bytes);
        hr = hcs_data_file_write_at(i->file, end, bytes, sizeof(bytes), err);
        i->end = end;
        return SUCCEEDED(hr) ? hcs_data_file_resize(i->file, end + VHD_FOOTER, err) : hr;
}

/* A footer that was lost is there again. */
static HRESULT begin(struct disk_image *i, struct hcs_error **err) {
        uint8_t bytes[VHD_FOOTER];

        if (!i->vhd.is_from_copy)
                return S_OK;
        vhd_footer_print(&i->vhd.footer, bytes);
        return hcs_data_file_write_at(i->file, i->end, bytes, sizeof(bytes), err);
}

static HRESULT relink(struct disk_image *i, struct disk_image *parent, struct hcs_error **err) {
        uint8_t bytes[VHD_SPARSE];
        uint32_t changed;
        HRESULT hr = vhd_time_of(parent->file, &changed, err);

        if (FAILED(hr) || changed == i->facts.parent_time)
                return hr;
        i->facts.parent_time = i->vhd.sparse.parent_time = changed;
        vhd_sparse_print(&i->vhd.sparse, bytes);
        return hcs_data_file_write_at(i->file, i->vhd.footer.data_offset, bytes, sizeof(bytes), err);
}

static HRESULT find_fixed(struct disk_image *i, uint64_t block, struct disk_place *ret, struct hcs_error **err) {
        *ret = (struct disk_place){.state = DISK_WHOLE, .data = block * i->block_size};
        return S_OK;
}

/* The header, the places of a parent and the table, in whichever order. */
static uint64_t end_of_structures(const struct vhd_info *v) {
        uint64_t end = v->footer.data_offset + VHD_SPARSE, table = v->sparse.table_offset + 4ull * v->sparse.entries;

        if (end < table)
                end = table;
        for (size_t n = 0; n < VHD_LOCATORS; n++) {
                const struct vhd_locator *l = &v->sparse.locators[n];

                if (l->code && l->offset < v->end && end < l->offset + l->length)
                        end = l->offset + l->length;
        }
        return end;
}

HRESULT disk_image_open_vhd(struct disk_image *i, struct hcs_error **err) {
        static const struct disk_format_code sparse = {true,     true,    find,  make_room, publish,
                                                       withdraw, set_end, begin, begin,     relink},
                                             fixed = {.find = find_fixed, .begin = begin};
        struct vhd_info *v = &i->vhd;
        HRESULT hr = vhd_info_read(i->file, v, err);
        bool is_fixed;

        if (hr != S_OK)
                return hr;
        is_fixed = v->footer.type == VHD_FIXED;
        i->code = is_fixed ? &fixed : &sparse;
        i->block_size = is_fixed ? 2u << 20 : v->sparse.block_size;
        i->table = v->sparse.table_offset;
        i->end = v->end;
        i->floor = is_fixed ? 0 : end_of_structures(v);
        i->facts = (struct disk_facts){.format = DISK_VHD,
                                       .type = (enum vhd_type)v->footer.type,
                                       .size = v->footer.current_size,
                                       .block_size = v->sparse.block_size,
                                       .sector = DISK_SECTOR,
                                       .physical_sector = DISK_SECTOR,
                                       .id = v->footer.id,
                                       .linkage = v->footer.id,
                                       .parent = v->sparse.parent_id,
                                       .parent_time = v->sparse.parent_time};
        memcpy(i->facts.parents, v->parents, sizeof(v->parents));
        return S_OK;
}
