/* SPDX-License-Identifier: MIT */

/*
 * Operations as calls of a trace. Every compute system that a log speaks of gets a handle; one that the log never saw
 * made is opened first, so that a replay has the handle to go on.
 */

#include <stdio.h>
#include <string.h>

#include "base/scrub.h"
#include "base/str.h"
#include "cmd/hcstrace/import/import.h"
#include "mockhcs/engine/handle.h"

struct known_system {
        char *id;
        uint32_t handle;
};
struct known_process {
        uint32_t pid, handle, system;
};

struct import_emitter {
        struct mock_trace_writer *writer; /* NULL: a dry run */
        struct import_stats *stats;
        bool redact;
        struct known_system *systems;
        struct known_process *processes;
        size_t n_systems, n_processes, last; /* last: the system spoken of last */
        uint32_t handles[2];
        uint64_t number, started_ns, t;
};

struct import_emitter *import_emitter_new(struct mock_trace_writer *writer, bool redact, struct import_stats *stats) {
        struct import_emitter *e = hcs_calloc(1, sizeof(*e));

        e->writer = writer;
        e->redact = redact;
        e->stats = stats;
        return e;
}

struct import_emitter *import_emitter_free(struct import_emitter *e) {
        if (!e)
                return NULL;
        for (size_t i = 0; i < e->n_systems; i++)
                free(e->systems[i].id);
        free(e->systems);
        free(e->processes);
        free(e);
        return NULL;
}

/* Time never runs backwards in a trace, whatever the log's order. */
static uint64_t at(struct import_emitter *e, uint64_t time_ns) {
        if (time_ns && !e->started_ns)
                e->started_ns = time_ns;
        if (time_ns > e->started_ns + e->t)
                e->t = time_ns - e->started_ns;
        return e->t;
}

static void write_record(struct import_emitter *e, const struct mock_record *r) {
        if (e->writer)
                mock_trace_write(e->writer, r);
}

static char *scrubbed(const struct import_emitter *e, const char *text) {
        return e->redact && text ? hcs_scrub_text(text, NULL) : hcs_strdup(text);
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

/* handle: the symbol of what the call is on; made: of what it gives back. */
static void put_call(struct import_emitter *e, const struct import_operation *op, const char *id, const char *system,
                     const char *process, const char *made) {
        struct mock_value args[4] = {0}, out[2] = {0};
        const struct mock_function *f = mock_function_of_verb(MOCK_VMCOMPUTE, op->verb);
        struct mock_record call = {.kind = MOCK_RECORD_CALL,
                                   .function = (char *)(uintptr_t)f->name,
                                   .dll = MOCK_VMCOMPUTE,
                                   .n = ++e->number,
                                   .thread = 1,
                                   .args = args,
                                   .t = at(e, op->time_ns)};
        struct mock_record ret = {.kind = MOCK_RECORD_RETURN,
                                  .n = call.n,
                                  .t = call.t,
                                  .hr = hcs_hresult_to_vmcompute(op->hr),
                                  .args = out};

        if (id)
                mock_value_set_text(&args[call.n_args++], "id", hcs_strdup(id));
        if (process)
                mock_value_set_handle(&args[call.n_args++], "process", process);
        else if (system)
                mock_value_set_handle(&args[call.n_args++], "system", system);
        if (op->verb == MOCK_OPEN_PROCESS)
                mock_value_set_number(&args[call.n_args++], "processId", op->pid);
        if (op->document)
                mock_value_set_document(&args[call.n_args++], document_name(op->verb), scrubbed(e, op->document));
        write_record(e, &call);
        if (made && SUCCEEDED(op->hr))
                mock_value_set_handle(&out[ret.n_args++], hcs_str_starts(made, "process") ? "process" : "system", made);
        if (op->result)
                mock_value_set_document(&out[ret.n_args++], "result", scrubbed(e, op->result));
        if (op->verb == MOCK_CREATE_PROCESS && SUCCEEDED(op->hr)) {
                ret.process.present = true;
                ret.process.process_id = op->pid;
        }
        write_record(e, &ret);
        for (size_t i = 0; i < call.n_args; i++)
                mock_value_deinit(&args[i]);
        for (size_t i = 0; i < ret.n_args; i++)
                mock_value_deinit(&out[i]);
        e->stats->calls++;
        e->stats->failures += FAILED(op->hr);
}

static struct known_system *remember(struct import_emitter *e, const char *id) {
        e->systems = hcs_realloc(e->systems, (e->n_systems + 1) * sizeof(*e->systems));
        e->systems[e->n_systems] = (struct known_system){hcs_strdup(id), ++e->handles[MOCK_SYSTEM]};
        e->last = e->n_systems;
        return &e->systems[e->n_systems++];
}

static struct known_system *system_of(struct import_emitter *e, const char *id, uint64_t time_ns) {
        struct import_operation open = {.verb = MOCK_OPEN_SYSTEM, .time_ns = time_ns};
        struct known_system *s;
        char symbol[32];

        if (!id && e->n_systems)
                return &e->systems[e->last];
        for (size_t i = 0; id && i < e->n_systems; i++)
                if (strcmp(e->systems[i].id, id) == 0) {
                        e->last = i;
                        return &e->systems[i];
                }
        s = remember(e, id ? id : "unknown");
        snprintf(symbol, sizeof(symbol), "system/%u", s->handle);
        put_call(e, &open, s->id, NULL, NULL, symbol);
        return s;
}

static struct known_process *process_of(struct import_emitter *e, struct known_system *s, uint32_t pid,
                                        uint64_t time_ns) {
        struct import_operation open = {.verb = MOCK_OPEN_PROCESS, .pid = pid, .time_ns = time_ns};
        char system[32], symbol[32];

        for (size_t i = e->n_processes; i-- > 0;)
                if (e->processes[i].system == s->handle && (pid == 0 || e->processes[i].pid == pid))
                        return &e->processes[i];
        e->processes = hcs_realloc(e->processes, (e->n_processes + 1) * sizeof(*e->processes));
        e->processes[e->n_processes] = (struct known_process){pid, ++e->handles[MOCK_PROCESS], s->handle};
        if (time_ns != UINT64_MAX) {
                snprintf(system, sizeof(system), "system/%u", s->handle);
                snprintf(symbol, sizeof(symbol), "process/%u", e->processes[e->n_processes].handle);
                put_call(e, &open, NULL, system, NULL, symbol);
        }
        return &e->processes[e->n_processes++];
}

static bool is_process_verb(enum mock_verb v) {
        return v >= MOCK_CLOSE_PROCESS && v <= MOCK_MODIFY_PROCESS;
}

static bool is_service_verb(enum mock_verb v) {
        return v == MOCK_ENUMERATE_SYSTEMS || v == MOCK_GET_SERVICE_PROPERTIES || v == MOCK_MODIFY_SERVICE_SETTINGS;
}

void import_emit(struct import_emitter *e, const struct import_operation *op) {
        char system[32], symbol[32];
        struct known_system *s;

        if (is_service_verb(op->verb)) {
                put_call(e, op, NULL, NULL, NULL, NULL);
                return;
        }
        if (op->verb == MOCK_CREATE_SYSTEM || op->verb == MOCK_OPEN_SYSTEM) {
                snprintf(symbol, sizeof(symbol), "system/%u", e->handles[MOCK_SYSTEM] + 1);
                put_call(e, op, op->system ? op->system : "unknown", NULL, NULL, symbol);
                if (SUCCEEDED(op->hr))
                        remember(e, op->system ? op->system : "unknown");
                return;
        }
        s = system_of(e, op->system, op->time_ns);
        snprintf(system, sizeof(system), "system/%u", s->handle);
        if (is_process_verb(op->verb)) {
                snprintf(symbol, sizeof(symbol), "process/%u", process_of(e, s, op->pid, op->time_ns)->handle);
                put_call(e, op, NULL, NULL, symbol, NULL);
        } else if (op->verb == MOCK_CREATE_PROCESS || op->verb == MOCK_OPEN_PROCESS) {
                snprintf(symbol, sizeof(symbol), "process/%u", e->handles[MOCK_PROCESS] + 1);
                put_call(e, op, NULL, system, NULL, symbol);
                if (SUCCEEDED(op->hr))
                        process_of(e, s, op->pid ? op->pid : e->handles[MOCK_PROCESS] + 1, UINT64_MAX);
        } else {
                put_call(e, op, NULL, system, NULL, NULL);
        }
}

void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data, uint64_t time_ns) {
        struct known_system *s = system_of(e, system, time_ns);
        char subject[32];
        struct mock_record r = {.kind = MOCK_RECORD_EVENT,
                                .t = at(e, time_ns),
                                .subject = subject,
                                .event = (char *)(uintptr_t)(pid ? "ProcessExited" : "SystemExited")};

        if (pid)
                snprintf(subject, sizeof(subject), "process/%u", process_of(e, s, pid, time_ns)->handle);
        else
                snprintf(subject, sizeof(subject), "system/%u", s->handle);
        if (data)
                mock_value_set_document(&r.result, "data", hcs_strdup(data));
        write_record(e, &r);
        mock_value_deinit(&r.result);
        e->stats->exits++;
}
