/* SPDX-License-Identifier: MIT */

/* What the cases of all groups do the same way: notes of what is wrong, texts with variables, values in documents. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcsconform/suite.h"

#define LONGEST_NAME 32u

static struct hcs_buf notes;

bool conform_failed(const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        hcs_buf_vprintf(&notes, fmt, ap);
        va_end(ap);
        hcs_buf_putc(&notes, '\n');
        conform_target.too_old |= conform_target.was_missing;
        return false;
}

void conform_note(const char *lines) {
        hcs_buf_printf(&notes, "%s%s", lines, hcs_str_ends(lines, "\n") ? "" : "\n");
}

const char *conform_notes(void) {
        return hcs_buf_cstr(&notes);
}

void conform_notes_clear(void) {
        hcs_buf_clear(&notes);
}

char *conform_expand(const char *text, const char *(*find)(void *ctx, const char *name), void *ctx) {
        struct hcs_buf out = {0};

        hcs_buf_puts(&out, "");
        for (const char *p = text ? text : ""; *p; p++) {
                size_t n = *p == '%' ? strcspn(p + 1, "%") : 0;
                char name[LONGEST_NAME] = "";
                const char *value;

                if (n && n < sizeof(name) && p[n + 1] == '%')
                        memcpy(name, p + 1, n);
                value = *name ? find(ctx, name) : NULL;
                if (value) {
                        hcs_buf_puts(&out, value);
                        p += n + 1;
                } else {
                        hcs_buf_putc(&out, *p == '\'' ? '"' : *p);
                }
        }
        return hcs_buf_steal(&out);
}

static const char *nothing(void *ctx, const char *name) {
        return NULL;
}

bool conform_value(const char *document, const char *path, const char *value) {
        _cleanup_json_ struct hcs_json *doc = NULL, *expected = NULL;
        _cleanup_free_ char *text = value ? conform_expand(value, nothing, NULL) : NULL, *got_text = NULL;
        const struct hcs_json *got;

        if (FAILED(hcs_json_parse_cstr(document ? document : "", &doc, NULL)))
                return conform_failed("there is no JSON to look for %s in: %s", path, document ? document : "nothing");
        got = *path ? hcs_json_lookup(doc, path) : doc;
        if (value && hcs_streq(value, "*") && got)
                return true;
        if (!value && (!got || hcs_json_is(got, HCS_JSON_NULL)))
                return true;
        if (value && got && SUCCEEDED(hcs_json_parse_cstr(text, &expected, NULL)) && hcs_json_equal(expected, got))
                return true;
        got_text = got ? hcs_json_text(got, HCS_JSON_COMPACT) : hcs_strdup("nothing");
        return conform_failed("%s: expected %s, got %s", path, text ? text : "nothing", got_text);
}

bool conform_code(const char *what, HRESULT expected, HRESULT got, const char *document) {
        const char *expected_name = hcs_hresult_name(expected), *got_name = hcs_hresult_name(got);

        if (expected == got || got != E_NOTIMPL)
                conform_target.was_missing = false; /* another call than this one, or all the same */
        if (expected == got)
                return true;
        return conform_failed("%s: expected 0x%08X %s, got 0x%08X %s %s", what, (unsigned)expected,
                              expected_name ? expected_name : "", (unsigned)got, got_name ? got_name : "",
                              document ? document : "");
}

bool conform_one_of(const char *what, HRESULT got, const HRESULT *codes, size_t n) {
        const char *name = hcs_hresult_name(got);
        _cleanup_free_ char *line =
                hcs_asprintf("%s: 0x%08X%s%s", what, (unsigned)got, name ? " " : "", name ? name : "");
        size_t i = 0;

        if (conform_target.was_missing && got == E_NOTIMPL)
                return conform_failed("%s: it is missing", what);
        conform_target.was_missing = false;
        if (!conform_target.real)
                return conform_code(what, codes[0], got, NULL);
        while (i < n && codes[i] != got)
                i++;
        if (i == n)
                return conform_failed("%s, which none of the %zu known answers is", line, n);
        conform_note(line);
        return true;
}
