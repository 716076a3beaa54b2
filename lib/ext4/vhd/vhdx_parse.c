/* SPDX-License-Identifier: MIT */

/*
 * The bytes. Numbers are little-endian, GUIDs in their Windows layout, so that their text is what MS-VHDX prints. Names
 * of fields in messages are those of MS-VHDX.
 */

#include "ext4/vhd/vhdx_parse.h"

#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "ext4/format.h"
#include "ext4/vhd/crc32c.h"

#define MAX_ENTRIES    2047u
#define ENTRY          32u
#define MAX_SIZE       ((uint64_t)64 << 40)
#define MIN_BLOCK      VHDX_MB
#define MAX_BLOCK      (256u * VHDX_MB)
#define LEAVE_BLOCKS   1u
#define HAS_PARENT     2u
#define REQUIRED       4u
#define IS_USER        1u
#define BAT            "2dc27766-f623-4200-9d64-115e9bfd4a08"
#define METADATA       "8b7ca206-4790-4b9a-b8fe-575f050f886e"
#define PARENT_IS_VHDX "b04aefb7-d19e-4a81-b789-25b8e9445913"

/* By enum vhdx_item. */
static const struct {
        const char *id, *name;
        uint32_t length; /* 0: any */
} items[VHDX_N_ITEMS] = {
        {"caa16737-fa36-4d43-b3b6-33f0aa44e76b", "File Parameters", 8},
        {"2fa54224-cd1b-4876-b211-5dbed83bf4b8", "Virtual Disk Size", 8},
        {"beca12ab-b2e6-4523-93ef-c309e000c746", "Virtual Disk ID", 16},
        {"8141bf1d-a96f-4709-ba47-f233a8faab5f", "Logical Sector Size", 4},
        {"cda348c7-445d-4471-9cc9-e9885251c556", "Physical Sector Size", 4},
        {"a8d35f2d-b30b-454d-abf7-d3d84834ab0c", "Parent Locator", 0},
};

static void get_guid(const uint8_t *p, GUID *ret) {
        *ret = (GUID){.Data1 = ext4_get32(p), .Data2 = ext4_get16(p + 4), .Data3 = ext4_get16(p + 6)};
        memcpy(ret->Data4, p + 8, 8);
}

static bool is_guid(const GUID *g, const char *text) {
        char buf[HCS_GUID_TEXT_SIZE];

        return hcs_streq(hcs_guid_format(g, buf), text);
}

bool vhdx_checksum_fits(const uint8_t *bytes, size_t n) {
        static const uint8_t zero[4];
        uint32_t crc = vhd_crc32c(0, bytes, 4);

        crc = vhd_crc32c(crc, zero, 4);
        return vhd_crc32c(crc, bytes + 8, n - 8) == ext4_get32(bytes + 4);
}

void vhdx_parse_header(const uint8_t bytes[static VHDX_HEADER], struct vhdx_header *ret) {
        struct vhdx_header h = {.sequence = ext4_get64(bytes + 8),
                                .log_version = ext4_get16(bytes + 64),
                                .version = ext4_get16(bytes + 66),
                                .log_length = ext4_get32(bytes + 68),
                                .log_offset = ext4_get64(bytes + 72)};

        get_guid(bytes + 16, &h.file_write);
        get_guid(bytes + 32, &h.data_write);
        get_guid(bytes + 48, &h.log);
        if (memcmp(bytes, "head", 4) != 0)
                h.damage = hcs_strdup("no signature `head`");
        else if (!vhdx_checksum_fits(bytes, VHDX_HEADER))
                h.damage = hcs_asprintf("the checksum 0x%08x does not fit", ext4_get32(bytes + 4));
        else if (h.version != 1)
                h.damage = hcs_asprintf("Version is %u instead of 1", h.version);
        else if (h.log_version != 0)
                h.damage = hcs_asprintf("LogVersion is %u instead of 0", h.log_version);
        else if (h.log_offset % VHDX_MB != 0 || h.log_length % VHDX_MB != 0)
                h.damage = hcs_asprintf("the log, %u bytes at %llu, is not in whole megabytes", h.log_length,
                                        (unsigned long long)h.log_offset);
        *ret = h;
}

/* One region of the table. */
struct region {
        GUID id;
        uint64_t offset;
        uint32_t length;
        bool required;
};

static HRESULT check_region(const struct region *r, uint64_t file_size, struct hcs_error **err) {
        char id[HCS_GUID_TEXT_SIZE];

        if (r->offset >= VHDX_MB && r->offset % VHDX_MB == 0 && r->length >= VHDX_MB && r->length % VHDX_MB == 0 &&
            r->offset <= file_size && r->length <= file_size - r->offset)
                return S_OK;
        return hcs_error_make(
                err, VHDX_E_DAMAGED, "region %s: %u bytes at %llu are not in whole megabytes of a file of %llu",
                hcs_guid_format(&r->id, id), r->length, (unsigned long long)r->offset, (unsigned long long)file_size);
}

static HRESULT take_region(const struct region *r, struct vhdx_info *ret, struct hcs_error **err) {
        bool bat = is_guid(&r->id, BAT);
        uint64_t *offset = bat ? &ret->bat_offset : &ret->metadata_offset;
        char id[HCS_GUID_TEXT_SIZE];

        if (!bat && !is_guid(&r->id, METADATA)) {
                if (!r->required)
                        return S_OK;
                return hcs_error_make(err, VHDX_E_UNKNOWN, "region %s is required and not known",
                                      hcs_guid_format(&r->id, id));
        }
        if (*offset)
                return hcs_error_make(err, VHDX_E_DAMAGED, "region %s is there twice", hcs_guid_format(&r->id, id));
        *offset = r->offset;
        *(bat ? &ret->bat_length : &ret->metadata_length) = r->length;
        return S_OK;
}

HRESULT vhdx_parse_regions(const uint8_t bytes[static VHDX_TABLE], uint64_t file_size, struct vhdx_info *ret,
                           struct hcs_error **err) {
        uint32_t n = ext4_get32(bytes + 8);

        if (n > MAX_ENTRIES)
                return hcs_error_make(err, VHDX_E_DAMAGED, "%u regions, where up to %u are possible", n, MAX_ENTRIES);
        ret->bat_offset = 0;
        ret->metadata_offset = 0;
        for (uint32_t i = 0; i < n; i++) {
                const uint8_t *p = bytes + 16 + i * ENTRY;
                struct region r = {.offset = ext4_get64(p + 16),
                                   .length = ext4_get32(p + 24),
                                   .required = (ext4_get32(p + 28) & 1) != 0};
                HRESULT hr;

                get_guid(p, &r.id);
                hr = check_region(&r, file_size, err);
                if (SUCCEEDED(hr))
                        hr = take_region(&r, ret, err);
                if (FAILED(hr))
                        return hr;
        }
        if (!ret->bat_offset || !ret->metadata_offset)
                return hcs_error_make(err, VHDX_E_DAMAGED, "there is no %s region",
                                      ret->bat_offset ? "metadata" : "BAT");
        if (ret->bat_offset < ret->metadata_offset + ret->metadata_length &&
            ret->metadata_offset < ret->bat_offset + ret->bat_length)
                return hcs_error_make(err, VHDX_E_DAMAGED, "the BAT and the metadata overlap");
        return S_OK;
}

static HRESULT take_place(const uint8_t *entry, uint32_t region, struct vhdx_place *places, struct hcs_error **err) {
        struct vhdx_place place = {.offset = ext4_get32(entry + 16), .length = ext4_get32(entry + 20)};
        uint32_t flags = ext4_get32(entry + 24);
        char text[HCS_GUID_TEXT_SIZE];
        size_t i = 0;
        GUID id;

        get_guid(entry, &id);
        while (i < VHDX_N_ITEMS && ((flags & IS_USER) || !is_guid(&id, items[i].id)))
                i++;
        if (i == VHDX_N_ITEMS) {
                if (!(flags & REQUIRED))
                        return S_OK;
                return hcs_error_make(err, VHDX_E_UNKNOWN, "metadata item %s is required and not known",
                                      hcs_guid_format(&id, text));
        }
        if (places[i].offset)
                return hcs_error_make(err, VHDX_E_DAMAGED, "%s is there twice", items[i].name);
        if (place.offset < VHDX_TABLE || place.offset > region || place.length > region - place.offset)
                return hcs_error_make(err, VHDX_E_DAMAGED, "%s: %u bytes at %u of a metadata region of %u",
                                      items[i].name, place.length, place.offset, region);
        if (items[i].length ? place.length != items[i].length : place.length > VHDX_MAX_LOCATOR)
                return hcs_error_make(err, VHDX_E_DAMAGED, "%s cannot have %u bytes", items[i].name, place.length);
        places[i] = place;
        return S_OK;
}

HRESULT vhdx_parse_metadata(const uint8_t bytes[static VHDX_TABLE], uint32_t length,
                            struct vhdx_place places[static VHDX_N_ITEMS], struct hcs_error **err) {
        uint16_t n = ext4_get16(bytes + 10);

        memset(places, 0, VHDX_N_ITEMS * sizeof(*places));
        if (memcmp(bytes, "metadata", 8) != 0)
                return hcs_error_make(err, VHDX_E_DAMAGED, "the metadata has no signature `metadata`");
        if (n > MAX_ENTRIES)
                return hcs_error_make(err, VHDX_E_DAMAGED, "%u metadata items, where up to %u are possible", n,
                                      MAX_ENTRIES);
        for (uint32_t i = 0; i < n; i++) {
                HRESULT hr = take_place(bytes + ENTRY + i * ENTRY, length, places, err);

                if (FAILED(hr))
                        return hr;
        }
        for (size_t i = 0; i < VHDX_LOCATOR; i++)
                if (!places[i].offset)
                        return hcs_error_make(err, VHDX_E_DAMAGED, "the metadata lacks %s", items[i].name);
        return S_OK;
}

/* UTF-16LE of a locator as UTF-8; NULL when it does not lie within. */
static char *locator_text(const uint8_t *bytes, size_t n, uint32_t offset, uint16_t len) {
        _cleanup_free_ uint16_t *units = NULL;

        if (offset > n || len > n - offset)
                return NULL;
        units = hcs_malloc(len / 2u * sizeof(*units) + 1);
        for (size_t i = 0; i < len / 2u; i++)
                units[i] = ext4_get16(bytes + offset + 2 * i);
        return hcs_utf16_to_utf8_lossy(units, len / 2u, NULL);
}

static void take_parent(char **slot, char **value) {
        free(*slot);
        *slot = steal_pointer(value);
}

static HRESULT parse_locator(const uint8_t *bytes, size_t n, struct vhdx_info *ret, struct hcs_error **err) {
        static const char *const names[VHDX_PLACES] = {"relative_path", "volume_path", "absolute_win32_path"};
        uint16_t count = n >= 20 ? ext4_get16(bytes + 18) : 0;
        GUID type;

        if (n < 20 || n < 20 + 12u * count)
                return hcs_error_make(err, VHDX_E_DAMAGED, "Parent Locator: %zu bytes are too few for %u entries", n,
                                      count);
        get_guid(bytes, &type);
        if (!is_guid(&type, PARENT_IS_VHDX))
                return hcs_error_make(err, VHDX_E_UNKNOWN, "Parent Locator: the parent is no VHDX");
        for (uint16_t i = 0; i < count; i++) {
                const uint8_t *p = bytes + 20 + 12u * i;
                _cleanup_free_ char *key = locator_text(bytes, n, ext4_get32(p), ext4_get16(p + 8));
                _cleanup_free_ char *value = locator_text(bytes, n, ext4_get32(p + 4), ext4_get16(p + 10));

                if (!key || !value)
                        return hcs_error_make(err, VHDX_E_DAMAGED, "Parent Locator: entry %u is not inside of it", i);
                if (hcs_streq(key, "parent_linkage")) {
                        take_parent(&ret->parent_linkage, &value);
                        ret->linkage_at = ext4_get32(p + 4);
                        ret->linkage_length = ext4_get16(p + 10);
                }
                for (size_t k = 0; k < VHDX_PLACES; k++)
                        if (hcs_streq(key, names[k]))
                                take_parent(&ret->parents[k], &value);
        }
        return S_OK;
}

HRESULT vhdx_parse_item(enum vhdx_item item, const uint8_t *bytes, size_t n, struct vhdx_info *ret,
                        struct hcs_error **err) {
        uint32_t flags;

        switch (item) {
        case VHDX_PARAMETERS:
                ret->block_size = ext4_get32(bytes);
                flags = ext4_get32(bytes + 4);
                ret->type = flags & HAS_PARENT ? VHDX_DIFFERENCING : flags & LEAVE_BLOCKS ? VHDX_FIXED : VHDX_DYNAMIC;
                return S_OK;
        case VHDX_SIZE:
                ret->virtual_size = ext4_get64(bytes);
                return S_OK;
        case VHDX_DISK_ID:
                get_guid(bytes, &ret->disk_id);
                return S_OK;
        case VHDX_LOGICAL:
                ret->logical_sector = ext4_get32(bytes);
                return S_OK;
        case VHDX_PHYSICAL:
                ret->physical_sector = ext4_get32(bytes);
                return S_OK;
        default:
                return parse_locator(bytes, n, ret, err);
        }
}

static bool is_sector(uint32_t n) {
        return n == 512 || n == 4096;
}

HRESULT vhdx_check(const struct vhdx_info *i, struct hcs_error **err) {
        if (i->block_size < MIN_BLOCK || i->block_size > MAX_BLOCK || (i->block_size & (i->block_size - 1)))
                return hcs_error_make(err, VHDX_E_DAMAGED, "File Parameters: BlockSize cannot be %u", i->block_size);
        if (!is_sector(i->logical_sector))
                return hcs_error_make(err, VHDX_E_DAMAGED, "Logical Sector Size cannot be %u", i->logical_sector);
        if (!is_sector(i->physical_sector))
                return hcs_error_make(err, VHDX_E_DAMAGED, "Physical Sector Size cannot be %u", i->physical_sector);
        if (i->virtual_size == 0 || i->virtual_size > MAX_SIZE || i->virtual_size % i->logical_sector != 0)
                return hcs_error_make(err, VHDX_E_DAMAGED, "Virtual Disk Size cannot be %llu",
                                      (unsigned long long)i->virtual_size);
        return S_OK;
}
