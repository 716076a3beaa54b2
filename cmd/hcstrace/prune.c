/* SPDX-License-Identifier: MIT */

/* hcstrace prune: a trace without what no run of a program asked for. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/under_mock.h"
#include "mockhcs/workbench/selection.h"
#include "platform/file.h"

#define MAX_REPORT ((size_t)256 << 20)

struct prune {
        const char *path, *output;
        struct catalog *catalog;
        uint32_t *unasked; /* by item: in how many runs nobody asked for it */
        uint32_t runs;
};

static void usage(void) {
        puts("usage: hcstrace prune [OPTIONS] -o OUT TRACE [--] [PROGRAM [ARGUMENT...]]\n\n"
             "  -o OUT         where the trace goes; may be TRACE itself\n"
             "  --report FILE  what hcstrace verify --json said of a run with this trace; may be given again\n\n"
             "Runs the program against the trace as hcstrace verify does, and leaves out what neither that run nor "
             "those\n"
             "of the reports asked for: a call with its answer, an object that was never made with all that was done "
             "with it.");
}

static HRESULT take_line(struct prune *p, const struct hcs_json *number, const char *whose, struct hcs_error **err) {
        uint64_t line = 0;

        if (!hcs_json_u64(number, &line))
                return S_OK;
        if (line < 2 || line - 2 >= p->catalog->n)
                return hcs_error_make(err, E_INVALIDARG, "%s: line %llu is none of the trace", whose,
                                      (unsigned long long)line);
        p->unasked[line - 2]++;
        return S_OK;
}

/* Counts what a report says was never asked for: calls one by one, messages of a bridge together. */
static HRESULT take_problems(struct prune *p, const struct hcs_json *problems, const char *whose,
                             struct hcs_error **err) {
        for (const struct hcs_json *o = hcs_json_first(problems); o; o = hcs_json_next(o)) {
                const char *kind = hcs_json_get_string(o, "kind");
                HRESULT hr;

                if (hcs_streq(kind, "mismatch"))
                        return hcs_error_make(
                                err, E_INVALIDARG,
                                "%s: the run does not match the trace; what it would have asked for is not "
                                "known",
                                whose);
                if (!hcs_streq(kind, "unasked"))
                        continue;
                hr = take_line(p, hcs_json_get(o, "line"), whose, err);
                for (const struct hcs_json *l = hcs_json_first(hcs_json_get(o, "lines")); l && SUCCEEDED(hr);
                     l = hcs_json_next(l))
                        hr = take_line(p, l, whose, err);
                if (FAILED(hr))
                        return hr;
        }
        p->runs++;
        return S_OK;
}

static HRESULT take_report(struct prune *p, const char *file, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *report = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(file, MAX_REPORT, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &report, err);
        if (SUCCEEDED(hr) && !hcs_json_is(hcs_json_get(report, "problems"), HCS_JSON_ARRAY))
                hr = hcs_error_make(err, E_INVALIDARG, "%s: not what hcstrace verify --json says", file);
        return SUCCEEDED(hr) ? take_problems(p, hcs_json_get(report, "problems"), file, err) : hr;
}

static HRESULT take_run(struct prune *p, char **program, struct hcs_error **err) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        _cleanup_buf_ struct hcs_buf spec = {0};
        HRESULT hr;

        hcs_buf_puts(&spec, "replay=");
        put_composed(&spec, p->path);
        hr = run_under_mock(&(struct mock_run){.program = program, .composition = hcs_buf_cstr(&spec), .unasked = true},
                            &o, err);
        if (SUCCEEDED(hr) && !o.called)
                hr = hcs_error_make(err, E_INVALIDARG, "the program made no call at all");
        return SUCCEEDED(hr) ? take_problems(p, o.problems, program[0], err) : hr;
}

static HRESULT write_rest(struct prune *p, uint64_t *ret_left, struct hcs_error **err) {
        struct catalog *c = p->catalog;
        struct selection s;
        HRESULT hr;

        selection_init(&s, c, true);
        selection_begin_drop(&s);
        for (uint32_t i = 0; i < c->n; i++)
                if (p->unasked[i] == p->runs && p->runs)
                        selection_drop(&s, i);
        hr = selection_settle(&s, err);
        if (SUCCEEDED(hr))
                hr = selection_write(&s, p->output, NULL, err);
        *ret_left = selection_count(&s);
        selection_deinit(&s);
        return hr;
}

int cmd_prune(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"report", required_argument, NULL, 'r'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        _cleanup_(catalog_freep) struct catalog *catalog = NULL;
        _cleanup_free_ uint32_t *unasked = NULL;
        const char *reports[64];
        struct prune p = {0};
        struct hcs_error *err = NULL;
        size_t n_reports = 0;
        uint64_t left = 0;
        HRESULT hr;
        int c;

        while ((c = next_option(argc, argv, "+o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        p.output = optarg;
                        break;
                case 'r':
                        if (n_reports == HCS_ARRAY_SIZE(reports))
                                return tell_usage("prune", "more than %zu reports", HCS_ARRAY_SIZE(reports));
                        reports[n_reports++] = optarg;
                        break;
                default:
                        return end_of_options("prune", c, usage);
                }
        if (optind == argc || hcs_streq(argv[optind], "-"))
                return tell_usage("prune", "a TRACE in a file is needed");
        p.path = argv[optind++];
        if (optind < argc && hcs_streq(argv[optind], "--"))
                optind++;
        if (optind == argc && !n_reports)
                return tell_usage("prune", "a PROGRAM to run or a --report is needed");
        if (!p.output)
                return tell_usage("prune", "-o is needed: where does the trace go?");
        hr = catalog_open(p.path, NULL, &catalog, &err);
        if (FAILED(hr))
                return tell_error("prune", err);
        p.catalog = catalog;
        p.unasked = unasked = hcs_calloc((size_t)catalog->n + 1, sizeof(*unasked));
        for (size_t i = 0; i < n_reports && SUCCEEDED(hr); i++)
                hr = take_report(&p, reports[i], &err);
        if (SUCCEEDED(hr) && optind < argc)
                hr = take_run(&p, argv + optind, &err);
        if (SUCCEEDED(hr))
                hr = write_rest(&p, &left, &err);
        if (FAILED(hr))
                return tell_error("prune", err);
        fprintf(stderr, "%u records, of which %llu were asked for\n", catalog->n, (unsigned long long)left);
        return EXIT_OK;
}
