/* SPDX-License-Identifier: MIT */

/* One stream of mockhcs/vm/vsock/connection.h. */

#include "mockhcs/vm/vsock/connection.h"

#include <errno.h>
#include <linux/virtio_vsock.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define BOTH (VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND)

struct vsock_connection *vsock_connection_new(int fd, enum vsock_state state) {
        struct vsock_connection *c = hcs_calloc(1, sizeof(*c));

        c->fd = fd;
        c->state = state;
        return c;
}

static void close_socket(struct vsock_connection *c) {
        if (c->fd >= 0)
                close(c->fd);
        c->fd = -1;
        c->readable = c->writable = false;
        free(c->out);
        c->out = NULL;
        c->out_len = 0;
}

struct vsock_connection *vsock_connection_free(struct vsock_connection *c) {
        if (!c)
                return NULL;
        close_socket(c);
        free(c);
        return NULL;
}

void vsock_connection_learn(struct vsock_connection *c, const struct vsock_packet *p) {
        c->peer_window = p->buf_alloc;
        c->peer_taken = p->fwd_cnt;
}

uint32_t vsock_connection_credit(const struct vsock_connection *c) {
        uint32_t on_the_way = c->sent - c->peer_taken;

        return on_the_way < c->peer_window ? c->peer_window - on_the_way : 0;
}

/*
 * The guest hears of its window when half of it has been emptied: rarely enough to cost little, in time for its largest
 * packet of 64 KiB. Newer kernels use no more of it than they have themselves for what comes to them: one that waited
 * for half of ours would wait forever.
 */
static void consider_credit(struct vsock_connection *c) {
        uint32_t window = c->peer_window < VSOCK_WINDOW ? c->peer_window : VSOCK_WINDOW;

        if (c->taken != c->told && c->taken - c->told >= window / 2)
                c->say_credit = true;
}

/* The socket is closed; the guest is told, and says when it has understood. */
static void host_gone(struct vsock_connection *c) {
        close_socket(c);
        c->host_eof = c->host_deaf = true;
        c->say_shutdown = BOTH;
        c->say_credit = false;
        if (c->state == VSOCK_OPEN)
                c->state = VSOCK_HOST_GONE;
        else if (c->state != VSOCK_HOST_GONE)
                c->state = VSOCK_CLOSED;
}

/* Bytes taken from the guest that the host will never read make room all the same. */
static void host_deaf(struct vsock_connection *c) {
        c->host_deaf = true;
        c->taken += (uint32_t)c->out_len;
        c->out_len = 0;
        c->say_shutdown |= VIRTIO_VSOCK_SHUTDOWN_RCV;
}

/* Bytes written; 0 when the socket is full or the host does not read any more. */
static size_t write_to_host(struct vsock_connection *c, const struct iovec *iov, size_t n) {
        struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
        ssize_t done;

        do
                done = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (done < 0 && errno == EINTR);
        if (done >= 0) {
                c->taken += (uint32_t)done;
                return (size_t)done;
        }
        c->writable = false;
        if (errno != EAGAIN)
                host_deaf(c);
        return 0;
}

static void keep(struct vsock_connection *c, const struct iovec *iov, unsigned n, size_t skip) {
        if (!c->out)
                c->out = hcs_malloc(VSOCK_WINDOW);
        for (unsigned i = 0; i < n; i++) {
                const uint8_t *from = iov[i].iov_base;
                size_t len = iov[i].iov_len, jump = skip < len ? skip : len;

                skip -= jump;
                from += jump;
                len -= jump;
                while (len > 0) {
                        size_t at = (c->out_start + c->out_len) % VSOCK_WINDOW;
                        size_t piece = VSOCK_WINDOW - at < len ? VSOCK_WINDOW - at : len;

                        memcpy(c->out + at, from, piece);
                        c->out_len += piece;
                        from += piece;
                        len -= piece;
                }
        }
}

bool vsock_connection_deliver(struct vsock_connection *c, const struct iovec *iov, unsigned n, size_t len) {
        size_t done = 0;

        if (len > VSOCK_WINDOW - c->out_len || c->guest_shutdown & VIRTIO_VSOCK_SHUTDOWN_SEND)
                return false;
        if (c->host_deaf) {
                c->taken += (uint32_t)len;
        } else {
                if (c->out_len == 0 && c->writable)
                        done = write_to_host(c, iov, n);
                if (c->host_deaf)
                        c->taken += (uint32_t)len;
                else if (done < len)
                        keep(c, iov, n, done);
        }
        consider_credit(c);
        return true;
}

void vsock_connection_flush(struct vsock_connection *c) {
        while (c->out_len > 0 && c->writable) {
                size_t first = VSOCK_WINDOW - c->out_start < c->out_len ? VSOCK_WINDOW - c->out_start : c->out_len;
                struct iovec iov[2] = {{c->out + c->out_start, first}, {c->out, c->out_len - first}};
                size_t done = write_to_host(c, iov, first < c->out_len ? 2 : 1);

                if (done == 0)
                        break;
                c->out_start = (c->out_start + done) % VSOCK_WINDOW;
                c->out_len -= done;
                if (c->state == VSOCK_LINGERING)
                        c->moved_at = hcs_clock_ns();
        }
        consider_credit(c);
        if (c->out_len > 0 || c->fd < 0)
                return;
        if (c->state == VSOCK_LINGERING) {
                char rest[4096];

                /* A socket that is closed with unread bytes in it would be an error to the host instead of an end. */
                shutdown(c->fd, SHUT_RDWR);
                while (recv(c->fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
                        continue;
                close_socket(c);
                c->state = VSOCK_CLOSED;
        } else if (c->guest_shutdown & VIRTIO_VSOCK_SHUTDOWN_SEND && !c->host_deaf) {
                shutdown(c->fd, SHUT_WR);
                c->host_deaf = true; /* nothing comes from the guest any more */
        }
}

void vsock_connection_guest_shutdown(struct vsock_connection *c, uint32_t flags) {
        c->guest_shutdown |= flags & BOTH;
        if (c->state != VSOCK_OPEN)
                return;
        if (flags & VIRTIO_VSOCK_SHUTDOWN_RCV) {
                shutdown(c->fd, SHUT_RD);
                c->host_eof = true; /* what it sent meanwhile nobody reads */
        }
        vsock_connection_flush(c);
}

void vsock_connection_linger(struct vsock_connection *c) {
        c->say_request = c->say_response = c->say_credit = false;
        if (c->fd < 0 || c->state != VSOCK_OPEN) {
                close_socket(c);
                c->state = VSOCK_CLOSED;
                return;
        }
        c->state = VSOCK_LINGERING;
        c->moved_at = hcs_clock_ns();
        vsock_connection_flush(c);
}

void vsock_connection_hung_up(struct vsock_connection *c) {
        switch (c->state) {
        case VSOCK_OPEN:
                /* What it sent before comes first; the end of it is seen by reading. */
                if (c->host_eof)
                        host_gone(c);
                break;
        case VSOCK_LINGERING:
                c->out_len = 0;
                vsock_connection_flush(c);
                break;
        case VSOCK_REQUESTED:
                /* The guest is told when it has answered. */
                break;
        default:
                break;
        }
}

static bool may_read(const struct vsock_connection *c) {
        return c->state == VSOCK_OPEN && c->readable && !c->host_eof && vsock_connection_credit(c) > 0;
}

bool vsock_connection_has_news(const struct vsock_connection *c) {
        if (c->state == VSOCK_CLOSED || c->state == VSOCK_LINGERING)
                return false;
        return c->say_request || c->say_response || c->say_credit || (c->say_shutdown & ~c->said_shutdown) ||
               may_read(c);
}

/* The host's end of stream: half of the stream, or all of it. */
static void end_of_host(struct vsock_connection *c, bool broken) {
        struct pollfd p = {.fd = c->fd};

        c->host_eof = true;
        if (broken || (poll(&p, 1, 0) == 1 && p.revents & POLLHUP))
                host_gone(c);
        else
                c->say_shutdown |= VIRTIO_VSOCK_SHUTDOWN_SEND;
}

static bool read_from_host(struct vsock_connection *c, struct iovec *iov, unsigned n, struct vsock_packet *p) {
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
        ssize_t got;

        vsock_iov_limit(iov, &n, vsock_connection_credit(c));
        msg.msg_iovlen = n;
        do
                got = recvmsg(c->fd, &msg, MSG_DONTWAIT);
        while (got < 0 && errno == EINTR);
        if (got > 0) {
                c->sent += (uint32_t)got;
                p->op = VIRTIO_VSOCK_OP_RW;
                p->len = (uint32_t)got;
                return true;
        }
        c->readable = false;
        if (got == 0 || errno != EAGAIN)
                end_of_host(c, got < 0);
        return false;
}

bool vsock_connection_next(struct vsock_connection *c, struct iovec *iov, unsigned n, struct vsock_packet *p) {
        uint32_t news;

        p->len = p->flags = 0;
        if (!vsock_connection_has_news(c))
                return false;
        if (c->say_request) {
                c->say_request = false;
                p->op = VIRTIO_VSOCK_OP_REQUEST;
                return true;
        }
        if (c->say_response) {
                c->say_response = false;
                p->op = VIRTIO_VSOCK_OP_RESPONSE;
                return true;
        }
        if (may_read(c) && read_from_host(c, iov, n, p)) {
                c->say_credit = false; /* every packet says it */
                return true;
        }
        news = c->say_shutdown & ~c->said_shutdown;
        if (news) {
                c->said_shutdown |= news;
                c->say_credit = false;
                p->op = VIRTIO_VSOCK_OP_SHUTDOWN;
                p->flags = c->said_shutdown;
                return true;
        }
        if (!c->say_credit)
                return false;
        c->say_credit = false;
        p->op = VIRTIO_VSOCK_OP_CREDIT_UPDATE;
        return true;
}
