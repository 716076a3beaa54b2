/* SPDX-License-Identifier: MIT */

/* vmcompute's exports over the emulator: pending calls and their notifications, and what only this DLL has. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/vmcompute.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf.h"
#include "hcsshim/guid.h"
#include "mockhcs/mockhcs.h"
#include "platform/abi_memory.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define PENDING VMCOMPUTE_E_OPERATION_PENDING
#define VM      u"{\"VirtualMachine\":{}}"

/* Notifications as they come: each is the next bit of what was seen. */
struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned counts[16];
        unsigned process_exits;
        HRESULT last;
};

static struct mockhcs *mock;
static struct heard heard;

static int open_with(const char *spec) {
        memset(&heard, 0, sizeof(heard));
        hcs_mutex_init(&heard.lock);
        hcs_cond_init(&heard.changed);
        return FAILED(mockhcs_open(spec, &mock, NULL));
}

static int setup(void **state) {
        return open_with("emulate");
}

static int setup_synchronous(void **state) {
        return open_with("pending=no,emulate");
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        hcs_cond_deinit(&heard.changed);
        hcs_mutex_deinit(&heard.lock);
        return 0;
}

static void HCS_ABI_CALL on_notification(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct heard *h = context;

        hcs_mutex_lock(&h->lock);
        if (type < 16)
                h->counts[type]++;
        h->process_exits += type == HcsNotificationProcessExited;
        h->last = status;
        hcs_cond_broadcast(&h->changed);
        hcs_mutex_unlock(&h->lock);
}

static void wait_for(const unsigned *count, unsigned n) {
        hcs_mutex_lock(&heard.lock);
        while (*count < n)
                hcs_cond_wait(&heard.changed, &heard.lock);
        hcs_mutex_unlock(&heard.lock);
}

static void a_pending_create_is_told_on_registration(void **state) {
        HCS_SYSTEM s = NULL;
        HCS_CALLBACK callback = NULL;
        PWSTR result = NULL;

        assert_hresult(HcsCreateComputeSystem(u"a", VM, NULL, &s, &result), PENDING);
        assert_non_null(s);
        assert_null(result);
        mockhcs_drain(mock); /* completed by now: latched until somebody listens */
        assert_hresult(HcsRegisterComputeSystemCallback(s, on_notification, &heard, &callback), S_OK);
        wait_for(&heard.counts[HcsNotificationSystemCreateCompleted], 1);
        assert_hresult(heard.last, S_OK);
        assert_hresult(HcsUnregisterComputeSystemCallback(callback), S_OK);
        assert_hresult(HcsUnregisterComputeSystemCallback(callback), E_HANDLE);
        assert_hresult(HcsCloseComputeSystem(s), S_OK);
        assert_int_equal(heard.counts[HcsNotificationSystemCreateCompleted], 1);
}

static HCS_SYSTEM running(HCS_CALLBACK *callback) {
        HCS_SYSTEM s = NULL;

        assert_hresult(HcsCreateComputeSystem(u"a", VM, NULL, &s, NULL), PENDING);
        assert_hresult(HcsRegisterComputeSystemCallback(s, on_notification, &heard, callback), S_OK);
        wait_for(&heard.counts[HcsNotificationSystemCreateCompleted], 1);
        assert_hresult(HcsStartComputeSystem(s, NULL, NULL), PENDING);
        wait_for(&heard.counts[HcsNotificationSystemStartCompleted], 1);
        return s;
}

static void a_lifecycle_goes_by_notifications(void **state) {
        HCS_CALLBACK callback = NULL;
        HCS_SYSTEM s = running(&callback);

        assert_hresult(HcsPauseComputeSystem(s, u"", NULL), PENDING);
        wait_for(&heard.counts[HcsNotificationSystemPauseCompleted], 1);
        assert_hresult(HcsResumeComputeSystem(s, u"", NULL), PENDING);
        wait_for(&heard.counts[HcsNotificationSystemResumeCompleted], 1);
        assert_true(SUCCEEDED(HcsTerminateComputeSystem(s, u"", NULL)) ||
                    (HRESULT)HcsTerminateComputeSystem(s, u"", NULL) != E_FAIL);
        wait_for(&heard.counts[HcsNotificationSystemExited], 1);
        HcsUnregisterComputeSystemCallback(callback);
        HcsCloseComputeSystem(s);
        assert_int_equal(heard.counts[HcsNotificationSystemExited], 1);
}

static void codes_are_of_this_dlls_family(void **state) {
        HCS_CALLBACK callback = NULL;
        HCS_SYSTEM s = running(&callback), none = NULL;
        PWSTR result = NULL;
        _cleanup_free_ char *text = NULL;

        assert_hresult(HcsStartComputeSystem(s, NULL, &result), 0xC0370105);
        text = hcs_utf16_to_utf8_lossy(result, hcs_utf16_len(result), NULL);
        assert_non_null(strstr(text, "\"Error\":-1070137083"));
        hcs_abi_free(result);
        assert_hresult(HcsOpenComputeSystem(u"nobody", &none, NULL), 0xC037010E);
        assert_hresult(HcsCreateComputeSystem(u"a", VM, NULL, &none, NULL), 0xC037010F);
        assert_hresult(HcsCreateComputeSystem(u"b", u"{", NULL, &none, NULL), 0xC037010D);
        assert_hresult(HcsStartComputeSystem((HCS_SYSTEM)(uintptr_t)0x1234, NULL, NULL), E_HANDLE);
        assert_hresult(HcsCreateComputeSystem(u"b", VM, NULL, NULL, NULL), E_POINTER);
        HcsUnregisterComputeSystemCallback(callback);
        HcsCloseComputeSystem(s);
}

static void calls_can_be_synchronous(void **state) {
        HCS_SYSTEM s = NULL;

        assert_hresult(HcsCreateComputeSystem(u"a", VM, NULL, &s, NULL), S_OK);
        assert_hresult(HcsStartComputeSystem(s, NULL, NULL), S_OK);
        assert_hresult(HcsPauseComputeSystem(s, NULL, NULL), S_OK);
        HcsCloseComputeSystem(s);
}

static void a_process_talks_through_its_pipes_and_is_asked_for_its_code(void **state) {
        static const WCHAR parameters[] = u"{\"CommandLine\":\"cmd /c echo hi\",\"CreateStdOutPipe\":true}";
        HCS_CALLBACK on_system = NULL, on_process = NULL;
        HCS_SYSTEM s = running(&on_system);
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;
        _cleanup_free_ char *text = NULL;
        char out[16] = "";
        size_t n = 0;

        assert_hresult(HcsCreateProcess(s, parameters, &info, &p, NULL), S_OK);
        assert_true(info.ProcessId > 0);
        assert_hresult(HcsRegisterProcessCallback(p, on_notification, &heard, &on_process), S_OK);
        assert_ok(hcs_pipe_read(info.StdOutput, out, sizeof(out) - 1, &n, NULL), NULL);
        assert_string_equal(out, "hi\r\n");
        wait_for(&heard.process_exits, 1);
        assert_hresult(HcsTerminateProcess(p, NULL), HCS_WIN32(0x490));
        assert_hresult(HcsGetProcessProperties(p, &status, NULL), S_OK);
        text = hcs_utf16_to_utf8_lossy(status, hcs_utf16_len(status), NULL);
        assert_non_null(strstr(text, "\"Exited\":true"));
        hcs_abi_free(status);
        hcs_pipe_close(info.StdOutput);
        HcsUnregisterProcessCallback(on_process);
        HcsUnregisterComputeSystemCallback(on_system);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void hns_tells_its_version(void **state) {
        PWSTR response = NULL;
        _cleanup_free_ char *text = NULL;

        assert_hresult(HNSCall(u"GET", u"/globals/version", u"", &response), S_OK);
        text = hcs_utf16_to_utf8_lossy(response, hcs_utf16_len(response), NULL);
        assert_non_null(strstr(text, "\"Success\":true"));
        assert_non_null(strstr(text, "\"Major\""));
        hcs_abi_free(response);
}

static void everything_else_has_its_export_too(void **state) {
        HCS_CALLBACK callback = NULL;
        HCS_SYSTEM s = running(&callback);
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = NULL, other = NULL;
        PWSTR text = NULL;

        assert_hresult(HcsEnumerateComputeSystems(u"{}", &text, NULL), S_OK);
        hcs_abi_free(text);
        assert_hresult(HcsGetComputeSystemProperties(s, u"{}", &text, NULL), S_OK);
        hcs_abi_free(text);
        assert_hresult(HcsGetServiceProperties(u"{\"PropertyTypes\":[\"Basic\"]}", &text, NULL), S_OK);
        hcs_abi_free(text);
        assert_hresult(HcsModifyServiceSettings(u"{}", NULL), 0xC037010D);
        assert_hresult(HcsModifyComputeSystem(s, u"{}", NULL), 0xC037010D);
        assert_hresult(HcsSaveComputeSystem(s, u"{}", NULL), 0xC037010D);
        assert_hresult(HcsCreateProcess(s, u"{\"CommandLine\":\"ping -t localhost\"}", &info, &p, NULL), S_OK);
        assert_hresult(HcsOpenProcess(s, info.ProcessId, &other, NULL), S_OK);
        assert_hresult(HcsGetProcessInfo(other, &info, NULL), S_OK);
        assert_hresult(
                HcsModifyProcess(p, u"{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}", NULL),
                S_OK);
        assert_hresult(HcsSignalProcess(p, u"{\"Signal\":\"CtrlC\"}", NULL), S_OK);
        HcsCloseProcess(other);
        HcsCloseProcess(p);
        assert_true(SUCCEEDED((HRESULT)HcsShutdownComputeSystem(s, u"", NULL)));
        HcsUnregisterComputeSystemCallback(callback);
        HcsCloseComputeSystem(s);
}

static void access_is_granted_to_a_vm(void **state) {
        assert_hresult(GrantVmAccess(u"a", u"C:\\disk.vhdx"), S_OK);
        assert_hresult(GrantVmAccess(NULL, u"C:\\disk.vhdx"), E_INVALIDARG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(TEST(a_pending_create_is_told_on_registration), TEST(a_lifecycle_goes_by_notifications),
          TEST(codes_are_of_this_dlls_family),
          cmocka_unit_test_setup_teardown(calls_can_be_synchronous, setup_synchronous, teardown),
          TEST(a_process_talks_through_its_pipes_and_is_asked_for_its_code), TEST(hns_tells_its_version),
          TEST(everything_else_has_its_export_too), TEST(access_is_granted_to_a_vm))
