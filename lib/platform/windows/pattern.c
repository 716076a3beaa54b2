/* SPDX-License-Identifier: MIT */

/* Patterns of platform/pattern.h by TRE: Windows' C library has none. A shell pattern is translated. */

#include "platform/pattern.h"

#include <string.h>
#include <tre.h>

#include "base/buf.h"

struct hcs_regex {
        regex_t re;
};

struct hcs_regex *hcs_regex_new(const char *pattern) {
        struct hcs_regex *r = hcs_calloc(1, sizeof(*r));

        if (tre_regcomp(&r->re, pattern, REG_EXTENDED | REG_NOSUB) == 0)
                return r;
        free(r);
        return NULL;
}

bool hcs_regex_matches(const struct hcs_regex *r, const char *text) {
        return tre_regexec(&r->re, text, 0, NULL, 0) == 0;
}

struct hcs_regex *hcs_regex_free(struct hcs_regex *r) {
        if (r) {
                tre_regfree(&r->re);
                free(r);
        }
        return NULL;
}

/* Past the bracket expression at p, which is copied; NULL when it has no end and so is plain text. */
static const char *copy_bracket(struct hcs_buf *out, const char *p) {
        const char *first = p + 1 + (p[1] == '!' || p[1] == '^'), *end = *first ? strchr(first + 1, ']') : NULL;

        if (!end)
                return NULL;
        hcs_buf_puts(out, first > p + 1 ? "[^" : "[");
        hcs_buf_append(out, first, (size_t)(end - first) + 1);
        return end + 1;
}

bool hcs_glob_matches(const char *pattern, const char *text) {
        _cleanup_buf_ struct hcs_buf out = {0};
        _cleanup_(hcs_regex_freep) struct hcs_regex *r = NULL;

        hcs_buf_putc(&out, '^');
        for (const char *p = pattern; *p;) {
                const char *after = *p == '[' ? copy_bracket(&out, p) : NULL;

                if (after) {
                        p = after;
                        continue;
                }
                if (*p == '*') {
                        hcs_buf_puts(&out, ".*");
                } else if (*p == '?') {
                        hcs_buf_putc(&out, '.');
                } else {
                        p += p[0] == '\\' && p[1];
                        if (strchr("\\^$.|()[]{}*+?", *p))
                                hcs_buf_putc(&out, '\\');
                        hcs_buf_putc(&out, *p);
                }
                p++;
        }
        hcs_buf_putc(&out, '$');
        r = hcs_regex_new(out.data);
        return r && hcs_regex_matches(r, text);
}
