/* SPDX-License-Identifier: MIT */

/* Processes of a guest on paper: a thread each, which has the streams. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/guest/private.h"
#include "platform/clock.h"

static void process_free(struct guest_process *p) {
        program_free(p->program);
        free(p->container);
        free(p);
}

void guest_processes_free(struct paper_guest *g) {
        while (g->processes) {
                struct guest_process *p = g->processes;

                g->processes = p->next;
                process_free(p);
        }
        while (g->waits) {
                struct guest_wait *w = g->waits;

                g->waits = w->next;
                free(w);
        }
}

static struct guest_process *find(struct paper_guest *g, uint64_t pid) {
        for (struct guest_process *p = g->processes; p; p = p->next)
                if (p->pid == pid)
                        return p;
        return NULL;
}

/* With the lock. */
static void end(struct guest_process *p, uint32_t code, const char *how) {
        if (p->exited || p->killed)
                return;
        p->killed = true;
        p->exit_code = code;
        if (how)
                p->end = how;
        for (int i = 0; i < 3; i++)
                if (p->streams[i])
                        hcs_stream_shutdown(p->streams[i]);
        hcs_cond_broadcast(&p->guest->changed);
}

void guest_kill_processes(struct paper_guest *g, const char *container, uint32_t code, const char *how) {
        for (struct guest_process *p = g->processes; p; p = p->next)
                if (!container || hcs_streq(p->container, container))
                        end(p, code, how);
}

static void answer_wait(struct paper_guest *g, uint64_t request, uint32_t code) {
        char members[32];

        snprintf(members, sizeof(members), ",\"ExitCode\":%u", code);
        guest_answer(g, HCS_GCS_WAIT_FOR_PROCESS, request, members);
}

/* The oldest wait for this process, taken off the list; 0: none. */
static uint64_t next_wait(struct paper_guest *g, uint32_t pid) {
        hcs_guard(&g->lock);

        for (struct guest_wait **at = &g->waits; *at; at = &(*at)->next) {
                struct guest_wait *w = *at;
                uint64_t request = w->request;

                if (w->pid != pid)
                        continue;
                *at = w->next;
                free(w);
                return request;
        }
        return 0;
}

static void say(void *ctx, bool is_error, const char *data, size_t n) {
        struct guest_process *p = ctx;
        struct hcs_stream *s = p->streams[is_error ? 2 : 1];

        if (s && n)
                hcs_stream_write(s, data, n, NULL, NULL); /* who does not listen misses it */
}

static bool dial_streams(struct guest_process *p) {
        for (int i = 0; i < 3; i++) {
                struct hcs_stream *s = p->ports[i] ? guest_dial(p->guest, p->ports[i]) : NULL;
                hcs_guard(&p->guest->lock);

                if (p->ports[i] && !s)
                        return false;
                p->streams[i] = s;
                if (s && p->killed)
                        hcs_stream_shutdown(s);
        }
        return true;
}

/* Until its input ends it; a program that looks at none waits to be killed. */
static void take_input(struct guest_process *p) {
        const struct program_voice voice = {say, p, "\n"};
        bool ended = false;
        char data[4096];
        uint32_t code;

        while (p->streams[0] && p->program->input != INPUT_IGNORE && !ended) {
                size_t n = 0;

                ended = hcs_stream_read(p->streams[0], data, sizeof(data), NULL, &n, NULL) != S_OK;
                if (program_take(p->program, data, n, ended, &voice, &code)) {
                        hcs_guard(&p->guest->lock);
                        if (!p->killed)
                                p->exit_code = code;
                        return;
                }
        }
        hcs_guard(&p->guest->lock);
        while (!p->killed)
                hcs_cond_wait(&p->guest->changed, &p->guest->lock);
}

static void live(struct guest_process *p) {
        const struct program *prog = p->program;
        uint64_t deadline = hcs_clock_ns() + prog->delay_ns;

        if (prog->out)
                say(p, false, prog->out, strlen(prog->out));
        if (prog->err)
                say(p, true, prog->err, strlen(prog->err));
        if (prog->runs_on) {
                take_input(p);
                return;
        }
        hcs_guard(&p->guest->lock);
        while (!p->killed && prog->delay_ns && hcs_cond_wait_until(&p->guest->changed, &p->guest->lock, deadline))
                ;
        if (!p->killed)
                p->exit_code = prog->exit_code;
}

/* As the agent does: outputs end, and the host closes its ends before it hears of the exit. */
static void close_streams(struct guest_process *p) {
        char rest[256];
        size_t n;

        for (int i = 1; i < 3; i++) {
                if (!p->streams[i])
                        continue;
                hcs_stream_close_write(p->streams[i]);
                while (hcs_stream_read(p->streams[i], rest, sizeof(rest), NULL, &n, NULL) == S_OK)
                        ;
        }
        hcs_guard(&p->guest->lock);
        for (int i = 0; i < 3; i++)
                p->streams[i] = hcs_stream_close(p->streams[i]);
        p->exited = true;
}

static void tell_exit(struct guest_process *p) {
        struct paper_guest *g = p->guest;
        uint64_t request;

        while ((request = next_wait(g, p->pid)))
                answer_wait(g, request, p->exit_code);
        if (!p->is_init)
                return;
        {
                hcs_guard(&g->lock);
                struct guest_container *c = guest_container_find(g, p->container);

                if (c)
                        c->gone = true;
                guest_kill_processes(g, p->container, 137, NULL);
        }
        guest_notify_exit(g, p->container, p->end);
}

/* It did not come to be, and its container waits for another. */
static void is_none(struct guest_process *p) {
        hcs_guard(&p->guest->lock);
        struct guest_container *c = p->is_init ? guest_container_find(p->guest, p->container) : NULL;

        if (c && c->init == p->pid)
                c->init = 0;
}

static void run(void *arg) {
        struct guest_process *p = arg;
        struct paper_guest *g = p->guest;
        char members[32];

        if (dial_streams(p)) {
                snprintf(members, sizeof(members), ",\"ProcessId\":%u", p->pid);
                guest_answer(g, HCS_GCS_EXECUTE_PROCESS, p->request, members);
                live(p);
                close_streams(p);
                tell_exit(p);
        } else {
                guest_refuse(g, HCS_GCS_EXECUTE_PROCESS, p->request, HCS_E_CONNECT_FAILED,
                             "nobody listens for the streams of the process");
                close_streams(p);
                is_none(p);
        }
        hcs_guard(&g->lock);
        g->threads--;
        hcs_cond_broadcast(&g->changed);
}

/* Parameters without a command are those of the container's own process. */
static char *command_of(struct paper_guest *g, const char *container, const struct hcs_json *params, bool *ret_init) {
        char *command = program_command_of(params);
        hcs_guard(&g->lock);
        struct guest_container *c = guest_container_find(g, container);
        const struct hcs_json *config = c ? c->config : NULL, *spec = hcs_json_get(config, "OciSpecification");

        *ret_init = c && !*command && c->init == 0;
        if (*command || !c)
                return command;
        free(command);
        if (!spec)
                return program_command_of(config);
        {
                _cleanup_json_ struct hcs_json *as = hcs_json_new_object();

                hcs_json_set(as, "CommandArgs",
                             hcs_json_lookup(spec, "process.args")
                                     ? hcs_json_copy(hcs_json_lookup(spec, "process.args"))
                                     : hcs_json_new_array());
                return program_command_of(as);
        }
}

static void read_ports(const struct hcs_json *doc, uint32_t ports[static 3]) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        const struct hcs_json *relay = hcs_json_lookup(doc, "Settings.VsockStdioRelaySettings");
        uint64_t port;

        for (int i = 0; i < 3; i++)
                if (hcs_json_u64(hcs_json_get(relay, names[i]), &port) && port <= UINT32_MAX)
                        ports[i] = (uint32_t)port;
}

static HRESULT start(struct paper_guest *g, struct guest_process *p) {
        hcs_guard(&g->lock);
        struct guest_container *c = guest_container_find(g, p->container);
        HRESULT hr;

        p->pid = ++g->next_pid;
        hr = hcs_thread_start_detached(run, p, NULL);
        if (FAILED(hr))
                return hr;
        g->threads++;
        p->next = g->processes;
        g->processes = p;
        if (p->is_init && c)
                c->init = p->pid;
        return S_OK;
}

void guest_execute(struct paper_guest *g, uint64_t request, const struct hcs_json *doc) {
        const char *text = hcs_json_string(hcs_json_lookup(doc, "Settings.ProcessParameters")),
                   *container = hcs_json_get_string(doc, "ContainerId");
        _cleanup_json_ struct hcs_json *params = NULL;
        _cleanup_free_ char *command = NULL;
        struct program *program;
        struct guest_process *p;
        bool is_init;

        if (FAILED(hcs_json_parse_cstr(text ? text : "", &params, NULL))) {
                guest_refuse(g, HCS_GCS_EXECUTE_PROCESS, request, HCS_E_INVALID_JSON,
                             "ProcessParameters is no document");
                return;
        }
        command = command_of(g, container, params, &is_init);
        program = *command ? program_find(g->options.script, command) : NULL;
        if (!program) {
                guest_refuse(g, HCS_GCS_EXECUTE_PROCESS, request, HCS_WIN32(2),
                             "exec: \"%s\": executable file not found in $PATH", command);
                return;
        }
        p = hcs_calloc(1, sizeof(*p));
        *p = (struct guest_process){.guest = g,
                                    .container = hcs_strdup(container ? container : HCS_GCS_NULL_ID),
                                    .is_init = is_init,
                                    .end = "UnexpectedExit",
                                    .program = program,
                                    .request = request};
        read_ports(doc, p->ports);
        if (FAILED(start(g, p))) {
                guest_refuse(g, HCS_GCS_EXECUTE_PROCESS, request, E_FAIL, "the process cannot be started");
                process_free(p);
        }
}

void guest_wait_for(struct paper_guest *g, uint64_t request, const struct hcs_json *doc) {
        struct guest_process *p;
        uint64_t pid = 0;
        uint32_t code = 0;
        bool exited;

        hcs_json_u64(hcs_json_get(doc, "ProcessId"), &pid);
        {
                hcs_guard(&g->lock);
                p = find(g, pid);
                exited = p && p->exited;
                if (exited)
                        code = p->exit_code;
                if (p && !exited) {
                        struct guest_wait *w = hcs_calloc(1, sizeof(*w));

                        *w = (struct guest_wait){g->waits, request, (uint32_t)pid};
                        g->waits = w;
                }
        }
        if (!p)
                guest_refuse(g, HCS_GCS_WAIT_FOR_PROCESS, request, HCS_WIN32(0x490), "there is no process %u",
                             (unsigned)pid);
        else if (exited)
                answer_wait(g, request, code);
}

void guest_signal(struct paper_guest *g, uint64_t request, const struct hcs_json *doc) {
        uint64_t pid = 0, signal = 9;
        struct guest_process *p;
        bool found;

        hcs_json_u64(hcs_json_get(doc, "ProcessId"), &pid);
        hcs_json_u64(hcs_json_lookup(doc, "Options.Signal"), &signal);
        {
                hcs_guard(&g->lock);
                p = find(g, pid);
                found = p && !p->exited;
                if (found)
                        end(p, 128 + (uint32_t)signal, NULL);
        }
        if (found)
                guest_answer(g, HCS_GCS_SIGNAL_PROCESS, request, "");
        else
                guest_refuse(g, HCS_GCS_SIGNAL_PROCESS, request, HCS_WIN32(0x490), "there is no process %u",
                             (unsigned)pid);
}
