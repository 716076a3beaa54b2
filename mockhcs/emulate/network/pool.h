/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_NETWORK_POOL_H
#define MOCKHCS_EMULATE_NETWORK_POOL_H

/*
 * Numbers to be given out once each: the addresses of a subnet, the MAC addresses of a network. The lowest that was
 * given back goes first, then the next that was never used; a client may also name one, within the ranges or not. Every
 * operation costs at most the logarithm of what is in use, whatever the size of the ranges. A zeroed struct is a pool
 * without ranges. One thread at a time.
 */

#include "mockhcs/emulate/network/address.h"
#include "mockhcs/emulate/network/map.h"

struct net_range {
        net_number first, last;
};
struct net_pool {
        struct net_range *ranges;
        size_t n_ranges, range; /* range: in which `cursor` stands */
        net_number cursor;      /* nothing before it, save what is in the heap, is free */
        bool used_up;           /* the cursor has passed the last range */
        struct net_map leases;  /* by number: in use, or waiting in the heap */
        struct net_freed *heap; /* what was given back, lowest first */
        size_t n_heap, cap_heap;
};

void net_pool_add_range(struct net_pool *p, net_number first, net_number last);
void net_pool_deinit(struct net_pool *p);
/* False when nothing is left. */
bool net_pool_take_next(struct net_pool *p, net_number *ret);
/* That very number; false when it is in use. */
bool net_pool_take(struct net_pool *p, net_number number);
bool net_pool_is_taken(const struct net_pool *p, net_number number);
/* What is not in use is no matter. */
void net_pool_give(struct net_pool *p, net_number number);

#endif
