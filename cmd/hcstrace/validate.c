/* SPDX-License-Identifier: MIT */

/* hcstrace validate: every problem of documents, with its path; for people or as JSON. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcstrace/cases.h"
#include "cmd/hcstrace/hcstrace.h"
#include "hcsshim/schema.h"
#include "platform/clock.h"
#include "platform/file.h"

#define MAX_DOCUMENT ((size_t)64 << 20)

struct validate {
        const struct hcs_schema_type *type;
        struct hcs_schema_profile profile;
        struct hcs_json *json; /* array of results, NULL for people */
        struct cases cases;
        struct hcs_buf told; /* of this file, for its case */
        struct hcs_buf first_error;
        bool guest;
};

static void usage(void) {
        puts("usage: hcstrace validate [OPTIONS] FILE...\n\n"
             "  --type T            what the documents are (ComputeSystem, v1.ContainerConfig ...); guessed without\n"
             "  --profile P         strict:BUILD refuses what that Windows build does not know (strict:17763,\n"
             "                      strict:26100); lenient (the default) only warns of what it does not know\n"
             "  --guest-answer      print the result document with which such a guest refuses\n"
             "  --list              the names of all types\n"
             "  --json              machine-readable\n"
             "  --tap               a case for each document as TAP, in place of text\n"
             "  --junit FILE        and as JUnit XML in FILE\n\n"
             "FILE may be -. Exit code 1 when a document has an error.");
}

static void add_json(struct validate *v, const char *file, const char *type, const char *path, const char *message,
                     bool error) {
        struct hcs_json *o = hcs_json_append(v->json, hcs_json_new_object());

        hcs_json_set_string(o, "file", file);
        hcs_json_set_string(o, "type", type);
        hcs_json_set_string(o, "path", path);
        hcs_json_set_string(o, "severity", error ? "error" : "warning");
        hcs_json_set_string(o, "message", message);
}

static void note_problem(struct validate *v, const char *path, const char *message, bool error) {
        if (error && !v->first_error.len)
                hcs_buf_printf(&v->first_error, "%s: %s", path, message);
        hcs_buf_printf(&v->told, "%s%s %s: %s", v->told.len ? "\n" : "", error ? "error" : "warning", path, message);
}

static void tell(struct validate *v, const char *file, const char *type, const char *path, const char *message,
                 bool error) {
        if (v->cases.report)
                note_problem(v, path, message, error);
        if (v->json)
                add_json(v, file, type, path, message, error);
        else if (!v->cases.tap)
                printf("%s: %s%s%s %s: %s\n", file, colour(error ? COLOUR_RED : COLOUR_YELLOW),
                       error ? "error" : "warning", colour(COLOUR_NONE), path, message);
}

static enum report_outcome check_document(struct validate *v, const char *file, const struct hcs_json *doc) {
        const struct hcs_schema_type *type = v->type ? v->type : hcs_schema_guess(doc);
        struct hcs_schema_report report;
        bool bad;

        if (!type) {
                tell(v, file, NULL, "$", "not a document of a known type (name one with --type)", true);
                return REPORT_FAILED;
        }
        hcs_schema_validate(type, doc, &v->profile, &report);
        for (size_t i = 0; i < report.n; i++)
                tell(v, file, type->name, report.problems[i].path, report.problems[i].message,
                     report.problems[i].is_error);
        bad = report.n_errors != 0;
        if (!v->json && !v->cases.tap && !bad)
                printf("%s: %s%s%s\n", file, colour(COLOUR_GREEN), type->name, colour(COLOUR_NONE));
        for (size_t i = 0; v->guest && !v->json && !v->cases.tap && i < report.n; i++)
                if (report.problems[i].is_error) {
                        _cleanup_free_ char *answer = hcs_schema_guest_refusal(&report.problems[i]);

                        printf("%s\n", answer);
                        break;
                }
        hcs_schema_report_deinit(&report);
        return bad ? REPORT_FAILED : REPORT_PASSED;
}

static enum report_outcome check_file(struct validate *v, const char *file) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_ALLOW_BOM};
        _cleanup_json_ struct hcs_json *doc = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;

        if (FAILED(hcs_file_read(file, MAX_DOCUMENT, &text, &err))) {
                tell(v, file, NULL, "$", hcs_error_message(err), true);
                hcs_error_free(err);
                return REPORT_ERROR;
        }
        if (FAILED(hcs_json_parse(hcs_buf_cstr(&text), text.len, &lax, &doc, &err))) {
                const char *path = hcs_error_path(err);
                _cleanup_free_ char *where = hcs_asprintf("$%s%s", path && *path != '[' ? "." : "", path ? path : "");

                tell(v, file, NULL, where, hcs_error_message(err), true);
                hcs_error_free(err);
                return REPORT_FAILED;
        }
        return check_document(v, file, doc);
}

/* A file as a case: what is said of it, the first error first. */
static bool check_as_case(struct validate *v, const char *file) {
        uint64_t begin = hcs_clock_ns();
        enum report_outcome came;

        hcs_buf_clear(&v->told);
        hcs_buf_clear(&v->first_error);
        came = check_file(v, file);
        cases_add(&v->cases,
                  &(struct report_case){.name = file,
                                        .outcome = came,
                                        .message = came == REPORT_PASSED ? NULL : hcs_buf_cstr(&v->first_error),
                                        .details = v->told.len ? hcs_buf_cstr(&v->told) : NULL,
                                        .time_ns = hcs_clock_ns() - begin});
        return came == REPORT_PASSED;
}

static int list_types(void) {
        for (int i = 0; i < HCS_SCHEMA_TYPE_COUNT; i++)
                puts(hcs_schema_types[i].name);
        return EXIT_OK;
}

int cmd_validate(int argc, char **argv) {
        static const struct option options[] = {{"type", required_argument, NULL, 't'},
                                                {"profile", required_argument, NULL, 'p'},
                                                {"guest-answer", no_argument, NULL, 'g'},
                                                {"list", no_argument, NULL, 'l'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                CASES_OPTIONS,
                                                {0}};
        struct validate v = {0};
        struct hcs_error *err = NULL;
        bool ok = true, json = false;
        int c;

        while ((c = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 't':
                        v.type = hcs_schema_type_find(optarg);
                        if (!v.type)
                                return tell_usage("validate", "no type \"%s\", --list names them", optarg);
                        break;
                case 'p':
                        if (FAILED(hcs_schema_profile_parse(optarg, &v.profile, &err))) {
                                tell_error("validate", err);
                                return EXIT_USAGE;
                        }
                        break;
                case 'g':
                        v.guest = true;
                        break;
                case 'j':
                        json = true;
                        break;
                case OPT_JUNIT:
                case OPT_TAP:
                        cases_option(&v.cases, c, optarg);
                        break;
                case 'l':
                        return list_types();
                default:
                        return end_of_options("validate", c, usage);
                }
        if (optind == argc)
                return tell_usage("validate", "a FILE is needed");
        if (json && v.cases.tap)
                return tell_usage("validate", "--json and --tap both want standard output");
        v.json = json ? hcs_json_new_array() : NULL;
        cases_begin(&v.cases, "hcstrace validate");
        for (int i = optind; i < argc; i++)
                ok &= check_as_case(&v, argv[i]);
        if (v.json) {
                _cleanup_free_ char *text = hcs_json_text(v.json, HCS_JSON_PRETTY);

                puts(text);
                hcs_json_free(v.json);
        }
        hcs_buf_deinit(&v.told);
        hcs_buf_deinit(&v.first_error);
        return cases_end(&v.cases, "validate", ok ? EXIT_OK : EXIT_PROBLEMS);
}
