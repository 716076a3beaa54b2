/* SPDX-License-Identifier: MIT */

/* The newer recording in its order, and between its records what only the older trace has. See merge.h. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/align.h"
#include "mockhcs/workbench/merge.h"
#include "mockhcs/workbench/output.h"
#include "mockhcs/workbench/renumber.h"

#define NONE CATALOG_NONE

struct update {
        struct catalog *older, *newer;
        struct alignment alignment; /* A is the older one */
        uint32_t *before;           /* by item of the newer one: the first head of the older one that goes in front */
        uint32_t *after;            /* by head of the older one: the next that goes to the same place */
        uint32_t *last;             /* of such a list, by item of the newer one; [n] is the end */
        struct renumbering of_older, of_newer;
        struct trace_output *out;
        uint64_t t;
        uint64_t kept;
};

static void put_before(struct update *u, uint32_t place, uint32_t head) {
        if (u->last[place] == NONE)
                u->before[place] = head;
        else
                u->after[u->last[place]] = head;
        u->last[place] = head;
}

/* A call of which the newer one does not know how it ended, and the older one does. */
static bool is_cut(const struct update *u, uint32_t a, uint32_t b) {
        return u->older->items[a].kind == MOCK_RECORD_CALL && u->newer->items[b].next == NONE &&
               u->older->items[a].next != NONE;
}

/* A head that only the older one has goes in front of the next one of its lane that both have. */
static void place_lane(struct update *u, const struct catalog_lane *lane) {
        uint32_t next = 0; /* the first from k on that both have */

        for (uint32_t k = 0; k < lane->n; k++) {
                uint32_t head = u->older->order[lane->first + k], partner = u->alignment.of_a[head];

                if (partner != NONE) {
                        if (is_cut(u, head, partner))
                                put_before(u, partner, head);
                        continue;
                }
                next = next > k ? next : k + 1;
                while (next < lane->n && u->alignment.of_a[u->older->order[lane->first + next]] == NONE)
                        next++;
                put_before(u, next < lane->n ? u->alignment.of_a[u->older->order[lane->first + next]] : u->newer->n,
                           head);
        }
}

static void place_all(struct update *u) {
        size_t n = (size_t)u->newer->n + 1;

        u->before = hcs_malloc(n * sizeof(*u->before));
        u->last = hcs_malloc(n * sizeof(*u->last));
        u->after = hcs_malloc(((size_t)u->older->n + 1) * sizeof(*u->after));
        memset(u->before, 0xff, n * sizeof(*u->before));
        memset(u->last, 0xff, n * sizeof(*u->last));
        memset(u->after, 0xff, ((size_t)u->older->n + 1) * sizeof(*u->after));
        for (uint32_t i = 0; i < u->older->n_lanes; i++)
                place_lane(u, &u->older->lanes[i]);
}

static HRESULT put(struct update *u, struct catalog *c, struct renumbering *r, uint32_t item, bool own_time,
                   struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf line = {0};
        struct mock_record record = {0};
        HRESULT hr = catalog_read(c, item, &record, err);

        if (FAILED(hr))
                return hr;
        renumbering_apply(r, &record);
        if (own_time && record.t > u->t)
                u->t = record.t;
        record.t = own_time ? record.t : u->t;
        mock_record_print(&record, &line);
        trace_output_line(u->out, line.data, line.len - 1);
        mock_record_deinit(&record);
        return S_OK;
}

static int by_item(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

/* The heads that go to a place, with all that goes on with them, in the order of the older trace. */
static HRESULT put_older(struct update *u, uint32_t place, struct hcs_error **err) {
        _cleanup_free_ uint32_t *items = NULL;
        size_t n = 0, cap = 0;
        HRESULT hr = S_OK;

        for (uint32_t head = u->before[place]; head != NONE; head = u->after[head])
                for (uint32_t i = head; i != NONE; i = u->older->items[i].next) {
                        if (n == cap) {
                                cap = cap ? 2 * cap : 16;
                                items = hcs_realloc(items, cap * sizeof(*items));
                        }
                        items[n++] = i;
                }
        if (n)
                qsort(items, n, sizeof(*items), by_item);
        for (size_t i = 0; i < n && SUCCEEDED(hr); i++)
                hr = put(u, u->older, &u->of_older, items[i], false, err);
        u->kept += n;
        return hr;
}

/* A completion may come before it. */
static uint32_t return_of(const struct catalog *c, uint32_t call) {
        uint32_t i = c->items[call].next;

        while (i != NONE && c->items[i].kind != MOCK_RECORD_RETURN)
                i = c->items[i].next;
        return i;
}

/* A handle of the older one is that of the newer one which it is aligned with. */
static HRESULT bind_handles(struct update *u, struct hcs_error **err) {
        for (uint32_t a = 0; a < u->older->n; a++) {
                const struct catalog_item *x = &u->older->items[a];
                uint32_t b = u->alignment.of_a[a];
                struct mock_record ra = {0}, rb = {0};
                HRESULT hr;

                if (x->kind != MOCK_RECORD_CALL || x->made == NONE || b == NONE || u->newer->items[b].made == NONE)
                        continue;
                hr = catalog_read(u->older, return_of(u->older, a), &ra, err);
                if (SUCCEEDED(hr))
                        hr = catalog_read(u->newer, return_of(u->newer, b), &rb, err);
                for (size_t i = 0; SUCCEEDED(hr) && i < ra.n_args && i < rb.n_args; i++)
                        if (ra.args[i].kind == MOCK_HANDLE && rb.args[i].kind == MOCK_HANDLE) {
                                _cleanup_free_ char *whole = renumbering_symbol(&u->of_newer, rb.args[i].text);

                                renumbering_bind(&u->of_older, ra.args[i].text, whole);
                        }
                mock_record_deinit(&ra);
                mock_record_deinit(&rb);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

static HRESULT put_all(struct update *u, struct hcs_error **err) {
        HRESULT hr = bind_handles(u, err);

        for (uint32_t i = 0; i < u->newer->n && SUCCEEDED(hr); i++) {
                if (u->before[i] != NONE)
                        hr = put_older(u, i, err);
                if (SUCCEEDED(hr) && !(u->alignment.of_b[i] != NONE && is_cut(u, u->alignment.of_b[i], i)))
                        hr = put(u, u->newer, &u->of_newer, i, true, err);
        }
        return SUCCEEDED(hr) ? put_older(u, u->newer->n, err) : hr;
}

HRESULT trace_update(const char *older, const char *newer, const char *output, uint64_t *ret_kept,
                     struct hcs_error **err) {
        struct numbers numbers = {0};
        struct update u = {.of_older = {.numbers = &numbers}, .of_newer = {.numbers = &numbers}};
        HRESULT hr = catalog_open(older, NULL, &u.older, err);

        if (SUCCEEDED(hr))
                hr = catalog_open(newer, NULL, &u.newer, err);
        if (SUCCEEDED(hr))
                hr = trace_output_open(output, &u.out, err);
        if (SUCCEEDED(hr)) {
                alignment_make(u.older, u.newer, &u.alignment);
                place_all(&u);
                trace_output_json(u.out, mock_trace_reader_header(u.newer->reader));
                hr = put_all(&u, err);
                alignment_deinit(&u.alignment);
        }
        catalog_free(u.older);
        catalog_free(u.newer);
        if (SUCCEEDED(hr))
                hr = trace_output_finish(steal_pointer(&u.out), err);
        if (SUCCEEDED(hr))
                *ret_kept = u.kept;
        trace_output_free(u.out);
        renumbering_deinit(&u.of_older);
        renumbering_deinit(&u.of_newer);
        free(u.before);
        free(u.after);
        free(u.last);
        return hr;
}
