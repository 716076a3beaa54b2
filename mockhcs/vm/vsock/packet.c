/* SPDX-License-Identifier: MIT */

/* Headers and payload pieces of mockhcs/vm/vsock/packet.h. */

#include "mockhcs/vm/vsock/packet.h"

#include <endian.h>
#include <linux/virtio_vsock.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(sizeof(struct virtio_vsock_hdr) == VSOCK_HEADER, "the header has no padding");

void vsock_packet_decode(const uint8_t bytes[static VSOCK_HEADER], struct vsock_packet *ret) {
        struct virtio_vsock_hdr h;

        memcpy(&h, bytes, sizeof(h));
        *ret = (struct vsock_packet){
                .src_cid = le64toh(h.src_cid),
                .dst_cid = le64toh(h.dst_cid),
                .src_port = le32toh(h.src_port),
                .dst_port = le32toh(h.dst_port),
                .len = le32toh(h.len),
                .type = le16toh(h.type),
                .op = le16toh(h.op),
                .flags = le32toh(h.flags),
                .buf_alloc = le32toh(h.buf_alloc),
                .fwd_cnt = le32toh(h.fwd_cnt),
        };
}

void vsock_packet_encode(const struct vsock_packet *p, uint8_t bytes[static VSOCK_HEADER]) {
        struct virtio_vsock_hdr h = {
                .src_cid = htole64(p->src_cid),
                .dst_cid = htole64(p->dst_cid),
                .src_port = htole32(p->src_port),
                .dst_port = htole32(p->dst_port),
                .len = htole32(p->len),
                .type = htole16(p->type),
                .op = htole16(p->op),
                .flags = htole32(p->flags),
                .buf_alloc = htole32(p->buf_alloc),
                .fwd_cnt = htole32(p->fwd_cnt),
        };

        memcpy(bytes, &h, sizeof(h));
}

static void move(struct iovec **iov, unsigned *n, void *to, const void *from, size_t len) {
        while (len > 0 && *n > 0) {
                size_t piece = (*iov)->iov_len < len ? (*iov)->iov_len : len;

                if (to) {
                        memcpy(to, (*iov)->iov_base, piece);
                        to = (char *)to + piece;
                } else {
                        memcpy((*iov)->iov_base, from, piece);
                        from = (const char *)from + piece;
                }
                (*iov)->iov_base = (char *)(*iov)->iov_base + piece;
                (*iov)->iov_len -= piece;
                len -= piece;
                if ((*iov)->iov_len == 0) {
                        (*iov)++;
                        (*n)--;
                }
        }
}

void vsock_iov_take(struct iovec **iov, unsigned *n, void *data, size_t len) {
        move(iov, n, data, NULL, len);
}

void vsock_iov_put(struct iovec **iov, unsigned *n, const void *data, size_t len) {
        move(iov, n, NULL, data, len);
}

void vsock_iov_limit(struct iovec *iov, unsigned *n, size_t len) {
        for (unsigned i = 0; i < *n; i++) {
                if (iov[i].iov_len < len) {
                        len -= iov[i].iov_len;
                        continue;
                }
                iov[i].iov_len = len;
                *n = len ? i + 1 : i;
                return;
        }
}
