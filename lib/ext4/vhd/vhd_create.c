/* SPDX-License-Identifier: MIT */

/*
 * The structures, in this order: a copy of the footer, the header, the places of the parent, the table of blocks with
 * none in it, the footer. A fixed disk is what it holds, then the footer.
 */

#include "ext4/vhd/vhd_create.h"

#include <string.h>
#include <time.h>

#include "base/utf.h"
#include "ext4/format.h"

#define SECTOR         512u
#define EPOCH          946684800 /* 2000-01-01 UTC */
#define WINDOWS        0x000a0000u
#define HEADER_AT      512u
#define LOCATORS_AT    (HEADER_AT + VHD_SPARSE)
#define MAX_PATH_UNITS 32767u
#define NO_BLOCK       0xffu
#define PIECE          (1u << 20)

uint64_t vhd_whole_sectors(uint64_t n) {
        return (n + SECTOR - 1) / SECTOR * SECTOR;
}

static uint32_t from_unix(int64_t seconds) {
        return seconds < EPOCH ? 0 : (uint32_t)(seconds - EPOCH);
}

HRESULT vhd_time_of(struct hcs_data_file *f, uint32_t *ret, struct hcs_error **err) {
        int64_t seconds;
        HRESULT hr = hcs_data_file_changed(f, &seconds, err);

        if (SUCCEEDED(hr))
                *ret = from_unix(seconds);
        return hr;
}

void vhd_set_geometry(struct vhd_footer *f) {
        uint64_t sectors = f->current_size / SECTOR, per_head;
        unsigned heads = 16, track = 255;

        if (sectors > 65535ull * 16 * 255)
                sectors = 65535ull * 16 * 255;
        if (sectors < 65535ull * 16 * 63) {
                track = 17;
                per_head = sectors / track;
                heads = per_head < 4 * 1024ull ? 4 : (unsigned)((per_head + 1023) / 1024);
                if (per_head >= heads * 1024ull || heads > 16) {
                        track = 31;
                        heads = 16;
                        per_head = sectors / track;
                }
                if (per_head >= heads * 1024ull)
                        track = 63;
        }
        f->cylinders = (uint16_t)(sectors / track / heads);
        f->heads = (uint8_t)heads;
        f->sectors = (uint8_t)track;
}

/* One place of the parent behind what is there, as UTF-16LE. */
static HRESULT write_locator(struct hcs_data_file *f, uint32_t code, const char *path, struct vhd_locator *ret,
                             uint64_t *end, struct hcs_error **err) {
        size_t n = 0;
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(path, strlen(path), &n);
        _cleanup_free_ uint8_t *bytes = NULL;
        HRESULT hr;

        if (n > MAX_PATH_UNITS)
                return hcs_error_make(err, HCS_WIN32(206), "the parent's path is too long for a disk");
        bytes = hcs_calloc(1, vhd_whole_sectors(2 * n + 1));
        for (size_t i = 0; i < n; i++)
                ext4_put16(bytes + 2 * i, wide[i]);
        *ret = (struct vhd_locator){.code = code,
                                    .space = (uint32_t)vhd_whole_sectors(2 * n + 1),
                                    .length = (uint32_t)(2 * n),
                                    .offset = *end};
        hr = hcs_data_file_write_at(f, *end, bytes, ret->space, err);
        *end += ret->space;
        return hr;
}

/* No block is there. */
static HRESULT write_table(struct hcs_data_file *f, uint64_t offset, uint64_t n, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(PIECE);
        HRESULT hr = S_OK;

        memset(bytes, NO_BLOCK, PIECE);
        for (uint64_t done = 0; SUCCEEDED(hr) && done < n; done += PIECE)
                hr = hcs_data_file_write_at(f, offset + done, bytes, n - done < PIECE ? (size_t)(n - done) : PIECE,
                                            err);
        return hr;
}

static HRESULT write_sparse(struct hcs_data_file *f, const struct vhd_create_options *o, uint32_t block, uint64_t *end,
                            struct hcs_error **err) {
        struct vhd_sparse s = {.entries = (uint32_t)((o->size + block - 1) / block), .block_size = block};
        uint8_t bytes[VHD_SPARSE];
        HRESULT hr = S_OK;

        *end = LOCATORS_AT;
        if (o->type == VHD_DIFFERENCING) {
                s.parent_id = o->parent_id;
                s.parent_time = o->parent_time;
                s.parent_name = (char *)o->parent_absolute; /* printed only */
                hr = write_locator(f, VHD_W2RU, o->parent_relative, &s.locators[0], end, err);
                if (SUCCEEDED(hr))
                        hr = write_locator(f, VHD_W2KU, o->parent_absolute, &s.locators[1], end, err);
        }
        s.table_offset = *end;
        *end += vhd_whole_sectors(4ull * s.entries);
        if (SUCCEEDED(hr))
                hr = write_table(f, s.table_offset, *end - s.table_offset, err);
        vhd_sparse_print(&s, bytes);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(f, HEADER_AT, bytes, sizeof(bytes), err) : hr;
}

static HRESULT make_footer(const struct vhd_create_options *o, struct vhd_footer *ret, struct hcs_error **err) {
        vhd_footer_init(ret, o->size);
        ret->type = o->type;
        ret->timestamp = from_unix((int64_t)time(NULL));
        ret->creator_version = WINDOWS;
        memcpy(ret->creator, "win ", 5);
        memcpy(ret->creator_os, "Wi2k", 5);
        vhd_set_geometry(ret);
        if (o->type != VHD_FIXED)
                ret->data_offset = HEADER_AT;
        if (o->id)
                ret->id = *o->id;
        else if (FAILED(hcs_guid_v4(&ret->id)))
                return hcs_error_make(err, E_FAIL, "no random id for a disk");
        return S_OK;
}

static HRESULT check(const struct vhd_create_options *o, uint32_t block, struct hcs_error **err) {
        if (o->size == 0 || o->size % SECTOR || o->size > VHD_MAX_SIZE)
                return hcs_error_make(err, VHD_E_SIZE, "a VHD cannot have %llu bytes", (unsigned long long)o->size);
        /* What the documentation of virtdisk.h lets through. */
        if (o->type != VHD_FIXED && block != 512u << 10 && block != VHD_DEFAULT_BLOCK)
                return hcs_error_make(err, VHD_E_BLOCK_SIZE, "a VHD cannot have blocks of %u bytes", block);
        return S_OK;
}

HRESULT vhd_create(struct hcs_data_file *f, const struct vhd_create_options *options, struct hcs_error **err) {
        uint32_t block = options->block_size ? options->block_size : VHD_DEFAULT_BLOCK;
        uint8_t bytes[VHD_FOOTER];
        struct vhd_footer footer;
        uint64_t end = options->size;
        HRESULT hr = check(options, block, err);

        if (SUCCEEDED(hr))
                hr = make_footer(options, &footer, err);
        if (FAILED(hr))
                return hr;
        vhd_footer_print(&footer, bytes);
        if (options->type != VHD_FIXED) {
                hr = write_sparse(f, options, block, &end, err);
                if (SUCCEEDED(hr))
                        hr = hcs_data_file_write_at(f, 0, bytes, sizeof(bytes), err);
        }
        return SUCCEEDED(hr) ? hcs_data_file_write_at(f, end, bytes, sizeof(bytes), err) : hr;
}
