/* SPDX-License-Identifier: MIT */

/* A scanner that only finds the first character Go objects to, and says where in the grammar it stands. */

#include "base/json_go.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf.h"

#define GO_MAX_DEPTH 10000

struct scan {
        const char *p, *end;
        struct hcs_buf open; /* '{' and '[' that are not closed yet */
        char *error;
};

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* The character as Go quotes it: bytes are taken for code points. */
static void put_quoted(unsigned char c, struct hcs_buf *out) {
        char utf[4];

        if (c == '\'' || c == '\\')
                hcs_buf_printf(out, "'\\%c'", c);
        else if (c >= 7 && c <= 13)
                hcs_buf_printf(out, "'\\%c'", "abtnvfr"[c - 7]);
        else if (c < 0x20 || c == 0x7f)
                hcs_buf_printf(out, "'\\x%02x'", c);
        else if (c >= 0x80 && (c < 0xa1 || c == 0xad))
                hcs_buf_printf(out, "'\\u%04x'", c);
        else
                hcs_buf_printf(out, "'%.*s'", (int)hcs_utf8_encode(c, utf), utf);
}

/* Inside a word, a number or an escape. Go reads a blank behind the end, which is what is wrong then. */
static bool fail_inside(struct scan *s, const char *where) {
        _cleanup_buf_ struct hcs_buf text = {0};

        hcs_buf_puts(&text, "invalid character ");
        put_quoted(s->p < s->end ? (unsigned char)*s->p : ' ', &text);
        hcs_buf_printf(&text, " %s", where);
        s->error = hcs_buf_steal(&text);
        return false;
}

/* Where a blank may be. */
static bool fail(struct scan *s, const char *where) {
        if (s->p < s->end)
                return fail_inside(s, where);
        s->error = hcs_strdup("unexpected end of JSON input");
        return false;
}

static void skip_blanks(struct scan *s) {
        while (s->p < s->end && is_blank(*s->p))
                s->p++;
}

static bool scan_literal(struct scan *s, const char *word) {
        for (size_t i = 1; word[i]; i++) {
                _cleanup_free_ char *where = NULL;

                s->p++;
                if (s->p < s->end && *s->p == word[i])
                        continue;
                where = hcs_asprintf("in literal %s (expecting '%c')", word, word[i]);
                return fail_inside(s, where);
        }
        s->p++;
        return true;
}

static bool scan_string(struct scan *s) {
        for (s->p++;; s->p++) {
                if (s->p >= s->end || (unsigned char)*s->p < 0x20)
                        return fail(s, "in string literal");
                if (*s->p == '"')
                        break;
                if (*s->p != '\\')
                        continue;
                s->p++;
                if (s->p >= s->end || !*s->p || !strchr("bfnrt\\/\"u", *s->p))
                        return fail_inside(s, "in string escape code");
                if (*s->p != 'u')
                        continue;
                for (int i = 0; i < 4; i++) {
                        s->p++;
                        if (s->p >= s->end || !*s->p || !strchr("0123456789abcdefABCDEF", *s->p))
                                return fail_inside(s, "in \\u hexadecimal character escape");
                }
        }
        s->p++;
        return true;
}

static bool scan_digits(struct scan *s, const char *where) {
        if (s->p >= s->end || !is_digit(*s->p))
                return fail_inside(s, where);
        while (s->p < s->end && is_digit(*s->p))
                s->p++;
        return true;
}

static bool scan_number(struct scan *s) {
        if (*s->p == '-')
                s->p++;
        if (s->p < s->end && *s->p == '0')
                s->p++;
        else if (!scan_digits(s, "in numeric literal"))
                return false;
        if (s->p < s->end && *s->p == '.') {
                s->p++;
                if (!scan_digits(s, "after decimal point in numeric literal"))
                        return false;
        }
        if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
                s->p++;
                if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
                        s->p++;
                return scan_digits(s, "in exponent of numeric literal");
        }
        return true;
}

static bool open_one(struct scan *s, char c) {
        if (s->open.len == GO_MAX_DEPTH) {
                s->error = hcs_strdup("exceeded max depth");
                return false;
        }
        hcs_buf_putc(&s->open, c);
        s->p++;
        return true;
}

/* A key and its colon. */
static bool scan_key(struct scan *s) {
        skip_blanks(s);
        if (s->p >= s->end || *s->p != '"')
                return fail(s, "looking for beginning of object key string");
        if (!scan_string(s))
                return false;
        skip_blanks(s);
        if (s->p >= s->end || *s->p != ':')
                return fail(s, "after object key");
        s->p++;
        return true;
}

/* The beginning of a value; ret_done: it was a whole one. */
static bool scan_value(struct scan *s, bool *ret_done) {
        skip_blanks(s);
        *ret_done = true;
        if (s->p >= s->end)
                return fail(s, "");
        switch (*s->p) {
        case '{':
                if (!open_one(s, '{'))
                        return false;
                skip_blanks(s);
                if (s->p < s->end && *s->p == '}')
                        return true;
                *ret_done = false;
                return scan_key(s);
        case '[':
                if (!open_one(s, '['))
                        return false;
                skip_blanks(s);
                *ret_done = s->p < s->end && *s->p == ']';
                return true;
        case '"':
                return scan_string(s);
        case 't':
                return scan_literal(s, "true");
        case 'f':
                return scan_literal(s, "false");
        case 'n':
                return scan_literal(s, "null");
        default:
                return *s->p == '-' || is_digit(*s->p) ? scan_number(s) : fail(s, "looking for beginning of value");
        }
}

/* What follows a value: closes what ends here; ret_done: the whole text is at its end. */
static bool scan_after(struct scan *s, bool *ret_done) {
        for (*ret_done = false;;) {
                char top = s->open.len ? s->open.data[s->open.len - 1] : 0, c;

                skip_blanks(s);
                if (!top) {
                        *ret_done = s->p >= s->end;
                        return *ret_done || fail(s, "after top-level value");
                }
                c = s->p < s->end ? *s->p : 0;
                if (s->p < s->end && c == ',') {
                        s->p++;
                        return top == '{' ? scan_key(s) : true;
                }
                if (s->p >= s->end || c != (top == '{' ? '}' : ']'))
                        return fail(s, top == '{' ? "after object key:value pair" : "after array element");
                s->p++;
                s->open.data[--s->open.len] = '\0';
        }
}

char *hcs_json_go_error(const char *text, size_t len) {
        struct scan s = {.p = text, .end = text + len};
        bool whole = false, done = false;

        while (!done && scan_value(&s, &whole))
                if (whole && !scan_after(&s, &done))
                        break;
        hcs_buf_deinit(&s.open);
        return s.error;
}
