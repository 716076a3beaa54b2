/* SPDX-License-Identifier: MIT */

/* A thread in another network namespace. */

#include "guest/network/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "platform/thread.h"

struct visit {
        pid_t pid;
        HRESULT (*fn)(void *ctx, struct hcs_error **err);
        void *ctx;
        HRESULT hr;
        struct hcs_error *err;
};

static void visit(void *arg) {
        struct visit *v = arg;
        char path[48];
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)v->pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
                v->hr = hcs_error_errno(&v->err, errno, "network namespace of process %d", (int)v->pid);
        else
                v->hr = v->fn(v->ctx, &v->err);
        if (fd >= 0)
                close(fd);
}

HRESULT guest_netns_run(pid_t pid, HRESULT (*fn)(void *ctx, struct hcs_error **err), void *ctx,
                        struct hcs_error **err) {
        struct visit v = {.pid = pid, .fn = fn, .ctx = ctx};
        struct hcs_thread thread;
        HRESULT hr = hcs_thread_start(&thread, visit, &v, err);

        if (FAILED(hr))
                return hr;
        hcs_thread_join(&thread);
        return FAILED(v.hr) ? hcs_error_move(err, &v.err) : v.hr;
}
