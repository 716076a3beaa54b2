/* SPDX-License-Identifier: MIT */

/*
 * Extents of content that lies in one piece: up to four in the inode, else up to four blocks of them, which lie right
 * behind the content.
 */

#include "ext4/writer_private.h"

static void put_head(uint8_t *out, uint32_t entries, uint32_t max, uint32_t depth) {
        ext4_put16(out, EXT4_EXTENT_MAGIC);
        ext4_put16(out + 2, entries);
        ext4_put16(out + 4, max);
        ext4_put16(out + 6, depth);
}

static uint32_t count(uint32_t blocks) {
        return (uint32_t)(((uint64_t)blocks + EXT4_EXTENT_BLOCKS - 1) / EXT4_EXTENT_BLOCKS);
}

static uint32_t leaves(uint32_t extents) {
        return (extents + EXT4_EXTENTS_LEAF - 1) / EXT4_EXTENTS_LEAF;
}

/* n extents from the one numbered first. */
static void put_extents(uint8_t *out, uint32_t first, uint32_t n, uint32_t max, uint32_t start, uint32_t blocks) {
        put_head(out, n, max, 0);
        for (uint32_t i = 0; i < n; i++) {
                uint32_t block = (first + i) * EXT4_EXTENT_BLOCKS;
                uint8_t *e = out + EXT4_EXTENT_SIZE * (i + 1);

                ext4_put32(e, block);
                ext4_put16(e + 4, blocks - block < EXT4_EXTENT_BLOCKS ? blocks - block : EXT4_EXTENT_BLOCKS);
                ext4_put32(e + 8, start + block);
        }
}

void ext4_extents_put(const struct ext4_node *node, uint8_t *out) {
        uint32_t blocks = ext4_blocks_of(node->size), n = count(blocks);

        if (n <= EXT4_EXTENTS_INODE) {
                put_extents(out, 0, n, EXT4_EXTENTS_INODE, node->start, blocks);
                return;
        }
        put_head(out, leaves(n), EXT4_EXTENTS_INODE, 1);
        for (uint32_t i = 0; i < leaves(n); i++) {
                uint8_t *e = out + EXT4_EXTENT_SIZE * (i + 1);

                ext4_put32(e, i * EXT4_EXTENTS_LEAF * EXT4_EXTENT_BLOCKS);
                ext4_put32(e + 4, node->start + blocks + i);
        }
}

HRESULT ext4_extents_write(struct ext4_output *o, uint32_t start, uint32_t blocks, uint32_t *ret_n,
                           struct hcs_error **err) {
        uint32_t n = count(blocks);

        *ret_n = 0;
        if (n <= EXT4_EXTENTS_INODE)
                return S_OK;
        for (uint32_t first = 0; first < n; first += EXT4_EXTENTS_LEAF) {
                uint8_t leaf[EXT4_BLOCK] = {0};
                uint32_t here = n - first < EXT4_EXTENTS_LEAF ? n - first : EXT4_EXTENTS_LEAF;
                HRESULT hr;

                put_extents(leaf, first, here, EXT4_EXTENTS_LEAF, start, blocks);
                hr = ext4_output_write(o, leaf, sizeof(leaf), err);
                if (FAILED(hr))
                        return hr;
                ++*ret_n;
        }
        return S_OK;
}
