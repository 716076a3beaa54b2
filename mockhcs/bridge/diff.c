/* SPDX-License-Identifier: MIT */

/* Two recorded bridges side by side. See diff.h for what is aligned with what. */

#include "mockhcs/bridge/diff.h"

#include <string.h>

#include "base/str.h"
#include "mockhcs/bridge/frames.h"

#define NONE SIZE_MAX

/* The frames of both, and for each the index of its partner in the other one. The variables are those of A. */
struct pairing {
        struct frames a, b;
        size_t *of_a, *of_b;
        bool *equal;      /* by index in A */
        size_t free_in_b; /* none before it is free any more */
};

void mock_bridge_difference_deinit(struct mock_bridge_difference *d) {
        hcs_buf_deinit(&d->text);
}

bool mock_bridge_is_same(const struct mock_bridge_difference *d) {
        return !(d->differ + d->only_a + d->only_b + d->moved);
}

static size_t *no_partners(size_t n) {
        size_t *list = hcs_malloc((n + 1) * sizeof(*list));

        for (size_t i = 0; i < n; i++)
                list[i] = NONE;
        return list;
}

static void pairing_deinit(struct pairing *p) {
        frames_deinit(&p->a);
        frames_deinit(&p->b);
        free(p->of_a);
        free(p->of_b);
        free(p->equal);
}

/* Bytes that are no whole frame have no document, and no two runs cut them at the same place. */
static unsigned compare(struct pairing *p, size_t i, size_t j, struct hcs_buf *lines) {
        const struct recorded_frame *a = &p->a.items[i], *b = &p->b.items[j];

        if (a->document || b->document)
                return frames_compare(&p->a, a, b->document, lines);
        if (a->len == b->len && memcmp(a->body, b->body, a->len) == 0)
                return 0;
        if (lines)
                hcs_buf_printf(lines, "$: expected %zu bytes, got %zu others\n", a->len, b->len);
        return 1;
}

static size_t answer_of(const struct frames *f, const struct recorded_frame *request) {
        for (const struct recorded_frame *r = request + 1; r < f->items + f->n; r++)
                if (r->from_guest && frame_is(r, HCS_GCS_RESPONSE) && r->id == request->id)
                        return (size_t)(r - f->items);
        return NONE;
}

static void join(struct pairing *p, size_t i, size_t j, bool equal) {
        size_t x, y;

        p->of_a[i] = j;
        p->of_b[j] = i;
        p->equal[i] = equal;
        if (p->a.items[i].from_guest)
                return;
        x = answer_of(&p->a, &p->a.items[i]);
        y = answer_of(&p->b, &p->b.items[j]);
        /* Now, as an answer brings ids that later requests speak of. */
        if (x != NONE && y != NONE && p->of_a[x] == NONE && p->of_b[y] == NONE)
                join(p, x, y, compare(p, x, y, NULL) == 0);
}

static bool may_pair(const struct pairing *p, size_t i, size_t j) {
        const struct recorded_frame *a = &p->a.items[i], *b = &p->b.items[j];

        return p->of_b[j] == NONE && a->type == b->type && a->from_guest == b->from_guest && a->broken == b->broken;
}

/* Answers come with their requests; one that has none in its trace is aligned like anything else. */
static bool is_led(struct frames *f, const struct recorded_frame *r) {
        return frame_is(r, HCS_GCS_RESPONSE) && frames_request_of(f, r);
}

static void pair_equal(struct pairing *p, size_t i) {
        while (p->free_in_b < p->b.n && p->of_b[p->free_in_b] != NONE)
                p->free_in_b++;
        for (size_t j = p->free_in_b; j < p->b.n; j++)
                if (may_pair(p, i, j) && !is_led(&p->b, &p->b.items[j]) && !compare(p, i, j, NULL)) {
                        join(p, i, j, true);
                        return;
                }
}

static bool same_container(const struct recorded_frame *a, const struct recorded_frame *b) {
        return strcmp(frames_container(a), frames_container(b)) == 0;
}

/* Between which frames of B the partner of a frame should stand: those of its neighbours about the same container. */
static void find_gap(const struct pairing *p, size_t i, size_t *ret_from, size_t *ret_to) {
        *ret_from = 0;
        *ret_to = p->b.n;
        for (size_t k = 0; k < p->a.n; k++) {
                size_t j = p->of_a[k];

                if (j == NONE || p->a.items[k].from_guest != p->a.items[i].from_guest ||
                    !same_container(&p->a.items[k], &p->a.items[i]))
                        continue;
                if (k < i && j >= *ret_from)
                        *ret_from = j + 1;
                if (k > i && j < *ret_to)
                        *ret_to = j;
        }
}

static void pair_nearest(struct pairing *p, size_t i) {
        size_t nearest = NONE, from, to;
        unsigned best = 0;

        find_gap(p, i, &from, &to);
        for (size_t j = from; j < to; j++) {
                unsigned n;

                if (!may_pair(p, i, j) || is_led(&p->b, &p->b.items[j]))
                        continue;
                n = compare(p, i, j, NULL);
                if (nearest == NONE || n < best) {
                        nearest = j;
                        best = n;
                }
        }
        if (nearest != NONE)
                join(p, i, nearest, best == 0);
}

static void pair_all(struct pairing *p) {
        for (size_t i = 0; i < p->a.n; i++)
                if (p->of_a[i] == NONE && !is_led(&p->a, &p->a.items[i]))
                        pair_equal(p, i);
        for (size_t i = 0; i < p->a.n; i++)
                if (p->of_a[i] == NONE && !is_led(&p->a, &p->a.items[i]))
                        pair_nearest(p, i);
}

/* An answer whose request is missing too goes without saying. */
static void tell_only(struct frames *f, const size_t *partners, size_t i, const char *side, unsigned *count,
                      struct hcs_buf *text) {
        const struct recorded_frame *r = &f->items[i], *request = is_led(f, r) ? frames_request_of(f, r) : NULL;

        ++*count;
        if (request && partners[request - f->items] == NONE)
                return;
        hcs_buf_printf(text, "only in %s: ", side);
        frames_describe(r, text);
        hcs_buf_putc(text, '\n');
}

static void tell_pair(struct pairing *p, size_t i, struct mock_bridge_difference *d) {
        _cleanup_buf_ struct hcs_buf lines = {0};

        d->same++;
        if (p->equal[i] || !compare(p, i, p->of_a[i], &lines))
                return;
        d->differ++;
        frames_describe(&p->a.items[i], &d->text);
        hcs_buf_puts(&d->text, " differs from B, ");
        frames_describe(&p->b.items[p->of_a[i]], &d->text);
        hcs_buf_printf(&d->text, ":\n%s", lines.data);
}

/* The request about the same container that A has before i and B after its partner; NULL when there is none. */
static const struct recorded_frame *overtaken(const struct pairing *p, size_t i) {
        const struct recorded_frame *r = &p->a.items[i];

        for (size_t k = i; k-- > 0;)
                if (!p->a.items[k].from_guest && p->of_a[k] != NONE && p->of_a[k] > p->of_a[i] &&
                    same_container(&p->a.items[k], r))
                        return &p->a.items[k];
        return NULL;
}

static void tell_move(const struct pairing *p, size_t i, struct mock_bridge_difference *d) {
        const struct recorded_frame *other = p->a.items[i].from_guest ? NULL : overtaken(p, i);

        if (!other)
                return;
        d->moved++;
        frames_describe(&p->a.items[i], &d->text);
        hcs_buf_puts(&d->text, " comes in B before ");
        frames_describe(other, &d->text);
        hcs_buf_putc(&d->text, '\n');
}

static void tell_all(struct pairing *p, struct mock_bridge_difference *d) {
        size_t told = 0; /* of B */

        for (size_t i = 0; i < p->a.n; i++) {
                if (p->of_a[i] == NONE) {
                        tell_only(&p->a, p->of_a, i, "A", &d->only_a, &d->text);
                        continue;
                }
                for (; told < p->of_a[i]; told++)
                        if (p->of_b[told] == NONE)
                                tell_only(&p->b, p->of_b, told, "B", &d->only_b, &d->text);
                tell_pair(p, i, d);
                tell_move(p, i, d);
        }
        for (; told < p->b.n; told++)
                if (p->of_b[told] == NONE)
                        tell_only(&p->b, p->of_b, told, "B", &d->only_b, &d->text);
}

static HRESULT diff_one(const char *a, const char *b, const char *bridge, struct mock_bridge_difference *d,
                        struct hcs_error **err) {
        _cleanup_(pairing_deinit) struct pairing p = {0};
        HRESULT hr = frames_load(&p.a, a, bridge, err);

        if (SUCCEEDED(hr))
                hr = frames_load(&p.b, b, bridge, err);
        if (FAILED(hr))
                return hr;
        p.of_a = no_partners(p.a.n);
        p.of_b = no_partners(p.b.n);
        p.equal = hcs_calloc(p.a.n, sizeof(*p.equal));
        pair_all(&p);
        tell_all(&p, d);
        return S_OK;
}

struct names {
        char **items;
        size_t n;
};

static void names_deinit(struct names *names) {
        for (size_t i = 0; i < names->n; i++)
                free(names->items[i]);
        free(names->items);
}

static bool has(const struct names *names, const char *name) {
        for (size_t i = 0; i < names->n; i++)
                if (hcs_streq(names->items[i], name))
                        return true;
        return false;
}

/* A bridge that only one of them has: all its frames are. */
static HRESULT tell_bridge(const char *trace, const char *bridge, const char *side, unsigned *count,
                           struct mock_bridge_difference *d, struct hcs_error **err) {
        _cleanup_(frames_deinit) struct frames f = {0};
        HRESULT hr = frames_load(&f, trace, bridge, err);

        if (FAILED(hr))
                return hr;
        *count += (unsigned)f.n;
        hcs_buf_printf(&d->text, "only in %s: %s, %zu frames\n", side, bridge, f.n);
        return S_OK;
}

HRESULT mock_bridge_diff(const char *a, const char *b, const char *bridge, struct mock_bridge_difference *d,
                         struct hcs_error **err) {
        _cleanup_(names_deinit) struct names of_a = {0}, of_b = {0};
        HRESULT hr = S_OK;

        if (bridge)
                return diff_one(a, b, bridge, d, err);
        hr = frames_bridges(a, &of_a.items, &of_a.n, err);
        if (SUCCEEDED(hr))
                hr = frames_bridges(b, &of_b.items, &of_b.n, err);
        if (SUCCEEDED(hr) && !of_a.n && !of_b.n)
                hr = hcs_error_make(err, E_INVALIDARG, "%s, %s: no frame of any bridge in them", a, b);
        if (SUCCEEDED(hr) && of_a.n == 1 && of_b.n == 1) /* whatever they are called */
                return diff_one(a, b, NULL, d, err);
        for (size_t i = 0; i < of_a.n && SUCCEEDED(hr); i++)
                hr = has(&of_b, of_a.items[i]) ? diff_one(a, b, of_a.items[i], d, err)
                                               : tell_bridge(a, of_a.items[i], "A", &d->only_a, d, err);
        for (size_t i = 0; i < of_b.n && SUCCEEDED(hr); i++)
                if (!has(&of_a, of_b.items[i]))
                        hr = tell_bridge(b, of_b.items[i], "B", &d->only_b, d, err);
        return FAILED(hr) ? hr : S_OK;
}
