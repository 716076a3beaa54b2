/* SPDX-License-Identifier: MIT */

/*
 * The recorder: a layer that writes down what goes by. It never changes an answer, and when it cannot write it says so
 * once and lets the run go on. Records of one call are written before the call's answer goes back, so a process that is
 * killed loses at most the line being written.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/scrub.h"
#include "base/str.h"
#include "mockhcs/engine/backend.h"
#include "mockhcs/trace/writer.h"
#include "platform/thread.h"

#define IN_FLIGHT 256

struct recorder {
        struct mock_backend backend; /* first */
        struct mock_sink sink;       /* what the layer below reports to */
        struct mock_trace_writer *writer;
        bool redact;
        struct hcs_mutex lock;
        /* Which operation a call was started for, so that its completion can name it. Overwritten ones are named by
         * call. */
        struct {
                uint64_t call;
                uint32_t operation;
        } in_flight[IN_FLIGHT];
};

static struct recorder *of_sink(struct mock_sink *s) {
        return (struct recorder *)((char *)s - offsetof(struct recorder, sink));
}

/* A cheap look before the expensive one: most documents hold nothing that could be secret. */
static bool might_hold_secrets(const char *text) {
        static const char *const words[] = {"env",         "cred",        "password", "passwd", "token",
                                            "secret",      "apikey",      "sig=",     "Bearer", "Shared",
                                            "StringValue", "BinaryValue", "Sas",      "auth",   "PrivateKey"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++)
                if (strcasestr(text, words[i]))
                        return true;
        return false;
}

/* The value as it is written: scrubbed in `copy` when it must be, which the caller frees. */
static void redacted(const struct recorder *r, const struct mock_value *v, struct mock_value *copy) {
        *copy = *v;
        copy->tree = NULL;
        if (!r->redact || !v->text || v->kind == MOCK_HANDLE || !might_hold_secrets(v->text)) {
                copy->text = v->text ? hcs_strndup(v->text, v->len) : NULL;
                return;
        }
        copy->text = hcs_scrub_text(v->text, NULL);
        copy->len = strlen(copy->text);
}

static void write_call(struct recorder *r, const struct mock_call *call) {
        struct mock_value args[MOCK_MAX_ARGS];
        struct mock_record rec = {.kind = MOCK_RECORD_CALL,
                                  .t = call->time_ns,
                                  .function = (char *)(uintptr_t)call->function->name,
                                  .dll = call->function->dll,
                                  .n = call->number,
                                  .thread = call->thread,
                                  .args = args,
                                  .n_args = call->n_args};

        for (size_t i = 0; i < call->n_args; i++)
                redacted(r, &call->args[i], &args[i]);
        mock_trace_write(r->writer, &rec);
        for (size_t i = 0; i < call->n_args; i++)
                mock_value_deinit(&args[i]);
}

static const char *kind_name(enum mock_handle_kind kind) {
        static const char *const names[] = {"system", "process", "operation", "callback"};

        return names[kind];
}

static void write_return(struct recorder *r, const struct mock_call *call) {
        bool local = mock_verb_is_local(call->function->verb);
        struct mock_value out[2] = {0};
        struct mock_record rec = {.kind = MOCK_RECORD_RETURN,
                                  .t = mock_engine_now_ns(r->backend.engine),
                                  .n = call->number,
                                  .hr = mock_call_spell(call, call->hr),
                                  .args = out,
                                  .pending = !local && SUCCEEDED(call->hr) && !call->completed};

        if (call->created && SUCCEEDED(call->hr))
                mock_value_set_handle(&out[rec.n_args++], kind_name(call->created->kind), call->created->symbol);
        if (call->completion.result.kind != MOCK_ABSENT)
                redacted(r, &call->completion.result, &out[rec.n_args++]);
        if (call->completed)
                rec.process = call->completion.process;
        mock_trace_write(r->writer, &rec);
        for (size_t i = 0; i < rec.n_args; i++)
                mock_value_deinit(&out[i]);
}

static void remember(struct recorder *r, const struct mock_call *call) {
        if (!call->operation)
                return;
        hcs_mutex_lock(&r->lock);
        r->in_flight[call->number % IN_FLIGHT].call = call->number;
        r->in_flight[call->number % IN_FLIGHT].operation = call->operation->number;
        hcs_mutex_unlock(&r->lock);
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct recorder *r = (struct recorder *)b;

        write_call(r, call);
        remember(r, call);
        mock_backend_invoke(b->next, call);
        write_return(r, call);
}

static void note(struct mock_backend *b, const struct mock_call *call) {
        struct recorder *r = (struct recorder *)b;

        if (!(call->function->flags & MOCK_UNRECORDED)) {
                write_call(r, call);
                write_return(r, call);
        }
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

static void record_free(struct mock_backend *b) {
        struct recorder *r = (struct recorder *)b;

        mock_backend_free(b->next);
        mock_trace_writer_free(r->writer);
        hcs_mutex_deinit(&r->lock);
        free(r);
}

static void sink_complete(struct mock_sink *sink, const struct mock_completion *c) {
        struct recorder *r = of_sink(sink);
        char subject[32];
        struct mock_record rec = {.kind = MOCK_RECORD_COMPLETE,
                                  .t = mock_engine_now_ns(r->backend.engine),
                                  .n = c->number,
                                  .hr = c->hr,
                                  .process = c->process,
                                  .subject = subject};

        hcs_mutex_lock(&r->lock);
        if (r->in_flight[c->number % IN_FLIGHT].call == c->number)
                snprintf(subject, sizeof(subject), "operation/%u", r->in_flight[c->number % IN_FLIGHT].operation);
        else
                snprintf(subject, sizeof(subject), "call/%llu", (unsigned long long)c->number);
        hcs_mutex_unlock(&r->lock);
        redacted(r, &c->result, &rec.result);
        mock_trace_write(r->writer, &rec);
        mock_value_deinit(&rec.result);
        r->backend.up->ops->complete(r->backend.up, c);
}

static void sink_event(struct mock_sink *sink, const struct mock_event *e) {
        struct recorder *r = of_sink(sink);
        struct mock_value data = {0};
        struct mock_record rec = {.kind = MOCK_RECORD_EVENT,
                                  .t = mock_engine_now_ns(r->backend.engine),
                                  .hr = e->on->dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(e->hr) : e->hr,
                                  .subject = e->on->symbol,
                                  .event = (char *)(uintptr_t)e->name};

        if (e->data) {
                mock_value_set_document(&data, "data", hcs_strdup(e->data));
                redacted(r, &data, &rec.result);
        }
        mock_trace_write(r->writer, &rec);
        mock_value_deinit(&rec.result);
        mock_value_deinit(&data);
        r->backend.up->ops->event(r->backend.up, e);
}

static void sink_output(struct mock_sink *sink, const struct mock_stdio *chunk) {
        struct recorder *r = of_sink(sink);

        write_stdio(r, chunk);
        r->backend.up->ops->output(r->backend.up, chunk);
}

static unsigned verify(struct mock_backend *b, bool failed, struct hcs_buf *report) {
        uint64_t lost = mock_trace_writer_lost(((struct recorder *)b)->writer);

        if (lost)
                hcs_buf_printf(report, "record: %llu records could not be written\n", (unsigned long long)lost);
        return lost != 0;
}

static const struct mock_sink_ops sink_ops = {sink_complete, sink_event, sink_output};
static const struct mock_backend_ops backend_ops = {
        .name = "record", .invoke = invoke, .note = note, .input = input, .verify = verify, .free = record_free};

static HRESULT open_recorder(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                             struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        const char *redact = mock_option(options, "redact");
        struct mock_trace_header header = {
                .recorder = "mockhcs 0.1.0", .os = "linux", .redacted = !hcs_streq(redact, "no")};
        struct recorder *r;
        HRESULT hr;

        if (redact && !hcs_streq(redact, "yes") && !hcs_streq(redact, "no"))
                return hcs_error_make(err, E_INVALIDARG, "redact=%s: expected yes or no", redact);
        r = hcs_calloc(1, sizeof(*r));
        hr = mock_trace_writer_open(options->argument, &header, &r->writer, err);
        if (FAILED(hr)) {
                free(r);
                return hr;
        }
        r->backend = (struct mock_backend){.ops = &backend_ops, .engine = engine, .up = up, .next = next};
        r->sink.ops = &sink_ops;
        r->redact = header.redacted;
        hcs_mutex_init(&r->lock);
        next->up = &r->sink;
        *ret = &r->backend;
        return S_OK;
}

static const char *const keys[] = {"redact", NULL};

const struct mock_backend_kind mock_record_kind = {
        .name = "record", .decorator = true, .needs_argument = true, .keys = keys, .open = open_recorder};
