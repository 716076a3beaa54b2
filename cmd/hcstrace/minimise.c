/* SPDX-License-Identifier: MIT */

/*
 * hcstrace minimise: how much of a trace is needed for a program to fail as it does. First the shortest beginning, then
 * objects with all that was done with them, then single calls, and where a program of one's own judges also events and
 * output, are left out, ever smaller groups at a time, as long as the program still fails the same way.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/under_mock.h"
#include "mockhcs/workbench/selection.h"
#include "platform/clock.h"
#include "platform/process.h"

#define PLACE "{}"

struct minimise {
        const char *path, *output;
        char **program;
        bool by_place; /* the program takes the trace as an argument, and no mock is set up for it */
        uint64_t limit_ns, runs, most_runs;
        bool prefix_only;
        char *candidate; /* the file that is tried */
        struct selection selection;
        int code; /* how it fails with the whole trace */
        bool hung;
        size_t problems;
};

static void usage(void) {
        puts("usage: hcstrace minimise [OPTIONS] -o OUT TRACE [--] PROGRAM [ARGUMENT...]\n\n"
             "  -o OUT       where the trace goes that is left\n"
             "  --prefix     only the shortest beginning\n"
             "  --timeout S  a run that takes longer hangs, which is a failure too (default 30)\n"
             "  --runs N     no more runs than that (default 1000)\n\n"
             "The program runs against the trace as with hcstrace replay; it fails the same way when it ends with the "
             "same\n"
             "code and is refused no more calls. When one of its arguments is {}, that is the trace, nothing is set "
             "up, "
             "and\n"
             "only the code counts: -- sh -c 'hcstrace verify {} -- prog 2>&1 | grep timeout && exit 1'.");
}

/* The program with its {} replaced, also inside an argument. Caller frees with free_program(). */
static char **placed(char *const *program, const char *path) {
        size_t n = 0;
        char **out;

        while (program[n])
                n++;
        out = hcs_calloc(n + 1, sizeof(*out));
        for (size_t i = 0; i < n; i++) {
                struct hcs_buf b = {0};
                const char *from = program[i];

                for (const char *at = strstr(from, PLACE); at; at = strstr(from, PLACE)) {
                        hcs_buf_append(&b, from, (size_t)(at - from));
                        hcs_buf_puts(&b, path);
                        from = at + strlen(PLACE);
                }
                hcs_buf_puts(&b, from);
                out[i] = hcs_buf_steal(&b);
        }
        return out;
}

static void free_program(char **program) {
        for (size_t i = 0; program[i]; i++)
                free(program[i]);
        free(program);
}

static HRESULT run_placed(const struct minimise *m, struct mock_outcome *o, struct hcs_error **err) {
        _cleanup_free_ char *mark = hcs_asprintf("HCSTRACE_CANDIDATE=%s", m->candidate);
        const char *environment[] = {mark, NULL};
        char **program = placed(m->program, m->candidate);
        struct hcs_child *child = NULL;
        HRESULT hr = hcs_child_spawn(program, environment, HCS_CHILD_MUTE, &child, err);

        free_program(program);
        return SUCCEEDED(hr) ? wait_for_program(child, m->limit_ns, false, mark, o, err) : hr;
}

static HRESULT run(struct minimise *m, struct mock_outcome *o, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf spec = {0};

        m->runs++;
        if (m->by_place)
                return run_placed(m, o, err);
        hcs_buf_puts(&spec, "replay=");
        put_composed(&spec, m->candidate);
        return run_under_mock(&(struct mock_run){.program = m->program,
                                                 .composition = hcs_buf_cstr(&spec),
                                                 .output = HCS_CHILD_MUTE,
                                                 .limit_ns = m->limit_ns},
                              o, err);
}

/* Does it fail as it did, with what is selected now? Errors end it all. */
static HRESULT still_fails(struct minimise *m, bool *ret, struct hcs_error **err) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        HRESULT hr = selection_settle(&m->selection, err);

        if (SUCCEEDED(hr))
                hr = selection_write(&m->selection, m->candidate, NULL, err);
        if (SUCCEEDED(hr))
                hr = run(m, &o, err);
        if (SUCCEEDED(hr))
                *ret = o.hung == m->hung && (o.hung || o.code == m->code) && hcs_json_count(o.problems) <= m->problems;
        return hr;
}

/* Keeps what is selected when it still fails, else goes back to `before`, which it frees. */
static HRESULT decide(struct minimise *m, uint8_t *before, bool *ret_kept, struct hcs_error **err) {
        HRESULT hr = still_fails(m, ret_kept, err);

        if (FAILED(hr) || !*ret_kept) {
                free(m->selection.keep);
                m->selection.keep = before;
        } else {
                free(before);
        }
        return hr;
}

static uint8_t *copy_of(const struct selection *s) {
        return hcs_memdup(s->keep, (size_t)s->catalog->n + 1);
}

/* What began before that record, with its answers: a call that is cut in the middle fails in a way of its own. */
static void keep_beginning(struct minimise *m, uint32_t beyond) {
        const struct catalog *c = m->selection.catalog;

        memset(m->selection.keep + beyond, 0, c->n - beyond);
        for (uint32_t i = 0; i < beyond; i++)
                if (m->selection.keep[i] && c->items[i].kind != MOCK_RECORD_STDIO)
                        for (uint32_t next = c->items[i].next; next != CATALOG_NONE; next = c->items[next].next)
                                m->selection.keep[next] = true;
}

static HRESULT find_prefix(struct minimise *m, struct hcs_error **err) {
        uint32_t enough = m->selection.catalog->n, little = 0;

        while (enough - little > 1 && m->runs < m->most_runs) {
                uint32_t middle = little + (enough - little) / 2;
                uint8_t *before = copy_of(&m->selection);
                bool fails = false;
                HRESULT hr;

                keep_beginning(m, middle);
                hr = decide(m, before, &fails, err);
                if (FAILED(hr))
                        return hr;
                *(fails ? &enough : &little) = middle;
        }
        return S_OK;
}

/* Groups of units are left out, from halves down to single ones. */
static HRESULT reduce(struct minimise *m, const uint32_t *units, size_t n, struct hcs_error **err) {
        for (size_t size = n / 2 + (n > 0); size; size /= 2)
                for (size_t at = 0; at < n && m->runs < m->most_runs; at += size) {
                        uint8_t *before = copy_of(&m->selection);
                        bool any = false, kept = false;
                        HRESULT hr;

                        selection_begin_drop(&m->selection);
                        for (size_t i = at; i < n && i < at + size; i++) {
                                any |= m->selection.keep[units[i]];
                                selection_drop(&m->selection, units[i]);
                        }
                        if (!any) {
                                free(m->selection.keep);
                                m->selection.keep = before;
                                continue;
                        }
                        hr = decide(m, before, &kept, err);
                        if (FAILED(hr))
                                return hr;
                }
        return S_OK;
}

/* In the order in which they are left out: calls on no object, with the objects that they made; all calls and messages;
 * what came by itself, as events and output. */
enum units { UNITS_ROOTS, UNITS_CALLS, UNITS_REST };

static bool is_unit(const struct catalog *c, uint32_t i, enum units which) {
        bool call = c->items[i].kind == MOCK_RECORD_CALL || c->items[i].kind == MOCK_RECORD_FRAME;

        return call == (which != UNITS_REST) &&
               (which != UNITS_ROOTS || c->lanes[c->items[i].lane].handle == CATALOG_NONE);
}

static HRESULT reduce_heads(struct minimise *m, enum units which, struct hcs_error **err) {
        const struct catalog *c = m->selection.catalog;
        _cleanup_free_ uint32_t *units = hcs_malloc(((size_t)c->n_heads + 1) * sizeof(*units));
        size_t n = 0;

        for (uint32_t i = 0; i < c->n; i++)
                if (m->selection.keep[i] && c->items[i].lane != CATALOG_NONE && is_unit(c, i, which))
                        units[n++] = i;
        return reduce(m, units, n, err);
}

static HRESULT run_whole(struct minimise *m, struct hcs_error **err) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        uint64_t began = hcs_clock_ns(), much;
        HRESULT hr = selection_write(&m->selection, m->candidate, NULL, err);

        if (SUCCEEDED(hr))
                hr = run(m, &o, err);
        if (FAILED(hr))
                return hr;
        /* A run that takes ten times as long, and two seconds, hangs: what it waits for was left out. */
        much = 10 * (hcs_clock_ns() - began) + 2 * (uint64_t)HCS_NS_PER_S;
        if (!o.hung && much < m->limit_ns)
                m->limit_ns = much;
        m->code = o.code;
        m->hung = o.hung;
        m->problems = hcs_json_count(o.problems);
        if (!o.hung && !o.code && !m->problems)
                return hcs_error_make(err, E_INVALIDARG, "the program does not fail with the whole trace");
        return S_OK;
}

static HRESULT minimise(struct minimise *m, struct hcs_error **err) {
        HRESULT hr = run_whole(m, err);

        if (SUCCEEDED(hr))
                hr = find_prefix(m, err);
        /* A program that lacks what it waits for fails in another way, which an exit code alone does not tell. */
        for (int which = UNITS_ROOTS;
             which <= (m->by_place ? UNITS_REST : UNITS_CALLS) && SUCCEEDED(hr) && !m->prefix_only; which++)
                hr = reduce_heads(m, (enum units)which, err);
        return SUCCEEDED(hr) ? selection_write(&m->selection, m->output, NULL, err) : hr;
}

static int run_all(struct minimise *m) {
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        char candidate[] = "/tmp/hcstrace.XXXXXX";
        struct hcs_error *err = NULL;
        HRESULT hr = catalog_open(m->path, NULL, &c, &err);
        int fd = SUCCEEDED(hr) ? mkstemp(candidate) : -1;

        if (SUCCEEDED(hr) && fd < 0)
                hr = hcs_error_errno(&err, errno, "make `%s`", candidate);
        if (FAILED(hr))
                return tell_error("minimise", err);
        close(fd);
        m->candidate = candidate;
        selection_init(&m->selection, c, true);
        hr = minimise(m, &err);
        unlink(candidate);
        if (SUCCEEDED(hr))
                fprintf(stderr, "%u records, of which %llu are needed (%llu runs%s)\n", c->n,
                        (unsigned long long)selection_count(&m->selection), (unsigned long long)m->runs,
                        m->runs >= m->most_runs ? ", no more were allowed" : "");
        selection_deinit(&m->selection);
        return FAILED(hr) ? tell_error("minimise", err) : EXIT_OK;
}

static bool has_place(char *const *program) {
        for (; *program; program++)
                if (strstr(*program, PLACE))
                        return true;
        return false;
}

int cmd_minimise(int argc, char **argv) {
        static const struct option options[] = {
                {"output", required_argument, NULL, 'o'},  {"prefix", no_argument, NULL, 'p'},
                {"timeout", required_argument, NULL, 't'}, {"runs", required_argument, NULL, 'r'},
                {"help", no_argument, NULL, 'h'},          {0}};
        struct minimise m = {.limit_ns = 30 * (uint64_t)HCS_NS_PER_S, .most_runs = 1000};
        uint64_t seconds;
        int c;

        while ((c = next_option(argc, argv, "+o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        m.output = optarg;
                        break;
                case 'p':
                        m.prefix_only = true;
                        break;
                case 't':
                        if (!hcs_str_to_u64(optarg, &seconds) || !seconds || seconds > 86400)
                                return tell_usage("minimise", "--timeout wants seconds from 1 to 86400, not `%s'",
                                                  optarg);
                        m.limit_ns = seconds * HCS_NS_PER_S;
                        break;
                case 'r':
                        if (!hcs_str_to_u64(optarg, &m.most_runs) || !m.most_runs)
                                return tell_usage("minimise", "--runs wants a number from 1 on, not `%s'", optarg);
                        break;
                default:
                        return end_of_options("minimise", c, usage);
                }
        if (optind == argc || hcs_streq(argv[optind], "-"))
                return tell_usage("minimise", "a TRACE in a file is needed");
        m.path = argv[optind++];
        if (optind < argc && hcs_streq(argv[optind], "--"))
                optind++;
        if (optind == argc)
                return tell_usage("minimise", "a PROGRAM to run is needed");
        if (!m.output)
                return tell_usage("minimise", "-o is needed: where does the trace go?");
        m.program = argv + optind;
        m.by_place = has_place(m.program);
        return run_all(&m);
}
