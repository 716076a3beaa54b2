/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VERITY_LAYOUT_H
#define HCS_EXT4_VERITY_LAYOUT_H

/*
 * Where the levels of a dm-verity tree are: the top one first, level 0, which holds the digests of the data, last. As
 * the kernel and cryptsetup count: data of one block has no tree, its root hash is the block's own. A plain value.
 */

#include <stddef.h>

#include "ext4/verity/superblock.h"

#define VERITY_MAX_LEVELS 22u /* 2^63 data blocks, 8 digests a block */

struct verity_level {
        uint64_t offset; /* of its first block, from where the tree begins */
        uint64_t blocks;
};

struct verity_layout {
        unsigned levels;
        uint32_t fan_out; /* digests in a block */
        uint32_t stride;  /* bytes from one digest to the next */
        struct verity_level level[VERITY_MAX_LEVELS];
        uint64_t size; /* of the tree, in bytes */
};

/* The superblock has been checked. VERITY_E_SUPERBLOCK when a block has no room for two digests. */
HRESULT verity_layout_init(struct verity_layout *l, const struct verity_superblock *sb, size_t digest_size,
                           struct hcs_error **err);
/* Where the tree of a superblock at that offset begins. */
uint64_t verity_layout_after(const struct verity_superblock *sb, uint64_t superblock_offset);

#endif
