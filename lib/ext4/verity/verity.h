/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VERITY_VERITY_H
#define HCS_EXT4_VERITY_VERITY_H

/*
 * dm-verity over an image, as the kernel, cryptsetup (veritysetup) and hcsshim know it: a superblock, a tree of digests
 * behind it, and the root hash that stands for every byte of the data. Memory is about a megabyte a thread, whatever
 * the size; all processors take part.
 *
 * Two things differ from hcsshim, where its trees are not what the kernel reads: no data is VERITY_E_SIZE (it never
 * ends there), and one single block has no tree (that of hcsshim has a level too many).
 *
 * The functions borrow the files, which must be regular ones or devices, and may be the same. One thread at a time;
 * progress is called on the caller's.
 */

#include "ext4/verity/digest.h"
#include "platform/data_file.h"

struct verity_root {
        uint8_t bytes[VERITY_MAX_DIGEST];
        size_t size;
};

#define VERITY_ROOT_TEXT (2 * VERITY_MAX_DIGEST + 1)

struct verity_options {
        unsigned threads;                                           /* 0: one a processor */
        void (*progress)(void *ctx, uint64_t done, uint64_t total); /* bytes of data; may be NULL */
        void *ctx;
};

/* Lower-case hexadecimal; returns text. */
char *verity_root_format(const struct verity_root *root, char text[static VERITY_ROOT_TEXT]);
/* E_INVALIDARG: no even number of hexadecimal digits, or too many. */
HRESULT verity_root_parse(const char *text, struct verity_root *ret, struct hcs_error **err);

/* Sets data_blocks to what a size makes. VERITY_E_SIZE for no data, or when the last block is not whole. */
HRESULT verity_set_size(struct verity_superblock *sb, uint64_t size, struct hcs_error **err);

/* The root hash alone. The tree is for that time in a file without a name (1/127 of the data). */
HRESULT verity_root_of(const struct verity_superblock *sb, struct hcs_data_file *data,
                       const struct verity_options *options, struct verity_root *ret, struct hcs_error **err);
/*
 * Writes superblock and tree at an offset of out, which is a multiple of the hash block size. *ret_end is where they
 * end.
 */
HRESULT verity_write(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *out,
                     uint64_t offset, const struct verity_options *options, struct verity_root *ret_root,
                     uint64_t *ret_end, struct hcs_error **err);

/* The superblock at an offset (a multiple of 512), checked, and where its tree begins. */
HRESULT verity_read(struct hcs_data_file *hashes, uint64_t offset, struct verity_superblock *ret, uint64_t *ret_tree,
                    struct hcs_error **err);
/*
 * What the tree says is the root hash: it reads the top of the tree, and believes it. VERITY_E_EOF when the file ends
 * before the tree does.
 */
HRESULT verity_read_root(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *hashes,
                         uint64_t tree, struct verity_root *ret, struct hcs_error **err);
/*
 * Checks the tree from its top down, and then the data. VERITY_E_MISMATCH names the first level, and in it the first
 * block, that is not what it should be.
 */
HRESULT verity_verify(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *hashes,
                      uint64_t tree, const struct verity_root *root, const struct verity_options *options,
                      struct hcs_error **err);

#endif
