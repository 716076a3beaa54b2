/* SPDX-License-Identifier: MIT */

/* libhcsshim under each scenario of faults, over both APIs: what its callers are told, and that nothing is left behind.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/hcs.h"
#include "mockhcs/mockhcs.h"
#include "testing/hcs_test.h"

#define VM      "{\"Owner\":\"t\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{}}"
#define PROCESS "{\"CommandLine\":\"cmd /c echo hello\",\"CreateStdOutPipe\":true}"

static struct mockhcs *mock;
static struct hcs_client *client;
static enum hcs_api api;
static bool at_once; /* delays of the mock are over at once */

static const struct hcs_call soon = {.timeout_ms = 50}; /* what never completes is given up after that */

static void begin(const char *faults) {
        _cleanup_free_ char *spec = hcs_asprintf("%sfaults=%s,seed=7,emulate", at_once ? "speed=0," : "", faults);
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
        assert_ok(hcs_client_open(&(struct hcs_client_options){.api = api}, &client, &err), err);
}

static void end(void) {
        _cleanup_free_ char *leaks = NULL;

        client = hcs_client_unref(client);
        mockhcs_drain(mock);
        if (mockhcs_leaks(mock, &leaks) != 0)
                fail_msg("left open:\n%s", leaks);
        mock = mockhcs_close(mock);
}

static struct hcs_system *created(void) {
        struct hcs_error *err = NULL;
        struct hcs_system *s = NULL;

        assert_ok(hcs_system_create(client, "a", VM, NULL, &s, &err), err);
        return s;
}

static struct hcs_system *started(void) {
        struct hcs_system *s = created();
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_start(s, NULL, NULL, &err), err);
        return s;
}

static void finish(struct hcs_system *s) {
        hcs_system_terminate(s, NULL, NULL);
        hcs_system_close(s, NULL);
        hcs_system_unref(s);
        end();
}

static void a_start_that_never_completes_is_given_up(void **state) {
        struct hcs_system *s;

        begin("never-starts");
        s = created();
        assert_true(hcs_is_timeout(hcs_system_start(s, NULL, &soon, NULL)));
        finish(s);
}

static void a_creation_that_never_completes_leaves_nothing_open(void **state) {
        struct hcs_system *s = NULL;

        begin("never-created");
        assert_true(hcs_is_timeout(hcs_system_create(client, "a", VM, &soon, &s, NULL)));
        assert_null(s);
        end();
}

static void completions_after_the_caller_gave_up_go_nowhere(void **state) {
        struct hcs_system *s = NULL;
        struct mockhcs_counters n;

        begin("late-completion");
        assert_true(hcs_is_timeout(hcs_system_create(client, "a", VM, &soon, &s, NULL)));
        assert_null(s);
        mockhcs_drain(mock);
        mockhcs_counters(mock, &n);
        assert_int_equal(n.stale_handles, 0);
        end();
}

static void an_exit_before_the_start_completes_is_remembered(void **state) {
        struct hcs_system *s;
        struct hcs_error *err = NULL;

        begin("exit-before-start");
        s = created();
        hcs_system_start(s, NULL, NULL, NULL);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        assert_hresult(hcs_system_exit_error(s, NULL), HCS_E_UNEXPECTED_EXIT);
        finish(s);
}

static void who_stops_what_has_stopped_is_told_that_it_is_done(void **state) {
        struct hcs_system *s;
        struct hcs_error *err = NULL;

        begin("already-stopped");
        s = started();
        assert_ok(hcs_system_shutdown(s, NULL, &err), err);
        assert_ok(hcs_system_terminate(s, NULL, &err), err);
        finish(s);
}

static void an_unexpected_exit_reaches_who_waits(void **state) {
        struct hcs_process *p = NULL;
        struct hcs_system *s;
        struct hcs_error *err = NULL;

        begin("unexpected-exit");
        s = started();
        assert_ok(hcs_process_create(s, PROCESS, NULL, &p, &err), err);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        assert_hresult(hcs_system_exit_error(s, NULL), HCS_E_UNEXPECTED_EXIT);
        hcs_process_close(p, NULL);
        hcs_process_unref(p);
        finish(s);
}

static void an_exit_that_is_never_heard_ends_with_the_callers_patience(void **state) {
        struct hcs_system *s;
        struct hcs_error *err = NULL;

        begin("lost-exit");
        s = started();
        hcs_system_terminate(s, NULL, NULL);
        assert_true(hcs_is_timeout(hcs_system_wait(s, &soon, &err)));
        hcs_error_free(err);
        finish(s);
}

static void a_whole_life(const char *faults) {
        struct hcs_process *p = NULL;
        struct hcs_system *s;
        struct hcs_error *err = NULL;
        uint32_t code = 1;

        begin(faults);
        s = started();
        assert_ok(hcs_process_create(s, PROCESS, NULL, &p, &err), err);
        assert_ok(hcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, 0);
        assert_ok(hcs_process_close(p, &err), err);
        hcs_process_unref(p);
        assert_ok(hcs_system_terminate(s, NULL, &err), err);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        assert_ok(hcs_system_close(s, &err), err);
        hcs_system_unref(s);
        end();
}

static void what_comes_twice_late_or_shuffled_changes_nothing(void **state) {
        a_whole_life("twice");
        a_whole_life("slow-events");
        a_whole_life("members-shuffled");
}

static void what_is_heard_before_a_call_returns_is_no_matter(void **state) {
        a_whole_life("heard-first");
        a_whole_life("slow-calls");
}

/* With the clock of the mock, on which some starts take ten seconds. */
static void slow_starts_are_waited_for(void **state) {
        at_once = true;
        a_whole_life("slow-start");
        at_once = false;
}

static void an_exit_that_is_held_is_heard_with_the_next_call(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_system *s;

        begin("held-exit");
        s = started();
        hcs_system_terminate(s, NULL, NULL);
        assert_true(hcs_is_timeout(hcs_system_wait(s, &soon, NULL)));
        hcs_system_terminate(s, NULL, NULL);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        finish(s);
}

static void an_exit_that_comes_behind_the_next_event_is_heard_then(void **state) {
        struct hcs_process *p = NULL;
        struct hcs_error *err = NULL;
        struct hcs_system *s;
        uint32_t code = 1;

        begin("out-of-order");
        s = started();
        assert_ok(hcs_process_create(s, PROCESS, NULL, &p, &err), err);
        assert_true(hcs_is_timeout(hcs_process_wait(p, &soon, &code, NULL)));
        assert_ok(hcs_system_terminate(s, NULL, &err), err);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        assert_ok(hcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, 0);
        hcs_process_close(p, NULL);
        hcs_process_unref(p);
        finish(s);
}

/* Networks are not what this client asks for: the scenarios never have their occasion. Those who do have it in
 * networks_test.c. */
static void networks_that_hang_are_no_matter_to_systems(void **state) {
        a_whole_life("networks-hang");
        a_whole_life("exists-but-cannot-be-opened");
        a_whole_life("made-again-too-soon");
}

static void a_slow_start_is_waited_for(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_system *s;

        begin("HcsStartComputeSystem delay=20ms");
        s = started();
        assert_ok(hcs_system_pause(s, NULL, NULL, &err), err);
        finish(s);
}

static void a_document_that_is_refused_is_named(void **state) {
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;

        begin("invalid-json");
        assert_true(hcs_hresult_to_computecore(hcs_system_create(client, "a", VM, NULL, &s, &err)) ==
                    HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "CreateComputeSystem");
        hcs_error_free(err);
        end();
}

static void a_service_that_restarts_fails_calls_and_comes_back(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_system *s;
        char *list = NULL;

        begin("HcsStartComputeSystem disconnect=0ms");
        s = created();
        assert_true(hcs_hresult_to_computecore(hcs_system_start(s, NULL, NULL, NULL)) == HCS_E_SERVICE_DISCONNECT);
        mockhcs_drain(mock);
        assert_ok(hcs_enumerate(client, "{}", NULL, &list, &err), err);
        free(list);
        hcs_system_close(s, NULL);
        hcs_system_unref(s);
        end();
}

static void a_handle_that_is_none_is_an_error_and_is_closed(void **state) {
        struct hcs_system *s, *again = NULL;
        struct hcs_error *err = NULL;

        begin("HcsOpenComputeSystem stale");
        s = started();
        if (SUCCEEDED(hcs_system_open(client, "a", NULL, &again, &err))) {
                assert_hresult(hcs_system_pause(again, NULL, NULL, NULL), E_HANDLE);
                hcs_system_close(again, NULL);
                hcs_system_unref(again);
        }
        hcs_error_free(err);
        finish(s);
}

static void all_hangs_and_callers_go_away(void **state) {
        struct hcs_system *s;

        begin("HcsPauseComputeSystem hang");
        s = started();
        assert_true(hcs_is_timeout(hcs_system_pause(s, NULL, &soon, NULL)));
        assert_true(FAILED(hcs_system_pause(s, NULL, &soon, NULL)));
        finish(s);
}

/* Any member may be missing in answers: errors are fine, crashes and leaks are not. */
static void answers_that_lack_members_are_survived(void **state) {
        for (unsigned seed = 0; seed < 40; seed++) {
                _cleanup_free_ char *spec = hcs_asprintf("faults=members-left-out,seed=%u,emulate", seed);
                static const char *const types[] = {"Memory", "Statistics", "ProcessList", NULL};
                struct hcs_system *s = NULL;
                struct hcs_error *err = NULL;
                char *text = NULL;

                assert_ok(mockhcs_open(spec, &mock, &err), err);
                assert_ok(hcs_client_open(&(struct hcs_client_options){.api = api}, &client, &err), err);
                if (SUCCEEDED(hcs_system_create(client, "a", VM, NULL, &s, NULL))) {
                        hcs_system_start(s, NULL, NULL, NULL);
                        hcs_system_properties(s, types, NULL, &text, NULL);
                        free(text);
                        text = NULL;
                        hcs_enumerate(client, "{}", NULL, &text, NULL);
                        free(text);
                        hcs_system_terminate(s, NULL, NULL);
                        hcs_system_close(s, NULL);
                        hcs_system_unref(s);
                }
                end();
        }
}

static void rules_that_are_none_do_not_open(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(mockhcs_open("faults=no-such-scenario,emulate", &mock, &err), E_INVALIDARG);
        assert_non_null(hcs_error_hint(err));
        hcs_error_free(err);
        err = NULL;
        assert_hresult(mockhcs_open("faults,emulate", &mock, &err), E_INVALIDARG);
        hcs_error_free(err);
        err = NULL;
        assert_hresult(mockhcs_open("faults=bridge-cut,emulate", &mock, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "only bridges know frames"));
        hcs_error_free(err);
        err = NULL;
        assert_hresult(mockhcs_open("faults=@/nonexistent,emulate", &mock, &err), HCS_WIN32(2));
        hcs_error_free(err);
        mock = NULL;
}

#define TEST(f) cmocka_unit_test(f)
int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                TEST(a_start_that_never_completes_is_given_up),
                TEST(a_creation_that_never_completes_leaves_nothing_open),
                TEST(completions_after_the_caller_gave_up_go_nowhere),
                TEST(an_exit_before_the_start_completes_is_remembered),
                TEST(who_stops_what_has_stopped_is_told_that_it_is_done),
                TEST(an_unexpected_exit_reaches_who_waits),
                TEST(an_exit_that_is_never_heard_ends_with_the_callers_patience),
                TEST(what_comes_twice_late_or_shuffled_changes_nothing),
                TEST(what_is_heard_before_a_call_returns_is_no_matter),
                TEST(slow_starts_are_waited_for),
                TEST(an_exit_that_is_held_is_heard_with_the_next_call),
                TEST(an_exit_that_comes_behind_the_next_event_is_heard_then),
                TEST(networks_that_hang_are_no_matter_to_systems),
                TEST(a_slow_start_is_waited_for),
                TEST(a_document_that_is_refused_is_named),
                TEST(a_service_that_restarts_fails_calls_and_comes_back),
                TEST(a_handle_that_is_none_is_an_error_and_is_closed),
                TEST(all_hangs_and_callers_go_away),
                TEST(answers_that_lack_members_are_survived),
                TEST(rules_that_are_none_do_not_open),
        };

        api = argc > 1 && hcs_streq(argv[1], "vmcompute") ? HCS_API_VMCOMPUTE : HCS_API_COMPUTECORE;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
