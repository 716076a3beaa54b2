/* SPDX-License-Identifier: MIT */

/* The waiting of await.h: the kernel's uevents wake it, a slow tick makes up for what has none. */

#include "guest/base/await.h"

#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define TICK_MS        50
#define TICK_NS        (TICK_MS * (uint64_t)HCS_NS_PER_MS)
#define KERNEL_UEVENTS 1u

/* -1 where uevents cannot be had: then the tick alone does it. */
static int open_uevents(void) {
        struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_UEVENTS};
        int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

        if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
                close(fd);
                fd = -1;
        }
        return fd;
}

static void drain(int fd) {
        char buf[4096];
        ssize_t n;

        do
                n = recv(fd, buf, sizeof(buf), 0);
        while (n >= 0 || errno == EINTR || errno == ENOBUFS);
}

HRESULT guest_await(guest_check_fn check, void *ctx, uint64_t deadline_ns, const char *what, struct hcs_error **err) {
        uint64_t start = hcs_clock_ns(), ticks = 0, spent;
        HRESULT hr = check(ctx, err);
        int fd;

        if (hr != S_FALSE)
                return hr;
        /* A machine that its host holds up has no fewer of them than one that runs, and so has the device. */
        if (deadline_ns > start)
                ticks = (deadline_ns - start) / TICK_NS;
        /* Opened before the next question, so that nothing happens in between unseen. */
        fd = open_uevents();
        for (;;) {
                uint64_t now = hcs_clock_ns();
                struct pollfd p = {.fd = fd, .events = POLLIN};
                uint64_t left_ms = now < deadline_ns ? (deadline_ns - now) / HCS_NS_PER_MS + 1 : 0;

                hr = check(ctx, err);
                spent = (hcs_clock_ns() - now) / TICK_NS + 1; /* a slow question counts for as many as it took */
                if (hr != S_FALSE || (!left_ms && !ticks))
                        break;
                poll(&p, 1, left_ms && left_ms < TICK_MS ? (int)left_ms : TICK_MS);
                ticks -= ticks < spent ? ticks : spent;
                if (fd >= 0)
                        drain(fd);
        }
        if (fd >= 0)
                close(fd);
        return hr == S_FALSE ? hcs_error_make(err, HCS_WIN32(1460), "%s: it did not appear in time", what) : hr;
}

struct path_wait {
        const char *pattern;
        char *found[2]; /* two are one too many */
        size_t n;
        int errnum;
};

/* "*" and "?" within a name. glob(3) would also know users and locales, and bring half a libc with it. */
static bool matches(const char *pattern, const char *name) {
        for (; *pattern && *pattern != '/'; pattern++, name++) {
                if (*pattern == '*') {
                        while (*pattern == '*')
                                pattern++;
                        for (;; name++) {
                                if (matches(pattern, name))
                                        return true;
                                if (!*name)
                                        return false;
                        }
                }
                if (!*name || (*pattern != '?' && *pattern != *name))
                        return false;
        }
        return !*name;
}

static void find_paths(struct path_wait *w, const char *so_far, const char *rest) {
        size_t n = strspn(rest, "/"), len = strcspn(rest + n, "/");
        _cleanup_free_ char *dir = hcs_asprintf("%s%.*s", so_far, (int)n, rest), *name = hcs_strndup(rest + n, len);
        struct dirent *e;
        struct stat st;
        DIR *d;

        rest += n + len;
        if (!len) {
                if (lstat(so_far, &st) == 0 && w->n < HCS_ARRAY_SIZE(w->found))
                        w->found[w->n++] = hcs_strdup(so_far);
                return;
        }
        if (!strpbrk(name, "*?")) {
                _cleanup_free_ char *path = hcs_asprintf("%s%s", dir, name);

                find_paths(w, path, rest);
                return;
        }
        d = opendir(*dir ? dir : ".");
        if (!d && errno != ENOENT && errno != ENOTDIR)
                w->errnum = errno;
        while (d && (e = readdir(d)))
                if (*e->d_name != '.' && matches(name, e->d_name)) {
                        _cleanup_free_ char *path = hcs_asprintf("%s%s", dir, e->d_name);

                        find_paths(w, path, rest);
                }
        if (d)
                closedir(d);
}

static HRESULT check_path(void *ctx, struct hcs_error **err) {
        struct path_wait *w = ctx;
        HRESULT hr = S_FALSE;

        w->n = 0;
        w->errnum = 0;
        find_paths(w, "", w->pattern);
        if (w->n == 1)
                return S_OK;
        if (w->n > 1)
                hr = hcs_error_make(err, E_FAIL, "more than one file matches %s: %s, %s", w->pattern, w->found[0],
                                    w->found[1]);
        else if (w->errnum)
                hr = hcs_error_errno(err, w->errnum, "look for %s", w->pattern);
        for (size_t i = 0; i < w->n; i++)
                free(w->found[i]);
        return hr;
}

HRESULT guest_await_path(const char *pattern, uint64_t deadline_ns, char **ret, struct hcs_error **err) {
        struct path_wait w = {.pattern = pattern};
        HRESULT hr = guest_await(check_path, &w, deadline_ns, pattern, err);

        if (SUCCEEDED(hr))
                *ret = w.found[0];
        return hr;
}
