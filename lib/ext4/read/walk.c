/* SPDX-License-Identifier: MIT */

#include "ext4/read/walk.h"

#include <string.h>

/* A directory on the way: its entries, the names behind each other in one buffer. */
struct level {
        struct ext4_inode dir;
        struct hcs_buf names;
        struct item {
                uint32_t ino;
                size_t name; /* in names */
        } * items;
        size_t n, cap, next;
        size_t path_len;
};

struct walk {
        struct ext4_image *image;
        const struct ext4_visitor *v;
        struct hcs_buf path;
        struct level *levels;
        size_t depth, cap;
        uint32_t *seen; /* directories entered: a hash table, 0 for a free slot */
        size_t n_seen, seen_cap;
        uint64_t budget; /* blocks of directories that may still be read */
};

static size_t seen_slot(const struct walk *w, uint32_t ino) {
        size_t slot = (size_t)(ino * 2654435761u) & (w->seen_cap - 1);

        while (w->seen[slot] && w->seen[slot] != ino)
                slot = (slot + 1) & (w->seen_cap - 1);
        return slot;
}

/* False when it was there already. */
static bool see(struct walk *w, uint32_t ino) {
        size_t slot;

        if (2 * w->n_seen >= w->seen_cap) {
                size_t old_cap = w->seen_cap;
                uint32_t *old = w->seen;

                w->seen_cap = old_cap ? 2 * old_cap : 256;
                w->seen = hcs_calloc(w->seen_cap, sizeof(*w->seen));
                for (size_t k = 0; k < old_cap; k++)
                        if (old[k])
                                w->seen[seen_slot(w, old[k])] = old[k];
                free(old);
        }
        slot = seen_slot(w, ino);
        if (w->seen[slot])
                return false;
        w->seen[slot] = ino;
        w->n_seen++;
        return true;
}

static HRESULT gather(void *ctx, const struct ext4_entry *e, struct hcs_error **err) {
        struct level *l = ctx;

        if (l->n == l->cap) {
                l->cap = l->cap ? 2 * l->cap : 16;
                l->items = hcs_realloc(l->items, l->cap * sizeof(*l->items));
        }
        l->items[l->n++] = (struct item){e->ino, l->names.len};
        hcs_buf_append(&l->names, e->name, e->len + 1);
        return S_OK;
}

static int by_name(const void *a, const void *b, void *names) {
        return strcmp((const char *)names + ((const struct item *)a)->name,
                      (const char *)names + ((const struct item *)b)->name);
}

static void free_level(struct level *l) {
        hcs_buf_deinit(&l->names);
        free(l->items);
}

static void trouble(struct walk *w, struct hcs_error *e) {
        w->v->trouble(w->v->ctx, hcs_buf_cstr(&w->path), e);
}

static void enter(struct walk *w, const struct ext4_inode *dir) {
        uint64_t blocks = dir->size / ext4_image_summary(w->image)->block_size;
        struct hcs_error *e = NULL;
        struct level *l;

        if (w->depth == w->cap) {
                w->cap = w->cap ? 2 * w->cap : 16;
                w->levels = hcs_realloc(w->levels, w->cap * sizeof(*w->levels));
        }
        l = &w->levels[w->depth++];
        *l = (struct level){.dir = *dir, .path_len = w->path.len};
        if (!see(w, dir->number))
                hcs_error_make(&e, EXT4_E_CORRUPT, "directory inode %u is in more than one place", dir->number);
        else if (blocks > w->budget)
                hcs_error_make(&e, EXT4_E_CORRUPT, "directory inode %u: more directories than there is room for",
                               dir->number);
        if (e) {
                trouble(w, e);
                return;
        }
        w->budget -= blocks;
        if (FAILED(ext4_directory_read(w->image, dir, gather, l, &e)))
                trouble(w, e);
        if (l->n > 1)
                qsort_r(l->items, l->n, sizeof(*l->items), by_name, l->names.data);
}

static HRESULT visit_next(struct walk *w, struct hcs_error **err) {
        struct level *l = &w->levels[w->depth - 1];
        const struct item *item = &l->items[l->next++];
        const char *name = l->names.data + item->name;
        struct hcs_error *e = NULL;
        struct ext4_inode node;
        HRESULT hr;

        w->path.len = l->path_len;
        if (l->path_len == 0 || w->path.data[l->path_len - 1] != '/')
                hcs_buf_putc(&w->path, '/');
        hcs_buf_puts(&w->path, name);
        if (FAILED(ext4_inode_read(w->image, item->ino, &node, &e))) {
                trouble(w, e);
                return S_OK;
        }
        hr = w->v->visit(w->v->ctx, w->path.data, name, &node, err);
        if (hr == S_OK && ext4_inode_type(&node) == EXT4_DIR)
                enter(w, &node);
        return hr;
}

static HRESULT leave(struct walk *w, struct hcs_error **err) {
        struct level *l = &w->levels[w->depth - 1];
        HRESULT hr = S_OK;

        w->path.len = l->path_len;
        hcs_buf_append(&w->path, "", 0);
        if (w->v->leave)
                hr = w->v->leave(w->v->ctx, w->path.data, &l->dir, err);
        free_level(l);
        w->depth--;
        return hr;
}

HRESULT ext4_walk(struct ext4_image *i, const struct ext4_inode *dir, const char *path, const struct ext4_visitor *v,
                  struct hcs_error **err) {
        struct walk w = {.image = i, .v = v, .budget = ext4_image_blocks_present(i)};
        HRESULT hr = S_OK;

        hcs_buf_puts(&w.path, path);
        enter(&w, dir);
        while (SUCCEEDED(hr) && w.depth > 0) {
                const struct level *l = &w.levels[w.depth - 1];

                hr = l->next < l->n ? visit_next(&w, err) : leave(&w, err);
        }
        while (w.depth > 0)
                free_level(&w.levels[--w.depth]);
        free(w.levels);
        free(w.seen);
        hcs_buf_deinit(&w.path);
        return FAILED(hr) ? hr : S_OK;
}
