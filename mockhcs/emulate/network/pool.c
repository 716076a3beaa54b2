/* SPDX-License-Identifier: MIT */

/* Numbers given out once each. See pool.h. */

#include "mockhcs/emulate/network/pool.h"

#include <string.h>

#include "base/mem.h"

/* A number that is in use, or lies in the heap because it was given back, or both: named by a client since. */
struct net_lease {
        net_number number;
        bool used, in_heap;
};

/* The number stands here too: the heap is ordered without a look at the leases. */
struct net_freed {
        net_number number;
        struct net_lease *lease;
};

void net_pool_add_range(struct net_pool *p, net_number first, net_number last) {
        p->ranges = hcs_realloc(p->ranges, (p->n_ranges + 1) * sizeof(*p->ranges));
        if (p->n_ranges == p->range)
                p->cursor = first;
        p->ranges[p->n_ranges++] = (struct net_range){first, last};
        p->used_up = false;
}

void net_pool_deinit(struct net_pool *p) {
        net_map_deinit(&p->leases, free);
        free(p->heap);
        free(p->ranges);
        *p = (struct net_pool){0};
}

static struct net_lease *find(const struct net_pool *p, net_number number) {
        return net_map_get(&p->leases, &number, sizeof(number));
}

static struct net_lease *lease(struct net_pool *p, net_number number) {
        struct net_lease *l = find(p, number);

        if (!l) {
                l = hcs_calloc(1, sizeof(*l));
                l->number = number;
                net_map_put(&p->leases, &l->number, sizeof(l->number), l);
        }
        return l;
}

static void forget(struct net_pool *p, struct net_lease *l) {
        if (l->used || l->in_heap)
                return;
        net_map_remove(&p->leases, &l->number, sizeof(l->number));
        free(l);
}

static void swap(struct net_pool *p, size_t a, size_t b) {
        struct net_freed f = p->heap[a];

        p->heap[a] = p->heap[b];
        p->heap[b] = f;
}

static void push(struct net_pool *p, struct net_lease *l) {
        size_t i = p->n_heap++;

        if (p->n_heap > p->cap_heap) {
                p->cap_heap = p->cap_heap ? p->cap_heap * 2 : 16;
                p->heap = hcs_realloc(p->heap, p->cap_heap * sizeof(*p->heap));
        }
        p->heap[i] = (struct net_freed){l->number, l};
        l->in_heap = true;
        for (; i && p->heap[i].number < p->heap[(i - 1) / 2].number; i = (i - 1) / 2)
                swap(p, i, (i - 1) / 2);
}

static struct net_lease *pop(struct net_pool *p) {
        struct net_lease *top = p->heap[0].lease;
        size_t i = 0;

        p->heap[0] = p->heap[--p->n_heap];
        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= p->n_heap)
                        break;
                if (child + 1 < p->n_heap && p->heap[child + 1].number < p->heap[child].number)
                        child++;
                if (p->heap[i].number <= p->heap[child].number)
                        break;
                swap(p, i, child);
                i = child;
        }
        top->in_heap = false;
        return top;
}

static void advance(struct net_pool *p) {
        if (p->cursor < p->ranges[p->range].last) {
                p->cursor++;
        } else if (p->range + 1 < p->n_ranges) {
                p->cursor = p->ranges[++p->range].first;
        } else {
                p->used_up = true;
        }
}

bool net_pool_take_next(struct net_pool *p, net_number *ret) {
        while (p->n_heap) {
                struct net_lease *l = pop(p);

                if (!l->used) {
                        l->used = true;
                        *ret = l->number;
                        return true;
                }
        }
        while (p->n_ranges && !p->used_up) {
                net_number number = p->cursor;

                advance(p);
                if (net_pool_take(p, number)) {
                        *ret = number;
                        return true;
                }
        }
        return false;
}

bool net_pool_take(struct net_pool *p, net_number number) {
        struct net_lease *l = lease(p, number);

        if (l->used)
                return false;
        l->used = true;
        return true;
}

bool net_pool_is_taken(const struct net_pool *p, net_number number) {
        const struct net_lease *l = find(p, number);

        return l && l->used;
}

/* Has the cursor gone over it? Then only the heap brings it back. */
static bool is_behind(const struct net_pool *p, net_number number) {
        for (size_t i = 0; i < p->n_ranges; i++)
                if (number >= p->ranges[i].first && number <= p->ranges[i].last)
                        return p->used_up || i < p->range || (i == p->range && number < p->cursor);
        return false;
}

void net_pool_give(struct net_pool *p, net_number number) {
        struct net_lease *l = find(p, number);

        if (!l || !l->used)
                return;
        l->used = false;
        if (!l->in_heap && is_behind(p, number))
                push(p, l);
        forget(p, l);
}
