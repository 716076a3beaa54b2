/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/vhdx.h"

#include <string.h>

#include "base/utf.h"
#include "ext4/format.h"
#include "ext4/vhd/vhdx_parse.h"

static const uint64_t header_offsets[2] = {64 << 10, 128 << 10}, region_offsets[2] = {192 << 10, 256 << 10};

void vhdx_info_deinit(struct vhdx_info *i) {
        for (size_t n = 0; n < 2; n++) {
                free(i->header[n].damage);
                free(i->region_damage[n]);
        }
        free(i->creator);
        for (size_t n = 0; n < VHDX_PLACES; n++)
                free(i->parents[n]);
        free(i->parent_linkage);
        *i = (struct vhdx_info){0};
}

const char *vhdx_parent(const struct vhdx_info *i) {
        for (size_t n = 0; n < VHDX_PLACES; n++)
                if (i->parents[n])
                        return i->parents[n];
        return NULL;
}

const char *vhdx_type_name(enum vhdx_type type) {
        static const char *const names[] = {"fixed", "dynamic", "differencing"};

        return names[type];
}

static HRESULT read_part(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, const char *what,
                         struct hcs_error **err) {
        size_t got;
        HRESULT hr = hcs_data_file_read_at(f, offset, data, n, &got, err);

        if (FAILED(hr) || got == n)
                return hr;
        offset += got;
        return hcs_error_make(err, HCS_WIN32(38), "it ends at byte %llu, within %s", (unsigned long long)offset, what);
}

bool vhdx_is(struct hcs_data_file *f) {
        uint8_t signature[8];
        size_t n;

        return hcs_data_file_is_regular(f) &&
               SUCCEEDED(hcs_data_file_read_at(f, 0, signature, sizeof(signature), &n, NULL)) && n == 8 &&
               memcmp(signature, "vhdxfile", 8) == 0;
}

static HRESULT read_identifier(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err) {
        uint8_t bytes[VHDX_IDENTIFIER];
        uint16_t units[256];
        size_t n = 0;
        HRESULT hr = read_part(f, 0, bytes, sizeof(bytes), "the file identifier", err);

        if (FAILED(hr))
                return hr;
        while (n < HCS_ARRAY_SIZE(units) && (units[n] = ext4_get16(bytes + 8 + 2 * n)) != 0)
                n++;
        i->creator = hcs_utf16_to_utf8_lossy(units, n, NULL);
        return S_OK;
}

static HRESULT read_headers(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(VHDX_HEADER);
        const struct vhdx_header *h = i->header;

        for (size_t n = 0; n < 2; n++) {
                HRESULT hr = read_part(f, header_offsets[n], bytes, VHDX_HEADER, "the headers", err);

                if (FAILED(hr))
                        return hr;
                vhdx_parse_header(bytes, &i->header[n]);
        }
        if (h[0].damage && h[1].damage)
                return hcs_error_make(err, VHDX_E_DAMAGED, "neither header can be used: the first: %s; the second: %s",
                                      h[0].damage, h[1].damage);
        i->current = h[0].damage || (!h[1].damage && h[1].sequence > h[0].sequence);
        return S_OK;
}

static HRESULT check_table(const uint8_t *bytes, uint64_t file_size, struct vhdx_info *i, struct hcs_error **err) {
        if (memcmp(bytes, "regi", 4) != 0)
                return hcs_error_make(err, VHDX_E_DAMAGED, "no signature `regi`");
        if (!vhdx_checksum_fits(bytes, VHDX_TABLE))
                return hcs_error_make(err, VHDX_E_DAMAGED, "the checksum 0x%08x does not fit", ext4_get32(bytes + 4));
        return vhdx_parse_regions(bytes, file_size, i, err);
}

/* Either copy will do: the first one that can be used. */
static HRESULT read_regions(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(VHDX_TABLE);
        struct vhdx_info copies[2] = {{0}};
        HRESULT results[2] = {S_OK, S_OK}, hr;
        uint64_t size;

        hr = hcs_data_file_size(f, &size, err);
        for (size_t n = 0; SUCCEEDED(hr) && n < 2; n++) {
                struct hcs_error *why = NULL;

                hr = read_part(f, region_offsets[n], bytes, VHDX_TABLE, "the region tables", err);
                if (FAILED(hr))
                        return hr;
                results[n] = check_table(bytes, size, &copies[n], &why);
                if (FAILED(results[n]))
                        i->region_damage[n] = hcs_strdup(hcs_error_message(why));
                hcs_error_free(why);
        }
        if (FAILED(hr))
                return hr;
        if (FAILED(results[0]) && FAILED(results[1]))
                return hcs_error_make(err, results[0],
                                      "neither region table can be used: the first: %s; the second: %s",
                                      i->region_damage[0], i->region_damage[1]);
        i->bat_offset = copies[FAILED(results[0])].bat_offset;
        i->bat_length = copies[FAILED(results[0])].bat_length;
        i->metadata_offset = copies[FAILED(results[0])].metadata_offset;
        i->metadata_length = copies[FAILED(results[0])].metadata_length;
        return S_OK;
}

static HRESULT read_metadata(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(VHDX_TABLE); /* no item is longer */
        struct vhdx_place places[VHDX_N_ITEMS];
        HRESULT hr = read_part(f, i->metadata_offset, bytes, VHDX_TABLE, "the metadata", err);

        if (SUCCEEDED(hr))
                hr = vhdx_parse_metadata(bytes, i->metadata_length, places, err);
        for (int n = 0; SUCCEEDED(hr) && n < VHDX_N_ITEMS; n++) {
                if (!places[n].offset)
                        continue;
                hr = read_part(f, i->metadata_offset + places[n].offset, bytes, places[n].length, "the metadata", err);
                if (SUCCEEDED(hr))
                        hr = vhdx_parse_item((enum vhdx_item)n, bytes, places[n].length, i, err);
        }
        if (SUCCEEDED(hr) && places[VHDX_LOCATOR].offset)
                i->linkage_at += i->metadata_offset + places[VHDX_LOCATOR].offset;
        if (SUCCEEDED(hr))
                hr = vhdx_check(i, err);
        if (SUCCEEDED(hr) && i->type == VHDX_DIFFERENCING && !places[VHDX_LOCATOR].offset)
                return hcs_error_make(err, VHDX_E_DAMAGED, "a differencing disk without a Parent Locator");
        return hr;
}

HRESULT vhdx_read(struct hcs_data_file *f, struct vhdx_info *ret, struct hcs_error **err) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        HRESULT hr;

        if (!vhdx_is(f))
                return S_FALSE;
        hr = read_identifier(f, &i, err);
        if (SUCCEEDED(hr))
                hr = read_headers(f, &i, err);
        if (SUCCEEDED(hr))
                hr = read_regions(f, &i, err);
        if (SUCCEEDED(hr))
                hr = read_metadata(f, &i, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "VHDX `%s`", hcs_data_file_name(f));
                return hr;
        }
        *ret = i;
        i = (struct vhdx_info){0};
        return S_OK;
}
