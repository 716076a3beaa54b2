/* SPDX-License-Identifier: MIT */

/* The scanner: grammar, UTF-8 and depth are checked in one pass; nesting is kept as one bit a level. */

#include "mockhcs/trace/scan.h"

#include <string.h>

#include "base/utf.h"

const unsigned char mock_scan_special[256] = {
        [0 ... 31] = 1,
        ['"'] = 1,
        ['\\'] = 1,
        [128 ... 255] = 1,
};

static bool bad(struct mock_scan *s, const char *at, const char *what) {
        if (!s->error) {
                s->error = what;
                s->p = at;
        }
        return false;
}

static void skip_blanks(struct mock_scan *s) {
        for (; s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'); s->p++)
                s->line_breaks |= *s->p == '\n' || *s->p == '\r';
}

void mock_scan_blanks(struct mock_scan *s) {
        skip_blanks(s);
}

static bool is_hex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* s->p behind the opening quote; ends behind the closing one. */
static bool skip_string(struct mock_scan *s) {
        const char *p = s->p;
        const char *end = s->end;

        for (;;) {
                p += mock_scan_plain(p, (size_t)(end - p));
                if (p == end)
                        return bad(s, p, "the text ends inside a string");
                if (*p == '"') {
                        s->p = p + 1;
                        return true;
                }
                if (*p == '\\') {
                        if (end - p < 2)
                                return bad(s, end, "the text ends inside a string");
                        if (p[1] == 'u') {
                                if (end - p < 6)
                                        return bad(s, end, "the text ends inside a string");
                                for (int i = 2; i < 6; i++)
                                        if (!is_hex(p[i]))
                                                return bad(s, p + i, "bad \\u escape");
                                p += 6;
                        } else if (p[1] && strchr("\"\\/bfnrt", p[1])) {
                                p += 2;
                        } else {
                                return bad(s, p + 1, "bad escape");
                        }
                } else if ((unsigned char)*p < 0x20) {
                        return bad(s, p, "control character in a string");
                } else {
                        uint32_t cp;
                        size_t used = hcs_utf8_decode(p, (size_t)(end - p), &cp);

                        if (!used)
                                return bad(s, p, "bad UTF-8");
                        p += used;
                }
        }
}

static bool skip_digits(struct mock_scan *s) {
        const char *first = s->p;

        while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
                s->p++;
        return s->p > first || bad(s, s->p, "bad number");
}

static bool skip_number(struct mock_scan *s) {
        if (*s->p == '-')
                s->p++;
        if (s->p < s->end && *s->p == '0') {
                s->p++;
                if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
                        return bad(s, s->p, "number with a leading zero");
        } else if (!skip_digits(s)) {
                return false;
        }
        if (s->p < s->end && *s->p == '.') {
                s->p++;
                if (!skip_digits(s))
                        return false;
        }
        if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
                s->p++;
                if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
                        s->p++;
                return skip_digits(s);
        }
        return true;
}

static bool skip_word(struct mock_scan *s, const char *word) {
        size_t n = strlen(word);

        if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
                return bad(s, s->p, "unexpected character");
        s->p += n;
        return true;
}

static bool skip_scalar(struct mock_scan *s) {
        switch (*s->p) {
        case '"':
                s->p++;
                return skip_string(s);
        case 't':
                return skip_word(s, "true");
        case 'f':
                return skip_word(s, "false");
        case 'n':
                return skip_word(s, "null");
        case '-':
        case '0' ... '9':
                return skip_number(s);
        default:
                return bad(s, s->p, "unexpected character");
        }
}

/* Behind '{' or ',' in an object: the key and its colon. */
static bool skip_key(struct mock_scan *s) {
        skip_blanks(s);
        if (s->p == s->end)
                return bad(s, s->p, "the text ends inside an object");
        if (*s->p != '"')
                return bad(s, s->p, "expected a member name");
        s->p++;
        if (!skip_string(s))
                return false;
        skip_blanks(s);
        if (s->p == s->end)
                return bad(s, s->p, "the text ends inside an object");
        if (*s->p != ':')
                return bad(s, s->p, "expected ':'");
        s->p++;
        return true;
}

bool mock_scan_value(struct mock_scan *s, struct mock_slice *ret) {
        uint64_t objects[MOCK_SCAN_MAX_DEPTH / 64];
        unsigned depth = 0;
        const char *first;

        if (s->error)
                return false;
        skip_blanks(s);
        first = s->p;
        for (;;) {
                skip_blanks(s);
                if (s->p == s->end)
                        return bad(s, s->p, depth ? "the text ends inside a document" : "expected a value");
                if (*s->p == '{' || *s->p == '[') {
                        bool object = *s->p == '{';

                        if (depth == MOCK_SCAN_MAX_DEPTH)
                                return bad(s, s->p, "nested deeper than 512 levels");
                        if (object)
                                objects[depth / 64] |= UINT64_C(1) << (depth % 64);
                        else
                                objects[depth / 64] &= ~(UINT64_C(1) << (depth % 64));
                        depth++;
                        s->p++;
                        skip_blanks(s);
                        if (s->p == s->end || *s->p != (object ? '}' : ']')) {
                                if (object && !skip_key(s))
                                        return false;
                                continue;
                        }
                        s->p++;
                        depth--;
                } else if (!skip_scalar(s)) {
                        return false;
                }
                /* A value has ended: close what ends with it, or go on to the next member. */
                while (depth) {
                        bool object = objects[(depth - 1) / 64] >> ((depth - 1) % 64) & 1;

                        skip_blanks(s);
                        if (s->p == s->end)
                                return bad(s, s->p, "the text ends inside a document");
                        if (*s->p == ',') {
                                s->p++;
                                if (object && !skip_key(s))
                                        return false;
                                break;
                        }
                        if (*s->p != (object ? '}' : ']'))
                                return bad(s, s->p, object ? "expected ',' or '}'" : "expected ',' or ']'");
                        s->p++;
                        depth--;
                }
                if (!depth)
                        break;
        }
        *ret = (struct mock_slice){first, (size_t)(s->p - first)};
        return true;
}

bool mock_scan_enter(struct mock_scan *s, char open) {
        if (s->error)
                return false;
        skip_blanks(s);
        if (s->p == s->end || *s->p != open)
                return bad(s, s->p, open == '{' ? "expected an object" : "expected an array");
        s->p++;
        s->inside = false;
        return true;
}

int mock_scan_element(struct mock_scan *s) {
        if (s->error)
                return -1;
        skip_blanks(s);
        if (s->p == s->end) {
                bad(s, s->p, "the text ends inside an array");
                return -1;
        }
        if (*s->p == ']') {
                s->p++;
                return 0;
        }
        if (s->inside) {
                if (*s->p != ',') {
                        bad(s, s->p, "expected ',' or ']'");
                        return -1;
                }
                s->p++;
        }
        s->inside = true;
        return 1;
}

int mock_scan_member(struct mock_scan *s, struct mock_slice *ret_key) {
        const char *first;

        if (s->error)
                return -1;
        skip_blanks(s);
        if (s->p < s->end && *s->p == '}' && !s->inside) {
                s->p++;
                return 0;
        }
        if (s->inside) {
                if (s->p == s->end) {
                        bad(s, s->p, "the text ends inside an object");
                        return -1;
                }
                if (*s->p == '}') {
                        s->p++;
                        return 0;
                }
                if (*s->p != ',') {
                        bad(s, s->p, "expected ',' or '}'");
                        return -1;
                }
                s->p++;
                skip_blanks(s);
        }
        first = s->p;
        if (!skip_key(s))
                return -1;
        /* The key ends at the last quote in front of the colon. */
        *ret_key = (struct mock_slice){first + 1, 0};
        for (const char *q = s->p - 1;; q--)
                if (*q == '"') {
                        ret_key->n = (size_t)(q - first - 1);
                        break;
                }
        s->inside = true;
        return 1;
}

bool mock_scan_done(struct mock_scan *s) {
        if (s->error)
                return false;
        skip_blanks(s);
        return s->p == s->end || bad(s, s->p, "text behind the end of the record");
}

bool mock_scan_is_json(const char *text, size_t n, bool *ret_plain) {
        struct mock_scan s;
        struct mock_slice v;

        mock_scan_init(&s, text, n);
        if (!mock_scan_value(&s, &v) || !mock_scan_done(&s))
                return false;
        *ret_plain = !s.line_breaks; /* there can be none in a string */
        return true;
}
