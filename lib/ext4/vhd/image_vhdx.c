/* SPDX-License-Identifier: MIT */

/*
 * Blocks of VHDXs (MS-VHDX, 2.5): entries of eight bytes, the state in the lowest three bits, the place in whole
 * megabytes above them; behind the entries of a chunk one for the megabyte of bits that its blocks share.
 */

#include <string.h>

#include "ext4/format.h"
#include "ext4/vhd/image_private.h"
#include "ext4/vhd/vhdx_parse.h"
#include "ext4/vhd/vhdx_write.h"

#define STATE      7u
#define ZERO       2u
#define UNMAPPED   3u
#define WHOLE      6u
#define PARTLY     7u
#define PLACE_MASK (~(uint64_t)(VHDX_MB - 1))

static HRESULT check_place(const struct disk_image *i, uint64_t at, uint64_t n, uint64_t block,
                           struct hcs_error **err) {
        if (at >= VHDX_MB && at <= i->end && n <= i->end - at)
                return S_OK;
        return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "block %llu at byte %llu is not inside of the file",
                              (unsigned long long)block, (unsigned long long)at);
}

/* The bits of a block in the megabyte of its chunk. */
static HRESULT find_bits(struct disk_image *i, uint64_t block, uint64_t *ret, struct hcs_error **err) {
        uint64_t ratio = vhdx_blocks_of_chunk(i->block_size, i->facts.sector), chunk = block / ratio, at;
        const uint8_t *entry;
        HRESULT hr = disk_image_entry(i, i->table + 8 * (chunk * (ratio + 1) + ratio), 8, &entry, err);

        if (FAILED(hr))
                return hr;
        at = ext4_get64(entry) & PLACE_MASK;
        if ((ext4_get64(entry) & STATE) != WHOLE)
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "block %llu is there in part, and nothing says which",
                                      (unsigned long long)block);
        *ret = at + block % ratio * (i->block_size / i->facts.sector / 8);
        return check_place(i, at, VHDX_MB, block, err);
}

static HRESULT find(struct disk_image *i, uint64_t block, struct disk_place *ret, struct hcs_error **err) {
        const uint8_t *entry;
        struct disk_place place = {DISK_ABSENT};
        uint64_t value;
        HRESULT hr = disk_image_entry(i, vhdx_entry_at(&i->vhdx, block), 8, &entry, err);

        if (FAILED(hr))
                return hr;
        value = ext4_get64(entry);
        switch (value & STATE) {
        case 0:
        case 1:
                break;
        case ZERO:
        case UNMAPPED:
                place.state = DISK_ZERO;
                break;
        case PARTLY:
                if (i->facts.type != VHD_DIFFERENCING)
                        return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "block %llu is there in part, without a parent",
                                              (unsigned long long)block);
                place.state = DISK_PARTLY;
                hr = find_bits(i, block, &place.bitmap, err);
                break;
        case WHOLE:
                place.state = DISK_WHOLE;
                break;
        default:
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT,
                                      "block %llu is in state %u, which is none that there is",
                                      (unsigned long long)block, (unsigned)(value & STATE));
        }
        if (SUCCEEDED(hr) && place.state >= DISK_WHOLE) {
                place.data = value & PLACE_MASK;
                hr = check_place(i, place.data, i->block_size, block, err);
        }
        if (SUCCEEDED(hr))
                *ret = place;
        return hr;
}

static HRESULT make_room(struct disk_image *i, struct disk_place *ret, struct hcs_error **err) {
        uint64_t at = (i->end + VHDX_MB - 1) / VHDX_MB * VHDX_MB;
        HRESULT hr = hcs_data_file_resize(i->file, at + i->block_size, err);

        if (FAILED(hr))
                return hr;
        i->end = at + i->block_size;
        *ret = (struct disk_place){.state = DISK_WHOLE, .data = at};
        return S_OK;
}

static HRESULT publish(struct disk_image *i, uint64_t block, const struct disk_place *place, struct hcs_error **err) {
        uint8_t entry[8];

        ext4_put64(entry, place->data | WHOLE);
        return disk_image_set_entry(i, vhdx_entry_at(&i->vhdx, block), entry, 8, err);
}

static HRESULT withdraw(struct disk_image *i, uint64_t block, struct hcs_error **err) {
        static const uint8_t entry[8];

        return disk_image_set_entry(i, vhdx_entry_at(&i->vhdx, block), entry, 8, err);
}

static HRESULT set_end(struct disk_image *i, uint64_t end, struct hcs_error **err) {
        i->end = end;
        return hcs_data_file_resize(i->file, end, err);
}

/* Another file, and the same disk. */
static HRESULT rearrange(struct disk_image *i, struct hcs_error **err) {
        struct vhdx_header *h = &i->vhdx.header[i->vhdx.current];

        h->file_write = (GUID){0};
        return vhdx_write_headers(i->file, h, err);
}

/* Who stands on this disk must find out that it is another one. */
static HRESULT begin(struct disk_image *i, struct hcs_error **err) {
        HRESULT hr = vhdx_write_changed(i->file, &i->vhdx, err);

        i->facts.linkage = i->vhdx.header[i->vhdx.current].data_write;
        return hr;
}

static HRESULT relink(struct disk_image *i, struct disk_image *parent, struct hcs_error **err) {
        HRESULT hr;

        if (hcs_guid_equal(&i->facts.parent, &parent->facts.linkage))
                return S_OK;
        hr = rearrange(i, err);
        if (SUCCEEDED(hr))
                hr = vhdx_write_linkage(i->file, &i->vhdx, &parent->facts.linkage, err);
        if (SUCCEEDED(hr))
                i->facts.parent = parent->facts.linkage;
        return hr;
}

static HRESULT check_info(const struct disk_image *i, struct hcs_error **err) {
        const struct vhdx_info *v = &i->vhdx;

        if (!hcs_guid_is_null(&v->header[v->current].log))
                return hcs_error_make(err, VHDX_E_UNKNOWN, "the log of `%s` has to be replayed first",
                                      hcs_data_file_name(i->file));
        if (vhdx_table_length(v->virtual_size, v->block_size, v->logical_sector, v->type == VHDX_DIFFERENCING) >
            v->bat_length)
                return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "`%s`: a table of %u bytes is too small for its blocks",
                                      hcs_data_file_name(i->file), v->bat_length);
        return S_OK;
}

/* The log, the metadata and the table, in whichever order; bits are of differencing disks only. */
static uint64_t end_of_structures(const struct vhdx_info *v) {
        const struct vhdx_header *h = &v->header[v->current];
        const uint64_t ends[] = {h->log_offset + h->log_length, v->metadata_offset + v->metadata_length,
                                 v->bat_offset + v->bat_length};
        uint64_t end = 0;

        for (size_t n = 0; n < HCS_ARRAY_SIZE(ends); n++)
                if (end < ends[n])
                        end = ends[n];
        return end;
}

HRESULT disk_image_open_vhdx(struct disk_image *i, struct hcs_error **err) {
        static const struct disk_format_code code = {false,    false,   find,      make_room, publish,
                                                     withdraw, set_end, rearrange, begin,     relink};
        static const enum vhd_type types[] = {VHD_FIXED, VHD_DYNAMIC, VHD_DIFFERENCING};
        struct vhdx_info *v = &i->vhdx;
        HRESULT hr = vhdx_read(i->file, v, err);

        if (hr == S_OK)
                hr = check_info(i, err);
        if (hr == S_OK)
                hr = hcs_data_file_size(i->file, &i->end, err);
        if (hr != S_OK)
                return hr;
        i->code = &code;
        i->block_size = v->block_size;
        i->table = v->bat_offset;
        i->floor = end_of_structures(v);
        i->facts = (struct disk_facts){.format = DISK_VHDX,
                                       .type = types[v->type],
                                       .size = v->virtual_size,
                                       .block_size = v->block_size,
                                       .sector = v->logical_sector,
                                       .physical_sector = v->physical_sector,
                                       .id = v->disk_id,
                                       .linkage = v->header[v->current].data_write};
        if (v->parent_linkage)
                hcs_guid_parse(v->parent_linkage, &i->facts.parent, NULL);
        memcpy(i->facts.parents, v->parents, sizeof(v->parents));
        return S_OK;
}
