/* SPDX-License-Identifier: MIT */

/*
 * Physical lines to what was logged. A line goes on in the next one when a quoted value or a document is still open at
 * its end, when it announces a document, when the next is known as the rest of an error, when both are of one block, or
 * when a console has broken it. What turns out never to be closed is given out line by line. Text is looked at once,
 * however many lines it comes in.
 */

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_JOINED  ((size_t)256 << 10)
#define MIN_CONSOLE 79 /* nobody's console is narrower */
#define MAX_PARTS   4096

static size_t n_parts(const struct import_joiner *j) {
        return j->parts.len / sizeof(struct import_part);
}

static struct import_part part(const struct import_joiner *j, size_t i) {
        struct import_part p;

        memcpy(&p, j->parts.data + i * sizeof(p), sizeof(p));
        return p;
}

static void clear(struct import_joiner *j) {
        hcs_buf_clear(&j->text);
        hcs_buf_clear(&j->parts);
        j->block = IMPORT_NO_BLOCK;
        j->open = (struct import_open){0};
}

static void give(struct import_joiner *j) {
        if (n_parts(j))
                j->line_done(j->ctx, part(j, 0).line, hcs_buf_cstr(&j->text), j->text.len, part(j, 0).time);
        clear(j);
}

static void give_parts(struct import_joiner *j) {
        size_t start = 0, n = n_parts(j);

        for (size_t i = 0; i < n; i++) {
                struct import_part p = part(j, i);
                char behind = j->text.data[p.end];

                j->text.data[p.end] = '\0';
                j->line_done(j->ctx, p.line, j->text.data + start, p.end - start, p.time);
                j->text.data[p.end] = behind;
                start = p.end;
        }
        clear(j);
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

static void look(struct import_open *o, const char *text, size_t len) {
        const char *start = strstr(text + o->seen, "time=\"");

        if (start) {
                o->what = IMPORT_OPEN_LOGFMT;
        } else {
                start = document_start(text + o->seen);
                o->what = start ? IMPORT_OPEN_DOCUMENT : IMPORT_OPEN_NOTHING;
        }
        o->start = start ? (size_t)(start - text) : len;
        o->seen = o->start;
}

/* Is a quoted value of logfmt still open at the end? */
static void read_logfmt(struct import_open *o, const char *text, size_t len) {
        for (; o->seen < len; o->seen++) {
                char c = text[o->seen];

                if (o->escaped)
                        o->escaped = false;
                else if (c == '\\')
                        o->escaped = true;
                else if (c == '"' && (o->quoted || (o->seen && text[o->seen - 1] == '=')))
                        o->quoted = !o->quoted;
        }
}

static void read_document(struct import_open *o, const char *text, size_t len) {
        for (; o->seen < len; o->seen++) {
                char c = text[o->seen];

                if (o->escaped)
                        o->escaped = false;
                else if (o->quoted && c == '\\')
                        o->escaped = true;
                else if (c == '"')
                        o->quoted = !o->quoted;
                else if (!o->quoted && (c == '{' || c == '['))
                        o->depth++;
                else if (!o->quoted && (c == '}' || c == ']') && --o->depth == 0)
                        break;
        }
        if (o->seen < len)
                o->what = IMPORT_OPEN_CLOSED;
}

static const struct import_open *open_state(struct import_joiner *j) {
        struct import_open *o = &j->open;
        const char *text = hcs_buf_cstr(&j->text);

        if (o->what == IMPORT_OPEN_NOTHING && o->seen < j->text.len)
                look(o, text, j->text.len);
        if (o->what == IMPORT_OPEN_LOGFMT)
                read_logfmt(o, text, j->text.len);
        else if (o->what == IMPORT_OPEN_DOCUMENT)
                read_document(o, text, j->text.len);
        return o;
}

static bool open_quote(struct import_joiner *j) {
        const struct import_open *o = open_state(j);

        return o->what == IMPORT_OPEN_LOGFMT && o->quoted;
}

static bool open_document(struct import_joiner *j, const char *next) {
        const struct import_open *o = open_state(j);
        const char *behind = hcs_buf_cstr(&j->text) + o->start + 1;

        if (o->what != IMPORT_OPEN_DOCUMENT)
                return false;
        /* "{" alone at the end belongs to a document only when a member follows. */
        next += strspn(next, " \t");
        return behind[strspn(behind, " \t")] || *next == '"' || *next == '}';
}

static bool announces_document(const char *text, size_t n, const char *next) {
        return n && text[n - 1] == ':' && (*next == '{' || *next == '[') &&
               (strstr(text, "JSON") || strstr(text, "onfig") || strstr(text, "esult") || strstr(text, "ocument") ||
                strstr(text, "objects") || strstr(text, "Hns") || strstr(text, "HNS"));
}

static bool is_rest_of_error(const char *next) {
        return hcs_str_starts(next, "(extra info: ") || hcs_str_starts(next, "[Event Detail: ") ||
               hcs_str_starts(next, "encountered an error during ");
}

/* A console breaks long lines where its width ends, in the middle of words. */
static bool broken_by_console(const struct import_joiner *j, const char *text, const char *next) {
        size_t n = n_parts(j), last = part(j, n - 1).end - (n > 1 ? part(j, n - 2).end : 0);

        return last >= MIN_CONSOLE && *next && *next != ' ' && *next != '\t' && text[4] == '[' &&
               (strstr(text, "HCSShim::") || strstr(text, "hcsshim::") || n > 1);
}

static bool goes_on(struct import_joiner *j, const char *next) {
        const char *text = hcs_buf_cstr(&j->text);

        if (n_parts(j) == 0)
                return false;
        if (j->block)
                return import_block_goes_on(j->block, text, next);
        if (*next == 't' && hcs_str_starts(next, "time=\""))
                return false;
        if (announces_document(text, j->text.len, next))
                return true;
        if (import_has_head(next) && !(hcs_str_starts(next, "{\"") && open_document(j, next)))
                return false;
        return open_quote(j) || open_document(j, next) || is_rest_of_error(next) ||
               (j->text.len > 5 && broken_by_console(j, text, next));
}

static bool is_open(struct import_joiner *j) {
        return open_quote(j) || open_document(j, "\"");
}

static void append(struct import_joiner *j, uint64_t number, const char *line, size_t len, struct import_time outer) {
        struct import_part p = {.line = number, .time = outer};

        if (n_parts(j) && j->block)
                hcs_buf_putc(&j->text, '\n');
        else if (n_parts(j) && (is_rest_of_error(line) || *line == '{' || *line == '[') && !is_open(j))
                hcs_buf_putc(&j->text, ' ');
        else if (!n_parts(j))
                j->block = import_block_begins(line);
        hcs_buf_append(&j->text, line, len);
        p.end = j->text.len;
        hcs_buf_append(&j->parts, &p, sizeof(p));
}

void import_join(struct import_joiner *j, uint64_t number, const char *line, size_t len, struct import_time outer) {
        if (!goes_on(j, line))
                import_join_end(j);
        else if (j->text.len + len > MAX_JOINED || n_parts(j) == MAX_PARTS)
                give_parts(j);
        append(j, number, line, len, outer);
}

void import_join_end(struct import_joiner *j) {
        if (n_parts(j) > 1 && !j->block && is_open(j))
                give_parts(j);
        else
                give(j);
}

void import_join_deinit(struct import_joiner *j) {
        hcs_buf_deinit(&j->text);
        hcs_buf_deinit(&j->parts);
}
