/* SPDX-License-Identifier: MIT */

/* Memory events as descriptors. A watch is its caller's. */

#include "guest/cgroup/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guest/cgroup/cgroup_private.h"
#include "platform/file.h"

#define PRESSURE_TRIGGER "some 150000 1000000"

/* Version 1: an eventfd that the kernel signals, registered by its number and that of the file it is about. */
static HRESULT register_v1(struct guest_memory_watch *w, const char *folder, struct hcs_error **err) {
        static const char *const files[] = {
                [GUEST_MEMORY_OOM] = "memory.oom_control",
                [GUEST_MEMORY_THRESHOLD] = "memory.usage_in_bytes",
                [GUEST_MEMORY_PRESSURE] = "memory.pressure_level",
        };
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, files[w->kind]);
        int about = open(path, O_RDONLY | O_CLOEXEC);
        char text[80], argument[32] = "";
        HRESULT hr;

        if (about < 0)
                return errno == ENOENT ? hcs_error_make(err, HCS_WIN32(50), "%s: this kernel has no such event", path)
                                       : hcs_error_errno(err, errno, "open %s", path);
        w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (w->kind == GUEST_MEMORY_THRESHOLD)
                snprintf(argument, sizeof(argument), "%llu", (unsigned long long)w->threshold);
        else if (w->kind == GUEST_MEMORY_PRESSURE)
                snprintf(argument, sizeof(argument), "medium,default");
        snprintf(text, sizeof(text), "%d %d %s", w->fd, about, argument);
        hr = w->fd < 0 ? hcs_error_errno(err, errno, "eventfd")
                       : guest_cgroup_write(folder, "cgroup.event_control", text, err);
        close(about);
        w->file = hcs_asprintf("%s/cgroup.event_control", folder);
        return hr;
}

static HRESULT inotify_v2(struct guest_memory_watch *w, struct hcs_error **err) {
        w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (w->fd < 0 || inotify_add_watch(w->fd, w->file, IN_MODIFY | IN_DELETE_SELF) < 0)
                return hcs_error_errno(err, errno, "watch %s", w->file);
        return S_OK;
}

static HRESULT timer_v2(struct guest_memory_watch *w, struct hcs_error **err) {
        static const struct itimerspec each_second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};

        w->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (w->fd < 0 || timerfd_settime(w->fd, 0, &each_second, NULL) < 0)
                return hcs_error_errno(err, errno, "timer for %s", w->file);
        return S_OK;
}

static HRESULT trigger_v2(struct guest_memory_watch *w, struct hcs_error **err) {
        w->fd = open(w->file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        w->events = EPOLLPRI;
        if (w->fd < 0 || write(w->fd, PRESSURE_TRIGGER, sizeof(PRESSURE_TRIGGER)) < 0)
                return errno == ENOENT || errno == EOPNOTSUPP
                               ? hcs_error_make(err, HCS_WIN32(50), "%s: this kernel measures no pressure", w->file)
                               : hcs_error_errno(err, errno, "watch %s", w->file);
        return S_OK;
}

/* A counter or a measure; a failure when the group has gone. */
static HRESULT read_value(const struct guest_memory_watch *w, uint64_t *ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(w->file, 1u << 16, &text, err);

        if (SUCCEEDED(hr))
                *ret = w->kind == GUEST_MEMORY_OOM ? guest_cgroup_value(hcs_buf_cstr(&text), "oom_kill")
                                                   : strtoull(hcs_buf_cstr(&text), NULL, 10);
        return hr;
}

static HRESULT watch_v2(struct guest_memory_watch *w, const char *folder, struct hcs_error **err) {
        static const char *const files[] = {
                [GUEST_MEMORY_OOM] = "memory.events",
                [GUEST_MEMORY_THRESHOLD] = "memory.current",
                [GUEST_MEMORY_PRESSURE] = "memory.pressure",
        };
        HRESULT hr = S_OK;

        w->file = hcs_asprintf("%s/%s", folder, files[w->kind]);
        if (!hcs_file_exists(w->file))
                return hcs_error_make(err, HCS_WIN32(50), "%s: this kernel has no such event", w->file);
        /* What was killed before is no news; memory in use before may be. */
        if (w->kind == GUEST_MEMORY_OOM)
                hr = read_value(w, &w->last, err);
        if (SUCCEEDED(hr))
                hr = w->kind == GUEST_MEMORY_OOM         ? inotify_v2(w, err)
                     : w->kind == GUEST_MEMORY_THRESHOLD ? timer_v2(w, err)
                                                         : trigger_v2(w, err);
        return hr;
}

HRESULT guest_memory_watch_init(struct guest_memory_watch *w, const struct guest_cgroups *c, const char *path,
                                enum guest_memory_event kind, uint64_t threshold, struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "memory", path);
        struct guest_memory_watch made = {
                .fd = -1, .events = EPOLLIN, .kind = kind, .threshold = threshold, .version = c->version};
        HRESULT hr;

        if (!hcs_file_is_directory(folder))
                return hcs_error_make(err, HCS_WIN32(1168), "there is no control group %s", path);
        hr = c->version == 1 ? register_v1(&made, folder, err) : watch_v2(&made, folder, err);
        if (FAILED(hr))
                guest_memory_watch_deinit(&made);
        else
                *w = made;
        return hr;
}

HRESULT guest_memory_watch_read(struct guest_memory_watch *w, struct hcs_error **err) {
        char buf[4096];
        uint64_t value = 0;
        ssize_t n = 0;
        HRESULT hr;

        if (w->version == 2 && w->kind == GUEST_MEMORY_PRESSURE)
                return hcs_file_exists(w->file) ? S_OK : hcs_error_make(err, HCS_WIN32(1168), "%s is gone", w->file);
        do
                n = read(w->fd, buf, sizeof(buf));
        while (n > 0 && w->version == 2 && w->kind == GUEST_MEMORY_OOM);
        if (w->version == 1) {
                if (!hcs_file_exists(w->file)) /* the kernel signals the end of a group too */
                        return hcs_error_make(err, HCS_WIN32(1168), "%s is gone", w->file);
                return n > 0 ? S_OK : S_FALSE;
        }
        hr = read_value(w, &value, err);
        if (FAILED(hr))
                return hr;
        /* More was killed; or beyond the threshold and still growing, as the original tells it. */
        hr = value > w->last && (w->kind == GUEST_MEMORY_OOM || value > w->threshold) ? S_OK : S_FALSE;
        w->last = value;
        return hr;
}

void guest_memory_watch_deinit(struct guest_memory_watch *w) {
        if (w->fd >= 0)
                close(w->fd);
        w->fd = -1;
        free(w->file);
        w->file = NULL;
}
