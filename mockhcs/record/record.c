/* SPDX-License-Identifier: MIT */

/*
 * The recorder: a layer that writes down what goes by. It never changes an answer, and when it cannot write it says so
 * once and lets the run go on. Records of one call are written before the call's answer goes back, so a process that is
 * killed loses at most the line being written.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/engine/backend.h"
#include "mockhcs/record/bridges.h"
#include "mockhcs/record/entry.h"
#include "mockhcs/record/part.h"
#include "mockhcs/trace/report.h"
#include "mockhcs/trace/writer.h"
#include "platform/clock.h"

#define IN_FLIGHT 256

struct recorder {
        struct mock_backend backend; /* first */
        struct mock_sink sink;       /* what the layer below reports to */
        struct mock_trace_writer *writer;
        bool redact;
        struct recorded_bridges bridges;
        /* Which operation a call was started for, so that its completion can name it: the low half of the call's
         * number, and the operation's. Overwritten ones are named by call. */
        _Atomic uint64_t in_flight[IN_FLIGHT];
};

static struct recorder *of_sink(struct mock_sink *s) {
        return (struct recorder *)((char *)s - offsetof(struct recorder, sink));
}

/* Writes one or both of a call's records, in one piece. */
static void write_entries(struct recorder *r, const struct mock_call *call, bool called, bool returned) {
        struct record_entry before, after;
        const struct mock_record *records[2] = {&before.record, &after.record};

        if (called)
                record_entry_call(&before, call, r->redact);
        if (returned)
                record_entry_return(&after, call, mock_engine_now_ns(r->backend.engine), r->redact);
        mock_trace_write_all(r->writer, called ? records : records + 1, called + returned);
        if (called)
                record_entry_deinit(&before);
        if (returned)
                record_entry_deinit(&after);
}

static void remember(struct recorder *r, const struct mock_call *call) {
        if (!call->operation)
                return;
        atomic_store_explicit(&r->in_flight[call->number % IN_FLIGHT], call->number << 32 | call->operation->number,
                              memory_order_release);
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct recorder *r = (struct recorder *)b;

        write_entries(r, call, true, false);
        remember(r, call);
        mock_backend_invoke(b->next, call);
        write_entries(r, call, false, true);
        if (call->function->verb == MOCK_CREATE_SYSTEM && call->created && SUCCEEDED(call->hr))
                recorded_bridges_add(&r->bridges, mock_call_text(call, "id"), call->created->number);
}

static void note(struct mock_backend *b, const struct mock_call *call) {
        struct recorder *r = (struct recorder *)b;

        if (!(call->function->flags & MOCK_UNRECORDED))
                write_entries(r, call, true, true);
        mock_backend_note(b->next, call);
}

static void write_stdio(struct recorder *r, const struct mock_stdio *chunk) {
        struct mock_record rec = {.kind = MOCK_RECORD_STDIO,
                                  .t = mock_engine_now_ns(r->backend.engine),
                                  .subject = chunk->process->symbol,
                                  .stream = chunk->stream,
                                  .data = (char *)(uintptr_t)chunk->data,
                                  .len = chunk->len,
                                  .end = chunk->end};

        mock_trace_write(r->writer, &rec);
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        write_stdio((struct recorder *)b, chunk);
        mock_backend_input(b->next, chunk);
}

static void bridge(struct mock_backend *b, const char *system, const struct hcs_gcs_tap_frame *frame,
                   const struct hcs_gcs_tap_bytes *bytes) {
        recorded_bridges_note(&((struct recorder *)b)->bridges, system, frame, bytes);
}

static void record(struct mock_backend *b, const char *line) {
        mock_trace_write(((struct recorder *)b)->writer, &(struct mock_record){.kind = MOCK_RECORD_UNKNOWN,
                                                                               .data = (char *)(uintptr_t)line,
                                                                               .len = strlen(line)});
}

static void record_free(struct mock_backend *b) {
        struct recorder *r = (struct recorder *)b;

        mock_backend_free(b->next);
        recorded_bridges_deinit(&r->bridges);
        mock_trace_writer_free(r->writer);
        free(r);
}

static void sink_complete(struct mock_sink *sink, const struct mock_completion *c) {
        struct recorder *r = of_sink(sink);
        uint64_t started = atomic_load_explicit(&r->in_flight[c->number % IN_FLIGHT], memory_order_acquire);
        char subject[32];
        struct record_entry e;

        record_entry_init(&e, MOCK_RECORD_COMPLETE, mock_engine_now_ns(r->backend.engine));
        e.record.n = c->number;
        e.record.hr = c->hr;
        e.record.process = c->process;
        e.record.subject = subject;

        if (started >> 32 == (uint32_t)c->number)
                snprintf(subject, sizeof(subject), "operation/%u", (uint32_t)started);
        else
                snprintf(subject, sizeof(subject), "call/%llu", (unsigned long long)c->number);
        record_entry_result(&e, &c->result, r->redact);
        mock_trace_write(r->writer, &e.record);
        record_entry_deinit(&e);
        r->backend.up->ops->complete(r->backend.up, c);
}

static void sink_event(struct mock_sink *sink, const struct mock_event *e) {
        struct recorder *r = of_sink(sink);
        struct record_entry entry;

        record_entry_init(&entry, MOCK_RECORD_EVENT, mock_engine_now_ns(r->backend.engine));
        entry.record.hr = e->on->dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(e->hr) : e->hr;
        entry.record.subject = e->on->symbol;
        entry.record.event = (char *)(uintptr_t)e->name;
        if (e->data)
                record_entry_result(&entry,
                                    &(struct mock_value){.name = "data",
                                                         .kind = MOCK_DOCUMENT,
                                                         .text = (char *)(uintptr_t)e->data,
                                                         .len = strlen(e->data)},
                                    r->redact);
        mock_trace_write(r->writer, &entry.record);
        record_entry_deinit(&entry);
        r->backend.up->ops->event(r->backend.up, e);
}

static void sink_output(struct mock_sink *sink, const struct mock_stdio *chunk) {
        struct recorder *r = of_sink(sink);

        write_stdio(r, chunk);
        r->backend.up->ops->output(r->backend.up, chunk);
}

static void verify(struct mock_backend *b, bool failed, struct hcs_json *problems) {
        uint64_t lost = mock_trace_writer_lost(((struct recorder *)b)->writer);
        struct hcs_json *p;

        if (lost == 0)
                return;
        p = hcs_json_append(problems, mock_problem_new("lost", "record: %llu records could not be written\n",
                                                       (unsigned long long)lost));
        hcs_json_set_u64(p, "count", lost);
}

static const struct mock_sink_ops sink_ops = {sink_complete, sink_event, sink_output};
static const struct mock_backend_ops backend_ops = {.name = "record",
                                                    .invoke = invoke,
                                                    .note = note,
                                                    .input = input,
                                                    .bridge = bridge,
                                                    .record = record,
                                                    .verify = verify,
                                                    .free = record_free};

static HRESULT open_recorder(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                             struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        _cleanup_free_ char *part = NULL;
        struct mock_trace_header header = {.recorder = "mockhcs 0.1.0",
                                           .os = next->build ? "windows" : "linux",
                                           .build = next->build,
                                           .faults = next->remark,
                                           .redacted = true};
        struct recorder *r;
        bool parts = false;
        HRESULT hr = mock_option_yes(options, "redact", &header.redacted, err);

        if (SUCCEEDED(hr))
                hr = mock_option_yes(options, "parts", &parts, err);
        if (FAILED(hr))
                return hr;
        part = parts ? record_part_path(options->argument) : NULL;
        r = hcs_calloc(1, sizeof(*r));
        hr = mock_trace_writer_open(part ? part : options->argument, &header, &r->writer, err);
        if (FAILED(hr)) {
                free(r);
                return hr;
        }
        r->backend = (struct mock_backend){
                .ops = &backend_ops, .engine = engine, .up = up, .next = next, .build = next->build};
        r->sink.ops = &sink_ops;
        r->redact = header.redacted;
        recorded_bridges_init(&r->bridges, r->writer, hcs_clock_ns() - mock_engine_now_ns(engine), r->redact);
        next->up = &r->sink;
        *ret = &r->backend;
        return S_OK;
}

static const char *const keys[] = {"redact", "parts", NULL};

const struct mock_backend_kind mock_record_kind = {
        .name = "record", .decorator = true, .needs_argument = true, .keys = keys, .open = open_recorder};
