/* SPDX-License-Identifier: MIT */

/* hcstrace import: a log in, a trace and its counts out. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/import/import.h"

#define TOLD 3 /* lines that were not understood, unless all are wanted */

struct import_command {
        struct import_options options;
        const char *path;
        bool json, all;
        unsigned told;
};

static void usage(void) {
        puts("usage: hcstrace import [OPTIONS] LOG\n\n"
             "  -o TRACE       where the trace goes; without it only the counts are printed\n"
             "  --no-redact    keep environment values, credentials and tokens\n"
             "  -v, --verbose  show every line that speaks of HCS and was not understood\n"
             "  --json         the counts as JSON\n\n"
             "LOG may be -; UTF-8, or UTF-16 as PowerShell writes it.\n"
             "Exit code 3 when no call was found in it; then no trace is made.");
}

static void tell(void *ctx, uint64_t line, const char *text) {
        struct import_command *c = ctx;

        if (c->json || (!c->all && c->told == TOLD))
                return;
        c->told++;
        fprintf(stderr, "%s:%llu: not understood: %s%.*s%s%s\n", c->path, (unsigned long long)line,
                colour(COLOUR_FAINT), c->all ? 2000 : 160, text, strlen(text) > (c->all ? 2000 : 160) ? "..." : "",
                colour(COLOUR_NONE));
}

static void print_counts(const struct import_command *c, const struct import_stats *s) {
        if (c->json) {
                printf("{\"lines\":%llu,\"calls\":%llu,\"failures\":%llu,\"unreturned\":%llu,\"exits\":%llu,"
                       "\"unparsed\":%llu,\"firstUnparsed\":%llu}\n",
                       (unsigned long long)s->lines, (unsigned long long)s->calls, (unsigned long long)s->failures,
                       (unsigned long long)s->unreturned, (unsigned long long)s->exits, (unsigned long long)s->unparsed,
                       (unsigned long long)s->first_unparsed);
                return;
        }
        printf("%llu lines: %llu calls, %llu of them failed, %llu exits", (unsigned long long)s->lines,
               (unsigned long long)s->calls, (unsigned long long)s->failures, (unsigned long long)s->exits);
        if (s->unreturned)
                printf("; %llu calls whose end the log does not tell", (unsigned long long)s->unreturned);
        if (s->unparsed)
                printf("; %llu lines speak of HCS but say no call (the first is line %llu)",
                       (unsigned long long)s->unparsed, (unsigned long long)s->first_unparsed);
        putchar('\n');
}

static int import_file(struct import_command *c, FILE *in) {
        struct import *i = import_new(&c->options);
        struct import_stats stats;
        struct hcs_error *err = NULL;
        char chunk[65536];
        size_t n;
        int status;

        while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
                import_feed(i, chunk, n);
        if (ferror(in))
                hcs_error_errno(&err, errno, "read `%s`", c->path);
        if (err || FAILED(import_finish(i, &stats, &err))) {
                status = tell_error("import", err);
        } else {
                print_counts(c, &stats);
                status = stats.calls ? EXIT_OK : EXIT_NOTHING;
        }
        import_free(i);
        return status;
}

static int import_path(struct import_command *c) {
        FILE *in = strcmp(c->path, "-") == 0 ? stdin : fopen(c->path, "re");
        struct hcs_error *err = NULL;
        int status;

        if (!in) {
                hcs_error_errno(&err, errno, "open `%s`", c->path);
                return tell_error("import", err);
        }
        status = import_file(c, in);
        if (in != stdin)
                fclose(in);
        return status;
}

int cmd_import(int argc, char **argv) {
        static const struct option options[] = {
                {"output", required_argument, NULL, 'o'}, {"no-redact", no_argument, NULL, 'n'},
                {"verbose", no_argument, NULL, 'v'},      {"json", no_argument, NULL, 'j'},
                {"help", no_argument, NULL, 'h'},         {0}};
        struct import_command command = {.options = {.tell = tell}};
        int c;

        while ((c = getopt_long(argc, argv, "o:vh", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        command.options.output = optarg;
                        break;
                case 'n':
                        command.options.keep_secrets = true;
                        break;
                case 'v':
                        command.all = true;
                        break;
                case 'j':
                        command.json = true;
                        break;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return EXIT_USAGE;
                }
        if (optind + 1 != argc)
                return tell_usage("import", "one LOG is needed");
        command.path = argv[optind];
        command.options.ctx = &command;
        return import_path(&command);
}
