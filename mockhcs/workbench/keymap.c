/* SPDX-License-Identifier: MIT */

/* The table of keymap.h. */

#include "mockhcs/workbench/keymap.h"

#include <stdlib.h>

#include "base/mem.h"

#define FIRST 64

/* Keys may be numbers that a trace chose: all bits count. */
static size_t find(const struct keymap *m, uint64_t key) {
        uint64_t spread = key * 0x9e3779b97f4a7c15u;
        size_t i = (spread ^ spread >> 32) & (m->cap - 1);

        while (m->keys[i] && m->keys[i] != key)
                i = (i + 1) & (m->cap - 1);
        return i;
}

static void grow(struct keymap *m) {
        struct keymap bigger = {.n = m->n, .cap = m->cap ? 2 * m->cap : FIRST};

        bigger.keys = hcs_calloc(bigger.cap, sizeof(*bigger.keys));
        bigger.values = hcs_malloc(bigger.cap * sizeof(*bigger.values));
        for (size_t i = 0; i < m->cap; i++)
                if (m->keys[i]) {
                        size_t to = find(&bigger, m->keys[i]);

                        bigger.keys[to] = m->keys[i];
                        bigger.values[to] = m->values[i];
                }
        keymap_deinit(m);
        *m = bigger;
}

uint32_t *keymap_place(struct keymap *m, uint64_t key) {
        size_t i;

        key |= !key;
        if (4 * (m->n + 1) > 3 * m->cap)
                grow(m);
        i = find(m, key);
        if (!m->keys[i]) {
                m->keys[i] = key;
                m->values[i] = KEYMAP_NONE;
                m->n++;
        }
        return &m->values[i];
}

uint32_t keymap_get(const struct keymap *m, uint64_t key) {
        size_t i;

        if (!m->cap)
                return KEYMAP_NONE;
        key |= !key;
        i = find(m, key);
        return m->keys[i] ? m->values[i] : KEYMAP_NONE;
}

void keymap_deinit(struct keymap *m) {
        free(m->keys);
        free(m->values);
        *m = (struct keymap){0};
}
