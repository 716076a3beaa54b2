/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_EXTENTS_H
#define HCS_EXT4_READ_EXTENTS_H

/* Where a block of a file is: one walk from the root of its extent tree, every node of it checked on the way. */

#include "ext4/read/inode.h"

struct ext4_run {
        uint64_t blocks;   /* from the one asked for, at least 1 */
        uint64_t physical; /* the first one's number; only when stored */
        bool stored;       /* false: a hole, or allocated and never written; zeros both */
};

HRESULT ext4_extent_find(struct ext4_image *i, const struct ext4_inode *node, uint32_t block, struct ext4_run *ret,
                         struct hcs_error **err);

#endif
