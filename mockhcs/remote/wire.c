/* SPDX-License-Identifier: MIT */

/* Calls and what belongs to them as records on the wire: values are borrowed while they are printed. See wire.h. */

#include "mockhcs/remote/wire.h"

#include <stdio.h>
#include <string.h>

static char *borrow(const char *s) {
        return (char *)(uintptr_t)s;
}

static struct mock_value symbol_value(const char *name, const char *symbol) {
        return (struct mock_value){.name = name, .kind = MOCK_HANDLE, .text = borrow(symbol), .len = strlen(symbol)};
}

static void print_call(struct hcs_buf *out, const struct mock_call *call) {
        struct mock_value values[MOCK_MAX_ARGS + 1];
        struct mock_record r = {.kind = MOCK_RECORD_CALL,
                                .function = borrow(call->function->name),
                                .dll = call->function->dll,
                                .n = call->number,
                                .thread = call->thread,
                                .args = values,
                                .n_args = call->n_args};

        memcpy(values, call->args, call->n_args * sizeof(values[0]));
        if (call->created)
                values[r.n_args++] = symbol_value(MOCK_WIRE_CREATES, call->created->symbol);
        mock_record_print(&r, out);
}

bool mock_wire_completes_later(const struct mock_call *call) {
        return SUCCEEDED(call->hr) && (!call->completed || FAILED(call->completion.hr));
}

static void print_return(struct hcs_buf *out, uint64_t n, const struct mock_call *call) {
        struct mock_value value = call->completion.result;
        bool local = mock_verb_is_local(call->function->verb);
        struct mock_record r = {.kind = MOCK_RECORD_RETURN,
                                .n = n,
                                .hr = call->hr,
                                .pending = !local && mock_wire_completes_later(call),
                                .args = &value,
                                .n_args = value.kind != MOCK_ABSENT};

        if (call->completed)
                r.process = call->completion.process;
        mock_record_print(&r, out);
}

void mock_wire_put_call(struct hcs_buf *out, const struct mock_call *call) {
        size_t begin = mock_wire_begin(out);

        print_call(out, call);
        mock_wire_end(out, begin);
}

void mock_wire_put_note(struct hcs_buf *out, const struct mock_call *call) {
        size_t begin = mock_wire_begin(out);

        print_call(out, call);
        print_return(out, call->number, call);
        mock_wire_end(out, begin);
}

void mock_wire_put_return(struct hcs_buf *out, uint64_t n, const struct mock_call *call) {
        size_t begin = mock_wire_begin(out);

        print_return(out, n, call);
        mock_wire_end(out, begin);
}

void mock_wire_put_complete(struct hcs_buf *out, uint64_t n, const struct mock_completion *c) {
        char subject[32];
        struct mock_record r = {.kind = MOCK_RECORD_COMPLETE,
                                .n = n,
                                .hr = c->hr,
                                .result = c->result,
                                .process = c->process,
                                .subject = subject};
        size_t begin = mock_wire_begin(out);

        snprintf(subject, sizeof(subject), "call/%llu", (unsigned long long)n);
        mock_record_print(&r, out);
        mock_wire_end(out, begin);
}

void mock_wire_put_event(struct hcs_buf *out, const char *symbol, const struct mock_event *event) {
        struct mock_record r = {
                .kind = MOCK_RECORD_EVENT, .subject = borrow(symbol), .event = borrow(event->name), .hr = event->hr};
        size_t begin = mock_wire_begin(out);

        if (event->data)
                r.result = (struct mock_value){
                        .name = "data", .kind = MOCK_DOCUMENT, .text = borrow(event->data), .len = strlen(event->data)};
        mock_record_print(&r, out);
        mock_wire_end(out, begin);
}

void mock_wire_put_stdio(struct hcs_buf *out, const char *symbol, const struct mock_stdio *chunk) {
        struct mock_record r = {.kind = MOCK_RECORD_STDIO,
                                .subject = borrow(symbol),
                                .stream = chunk->stream,
                                .data = (char *)(uintptr_t)chunk->data,
                                .len = chunk->len,
                                .end = chunk->end};
        size_t begin = mock_wire_begin(out);

        mock_record_print(&r, out);
        mock_wire_end(out, begin);
}

static void take_result(struct mock_value *from, struct mock_value *to) {
        mock_value_set_document(to, "result", steal_pointer(&from->text));
        from->kind = MOCK_ABSENT;
}

void mock_wire_take_return(struct mock_record *r, struct mock_call *call) {
        call->hr = r->hr;
        call->completed = !r->pending;
        call->completion.number = call->number;
        call->completion.hr = r->hr;
        call->completion.process = r->process;
        for (size_t i = 0; i < r->n_args; i++)
                if (r->args[i].kind == MOCK_DOCUMENT || r->args[i].kind == MOCK_TEXT)
                        take_result(&r->args[i], &call->completion.result);
}

void mock_wire_take_complete(struct mock_record *r, struct mock_completion *ret) {
        *ret = (struct mock_completion){.number = r->n, .hr = r->hr, .process = r->process};
        if (r->result.kind != MOCK_ABSENT)
                take_result(&r->result, &ret->result);
}
