/* SPDX-License-Identifier: MIT */

/*
 * hcstrace torture: a program under faults, a scenario at a time, and which of them it does not survive. It may fail
 * and say so; it may not crash, hang, leave handles open or programs running, or use handles that are none. What breaks
 * it is made as small as it can be.
 */

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/cases.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/smallest.h"
#include "cmd/hcstrace/under_mock.h"
#include "mockhcs/faults/rule.h"
#include "mockhcs/faults/scenario.h"
#include "mockhcs/trace/report.h"
#include "platform/clock.h"

#define MAX_CHOSEN 64

struct torture {
        char *const *program;
        const char *emulate; /* options of the emulator */
        uint64_t seed, runs, limit_ns;
        bool strict, json, output;
        struct cases cases;
        const char *names[MAX_CHOSEN]; /* what is shown */
        const char *rules[MAX_CHOSEN];
        size_t n;
        size_t usual_problems, usual_left; /* of the program without faults */
        struct hcs_json *results;
        unsigned broken;
};

static void usage(void) {
        puts("usage: hcstrace torture [OPTIONS] [--] PROGRAM [ARGUMENT...]\n\n"
             "  --scenario NAME  only this one; may be given again (default: all)\n"
             "  --faults RULES   rules of your own (docs/faults.md)\n"
             "  --seed N         the first seed (default 1)\n"
             "  --runs N         runs of each, with one seed more each time (default 1)\n"
             "  --timeout S      a run that takes longer hangs (default 30)\n"
             "  --emulate OPTS   options of the emulator, as in script=FILE,host=20348\n"
             "  --strict         an exit code other than 0 is a break too\n"
             "  --output         show what the program prints\n"
             "  --json           the results as JSON\n" CASES_USAGE "  --list           names the scenarios\n\n"
             "The program runs once without faults first. It may fail under faults and say so; a crash, a hang, "
             "handles\n"
             "that stay open, programs that it leaves running and calls on handles that are none break it. Exit code "
             "1\n"
             "when a scenario broke it.");
}

static void list_scenarios(void) {
        size_t n;
        const struct fault_scenario *s = fault_scenarios(&n);

        for (size_t i = 0; i < n; i++)
                if (!fault_scenario_is_of_bridges(&s[i]))
                        printf("%-28s %s\n%-28s   %s\n%-28s   %s\n", s[i].name, s[i].summary, "", s[i].rules, "",
                               s[i].source);
}

static HRESULT run_once(const struct torture *t, const char *rules, uint64_t seed, struct mock_outcome *ret,
                        struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf spec = {0};

        if (rules) {
                hcs_buf_puts(&spec, "faults=");
                put_composed(&spec, rules);
                hcs_buf_printf(&spec, ",seed=%llu,", (unsigned long long)seed);
        }
        hcs_buf_printf(&spec, "emulate%s%s", t->emulate ? "," : "", t->emulate ? t->emulate : "");
        return run_under_mock(&(struct mock_run){.program = t->program,
                                                 .composition = hcs_buf_cstr(&spec),
                                                 .leaks = true,
                                                 .alone = true,
                                                 .output = !t->output                ? HCS_CHILD_MUTE
                                                           : t->cases.tap || t->json ? HCS_CHILD_ERRS
                                                                                     : HCS_CHILD_SHARES,
                                                 .limit_ns = t->limit_ns},
                              ret, err);
}

/* NULL: it was survived. */
static char *verdict(const struct torture *t, const struct mock_outcome *o) {
        _cleanup_buf_ struct hcs_buf text = {0};

        if (o->hung)
                return hcs_strdup("hangs");
        if (o->code > 128)
                return hcs_asprintf("is ended by signal %d", o->code - 128);
        if (hcs_json_count(o->problems) > t->usual_problems) {
                mock_report_text(o->problems, &text);
                while (text.len && text.data[text.len - 1] == '\n')
                        text.data[--text.len] = '\0';
                return hcs_asprintf("leaves something behind: %s", hcs_buf_cstr(&text));
        }
        if (o->n_left > t->usual_left)
                return hcs_asprintf("leaves %zu %s running: %s", o->n_left, o->n_left == 1 ? "program" : "programs",
                                    o->left);
        return t->strict && o->code ? hcs_asprintf("ends with %d", o->code) : NULL;
}

struct again {
        const struct torture *t;
        uint64_t seed;
};

/* Does it break under those rules? */
static bool breaks(void *ctx, const char *rules) {
        const struct again *again = ctx;
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        _cleanup_free_ char *why = NULL;

        if (FAILED(run_once(again->t, rules, again->seed, &o, NULL)))
                return false;
        why = verdict(again->t, &o);
        return why != NULL;
}

/* The case has the same name in every run of the same list, so that who compares runs finds it again. */
static void add_case(const struct torture *t, size_t i, uint64_t seed, uint64_t ns, const struct mock_outcome *o,
                     const char *why, const char *smallest) {
        _cleanup_free_ char *name = t->runs == 1 ? hcs_strdup(t->names[i])
                                                 : hcs_asprintf("%s, seed %" PRIu64, t->names[i], seed),
                            *details =
                                    why ? hcs_asprintf("seed: %" PRIu64 "\nsmallest set of faults: %s", seed, smallest)
                                        : hcs_asprintf("seed: %" PRIu64 ", exit code %d", seed, o->code);

        cases_add(&t->cases, &(struct report_case){.name = name,
                                                   .outcome = why ? REPORT_FAILED : REPORT_PASSED,
                                                   .message = why,
                                                   .details = details,
                                                   .time_ns = ns});
}

static void tell(struct torture *t, size_t i, uint64_t seed, uint64_t ns, const struct mock_outcome *o,
                 const char *why) {
        _cleanup_free_ char *smallest = why ? smallest_faults(t->rules[i], breaks, &(struct again){t, seed}) : NULL;
        struct hcs_json *r = hcs_json_append(t->results, hcs_json_new_object());

        hcs_json_set_string(r, "scenario", t->names[i]);
        hcs_json_set_u64(r, "seed", seed);
        hcs_json_set_i64(r, "exit", o->code);
        hcs_json_set_bool(r, "broken", why != NULL);
        if (why) {
                hcs_json_set_string(r, "why", why);
                hcs_json_set_string(r, "faults", smallest);
        }
        add_case(t, i, seed, ns, o, why, smallest);
        if (t->json || t->cases.tap)
                return;
        if (!why) {
                printf("%sok%s      %-28s seed %llu, exit code %d\n", colour(COLOUR_GREEN), colour(COLOUR_NONE),
                       t->names[i], (unsigned long long)seed, o->code);
        } else {
                printf("%sbroken%s  %-28s seed %llu: %s\n        smallest: %s\n", colour(COLOUR_RED),
                       colour(COLOUR_NONE), t->names[i], (unsigned long long)seed, why, smallest);
        }
        fflush(stdout);
}

static HRESULT run_scenario(struct torture *t, size_t i, struct hcs_error **err) {
        for (uint64_t k = 0; k < t->runs; k++) {
                _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
                _cleanup_free_ char *why = NULL;
                uint64_t begin = hcs_clock_ns();
                HRESULT hr = run_once(t, t->rules[i], t->seed + k, &o, err);
                uint64_t ns = hcs_clock_ns() - begin;

                if (FAILED(hr))
                        return hr;
                why = verdict(t, &o);
                t->broken += why != NULL;
                tell(t, i, t->seed + k, ns, &o, why);
        }
        return S_OK;
}

/* What the program does when nothing goes wrong is what it is measured by. */
static HRESULT run_without(struct torture *t, struct hcs_error **err) {
        _cleanup_(mock_outcome_deinit) struct mock_outcome o = {0};
        HRESULT hr = run_once(t, NULL, 0, &o, err);

        if (FAILED(hr))
                return hr;
        if (!o.called)
                return hcs_error_make(
                        err, E_INVALIDARG,
                        "the program made no call at all: is it linked with vmcompute or computecore, or does "
                        "it load them?");
        if (o.hung || o.code > 128)
                return hcs_error_make(err, E_INVALIDARG, "without any fault the program %s",
                                      o.hung ? "hangs" : "crashes");
        t->usual_problems = hcs_json_count(o.problems);
        t->usual_left = o.n_left;
        return S_OK;
}

/* Rules that are none, or are about bridges, are said once, and not by every run. */
static HRESULT check_rules(const struct torture *t, struct hcs_error **err) {
        for (size_t i = 0; i < t->n; i++) {
                struct fault_rules rules = {0};
                HRESULT hr = fault_rules_parse(t->rules[i], &rules, err);

                if (SUCCEEDED(hr))
                        hr = fault_rules_check(&rules, false, err);
                fault_rules_deinit(&rules);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

static int run_all(struct torture *t) {
        struct hcs_error *err = NULL;
        HRESULT hr = check_rules(t, &err);

        if (SUCCEEDED(hr))
                hr = run_without(t, &err);
        if (SUCCEEDED(hr))
                cases_begin(&t->cases, "hcstrace torture");
        for (size_t i = 0; SUCCEEDED(hr) && i < t->n; i++)
                hr = run_scenario(t, i, &err);
        if (FAILED(hr)) {
                cases_deinit(&t->cases);
                return tell_error("torture", err);
        }
        if (t->json) {
                _cleanup_free_ char *text = hcs_json_text(t->results, HCS_JSON_PRETTY);

                puts(text);
        } else if (!t->cases.tap) {
                printf("%zu runs, %u broken\n", hcs_json_count(t->results), t->broken);
        }
        return cases_end(&t->cases, "torture", t->broken ? EXIT_PROBLEMS : EXIT_OK);
}

static bool choose(struct torture *t, const char *name, const char *rules) {
        if (t->n == MAX_CHOSEN || !rules)
                return false;
        t->names[t->n] = name;
        t->rules[t->n++] = rules;
        return true;
}

static bool choose_scenario(struct torture *t, const char *name) {
        const struct fault_scenario *s = fault_scenario_find(name);

        return choose(t, name, s ? s->rules : NULL);
}

static void choose_all(struct torture *t) {
        size_t n;
        const struct fault_scenario *s = fault_scenarios(&n);

        for (size_t i = 0; i < n; i++)
                if (!fault_scenario_is_of_bridges(&s[i]))
                        choose(t, s[i].name, s[i].rules);
}

int cmd_torture(int argc, char **argv) {
        static const struct option options[] = {{"scenario", required_argument, NULL, 's'},
                                                {"faults", required_argument, NULL, 'f'},
                                                {"seed", required_argument, NULL, 'S'},
                                                {"runs", required_argument, NULL, 'r'},
                                                {"timeout", required_argument, NULL, 't'},
                                                {"emulate", required_argument, NULL, 'e'},
                                                {"strict", no_argument, NULL, 'x'},
                                                {"output", no_argument, NULL, 'o'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"list", no_argument, NULL, 'l'},
                                                {"help", no_argument, NULL, 'h'},
                                                CASES_OPTIONS,
                                                {0}};
        _cleanup_json_ struct hcs_json *results = hcs_json_new_array();
        struct torture t = {.seed = 1, .runs = 1, .limit_ns = 30 * (uint64_t)HCS_NS_PER_S, .results = results};
        uint64_t seconds;
        int c;

        while ((c = next_option(argc, argv, "+h", options, NULL)) != -1)
                switch (c) {
                case 's':
                        if (!choose_scenario(&t, optarg))
                                return tell_usage("torture",
                                                  "--scenario %s: there is none of that name, --list names them",
                                                  optarg);
                        break;
                case 'f':
                        if (!choose(&t, optarg, optarg))
                                return tell_usage("torture", "--faults was given more than %d times", MAX_CHOSEN);
                        break;
                case 'S':
                        if (!hcs_str_to_u64(optarg, &t.seed))
                                return tell_usage("torture", "--seed wants a number, not `%s'", optarg);
                        break;
                case 'r':
                        if (!hcs_str_to_u64(optarg, &t.runs) || t.runs == 0)
                                return tell_usage("torture", "--runs wants a number from 1 on, not `%s'", optarg);
                        break;
                case 't':
                        if (!hcs_str_to_u64(optarg, &seconds) || seconds == 0 || seconds > 86400)
                                return tell_usage("torture", "--timeout wants seconds from 1 to 86400, not `%s'",
                                                  optarg);
                        t.limit_ns = seconds * HCS_NS_PER_S;
                        break;
                case 'e':
                        t.emulate = optarg;
                        break;
                case 'x':
                        t.strict = true;
                        break;
                case 'o':
                        t.output = true;
                        break;
                case 'j':
                        t.json = true;
                        break;
                case OPT_JUNIT:
                case OPT_TAP:
                        cases_option(&t.cases, c, optarg);
                        break;
                case 'l':
                        list_scenarios();
                        return EXIT_OK;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return tell_usage("torture", NULL);
                }
        if (optind == argc)
                return tell_usage("torture", "a PROGRAM to run is needed");
        if (t.json && t.cases.tap)
                return tell_usage("torture", "--json and --tap both want standard output");
        t.program = argv + optind;
        if (t.n == 0)
                choose_all(&t);
        return run_all(&t);
}
