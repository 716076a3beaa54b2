/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_WRITER_PRIVATE_H
#define HCS_EXT4_WRITER_PRIVATE_H

/*
 * The writer's state, shared by the files that make it up: paths (writer_path.c), inodes (writer.c), content
 * (writer_content.c) and the completion (finish.c).
 */

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

/* A path, taken apart. The root has no name and is its own parent. The name is one in the writer's path. */
struct ext4_place {
        uint32_t dir;
        uint32_t ino; /* 0: not there */
        const char *name;
        size_t len;
};

/* A name in a message: fit for a terminal, the midst of a long one left out. */
struct ext4_shown {
        char text[260];
};

const char *ext4_writer_show(const char *name, struct ext4_shown *s);
/* "path: why" */
HRESULT ext4_writer_refuse(HRESULT hr, const char *path, const char *why, struct hcs_error **err);

/* "/a//./b/../c/" becomes "a/c"; "" is the root. */
void ext4_writer_clean_path(const char *path, struct hcs_buf *out);
/* Of the cleaned path: where its last name begins. */
size_t ext4_writer_last_name(const struct hcs_buf *path);
/* The first len bytes of the writer's path: are they the directory that was found last? They are from now on. */
bool ext4_writer_is_known_parent(const struct ext4_writer *w, size_t len);
void ext4_writer_know_parent(struct ext4_writer *w, size_t len, uint32_t ino);
HRESULT ext4_writer_look_up(struct ext4_writer *w, const char *path, struct ext4_place *ret, struct hcs_error **err);
HRESULT ext4_writer_look_up_existing(struct ext4_writer *w, const char *path, struct ext4_place *ret,
                                     struct hcs_error **err);

/* Content for an inode begins: so many bytes. */
void ext4_writer_begin(struct ext4_writer *w, uint32_t ino, uint64_t size);
/* Ends the content that is being written, if any. */
HRESULT ext4_writer_end(struct ext4_writer *w, struct hcs_error **err);

/* The extent tree of a file's root, EXT4_INODE_DATA zeroed bytes. */
void ext4_extents_put(const struct ext4_node *node, uint8_t *out);
/* Blocks of extents behind the content. */
HRESULT ext4_extents_write(struct ext4_output *o, uint32_t start, uint32_t blocks, uint32_t *ret_n,
                           struct hcs_error **err);

static inline bool ext4_is_dir(const struct ext4_node *node) {
        return (node->mode & EXT4_TYPE_MASK) == EXT4_DIR;
}

static inline uint32_t ext4_blocks_of(uint64_t size) {
        return (uint32_t)((size + EXT4_BLOCK - 1) / EXT4_BLOCK);
}

#endif
