/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_XATTR_H
#define HCS_EXT4_XATTR_H

/*
 * Extended attributes on disk: a list of entries from the front of an area, values from its end. A set gathers them by
 * their full names ("user.k"), each name once, and lays them out: in the inode what fits there, else in one block.
 * Embedded by its owner, keeps copies of names and values.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ext4/format.h"

#define EXT4_XATTR_BLOCK_HEAD 32u

struct ext4_xattr {
        char *name; /* full */
        const char *suffix;
        uint8_t *value;
        size_t len;
        uint8_t index; /* stands for the prefix that suffix lacks */
        bool in_block;
};

struct ext4_xattr_set {
        struct ext4_xattr *list;
        size_t n, cap;
};

void ext4_xattr_set_deinit(struct ext4_xattr_set *s);
/* The one given last under a name stays. */
void ext4_xattr_set_put(struct ext4_xattr_set *s, const char *name, const void *value, size_t len);
void ext4_xattr_set_remove(struct ext4_xattr_set *s, const char *name);
/* Puts all of `from` that s has no other value for. */
void ext4_xattr_set_merge(struct ext4_xattr_set *s, const struct ext4_xattr_set *from);
/*
 * Decides where each goes, in the order of the full names. inline_data: room for a first entry "system.data" with so
 * many bytes is taken in the inode before all others (SIZE_MAX: there is none). Returns the one that fits nowhere, or
 * NULL.
 */
const struct ext4_xattr *ext4_xattr_set_place(struct ext4_xattr_set *s, size_t inline_data);
/*
 * Writes those of the inode into EXT4_INODE_EXTRA zeroed bytes, those of the block into EXT4_BLOCK zeroed bytes.
 * The former and ext4_xattr_set_in_block say whether there are any.
 */
bool ext4_xattr_put_inode(const struct ext4_xattr_set *s, size_t inline_data, uint8_t *out);
bool ext4_xattr_set_in_block(const struct ext4_xattr_set *s);
void ext4_xattr_put_block(const struct ext4_xattr_set *s, uint8_t *out);
/* Writes the content of "system.data", the first entry of the inode, over what is there. */
void ext4_xattr_put_data(uint8_t *inode_area, const uint8_t *data, size_t n);

/* What a name with this index begins with ("" for 0); NULL when there is no such index. */
const char *ext4_xattr_prefix(uint8_t index);

/* Puts what an area holds into the set: entries from its beginning, value offsets less `delta`. False: malformed. */
bool ext4_xattr_get(struct ext4_xattr_set *s, const uint8_t *area, size_t size, size_t delta);
/* The same for EXT4_INODE_EXTRA bytes of an inode (none when there is no magic number), and for a block. */
bool ext4_xattr_get_inode(struct ext4_xattr_set *s, const uint8_t *area, size_t size);
bool ext4_xattr_get_block(struct ext4_xattr_set *s, const uint8_t *block);

#endif
