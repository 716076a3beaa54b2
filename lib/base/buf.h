/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_BUF_H
#define HCS_BASE_BUF_H

/*
 * A growing byte buffer, embedded by its owner. `data` is always NUL terminated once something was appended, the
 * NUL is not counted in `len`. A zeroed struct is an empty buffer. Not thread safe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct hcs_buf {
        char *data;
        size_t len;
        size_t cap;
};

void hcs_buf_deinit(struct hcs_buf *b);
void hcs_buf_grow(struct hcs_buf *b, size_t extra); /* what the inline ones do when there is no room */
void hcs_buf_printf(struct hcs_buf *b, const char *fmt, ...) _printf_(2, 3);
void hcs_buf_vprintf(struct hcs_buf *b, const char *fmt, va_list ap) _printf_(2, 0);
void hcs_buf_put_u64(struct hcs_buf *b, uint64_t n); /* in decimal */
void hcs_buf_clear(struct hcs_buf *b);               /* len = 0, memory kept */
void hcs_buf_drop(struct hcs_buf *b, size_t n);      /* the first n bytes, at most len */
const char *hcs_buf_cstr(const struct hcs_buf *b);   /* never NULL */
char *hcs_buf_steal(struct hcs_buf *b);              /* never NULL; caller frees; buffer is empty after */

/* Room for extra bytes and a NUL. */
static inline void hcs_buf_reserve(struct hcs_buf *b, size_t extra) {
        if (extra >= b->cap - b->len)
                hcs_buf_grow(b, extra);
}

static inline void hcs_buf_append(struct hcs_buf *b, const void *p, size_t n) {
        hcs_buf_reserve(b, n);
        if (n)
                memcpy(b->data + b->len, p, n);
        b->len += n;
        b->data[b->len] = '\0';
}

static inline void hcs_buf_puts(struct hcs_buf *b, const char *s) {
        hcs_buf_append(b, s, strlen(s));
}

static inline void hcs_buf_putc(struct hcs_buf *b, char c) {
        hcs_buf_append(b, &c, 1);
}

static inline void hcs_buf_deinitp(struct hcs_buf *b) {
        if (b->data)
                hcs_buf_deinit(b);
}
#define _cleanup_buf_ _cleanup_(hcs_buf_deinitp)

#endif
