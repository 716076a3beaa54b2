/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_FRONT_END_H
#define MOCKHCS_VM_VSOCK_FRONT_END_H

/*
 * The side of the device that QEMU talks to: the state that vhost-user messages build up (features, memory, the two
 * queues that carry packets; the event queue stays with QEMU). Embedded by the device; the device's thread only.
 */

#include "mockhcs/vm/vsock/memory.h"
#include "mockhcs/vm/vsock/message.h"
#include "mockhcs/vm/vsock/queue.h"

enum { VSOCK_RX, VSOCK_TX, VSOCK_QUEUES }; /* as the guest sees them: it receives on 0 */

struct vsock_front_end {
        int socket; /* owned; -1 when QEMU is gone */
        uint64_t guest_cid;
        struct vhost_reader reader;
        uint64_t features, protocol_features;
        struct vsock_memory memory;
        struct vsock_queue queues[VSOCK_QUEUES];
        uint16_t stopped_at[VSOCK_QUEUES]; /* what GET_VRING_BASE said */
        /* A queue got another kick descriptor: the old one is still open. */
        void (*kick_changed)(void *ctx, unsigned queue, int old);
        /* The guest starts over: its connections are no more. Not called when it was only paused. */
        void (*started_over)(void *ctx);
        void *ctx;
};

/* Takes the socket over. The caller sets the callbacks. */
void vsock_front_end_init(struct vsock_front_end *f, int socket, uint64_t guest_cid);
void vsock_front_end_deinit(struct vsock_front_end *f);
/*
 * Handles what has come from the socket. S_OK when that was all for now; HCS_E_CONNECTION_CLOSED when QEMU is gone;
 * any other failure is a message that cannot be, and the connection is of no more use. A message that is refused but
 * asked for an answer gets one, is logged, and the connection goes on.
 */
HRESULT vsock_front_end_handle(struct vsock_front_end *f, struct hcs_error **err);
/* Both queues run: packets may flow. */
static inline bool vsock_front_end_running(const struct vsock_front_end *f) {
        return vsock_queue_ready(&f->queues[VSOCK_RX]) && vsock_queue_ready(&f->queues[VSOCK_TX]);
}

#endif
