/* SPDX-License-Identifier: MIT */

/* The pass of statistics.h: names are counted in small tables, times are kept and sorted at the end. */

#include "mockhcs/workbench/statistics.h"

#include <stdlib.h>
#include <string.h>

#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/lines.h"
#include "mockhcs/workbench/fingerprint.h"

/* Something by its name. */
struct tally {
        char *name;
        HRESULT code;
        uint64_t n, failed, ended;
        uint64_t *times; /* `ended` of them */
        size_t cap;
};

struct tallies {
        struct tally *items;
        size_t n, cap;
        struct keymap by_key;
};

struct open_call {
        uint64_t t;
        uint32_t function;
        bool ended;
};

struct statistics {
        struct tallies functions, codes, events;
        struct keymap calls; /* number, or bridge and id, to open_call */
        struct open_call *open;
        size_t n_open, cap_open;
        uint64_t records, n_calls, failures, ended, last;
        uint32_t threads;
        uint64_t made[MOCK_HANDLE_KINDS], closed[MOCK_HANDLE_KINDS];
        uint64_t bytes[3];
};

static uint64_t hash(struct mock_slice s) {
        return fingerprint_bytes(FINGERPRINT_START, s.p, s.n);
}

static uint32_t tally(struct tallies *t, uint64_t key, struct mock_slice name) {
        uint32_t *place = keymap_place(&t->by_key, key);

        if (*place == KEYMAP_NONE) {
                *place = (uint32_t)t->n;
                if (t->n == t->cap) {
                        t->cap = t->cap ? 2 * t->cap : 32;
                        t->items = hcs_realloc(t->items, t->cap * sizeof(*t->items));
                }
                t->items[t->n++] = (struct tally){.name = mock_scan_unescaped(name, NULL)};
        }
        t->items[*place].n++;
        return *place;
}

static void tallies_deinit(struct tallies *t) {
        for (size_t i = 0; i < t->n; i++) {
                free(t->items[i].name);
                free(t->items[i].times);
        }
        free(t->items);
        keymap_deinit(&t->by_key);
}

static void statistics_deinit(struct statistics *s) {
        tallies_deinit(&s->functions);
        tallies_deinit(&s->codes);
        tallies_deinit(&s->events);
        keymap_deinit(&s->calls);
        free(s->open);
}

static void begin(struct statistics *s, uint64_t key, const struct mock_line *l) {
        if (s->n_open == s->cap_open) {
                s->cap_open = s->cap_open ? s->cap_open + s->cap_open / 2 : 64;
                s->open = hcs_realloc(s->open, s->cap_open * sizeof(*s->open));
        }
        *keymap_place(&s->calls, key) = (uint32_t)s->n_open;
        s->open[s->n_open++] = (struct open_call){l->t, tally(&s->functions, hash(l->function), l->function), false};
        s->n_calls++;
}

static void end(struct statistics *s, uint64_t key, const struct mock_line *l, HRESULT hr) {
        uint32_t at = keymap_get(&s->calls, key), code;
        struct tally *f;

        if (at == KEYMAP_NONE || s->open[at].ended)
                return;
        s->open[at].ended = true;
        s->ended++;
        f = &s->functions.items[s->open[at].function];
        if (f->ended == f->cap) {
                f->cap = f->cap ? f->cap + f->cap / 2 : 16;
                f->times = hcs_realloc(f->times, f->cap * sizeof(*f->times));
        }
        f->times[f->ended++] = l->t > s->open[at].t ? l->t - s->open[at].t : 0;
        if (SUCCEEDED(hr))
                return;
        f->failed++;
        s->failures++;
        code = tally(&s->codes, (uint32_t)hr, (struct mock_slice){"", 0});
        s->codes.items[code].code = hr;
}

/* Handles that a return gives, and those that a call closes. */
static void count_handles(const struct mock_line *l, uint64_t counts[MOCK_HANDLE_KINDS]) {
        struct mock_line_values it;
        struct mock_line_value v;

        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v))
                for (int kind = 0; v.kind == MOCK_HANDLE && kind < MOCK_HANDLE_KINDS; kind++) {
                        const char *name = mock_handle_kind_name((enum mock_handle_kind)kind);
                        size_t n = strlen(name);

                        counts[kind] += v.exact.n > n && memcmp(v.exact.p, name, n) == 0 && v.exact.p[n] == '/';
                }
}

static bool closes(const struct mock_line *l) {
        return l->function.n > 8 &&
               (memcmp(l->function.p, "HcsClose", 8) == 0 || memcmp(l->function.p, "HcnClose", 8) == 0);
}

/* The result that a message of a guest tells; S_OK when it tells none. */
static HRESULT result_of(const struct mock_line *l) {
        struct mock_slice key, value;
        struct mock_scan scan;
        int64_t result = 0;

        mock_scan_init(&scan, l->result.p, l->result.p ? l->result.n : 0);
        if (!l->result.p || !mock_scan_enter(&scan, '{'))
                return S_OK;
        while (mock_scan_member(&scan, &key) > 0 && mock_scan_value(&scan, &value))
                if (mock_slice_is(key, "Result") && value.n < 20)
                        result = strtoll(value.p, NULL, 10);
        return (HRESULT)result;
}

static void take_frame(struct statistics *s, const struct mock_line *l) {
        uint64_t exchange = fingerprint_mix(hash(l->subject) ^ fingerprint_mix(~l->n));

        if (!l->from_guest)
                begin(s, exchange, l);
        else if (l->function.n > 9 && memcmp(l->function.p, "Response(", 9) == 0)
                end(s, exchange, l, result_of(l));
        else
                tally(&s->events, hash(l->function), l->function);
}

static void take_stdio(struct statistics *s, const struct mock_line *l) {
        _cleanup_buf_ struct hcs_buf data = {0};

        if (l->base64.p)
                mock_base64_decode(l->base64, &data);
        else if (l->text.p)
                mock_scan_unescape(l->text, &data);
        s->bytes[l->stream] += data.len;
}

static void take_line(struct statistics *s, const struct mock_line *l) {
        s->records++;
        s->last = l->t > s->last ? l->t : s->last;
        switch (l->kind) {
        case MOCK_RECORD_CALL:
                s->threads = l->thread > s->threads ? l->thread : s->threads;
                begin(s, l->n + 1, l);
                if (closes(l))
                        count_handles(l, s->closed);
                break;
        case MOCK_RECORD_RETURN:
                count_handles(l, s->made);
                if (!l->pending)
                        end(s, l->n + 1, l, l->hr);
                break;
        case MOCK_RECORD_COMPLETE:
                end(s, l->n + 1, l, l->hr);
                break;
        case MOCK_RECORD_EVENT:
                tally(&s->events, hash(l->event), l->event);
                break;
        case MOCK_RECORD_STDIO:
                take_stdio(s, l);
                break;
        case MOCK_RECORD_FRAME:
                take_frame(s, l);
                break;
        default:
                break;
        }
}

static int by_time(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

static uint64_t total_of(const struct tally *t) {
        uint64_t sum = 0;

        for (uint64_t i = 0; i < t->ended; i++)
                sum += t->times[i];
        return sum;
}

static int by_total(const void *a, const void *b) {
        uint64_t x = total_of(a), y = total_of(b);

        return x > y ? -1 : x < y ? 1 : strcmp(((const struct tally *)a)->name, ((const struct tally *)b)->name);
}

static int by_count(const void *a, const void *b) {
        const struct tally *x = a, *y = b;

        return x->n > y->n ? -1 : x->n < y->n;
}

/* At least that share of the times is not longer; they are sorted. */
static uint64_t percentile(const struct tally *t, unsigned percent) {
        return t->ended ? t->times[(t->ended * percent + 99) / 100 - 1] : 0;
}

/* Where there is none, there is no array either. */
static void sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *)) {
        if (n)
                qsort(items, n, size, order);
}

static void put_functions(struct hcs_json *to, struct tallies *t) {
        sort(t->items, t->n, sizeof(*t->items), by_total);
        for (size_t i = 0; i < t->n; i++) {
                struct hcs_json *o = hcs_json_append(to, hcs_json_new_object());
                struct tally *f = &t->items[i];

                sort(f->times, f->ended, sizeof(*f->times), by_time);
                hcs_json_set_string(o, "name", f->name);
                hcs_json_set_u64(o, "calls", f->n);
                hcs_json_set_u64(o, "failed", f->failed);
                hcs_json_set_u64(o, "unreturned", f->n - f->ended);
                hcs_json_set_u64(o, "p50", percentile(f, 50));
                hcs_json_set_u64(o, "p95", percentile(f, 95));
                hcs_json_set_u64(o, "max", percentile(f, 100));
                hcs_json_set_u64(o, "total", total_of(f));
        }
}

static void put_counts(struct hcs_json *to, struct tallies *t, bool codes) {
        sort(t->items, t->n, sizeof(*t->items), by_count);
        for (size_t i = 0; i < t->n; i++) {
                struct hcs_json *o = hcs_json_append(to, hcs_json_new_object());

                if (codes) {
                        char hex[12];

                        snprintf(hex, sizeof(hex), "0x%08X", (unsigned)t->items[i].code);
                        hcs_json_set_string(o, "code", hex);
                }
                if (!codes || hcs_hresult_name(t->items[i].code))
                        hcs_json_set_string(o, "name", codes ? hcs_hresult_name(t->items[i].code) : t->items[i].name);
                hcs_json_set_u64(o, "count", t->items[i].n);
        }
}

static struct hcs_json *to_json(struct statistics *s) {
        struct hcs_json *o = hcs_json_new_object(), *list;

        hcs_json_set_u64(o, "records", s->records);
        hcs_json_set_u64(o, "calls", s->n_calls);
        hcs_json_set_u64(o, "failures", s->failures);
        hcs_json_set_u64(o, "unreturned", s->n_calls - s->ended);
        hcs_json_set_u64(o, "threads", s->threads);
        hcs_json_set_u64(o, "duration", s->last);
        put_functions(hcs_json_set_new_array(o, "functions"), &s->functions);
        put_counts(hcs_json_set_new_array(o, "codes"), &s->codes, true);
        put_counts(hcs_json_set_new_array(o, "events"), &s->events, false);
        list = hcs_json_set_new_array(o, "objects");
        for (int kind = 0; kind < MOCK_HANDLE_KINDS; kind++)
                if (s->made[kind]) {
                        struct hcs_json *k = hcs_json_append(list, hcs_json_new_object());

                        hcs_json_set_string(k, "kind", mock_handle_kind_name((enum mock_handle_kind)kind));
                        hcs_json_set_u64(k, "made", s->made[kind]);
                        hcs_json_set_u64(k, "closed", s->closed[kind]);
                }
        list = hcs_json_set_new_object(o, "streams");
        for (enum mock_stream i = MOCK_STDIN; i <= MOCK_STDERR; i++)
                hcs_json_set_u64(list, mock_stream_name(i), s->bytes[i]);
        return o;
}

HRESULT trace_statistics(const char *path, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_(statistics_deinit) struct statistics s = {0};
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        while (SUCCEEDED(hr)) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                take_line(&s, &line.parts);
        }
        if (FAILED(hr))
                return hr;
        *ret = to_json(&s);
        return S_OK;
}
