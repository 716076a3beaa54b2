/* SPDX-License-Identifier: MIT */

/* The host's side of a device: Unix sockets in its folder, in both directions. */

#include <errno.h>
#include <linux/virtio_vsock.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/vsock/device.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"

#define FIRST_PORT       (1u << 30)                /* of connections that host programs make, as Firecracker counts */
#define CONNECT_LINE     32                        /* "CONNECT 4294967295\n" and then some */
#define CONNECT_PATIENCE (1500ull * HCS_NS_PER_MS) /* Linux guests wait 2 s for a connection */

static bool socket_address(const char *path, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof(ret->sun_path))
                return false;
        memcpy(ret->sun_path, path, strlen(path));
        return true;
}

HRESULT vsock_host_listen(struct vsock_device *d, struct hcs_error **err) {
        struct sockaddr_un address;

        if (!socket_address(d->host_path, &address))
                return hcs_error_make(err, E_INVALIDARG, "`%s` is too long for the name of a socket", d->host_path);
        d->host_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (d->host_listener < 0)
                return hcs_error_errno(err, errno, "make a socket");
        if (bind(d->host_listener, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                int saved = errno;

                close(d->host_listener);
                d->host_listener = -1; /* the name is somebody else's: it is not removed */
                return hcs_error_errno(err, saved, "bind `%s`", d->host_path);
        }
        if (listen(d->host_listener, 1024) < 0)
                return hcs_error_errno(err, errno, "listen on `%s`", d->host_path);
        return S_OK;
}

static bool watch(struct vsock_device *d, struct vsock_connection *c) {
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

        return epoll_ctl(d->epoll, EPOLL_CTL_ADD, c->fd, &e) == 0;
}

void vsock_host_accept(struct vsock_device *d) {
        for (;;) {
                int fd = accept4(d->host_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                struct vsock_connection *c;

                if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
                        continue;
                d->accept_waits = fd < 0 && errno != EAGAIN;
                if (fd < 0)
                        return;
                c = vsock_table_add(d, fd, VSOCK_HANDSHAKE);
                if (c && !watch(d, c)) {
                        c->state = VSOCK_CLOSED;
                        vsock_table_changed(d, c);
                }
        }
}

/* A port of ours towards the guest's port. */
static uint32_t free_port(struct vsock_device *d, uint32_t guest_port) {
        do {
                if (++d->next_port < FIRST_PORT || d->next_port >= 2 * FIRST_PORT - 1)
                        d->next_port = FIRST_PORT;
        } while (vsock_table_find(d, d->next_port, guest_port));
        return d->next_port;
}

/* Takes exactly the line out of the socket: what follows it is the guest's. */
static bool take_line(struct vsock_connection *c, uint32_t *ret_port, bool *ret_wrong) {
        char line[CONNECT_LINE + 1];
        ssize_t n = recv(c->fd, line, CONNECT_LINE, MSG_PEEK | MSG_DONTWAIT);
        uint64_t port;
        char *end;

        *ret_wrong = false;
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;
        if (!end) {
                *ret_wrong = n <= 0 || n == CONNECT_LINE;
                return false;
        }
        *end = '\0';
        *ret_wrong = true;
        if (recv(c->fd, line, (size_t)(end - line) + 1, MSG_DONTWAIT) != end - line + 1)
                return false;
        *end = '\0';
        if (!hcs_str_starts(line, "CONNECT ") || !hcs_str_to_u64(line + 8, &port) || port > UINT32_MAX)
                return false;
        *ret_port = (uint32_t)port;
        *ret_wrong = false;
        return true;
}

static void shake_hands(struct vsock_device *d, struct vsock_connection *c) {
        uint32_t port;
        bool wrong;

        if (!take_line(c, &port, &wrong)) {
                if (wrong)
                        c->state = VSOCK_CLOSED;
                return;
        }
        if (!vsock_front_end_running(&d->front_end)) {
                vsock_count(&d->counters.refused, 1);
                c->state = VSOCK_CLOSED; /* there is no guest yet, or no longer */
                return;
        }
        c->guest_port = port;
        c->host_port = free_port(d, port);
        c->state = VSOCK_REQUESTED;
        c->say_request = true;
        vsock_table_enter(d, c);
}

void vsock_host_accepted(struct vsock_device *d, struct vsock_connection *c) {
        char line[CONNECT_LINE];
        int n = snprintf(line, sizeof(line), "OK %u\n", c->host_port);

        c->state = VSOCK_OPEN;
        vsock_count(&d->counters.accepted, 1);
        /* The socket is empty in this direction; one that is gone shows when it is read. */
        (void)!send(c->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A socket whose name says which guest it is of, for a listener that takes those of many. */
static int named_socket(struct vsock_device *d, uint32_t guest_port) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        size_t n = 0;

        if (fd >= 0 && hcs_hvsocket_peer_name(d->folder, guest_port, d->peer_number++, name.sun_path, &n))
                (void)!bind(fd, (const struct sockaddr *)&name,
                            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
        return fd;
}

static int connect_to(struct vsock_connection *c, const char *base) {
        _cleanup_free_ char *path = hcs_asprintf("%s_%u", base, c->host_port);
        struct sockaddr_un address;

        if (!socket_address(path, &address))
                return ENAMETOOLONG;
        return connect(c->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

/* 0 when connected, else the errno. */
static int try_connect(struct vsock_device *d, struct vsock_connection *c) {
        int error;

        if (c->fd < 0)
                c->fd = named_socket(d, c->guest_port);
        if (c->fd < 0)
                return errno;
        error = connect_to(c, d->host_path);
        if (error == ENOENT || error == ECONNREFUSED)
                error = connect_to(c, d->any_path);
        if (error)
                return error;
        return watch(d, c) ? 0 : errno;
}

/* After an attempt: open, refused, or to be tried again because the listener's backlog is full. */
static void settle(struct vsock_device *d, struct vsock_connection *c, int error) {
        bool again = error == EAGAIN && (c->state != VSOCK_CONNECTING || hcs_clock_ns() < c->deadline);

        if (c->state == VSOCK_CONNECTING && !again)
                d->n_connecting--;
        if (again && c->state != VSOCK_CONNECTING) {
                c->state = VSOCK_CONNECTING;
                c->deadline = hcs_clock_ns() + CONNECT_PATIENCE;
                d->n_connecting++;
        } else if (!again && error == 0) {
                c->state = VSOCK_OPEN;
                c->say_response = true;
                vsock_count(&d->counters.accepted, 1);
        } else if (!again) {
                vsock_count(&d->counters.refused, 1);
                vsock_traffic_reset(d, &(struct vsock_packet){.src_cid = d->front_end.guest_cid,
                                                              .dst_cid = VSOCK_CID_HOST,
                                                              .src_port = c->guest_port,
                                                              .dst_port = c->host_port,
                                                              .type = VIRTIO_VSOCK_TYPE_STREAM});
                c->state = VSOCK_CLOSED;
        }
        vsock_table_changed(d, c);
}

void vsock_host_connect(struct vsock_device *d, uint32_t host_port, const struct vsock_packet *request) {
        struct vsock_connection *c = vsock_table_add(d, -1, VSOCK_REQUESTED);

        if (!c) {
                vsock_traffic_reset(d, request);
                return;
        }
        c->host_port = host_port;
        c->guest_port = request->src_port;
        vsock_connection_learn(c, request);
        vsock_table_enter(d, c);
        settle(d, c, try_connect(d, c));
}

void vsock_host_retry(struct vsock_device *d) {
        uint64_t now = d->n_connecting || d->accept_waits ? hcs_clock_ns() : 0;

        if (now == 0 || now < d->retry_at)
                return;
        d->retry_at = now + VSOCK_RETRY_MS * HCS_NS_PER_MS;
        if (d->accept_waits)
                vsock_host_accept(d);
        /* Who is refused is told: the others wait while there is no room for that. */
        for (struct vsock_connection *c = d->all; c && d->n_resets < VSOCK_RESETS; c = c->next)
                if (c->state == VSOCK_CONNECTING)
                        settle(d, c, try_connect(d, c));
}

void vsock_host_event(struct vsock_device *d, struct vsock_connection *c, uint32_t events) {
        if (c->state == VSOCK_CLOSED || c->fd < 0)
                return;
        if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                c->readable = true;
        if (events & EPOLLOUT)
                c->writable = true;
        if (c->state == VSOCK_HANDSHAKE)
                shake_hands(d, c);
        if (c->state == VSOCK_HANDSHAKE && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                c->state = VSOCK_CLOSED; /* the rest of its line will not come */
        if (events & (EPOLLHUP | EPOLLERR))
                vsock_connection_hung_up(c);
        if (c->state == VSOCK_OPEN || c->state == VSOCK_LINGERING)
                vsock_connection_flush(c);
        vsock_table_changed(d, c);
}
