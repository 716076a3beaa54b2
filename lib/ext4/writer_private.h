/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_WRITER_PRIVATE_H
#define HCS_EXT4_WRITER_PRIVATE_H

/* The writer's state, shared by the files that make it up: creating (writer.c) and completing (finish.c). */

#include "base/buf.h"
#include "ext4/output.h"
#include "ext4/writer.h"

struct ext4_writer {
        struct ext4_output out;
        struct ext4_tree tree;
        bool inline_data;
        uint32_t descriptor_blocks; /* reserved */
        struct hcs_buf path;        /* the one looked up last, cleaned */
        struct hcs_buf parent;      /* the directory found last, and */
        uint32_t parent_ino;        /* its inode */
        uint32_t current;           /* whose content is being written, or 0 */
        uint64_t written, expected; /* of it */
};

void ext4_writer_begin(struct ext4_writer *w, uint32_t ino, uint64_t size);
/* Ends the content that is being written, if any. */
HRESULT ext4_writer_end(struct ext4_writer *w, struct hcs_error **err);

/* The extent tree of a file's root, EXT4_INODE_DATA zeroed bytes. */
void ext4_extents_put(const struct ext4_node *node, uint8_t *out);
/* Blocks of extents behind the content. */
HRESULT ext4_extents_write(struct ext4_output *o, uint32_t start, uint32_t blocks, uint32_t *ret_n,
                           struct hcs_error **err);

static inline uint32_t ext4_blocks_of(uint64_t size) {
        return (uint32_t)((size + EXT4_BLOCK - 1) / EXT4_BLOCK);
}

#endif
