/* SPDX-License-Identifier: MIT */

/* The client over a computecore that answers what it should not: the emulator's functions with single ones replaced. */

#include "base/mem.h"
#include "hcsshim/hcs.h"
#include "mockhcs/mockhcs.h"
#include "platform/abi_memory.h"
#include "platform/library.h"
#include "testing/hcs_test.h"

#define VM "{\"Owner\":\"t\",\"VirtualMachine\":{}}"

static struct mockhcs *mock;
static struct hcs_client *client;
static struct hcs_computecore_api real;
static const WCHAR *next_answer; /* in place of the next result document */
static HRESULT terminate_process_hr;
static unsigned kills;

static HCS_ABI_HRESULT HCS_ABI_CALL answer_otherwise(HCS_OPERATION op, DWORD ms, PWSTR *document) {
        HRESULT hr = real.HcsWaitForOperationResult(op, ms, document);
        size_t n = 0;

        if (!next_answer || real.HcsGetOperationType(op) != HcsOperationTypeGetProperties)
                return hr;
        while (next_answer[n++])
                ;
        hcs_abi_free(*document);
        *document = hcs_abi_alloc(n * sizeof(WCHAR));
        memcpy(*document, next_answer, n * sizeof(WCHAR));
        next_answer = NULL;
        return hr;
}

static HCS_ABI_HRESULT HCS_ABI_CALL terminate_process(HCS_PROCESS p, HCS_OPERATION op, PCWSTR options) {
        kills++;
        return FAILED(terminate_process_hr) ? terminate_process_hr : real.HcsTerminateProcess(p, op, options);
}

static int setup(void **state) {
        struct hcs_computecore_api table;
        struct hcs_dynlib *lib = NULL;

        if (FAILED(mockhcs_open("emulate", &mock, NULL)) ||
            FAILED(hcs_library_load(NULL, "computecore", "HcsCreateOperation", &lib, NULL)))
                return 1;
#define LOAD(ret, name, params) *(void **)&real.name = hcs_dynlib_symbol(lib, #name);
        HCS_COMPUTECORE_FUNCTIONS(LOAD)
#undef LOAD
        table = real;
        table.HcsWaitForOperationResult = answer_otherwise;
        table.HcsTerminateProcess = terminate_process;
        next_answer = NULL;
        terminate_process_hr = S_OK;
        kills = 0;
        return FAILED(hcs_client_open(&(struct hcs_client_options){.computecore = &table}, &client, NULL));
}

static int teardown(void **state) {
        client = hcs_client_unref(client);
        mock = mockhcs_close(mock);
        return 0;
}

static void a_create_that_cannot_be_finished_leaves_nothing_behind(void **state) {
        static const WCHAR *const answers[] = {u"{\"RuntimeId\":\"\"}", u"{", u"{\"RuntimeId\":\"7\"}"};
        struct hcs_system *s = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(answers); i++) {
                struct hcs_error *err = NULL;
                HRESULT hr;

                next_answer = answers[i];
                hr = hcs_system_create(client, "a", VM, NULL, &s, &err);
                assert_true(FAILED(hr));
                assert_null(s);
                assert_hresult(hcs_error_hresult(err), hr);
                assert_string_equal(hcs_error_operation(err), "CreateComputeSystem");
                assert_string_equal(hcs_error_id(err), "a");
                hcs_error_free(err);
                assert_true(hcs_is_not_exist(hcs_system_open(client, "a", NULL, &s, NULL)));
                assert_int_equal(mockhcs_leaks(mock, NULL), 0);
        }
}

static void a_create_is_bounded_to_its_last_call(void **state) {
        struct hcs_cancel *cancel = hcs_cancel_new();
        struct hcs_system *s = NULL;

        hcs_cancel_set(cancel);
        assert_hresult(hcs_system_open(client, "nobody", &(struct hcs_call){.cancel = cancel}, &s, NULL) & 0xffff,
                       HCS_E_SYSTEM_NOT_FOUND & 0xffff);
        hcs_cancel_unref(cancel);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void a_kill_that_failed_can_be_tried_again(void **state) {
        struct hcs_system *s = NULL;
        struct hcs_process *p = NULL;
        bool delivered = true;
        uint32_t code;

        assert_ok(hcs_system_create(client, "a", VM, NULL, &s, NULL), NULL);
        assert_ok(hcs_system_start(s, NULL, NULL, NULL), NULL);
        assert_ok(hcs_process_create(s, "{\"CommandLine\":\"ping -t localhost\"}", NULL, &p, NULL), NULL);
        terminate_process_hr = E_FAIL;
        assert_hresult(hcs_process_kill(p, NULL, &delivered, NULL), E_FAIL);
        assert_false(delivered);
        terminate_process_hr = S_OK;
        assert_ok(hcs_process_kill(p, NULL, &delivered, NULL), NULL);
        assert_true(delivered);
        assert_int_equal(kills, 2);
        assert_ok(hcs_process_wait(p, NULL, &code, NULL), NULL);
        assert_int_equal(code, 1067);
        hcs_process_unref(p);
        hcs_system_unref(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(TEST(a_create_that_cannot_be_finished_leaves_nothing_behind), TEST(a_create_is_bounded_to_its_last_call),
          TEST(a_kill_that_failed_can_be_tried_again))
