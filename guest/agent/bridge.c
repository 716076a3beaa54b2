/* SPDX-License-Identifier: MIT */

/* The connection of bridge.h: dialing, reading frames, writing what is queued. */

#include "guest/agent/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gcs/message.h"
#include "guest/agent/bridge_private.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

#define RECONNECT_NS  (100ull * HCS_NS_PER_MS)
#define FILE_LOOK_NS  (10ull * HCS_NS_PER_MS)
#define MAX_QUEUED    (64u << 20) /* bytes for a host that does not read */
#define STOP_LIMIT_MS 2000

static void lose(struct guest_bridge *b, const char *why);
static void dial(struct guest_bridge *b);

static void set_nonblocking(int fd) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Writes what it can now. */
static void flush(struct guest_bridge *b) {
        while (b->sent < b->queue.len) {
                ssize_t n = write(b->out.fd, b->queue.data + b->sent, b->queue.len - b->sent);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        break;
                if (n < 0) {
                        lose(b, "write failed");
                        return;
                }
                b->sent += (size_t)n;
        }
        if (b->sent == b->queue.len) {
                b->sent = 0;
                hcs_buf_clear(&b->queue);
        }
        if (b->in.fd == b->out.fd)
                guest_loop_watch(b->config.loop, &b->in, EPOLLIN | (b->queue.len ? EPOLLOUT : 0u));
        else
                guest_loop_watch(b->config.loop, &b->out, b->queue.len ? EPOLLOUT : 0u);
}

void guest_bridge_send(struct guest_bridge *b, uint32_t type, uint64_t id, const char *body, size_t len) {
        char name[64];

        if (!b->connected)
                return;
        if (hcs_log_enabled(HCS_LOG_TRACE))
                hcs_log(HCS_LOG_TRACE, "write message", "type", guest_message_name(type, name), "message", body, NULL);
        if (b->queue.len - b->sent > MAX_QUEUED || FAILED(hcs_gcs_frame_append(&b->queue, type, id, body, len, NULL))) {
                lose(b, "the host does not read");
                return;
        }
        flush(b);
}

static void send_pending(struct guest_bridge *b) {
        while (b->connected && b->version && b->notifications) {
                struct notification *n = b->notifications;

                b->notifications = n->next;
                if (!b->notifications)
                        b->notifications_end = &b->notifications;
                guest_bridge_send(b, HCS_GCS_NOTIFY_CONTAINER, 0, n->text, strlen(n->text));
                free(n->text);
                free(n);
        }
}

void guest_bridge_notify(struct guest_bridge *b, const char *text) {
        struct notification *n = hcs_calloc(1, sizeof(*n));

        n->text = hcs_strdup(text);
        *b->notifications_end = n;
        b->notifications_end = &n->next;
        send_pending(b);
}

void guest_bridge_set_version(struct guest_bridge *b, uint32_t version) {
        b->version = version;
}

static void on_in(struct guest_source *s, uint32_t events) {
        struct guest_bridge *b = (struct guest_bridge *)((char *)s - offsetof(struct guest_bridge, in));
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        uint64_t generation = b->generation;
        struct hcs_gcs_frame f;
        size_t room;
        void *at;
        ssize_t n;
        HRESULT hr;

        if ((events & EPOLLOUT) && b->in.fd == b->out.fd)
                flush(b);
        if (b->generation != generation || !(events & ~(uint32_t)EPOLLOUT))
                return;
        at = hcs_gcs_reader_room(&b->reader, &room);
        n = read(b->in.fd, at, room);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n == 0 && b->again.deadline_ns && b->requests) { /* the end of a file: what was asked in it is answered */
                guest_loop_set_timer(b->config.loop, &b->again, hcs_clock_ns() + FILE_LOOK_NS);
                return;
        }
        if (n <= 0) {
                lose(b, n < 0                             ? "read failed"
                        : hcs_gcs_reader_held(&b->reader) ? "the host vanished in the middle of a message"
                                                          : "the host closed it");
                return;
        }
        hcs_gcs_reader_fed(&b->reader, (size_t)n);
        while (b->connected && !b->stopped && (hr = hcs_gcs_reader_next(&b->reader, &f, &err)) == S_OK) {
                guest_bridge_receive(b, &f);
                send_pending(b);
                if (b->generation != generation)
                        return;
        }
        if (b->connected && !b->stopped && FAILED(hr))
                lose(b, hcs_error_message(err));
}

static void on_out(struct guest_source *s, uint32_t events) {
        flush((struct guest_bridge *)((char *)s - offsetof(struct guest_bridge, out)));
}

static void on_reconnect(struct guest_timer *t) {
        dial((struct guest_bridge *)((char *)t - offsetof(struct guest_bridge, reconnect)));
}

static void on_again(struct guest_timer *t) {
        struct guest_bridge *b = (struct guest_bridge *)((char *)t - offsetof(struct guest_bridge, again));

        guest_loop_set_timer(b->config.loop, t, hcs_clock_ns());
        on_in(&b->in, EPOLLIN);
}

static void connected(struct guest_bridge *b, int in, int out) {
        b->in = (struct guest_source){.fd = in, .fn = on_in};
        b->out = (struct guest_source){.fd = out, .fn = on_out};
        b->connected = true;
        b->version = 0;
        b->generation++;
        hcs_gcs_reader_init(&b->reader, HCS_GCS_MAX_TO_GUEST);
        set_nonblocking(in);
        set_nonblocking(out);
        if (!guest_loop_watch(b->config.loop, &b->in, EPOLLIN))
                guest_loop_set_timer(b->config.loop, &b->again, hcs_clock_ns());
        hcs_log(HCS_LOG_INFO, "bridge connected, serving", NULL);
}

static void disconnect(struct guest_bridge *b) {
        guest_loop_clear_timer(b->config.loop, &b->again);
        guest_loop_watch(b->config.loop, &b->in, 0);
        guest_loop_watch(b->config.loop, &b->out, 0);
        close(b->in.fd);
        if (b->out.fd != b->in.fd)
                close(b->out.fd);
        b->connected = false;
        b->generation++;
        b->sent = 0;
        hcs_buf_clear(&b->queue);
        hcs_gcs_reader_deinit(&b->reader);
}

static void lose(struct guest_bridge *b, const char *why) {
        hcs_log(HCS_LOG_WARN, "bridge connection lost", "reason", why, NULL);
        disconnect(b);
        b->config.lost(b->config.ctx);
        if (b->config.in >= 0)
                guest_loop_quit(b->config.loop);
        else if (!b->stopped)
                guest_loop_set_timer(b->config.loop, &b->reconnect, hcs_clock_ns() + RECONNECT_NS);
}

static void dial_work(struct guest_job *job) {
        struct guest_bridge *b = (struct guest_bridge *)((char *)job - offsetof(struct guest_bridge, dial));

        b->dial_error = hcs_error_free(b->dial_error);
        b->dial_fd = -1;
        guest_transport_dial(b->config.transport, HCS_GCS_PORT_BRIDGE, &b->dial_fd, &b->dial_error);
}

static void dial_done(struct guest_job *job) {
        struct guest_bridge *b = (struct guest_bridge *)((char *)job - offsetof(struct guest_bridge, dial));

        if (b->dial_fd >= 0) {
                b->dial_failures = 0;
                connected(b, b->dial_fd, b->dial_fd);
                return;
        }
        /* A host may be away for long: one line for its going, not one a try. */
        if (b->dial_failures++ == 0)
                hcs_log(HCS_LOG_WARN, "failed to dial host, retrying", "error", hcs_error_message(b->dial_error), NULL);
        if (!b->stopped)
                guest_loop_set_timer(b->config.loop, &b->reconnect, hcs_clock_ns() + RECONNECT_NS);
}

static void dial(struct guest_bridge *b) {
        b->dial.work = dial_work;
        b->dial.done = dial_done;
        guest_workers_submit(b->config.workers, &b->dial);
}

struct guest_bridge *guest_bridge_new(const struct guest_bridge_config *config) {
        struct guest_bridge *b = hcs_calloc(1, sizeof(*b));

        b->config = *config;
        b->notifications_end = &b->notifications;
        b->reconnect.fn = on_reconnect;
        b->again.fn = on_again;
        return b;
}

void guest_bridge_start(struct guest_bridge *b) {
        if (b->config.in >= 0)
                connected(b, b->config.in, b->config.out);
        else
                dial(b);
}

void guest_bridge_stop(struct guest_bridge *b) {
        uint64_t deadline = hcs_clock_ns() + STOP_LIMIT_MS * (uint64_t)HCS_NS_PER_MS;

        b->stopped = true;
        guest_loop_clear_timer(b->config.loop, &b->reconnect);
        while (b->connected && b->queue.len && hcs_clock_ns() < deadline) {
                struct pollfd p = {.fd = b->out.fd, .events = POLLOUT};

                poll(&p, 1, 100);
                flush(b);
        }
}

struct guest_bridge *guest_bridge_free(struct guest_bridge *b) {
        struct notification *n;

        if (!b)
                return NULL;
        guest_loop_clear_timer(b->config.loop, &b->reconnect);
        if (b->connected)
                disconnect(b);
        while (b->requests)
                guest_request_free(b->requests);
        while ((n = b->notifications)) {
                b->notifications = n->next;
                free(n->text);
                free(n);
        }
        hcs_error_free(b->dial_error);
        hcs_buf_deinit(&b->queue);
        return hcs_free(b);
}
