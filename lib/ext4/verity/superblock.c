/* SPDX-License-Identifier: MIT */

/* The superblock's bytes. Offsets are those of cryptsetup's docs/on-disk format of verity. */

#include "ext4/verity/superblock.h"

#include <string.h>

#include "ext4/format.h"

static const uint8_t signature[8] = {'v', 'e', 'r', 'i', 't', 'y'};

enum { VERSION = 8, HASH_TYPE = 12, UUID = 16, ALGORITHM = 32, DATA_BLOCK = 64, HASH_BLOCK = 68, DATA_BLOCKS = 72 };
enum { SALT_SIZE = 80, SALT = 88 };

void verity_superblock_init(struct verity_superblock *sb) {
        *sb = (struct verity_superblock){.hash_type = 1,
                                         .algorithm = "sha256",
                                         .data_block_size = VERITY_BLOCK,
                                         .hash_block_size = VERITY_BLOCK,
                                         .salt_size = 32};
}

static HRESULT refuse(struct hcs_error **err, const char *field, uint64_t value) {
        return hcs_error_make(err, VERITY_E_SUPERBLOCK, "failed to parse dm-verity super block: %s cannot be %llu",
                              field, (unsigned long long)value);
}

static bool is_block_size(uint32_t n) {
        return n >= 512 && n <= VERITY_MAX_BLOCK && (n & (n - 1)) == 0;
}

static bool is_name(const char *name) {
        size_t n = strnlen(name, VERITY_MAX_NAME + 1);

        if (n == 0 || n > VERITY_MAX_NAME)
                return false;
        for (size_t i = 0; i < n; i++)
                if (name[i] <= ' ' || name[i] > '~')
                        return false;
        return true;
}

HRESULT verity_superblock_check(const struct verity_superblock *sb, struct hcs_error **err) {
        if (sb->hash_type > 1)
                return refuse(err, "the hash type", sb->hash_type);
        if (!is_name(sb->algorithm))
                return hcs_error_make(err, VERITY_E_SUPERBLOCK,
                                      "failed to parse dm-verity super block: the name of the hash is not one");
        if (!is_block_size(sb->data_block_size))
                return refuse(err, "the data block size", sb->data_block_size);
        if (!is_block_size(sb->hash_block_size))
                return refuse(err, "the hash block size", sb->hash_block_size);
        if (sb->data_blocks == 0 || sb->data_blocks > INT64_MAX / sb->data_block_size)
                return refuse(err, "the number of data blocks", sb->data_blocks);
        if (sb->salt_size > VERITY_MAX_SALT)
                return refuse(err, "the size of the salt", sb->salt_size);
        return S_OK;
}

HRESULT verity_superblock_parse(const uint8_t bytes[static VERITY_SUPERBLOCK], struct verity_superblock *ret,
                                struct hcs_error **err) {
        struct verity_superblock sb = {.hash_type = ext4_get32(bytes + HASH_TYPE),
                                       .data_block_size = ext4_get32(bytes + DATA_BLOCK),
                                       .hash_block_size = ext4_get32(bytes + HASH_BLOCK),
                                       .data_blocks = ext4_get64(bytes + DATA_BLOCKS),
                                       .salt_size = ext4_get16(bytes + SALT_SIZE)};
        HRESULT hr;

        if (memcmp(bytes, signature, sizeof(signature)) != 0)
                return hcs_error_make(err, VERITY_E_SUPERBLOCK, "invalid dm-verity super-block signature");
        if (ext4_get32(bytes + VERSION) != 1)
                return refuse(err, "the version", ext4_get32(bytes + VERSION));
        hcs_guid_from_rfc4122(bytes + UUID, &sb.uuid);
        memcpy(sb.algorithm, bytes + ALGORITHM, VERITY_MAX_NAME);
        memcpy(sb.salt, bytes + SALT, VERITY_MAX_SALT);
        hr = verity_superblock_check(&sb, err);
        if (FAILED(hr))
                return hr;
        *ret = sb;
        return S_OK;
}

void verity_superblock_print(const struct verity_superblock *sb, uint8_t bytes[static VERITY_SUPERBLOCK]) {
        memset(bytes, 0, VERITY_SUPERBLOCK);
        memcpy(bytes, signature, sizeof(signature));
        ext4_put32(bytes + VERSION, 1);
        ext4_put32(bytes + HASH_TYPE, sb->hash_type);
        hcs_guid_to_rfc4122(&sb->uuid, bytes + UUID);
        memcpy(bytes + ALGORITHM, sb->algorithm, strnlen(sb->algorithm, VERITY_MAX_NAME));
        ext4_put32(bytes + DATA_BLOCK, sb->data_block_size);
        ext4_put32(bytes + HASH_BLOCK, sb->hash_block_size);
        ext4_put64(bytes + DATA_BLOCKS, sb->data_blocks);
        ext4_put16(bytes + SALT_SIZE, sb->salt_size);
        memcpy(bytes + SALT, sb->salt, sb->salt_size);
}
