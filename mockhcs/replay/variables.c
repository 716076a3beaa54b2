/* SPDX-License-Identifier: MIT */

/* Bindings between what was recorded and what this run says. See variables.h. */

#include "mockhcs/replay/variables.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define NONE UINT32_MAX

static uint32_t hash(const char *s, size_t n) {
        uint32_t h = 2166136261u;

        for (size_t i = 0; i < n; i++)
                h = (h ^ ((unsigned char)s[i] | 32)) * 16777619u;
        return h;
}

static bool is_value(const char *value, const char *s, size_t n) {
        return strncasecmp(value, s, n) == 0 && value[n] == '\0';
}

static const struct variable *find(const struct variables *v, const char *recorded, size_t n) {
        uint32_t i = v->n_buckets ? v->buckets[hash(recorded, n) % v->n_buckets] : NONE;

        while (i != NONE && !is_value(v->items[i].recorded, recorded, n))
                i = v->items[i].next;
        return i == NONE ? NULL : &v->items[i];
}

static const struct variable *find_live(const struct variables *v, const char *live) {
        size_t n = strlen(live);
        uint32_t i = v->n_buckets ? v->buckets[v->n_buckets + hash(live, n) % v->n_buckets] : NONE;

        while (i != NONE && !is_value(v->items[i].live, live, n))
                i = v->items[i].next_live;
        return i == NONE ? NULL : &v->items[i];
}

static uint32_t *head(struct variables *v, const char *recorded) {
        return &v->buckets[hash(recorded, strlen(recorded)) % v->n_buckets];
}

static uint32_t *head_live(struct variables *v, const char *live) {
        return &v->buckets[v->n_buckets + hash(live, strlen(live)) % v->n_buckets];
}

/* Letters of which ids, names and invented values are made; everything else parts words. */
static bool in_word(char c) {
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_' || c == '@' ||
               (unsigned char)c >= 0x80;
}

static size_t word(const char *s) {
        size_t n = 0;

        while (in_word(s[n]))
                n++;
        return n;
}

static bool is_odd(const struct variable *x) {
        return x->recorded[word(x->recorded)] != '\0';
}

static void enter(struct variables *v, uint32_t i) {
        uint32_t *recorded = head(v, v->items[i].recorded), *live = head_live(v, v->items[i].live);

        v->items[i].next = *recorded;
        v->items[i].next_live = *live;
        *recorded = *live = i;
}

static void grow(struct variables *v) {
        v->cap = v->cap ? v->cap * 2 : 16;
        v->items = hcs_realloc(v->items, v->cap * sizeof(*v->items));
        v->n_buckets = v->cap;
        free(v->buckets);
        v->buckets = hcs_malloc(2 * v->n_buckets * sizeof(*v->buckets));
        memset(v->buckets, 0xff, 2 * v->n_buckets * sizeof(*v->buckets));
        for (uint32_t i = 0; i < v->n; i++)
                enter(v, i);
}

static void release(struct variable *x) {
        free(x->recorded);
        free(x->live);
}

void variables_deinit(struct variables *v) {
        for (uint32_t i = 0; i < v->n; i++)
                release(&v->items[i]);
        free(v->items);
        free(v->buckets);
        *v = (struct variables){0};
}

static unsigned next_number(const struct variables *v, const char *kind) {
        for (uint32_t i = v->n; i-- > 0;)
                if (strcmp(v->items[i].kind, kind) == 0)
                        return v->items[i].number + 1;
        return 1;
}

static void add(struct variables *v, const char *kind, const char *recorded, const char *live) {
        if (v->n == v->cap)
                grow(v);
        v->items[v->n] = (struct variable){.recorded = hcs_strdup(recorded),
                                           .live = hcs_strdup(live),
                                           .number = next_number(v, kind),
                                           .kind = kind};
        v->n_odd += is_odd(&v->items[v->n]);
        v->any_differ |= strcmp(recorded, live) != 0;
        enter(v, v->n++);
}

bool variables_bind(struct variables *v, const char *kind, const char *recorded, const char *live) {
        if (find(v, recorded, strlen(recorded)) || find_live(v, live))
                return false;
        add(v, kind, recorded, live);
        return true;
}

void variables_commit(struct variables *v) {
        v->mark = v->n;
}

/* The newest stands first in its buckets, so it can be taken out without a search. */
void variables_rollback(struct variables *v) {
        while (v->n > v->mark) {
                struct variable *x = &v->items[--v->n];

                *head(v, x->recorded) = x->next;
                *head_live(v, x->live) = x->next_live;
                v->n_odd -= is_odd(x);
                release(x);
        }
}

static bool is_hex(char c) {
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

static bool is_guid(const char *s, size_t n) {
        static const unsigned char dashes[] = {8, 13, 18, 23};
        bool zero = true;

        if (n < 36)
                return false;
        for (size_t i = 0, d = 0; i < 36; i++) {
                bool dash = d < 4 && i == dashes[d];

                if (dash ? s[i] != '-' : !is_hex(s[i]))
                        return false;
                zero &= dash || s[i] == '0';
                d += dash;
        }
        return !zero; /* the all-zero one says "none" */
}

static size_t span(const char *s, size_t n, const char *letters) {
        size_t i = 0;

        while (i < n && s[i] && strchr(letters, s[i]))
                i++;
        return i;
}

size_t variables_invented(const char *s, size_t n, bool in_path, const char **ret_kind) {
        size_t hex = 0, digits;

        if (is_guid(s, n)) {
                *ret_kind = "guid";
                return 36;
        }
        while (hex < n && is_hex(s[hex]))
                hex++;
        if (hex >= 12) {
                *ret_kind = "id";
                return hex;
        }
        /* RFC 3339: 2006-01-02T15:04:05 with what follows of fraction and zone. */
        if (n >= 19 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':') {
                *ret_kind = "time";
                return 19 + span(s + 19, n - 19, "0123456789.:+-Z");
        }
        digits = hex ? span(s, n, "0123456789") : 0;
        if (in_path && digits >= 6) {
                *ret_kind = "number";
                return digits;
        }
        return 0;
}

/* Compares piece by piece: invented values stand for each other, everything else must be the same. */
static bool same_pieces(struct variables *v, const char *recorded, const char *live) {
        const char *end_r = recorded + strlen(recorded), *end_l = live + strlen(live);
        bool in_path = strpbrk(recorded, "/\\");

        while (*recorded || *live) {
                const char *kind_r = NULL, *kind_l = NULL;
                size_t n = variables_invented(recorded, (size_t)(end_r - recorded), in_path, &kind_r);
                size_t m = variables_invented(live, (size_t)(end_l - live), in_path, &kind_l);

                if (n && m && kind_r == kind_l) {
                        const struct variable *known = find(v, recorded, n);
                        _cleanup_free_ char *r = hcs_strndup(recorded, n), *l = hcs_strndup(live, m);

                        if (known ? !hcs_strcaseeq(known->live, l) : !variables_bind(v, kind_r, r, l))
                                return false;
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
        const struct variable *known = find(v, recorded, strlen(recorded));
        _cleanup_free_ char *substituted = NULL;

        if (known)
                return hcs_strcaseeq(known->live, live);
        if (strcmp(recorded, live) == 0)
                return true;
        substituted = variables_substitute(v, recorded);
        return strcmp(substituted, live) == 0 || same_pieces(v, recorded, live);
}

static bool is_separator(char c) {
        return c == '/' || c == '\\';
}

static bool is_full_path(const char *s) {
        return is_separator(*s) || (*s && s[1] == ':' && is_separator(s[2]));
}

/* How many bytes the two have in common at their ends, in whole parts that begin with a separator. */
static size_t common_end(const char *a, const char *b) {
        size_t n = strlen(a), m = strlen(b), common = 0;

        for (size_t i = 1; i <= n && i <= m; i++) {
                char x = a[n - i], y = b[m - i];

                if (x != y && !(is_separator(x) && is_separator(y)))
                        break;
                if (is_separator(x))
                        common = i;
        }
        return common;
}

/* Equal but for which of the two separators stands where. */
static bool same_path(const char *a, const char *b) {
        while (*a && (*a == *b || (is_separator(*a) && is_separator(*b)))) {
                a++;
                b++;
        }
        return *a == *b;
}

/* As documents hold them. */
static char *escaped(const char *path) {
        _cleanup_buf_ struct hcs_buf out = {0};

        for (hcs_buf_puts(&out, ""); *path; path++)
                hcs_buf_puts(&out, *path == '\\' ? "\\\\" : (char[]){*path, 0});
        return hcs_buf_steal(&out);
}

bool variables_same_path(struct variables *v, const char *key, const char *recorded, const char *live) {
        _cleanup_free_ char *r = NULL, *l = NULL, *r_escaped = NULL, *l_escaped = NULL, *substituted = NULL;
        size_t common;

        if (variables_same_text(v, key, recorded, live))
                return true;
        substituted = variables_substitute(v, recorded);
        if (same_path(substituted, live))
                return true;
        if (!is_full_path(recorded) || !is_full_path(live))
                return false;
        common = common_end(recorded, live);
        r = hcs_strndup(recorded, strlen(recorded) - common);
        l = hcs_strndup(live, strlen(live) - common);
        if (!*r || !*l || !variables_bind(v, "folder", r, l))
                return false;
        r_escaped = escaped(r);
        l_escaped = escaped(l);
        if (strcmp(r, r_escaped) != 0)
                add(v, "folder", r_escaped, l_escaped);
        return true;
}

bool variables_is_port(const char *key, size_t n) {
        return n >= 4 && strncasecmp(key + n - 4, "port", 4) == 0;
}

/* A port that the system gave out: it differs in every run. */
static bool same_port(struct variables *v, const struct hcs_json *expected, const struct hcs_json *got) {
        uint64_t e, g;
        char recorded[24], live[24];
        const struct variable *known;

        if (!hcs_json_u64(expected, &e) || !hcs_json_u64(got, &g) || e < VARIABLES_FIRST_PORT ||
            g < VARIABLES_FIRST_PORT || e > 65535 || g > 65535)
                return false;
        hcs_json_number_text(expected, recorded, sizeof(recorded));
        hcs_json_number_text(got, live, sizeof(live));
        known = find(v, recorded, strlen(recorded));
        return known ? hcs_streq(known->live, live) : variables_bind(v, "port", recorded, live);
}

bool variables_same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got) {
        const char *e = hcs_json_string(expected), *g = hcs_json_string(got);

        if (e && g)
                return variables_same_text(ctx, key, e, g);
        return key && variables_is_port(key, strlen(key)) && same_port(ctx, expected, got);
}

bool variables_same_key(void *ctx, const char *expected, const char *got) {
        return variables_same_text(ctx, NULL, expected, got);
}

bool variables_describe(void *ctx, const char *recorded, struct hcs_buf *out) {
        const struct variables *v = ctx;
        const struct variable *known = find(v, recorded, strlen(recorded));

        if (known)
                hcs_buf_printf(out, "<%s:%u> (in this run \"%s\")", known->kind, known->number, known->live);
        return known;
}

static const struct variable *odd_at(const struct variables *v, const char *p) {
        const struct variable *best = NULL;
        size_t length = 0;

        for (uint32_t i = 0; v->n_odd && i < v->n; i++) {
                size_t n = strlen(v->items[i].recorded);

                if (n > length && is_odd(&v->items[i]) && strncmp(p, v->items[i].recorded, n) == 0) {
                        best = &v->items[i];
                        length = n;
                }
        }
        return best;
}

static bool parts(char c) {
        return c == '-' || c == '_' || c == '@';
}

/* A word that is no variable may still hold some: "vm-<guid>", "demo-scratch"; the longest from a part's begin on. */
static const struct variable *part_at(const struct variables *v, const char *p, const char *end) {
        for (const char *stop = end; stop > p; stop--)
                if (stop == end || parts(*stop)) {
                        const struct variable *known = find(v, p, (size_t)(stop - p));

                        if (known)
                                return known;
                }
        return NULL;
}

static void substitute_inside(const struct variables *v, const char *p, size_t n, const char *all,
                              struct hcs_buf *out) {
        const char *begin = p, *end = p + n;

        while (p < end) {
                const char *kind;
                const struct variable *known = p == begin || parts(p[-1]) ? part_at(v, p, end) : NULL;
                size_t length = known ? strlen(known->recorded) : variables_invented(p, (size_t)(all - p), true, &kind);

                if (!known && length)
                        known = find(v, p, length);
                if (known)
                        hcs_buf_puts(out, known->live);
                else
                        hcs_buf_putc(out, *p);
                p += known ? length : 1;
        }
}

char *variables_substitute(const struct variables *v, const char *text) {
        const char *all = text + strlen(text);
        _cleanup_buf_ struct hcs_buf out = {0};

        if (!v->any_differ)
                return hcs_strdup(text);
        for (const char *p = text; *p;) {
                const struct variable *known = odd_at(v, p);
                size_t n = known ? strlen(known->recorded) : word(p);

                if (known)
                        hcs_buf_puts(&out, known->live);
                else if (n)
                        substitute_inside(v, p, n, all, &out);
                else
                        hcs_buf_putc(&out, *p++);
                p += n;
        }
        return hcs_buf_steal(&out);
}
