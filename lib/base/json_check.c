/* SPDX-License-Identifier: MIT */

/*
 * The strict pass over a JSON text: grammar, UTF-8, escapes, depth, size, duplicate members, numbers that need their
 * text kept. It allocates only for objects (to find duplicates), exact numbers and repairs. One document, one thread.
 */

#include <string.h>

#include "base/json_private.h"
#include "base/utf.h"

#define DEFAULT_MAX_BYTES ((size_t)64 << 20)
#define DEFAULT_MAX_DEPTH 64u
#define SORTED_FROM       17u /* names of an object that are worth hashing and sorting */
#ifndef ERROR_FILE_TOO_LARGE
#define ERROR_FILE_TOO_LARGE 223u
#endif

/* One open array or object: where its member names lie, for duplicates and for the path of an error. */
struct level {
        bool object;
        size_t index;      /* elements seen */
        size_t names;      /* first of its names in checker.names */
        size_t key, key_n; /* current member name, as raw text without quotes */
};

struct name {
        size_t at, len;
        uint32_t hash; /* of an object with many names, when its end is reached */
};

struct checker {
        const char *text;
        size_t len, at;
        unsigned flags, max_depth, depth;
        struct level *levels;
        struct name *names;
        size_t n_names, cap_names;
        size_t n_all_numbers, cap_numbers;
        size_t copied; /* repairs: how much of text is in scan->text */
        struct hcs_json_scan *scan;
        struct hcs_error **err;
};

void hcs_json_scan_deinit(struct hcs_json_scan *s) {
        free(s->numbers);
        free(s->ordinals);
        hcs_buf_deinit(&s->text);
        *s = (struct hcs_json_scan){0};
}

static void path_of(struct checker *c, struct hcs_buf *path) {
        for (unsigned i = 0; i < c->depth; i++) {
                struct level *l = &c->levels[i];

                if (!l->object) {
                        hcs_json_path_index(path, l->index);
                } else if (l->key_n) {
                        _cleanup_free_ char *key = hcs_strndup(c->text + l->key, l->key_n);

                        hcs_json_path_member(path, key);
                }
        }
}

static HRESULT bad(struct checker *c, size_t at, const char *what) {
        _cleanup_buf_ struct hcs_buf path = {0};
        size_t line = 1, column = 1;

        for (size_t i = 0; i < at && i < c->len; i++) {
                column++;
                if (c->text[i] == '\n') {
                        line++;
                        column = 1;
                }
        }
        hcs_error_make(c->err, HCS_E_INVALID_JSON, "line %zu, column %zu: %s", line, column, what);
        path_of(c, &path);
        if (path.len)
                hcs_error_set_path(c->err, path.data);
        return HCS_E_INVALID_JSON;
}

static void skip_blank(struct checker *c) {
        const char *p = c->text + c->at, *end = c->text + c->len;

        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        c->at = (size_t)(p - c->text);
}

static int peek(struct checker *c) {
        return c->at < c->len ? (unsigned char)c->text[c->at] : -1;
}

/* Puts U+FFFD where text[from, to) was, in the repaired copy. */
static void repair(struct checker *c, size_t from, size_t to) {
        if (!c->scan)
                return;
        c->scan->repair = true;
        hcs_buf_append(&c->scan->text, c->text + c->copied, from - c->copied);
        hcs_buf_puts(&c->scan->text, "\xEF\xBF\xBD");
        c->copied = to;
}

static bool hex4(struct checker *c, size_t at, uint32_t *ret) {
        uint32_t v = 0;

        if (at + 4 > c->len)
                return false;
        for (size_t i = at; i < at + 4; i++) {
                char ch = c->text[i];

                if (ch >= '0' && ch <= '9')
                        v = v << 4 | (uint32_t)(ch - '0');
                else if ((ch | 32) >= 'a' && (ch | 32) <= 'f')
                        v = v << 4 | (uint32_t)((ch | 32) - 'a' + 10);
                else
                        return false;
        }
        *ret = v;
        return true;
}

/* At a backslash. */
static HRESULT check_escape(struct checker *c) {
        size_t start = c->at;
        bool fix = c->flags & HCS_JSON_REPLACE_BAD;
        uint32_t unit, low;
        int ch;

        c->at++;
        ch = peek(c);
        if (ch < 0)
                return bad(c, start, "unterminated string");
        if (ch != 'u') {
                if (!strchr("\"\\/bfnrt", ch))
                        return bad(c, start, "invalid escape in string");
                c->at++;
                return S_OK;
        }
        if (!hex4(c, c->at + 1, &unit))
                return bad(c, start, "invalid \\u escape in string");
        c->at += 5;
        if (unit == 0) {
                if (!fix)
                        return bad(c, start, "U+0000 in string");
                repair(c, start, c->at);
        } else if (unit >= 0xD800 && unit <= 0xDFFF) {
                if (unit <= 0xDBFF && c->at + 6 <= c->len && c->text[c->at] == '\\' && c->text[c->at + 1] == 'u' &&
                    hex4(c, c->at + 2, &low) && low >= 0xDC00 && low <= 0xDFFF) {
                        c->at += 6;
                        return S_OK;
                }
                if (!fix)
                        return bad(c, start, "lone surrogate in string");
                repair(c, start, c->at);
        }
        return S_OK;
}

/* At the opening quote; leaves at behind the closing one. */
static HRESULT check_string(struct checker *c) {
        size_t start = c->at++;

        for (;;) {
                const unsigned char *p = (const unsigned char *)c->text;
                size_t at = c->at, len = c->len;
                HRESULT hr;

                while (at < len && p[at] >= 0x20 && p[at] < 0x80 && p[at] != '"' && p[at] != '\\')
                        at++;
                c->at = at;
                if (c->at >= c->len)
                        return bad(c, start, "unterminated string");
                if (p[c->at] == '"') {
                        c->at++;
                        return S_OK;
                }
                if (p[c->at] == '\\') {
                        hr = check_escape(c);
                        if (FAILED(hr))
                                return hr;
                } else if (p[c->at] < 0x20) {
                        if (p[c->at] != 0 || !(c->flags & HCS_JSON_REPLACE_BAD))
                                return bad(c, c->at, p[c->at] ? "control character in string" : "U+0000 in string");
                        repair(c, c->at, c->at + 1);
                        c->at++;
                } else {
                        uint32_t cp;
                        size_t used = hcs_utf8_decode(c->text + c->at, c->len - c->at, &cp);

                        if (used == 0 && !(c->flags & HCS_JSON_REPLACE_BAD))
                                return bad(c, c->at, "invalid UTF-8 in string");
                        if (used == 0)
                                repair(c, c->at, c->at + 1);
                        c->at += used ? used : 1;
                }
        }
}

static bool digits(struct checker *c) {
        size_t start = c->at;

        while (c->at < c->len && c->text[c->at] >= '0' && c->text[c->at] <= '9')
                c->at++;
        return c->at > start;
}

static void keep_number(struct checker *c, size_t start) {
        struct hcs_json_scan *s = c->scan;

        if (!s)
                return;
        if (!hcs_json_number_is_plain(c->text + start, c->at - start)) {
                if (s->n_numbers == c->cap_numbers) {
                        c->cap_numbers = c->cap_numbers ? c->cap_numbers * 2 : 8;
                        s->numbers = hcs_realloc(s->numbers, c->cap_numbers * sizeof(*s->numbers));
                        s->ordinals = hcs_realloc(s->ordinals, c->cap_numbers * sizeof(*s->ordinals));
                }
                s->ordinals[s->n_numbers] = c->n_all_numbers;
                s->numbers[s->n_numbers++] = (struct hcs_json_number){start, c->at - start};
        }
        c->n_all_numbers++;
}

static HRESULT check_number(struct checker *c) {
        size_t start = c->at;

        if (peek(c) == '-')
                c->at++;
        if (peek(c) == '0') {
                c->at++;
                if (peek(c) >= '0' && peek(c) <= '9')
                        return bad(c, start, "number with a leading zero");
        } else if (!digits(c)) {
                return bad(c, start, "invalid number");
        }
        if (peek(c) == '.') {
                c->at++;
                if (!digits(c))
                        return bad(c, start, "invalid number");
        }
        if (peek(c) == 'e' || peek(c) == 'E') {
                c->at++;
                if (peek(c) == '+' || peek(c) == '-')
                        c->at++;
                if (!digits(c))
                        return bad(c, start, "invalid number");
        }
        keep_number(c, start);
        return S_OK;
}

static HRESULT check_word(struct checker *c) {
        static const char *const words[] = {"true", "false", "null"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++) {
                size_t n = strlen(words[i]);

                if (c->len - c->at >= n && memcmp(c->text + c->at, words[i], n) == 0) {
                        c->at += n;
                        return S_OK;
                }
        }
        return bad(c, c->at, peek(c) < 0 ? "unexpected end of document" : "unexpected character");
}

/* Names compare as raw text; escaped spellings are rare and resolved on the tree (scan->escaped_names). */
static void add_name(struct checker *c, struct level *l) {
        if (c->scan && memchr(c->text + l->key, '\\', l->key_n))
                c->scan->escaped_names = true;
        if (c->n_names == c->cap_names) {
                c->cap_names = c->cap_names ? c->cap_names * 2 : 32;
                c->names = hcs_realloc(c->names, c->cap_names * sizeof(*c->names));
        }
        c->names[c->n_names++] = (struct name){l->key, l->key_n, 0};
}

static uint32_t hash_of(const char *text, size_t n) {
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < n; i++)
                hash = (hash ^ (unsigned char)text[i]) * 16777619u;
        return hash;
}

static int by_hash(const void *a, const void *b) {
        const struct name *x = a, *y = b;

        if (x->hash != y->hash)
                return x->hash < y->hash ? -1 : 1;
        return x->at < y->at ? -1 : 1;
}

static bool same_name(struct checker *c, const struct name *a, const struct name *b) {
        return a->len == b->len && a->hash == b->hash && memcmp(c->text + a->at, c->text + b->at, a->len) == 0;
}

/* At the end of an object: are two of its names the same? Large objects are sorted so that no input is quadratic. */
static HRESULT check_duplicates(struct checker *c, struct level *l) {
        size_t n = c->n_names - l->names;
        struct name *names = n ? c->names + l->names : NULL;
        bool sorted = n >= SORTED_FROM;

        for (size_t i = 0; sorted && i < n; i++)
                names[i].hash = hash_of(c->text + names[i].at, names[i].len);
        if (sorted)
                qsort(names, n, sizeof(*names), by_hash);
        for (size_t i = 1; i < n; i++) {
                for (size_t k = i; k-- > 0;) {
                        if (sorted && names[k].hash != names[i].hash)
                                break;
                        if (!same_name(c, &names[i], &names[k]))
                                continue;
                        if (!(c->flags & HCS_JSON_DUPLICATE_LAST)) {
                                l->key = names[i].at;
                                l->key_n = names[i].len;
                                return bad(c, names[i].at - 1, "duplicate member");
                        }
                        if (c->scan)
                                c->scan->duplicates = true;
                }
        }
        return S_OK;
}

/* At a member name; leaves at behind the colon. */
static HRESULT check_member(struct checker *c) {
        struct level *l = &c->levels[c->depth - 1];
        size_t start = c->at;
        HRESULT hr;

        l->key_n = 0;
        if (peek(c) != '"')
                return bad(c, c->at, peek(c) < 0 ? "unterminated object" : "expected a member name");
        hr = check_string(c);
        if (FAILED(hr))
                return hr;
        l->key = start + 1;
        l->key_n = c->at - start - 2;
        add_name(c, l);
        skip_blank(c);
        if (peek(c) != ':')
                return bad(c, c->at, "expected ':'");
        c->at++;
        return S_OK;
}

static HRESULT open_level(struct checker *c, bool object) {
        if (c->depth == c->max_depth)
                return bad(c, c->at, "nested too deep");
        c->levels[c->depth++] = (struct level){.object = object, .names = c->n_names};
        c->at++;
        return S_OK;
}

/* Everything up to the end of one value, without recursion. */
static HRESULT check_value(struct checker *c) {
        unsigned base = c->depth;
        HRESULT hr = S_OK;

        for (;;) {
                bool opened = false;
                int ch;

                skip_blank(c);
                ch = peek(c);
                if (ch == '{' || ch == '[') {
                        hr = open_level(c, ch == '{');
                        opened = true;
                } else if (ch == '"') {
                        hr = check_string(c);
                } else if (ch == '-' || (ch >= '0' && ch <= '9')) {
                        hr = check_number(c);
                } else {
                        hr = check_word(c);
                }
                if (FAILED(hr))
                        return hr;
                /* Behind a value, or behind an opening bracket: close what ends here, find the next value. */
                for (;;) {
                        struct level *l;

                        if (c->depth == base)
                                return S_OK;
                        l = &c->levels[c->depth - 1];
                        skip_blank(c);
                        ch = peek(c);
                        if (ch == (l->object ? '}' : ']')) {
                                c->at++;
                                hr = check_duplicates(c, l);
                                if (FAILED(hr))
                                        return hr;
                                c->n_names = l->names;
                                c->depth--;
                                opened = false;
                                continue;
                        }
                        if (!opened) {
                                if (ch != ',')
                                        return bad(c, c->at,
                                                   ch < 0 ? "unexpected end of document" : "expected ',' or the end");
                                c->at++;
                                l->index++;
                                skip_blank(c);
                        }
                        if (l->object) {
                                hr = check_member(c);
                                if (FAILED(hr))
                                        return hr;
                        }
                        break;
                }
        }
}

HRESULT hcs_json_scan(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_json_scan *scan,
                      struct hcs_error **err) {
        size_t max_bytes = options && options->max_bytes ? options->max_bytes : DEFAULT_MAX_BYTES;
        struct checker c = {.text = text, .len = len, .scan = scan, .err = err};
        struct level few[DEFAULT_MAX_DEPTH];
        HRESULT hr;

        c.flags = options ? options->flags : 0;
        c.max_depth = options && options->max_depth ? options->max_depth : DEFAULT_MAX_DEPTH;
        if (len > max_bytes)
                return hcs_error_make(err, HCS_WIN32(ERROR_FILE_TOO_LARGE),
                                      "document of %zu bytes, at most %zu allowed", len, max_bytes);
        if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 && (c.flags & HCS_JSON_ALLOW_BOM))
                c.at = 3;
        c.levels = c.max_depth <= DEFAULT_MAX_DEPTH ? few : hcs_malloc(c.max_depth * sizeof(*c.levels));
        hr = check_value(&c);
        if (SUCCEEDED(hr)) {
                skip_blank(&c);
                if (c.at < len)
                        hr = bad(&c, c.at, "text behind the document");
        }
        if (SUCCEEDED(hr) && scan && scan->repair)
                hcs_buf_append(&scan->text, text + c.copied, len - c.copied);
        if (c.levels != few)
                free(c.levels);
        free(c.names);
        return hr;
}

HRESULT hcs_json_check(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_error **err) {
        return hcs_json_scan(text, len, options, NULL, err);
}
