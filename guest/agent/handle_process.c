/* SPDX-License-Identifier: MIT */

/* Requests about processes: start one, wait for one, signal it, resize its terminal. */

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/agent/command_line.h"
#include "guest/base/failure.h"

#define FREE(name, q) hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_##name), q)

static void answer_pid(void *ctx, uint32_t pid, struct hcs_error *err) {
        char members[64];

        if (err) {
                guest_request_fail(ctx, err);
                return;
        }
        snprintf(members, sizeof(members), ",\"ProcessId\":%" PRIu32, pid);
        guest_request_answer(ctx, members);
}

/* A container's first process: its pid is known since it was created. */
struct start_request {
        struct guest_request *request;
        uint32_t pid;
};

static void answer_start(void *ctx, struct hcs_error *err) {
        struct start_request *s = ctx;

        answer_pid(s->request, s->pid, err);
        free(s);
}

static void get_ports(const struct hcs_schema_gcs_linux_process_parameters *p,
                      const struct hcs_schema_gcs_execute_process_settings *s, struct guest_ports *ret) {
        *ret = (struct guest_ports){
                .has_in = p->CreateStdInPipe, .has_out = p->CreateStdOutPipe, .has_err = p->CreateStdErrPipe};
        if (s->VsockStdioRelaySettings) {
                ret->in = s->VsockStdioRelaySettings->StdIn;
                ret->out = s->VsockStdioRelaySettings->StdOut;
                ret->err = s->VsockStdioRelaySettings->StdErr;
        }
}

static HRESULT get_argv(const struct hcs_schema_gcs_linux_process_parameters *p, char ***ret, struct hcs_error **err) {
        char **argv;

        if (!p->CommandArgs.n)
                return guest_command_line_split(p->CommandLine ? p->CommandLine : "", ret, err);
        argv = hcs_calloc(p->CommandArgs.n + 1, sizeof(*argv));
        for (size_t i = 0; i < p->CommandArgs.n; i++)
                argv[i] = hcs_strdup(p->CommandArgs.items[i] ? p->CommandArgs.items[i] : "");
        *ret = argv;
        return S_OK;
}

static void exec_in_vm(struct guest_agent *a, struct guest_request *r,
                       const struct hcs_schema_gcs_linux_process_parameters *p, const struct guest_ports *ports) {
        struct guest_external_params params = {.terminal = p->EmulateConsole};
        struct hcs_error *err = NULL;

        if (FAILED(get_argv(p, &params.argv, &err))) {
                guest_request_fail(r, err);
                return;
        }
        if (!params.argv[0]) {
                guest_external_params_deinit(&params);
                hcs_error_make(&err, E_FAIL, "no command: CommandArgs and CommandLine are empty");
                guest_request_fail(r, err);
                return;
        }
        params.envp = hcs_calloc(p->Environment.n + 1, sizeof(*params.envp));
        for (size_t i = 0; i < p->Environment.n; i++)
                params.envp[i] = hcs_asprintf("%s=%s", p->Environment.keys[i],
                                              p->Environment.values[i] ? p->Environment.values[i] : "");
        params.cwd = hcs_strdup(p->WorkingDirectory ? p->WorkingDirectory : "");
        guest_host_exec(&a->host, &params, ports, answer_pid, r);
}

static void exec_in_container(struct guest_agent *a, struct guest_request *r,
                              struct hcs_schema_gcs_linux_process_parameters *p, const char *id,
                              const struct guest_ports *ports) {
        struct guest_container *c;
        struct hcs_error *err = NULL;
        struct start_request *s;

        if (FAILED(guest_host_find_container(&a->host, id, &c, &err))) {
                guest_request_fail(r, err);
        } else if (hcs_json_is(p->OciProcess, HCS_JSON_OBJECT)) {
                guest_container_exec(c, steal_pointer(&p->OciProcess), ports, answer_pid, r);
        } else {
                s = hcs_calloc(1, sizeof(*s));
                s->request = r;
                s->pid = (uint32_t)c->init->pid;
                guest_container_start(c, ports, answer_start, s);
        }
}

void guest_handle_execute_process(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_container_execute_process *q = NULL;
        struct hcs_schema_gcs_linux_process_parameters *p = NULL;
        struct guest_ports ports;
        const char *id;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_EXECUTE_PROCESS, &q))
                return;
        if (guest_request_decode_text(r, "ProcessParameters", q->Settings.ProcessParameters,
                                      HCS_SCHEMA_GCS_LINUX_PROCESS_PARAMETERS, &p)) {
                id = q->ContainerId ? q->ContainerId : "";
                get_ports(p, &q->Settings, &ports);
                if (hcs_json_bool(hcs_json_get_nocase(p->extra, "CreateInUtilityVM")) || hcs_streq(id, HCS_GCS_NULL_ID))
                        exec_in_vm(a, r, p, &ports);
                else
                        exec_in_container(a, r, p, id, &ports);
                FREE(GCS_LINUX_PROCESS_PARAMETERS, p);
        }
        FREE(GCS_CONTAINER_EXECUTE_PROCESS, q);
}

struct wait_request {
        struct guest_waiter waiter;
        struct guest_agent *agent;
        struct guest_request *request;
        struct wait_request *next;
};

static void drop_wait(struct wait_request *w) {
        for (struct wait_request **p = &w->agent->waits; *p; p = &(*p)->next)
                if (*p == w) {
                        *p = w->next;
                        break;
                }
        free(w);
}

static void on_wait(struct guest_waiter *waiter, enum guest_wait_result result, uint32_t exit_code) {
        struct wait_request *w = (struct wait_request *)((char *)waiter - offsetof(struct wait_request, waiter));
        struct guest_request *r = w->request;
        struct hcs_error *err = NULL;
        char members[64];

        drop_wait(w);
        switch (result) {
        case GUEST_WAIT_OVER:
                snprintf(members, sizeof(members), ",\"ExitCode\":%" PRIu32, exit_code);
                guest_request_answer(r, members);
                return;
        case GUEST_WAIT_TIMEOUT:
                guest_fail(&err, GUEST_E_TIMEOUT);
                break;
        case GUEST_WAIT_CANCELLED:
                guest_fail(&err, GUEST_E_NOT_FOUND);
                break;
        }
        guest_request_fail(r, err);
}

void guest_agent_lost(void *agent) {
        struct guest_agent *a = agent;

        while (a->waits) {
                struct guest_request *r = a->waits->request;

                guest_waiter_cancel(&a->waits->waiter);
                drop_wait(a->waits);
                guest_request_free(r);
        }
}

static HRESULT find_process(struct guest_agent *a, const char *id, uint32_t pid, struct guest_process **ret,
                            struct hcs_error **err) {
        struct guest_container *c;
        HRESULT hr = guest_host_find_container(&a->host, id, &c, err);

        return SUCCEEDED(hr) ? guest_container_find_process(c, pid, ret, err) : hr;
}

void guest_handle_wait_for_process(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_container_wait_for_process *q = NULL;
        struct guest_process *p = NULL;
        struct hcs_error *err = NULL;
        struct wait_request *w;
        const char *id;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_WAIT_FOR_PROCESS, &q))
                return;
        id = q->ContainerId ? q->ContainerId : "";
        if (FAILED(hcs_streq(id, HCS_GCS_NULL_ID) ? guest_host_find_external(&a->host, q->ProcessId, &p, &err)
                                                  : find_process(a, id, q->ProcessId, &p, &err))) {
                guest_request_fail(r, err);
        } else {
                w = hcs_calloc(1, sizeof(*w));
                w->waiter.fn = on_wait;
                w->agent = a;
                w->request = r;
                w->next = a->waits;
                a->waits = w;
                guest_process_wait(p, &w->waiter, q->TimeoutInMs);
        }
        FREE(GCS_CONTAINER_WAIT_FOR_PROCESS, q);
}

void guest_handle_signal_process(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_container_signal_process *q = NULL;
        struct guest_process *p = NULL;
        struct hcs_error *err = NULL;
        int64_t sig = 0;
        const char *id;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_SIGNAL_PROCESS, &q))
                return;
        id = q->ContainerId ? q->ContainerId : "";
        hcs_json_i64(hcs_json_get_nocase(q->Options, "Signal"), &sig);
        if (sig == 0)
                sig = SIGKILL;
        if (SUCCEEDED(find_process(a, id, q->ProcessId, &p, &err)) &&
            SUCCEEDED(guest_policy_ask(a->host.policy, signal_process, id, (int)sig, p->is_init,
                                       hcs_json_lookup(p->container->spec, "process.args"), &err)))
                guest_process_signal(p, sig < 0 || sig > 64 ? 65 : (int)sig, &err);
        guest_request_done(r, err);
        FREE(GCS_CONTAINER_SIGNAL_PROCESS, q);
}

void guest_handle_resize_console(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_container_resize_console *q = NULL;
        struct guest_process *p = NULL;
        struct hcs_error *err = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_RESIZE_CONSOLE, &q))
                return;
        if (SUCCEEDED(find_process(a, q->ContainerId ? q->ContainerId : "", q->ProcessId, &p, &err)))
                guest_process_resize(p, q->Height, q->Width, &err);
        guest_request_done(r, err);
        FREE(GCS_CONTAINER_RESIZE_CONSOLE, q);
}
