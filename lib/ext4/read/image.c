/* SPDX-License-Identifier: MIT */

/* The superblock, the group descriptors, and a small cache of blocks that do not hold content. */

#include "ext4/read/image.h"

#include <string.h>

#define SUPER_SIZE  1024u
#define CACHE_SLOTS 64u
#define NO_BLOCK    UINT64_MAX

struct ext4_image {
        struct hcs_data_file *file;
        struct ext4_summary s;
        uint64_t present;
        uint32_t first_data_block;
        uint32_t descriptor_size;
        uint64_t cached[CACHE_SLOTS];
        uint8_t *cache;
};

static const struct {
        uint32_t bit;
        const char *name; /* NULL: it is read */
} incompatible[] = {
        {0x1, "compression"},
        {EXT4_INCOMPAT_FILETYPE, NULL},
        {EXT4_INCOMPAT_RECOVER, "a journal that needs recovery (e2fsck does that)"},
        {0x8, "an external journal"},
        {0x10, "meta_bg"},
        {EXT4_INCOMPAT_EXTENTS, NULL},
        {EXT4_INCOMPAT_64BIT, NULL},
        {EXT4_INCOMPAT_MMP, NULL},
        {EXT4_INCOMPAT_FLEX_BG, NULL},
        {0x400, "ea_inode"},
        {0x1000, "dirdata"},
        {EXT4_INCOMPAT_CSUM_SEED, NULL},
        {EXT4_INCOMPAT_LARGEDIR, NULL},
        {EXT4_INCOMPAT_INLINE_DATA, NULL},
        {0x10000, "encryption"},
        {EXT4_INCOMPAT_CASEFOLD, NULL},
};

static HRESULT corrupt(const struct ext4_image *i, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, EXT4_E_CORRUPT, "`%s`: superblock: %s", hcs_data_file_name(i->file), what);
}

static HRESULT check_features(const struct ext4_image *i, struct hcs_error **err) {
        uint32_t left = i->s.incompat;

        for (size_t k = 0; k < HCS_ARRAY_SIZE(incompatible); k++) {
                if (left & incompatible[k].bit && incompatible[k].name)
                        return hcs_error_make(err, EXT4_E_UNSUPPORTED, "`%s`: not supported: %s",
                                              hcs_data_file_name(i->file), incompatible[k].name);
                left &= ~incompatible[k].bit;
        }
        if (left)
                return hcs_error_make(err, EXT4_E_UNSUPPORTED, "`%s`: not supported: incompatible features 0x%x",
                                      hcs_data_file_name(i->file), left);
        return S_OK;
}

static bool is_power_of_two(uint32_t n) {
        return n && (n & (n - 1)) == 0;
}

/* Sizes before anything is computed of them. */
static HRESULT check_sizes(struct ext4_image *i, const uint8_t *sb, struct hcs_error **err) {
        struct ext4_summary *s = &i->s;
        uint32_t log_block = ext4_get32(sb + 0x18), revision = ext4_get32(sb + 0x4c);

        if (log_block > 2)
                return hcs_error_make(err, EXT4_E_UNSUPPORTED, "`%s`: not supported: blocks of 1024 * 2^%u bytes",
                                      hcs_data_file_name(i->file), log_block);
        s->block_size = 1024u << log_block;
        s->inode_size = revision ? ext4_get16(sb + 0x58) : 128;
        i->descriptor_size = s->incompat & EXT4_INCOMPAT_64BIT ? ext4_get16(sb + 0xfe) : EXT4_DESCRIPTOR;
        i->first_data_block = ext4_get32(sb + 0x14);
        if (!is_power_of_two(s->inode_size) || s->inode_size < 128 || s->inode_size > s->block_size)
                return corrupt(i, "impossible size of inodes", err);
        if (!is_power_of_two(i->descriptor_size) || i->descriptor_size < EXT4_DESCRIPTOR ||
            i->descriptor_size > s->block_size ||
            (s->incompat & EXT4_INCOMPAT_64BIT && i->descriptor_size < 2 * EXT4_DESCRIPTOR))
                return corrupt(i, "impossible size of group descriptors", err);
        if (i->first_data_block != (log_block == 0))
                return corrupt(i, "impossible first data block", err);
        return S_OK;
}

static HRESULT check_counts(struct ext4_image *i, const uint8_t *sb, struct hcs_error **err) {
        struct ext4_summary *s = &i->s;
        uint32_t per_group = ext4_get32(sb + 0x20);
        uint64_t groups, bits = 8ull * s->block_size;

        if (s->blocks <= i->first_data_block || s->blocks > UINT64_MAX / s->block_size || s->blocks > 1ull << 48)
                return corrupt(i, "impossible number of blocks", err);
        /* With bigalloc a bit stands for more than a block; nothing but the number of groups depends on it here. */
        if (per_group == 0 || s->inodes_per_group == 0 || s->inodes_per_group > bits)
                return corrupt(i, "impossible size of groups", err);
        groups = (s->blocks - i->first_data_block + per_group - 1) / per_group;
        if (groups > UINT32_MAX || s->inodes < EXT4_ROOT_INO || s->inodes > groups * s->inodes_per_group)
                return corrupt(i, "impossible number of inodes", err);
        s->groups = (uint32_t)groups;
        return S_OK;
}

static HRESULT read_super(struct ext4_image *i, struct hcs_error **err) {
        struct ext4_summary *s = &i->s;
        uint8_t sb[SUPER_SIZE];
        size_t n;
        HRESULT hr = hcs_data_file_read_at(i->file, EXT4_SUPER_OFFSET, sb, sizeof(sb), &n, err);

        if (FAILED(hr))
                return hr;
        if (n < sizeof(sb) || ext4_get16(sb + 0x38) != EXT4_SUPER_MAGIC)
                return hcs_error_make(err, EXT4_E_NO_IMAGE, "`%s`: no ext4 file system", hcs_data_file_name(i->file));
        s->inodes = ext4_get32(sb);
        s->compat = ext4_get32(sb + 0x5c);
        s->incompat = ext4_get32(sb + 0x60);
        s->ro_compat = ext4_get32(sb + 0x64);
        s->blocks = ext4_get32(sb + 0x04);
        s->free_blocks = ext4_get32(sb + 0x0c);
        if (s->incompat & EXT4_INCOMPAT_64BIT) {
                s->blocks |= (uint64_t)ext4_get32(sb + 0x150) << 32;
                s->free_blocks |= (uint64_t)ext4_get32(sb + 0x158) << 32;
        }
        s->free_inodes = ext4_get32(sb + 0x10);
        s->inodes_per_group = ext4_get32(sb + 0x28);
        memcpy(s->uuid, sb + 0x68, sizeof(s->uuid));
        memcpy(s->label, sb + 0x78, sizeof(s->label) - 1);
        hr = check_features(i, err);
        if (SUCCEEDED(hr))
                hr = check_sizes(i, sb, err);
        return FAILED(hr) ? hr : check_counts(i, sb, err);
}

HRESULT ext4_image_open(struct hcs_data_file *file, struct ext4_image **ret, struct hcs_error **err) {
        _cleanup_(ext4_image_freep) struct ext4_image *i = hcs_calloc(1, sizeof(*i));
        uint64_t size;
        HRESULT hr;

        i->file = file;
        if (!hcs_data_file_is_regular(file))
                return hcs_error_make(err, EXT4_E_UNSUPPORTED, "`%s`: an image is read from a file, not from a pipe",
                                      hcs_data_file_name(file));
        hr = hcs_data_file_size(file, &size, err);
        if (SUCCEEDED(hr))
                hr = read_super(i, err);
        if (FAILED(hr))
                return hr;
        i->present = size / i->s.block_size < i->s.blocks ? size / i->s.block_size : i->s.blocks;
        i->cache = hcs_malloc((size_t)CACHE_SLOTS * i->s.block_size);
        for (size_t k = 0; k < CACHE_SLOTS; k++)
                i->cached[k] = NO_BLOCK;
        *ret = steal_pointer(&i);
        return S_OK;
}

struct ext4_image *ext4_image_free(struct ext4_image *i) {
        if (!i)
                return NULL;
        free(i->cache);
        free(i);
        return NULL;
}

const struct ext4_summary *ext4_image_summary(const struct ext4_image *i) {
        return &i->s;
}

struct hcs_data_file *ext4_image_file(const struct ext4_image *i) {
        return i->file;
}

uint64_t ext4_image_size(const struct ext4_image *i) {
        return i->s.blocks * i->s.block_size;
}

uint64_t ext4_image_blocks_present(const struct ext4_image *i) {
        return i->present;
}

bool ext4_image_has(const struct ext4_image *i, uint64_t first, uint64_t n) {
        return first > i->first_data_block && first < i->s.blocks && n <= i->s.blocks - first;
}

HRESULT ext4_image_block(struct ext4_image *i, uint64_t block, const uint8_t **ret, struct hcs_error **err) {
        size_t slot = block % CACHE_SLOTS, n;
        uint8_t *data = i->cache + slot * i->s.block_size;
        HRESULT hr;

        if (i->cached[slot] == block) {
                *ret = data;
                return S_OK;
        }
        if (!ext4_image_has(i, block, 1))
                return hcs_error_make(err, EXT4_E_CORRUPT, "block %llu is not one of the file system's %llu",
                                      (unsigned long long)block, (unsigned long long)i->s.blocks);
        i->cached[slot] = NO_BLOCK;
        hr = hcs_data_file_read_at(i->file, block * i->s.block_size, data, i->s.block_size, &n, err);
        if (FAILED(hr))
                return hr;
        if (n < i->s.block_size)
                return hcs_error_make(err, EXT4_E_CORRUPT, "block %llu is behind the end of `%s`, which was cut off",
                                      (unsigned long long)block, hcs_data_file_name(i->file));
        i->cached[slot] = block;
        *ret = data;
        return S_OK;
}

HRESULT ext4_image_inode(struct ext4_image *i, uint32_t ino, const uint8_t **ret, struct hcs_error **err) {
        const struct ext4_summary *s = &i->s;
        const uint8_t *data;
        uint64_t group, index, table, at;
        HRESULT hr;

        if (ino == 0 || ino > s->inodes)
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u is not one of the file system's %u", ino,
                                      s->inodes);
        group = (ino - 1) / s->inodes_per_group;
        index = (ino - 1) % s->inodes_per_group;
        at = group * i->descriptor_size;
        hr = ext4_image_block(i, 1ull + i->first_data_block + at / s->block_size, &data, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "inode %u: descriptor of group %llu", ino, (unsigned long long)group), hr;
        data += at % s->block_size;
        table = ext4_get32(data + 0x08);
        if (i->descriptor_size > EXT4_DESCRIPTOR)
                table |= (uint64_t)ext4_get32(data + 0x28) << 32;
        at = index * s->inode_size;
        if (table > s->blocks) /* so that the sum cannot wrap */
                table = s->blocks;
        hr = ext4_image_block(i, table + at / s->block_size, &data, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "inode %u: inode table of group %llu", ino, (unsigned long long)group), hr;
        *ret = data + at % s->block_size;
        return S_OK;
}
