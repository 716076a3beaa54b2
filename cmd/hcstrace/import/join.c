/* SPDX-License-Identifier: MIT */

/*
 * Physical lines to what was logged. A line goes on in the next one when a quoted value or a document is still open at
 * its end, when it announces a document, when the next is known as the rest of an error, or when a console has broken
 * it. What turns out never to be closed is given out line by line.
 */

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_JOINED  ((size_t)256 << 10)
#define MIN_CONSOLE 79   /* nobody's console is narrower */
#define MAX_PARTS   1024 /* every part looks at all before it again */

static size_t n_parts(const struct import_joiner *j) {
        return j->ends.len / sizeof(size_t);
}

static size_t end_of(const struct import_joiner *j, size_t part) {
        size_t end;

        memcpy(&end, j->ends.data + part * sizeof(end), sizeof(end));
        return end;
}

static void clear(struct import_joiner *j) {
        hcs_buf_clear(&j->text);
        hcs_buf_clear(&j->ends);
}

static void give(struct import_joiner *j) {
        if (n_parts(j))
                j->line_done(j->ctx, j->line - n_parts(j), hcs_buf_cstr(&j->text));
        clear(j);
}

static void give_parts(struct import_joiner *j) {
        size_t start = 0, n = n_parts(j);

        for (size_t i = 0; i < n; i++) {
                size_t end = end_of(j, i);
                _cleanup_free_ char *part = hcs_strndup(j->text.data + start, end - start);

                j->line_done(j->ctx, j->line - n + i, part);
                start = end;
        }
        clear(j);
}

/* Is a quoted value of logfmt still open at the end? */
static bool open_quote(const char *text) {
        const char *p = strstr(text, "time=\"");
        bool quoted = false;

        for (; p && *p; p++) {
                if (*p == '\\' && p[1])
                        p++;
                else if (*p == '"' && (quoted || p[-1] == '='))
                        quoted = !quoted;
        }
        return quoted;
}

/* The first place where a document seems to start, "{" at the end of the line included. */
static const char *document_start(const char *text) {
        for (const char *p = strpbrk(text, "{["); p; p = strpbrk(p + 1, "{[")) {
                const char *next = p + 1 + strspn(p + 1, " \t");

                if ((*p == '{' && (*next == '"' || *next == '}' || !*next)) ||
                    (*p == '[' && (*next == '{' || *next == '"')))
                        return p;
        }
        return NULL;
}

static bool open_document(const char *text, const char *next) {
        const char *start = open_quote(text) || strstr(text, "time=\"") ? NULL : document_start(text);

        if (!start || import_document_end(start))
                return false;
        /* "{" alone at the end belongs to a document only when a member follows. */
        return start[1 + strspn(start + 1, " \t")] || next[strspn(next, " \t")] == '"' ||
               next[strspn(next, " \t")] == '}';
}

static bool announces_document(const char *text, const char *next) {
        size_t n = strlen(text);

        return n && text[n - 1] == ':' && (*next == '{' || *next == '[') &&
               (strstr(text, "JSON") || strstr(text, "onfig") || strstr(text, "esult") || strstr(text, "ocument"));
}

static bool is_rest_of_error(const char *next) {
        return hcs_str_starts(next, "(extra info: ") || hcs_str_starts(next, "[Event Detail: ") ||
               hcs_str_starts(next, "encountered an error during ");
}

/* A console breaks long lines where its width ends, in the middle of words. */
static bool broken_by_console(const struct import_joiner *j, const char *text, const char *next) {
        size_t n = n_parts(j), last = end_of(j, n - 1) - (n > 1 ? end_of(j, n - 2) : 0);

        return last >= MIN_CONSOLE && *next && *next != ' ' && *next != '\t' && text[4] == '[' &&
               (strstr(text, "HCSShim::") || strstr(text, "hcsshim::") || n > 1);
}

static bool goes_on(const struct import_joiner *j, const char *next) {
        const char *text = hcs_buf_cstr(&j->text);

        if (n_parts(j) == 0)
                return false;
        if (announces_document(text, next))
                return true;
        if (import_has_head(next) && !(hcs_str_starts(next, "{\"") && open_document(text, next)))
                return false;
        return open_quote(text) || open_document(text, next) || is_rest_of_error(next) ||
               (j->text.len > 5 && broken_by_console(j, text, next));
}

static bool is_open(const struct import_joiner *j) {
        return open_quote(hcs_buf_cstr(&j->text)) || open_document(hcs_buf_cstr(&j->text), "\"");
}

static void append(struct import_joiner *j, const char *line, size_t len) {
        size_t end;

        if (n_parts(j) && (is_rest_of_error(line) || *line == '{' || *line == '[') && !is_open(j))
                hcs_buf_putc(&j->text, ' ');
        hcs_buf_append(&j->text, line, len);
        end = j->text.len;
        hcs_buf_append(&j->ends, &end, sizeof(end));
        j->line++;
}

void import_join(struct import_joiner *j, const char *line, size_t len) {
        if (j->line == 0)
                j->line = 1;
        if (!goes_on(j, line)) {
                if (n_parts(j) > 1 && is_open(j))
                        give_parts(j);
                else
                        give(j);
        } else if (j->text.len + len > MAX_JOINED || n_parts(j) == MAX_PARTS) {
                give_parts(j);
        }
        append(j, line, len);
}

void import_join_end(struct import_joiner *j) {
        if (n_parts(j) > 1 && is_open(j))
                give_parts(j);
        else
                give(j);
        hcs_buf_deinit(&j->text);
        hcs_buf_deinit(&j->ends);
}
