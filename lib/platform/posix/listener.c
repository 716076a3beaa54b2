/* SPDX-License-Identifier: MIT */

/* Listeners of platform/stream.h, with an eventfd to wake who accepts. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "platform/posix/stream_fd.h"

/* A guest dials in bursts and takes a full queue for a refusal. */
#define BACKLOG 128

struct hcs_listener {
        int fd;
        int event;
        char *path;   /* of a Unix socket */
        uint32_t cid; /* of a vsock: whom to let in */
};

static HRESULT listen_on(int fd, const char *what, struct hcs_listener **ret, struct hcs_error **err) {
        struct hcs_listener *l;
        int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

        if (event < 0 || listen(fd, BACKLOG) < 0) {
                int saved = errno;

                if (event >= 0)
                        close(event);
                close(fd);
                return hcs_error_errno(err, saved, "listen on %s", what);
        }
        l = hcs_calloc(1, sizeof(*l));
        l->fd = fd;
        l->event = event;
        *ret = l;
        return S_OK;
}

/* Somebody listens under that name. A socket of another type asks: a living stream says EPROTOTYPE to it, and is not
 * bothered with a connection. */
static bool is_taken(const struct sockaddr_un *address) {
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool taken = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
                     errno != ECONNREFUSED && errno != ENOENT;

        if (fd >= 0)
                close(fd);
        return taken;
}

/* The socket gets its name when it listens already, so whoever sees the name can connect. */
HRESULT hcs_listener_unix(const char *path, struct hcs_listener **ret, struct hcs_error **err) {
        _cleanup_free_ char *unnamed = hcs_asprintf("%s~", path);
        struct sockaddr_un address, temporary;
        struct hcs_listener *l = NULL;
        HRESULT hr = hcs_fd_unix_address(path, &address, err);
        int fd;

        if (SUCCEEDED(hr))
                hr = hcs_fd_unix_address(unnamed, &temporary, err);
        if (FAILED(hr))
                return hr;
        if (is_taken(&address))
                return hcs_error_errno(err, EADDRINUSE, "bind `%s`", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return hcs_error_errno(err, errno, "make a Unix socket");
        unlink(unnamed);
        if (bind(fd, (struct sockaddr *)&temporary, sizeof(temporary)) < 0) {
                int saved = errno;

                close(fd);
                return hcs_error_errno(err, saved, "bind `%s`", path);
        }
        hr = listen_on(fd, path, &l, err);
        if (SUCCEEDED(hr) && rename(unnamed, path) < 0) {
                hr = hcs_error_errno(err, errno, "name the socket `%s`", path);
                hcs_listener_close(l);
        }
        if (FAILED(hr)) {
                unlink(unnamed);
                return hr;
        }
        l->path = hcs_strdup(path);
        *ret = l;
        return S_OK;
}

HRESULT hcs_listener_vsock(uint32_t cid, uint32_t port, struct hcs_listener **ret, struct hcs_error **err) {
        struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
        _cleanup_free_ char *what = hcs_asprintf("vsock port %u", (unsigned)port);
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        HRESULT hr;

        if (fd < 0)
                return hcs_error_errno(err, errno, "make a vsock");
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                int saved = errno;

                close(fd);
                return hcs_error_errno(err, saved, "bind %s", what);
        }
        hr = listen_on(fd, what, ret, err);
        if (SUCCEEDED(hr))
                (*ret)->cid = cid;
        return hr;
}

static bool is_stranger(const struct hcs_listener *l, int fd) {
        struct sockaddr_vm peer = {0};
        socklen_t size = sizeof(peer);

        return !l->path && (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 || peer.svm_cid != l->cid);
}

HRESULT hcs_listener_accept(struct hcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                            struct hcs_error **err) {
        for (;;) {
                HRESULT hr = hcs_fd_wait(l->fd, POLLIN, l->event, b);
                int fd;

                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0 && !is_stranger(l, fd)) {
                        *ret = hcs_stream_of_fd(fd);
                        return S_OK;
                }
                if (fd >= 0)
                        close(fd);
                else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                        return hcs_error_errno(err, errno, "accept a connection");
        }
}

void hcs_listener_wake(struct hcs_listener *l) {
        eventfd_write(l->event, 1);
}

struct hcs_listener *hcs_listener_close(struct hcs_listener *l) {
        if (!l)
                return NULL;
        if (l->path)
                unlink(l->path);
        close(l->fd);
        close(l->event);
        free(l->path);
        free(l);
        return NULL;
}
