/* SPDX-License-Identifier: MIT */

/* The report of an import, for people and for programs. See import_report.h. */

#include "cmd/hcstrace/import_report.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "platform/clock.h"

#define TOLD       3 /* lines of each kind, unless all are wanted */
#define TEXT       160
#define TEXT_WHOLE 2000

/* Of a long text, whole characters up to n bytes. */
static size_t beginning(const char *text, size_t n) {
        size_t len = strnlen(text, n + 1);

        if (len <= n)
                return len;
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
                n--;
        return n;
}

static void keep_note(struct import_report *r, const struct import_note *note) {
        struct hcs_json *j;

        if (!r->notes)
                r->notes = hcs_json_new_array();
        if (r->kept == IMPORT_REPORT_NOTES) {
                r->dropped++;
                return;
        }
        r->kept++;
        j = hcs_json_append(r->notes, hcs_json_new_object());
        hcs_json_set_string(j, "kind", import_note_kind_name(note->kind));
        hcs_json_set_string(j, "log", note->log);
        hcs_json_set_u64(j, "line", note->line);
        hcs_json_set_string(j, "reason", note->reason);
        hcs_json_set(j, "text", hcs_json_new_string_n(note->text, beginning(note->text, TEXT)));
}

/* A log may hold anything: what a terminal would obey, and what is no text, is printed as its bytes. */
static void print_plain(const char *text, size_t n) {
        for (size_t used; n; text += used, n -= used) {
                uint32_t c;

                used = hcs_utf8_decode(text, n, &c);
                if (used && c < ' ')
                        fputc(' ', stderr);
                else if (used && c != 0x7F && (c < 0x80 || c > 0x9F))
                        fwrite(text, 1, used, stderr);
                else
                        for (size_t i = 0, bytes = used = used ? used : 1; i < bytes; i++)
                                fprintf(stderr, "\\x%02x", (unsigned char)text[i]);
        }
}

void import_report_note(struct import_report *r, const struct import_note *note) {
        size_t limit = r->all ? TEXT_WHOLE : TEXT, n = beginning(note->text, limit);

        if (r->json) {
                keep_note(r, note);
                return;
        }
        if (!r->all && (note->kind == IMPORT_NO_CALL || r->told[note->kind]++ >= TOLD))
                return;
        fprintf(stderr, "%s:%llu: %s: %s: %s", note->log, (unsigned long long)note->line,
                import_note_kind_name(note->kind), note->reason, colour(COLOUR_FAINT));
        print_plain(note->text, n);
        fprintf(stderr, "%s%s\n", note->text[n] ? "..." : "", colour(COLOUR_NONE));
}

static void print_wrappers(unsigned wrappers) {
        const char *name;

        for (unsigned bit = 0; (name = import_wrapper_name(bit)); bit++)
                if (wrappers & 1u << bit)
                        printf(", %s", name);
}

static void print_log(const struct import_log_stats *log) {
        char first[40], last[40];

        printf("%s%s%s: %llu lines", colour(COLOUR_BLUE), log->name, colour(COLOUR_NONE),
               (unsigned long long)log->lines);
        if (log->encoding && strcmp(log->encoding, "utf-8") != 0)
                printf(", %s", log->encoding);
        print_wrappers(log->wrappers);
        if (!log->first)
                printf(", without times");
        else if (!log->dated)
                printf(", times without a day");
        else
                printf(", %s to %s", hcs_wall_clock_format(log->first, first), hcs_wall_clock_format(log->last, last));
        putchar('\n');
}

static void print_row(const char *name, unsigned long long lines) {
        if (lines)
                printf("  %-18s %8llu line%s\n", name, lines, lines == 1 ? "" : "s");
}

static void print_people(const struct import_stats *s) {
        for (size_t i = 0; i < s->n_logs; i++)
                print_log(&s->logs[i]);
        for (unsigned f = 0; f < IMPORT_FAMILIES; f++)
                print_row(import_family_name((enum import_family)f), s->family_lines[f]);
        print_row("no call", s->notes[IMPORT_NO_CALL]);
        print_row("not understood", s->notes[IMPORT_NOT_UNDERSTOOD]);
        printf("%llu calls, %llu of them failed, %llu exits", (unsigned long long)s->calls,
               (unsigned long long)s->failures, (unsigned long long)s->exits);
        if (s->frames)
                printf(", %llu messages of a bridge", (unsigned long long)s->frames);
        if (s->unreturned)
                printf("; %llu calls whose end the log does not tell", (unsigned long long)s->unreturned);
        if (s->notes[IMPORT_REPAIRED])
                printf("; %llu repairs, marked in the trace", (unsigned long long)s->notes[IMPORT_REPAIRED]);
        putchar('\n');
}

static void add_log(struct hcs_json *logs, const struct import_log_stats *log) {
        struct hcs_json *j = hcs_json_append(logs, hcs_json_new_object()), *wrappers;
        const char *name;
        char text[40];

        hcs_json_set_string(j, "name", log->name);
        hcs_json_set_u64(j, "lines", log->lines);
        hcs_json_set_u64(j, "logged", log->logged);
        hcs_json_set_string(j, "encoding", log->encoding ? log->encoding : "utf-8");
        wrappers = hcs_json_set_new_array(j, "wrappers");
        for (unsigned bit = 0; (name = import_wrapper_name(bit)); bit++)
                if (log->wrappers & 1u << bit)
                        hcs_json_append(wrappers, hcs_json_new_string(name));
        if (log->first && log->dated) {
                hcs_json_set_string(j, "first", hcs_wall_clock_format(log->first, text));
                hcs_json_set_string(j, "last", hcs_wall_clock_format(log->last, text));
        }
}

static void print_json(struct import_report *r, const struct import_stats *s) {
        _cleanup_json_ struct hcs_json *j = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        struct hcs_json *families, *logs;

        hcs_json_set_u64(j, "lines", s->lines);
        hcs_json_set_u64(j, "calls", s->calls);
        hcs_json_set_u64(j, "failures", s->failures);
        hcs_json_set_u64(j, "unreturned", s->unreturned);
        hcs_json_set_u64(j, "exits", s->exits);
        if (s->frames)
                hcs_json_set_u64(j, "frames", s->frames);
        hcs_json_set_u64(j, "noCall", s->notes[IMPORT_NO_CALL]);
        hcs_json_set_u64(j, "unparsed", s->notes[IMPORT_NOT_UNDERSTOOD]);
        hcs_json_set_u64(j, "firstUnparsed", s->first_unparsed);
        hcs_json_set_u64(j, "repaired", s->notes[IMPORT_REPAIRED]);
        families = hcs_json_set_new_object(j, "families");
        for (unsigned f = 0; f < IMPORT_FAMILIES; f++)
                if (s->family_lines[f])
                        hcs_json_set_u64(families, import_family_name((enum import_family)f), s->family_lines[f]);
        logs = hcs_json_set_new_array(j, "logs");
        for (size_t i = 0; i < s->n_logs; i++)
                add_log(logs, &s->logs[i]);
        hcs_json_set(j, "notes", r->notes ? steal_pointer(&r->notes) : hcs_json_new_array());
        if (r->dropped)
                hcs_json_set_u64(j, "notesLeftOut", r->dropped);
        text = hcs_json_text(j, HCS_JSON_PRETTY);
        puts(text);
}

void import_report_print(struct import_report *r, const struct import_stats *s) {
        if (r->json)
                print_json(r, s);
        else
                print_people(s);
}

void import_report_deinit(struct import_report *r) {
        hcs_json_free(r->notes);
        r->notes = NULL;
}
