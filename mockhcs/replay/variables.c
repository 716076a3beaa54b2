/* SPDX-License-Identifier: MIT */

/* Bindings between what was recorded and what this run says. See variables.h. */

#include "mockhcs/replay/variables.h"

#include <string.h>

#include "base/str.h"

static void release(struct variable *x) {
        free(x->recorded);
        free(x->live);
}

void variables_deinit(struct variables *v) {
        for (size_t i = 0; i < v->n; i++)
                release(&v->items[i]);
        free(v->items);
        *v = (struct variables){0};
}

static struct variable *find(const struct variables *v, const char *recorded) {
        for (size_t i = 0; i < v->n; i++)
                if (strcmp(v->items[i].recorded, recorded) == 0)
                        return &v->items[i];
        return NULL;
}

void variables_bind(struct variables *v, const char *kind, const char *recorded, const char *live) {
        unsigned number = 1;

        if (find(v, recorded))
                return;
        for (size_t i = 0; i < v->n; i++)
                number += hcs_streq(v->items[i].kind, kind);
        if (v->n == v->cap) {
                v->cap = v->cap ? v->cap * 2 : 16;
                v->items = hcs_realloc(v->items, v->cap * sizeof(*v->items));
        }
        v->items[v->n++] = (struct variable){hcs_strdup(recorded), hcs_strdup(live), number, kind};
        v->any_differ |= strcmp(recorded, live) != 0;
}

void variables_commit(struct variables *v) {
        v->mark = v->n;
}

void variables_rollback(struct variables *v) {
        while (v->n > v->mark)
                release(&v->items[--v->n]);
}

static bool is_hex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The length of an invented value at the start of s, and its kind; 0 when there is none. */
static size_t invented(const char *s, const char **kind) {
        static const unsigned char dashes[] = {8, 13, 18, 23};
        size_t hex = 0;
        bool guid = true;

        for (size_t i = 0, d = 0; i < 36 && guid; i++) {
                bool dash = d < 4 && i == dashes[d];

                guid = dash ? s[i] == '-' : is_hex(s[i]);
                d += dash;
        }
        if (guid) {
                *kind = "guid";
                return 36;
        }
        while (is_hex(s[hex]))
                hex++;
        if (hex >= 12) {
                *kind = "id";
                return hex;
        }
        /* RFC 3339: 2006-01-02T15:04:05 with what follows of fraction and zone. */
        if (strlen(s) >= 19 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':') {
                *kind = "time";
                return 19 + strspn(s + 19, "0123456789.:+-Z");
        }
        return 0;
}

/* Compares piece by piece: invented values stand for each other, everything else must be the same. */
static bool same_pieces(struct variables *v, const char *recorded, const char *live) {
        while (*recorded || *live) {
                const char *kind_r = NULL, *kind_l = NULL;
                size_t n = invented(recorded, &kind_r), m = invented(live, &kind_l);

                if (n && m && kind_r == kind_l) {
                        _cleanup_free_ char *r = hcs_strndup(recorded, n), *l = hcs_strndup(live, m);
                        const struct variable *known = find(v, r);

                        if (known && !hcs_strcaseeq(known->live, l))
                                return false;
                        if (!known)
                                variables_bind(v, kind_r, r, l);
                        recorded += n;
                        live += m;
                        continue;
                }
                if (*recorded != *live)
                        return false;
                recorded++;
                live++;
        }
        return true;
}

bool variables_same_text(struct variables *v, const char *key, const char *recorded, const char *live) {
        const struct variable *known = find(v, recorded);
        _cleanup_free_ char *substituted = NULL;

        if (known)
                return hcs_strcaseeq(known->live, live);
        if (strcmp(recorded, live) == 0)
                return true;
        substituted = variables_substitute(v, recorded);
        return strcmp(substituted, live) == 0 || same_pieces(v, recorded, live);
}

bool variables_same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got) {
        const char *e = hcs_json_string(expected), *g = hcs_json_string(got);

        return e && g && variables_same_text(ctx, key, e, g);
}

bool variables_same_key(void *ctx, const char *expected, const char *got) {
        return variables_same_text(ctx, NULL, expected, got);
}

char *variables_substitute(const struct variables *v, const char *text) {
        _cleanup_buf_ struct hcs_buf out = {0};

        if (!v->any_differ)
                return hcs_strdup(text);
        for (const char *p = text; *p;) {
                const struct variable *best = NULL;
                size_t length = 0;

                for (size_t i = 0; i < v->n; i++) {
                        size_t n = strlen(v->items[i].recorded);

                        if (n > length && strncmp(p, v->items[i].recorded, n) == 0) {
                                best = &v->items[i];
                                length = n;
                        }
                }
                if (best) {
                        hcs_buf_puts(&out, best->live);
                        p += length;
                } else {
                        hcs_buf_putc(&out, *p++);
                }
        }
        return hcs_buf_steal(&out);
}
