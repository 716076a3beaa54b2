/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_IMAGE_H
#define HCS_EXT4_READ_IMAGE_H

/*
 * An ext4 file system in a file, to be read: what the writer makes, and what mkfs.ext4 makes with its default features
 * (64-bit descriptors, hashed directories, blocks of 1024 to 4096 bytes, checksums, which are not verified). Nothing in
 * it is believed: every number is checked where it is used, and the error names the inode or block. Behind the file
 * system there may be more, such as dm-verity data and a VHD footer; ext4_image_size says where that begins.
 *
 * Not read, and refused by name: journals that need recovery, block maps of ext2 and ext3, encryption, attributes in
 * inodes of their own, and what the kernel counts as incompatible besides.
 *
 * The image borrows the file. One thread at a time. Errors: EXT4_E_NO_IMAGE, EXT4_E_UNSUPPORTED, EXT4_E_CORRUPT, and
 * those of the file.
 */

#include <stdbool.h>

#include "base/mem.h"
#include "ext4/codes.h"
#include "ext4/format.h"
#include "platform/data_file.h"

struct ext4_image;

/* What the superblock says. */
struct ext4_summary {
        uint64_t blocks, free_blocks;
        uint32_t block_size;
        uint32_t inodes, free_inodes, inode_size;
        uint32_t groups, inodes_per_group;
        uint32_t compat, incompat, ro_compat;
        uint8_t uuid[16];
        char label[17];
};

HRESULT ext4_image_open(struct hcs_data_file *file, struct ext4_image **ret, struct hcs_error **err);
struct ext4_image *ext4_image_free(struct ext4_image *i);
HCS_DEFINE_CLEANUP(struct ext4_image *, ext4_image_free)

const struct ext4_summary *ext4_image_summary(const struct ext4_image *i);
struct hcs_data_file *ext4_image_file(const struct ext4_image *i);
/* Of the file system, in bytes. The file may be longer, or, when it was cut off, shorter. */
uint64_t ext4_image_size(const struct ext4_image *i);
/* Blocks that are both of the file system and in the file: what no honest file or directory can exceed. */
uint64_t ext4_image_blocks_present(const struct ext4_image *i);

/* For the files of this folder. A pointer to a block or inode is valid until the next of these calls. */
HRESULT ext4_image_block(struct ext4_image *i, uint64_t block, const uint8_t **ret, struct hcs_error **err);
HRESULT ext4_image_inode(struct ext4_image *i, uint32_t ino, const uint8_t **ret, struct hcs_error **err);
/* Can n blocks from `first` hold something? Not so the superblock's, or those behind the end. */
bool ext4_image_has(const struct ext4_image *i, uint64_t first, uint64_t n);

#endif
