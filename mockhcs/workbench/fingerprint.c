/* SPDX-License-Identifier: MIT */

/* The walk over a text that was checked before: it looks at every byte once and makes no tree. */

#include "mockhcs/workbench/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "mockhcs/replay/variables.h"

enum { TAG_INVENTED = 1, TAG_NAME, TAG_NUMBER, TAG_OBJECT, TAG_ARRAY, TAG_WORD };

#define MAX_EMBEDDED 8

struct walk {
        const char *p, *end;
        const struct keymap *names;
        struct hcs_buf scratch;
        unsigned embedded;
};

uint64_t fingerprint_bytes(uint64_t h, const void *data, size_t n) {
        const unsigned char *p = data;

        for (size_t i = 0; i < n; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        return h;
}

uint64_t fingerprint_mix(uint64_t h) {
        h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
        h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
        return h ^ h >> 32;
}

static bool ends(const char *key, size_t n, const char *with) {
        size_t m = strlen(with);

        return n >= m && strncasecmp(key + n - m, with, m) == 0;
}

bool fingerprint_is_invented(const char *key, size_t n, const char *number, size_t n_number) {
        static const char *const counts[] = {"ProcessId", "100ns", "Uptime", "StdIn", "StdOut", "StdErr", "Timestamp"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(counts); i++)
                if (ends(key, n, counts[i]))
                        return true;
        return variables_is_port(key, n) && n_number == 5 && strtoul(number, NULL, 10) >= VARIABLES_FIRST_PORT;
}

static uint64_t text_pieces(const char *s, size_t n) {
        bool in_path = memchr(s, '/', n) || memchr(s, '\\', n);
        uint64_t h = FINGERPRINT_START;

        for (size_t i = 0; i < n;) {
                const char *kind;
                size_t invented = variables_invented(s + i, n - i, in_path, &kind);

                if (invented) {
                        h = fingerprint_mix(h ^ (TAG_INVENTED + (uint64_t)kind[0]));
                        i += invented;
                } else {
                        h = (h ^ (unsigned char)s[i++]) * UINT64_C(0x100000001b3);
                }
        }
        return h;
}

uint64_t fingerprint_text(struct mock_slice text, const struct keymap *names) {
        if (names && names->n && keymap_get(names, fingerprint_bytes(FINGERPRINT_START, text.p, text.n)) != KEYMAP_NONE)
                return TAG_NAME;
        return text_pieces(text.p, text.n);
}

static uint64_t value(struct walk *w, struct mock_slice key);

/* A text that is a document says what that one says. */
static bool document_in(struct walk *w, struct mock_slice text, uint64_t *ret) {
        struct walk inner;
        bool plain;

        if (!text.n || (text.p[0] != '{' && text.p[0] != '[') || w->embedded == MAX_EMBEDDED ||
            !mock_scan_is_json(text.p, text.n, &plain))
                return false;
        inner = (struct walk){text.p, text.p + text.n, w->names, {0}, w->embedded + 1};
        *ret = value(&inner, (struct mock_slice){0});
        hcs_buf_deinit(&inner.scratch);
        return true;
}

static struct mock_slice raw_string(struct walk *w) {
        struct mock_slice raw = {++w->p, 0};

        while (*w->p != '"')
                w->p += *w->p == '\\' ? 2 : 1;
        raw.n = (size_t)(w->p++ - raw.p);
        return raw;
}

static struct mock_slice plain_string(struct walk *w, struct mock_slice raw) {
        if (!memchr(raw.p, '\\', raw.n))
                return raw;
        hcs_buf_clear(&w->scratch);
        mock_scan_unescape(raw, &w->scratch);
        return (struct mock_slice){hcs_buf_cstr(&w->scratch), w->scratch.len};
}

static uint64_t string(struct walk *w) {
        struct mock_slice text = plain_string(w, raw_string(w));
        uint64_t h;

        return document_in(w, text, &h) ? h : fingerprint_text(text, w->names);
}

static uint64_t number(struct walk *w, struct mock_slice key) {
        const char *first = w->p;
        bool plain = true;
        size_t n;

        while (w->p < w->end && *w->p != ',' && *w->p != '}' && *w->p != ']' && (unsigned char)*w->p > ' ') {
                plain &= *w->p == '-' || (*w->p >= '0' && *w->p <= '9');
                w->p++;
        }
        n = (size_t)(w->p - first);
        if (key.p && fingerprint_is_invented(key.p, key.n, first, n))
                return TAG_INVENTED;
        if (!plain && n < 32) {
                char text[32];
                double d;

                memcpy(text, first, n);
                text[n] = '\0';
                d = strtod(text, NULL);
                if (d > -9e15 && d < 9e15 && d == (double)(int64_t)d) {
                        int64_t whole = (int64_t)d;
                        char digits[24];

                        n = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)whole);
                        return fingerprint_bytes(TAG_NUMBER, digits, n);
                }
        }
        return fingerprint_bytes(TAG_NUMBER, first, n);
}

static void skip_blanks(struct walk *w) {
        while (w->p < w->end && (unsigned char)*w->p <= ' ')
                w->p++;
}

/* Behind the opening bracket: is there another one? Ends in front of it, or behind the closing bracket. */
static bool another(struct walk *w) {
        skip_blanks(w);
        if (*w->p == ',') {
                w->p++;
                skip_blanks(w);
        }
        if (*w->p != '}' && *w->p != ']')
                return true;
        w->p++;
        return false;
}

static uint64_t object(struct walk *w) {
        uint64_t sum = TAG_OBJECT;

        w->p++;
        while (another(w)) {
                struct mock_slice key = raw_string(w);
                uint64_t name = fingerprint_text(plain_string(w, key), w->names);

                skip_blanks(w);
                w->p++; /* the colon */
                sum += fingerprint_mix(name * 31 + value(w, key));
        }
        return fingerprint_mix(sum);
}

static uint64_t array(struct walk *w, struct mock_slice key) {
        uint64_t h = TAG_ARRAY;

        w->p++;
        while (another(w))
                h = fingerprint_mix(h ^ value(w, key));
        return h;
}

static uint64_t value(struct walk *w, struct mock_slice key) {
        const char *first;

        skip_blanks(w);
        switch (*w->p) {
        case '{':
                return object(w);
        case '[':
                return array(w, key);
        case '"':
                return string(w);
        case '-':
        case '0' ... '9':
                return number(w, key);
        default:
                first = w->p;
                while (w->p < w->end && *w->p >= 'a' && *w->p <= 'z')
                        w->p++;
                return fingerprint_bytes(TAG_WORD, first, (size_t)(w->p - first));
        }
}

uint64_t fingerprint_document(struct mock_slice json, const struct keymap *names) {
        struct walk w = {json.p, json.p + json.n, names, {0}, 0};
        uint64_t h = value(&w, (struct mock_slice){0});

        hcs_buf_deinit(&w.scratch);
        return h;
}
