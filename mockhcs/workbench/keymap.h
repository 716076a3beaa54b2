/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_KEYMAP_H
#define MOCKHCS_WORKBENCH_KEYMAP_H

/*
 * Numbers by 64-bit keys (hashes, mostly), for tables of millions: open addressing in one piece of memory, 12 bytes an
 * entry. Embedded by its owner, a zeroed one is empty. Nothing is taken out. Not thread safe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYMAP_NONE UINT32_MAX

struct keymap {
        uint64_t *keys; /* 0 is free */
        uint32_t *values;
        size_t n, cap;
};

/* The place of the value of that key, which is KEYMAP_NONE when it is new; valid until the next one. */
uint32_t *keymap_place(struct keymap *m, uint64_t key);
/* KEYMAP_NONE when there is none. */
uint32_t keymap_get(const struct keymap *m, uint64_t key);
void keymap_deinit(struct keymap *m);

#endif
