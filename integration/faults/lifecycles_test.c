/* SPDX-License-Identifier: MIT */

/*
 * Many lives of systems, and of networks, each under faults that are drawn: whatever goes wrong, libhcsshim comes back
 * from every call, and nothing is left open. Of what hangs networks are spared: calls on them cannot be given up.
 * usage: lifecycles_test [COUNT [SEED]]; a life that fails names its seed and faults, and `lifecycles_test 1 SEED` is
 * that life again.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/hcs.h"
#include "integration/faults/networks.h"
#include "mockhcs/faults/document.h"
#include "mockhcs/faults/scenario.h"
#include "mockhcs/mockhcs.h"
#include "testing/hcs_test.h"

#define HANGS_AFTER_S 60 /* every wait is bounded far below that */
#define VM            "{\"Owner\":\"t\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{}}"
#define PROCESS       "{\"CommandLine\":\"cmd /c echo hello\",\"CreateStdOutPipe\":true}"

static const struct hcs_call soon = {.timeout_ms = 2};

static uint64_t count = 2000, first_seed;
static char at[512]; /* the life that is lived, for whoever finds it hanging */

static void tell_hang(int signal) {
        static const char hangs[] = "hangs: ";

        if (write(STDERR_FILENO, hangs, sizeof(hangs) - 1) < 0 || write(STDERR_FILENO, at, strlen(at)) < 0)
                _exit(2);
        abort();
}

static const char *one_of(const char *const *list, size_t n, uint64_t *state) {
        return list[fault_next(state) % n];
}

/* Rules, or a scenario, for that seed. Caller frees. */
static char *draw_faults(uint64_t seed) {
        static const char *const calls[] = {"*",
                                            "Hcs*",
                                            "HcsCreateComputeSystem",
                                            "HcsStartComputeSystem",
                                            "HcsCreateProcess",
                                            "HcsTerminateComputeSystem",
                                            "HcsGetComputeSystemProperties",
                                            "HcsModifyComputeSystem",
                                            "HcsEnumerateComputeSystems"};
        static const char *const to_calls[] = {
                "never",     "late",    "early",   "slow=1ms", "delay=5s",       "fail=E_FAIL", "complete=0x80370110",
                "duplicate", "reorder", "stopped", "exit",     "disconnect=1ms", "hang",        "omit",
                "shuffle",   "stale"};
        static const char *const events[] = {"event:*", "event:SystemExited", "event:ProcessExited"};
        static const char *const to_events[] = {"never", "late", "delay=1ms..9s", "duplicate", "reorder"};
        static const char *const chances[] = {"", "#1", "#2", "#2..4", "%0.3", "%0.7"};
        uint64_t state = seed * 0x9e3779b97f4a7c15u;
        struct hcs_buf rules = {0};

        if (fault_next(&state) % 4 == 0) {
                const struct fault_scenario *s;
                size_t n;

                s = fault_scenarios(&n);
                s += fault_next(&state) % n;
                if (!fault_scenario_is_of_bridges(s))
                        return hcs_strdup(s->name);
        }
        for (uint64_t n = 1 + fault_next(&state) % 3; n > 0; n--) {
                bool event = fault_next(&state) % 3 == 0;

                hcs_buf_printf(&rules, "%s%s",
                               event ? one_of(events, HCS_ARRAY_SIZE(events), &state)
                                     : one_of(calls, HCS_ARRAY_SIZE(calls), &state),
                               one_of(chances, HCS_ARRAY_SIZE(chances), &state));
                hcs_buf_printf(&rules, " %s;",
                               event ? one_of(to_events, HCS_ARRAY_SIZE(to_events), &state)
                                     : one_of(to_calls, HCS_ARRAY_SIZE(to_calls), &state));
        }
        return hcs_buf_steal(&rules);
}

/* Rules that end every call. Caller frees. */
static char *draw_network_faults(uint64_t seed) {
        static const char *const calls[] = {"*",          "Hcn*",      "HcnCreate*",
                                            "HcnOpen*",   "HcnQuery*", "HcnEnumerate*",
                                            "HcnDelete*", "HcnClose*", "HNSCall"};
        static const char *const actions[] = {
                "early",       "delay=5s",  "slow=1ms",       "fail=HCN_E_NETWORK_NOT_FOUND",
                "fail=E_FAIL", "duplicate", "disconnect=1ms", "omit",
                "shuffle",     "stale",     "omit shuffle",   "complete=0x803B0010"};
        static const char *const chances[] = {"", "#1", "#2", "#2..4", "%0.3", "%0.7", "%:2", "%0.9:1"};
        uint64_t state = seed * 0xd1342543de82ef95u;
        struct hcs_buf rules = {0};

        for (uint64_t n = 1 + fault_next(&state) % 3; n > 0; n--) {
                const char *call = one_of(calls, HCS_ARRAY_SIZE(calls), &state),
                           *chance = one_of(chances, HCS_ARRAY_SIZE(chances), &state);

                hcs_buf_printf(&rules, "%s%s %s;", call, chance, one_of(actions, HCS_ARRAY_SIZE(actions), &state));
        }
        return hcs_buf_steal(&rules);
}

static void live(struct hcs_client *client) {
        static const char *const types[] = {"Memory", "Statistics", NULL};
        struct hcs_system *s = NULL;
        struct hcs_process *p = NULL;
        char *text = NULL;
        uint32_t code;

        if (FAILED(hcs_system_create(client, "a", VM, &soon, &s, NULL)))
                return;
        hcs_system_start(s, NULL, &soon, NULL);
        if (SUCCEEDED(hcs_process_create(s, PROCESS, &soon, &p, NULL))) {
                hcs_process_wait(p, &soon, &code, NULL);
                hcs_process_close(p, NULL);
                hcs_process_unref(p);
        }
        hcs_system_properties(s, types, &soon, &text, NULL);
        free(text);
        text = NULL;
        hcs_enumerate(client, "{}", &soon, &text, NULL);
        free(text);
        hcs_system_terminate(s, NULL, NULL);
        hcs_system_wait(s, &soon, NULL);
        hcs_system_close(s, NULL);
        hcs_system_unref(s);
}

static void live_with_networks(void) {
        struct hcn_client *hcn = NULL;
        struct hns_client *hns = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_client_open(NULL, &hcn, &err), err);
        assert_ok(hns_client_open(NULL, &hns, &err), err);
        network_life(hcn, hns);
        hcn_client_unref(hcn);
        hns_client_unref(hns);
}

static void live_with_systems(void) {
        struct hcs_client *client = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_client_open(&(struct hcs_client_options){.api = HCS_API_COMPUTECORE}, &client, &err), err);
        live(client);
        hcs_client_unref(client);
}

static void a_life_under_faults(uint64_t seed, bool networks) {
        _cleanup_free_ char *faults = networks ? draw_network_faults(seed) : draw_faults(seed),
                            *spec = hcs_asprintf("speed=0,faults=%s,seed=%" PRIu64 ",emulate", faults, seed),
                            *leaks = NULL;
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;

        snprintf(at, sizeof(at), "seed %" PRIu64 ", faults %s\n", seed, faults);
        alarm(HANGS_AFTER_S);
        assert_ok(mockhcs_open(spec, &mock, &err), err);
        if (networks)
                live_with_networks();
        else
                live_with_systems();
        mockhcs_drain(mock);
        if (mockhcs_leaks(mock, &leaks) != 0)
                fail_msg("%sleft open:\n%s", at, leaks);
        mock = mockhcs_close(mock);
}

static void no_life_under_faults_hangs_or_leaves_something_open(void **state) {
        signal(SIGALRM, tell_hang);
        for (uint64_t i = 0; i < count; i++) {
                a_life_under_faults(first_seed + i, false);
                a_life_under_faults(first_seed + i, true);
        }
        alarm(0);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(no_life_under_faults_hangs_or_leaves_something_open)};

        if ((argc > 1 && !hcs_str_to_u64(argv[1], &count)) || (argc > 2 && !hcs_str_to_u64(argv[2], &first_seed))) {
                fputs("usage: lifecycles_test [COUNT [SEED]]\n", stderr);
                return 2;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
