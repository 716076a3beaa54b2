/* SPDX-License-Identifier: MIT */

/* Pipes of platform/pipe.h over pipe2(), and a poller over poll() with an eventfd to wake it. */

#include "platform/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/posix/above_stdio.h"
#include "platform/thread.h"

HRESULT hcs_pipe_new(HANDLE *ret_read, HANDLE *ret_write, struct hcs_error **err) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0 || above_stdio_pair(fds) < 0)
                return hcs_error_errno(err, errno, "make a pipe");
        *ret_read = hcs_abi_handle_from_fd(fds[0]);
        *ret_write = hcs_abi_handle_from_fd(fds[1]);
        return S_OK;
}

void hcs_pipe_set_nonblocking(HANDLE h) {
        int fd = hcs_abi_handle_to_fd(h), flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
                fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void hcs_pipe_close(HANDLE h) {
        int fd = hcs_abi_handle_to_fd(h);

        if (fd > 2)
                close(fd);
}

static HRESULT failed(struct hcs_error **err, const char *what) {
        if (errno == EAGAIN)
                return hcs_error_make(err, HCS_PIPE_WOULD_BLOCK, "%s: the pipe would block", what);
        return hcs_error_errno(err, errno, "%s", what);
}

HRESULT hcs_pipe_read(HANDLE h, void *buf, size_t size, size_t *ret, struct hcs_error **err) {
        ssize_t n;

        do
                n = read(hcs_abi_handle_to_fd(h), buf, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return failed(err, "read from pipe");
        *ret = (size_t)n;
        return n == 0 ? S_FALSE : S_OK;
}

/* SIGPIPE is held off for this thread only: a library must not change the process's disposition. */
HRESULT hcs_pipe_write(HANDLE h, const void *buf, size_t size, size_t *ret, struct hcs_error **err) {
        sigset_t pipe_set, before, pending;
        struct timespec none = {0};
        bool was_pending;
        ssize_t n;
        int saved;

        sigemptyset(&pipe_set);
        sigaddset(&pipe_set, SIGPIPE);
        sigpending(&pending);
        was_pending = sigismember(&pending, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
        do
                n = write(hcs_abi_handle_to_fd(h), buf, size);
        while (n < 0 && errno == EINTR);
        saved = errno;
        if (n < 0 && saved == EPIPE && !was_pending)
                sigtimedwait(&pipe_set, NULL, &none);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = saved;
        if (n < 0)
                return failed(err, "write to pipe");
        *ret = (size_t)n;
        return S_OK;
}

struct hcs_poller {
        int event;
        struct pollfd *fds;
        size_t cap;
};

HRESULT hcs_poller_new(struct hcs_poller **ret, struct hcs_error **err) {
        struct hcs_poller *p;
        int fd = above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

        if (fd < 0)
                return hcs_error_errno(err, errno, "make an eventfd");
        p = hcs_calloc(1, sizeof(*p));
        p->event = fd;
        *ret = p;
        return S_OK;
}

struct hcs_poller *hcs_poller_free(struct hcs_poller *p) {
        if (!p)
                return NULL;
        close(p->event);
        free(p->fds);
        free(p);
        return NULL;
}

void hcs_poller_wake(struct hcs_poller *p) {
        uint64_t one = 1;
        ssize_t n;

        do
                n = write(p->event, &one, sizeof(one));
        while (n < 0 && errno == EINTR);
}

void hcs_poller_wait(struct hcs_poller *p, struct hcs_poll_entry *entries, size_t n, uint64_t deadline_ns) {
        struct timespec ts, *timeout = NULL;
        uint64_t drained, now = hcs_clock_ns();

        if (n + 1 > p->cap) {
                p->cap = (n + 1) * 2;
                p->fds = hcs_realloc(p->fds, p->cap * sizeof(*p->fds));
        }
        p->fds[0] = (struct pollfd){.fd = p->event, .events = POLLIN};
        for (size_t i = 0; i < n; i++)
                p->fds[i + 1] = (struct pollfd){
                        .fd = hcs_abi_handle_to_fd(entries[i].h),
                        .events = (short)((entries[i].want_read ? POLLIN : 0) | (entries[i].want_write ? POLLOUT : 0)),
                };
        if (deadline_ns != HCS_FOREVER) {
                uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

                ts = (struct timespec){.tv_sec = (time_t)(left / HCS_NS_PER_S), .tv_nsec = (long)(left % HCS_NS_PER_S)};
                timeout = &ts;
        }
        if (ppoll(p->fds, n + 1, timeout, NULL) < 0)
                for (size_t i = 0; i <= n; i++)
                        p->fds[i].revents = 0;
        if (p->fds[0].revents & POLLIN)
                (void)!read(p->event, &drained, sizeof(drained));
        for (size_t i = 0; i < n; i++) {
                short got = p->fds[i + 1].revents;

                entries[i].readable = entries[i].want_read && got;
                entries[i].writable = entries[i].want_write && got;
        }
}

/* The wake is looked at first: what was written before it is seen then. */
HRESULT hcs_pipe_read_unless_woken(HANDLE h, struct hcs_poller *p, void *buf, size_t size, size_t *ret,
                                   struct hcs_error **err) {
        struct pollfd fds[2] = {{.fd = p->event, .events = POLLIN}, {.fd = hcs_abi_handle_to_fd(h), .events = POLLIN}};
        uint64_t drained;

        while (poll(fds, 2, -1) < 0)
                if (errno != EINTR)
                        return failed(err, "wait for a pipe");
        if (fds[0].revents & POLLIN)
                (void)!read(p->event, &drained, sizeof(drained));
        if (!fds[1].revents)
                return hcs_error_make(err, HCS_PIPE_WOULD_BLOCK, "read from pipe: it would block");
        return hcs_pipe_read(h, buf, size, ret, err);
}
