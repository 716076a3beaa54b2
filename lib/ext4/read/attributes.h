/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_ATTRIBUTES_H
#define HCS_EXT4_READ_ATTRIBUTES_H

/* The extended attributes of an inode: those in it and those of its block, with their full names. */

#include "ext4/read/inode.h"
#include "ext4/xattr.h"

/*
 * Adds them to a set. Values are the bytes on disk: hcsshim's writer and ours store an access control list as the tar
 * has it, which is not the form that Linux keeps on disk.
 */
HRESULT ext4_attributes_read(struct ext4_image *i, const struct ext4_inode *node, struct ext4_xattr_set *out,
                             struct hcs_error **err);
/* Content of an inline file or directory beyond what the inode's data holds; *ret is valid until the next call. */
HRESULT ext4_inline_rest(struct ext4_image *i, const struct ext4_inode *node, const uint8_t **ret, size_t *ret_len,
                         struct hcs_error **err);

#endif
