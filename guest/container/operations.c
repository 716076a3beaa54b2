/* SPDX-License-Identifier: MIT */

/* Operations on a container that block: each is a job with the container pinned. The loop's side prepares and takes the
 * result over; the thread's side sees only the job and what is constant of the container. */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/failure.h"
#include "guest/base/path.h"
#include "guest/container/host.h"
#include "guest/container/kinds.h"
#include "guest/container/spec.h"
#include "guest/container/sweep.h"
#include "hcsshim/log.h"

struct operation {
        struct guest_job job;
        struct guest_container *container;
        guest_done_fn done;
        void (*done_pid)(void *ctx, uint32_t pid, struct hcs_error *err);
        void *ctx;
        struct guest_ports ports;
        struct hcs_json *document;    /* the process of an exec, the resources of an update */
        struct guest_streams streams; /* the host's */
        struct guest_streams ours, theirs;
        struct guest_stdio stdio;
        int log;
        pid_t pid;
        struct hcs_error *err;
};

static struct operation *operation_of(struct guest_job *job) {
        return (struct operation *)((char *)job - offsetof(struct operation, job));
}

static struct operation *operation_new(struct guest_container *c, void (*work)(struct guest_job *),
                                       void (*done)(struct guest_job *), void *ctx) {
        struct operation *o = hcs_calloc(1, sizeof(*o));

        o->job.work = work;
        o->job.done = done;
        o->container = c;
        o->ctx = ctx;
        o->streams = o->ours = o->theirs = GUEST_STREAMS_NONE;
        o->stdio.pipes = GUEST_STREAMS_NONE;
        o->stdio.master = -1;
        o->log = -1;
        guest_container_pin(c);
        return o;
}

static void operation_submit(struct operation *o) {
        guest_workers_submit(o->container->host->workers, &o->job);
}

static void operation_free(struct operation *o) {
        struct guest_container *c = o->container;

        guest_streams_close(&o->streams);
        guest_streams_close(&o->ours);
        guest_streams_close(&o->theirs);
        if (o->log >= 0)
                close(o->log);
        hcs_json_free(o->document);
        free(o);
        guest_container_unpin(c);
}

static HRESULT dial(struct operation *o, struct hcs_error **err) {
        struct guest_container *c = o->container;

        if (c->log_path) {
                o->log = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
                if (o->log < 0)
                        return hcs_error_errno(err, errno, "open log file %s", c->log_path);
        }
        return guest_ports_dial(&o->ports, c->allow_streams ? c->host->transport : c->host->no_streams, &o->streams,
                                err);
}

static struct guest_relay *make_relay(struct operation *o, struct guest_process *p, bool terminal, int master,
                                      struct guest_streams *pipes) {
        struct guest_relay_config config;
        struct guest_relay *relay;
        char name[64];

        guest_process_relay_config(p, &config, name, o->log);
        relay = terminal ? guest_relay_new_terminal(&config, &o->streams, master)
                         : guest_relay_new_pipes(&config, &o->streams, pipes);
        o->streams = *pipes = GUEST_STREAMS_NONE;
        o->log = -1;
        return relay;
}

static void start_work(struct guest_job *job) {
        struct operation *o = operation_of(job);

        if (SUCCEEDED(dial(o, &o->err)))
                guest_runtime_start(o->container->host->runtime, o->container->id, &o->err);
}

static void start_done(struct guest_job *job) {
        struct operation *o = operation_of(job);
        struct guest_container *c = o->container;
        struct guest_relay *relay = NULL;

        if (!o->err) {
                relay = make_relay(o, c->init, c->terminal, c->master, &c->pipes);
                c->master = -1;
        } else if (!c->init->exited) {
                c->state = GUEST_CONTAINER_CREATED;
        }
        o->done(o->ctx, o->err);
        guest_process_release(c->init, relay);
        operation_free(o);
}

void guest_container_start(struct guest_container *c, const struct guest_ports *ports, guest_done_fn done, void *ctx) {
        struct hcs_error *err = NULL;
        struct operation *o;

        if (c->state == GUEST_CONTAINER_RUNNING || c->init->exited) {
                hcs_error_make(&err, E_FAIL, "cannot start container %s: it %s", c->id,
                               c->init->exited ? "has stopped" : "was started before");
                done(ctx, err);
                return;
        }
        c->state = GUEST_CONTAINER_RUNNING;
        c->init->held = true;
        o = operation_new(c, start_work, start_done, ctx);
        o->done = done;
        o->ports = *ports;
        operation_submit(o);
}

/* The container's rlimits, and its user unless the process names one. */
static HRESULT complete_process(struct guest_container *c, struct hcs_json *process, struct hcs_error **err) {
        const struct hcs_json *own = hcs_json_get(c->spec, "process"), *own_user = hcs_json_get(own, "user");
        const char *user = hcs_json_string(hcs_json_lookup(process, "user.username"));
        const char *own_name = hcs_json_get_string(own_user, "username");
        HRESULT hr;

        if (hcs_json_get(own, "rlimits"))
                hcs_json_set(process, "rlimits", hcs_json_copy(hcs_json_get(own, "rlimits")));
        else
                hcs_json_remove(process, "rlimits");
        if (user && *user) {
                hr = guest_spec_set_user(process, guest_spec_root_path(c->spec), user, err);
                if (FAILED(hr))
                        return hr;
                hcs_json_remove(hcs_json_get(process, "user"), "username");
        } else if (own_name && *own_name) {
                hcs_json_set(process, "user", hcs_json_copy(own_user));
        }
        return S_OK;
}

static HRESULT ask_exec(struct operation *o, struct hcs_error **err) {
        struct guest_policy_exec e = {.container_id = o->container->id, .process = o->document};
        struct guest_policy_verdict verdict = {0};
        HRESULT hr = guest_policy_ask(o->container->host->policy, exec, &e, &verdict, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "exec in container denied due to policy"), hr;
        if (o->stdio.terminal && !verdict.allow_streams)
                hr = hcs_error_make(
                        err, E_FAIL,
                        "exec in container of process that requires terminal access denied due to policy not "
                        "allowing stdio access");
        if (verdict.env)
                hcs_json_set(o->document, "env", steal_pointer(&verdict.env));
        if (verdict.capabilities)
                hcs_json_set(o->document, "capabilities", steal_pointer(&verdict.capabilities));
        guest_policy_verdict_deinit(&verdict);
        return hr;
}

static void exec_work(struct guest_job *job) {
        struct operation *o = operation_of(job);
        struct guest_container *c = o->container;

        if (FAILED(ask_exec(o, &o->err)) || FAILED(dial(o, &o->err)) ||
            FAILED(complete_process(c, o->document, &o->err)))
                return;
        if (!o->stdio.terminal && FAILED(guest_ports_pipes(o->ports.has_in, o->ports.has_out, o->ports.has_err,
                                                           &o->ours, &o->theirs, &o->err)))
                return;
        o->stdio.pipes = o->theirs;
        guest_runtime_exec(c->host->runtime, c->id, o->document, &o->stdio, &o->pid, &o->err);
        guest_streams_close(&o->theirs);
}

static void exec_done(struct guest_job *job) {
        struct operation *o = operation_of(job);
        struct guest_container *c = o->container;
        struct guest_process *p;

        if (o->err) {
                o->done_pid(o->ctx, 0, o->err);
        } else {
                p = guest_process_new(c->host, c, o->pid, false);
                p->next = c->others;
                c->others = p;
                o->done_pid(o->ctx, (uint32_t)o->pid, NULL);
                guest_process_release(p, make_relay(o, p, o->stdio.terminal, o->stdio.master, &o->ours));
        }
        operation_free(o);
}

void guest_container_exec(struct guest_container *c, struct hcs_json *process, const struct guest_ports *ports,
                          void (*done)(void *ctx, uint32_t pid, struct hcs_error *err), void *ctx) {
        struct operation *o = operation_new(c, exec_work, exec_done, ctx);

        o->done_pid = done;
        o->ports = *ports;
        o->document = process;
        o->stdio.terminal = hcs_json_bool(hcs_json_get(process, "terminal"));
        operation_submit(o);
}

static void update_work(struct guest_job *job) {
        struct operation *o = operation_of(job);

        guest_runtime_update(o->container->host->runtime, o->container->id, o->document, &o->err);
}

static void plain_done(struct guest_job *job) {
        struct operation *o = operation_of(job);

        o->done(o->ctx, o->err);
        operation_free(o);
}

void guest_container_update(struct guest_container *c, struct hcs_json *resources, guest_done_fn done, void *ctx) {
        struct operation *o = operation_new(c, update_work, plain_done, ctx);

        o->done = done;
        o->document = resources;
        operation_submit(o);
}

static void delete_work(struct guest_job *job) {
        struct operation *o = operation_of(job);
        struct guest_container *c = o->container;
        struct hcs_error *err = NULL;

        if (c->is_sandbox)
                guest_kinds_unmount_sandbox(c);
        if (FAILED(guest_runtime_delete(c->host->runtime, c->id, false, &err)))
                hcs_error_move(&o->err, &err);
        if (FAILED(guest_path_remove(c->scratch, &err)) && !o->err)
                hcs_error_move(&o->err, &err);
        err = hcs_error_free(err);
        if (FAILED(guest_path_remove(c->bundle, &err)) && !o->err)
                hcs_error_move(&o->err, &err);
        hcs_error_free(err);
        guest_kinds_release(c);
}

static void delete_done(struct guest_job *job) {
        struct operation *o = operation_of(job);

        /* Out of the tables first: whoever is told may create it anew. */
        guest_container_forget(o->container, SUCCEEDED(hcs_error_hresult(o->err)));
        o->done(o->ctx, o->err);
        operation_free(o);
}

void guest_container_delete(struct guest_container *c, guest_done_fn done, void *ctx) {
        struct operation *o = operation_new(c, delete_work, delete_done, ctx);

        o->done = done;
        operation_submit(o);
}
