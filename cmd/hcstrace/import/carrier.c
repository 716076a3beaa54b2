/* SPDX-License-Identifier: MIT */

/*
 * Records that carry lines of another program, taken out of them:
 *   {"log":"time=..\n","stream":"stderr","time":"2024-07-01T10:00:00.1Z"}      Docker's json-file
 *   2024-07-01T10:00:00.1Z stderr F time=..                                    CRI: containerd, CRI-O
 *   {"__REALTIME_TIMESTAMP":"1719828000100000","MESSAGE":"time=..",..}         journalctl -o json
 *   <Event xmlns='..'>..<TimeCreated SystemTime='..'/>..<Data>time=..</Data>..  Windows' events as XML (event.c)
 *   Information,7/1/2024 10:00:00 AM,docker,1,None,"time=""..""..."             and as CSV
 *   > > time=..                                                                a quotation in Markdown
 * A line may be spread over several records, those of the program's other stream between them; and a record over
 * several lines. What is around and in the records is unwrapped (unwrap.c).
 */

#include <ctype.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define DOCKER_PIECE ((size_t)16 << 10) /* of which records a longer line consists, but for the last */

static void seen(struct import_carrier *c, unsigned wrapper) {
        c->wrappers |= 1u << wrapper;
}

static void give_line(struct import_carrier *c, uint64_t number, char *line, size_t len, struct import_time time) {
        line = import_unwrap(&c->wrappers, line, &len, &time);
        c->line_done(c->ctx, number, line, len, time);
}

/* Gives up the lines that were collected. of_record: they are of one line of the log, or of several. */
static void give(struct import_carrier *c, struct import_carried *part, bool of_record) {
        char *p = part->text.len ? part->text.data : NULL, *all = p ? p + part->text.len : NULL;
        uint64_t number = part->number;

        part->open = false;
        if (part->cut)
                c->note(c->ctx, number, IMPORT_CUT_NOTE);
        part->cut = false;
        while (p && p < all) {
                char *end = strchr(p, '\n'), *next = end ? end + 1 : all;

                end = end ? end : all;
                if (end > p && end[-1] == '\r')
                        end--;
                *end = '\0';
                give_line(c, number, p, (size_t)(end - p), part->time);
                number += !of_record;
                p = next;
        }
        hcs_buf_clear(&part->text);
}

static void begin(struct import_carried *part, uint64_t number) {
        *part = (struct import_carried){.text = part->text, .open = true, .number = number};
        hcs_buf_clear(&part->text);
}

static void add(struct import_carried *part, const char *text, size_t len) {
        part->cut |= len > IMPORT_MAX_LINE - part->text.len;
        if (!part->cut)
                hcs_buf_append(&part->text, text, len);
}

/* ---- lines of two streams ---- */

static struct import_carried *stream_of(struct import_carrier *c, const char *name) {
        return &c->streams[hcs_streq(name, "stderr")];
}

static void in_docker(struct import_carrier *c, uint64_t number, const struct hcs_json *j) {
        const char *text = hcs_json_get_string(j, "log"), *time = hcs_json_get_string(j, "time");
        struct import_carried *part = stream_of(c, hcs_json_get_string(j, "stream"));
        size_t n = strlen(text);

        if (!part->open) {
                begin(part, number);
                if (time)
                        import_parse_time(time, &part->time);
        }
        add(part, text, n);
        /* Collectors take the newline away. */
        if (n < DOCKER_PIECE || text[n - 1] == '\n')
                give(c, part, true);
}

/* The message behind "TIME stdout F ", with more tags behind the letter; NULL: it is no such line. */
static const char *cri_message(const char *line, struct import_time *time, const char **ret_stream, bool *ret_whole) {
        const char *p = import_parse_time(line, time);

        if (!p || line[10] != 'T' || time->kind != IMPORT_TIME_UTC ||
            (!hcs_str_starts(p, " stdout ") && !hcs_str_starts(p, " stderr ")))
                return NULL;
        *ret_stream = p[4] == 'o' ? "stdout" : "stderr";
        p += strlen(" stdout ");
        if ((*p != 'F' && *p != 'P') || (p[1] != ' ' && p[1] != ':'))
                return NULL;
        *ret_whole = *p == 'F';
        p = strchr(p, ' ');
        return p ? p + 1 : NULL;
}

static bool carried_in_cri(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        struct import_time time = {0};
        const char *stream = NULL;
        bool whole = false;
        const char *message = cri_message(line, &time, &stream, &whole);
        struct import_carried *part;

        if (!message)
                return false;
        part = stream_of(c, stream);
        if (!part->open) {
                begin(part, number);
                part->time = time;
        }
        add(part, message, len - (size_t)(message - line));
        seen(c, IMPORT_WRAPPER_CRI);
        if (whole)
                give(c, part, true);
        return true;
}

/* ---- the journal ---- */

/* A text, or what is none: a list of its bytes, or of several texts. */
static bool put_message(struct hcs_buf *out, const struct hcs_json *message) {
        if (hcs_json_string(message))
                hcs_buf_puts(out, hcs_json_string(message));
        for (const struct hcs_json *j = hcs_json_first(message); j; j = hcs_json_next(j)) {
                uint64_t value;

                if (hcs_json_string(j)) {
                        hcs_buf_puts(out, hcs_json_string(j));
                        hcs_buf_putc(out, '\n');
                } else if (hcs_json_u64(j, &value) && value <= 255) {
                        hcs_buf_putc(out, value ? (char)value : ' ');
                } else {
                        return false;
                }
        }
        return out->len > 0;
}

static void in_journal(struct import_carrier *c, uint64_t number, const struct hcs_json *j) {
        const char *time = hcs_json_get_string(j, "_SOURCE_REALTIME_TIMESTAMP");
        struct import_carried *part = &c->record;
        uint64_t us;

        begin(part, number);
        time = time ? time : hcs_json_get_string(j, "__REALTIME_TIMESTAMP");
        if (time && hcs_str_to_u64(time, &us) && us < UINT64_MAX / 1000)
                part->time = (struct import_time){us * 1000, IMPORT_TIME_UTC};
        if (!put_message(&part->text, hcs_json_get(j, "MESSAGE"))) {
                hcs_buf_clear(&part->text);
                c->note(c->ctx, number, "a record of the journal whose message is left out or no text");
        }
        give(c, part, true);
}

static bool carried_in_json(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        bool is_docker = strstr(line, "\"log\":") && strstr(line, "\"stream\":");
        _cleanup_json_ struct hcs_json *j = NULL;

        if (!is_docker && (!strstr(line, "\"__REALTIME_TIMESTAMP\"") || !strstr(line, "\"MESSAGE\"")))
                return false;
        if (FAILED(hcs_json_parse(line, len, NULL, &j, NULL)) ||
            (is_docker && (!hcs_json_get_string(j, "log") || !hcs_json_get_string(j, "stream"))))
                return false;
        if (is_docker)
                in_docker(c, number, j);
        else
                in_journal(c, number, j);
        seen(c, is_docker ? IMPORT_WRAPPER_DOCKER : IMPORT_WRAPPER_JOURNAL);
        return true;
}

/* ---- events as CSV ---- */

/* Up to the quote that ends the message; each quote inside is there twice. */
static void add_csv_line(struct import_carrier *c, const char *line, size_t len) {
        struct import_carried *part = &c->record;

        for (size_t i = 0; i < len; i++) {
                if (line[i] == '"' && (line[i + 1] == ',' || !line[i + 1])) {
                        give(c, part, false);
                        return;
                }
                i += line[i] == '"' && line[i + 1] == '"';
                add(part, line + i, 1);
        }
        add(part, "\n", 1);
        if (part->text.len > IMPORT_MAX_EVENT)
                give(c, part, false);
}

/* The message behind level, time, source, id and category; NULL: it is no such line. The time is written as its
 * machine's language has it: left alone. */
static const char *csv_message(const char *line) {
        static const char *const levels[] = {"Information,", "Warning,", "Error,", "Critical,", "Verbose,"};
        const char *p = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(levels) && !p; i++)
                if (hcs_str_starts(line, levels[i]))
                        p = line + strlen(levels[i]);
        if (!p || !isdigit((unsigned char)*p))
                return NULL;
        for (unsigned commas = 0; p && commas < 4; commas++) {
                p = strchr(p, ',');
                p = p ? p + 1 : NULL;
        }
        return p;
}

static bool carried_in_csv(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        struct import_carried *part = &c->record;
        const char *p = csv_message(line);

        if (!p)
                return false;
        give(c, part, false);
        begin(part, number);
        seen(c, IMPORT_WRAPPER_CSV);
        c->kind = IMPORT_CARRIES_CSV;
        len -= (size_t)(p - line);
        if (*p == '"') {
                add_csv_line(c, p + 1, len - 1);
        } else {
                add(part, p, len);
                give(c, part, true);
        }
        return true;
}

/* ---- events as XML ---- */

static void add_event_line(struct import_carrier *c, const char *line, size_t len) {
        struct import_carried *part = &c->record;

        add(part, line, len);
        add(part, "\n", 1);
        c->in_data = import_event_in_data(line, c->in_data);
        if (strstr(line, "</Event>")) {
                import_event_text(part);
                give(c, part, true);
        } else if (part->text.len > IMPORT_MAX_EVENT) {
                give(c, part, false);
        }
}

static bool carried_in_event(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        const char *at = import_event_begins(line);

        if (!at)
                return false;
        give(c, &c->record, false);
        begin(&c->record, number);
        seen(c, IMPORT_WRAPPER_EVENT);
        c->kind = IMPORT_CARRIES_EVENT;
        c->in_data = false;
        add_event_line(c, at, len - (size_t)(at - line));
        return true;
}

/* ---- */

static bool is_carried(struct import_carrier *c, uint64_t number, const char *line, size_t len) {
        switch (*line) {
        case '{':
                return carried_in_json(c, number, line, len);
        case '<':
        case '-':
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

/* Does it go on with a record of several lines? One that was never closed ends where something else begins. */
static bool goes_on(struct import_carrier *c, const char *line, size_t len) {
        if (!c->record.open)
                return false;
        if (c->kind == IMPORT_CARRIES_CSV && !csv_message(line)) {
                add_csv_line(c, line, len);
                return true;
        }
        if (c->kind == IMPORT_CARRIES_EVENT && !import_event_begins(line) && (c->in_data || !import_has_head(line))) {
                add_event_line(c, line, len);
                return true;
        }
        give(c, &c->record, false);
        return false;
}

void import_carry(struct import_carrier *c, uint64_t number, char *line, size_t len) {
        struct import_time time = {0};
        size_t whole;
        char *inner;

        while (line[0] == '>' && line[1] == ' ') {
                seen(c, IMPORT_WRAPPER_QUOTATION);
                line += 2;
                len -= 2;
        }
        if (goes_on(c, line, len) || is_carried(c, number, line, len))
                return;
        whole = len;
        inner = import_unwrap(&c->wrappers, line, &len, &time);
        if (len == whole || !is_carried(c, number, inner, len))
                c->line_done(c->ctx, number, inner, len, time);
}

void import_carry_end(struct import_carrier *c) {
        give(c, &c->record, false);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(c->streams); i++)
                give(c, &c->streams[i], true);
}

void import_carrier_deinit(struct import_carrier *c) {
        hcs_buf_deinit(&c->record.text);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(c->streams); i++)
                hcs_buf_deinit(&c->streams[i].text);
}
