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
#include "cmd/hcstrace/cases.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/parts.h"
#include "cmd/hcstrace/record_real.h"
#include "cmd/hcstrace/under_mock.h"
#include "mockhcs/trace/report.h"
#include "mockhcs/workbench/merge.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/injection.h"
#include "platform/place.h"

struct run {
        const char *name; /* of the subcommand */
        const char *trace;
        char *parts; /* the folder for those of a recording; NULL: all is written where the trace is */
        bool json, keep_secrets, no_streams, unasked, update;
        struct cases cases;
        const char *order, *speed, *emulate;
};

static void usage(const char *name) {
        if (hcs_streq(name, "record"))
                puts("usage: hcstrace record [-o TRACE] [OPTIONS] [--] PROGRAM [ARGUMENT...]\n\n"
                     "  -o TRACE         where the trace goes (default hcs.trace)\n"
                     "  --update         into TRACE: what it has already is there once, as it is now\n"
                     "  --no-redact      keep environment values, credentials and tokens\n"
                     "  --emulate OPTS   options of the emulator, as in script=FILE,host=20348\n"
                     "  --no-streams     on Windows: leave the streams of processes alone, and out of the trace\n\n"
                     "On Linux the program runs against the emulator. On Windows it runs as it is, against the DLLs "
                     "that it "
                     "loads,\nand its children are recorded with it; --emulate there is for programs that load ours.\n"
                     "The exit code is the program's.");
        else
                printf("usage: hcstrace %s [OPTIONS] TRACE [--] PROGRAM [ARGUMENT...]\n\n"
                       "  --order O        handle (default), global or any\n"
                       "  --speed F        0 at once (default), 1 as recorded\n"
                       "  --json           the report as JSON on standard output\n" CASES_USAGE "\n"
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
        put_composed(&b, r->parts ? r->parts : r->trace);
        if (r->parts)
                hcs_buf_puts(&b, ",parts=yes");
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
        if (r->cases.tap)
                return; /* its cases say the same */
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

/* What the DLLs of the system answer. */
static int record_theirs(const struct run *r, char **program) {
        struct hcs_error *err = NULL;
        bool called = false;
        int code = 0;

        if (FAILED(record_real(&(struct real_recording){.program = program,
                                                        .trace = r->trace,
                                                        .keep_secrets = r->keep_secrets,
                                                        .no_streams = r->no_streams},
                               &code, &called, &err)))
                return tell_error(r->name, err);
        if (!called)
                tell_no_call(r, NULL);
        return code;
}

/* What a problem of that kind is against, as the name of a case. */
static const struct check {
        const char *kind, *name;
} checks[] = {
        {"mismatch", "every call is recorded"},
        {"unasked", "everything recorded is asked for"},
        {"stale", "every handle is one"},
        {NULL, "nothing is left behind"}, /* all others */
};

static bool is_of(const struct hcs_json *problem, const struct check *check) {
        const char *kind = hcs_json_get_string(problem, "kind");

        for (size_t i = 0; !check->kind && checks[i].kind; i++)
                if (hcs_streq(kind, checks[i].kind))
                        return false;
        return !check->kind || hcs_streq(kind, check->kind);
}

/* The case of one kind of problem, with the texts of those there are. What nobody looked for has none. */
static void add_check(const struct run *r, const struct hcs_json *problems, const struct check *check) {
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_free_ char *first = NULL;

        for (const struct hcs_json *p = hcs_json_first(problems); p; p = hcs_json_next(p))
                if (is_of(p, check))
                        hcs_buf_puts(&text, hcs_json_get_string(p, "text"));
        if (!text.len && (!check->kind || (hcs_streq(check->kind, "unasked") && !r->unasked)))
                return;
        while (text.len && text.data[text.len - 1] == '\n')
                text.data[--text.len] = '\0';
        first = hcs_strndup(hcs_buf_cstr(&text), strcspn(hcs_buf_cstr(&text), "\n"));
        cases_add(&r->cases, &(struct report_case){.group = r->trace,
                                                   .name = check->name,
                                                   .outcome = text.len ? REPORT_FAILED : REPORT_PASSED,
                                                   .message = text.len ? first : NULL,
                                                   .details = text.len > strlen(first) ? text.data : NULL});
}

static void add_cases(const struct run *r, const struct mock_outcome *o, uint64_t ns) {
        _cleanup_free_ char *ending = o->code > 128 ? hcs_asprintf("signal %d ended it", o->code - 128)
                                                    : hcs_asprintf("exit code %d", o->code);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(checks); i++)
                add_check(r, o->problems, &checks[i]);
        cases_add(&r->cases, &(struct report_case){.group = r->trace,
                                                   .name = "the program ends well",
                                                   .outcome = o->code ? REPORT_FAILED : REPORT_PASSED,
                                                   .message = o->code ? ending : NULL,
                                                   .time_ns = ns});
}

/* With the mock behind the DLLs. */
static HRESULT run_over(const struct run *r, char **program, struct mock_outcome *ret, struct hcs_error **err) {
        _cleanup_free_ char *spec = composition(r);

        return run_under_mock(&(struct mock_run){.program = program,
                                                 .composition = spec,
                                                 .unasked = r->unasked,
                                                 .output = r->json || r->cases.tap ? HCS_CHILD_ERRS : HCS_CHILD_SHARES},
                              ret, err);
}

/* What is not a file (a pipe, standard output) is written by one process, as it goes. */
static bool takes_parts(const char *trace) {
        enum hcs_place place = hcs_place_at(trace);

        return !hcs_streq(trace, "-") && (place == HCS_PLACE_NOTHING || place == HCS_PLACE_FILE);
}

static int record_ours(struct run *r, char **program) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        bool called = false, in_parts = takes_parts(r->trace);
        struct hcs_error *err = NULL;
        HRESULT hr = in_parts ? parts_begin(r->trace, &r->parts, &err) : S_OK;

        if (SUCCEEDED(hr))
                hr = run_over(r, program, &o, &err);
        if (r->parts && FAILED(hr))
                parts_abandon(r->parts);
        else if (r->parts)
                hr = parts_collect(r->parts, r->trace, &called, &err);
        r->parts = hcs_free(r->parts);
        if (FAILED(hr))
                return tell_error(r->name, err);
        if (in_parts ? !called : !o.called)
                tell_no_call(r, &o);
        if (hcs_json_first(o.problems))
                print_report(r, o.problems, o.code);
        return o.code;
}

static int run_program(struct run *r, char **program) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        struct hcs_error *err = NULL;
        uint64_t begin = hcs_clock_ns();
        int code;

        if (hcs_streq(r->name, "record"))
                return !r->emulate && hcs_injection_possible() ? record_theirs(r, program) : record_ours(r, program);
        if (FAILED(run_over(r, program, &o, &err)))
                return tell_error(r->name, err);
        if (!o.called)
                tell_no_call(r, &o);
        print_report(r, o.problems, o.code);
        code = hcs_json_first(o.problems) ? EXIT_PROBLEMS : o.code;
        cases_begin(&r->cases, "hcstrace");
        add_cases(r, &o, hcs_clock_ns() - begin);
        return cases_end(&r->cases, r->name, code);
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

                if (FAILED(hr)) {
                        hcs_error_wrap(&err, "what was recorded is in `%s`", beside);
                        return tell_error(r->name, err);
                }
                remove(beside);
        }
        return code;
}

int cmd_record(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"no-redact", no_argument, NULL, 'n'},
                                                {"update", no_argument, NULL, 'u'},
                                                {"emulate", required_argument, NULL, 'e'},
                                                {"no-streams", no_argument, NULL, 's'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct run r = {.name = argv[0], .trace = "hcs.trace"};
        int c;

        while ((c = next_option(argc, argv, "+o:h", options, NULL)) != -1)
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
                case 's':
                        r.no_streams = true;
                        break;
                case 'h':
                        usage(r.name);
                        return EXIT_OK;
                default:
                        return tell_usage(r.name, NULL);
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
                                                CASES_OPTIONS,
                                                {0}};
        struct run r = {.name = argv[0], .unasked = strcmp(argv[0], "verify") == 0};
        int c;

        while ((c = next_option(argc, argv, "+h", options, NULL)) != -1)
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
                case OPT_JUNIT:
                case OPT_TAP:
                        cases_option(&r.cases, c, optarg);
                        break;
                case 'h':
                        usage(r.name);
                        return EXIT_OK;
                default:
                        return tell_usage(r.name, NULL);
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
        if (r.json && r.cases.tap)
                return tell_usage(r.name, "--json and --tap both want standard output");
        return run_program(&r, argv + optind);
}
