/* SPDX-License-Identifier: MIT */

/*
 * The completion of a file system: directories depth first, the inode table in one piece for all groups, bitmaps,
 * zeros where a last group needs them, and then at the front descriptors and superblock. Blocks of unused descriptors
 * and the superblock's time stamps stay zero, so that nothing in the image depends on when or where it was made.
 */

#include <string.h>

#include "ext4/writer_private.h"

/* ---- directories ---- */

/* The block of a directory that is being filled. */
struct dir_block {
        uint8_t data[EXT4_BLOCK];
        uint32_t used;
};

#define ENTRY_HEAD 8u
#define ENTRY_MIN  12u /* room for the unused entry that ends every block */

static HRESULT end_block(struct ext4_writer *w, struct dir_block *b, struct hcs_error **err) {
        HRESULT hr;

        ext4_put16(b->data + b->used + 4, EXT4_BLOCK - b->used);
        hr = ext4_writer_write(w, b->data, sizeof(b->data), err);
        memset(b, 0, sizeof(*b));
        return hr;
}

static HRESULT put_entry(struct ext4_writer *w, struct dir_block *b, uint32_t ino, const char *name, size_t len,
                         struct hcs_error **err) {
        uint32_t size = (uint32_t)(ENTRY_HEAD + len + 3) & ~3u;
        uint8_t *e;

        if (EXT4_BLOCK - b->used < size + ENTRY_MIN) {
                HRESULT hr = end_block(w, b, err);

                if (FAILED(hr))
                        return hr;
        }
        e = b->data + b->used;
        ext4_put32(e, ino);
        ext4_put16(e + 4, size);
        e[6] = (uint8_t)len;
        e[7] = ext4_entry_type(ext4_tree_node(&w->tree, ino)->mode);
        memcpy(e + ENTRY_HEAD, name, len);
        b->used += size;
        return S_OK;
}

static HRESULT write_directory(struct ext4_writer *w, uint32_t dir, uint32_t parent, const struct ext4_child *children,
                               size_t n, struct hcs_error **err) {
        struct dir_block b = {0};
        HRESULT hr;

        ext4_writer_begin(w, dir, UINT64_MAX);
        hr = put_entry(w, &b, dir, ".", 1, err);
        if (SUCCEEDED(hr))
                hr = put_entry(w, &b, parent, "..", 2, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < n; i++)
                hr = put_entry(w, &b, children[i].ino, children[i].name, children[i].name_len, err);
        if (SUCCEEDED(hr))
                hr = end_block(w, &b, err);
        if (FAILED(hr))
                return hr;
        w->expected = w->written;
        ext4_tree_node(&w->tree, dir)->size = w->written;
        return ext4_writer_end(w, err);
}

/* A directory whose own block is written and whose subdirectories are being visited. */
struct level {
        uint32_t dir;
        struct ext4_child *children; /* the directories among them */
        size_t n, next;
};

static HRESULT enter(struct ext4_writer *w, uint32_t dir, uint32_t parent, struct level *ret, struct hcs_error **err) {
        struct level l = {.dir = dir};
        size_t n;
        HRESULT hr;

        l.children = ext4_tree_children(&w->tree, dir, &n);
        hr = write_directory(w, dir, parent, l.children, n, err);
        for (size_t i = 0; i < n; i++)
                if ((ext4_tree_node(&w->tree, l.children[i].ino)->mode & EXT4_TYPE_MASK) == EXT4_DIR)
                        l.children[l.n++] = l.children[i];
        if (FAILED(hr) || l.n == 0)
                free(steal_pointer(&l.children));
        else
                l.children = hcs_realloc(l.children, l.n * sizeof(*l.children));
        *ret = l;
        return hr;
}

/* A stack of our own: a path in a tar can be hundreds of thousands of directories deep. */
static HRESULT write_directories(struct ext4_writer *w, struct hcs_error **err) {
        struct level *stack = hcs_malloc(16 * sizeof(*stack));
        size_t depth = 0, cap = 16;
        HRESULT hr = enter(w, EXT4_ROOT_INO, EXT4_ROOT_INO, &stack[0], err);

        for (depth = 1; depth > 0;) {
                struct level *top = &stack[depth - 1];

                if (FAILED(hr) || top->next == top->n) {
                        free(top->children);
                        depth--;
                        continue;
                }
                if (depth == cap) {
                        cap *= 2;
                        stack = hcs_realloc(stack, cap * sizeof(*stack));
                        top = &stack[depth - 1];
                }
                hr = enter(w, top->children[top->next].ino, top->dir, &stack[depth], err);
                top->next++;
                depth++;
        }
        free(stack);
        return hr;
}

/* ---- inodes ---- */

static void put_time(uint8_t *low, uint8_t *high, uint64_t t) {
        ext4_put32(low, (uint32_t)t);
        ext4_put32(high, (uint32_t)(t >> 32));
}

static void put_inode(const struct ext4_tree *t, const struct ext4_node *node, uint8_t *out) {
        uint8_t *i_block = out + 0x28, *extra = out + EXT4_INODE_USED;
        uint32_t type = node->mode & EXT4_TYPE_MASK;

        ext4_put16(out, node->mode);
        ext4_put16(out + 0x02, node->uid);
        ext4_put32(out + 0x04, (uint32_t)node->size);
        put_time(out + 0x08, out + 0x8c, node->atime);
        put_time(out + 0x0c, out + 0x84, node->ctime);
        put_time(out + 0x10, out + 0x88, node->mtime);
        put_time(out + 0x90, out + 0x94, node->crtime);
        ext4_put16(out + 0x18, node->gid);
        ext4_put16(out + 0x1a, node->links);
        ext4_put32(out + 0x1c, node->block_count);
        ext4_put32(out + 0x20, node->flags);
        ext4_put32(out + 0x68, node->xattr_block);
        ext4_put32(out + 0x6c, (uint32_t)(node->size >> 32));
        ext4_put16(out + 0x78, node->uid >> 16);
        ext4_put16(out + 0x7a, node->gid >> 16);
        ext4_put16(out + 0x80, EXT4_EXTRA_ISIZE);
        if (node->xattrs)
                memcpy(extra, ext4_tree_stored(t, node->xattrs), EXT4_INODE_EXTRA);
        if (node->flags & EXT4_FLAG_EXTENTS) {
                ext4_extents_put(node, i_block);
        } else if (node->data) {
                const uint8_t *data = ext4_tree_stored(t, node->data);
                size_t head = node->data_len < EXT4_INODE_DATA ? node->data_len : EXT4_INODE_DATA;

                memcpy(i_block, data, head);
                if (head < node->data_len)
                        ext4_xattr_put_data(extra, data + head, node->data_len - head);
        } else if (type == EXT4_CHAR || type == EXT4_BLOCK_DEV) {
                ext4_put32(i_block + 4, node->start);
        }
}

static HRESULT write_inodes(struct ext4_writer *w, uint64_t table_size, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (uint32_t ino = 1; SUCCEEDED(hr) && ino <= w->tree.n_nodes; ino++) {
                const struct ext4_node *node = ext4_tree_node(&w->tree, ino);
                uint8_t inode[EXT4_INODE] = {0};

                if (node)
                        put_inode(&w->tree, node, inode);
                hr = ext4_output_write(&w->out, inode, sizeof(inode), err);
        }
        return FAILED(hr) ? hr : ext4_output_zero(&w->out, table_size - (uint64_t)w->tree.n_nodes * EXT4_INODE, err);
}

/* ---- groups ---- */

struct layout {
        uint32_t groups, inodes_per_group;
        uint32_t inode_table, bitmaps; /* first blocks */
        uint32_t used;                 /* blocks up to the end of the bitmaps */
        uint32_t blocks;               /* of the disk */
        uint32_t descriptor_blocks;    /* in use */
        uint32_t used_blocks, used_inodes;
};

/* As few groups as will hold the blocks so far, the inodes and the bitmaps; among those the fewest inodes a group. */
static void choose_groups(struct layout *l, uint32_t blocks, uint32_t inodes) {
        l->groups = UINT32_MAX;
        for (uint32_t ipg = EXT4_BLOCK / EXT4_INODE; ipg <= EXT4_BLOCKS_PER_GROUP; ipg += EXT4_BLOCK / EXT4_INODE) {
                uint64_t data = EXT4_BLOCKS_PER_GROUP - ipg * EXT4_INODE / EXT4_BLOCK - 2;
                uint64_t need = (inodes - 1) / ipg * data + 1;

                if (need < blocks)
                        need = blocks;
                if ((need + data - 1) / data < l->groups) {
                        l->groups = (uint32_t)((need + data - 1) / data);
                        l->inodes_per_group = ipg;
                }
        }
}

static uint32_t set_bits(uint8_t *bitmap, uint32_t from, uint32_t to) {
        for (uint32_t i = from; i < to; i++)
                bitmap[i / 8] |= (uint8_t)(1u << i % 8);
        return from < to ? to - from : 0;
}

/* The blocks in use of a group. Reserved descriptor blocks without descriptors are free again. */
static uint32_t block_bitmap(const struct ext4_writer *w, const struct layout *l, uint32_t group, uint8_t *bitmap) {
        uint32_t first = group * EXT4_BLOCKS_PER_GROUP;
        uint32_t n = l->used <= first                          ? 0
                     : l->used - first > EXT4_BLOCKS_PER_GROUP ? EXT4_BLOCKS_PER_GROUP
                                                               : l->used - first;
        uint32_t used = set_bits(bitmap, 0, n), tail = l->blocks % EXT4_BLOCKS_PER_GROUP;

        if (group == 0)
                for (uint32_t i = 1 + l->descriptor_blocks; i < 1 + w->descriptor_blocks; i++) {
                        bitmap[i / 8] &= (uint8_t) ~(1u << i % 8);
                        used--;
                }
        if (group == l->groups - 1 && tail != 0)
                used += set_bits(bitmap, tail, EXT4_BLOCKS_PER_GROUP);
        return used;
}

static uint32_t inode_bitmap(const struct ext4_writer *w, const struct layout *l, uint32_t group, uint8_t *bitmap,
                             uint32_t *ret_dirs) {
        uint32_t used = 0;

        *ret_dirs = 0;
        for (uint32_t i = 0; i < l->inodes_per_group; i++) {
                uint64_t ino = (uint64_t)group * l->inodes_per_group + i + 1;
                const struct ext4_node *node = ino <= UINT32_MAX ? ext4_tree_node(&w->tree, (uint32_t)ino) : NULL;

                if (node || ino < EXT4_FIRST_INO)
                        used += set_bits(bitmap, i, i + 1);
                *ret_dirs += node && (node->mode & EXT4_TYPE_MASK) == EXT4_DIR;
        }
        return used;
}

/* Writes the bitmaps of a group and makes its descriptor. */
static HRESULT write_group(struct ext4_writer *w, struct layout *l, uint32_t group, uint8_t *descriptor,
                           struct hcs_error **err) {
        uint8_t bitmaps[2 * EXT4_BLOCK] = {0};
        uint32_t dirs, blocks = block_bitmap(w, l, group, bitmaps);
        uint32_t inodes = inode_bitmap(w, l, group, bitmaps + EXT4_BLOCK, &dirs);

        ext4_put32(descriptor, l->bitmaps + 2 * group);
        ext4_put32(descriptor + 4, l->bitmaps + 2 * group + 1);
        ext4_put32(descriptor + 8, l->inode_table + group * (l->inodes_per_group * EXT4_INODE / EXT4_BLOCK));
        ext4_put16(descriptor + 12, EXT4_BLOCKS_PER_GROUP - blocks);
        ext4_put16(descriptor + 14, l->inodes_per_group - inodes);
        ext4_put16(descriptor + 16, dirs);
        l->used_blocks += blocks;
        l->used_inodes += inodes;
        return ext4_output_write(&w->out, bitmaps, sizeof(bitmaps), err);
}

/* All the reserved blocks: a device does not begin with zeros there. */
static HRESULT write_descriptors(struct ext4_writer *w, const uint8_t *descriptors, size_t n, struct hcs_error **err) {
        HRESULT hr = ext4_output_seek(&w->out, EXT4_BLOCK, err);

        if (SUCCEEDED(hr))
                hr = ext4_output_write(&w->out, descriptors, n, err);
        return FAILED(hr) ? hr : ext4_output_zero(&w->out, (uint64_t)w->descriptor_blocks * EXT4_BLOCK - n, err);
}

static HRESULT write_superblock(struct ext4_writer *w, const struct layout *l, struct hcs_error **err) {
        uint8_t block[EXT4_BLOCK] = {0}, *sb = block + EXT4_SUPER_OFFSET;
        uint32_t inodes = l->inodes_per_group * l->groups;
        HRESULT hr = ext4_output_seek(&w->out, 0, err);

        if (FAILED(hr))
                return hr;
        ext4_put32(sb, inodes);
        ext4_put32(sb + 0x04, l->blocks);
        ext4_put32(sb + 0x0c, EXT4_BLOCKS_PER_GROUP * l->groups - l->used_blocks);
        ext4_put32(sb + 0x10, inodes - l->used_inodes);
        ext4_put32(sb + 0x18, 2); /* 1024 << 2 */
        ext4_put32(sb + 0x1c, 2);
        ext4_put32(sb + 0x20, EXT4_BLOCKS_PER_GROUP);
        ext4_put32(sb + 0x24, EXT4_BLOCKS_PER_GROUP);
        ext4_put32(sb + 0x28, l->inodes_per_group);
        ext4_put16(sb + 0x38, EXT4_SUPER_MAGIC);
        ext4_put16(sb + 0x3a, 1); /* clean */
        ext4_put16(sb + 0x3c, 1); /* on errors: continue */
        ext4_put32(sb + 0x4c, 1); /* revision: inode sizes and features */
        ext4_put32(sb + 0x54, EXT4_FIRST_INO);
        ext4_put16(sb + 0x58, EXT4_INODE);
        ext4_put32(sb + 0x5c, EXT4_COMPAT_EXT_ATTR | EXT4_COMPAT_SPARSE_SUPER2);
        ext4_put32(sb + 0x60, EXT4_INCOMPAT_FILETYPE | EXT4_INCOMPAT_EXTENTS | EXT4_INCOMPAT_FLEX_BG |
                                      (w->inline_data ? EXT4_INCOMPAT_INLINE_DATA : 0));
        ext4_put32(sb + 0x64, EXT4_RO_COMPAT_LARGE_FILE | EXT4_RO_COMPAT_HUGE_FILE | EXT4_RO_COMPAT_EXTRA_ISIZE |
                                      EXT4_RO_COMPAT_READONLY);
        ext4_put16(sb + 0x15c, EXT4_EXTRA_ISIZE);
        ext4_put16(sb + 0x15e, EXT4_EXTRA_ISIZE);
        sb[0x174] = 31; /* 2^31 groups a flexible group: all of them */
        ext4_put32(sb + 0x268, EXT4_LOST_FOUND_INO);
        return ext4_output_write(&w->out, block, sizeof(block), err);
}

static HRESULT write_groups(struct ext4_writer *w, struct layout *l, struct hcs_error **err) {
        size_t size = (size_t)l->descriptor_blocks * EXT4_BLOCK;
        _cleanup_free_ uint8_t *descriptors = hcs_calloc(1, size);
        HRESULT hr = S_OK;

        for (uint32_t g = 0; SUCCEEDED(hr) && g < l->groups; g++)
                hr = write_group(w, l, g, descriptors + (size_t)g * EXT4_DESCRIPTOR, err);
        if (SUCCEEDED(hr))
                hr = ext4_output_zero(&w->out, (uint64_t)(l->blocks - l->used) * EXT4_BLOCK, err);
        return FAILED(hr) ? hr : write_descriptors(w, descriptors, size, err);
}

HRESULT ext4_writer_finish(struct ext4_writer *w, uint64_t *ret_size, struct hcs_error **err) {
        struct layout l = {0};
        HRESULT hr = ext4_writer_end(w, err);

        if (SUCCEEDED(hr))
                hr = write_directories(w, err);
        if (FAILED(hr))
                return hr;
        l.inode_table = ext4_output_block(&w->out);
        choose_groups(&l, l.inode_table, w->tree.n_nodes);
        hr = write_inodes(w, (uint64_t)l.groups * l.inodes_per_group * EXT4_INODE, err);
        if (FAILED(hr))
                return hr;
        l.bitmaps = ext4_output_block(&w->out);
        l.used = l.bitmaps + 2 * l.groups;
        l.blocks = (l.groups - 1) * EXT4_BLOCKS_PER_GROUP + 1;
        if (l.blocks < l.used)
                l.blocks = l.used;
        l.descriptor_blocks = (l.groups * EXT4_DESCRIPTOR + EXT4_BLOCK - 1) / EXT4_BLOCK;
        if (l.descriptor_blocks > w->descriptor_blocks)
                return hcs_error_make(err, EXT4_E_DISK_FULL, "disk exceeded maximum size of %llu bytes",
                                      (unsigned long long)w->out.limit);
        hr = write_groups(w, &l, err);
        if (SUCCEEDED(hr))
                hr = write_superblock(w, &l, err);
        if (SUCCEEDED(hr))
                hr = ext4_output_flush(&w->out, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(w->out.file, (uint64_t)l.blocks * EXT4_BLOCK, err);
        if (SUCCEEDED(hr))
                *ret_size = (uint64_t)l.blocks * EXT4_BLOCK;
        return hr;
}
