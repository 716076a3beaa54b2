/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_INODE_H
#define HCS_EXT4_READ_INODE_H

/*
 * One inode of an image as plain values, its content, and the target of a symbolic link. A struct without anything to
 * free; it stays good as long as the image.
 */

#include "base/buf.h"
#include "ext4/read/image.h"

/* Seconds of the epoch. Nanoseconds are what is there: 30 bits, so up to 1073741823 in a broken image. */
struct ext4_when {
        int64_t seconds;
        uint32_t nanoseconds;
};

struct ext4_inode {
        uint32_t number;
        uint32_t mode; /* with the type */
        uint32_t uid, gid;
        uint32_t links;
        uint32_t flags;
        uint64_t size;
        uint64_t sectors; /* of 512 bytes that it takes, extents and attributes included */
        struct ext4_when atime, ctime, mtime, crtime;
        bool has_crtime; /* not so inodes of 128 bytes */
        uint32_t dev_major, dev_minor;
        uint64_t xattr_block; /* 0: none */
        uint32_t extra;       /* offset in the inode where attributes may begin; 0: nowhere */
        uint8_t data[EXT4_INODE_DATA];
};

/* An inode that is not in use is EXT4_E_CORRUPT: something must have led here. */
HRESULT ext4_inode_read(struct ext4_image *i, uint32_t number, struct ext4_inode *ret, struct hcs_error **err);

static inline uint32_t ext4_inode_type(const struct ext4_inode *n) {
        return n->mode & EXT4_TYPE_MASK;
}

/* A piece of content. */
struct ext4_piece {
        uint64_t n;          /* 0: the end */
        const uint8_t *data; /* the bytes, valid until the next call with this image, or */
        bool stored;         /* they are in the image's file at offset, or neither: they are zeros */
        uint64_t offset;
};

/* What begins at an offset of the content, as far as it is in one piece. */
HRESULT ext4_content_piece(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset, struct ext4_piece *ret,
                           struct hcs_error **err);
/* Bytes of the content; *ret_n < n only at its end. */
HRESULT ext4_content_read(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset, void *data, size_t n,
                          size_t *ret_n, struct hcs_error **err);
/* Replaces *out. EXT4_E_CORRUPT for a target with NULs; one can be empty, and longer than a path may be. */
HRESULT ext4_link_target(struct ext4_image *i, const struct ext4_inode *node, struct hcs_buf *out,
                         struct hcs_error **err);

#endif
