/* SPDX-License-Identifier: MIT */

/* hcstrace import: reads a log line by line, in constant memory, and writes the trace of what it tells. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/import/import.h"

#define MAX_LINE ((size_t)16 << 20)

struct import {
        const char *output;
        bool keep_secrets, json;
};

static void usage(void) {
        puts("usage: hcstrace import [OPTIONS] LOG\n\n"
             "  -o TRACE      where the trace goes; without it only the counts are printed\n"
             "  --no-redact   keep environment values, credentials and tokens\n"
             "  --json        the counts as JSON\n\n"
             "LOG may be -. Exit code 3 when no call was found in it.");
}

static bool speaks_of_hcs(const char *line) {
        return strstr(line, "hcs") || strstr(line, "Hcs") || strstr(line, "HCS");
}

/* A line that ends in the middle of a quoted value or a document goes on in the next one. */
static bool goes_on(const char *line) {
        bool quoted = false;
        const char *p = strstr(line, "msg=\"");

        if (strstr(line, "encountered an error during") && !strchr(line, '\n') && strstr(line, "extra info"))
                return false;
        for (; p && *p; p++) {
                if (*p == '\\' && p[1])
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
        }
        return quoted;
}

static void take_line(struct import_message_state *state, struct hcs_buf *line) {
        struct import_line l;

        import_line_parse(hcs_buf_cstr(line), &l);
        if (!import_message(state, &l) && speaks_of_hcs(hcs_buf_cstr(line))) {
                if (state->stats->unparsed++ == 0)
                        state->stats->first_unparsed = state->stats->lines;
        }
        import_line_deinit(&l);
        hcs_buf_clear(line);
}

static void read_log(FILE *in, struct import_message_state *state) {
        _cleanup_buf_ struct hcs_buf line = {0};
        unsigned joined = 0;
        int c;

        while ((c = getc_unlocked(in)) != EOF) {
                if (c != '\n') {
                        if (c != '\0' && c != '\r' && line.len < MAX_LINE)
                                hcs_buf_putc(&line, (char)c);
                        continue;
                }
                state->stats->lines++;
                if (line.len && joined < 8 && goes_on(line.data)) {
                        joined++;
                        continue;
                }
                joined = 0;
                take_line(state, &line);
        }
        if (line.len) {
                state->stats->lines++;
                take_line(state, &line);
        }
}

static void print_counts(const struct import *o, const struct import_stats *s) {
        if (o->json) {
                printf("{\"lines\":%llu,\"calls\":%llu,\"failures\":%llu,\"exits\":%llu,\"unparsed\":%llu}\n",
                       (unsigned long long)s->lines, (unsigned long long)s->calls, (unsigned long long)s->failures,
                       (unsigned long long)s->exits, (unsigned long long)s->unparsed);
                return;
        }
        printf("%llu lines: %llu calls, %llu of them failed, %llu exits", (unsigned long long)s->lines,
               (unsigned long long)s->calls, (unsigned long long)s->failures, (unsigned long long)s->exits);
        if (s->unparsed)
                printf("; %llu lines speak of HCS but say no call (the first is line %llu)",
                       (unsigned long long)s->unparsed, (unsigned long long)s->first_unparsed);
        putchar('\n');
}

static int import_log(const struct import *o, const char *path) {
        struct mock_trace_header header = {
                .recorder = "hcstrace import", .os = "windows", .redacted = !o->keep_secrets};
        _cleanup_(mock_trace_writer_freep) struct mock_trace_writer *writer = NULL;
        FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        struct import_message_state state = {0};
        struct import_stats stats = {0};
        struct hcs_error *err = NULL;

        if (!in) {
                fprintf(stderr, "hcstrace import: cannot open %s\n", path);
                return EXIT_PROBLEMS;
        }
        if (o->output && FAILED(mock_trace_writer_open(o->output, &header, &writer, &err))) {
                fclose(in);
                return tell_error("import", err);
        }
        state.stats = &stats;
        state.emitter = import_emitter_new(writer, !o->keep_secrets, &stats);
        read_log(in, &state);
        free(state.document);
        import_emitter_free(state.emitter);
        fclose(in);
        print_counts(o, &stats);
        return stats.calls ? EXIT_OK : EXIT_NOTHING;
}

int cmd_import(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"no-redact", no_argument, NULL, 'n'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct import o = {0};
        int c;

        while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        o.output = optarg;
                        break;
                case 'n':
                        o.keep_secrets = true;
                        break;
                case 'j':
                        o.json = true;
                        break;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return EXIT_USAGE;
                }
        if (optind + 1 != argc)
                return tell_usage("import", "one LOG is needed");
        return import_log(&o, argv[optind]);
}
