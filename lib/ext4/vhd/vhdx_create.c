/* SPDX-License-Identifier: MIT */

/*
 * The structures of an empty VHDX, in this order: identifier, two headers, two region tables, then by whole megabytes
 * the log, the metadata and the BAT. All zero but for what is put here; an entry of the BAT that is zero is a block
 * that was never written.
 */

#include "ext4/vhd/vhdx_create.h"

#include <string.h>

#include "ext4/format.h"
#include "ext4/vhd/codes.h"
#include "ext4/vhd/vhdx_parse.h"
#include "ext4/vhd/vhdx_write.h"

#define SECTOR          512u
#define PHYSICAL_SECTOR 4096u
#define MAX_SIZE        ((uint64_t)64 << 40)
#define LOG_AT          VHDX_MB
#define METADATA_AT     (2 * VHDX_MB)
#define BAT_AT          (3 * VHDX_MB)
#define ENTRY           32u
#define LEAVE_BLOCKS    1u
#define HAS_PARENT      2u
#define BLOCK_IS_THERE  6u
#define VIRTUAL_DISK    2u
#define REQUIRED        4u
#define COPY            (1u << 20)
#define MAX_CREATOR     255u /* bytes of UTF-8, which are at least as many as units of UTF-16 */

static const GUID parent_type = {0xb04aefb7, 0xd19e, 0x4a81, {0xb7, 0x89, 0x25, 0xb8, 0xe9, 0x44, 0x59, 0x13}};
/* By enum vhdx_item. */
static const GUID item_ids[VHDX_N_ITEMS] = {
        {0xcaa16737, 0xfa36, 0x4d43, {0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b}},
        {0x2fa54224, 0xcd1b, 0x4876, {0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8}},
        {0xbeca12ab, 0xb2e6, 0x4523, {0x93, 0xef, 0xc3, 0x09, 0xe0, 0x00, 0xc7, 0x46}},
        {0x8141bf1d, 0xa96f, 0x4709, {0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f}},
        {0xcda348c7, 0x445d, 0x4471, {0x9c, 0xc9, 0xe9, 0x88, 0x52, 0x51, 0xc5, 0x56}},
        {0xa8d35f2d, 0xb30b, 0x454d, {0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c}},
};

static HRESULT write_identifier(struct hcs_data_file *f, const char *creator, struct hcs_error **err) {
        _cleanup_free_ char *name = hcs_strndup(creator, strnlen(creator, MAX_CREATOR));
        uint8_t bytes[VHDX_IDENTIFIER] = "vhdxfile";

        vhdx_put_text(bytes + 8, name);
        return hcs_data_file_write_at(f, 0, bytes, sizeof(bytes), err);
}

struct item_writer {
        uint8_t *bytes; /* the table, then the items */
        unsigned n;
        uint32_t end;
};

static uint8_t *put_item(struct item_writer *w, enum vhdx_item item, uint32_t length, uint32_t flags) {
        uint8_t *entry = w->bytes + ENTRY + w->n++ * ENTRY, *place = w->bytes + w->end;

        vhdx_put_guid(entry, &item_ids[item]);
        ext4_put32(entry + 16, w->end);
        ext4_put32(entry + 20, length);
        ext4_put32(entry + 24, flags);
        w->end += (length + 7) & ~7u;
        return place;
}

/* Where the parent is, in words, and which of its states this disk stands on. */
static void put_locator(struct item_writer *w, const struct vhdx_create_options *o) {
        char linkage[HCS_GUID_TEXT_SIZE + 2] = "{";
        const char *const pairs[][2] = {{"parent_linkage", linkage},
                                        {"relative_path", o->parent_relative},
                                        {"absolute_win32_path", o->parent_absolute}};
        uint32_t at = 20 + 12 * HCS_ARRAY_SIZE(pairs);
        uint8_t *place = w->bytes + w->end;

        hcs_guid_format(&o->parent_linkage, linkage + 1);
        strcat(linkage, "}");
        vhdx_put_guid(place, &parent_type);
        ext4_put16(place + 18, HCS_ARRAY_SIZE(pairs));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(pairs); i++) {
                uint8_t *entry = place + 20 + 12 * i;
                size_t key = vhdx_put_text(place + at, pairs[i][0]),
                       value = vhdx_put_text(place + at + key, pairs[i][1]);

                ext4_put32(entry, at);
                ext4_put32(entry + 4, at + (uint32_t)key);
                ext4_put16(entry + 8, (uint32_t)key);
                ext4_put16(entry + 10, (uint32_t)value);
                at += (uint32_t)(key + value);
        }
        put_item(w, VHDX_LOCATOR, at, REQUIRED);
}

static HRESULT write_metadata(struct hcs_data_file *f, const struct vhdx_create_options *o, uint32_t block,
                              struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_calloc(1, VHDX_MB);
        struct item_writer w = {.bytes = bytes, .end = VHDX_TABLE};
        uint8_t *parameters;
        GUID id;
        HRESULT hr = o->id ? S_OK : hcs_guid_v4(&id);

        if (FAILED(hr))
                return hcs_error_make(err, hr, "no random id for a disk");
        if (o->id)
                id = *o->id;
        vhdx_put_signature(bytes, "metadata");
        parameters = put_item(&w, VHDX_PARAMETERS, 8, REQUIRED);
        ext4_put32(parameters, block);
        ext4_put32(parameters + 4, o->parent_relative ? HAS_PARENT : o->fixed ? LEAVE_BLOCKS : 0);
        ext4_put64(put_item(&w, VHDX_SIZE, 8, VIRTUAL_DISK | REQUIRED), o->size);
        vhdx_put_guid(put_item(&w, VHDX_DISK_ID, 16, VIRTUAL_DISK | REQUIRED), &id);
        ext4_put32(put_item(&w, VHDX_LOGICAL, 4, VIRTUAL_DISK | REQUIRED),
                   o->logical_sector ? o->logical_sector : SECTOR);
        ext4_put32(put_item(&w, VHDX_PHYSICAL, 4, VIRTUAL_DISK | REQUIRED),
                   o->physical_sector ? o->physical_sector : PHYSICAL_SECTOR);
        if (o->parent_relative)
                put_locator(&w, o);
        ext4_put16(bytes + 10, w.n);
        return hcs_data_file_write_at(f, METADATA_AT, bytes, w.end, err);
}

static uint64_t count_blocks(const struct vhdx_info *i, uint64_t size) {
        return (size + i->block_size - 1) / i->block_size;
}

/* The blocks from `first` on of a fixed disk, one behind the other, from the end of the file on. */
static HRESULT write_blocks(struct hcs_data_file *f, const struct vhdx_info *i, uint64_t first, uint64_t size,
                            struct hcs_error **err) {
        uint64_t end = count_blocks(i, size), start = vhdx_entry_at(i, first), n, data;
        _cleanup_free_ uint8_t *table = NULL;
        HRESULT hr = hcs_data_file_size(f, &data, err);

        if (FAILED(hr) || first >= end)
                return hr;
        data = (data + VHDX_MB - 1) / VHDX_MB * VHDX_MB;
        n = vhdx_entry_at(i, end - 1) + 8 - start;
        table = hcs_calloc(1, n);
        for (uint64_t k = first; k < end; k++)
                ext4_put64(table + (vhdx_entry_at(i, k) - start),
                           (data + (k - first) * i->block_size) | BLOCK_IS_THERE);
        hr = hcs_data_file_resize(f, data + (end - first) * i->block_size, err);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(f, start, table, (size_t)n, err) : hr;
}

static HRESULT check_size(uint64_t size, uint32_t sector, struct hcs_error **err) {
        if (size > 0 && size <= MAX_SIZE && size % sector == 0)
                return S_OK;
        return hcs_error_make(err, E_INVALIDARG, "a disk cannot have %llu bytes", (unsigned long long)size);
}

HRESULT vhdx_create(struct hcs_data_file *f, const struct vhdx_create_options *options, struct hcs_error **err) {
        uint32_t block = options->block_size ? options->block_size : VHDX_DEFAULT_BLOCK;
        uint32_t sector = options->logical_sector ? options->logical_sector : SECTOR;
        bool has_parent = options->parent_relative != NULL;
        struct vhdx_info i = {.bat_offset = BAT_AT,
                              .metadata_offset = METADATA_AT,
                              .metadata_length = VHDX_MB,
                              .block_size = block,
                              .logical_sector = sector};
        HRESULT hr = check_size(options->size, sector, err);

        if (FAILED(hr))
                return hr;
        if ((sector != SECTOR && sector != PHYSICAL_SECTOR) ||
            (options->physical_sector && options->physical_sector < sector))
                return hcs_error_make(err, E_INVALIDARG, "a disk cannot have sectors of %u bytes on ones of %u", sector,
                                      options->physical_sector ? options->physical_sector : PHYSICAL_SECTOR);
        if (block < VHDX_MB || block > 256 * VHDX_MB || (block & (block - 1)))
                return hcs_error_make(err, E_INVALIDARG, "a disk cannot have blocks of %u bytes", block);
        if (has_parent && strlen(options->parent_relative) + strlen(options->parent_absolute) > VHDX_MAX_LOCATOR / 4)
                return hcs_error_make(err, HCS_WIN32(206), "the parent's path is too long for a disk");
        i.bat_length = (uint32_t)vhdx_table_length(options->size, block, sector, has_parent);
        hr = hcs_data_file_resize(f, i.bat_offset + i.bat_length, err);
        if (SUCCEEDED(hr))
                hr = write_identifier(f, options->creator ? options->creator : "hcsshim", err);
        if (SUCCEEDED(hr))
                hr = write_metadata(f, options, block, err);
        if (SUCCEEDED(hr))
                hr = vhdx_write_regions(f, &i, err);
        if (SUCCEEDED(hr) && options->fixed)
                hr = write_blocks(f, &i, 0, options->size, err);
        return SUCCEEDED(hr)
                       ? vhdx_write_headers(f, &(struct vhdx_header){.log_offset = LOG_AT, .log_length = VHDX_MB}, err)
                       : hr;
}

/* From one place of a file to one of another. */
static HRESULT copy(struct hcs_data_file *from, uint64_t offset, struct hcs_data_file *to, uint64_t to_offset,
                    uint64_t n, struct hcs_error **err) {
        _cleanup_free_ uint8_t *buf = NULL;
        uint64_t done = 0;
        HRESULT hr = hcs_data_file_copy(from, offset, to, to_offset, n, &done, err);

        while (SUCCEEDED(hr) && done < n) {
                size_t want = n - done < COPY ? (size_t)(n - done) : COPY, got;

                if (!buf)
                        buf = hcs_malloc(COPY);
                hr = hcs_data_file_read_at(from, offset + done, buf, want, &got, err);
                if (SUCCEEDED(hr) && got == 0)
                        return hcs_error_make(err, HCS_WIN32(38), "`%s` became shorter", hcs_data_file_name(from));
                if (SUCCEEDED(hr))
                        hr = hcs_data_file_write_at(to, to_offset + done, buf, got, err);
                done += got;
        }
        return hr;
}

/* The size stands in the metadata, in the copy. */
static HRESULT write_size(struct hcs_data_file *f, const struct vhdx_info *i, uint64_t size, struct hcs_error **err) {
        _cleanup_free_ uint8_t *table = hcs_malloc(VHDX_TABLE);
        struct vhdx_place places[VHDX_N_ITEMS];
        uint8_t bytes[8];
        size_t n;
        HRESULT hr = hcs_data_file_read_at(f, i->metadata_offset, table, VHDX_TABLE, &n, err);

        if (SUCCEEDED(hr))
                hr = vhdx_parse_metadata(table, i->metadata_length, places, err);
        if (FAILED(hr))
                return hr;
        ext4_put64(bytes, size);
        return hcs_data_file_write_at(f, i->metadata_offset + places[VHDX_SIZE].offset, bytes, sizeof(bytes), err);
}

/* A BAT that is too small for the new size goes behind the end, with what was in it. */
static HRESULT move_bat(struct hcs_data_file *f, struct vhdx_info *i, uint64_t need, uint64_t file_size,
                        struct hcs_error **err) {
        uint64_t at = (file_size + VHDX_MB - 1) / VHDX_MB * VHDX_MB;
        HRESULT hr = hcs_data_file_resize(f, at + need, err);

        if (SUCCEEDED(hr))
                hr = copy(f, i->bat_offset, f, at, i->bat_length, err);
        if (FAILED(hr))
                return hr;
        i->bat_offset = at;
        i->bat_length = (uint32_t)need;
        return vhdx_write_regions(f, i, err);
}

/* A disk whose log has nothing that would change it. */
static HRESULT read_clean(struct hcs_data_file *f, struct vhdx_info *ret, struct hcs_error **err) {
        HRESULT hr = vhdx_read(f, ret, err);

        if (hr == S_FALSE)
                return hcs_error_make(err, VHDX_E_UNKNOWN, "`%s` is no VHDX", hcs_data_file_name(f));
        if (SUCCEEDED(hr) && !hcs_guid_is_null(&ret->header[ret->current].log))
                return hcs_error_make(err, VHDX_E_UNKNOWN, "the log of `%s` has to be replayed first",
                                      hcs_data_file_name(f));
        return hr;
}

/* Blocks beyond the end are there no more, so that they are zeros when the disk is larger again. */
static HRESULT drop_blocks(struct hcs_data_file *f, const struct vhdx_info *i, uint64_t size, struct hcs_error **err) {
        static const uint8_t absent[8];
        HRESULT hr = S_OK;

        for (uint64_t k = count_blocks(i, size), n = count_blocks(i, i->virtual_size); SUCCEEDED(hr) && k < n; k++)
                hr = hcs_data_file_write_at(f, vhdx_entry_at(i, k), absent, sizeof(absent), err);
        return hr;
}

/* In place. */
static HRESULT resize(struct hcs_data_file *f, struct vhdx_info *i, uint64_t size, struct hcs_error **err) {
        uint64_t need = vhdx_table_length(size, i->block_size, i->logical_sector, i->type == VHDX_DIFFERENCING);
        uint64_t file_size;
        HRESULT hr = hcs_data_file_size(f, &file_size, err);

        if (SUCCEEDED(hr) && need > i->bat_length)
                hr = move_bat(f, i, need, file_size, err);
        if (SUCCEEDED(hr))
                hr = drop_blocks(f, i, size, err);
        if (SUCCEEDED(hr) && i->type == VHDX_FIXED)
                hr = write_blocks(f, i, count_blocks(i, i->virtual_size), size, err);
        if (SUCCEEDED(hr))
                hr = write_size(f, i, size, err);
        return SUCCEEDED(hr) ? vhdx_write_changed(f, i, err) : hr;
}

static HRESULT read_to_resize(struct hcs_data_file *f, uint64_t size, struct vhdx_info *ret, struct hcs_error **err) {
        HRESULT hr = read_clean(f, ret, err);

        if (SUCCEEDED(hr))
                hr = check_size(size, ret->logical_sector, err);
        if (SUCCEEDED(hr) && ret->type == VHDX_DIFFERENCING && size < ret->virtual_size)
                hr = hcs_error_make(err, VHD_E_INVALID_TYPE, "a differencing VHDX cannot become smaller");
        return hr;
}

HRESULT vhdx_can_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};

        return read_to_resize(f, size, &i, err);
}

HRESULT vhdx_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        HRESULT hr = read_to_resize(f, size, &i, err);

        return SUCCEEDED(hr) ? resize(f, &i, size, err) : hr;
}

HRESULT vhdx_grow(struct hcs_data_file *from, struct hcs_data_file *to, uint64_t size, struct hcs_error **err) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        uint64_t file_size;
        HRESULT hr = read_clean(from, &i, err);

        if (SUCCEEDED(hr))
                hr = check_size(size, i.logical_sector, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_size(from, &file_size, err);
        if (FAILED(hr))
                return hr;
        if (size < i.virtual_size)
                return hcs_error_make(err, E_INVALIDARG, "`%s` holds %llu bytes and cannot shrink to %llu",
                                      hcs_data_file_name(from), (unsigned long long)i.virtual_size,
                                      (unsigned long long)size);
        hr = hcs_data_file_resize(to, file_size, err);
        if (SUCCEEDED(hr))
                hr = copy(from, 0, to, 0, file_size, err);
        return SUCCEEDED(hr) ? resize(to, &i, size, err) : hr;
}
