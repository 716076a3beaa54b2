/* SPDX-License-Identifier: MIT */

/* The smallest set of faults; see smallest.h. */

#include "cmd/hcstrace/smallest.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define MAX_OCCASIONS 1024 /* a rule that needs more than so many is left as it is */

struct search {
        char **rules;
        size_t n;
        bool (*breaks)(void *ctx, const char *rules);
        void *ctx;
};

/* Without those from `from` on, `less` of them; the one at `at` written as `instead` (NULL: as it is). */
static char *joined(const struct search *s, size_t from, size_t less, size_t at, const char *instead) {
        struct hcs_buf b = {0};

        for (size_t i = 0; i < s->n; i++)
                if (i < from || i >= from + less)
                        hcs_buf_printf(&b, "%s%s", b.len ? "; " : "", instead && i == at ? instead : s->rules[i]);
        return hcs_buf_steal(&b);
}

static void split(struct search *s, const char *rules) {
        while (*rules) {
                size_t n = strcspn(rules, ";"), begin = strspn(rules, " \t\n"), end = n;

                while (end > begin && strchr(" \t\n", rules[end - 1]))
                        end--;
                if (end > begin) {
                        s->rules = hcs_realloc(s->rules, (s->n + 1) * sizeof(*s->rules));
                        s->rules[s->n++] = hcs_strndup(rules + begin, end - begin);
                }
                rules += n + (rules[n] == ';');
        }
}

static void leave_out(struct search *s, size_t from, size_t less) {
        for (size_t i = from; i < from + less; i++)
                free(s->rules[i]);
        memmove(&s->rules[from], &s->rules[from + less], (s->n - from - less) * sizeof(*s->rules));
        s->n -= less;
}

static void fewer_rules(struct search *s) {
        for (size_t chunk = (s->n + 1) / 2; chunk > 0 && s->n > 1; chunk /= 2)
                for (size_t at = 0; at < s->n && s->n > 1;) {
                        size_t less = chunk < s->n - at ? chunk : s->n - at;
                        _cleanup_free_ char *rest = less < s->n ? joined(s, at, less, 0, NULL) : NULL;

                        if (rest && s->breaks(s->ctx, rest))
                                leave_out(s, at, less);
                        else
                                at += less;
                }
}

/* The rule for its occasions from `from` to `to` only. Caller frees. */
static char *numbered(const char *rule, unsigned from, unsigned to) {
        int name = (int)strcspn(rule, "@[% \t");

        return from == to ? hcs_asprintf("%.*s#%u%s", name, rule, from, rule + name)
                          : hcs_asprintf("%.*s#%u..%u%s", name, rule, from, to, rule + name);
}

static bool is_numbered(const char *rule) {
        return rule[strcspn(rule, "#[ \t")] == '#' || strstr(rule, "]#");
}

static bool breaks_with(const struct search *s, size_t i, unsigned from, unsigned to) {
        _cleanup_free_ char *rule = numbered(s->rules[i], from, to), *all = joined(s, 0, 0, i, rule);

        return s->breaks(s->ctx, all);
}

/* The first `to` with which the occasions up to it do, then the last `from`. */
static void fewer_occasions(struct search *s, size_t i) {
        unsigned to = 1, below = 0, from = 1, above;
        char *narrow;

        while (to <= MAX_OCCASIONS && !breaks_with(s, i, 1, to)) {
                below = to;
                to *= 2;
        }
        if (to > MAX_OCCASIONS)
                return;
        while (to - below > 1) {
                unsigned middle = below + (to - below) / 2;

                if (breaks_with(s, i, 1, middle))
                        to = middle;
                else
                        below = middle;
        }
        for (above = to + 1; above - from > 1;) {
                unsigned middle = above == to + 1 ? to : from + (above - from) / 2;

                if (breaks_with(s, i, middle, to))
                        from = middle;
                else
                        above = middle;
        }
        narrow = numbered(s->rules[i], from, to);
        free(s->rules[i]);
        s->rules[i] = narrow;
}

char *smallest_faults(const char *rules, bool (*breaks)(void *ctx, const char *rules), void *ctx) {
        struct search s = {.breaks = breaks, .ctx = ctx};
        char *smallest;

        split(&s, rules);
        fewer_rules(&s);
        for (size_t i = 0; i < s.n; i++)
                if (!is_numbered(s.rules[i]))
                        fewer_occasions(&s, i);
        smallest = joined(&s, 0, 0, 0, NULL);
        leave_out(&s, 0, s.n);
        free(s.rules);
        return smallest;
}
