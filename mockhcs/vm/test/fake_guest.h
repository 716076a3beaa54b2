/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_TEST_FAKE_GUEST_H
#define MOCKHCS_VM_TEST_FAKE_GUEST_H

/*
 * A front end and a guest driver for tests of the vsock device, without QEMU: guest memory is a memfd, the rings are
 * written by hand, and the device, which has no thread here, is stepped until it has nothing more to do. Everything a
 * hostile guest could write can be written: `memory` is all of it.
 */

#include "mockhcs/vm/vsock/device.h"

#define FAKE_MEMORY  (4u << 20)
#define FAKE_RING    16 /* entries of each ring */
#define FAKE_CID     3
#define FAKE_USER    0x7f0000000000ull /* where the front end says it has the memory */
#define FAKE_BUFFER  4096u
#define FAKE_BUFFERS 0x100000u /* of the rx queue */
#define FAKE_PACKETS 0x200000u /* of the tx queue */

struct fake_guest {
        char *folder;
        struct vsock_device device;
        int socket; /* the front end's end */
        int memory_fd;
        uint8_t *memory;
        int kick[VSOCK_QUEUES], call[VSOCK_QUEUES];
        uint16_t seen[VSOCK_QUEUES]; /* used entries taken */
        uint16_t posted[VSOCK_QUEUES];
        uint16_t interrupts;
        bool refill;            /* rx buffers are posted again when they have been read */
        uint32_t window, taken; /* what it tells of its receive space, for all connections */
};

/* Ready, with rx buffers posted; setup 0 leaves the rings to the caller. */
void fake_guest_init(struct fake_guest *g, bool setup, unsigned max_connections);
void fake_guest_deinit(struct fake_guest *g);
/* Steps the device until it is idle. */
void fake_guest_run(struct fake_guest *g);

/* A message with its body and up to eight descriptors; reply (of reply_size bytes) is read when wanted. */
void fake_guest_message(struct fake_guest *g, uint32_t request, uint32_t flags, const void *body, uint32_t size,
                        const int *fds, unsigned n_fds);
/* Runs the device and reads an answer: the u64 in it. */
uint64_t fake_guest_answer(struct fake_guest *g);
/* With an acknowledgement: was it taken? */
bool fake_guest_accepts(struct fake_guest *g, uint32_t request, const void *body, uint32_t size, const int *fds,
                        unsigned n_fds);
void fake_guest_setup_ring(struct fake_guest *g, unsigned queue);

struct vring_desc *fake_guest_desc(struct fake_guest *g, unsigned queue);
struct vring_avail *fake_guest_avail(struct fake_guest *g, unsigned queue);
struct vring_used *fake_guest_used(struct fake_guest *g, unsigned queue);
/* Makes chains that begin at the given entry available and kicks. */
void fake_guest_offer(struct fake_guest *g, unsigned queue, uint16_t head);
void fake_guest_post_buffer(struct fake_guest *g);

/* Sends a packet of the connection between ports; len bytes of payload. Runs the device. */
void fake_guest_send(struct fake_guest *g, uint16_t op, uint32_t guest_port, uint32_t host_port, uint32_t flags,
                     const void *payload, uint32_t len);
void fake_guest_send_packet(struct fake_guest *g, const struct vsock_packet *p, const void *payload, uint32_t len);
/* The next packet from the device; false when there is none. payload holds FAKE_BUFFER bytes, may be NULL. */
bool fake_guest_receive(struct fake_guest *g, struct vsock_packet *ret, void *payload);
/* The next packet has this op, or the test fails. */
struct vsock_packet fake_guest_expect(struct fake_guest *g, uint16_t op);

/* A listener at FOLDER/v.sock_PORT; a connection to FOLDER/v.sock. Nonblocking. */
int fake_guest_listen(struct fake_guest *g, uint32_t port, int backlog);
int fake_guest_connect(struct fake_guest *g);
/* Both ends of an open stream: the guest connects to a listener. Returns the host's socket. */
int fake_guest_open(struct fake_guest *g, uint32_t guest_port, uint32_t host_port);

#endif
