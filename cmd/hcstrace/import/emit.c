/* SPDX-License-Identifier: MIT */

/*
 * Operations as calls of a trace. Every compute system that a log speaks of gets a handle; one that the log never saw
 * made is opened first, so that a replay has the handle to go on.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/scrub.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "cmd/hcstrace/import/known.h"
#include "cmd/hcstrace/import/order.h"
#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/names.h"

#define MAX_SYSTEMS   4096
#define MAX_PROCESSES 16384

struct import_emitter {
        const struct import_options *options;
        struct import_stats *stats;
        struct import_order *order;
        struct import_known_set systems, processes;
        struct last {
                char *system;        /* the id spoken of last in a log */
                uint32_t owner, pid; /* the process made last */
                bool process;
                unsigned bridge; /* its number; 0: there is none yet */
        } * last;                /* of each log */
        uint32_t handles[2];
        unsigned bridges;
        const struct import_line *line;
        unsigned log;      /* that what comes now is of */
        uint64_t now;      /* the newest time that was told */
        enum mock_dll dll; /* what the log's client used last */
};

struct import_emitter *import_emitter_new(const struct import_options *options, struct import_stats *stats) {
        struct import_emitter *e = hcs_calloc(1, sizeof(*e));

        e->options = options;
        e->stats = stats;
        e->order = import_order_new(options);
        e->last = hcs_calloc(stats->n_logs, sizeof(*e->last));
        e->dll = MOCK_VMCOMPUTE;
        import_known_init(&e->systems, MAX_SYSTEMS);
        import_known_init(&e->processes, MAX_PROCESSES);
        return e;
}

struct import_emitter *import_emitter_free(struct import_emitter *e) {
        if (!e)
                return NULL;
        import_order_free(e->order);
        import_known_deinit(&e->systems);
        import_known_deinit(&e->processes);
        for (size_t i = 0; i < e->stats->n_logs; i++)
                free(e->last[i].system);
        free(e->last);
        free(e);
        return NULL;
}

HRESULT import_emitter_finish(struct import_emitter *e, struct hcs_error **err) {
        return import_order_finish(e->order, err);
}

void import_emitter_at(struct import_emitter *e, const struct import_line *line) {
        e->line = line;
        if (line)
                e->log = line->log;
}

unsigned import_emitter_log(const struct import_emitter *e) {
        return e->log;
}

unsigned import_emitter_of(struct import_emitter *e, unsigned log) {
        unsigned before = e->log;

        e->log = log;
        return before;
}

static struct last *last_of(struct import_emitter *e) {
        return &e->last[e->log];
}

/* Do its times have a day? */
static bool is_dated(const struct import_emitter *e) {
        return e->stats->logs[e->log].dated;
}

void import_tell(struct import_emitter *e, enum import_note_kind kind, const struct import_line *line,
                 const char *reason) {
        struct import_note note = {.kind = kind, .reason = reason, .log = e->stats->logs[e->log].name, .text = ""};

        e->stats->notes[kind]++;
        if (line) {
                note.log = e->stats->logs[line->log].name;
                note.line = line->number;
                note.text = line->text;
        }
        if (e->options->tell)
                e->options->tell(e->options->ctx, &note);
}

/* What nobody tells the time of happens when the thing before it did. */
static uint64_t at(struct import_emitter *e, uint64_t time) {
        if (time > e->now)
                e->now = time;
        return time ? time : e->now;
}

static char *scrubbed(const struct import_emitter *e, const char *text) {
        return !e->options->keep_secrets ? hcs_scrub_text(text, NULL) : hcs_strdup(text);
}

/* What was done to a part of a record stands in the record. */
static void mark(struct import_emitter *e, struct mock_record *r, const char *part, const char *how) {
        _cleanup_free_ char *reason = NULL;
        struct hcs_json *marks;

        if (!how)
                return;
        if (!r->extra)
                r->extra = hcs_json_new_object();
        marks = hcs_json_get(r->extra, "repaired");
        if (!marks)
                marks = hcs_json_set_new_object(r->extra, "repaired");
        hcs_json_set_string(marks, part, how);
        reason = hcs_asprintf("%s: %s", part, how);
        import_tell(e, IMPORT_REPAIRED, e->line && e->line->log == e->log ? e->line : NULL, reason);
}

/* Of several logs, which one said it. */
static void say_log(struct import_emitter *e, struct mock_record *r) {
        if (e->stats->n_logs < 2)
                return;
        if (!r->extra)
                r->extra = hcs_json_new_object();
        hcs_json_set_string(r->extra, "log", e->stats->logs[e->log].name);
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
        const struct import_known *known;
        uint64_t began, not_before;
        bool returned;
};

static void add_named(struct import_emitter *e, const struct import_operation *op, struct mock_record *r) {
        for (size_t i = 0; i < IMPORT_MAX_ARGS && op->args[i].name; i++) {
                const char *name = op->args[i].name, *text = op->args[i].text ? op->args[i].text : "";
                struct mock_slice slice = {name, strlen(name)};

                if (mock_name_kind(slice) == MOCK_DOCUMENT) {
                        mock_value_set_document(&r->args[r->n_args++], name, scrubbed(e, text));
                        mark(e, r, name, op->document_repair);
                } else {
                        mock_value_set_text(&r->args[r->n_args++], name, hcs_strdup(text));
                }
        }
}

/* The pipes that the parameters ask for. */
static void process_info(const struct import_operation *op, struct mock_process_info *ret) {
        static const char *const members[] = {"\"CreateStdInPipe\"", "\"CreateStdOutPipe\"", "\"CreateStdErrPipe\""};

        ret->present = true;
        ret->process_id = op->pid;
        for (size_t i = 0; op->document && i < HCS_ARRAY_SIZE(members); i++) {
                const char *at = strstr(op->document, members[i]);

                at = at ? at + strlen(members[i]) + strspn(at + strlen(members[i]), " \t:") : "";
                ret->stream[i] = hcs_str_starts(at, "true");
        }
}

static void put_return(struct import_emitter *e, const struct import_operation *op, const struct put *p, uint64_t key,
                       uint64_t not_before, enum mock_dll dll) {
        uint64_t t = at(e, op->time);
        struct mock_record ret = {.kind = MOCK_RECORD_RETURN, .n = key, .t = t > not_before ? t : not_before};

        ret.args = hcs_calloc(2, sizeof(*ret.args));
        ret.hr = dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(op->hr) : hcs_hresult_to_computecore(op->hr);
        if (p->made && SUCCEEDED(op->hr))
                mock_value_set_handle(&ret.args[ret.n_args++],
                                      hcs_str_starts(p->made, "process") ? "process" : "system", p->made);
        if (op->result) {
                mock_value_set_document(&ret.args[ret.n_args++], "result", scrubbed(e, op->result));
                mark(e, &ret, "result", op->result_repair);
        }
        if (op->verb == MOCK_CREATE_PROCESS && SUCCEEDED(op->hr))
                process_info(op, &ret.process);
        if (op->verb == MOCK_GET_PROCESS_INFO && SUCCEEDED(op->hr) && p->known) {
                ret.process = (struct mock_process_info){.present = true, .process_id = p->known->pid};
                memcpy(ret.process.stream, p->known->streams, sizeof(ret.process.stream));
        }
        import_order_put(e->order, &ret, is_dated(e), false);
}

static void put_call(struct import_emitter *e, const struct import_operation *op, const struct put *p) {
        enum mock_dll dll = op->function ? op->dll : e->dll;
        const char *function = op->function ? op->function : mock_function_of_verb(dll, op->verb)->name;
        uint64_t t = at(e, p->began ? p->began : op->time), key;
        struct mock_record call = {.kind = MOCK_RECORD_CALL,
                                   .function = hcs_strdup(function),
                                   .dll = dll,
                                   .t = t > p->not_before ? t : p->not_before,
                                   .thread = e->log + 1};

        t = call.t;
        call.args = hcs_calloc(4 + IMPORT_MAX_ARGS, sizeof(*call.args));
        if (p->id)
                mock_value_set_text(&call.args[call.n_args++], "id", hcs_strdup(p->id));
        if (p->process)
                mock_value_set_handle(&call.args[call.n_args++], "process", p->process);
        else if (p->system)
                mock_value_set_handle(&call.args[call.n_args++], "system", p->system);
        if (op->verb == MOCK_OPEN_PROCESS)
                mock_value_set_number(&call.args[call.n_args++], "processId", op->pid);
        add_named(e, op, &call);
        if (op->document && !op->function) {
                mock_value_set_document(&call.args[call.n_args++], document_name(op->verb), scrubbed(e, op->document));
                mark(e, &call, document_name(op->verb), op->document_repair);
        }
        mark(e, &call, "call", op->call_repair);
        say_log(e, &call);
        key = import_order_put(e->order, &call, is_dated(e), p->returned);
        if (p->returned)
                put_return(e, op, p, key, t, dll);
        e->stats->calls++;
        e->stats->failures += p->returned && FAILED(op->hr);
        e->stats->unreturned += !p->returned;
}

static void speak_of(struct import_emitter *e, const char *id) {
        struct last *last = last_of(e);

        if (last->system && strcmp(last->system, id) == 0)
                return;
        free(last->system);
        last->system = hcs_strdup(id);
}

static struct import_known *remember(struct import_emitter *e, const char *id, uint64_t made) {
        struct import_known *k = import_known_add_system(&e->systems, id, ++e->handles[MOCK_SYSTEM]);

        k->made = made;
        speak_of(e, id);
        return k;
}

static struct import_known *system_of(struct import_emitter *e, const char *id, uint64_t time) {
        struct import_operation open = {.verb = MOCK_OPEN_SYSTEM, .time = time};
        struct import_known *s;
        char symbol[32];

        id = id ? id : last_of(e)->system ? last_of(e)->system : "unknown";
        s = import_known_system(&e->systems, id);
        if (s) {
                speak_of(e, id);
                return s;
        }
        snprintf(symbol, sizeof(symbol), "system/%u", e->handles[MOCK_SYSTEM] + 1);
        put_call(e, &open, &(struct put){.id = id, .made = symbol, .returned = true});
        return remember(e, id, at(e, time));
}

static struct import_known *add_process(struct import_emitter *e, struct import_known *s, uint32_t pid, uint64_t made) {
        struct import_known *k = import_known_add_process(&e->processes, s->handle, pid, ++e->handles[MOCK_PROCESS]);

        k->made = made;
        s->newest = pid;
        *last_of(e) = (struct last){.system = last_of(e)->system,
                                    .owner = s->handle,
                                    .pid = pid,
                                    .process = true,
                                    .bridge = last_of(e)->bridge};
        return k;
}

/* Of that id, or the newest of the system when the log does not say the id. */
static struct import_known *process_of(struct import_emitter *e, struct import_known *s, uint32_t pid, uint64_t time) {
        struct import_operation open = {.verb = MOCK_OPEN_PROCESS, .pid = pid, .time = time};
        char system[32], symbol[32];
        struct import_known *p = import_known_process(&e->processes, s->handle, pid ? pid : s->newest);

        if (p)
                return p;
        snprintf(system, sizeof(system), "system/%u", s->handle);
        snprintf(symbol, sizeof(symbol), "process/%u", e->handles[MOCK_PROCESS] + 1);
        put_call(e, &open, &(struct put){.system = system, .made = symbol, .returned = true, .not_before = s->made});
        return add_process(e, s, pid, at(e, time) > s->made ? at(e, time) : s->made);
}

static bool is_process_verb(enum mock_verb v) {
        return v >= MOCK_CLOSE_PROCESS && v <= MOCK_MODIFY_PROCESS;
}

static bool is_service_verb(enum mock_verb v) {
        return v == MOCK_ENUMERATE_SYSTEMS || v == MOCK_GET_SERVICE_PROPERTIES || v == MOCK_MODIFY_SERVICE_SETTINGS;
}

static uint64_t end_of(struct import_emitter *e, const struct import_operation *op, const struct put *p) {
        uint64_t began = at(e, p->began), end = at(e, op->time);

        began = began > p->not_before ? began : p->not_before;
        return end > began ? end : began;
}

static void emit_made_system(struct import_emitter *e, const struct import_operation *op, struct put *p) {
        char symbol[32];

        snprintf(symbol, sizeof(symbol), "system/%u", e->handles[MOCK_SYSTEM] + 1);
        p->id = op->system ? op->system : "unknown";
        p->made = symbol;
        put_call(e, op, p);
        if (SUCCEEDED(op->hr) && p->returned)
                remember(e, p->id, end_of(e, op, p));
}

static void emit_made_process(struct import_emitter *e, const struct import_operation *op, struct import_known *s,
                              struct put *p) {
        struct mock_process_info info = {0};
        char symbol[32];

        snprintf(symbol, sizeof(symbol), "process/%u", e->handles[MOCK_PROCESS] + 1);
        p->made = symbol;
        put_call(e, op, p);
        if (FAILED(op->hr) || !p->returned)
                return;
        process_info(op, &info);
        memcpy(add_process(e, s, op->pid, end_of(e, op, p))->streams, info.stream, sizeof(info.stream));
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

void import_emit(struct import_emitter *e, const struct import_operation *op, uint64_t began, bool returned) {
        struct put p = {.began = began, .returned = returned};
        char system[32], symbol[32];
        struct import_known *s;

        learn_api(e, op);
        if (op->function || is_service_verb(op->verb)) {
                put_call(e, op, &p);
                return;
        }
        if (op->verb == MOCK_CREATE_SYSTEM || op->verb == MOCK_OPEN_SYSTEM) {
                emit_made_system(e, op, &p);
                return;
        }
        s = system_of(e, op->system, began ? began : op->time);
        snprintf(system, sizeof(system), "system/%u", s->handle);
        p.system = system;
        p.not_before = s->made;
        if (op->verb == MOCK_CREATE_PROCESS || op->verb == MOCK_OPEN_PROCESS) {
                emit_made_process(e, op, s, &p);
                return;
        }
        if (is_process_verb(op->verb)) {
                p.known = process_of(e, s, op->pid, began ? began : op->time);
                snprintf(symbol, sizeof(symbol), "process/%u", p.known->handle);
                p.process = symbol;
                p.not_before = p.known->made;
        }
        put_call(e, op, &p);
}

void import_emit_frame(struct import_emitter *e, const struct import_frame *f) {
        struct last *last = last_of(e);
        struct mock_record r = {.kind = MOCK_RECORD_FRAME,
                                .t = at(e, f->time),
                                .function = hcs_strdup(f->type),
                                .n = f->id,
                                .from_guest = f->from_guest,
                                .data = scrubbed(e, f->document)};

        if (!last->bridge)
                last->bridge = ++e->bridges;
        r.subject = hcs_asprintf("bridge/%u", last->bridge);
        r.len = strlen(r.data);
        mark(e, &r, "document", f->repair);
        say_log(e, &r);
        import_order_put(e->order, &r, is_dated(e), false);
        e->stats->frames++;
}

/* A process that is gone has closed its ends of the pipes. */
static void emit_end_of_output(struct import_emitter *e, const struct import_known *p, const char *subject,
                               uint64_t t) {
        for (int stream = MOCK_STDOUT; stream <= MOCK_STDERR; stream++)
                if (p->streams[stream]) {
                        struct mock_record r = {.kind = MOCK_RECORD_STDIO,
                                                .t = t,
                                                .subject = hcs_strdup(subject),
                                                .stream = (enum mock_stream)stream,
                                                .end = true};

                        import_order_put(e->order, &r, is_dated(e), false);
                }
}

/* Whose exit is told; NULL: of nobody that can be named. */
static struct import_known *exited(struct import_emitter *e, const char *system, uint32_t pid, uint64_t time) {
        const struct last *last = last_of(e);

        if (pid == IMPORT_NEWEST_PROCESS)
                return last->process ? import_known_process(&e->processes, last->owner, last->pid) : NULL;
        return pid ? process_of(e, system_of(e, system, time), pid, time) : system_of(e, system, time);
}

void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data, uint64_t time) {
        struct import_known *k = exited(e, system, pid, time);
        uint64_t t = at(e, time);
        struct mock_record r = {.kind = MOCK_RECORD_EVENT};
        char subject[32];

        if (!k || k->exited)
                return;
        k->exited = true;
        r.t = t > k->made ? t : k->made;
        r.event = hcs_strdup(pid ? "ProcessExited" : "SystemExited");
        snprintf(subject, sizeof(subject), pid ? "process/%u" : "system/%u", k->handle);
        r.subject = hcs_strdup(subject);
        if (pid)
                emit_end_of_output(e, k, subject, r.t);
        if (data)
                mock_value_set_document(&r.result, "data", scrubbed(e, data));
        say_log(e, &r);
        import_order_put(e->order, &r, is_dated(e), false);
        e->stats->exits++;
}
