/* SPDX-License-Identifier: MIT */

/* hcsconform: does a platform answer as the emulator does, and the other way round? One suite, two targets. */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/commands/commands.h"
#include "cmd/hcsconform/conform.h"
#include "platform/file.h"

#define PATIENCE_MS        60000u /* for what a host does in seconds */
#define LONGEST_PATIENCE_S 86400u

static const char *const known_groups[] = {"hcs", "process", "network", "storage"};

static void usage(void) {
        puts("usage: hcsconform [OPTIONS]\n\n"
             "Runs the cases against the emulator or a platform, with TAP on standard output.\n\n"
             "  --target real|emulate  the DLLs of the system, or the emulator (default)\n"
             "  --group GROUP          hcs, process, network or storage; may be given again\n"
             "  --case NAME            this one alone\n"
             "  --image LAYERS         folders of a Windows image's layers, topmost first, parted by commas\n"
             "  --patience SECONDS     how long a host may take for one thing, 60 if left out\n"
             "  --library-path FOLDER  where the DLLs are\n"
             "  --record DIR           leaves a trace for each case\n"
             "  --recorder PROGRAM     what records a platform, hcstrace if left out\n"
             "  --replay               runs each case once more, against its recording\n"
             "  --through-service      with a service between each case and its emulator\n"
             "  --strict               where hosts are known to differ is a failure too\n"
             "  --junit FILE           what came of it, as JUnit XML\n"
             "  --results FILE         the same as JSON, for --compare\n"
             "  --compare FILE         results of another target, for the table\n"
             "  --parity FILE          a table in Markdown: case, real, emulator, source\n"
             "  --list                 the cases, what each needs and how its expectation is known\n"
             "  --help, --version");
}

enum option_id {
        OPT_TARGET = 256,
        OPT_GROUP,
        OPT_CASE,
        OPT_IMAGE,
        OPT_PATIENCE,
        OPT_LIBRARY,
        OPT_RECORD,
        OPT_RECORDER,
        OPT_REPLAY,
        OPT_SERVICE,
        OPT_STRICT,
        OPT_JUNIT,
        OPT_RESULTS,
        OPT_COMPARE,
        OPT_PARITY,
        OPT_LIST,
        OPT_VERSION
};

static const struct option long_options[] = {{"target", required_argument, NULL, OPT_TARGET},
                                             {"group", required_argument, NULL, OPT_GROUP},
                                             {"case", required_argument, NULL, OPT_CASE},
                                             {"image", required_argument, NULL, OPT_IMAGE},
                                             {"patience", required_argument, NULL, OPT_PATIENCE},
                                             {"library-path", required_argument, NULL, OPT_LIBRARY},
                                             {"record", required_argument, NULL, OPT_RECORD},
                                             {"recorder", required_argument, NULL, OPT_RECORDER},
                                             {"replay", no_argument, NULL, OPT_REPLAY},
                                             {"through-service", no_argument, NULL, OPT_SERVICE},
                                             {"strict", no_argument, NULL, OPT_STRICT},
                                             {"junit", required_argument, NULL, OPT_JUNIT},
                                             {"results", required_argument, NULL, OPT_RESULTS},
                                             {"compare", required_argument, NULL, OPT_COMPARE},
                                             {"parity", required_argument, NULL, OPT_PARITY},
                                             {"list", no_argument, NULL, OPT_LIST},
                                             {"version", no_argument, NULL, OPT_VERSION},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};

static int __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...) {
        va_list ap;

        fputs("hcsconform: ", stderr);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputs("\nhcsconform --help says how it is used\n", stderr);
        return EXIT_USAGE;
}

static bool add_group(struct conform_options *o, const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(known_groups); i++)
                if (hcs_streq(known_groups[i], name) && o->n_groups < MAX_GROUPS) {
                        o->groups[o->n_groups++] = known_groups[i];
                        return true;
                }
        return false;
}

static bool set_patience(struct conform_options *o, const char *text) {
        uint64_t seconds;

        if (!hcs_str_to_u64(text, &seconds) || seconds < 1 || seconds > LONGEST_PATIENCE_S)
                return false;
        o->patience_ms = (uint32_t)seconds * 1000;
        return true;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct conform_options *o, bool *ret_list) {
        int c;

        while ((c = next_option_of("hcsconform", argc, argv, "h", long_options, NULL)) != -1)
                switch (c) {
                case OPT_TARGET:
                        if (!hcs_streq(optarg, "real") && !hcs_streq(optarg, "emulate"))
                                return wrong("there is no target \"%s\"", optarg);
                        o->real = hcs_streq(optarg, "real");
                        break;
                case OPT_GROUP:
                        if (!add_group(o, optarg))
                                return wrong("there is no group \"%s\", or too many are given", optarg);
                        break;
                case OPT_CASE:
                        o->only = optarg;
                        break;
                case OPT_IMAGE:
                        o->image = optarg;
                        break;
                case OPT_PATIENCE:
                        if (!set_patience(o, optarg))
                                return wrong("\"%s\" is no number of seconds from 1 to 86400", optarg);
                        break;
                case OPT_LIBRARY:
                        o->library_path = optarg;
                        break;
                case OPT_RECORD:
                        o->record = optarg;
                        break;
                case OPT_RECORDER:
                        o->recorder = optarg;
                        break;
                case OPT_REPLAY:
                        o->replay = true;
                        break;
                case OPT_SERVICE:
                        o->service = true;
                        break;
                case OPT_STRICT:
                        o->strict = true;
                        break;
                case OPT_JUNIT:
                        o->junit = optarg;
                        break;
                case OPT_RESULTS:
                        o->results = optarg;
                        break;
                case OPT_COMPARE:
                        o->compare = optarg;
                        break;
                case OPT_PARITY:
                        o->parity = optarg;
                        break;
                case OPT_LIST:
                        *ret_list = true;
                        break;
                case OPT_VERSION:
                        puts("hcsconform " HCS_VERSION);
                        return EXIT_OK;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return wrong("wrong usage");
                }
        if (optind != argc)
                return wrong("\"%s\" is too much", argv[optind]);
        if (o->replay && (!o->record || o->real))
                return wrong("--replay is for the emulator and needs --record");
        if (o->service && o->real)
                return wrong("--through-service is for the emulator");
        if (o->compare && !o->parity)
                return wrong("--compare is for --parity");
        return -1;
}

static void list_case(const struct conform_case *c, void *ctx) {
        static const char *const needs[] = {"hyper-v", "image", "admin", "emulator", "programs"};

        if (!conform_chosen(ctx, c))
                return;
        printf("%s: %s", c->group, c->name);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(needs); i++)
                if (c->needs & (1u << i))
                        printf(" [%s]", needs[i]);
        printf(" %s%s%s", how_name(c->how), c->source && *c->source ? ": " : "", c->source ? c->source : "");
        if (c->differs)
                printf(" (hosts differ: %s)", c->differs);
        putchar('\n');
}

static HRESULT write_text(const char *path, const char *text, struct hcs_error **err) {
        return path ? hcs_file_write(path, text, strlen(text), err) : S_OK;
}

static HRESULT write_results(const struct conform_options *o, const struct report *report, struct hcs_json *cases,
                             struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = results_document(o, cases), *other = NULL;
        _cleanup_free_ char *text = NULL, *table = NULL;
        HRESULT hr;

        /* What the run gave comes first: the file to compare with may not be readable. */
        text = hcs_json_text(doc, HCS_JSON_COMPACT);
        hr = write_text(o->results, text, err);
        if (SUCCEEDED(hr) && o->junit)
                hr = report_junit_write(report, o->junit, err);
        if (SUCCEEDED(hr) && o->compare)
                hr = results_read(o->compare, &other, err);
        if (SUCCEEDED(hr) && o->parity) {
                table = parity_table(doc, other);
                hr = write_text(o->parity, table, err);
        }
        return hr;
}

static int fail(struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fprintf(stderr, "hcsconform: %s\n", text);
        hcs_error_free(err);
        target_close();
        return EXIT_USAGE;
}

int main(int argc, char **argv) {
        struct conform_options o = {.recorder = "hcstrace", .patience_ms = PATIENCE_MS};
        _cleanup_(report_freep) struct report *report = NULL;
        struct hcs_json *cases;
        struct hcs_error *err = NULL;
        bool list = false;
        int code = parse(argc, argv, &o, &list);
        unsigned bad;

        if (code >= 0)
                return code;
        if (list) {
                conform_each(list_case, &o);
                return EXIT_OK;
        }
        if (o.record && FAILED(hcs_directory_create(o.record, &err)))
                return fail(err);
        if (FAILED(target_open(&o, &err)))
                return fail(err);
        report = report_new("hcsconform", stdout);
        cases = hcs_json_new_array();
        conform_run(&o, report, cases);
        report_end(report);
        bad = report_problems(report);
        if (hcs_json_count(cases) == 0) {
                fprintf(stderr, "hcsconform: there is no case \"%s\"\n", o.only ? o.only : "");
                bad = 1;
        }
        if (FAILED(write_results(&o, report, cases, &err)))
                return fail(err);
        conform_notes_clear();
        target_close();
        return bad ? EXIT_PROBLEMS : EXIT_OK;
}
