/* SPDX-License-Identifier: MIT */

/*
 * Records that carry lines of another program, taken out of them:
 *   {"log":"time=..\n","stream":"stderr","time":"2024-07-01T10:00:00.1Z"}      Docker's json-file
 *   2024-07-01T10:00:00.1Z stderr F time=..                                    CRI: containerd, CRI-O
 *   {"__REALTIME_TIMESTAMP":"1719828000100000","MESSAGE":"time=..",..}         journalctl -o json
 *   <Event xmlns='..'>..<TimeCreated SystemTime='..'/>..<Data>time=..</Data>..  Windows' events as XML
 *   Information,7/1/2024 10:00:00 AM,docker,1,None,"time=""..""..."             and as CSV
 *   > > time=..                                                                a quotation in Markdown
 * A line may be spread over several records, and a record over several lines.
 */

#include <ctype.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_EVENT ((size_t)1 << 20) /* of one over several lines; a longer one is taken for what it looks like */

static void seen(struct import_carrier *c, unsigned wrapper) {
        c->wrappers |= 1u << wrapper;
}

/* Gives up the lines that were collected. */
static void give(struct import_carrier *c) {
        char *p = c->text.len ? c->text.data : NULL;

        c->open = IMPORT_CARRIES_NOTHING;
        while (p && p < c->text.data + c->text.len) {
                char *end = strchr(p, '\n'), *next = end ? end + 1 : c->text.data + c->text.len;

                end = end ? end : next;
                if (end > p && end[-1] == '\r')
                        end--;
                *end = '\0';
                c->line_done(c->ctx, c->number, p, (size_t)(end - p), c->time);
                p = next;
        }
        hcs_buf_clear(&c->text);
}

/* Something that is not what is open begins: what is there so far is all there is. */
static void begin(struct import_carrier *c, uint64_t number) {
        give(c);
        c->number = number;
        c->time = (struct import_time){0};
}

/* ---- JSON ---- */

static void in_docker(struct import_carrier *c, uint64_t number, const struct hcs_json *j) {
        const char *text = hcs_json_get_string(j, "log"), *time = hcs_json_get_string(j, "time");
        size_t n = strlen(text);

        if (c->open != IMPORT_CARRIES_DOCKER)
                begin(c, number);
        if (time && !c->text.len)
                import_parse_time(time, &c->time);
        hcs_buf_append(&c->text, text, n);
        c->open = IMPORT_CARRIES_DOCKER;
        if (n && text[n - 1] == '\n')
                give(c);
}

/* A message that is no text is a list of its bytes. */
static bool put_message(struct hcs_buf *out, const struct hcs_json *message) {
        if (hcs_json_string(message))
                hcs_buf_puts(out, hcs_json_string(message));
        for (const struct hcs_json *j = hcs_json_first(message); j; j = hcs_json_next(j)) {
                uint64_t value;
                char byte;

                if (!hcs_json_u64(j, &value) || value == 0 || value > 255)
                        return false;
                byte = (char)value;
                hcs_buf_append(out, &byte, 1);
        }
        return out->len > 0;
}

static void in_journal(struct import_carrier *c, uint64_t number, const struct hcs_json *j) {
        const char *time = hcs_json_get_string(j, "_SOURCE_REALTIME_TIMESTAMP");
        uint64_t us;

        begin(c, number);
        time = time ? time : hcs_json_get_string(j, "__REALTIME_TIMESTAMP");
        if (time && hcs_str_to_u64(time, &us) && us < UINT64_MAX / 1000)
                c->time = (struct import_time){us * 1000, IMPORT_TIME_UTC};
        if (!put_message(&c->text, hcs_json_get(j, "MESSAGE")))
                hcs_buf_clear(&c->text);
        give(c);
}

static bool carried_in_json(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        bool is_docker = strstr(line, "\"log\":") && strstr(line, "\"stream\":"); /* a tool may have printed it anew */
        _cleanup_json_ struct hcs_json *j = NULL;

        if (!is_docker && (!strstr(line, "\"__REALTIME_TIMESTAMP\"") || !strstr(line, "\"MESSAGE\"")))
                return false;
        if (FAILED(hcs_json_parse(line, len, NULL, &j, NULL)) || (is_docker && !hcs_json_get_string(j, "log")))
                return false;
        if (is_docker)
                in_docker(c, number, j);
        else
                in_journal(c, number, j);
        seen(c, is_docker ? IMPORT_WRAPPER_DOCKER : IMPORT_WRAPPER_JOURNAL);
        return true;
}

/* ---- CRI ---- */

/* The message behind "TIME stdout F ", with more tags behind the letter; NULL: it is no such line. */
static const char *cri_message(const char *line, struct import_time *time, bool *ret_whole) {
        const char *p = import_parse_time(line, time);

        if (!p || line[10] != 'T' || time->kind != IMPORT_TIME_UTC ||
            (!hcs_str_starts(p, " stdout ") && !hcs_str_starts(p, " stderr ")))
                return NULL;
        p += strlen(" stdout ");
        if ((*p != 'F' && *p != 'P') || (p[1] != ' ' && p[1] != ':'))
                return NULL;
        *ret_whole = *p == 'F';
        p = strchr(p, ' ');
        return p ? p + 1 : NULL;
}

static bool carried_in_cri(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        struct import_time time = {0};
        bool whole = false;
        const char *message = cri_message(line, &time, &whole);

        if (!message)
                return false;
        if (c->open != IMPORT_CARRIES_CRI) {
                begin(c, number);
                c->time = time;
        }
        hcs_buf_append(&c->text, message, len - (size_t)(message - line));
        c->open = IMPORT_CARRIES_CRI;
        seen(c, IMPORT_WRAPPER_CRI);
        if (whole)
                give(c);
        return true;
}

/* ---- events as XML ---- */

/* What its elements <Data> hold, one a line. */
static void take_data(const char *event, struct hcs_buf *out) {
        for (const char *p = event; (p = strstr(p, "<Data"));) {
                const char *open = strchr(p, '>'), *end = open ? strstr(open, "</Data>") : NULL;

                if (!open)
                        return;
                p = open + 1;
                if (open[-1] == '/' || !end)
                        continue;
                if (out->len)
                        hcs_buf_puts(out, "\n");
                hcs_buf_append(out, open + 1, (size_t)(end - open - 1));
                p = end;
        }
}

static void end_event(struct import_carrier *c) {
        struct hcs_buf event = c->text;
        const char *time = strstr(event.data, "SystemTime=");

        c->text = (struct hcs_buf){0};
        if (time)
                import_parse_time(time + strlen("SystemTime=") + 1, &c->time);
        take_data(event.data, &c->text);
        if (c->text.len)
                c->text.len = import_without_html(c->text.data, c->text.len);
        hcs_buf_deinit(&event);
        give(c);
}

static void add_event_line(struct import_carrier *c, const char *line, size_t len) {
        hcs_buf_append(&c->text, line, len);
        hcs_buf_puts(&c->text, "\n");
        if (strstr(line, "</Event>"))
                end_event(c);
        else if (c->text.len > MAX_EVENT)
                give(c);
}

static bool carried_in_event(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        const char *at = line + strspn(line, " \t");

        if (hcs_str_starts(at, "<Events>"))
                at += strlen("<Events>");
        if (!hcs_str_starts(at, "<Event ") && !hcs_str_starts(at, "<Event>"))
                return false;
        begin(c, number);
        c->open = IMPORT_CARRIES_EVENT;
        seen(c, IMPORT_WRAPPER_EVENT);
        add_event_line(c, at, len - (size_t)(at - line));
        return true;
}

/* ---- events as CSV ---- */

/* Up to the quote that ends the message; each quote inside is there twice. */
static void add_csv_line(struct import_carrier *c, const char *line, size_t len) {
        for (size_t i = 0; i < len; i++) {
                if (line[i] == '"' && line[i + 1] != '"') {
                        give(c);
                        return;
                }
                i += line[i] == '"';
                hcs_buf_append(&c->text, line + i, 1);
        }
        hcs_buf_puts(&c->text, "\n");
        if (c->text.len > MAX_EVENT)
                give(c);
}

/* Level, time, source, id, category, message. The time is written as its machine's language has it: left alone. */
static bool carried_in_csv(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        static const char *const levels[] = {"Information,", "Warning,", "Error,", "Critical,", "Verbose,"};
        const char *p = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(levels) && !p; i++)
                if (hcs_str_starts(line, levels[i]))
                        p = line + strlen(levels[i]);
        if (!p || !isdigit((unsigned char)*p))
                return false;
        for (unsigned commas = 0; p && commas < 4; commas++) {
                p = strchr(p, ',');
                p = p ? p + 1 : NULL;
        }
        if (!p)
                return false;
        begin(c, number);
        seen(c, IMPORT_WRAPPER_CSV);
        len -= (size_t)(p - line);
        if (*p == '"') {
                c->open = IMPORT_CARRIES_CSV;
                add_csv_line(c, p + 1, len - 1);
        } else {
                hcs_buf_append(&c->text, p, len);
                give(c);
        }
        return true;
}

/* ---- */

static bool is_carried(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        switch (*line) {
        case '{':
                return carried_in_json(c, number, line, len);
        case '<':
        case ' ':
        case '\t':
                return carried_in_event(c, number, line, len);
        case 'I':
        case 'W':
        case 'E':
        case 'C':
        case 'V':
                return carried_in_csv(c, number, line, len);
        default:
                return isdigit((unsigned char)*line) && carried_in_cri(c, number, line, len);
        }
}

void import_carry(struct import_carrier *c, uint64_t number, char *line, size_t len) {
        if (c->open == IMPORT_CARRIES_EVENT) {
                add_event_line(c, line, len);
                return;
        }
        if (c->open == IMPORT_CARRIES_CSV) {
                add_csv_line(c, line, len);
                return;
        }
        while (line[0] == '>' && line[1] == ' ') {
                seen(c, IMPORT_WRAPPER_QUOTATION);
                line += 2;
                len -= 2;
        }
        if (is_carried(c, number, line, len))
                return;
        begin(c, number);
        c->line_done(c->ctx, number, line, len, c->time);
}

void import_carry_end(struct import_carrier *c) {
        give(c);
}

void import_carrier_deinit(struct import_carrier *c) {
        hcs_buf_deinit(&c->text);
}
