/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_CONNECTION_H
#define MOCKHCS_VM_VSOCK_CONNECTION_H

/*
 * One stream between a Unix socket of the host and a port of the guest: its state, both credit windows, what is still
 * to be written to the host and what is to be told to the guest. It knows nothing of queues: the device asks it for the
 * next packet when the guest has room for one, and gives it the packets that came. Owned by the device's table, on its
 * thread only.
 *
 * The socket is watched edge-triggered for everything from beginning to end; `readable` and `writable` say what is
 * known of it. So a socket that hung up while nobody can take its bytes costs nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "mockhcs/vm/vsock/packet.h"

#define VSOCK_WINDOW (1024u * 1024) /* bytes the guest may have on their way to the host */

enum vsock_state {
        VSOCK_HANDSHAKE,  /* a host program has not said which port yet */
        VSOCK_REQUESTED,  /* the guest is asked, or about to be */
        VSOCK_CONNECTING, /* the guest asked, the host's listener has no room at the moment */
        VSOCK_OPEN,
        VSOCK_HOST_GONE, /* the socket is closed, the guest has still to say that it knows */
        VSOCK_LINGERING, /* the guest is done with it; what it sent is still written to the host */
        VSOCK_CLOSED,    /* to be freed */
};

struct vsock_connection {
        struct vsock_connection *previous, *next; /* of all */
        struct vsock_connection *chain;           /* of its hash bucket */
        struct vsock_connection *after;           /* of those with something to say */
        bool in_table, pending;

        enum vsock_state state;
        int fd; /* owned, -1 when closed */
        uint32_t host_port, guest_port;
        uint64_t deadline; /* of CONNECTING */
        uint64_t moved_at; /* of LINGERING: when the host last took something, or it began; hcs_clock_ns() */

        bool readable, writable;
        bool host_eof;  /* the host sends no more */
        bool host_deaf; /* the host reads no more */

        uint8_t *out; /* a ring of VSOCK_WINDOW bytes for the host; NULL until it is needed */
        size_t out_start, out_len;
        uint32_t taken, told; /* bytes the host has taken, and the last value the guest knows */

        uint32_t sent; /* bytes to the guest */
        uint32_t peer_window, peer_taken;

        bool say_request, say_response, say_credit, say_reset;
        uint32_t say_shutdown, said_shutdown; /* VIRTIO_VSOCK_SHUTDOWN_* */
        uint32_t guest_shutdown;              /* what the guest said */
};

/* Takes fd over. */
struct vsock_connection *vsock_connection_new(int fd, enum vsock_state state);
/* Closes the socket. NULL is fine, returns NULL. */
struct vsock_connection *vsock_connection_free(struct vsock_connection *c);

/* The guest's window as a packet of it says. */
void vsock_connection_learn(struct vsock_connection *c, const struct vsock_packet *p);
/* Bytes that may be sent to the guest now. */
uint32_t vsock_connection_credit(const struct vsock_connection *c);

/* Payload from the guest. False when it sends more than its window allows. */
bool vsock_connection_deliver(struct vsock_connection *c, const struct iovec *iov, unsigned n, size_t len);
/* Writes what is waiting for the host, and passes the guest's end of stream on behind it. */
void vsock_connection_flush(struct vsock_connection *c);
/* The guest will not send (VIRTIO_VSOCK_SHUTDOWN_SEND), not receive (_RCV), or neither. */
void vsock_connection_guest_shutdown(struct vsock_connection *c, uint32_t flags);
/* The guest is done with it: what is waiting for the host is still written, then it is closed. */
void vsock_connection_linger(struct vsock_connection *c);
/* The socket hung up in both directions. */
void vsock_connection_hung_up(struct vsock_connection *c);

/* Could next() give a packet? */
bool vsock_connection_has_news(const struct vsock_connection *c);
/*
 * The next packet for the guest: op, flags and len of p are set, payload is read into iov (room for at least one byte).
 * False when there is nothing to say after all.
 */
bool vsock_connection_next(struct vsock_connection *c, struct iovec *iov, unsigned n, struct vsock_packet *p);

#endif
