/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_MEM_H
#define HCS_BASE_MEM_H

/*
 * Memory and scope-bound cleanup for the whole tree.
 *
 * Small allocations never fail from the caller's point of view: running out of memory for them ends the process
 * with a message (the machine is beyond help). Anything whose size comes from outside bytes is bounded by the
 * parser that reads it before it is allocated.
 *
 * Cleanup is by attribute: `_cleanup_(hcs_buf_deinitp) struct hcs_buf b = {0};`, ownership is handed over with
 * steal_pointer(). Free functions take NULL and return NULL.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_       __attribute__((unused))

#define HCS_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Defines `<func>p`, the cleanup helper for pointers of `type` freed by `func`. */
#define HCS_DEFINE_CLEANUP(type, func)        \
        static inline void func##p(type *p) { \
                if (*p)                       \
                        func(*p);             \
        }

static inline void *hcs_steal(void *p) {
        void **slot = p;
        void *value = *slot;

        *slot = NULL;
        return value;
}
#define steal_pointer(p) ((__typeof__(*(p)))hcs_steal(p))

void *hcs_malloc(size_t size);           /* uninitialised */
void *hcs_calloc(size_t n, size_t size); /* zeroed */
void *hcs_realloc(void *p, size_t size);
char *hcs_strdup(const char *s); /* NULL gives NULL */
char *hcs_strndup(const char *s, size_t n);
void *hcs_memdup(const void *p, size_t n);
char *hcs_asprintf(const char *fmt, ...) _printf_(1, 2);
char *hcs_vasprintf(const char *fmt, va_list ap) _printf_(1, 0);

static inline void *hcs_free(void *p) {
        free(p);
        return NULL;
}
static inline void hcs_freep(void *p) {
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(hcs_freep)

#endif
