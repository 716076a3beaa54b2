/* SPDX-License-Identifier: MIT */

/* The job behind properties.h. */

#include "guest/agent/properties.h"

#include <stddef.h>

#include "base/str.h"
#include "guest/cgroup/cgroup.h"
#include "guest/container/host.h"
#include "hcsshim/log.h"

struct query {
        struct guest_job job;
        struct guest_container *container;
        bool processes, statistics;
        struct hcs_json *known; /* the processes the agent started, for where there are no cgroups */
        struct hcs_json *properties;
        void (*done)(void *ctx, char *text, struct hcs_error *err);
        void *ctx;
        struct hcs_error *err;
};

static struct query *query_of(struct guest_job *job) {
        return (struct query *)((char *)job - offsetof(struct query, job));
}

static void add_pid(struct hcs_json *list, pid_t pid) {
        hcs_json_set_i64(hcs_json_append(list, hcs_json_new_object()), "ProcessId", pid);
}

static HRESULT add_processes(struct query *q, struct hcs_error **err) {
        const struct guest_container *c = q->container;
        _cleanup_free_ pid_t *pids = NULL;
        struct hcs_json *list;
        size_t n = 0;
        HRESULT hr;

        if (!c->host->cgroups) {
                if (hcs_json_count(q->known))
                        hcs_json_set(q->properties, "ProcessList", steal_pointer(&q->known));
                return S_OK;
        }
        hr = guest_cgroup_pids(c->host->cgroups, c->cgroup, &pids, &n, err);
        if (FAILED(hr))
                return hr;
        if (n)
                list = hcs_json_set_new_array(q->properties, "ProcessList");
        for (size_t i = 0; i < n; i++)
                add_pid(list, pids[i]);
        return S_OK;
}

/* What can grow without bound and no host reads is left empty, as in the original. */
static void trim(struct hcs_json *metrics) {
        static const char *const big[] = {"blkio", "rdma"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(big); i++)
                if (hcs_json_get(metrics, big[i]))
                        hcs_json_set(metrics, big[i], hcs_json_new_object());
        hcs_json_remove(metrics, "network");
}

static HRESULT add_statistics(struct query *q, struct hcs_error **err) {
        const struct guest_container *c = q->container;
        struct hcs_json *metrics = NULL;
        HRESULT hr;

        hr = c->host->cgroups ? guest_cgroup_stats(c->host->cgroups, c->cgroup, &metrics, err)
                              : hcs_error_make(err, E_FAIL, "no cgroups are mounted");
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to get container stats for %s", c->id), hr;
        trim(metrics);
        hcs_json_set(q->properties, "LCOWMetrics", metrics);
        return S_OK;
}

static void work(struct guest_job *job) {
        struct query *q = query_of(job);

        if (q->processes && FAILED(add_processes(q, &q->err)))
                return;
        if (q->statistics)
                add_statistics(q, &q->err);
}

static void done(struct guest_job *job) {
        struct query *q = query_of(job);

        q->done(q->ctx, q->err ? NULL : hcs_json_text(q->properties, HCS_JSON_GO), q->err);
        hcs_json_free(q->properties);
        hcs_json_free(q->known);
        guest_container_unpin(q->container);
        free(q);
}

void guest_properties_query(struct guest_container *c, const struct hcs_json *query,
                            void (*done_fn)(void *ctx, char *text, struct hcs_error *err), void *ctx) {
        const struct hcs_json *types = hcs_json_get_nocase(query, "PropertyTypes");
        struct query *q = hcs_calloc(1, sizeof(*q));

        q->job.work = work;
        q->job.done = done;
        q->container = c;
        q->done = done_fn;
        q->ctx = ctx;
        q->properties = hcs_json_new_object();
        q->known = hcs_json_new_array();
        for (const struct hcs_json *t = hcs_json_first(types); t; t = hcs_json_next(t)) {
                const char *name = hcs_json_string(t);

                if (hcs_streq(name, "ProcessList"))
                        q->processes = true;
                else if (hcs_streq(name, "Statistics"))
                        q->statistics = true;
                else
                        hcs_log(HCS_LOG_WARN, "unknown or empty property type", "propertyType", name, NULL);
        }
        if (!c->init->exited)
                add_pid(q->known, c->init->pid);
        for (const struct guest_process *p = c->others; p; p = p->next)
                if (!p->exited)
                        add_pid(q->known, p->pid);
        guest_container_pin(c);
        guest_workers_submit(c->host->workers, &q->job);
}
