/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_PACKET_H
#define MOCKHCS_VM_VSOCK_PACKET_H

/*
 * The header of a virtio-vsock packet (virtio 1.2, 5.10.6): 44 bytes, little endian, in front of the payload. The
 * device keeps it in host byte order in this struct.
 */

#include <stdint.h>
#include <sys/uio.h>

#define VSOCK_HEADER   44u
#define VSOCK_CID_HOST 2u

struct vsock_packet {
        uint64_t src_cid, dst_cid;
        uint32_t src_port, dst_port;
        uint32_t len; /* of the payload */
        uint16_t type, op;
        uint32_t flags;
        uint32_t buf_alloc, fwd_cnt; /* the sender's receive space, and how much it has taken out of it so far */
};

void vsock_packet_decode(const uint8_t bytes[static VSOCK_HEADER], struct vsock_packet *ret);
void vsock_packet_encode(const struct vsock_packet *p, uint8_t bytes[static VSOCK_HEADER]);

/*
 * Copy from or to the front of pieces of memory, and drop what was copied: *iov and *n then start behind it. len must
 * not be more than they hold.
 */
void vsock_iov_take(struct iovec **iov, unsigned *n, void *data, size_t len);
void vsock_iov_put(struct iovec **iov, unsigned *n, const void *data, size_t len);
/* Shortens the pieces to len bytes. */
void vsock_iov_limit(struct iovec *iov, unsigned *n, size_t len);

#endif
