/* SPDX-License-Identifier: MIT */

/* A hash table whose entries are also in a list by when they were last asked for. See known.h. */

#include "cmd/hcstrace/import/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS 4096

void import_known_init(struct import_known_set *s, size_t max) {
        *s = (struct import_known_set){.buckets = hcs_calloc(BUCKETS, sizeof(*s->buckets)), .max = max};
}

static void entry_free(struct import_known *k) {
        free(k->id);
        free(k);
}

void import_known_deinit(struct import_known_set *s) {
        for (struct import_known *k = s->oldest, *next; k; k = next) {
                next = k->newer;
                entry_free(k);
        }
        free(s->buckets);
        *s = (struct import_known_set){0};
}

static void unlink_age(struct import_known_set *s, struct import_known *k) {
        *(k->older ? &k->older->newer : &s->oldest) = k->newer;
        *(k->newer ? &k->newer->older : &s->newest) = k->older;
        k->older = k->newer = NULL;
}

static void link_newest(struct import_known_set *s, struct import_known *k) {
        k->older = s->newest;
        *(s->newest ? &s->newest->newer : &s->oldest) = k;
        s->newest = k;
}

static struct import_known **bucket(struct import_known_set *s, uint64_t key) {
        return &s->buckets[key % BUCKETS];
}

static void forget_oldest(struct import_known_set *s) {
        struct import_known *k = s->oldest, **at = bucket(s, k->key);

        while (*at != k)
                at = &(*at)->next;
        *at = k->next;
        unlink_age(s, k);
        entry_free(k);
        s->n--;
}

static struct import_known *add(struct import_known_set *s, uint64_t key, uint32_t handle) {
        struct import_known *k = hcs_calloc(1, sizeof(*k));

        if (s->n == s->max)
                forget_oldest(s);
        *k = (struct import_known){.key = key, .handle = handle, .next = *bucket(s, key)};
        *bucket(s, key) = k;
        link_newest(s, k);
        s->n++;
        return k;
}

static struct import_known *used(struct import_known_set *s, struct import_known *k) {
        if (k && k != s->newest) {
                unlink_age(s, k);
                link_newest(s, k);
        }
        return k;
}

/* FNV-1a */
static uint64_t hash(const char *id) {
        uint64_t h = 0xcbf29ce484222325;

        for (; *id; id++)
                h = (h ^ (unsigned char)*id) * 0x100000001b3;
        return h ^ h >> 32;
}

static uint64_t process_key(uint32_t owner, uint32_t pid) {
        return ((uint64_t)owner << 32 | pid) * 0x9e3779b97f4a7c15 >> 20;
}

struct import_known *import_known_add_system(struct import_known_set *s, const char *id, uint32_t handle) {
        struct import_known *k = add(s, hash(id), handle);

        k->id = hcs_strdup(id);
        return k;
}

struct import_known *import_known_add_process(struct import_known_set *s, uint32_t owner, uint32_t pid,
                                              uint32_t handle) {
        struct import_known *k = add(s, process_key(owner, pid), handle);

        k->owner = owner;
        k->pid = pid;
        return k;
}

struct import_known *import_known_system(struct import_known_set *s, const char *id) {
        uint64_t key = hash(id);
        struct import_known *k = *bucket(s, key);

        while (k && (k->key != key || strcmp(k->id, id) != 0))
                k = k->next;
        return used(s, k);
}

struct import_known *import_known_process(struct import_known_set *s, uint32_t owner, uint32_t pid) {
        uint64_t key = process_key(owner, pid);
        struct import_known *k = *bucket(s, key);

        while (k && (k->owner != owner || k->pid != pid))
                k = k->next;
        return used(s, k);
}
