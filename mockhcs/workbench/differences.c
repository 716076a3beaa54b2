/* SPDX-License-Identifier: MIT */

/* What differences.h promises: candidates from the alignment, sorted, each looked at once. */

#include "mockhcs/workbench/differences.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/workbench/compare.h"

#define NONE      CATALOG_NONE
#define LOOKED_AT 50000 /* records in a trace of which every pair is compared word by word */

/* A pair that is to be looked at, or a head without a partner. */
struct candidate {
        struct difference d;
        uint64_t position; /* in A, doubled: what only B has comes behind what both had before it */
        bool told;         /* its object is missing as a whole, and was told with the call that made it */
};

struct candidates {
        struct candidate *items;
        size_t n, cap;
};

static void add(struct candidates *c, struct candidate new) {
        if (c->n == c->cap) {
                c->cap = c->cap ? c->cap + c->cap / 2 : 64;
                c->items = hcs_realloc(c->items, c->cap * sizeof(*c->items));
        }
        c->items[c->n++] = new;
}

/* Is the object itself of one side only, and the call not the one that made it? */
static bool goes_with_its_maker(const struct catalog *c, const uint32_t *partners, uint32_t item) {
        uint32_t handle = c->lanes[c->items[item].lane].handle;

        return handle != NONE && partners[handle] == NONE && c->handles[handle].maker != NONE;
}

static void collect_a(struct differences *d, struct candidates *out) {
        bool all = d->a->n <= LOOKED_AT && d->b->n <= LOOKED_AT;

        for (uint32_t i = 0; i < d->a->n; i++) {
                const struct catalog_item *x = &d->a->items[i], *y;
                uint32_t b = d->alignment.of_a[i];

                if (x->lane == NONE)
                        continue;
                if (b == NONE) {
                        add(out, (struct candidate){{DIFFERENCE_ONLY_A, i, NONE},
                                                    2 * (uint64_t)i,
                                                    goes_with_its_maker(d->a, d->alignment.handle_a, i)});
                        continue;
                }
                y = &d->b->items[b];
                d->same[x->kind]++;
                if (d->alignment.how[i] == ALIGN_MOVED)
                        add(out, (struct candidate){{DIFFERENCE_MOVED, i, b}, 2 * (uint64_t)i, false});
                if (all || x->shape != y->shape || x->outcome != y->outcome)
                        add(out, (struct candidate){{DIFFERENCE_CHANGED, i, b}, 2 * (uint64_t)i, false});
        }
}

static void collect_b(struct differences *d, struct candidates *out) {
        for (uint32_t lane = 0; lane < d->b->n_lanes; lane++) {
                uint64_t behind = 0;

                for (uint32_t k = 0; k < d->b->lanes[lane].n; k++) {
                        uint32_t i = d->b->order[d->b->lanes[lane].first + k], a = d->alignment.of_b[i];

                        if (a != NONE)
                                behind = 2 * (uint64_t)a + 1;
                        else
                                add(out, (struct candidate){{DIFFERENCE_ONLY_B, NONE, i},
                                                            behind,
                                                            goes_with_its_maker(d->b, d->alignment.handle_b, i)});
                }
        }
}

static int by_position(const void *a, const void *b) {
        const struct candidate *x = a, *y = b;

        if (x->position != y->position)
                return x->position < y->position ? -1 : 1;
        if (x->d.b != y->d.b)
                return x->d.b < y->d.b ? -1 : 1;
        return (int)y->d.kind - (int)x->d.kind;
}

/* ---- telling ---- */

struct telling {
        struct differences *d;
        const struct differences_options *options;
        struct comparison comparison;
        struct hcs_json *parts; /* of the difference that is being told */
        unsigned n;             /* told so far */
};

static void found(void *ctx, const char *call, const char *part, const char *path, const struct hcs_json *a,
                  const struct hcs_json *b) {
        struct telling *t = ctx;
        struct hcs_json *o;

        if (!t->parts)
                return;
        o = hcs_json_append(t->parts, hcs_json_new_object());
        hcs_json_set_string(o, "part", part);
        hcs_json_set_string(o, "path", path);
        hcs_json_set(o, "a", a ? hcs_json_copy(a) : hcs_json_new_null());
        hcs_json_set(o, "b", b ? hcs_json_copy(b) : hcs_json_new_null());
}

static HRESULT describe(struct catalog *c, uint32_t item, struct hcs_buf *out, struct hcs_error **err) {
        hcs_buf_printf(out, "line %llu, ", (unsigned long long)catalog_line(item));
        return comparison_describe(c, item, out, err);
}

/* How many heads there are on the object that this call made. */
static uint64_t count_on(const struct catalog *c, uint32_t item) {
        uint32_t handle = c->items[item].kind == MOCK_RECORD_CALL ? c->items[item].made : NONE;
        uint64_t n = 0;

        if (handle == NONE)
                return 0;
        for (uint32_t i = c->handles[handle].lanes; i != NONE; i = c->lanes[i].next)
                n += c->lanes[i].n;
        return n;
}

/* Did the call make an object on one side only? That takes along what was done with it. */
static bool makes_once(const struct telling *t, const struct difference *d) {
        return (t->d->a->items[d->a].made == NONE) != (t->d->b->items[d->b].made == NONE);
}

static uint64_t count_rest(const struct telling *t, const struct difference *d) {
        return makes_once(t, d) ? count_on(t->d->a, d->a) + count_on(t->d->b, d->b) : 0;
}

static const char *who_has_it(const struct telling *t, const struct difference *d) {
        return t->d->a->items[d->a].made != NONE ? "A" : "B";
}

static HRESULT tell_text(struct telling *t, const struct difference *d, const char *lines, struct hcs_error **err) {
        struct hcs_buf *out = t->options->text;
        struct catalog *c = d->kind == DIFFERENCE_ONLY_B ? t->d->b : t->d->a;
        uint32_t item = d->kind == DIFFERENCE_ONLY_B ? d->b : d->a;
        HRESULT hr;

        if (d->kind == DIFFERENCE_ONLY_A || d->kind == DIFFERENCE_ONLY_B)
                hcs_buf_printf(out, "only in %s: ", d->kind == DIFFERENCE_ONLY_A ? "A" : "B");
        hr = describe(c, item, out, err);
        if (FAILED(hr))
                return hr;
        if (d->kind == DIFFERENCE_CHANGED || d->kind == DIFFERENCE_MOVED) {
                hcs_buf_puts(out,
                             d->kind == DIFFERENCE_CHANGED ? " differs from B, " : " comes in B at another place, ");
                hr = describe(t->d->b, d->b, out, err);
                hcs_buf_printf(out, "%s\n%s", d->kind == DIFFERENCE_CHANGED ? ":" : "", lines);
                if (count_rest(t, d))
                        hcs_buf_printf(out, "  only %s has what it made, and %llu more on that\n", who_has_it(t, d),
                                       (unsigned long long)count_rest(t, d));
        } else {
                if (count_on(c, item))
                        hcs_buf_printf(out, ", and %llu more on what it made", (unsigned long long)count_on(c, item));
                hcs_buf_putc(out, '\n');
        }
        return hr;
}

static HRESULT tell_json(struct telling *t, const struct difference *d, struct hcs_error **err) {
        static const char *const names[] = {"changed", "onlyInA", "onlyInB", "moved"};
        struct hcs_json *o = hcs_json_append(t->options->list, hcs_json_new_object());
        _cleanup_buf_ struct hcs_buf what = {0};
        HRESULT hr = d->a != NONE ? comparison_describe(t->d->a, d->a, &what, err)
                                  : comparison_describe(t->d->b, d->b, &what, err);

        hcs_json_set_string(o, "kind", names[d->kind]);
        hcs_json_set_string(o, "what", hcs_buf_cstr(&what));
        if (d->a != NONE)
                hcs_json_set_u64(o, "lineA", catalog_line(d->a));
        if (d->b != NONE)
                hcs_json_set_u64(o, "lineB", catalog_line(d->b));
        if (t->parts && d->kind == DIFFERENCE_CHANGED)
                hcs_json_set(o, "differences", steal_pointer(&t->parts));
        if (d->kind == DIFFERENCE_CHANGED && count_rest(t, d)) {
                hcs_json_set_string(o, "madeOnlyIn", who_has_it(t, d));
                hcs_json_set_u64(o, "more", count_rest(t, d));
        }
        return hr;
}

static HRESULT look_at(struct telling *t, const struct candidate *c, struct hcs_error **err) {
        bool is_told = !c->told && (!t->options->limit || t->n < t->options->limit);
        _cleanup_buf_ struct hcs_buf lines = {0};
        struct hcs_json *parts = NULL;
        HRESULT hr = S_OK;

        if (c->d.kind == DIFFERENCE_CHANGED) {
                unsigned n;

                t->parts = parts = is_told && t->options->list ? hcs_json_new_array() : NULL;
                hr = comparison_of(&t->comparison, c->d.a, c->d.b, &n, is_told ? &lines : NULL, err);
                if (FAILED(hr) || (!n && !count_rest(t, &c->d))) { /* what it made may be all that differs */
                        hcs_json_free(parts);
                        t->parts = NULL;
                        return hr;
                }
        }
        t->d->count[c->d.kind]++;
        t->n += is_told;
        if (is_told && t->options->text)
                hr = tell_text(t, &c->d, hcs_buf_cstr(&lines), err);
        if (SUCCEEDED(hr) && is_told && t->options->list)
                hr = tell_json(t, &c->d, err);
        hcs_json_free(t->parts);
        t->parts = NULL;
        t->d->items = hcs_realloc(t->d->items, (t->d->n + 1) * sizeof(*t->d->items));
        t->d->items[t->d->n++] = c->d;
        return hr;
}

static HRESULT tell_all(struct differences *d, const struct differences_options *options, struct hcs_error **err) {
        struct telling t = {.d = d, .options = options, .comparison = {.a = d->a, .b = d->b, .found = found}};
        struct mock_noise noise = {0};
        struct candidates c = {0};
        HRESULT hr = mock_noise_read(mock_trace_reader_header(d->a->reader), &noise, err);

        t.comparison.ctx = &t;
        t.comparison.noise = &noise;
        collect_a(d, &c);
        collect_b(d, &c);
        qsort(c.items, c.n, sizeof(*c.items), by_position);
        for (size_t i = 0; i < c.n && SUCCEEDED(hr); i++)
                hr = look_at(&t, &c.items[i], err);
        comparison_deinit(&t.comparison);
        mock_noise_deinit(&noise);
        free(c.items);
        return hr;
}

static HRESULT open_one(const char *path, const char *bridge, struct catalog **ret, struct hcs_error **err) {
        HRESULT hr = catalog_open(path, bridge, ret, err);

        if (SUCCEEDED(hr) && bridge && !(*ret)->n_heads)
                hr = hcs_error_make(err, E_INVALIDARG, "%s: no frame of %s in it", path, bridge);
        return hr;
}

HRESULT differences_find(const char *a, const char *b, const struct differences_options *options,
                         struct differences *ret, struct hcs_error **err) {
        HRESULT hr;

        *ret = (struct differences){0};
        hr = open_one(a, options->bridge, &ret->a, err);
        if (SUCCEEDED(hr))
                hr = open_one(b, options->bridge, &ret->b, err);
        if (SUCCEEDED(hr)) {
                alignment_make(ret->a, ret->b, &ret->alignment);
                hr = tell_all(ret, options, err);
        }
        if (FAILED(hr))
                differences_deinit(ret);
        return hr;
}

void differences_deinit(struct differences *d) {
        catalog_free(d->a);
        catalog_free(d->b);
        alignment_deinit(&d->alignment);
        free(d->items);
        *d = (struct differences){0};
}
