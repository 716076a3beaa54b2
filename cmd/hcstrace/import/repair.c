/* SPDX-License-Identifier: MIT */

/*
 * Documents that were cut, masked or copied by hand: what can be kept of them, and in words what was done. A document
 * is read leniently and written strictly at the same time; where it ends too early, what was begun last is left out and
 * what is open is closed. Pure functions.
 */

#include <ctype.h>
#include <stdlib.h>

#include "base/scrub.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_QUOTING 8
#define MAX_DEPTH   60
#define MAX_TRIES   8

static const char hole[] = "***", scrubbed[] = "{\"<scrubbed>\":\"<scrubbed>\"}";

struct repair {
        const char *p;
        struct hcs_buf out;
        char open[MAX_DEPTH]; /* the closing brackets that are due */
        size_t depth;
        size_t whole, whole_depth; /* of out: up to the last value that is complete */
        unsigned values;
        bool cut, backslashes, breaks, commas, masked;
};

static void skip_blanks(struct repair *r) {
        r->p += strspn(r->p, " \t\r\n");
}

static void complete(struct repair *r) {
        r->whole = r->out.len;
        r->whole_depth = r->depth;
}

/* False when the text ends before the string does. */
static bool string(struct repair *r) {
        hcs_buf_putc(&r->out, '"');
        for (r->p++; *r->p && *r->p != '"'; r->p++) {
                char c = *r->p;

                if (c == '\\' && !strchr("\"\\/bfnrtu", r->p[1])) {
                        hcs_buf_puts(&r->out, "\\\\");
                        r->backslashes = true;
                } else if (c == '\\') {
                        if (!r->p[1])
                                return false;
                        hcs_buf_append(&r->out, r->p++, 2);
                } else if (c == '\n' || c == '\r') {
                        r->breaks = true;
                } else if ((unsigned char)c >= ' ') {
                        hcs_buf_putc(&r->out, c);
                } else {
                        hcs_buf_printf(&r->out, "\\u%04x", (unsigned)c);
                }
        }
        if (!*r->p)
                return false;
        r->p++;
        hcs_buf_putc(&r->out, '"');
        return true;
}

/* A number or a word; a mask in its place stands for any value. */
static bool scalar(struct repair *r) {
        size_t n = strcspn(r->p, ",}] \t\r\n");

        if (hcs_str_starts(r->p, hole)) {
                r->p += strspn(r->p, "*");
                hcs_buf_puts(&r->out, "\"" HCS_SCRUBBED "\"");
                r->masked = true;
                return true;
        }
        if (!r->p[n] || FAILED(hcs_json_check(r->p, n, NULL, NULL)))
                return false;
        hcs_buf_append(&r->out, r->p, n);
        r->p += n;
        return true;
}

static bool open_container(struct repair *r) {
        if (r->depth == MAX_DEPTH)
                return false;
        hcs_buf_putc(&r->out, *r->p);
        r->open[r->depth++] = *r->p == '{' ? '}' : ']';
        r->p++;
        return true;
}

static bool value(struct repair *r) {
        r->values++;
        if (*r->p == '{' || *r->p == '[')
                return open_container(r);
        return *r->p == '"' ? string(r) : scalar(r);
}

/* One member or element, or the end of the container; false where the text is of no use any more. */
static bool step(struct repair *r, bool first) {
        char close = r->open[r->depth - 1];

        skip_blanks(r);
        if (!first && *r->p == ',') {
                r->p++;
                skip_blanks(r);
                if (*r->p != close)
                        hcs_buf_putc(&r->out, ',');
                else
                        r->commas = true;
        } else if (!first && *r->p != close) {
                return false;
        }
        if (*r->p == close) {
                hcs_buf_putc(&r->out, *r->p++);
                r->depth--;
                return true;
        }
        if (close == '}') {
                if (*r->p != '"' || !string(r))
                        return false;
                skip_blanks(r);
                if (*r->p != ':')
                        return false;
                hcs_buf_putc(&r->out, *r->p++);
                skip_blanks(r);
        }
        return value(r);
}

/* From an opening bracket on. */
static bool read_from(struct repair *r, const char *start) {
        bool first = true;

        r->p = start;
        open_container(r);
        while (r->depth) {
                size_t depth = r->depth;

                if (!step(r, first)) {
                        r->cut = true;
                        break;
                }
                first = r->depth > depth;
                complete(r);
        }
        if (!r->cut)
                return true;
        if (r->values == 0 || r->whole == 0)
                return false;
        r->out.len = r->whole;
        for (size_t d = r->whole_depth; d-- > 0;)
                hcs_buf_putc(&r->out, r->open[d]);
        return true;
}

static void say(struct hcs_buf *how, const char *what) {
        if (how->len)
                hcs_buf_puts(how, "; ");
        hcs_buf_puts(how, what);
}

static char *said(const struct repair *r) {
        _cleanup_buf_ struct hcs_buf how = {0};

        if (r->cut)
                hcs_buf_printf(&how, "cut off: %zu open levels were closed", r->whole_depth);
        if (r->backslashes)
                say(&how, "single backslashes were doubled");
        if (r->breaks)
                say(&how, "line breaks were taken out of strings");
        if (r->commas)
                say(&how, "commas too many were left out");
        if (r->masked)
                say(&how, "what was masked matches anything");
        return how.len ? hcs_buf_steal(&how) : NULL;
}

/* What somebody's tool has masked matches anything, as what we redact does. */
static char *unmasked(const char *document, bool *masked) {
        _cleanup_buf_ struct hcs_buf out = {0};

        for (const char *p = document; *p;) {
                if (*p == '*' && hcs_str_starts(p, hole)) {
                        hcs_buf_puts(&out, HCS_SCRUBBED);
                        p += strspn(p, "*");
                        *masked = true;
                } else if (*p == '{' && hcs_str_starts(p, scrubbed)) {
                        hcs_buf_puts(&out, "\"" HCS_SCRUBBED "\"");
                        p += sizeof(scrubbed) - 1;
                        *masked = true;
                } else {
                        hcs_buf_putc(&out, *p++);
                }
        }
        return hcs_buf_steal(&out);
}

static char *with_masks(char *document, struct repair *r, char **ret_how) {
        char *plain;

        if (!strstr(document, hole) && !strstr(document, scrubbed)) {
                *ret_how = said(r);
                return document;
        }
        plain = unmasked(document, &r->masked);
        free(document);
        *ret_how = said(r);
        return plain;
}

/* From the first bracket behind which a member or an element begins. */
static char *part_of_document(const char *text, struct repair *r) {
        unsigned tries = 0;

        for (const char *p = strpbrk(text, "{["); p && tries < MAX_TRIES; p = strpbrk(p + 1, "{[")) {
                const char *next = p + 1 + strspn(p + 1, " \t\r\n");

                if (*next != '"' && !(*p == '[' && *next == '{'))
                        continue;
                tries++;
                *r = (struct repair){0};
                if (read_from(r, p) && SUCCEEDED(hcs_json_check(r->out.data, r->out.len, NULL, NULL)))
                        return hcs_buf_steal(&r->out);
                hcs_buf_deinit(&r->out);
        }
        *r = (struct repair){0};
        return NULL;
}

char *import_document_repaired(const char *text, char **ret_how) {
        _cleanup_free_ char *unquoted = NULL;
        struct repair r = {0};

        *ret_how = NULL;
        if (!strpbrk(text, "{["))
                return NULL;
        for (int depth = 0; depth < MAX_QUOTING; depth++) {
                char *document = import_whole_document(text);

                document = document ? document : part_of_document(text, &r);
                if (document)
                        return with_masks(document, &r, ret_how);
                if (!strchr(text, '\\'))
                        break;
                if (!unquoted)
                        text = unquoted = hcs_strdup(text);
                import_unquote_to(unquoted, strlen(unquoted), unquoted);
        }
        return NULL;
}
