/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_QUEUE_H
#define MOCKHCS_VM_VSOCK_QUEUE_H

/*
 * A split virtqueue (virtio 1.2, 2.7) from the device's side: chains the guest made available come out as lists of
 * memory pieces, and go back as used. Everything in the ring is the guest's to change at any time: each descriptor is
 * read once, and what does not make sense breaks the queue (it stays broken until it is set up again) instead of
 * leading anywhere. Embedded by the device; the device's thread only.
 */

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "mockhcs/vm/vsock/memory.h"

#define VSOCK_QUEUE_MAX  1024 /* entries: what QEMU's device has is 128 */
#define VSOCK_CHAIN_IOVS 256  /* pieces of one chain */

struct vsock_queue {
        unsigned size;                             /* entries, a power of two; 0: not set up */
        uint64_t desc_user, avail_user, used_user; /* front end's addresses, to resolve again when memory changes */
        struct vring_desc *desc;
        struct vring_avail *avail;
        struct vring_used *used;
        uint16_t next_avail, next_used, signalled;
        bool signalled_valid;
        bool enabled, started, broken, event_idx;
        int kick, call, error; /* eventfds, owned; -1 when absent */
};

/* One chain: what the device reads, then what it writes. */
struct vsock_chain {
        uint16_t head;
        struct iovec iov[VSOCK_CHAIN_IOVS];
        unsigned n_read, n_write; /* iov[0, n_read) is readable, the next n_write are writable */
        size_t read_len, write_len;
};

void vsock_queue_init(struct vsock_queue *q);
/* Closes its descriptors and forgets its rings. */
void vsock_queue_deinit(struct vsock_queue *q);

/* Finds the rings in memory again. E_INVALIDARG, naming the ring, when they are not wholly there or not aligned. */
HRESULT vsock_queue_resolve(struct vsock_queue *q, const struct vsock_memory *m, struct hcs_error **err);
/* Set up, enabled and not broken. */
static inline bool vsock_queue_ready(const struct vsock_queue *q) {
        return q->started && q->enabled && !q->broken && q->desc;
}

/*
 * The next chain. S_FALSE when there is none. A chain that makes no sense breaks the queue: E_INVALIDARG with what is
 * wrong; so it is with every later call.
 */
HRESULT vsock_queue_pop(struct vsock_queue *q, const struct vsock_memory *m, struct vsock_chain *ret,
                        struct hcs_error **err);
/* Gives the chain popped last back unused, as if it had not been popped. */
void vsock_queue_unpop(struct vsock_queue *q);
/* The chain is used, with `written` bytes of its writable part filled. The guest sees it at once. */
void vsock_queue_push(struct vsock_queue *q, uint16_t head, uint32_t written);
/* Interrupts the guest if it wants to hear about what was pushed since the last time. */
void vsock_queue_signal(struct vsock_queue *q);
/* Chains pushed since then. */
static inline unsigned vsock_queue_untold(const struct vsock_queue *q) {
        return (uint16_t)(q->next_used - q->signalled);
}
/*
 * Kicks are wanted, or not. Switching them on tells whether chains came in between: then there may be no kick for
 * them.
 */
bool vsock_queue_want_kicks(struct vsock_queue *q, bool on);

#endif
