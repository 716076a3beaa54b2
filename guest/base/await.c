/* SPDX-License-Identifier: MIT */

/* The waiting of await.h: the kernel's uevents wake it, a slow tick makes up for what has none. */

#include "guest/base/await.h"

#include <errno.h>
#include <glob.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define TICK_MS        50
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
        HRESULT hr = check(ctx, err);
        int fd;

        if (hr != S_FALSE)
                return hr;
        /* Opened before the next question, so that nothing happens in between unseen. */
        fd = open_uevents();
        for (;;) {
                uint64_t now = hcs_clock_ns();
                struct pollfd p = {.fd = fd, .events = POLLIN};
                uint64_t left_ms = now < deadline_ns ? (deadline_ns - now) / HCS_NS_PER_MS + 1 : 0;

                hr = check(ctx, err);
                if (hr != S_FALSE || !left_ms)
                        break;
                poll(&p, 1, left_ms < TICK_MS ? (int)left_ms : TICK_MS);
                if (fd >= 0)
                        drain(fd);
        }
        if (fd >= 0)
                close(fd);
        return hr == S_FALSE ? hcs_error_make(err, HCS_WIN32(1460), "%s: it did not appear in time", what) : hr;
}

struct path_wait {
        const char *pattern;
        char *found;
};

static HRESULT check_path(void *ctx, struct hcs_error **err) {
        struct path_wait *w = ctx;
        glob_t g = {0};
        HRESULT hr = S_FALSE;
        int r = glob(w->pattern, GLOB_ERR, NULL, &g);

        if (r == 0 && g.gl_pathc == 1) {
                w->found = hcs_strdup(g.gl_pathv[0]);
                hr = S_OK;
        } else if (r == 0 && g.gl_pathc > 1) {
                hr = hcs_error_make(err, E_FAIL, "more than one file matches %s: %s, %s", w->pattern, g.gl_pathv[0],
                                    g.gl_pathv[1]);
        } else if (r == GLOB_ABORTED && errno != ENOENT && errno != ENOTDIR) {
                hr = hcs_error_errno(err, errno, "look for %s", w->pattern);
        }
        globfree(&g);
        return hr;
}

HRESULT guest_await_path(const char *pattern, uint64_t deadline_ns, char **ret, struct hcs_error **err) {
        struct path_wait w = {.pattern = pattern};
        HRESULT hr = guest_await(check_path, &w, deadline_ns, pattern, err);

        if (SUCCEEDED(hr))
                *ret = w.found;
        return hr;
}
