/* SPDX-License-Identifier: MIT */

/*
 * Chunks never move, so growing copies nothing but the tables of chunks. Entries are in one hash table over (directory,
 * name), with their hashes, so that a search of it rarely looks at a wrong one, and in one list a directory.
 */

#include "ext4/tree.h"

#include <string.h>

#define NODES_PER_CHUNK 512u
#define STORE_CHUNK     ((uint32_t)1 << 18)
#define STORE_UNIT      4u /* a reference counts these */
#define UNITS_PER_CHUNK (STORE_CHUNK / STORE_UNIT)
#define FIRST_SLOTS     1024u /* a power of two */

struct entry {
        uint32_t next_in_dir;
        uint32_t dir;
        uint32_t ino;
        uint8_t len;
        char name[];
};
#define ENTRY_HEAD offsetof(struct entry, name)

void ext4_tree_init(struct ext4_tree *t) {
        *t = (struct ext4_tree){.n_slots = FIRST_SLOTS};
        t->slots = hcs_calloc(t->n_slots, sizeof(*t->slots));
        /* Reference 0 is nothing: the first unit is never given out. */
        t->store = hcs_malloc(sizeof(*t->store));
        t->store[0] = hcs_malloc(STORE_CHUNK);
        t->store_chunks = 1;
        t->store_used = STORE_UNIT;
}

void ext4_tree_deinit(struct ext4_tree *t) {
        for (uint32_t i = 0; i < t->node_chunks; i++)
                free(t->nodes[i]);
        for (uint32_t i = 0; i < t->store_chunks; i++)
                free(t->store[i]);
        free(t->nodes);
        free(t->store);
        free(t->slots);
        *t = (struct ext4_tree){0};
}

uint32_t ext4_tree_add_node(struct ext4_tree *t) {
        if (t->n_nodes == t->node_chunks * NODES_PER_CHUNK) {
                t->nodes = hcs_realloc(t->nodes, (t->node_chunks + 1) * sizeof(*t->nodes));
                t->nodes[t->node_chunks++] = hcs_calloc(NODES_PER_CHUNK, sizeof(struct ext4_node));
        }
        return ++t->n_nodes;
}

struct ext4_node *ext4_tree_new_node(const struct ext4_tree *t, uint32_t ino) {
        return &t->nodes[(ino - 1) / NODES_PER_CHUNK][(ino - 1) % NODES_PER_CHUNK];
}

struct ext4_node *ext4_tree_node(const struct ext4_tree *t, uint32_t ino) {
        struct ext4_node *node = ino == 0 || ino > t->n_nodes ? NULL : ext4_tree_new_node(t, ino);

        return node && node->mode ? node : NULL;
}

static uint32_t reserve(struct ext4_tree *t, size_t n) {
        uint32_t ref;

        if (t->store_used + n > STORE_CHUNK || t->store_used == STORE_CHUNK) { /* n can be 0: it still has a place */
                t->store = hcs_realloc(t->store, (t->store_chunks + 1) * sizeof(*t->store));
                t->store[t->store_chunks++] = hcs_malloc(STORE_CHUNK);
                t->store_used = 0;
        }
        ref = (t->store_chunks - 1) * UNITS_PER_CHUNK + t->store_used / STORE_UNIT;
        t->store_used += (uint32_t)(n + STORE_UNIT - 1) / STORE_UNIT * STORE_UNIT;
        return ref;
}

uint8_t *ext4_tree_stored(const struct ext4_tree *t, uint32_t ref) {
        return t->store[ref / UNITS_PER_CHUNK] + (size_t)(ref % UNITS_PER_CHUNK) * STORE_UNIT;
}

uint32_t ext4_tree_store(struct ext4_tree *t, const void *data, size_t n) {
        uint32_t ref = reserve(t, n);

        if (data)
                memcpy(ext4_tree_stored(t, ref), data, n);
        else
                memset(ext4_tree_stored(t, ref), 0, n);
        return ref;
}

static struct entry *entry_at(const struct ext4_tree *t, uint32_t ref) {
        return (struct entry *)(void *)ext4_tree_stored(t, ref);
}

static uint32_t hash_of(uint32_t dir, const char *name, size_t len) {
        uint64_t h = (uint64_t)dir * 0x9e3779b97f4a7c15u ^ len;

        while (len >= 8) {
                uint64_t word;

                memcpy(&word, name, 8);
                h = (h ^ word) * 0xff51afd7ed558ccdu;
                h ^= h >> 32;
                name += 8;
                len -= 8;
        }
        while (len-- > 0)
                h = (h ^ (uint8_t)*name++) * 0x100000001b3u;
        h ^= h >> 29;
        h *= 0xbf58476d1ce4e5b9u;
        return (uint32_t)(h >> 32);
}

static struct entry *find(const struct ext4_tree *t, uint32_t dir, const char *name, size_t len) {
        uint32_t hash = hash_of(dir, name, len);

        for (uint32_t i = hash & (t->n_slots - 1); t->slots[i].ref; i = (i + 1) & (t->n_slots - 1)) {
                struct entry *e;

                if (t->slots[i].hash != hash)
                        continue;
                e = entry_at(t, t->slots[i].ref);
                if (e->dir == dir && e->len == len && memcmp(e->name, name, len) == 0)
                        return e;
        }
        return NULL;
}

uint32_t ext4_tree_find(const struct ext4_tree *t, uint32_t dir, const char *name, size_t len) {
        struct entry *e = len <= EXT4_MAX_NAME ? find(t, dir, name, len) : NULL;

        return e ? e->ino : 0;
}

static void put_slot(struct ext4_tree *t, struct ext4_tree_slot slot) {
        uint32_t i = slot.hash & (t->n_slots - 1);

        while (t->slots[i].ref)
                i = (i + 1) & (t->n_slots - 1);
        t->slots[i] = slot;
}

static void grow_slots(struct ext4_tree *t) {
        struct ext4_tree_slot *old = t->slots;
        uint32_t old_n = t->n_slots;

        t->n_slots *= 2;
        t->slots = hcs_calloc(t->n_slots, sizeof(*t->slots));
        for (uint32_t i = 0; i < old_n; i++)
                if (old[i].ref)
                        put_slot(t, old[i]);
        free(old);
}

void ext4_tree_add(struct ext4_tree *t, uint32_t dir, const char *name, size_t len, uint32_t ino) {
        uint32_t ref = reserve(t, ENTRY_HEAD + len);
        struct entry *e = entry_at(t, ref);

        if (4 * (uint64_t)t->n_entries >= 3 * (uint64_t)t->n_slots)
                grow_slots(t);
        e->next_in_dir = ext4_tree_node(t, dir)->children;
        e->dir = dir;
        e->ino = ino;
        e->len = (uint8_t)len;
        memcpy(e->name, name, len);
        put_slot(t, (struct ext4_tree_slot){ref, hash_of(dir, name, len)});
        ext4_tree_node(t, dir)->children = ref;
        t->n_entries++;
}

void ext4_tree_put(struct ext4_tree *t, uint32_t dir, const char *name, size_t len, uint32_t ino) {
        struct entry *e = find(t, dir, name, len);

        if (e)
                e->ino = ino;
        else
                ext4_tree_add(t, dir, name, len, ino);
}

static int by_number_and_name(const void *a, const void *b) {
        const struct ext4_child *x = a, *y = b;
        int order;

        if (x->ino != y->ino)
                return x->ino < y->ino ? -1 : 1;
        order = memcmp(x->name, y->name, x->name_len < y->name_len ? x->name_len : y->name_len);
        return order ? order : (int)x->name_len - (int)y->name_len;
}

struct ext4_child *ext4_tree_children(const struct ext4_tree *t, uint32_t dir, size_t *ret_n) {
        uint32_t first = ext4_tree_node(t, dir)->children;
        struct ext4_child *children;
        size_t n = 0, at;
        bool sorted = true;

        for (uint32_t ref = first; ref; ref = entry_at(t, ref)->next_in_dir)
                n++;
        *ret_n = n;
        if (n == 0)
                return NULL;
        children = hcs_malloc(n * sizeof(*children));
        /* The list has the newest first: from the end it is nearly always in order already. */
        at = n;
        for (uint32_t ref = first; ref; ref = entry_at(t, ref)->next_in_dir) {
                struct entry *e = entry_at(t, ref);

                children[--at] = (struct ext4_child){e->ino, e->len, e->name};
                sorted = sorted && (at + 1 == n || by_number_and_name(&children[at], &children[at + 1]) < 0);
        }
        if (!sorted)
                qsort(children, n, sizeof(*children), by_number_and_name);
        return children;
}
