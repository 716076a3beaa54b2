/* SPDX-License-Identifier: MIT */

/* The jobs of sweep.h. Each owns copies of what it needs, so that the container may be gone meanwhile; one that kills
 * pins its container instead, for the processes' ends are reported to it. */

#include "guest/container/sweep.h"

#include <stddef.h>

#include "base/mem.h"
#include "guest/base/path.h"
#include "guest/cgroup/cgroup.h"
#include "guest/container/host.h"
#include "hcsshim/log.h"

struct sweep {
        struct guest_job job;
        struct guest_host *host;
        struct guest_container *container;
        char *id, *bundle, *scratch;
};

static struct sweep *sweep_of(struct guest_job *job) {
        return (struct sweep *)((char *)job - offsetof(struct sweep, job));
}

static void kill_work(struct guest_job *job) {
        const struct guest_container *c = sweep_of(job)->container;
        struct hcs_error *err = NULL;

        if (FAILED(guest_cgroup_kill(c->host->cgroups, c->cgroup, &err)))
                hcs_log(HCS_LOG_ERROR, "failed to terminate container after its first process", "cid", c->id, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

static void kill_done(struct guest_job *job) {
        struct sweep *s = sweep_of(job);

        guest_container_unpin(s->container);
        free(s);
}

void guest_sweep_processes(struct guest_container *c) {
        struct sweep *s;

        if (!c->cgroup || !c->host->cgroups)
                return;
        s = hcs_calloc(1, sizeof(*s));
        s->job.work = kill_work;
        s->job.done = kill_done;
        s->container = c;
        guest_container_pin(c);
        guest_workers_submit(c->host->workers, &s->job);
}

static void clean_work(struct guest_job *job) {
        struct sweep *s = sweep_of(job);
        struct hcs_error *err = NULL;

        guest_runtime_delete(s->host->runtime, s->id, true, NULL);
        if (FAILED(guest_path_remove(s->scratch, &err)) || FAILED(guest_path_remove(s->bundle, &err)))
                hcs_log(HCS_LOG_WARN, "container was not removed completely", "cid", s->id, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

static void clean_done(struct guest_job *job) {
        struct sweep *s = sweep_of(job);

        free(s->id);
        free(s->bundle);
        free(s->scratch);
        free(s);
}

void guest_sweep_container(const struct guest_container *c) {
        struct sweep *s = hcs_calloc(1, sizeof(*s));

        s->job.work = clean_work;
        s->job.done = clean_done;
        s->host = c->host;
        s->id = hcs_strdup(c->id);
        s->bundle = hcs_strdup(c->bundle ? c->bundle : "");
        s->scratch = hcs_strdup(c->scratch ? c->scratch : "");
        guest_workers_submit(c->host->workers, &s->job);
}
