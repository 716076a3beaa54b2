/* SPDX-License-Identifier: MIT */

/* Streams over sockets: Unix, vsock and pairs, blocking, with poll() in front where there is a deadline. */

#include "platform/stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "platform/clock.h"
#include "platform/loopback.h"
#include "platform/posix/stream_fd.h"
#include "platform/thread.h"

struct hcs_stream {
        int fd;
};

struct hcs_stream *hcs_stream_of_fd(int fd) {
        struct hcs_stream *s = hcs_calloc(1, sizeof(*s));

        s->fd = fd;
        return s;
}

int hcs_stream_fd(const struct hcs_stream *s) {
        return s->fd;
}

/* Sleeps until events of fd, a wake-up, or the next look at the bound. False with the reason when the bound ended. */
HRESULT hcs_fd_wait(int fd, short events, int wake_fd, const struct hcs_bound *b) {
        for (;;) {
                struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = wake_fd, .events = POLLIN}};
                uint64_t next = hcs_bound_next(b), now;
                struct timespec ts, *timeout = NULL;
                HRESULT hr = hcs_bound_check(b);
                int n;

                if (FAILED(hr))
                        return hr;
                if (next != HCS_FOREVER) {
                        now = hcs_clock_ns();
                        next = next > now ? next - now : 0;
                        ts = (struct timespec){.tv_sec = (time_t)(next / HCS_NS_PER_S),
                                               .tv_nsec = (long)(next % HCS_NS_PER_S)};
                        timeout = &ts;
                }
                n = ppoll(fds, wake_fd < 0 ? 1 : 2, timeout, NULL);
                if (n > 0)
                        return wake_fd >= 0 && fds[1].revents && !fds[0].revents ? E_ABORT : S_OK;
        }
}

static bool is_bounded(const struct hcs_bound *b) {
        return b && (b->cancel || b->deadline_ns != HCS_FOREVER);
}

HRESULT hcs_stream_pair(struct hcs_stream **ret_a, struct hcs_stream **ret_b, struct hcs_error **err) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return hcs_error_errno(err, errno, "make a socket pair");
        *ret_a = hcs_stream_of_fd(fds[0]);
        *ret_b = hcs_stream_of_fd(fds[1]);
        return S_OK;
}

/* A failed system call: the reason of the bound first, else errno. */
static HRESULT failed(HRESULT hr, struct hcs_error **err, const char *what) {
        if (FAILED(hr))
                return hcs_bound_fail(hr, err);
        if (errno == EPIPE)
                return hcs_error_make(err, HCS_WIN32(109), "%s: the other end is closed", what);
        return hcs_error_errno(err, errno, "%s", what);
}

HRESULT hcs_stream_read_bound(struct hcs_stream *s, void *buf, size_t size, const struct hcs_bound *b, size_t *ret_n,
                              struct hcs_error **err) {
        int flags = is_bounded(b) ? MSG_DONTWAIT : 0;
        HRESULT hr;
        ssize_t n;

        for (;;) {
                n = recv(s->fd, buf, size, flags);
                if (n >= 0)
                        break;
                if (errno == EINTR)
                        continue;
                if (errno != EAGAIN)
                        return failed(S_OK, err, "read");
                hr = hcs_fd_wait(s->fd, POLLIN, -1, b);
                if (FAILED(hr))
                        return failed(hr, err, "read");
        }
        *ret_n = (size_t)n;
        return n ? S_OK : S_FALSE;
}

HRESULT hcs_stream_write_bound(struct hcs_stream *s, const void *data, size_t n, const struct hcs_bound *b,
                               size_t *ret_n, struct hcs_error **err) {
        int flags = MSG_NOSIGNAL | (is_bounded(b) ? MSG_DONTWAIT : 0);
        HRESULT hr;

        for (*ret_n = 0; *ret_n < n;) {
                ssize_t sent = send(s->fd, (const char *)data + *ret_n, n - *ret_n, flags);

                if (sent >= 0) {
                        *ret_n += (size_t)sent;
                        continue;
                }
                if (errno == EINTR)
                        continue;
                if (errno != EAGAIN)
                        return failed(S_OK, err, "write");
                hr = hcs_fd_wait(s->fd, POLLOUT, -1, b);
                if (FAILED(hr))
                        return failed(hr, err, "write");
        }
        return S_OK;
}

void hcs_stream_close_write(struct hcs_stream *s) {
        shutdown(s->fd, SHUT_WR);
}

void hcs_stream_shutdown(struct hcs_stream *s) {
        shutdown(s->fd, SHUT_RDWR);
}

struct hcs_stream *hcs_stream_close(struct hcs_stream *s) {
        if (s) {
                close(s->fd);
                free(s);
        }
        return NULL;
}

HRESULT hcs_fd_unix_address(const char *path, struct sockaddr_un *ret, struct hcs_error **err) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof(ret->sun_path))
                return hcs_error_make(err, HCS_WIN32(206), "the name of a Unix socket has %zu bytes at most: `%s`",
                                      sizeof(ret->sun_path) - 1, path);
        memcpy(ret->sun_path, path, strlen(path) + 1);
        return S_OK;
}

HRESULT hcs_stream_connect_unix(const char *path, const struct hcs_bound *b, struct hcs_stream **ret,
                                struct hcs_error **err) {
        struct sockaddr_un address;
        HRESULT hr = hcs_fd_unix_address(path, &address, err);
        int fd, saved;

        if (FAILED(hr))
                return hr;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (is_bounded(b) ? SOCK_NONBLOCK : 0), 0);
        if (fd < 0)
                return hcs_error_errno(err, errno, "make a Unix socket");
        while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                static const struct timespec pause = {.tv_nsec = HCS_NS_PER_MS};

                saved = errno;
                hr = hcs_bound_check(b);
                if (SUCCEEDED(hr) && (saved == EAGAIN || saved == EINTR)) { /* nothing tells when the queue has room */
                        nanosleep(&pause, NULL);
                        continue;
                }
                close(fd);
                return FAILED(hr) ? hcs_bound_fail(hr, err) : hcs_error_errno(err, saved, "connect to `%s`", path);
        }
        hcs_fd_set_blocking(fd);
        *ret = hcs_stream_of_fd(fd);
        return S_OK;
}

bool hcs_stream_is_absent(HRESULT hr) {
        return hr == HCS_WIN32(2) || hr == HCS_WIN32(1225);
}

/* What another user wrote names a secret and a port of that user. */
static HRESULT connect_by_door(const char *file, const struct stat *st, const struct hcs_bound *b,
                               struct hcs_stream **ret, struct hcs_error **err) {
        if (st->st_uid != geteuid() && st->st_uid != 0)
                return hcs_error_make(err, E_ACCESSDENIED, "`%s` belongs to another user", file);
        return hcs_loopback_connect(file, HCS_PRIVATE_PURPOSE, b, ret, err);
}

HRESULT hcs_stream_peer(struct hcs_stream *s, struct hcs_peer *ret, struct hcs_error **err) {
        struct ucred peer = {0};
        socklen_t size = sizeof(peer);

        if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return hcs_error_errno(err, errno, "ask who is at the other end");
        *ret = (struct hcs_peer){.pid = peer.pid, .is_trusted = peer.uid == geteuid() || peer.uid == 0};
        return S_OK;
}

HRESULT hcs_stream_connect_private(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                                   struct hcs_error **err) {
        struct hcs_stream *s = NULL;
        struct hcs_peer peer = {0};
        struct stat st;
        HRESULT hr;

        if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
                return connect_by_door(name, &st, b, ret, err);
        hr = hcs_stream_connect_unix(name, b, &s, err);
        if (FAILED(hr))
                return hr;
        hr = hcs_stream_peer(s, &peer, err);
        if (SUCCEEDED(hr) && !peer.is_trusted)
                hr = hcs_error_make(err, E_ACCESSDENIED, "process %lld of another user answers at `%s`",
                                    (long long)peer.pid, name);
        if (FAILED(hr)) {
                hcs_stream_close(s);
                return hr;
        }
        *ret = s;
        return S_OK;
}

HRESULT hcs_fd_connect(int fd, const struct sockaddr *address, socklen_t size, const struct hcs_bound *b,
                       int *ret_failure) {
        int failure = 0;
        socklen_t failure_size = sizeof(failure);
        HRESULT hr = S_OK;

        if (connect(fd, address, size) < 0) {
                failure = errno;
                if (failure == EINPROGRESS || failure == EINTR) {
                        hr = hcs_fd_wait(fd, POLLOUT, -1, b);
                        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size);
                }
        }
        *ret_failure = failure;
        return hr;
}

HRESULT hcs_fd_vsock(int flags, int *ret, struct hcs_error **err) {
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

        if (fd < 0 && errno == EAFNOSUPPORT)
                return hcs_error_make(err, HCS_WIN32(10047), "this kernel has no vsock");
        if (fd < 0)
                return hcs_error_errno(err, errno, "make a vsock");
        *ret = fd;
        return S_OK;
}

HRESULT hcs_stream_connect_vsock(uint32_t cid, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                                 struct hcs_error **err) {
        struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
        int fd = -1, failure = 0;
        HRESULT hr = hcs_fd_vsock(is_bounded(b) ? SOCK_NONBLOCK : 0, &fd, err);

        if (FAILED(hr))
                return hr;
        hr = hcs_fd_connect(fd, (struct sockaddr *)&address, sizeof(address), b, &failure);
        if (FAILED(hr) || failure) {
                close(fd);
                return FAILED(hr)
                               ? hcs_bound_fail(hr, err)
                               : hcs_error_errno(err, failure, "connect to vsock %u:%u", (unsigned)cid, (unsigned)port);
        }
        hcs_fd_set_blocking(fd);
        *ret = hcs_stream_of_fd(fd);
        return S_OK;
}
