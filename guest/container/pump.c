/* SPDX-License-Identifier: MIT */

/*
 * The pump of pump.h: splice() where it pays, else read and write through a buffer. It does not pay towards vsock,
 * which takes pages from a pipe one by one: a packet for every 4 KiB, where a write() gives packets of up to 64 KiB.
 *
 * What costs most in a virtual machine is not to move bytes but to change between us and the program at the pipe's
 * other end, which each wakes the other. So a pump moves as much at once as there may be, and when it has emptied a
 * stream that runs well it does not ask to be woken by its next byte: it lets the stream fill for a moment. Not a
 * socket between processes, where there is no machine: it is full long before, and its writer would stand still.
 */

#include "guest/container/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define CHUNK  (1024 * 1024) /* asked of one splice(); what a pipe holds limits it */
#define PIECE  65024         /* of vsock: with what a kernel keeps beside a packet, 64 KiB and no page more */
#define BUFFER (4 * PIECE)   /* the host's window of vsock */
#define ROUNDS 16            /* before other sources get their turn */
#define BULK   (64 * 1024)   /* moved in one turn: the stream runs well */
#define NAP_NS (500 * 1000)

static bool ready(int fd, short events) {
        struct pollfd p = {.fd = fd, .events = events};

        return poll(&p, 1, 0) > 0;
}

void guest_pump_stop(struct guest_pump *p) {
        if (!p->running)
                return;
        guest_loop_watch(p->loop, &p->from, 0);
        guest_loop_watch(p->loop, &p->to, 0);
        guest_loop_clear_timer(p->loop, &p->nap);
        p->buf = hcs_free(p->buf);
        p->running = false;
}

static void finish(struct guest_pump *p, int errnum) {
        p->errnum = errnum;
        guest_pump_stop(p);
        p->done(p);
}

/* Both return >0 when something moved, 0 at the end of the input, -errno. */
static ssize_t move_by_splice(struct guest_pump *p) {
        ssize_t n = splice(p->from.fd, NULL, p->to.fd, NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

        return n < 0 ? -errno : n;
}

static ssize_t move_by_copy(struct guest_pump *p) {
        ssize_t n;

        if (p->start == p->end) {
                if (!p->buf)
                        p->buf = hcs_malloc(BUFFER);
                n = read(p->from.fd, p->buf, BUFFER);
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                p->start = 0;
                p->end = (size_t)n;
                /* A log that is full loses its lines; the process's output does not wait for it. */
                for (ssize_t done = 0, w; p->tee >= 0 && done < n; done += w)
                        if ((w = write(p->tee, p->buf + done, (size_t)(n - done))) <= 0)
                                break;
        }
        n = write(p->to.fd, p->buf + p->start, p->end - p->start < PIECE ? p->end - p->start : PIECE);
        if (n < 0)
                return -errno;
        p->start += (size_t)n;
        return n;
}

static int domain_of(int fd) {
        socklen_t size = sizeof(int);
        int domain = AF_UNSPEC;

        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
        return domain;
}

static void turn(struct guest_pump *p) {
        ssize_t n = 1;
        size_t moved = 0;

        for (int i = 0; i < ROUNDS && n > 0; i++) {
                n = p->copying ? move_by_copy(p) : move_by_splice(p);
                if (n > 0)
                        moved += (size_t)n;
                if (n == -EINVAL && !p->copying) {
                        p->copying = true;
                        n = 1;
                } else if (n == -EINTR) {
                        n = 1;
                }
        }
        if (n > 0 || n == -EAGAIN) {
                /* Blocked, or its turn is over: the side that it needs brings it back. */
                bool waits_for_output = p->copying ? p->start != p->end : n < 0 && ready(p->from.fd, POLLIN);
                bool naps = n < 0 && !waits_for_output && moved >= BULK && p->roomy;

                if (n < 0 && p->start == p->end && !naps) /* a stream that is idle costs nothing */
                        p->buf = hcs_free(p->buf);
                if (naps)
                        guest_loop_set_timer(p->loop, &p->nap, hcs_clock_ns() + NAP_NS);
                guest_loop_watch(p->loop, &p->from, waits_for_output || naps ? 0 : EPOLLIN);
                guest_loop_watch(p->loop, &p->to, waits_for_output ? EPOLLOUT : 0);
        } else {
                finish(p, (int)-n);
        }
}

static void on_from(struct guest_source *s, uint32_t events) {
        turn((struct guest_pump *)((char *)s - offsetof(struct guest_pump, from)));
}

static void on_nap(struct guest_timer *t) {
        turn((struct guest_pump *)((char *)t - offsetof(struct guest_pump, nap)));
}

static void on_to(struct guest_source *s, uint32_t events) {
        turn((struct guest_pump *)((char *)s - offsetof(struct guest_pump, to)));
}

void guest_pump_start(struct guest_pump *p, struct guest_loop *loop, int from, int to, int tee,
                      void (*done)(struct guest_pump *p)) {
        *p = (struct guest_pump){
                .loop = loop,
                .from = {.fd = from, .fn = on_from},
                .to = {.fd = to, .fn = on_to},
                .nap = {.fn = on_nap},
                .tee = tee,
                .copying = tee >= 0 || domain_of(to) == AF_VSOCK,
                .roomy = domain_of(from) != AF_UNIX,
                .running = true,
                .done = done,
        };
        fcntl(from, F_SETFL, fcntl(from, F_GETFL) | O_NONBLOCK);
        fcntl(to, F_SETFL, fcntl(to, F_GETFL) | O_NONBLOCK);
        turn(p);
}
