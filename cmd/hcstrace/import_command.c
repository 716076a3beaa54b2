/* SPDX-License-Identifier: MIT */

/* hcstrace import: logs in, a trace and a report of what was understood out. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/import/import.h"
#include "cmd/hcstrace/import_report.h"
#include "platform/clock.h"
#include "platform/place.h"

#define MAX_LOGS 64

struct log_file {
        FILE *file;
        const char *path;
        int error; /* errno of a read that failed */
};

/* --offset [LOG=]VALUE and its like: read when all names of logs are known. */
struct setting {
        char option;
        const char *text;
};

struct import_command {
        struct import_options options;
        struct import_report report;
        struct import_log logs[MAX_LOGS];
        struct log_file files[MAX_LOGS];
        size_t n_logs;
        struct setting settings[3 * MAX_LOGS];
        size_t n_settings;
};

static void usage(void) {
        puts("usage: hcstrace import [OPTIONS] LOG...\n\n"
             "  -o TRACE              where the trace goes; without it only the report is printed\n"
             "  --no-redact           keep environment values, credentials and tokens\n"
             "  -v, --verbose         show every line that speaks of HCS and made no call, and why\n"
             "  --json                the report as JSON\n"
             "  --zone [LOG=]+HH:MM   the zone of times that name none (UTC)\n"
             "  --day [LOG=]DATE      the day of times that have none, YYYY-MM-DD\n"
             "  --offset [LOG=]TIME   added to all times of a log whose clock was wrong: -1.5s, +20ms, 2h\n\n"
             "LOG may be -; UTF-8, or UTF-16 as PowerShell writes it. Several logs become one trace, in the order of\n"
             "their times; one that tells no times comes last. [LOG=] is a path as given, or the name of the file;\n"
             "without it the value is for all logs. Exit code 3 when no call was found; then no trace is made.");
}

static void tell(void *ctx, const struct import_note *note) {
        import_report_note(&((struct import_command *)ctx)->report, note);
}

static size_t read_file(void *ctx, char *buffer, size_t n) {
        struct log_file *f = ctx;
        size_t got = fread(buffer, 1, n, f->file);

        if (!got && ferror(f->file))
                f->error = errno ? errno : EIO;
        return got;
}

/* "-1.5s", "+20ms", "2h", "90": in nanoseconds. */
static bool parse_duration(const char *text, int64_t *ret) {
        static const struct {
                const char *unit;
                double ns;
        } units[] = {{"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
        char *end;
        double v = strtod(text, &end);

        if (end == text || v > 1e9 || v < -1e9)
                return false;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(units); i++)
                if (strcmp(end, units[i].unit) == 0) {
                        *ret = (int64_t)(v * units[i].ns);
                        return v * units[i].ns < 9e18 && v * units[i].ns > -9e18;
                }
        return false;
}

static bool parse_day(const char *text, uint64_t *ret) {
        _cleanup_free_ char *midnight = hcs_asprintf("%sT00:00:00Z", text);
        bool zoned;
        const char *end = hcs_wall_clock_parse(midnight, ret, &zoned);

        return end && !*end;
}

static bool apply(struct import_log *log, char option, const char *value) {
        const char *end;

        switch (option) {
        case 'z':
                end = hcs_clock_zone_parse(value, &log->zone_seconds);
                return end && !*end;
        case 'd':
                return parse_day(value, &log->day_ns);
        default:
                return parse_duration(value, &log->offset_ns);
        }
}

/* What holds for all logs first, so that what is said of one counts. */
static int apply_settings(struct import_command *c) {
        for (unsigned of_one = 0; of_one < 2; of_one++)
                for (size_t i = 0; i < c->n_settings; i++) {
                        const struct setting *s = &c->settings[i];
                        const char *equals = strrchr(s->text, '='), *value = equals ? equals + 1 : s->text;
                        size_t n = equals ? (size_t)(equals - s->text) : 0;
                        bool used = false;

                        if ((equals != NULL) != of_one)
                                continue;
                        for (size_t l = 0; l < c->n_logs; l++) {
                                const char *path = c->files[l].path, *name = hcs_path_name(path);

                                if (equals && (strlen(path) != n || strncmp(path, s->text, n) != 0) &&
                                    (strlen(name) != n || strncmp(name, s->text, n) != 0))
                                        continue;
                                used = true;
                                if (!apply(&c->logs[l], s->option, value))
                                        return tell_usage("import", "not understood: %s", s->text);
                        }
                        if (!used)
                                return tell_usage("import", "no LOG has that name: %s", s->text);
                }
        return EXIT_OK;
}

static int open_logs(struct import_command *c) {
        struct hcs_error *err = NULL;

        for (size_t i = 0; i < c->n_logs; i++) {
                struct log_file *f = &c->files[i];

                f->file = strcmp(f->path, "-") == 0 ? stdin : fopen(f->path, "rbe");
                if (!f->file) {
                        hcs_error_errno(&err, errno, "open `%s`", f->path);
                        return tell_error("import", err);
                }
        }
        return EXIT_OK;
}

static int run(struct import_command *c) {
        struct import *i = import_new(&c->options, c->logs, c->n_logs);
        const struct import_stats *stats = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = import_run(i, &stats, &err);
        int status = EXIT_OK;

        for (size_t k = 0; SUCCEEDED(hr) && k < c->n_logs; k++)
                if (c->files[k].error)
                        hr = hcs_error_errno(&err, c->files[k].error, "read `%s`", c->files[k].path);
        if (FAILED(hr)) {
                status = tell_error("import", err);
        } else {
                import_report_print(&c->report, stats);
                status = stats->calls || stats->frames ? EXIT_OK : EXIT_NOTHING;
        }
        import_free(i);
        return status;
}

static int import_logs(struct import_command *c) {
        int status = apply_settings(c);

        if (status == EXIT_OK)
                status = open_logs(c);
        if (status == EXIT_OK)
                status = run(c);
        for (size_t i = 0; i < c->n_logs; i++)
                if (c->files[i].file && c->files[i].file != stdin)
                        fclose(c->files[i].file);
        import_report_deinit(&c->report);
        return status;
}

int cmd_import(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"no-redact", no_argument, NULL, 'n'},
                                                {"verbose", no_argument, NULL, 'v'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"zone", required_argument, NULL, 'z'},
                                                {"day", required_argument, NULL, 'd'},
                                                {"offset", required_argument, NULL, 'f'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct import_command command = {.options = {.tell = tell, .threads = true}};
        int c;

        while ((c = next_option(argc, argv, "o:vh", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        command.options.output = optarg;
                        break;
                case 'n':
                        command.options.keep_secrets = true;
                        break;
                case 'v':
                        command.report.all = true;
                        break;
                case 'j':
                        command.report.json = true;
                        break;
                case 'z':
                case 'd':
                case 'f':
                        if (command.n_settings == HCS_ARRAY_SIZE(command.settings))
                                return tell_usage("import", "too many options");
                        command.settings[command.n_settings++] = (struct setting){(char)c, optarg};
                        break;
                default:
                        return end_of_options("import", c, usage);
                }
        if (optind == argc)
                return tell_usage("import", "a LOG is needed");
        if (argc - optind > MAX_LOGS)
                return tell_usage("import", "at most 64 LOGs");
        for (; optind < argc; optind++) {
                struct log_file *f = &command.files[command.n_logs];

                f->path = argv[optind];
                command.logs[command.n_logs++] = (struct import_log){
                        .name = strcmp(f->path, "-") == 0 ? "-" : hcs_path_name(f->path), .read = read_file, .ctx = f};
        }
        command.options.ctx = &command;
        return import_logs(&command);
}
