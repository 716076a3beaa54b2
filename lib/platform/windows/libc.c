/* SPDX-License-Identifier: MIT */

/* What the C libraries of other systems have and that of Windows lacks; declared in words.h. */

#include <limits.h>
#include <string.h>

ssize_t getline(char **line, size_t *capacity, FILE *f) {
        size_t n = 0;

        do {
                if (n + 2 > *capacity) {
                        size_t more = *capacity ? *capacity * 2 : 256;
                        char *longer = realloc(*line, more);

                        if (!longer)
                                return -1;
                        *line = longer;
                        *capacity = more;
                }
                if (!fgets(*line + n, (int)(*capacity - n > INT_MAX ? INT_MAX : *capacity - n), f))
                        break;
                n += strlen(*line + n);
        } while (n == 0 || (*line)[n - 1] != '\n');
        return n ? (ssize_t)n : -1;
}

char *mkdtemp(char *text) {
        return _mktemp(text) && CreateDirectoryA(text, NULL) ? text : NULL;
}

void *memrchr(const void *data, int c, size_t n) {
        const unsigned char *p = data;

        while (n-- > 0)
                if (p[n] == (unsigned char)c)
                        return (void *)(uintptr_t)(p + n);
        return NULL;
}

struct order {
        int (*compare)(const void *a, const void *b, void *ctx);
        void *ctx;
};

static int compare_in_order(void *ctx, const void *a, const void *b) {
        struct order *o = ctx;

        return o->compare(a, b, o->ctx);
}

void qsort_r(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b, void *ctx), void *ctx) {
        qsort_s(base, n, size, compare_in_order, &(struct order){compare, ctx});
}

char *strcasestr(const char *text, const char *part) {
        size_t n = strlen(part);

        for (; strlen(text) >= n; text++)
                if (_strnicmp(text, part, n) == 0)
                        return (char *)(uintptr_t)text;
        return NULL;
}

char *strsep(char **at, const char *separators) {
        char *start = *at, *end = start ? strpbrk(start, separators) : NULL;

        if (end)
                *end++ = '\0';
        *at = end;
        return start;
}

time_t timegm(struct tm *tm) {
        return _mkgmtime(tm);
}
