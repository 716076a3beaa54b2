/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/vhdx_write.h"

#include <string.h>

#include "base/utf.h"
#include "ext4/format.h"
#include "ext4/vhd/crc32c.h"
#include "ext4/vhd/vhdx_parse.h"

#define ENTRY 32u

static const uint64_t header_at[2] = {64 << 10, 128 << 10}, regions_at[2] = {192 << 10, 256 << 10};
static const GUID bat_id = {0x2dc27766, 0xf623, 0x4200, {0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08}};
static const GUID metadata_id = {0x8b7ca206, 0x4790, 0x4b9a, {0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e}};

void vhdx_put_signature(uint8_t *p, const char *signature) {
        while (*signature)
                *p++ = (uint8_t)*signature++;
}

void vhdx_put_guid(uint8_t *p, const GUID *g) {
        ext4_put32(p, g->Data1);
        ext4_put16(p + 4, g->Data2);
        ext4_put16(p + 6, g->Data3);
        memcpy(p + 8, g->Data4, 8);
}

size_t vhdx_put_text(uint8_t *p, const char *text) {
        size_t n = 0;
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(text, strlen(text), &n);

        for (size_t i = 0; i < n; i++)
                ext4_put16(p + 2 * i, wide[i]);
        return 2 * n;
}

/* The checksum of a structure that holds zeros where it goes. */
static void seal(uint8_t *bytes, size_t n) {
        ext4_put32(bytes + 4, 0);
        ext4_put32(bytes + 4, vhd_crc32c(0, bytes, n));
}

static HRESULT id_if_null(GUID *id, struct hcs_error **err) {
        HRESULT hr = hcs_guid_is_null(id) ? hcs_guid_v4(id) : S_OK;

        return FAILED(hr) ? hcs_error_make(err, hr, "no random id for a disk") : hr;
}

static void print_header(const struct vhdx_header *h, uint8_t *bytes) {
        memset(bytes, 0, VHDX_HEADER);
        vhdx_put_signature(bytes, "head");
        ext4_put64(bytes + 8, h->sequence);
        vhdx_put_guid(bytes + 16, &h->file_write);
        vhdx_put_guid(bytes + 32, &h->data_write);
        ext4_put16(bytes + 66, 1);
        ext4_put32(bytes + 68, h->log_length);
        ext4_put64(bytes + 72, h->log_offset);
        seal(bytes, VHDX_HEADER);
}

HRESULT vhdx_write_headers(struct hcs_data_file *f, struct vhdx_header *h, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(VHDX_HEADER);
        HRESULT hr = id_if_null(&h->file_write, err);

        if (SUCCEEDED(hr))
                hr = id_if_null(&h->data_write, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < 2; i++) {
                h->sequence++;
                print_header(h, bytes);
                hr = hcs_data_file_write_at(f, header_at[i], bytes, VHDX_HEADER, err);
        }
        return hr;
}

HRESULT vhdx_write_changed(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err) {
        struct vhdx_header *h = &i->header[i->current];

        h->file_write = h->data_write = (GUID){0};
        return vhdx_write_headers(f, h, err);
}

HRESULT vhdx_write_linkage(struct hcs_data_file *f, const struct vhdx_info *i, const GUID *linkage,
                           struct hcs_error **err) {
        char text[HCS_GUID_TEXT_SIZE + 2] = "{";
        uint8_t bytes[2 * sizeof(text)];

        hcs_guid_format(linkage, text + 1);
        strcat(text, "}");
        if (vhdx_put_text(bytes, text) != i->linkage_length)
                return hcs_error_make(err, VHDX_E_UNKNOWN, "`%s`: the parent_linkage is not written as others are",
                                      hcs_data_file_name(f));
        return hcs_data_file_write_at(f, i->linkage_at, bytes, i->linkage_length, err);
}

static void put_region(uint8_t *p, const GUID *id, uint64_t offset, uint32_t length) {
        vhdx_put_guid(p, id);
        ext4_put64(p + 16, offset);
        ext4_put32(p + 24, length);
        ext4_put32(p + 28, 1); /* required */
}

HRESULT vhdx_write_regions(struct hcs_data_file *f, const struct vhdx_info *i, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_calloc(1, VHDX_TABLE);
        HRESULT hr;

        vhdx_put_signature(bytes, "regi");
        ext4_put32(bytes + 8, 2);
        put_region(bytes + 16, &bat_id, i->bat_offset, i->bat_length);
        put_region(bytes + 16 + ENTRY, &metadata_id, i->metadata_offset, i->metadata_length);
        seal(bytes, VHDX_TABLE);
        hr = hcs_data_file_write_at(f, regions_at[0], bytes, VHDX_TABLE, err);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(f, regions_at[1], bytes, VHDX_TABLE, err) : hr;
}

uint64_t vhdx_blocks_of_chunk(uint32_t block, uint32_t sector) {
        return ((uint64_t)sector << 23) / block;
}

uint64_t vhdx_entry_at(const struct vhdx_info *i, uint64_t block) {
        return i->bat_offset + 8 * (block + block / vhdx_blocks_of_chunk(i->block_size, i->logical_sector));
}

uint64_t vhdx_table_length(uint64_t size, uint32_t block, uint32_t sector, bool has_parent) {
        uint64_t ratio = vhdx_blocks_of_chunk(block, sector), blocks = (size + block - 1) / block,
                 entries = has_parent ? (blocks + ratio - 1) / ratio * (ratio + 1) : blocks + (blocks - 1) / ratio;

        return (entries * 8 + VHDX_MB - 1) / VHDX_MB * VHDX_MB;
}
