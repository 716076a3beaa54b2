/* SPDX-License-Identifier: MIT */

/* Records put in order of time: a heap over what is held. See order.h. */

#include "cmd/hcstrace/import/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "platform/clock.h"

#define MAX_HELD    512
#define MAX_BYTES   ((size_t)8 << 20)
#define PORTION     128            /* go out at once */
#define MAX_NUMBERS (2 * MAX_HELD) /* more than there can be calls whose returns are held */

/* The number of a call, from when it goes out until its return does. */
struct number {
        uint64_t key, n;
};

struct held {
        struct mock_record record;
        uint64_t order; /* of those of one time */
        bool dated, returns;
};

struct import_order {
        const struct import_options *options;
        struct mock_trace_writer *writer; /* made with the first record */
        struct hcs_error *error;          /* why it could not be made */
        HRESULT status;
        struct held *heap[MAX_HELD + 1];
        size_t n, bytes;
        struct held *out[PORTION]; /* in order, next to be written */
        size_t n_out;
        struct number numbers[MAX_NUMBERS]; /* in the order of the calls */
        size_t n_numbers;
        uint64_t keys, puts, number, started_ns, t;
        bool started;
};

struct import_order *import_order_new(const struct import_options *options) {
        struct import_order *o = hcs_calloc(1, sizeof(*o));

        o->options = options;
        return o;
}

static void held_free(struct held *h) {
        mock_record_deinit(&h->record);
        free(h);
}

struct import_order *import_order_free(struct import_order *o) {
        if (!o)
                return NULL;
        for (size_t i = 0; i < o->n; i++)
                held_free(o->heap[i]);
        for (size_t i = 0; i < o->n_out; i++)
                held_free(o->out[i]);
        mock_trace_writer_free(o->writer);
        hcs_error_free(o->error);
        free(o);
        return NULL;
}

bool import_order_writes(const struct import_order *o) {
        return o->options->output && SUCCEEDED(o->status);
}

static bool before(const struct held *a, const struct held *b) {
        return a->record.t != b->record.t ? a->record.t < b->record.t : a->order < b->order;
}

static void push(struct import_order *o, struct held *h) {
        size_t i = o->n++;

        for (; i && before(h, o->heap[(i - 1) / 2]); i = (i - 1) / 2)
                o->heap[i] = o->heap[(i - 1) / 2];
        o->heap[i] = h;
}

static struct held *pop(struct import_order *o) {
        struct held *first = o->heap[0], *last = o->heap[--o->n];
        size_t i = 0;

        for (size_t child; (child = 2 * i + 1) < o->n; i = child) {
                child += child + 1 < o->n && before(o->heap[child + 1], o->heap[child]);
                if (!before(o->heap[child], last))
                        break;
                o->heap[i] = o->heap[child];
        }
        o->heap[i] = last;
        return first;
}

static size_t size_of(const struct mock_record *r) {
        size_t n = sizeof(struct held) + r->result.len + r->len;

        for (size_t i = 0; i < r->n_args; i++)
                n += sizeof(r->args[i]) + r->args[i].len;
        return n;
}

static void give_number(struct import_order *o, struct held *h) {
        uint64_t key = h->record.n;

        h->record.n = ++o->number;
        if (h->returns)
                o->numbers[o->n_numbers++] = (struct number){key, o->number};
}

static void take_number(struct import_order *o, struct mock_record *r) {
        for (size_t i = o->n_numbers; i-- > 0;)
                if (o->numbers[i].key == r->n) {
                        r->n = o->numbers[i].n;
                        memmove(o->numbers + i, o->numbers + i + 1, (--o->n_numbers - i) * sizeof(o->numbers[0]));
                        return;
                }
}

/* The log's own time is the trace's: `started` is the time of what was told first. */
static void start(struct import_order *o, const struct held *first) {
        char text[40];
        struct mock_trace_header header = {
                .recorder = "hcstrace import",
                .os = "windows",
                .started = first->dated && first->record.t ? hcs_wall_clock_format(first->record.t, text) : "",
                .redacted = !o->options->keep_secrets};

        o->started = true;
        o->started_ns = first->record.t;
        if (o->options->output)
                o->status = mock_trace_writer_open(o->options->output, &header, &o->writer, &o->error);
}

static void write_out(struct import_order *o) {
        const struct mock_record *records[PORTION];

        for (size_t i = 0; i < o->n_out; i++)
                records[i] = &o->out[i]->record;
        if (o->writer && o->n_out)
                mock_trace_write_all(o->writer, records, o->n_out);
        for (size_t i = 0; i < o->n_out; i++)
                held_free(o->out[i]);
        o->n_out = 0;
}

/* Time never runs backwards in a trace, whatever the log's order. */
static void put_oldest(struct import_order *o) {
        struct held *h = pop(o);
        struct mock_record *r = &h->record;

        o->bytes -= size_of(r);
        if (!o->started)
                start(o, h);
        if (!o->started_ns)
                o->started_ns = r->t;
        if (r->t > o->started_ns + o->t)
                o->t = r->t - o->started_ns;
        r->t = o->t;
        if (r->kind == MOCK_RECORD_CALL)
                give_number(o, h);
        else if (r->kind == MOCK_RECORD_RETURN)
                take_number(o, r);
        o->out[o->n_out++] = h;
        if (o->n_out == PORTION)
                write_out(o);
}

uint64_t import_order_put(struct import_order *o, struct mock_record *r, bool dated, bool returns) {
        struct held *h = hcs_malloc(sizeof(*h));
        uint64_t key = o->keys;

        if (r->kind == MOCK_RECORD_CALL)
                r->n = key = ++o->keys;
        *h = (struct held){.record = *r, .order = ++o->puts, .dated = dated, .returns = returns};
        *r = (struct mock_record){0};
        o->bytes += size_of(&h->record);
        push(o, h);
        if (o->n > MAX_HELD || o->bytes > MAX_BYTES)
                for (size_t i = 0; i < PORTION && o->n > 1; i++)
                        put_oldest(o);
        return key;
}

HRESULT import_order_finish(struct import_order *o, struct hcs_error **err) {
        while (o->n)
                put_oldest(o);
        write_out(o);
        if (FAILED(o->status))
                return hcs_error_move(err, &o->error);
        if (o->writer && mock_trace_writer_lost(o->writer))
                return hcs_error_make(err, HCS_WIN32(29), "%llu records could not be written to `%s`",
                                      (unsigned long long)mock_trace_writer_lost(o->writer), o->options->output);
        return S_OK;
}
