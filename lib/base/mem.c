/* SPDX-License-Identifier: MIT */

/* Allocation that does not fail: see mem.h for the policy. Any thread. */

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void *checked(void *p, size_t size) {
        if (!p && size) {
                fprintf(stderr, "hcsshim: out of memory for %zu bytes\n", size);
                abort();
        }
        return p;
}

void *hcs_malloc(size_t size) {
        return checked(malloc(size ? size : 1), size);
}

void *hcs_calloc(size_t n, size_t size) {
        return checked(calloc(n ? n : 1, size ? size : 1), size);
}

void *hcs_realloc(void *p, size_t size) {
        return checked(realloc(p, size ? size : 1), size);
}

void *hcs_memdup(const void *p, size_t n) {
        void *copy = hcs_malloc(n);

        if (n)
                memcpy(copy, p, n);
        return copy;
}

char *hcs_strndup(const char *s, size_t n) {
        char *copy = hcs_malloc(n + 1);

        if (n)
                memcpy(copy, s, n);
        copy[n] = '\0';
        return copy;
}

char *hcs_strdup(const char *s) {
        return s ? hcs_strndup(s, strlen(s)) : NULL;
}

char *hcs_vasprintf(const char *fmt, va_list ap) {
        char few[256]; /* most texts are short: one pass does */
        va_list again;
        char *text;
        int n;

        va_copy(again, ap);
        n = vsnprintf(few, sizeof(few), fmt, again);
        va_end(again);
        if (n < 0)
                return hcs_strdup(fmt);
        if ((size_t)n < sizeof(few))
                return hcs_strndup(few, (size_t)n);
        text = hcs_malloc((size_t)n + 1);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        return text;
}

char *hcs_asprintf(const char *fmt, ...) {
        va_list ap;
        char *text;

        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        return text;
}
