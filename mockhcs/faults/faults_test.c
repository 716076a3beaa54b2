/* SPDX-License-Identifier: MIT */

/* What the layer of faults does at the exports, call by call; scenarios are tested with libhcsshim in integration/. */

#include <stdatomic.h>
#include <stdlib.h>

#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define VM "{\"Owner\":\"t\",\"VirtualMachine\":{\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":64}}}}"

static struct mockhcs *mock;

static void begin(const char *spec) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
}

static void end(void) {
        mock = mockhcs_close(mock);
}

static void note_completion(HCS_OPERATION operation, void *context) {
        atomic_store((atomic_bool *)context, true);
}

/* A client that took a lock for both would wait for itself. */
static void what_is_early_is_heard_before_the_call_returns(void **state) {
        atomic_bool heard = false;
        HCS_SYSTEM s = NULL;
        HCS_OPERATION op;

        begin("faults=heard-first,emulate");
        op = HcsCreateOperation(&heard, note_completion);
        assert_hresult(HcsCreateComputeSystem(u"a", u"{\"VirtualMachine\":{}}", op, NULL, &s), S_OK);
        assert_true(atomic_load(&heard));
        HcsCloseOperation(op);
        HcsCloseComputeSystem(s);
        end();
}

static void a_slow_call_keeps_its_caller(void **state) {
        uint64_t before;
        HCS_SYSTEM s = NULL;

        begin("faults=HcsStartComputeSystem slow=20ms,emulate");
        assert_hresult(core_create("a", VM, &s, NULL), S_OK);
        before = hcs_clock_ns();
        assert_hresult(core_start(s), S_OK);
        assert_true(hcs_clock_ns() - before >= 20000000);
        HcsCloseComputeSystem(s);
        end();
}

static void count_exit(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventSystemExited)
                atomic_fetch_add((atomic_int *)context, 1);
}

static void a_late_event_is_heard_with_the_next_call_on_its_object(void **state) {
        atomic_int exits = 0;
        HCS_SYSTEM s = NULL, other = NULL;

        begin("speed=0,faults=event:SystemExited late,emulate");
        assert_hresult(core_create("a", VM, &s, NULL), S_OK);
        assert_hresult(core_create("b", VM, &other, NULL), S_OK);
        assert_hresult(HcsSetComputeSystemCallback(s, 0, &exits, count_exit), S_OK);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(core_terminate(s), S_OK);
        assert_hresult(core_start(other), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(exits, 0);
        core_query(s, NULL, NULL);
        mockhcs_drain(mock);
        assert_int_equal(exits, 1);
        HcsCloseComputeSystem(s);
        HcsCloseComputeSystem(other);
        end();
}

static void count_report(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventSystemCrashReport)
                atomic_fetch_add((atomic_int *)context, 1);
}

static void an_event_that_was_held_is_heard_as_often_as_it_should_be(void **state) {
        static const char *const specs[] = {"speed=0,faults=event:SystemCrashReport duplicate,emulate",
                                            "speed=0,faults=event:SystemCrashReport duplicate delay=1ms,emulate",
                                            "speed=0,faults=event:SystemCrashReport duplicate reorder,emulate",
                                            "speed=0,faults=event:SystemCrashReport duplicate late,emulate"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(specs); i++) {
                atomic_int reports = 0;
                HCS_OPERATION op;
                HCS_SYSTEM s = NULL;

                begin(specs[i]);
                op = HcsCreateOperation(NULL, NULL);
                assert_hresult(core_create("a", VM, &s, NULL), S_OK);
                assert_hresult(HcsSetComputeSystemCallback(s, 0, &reports, count_report), S_OK);
                assert_hresult(core_start(s), S_OK);
                assert_hresult(HcsCrashComputeSystem(s, op, u"{\"Type\":\"None\"}"), S_OK);
                assert_hresult(HcsWaitForOperationResult(op, INFINITE, NULL), S_OK);
                mockhcs_drain(mock);
                core_query(s, NULL, NULL);
                mockhcs_drain(mock);
                assert_int_equal(reports, 2);
                HcsCloseOperation(op);
                HcsCloseComputeSystem(s);
                end();
        }
}

/* The caller has what the callback wants. */
static void want(HCS_EVENT *event, void *context) {
        struct hcs_mutex *lock = context;
        hcs_guard(lock);
}

static void a_slow_call_ends_though_a_callback_waits_for_its_caller(void **state) {
        struct hcs_mutex lock;
        HCS_SYSTEM s = NULL, other = NULL;

        hcs_mutex_init(&lock);
        begin("faults=HcsGetComputeSystemProperties slow=50ms,emulate");
        assert_hresult(core_create("a", VM, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(HcsSetComputeSystemCallback(s, 0, &lock, want), S_OK);
        hcs_mutex_lock(&lock);
        assert_hresult(core_terminate(s), S_OK);
        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, &other), S_OK);
        core_query(other, NULL, NULL);
        hcs_mutex_unlock(&lock);
        HcsCloseComputeSystem(other);
        HcsCloseComputeSystem(s);
        end();
        hcs_mutex_deinit(&lock);
}

/* The same calls each time; gives what came of each, and what the faults did. */
static char *run(const char *faults, uint64_t seed, char **ret_told) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *told = hcs_asprintf("%s/told", dir),
                            *spec = hcs_asprintf("speed=0,faults=%s,seed=%llu,told=%s,emulate", faults,
                                                 (unsigned long long)seed, told);
        _cleanup_buf_ struct hcs_buf lines = {0}, out = {0};

        begin(spec);
        for (unsigned i = 0; i < 12; i++) {
                _cleanup_free_ char *id = hcs_asprintf("s%u", i);
                char *document = NULL;
                HCS_SYSTEM s = NULL;
                HRESULT hr = core_create(id, VM, &s, NULL);

                hcs_buf_printf(&out, "%x", (unsigned)hr);
                if (FAILED(hr))
                        continue;
                hcs_buf_printf(&out, " %x", (unsigned)core_start(s));
                hr = core_query(s, "{\"PropertyTypes\":[\"Memory\",\"Statistics\"]}", &document);
                hcs_buf_printf(&out, " %x\n", (unsigned)hr);
                free(document);
                HcsCloseComputeSystem(s);
        }
        end();
        assert_ok(hcs_file_read(told, 1 << 20, &lines, NULL), NULL);
        *ret_told = hcs_strdup(hcs_buf_cstr(&lines));
        return hcs_buf_steal(&out);
}

static void the_same_seed_is_the_same_run(void **state) {
        static const char rules[] =
                "HcsCreate*%0.5 fail=E_FAIL; HcsStart*%0.5 complete=E_ABORT; Hcs*Properties%0.5 omit";
        _cleanup_free_ char *told = NULL, *first = run(rules, 1, &told);
        bool differs = false;

        assert_non_null(strstr(told, "\"call\":\"HcsCreateComputeSystem\",\"on\":\"system/"));
        for (uint64_t seed = 1; seed < 6; seed++) {
                _cleanup_free_ char *told_a = NULL, *told_b = NULL, *a = run(rules, seed, &told_a),
                                    *b = run(rules, seed, &told_b);

                assert_string_equal(a, b);
                assert_string_equal(told_a, told_b);
                differs |= strcmp(a, first) != 0;
        }
        assert_true(differs);
}

/* So that leaving one out does not change what the others do. */
static void a_rule_draws_the_same_whatever_stands_beside_it(void **state) {
        _cleanup_free_ char *told = NULL, *alone = run("HcsStart*%0.5 fail=E_FAIL", 3, &told), *told_beside = NULL,
                            *beside = run("HcnCreate* never; HcsStart*#1..%0.5 fail=E_FAIL", 3, &told_beside);

        assert_string_equal(alone, beside);
}

HCS_TESTS(cmocka_unit_test(what_is_early_is_heard_before_the_call_returns),
          cmocka_unit_test(a_slow_call_keeps_its_caller),
          cmocka_unit_test(a_late_event_is_heard_with_the_next_call_on_its_object),
          cmocka_unit_test(an_event_that_was_held_is_heard_as_often_as_it_should_be),
          cmocka_unit_test(a_slow_call_ends_though_a_callback_waits_for_its_caller),
          cmocka_unit_test(the_same_seed_is_the_same_run),
          cmocka_unit_test(a_rule_draws_the_same_whatever_stands_beside_it))
