/* SPDX-License-Identifier: MIT */

/* A hash table from bytes to pointers. See map.h. */

#include "mockhcs/emulate/network/map.h"

#include <string.h>

#include "base/mem.h"

struct net_map_node {
        struct net_map_node *next;
        const void *key;
        size_t len;
        uint64_t hash;
        void *value;
};

static uint64_t hash(const void *key, size_t len) {
        const unsigned char *p = key;
        uint64_t h = 14695981039346656037u;

        for (size_t i = 0; i < len; i++)
                h = (h ^ p[i]) * 1099511628211u;
        return h ^ h >> 32;
}

/* The link that points to the entry, or to NULL where it would stand; NULL while there are no buckets. */
static struct net_map_node **find(const struct net_map *m, const void *key, size_t len, uint64_t h) {
        struct net_map_node **at;

        if (!m->n_buckets)
                return NULL;
        at = &m->buckets[h % m->n_buckets];
        while (*at && ((*at)->hash != h || (*at)->len != len || memcmp((*at)->key, key, len) != 0))
                at = &(*at)->next;
        return at;
}

static void grow(struct net_map *m) {
        size_t n = m->n_buckets ? m->n_buckets * 2 : 16;
        struct net_map_node **buckets = hcs_calloc(n, sizeof(struct net_map_node *));

        for (size_t i = 0; i < m->n_buckets; i++)
                while (m->buckets[i]) {
                        struct net_map_node *node = m->buckets[i];

                        m->buckets[i] = node->next;
                        node->next = buckets[node->hash % n];
                        buckets[node->hash % n] = node;
                }
        free(m->buckets);
        m->buckets = buckets;
        m->n_buckets = n;
}

void *net_map_get(const struct net_map *m, const void *key, size_t len) {
        struct net_map_node **at = find(m, key, len, hash(key, len));

        return at && *at ? (*at)->value : NULL;
}

void net_map_put(struct net_map *m, const void *key, size_t len, void *value) {
        uint64_t h = hash(key, len);
        struct net_map_node **at;

        if (m->n >= m->n_buckets)
                grow(m);
        at = find(m, key, len, h);
        if (!*at) {
                *at = hcs_calloc(1, sizeof(**at));
                m->n++;
        }
        (*at)->key = key;
        (*at)->len = len;
        (*at)->hash = h;
        (*at)->value = value;
}

void *net_map_remove(struct net_map *m, const void *key, size_t len) {
        struct net_map_node **at = find(m, key, len, hash(key, len));
        struct net_map_node *node = at ? *at : NULL;
        void *value;

        if (!node)
                return NULL;
        value = node->value;
        *at = node->next;
        m->n--;
        free(node);
        return value;
}

void net_map_deinit(struct net_map *m, void (*drop)(void *value)) {
        for (size_t i = 0; i < m->n_buckets; i++)
                while (m->buckets[i]) {
                        struct net_map_node *node = m->buckets[i];

                        m->buckets[i] = node->next;
                        if (drop)
                                drop(node->value);
                        free(node);
                }
        free(m->buckets);
        *m = (struct net_map){0};
}
