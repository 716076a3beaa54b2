/* SPDX-License-Identifier: MIT */

/*
 * Operations as calls of a trace. Every compute system that a log speaks of gets a handle; one that the log never saw
 * made is opened first, so that a replay has the handle to go on.
 */

#include <stdio.h>
#include <string.h>

#include "base/scrub.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/names.h"
#include "platform/clock.h"

struct known_system {
        char *id;
        uint32_t handle;
        bool exited;
};
struct known_process {
        uint32_t pid, handle, system;
        bool exited;     /* told once, however often the log says it */
        bool streams[3]; /* pipes that are open */
};

struct import_emitter {
        const struct import_options *options;
        struct mock_trace_writer *writer; /* made with the first record */
        struct hcs_error *error;          /* why it could not be made */
        HRESULT status;
        struct import_stats *stats;
        struct known_system *systems;
        struct known_process *processes;
        size_t n_systems, n_processes, last; /* last: the system spoken of last */
        uint32_t handles[2];
        uint64_t number, started_ns, t;
        enum mock_dll dll; /* what the log's client used last */
};

struct import_emitter *import_emitter_new(const struct import_options *options, struct import_stats *stats) {
        struct import_emitter *e = hcs_calloc(1, sizeof(*e));

        e->options = options;
        e->stats = stats;
        e->dll = MOCK_VMCOMPUTE;
        return e;
}

struct import_emitter *import_emitter_free(struct import_emitter *e) {
        if (!e)
                return NULL;
        mock_trace_writer_free(e->writer);
        hcs_error_free(e->error);
        for (size_t i = 0; i < e->n_systems; i++)
                free(e->systems[i].id);
        free(e->systems);
        free(e->processes);
        free(e);
        return NULL;
}

HRESULT import_emitter_status(struct import_emitter *e, struct hcs_error **err) {
        if (FAILED(e->status))
                return hcs_error_move(err, &e->error);
        if (e->writer && mock_trace_writer_lost(e->writer))
                return hcs_error_make(err, HCS_WIN32(29), "%llu records could not be written to `%s`",
                                      (unsigned long long)mock_trace_writer_lost(e->writer), e->options->output);
        return S_OK;
}

/* The log's own time is the trace's: `started` is the time of what was told first. */
static void start(struct import_emitter *e, struct import_time time) {
        char started[40];
        struct mock_trace_header header = {.recorder = "hcstrace import",
                                           .os = "windows",
                                           .started = time.dated ? hcs_wall_clock_format(time.ns, started) : "",
                                           .redacted = !e->options->keep_secrets};

        e->started_ns = time.ns;
        if (e->options->output)
                e->status = mock_trace_writer_open(e->options->output, &header, &e->writer, &e->error);
}

/* Time never runs backwards in a trace, whatever the log's order. */
static uint64_t at(struct import_emitter *e, struct import_time time) {
        if (!e->started_ns && time.ns)
                e->started_ns = time.ns;
        if (time.ns > e->started_ns + e->t)
                e->t = time.ns - e->started_ns;
        return e->t;
}

static void write_record(struct import_emitter *e, const struct mock_record *r) {
        if (e->writer)
                mock_trace_write(e->writer, r);
}

static char *scrubbed(const struct import_emitter *e, const char *text) {
        return !e->options->keep_secrets && text ? hcs_scrub_text(text, NULL) : hcs_strdup(text);
}

static const char *document_name(enum mock_verb verb) {
        switch (verb) {
        case MOCK_CREATE_SYSTEM:
        case MOCK_MODIFY_SYSTEM:
                return "configuration";
        case MOCK_CREATE_PROCESS:
                return "parameters";
        case MOCK_GET_SYSTEM_PROPERTIES:
        case MOCK_ENUMERATE_SYSTEMS:
        case MOCK_GET_SERVICE_PROPERTIES:
                return "query";
        case MOCK_MODIFY_PROCESS:
        case MOCK_MODIFY_SERVICE_SETTINGS:
                return "settings";
        default:
                return "options";
        }
}

/* What of a call is known beside the operation: the handles that it is on and that it makes. */
struct put {
        const char *id, *system, *process, *made;
        const struct known_process *known;
        struct import_time began;
        bool returned;
};

static void add_named(struct import_emitter *e, const struct import_operation *op, struct mock_value *args, size_t *n) {
        for (size_t i = 0; i < IMPORT_MAX_ARGS && op->args[i].name; i++) {
                const char *name = op->args[i].name, *text = op->args[i].text ? op->args[i].text : "";
                struct mock_slice slice = {name, strlen(name)};

                if (mock_name_kind(slice) == MOCK_DOCUMENT)
                        mock_value_set_document(&args[(*n)++], name, scrubbed(e, text));
                else
                        mock_value_set_text(&args[(*n)++], name, hcs_strdup(text));
        }
}

/* The pipes that the parameters ask for. */
static void process_info(const struct import_operation *op, struct mock_process_info *ret) {
        static const char *const members[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
        _cleanup_json_ struct hcs_json *parameters = NULL;

        ret->present = true;
        ret->process_id = op->pid;
        if (op->document && SUCCEEDED(hcs_json_parse_cstr(op->document, &parameters, NULL)))
                for (size_t i = 0; i < HCS_ARRAY_SIZE(members); i++)
                        ret->stream[i] = hcs_json_bool(hcs_json_get(parameters, members[i]));
}

static void put_return(struct import_emitter *e, const struct import_operation *op, const struct put *p, uint64_t n,
                       enum mock_dll dll) {
        struct mock_value out[2] = {0};
        struct mock_record ret = {.kind = MOCK_RECORD_RETURN, .n = n, .t = at(e, op->time), .args = out};

        ret.hr = dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(op->hr) : hcs_hresult_to_computecore(op->hr);
        if (p->made && SUCCEEDED(op->hr))
                mock_value_set_handle(&out[ret.n_args++], hcs_str_starts(p->made, "process") ? "process" : "system",
                                      p->made);
        if (op->result)
                mock_value_set_document(&out[ret.n_args++], "result", scrubbed(e, op->result));
        if (op->verb == MOCK_CREATE_PROCESS && SUCCEEDED(op->hr))
                process_info(op, &ret.process);
        if (op->verb == MOCK_GET_PROCESS_INFO && SUCCEEDED(op->hr) && p->known) {
                ret.process = (struct mock_process_info){.present = true, .process_id = p->known->pid};
                memcpy(ret.process.stream, p->known->streams, sizeof(ret.process.stream));
        }
        write_record(e, &ret);
        for (size_t i = 0; i < ret.n_args; i++)
                mock_value_deinit(&out[i]);
}

static void put_call(struct import_emitter *e, const struct import_operation *op, const struct put *p) {
        struct mock_value args[4 + IMPORT_MAX_ARGS] = {0};
        enum mock_dll dll = op->function ? op->dll : e->dll;
        const char *function = op->function ? op->function : mock_function_of_verb(dll, op->verb)->name;
        struct import_time began = p->began.ns ? p->began : op->time;
        struct mock_record call = {.kind = MOCK_RECORD_CALL,
                                   .function = (char *)(uintptr_t)function,
                                   .dll = dll,
                                   .thread = 1,
                                   .args = args};

        if (e->number == 0)
                start(e, began);
        call.n = ++e->number;
        call.t = at(e, began);
        if (p->id)
                mock_value_set_text(&args[call.n_args++], "id", hcs_strdup(p->id));
        if (p->process)
                mock_value_set_handle(&args[call.n_args++], "process", p->process);
        else if (p->system)
                mock_value_set_handle(&args[call.n_args++], "system", p->system);
        if (op->verb == MOCK_OPEN_PROCESS)
                mock_value_set_number(&args[call.n_args++], "processId", op->pid);
        add_named(e, op, args, &call.n_args);
        if (op->document && !op->function)
                mock_value_set_document(&args[call.n_args++], document_name(op->verb), scrubbed(e, op->document));
        write_record(e, &call);
        if (p->returned)
                put_return(e, op, p, call.n, dll);
        for (size_t i = 0; i < call.n_args; i++)
                mock_value_deinit(&args[i]);
        e->stats->calls++;
        e->stats->failures += p->returned && FAILED(op->hr);
        e->stats->unreturned += !p->returned;
}

static struct known_system *remember(struct import_emitter *e, const char *id) {
        e->systems = hcs_realloc(e->systems, (e->n_systems + 1) * sizeof(*e->systems));
        e->systems[e->n_systems] = (struct known_system){.id = hcs_strdup(id), .handle = ++e->handles[MOCK_SYSTEM]};
        e->last = e->n_systems;
        return &e->systems[e->n_systems++];
}

static struct known_system *system_of(struct import_emitter *e, const char *id, struct import_time time) {
        struct import_operation open = {.verb = MOCK_OPEN_SYSTEM, .time = time};
        struct known_system *s;
        char symbol[32];

        if (!id && e->n_systems)
                return &e->systems[e->last];
        for (size_t i = e->n_systems; id && i-- > 0;)
                if (strcmp(e->systems[i].id, id) == 0) {
                        e->last = i;
                        return &e->systems[i];
                }
        s = remember(e, id ? id : "unknown");
        snprintf(symbol, sizeof(symbol), "system/%u", s->handle);
        put_call(e, &open, &(struct put){.id = s->id, .made = symbol, .returned = true});
        return s;
}

static struct known_process *add_process(struct import_emitter *e, const struct known_system *s, uint32_t pid) {
        e->processes = hcs_realloc(e->processes, (e->n_processes + 1) * sizeof(*e->processes));
        e->processes[e->n_processes] =
                (struct known_process){.pid = pid, .handle = ++e->handles[MOCK_PROCESS], .system = s->handle};
        return &e->processes[e->n_processes++];
}

/* Of that id, or the newest of the system when the log does not say the id. */
static struct known_process *process_of(struct import_emitter *e, const struct known_system *s, uint32_t pid,
                                        struct import_time time) {
        struct import_operation open = {.verb = MOCK_OPEN_PROCESS, .pid = pid, .time = time};
        char system[32], symbol[32];
        struct known_process *p;

        for (size_t i = e->n_processes; i-- > 0;)
                if (e->processes[i].system == s->handle && (pid == 0 || e->processes[i].pid == pid))
                        return &e->processes[i];
        p = add_process(e, s, pid);
        snprintf(system, sizeof(system), "system/%u", s->handle);
        snprintf(symbol, sizeof(symbol), "process/%u", p->handle);
        put_call(e, &open, &(struct put){.system = system, .made = symbol, .returned = true});
        return p;
}

static bool is_process_verb(enum mock_verb v) {
        return v >= MOCK_CLOSE_PROCESS && v <= MOCK_MODIFY_PROCESS;
}

static bool is_service_verb(enum mock_verb v) {
        return v == MOCK_ENUMERATE_SYSTEMS || v == MOCK_GET_SERVICE_PROPERTIES || v == MOCK_MODIFY_SERVICE_SETTINGS;
}

static void emit_made_system(struct import_emitter *e, const struct import_operation *op, struct put *p) {
        char symbol[32];

        snprintf(symbol, sizeof(symbol), "system/%u", e->handles[MOCK_SYSTEM] + 1);
        p->id = op->system ? op->system : "unknown";
        p->made = symbol;
        put_call(e, op, p);
        if (SUCCEEDED(op->hr) && p->returned)
                remember(e, p->id);
}

/* The API is named, or shows in the family of the code; else the client goes on with the one it used. */
static void learn_api(struct import_emitter *e, const struct import_operation *op) {
        uint32_t family = (uint32_t)op->hr & 0xFFFFFF00u;

        if (op->function)
                return;
        if (op->dll != MOCK_DLL_NONE)
                e->dll = op->dll;
        else if (family == 0x80370100u && op->hr != HCS_E_OPERATION_TIMEOUT) /* that one is the client's own */
                e->dll = MOCK_COMPUTECORE;
        else if (family == 0xC0370100u)
                e->dll = MOCK_VMCOMPUTE;
}

void import_emit(struct import_emitter *e, const struct import_operation *op, struct import_time began, bool returned) {
        struct put p = {.began = began, .returned = returned};
        char system[32], symbol[32];
        const struct known_system *s;

        learn_api(e, op);
        if (op->function || is_service_verb(op->verb)) {
                put_call(e, op, &p);
                return;
        }
        if (op->verb == MOCK_CREATE_SYSTEM || op->verb == MOCK_OPEN_SYSTEM) {
                emit_made_system(e, op, &p);
                return;
        }
        s = system_of(e, op->system, began.ns ? began : op->time);
        snprintf(system, sizeof(system), "system/%u", s->handle);
        p.system = system;
        if (is_process_verb(op->verb)) {
                p.known = process_of(e, s, op->pid, op->time);
                snprintf(symbol, sizeof(symbol), "process/%u", p.known->handle);
                p.process = symbol;
        } else if (op->verb == MOCK_CREATE_PROCESS || op->verb == MOCK_OPEN_PROCESS) {
                snprintf(symbol, sizeof(symbol), "process/%u", e->handles[MOCK_PROCESS] + 1);
                p.made = symbol;
                put_call(e, op, &p);
                if (SUCCEEDED(op->hr) && returned) {
                        struct mock_process_info info = {0};

                        process_info(op, &info);
                        memcpy(add_process(e, s, op->pid)->streams, info.stream, sizeof(info.stream));
                }
                return;
        }
        put_call(e, op, &p);
}

/* A process that is gone has closed its ends of the pipes. */
static void emit_end_of_output(struct import_emitter *e, const struct known_process *p, char *subject, uint64_t t) {
        for (int stream = MOCK_STDOUT; stream <= MOCK_STDERR; stream++)
                if (p->streams[stream])
                        write_record(e, &(struct mock_record){.kind = MOCK_RECORD_STDIO,
                                                              .t = t,
                                                              .subject = subject,
                                                              .stream = (enum mock_stream)stream,
                                                              .end = true});
}

void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data,
                      struct import_time time) {
        struct known_system *s = system_of(e, system, time);
        struct known_process *process = NULL;
        char subject[32];
        struct mock_record r = {.kind = MOCK_RECORD_EVENT,
                                .t = at(e, time),
                                .subject = subject,
                                .event = (char *)(uintptr_t)(pid ? "ProcessExited" : "SystemExited")};
        bool *exited;

        if (pid == IMPORT_NEWEST_PROCESS && e->n_processes == 0)
                return;
        if (pid)
                process =
                        pid == IMPORT_NEWEST_PROCESS ? &e->processes[e->n_processes - 1] : process_of(e, s, pid, time);
        exited = process ? &process->exited : &s->exited;
        if (*exited)
                return;
        *exited = true;
        snprintf(subject, sizeof(subject), process ? "process/%u" : "system/%u", process ? process->handle : s->handle);
        if (process)
                emit_end_of_output(e, process, subject, r.t);
        if (data)
                mock_value_set_document(&r.result, "data", scrubbed(e, data));
        write_record(e, &r);
        mock_value_deinit(&r.result);
        e->stats->exits++;
}
