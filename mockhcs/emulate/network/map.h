/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_NETWORK_MAP_H
#define MOCKHCS_EMULATE_NETWORK_MAP_H

/*
 * A growing hash table from bytes to a pointer. Keys are borrowed: they live in what the table points to, or beside it,
 * and outlast their entry. A zeroed struct is an empty table. One thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_map_node;
struct net_map {
        struct net_map_node **buckets;
        size_t n, n_buckets;
};

void *net_map_get(const struct net_map *m, const void *key, size_t len); /* NULL when there is none */
/* Adds, or replaces key and value of the entry that has an equal key. */
void net_map_put(struct net_map *m, const void *key, size_t len, void *value);
/* Returns the value that was there, or NULL. */
void *net_map_remove(struct net_map *m, const void *key, size_t len);
/* Frees the table; drop(value), when given, is called for every entry. */
void net_map_deinit(struct net_map *m, void (*drop)(void *value));

#endif
