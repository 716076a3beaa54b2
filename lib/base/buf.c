/* SPDX-License-Identifier: MIT */

/* The growing byte buffer of buf.h; capacity doubles. One thread at a time. */

#include "base/buf.h"

#include <stdio.h>

void hcs_buf_deinit(struct hcs_buf *b) {
        free(b->data);
        *b = (struct hcs_buf){0};
}

void hcs_buf_grow(struct hcs_buf *b, size_t extra) {
        size_t need = b->len + extra + 1;

        if (need < extra)
                abort(); /* more than the address space */
        b->cap = b->cap * 2 > need ? b->cap * 2 : (need > 64 ? need : 64);
        b->data = hcs_realloc(b->data, b->cap);
}

void hcs_buf_vprintf(struct hcs_buf *b, const char *fmt, va_list ap) {
        _cleanup_free_ char *text = hcs_vasprintf(fmt, ap);

        hcs_buf_puts(b, text);
}

void hcs_buf_printf(struct hcs_buf *b, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        hcs_buf_vprintf(b, fmt, ap);
        va_end(ap);
}

void hcs_buf_clear(struct hcs_buf *b) {
        b->len = 0;
        if (b->data)
                b->data[0] = '\0';
}

void hcs_buf_drop(struct hcs_buf *b, size_t n) {
        if (!n)
                return;
        memmove(b->data, b->data + n, b->len - n + 1); /* and the NUL */
        b->len -= n;
}

const char *hcs_buf_cstr(const struct hcs_buf *b) {
        return b->data ? b->data : "";
}

char *hcs_buf_steal(struct hcs_buf *b) {
        char *text = b->data ? b->data : hcs_strdup("");

        *b = (struct hcs_buf){0};
        return text;
}

void hcs_buf_put_u64(struct hcs_buf *b, uint64_t n) {
        char digits[20];
        size_t at = sizeof(digits);

        do {
                digits[--at] = (char)('0' + n % 10);
                n /= 10;
        } while (n);
        hcs_buf_append(b, digits + at, sizeof(digits) - at);
}
