/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VERITY_SUPERBLOCK_H
#define HCS_EXT4_VERITY_SUPERBLOCK_H

/*
 * The superblock of dm-verity, as cryptsetup and hcsshim write it: little-endian, 512 bytes. A plain value; the caller
 * owns it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/error.h"
#include "hcsshim/guid.h"

#define VERITY_SUPERBLOCK 512u
#define VERITY_BLOCK      4096u /* of hcsshim's trees */
#define VERITY_MAX_BLOCK  (512u << 10)
#define VERITY_MAX_SALT   256u
#define VERITY_MAX_NAME   32u

#define VERITY_E_SUPERBLOCK HCS_WIN32(13) /* no superblock, or what it says cannot be */
#define VERITY_E_ALGORITHM  HCS_WIN32(50) /* a hash that is not known here */
#define VERITY_E_SIZE       HCS_WIN32(24) /* no data, or an end that is not that of a block */
#define VERITY_E_EOF        HCS_WIN32(38) /* data or tree end before they should */
#define VERITY_E_MISMATCH   HCS_WIN32(23) /* a block is not what the tree, or the root hash, says */

struct verity_superblock {
        uint32_t hash_type; /* 1; 0 is that of Chrome OS: the salt comes behind the block, digests are not padded */
        GUID uuid;
        char algorithm[VERITY_MAX_NAME + 1]; /* as the kernel calls it */
        uint32_t data_block_size, hash_block_size;
        uint64_t data_blocks;
        uint32_t salt_size;
        uint8_t salt[VERITY_MAX_SALT];
};

/* What hcsshim uses: sha256, blocks of 4096 bytes, a salt of 32 zero bytes. No UUID. */
void verity_superblock_init(struct verity_superblock *sb);
/* Can it be? VERITY_E_SUPERBLOCK names the field. */
HRESULT verity_superblock_check(const struct verity_superblock *sb, struct hcs_error **err);
/* Checked. */
HRESULT verity_superblock_parse(const uint8_t bytes[static VERITY_SUPERBLOCK], struct verity_superblock *ret,
                                struct hcs_error **err);
void verity_superblock_print(const struct verity_superblock *sb, uint8_t bytes[static VERITY_SUPERBLOCK]);

#endif
