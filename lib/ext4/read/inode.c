/* SPDX-License-Identifier: MIT */

#include "ext4/read/inode.h"

#include <string.h>

#include "ext4/read/attributes.h"
#include "ext4/read/extents.h"

#define MAX_LINK ((uint64_t)1 << 20) /* what a tar's extended header can hold */

/* 32 bits with a sign, and above them two more that are added. */
static struct ext4_when when(const uint8_t *low, const uint8_t *high) {
        uint32_t extra = high ? ext4_get32(high) : 0;

        return (struct ext4_when){.seconds = (int32_t)ext4_get32(low) + ((int64_t)(extra & 3) << 32),
                                  .nanoseconds = extra >> 2};
}

static void read_times(const uint8_t *raw, uint32_t used, struct ext4_inode *n) {
        n->ctime = when(raw + 0x0c, used >= 0x88 ? raw + 0x84 : NULL);
        n->mtime = when(raw + 0x10, used >= 0x8c ? raw + 0x88 : NULL);
        n->atime = when(raw + 0x08, used >= 0x90 ? raw + 0x8c : NULL);
        n->has_crtime = used >= 0x94;
        n->crtime = n->has_crtime ? when(raw + 0x90, used >= 0x98 ? raw + 0x94 : NULL) : (struct ext4_when){0};
}

/* Both ways in which Linux writes a device number. */
static void read_device(struct ext4_inode *n) {
        uint32_t small = ext4_get32(n->data), large = ext4_get32(n->data + 4);

        if (small) {
                n->dev_major = small >> 8 & 0xff;
                n->dev_minor = small & 0xff;
        } else {
                n->dev_major = large >> 8 & 0xfff;
                n->dev_minor = (large & 0xff) | (large >> 12 & 0xfff00);
        }
}

HRESULT ext4_inode_read(struct ext4_image *i, uint32_t number, struct ext4_inode *ret, struct hcs_error **err) {
        const struct ext4_summary *s = ext4_image_summary(i);
        struct ext4_inode n = {.number = number};
        uint32_t used = 128, type;
        const uint8_t *raw;
        HRESULT hr = ext4_image_inode(i, number, &raw, err);

        if (FAILED(hr))
                return hr;
        if (s->inode_size > 128) {
                used += ext4_get16(raw + 0x80);
                if (used > s->inode_size || used % 4)
                        return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: impossible size of its extra fields",
                                              number);
                n.extra = used > 128 && used < s->inode_size ? used : 0;
        }
        n.mode = ext4_get16(raw);
        n.uid = ext4_get16(raw + 0x02) | (uint32_t)ext4_get16(raw + 0x78) << 16;
        n.gid = ext4_get16(raw + 0x18) | (uint32_t)ext4_get16(raw + 0x7a) << 16;
        n.links = ext4_get16(raw + 0x1a);
        n.flags = ext4_get32(raw + 0x20);
        n.size = ext4_get32(raw + 0x04);
        n.xattr_block = ext4_get32(raw + 0x68) | (uint64_t)ext4_get16(raw + 0x76) << 32;
        n.sectors = ext4_get32(raw + 0x1c) | (uint64_t)ext4_get16(raw + 0x74) << 32;
        if (n.flags & EXT4_FLAG_HUGE_FILE && s->ro_compat & EXT4_RO_COMPAT_HUGE_FILE)
                n.sectors *= s->block_size / 512;
        memcpy(n.data, raw + 0x28, sizeof(n.data));
        read_times(raw, used, &n);
        if (!ext4_entry_type(n.mode))
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: %s", number,
                                      n.mode ? "no such type of file" : "is not in use");
        type = ext4_inode_type(&n);
        if (type == EXT4_REG || type == EXT4_DIR)
                n.size |= (uint64_t)ext4_get32(raw + 0x6c) << 32;
        if (n.size > (uint64_t)UINT32_MAX * s->block_size)
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: impossible size %llu", number,
                                      (unsigned long long)n.size);
        if (type == EXT4_CHAR || type == EXT4_BLOCK_DEV)
                read_device(&n);
        *ret = n;
        return S_OK;
}

static HRESULT inline_piece(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset,
                            struct ext4_piece *ret, struct hcs_error **err) {
        const uint8_t *rest;
        size_t len;
        HRESULT hr;

        if (offset < EXT4_INODE_DATA) {
                *ret = (struct ext4_piece){.n = EXT4_INODE_DATA - offset, .data = node->data + offset};
        } else {
                hr = ext4_inline_rest(i, node, &rest, &len, err);
                if (FAILED(hr))
                        return hr;
                offset -= EXT4_INODE_DATA;
                if (offset >= len)
                        return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: %llu bytes of content, %zu of them there",
                                              node->number, (unsigned long long)node->size, len + EXT4_INODE_DATA);
                *ret = (struct ext4_piece){.n = len - offset, .data = rest + offset};
        }
        return S_OK;
}

static HRESULT extent_piece(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset,
                            struct ext4_piece *ret, struct hcs_error **err) {
        uint32_t block_size = ext4_image_summary(i)->block_size, within = (uint32_t)(offset % block_size);
        struct ext4_run run;
        HRESULT hr = ext4_extent_find(i, node, (uint32_t)(offset / block_size), &run, err);

        if (FAILED(hr))
                return hr;
        *ret = (struct ext4_piece){.n = run.blocks * block_size - within,
                                   .stored = run.stored,
                                   .offset = run.stored ? run.physical * block_size + within : 0};
        return S_OK;
}

HRESULT ext4_content_piece(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset, struct ext4_piece *ret,
                           struct hcs_error **err) {
        struct ext4_piece piece = {0};
        HRESULT hr = S_OK;

        if (offset < node->size) {
                hr = node->flags & EXT4_FLAG_INLINE ? inline_piece(i, node, offset, &piece, err)
                                                    : extent_piece(i, node, offset, &piece, err);
                if (piece.n > node->size - offset)
                        piece.n = node->size - offset;
        }
        if (SUCCEEDED(hr))
                *ret = piece;
        return hr;
}

HRESULT ext4_content_read(struct ext4_image *i, const struct ext4_inode *node, uint64_t offset, void *data, size_t n,
                          size_t *ret_n, struct hcs_error **err) {
        size_t done = 0;

        while (done < n) {
                uint8_t *to = (uint8_t *)data + done;
                struct ext4_piece piece;
                size_t part, got;
                HRESULT hr = ext4_content_piece(i, node, offset + done, &piece, err);

                if (FAILED(hr))
                        return hr;
                if (piece.n == 0)
                        break;
                part = piece.n < n - done ? (size_t)piece.n : n - done;
                if (piece.stored) {
                        unsigned long long end;

                        hr = hcs_data_file_read_at(ext4_image_file(i), piece.offset, to, part, &got, err);
                        if (FAILED(hr))
                                return hr;
                        end = offset + done + got;
                        if (got < part)
                                return hcs_error_make(err, EXT4_E_CORRUPT,
                                                      "inode %u: its content at byte %llu is behind the end of `%s`, "
                                                      "which was cut off",
                                                      node->number, end, hcs_data_file_name(ext4_image_file(i)));
                } else if (piece.data) {
                        memcpy(to, piece.data, part);
                } else {
                        memset(to, 0, part);
                }
                done += part;
        }
        *ret_n = done;
        return S_OK;
}

HRESULT ext4_link_target(struct ext4_image *i, const struct ext4_inode *node, struct hcs_buf *out,
                         struct hcs_error **err) {
        bool in_inode = !(node->flags & (EXT4_FLAG_EXTENTS | EXT4_FLAG_INLINE));
        size_t n;
        HRESULT hr;

        if (ext4_inode_type(node) != EXT4_LNK)
                return hcs_error_make(err, E_INVALIDARG, "inode %u is no symbolic link", node->number);
        if (node->size > (in_inode ? EXT4_INODE_DATA - 1 : MAX_LINK))
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: a symbolic link of %llu bytes", node->number,
                                      (unsigned long long)node->size);
        hcs_buf_clear(out);
        hcs_buf_reserve(out, node->size);
        if (in_inode) {
                hcs_buf_append(out, node->data, node->size);
        } else {
                hr = ext4_content_read(i, node, 0, out->data, node->size, &n, err);
                if (FAILED(hr))
                        return hr;
                out->len = n;
                out->data[n] = '\0';
        }
        if (memchr(out->data, '\0', out->len))
                return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: a symbolic link with a NUL in it", node->number);
        return S_OK;
}
