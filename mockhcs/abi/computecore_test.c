/* SPDX-License-Identifier: MIT */

/* The emulator through computecore's exports, as a client that links against them sees it. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"

#include <stdlib.h>
#include <unistd.h>

#include "mockhcs/mockhcs.h"
#include "platform/abi_memory.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define VM u"{\"Owner\":\"t\",\"VirtualMachine\":{\"Devices\":{\"Scsi\":{\"c\":{}}}}}"

static struct mockhcs *mock;

static int setup(void **state) {
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static HRESULT wait_and_close(HCS_OPERATION op) {
        HRESULT hr = HcsWaitForOperationResult(op, INFINITE, NULL);

        HcsCloseOperation(op);
        return hr;
}

static HCS_SYSTEM create(PCWSTR id) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_SYSTEM s = NULL;

        assert_hresult(HcsCreateComputeSystem(id, VM, op, NULL, &s), S_OK);
        assert_hresult(wait_and_close(op), S_OK);
        return s;
}

static HRESULT start(HCS_SYSTEM s) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HRESULT hr = HcsStartComputeSystem(s, op, NULL);

        wait_and_close(op);
        return hr;
}

static HRESULT terminate(HCS_SYSTEM s) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HRESULT hr = HcsTerminateComputeSystem(s, op, u"");

        wait_and_close(op);
        return hr;
}

static void a_system_lives_and_ends(void **state) {
        HCS_SYSTEM s = create(u"a");
        PWSTR status = NULL;

        assert_hresult(start(s), S_OK);
        assert_hresult(terminate(s), S_OK);
        assert_hresult(HcsWaitForComputeSystemExit(s, INFINITE, &status), S_OK);
        assert_non_null(status);
        hcs_abi_free(status);
        assert_hresult(terminate(s), HCS_E_SYSTEM_ALREADY_STOPPED);
        HcsCloseComputeSystem(s);
}

static void an_id_is_taken_once_and_free_after(void **state) {
        HCS_SYSTEM s = create(u"a"), other = (HCS_SYSTEM)1;
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        PWSTR document = NULL;

        assert_hresult(HcsCreateComputeSystem(u"a", VM, op, NULL, &other), HCS_E_SYSTEM_ALREADY_EXISTS);
        assert_null(other);
        assert_hresult(HcsGetOperationResult(op, &document), HCS_E_SYSTEM_ALREADY_EXISTS);
        assert_non_null(document);
        hcs_abi_free(document);
        HcsCloseOperation(op);
        terminate(s);
        HcsCloseComputeSystem(s);
        HcsCloseComputeSystem(create(u"a"));
}

static void calls_in_the_wrong_state_are_refused(void **state) {
        HCS_SYSTEM s = create(u"a");
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);

        assert_hresult(HcsPauseComputeSystem(s, op, NULL), HCS_E_INVALID_STATE);
        HcsCloseOperation(op);
        assert_hresult(start(s), S_OK);
        assert_hresult(start(s), HCS_E_INVALID_STATE);
        HcsCloseComputeSystem(s);
}

static void bad_documents_name_the_place(void **state) {
        static const WCHAR *const bad[] = {u"", u"{", u"[]", u"{\"SystemType\":\"Boat\"}",
                                           u"{\"Owner\":7,\"VirtualMachine\":{}}"};

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
                HCS_SYSTEM s = NULL;

                assert_hresult(HcsCreateComputeSystem(u"a", bad[i], op, NULL, &s), HCS_E_INVALID_JSON);
                HcsCloseOperation(op);
        }
}

static void bad_arguments_are_refused_and_counted(void **state) {
        static const WCHAR lone[] = {0xD800, 0};
        struct mockhcs_counters counters;
        HCS_SYSTEM s = NULL;

        assert_hresult(HcsOpenComputeSystem(NULL, GENERIC_ALL, &s), E_INVALIDARG);
        assert_hresult(HcsOpenComputeSystem(lone, GENERIC_ALL, &s), E_INVALIDARG);
        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, NULL), E_POINTER);
        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, &s), HCS_E_SYSTEM_NOT_FOUND);
        assert_hresult(HcsStartComputeSystem((HCS_SYSTEM)0x1234, NULL, NULL), E_HANDLE);
        s = create(u"a");
        HcsCloseComputeSystem(s);
        assert_hresult(HcsStartComputeSystem(s, NULL, NULL), E_HANDLE);
        mockhcs_counters(mock, &counters);
        assert_true(counters.stale_handles >= 2);
        assert_true(mockhcs_verify(mock, false, NULL) > 0);
}

static void an_operation_is_used_once(void **state) {
        HCS_OPERATION op = HcsCreateOperation((void *)7, NULL);
        HCS_SYSTEM s = create(u"a");

        assert_hresult(HcsGetOperationResult(op, NULL), HCS_E_OPERATION_NOT_STARTED);
        assert_int_equal(HcsGetOperationType(op), HcsOperationTypeNone);
        assert_hresult(HcsStartComputeSystem(s, op, NULL), S_OK);
        assert_hresult(HcsPauseComputeSystem(s, op, NULL), HCS_E_OPERATION_ALREADY_STARTED);
        assert_int_equal(HcsGetOperationType(op), HcsOperationTypeStart);
        assert_ptr_equal(HcsGetComputeSystemFromOperation(op), s);
        assert_ptr_equal(HcsGetOperationContext(op), (void *)7);
        HcsCloseOperation(op);
        HcsCloseComputeSystem(s);
}

struct seen {
        int exits;
        HCS_SYSTEM close;
};

static void HCS_ABI_CALL on_event(HCS_EVENT *event, void *context) {
        struct seen *seen = context;

        seen->exits += event->Type == HcsEventSystemExited;
        if (seen->close)
                HcsCloseComputeSystem(seen->close);
}

static void an_exit_before_the_callback_is_latched_and_told_once(void **state) {
        struct seen seen = {0};
        HCS_SYSTEM s = create(u"a");

        terminate(s);
        assert_hresult(HcsSetComputeSystemCallback(s, 0, &seen, on_event), S_OK);
        assert_hresult(HcsSetComputeSystemCallback(s, 0, &seen, on_event), HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET);
        mockhcs_drain(mock);
        assert_int_equal(seen.exits, 1);
        HcsCloseComputeSystem(s);
}

static void every_handle_hears_of_the_exit(void **state) {
        struct seen first = {0}, second = {0};
        HCS_SYSTEM s = create(u"a"), other = NULL;

        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, &other), S_OK);
        HcsSetComputeSystemCallback(s, 0, &first, on_event);
        HcsSetComputeSystemCallback(other, 0, &second, on_event);
        terminate(s);
        mockhcs_drain(mock);
        assert_int_equal(first.exits + second.exits, 2);
        HcsCloseComputeSystem(s);
        HcsCloseComputeSystem(other);
}

static void a_callback_may_close_its_own_handle(void **state) {
        HCS_SYSTEM s = create(u"a");
        struct seen seen = {.close = s};

        HcsSetComputeSystemCallback(s, 0, &seen, on_event);
        terminate(s);
        mockhcs_drain(mock);
        assert_int_equal(seen.exits, 1);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void stdin_comes_back_and_the_exit_code_is_right(void **state) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info;
        HCS_SYSTEM s = create(u"a");
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;
        char buf[64];
        size_t n;

        start(s);
        assert_hresult(HcsCreateProcess(s,
                                        u"{\"CommandLine\":\"cmd\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}",
                                        op, NULL, &p),
                       S_OK);
        assert_hresult(HcsWaitForOperationResultAndProcessInfo(op, INFINITE, &info, NULL), S_OK);
        assert_true(info.StdError == 0);
        assert_hresult(hcs_pipe_write(info.StdInput, "echo hi\nexit 7\n", 15, &n, NULL), S_OK);
        assert_int_equal(n, 15);
        assert_hresult(hcs_pipe_read(info.StdOutput, buf, sizeof(buf), &n, NULL), S_OK);
        assert_int_equal(n, 4);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, &status), S_OK);
        assert_hresult(hcs_pipe_read(info.StdOutput, buf, sizeof(buf), &n, NULL), S_FALSE);
        assert_memory_equal(status, u"{\"ProcessId\":1000,\"Exited\":true,\"ExitCode\":7}", 90);
        hcs_abi_free(status);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdOutput);
        HcsCloseOperation(op);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
}

static HRESULT modify(HCS_SYSTEM s, PCWSTR request) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HRESULT hr = HcsModifyComputeSystem(s, op, request, NULL);

        HcsCloseOperation(op);
        return hr;
}

static void disks_are_attached_once_and_removed_once(void **state) {
#define LUN(n, type, settings)                                \
        u"{\"ResourcePath\":\"VirtualMachine/Devices/Scsi/c/" \
        u"Attachments/" n u"\",\"RequestType\":\"" type u"\"" settings u"}"
        HCS_SYSTEM s = create(u"a");

        assert_hresult(modify(s, LUN(u"1", u"Add", u",\"Settings\":{\"Type\":\"VirtualDisk\",\"Path\":\"d\"}")),
                       HCS_E_INVALID_STATE);
        start(s);
        assert_hresult(modify(s, LUN(u"1", u"Add", u",\"Settings\":{\"Type\":\"VirtualDisk\",\"Path\":\"d\"}")), S_OK);
        assert_hresult(modify(s, LUN(u"1", u"Add", u",\"Settings\":{\"Type\":\"VirtualDisk\",\"Path\":\"d\"}")),
                       HCS_WIN32(0xB7));
        assert_hresult(modify(s, LUN(u"64", u"Add", u",\"Settings\":{}")), HCS_E_INVALID_JSON);
        assert_hresult(modify(s, LUN(u"1", u"Remove", u"")), S_OK);
        assert_hresult(modify(s, LUN(u"1", u"Remove", u"")), HCS_WIN32(0x490));
        assert_hresult(modify(s, u"{\"ResourcePath\":\"VirtualMachine/Devices/Boats\"}"), HCS_E_INVALID_JSON);
        HcsCloseComputeSystem(s);
}

static void what_was_left_open_is_reported(void **state) {
        char *report = NULL;

        create(u"a");
        assert_int_equal(mockhcs_leaks(mock, &report), 1);
        assert_string_equal(report, "system/1 was never closed\n");
        free(report);
}

static void what_is_not_modelled_says_so(void **state) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        struct mockhcs_counters counters;
        PWSTR text = NULL;

        assert_hresult(HcsGetOperationProperties(op, u"{}", &text), E_NOTIMPL);
        HcsCloseOperation(op);
        mockhcs_counters(mock, &counters);
        assert_int_equal(counters.not_implemented, 1);
}

static void many_lifecycles(void *arg) {
        WCHAR id[] = {'t', (WCHAR)('0' + *(int *)arg), 0};

        for (int i = 0; i < 50; i++) {
                struct seen seen = {0};
                HCS_SYSTEM s = create(id);
                HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
                HCS_PROCESS p = NULL;

                HcsSetComputeSystemCallback(s, 0, &seen, on_event);
                start(s);
                HcsCreateProcess(s, u"{\"CommandLine\":\"cmd /c exit 1\"}", op, NULL, &p);
                wait_and_close(op);
                HcsCloseProcess(p);
                terminate(s);
                HcsCloseComputeSystem(s);
        }
}

static void eight_threads_share_the_emulator(void **state) {
        struct hcs_thread threads[8];
        int numbers[8];

        for (int i = 0; i < 8; i++) {
                numbers[i] = i;
                assert_hresult(hcs_thread_start(&threads[i], many_lifecycles, &numbers[i], NULL), S_OK);
        }
        for (int i = 0; i < 8; i++)
                hcs_thread_join(&threads[i]);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
        assert_int_equal(mockhcs_verify(mock, false, NULL), 0);
}

static void close_it(void *arg) {
        HcsCloseComputeSystem(arg);
}

static void two_threads_may_close_one_handle(void **state) {
        for (int i = 0; i < 50; i++) {
                HCS_SYSTEM s = create(u"a");
                struct hcs_thread other;

                terminate(s);
                assert_hresult(hcs_thread_start(&other, close_it, s, NULL), S_OK);
                close_it(s);
                hcs_thread_join(&other);
        }
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void bad_compositions_are_refused(void **state) {
        static const char *const bad[] = {"boat",
                                          "record=/tmp/x",
                                          "replay",
                                          "emulate,replay=x",
                                          "emulate,host=abc",
                                          "speed=-1",
                                          "record:/nonexistent/x,emulate",
                                          "replay=/nonexistent"};

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct hcs_error *err = NULL;
                struct mockhcs *m = NULL;

                assert_true(FAILED(mockhcs_open(bad[i], &m, &err)));
                assert_non_null(err);
                assert_null(m);
                hcs_error_free(err);
        }
        unlink("/tmp/x");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(T(a_system_lives_and_ends), T(an_id_is_taken_once_and_free_after), T(calls_in_the_wrong_state_are_refused),
          T(bad_documents_name_the_place), T(bad_arguments_are_refused_and_counted), T(an_operation_is_used_once),
          T(an_exit_before_the_callback_is_latched_and_told_once), T(every_handle_hears_of_the_exit),
          T(a_callback_may_close_its_own_handle), T(stdin_comes_back_and_the_exit_code_is_right),
          T(disks_are_attached_once_and_removed_once), T(what_was_left_open_is_reported),
          T(what_is_not_modelled_says_so), T(eight_threads_share_the_emulator), T(two_threads_may_close_one_handle),
          T(bad_compositions_are_refused))
