/* SPDX-License-Identifier: MIT */

#include "ext4/read/attributes.h"

#include <string.h>

#define ENTRY_HEAD  16u
#define DATA_SUFFIX "data"

/* An area of attributes: entries from its front, values at offsets from `base`. */
struct area {
        const uint8_t *base, *first, *end;
        const char *where;
};

struct found {
        const uint8_t *value;
        size_t len, name_len;
        const char *name;
        uint8_t index;
};

static HRESULT corrupt(const struct ext4_inode *node, const struct area *a, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, EXT4_E_CORRUPT, "inode %u: attributes in the %s: %s", node->number, a->where, what);
}

/* S_FALSE at the end mark. *at moves on. Names do not overlap, so the walk ends. */
static HRESULT next(const struct ext4_inode *node, const struct area *a, const uint8_t **at, struct found *ret,
                    struct hcs_error **err) {
        const uint8_t *e = *at;
        size_t offset, size = (size_t)(a->end - a->base);

        if (a->end - e < 4 || ext4_get32(e) == 0)
                return S_FALSE;
        if ((size_t)(a->end - e) < ENTRY_HEAD + e[0])
                return corrupt(node, a, "a name that does not fit", err);
        if (ext4_get32(e + 4) != 0)
                return corrupt(node, a, "a value in an inode of its own", err);
        offset = ext4_get16(e + 2);
        ret->len = ext4_get32(e + 8);
        if (ret->len > 0 && (offset > size || ret->len > size - offset))
                return corrupt(node, a, "a value that does not fit", err);
        ret->value = ret->len > 0 ? a->base + offset : a->base;
        ret->name = (const char *)e + ENTRY_HEAD;
        ret->name_len = e[0];
        ret->index = e[1];
        if (memchr(ret->name, '\0', ret->name_len))
                return corrupt(node, a, "a name with a NUL in it", err);
        *at = e + ((ENTRY_HEAD + ret->name_len + 3) & ~(size_t)3);
        if (*at > a->end)
                *at = a->end;
        return S_OK;
}

/* S_FALSE when there are none. */
static HRESULT inode_area(struct ext4_image *i, const struct ext4_inode *node, struct area *ret,
                          struct hcs_error **err) {
        uint32_t size = ext4_image_summary(i)->inode_size;
        const uint8_t *raw;
        HRESULT hr;

        if (!node->extra || size - node->extra < 8)
                return S_FALSE;
        hr = ext4_image_inode(i, node->number, &raw, err);
        if (FAILED(hr))
                return hr;
        if (ext4_get32(raw + node->extra) != EXT4_XATTR_MAGIC)
                return S_FALSE;
        *ret = (struct area){raw + node->extra + 4, raw + node->extra + 4, raw + size, "inode"};
        return S_OK;
}

static HRESULT block_area(struct ext4_image *i, const struct ext4_inode *node, struct area *ret,
                          struct hcs_error **err) {
        const uint8_t *block;
        HRESULT hr;

        if (!node->xattr_block)
                return S_FALSE;
        hr = ext4_image_block(i, node->xattr_block, &block, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "inode %u: attributes", node->number), hr;
        *ret = (struct area){block, block + EXT4_XATTR_BLOCK_HEAD, block + ext4_image_summary(i)->block_size, "block"};
        if (ext4_get32(block) != EXT4_XATTR_MAGIC || ext4_get32(block + 8) != 1)
                return corrupt(node, ret, "no magic number", err);
        return S_OK;
}

static bool is_content(const struct found *f) {
        return f->index == EXT4_XATTR_SYSTEM && f->name_len == strlen(DATA_SUFFIX) &&
               memcmp(f->name, DATA_SUFFIX, f->name_len) == 0;
}

static HRESULT gather(const struct ext4_inode *node, const struct area *a, struct ext4_xattr_set *out,
                      struct hcs_error **err) {
        const uint8_t *at = a->first;
        struct found f;
        HRESULT hr;

        while ((hr = next(node, a, &at, &f, err)) == S_OK) {
                const char *prefix = ext4_xattr_prefix(f.index);
                _cleanup_free_ char *name = NULL;

                if (!prefix)
                        return corrupt(node, a, "a name with an unknown prefix", err);
                name = hcs_asprintf("%s%.*s", prefix, (int)f.name_len, f.name);
                if (*name && !is_content(&f))
                        ext4_xattr_set_put(out, name, f.value, f.len);
        }
        return FAILED(hr) ? hr : S_OK;
}

HRESULT ext4_attributes_read(struct ext4_image *i, const struct ext4_inode *node, struct ext4_xattr_set *out,
                             struct hcs_error **err) {
        struct area a;
        HRESULT hr = inode_area(i, node, &a, err);

        if (hr == S_OK)
                hr = gather(node, &a, out, err);
        if (SUCCEEDED(hr))
                hr = block_area(i, node, &a, err);
        if (hr == S_OK)
                hr = gather(node, &a, out, err);
        return FAILED(hr) ? hr : S_OK;
}

HRESULT ext4_inline_rest(struct ext4_image *i, const struct ext4_inode *node, const uint8_t **ret, size_t *ret_len,
                         struct hcs_error **err) {
        struct found f;
        struct area a;
        HRESULT hr = inode_area(i, node, &a, err);

        if (hr == S_OK) {
                const uint8_t *at = a.first;

                while ((hr = next(node, &a, &at, &f, err)) == S_OK)
                        if (is_content(&f)) {
                                *ret = f.value;
                                *ret_len = f.len;
                                return S_OK;
                        }
        }
        if (FAILED(hr))
                return hr;
        *ret = node->data;
        *ret_len = 0;
        return S_OK;
}
