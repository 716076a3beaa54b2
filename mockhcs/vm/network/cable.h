/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_NETWORK_CABLE_H
#define MOCKHCS_VM_NETWORK_CABLE_H

/*
 * The cable between one adapter and the switch: a stream socket with frames in both directions, what has come of the
 * next frame, and what QEMU has not taken yet. Owned by whoever plugged it in; while it is in a network, everything but
 * the counters belongs to that network's lock.
 */

#include <stdatomic.h>

#include "mockhcs/vm/network/frame.h"
#include "mockhcs/vm/network/network.h"
#include "platform/thread.h"

#define CABLE_PREFIX 4u                               /* bytes of length in front of a frame */
#define CABLE_IN     (128u << 10)                     /* some frames, more than one of any length */
#define CABLE_OUT    (4 * (CABLE_PREFIX + FRAME_MAX)) /* or some 170 of the usual length */

struct vm_cable {
        struct vm_cable *next; /* in its network */
        struct vm_network *network;
        struct hcs_mutex moving; /* `network` changes under it too */
        int fd;
        uint8_t mac[FRAME_MAC];
        bool bound; /* to `address` */
        uint32_t address;
        size_t polled; /* where it is in what the network waits for; 0: not */
        uint8_t *in, *out;
        size_t in_len, out_start, out_len;
        atomic_bool lost; /* the other end is gone, or sent what cannot be */
        atomic_uint_fast64_t sent_frames, sent_bytes, received_frames, received_bytes, sent_dropped, received_dropped;
};

static inline void cable_count(atomic_uint_fast64_t *counter, uint64_t n) {
        atomic_fetch_add_explicit(counter, n, memory_order_release);
}

/* Takes fd over. */
struct vm_cable *cable_new(int fd);
struct vm_cable *cable_free(struct vm_cable *c);
/* Reads once and hands over each frame that is whole. */
void cable_read(struct vm_cable *c, void (*take)(void *ctx, struct vm_cable *c, const uint8_t *frame, size_t len),
                void *ctx);
/* A frame for the adapter; dropped and counted when there is no room. */
void cable_push(struct vm_cable *c, const uint8_t *frame, size_t len);
/* Writes what the socket takes. */
void cable_flush(struct vm_cable *c);

#endif
