/* SPDX-License-Identifier: MIT */

/*
 * hcstrace record, replay and verify: run a program with the mock behind its DLLs, and tell what the mock found.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/under_mock.h"
#include "mockhcs/trace/report.h"
#include "mockhcs/workbench/merge.h"
#include "platform/file.h"

struct run {
        const char *name; /* of the subcommand */
        const char *trace;
        bool json, keep_secrets, unasked, update;
        const char *order, *speed, *emulate;
};

static void usage(const char *name) {
        if (hcs_streq(name, "record"))
                puts("usage: hcstrace record [-o TRACE] [OPTIONS] [--] PROGRAM [ARGUMENT...]\n\n"
                     "  -o TRACE         where the trace goes (default hcs.trace)\n"
                     "  --update         into TRACE: what it has already is there once, as it is now\n"
                     "  --no-redact      keep environment values, credentials and tokens\n"
                     "  --emulate OPTS   options of the emulator, as in script=FILE,host=20348\n\n"
                     "The exit code is the program's.");
        else
                printf("usage: hcstrace %s [OPTIONS] TRACE [--] PROGRAM [ARGUMENT...]\n\n"
                       "  --order O        handle (default), global or any\n"
                       "  --speed F        0 at once (default), 1 as recorded\n"
                       "  --json           the report as JSON on standard output\n\n"
                       "Exit code 1 when a call does not match%s; else the program's.\n",
                       name, hcs_streq(name, "verify") ? ", or a recorded call was never asked for" : "");
}

void put_composed(struct hcs_buf *b, const char *text) {
        for (; *text; text++) {
                if (*text == ',' || *text == '\\')
                        hcs_buf_putc(b, '\\');
                hcs_buf_putc(b, *text);
        }
}

static char *composition(const struct run *r) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_printf(&b, "%s=", hcs_streq(r->name, "record") ? "record" : "replay");
        put_composed(&b, r->trace);
        if (r->keep_secrets)
                hcs_buf_puts(&b, ",redact=no");
        if (r->order)
                hcs_buf_printf(&b, ",order=%s", r->order);
        if (r->speed)
                hcs_buf_printf(&b, ",speed=%s", r->speed);
        if (hcs_streq(r->name, "record"))
                hcs_buf_printf(&b, ",emulate%s%s", r->emulate ? "," : "", r->emulate ? r->emulate : "");
        return hcs_buf_steal(&b);
}

static void print_report(const struct run *r, struct hcs_json *problems, int code) {
        _cleanup_json_ struct hcs_json *o = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_free_ char *json = NULL;

        mock_report_text(problems, &text);
        if (!r->json) {
                fflush(stdout);
                if (text.len)
                        fprintf(stderr, "hcstrace %s: the run does not match the trace:\n%s", r->name, text.data);
                return;
        }
        o = hcs_json_new_object();
        hcs_json_set_string(o, "trace", r->trace);
        hcs_json_set_i64(o, "exit", code);
        hcs_json_set_bool(o, "matches", text.len == 0);
        hcs_json_set(o, "problems", hcs_json_copy(problems));
        json = hcs_json_text(o, HCS_JSON_PRETTY);
        puts(json);
}

static const char no_call[] = "the program made no call at all: is it linked with vmcompute or computecore, or does it "
                              "load them?\n";

/* A program that never came near our libraries has asked for nothing. */
static void tell_no_call(const struct run *r, struct mock_outcome *o) {
        if (r->unasked)
                hcs_json_append(o->problems, mock_problem_new("unasked", "%s", no_call));
        else if (hcs_streq(r->name, "record"))
                fprintf(stderr, "hcstrace record: there is no trace, %s", no_call);
}

static int run_program(const struct run *r, char **program) {
        _cleanup_free_ char *spec = composition(r);
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        struct hcs_error *err = NULL;
        bool records = hcs_streq(r->name, "record");

        if (FAILED(run_under_mock(&(struct mock_run){.program = program, .composition = spec, .unasked = r->unasked},
                                  &o, &err)))
                return tell_error(r->name, err);
        if (!o.called)
                tell_no_call(r, &o);
        if (!records || hcs_json_first(o.problems))
                print_report(r, o.problems, o.code);
        return hcs_json_first(o.problems) && !records ? EXIT_PROBLEMS : o.code;
}

/* Recorded beside the trace, then both are one. */
static int record_into(struct run *r, char **program) {
        const char *trace = r->trace;
        _cleanup_free_ char *beside = hcs_asprintf("%s.new", trace);
        struct hcs_error *err = NULL;
        uint64_t kept = 0;
        int code;

        if (remove(beside) < 0 && errno != ENOENT) { /* of a run before: not what this one records */
                hcs_error_errno(&err, errno, "remove `%s`", beside);
                return tell_error(r->name, err);
        }
        r->trace = beside;
        code = run_program(r, program);
        if (hcs_file_exists(beside)) {
                HRESULT hr = trace_update(trace, beside, trace, &kept, &err);

                if (FAILED(hr))
                        return tell_error(r->name, err); /* the new one stays where it is */
                remove(beside);
        }
        return code;
}

int cmd_record(int argc, char **argv) {
        static const struct option options[] = {
                {"output", required_argument, NULL, 'o'}, {"no-redact", no_argument, NULL, 'n'},
                {"update", no_argument, NULL, 'u'},       {"emulate", required_argument, NULL, 'e'},
                {"help", no_argument, NULL, 'h'},         {0}};
        struct run r = {.name = argv[0], .trace = "hcs.trace"};
        int c;

        while ((c = getopt_long(argc, argv, "+o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        r.trace = optarg;
                        break;
                case 'n':
                        r.keep_secrets = true;
                        break;
                case 'u':
                        r.update = true;
                        break;
                case 'e':
                        r.emulate = optarg;
                        break;
                case 'h':
                        usage(r.name);
                        return EXIT_OK;
                default:
                        return EXIT_USAGE;
                }
        if (optind == argc)
                return tell_usage(r.name, "a PROGRAM to run is needed");
        return r.update && hcs_file_exists(r.trace) ? record_into(&r, argv + optind) : run_program(&r, argv + optind);
}

static bool is_order(const char *text) {
        return !text || hcs_streq(text, "handle") || hcs_streq(text, "global") || hcs_streq(text, "any");
}

static bool is_speed(const char *text) {
        char *end = NULL;
        double speed = text ? strtod(text, &end) : 0;

        return !text || (*text && !*end && speed >= 0 && speed <= 1000);
}

int cmd_replay(int argc, char **argv) {
        static const struct option options[] = {{"order", required_argument, NULL, 'o'},
                                                {"speed", required_argument, NULL, 's'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct run r = {.name = argv[0], .unasked = strcmp(argv[0], "verify") == 0};
        int c;

        while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        r.order = optarg;
                        break;
                case 's':
                        r.speed = optarg;
                        break;
                case 'j':
                        r.json = true;
                        break;
                case 'h':
                        usage(r.name);
                        return EXIT_OK;
                default:
                        return EXIT_USAGE;
                }
        if (optind == argc)
                return tell_usage(r.name, "a TRACE is needed");
        if (!is_order(r.order))
                return tell_usage(r.name, "--order %s: handle, global or any is expected", r.order);
        if (!is_speed(r.speed))
                return tell_usage(r.name, "--speed %s: 0 (at once), 1 (as recorded) or another factor is expected",
                                  r.speed);
        r.trace = argv[optind++];
        if (optind < argc && strcmp(argv[optind], "--") == 0)
                optind++;
        if (optind == argc)
                return tell_usage(r.name, "a PROGRAM to run is needed");
        if (!hcs_file_exists(r.trace))
                return tell_usage(r.name, "there is no trace %s", r.trace);
        return run_program(&r, argv + optind);
}
