/* SPDX-License-Identifier: MIT */

/* What the C libraries of other systems have and that of Windows lacks; declared in words.h. */

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "platform/windows/text.h"

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

/* _mktemp() has 26 names and no more. */
char *mkdtemp(char *text) {
        static volatile LONG made;
        char *x = text + strlen(text) - 6;

        for (unsigned i = 0; i < 100; i++) {
                FILETIME now;
                uint64_t n;

                GetSystemTimeAsFileTime(&now);
                n = now.dwLowDateTime + (uint64_t)GetCurrentProcessId() * 1000003u +
                    (uint64_t)InterlockedIncrement(&made) * 7919u;
                for (unsigned k = 0; k < 6; k++, n /= 36)
                        x[k] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
                if (CreateDirectoryA(text, NULL))
                        return text;
                if (GetLastError() != ERROR_ALREADY_EXISTS)
                        break;
        }
        errno = EEXIST;
        return NULL;
}

/* As elsewhere, what has the name goes. */
int rename_over(const char *from, const char *to) {
        _cleanup_wide_ wchar_t *wide_from = hcs_windows_wide(from), *wide_to = hcs_windows_wide(to);

        if (MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING))
                return 0;
        errno = GetLastError() == ERROR_FILE_NOT_FOUND ? ENOENT : EACCES;
        return -1;
}

void *memmem(const void *data, size_t n, const void *part, size_t n_part) {
        const char *p = data;

        for (size_t i = 0; n_part <= n && i <= n - n_part; i++)
                if (memcmp(p + i, part, n_part) == 0)
                        return (void *)(uintptr_t)(p + i);
        return NULL;
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
