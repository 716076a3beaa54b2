/* SPDX-License-Identifier: MIT */

/* computecore's exports for processes, for the inside of operations, and what is rarely called. */

#include <stdatomic.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/abi_memory.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

#define VM "{\"VirtualMachine\":{}}"

static struct mockhcs *mock;

static int setup(void **state) {
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static HCS_SYSTEM running(void) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("a", VM, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        return s;
}

static HCS_PROCESS endless(HCS_SYSTEM s, uint32_t *ret_pid) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = NULL;

        assert_hresult(HcsCreateProcess(s, u"{\"CommandLine\":\"ping -t localhost\"}", op, NULL, &p), S_OK);
        assert_hresult(HcsWaitForOperationResultAndProcessInfo(op, INFINITE, &info, NULL), S_OK);
        HcsCloseOperation(op);
        *ret_pid = info.ProcessId;
        return p;
}

static void HCS_ABI_CALL count_exit(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventProcessExited)
                atomic_fetch_add((atomic_uint *)context, 1);
}

static void a_process_has_many_handles_and_one_end(void **state) {
        HCS_SYSTEM s = running();
        uint32_t pid;
        HCS_PROCESS p = endless(s, &pid), other = NULL;
        HCS_OPERATION info = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION got = {0};
        atomic_uint exits = 0;

        assert_hresult(HcsOpenProcess(s, pid, GENERIC_ALL, &other), S_OK);
        assert_hresult(HcsOpenProcess(s, pid + 1, GENERIC_ALL, &(HCS_PROCESS){NULL}), HCS_WIN32(0x490));
        assert_hresult(HcsSetProcessCallback(other, 0, &exits, count_exit), S_OK);
        assert_hresult(HcsSetProcessCallback(other, 0, &exits, count_exit),
                       HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET);
        assert_hresult(HcsGetProcessInfo(other, info), S_OK);
        assert_hresult(HcsGetOperationResultAndProcessInfo(info, &got, NULL), S_OK);
        assert_int_equal(got.ProcessId, pid);
        HcsCloseOperation(info);
        assert_hresult(DONE(HcsModifyProcess(p, op,
                                             u"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":25,"
                                             u"\"Width\":80}}")),
                       S_OK);
        assert_hresult(DONE(HcsModifyProcess(p, op, u"{\"Operation\":\"Dance\"}")), HCS_E_INVALID_JSON);
        assert_hresult(DONE(HcsGetProcessProperties(p, op, u"{}")), S_OK);
        assert_hresult(DONE(HcsTerminateProcess(other, op, NULL)), S_OK);
        assert_hresult(DONE(HcsTerminateProcess(p, op, NULL)), HCS_E_PROCESS_ALREADY_STOPPED);
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&exits), 1);
        HcsCloseProcess(other);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void signals_end_a_process_each_in_its_way(void **state) {
        HCS_SYSTEM s = running();
        uint32_t pid;
        HCS_PROCESS p = endless(s, &pid);
        PWSTR status = NULL;

        assert_hresult(DONE(HcsSignalProcess(p, op, u"{\"Signal\":\"Wave\"}")), HCS_E_INVALID_JSON);
        assert_hresult(DONE(HcsSignalProcess(p, op, u"{\"Signal\":\"CtrlC\"}")), S_OK);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, &status), S_OK);
        assert_non_null(status);
        hcs_abi_free(status);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
}

static void HCS_ABI_CALL completed(HCS_OPERATION op, void *context) {
        atomic_fetch_add((atomic_uint *)context, 1);
}

static void an_operation_knows_what_it_is_for(void **state) {
        HCS_SYSTEM s = running();
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL), with = NULL;
        atomic_uint calls = 0;
        HCS_PROCESS p = NULL;
        int context;

        assert_int_equal(HcsGetOperationType(op), HcsOperationTypeNone);
        assert_hresult(HcsSetOperationContext(op, &context), S_OK);
        assert_ptr_equal(HcsGetOperationContext(op), &context);
        assert_hresult(HcsSetOperationCallback(op, &calls, completed), S_OK);
        assert_hresult(HcsCreateProcess(s, u"{\"CommandLine\":\"cmd /c exit\"}", op, NULL, &p), S_OK);
        assert_hresult(HcsWaitForOperationResult(op, INFINITE, NULL), S_OK);
        assert_int_equal(HcsGetOperationType(op), HcsOperationTypeCreateProcess);
        assert_ptr_equal(HcsGetProcessFromOperation(op), p);
        assert_ptr_equal(HcsGetComputeSystemFromOperation(op), s);
        assert_true(HcsGetOperationId(op) != 0);
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&calls), 1);
        HcsCloseOperation(op);
        with = HcsCreateOperationWithNotifications(0, NULL, NULL);
        assert_hresult(HcsAddResourceToOperation(with, 1, u"hcs:/VirtualMachine/x", NULL), S_OK);
        assert_true(FAILED((HRESULT)HcsCancelOperation(with))); /* nothing has begun */
        HcsCloseOperation(with);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
}

static void a_crash_is_told_before_the_exit(void **state) {
        HCS_SYSTEM s = running();
        PWSTR status = NULL;

        assert_hresult(DONE(HcsCrashComputeSystem(s, op, u"{\"Type\":\"None\"}")), S_OK);
        assert_hresult(HcsWaitForComputeSystemExit(s, INFINITE, &status), S_OK);
        assert_non_null(status);
        hcs_abi_free(status);
        HcsCloseComputeSystem(s);
}

static void namespaces_hold_the_same_systems(void **state) {
        HCS_SYSTEM s = NULL, again = NULL;

        assert_hresult(DONE(HcsCreateComputeSystemInNamespace(u"ns", u"a", u"{\"VirtualMachine\":{}}", op, NULL, &s)),
                       S_OK);
        assert_hresult(HcsOpenComputeSystemInNamespace(u"ns", u"a", GENERIC_ALL, &again), S_OK);
        assert_hresult(DONE(HcsEnumerateComputeSystemsInNamespace(u"ns", u"{}", op)), S_OK);
        HcsCloseComputeSystem(again);
        HcsCloseComputeSystem(s);
}

static void access_is_granted_and_taken_back(void **state) {
        assert_hresult(HcsGrantVmAccess(u"a", u"C:\\d.vhdx"), S_OK);
        assert_hresult(HcsRevokeVmAccess(u"a", u"C:\\d.vhdx"), S_OK);
        assert_hresult(HcsGrantVmGroupAccess(u"C:\\d.vhdx"), S_OK);
        assert_hresult(HcsRevokeVmGroupAccess(u"C:\\d.vhdx"), S_OK);
        assert_hresult(HcsGrantVmAccess(u"a", NULL), E_INVALIDARG);
}

static void what_nobody_models_is_not_implemented(void **state) {
        HCS_SYSTEM s = running();
        struct mockhcs_counters counters;
        HCS_OPERATION asked = HcsCreateOperation(NULL, NULL);
        PWSTR text = NULL;

        assert_hresult(HcsGetOperationProperties(asked, NULL, &text), E_NOTIMPL);
        HcsCloseOperation(asked);
        assert_hresult(DONE(HcsInitializeLiveMigrationOnSource(s, op, NULL)), E_NOTIMPL);
        mockhcs_counters(mock, &counters);
        assert_int_equal(counters.not_implemented, 2);
        HcsCloseComputeSystem(s);
}

static void a_migration_that_never_began_is_not_gone_on_with(void **state) {
        HCS_SYSTEM s = running();

        assert_hresult(DONE(HcsStartLiveMigrationOnSource(s, op, NULL)), HCS_E_INVALID_STATE);
        assert_hresult(DONE(HcsStartLiveMigrationTransfer(s, op, u"{\"Origin\":\"Source\"}")), HCS_E_INVALID_STATE);
        assert_hresult(DONE(HcsFinalizeLiveMigration(s, op, u"{\"Origin\":7}")), HCS_E_INVALID_JSON);
        assert_hresult(DONE(HcsFinalizeLiveMigration(s, op, NULL)), HCS_E_INVALID_STATE);
        assert_hresult(DONE(HcsCancelLiveMigration(s, op, NULL)), HCS_E_INVALID_STATE);
        HcsCloseComputeSystem(s);
}

/* A file of the test's own folder, whose path any system has. */
struct state_file {
        char *folder, *path;
        uint16_t *wide;
};

static struct state_file state_file(const char *name) {
        _cleanup_free_ char *folder = hcs_test_tmpdir();
        struct state_file f = {.folder = hcs_path_full(folder)};

        f.path = hcs_asprintf("%s/%s", f.folder, name);
        f.wide = hcs_utf8_to_utf16_lossy(f.path, strlen(f.path), NULL);
        return f;
}

static void state_file_deinit(struct state_file *f) {
        free(f->wide);
        free(f->path);
        free(f->folder);
}

static void empty_state_files_are_made_once(void **state) {
        _cleanup_(state_file_deinit) struct state_file guest = state_file("a.vmgs"), memory = state_file("a.vmrs"),
                                                       nowhere = state_file("none/a.vmgs");
        _cleanup_buf_ struct hcs_buf text = {0};

        assert_hresult(HcsCreateEmptyGuestStateFile(guest.wide), S_OK);
        assert_hresult(HcsCreateEmptyGuestStateFile(guest.wide), HCS_WIN32(80));
        assert_hresult(HcsCreateEmptyRuntimeStateFile(memory.wide), S_OK);
        assert_hresult(HcsCreateEmptyRuntimeStateFile(guest.wide), HCS_WIN32(80));
        assert_ok(hcs_file_read(memory.path, 1, &text, NULL), NULL);
        assert_int_equal(text.len, 0);
        assert_hresult(HcsCreateEmptyGuestStateFile(nowhere.wide), HCS_WIN32(3));
        assert_false(hcs_file_exists(nowhere.path));
        assert_hresult(HcsCreateEmptyGuestStateFile(u"a.vmgs"), E_INVALIDARG);
        assert_hresult(HcsCreateEmptyGuestStateFile(u""), E_INVALIDARG);
        assert_hresult(HcsCreateEmptyRuntimeStateFile(NULL), E_INVALIDARG);
}

static void a_saved_machine_says_what_it_needs_of_a_processor(void **state) {
        _cleanup_(state_file_deinit) struct state_file f = state_file("a.vmrs");
        _cleanup_free_ char *options = NULL;
        _cleanup_json_ struct hcs_json *path = hcs_json_new_object();
        HCS_SYSTEM s = running();
        PWSTR text = NULL;

        hcs_json_set_string(path, "SaveStateFilePath", f.path);
        options = hcs_json_text(path, HCS_JSON_COMPACT);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(f.wide, &text), HCS_WIN32(2));
        assert_hresult(HcsCreateEmptyRuntimeStateFile(f.wide), S_OK);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(f.wide, &text), HCS_WIN32(1392));
        assert_null(text);
        assert_hresult(DONE(HcsPauseComputeSystem(s, op, NULL)), S_OK);
        assert_hresult(core_save(s, options), S_OK);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(f.wide, &text), S_OK);
        _cleanup_free_ char *needs = hcs_utf16_to_utf8_lossy(text, hcs_utf16_len(text), NULL);
        hcs_abi_free(text);
        assert_non_null(strstr(needs, "\"ProcessorFeatures\":[\"Sse3\""));
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(f.wide, NULL), S_OK);
        /* A place may be written in other ways. */
        _cleanup_free_ char *round = hcs_asprintf("%s/.//a.vmrs", f.folder);
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(round, strlen(round), NULL);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(wide, NULL), S_OK);
        assert_hresult(core_save(s, "{\"SaveType\":\"ToFile\",\"SaveStateFilePath\":\"C:\\\\S.vmrs\"}"), S_OK);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(u"c:/./s.VMRS", NULL), S_OK);
        assert_hresult(HcsGetProcessorCompatibilityFromSavedState(u"c:/t.vmrs", NULL), HCS_WIN32(2));
        HcsCloseComputeSystem(s);
}

static void a_crash_report_is_checked(void **state) {
        assert_hresult(HcsSubmitWerReport(u"{\"SystemId\":\"a\",\"CrashParameters\":[1,2]}"), S_OK);
        assert_hresult(HcsSubmitWerReport(u"{\"SystemId\":7}"), HCS_E_INVALID_JSON);
        assert_hresult(HcsSubmitWerReport(u"{"), HCS_E_INVALID_JSON);
        assert_hresult(HcsSubmitWerReport(NULL), HCS_E_INVALID_JSON);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_process_handle_outlives_its_system(void **state) {
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p;
        uint32_t pid;

        assert_hresult(core_create("a", "{\"VirtualMachine\":{},\"ShouldTerminateOnLastHandleClosed\":true}", &s, NULL),
                       S_OK);
        assert_hresult(core_start(s), S_OK);
        p = endless(s, &pid);
        HcsCloseComputeSystem(s);
        assert_true(FAILED(DONE(HcsTerminateProcess(p, op, NULL))));
        HcsCloseProcess(p);
}

HCS_TESTS(TEST(a_process_handle_outlives_its_system), TEST(a_process_has_many_handles_and_one_end),
          TEST(signals_end_a_process_each_in_its_way), TEST(an_operation_knows_what_it_is_for),
          TEST(a_crash_is_told_before_the_exit), TEST(namespaces_hold_the_same_systems),
          TEST(access_is_granted_and_taken_back), TEST(what_nobody_models_is_not_implemented),
          TEST(a_migration_that_never_began_is_not_gone_on_with), TEST(a_crash_report_is_checked),
          TEST(empty_state_files_are_made_once), TEST(a_saved_machine_says_what_it_needs_of_a_processor))
