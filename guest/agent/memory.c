/* SPDX-License-Identifier: MIT */

/* The groups and watches of memory.h. An event is logged with the group's statistics; those that follow within a second
 * are one with it. */

#include "guest/agent/memory.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "guest/cgroup/event.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

#define PODS     "/pods"
#define AGENT    "/gcs"
#define QUIET_NS HCS_NS_PER_S

struct watched {
        struct guest_memory *memory;
        const char *group;
        bool open;
        struct guest_memory_watch watch;
        struct guest_source source;
        struct guest_timer later;
        unsigned count;
};

struct guest_memory {
        struct guest_loop *loop;
        const struct guest_cgroups *cgroups;
        struct watched pods, agent;
};

HRESULT guest_memory_pods_limit(uint64_t reserve, uint64_t *ret, struct hcs_error **err) {
        struct sysinfo info;
        uint64_t total;

        if (sysinfo(&info) < 0)
                return hcs_error_errno(err, errno, "sysinfo");
        total = (uint64_t)info.totalram * info.mem_unit;
        if (total <= reserve)
                return hcs_error_make(err, E_FAIL, "the VM's memory (%llu) must be greater than the reserve (%llu)",
                                      (unsigned long long)total, (unsigned long long)reserve);
        *ret = total - reserve;
        return S_OK;
}

static void report(struct guest_timer *t) {
        struct watched *w = (struct watched *)((char *)t - offsetof(struct watched, later));
        _cleanup_json_ struct hcs_json *stats = NULL;
        _cleanup_free_ char *memory = NULL;
        char count[16];

        if (SUCCEEDED(guest_cgroup_stats(w->memory->cgroups, w->group, &stats, NULL)))
                memory = hcs_json_text(hcs_json_lookup(stats, "memory.usage"), HCS_JSON_COMPACT);
        snprintf(count, sizeof(count), "%u", w->count);
        hcs_log(HCS_LOG_WARN, "memory usage for cgroup exceeded threshold", "cgroup", w->group, "count", count,
                "memory", memory, NULL);
}

static void on_event(struct guest_source *s, uint32_t events) {
        struct watched *w = (struct watched *)((char *)s - offsetof(struct watched, source));
        HRESULT hr = guest_memory_watch_read(&w->watch, NULL);

        if (FAILED(hr)) {
                guest_loop_watch(w->memory->loop, &w->source, 0);
                return;
        }
        if (hr == S_FALSE)
                return;
        w->count++;
        if (!w->later.deadline_ns)
                guest_loop_set_timer(w->memory->loop, &w->later, hcs_clock_ns() + QUIET_NS);
}

/* A kernel that cannot tell is no reason not to run. */
static void watch(struct guest_memory *m, struct watched *w, const char *group, enum guest_memory_event kind,
                  uint64_t threshold) {
        struct hcs_error *err = NULL;

        w->memory = m;
        w->group = group;
        w->later.fn = report;
        if (FAILED(guest_memory_watch_init(&w->watch, m->cgroups, group, kind, threshold, &err))) {
                hcs_log(HCS_LOG_WARN, "memory of a cgroup is not watched", "cgroup", group, "error",
                        hcs_error_message(err), NULL);
                hcs_error_free(err);
                return;
        }
        w->open = true;
        w->source = (struct guest_source){.fd = w->watch.fd, .fn = on_event};
        guest_loop_watch(m->loop, &w->source, w->watch.events);
}

HRESULT guest_memory_new(struct guest_loop *loop, const struct guest_cgroups *cgroups, uint64_t reserve,
                         uint64_t own_limit, struct guest_memory **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *resources = hcs_json_new_object();
        struct guest_memory *m;
        uint64_t limit = 0;
        HRESULT hr = guest_cgroups_use_hierarchy(cgroups, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to enable hierarchy support for root cgroup"), hr;
        hr = guest_memory_pods_limit(reserve, &limit, err);
        hcs_json_set_u64(hcs_json_set_new_object(resources, "memory"), "limit", limit);
        if (SUCCEEDED(hr))
                hr = guest_cgroup_create(cgroups, PODS, resources, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to create pods cgroup"), hr;
        hr = guest_cgroup_create(cgroups, AGENT, NULL, err);
        if (SUCCEEDED(hr))
                hr = guest_cgroup_add(cgroups, AGENT, getpid(), err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to create gcs cgroup"), hr;
        m = hcs_calloc(1, sizeof(*m));
        m->loop = loop;
        m->cgroups = cgroups;
        watch(m, &m->agent, AGENT, GUEST_MEMORY_THRESHOLD, own_limit);
        watch(m, &m->pods, PODS, GUEST_MEMORY_OOM, 0);
        *ret = m;
        return S_OK;
}

static void unwatch(struct watched *w) {
        guest_loop_clear_timer(w->memory->loop, &w->later);
        if (!w->open)
                return;
        guest_loop_watch(w->memory->loop, &w->source, 0);
        guest_memory_watch_deinit(&w->watch);
}

struct guest_memory *guest_memory_free(struct guest_memory *m) {
        if (!m)
                return NULL;
        unwatch(&m->agent);
        unwatch(&m->pods);
        return hcs_free(m);
}
