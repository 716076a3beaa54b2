/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TREE_H
#define HCS_EXT4_TREE_H

/*
 * The inodes and names of a file system that is being written, packed: some 80 bytes an inode and 35 a name besides the
 * name itself, since they are all that is held in memory until the end. Embedded by the writer. Pointers to nodes stay
 * valid; what is stored is named by 32-bit references (0: nothing).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "ext4/format.h"

struct ext4_node {
        uint64_t size;
        uint64_t atime, ctime, mtime, crtime; /* as hcs_ext4_time makes them */
        uint32_t uid, gid;
        uint32_t links;
        uint32_t xattr_block;
        uint32_t block_count;
        uint32_t start;    /* the first block of the data, or the device number */
        uint32_t children; /* directories: the newest entry */
        uint32_t data;     /* short symbolic links and inline files: their bytes */
        uint32_t xattrs;   /* attributes in the inode: EXT4_INODE_EXTRA bytes */
        uint32_t flags;
        uint16_t mode; /* 0: the inode is not in use */
        uint16_t data_len;
};

struct ext4_child {
        uint32_t ino;
        uint8_t name_len;
        const char *name;
};

struct ext4_tree_slot {
        uint32_t ref; /* of the entry; 0: free */
        uint32_t hash;
};

struct ext4_tree {
        struct ext4_node **nodes; /* in chunks */
        uint32_t n_nodes, node_chunks;
        uint8_t **store; /* in chunks */
        uint32_t store_chunks, store_used;
        struct ext4_tree_slot *slots; /* of a hash table */
        uint32_t n_slots, n_entries;
};

void ext4_tree_init(struct ext4_tree *t);
void ext4_tree_deinit(struct ext4_tree *t);

/* The number of the new inode; all of it is zero. Numbers start at 1. */
uint32_t ext4_tree_add_node(struct ext4_tree *t);
/* The node of an inode that may not be in use yet. */
struct ext4_node *ext4_tree_new_node(const struct ext4_tree *t, uint32_t ino);
/* NULL when ino is not in use. */
struct ext4_node *ext4_tree_node(const struct ext4_tree *t, uint32_t ino);

/* 0 when dir has no such entry. */
uint32_t ext4_tree_find(const struct ext4_tree *t, uint32_t dir, const char *name, size_t len);
/* Adds an entry of a name that dir does not have. len <= EXT4_MAX_NAME. */
void ext4_tree_add(struct ext4_tree *t, uint32_t dir, const char *name, size_t len, uint32_t ino);
/* Adds an entry, or makes the one of that name stand for ino. len <= EXT4_MAX_NAME. */
void ext4_tree_put(struct ext4_tree *t, uint32_t dir, const char *name, size_t len, uint32_t ino);
/* The entries of a directory by inode number, then by name; caller frees. NULL when there are none. */
struct ext4_child *ext4_tree_children(const struct ext4_tree *t, uint32_t dir, size_t *ret_n);

/* A copy of n bytes (data NULL: zeros), n <= EXT4_BLOCK, that lives as long as the tree. */
uint32_t ext4_tree_store(struct ext4_tree *t, const void *data, size_t n);
uint8_t *ext4_tree_stored(const struct ext4_tree *t, uint32_t ref);

#endif
