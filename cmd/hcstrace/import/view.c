/* SPDX-License-Identifier: MIT */

/*
 * A list view of PowerShell as the document that it shows: "Name : value" a line, long values going on behind as many
 * blanks. `{a, b}` is a list, `@{A=1; B=x}` an object; types are not shown: digits are a number, True and False are
 * what they say, and nothing is the empty string. Pure functions.
 */

#include <ctype.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_DEPTH 16

static struct hcs_json *scalar(const char *text, size_t n) {
        _cleanup_free_ char *word = NULL;
        uint64_t number;

        while (n && text[n - 1] == ' ')
                n--;
        word = hcs_strndup(text, n);
        if (hcs_str_to_u64(word, &number) && (word[0] != '0' || !word[1]))
                return hcs_json_new_u64(number);
        if (hcs_streq(word, "True") || hcs_streq(word, "False"))
                return hcs_json_new_bool(word[0] == 'T');
        return hcs_json_new_string(word);
}

static struct hcs_json *value(const char **p, const char *ends, unsigned depth);

/* Behind "@{": A=1; B=x} */
static struct hcs_json *object(const char **p, unsigned depth) {
        struct hcs_json *o = hcs_json_new_object();

        while (**p && **p != '}') {
                size_t n = strcspn(*p, "=;}");
                _cleanup_free_ char *name = hcs_strndup(*p, n);

                *p += n;
                if (**p != '=')
                        break;
                ++*p;
                hcs_json_set(o, name, value(p, ";}", depth));
                *p += **p == ';';
                *p += strspn(*p, " ");
        }
        *p += **p == '}';
        return o;
}

/* Behind "{": a, b} */
static struct hcs_json *list(const char **p, unsigned depth) {
        struct hcs_json *a = hcs_json_new_array();

        while (**p && **p != '}') {
                hcs_json_append(a, value(p, ",}", depth));
                *p += **p == ',';
                *p += strspn(*p, " ");
        }
        *p += **p == '}';
        return a;
}

/* Up to one of the characters that end it. */
static struct hcs_json *value(const char **p, const char *ends, unsigned depth) {
        bool is_object = hcs_str_starts(*p, "@{"), nested = depth < MAX_DEPTH && (is_object || **p == '{');
        const char *start = *p;
        struct hcs_json *v;

        if (!nested) {
                *p += strcspn(*p, ends);
                return scalar(start, (size_t)(*p - start));
        }
        *p += is_object ? 2 : 1;
        v = is_object ? object(p, depth + 1) : list(p, depth + 1);
        *p += strcspn(*p, ends);
        return v;
}

/* The value of a line and of those that go on with it, in one line. Returns the place behind. */
static const char *whole_value(const char *p, size_t column, struct hcs_buf *out) {
        for (;;) {
                size_t n = strcspn(p, "\n");

                hcs_buf_append(out, p, n);
                p += n + (p[n] == '\n');
                if (!*p || strspn(p, " ") <= column)
                        return p;
                p += strspn(p, " ");
                hcs_buf_puts(out, " ");
        }
}

struct hcs_json *import_view_document(const char *text) {
        struct hcs_json *o = hcs_json_new_object();

        for (const char *p = text; *p;) {
                const char *colon = strchr(p, ':'), *at;
                size_t n = colon ? (size_t)(colon - p) : 0, name = n;
                _cleanup_buf_ struct hcs_buf line = {0};
                _cleanup_free_ char *key = NULL;

                if (!colon || memchr(p, '\n', n))
                        break;
                while (name && p[name - 1] == ' ')
                        name--;
                key = hcs_strndup(p, name);
                p = whole_value(colon + 1 + (colon[1] == ' '), n, &line);
                at = hcs_buf_cstr(&line);
                hcs_json_set(o, key, value(&at, "", 0));
        }
        return o;
}
