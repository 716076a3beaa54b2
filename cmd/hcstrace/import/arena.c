/* SPDX-License-Identifier: MIT */

/* Room for what a batch of lines is made of: taken piece by piece, given back all at once. */

#include <stdlib.h>
#include <string.h>

#include "cmd/hcstrace/import/inside.h"

#define CHUNK ((size_t)256 << 10)

struct import_chunk {
        struct import_chunk *next;
        size_t used, size;
        char data[] __attribute__((aligned(16)));
};

static struct import_chunk *chunk_new(size_t size, struct import_chunk *next) {
        struct import_chunk *c = hcs_malloc(sizeof(*c) + size);

        *c = (struct import_chunk){.next = next, .size = size};
        return c;
}

static void free_chunks(struct import_chunk *c) {
        for (struct import_chunk *next; c; c = next) {
                next = c->next;
                free(c);
        }
}

void *import_arena_take(struct import_arena *a, size_t n) {
        size_t size = (n + 15) & ~(size_t)15;
        void *p;

        if (!a->chunk || a->chunk->size - a->chunk->used < size)
                a->chunk = chunk_new(size > CHUNK ? size : CHUNK, a->chunk);
        p = a->chunk->data + a->chunk->used;
        a->chunk->used += size;
        a->total += size;
        return p;
}

char *import_arena_copy(struct import_arena *a, const char *p, size_t n) {
        char *copy = import_arena_take(a, n + 1);

        if (n)
                memcpy(copy, p, n);
        copy[n] = '\0';
        return copy;
}

void import_arena_clear(struct import_arena *a) {
        a->total = 0;
        if (!a->chunk)
                return;
        free_chunks(a->chunk->next);
        a->chunk->next = NULL;
        a->chunk->used = 0;
        if (a->chunk->size > CHUNK)
                import_arena_deinit(a); /* a line that was huge; the next one will not be */
}

void import_arena_deinit(struct import_arena *a) {
        free_chunks(a->chunk);
        *a = (struct import_arena){0};
}
