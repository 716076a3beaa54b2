/* SPDX-License-Identifier: MIT */

#include "ext4/read/extents.h"

#define MAX_DEPTH 5u

/* A node of the tree that has been checked: its entries are in order within [first, limit). */
struct node {
        const uint8_t *entries;
        uint32_t n, depth;
        uint64_t block; /* that it is in, 0: the inode */
};

static HRESULT corrupt(const struct ext4_inode *inode, const struct node *t, const char *what, struct hcs_error **err) {
        if (t->block)
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: extents in block %llu: %s", inode->number,
                                      (unsigned long long)t->block, what);
        return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: extents in the inode: %s", inode->number, what);
}

static const uint8_t *entry(const struct node *t, uint32_t k) {
        return t->entries + (size_t)k * EXT4_EXTENT_SIZE;
}

/* How many blocks an extent stands for; more than the most that are written means allocated only. */
static uint32_t length(const uint8_t *e, bool *ret_written) {
        uint32_t n = ext4_get16(e + 4);

        *ret_written = n <= EXT4_EXTENT_BLOCKS;
        return *ret_written ? n : n - EXT4_EXTENT_BLOCKS;
}

static uint64_t extent_start(const uint8_t *e) {
        return ext4_get32(e + 8) | (uint64_t)ext4_get16(e + 6) << 32;
}

static uint64_t child_block(const uint8_t *e) {
        return ext4_get32(e + 4) | (uint64_t)ext4_get16(e + 8) << 32;
}

static HRESULT check_entries(const struct ext4_image *i, const struct ext4_inode *inode, const struct node *t,
                             uint64_t limit, struct hcs_error **err) {
        uint64_t end = 0;

        for (uint32_t k = 0; k < t->n; k++) {
                const uint8_t *e = entry(t, k);
                bool written;
                uint32_t first = ext4_get32(e), n = t->depth ? 1 : length(e, &written);

                if (n == 0 || first < end || first >= limit || n > limit - first)
                        return corrupt(inode, t, "overlapping, empty, or out of order", err);
                if (!ext4_image_has(i, t->depth ? child_block(e) : extent_start(e), n))
                        return corrupt(inode, t, "blocks that the file system does not have", err);
                end = (uint64_t)first + n;
        }
        return S_OK;
}

static HRESULT open_node(const struct ext4_image *i, const struct ext4_inode *inode, const uint8_t *data, size_t size,
                         uint64_t limit, struct node *t, struct hcs_error **err) {
        uint32_t max = ext4_get16(data + 4);

        t->n = ext4_get16(data + 2);
        t->entries = data + EXT4_EXTENT_SIZE;
        if (ext4_get16(data) != EXT4_EXTENT_MAGIC)
                return corrupt(inode, t, "no magic number", err);
        if (max > size / EXT4_EXTENT_SIZE - 1 || t->n > max)
                return corrupt(inode, t, "more entries than there is room for", err);
        return check_entries(i, inode, t, limit, err);
}

/* The last entry that begins at or before a block; false when there is none. */
static bool find_entry(const struct node *t, uint32_t block, uint32_t *ret) {
        uint32_t low = 0, high = t->n;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (ext4_get32(entry(t, middle)) <= block)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret = low - 1;
        return low > 0;
}

static struct ext4_run hole(uint32_t block, uint64_t limit) {
        return (struct ext4_run){.blocks = limit - block};
}

static struct ext4_run run_in_leaf(const struct node *t, uint32_t block, uint64_t limit) {
        struct ext4_run run;
        const uint8_t *e;
        uint32_t k, within, n;
        bool written;

        if (!find_entry(t, block, &k))
                return hole(block, t->n ? ext4_get32(entry(t, 0)) : limit);
        e = entry(t, k);
        within = block - ext4_get32(e);
        n = length(e, &written);
        if (within >= n)
                return hole(block, k + 1 < t->n ? ext4_get32(entry(t, k + 1)) : limit);
        run = (struct ext4_run){.blocks = n - within, .stored = written};
        if (written)
                run.physical = extent_start(e) + within;
        return run;
}

HRESULT ext4_extent_find(struct ext4_image *i, const struct ext4_inode *inode, uint32_t block, struct ext4_run *ret,
                         struct hcs_error **err) {
        uint64_t limit = (uint64_t)UINT32_MAX + 1;
        struct node t = {.depth = ext4_get16(inode->data + 6)};
        HRESULT hr;

        if (!(inode->flags & EXT4_FLAG_EXTENTS))
                return hcs_error_make(err, EXT4_E_UNSUPPORTED, "inode %u: not supported: a block map of ext2 or ext3",
                                      inode->number);
        if (t.depth > MAX_DEPTH)
                return corrupt(inode, &t, "too deep", err);
        hr = open_node(i, inode, inode->data, sizeof(inode->data), limit, &t, err);
        while (SUCCEEDED(hr) && t.depth > 0) {
                const uint8_t *data;
                uint32_t k, depth = t.depth - 1;

                if (!find_entry(&t, block, &k)) {
                        *ret = hole(block, t.n ? ext4_get32(entry(&t, 0)) : limit);
                        return S_OK;
                }
                if (k + 1 < t.n)
                        limit = ext4_get32(entry(&t, k + 1));
                t = (struct node){.block = child_block(entry(&t, k)), .depth = depth};
                hr = ext4_image_block(i, t.block, &data, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "inode %u: extents", inode->number), hr;
                if (ext4_get16(data + 6) != depth)
                        return corrupt(inode, &t, "not as deep as its parent says", err);
                hr = open_node(i, inode, data, ext4_image_summary(i)->block_size, limit, &t, err);
        }
        if (SUCCEEDED(hr))
                *ret = run_in_leaf(&t, block, limit);
        return hr;
}
