/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/sparse.h"

#include <string.h>

#include "base/utf.h"
#include "ext4/vhd/bytes.h"

#define VERSION    0x00010000u
#define NAME_UNITS 256u

static const uint8_t cookie[8] = {'c', 'x', 's', 'p', 'a', 'r', 's', 'e'};

enum { AT_NEXT = 8, AT_TABLE = 16, AT_VERSION = 24, AT_ENTRIES = 28, AT_BLOCK = 32, AT_CHECKSUM = 36, AT_PARENT = 40 };
enum { AT_TIME = 56, AT_NAME = 64, AT_LOCATORS = 576, LOCATOR = 24 };

void vhd_sparse_deinit(struct vhd_sparse *s) {
        free(s->parent_name);
        *s = (struct vhd_sparse){0};
}

static void put_name(uint8_t *p, const char *name) {
        size_t n = 0;
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(name, strlen(name), &n);

        for (size_t i = 0; i < n && i < NAME_UNITS - 1; i++)
                vhd_put(p + 2 * i, wide[i], 2);
}

/* Without an end, all of it is the name. */
static char *get_name(const uint8_t *p) {
        uint16_t units[NAME_UNITS];
        size_t n = 0;

        while (n < NAME_UNITS && (units[n] = (uint16_t)vhd_get(p + 2 * n, 2)) != 0)
                n++;
        return n ? hcs_utf16_to_utf8_lossy(units, n, NULL) : NULL;
}

void vhd_sparse_print(const struct vhd_sparse *s, uint8_t bytes[static VHD_SPARSE]) {
        memset(bytes, 0, VHD_SPARSE);
        memcpy(bytes, cookie, sizeof(cookie));
        vhd_put(bytes + AT_NEXT, UINT64_MAX, 8);
        vhd_put(bytes + AT_TABLE, s->table_offset, 8);
        vhd_put(bytes + AT_VERSION, VERSION, 4);
        vhd_put(bytes + AT_ENTRIES, s->entries, 4);
        vhd_put(bytes + AT_BLOCK, s->block_size, 4);
        hcs_guid_to_rfc4122(&s->parent_id, bytes + AT_PARENT);
        vhd_put(bytes + AT_TIME, s->parent_time, 4);
        if (s->parent_name)
                put_name(bytes + AT_NAME, s->parent_name);
        for (size_t i = 0; i < VHD_LOCATORS; i++) {
                uint8_t *p = bytes + AT_LOCATORS + i * LOCATOR;

                vhd_put(p, s->locators[i].code, 4);
                vhd_put(p + 4, s->locators[i].space, 4);
                vhd_put(p + 8, s->locators[i].length, 4);
                vhd_put(p + 16, s->locators[i].offset, 8);
        }
        vhd_put(bytes + AT_CHECKSUM, vhd_checksum(bytes, VHD_SPARSE, AT_CHECKSUM), 4);
}

static HRESULT check(const uint8_t *bytes, const struct vhd_sparse *s, struct hcs_error **err) {
        uint32_t checksum = vhd_checksum(bytes, VHD_SPARSE, AT_CHECKSUM),
                 said = (uint32_t)vhd_get(bytes + AT_CHECKSUM, 4);

        if (memcmp(bytes, cookie, sizeof(cookie)) != 0)
                return hcs_error_make(err, VHD_E_SPARSE_CORRUPT, "there is no `cxsparse` where the footer says");
        if (checksum != said)
                return hcs_error_make(err, VHD_E_SPARSE_CHECKSUM, "the checksum is 0x%08x, and the header's is 0x%08x",
                                      said, checksum);
        if (s->version != VERSION)
                return hcs_error_make(err, VHD_E_SPARSE_VERSION, "the header's version is 0x%08x instead of 0x%08x",
                                      s->version, VERSION);
        if (s->block_size < VHD_MIN_BLOCK || s->block_size > VHD_MAX_BLOCK || (s->block_size & (s->block_size - 1)))
                return hcs_error_make(err, VHD_E_BLOCK_SIZE, "the disk cannot have blocks of %u bytes", s->block_size);
        return S_OK;
}

HRESULT vhd_sparse_parse(const uint8_t bytes[static VHD_SPARSE], struct vhd_sparse *ret, struct hcs_error **err) {
        struct vhd_sparse s = {.table_offset = vhd_get(bytes + AT_TABLE, 8),
                               .version = (uint32_t)vhd_get(bytes + AT_VERSION, 4),
                               .entries = (uint32_t)vhd_get(bytes + AT_ENTRIES, 4),
                               .block_size = (uint32_t)vhd_get(bytes + AT_BLOCK, 4),
                               .parent_time = (uint32_t)vhd_get(bytes + AT_TIME, 4)};
        HRESULT hr = check(bytes, &s, err);

        if (FAILED(hr))
                return hr;
        hcs_guid_from_rfc4122(bytes + AT_PARENT, &s.parent_id);
        for (size_t i = 0; i < VHD_LOCATORS; i++) {
                const uint8_t *p = bytes + AT_LOCATORS + i * LOCATOR;

                s.locators[i] = (struct vhd_locator){.code = (uint32_t)vhd_get(p, 4),
                                                     .space = (uint32_t)vhd_get(p + 4, 4),
                                                     .length = (uint32_t)vhd_get(p + 8, 4),
                                                     .offset = vhd_get(p + 16, 8)};
        }
        s.parent_name = get_name(bytes + AT_NAME);
        *ret = s;
        return S_OK;
}
