/* SPDX-License-Identifier: MIT */

/* Listeners of platform/stream.h, with an eventfd to wake who accepts. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "platform/clock.h"
#include "platform/posix/stream_fd.h"
#include "platform/work_folder.h"

/* A guest dials in bursts and takes a full queue for a refusal. */
#define BACKLOG         128
#define LOCK_TIMEOUT_NS (10 * (uint64_t)HCS_NS_PER_S)

struct hcs_listener {
        int fd;
        int event;
        int lock; /* of a private one, else -1 */
        char *lock_path;
        char *path; /* of a Unix socket that we made */
        bool is_vsock;
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
        l->lock = -1;
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

/* The socket gets its name when it listens already, so whoever sees the name can connect. mode 0: what umask leaves. */
static HRESULT listen_unix(const char *path, mode_t mode, struct hcs_listener **ret, struct hcs_error **err) {
        _cleanup_free_ char *unnamed = hcs_asprintf("%s~", path);
        struct sockaddr_un address, temporary;
        struct hcs_listener *l = NULL;
        HRESULT hr = hcs_fd_unix_address(path, &address, err);
        struct stat there;
        int fd;

        if (SUCCEEDED(hr))
                hr = hcs_fd_unix_address(unnamed, &temporary, err);
        if (FAILED(hr))
                return hr;
        if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
                return hcs_error_errno(err, EEXIST, "bind `%s`", path);
        if (is_taken(&address))
                return hcs_error_errno(err, EADDRINUSE, "bind `%s`", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return hcs_error_errno(err, errno, "make a Unix socket");
        unlink(unnamed);
        if (mode)
                fchmod(fd, mode); /* before it has a name */
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

HRESULT hcs_listener_unix(const char *path, struct hcs_listener **ret, struct hcs_error **err) {
        return listen_unix(path, 0, ret, err);
}

/* Nobody but us and root can put something else under the name. A sticky folder as /tmp lets others make names, but not
 * take ours away. */
static HRESULT check_folder(const char *path, struct hcs_error **err) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *folder = !slash          ? hcs_strdup(".")
                                      : slash == path ? hcs_strdup("/")
                                                      : hcs_strndup(path, (size_t)(slash - path));
        struct stat st;

        if (stat(folder, &st) < 0)
                return hcs_error_errno(err, errno, "open the folder `%s`", folder);
        if (!S_ISDIR(st.st_mode))
                return hcs_error_make(err, HCS_WIN32(267), "`%s` is not a folder", folder);
        if (st.st_uid != geteuid() && st.st_uid != 0)
                return hcs_error_make(err, E_ACCESSDENIED, "the folder `%s` belongs to another user", folder);
        if (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX))
                return hcs_error_make(err, E_ACCESSDENIED, "others may write to the folder `%s` (mode %04o)", folder,
                                      (unsigned)(st.st_mode & 07777));
        return S_OK;
}

/* Whoever ends removes the file while it holds the lock, so a lock only counts on the file that has the name still. */
static bool has_name(int fd, const char *name) {
        struct stat ours, named;

        return fstat(fd, &ours) == 0 && stat(name, &named) == 0 && ours.st_ino == named.st_ino &&
               ours.st_dev == named.st_dev;
}

/* Who has the lock and does not listen is about to, or has ended and writes what it leaves to whoever comes next. */
static HRESULT lock_name(const char *name, const struct sockaddr_un *address, int *ret, struct hcs_error **err) {
        static const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};
        uint64_t deadline = hcs_clock_ns() + LOCK_TIMEOUT_NS;

        for (;;) {
                int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), saved;

                if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
                        if (has_name(fd, name)) {
                                *ret = fd;
                                return S_OK;
                        }
                        close(fd);
                        continue;
                }
                saved = errno == EWOULDBLOCK ? EADDRINUSE : errno;
                if (fd >= 0)
                        close(fd);
                if (saved != EADDRINUSE || is_taken(address) || hcs_clock_ns() > deadline)
                        return hcs_error_errno(err, saved, "lock `%s`", name);
                nanosleep(&moment, NULL);
        }
}

HRESULT hcs_private_default_name(const char *what, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *base = hcs_work_folder_default_base();
        HRESULT hr = S_OK;

        if (mkdir(base, 0700) < 0 && errno != EEXIST)
                hr = hcs_error_errno(err, errno, "make the folder `%s`", base);
        else
                *ret = hcs_asprintf("%s/%s.sock", base, what);
        return hr;
}

HRESULT hcs_listener_private(const char *name, struct hcs_listener **ret, struct hcs_error **err) {
        _cleanup_free_ char *lock_path = hcs_asprintf("%s.lock", name);
        struct hcs_listener *l = NULL;
        struct sockaddr_un address;
        HRESULT hr = check_folder(name, err);
        int lock = -1;

        if (SUCCEEDED(hr))
                hr = hcs_fd_unix_address(name, &address, err);
        if (SUCCEEDED(hr))
                hr = lock_name(lock_path, &address, &lock, err);
        if (SUCCEEDED(hr))
                hr = listen_unix(name, 0600, &l, err);
        if (FAILED(hr)) {
                if (lock >= 0) {
                        unlink(lock_path);
                        close(lock);
                }
                return hr;
        }
        l->lock = lock;
        l->lock_path = steal_pointer(&lock_path);
        *ret = l;
        return S_OK;
}

#define FIRST_HANDED_OVER 3 /* as sd_listen_fds(3) has it */

HRESULT hcs_listener_handed_over(struct hcs_listener **ret, struct hcs_error **err) {
        const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
        int kind = 0, listens = 0, fd = FIRST_HANDED_OVER;
        socklen_t size = sizeof(kind);

        if (!pid || !count || strtoll(pid, NULL, 10) != getpid())
                return S_FALSE;
        if (strcmp(count, "1") != 0)
                return hcs_error_make(err, E_INVALIDARG, "LISTEN_FDS=%s: one socket is expected", count);
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_FDNAMES");
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &kind, &size) < 0 || kind != AF_UNIX ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) < 0 || kind != SOCK_STREAM ||
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
                return hcs_error_make(err, E_INVALIDARG, "descriptor %d of LISTEN_FDS is no Unix socket that listens",
                                      fd);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        return listen_on(fd, "the socket that was handed over", ret, err);
}

HRESULT hcs_listener_vsock(uint32_t cid, uint32_t port, struct hcs_listener **ret, struct hcs_error **err) {
        struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
        _cleanup_free_ char *what = hcs_asprintf("vsock port %u", (unsigned)port);
        int fd = -1;
        HRESULT hr = hcs_fd_vsock(SOCK_NONBLOCK, &fd, err);

        if (FAILED(hr))
                return hr;
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                int saved = errno;

                close(fd);
                return hcs_error_errno(err, saved, "bind %s", what);
        }
        hr = listen_on(fd, what, ret, err);
        if (SUCCEEDED(hr)) {
                (*ret)->is_vsock = true;
                (*ret)->cid = cid;
        }
        return hr;
}

HRESULT hcs_listener_tcp(uint16_t *ret_port, struct hcs_listener **ret, struct hcs_error **err) {
        uint16_t port = 0;
        int fd = -1;
        HRESULT hr = hcs_fd_tcp(SOCK_NONBLOCK, &port, &fd, err);

        if (SUCCEEDED(hr))
                hr = listen_on(fd, "a port of the loopback interface", ret, err);
        if (SUCCEEDED(hr))
                *ret_port = port;
        return hr;
}

static bool is_stranger(const struct hcs_listener *l, int fd) {
        struct sockaddr_vm peer = {0};
        socklen_t size = sizeof(peer);

        return l->is_vsock && (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 || peer.svm_cid != l->cid);
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

void hcs_listener_end(struct hcs_listener *l) {
        if (l->path)
                unlink(l->path);
        l->path = hcs_free(l->path);
        close(l->fd);
        l->fd = -1;
}

struct hcs_listener *hcs_listener_close(struct hcs_listener *l) {
        if (!l)
                return NULL;
        if (l->fd >= 0)
                hcs_listener_end(l);
        close(l->event);
        if (l->lock >= 0) {
                unlink(l->lock_path);
                close(l->lock);
        }
        free(l->lock_path);
        free(l);
        return NULL;
}
