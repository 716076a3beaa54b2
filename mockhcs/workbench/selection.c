/* SPDX-License-Identifier: MIT */

/* One byte a record; the text is read again from the trace when it is written. See selection.h. */

#include "mockhcs/workbench/selection.h"

#include <stdlib.h>
#include <string.h>

#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/fingerprint.h"
#include "mockhcs/workbench/output.h"

void selection_init(struct selection *s, struct catalog *c, bool all) {
        *s = (struct selection){.catalog = c, .keep = hcs_malloc((size_t)c->n + 1)};
        memset(s->keep, all, (size_t)c->n + 1);
        s->turns = hcs_malloc(((size_t)c->n_handles + 1) * sizeof(*s->turns));
        s->dropped = hcs_calloc((size_t)c->n_handles + 1, sizeof(*s->dropped));
}

void selection_deinit(struct selection *s) {
        free(s->keep);
        free(s->turns);
        free(s->dropped);
        *s = (struct selection){0};
}

void selection_set(struct selection *s, uint32_t item, bool keep) {
        for (; item != CATALOG_NONE; item = s->catalog->items[item].next)
                s->keep[item] = keep;
}

void selection_begin_drop(struct selection *s) {
        s->round++;
}

/* What the call made has its turn, once a round: a trace may say that two made each other. */
static void take_turn(struct selection *s, uint32_t item) {
        const struct catalog_item *x = &s->catalog->items[item];

        if (x->kind != MOCK_RECORD_CALL || x->made == CATALOG_NONE || s->dropped[x->made] == s->round)
                return;
        s->dropped[x->made] = s->round;
        s->turns[s->n_turns++] = x->made;
}

void selection_drop(struct selection *s, uint32_t item) {
        const struct catalog *c = s->catalog;

        selection_set(s, item, false);
        take_turn(s, item);
        while (s->n_turns) {
                uint32_t lane = c->handles[s->turns[--s->n_turns]].lanes;

                for (; lane != CATALOG_NONE; lane = c->lanes[lane].next)
                        for (uint32_t k = 0; k < c->lanes[lane].n; k++) {
                                uint32_t other = c->order[c->lanes[lane].first + k];

                                selection_set(s, other, false);
                                take_turn(s, other);
                        }
        }
}

uint64_t selection_count(const struct selection *s) {
        uint64_t n = 0;

        for (uint32_t i = 0; i < s->catalog->n; i++)
                n += s->keep[i] != 0;
        return n;
}

/* The operation that a line speaks of, as a key; 0: none. */
static uint64_t operation_of(const struct mock_line *l) {
        struct mock_line_value v;

        if (l->kind == MOCK_RECORD_COMPLETE)
                return fingerprint_bytes(FINGERPRINT_START, l->subject.p, l->subject.n);
        if ((l->kind != MOCK_RECORD_CALL && l->kind != MOCK_RECORD_RETURN) ||
            !mock_line_value_find(l->values, l->exact, "operation", &v) || v.kind != MOCK_HANDLE)
                return 0;
        return fingerprint_bytes(FINGERPRINT_START, v.exact.p, v.exact.n);
}

static bool is_plumbing(const struct catalog *c, uint32_t item) {
        return c->items[item].kind == MOCK_RECORD_CALL && c->items[item].lane == CATALOG_NONE;
}

typedef void (*visit)(struct selection *s, uint32_t item, const struct mock_line *l, struct keymap *used);

static HRESULT each_line(struct selection *s, visit visitor, struct keymap *used, struct hcs_error **err) {
        HRESULT hr =
                s->catalog->n ? mock_trace_reader_seek(s->catalog->reader, s->catalog->items[0].offset, 2, err) : S_OK;

        for (uint32_t i = 0; i < s->catalog->n && SUCCEEDED(hr); i++) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(s->catalog->reader, &line, err);
                if (hr == S_OK)
                        visitor(s, i, &line.parts, used);
                else
                        break;
        }
        return hr;
}

static bool is_operation(struct mock_slice symbol) {
        return symbol.n > 10 && memcmp(symbol.p, "operation/", 10) == 0;
}

/* A handle is used when a kept call names it or its return gives it; an operation only when a call names it. */
static void note_use(struct selection *s, uint32_t item, const struct mock_line *l, struct keymap *used) {
        struct mock_line_values it;
        struct mock_line_value v;

        if (!s->keep[item] || is_plumbing(s->catalog, item) ||
            (l->kind != MOCK_RECORD_CALL && l->kind != MOCK_RECORD_RETURN))
                return;
        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v))
                if (v.kind == MOCK_HANDLE && (l->kind == MOCK_RECORD_CALL || !is_operation(v.exact)))
                        *keymap_place(used, fingerprint_bytes(FINGERPRINT_START, v.exact.p, v.exact.n)) = 1;
}

/* What a plumbing call is about: its operation, else its system or process; 0: nothing. */
static uint64_t about(const struct mock_line *l) {
        struct mock_line_values it;
        struct mock_line_value v;

        if (operation_of(l))
                return operation_of(l);
        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v))
                if (v.kind == MOCK_HANDLE)
                        return fingerprint_bytes(FINGERPRINT_START, v.exact.p, v.exact.n);
        return 0;
}

/* Calls on an operation are known by their argument, the one that made it by what it returned. */
static void follow_use(struct selection *s, uint32_t item, const struct mock_line *l, struct keymap *used) {
        uint64_t operation = operation_of(l);

        if (l->kind == MOCK_RECORD_CALL && is_plumbing(s->catalog, item) && about(l))
                selection_set(s, item, keymap_get(used, about(l)) != KEYMAP_NONE);
        if (l->kind == MOCK_RECORD_RETURN && operation)
                *keymap_place(used, ~(uint64_t)item) = keymap_get(used, operation) != KEYMAP_NONE;
}

HRESULT selection_settle(struct selection *s, struct hcs_error **err) {
        struct keymap used = {0};
        HRESULT hr = each_line(s, note_use, &used, err);

        if (SUCCEEDED(hr))
                hr = each_line(s, follow_use, &used, err);
        for (uint32_t i = 0; i < s->catalog->n && SUCCEEDED(hr); i++) {
                uint32_t known = is_plumbing(s->catalog, i) && s->catalog->items[i].next != CATALOG_NONE
                                         ? keymap_get(&used, ~(uint64_t)s->catalog->items[i].next)
                                         : KEYMAP_NONE;

                if (known != KEYMAP_NONE)
                        selection_set(s, i, known);
        }
        keymap_deinit(&used);
        return FAILED(hr) ? hr : S_OK;
}

static void put_header(struct trace_output *out, const struct hcs_json *header, const struct hcs_json *more) {
        _cleanup_json_ struct hcs_json *h = hcs_json_copy(header);

        for (const struct hcs_json *m = hcs_json_first(more); m; m = hcs_json_next(m))
                hcs_json_set(h, hcs_json_key(m), hcs_json_copy(m));
        trace_output_json(out, h);
}

HRESULT selection_write(const struct selection *s, const char *path, const struct hcs_json *more,
                        struct hcs_error **err) {
        _cleanup_(trace_output_freep) struct trace_output *out = NULL;
        struct mock_trace_reader *reader = s->catalog->reader;
        HRESULT hr = trace_output_open(path, &out, err);

        if (FAILED(hr))
                return hr;
        put_header(out, mock_trace_reader_header(reader), more);
        if (s->catalog->n)
                hr = mock_trace_reader_seek(reader, s->catalog->items[0].offset, 2, err);
        for (uint32_t i = 0; i < s->catalog->n && SUCCEEDED(hr); i++) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                if (s->keep[i])
                        trace_output_line(out, line.text.p, line.text.n);
        }
        return FAILED(hr) ? hr : trace_output_finish(steal_pointer(&out), err);
}
