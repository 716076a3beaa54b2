/* SPDX-License-Identifier: MIT */

/* The alignment of align.h: lanes are paired from the root on, each pair as two sequences of shapes. */

#include "mockhcs/workbench/align.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mockhcs/workbench/fingerprint.h"

#define NONE       CATALOG_NONE
#define MAX_CELLS  (1u << 20) /* of the table for a longest common sequence */
#define WINDOW     64         /* how far longer ones are looked ahead in, and */
#define LOOK_AHEAD 512        /* how far a partner of the same function may stand within a gap */

struct work {
        const struct catalog *a, *b;
        struct alignment *al;
        uint32_t *queue; /* handles of A whose lanes are to be paired */
        uint32_t n_queue;
};

/* Two lists, and by index of each the partner in the other. */
struct matching {
        const uint32_t *a, *b;
        uint32_t n_a, n_b;
        uint32_t *of_a, *of_b; /* indices */
};

typedef uint64_t (*key_of)(const struct catalog *c, uint32_t what);

/* Pairs what has no partner yet with the first of the same key. */
static void match_by_key(const struct work *w, struct matching *m, key_of key) {
        uint32_t *next = hcs_malloc((m->n_b + 1) * sizeof(*next));
        struct keymap first = {0};

        for (uint32_t j = m->n_b; j-- > 0;)
                if (m->of_b[j] == NONE) {
                        uint32_t *place = keymap_place(&first, key(w->b, m->b[j]));

                        next[j] = *place;
                        *place = j;
                }
        for (uint32_t i = 0; i < m->n_a && first.n; i++)
                if (m->of_a[i] == NONE) {
                        uint32_t *place = keymap_place(&first, key(w->a, m->a[i]));

                        if (*place == NONE)
                                continue;
                        m->of_a[i] = *place;
                        m->of_b[*place] = i;
                        *place = next[*place];
                }
        keymap_deinit(&first);
        free(next);
}

static uint32_t *nones(uint32_t n) {
        uint32_t *list = hcs_malloc(((size_t)n + 1) * sizeof(*list));

        memset(list, 0xff, ((size_t)n + 1) * sizeof(*list));
        return list;
}

static void pair_handles(struct work *w, uint32_t a, uint32_t b) {
        if (w->al->handle_a[a] != NONE || w->al->handle_b[b] != NONE)
                return;
        w->al->handle_a[a] = b;
        w->al->handle_b[b] = a;
        w->queue[w->n_queue++] = a;
}

static uint32_t bridge_of(const struct catalog *c, uint32_t system) {
        char symbol[32];

        snprintf(symbol, sizeof(symbol), "bridge/%u", c->handles[system].number);
        return catalog_find(c, symbol);
}

/* bridge/N is that of system/N, where a trace has both. */
static void pair_bridges(struct work *w, uint32_t a, uint32_t b) {
        uint32_t of_a, of_b;

        if (w->a->handles[a].kind != (uint32_t)fingerprint_bytes(FINGERPRINT_START, "system", 6))
                return;
        of_a = bridge_of(w->a, a);
        of_b = bridge_of(w->b, b);
        if (of_a != NONE && of_b != NONE)
                pair_handles(w, of_a, of_b);
}

/* ---- two lanes as sequences ---- */

struct lanes {
        struct work *w;
        const uint32_t *xs, *ys; /* items */
        uint32_t n, m;
        bool free;
};

static uint64_t shape_x(const struct lanes *l, uint32_t i) {
        return l->w->a->items[l->xs[i]].shape;
}
static uint64_t shape_y(const struct lanes *l, uint32_t j) {
        return l->w->b->items[l->ys[j]].shape;
}

static void join(struct lanes *l, uint32_t i, uint32_t j, enum align_how how) {
        uint32_t a = l->xs[i], b = l->ys[j];
        const struct catalog_item *x = &l->w->a->items[a], *y = &l->w->b->items[b];

        l->w->al->of_a[a] = b;
        l->w->al->of_b[b] = a;
        l->w->al->how[a] = (uint8_t)how;
        if (x->kind == MOCK_RECORD_CALL && x->made != NONE && y->made != NONE)
                pair_handles(l->w, x->made, y->made);
}

/* Rows from..to of the one against those of the other, by the table of the longest common sequences of their ends. */
static void join_exactly(struct lanes *l, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1) {
        uint32_t n = x1 - x0, m = y1 - y0, i = 0, j = 0;
        uint32_t *table = hcs_calloc((size_t)(n + 1) * (m + 1), sizeof(*table));
#define CELL(i, j) table[(size_t)(i) * (m + 1) + (j)]

        for (i = n; i-- > 0;)
                for (j = m; j-- > 0;) {
                        if (shape_x(l, x0 + i) == shape_y(l, y0 + j))
                                CELL(i, j) = CELL(i + 1, j + 1) + 1;
                        else
                                CELL(i, j) = CELL(i + 1, j) > CELL(i, j + 1) ? CELL(i + 1, j) : CELL(i, j + 1);
                }
        for (i = j = 0; i < n && j < m;) {
                if (shape_x(l, x0 + i) == shape_y(l, y0 + j)) {
                        join(l, x0 + i, y0 + j, ALIGN_SAME_PLACE);
                        i++;
                        j++;
                } else if (CELL(i + 1, j) >= CELL(i, j + 1)) {
                        i++;
                } else {
                        j++;
                }
        }
#undef CELL
        free(table);
}

/* Where the two go on together, at the least distance; false when that is not within the window. */
static bool resync(const struct lanes *l, uint32_t x, uint32_t x1, uint32_t y, uint32_t y1, uint32_t *ret_x,
                   uint32_t *ret_y) {
        for (uint32_t d = 1; d <= 2 * WINDOW; d++)
                for (uint32_t k = d > WINDOW ? d - WINDOW : 0; k <= d && k <= WINDOW; k++)
                        if (x + k < x1 && y + d - k < y1 && shape_x(l, x + k) == shape_y(l, y + d - k)) {
                                *ret_x = x + k;
                                *ret_y = y + d - k;
                                return true;
                        }
        return false;
}

static void join_nearly(struct lanes *l, uint32_t x, uint32_t x1, uint32_t y, uint32_t y1) {
        while (x < x1 && y < y1) {
                if (shape_x(l, x) == shape_y(l, y)) {
                        join(l, x++, y++, ALIGN_SAME_PLACE);
                } else if (!resync(l, x, x1, y, y1, &x, &y)) {
                        x++;
                        y++;
                }
        }
}

static uint64_t key_shape(const struct catalog *c, uint32_t item) {
        return c->items[item].shape;
}

/* What is equal, at another place. */
static void join_moved(struct lanes *l) {
        uint32_t *xs = nones(l->n), *ys = nones(l->m), *of_x = nones(l->n), *of_y = nones(l->m);
        uint32_t *at_x = nones(l->n), *at_y = nones(l->m);
        struct matching m = {.a = xs, .b = ys, .of_a = of_x, .of_b = of_y};

        for (uint32_t i = 0; i < l->n; i++)
                if (l->w->al->of_a[l->xs[i]] == NONE) {
                        at_x[m.n_a] = i;
                        xs[m.n_a++] = l->xs[i];
                }
        for (uint32_t j = 0; j < l->m; j++)
                if (l->w->al->of_b[l->ys[j]] == NONE) {
                        at_y[m.n_b] = j;
                        ys[m.n_b++] = l->ys[j];
                }
        if (m.n_a && m.n_b)
                match_by_key(l->w, &m, key_shape);
        for (uint32_t i = 0; i < m.n_a; i++)
                if (of_x[i] != NONE)
                        join(l, at_x[i], at_y[of_x[i]], l->free ? ALIGN_SAME_PLACE : ALIGN_MOVED);
        free(xs);
        free(ys);
        free(of_x);
        free(of_y);
        free(at_x);
        free(at_y);
}

/* Between two that are the same: those of one function, in their order. */
static void join_gap(struct lanes *l, uint32_t x, uint32_t x1, uint32_t y, uint32_t y1) {
        for (; x < x1; x++) {
                uint32_t end = y1 - y > LOOK_AHEAD ? y + LOOK_AHEAD : y1;

                if (l->w->al->of_a[l->xs[x]] != NONE)
                        continue;
                for (uint32_t j = y; j < end; j++)
                        if (l->w->al->of_b[l->ys[j]] == NONE &&
                            l->w->a->items[l->xs[x]].word == l->w->b->items[l->ys[j]].word &&
                            l->w->a->items[l->xs[x]].kind == l->w->b->items[l->ys[j]].kind) {
                                join(l, x, j, ALIGN_SAME_PLACE);
                                y = j + 1;
                                break;
                        }
        }
}

static void join_gaps(struct lanes *l) {
        uint32_t x = 0, y = 0;
        struct keymap by_item = {0};

        for (uint32_t j = 0; j < l->m; j++)
                *keymap_place(&by_item, (uint64_t)l->ys[j] + 1) = j;
        for (uint32_t i = 0; i <= l->n; i++) {
                uint32_t b = i < l->n && l->w->al->how[l->xs[i]] == ALIGN_SAME_PLACE ? l->w->al->of_a[l->xs[i]] : NONE;
                uint32_t j = i == l->n ? l->m : b == NONE ? NONE : keymap_get(&by_item, (uint64_t)b + 1);

                if (j == NONE || j < y) /* in a free lane partners may cross */
                        continue;
                join_gap(l, x, i, y, j);
                x = i + 1;
                y = j + 1;
        }
        keymap_deinit(&by_item);
}

static void pair_lanes(struct work *w, uint32_t a, uint32_t b) {
        const struct catalog_lane *la = &w->a->lanes[a], *lb = &w->b->lanes[b];
        struct lanes l = {w, w->a->order + la->first, w->b->order + lb->first, la->n, lb->n, la->free};
        uint32_t x = 0, y = 0, x1 = la->n, y1 = lb->n;

        for (; x < x1 && y < y1 && shape_x(&l, x) == shape_y(&l, y); x++, y++)
                join(&l, x, y, ALIGN_SAME_PLACE);
        for (; x < x1 && y < y1 && shape_x(&l, x1 - 1) == shape_y(&l, y1 - 1); x1--, y1--)
                join(&l, x1 - 1, y1 - 1, ALIGN_SAME_PLACE);
        if (x == x1 || y == y1)
                return;
        if ((uint64_t)(x1 - x) * (y1 - y) <= MAX_CELLS)
                join_exactly(&l, x, x1, y, y1);
        else
                join_nearly(&l, x, x1, y, y1);
        join_moved(&l);
        join_gaps(&l);
}

/* ---- lanes and handles ---- */

static uint64_t key_lane_content(const struct catalog *c, uint32_t lane) {
        return fingerprint_mix(c->lanes[lane].content ^ c->lanes[lane].group);
}
static uint64_t key_lane_begin(const struct catalog *c, uint32_t lane) {
        return fingerprint_mix(c->items[c->order[c->lanes[lane].first]].shape ^ c->lanes[lane].group);
}
static uint64_t key_lane_group(const struct catalog *c, uint32_t lane) {
        return c->lanes[lane].group;
}

/* handle: of one catalog; NONE: the lanes of no handle. In their order. */
static uint32_t *lanes_of(const struct catalog *c, uint32_t handle, uint32_t *ret_n) {
        uint32_t n = 0, at, *list;

        if (handle == NONE) {
                list = nones(c->n_lanes);
                for (uint32_t i = 0; i < c->n_lanes; i++)
                        if (c->lanes[i].handle == NONE)
                                list[n++] = i;
                *ret_n = n;
                return list;
        }
        for (uint32_t i = c->handles[handle].lanes; i != NONE; i = c->lanes[i].next)
                n++;
        list = nones(n);
        at = n;
        for (uint32_t i = c->handles[handle].lanes; i != NONE; i = c->lanes[i].next)
                list[--at] = i;
        *ret_n = n;
        return list;
}

/* Pairs what two lists have alike, by one key after the other; the lists are its from then on. */
static void pair_lists(struct work *w, uint32_t *a, uint32_t n_a, uint32_t *b, uint32_t n_b, const key_of *passes,
                       size_t n, void (*pair)(struct work *w, uint32_t a, uint32_t b)) {
        uint32_t *of_a = nones(n_a), *of_b = nones(n_b);
        struct matching m = {a, b, n_a, n_b, of_a, of_b};

        for (size_t i = 0; i < n; i++)
                match_by_key(w, &m, passes[i]);
        for (uint32_t i = 0; i < n_a; i++)
                if (of_a[i] != NONE)
                        pair(w, a[i], b[of_a[i]]);
        free(a);
        free(b);
        free(of_a);
        free(of_b);
}

static void pair_lanes_of(struct work *w, uint32_t handle_a, uint32_t handle_b) {
        static const key_of passes[] = {key_lane_content, key_lane_begin, key_lane_group};
        uint32_t n_a, n_b, *a = lanes_of(w->a, handle_a, &n_a), *b = lanes_of(w->b, handle_b, &n_b);

        pair_lists(w, a, n_a, b, n_b, passes, HCS_ARRAY_SIZE(passes), pair_lanes);
}

static uint64_t key_content(const struct catalog *c, uint32_t handle) {
        uint64_t sum = c->handles[handle].kind;

        for (uint32_t i = c->handles[handle].lanes; i != NONE; i = c->lanes[i].next)
                sum += key_lane_content(c, i);
        return sum;
}
static uint64_t key_symbol(const struct catalog *c, uint32_t handle) {
        return c->handles[handle].key;
}
static uint64_t key_symbol_and_content(const struct catalog *c, uint32_t handle) {
        return fingerprint_mix(key_content(c, handle) ^ key_symbol(c, handle));
}
static uint64_t key_kind(const struct catalog *c, uint32_t handle) {
        return c->handles[handle].kind;
}

static void work_off(struct work *w) {
        while (w->n_queue) {
                uint32_t a = w->queue[--w->n_queue];

                pair_lanes_of(w, a, w->al->handle_a[a]);
                pair_bridges(w, a, w->al->handle_a[a]);
        }
}

static uint32_t *unmade(const struct catalog *c, const uint32_t *partners, uint32_t *ret_n) {
        uint32_t *list = nones(c->n_handles), n = 0;

        for (uint32_t i = 0; i < c->n_handles; i++)
                if (partners[i] == NONE && c->handles[i].maker == NONE)
                        list[n++] = i;
        *ret_n = n;
        return list;
}

/* Objects that no call of the traces made. */
static void pair_unmade(struct work *w) {
        static const key_of passes[] = {key_symbol_and_content, key_content, key_symbol, key_kind};
        uint32_t n_a, n_b, *a = unmade(w->a, w->al->handle_a, &n_a), *b = unmade(w->b, w->al->handle_b, &n_b);

        pair_lists(w, a, n_a, b, n_b, passes, HCS_ARRAY_SIZE(passes), pair_handles);
}

void alignment_make(const struct catalog *a, const struct catalog *b, struct alignment *ret) {
        struct work w = {a, b, ret, nones(a->n_handles), 0};

        *ret = (struct alignment){.of_a = nones(a->n),
                                  .of_b = nones(b->n),
                                  .how = hcs_calloc(a->n + 1, 1),
                                  .handle_a = nones(a->n_handles),
                                  .handle_b = nones(b->n_handles)};
        pair_lanes_of(&w, NONE, NONE);
        work_off(&w);
        pair_unmade(&w);
        work_off(&w);
        free(w.queue);
}

void alignment_deinit(struct alignment *al) {
        free(al->of_a);
        free(al->of_b);
        free(al->how);
        free(al->handle_a);
        free(al->handle_b);
        *al = (struct alignment){0};
}
