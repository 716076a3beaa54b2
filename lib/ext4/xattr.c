/* SPDX-License-Identifier: MIT */

#include "ext4/xattr.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define ENTRY_HEAD  16u
#define INODE_SPACE (EXT4_INODE_EXTRA - 8)                   /* less the magic number and the end mark */
#define BLOCK_SPACE (EXT4_BLOCK - EXT4_XATTR_BLOCK_HEAD - 4) /* less the end mark */
#define DATA_SUFFIX "data"

static const struct {
        uint8_t index;
        const char *prefix;
} prefixes[] = {
        /* The first that fits is taken. */
        {2, "system.posix_acl_access"},
        {3, "system.posix_acl_default"},
        {8, "system.richacl"},
        {EXT4_XATTR_SYSTEM, "system."},
        {1, "user."},
        {4, "trusted."},
        {6, "security."},
};

static size_t padded(size_t n) {
        return (n + 3) & ~(size_t)3;
}

static void deinit_one(struct ext4_xattr *x) {
        free(x->name);
        free(x->value);
}

void ext4_xattr_set_deinit(struct ext4_xattr_set *s) {
        for (size_t i = 0; i < s->n; i++)
                deinit_one(&s->list[i]);
        free(s->list);
        *s = (struct ext4_xattr_set){0};
}

/* The place of a name in the order; *ret_found says whether it is there. */
static size_t place_of(const struct ext4_xattr_set *s, const char *name, bool *ret_found) {
        size_t low = 0, high = s->n;

        *ret_found = false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(name, s->list[middle].name);

                if (order == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

void ext4_xattr_set_put(struct ext4_xattr_set *s, const char *name, const void *value, size_t len) {
        struct ext4_xattr x = {.name = hcs_strdup(name), .value = hcs_memdup(value, len), .len = len};
        bool found;
        size_t at = place_of(s, name, &found);

        x.suffix = x.name;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++)
                if (hcs_str_starts(name, prefixes[i].prefix)) {
                        x.index = prefixes[i].index;
                        x.suffix = x.name + strlen(prefixes[i].prefix);
                        break;
                }
        if (found) {
                deinit_one(&s->list[at]);
        } else {
                if (s->n == s->cap) {
                        s->cap = s->cap ? 2 * s->cap : 8;
                        s->list = hcs_realloc(s->list, s->cap * sizeof(*s->list));
                }
                memmove(&s->list[at + 1], &s->list[at], (s->n - at) * sizeof(*s->list));
                s->n++;
        }
        s->list[at] = x;
}

void ext4_xattr_set_remove(struct ext4_xattr_set *s, const char *name) {
        bool found;
        size_t at = place_of(s, name, &found);

        if (!found)
                return;
        deinit_one(&s->list[at]);
        s->n--;
        memmove(&s->list[at], &s->list[at + 1], (s->n - at) * sizeof(*s->list));
}

void ext4_xattr_set_merge(struct ext4_xattr_set *s, const struct ext4_xattr_set *from) {
        for (size_t i = 0; i < from->n; i++) {
                bool found;

                place_of(s, from->list[i].name, &found);
                if (!found)
                        ext4_xattr_set_put(s, from->list[i].name, from->list[i].value, from->list[i].len);
        }
}

static size_t entry_size(const struct ext4_xattr *x) {
        return ENTRY_HEAD + padded(strlen(x->suffix));
}

const struct ext4_xattr *ext4_xattr_set_place(struct ext4_xattr_set *s, size_t inline_data) {
        size_t inode_left = INODE_SPACE, block_left = BLOCK_SPACE;

        if (inline_data != SIZE_MAX)
                inode_left -= ENTRY_HEAD + padded(strlen(DATA_SUFFIX)) + padded(inline_data);
        for (size_t i = 0; i < s->n; i++) {
                size_t size = entry_size(&s->list[i]) + padded(s->list[i].len);

                s->list[i].in_block = size > inode_left;
                if (!s->list[i].in_block)
                        inode_left -= size;
                else if (size <= block_left)
                        block_left -= size;
                else
                        return &s->list[i];
        }
        return NULL;
}

static uint32_t hash_of(const char *name, size_t name_len, const uint8_t *value, size_t len) {
        uint32_t h = 0;

        for (size_t i = 0; i < name_len; i++)
                h = h << 5 ^ h >> 27 ^ (uint8_t)name[i];
        for (size_t i = 0; i < len; i += 4) {
                uint8_t word[4] = {0};

                memcpy(word, value + i, len - i < 4 ? len - i : 4);
                h = h << 16 ^ h >> 16 ^ ext4_get32(word);
        }
        return h;
}

/* Two ends of an area that grow towards each other. */
struct area {
        uint8_t *entry;
        uint8_t *values; /* begin of the last one put */
        size_t offset;   /* of that, as it is written */
};

/*
 * A name of more than 255 bytes does not fit its length field. hcsshim writes such an entry all the same, and so its
 * bytes are ours.
 */
static void put(struct area *a, uint8_t index, const char *name, const uint8_t *value, size_t len) {
        size_t name_len = strlen(name);

        a->values -= padded(len);
        a->offset -= padded(len);
        a->entry[0] = (uint8_t)name_len;
        a->entry[1] = index;
        ext4_put16(a->entry + 2, (uint32_t)a->offset);
        ext4_put32(a->entry + 8, (uint32_t)len);
        ext4_put32(a->entry + 12, hash_of(name, name_len, value, len));
        memcpy(a->entry + ENTRY_HEAD, name, name_len);
        if (len)
                memcpy(a->values, value, len);
        a->entry += ENTRY_HEAD + padded(name_len);
}

static struct area inode_area(uint8_t *out) {
        return (struct area){out + 4, out + EXT4_INODE_EXTRA, EXT4_INODE_EXTRA - 4};
}

bool ext4_xattr_put_inode(const struct ext4_xattr_set *s, size_t inline_data, uint8_t *out) {
        static const uint8_t zeros[EXT4_INODE_EXTRA];
        struct area a = inode_area(out);
        bool any = inline_data != SIZE_MAX;

        if (any)
                put(&a, EXT4_XATTR_SYSTEM, DATA_SUFFIX, zeros, inline_data);
        for (size_t i = 0; i < s->n; i++) {
                const struct ext4_xattr *x = &s->list[i];

                if (x->in_block)
                        continue;
                put(&a, x->index, x->suffix, x->value, x->len);
                any = true;
        }
        if (any)
                ext4_put32(out, EXT4_XATTR_MAGIC);
        return any;
}

void ext4_xattr_put_data(uint8_t *out, const uint8_t *data, size_t n) {
        struct area a = inode_area(out);

        put(&a, EXT4_XATTR_SYSTEM, DATA_SUFFIX, data, n);
}

bool ext4_xattr_set_in_block(const struct ext4_xattr_set *s) {
        for (size_t i = 0; i < s->n; i++)
                if (s->list[i].in_block)
                        return true;
        return false;
}

/* The order the kernel looks for attributes in. */
static int by_index_and_name(const void *a, const void *b) {
        const struct ext4_xattr *x = *(const struct ext4_xattr *const *)a, *y = *(const struct ext4_xattr *const *)b;
        size_t x_len = strlen(x->suffix), y_len = strlen(y->suffix);

        if (x->index != y->index)
                return (int)x->index - (int)y->index;
        return x_len != y_len ? x_len < y_len ? -1 : 1 : strcmp(x->suffix, y->suffix);
}

void ext4_xattr_put_block(const struct ext4_xattr_set *s, uint8_t *out) {
        _cleanup_free_ const struct ext4_xattr **sorted = hcs_calloc(s->n + 1, sizeof(*sorted));
        struct area a = {out + EXT4_XATTR_BLOCK_HEAD, out + EXT4_BLOCK, EXT4_BLOCK};
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                if (s->list[i].in_block)
                        sorted[n++] = &s->list[i];
        qsort(sorted, n, sizeof(*sorted), by_index_and_name);
        ext4_put32(out, EXT4_XATTR_MAGIC);
        ext4_put32(out + 4, 1); /* references */
        ext4_put32(out + 8, 1); /* blocks */
        for (size_t i = 0; i < n; i++)
                put(&a, sorted[i]->index, sorted[i]->suffix, sorted[i]->value, sorted[i]->len);
}

const char *ext4_xattr_prefix(uint8_t index) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++)
                if (prefixes[i].index == index)
                        return prefixes[i].prefix;
        return index == 0 ? "" : NULL;
}

bool ext4_xattr_get(struct ext4_xattr_set *s, const uint8_t *area, size_t size, size_t delta) {
        for (size_t at = 0; at + 4 <= size && area[at] != 0;) {
                size_t name_len = area[at], offset, len;
                char name[sizeof("system.posix_acl_default") + EXT4_MAX_NAME];
                const char *prefix = ext4_xattr_prefix(area[at + 1]);

                if (size - at < ENTRY_HEAD + name_len)
                        return false;
                offset = ext4_get16(area + at + 2);
                len = ext4_get32(area + at + 8);
                if (len > 0 && (offset < delta || offset - delta > size || len > size - (offset - delta)))
                        return false;
                snprintf(name, sizeof(name), "%s%.*s", prefix ? prefix : "", (int)name_len,
                         (const char *)area + at + ENTRY_HEAD);
                ext4_xattr_set_put(s, name, len ? area + (offset - delta) : area, len);
                at += ENTRY_HEAD + padded(name_len);
        }
        return true;
}

bool ext4_xattr_get_inode(struct ext4_xattr_set *s, const uint8_t *area, size_t size) {
        if (size < 8 || ext4_get32(area) != EXT4_XATTR_MAGIC)
                return true;
        return ext4_xattr_get(s, area + 4, size - 4, 0);
}

bool ext4_xattr_get_block(struct ext4_xattr_set *s, const uint8_t *block) {
        return ext4_get32(block) == EXT4_XATTR_MAGIC &&
               ext4_xattr_get(s, block + EXT4_XATTR_BLOCK_HEAD, EXT4_BLOCK - EXT4_XATTR_BLOCK_HEAD,
                              EXT4_XATTR_BLOCK_HEAD);
}
