/* SPDX-License-Identifier: MIT */

/* Cables of mockhcs/vm/network/cable.h. */

#include "mockhcs/vm/network/cable.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct vm_cable *cable_new(int fd) {
        struct vm_cable *c = hcs_calloc(1, sizeof(*c));

        hcs_mutex_init(&c->moving);
        c->fd = fd;
        c->in = hcs_malloc(CABLE_IN);
        c->out = hcs_malloc(CABLE_OUT);
        return c;
}

struct vm_cable *cable_free(struct vm_cable *c) {
        if (!c)
                return NULL;
        close(c->fd);
        hcs_mutex_deinit(&c->moving);
        free(c->in);
        free(c->out);
        return hcs_free(c);
}

static uint32_t length_of(const uint8_t *prefix) {
        uint32_t n;

        memcpy(&n, prefix, sizeof(n));
        return ntohl(n);
}

void cable_read(struct vm_cable *c, void (*take)(void *, struct vm_cable *, const uint8_t *, size_t), void *ctx) {
        ssize_t n = recv(c->fd, c->in + c->in_len, CABLE_IN - c->in_len, MSG_DONTWAIT);
        size_t at = 0;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                atomic_store(&c->lost, true);
                return;
        }
        c->in_len += (size_t)n;
        while (c->in_len - at >= CABLE_PREFIX) {
                uint32_t len = length_of(c->in + at);

                if (len > FRAME_MAX) {
                        atomic_store(&c->lost, true); /* where the next frame begins is not known any more */
                        return;
                }
                if (c->in_len - at - CABLE_PREFIX < len)
                        break;
                take(ctx, c, c->in + at + CABLE_PREFIX, len);
                at += CABLE_PREFIX + len;
        }
        memmove(c->in, c->in + at, c->in_len - at);
        c->in_len -= at;
}

void cable_push(struct vm_cable *c, const uint8_t *frame, size_t len) {
        const uint32_t prefix = htonl((uint32_t)len);
        uint8_t *end;

        if (atomic_load(&c->lost) || CABLE_OUT - c->out_len < CABLE_PREFIX + len) {
                cable_count(&c->received_dropped, 1);
                return;
        }
        if (CABLE_OUT - c->out_start - c->out_len < CABLE_PREFIX + len) {
                memmove(c->out, c->out + c->out_start, c->out_len);
                c->out_start = 0;
        }
        end = c->out + c->out_start + c->out_len;
        memcpy(end, &prefix, sizeof(prefix));
        memcpy(end + CABLE_PREFIX, frame, len);
        c->out_len += CABLE_PREFIX + len;
        cable_count(&c->received_frames, 1);
        cable_count(&c->received_bytes, len);
}

void cable_flush(struct vm_cable *c) {
        while (c->out_len > 0) {
                ssize_t n = send(c->fd, c->out + c->out_start, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0 && errno != EINTR) {
                        atomic_store(&c->lost, true);
                        c->out_len = 0;
                        return;
                }
                if (n > 0) {
                        c->out_start += (size_t)n;
                        c->out_len -= (size_t)n;
                }
        }
        c->out_start = 0;
}
