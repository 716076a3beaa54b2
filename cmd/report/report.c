/* SPDX-License-Identifier: MIT */

/*
 * The cases of a report as TAP lines (version 13, the newest that prove of Debian 12 takes) and as JUnit XML, in the
 * form that CI systems read: one <testsuite>, a <testcase> with classname, name and time, and in it what went wrong.
 */

#include "cmd/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "platform/file.h"

#define REPLACEMENT "\xEF\xBF\xBD"

struct report {
        char *suite;
        FILE *tap;
        struct hcs_buf cases; /* the <testcase> elements */
        unsigned counts[REPORT_DIFFERS + 1], n;
        uint64_t time_ns;
};

struct report *report_new(const char *suite, FILE *tap) {
        struct report *r = hcs_calloc(1, sizeof(*r));

        r->suite = hcs_strdup(suite);
        r->tap = tap;
        if (tap)
                fputs("TAP version 13\n", tap);
        return r;
}

struct report *report_free(struct report *r) {
        if (!r)
                return NULL;
        free(r->suite);
        hcs_buf_deinit(&r->cases);
        free(r);
        return NULL;
}

unsigned report_count(const struct report *r, enum report_outcome outcome) {
        return r->counts[outcome];
}

unsigned report_problems(const struct report *r) {
        return r->counts[REPORT_FAILED] + r->counts[REPORT_ERROR];
}

/* One line of TAP text: escapes what would begin a directive. */
static void tap_text(FILE *f, const char *s) {
        for (; s && *s && *s != '\n'; s++) {
                if (*s == '#' || *s == '\\')
                        putc('\\', f);
                if ((unsigned char)*s >= ' ')
                        putc(*s, f);
        }
}

/* Every line as a comment. */
static void tap_comment(FILE *f, const char *s) {
        while (s && *s) {
                size_t n = strcspn(s, "\n");

                fprintf(f, "# %.*s\n", (int)n, s);
                s += n + (s[n] == '\n');
        }
}

static void tap(const struct report *r, const struct report_case *c) {
        bool bad = c->outcome == REPORT_FAILED || c->outcome == REPORT_ERROR;

        if (bad)
                tap_comment(r->tap, c->message);
        tap_comment(r->tap, c->details);
        fprintf(r->tap, "%sok %u - ", bad ? "not " : "", r->n);
        if (c->group) {
                tap_text(r->tap, c->group);
                fputs(": ", r->tap);
        }
        tap_text(r->tap, c->name);
        if (c->outcome == REPORT_SKIPPED || c->outcome == REPORT_DIFFERS) {
                fputs(c->outcome == REPORT_SKIPPED ? " # SKIP " : " # SKIP differs: ", r->tap);
                tap_text(r->tap, c->message);
        }
        putc('\n', r->tap);
        fflush(r->tap);
}

/* The length of the well-formed character at s, which is not ASCII; 0 when it is none that XML may hold. */
static size_t character(const char *s) {
        uint32_t c;
        size_t n = hcs_utf8_decode(s, strnlen(s, 4), &c);

        return n && c != 0xFFFE && c != 0xFFFF ? n : 0;
}

/* attribute: line breaks and tabs must survive too. */
static void xml_text(struct hcs_buf *out, const char *s, bool attribute) {
        for (; s && *s; s++) {
                unsigned char ch = (unsigned char)*s;
                size_t n;

                if (ch == '&')
                        hcs_buf_puts(out, "&amp;");
                else if (ch == '<')
                        hcs_buf_puts(out, "&lt;");
                else if (ch == '>')
                        hcs_buf_puts(out, "&gt;");
                else if (ch == '"')
                        hcs_buf_puts(out, "&quot;");
                else if (ch == '\r' || (attribute && (ch == '\n' || ch == '\t')))
                        hcs_buf_printf(out, "&#%u;", ch);
                else if (ch == '\n' || ch == '\t' || (ch >= ' ' && ch < 0x7F))
                        hcs_buf_putc(out, *s);
                else if (ch > 0x7F && (n = character(s))) {
                        hcs_buf_append(out, s, n);
                        s += n - 1;
                } else
                        hcs_buf_puts(out, REPLACEMENT);
        }
}

static void xml_attribute(struct hcs_buf *out, const char *name, const char *value) {
        hcs_buf_printf(out, " %s=\"", name);
        xml_text(out, value, true);
        hcs_buf_putc(out, '"');
}

static void xml_time(struct hcs_buf *out, uint64_t ns) {
        hcs_buf_printf(out, " time=\"%llu.%03u\"", (unsigned long long)(ns / 1000000000u),
                       (unsigned)(ns / 1000000u % 1000u));
}

static void junit_case(struct report *r, const struct report_case *c) {
        static const char *const elements[] = {
                [REPORT_PASSED] = NULL,       [REPORT_FAILED] = "failure",  [REPORT_ERROR] = "error",
                [REPORT_SKIPPED] = "skipped", [REPORT_DIFFERS] = "skipped",
        };
        const char *element = elements[c->outcome];
        struct hcs_buf *out = &r->cases;

        hcs_buf_puts(out, "    <testcase");
        xml_attribute(out, "classname", c->group ? c->group : r->suite);
        xml_attribute(out, "name", c->name);
        xml_time(out, c->time_ns);
        hcs_buf_puts(out, element || c->details ? ">" : "/>\n");
        if (element) {
                hcs_buf_printf(out, "<%s", element);
                xml_attribute(out, "message", c->message ? c->message : "");
        }
        if (element && c->details && strcmp(element, "skipped") != 0) {
                hcs_buf_putc(out, '>');
                xml_text(out, c->details, false);
                hcs_buf_printf(out, "</%s>", element);
        } else {
                if (element)
                        hcs_buf_puts(out, "/>");
                if (c->details) {
                        hcs_buf_puts(out, "<system-out>");
                        xml_text(out, c->details, false);
                        hcs_buf_puts(out, "</system-out>");
                }
        }
        if (element || c->details)
                hcs_buf_puts(out, "</testcase>\n");
}

void report_add(struct report *r, const struct report_case *c) {
        r->n++;
        r->counts[c->outcome]++;
        r->time_ns += c->time_ns;
        if (r->tap)
                tap(r, c);
        junit_case(r, c);
}

void report_end(struct report *r) {
        if (!r->tap)
                return;
        fprintf(r->tap, "1..%u\n", r->n);
        fflush(r->tap);
}

void report_junit(const struct report *r, struct hcs_buf *out) {
        hcs_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
        xml_attribute(out, "name", r->suite);
        hcs_buf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", r->n,
                       r->counts[REPORT_FAILED], r->counts[REPORT_ERROR],
                       r->counts[REPORT_SKIPPED] + r->counts[REPORT_DIFFERS]);
        xml_time(out, r->time_ns);
        hcs_buf_puts(out, ">\n");
        hcs_buf_append(out, hcs_buf_cstr(&r->cases), r->cases.len);
        hcs_buf_puts(out, "  </testsuite>\n</testsuites>\n");
}

HRESULT report_junit_write(const struct report *r, const char *path, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};

        report_junit(r, &text);
        return hcs_file_write(path, text.data, text.len, err);
}
