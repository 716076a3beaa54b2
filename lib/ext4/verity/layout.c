/* SPDX-License-Identifier: MIT */

#include "ext4/verity/layout.h"

/* The largest power of two that is not above n. */
static uint32_t power_below(uint32_t n) {
        uint32_t p = 1;

        while (p <= n / 2)
                p *= 2;
        return p;
}

HRESULT verity_layout_init(struct verity_layout *l, const struct verity_superblock *sb, size_t digest_size,
                           struct hcs_error **err) {
        uint32_t fit = sb->hash_block_size / (uint32_t)digest_size;
        struct verity_layout layout = {0};

        if (fit < 2)
                return hcs_error_make(err, VERITY_E_SUPERBLOCK,
                                      "a hash block of %u bytes has no room for digests of %zu", sb->hash_block_size,
                                      digest_size);
        layout.fan_out = power_below(fit);
        layout.stride = sb->hash_type == 0 ? (uint32_t)digest_size : sb->hash_block_size / layout.fan_out;
        /* Digests of a length that is no power of two are padded to the next one. */
        for (uint64_t n = sb->data_blocks; n > 1;) {
                n = n / layout.fan_out + (n % layout.fan_out != 0);
                layout.level[layout.levels++].blocks = n;
        }
        for (unsigned i = layout.levels; i-- > 0;) {
                layout.level[i].offset = layout.size;
                layout.size += layout.level[i].blocks * sb->hash_block_size;
        }
        *l = layout;
        return S_OK;
}

uint64_t verity_layout_after(const struct verity_superblock *sb, uint64_t superblock_offset) {
        uint64_t end = superblock_offset + VERITY_SUPERBLOCK;

        return (end + sb->hash_block_size - 1) / sb->hash_block_size * sb->hash_block_size;
}
