/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CGROUP_EVENT_H
#define GUEST_CGROUP_EVENT_H

/*
 * What the kernel tells of a group's memory. A watch is a descriptor for an event loop and a question to ask when it is
 * ready. Belongs to one thread.
 *
 * Version 1 has an eventfd for each. In version 2 kills are seen by inotify on memory.events, pressure by a trigger on
 * memory.pressure; use beyond a threshold has no event there and is looked at once a second, as in the original.
 */

#include <stdbool.h>
#include <stdint.h>

#include "guest/cgroup/cgroup.h"

enum guest_memory_event {
        GUEST_MEMORY_OOM,       /* processes were killed for lack of memory */
        GUEST_MEMORY_THRESHOLD, /* more than `threshold` bytes in use */
        GUEST_MEMORY_PRESSURE,  /* reclaiming takes long: "medium" of version 1; 150 ms of a second in version 2 */
};

struct guest_memory_watch {
        int fd;
        uint32_t events; /* EPOLLIN or EPOLLPRI */
        /* The rest is the watch's own. */
        enum guest_memory_event kind;
        char *file; /* what is read to see whether it happened; in version 1 what tells that the group is gone */
        uint64_t threshold, last;
        int version;
};

/* HCS_WIN32(ERROR_NOT_FOUND): no such group. ERROR_NOT_SUPPORTED: a kernel without that event. */
HRESULT guest_memory_watch_init(struct guest_memory_watch *w, const struct guest_cgroups *c, const char *path,
                                enum guest_memory_event kind, uint64_t threshold, struct hcs_error **err);
/* Call when fd has `events`. S_OK: it happened. S_FALSE: nothing new. A failure: the group is gone, deinit it. */
HRESULT guest_memory_watch_read(struct guest_memory_watch *w, struct hcs_error **err);
void guest_memory_watch_deinit(struct guest_memory_watch *w);

#endif
