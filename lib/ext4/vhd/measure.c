/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/measure.h"

#include <string.h>

#include "ext4/format.h"

#define MBR_TABLE     446u
#define MBR_ENTRY     16u
#define MBR_ENTRIES   4u
#define GPT_KIND      0xeeu
#define GPT_ENTRY_MAX 4096u
#define GPT_MAX       1024u /* entries */

HRESULT disk_fragmentation(struct disk_image *i, unsigned *ret, struct hcs_error **err) {
        uint32_t block = disk_image_facts(i)->block_size;
        uint64_t at = 0, before = 0, there = 0, apart = 0;
        HRESULT hr = S_OK;

        /* A fixed VHD is one run. */
        for (uint64_t n = 0; block && (hr = disk_image_block(i, n, &at, err)) == S_OK; n++) {
                if (!at)
                        continue;
                there++;
                /* A VHD has its bits, and what aligns them, in between. */
                if (before && (at < before + block || at > before + block + 4096))
                        apart++;
                before = at;
        }
        if (FAILED(hr))
                return hr;
        *ret = there ? (unsigned)(apart * 100 / there) : 0;
        return S_OK;
}

HRESULT disk_is_aligned(struct disk_image *i, uint32_t bytes, bool *ret, struct hcs_error **err) {
        bool is_aligned = true;
        uint64_t at = 0;
        HRESULT hr;

        for (uint64_t n = 0; (hr = disk_image_block(i, n, &at, err)) == S_OK && is_aligned; n++)
                is_aligned = at % bytes == 0;
        if (SUCCEEDED(hr))
                *ret = is_aligned;
        return SUCCEEDED(hr) ? S_OK : hr;
}

static HRESULT unknown(const char *why, struct hcs_error **err) {
        return hcs_error_make(err, VHD_E_NO_SMALLEST_SIZE, "its smallest size cannot be told: %s", why);
}

/* The end of the last partition of a GPT, in bytes; behind it goes a copy of the table. */
static HRESULT measure_gpt(struct disk_image *i, uint64_t *ret, struct hcs_error **err) {
        uint32_t sector = disk_image_facts(i)->sector, n, size;
        uint8_t header[512];
        uint64_t table, last = 0;
        HRESULT hr = disk_image_read(i, sector, header, sizeof(header), err);

        if (FAILED(hr))
                return hr;
        table = ext4_get64(header + 72);
        n = ext4_get32(header + 80);
        size = ext4_get32(header + 84);
        if (memcmp(header, "EFI PART", 8) != 0 || n > GPT_MAX || size < 128 || size > GPT_ENTRY_MAX ||
            table > disk_image_facts(i)->size / sector)
                return unknown("the GPT is broken", err);
        for (uint32_t k = 0; SUCCEEDED(hr) && k < n; k++) {
                static const uint8_t unused[16];
                uint8_t entry[48];

                hr = disk_image_read(i, table * sector + (uint64_t)k * size, entry, sizeof(entry), err);
                if (SUCCEEDED(hr) && memcmp(entry, unused, 16) != 0 && ext4_get64(entry + 40) > last)
                        last = ext4_get64(entry + 40);
        }
        if (FAILED(hr))
                return hr;
        if (last == 0)
                return unknown("there is no partition", err);
        if (last >= disk_image_facts(i)->size / sector)
                return unknown("a partition is beyond the end of the disk", err);
        *ret = (last + 1) * sector + ((uint64_t)n * size + sector - 1) / sector * sector + sector;
        return S_OK;
}

static HRESULT measure_mbr(const uint8_t *table, uint32_t sector, uint64_t size, uint64_t *ret,
                           struct hcs_error **err) {
        uint64_t end = 0;

        for (unsigned k = 0; k < MBR_ENTRIES; k++) {
                const uint8_t *entry = table + k * MBR_ENTRY;
                uint64_t behind = (uint64_t)ext4_get32(entry + 8) + ext4_get32(entry + 12);

                if (entry[4] && behind > end)
                        end = behind;
        }
        if (end == 0)
                return unknown("there is no partition", err);
        if (end > size / sector)
                return unknown("a partition is beyond the end of the disk", err);
        *ret = end * sector;
        return S_OK;
}

HRESULT disk_smallest_size(struct disk_image *i, uint64_t *ret, struct hcs_error **err) {
        const struct disk_facts *facts = disk_image_facts(i);
        uint8_t first[512];
        uint64_t size = 0;
        HRESULT hr = facts->size < 3ull * facts->sector ? unknown("it is too small", err)
                                                        : disk_image_read(i, 0, first, sizeof(first), err);

        if (SUCCEEDED(hr) && (first[510] != 0x55 || first[511] != 0xaa))
                return unknown("it has no partitions", err);
        if (SUCCEEDED(hr))
                hr = first[MBR_TABLE + 4] == GPT_KIND
                             ? measure_gpt(i, &size, err)
                             : measure_mbr(first + MBR_TABLE, facts->sector, facts->size, &size, err);
        if (FAILED(hr))
                return hr;
        *ret = size > facts->size ? facts->size : size;
        return S_OK;
}
