/* SPDX-License-Identifier: MIT */

/* The VM's tables, and processes of the VM itself. Such a process gets the host's connections as its streams, with
 * nothing in between; only a terminal needs a relay. */

#include "guest/container/host.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/failure.h"
#include "guest/container/console.h"
#include "hcsshim/log.h"

void guest_host_deinit(struct guest_host *h) {
        struct guest_process *p;
        struct guest_container *c;

        while ((p = h->externals)) {
                h->externals = p->next;
                guest_process_free(p);
        }
        while ((c = h->containers)) {
                h->containers = c->next;
                guest_container_free(c);
        }
        while ((c = h->forgotten)) {
                h->forgotten = c->next;
                guest_container_free(c);
        }
}

HRESULT guest_host_find_container(struct guest_host *h, const char *id, struct guest_container **ret,
                                  struct hcs_error **err) {
        for (struct guest_container *c = h->containers; c; c = c->next)
                if (hcs_streq(c->id, id)) {
                        if (c->state == GUEST_CONTAINER_CREATING) {
                                guest_fail(err, GUEST_E_INVALID_STATE);
                                return hcs_error_wrap(err, "container is still being created"), GUEST_E_INVALID_STATE;
                        }
                        *ret = c;
                        return S_OK;
                }
        return guest_fail(err, GUEST_E_SYSTEM_NOT_FOUND);
}

HRESULT guest_host_find_external(struct guest_host *h, uint32_t pid, struct guest_process **ret,
                                 struct hcs_error **err) {
        for (struct guest_process *p = h->externals; p; p = p->next)
                if ((uint32_t)p->pid == pid) {
                        *ret = p;
                        return S_OK;
                }
        return guest_fail(err, GUEST_E_NOT_FOUND);
}

void guest_host_drop_external(struct guest_host *h, struct guest_process *p) {
        for (struct guest_process **at = &h->externals; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        break;
                }
        guest_process_free(p);
}

void guest_external_params_deinit(struct guest_external_params *p) {
        for (size_t i = 0; p->argv && p->argv[i]; i++)
                free(p->argv[i]);
        for (size_t i = 0; p->envp && p->envp[i]; i++)
                free(p->envp[i]);
        free(p->argv);
        free(p->envp);
        free(p->cwd);
        *p = (struct guest_external_params){0};
}

struct exec_job {
        struct guest_job job;
        struct guest_host *host;
        struct guest_external_params params;
        struct guest_ports ports;
        void (*done)(void *ctx, uint32_t pid, struct hcs_error *err);
        void *ctx;
        struct guest_process *process;
        struct guest_streams streams; /* kept for a terminal only */
        int master;
        struct hcs_error *err;
};

/* The facts of the process as an OCI process, for the policy. */
static struct hcs_json *describe_process(const struct guest_external_params *p) {
        struct hcs_json *j = hcs_json_new_object(), *list;

        hcs_json_set_bool(j, "terminal", p->terminal);
        list = hcs_json_set_new_array(j, "args");
        for (size_t i = 0; p->argv[i]; i++)
                hcs_json_append(list, hcs_json_new_string(p->argv[i]));
        list = hcs_json_set_new_array(j, "env");
        for (size_t i = 0; p->envp[i]; i++)
                hcs_json_append(list, hcs_json_new_string(p->envp[i]));
        hcs_json_set_string(j, "cwd", p->cwd);
        return j;
}

static void keep_env(struct guest_external_params *p, const struct hcs_json *env) {
        size_t n = 0;

        for (size_t i = 0; p->envp[i]; i++)
                free(p->envp[i]);
        free(p->envp);
        p->envp = hcs_calloc(hcs_json_count(env) + 1, sizeof(*p->envp));
        for (const struct hcs_json *e = hcs_json_first(env); e; e = hcs_json_next(e))
                if (hcs_json_string(e))
                        p->envp[n++] = hcs_strdup(hcs_json_string(e));
}

static HRESULT ask_policy(struct exec_job *j, const struct guest_transport **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *process = describe_process(&j->params);
        struct guest_policy_exec e = {.process = process};
        struct guest_policy_verdict verdict = {0};
        HRESULT hr = guest_policy_ask(j->host->policy, exec, &e, &verdict, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "exec is denied due to policy"), hr;
        if (verdict.env)
                keep_env(&j->params, verdict.env);
        *ret = verdict.allow_streams ? j->host->transport : j->host->no_streams;
        guest_policy_verdict_deinit(&verdict);
        if (j->params.terminal && *ret == j->host->no_streams)
                return hcs_error_make(err, E_FAIL,
                                      "exec of process that requires terminal access denied due to policy not allowing "
                                      "stdio access");
        return S_OK;
}

static HRESULT start(struct exec_job *j, struct hcs_error **err) {
        struct guest_spawn spawn = {.argv = j->params.argv, .envp = j->params.envp, .cwd = j->params.cwd};
        const struct guest_transport *transport;
        _cleanup_free_ char *tty = NULL;
        HRESULT hr = ask_policy(j, &transport, err);

        if (SUCCEEDED(hr))
                hr = guest_ports_dial(&j->ports, transport, &j->streams, err);
        if (SUCCEEDED(hr) && j->params.terminal) {
                hr = guest_console_open(&j->master, &tty, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "failed to create console for external process");
        }
        if (FAILED(hr))
                return hr;
        spawn.tty = tty;
        spawn.in = j->streams.in;
        spawn.out = j->streams.out;
        spawn.err = j->streams.err;
        hr = guest_children_spawn(j->host->children, &spawn, &j->process->watch, &j->process->pid, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "failed to call Start for external process");
        return hr;
}

static void exec_work(struct guest_job *job) {
        struct exec_job *j = (struct exec_job *)((char *)job - offsetof(struct exec_job, job));

        start(j, &j->err);
        if (!j->params.terminal || j->err)
                guest_streams_close(&j->streams);
        if (j->err && j->master >= 0)
                close(j->master);
}

static void exec_done(struct guest_job *job) {
        struct exec_job *j = (struct exec_job *)((char *)job - offsetof(struct exec_job, job));
        struct guest_process *p = j->process;
        struct guest_relay *relay = NULL;
        struct guest_relay_config config;
        char name[64];

        if (j->err) {
                guest_process_free(p);
                j->done(j->ctx, 0, j->err);
        } else {
                uint32_t pid = (uint32_t)p->pid;

                p->next = j->host->externals;
                j->host->externals = p;
                if (j->params.terminal) {
                        guest_process_relay_config(p, &config, name, -1);
                        relay = guest_relay_new_terminal(&config, &j->streams, j->master);
                }
                j->done(j->ctx, pid, NULL);
                guest_process_release(p, relay);
        }
        guest_external_params_deinit(&j->params);
        free(j);
}

void guest_host_exec(struct guest_host *h, struct guest_external_params *params, const struct guest_ports *ports,
                     void (*done)(void *ctx, uint32_t pid, struct hcs_error *err), void *ctx) {
        struct exec_job *j = hcs_calloc(1, sizeof(*j));

        j->job.work = exec_work;
        j->job.done = exec_done;
        j->host = h;
        j->params = *params;
        *params = (struct guest_external_params){0};
        j->ports = *ports;
        j->done = done;
        j->ctx = ctx;
        j->streams = GUEST_STREAMS_NONE;
        j->master = -1;
        j->process = guest_process_alloc(h, NULL, false);
        guest_workers_submit(h->workers, &j->job);
}

static void describe_process_line(const struct guest_process *p, const char *kind, struct hcs_buf *out) {
        if (p)
                hcs_buf_printf(out, "  %s %d: %s\n", kind, p->pid,
                               p->over     ? "over"
                               : p->exited ? "ended, its streams are not closed"
                                           : "running");
}

void guest_host_describe(const struct guest_host *h, struct hcs_buf *out) {
        static const char *const states[] = {"being created", "created", "running"};

        for (const struct guest_container *c = h->containers; c; c = c->next) {
                hcs_buf_printf(out, "container %s: %s, %u jobs\n", c->id, states[c->state], c->pins);
                describe_process_line(c->init, "init", out);
                for (const struct guest_process *p = c->others; p; p = p->next)
                        describe_process_line(p, "process", out);
        }
        for (const struct guest_container *c = h->forgotten; c; c = c->next)
                hcs_buf_printf(out, "container %s: forgotten, waits for its processes\n", c->id);
        hcs_buf_puts(out, "uvm:\n");
        for (const struct guest_process *p = h->externals; p; p = p->next)
                describe_process_line(p, "process", out);
}
