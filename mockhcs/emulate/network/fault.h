/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_NETWORK_FAULT_H
#define MOCKHCS_EMULATE_NETWORK_FAULT_H

/* Rows of net-faults as the model keeps them: read by fault.c, acted on by fault_call.c and fault_ghost.c. */

#include "mockhcs/emulate/network/model.h"

enum net_fault_type {
        NET_FAULT_LATE_DELETE,
        NET_FAULT_PHANTOM,
        NET_FAULT_HANG,
        NET_FAULT_FAIL,
        NET_FAULT_RESTART,
        NET_FAULT_EVENT,
};

struct net_fault {
        enum net_fault_type type;
        enum net_kind kind;  /* NET_KINDS: all */
        char *call;          /* "*": any */
        char *name;          /* of the phantom, or of the event */
        const char *how;     /* restart: what becomes of the objects; event: lost, twice or late */
        uint64_t nth, times; /* of those that fit */
        uint64_t ms, after, seen;
        HRESULT hr;
};

/* One more that fits came by: is it one that goes wrong? */
bool net_fault_is_due(struct net_fault *f);
void net_ghosts_free(struct net_model *m);

#endif
