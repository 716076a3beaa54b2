/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_SCAN_H
#define MOCKHCS_TRACE_SCAN_H

/*
 * A strict JSON scanner that makes no tree: it walks text once and hands out slices of it. Traces hold documents as
 * the bytes that were seen, so most of a line only has to be found, not understood. The text belongs to the caller and
 * must outlive the slices. No allocation, no state beyond the struct, any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define MOCK_SCAN_MAX_DEPTH 512

struct mock_slice {
        const char *p; /* NULL: absent */
        size_t n;
};

struct mock_scan {
        const char *start;
        const char *p;
        const char *end;
        const char *error; /* static text, NULL while all is well; then p is the offending byte */
        bool inside;       /* a member or element was seen in the object or array entered last */
        bool line_breaks;  /* among the blanks that were passed */
};

/* Bytes that end a plain run inside a string: quote, backslash, controls, and everything beyond ASCII. */
extern const unsigned char mock_scan_special[256];

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* Of eight bytes: how many are not special before the first that is. A borrow only leaves a byte that is special. */
static inline size_t mock_scan_plain_8(const char *text) {
        const uint64_t ones = UINT64_C(0x0101010101010101);
        uint64_t w, found;

        memcpy(&w, text, sizeof(w));
        found = (w | (w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones)) & ones << 7;
        return found ? (size_t)__builtin_ctzll(found) / 8 : 8;
}

/* The same of n bytes. */
static inline size_t mock_scan_plain(const char *text, size_t n) {
        size_t i = 0, plain;

        for (; n - i >= 8; i += 8) {
                plain = mock_scan_plain_8(text + i);
                if (plain < 8)
                        return i + plain;
        }
        if (n >= 8)
                return n - 8 + mock_scan_plain_8(text + n - 8);
        while (i < n && !mock_scan_special[(unsigned char)text[i]])
                i++;
        return i;
}

static inline void mock_scan_init(struct mock_scan *s, const char *text, size_t n) {
        *s = (struct mock_scan){.start = text, .p = text, .end = text + n};
}
/* Skips blanks. */
void mock_scan_blanks(struct mock_scan *s);
/* Skips blanks and one value; ret is its text without blanks around. */
bool mock_scan_value(struct mock_scan *s, struct mock_slice *ret);
/* Steps into an object ('{') or array ('['); false with an error when something else stands there. */
bool mock_scan_enter(struct mock_scan *s, char open);
/* The next member: 1 with the raw key (between the quotes) and s in front of the value, 0 after the closing brace,
 * -1 on error. The caller consumes the value with mock_scan_value(). Not for nested use with one struct. */
int mock_scan_member(struct mock_scan *s, struct mock_slice *ret_key);
/* The same for elements of an array: 1 in front of a value, 0 after the closing bracket, -1 on error. */
int mock_scan_element(struct mock_scan *s);
/* Nothing but blanks is left. */
bool mock_scan_done(struct mock_scan *s);

/* Is the text one JSON value (blanks around it are fine)? ret_plain: it holds no line break. */
bool mock_scan_is_json(const char *text, size_t n, bool *ret_plain);
/* Appends a valid text without the blanks between its tokens. */
void mock_scan_minify(const char *text, size_t n, struct hcs_buf *out);
/* Appends the text as a quoted JSON string; bytes that are not UTF-8 become U+FFFD. */
void mock_scan_quote(const char *text, size_t n, struct hcs_buf *out);
/* Appends what the raw string between the quotes stands for; lone surrogates become U+FFFD. */
void mock_scan_unescape(struct mock_slice raw, struct hcs_buf *out);
char *mock_scan_unescaped(struct mock_slice raw, size_t *ret_len); /* caller frees */

bool mock_slice_is(struct mock_slice s, const char *text);
/* A slice that is a string value: the part between its quotes; absent when it is none. */
struct mock_slice mock_slice_string(struct mock_slice value);
bool mock_slice_u64(struct mock_slice s, uint64_t *ret);

#endif
