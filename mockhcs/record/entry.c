/* SPDX-License-Identifier: MIT */

/* Records of calls as they are written; see entry.h. */

#include "mockhcs/record/entry.h"

#include <string.h>

#include "mockhcs/engine/handle.h"
#include "mockhcs/record/redact.h"

/* Values are set as they are added: clearing all of them would cost more than writing the line. */
void record_entry_init(struct record_entry *e, enum mock_record_kind kind, uint64_t t) {
        e->record = (struct mock_record){.kind = kind, .t = t, .args = e->values};
        e->n_scrubbed = 0;
}

void record_entry_deinit(struct record_entry *e) {
        for (size_t i = 0; i < e->n_scrubbed; i++)
                free(e->scrubbed[i]);
}

static void show(struct record_entry *e, const struct mock_value *v, bool redact, struct mock_value *ret) {
        char *text;

        *ret = *v;
        if (!redact || !v->text || v->kind == MOCK_HANDLE)
                return;
        text = record_redact(v->text, v->len);
        if (!text)
                return;
        ret->text = e->scrubbed[e->n_scrubbed++] = text;
        ret->len = strlen(text);
}

static void add_value(struct record_entry *e, const struct mock_value *v, bool redact) {
        show(e, v, redact, &e->values[e->record.n_args++]);
}

void record_entry_result(struct record_entry *e, const struct mock_value *v, bool redact) {
        show(e, v, redact, &e->record.result);
}

void record_entry_call(struct record_entry *e, const struct mock_call *call, bool redact) {
        record_entry_init(e, MOCK_RECORD_CALL, call->time_ns);
        e->record.function = (char *)(uintptr_t)call->function->name;
        e->record.dll = call->function->dll;
        e->record.n = call->number;
        e->record.thread = call->thread;
        for (size_t i = 0; i < call->n_args; i++)
                add_value(e, &call->args[i], redact);
}

void record_entry_return(struct record_entry *e, const struct mock_call *call, uint64_t t, bool redact) {
        bool local = mock_verb_is_local(call->function->verb);

        record_entry_init(e, MOCK_RECORD_RETURN, t);
        e->record.n = call->number;
        e->record.hr = mock_call_spell(call, call->hr);
        e->record.pending = !local && SUCCEEDED(call->hr) && !call->completed;
        if (call->created && SUCCEEDED(call->hr)) {
                char *symbol = call->created->symbol;

                add_value(e,
                          &(struct mock_value){.name = mock_handle_kind_name(call->created->kind),
                                               .kind = MOCK_HANDLE,
                                               .text = symbol,
                                               .len = strlen(symbol)},
                          redact);
        }
        if (call->completion.result.kind != MOCK_ABSENT)
                add_value(e, &call->completion.result, redact);
        if (call->completed)
                e->record.process = call->completion.process;
}
