/* SPDX-License-Identifier: MIT */

#include "ext4/read/directory.h"

#include <string.h>

#include "ext4/read/attributes.h"

#define ENTRY_HEAD  8u
#define PARENT_SIZE 4u /* an inline directory begins with the number of its parent */

typedef HRESULT (*each_fn)(void *ctx, const struct ext4_entry *e, struct hcs_error **err);

static HRESULT corrupt(const struct ext4_inode *dir, uint64_t at, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, EXT4_E_CORRUPT, "directory inode %u: at byte %llu: %s", dir->number,
                              (unsigned long long)at, what);
}

static bool is_dots(const char *name, size_t len) {
        return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

/* The entries that fill an area, which is at offset `base` of the directory. */
static HRESULT read_area(const struct ext4_inode *dir, const uint8_t *area, size_t size, uint64_t base, each_fn each,
                         void *ctx, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t at = 0; at < size && hr == S_OK;) {
                const uint8_t *p = area + at;
                struct ext4_entry e;
                size_t length;

                if (size - at < ENTRY_HEAD)
                        return corrupt(dir, base + at, "an entry that does not fit", err);
                e.ino = ext4_get32(p);
                length = ext4_get16(p + 4);
                e.len = p[6]; /* p[7] is the type: of no use, since the inode says it too */
                if (length < ENTRY_HEAD + e.len || length % 4 || length > size - at)
                        return corrupt(dir, base + at, "an entry with an impossible length", err);
                at += length;
                if (e.ino == 0 || (e.len > 0 && is_dots((const char *)p + ENTRY_HEAD, e.len)))
                        continue;
                memcpy(e.name, p + ENTRY_HEAD, e.len);
                e.name[e.len] = '\0';
                if (e.len == 0 || strlen(e.name) != e.len || strchr(e.name, '/'))
                        return corrupt(dir, base + at - length, "an impossible name", err);
                hr = each(ctx, &e, err);
        }
        return hr;
}

static HRESULT read_inline(struct ext4_image *i, const struct ext4_inode *dir, each_fn each, void *ctx,
                           struct hcs_error **err) {
        _cleanup_free_ uint8_t *copy = NULL;
        const uint8_t *rest;
        size_t len;
        HRESULT hr = ext4_inline_rest(i, dir, &rest, &len, err);

        if (FAILED(hr))
                return hr;
        copy = hcs_memdup(rest, len);
        hr = read_area(dir, dir->data + PARENT_SIZE, sizeof(dir->data) - PARENT_SIZE, PARENT_SIZE, each, ctx, err);
        return hr == S_OK ? read_area(dir, copy, len, sizeof(dir->data), each, ctx, err) : hr;
}

HRESULT ext4_directory_read(struct ext4_image *i, const struct ext4_inode *dir, each_fn each, void *ctx,
                            struct hcs_error **err) {
        uint32_t block_size = ext4_image_summary(i)->block_size;
        uint8_t block[EXT4_BLOCK];
        HRESULT hr = S_OK;

        if (ext4_inode_type(dir) != EXT4_DIR)
                return hcs_error_make(err, EXT4_E_NO_PATH, "inode %u is no directory", dir->number);
        if (dir->flags & EXT4_FLAG_INLINE)
                return read_inline(i, dir, each, ctx, err);
        if (dir->size % block_size || dir->size == 0)
                return corrupt(dir, dir->size, "the size is not one of whole blocks", err);
        if (dir->size / block_size > ext4_image_blocks_present(i))
                return corrupt(dir, dir->size, "larger than the file system", err);
        for (uint64_t at = 0; at < dir->size && hr == S_OK; at += block_size) {
                struct ext4_piece piece;
                size_t n;

                hr = ext4_content_piece(i, dir, at, &piece, err);
                if (SUCCEEDED(hr) && !piece.stored)
                        return corrupt(dir, at, "a hole", err);
                if (SUCCEEDED(hr))
                        hr = ext4_content_read(i, dir, at, block, block_size, &n, err);
                if (SUCCEEDED(hr))
                        hr = read_area(dir, block, block_size, at, each, ctx, err);
        }
        return hr;
}

struct wanted {
        const char *name;
        size_t len;
        uint32_t ino;
};

static HRESULT is_wanted(void *ctx, const struct ext4_entry *e, struct hcs_error **err) {
        struct wanted *w = ctx;

        if (e->len != w->len || memcmp(e->name, w->name, e->len) != 0)
                return S_OK;
        w->ino = e->ino;
        return S_FALSE;
}

HRESULT ext4_directory_find(struct ext4_image *i, const struct ext4_inode *dir, const char *name, size_t len,
                            uint32_t *ret, struct hcs_error **err) {
        struct wanted w = {.name = name, .len = len};
        HRESULT hr = ext4_directory_read(i, dir, is_wanted, &w, err);

        if (FAILED(hr))
                return hr;
        if (!w.ino)
                return hcs_error_make(err, EXT4_E_NO_FILE, "no such file or directory");
        *ret = w.ino;
        return S_OK;
}
