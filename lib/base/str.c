/* SPDX-License-Identifier: MIT */

/* String helpers of str.h: pure functions over ASCII. */

#include "base/str.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"

static char fold(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool hcs_streq(const char *a, const char *b) {
        if (!a || !b)
                return a == b;
        return strcmp(a, b) == 0;
}

bool hcs_strcaseeq(const char *a, const char *b) {
        if (!a || !b)
                return a == b;
        for (; *a && fold(*a) == fold(*b); a++, b++)
                continue;
        return fold(*a) == fold(*b);
}

bool hcs_str_starts(const char *s, const char *prefix) {
        return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool hcs_str_ends(const char *s, const char *suffix) {
        size_t n = s ? strlen(s) : 0, m = strlen(suffix);

        return n >= m && s && memcmp(s + n - m, suffix, m) == 0;
}

static int digit_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        c = fold(c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : INT_MAX;
}

bool hcs_str_to_u64(const char *s, uint64_t *ret) {
        unsigned base = 10;
        uint64_t v = 0;

        if (!s)
                return false;
        if (s[0] == '0' && fold(s[1]) == 'x') {
                base = 16;
                s += 2;
        }
        if (!*s)
                return false;
        for (; *s; s++) {
                unsigned d = (unsigned)digit_value(*s);

                if (d >= base || v > (UINT64_MAX - d) / base)
                        return false;
                v = v * base + d;
        }
        *ret = v;
        return true;
}

bool hcs_str_to_i64(const char *s, int64_t *ret) {
        bool negative = s && *s == '-';
        uint64_t v;

        if (!hcs_str_to_u64(negative ? s + 1 : s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
                return false;
        *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
        return true;
}

unsigned hcs_str_distance(const char *a, const char *b, unsigned limit) {
        size_t n = strlen(a), m = strlen(b);
        unsigned rows[3][65];
        unsigned *before = rows[0], *last = rows[1], *row = rows[2];

        if (m > 64 || n > 64 || (n > m ? n - m : m - n) > limit)
                return limit + 1;
        for (size_t j = 0; j <= m; j++)
                last[j] = (unsigned)j;
        for (size_t i = 1; i <= n; i++) {
                unsigned *oldest = before, best = row[0] = (unsigned)i;

                for (size_t j = 1; j <= m; j++) {
                        unsigned cost = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1, d = last[j - 1] + cost;

                        if (last[j] + 1 < d)
                                d = last[j] + 1;
                        if (row[j - 1] + 1 < d)
                                d = row[j - 1] + 1;
                        if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
                            before[j - 2] + 1 < d)
                                d = before[j - 2] + 1;
                        row[j] = d;
                        if (d < best)
                                best = d;
                }
                if (best > limit)
                        return limit + 1;
                before = last;
                last = row;
                row = oldest;
        }
        return last[m] > limit ? limit + 1 : last[m];
}

const char *hcs_str_nearest(const char *word, const char *const *candidates, size_t n) {
        unsigned best = 1 + (unsigned)strlen(word) / 4;
        const char *nearest = NULL;

        for (size_t i = 0; i < n; i++) {
                unsigned d = hcs_str_distance(word, candidates[i], best);

                if (d > best || (nearest && d == best))
                        continue;
                best = d;
                nearest = candidates[i];
        }
        return nearest;
}

void hcs_strings_deinit(struct hcs_strings *s) {
        for (size_t i = 0; i < s->n; i++)
                free(s->items[i]);
        free(s->items);
        *s = (struct hcs_strings){0};
}

void hcs_strings_add(struct hcs_strings *s, char *text) {
        s->items = hcs_realloc(s->items, (s->n + 1) * sizeof(*s->items));
        s->items[s->n++] = text;
}
