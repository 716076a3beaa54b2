/* SPDX-License-Identifier: MIT */

/* Processes of a compute system: their handles, their streams and their end. Everything runs under the lock. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/emulate.h"
#include "mockhcs/emulate/program.h"
#include "mockhcs/emulate/real_process.h"
#include "platform/clock.h"

#define EXIT_KILLED_WINDOWS 1067u /* ERROR_PROCESS_ABORTED, as observed */

static struct process *process_of(struct mock_call *call) {
        return call->process->object;
}

void process_free(struct process *p) {
        program_free(p->program);
        real_process_leave(p->real);
        holders_deinit(&p->holders);
        free(p->command);
        free(p);
}

static char *status_document(const struct process *p) {
        if (!p->exited)
                return hcs_asprintf("{\"ProcessId\":%u}", p->pid);
        if (p->exit_code == 0)
                return hcs_asprintf("{\"ProcessId\":%u,\"Exited\":true}", p->pid);
        return hcs_asprintf("{\"ProcessId\":%u,\"Exited\":true,\"ExitCode\":%u}", p->pid, p->exit_code);
}

/* Output goes to the handle that the process was created with: only that one has pipes. Without it it is lost. */
void process_say(struct process *p, enum mock_stream stream, const char *data, size_t len, struct emissions *out) {
        if (p->stream[stream] && p->creator)
                emit_output(out, p->creator, stream, data, len, false);
}

static void end_streams(struct process *p, struct emissions *out) {
        for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                if (p->stream[i] && p->creator)
                        emit_output(out, p->creator, (enum mock_stream)i, NULL, 0, true);
}

static void forget(struct process *p) {
        for (struct process **at = &p->system->processes; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        process_free(p);
                        return;
                }
}

/* p is gone afterwards when no handle on it is left. */
void process_exit(struct emulator *em, struct process *p, uint32_t code, struct emissions *out) {
        _cleanup_free_ char *status = NULL;

        if (p->exited)
                return;
        p->exited = true;
        p->exit_code = code;
        p->program = program_free(p->program);
        p->real = real_process_leave(p->real);
        end_streams(p, out);
        status = status_document(p);
        for (size_t i = 0; i < p->holders.n; i++)
                emit_event(out, p->holders.items[i], "ProcessExited", S_OK, status);
        if (p->holders.n == 0)
                forget(p);
}

static struct process *find_pid(struct compute_system *s, uint64_t pid) {
        for (struct process *p = s->processes; p; p = p->next)
                if (p->pid == pid)
                        return p;
        return NULL;
}

/* An exit that was put off: the process is looked up again, it may be gone by then. */
struct put_off {
        struct emulator *em;
        char *system;
        uint32_t pid;
        uint64_t epoch;
};

static void put_off_free(void *arg) {
        struct put_off *o = arg;

        free(o->system);
        free(o);
}

static void exit_now(void *arg) {
        struct put_off *o = arg;
        struct emissions out = {0};

        hcs_mutex_lock(&o->em->lock);
        {
                struct compute_system *s = system_find(o->em, o->system);
                struct process *p = s ? find_pid(s, o->pid) : NULL;

                if (p && p->program && o->epoch == o->em->epoch)
                        process_exit(o->em, p, p->program->exit_code, &out);
        }
        hcs_mutex_unlock(&o->em->lock);
        emissions_send(o->em, &out);
        put_off_free(o);
}

void process_exit_later(struct emulator *em, struct process *p, uint64_t delay_ns) {
        struct put_off *o = hcs_malloc(sizeof(*o));

        *o = (struct put_off){em, hcs_strdup(p->system->id), p->pid, em->epoch};
        mock_engine_after(em->backend.engine, delay_ns, exit_now, put_off_free, o);
}

static void run(struct emulator *em, struct process *p, struct emissions *out) {
        struct program *prog = p->program;

        if (prog->out)
                process_say(p, MOCK_STDOUT, prog->out, strlen(prog->out), out);
        if (prog->err)
                process_say(p, MOCK_STDERR, prog->err, strlen(prog->err), out);
        if (prog->runs_on)
                return;
        if (prog->delay_ns == 0)
                process_exit(em, p, prog->exit_code, out);
        else
                process_exit_later(em, p, prog->delay_ns);
}

static void put_info(const struct process *p, struct mock_call *call) {
        call->completion.process.present = true;
        call->completion.process.process_id = p->pid;
        memcpy(call->completion.process.stream, p->stream, sizeof(p->stream));
}

/* What it is to be, on paper or real; NULL after the call was refused. */
static struct process *make(struct emulator *em, struct mock_call *call, const struct hcs_json *params) {
        struct compute_system *s = system_of(call);
        _cleanup_free_ char *command = program_command_of(params);
        struct program *prog = NULL;
        struct process *p;

        if (!*command) {
                refuse_path(call, "CommandLine", "there is no command to run");
                return NULL;
        }
        p = hcs_calloc(1, sizeof(*p));
        p->system = s;
        p->stream[MOCK_STDIN] = hcs_json_bool(hcs_json_get(params, "CreateStdInPipe"));
        p->stream[MOCK_STDOUT] = hcs_json_bool(hcs_json_get(params, "CreateStdOutPipe"));
        p->stream[MOCK_STDERR] = hcs_json_bool(hcs_json_get(params, "CreateStdErrPipe"));
        p->command = steal_pointer(&command);
        p->created_ns = hcs_wall_clock_ns();
        if (em->real_processes && !s->is_vm && !s->is_linux) {
                real_process_start(em, call, p, params);
        } else {
                prog = program_find(em->script, p->command);
                if (!prog)
                        refuse(call, HCS_WIN32(2),
                               "the executable of \"%s\" does not exist (give the emulator a script that knows it)",
                               p->command);
                else
                        p->pid = em->next_pid += 4;
                p->program = prog;
        }
        if (!call->completed)
                return p;
        process_free(p);
        return NULL;
}

void process_create(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        const struct hcs_json *params = document_of(call, "parameters", false);
        struct process *p;

        if (!params ||
            !document_fits(em, call, s->is_v1 ? HCS_SCHEMA_V1_PROCESS_CONFIG : HCS_SCHEMA_PROCESS_PARAMETERS, params))
                return;
        if (s->state != SYSTEM_RUNNING) {
                refuse(call, HCS_E_INVALID_STATE, "cannot create a process in a compute system that is %s",
                       system_state_name(s));
                return;
        }
        p = make(em, call, params);
        if (!p)
                return;
        p->next = s->processes;
        s->processes = p;
        holders_add(&p->holders, call->created);
        p->creator = call->created;
        call->created->object = p;
        mock_call_done(call, NULL);
        put_info(p, call);
        if (p->program)
                run(em, p, out);
}

void process_open(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct mock_value *pid = mock_call_arg(call, "processId");
        struct process *p = find_pid(system_of(call), pid->number);

        if (!p) {
                refuse(call, HCS_WIN32(0x490), "no process %llu in compute system \"%s\"",
                       (unsigned long long)pid->number, system_of(call)->id);
                return;
        }
        holders_add(&p->holders, call->created);
        call->created->object = p;
        if (p->exited) {
                _cleanup_free_ char *status = status_document(p);

                emit_event(out, call->created, "ProcessExited", S_OK, status);
        }
        mock_call_done(call, NULL);
}

void process_close(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct process *p = process_of(call);

        mock_call_done(call, NULL);
        if (!p)
                return;
        call->process->object = NULL;
        if (p->creator == call->process)
                p->creator = NULL;
        if (p->real)
                real_process_go_on(p->real);
        if (holders_remove(&p->holders, call->process) && p->exited)
                forget(p);
}

/* Each DLL has its own code for it; that of vmcompute was seen on real hosts (opengcs 134). */
static bool is_running(struct mock_call *call, const struct process *p) {
        bool v1 = call->function->dll == MOCK_VMCOMPUTE;

        if (p->exited)
                refuse(call, v1 ? HCS_WIN32(0x490) : HCS_E_PROCESS_ALREADY_STOPPED, "process %u has exited", p->pid);
        return !p->exited;
}

/* A real one tells by itself when it has ended. */
static void end(struct emulator *em, struct process *p, uint32_t code, struct emissions *out) {
        if (p->real)
                real_process_kill(p->real, code);
        else
                process_exit(em, p, code, out);
}

void process_terminate(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct process *p = process_of(call);

        if (!is_running(call, p))
                return;
        end(em, p, p->system->is_linux ? 137 : EXIT_KILLED_WINDOWS, out);
        mock_call_done(call, NULL);
}

/* One on paper has no handlers. */
static void tell(struct emulator *em, struct process *p, enum hcs_job_event event, struct emissions *out) {
        if (!p->real || !real_process_tell(p->real, event))
                end(em, p, HCS_JOB_EVENT_EXIT, out);
}

void process_signal(struct emulator *em, struct mock_call *call, struct emissions *out) {
        static const struct {
                const char *name;
                enum hcs_job_event event;
        } windows[] = {{"CtrlC", HCS_JOB_CTRL_C},
                       {"CtrlBreak", HCS_JOB_CTRL_BREAK},
                       {"CtrlClose", HCS_JOB_CLOSE},
                       {"CtrlLogOff", HCS_JOB_LOGOFF},
                       {"CtrlShutdown", HCS_JOB_SHUTDOWN}};
        enum hcs_job_event event = HCS_JOB_CTRL_C;
        struct process *p = process_of(call);
        const struct hcs_json *options = document_of(call, "options", true), *signal = hcs_json_get(options, "Signal");
        const char *name = hcs_json_string(signal);
        uint64_t number;
        bool known = false;

        if (call->completed || !is_running(call, p))
                return;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(windows); i++)
                if (hcs_streq(name, windows[i].name)) {
                        event = windows[i].event;
                        known = true;
                }
        if (signal && !known && (!hcs_json_u64(signal, &number) || number == 0 || number > 64)) {
                refuse_path(call, "Signal", "neither a Windows control event nor a signal number");
                return;
        }
        if (name || !signal)
                tell(em, p, event, out);
        else
                end(em, p, 128 + (uint32_t)number, out);
        mock_call_done(call, NULL);
}

void process_info(struct emulator *em, struct mock_call *call, struct emissions *out) {
        mock_call_done(call, NULL);
        put_info(process_of(call), call);
}

void process_properties(struct emulator *em, struct mock_call *call, struct emissions *out) {
        mock_call_done(call, status_document(process_of(call)));
}

void process_modify(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct process *p = process_of(call);
        const struct hcs_json *settings = document_of(call, "settings", false);
        const char *operation = hcs_json_get_string(settings, "Operation");
        const char *handle = hcs_json_string(hcs_json_lookup(settings, "CloseHandle.Handle"));

        if (!settings || !is_running(call, p))
                return;
        if (hcs_streq(operation, "ConsoleSize")) {
                uint64_t h, w;

                if (!hcs_json_u64(hcs_json_lookup(settings, "ConsoleSize.Height"), &h) ||
                    !hcs_json_u64(hcs_json_lookup(settings, "ConsoleSize.Width"), &w) || h > UINT16_MAX ||
                    w > UINT16_MAX)
                        refuse_path(call, "ConsoleSize", "Height and Width from 0 to 65535 are expected");
                else if (p->real)
                        refuse(call, HCS_WIN32(50), "process %u is a real one with pipes, and has no console", p->pid);
        } else if (hcs_streq(operation, "CloseHandle")) {
                if (!hcs_streq(handle, "StdIn") && !hcs_streq(handle, "StdOut") && !hcs_streq(handle, "StdErr") &&
                    !hcs_streq(handle, "All"))
                        refuse_path(call, "CloseHandle.Handle", "StdIn, StdOut, StdErr or All is expected");
        } else {
                refuse_path(call, "Operation", "ConsoleSize or CloseHandle is expected");
        }
        if (call->completed)
                return;
        mock_call_done(call, NULL);
        if (mock_call_closes_stdin(call) && p->creator)
                mock_engine_end_input(em->backend.engine, p->creator);
}

struct teller {
        struct process *process;
        struct emissions *out;
};

static void say(void *ctx, bool is_error, const char *data, size_t n) {
        struct teller *t = ctx;

        process_say(t->process, is_error ? MOCK_STDERR : MOCK_STDOUT, data, n, t->out);
}

void process_input(struct emulator *em, const struct mock_stdio *chunk, struct emissions *out) {
        struct process *p = chunk->process->object;
        struct teller teller = {p, out};
        const struct program_voice voice = {say, &teller, p && p->system->is_linux ? "\n" : "\r\n"};
        uint32_t code;

        if (p && p->real)
                real_process_input(p->real, chunk);
        else if (p && !p->exited && p->program &&
                 program_take(p->program, chunk->data, chunk->len, chunk->end, &voice, &code))
                process_exit(em, p, code, out);
}
