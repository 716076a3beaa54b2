/* SPDX-License-Identifier: MIT */

/*
 * What must hold: what parses prints to the same, a layout of a tree fits into 63 bits with its levels one behind the
 * other, and nothing that a parser hands out points outside of what it was given.
 */

#include "integration/fuzz/disk.h"

#include <stdlib.h>
#include <string.h>

#include "ext4/format.h"
#include "ext4/verity/layout.h"
#include "ext4/vhd/footer.h"
#include "ext4/vhd/vhdx_parse.h"
#include "oci/digest.h"
#include "oci/document.h"

static void must(bool ok) {
        if (!ok)
                abort();
}

/* The input with zeros behind it, so that it is as long as the parser wants. Caller frees. */
static uint8_t *padded(const uint8_t *data, size_t size, size_t n) {
        uint8_t *bytes = hcs_calloc(1, n);

        memcpy(bytes, data, size < n ? size : n);
        return bytes;
}

static void fuzz_superblock(const uint8_t *data, size_t size) {
        _cleanup_free_ uint8_t *bytes = padded(data, size, VERITY_SUPERBLOCK);
        struct verity_superblock sb, again;
        struct verity_layout l;
        uint8_t printed[VERITY_SUPERBLOCK];

        if (FAILED(verity_superblock_parse(bytes, &sb, NULL)))
                return;
        verity_superblock_print(&sb, printed);
        must(SUCCEEDED(verity_superblock_parse(printed, &again, NULL)));
        must(again.data_blocks == sb.data_blocks && again.salt_size == sb.salt_size);
        for (size_t digest = 16; digest <= 64; digest += 4) {
                uint64_t end = 0;

                if (FAILED(verity_layout_init(&l, &sb, digest, NULL)))
                        continue;
                must(l.levels <= VERITY_MAX_LEVELS && l.size <= INT64_MAX);
                for (unsigned i = l.levels; i-- > 0; end += l.level[i].blocks * sb.hash_block_size)
                        must(l.level[i].offset == end && l.level[i].blocks > 0);
                must(end == l.size && (l.levels == 0 || l.level[l.levels - 1].blocks == 1));
        }
}

static void fuzz_footer(const uint8_t *data, size_t size) {
        _cleanup_free_ uint8_t *bytes = padded(data, size, VHD_FOOTER);
        _cleanup_buf_ struct hcs_buf texts = {0};
        struct vhd_footer f;
        unsigned damage = vhd_footer_check(bytes, size, &texts);

        must((damage == 0) == (texts.len == 0));
        if (!vhd_footer_parse(bytes, &f))
                return;
        vhd_footer_print(&f, bytes);
        must(!(vhd_footer_check(bytes, size + VHD_FOOTER, NULL) &
               (VHD_BAD_COOKIE | VHD_BAD_CHECKSUM | VHD_BAD_RESERVED)));
}

static void fuzz_metadata(const uint8_t *data, size_t size, struct vhdx_info *info) {
        _cleanup_free_ uint8_t *bytes = padded(data, size, VHDX_TABLE);
        struct vhdx_place places[VHDX_N_ITEMS];

        if (FAILED(vhdx_parse_metadata(bytes, VHDX_MB, places, NULL)))
                return;
        for (int i = 0; i < VHDX_N_ITEMS; i++)
                if (places[i].offset) {
                        must(places[i].offset + places[i].length <= VHDX_MB && places[i].length <= VHDX_TABLE);
                        vhdx_parse_item((enum vhdx_item)i, bytes, places[i].length, info, NULL);
                }
        vhdx_check(info, NULL);
}

static void fuzz_vhdx(uint8_t part, const uint8_t *data, size_t size) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info info = {0};
        _cleanup_free_ uint8_t *bytes = padded(data, size, VHDX_TABLE);

        switch (part) {
        case 'h':
                vhdx_parse_header(bytes, &info.header[0]);
                break;
        case 'r':
                if (SUCCEEDED(vhdx_parse_regions(bytes, (uint64_t)1 << 32, &info, NULL)))
                        must(info.bat_offset + info.bat_length <= (uint64_t)1 << 32);
                break;
        case 'm':
                fuzz_metadata(data, size, &info);
                break;
        default: {
                /* A copy of its own length, so that a read behind its end is seen. */
                _cleanup_free_ uint8_t *item = padded(data, size, size ? size : 1);

                vhdx_parse_item(VHDX_LOCATOR, item, size, &info, NULL);
        }
        }
}

static void check_descriptors(const struct oci_descriptors *d) {
        for (size_t i = 0; i < d->n; i++)
                must(oci_digest_is_valid(d->item[i].digest) && d->item[i].media_type);
}

static void fuzz_oci(const char *text, size_t len) {
        struct oci_descriptors index = {0};
        struct oci_manifest_document manifest = {0};
        struct oci_config config = {0};

        oci_parse_layout(text, len, NULL);
        oci_parse_index(text, len, &index, NULL);
        check_descriptors(&index);
        if (SUCCEEDED(oci_parse_manifest(text, len, &manifest, NULL)))
                must(oci_digest_is_valid(manifest.config.digest));
        check_descriptors(&manifest.layers);
        oci_parse_config(text, len, &config, NULL);
        oci_descriptors_deinit(&index);
        oci_manifest_document_deinit(&manifest);
        oci_config_deinit(&config);
}

bool fuzz_disk(uint8_t which, const uint8_t *data, size_t size) {
        switch (which) {
        case 'v':
                fuzz_superblock(data, size);
                return true;
        case 'f':
                fuzz_footer(data, size);
                return true;
        case 'x':
                if (size > 0)
                        fuzz_vhdx(data[0], data + 1, size - 1);
                return true;
        case 'o': {
                _cleanup_free_ char *text = hcs_strndup((const char *)data, size);

                fuzz_oci(text, size);
                return true;
        }
        default:
                return false;
        }
}
