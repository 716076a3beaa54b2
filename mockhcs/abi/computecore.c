/* SPDX-License-Identifier: MIT */

/*
 * computecore's calls on systems, processes and the service: each turns its arguments into one call document. The
 * operations themselves are in computecore_operation.c. Any thread; results as in hcsshim/abi/computecore.h.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/computecore.h"
#pragma GCC visibility pop

#include "mockhcs/abi/front.h"

#include "platform/clock.h"

HCS_ABI_HRESULT HCS_ABI_CALL HcsEnumerateComputeSystems(PCWSTR query, HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsEnumerateComputeSystems");
        mock_front_document(&f, "query", query);
        mock_front_operation(&f, operation);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsEnumerateComputeSystemsInNamespace(PCWSTR idNamespace, PCWSTR query,
                                                                   HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsEnumerateComputeSystemsInNamespace");
        mock_front_text(&f, "namespace", idNamespace);
        mock_front_document(&f, "query", query);
        mock_front_operation(&f, operation);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HCS_OPERATION operation,
                                                    const void *securityDescriptor, HCS_SYSTEM *computeSystem) {
        FRONT(f, COMPUTECORE, "HcsCreateComputeSystem");
        mock_front_text(&f, "id", id);
        mock_front_document(&f, "configuration", configuration);
        mock_front_operation(&f, operation);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        mock_front_submit(&f);
        if (computeSystem)
                *computeSystem = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateComputeSystemInNamespace(PCWSTR idNamespace, PCWSTR id, PCWSTR configuration,
                                                               HCS_OPERATION operation, const void *options,
                                                               HCS_SYSTEM *computeSystem) {
        FRONT(f, COMPUTECORE, "HcsCreateComputeSystemInNamespace");
        mock_front_text(&f, "namespace", idNamespace);
        mock_front_text(&f, "id", id);
        mock_front_document(&f, "configuration", configuration);
        mock_front_operation(&f, operation);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        mock_front_submit(&f);
        if (computeSystem)
                *computeSystem = mock_front_created(&f);
        return mock_front_end(&f);
}

/* Opening has no operation in the ABI: whatever the backend takes, the caller waits for it. */
HCS_ABI_HRESULT HCS_ABI_CALL HcsOpenComputeSystem(PCWSTR id, DWORD requestedAccess, HCS_SYSTEM *computeSystem) {
        FRONT(f, COMPUTECORE, "HcsOpenComputeSystem");
        mock_front_text(&f, "id", id);
        mock_front_number(&f, "access", requestedAccess);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        mock_front_submit(&f);
        mock_front_wait(&f);
        if (computeSystem)
                *computeSystem = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsOpenComputeSystemInNamespace(PCWSTR idNamespace, PCWSTR id, DWORD requestedAccess,
                                                             HCS_SYSTEM *computeSystem) {
        FRONT(f, COMPUTECORE, "HcsOpenComputeSystemInNamespace");
        mock_front_text(&f, "namespace", idNamespace);
        mock_front_text(&f, "id", id);
        mock_front_number(&f, "access", requestedAccess);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        mock_front_submit(&f);
        mock_front_wait(&f);
        if (computeSystem)
                *computeSystem = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsStartComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsStartComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsShutDownComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                      PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsShutDownComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsTerminateComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                       PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsTerminateComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCrashComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsCrashComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsPauseComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsPauseComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsResumeComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsResumeComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSaveComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsSaveComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsInitializeLiveMigrationOnSource(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                                PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsInitializeLiveMigrationOnSource");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsStartLiveMigrationOnSource(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                           PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsStartLiveMigrationOnSource");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsStartLiveMigrationTransfer(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                           PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsStartLiveMigrationTransfer");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsFinalizeLiveMigration(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                      PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsFinalizeLiveMigration");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCancelLiveMigration(HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsCancelLiveMigration");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetComputeSystemProperties(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                           PCWSTR propertyQuery) {
        FRONT(f, COMPUTECORE, "HcsGetComputeSystemProperties");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "query", propertyQuery);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyComputeSystem(HCS_SYSTEM computeSystem, HCS_OPERATION operation,
                                                    PCWSTR configuration, HANDLE identity) {
        FRONT(f, COMPUTECORE, "HcsModifyComputeSystem");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "configuration", configuration);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateProcess(HCS_SYSTEM computeSystem, PCWSTR processParameters,
                                              HCS_OPERATION operation, const void *securityDescriptor,
                                              HCS_PROCESS *process) {
        FRONT(f, COMPUTECORE, "HcsCreateProcess");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "parameters", processParameters);
        mock_front_operation(&f, operation);
        mock_front_creates(&f, MOCK_PROCESS, process);
        mock_front_submit(&f);
        if (process)
                *process = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsOpenProcess(HCS_SYSTEM computeSystem, DWORD processId, DWORD requestedAccess,
                                            HCS_PROCESS *process) {
        FRONT(f, COMPUTECORE, "HcsOpenProcess");
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_number(&f, "processId", processId);
        mock_front_number(&f, "access", requestedAccess);
        mock_front_creates(&f, MOCK_PROCESS, process);
        mock_front_submit(&f);
        mock_front_wait(&f);
        if (process)
                *process = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsTerminateProcess(HCS_PROCESS process, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsTerminateProcess");
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSignalProcess(HCS_PROCESS process, HCS_OPERATION operation, PCWSTR options) {
        FRONT(f, COMPUTECORE, "HcsSignalProcess");
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetProcessInfo(HCS_PROCESS process, HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetProcessInfo");
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_operation(&f, operation);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetProcessProperties(HCS_PROCESS process, HCS_OPERATION operation,
                                                     PCWSTR propertyQuery) {
        FRONT(f, COMPUTECORE, "HcsGetProcessProperties");
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "query", propertyQuery);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyProcess(HCS_PROCESS process, HCS_OPERATION operation, PCWSTR settings) {
        FRONT(f, COMPUTECORE, "HcsModifyProcess");
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_operation(&f, operation);
        mock_front_document(&f, "settings", settings);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetServiceProperties(PCWSTR propertyQuery, PWSTR *result) {
        FRONT(f, COMPUTECORE, "HcsGetServiceProperties");
        mock_front_clear(result);
        mock_front_document(&f, "query", propertyQuery);
        mock_front_submit(&f);
        mock_front_wait(&f);
        mock_front_result(&f, f.op, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyServiceSettings(PCWSTR settings, PWSTR *result) {
        FRONT(f, COMPUTECORE, "HcsModifyServiceSettings");
        mock_front_clear(result);
        mock_front_document(&f, "settings", settings);
        mock_front_submit(&f);
        mock_front_wait(&f);
        mock_front_result(&f, f.op, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSubmitWerReport(PCWSTR settings) {
        FRONT(f, COMPUTECORE, "HcsSubmitWerReport");
        mock_front_document(&f, "settings", settings);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateEmptyGuestStateFile(PCWSTR guestStateFilePath) {
        FRONT(f, COMPUTECORE, "HcsCreateEmptyGuestStateFile");
        mock_front_text(&f, "file", guestStateFilePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateEmptyRuntimeStateFile(PCWSTR runtimeStateFilePath) {
        FRONT(f, COMPUTECORE, "HcsCreateEmptyRuntimeStateFile");
        mock_front_text(&f, "file", runtimeStateFilePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGrantVmGroupAccess(PCWSTR filePath) {
        FRONT(f, COMPUTECORE, "HcsGrantVmGroupAccess");
        mock_front_text(&f, "file", filePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsRevokeVmGroupAccess(PCWSTR filePath) {
        FRONT(f, COMPUTECORE, "HcsRevokeVmGroupAccess");
        mock_front_text(&f, "file", filePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGrantVmAccess(PCWSTR vmId, PCWSTR filePath) {
        FRONT(f, COMPUTECORE, "HcsGrantVmAccess");
        mock_front_text(&f, "vmId", vmId);
        mock_front_text(&f, "file", filePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsRevokeVmAccess(PCWSTR vmId, PCWSTR filePath) {
        FRONT(f, COMPUTECORE, "HcsRevokeVmAccess");
        mock_front_text(&f, "vmId", vmId);
        mock_front_text(&f, "file", filePath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetProcessorCompatibilityFromSavedState(PCWSTR runtimeFileName,
                                                                        PWSTR *processorFeaturesString) {
        FRONT(f, COMPUTECORE, "HcsGetProcessorCompatibilityFromSavedState");
        mock_front_clear(processorFeaturesString);
        mock_front_text(&f, "file", runtimeFileName);
        mock_front_submit(&f);
        mock_front_wait(&f);
        if (SUCCEEDED(f.hr)) /* the features, never a result document */
                mock_front_result(&f, f.op, processorFeaturesString);
        return mock_front_end(&f);
}

/* Closing tells nobody: the ABI has no result for it, a stale handle is only counted. */
static void close_handle(struct mock_front *f, enum mock_handle_kind kind, const void *value) {
        struct mock_live *l = mock_front_handle(f, kind, value);

        mock_front_close(f, l);
        mock_front_end(f);
}

void HCS_ABI_CALL HcsCloseComputeSystem(HCS_SYSTEM computeSystem) {
        FRONT(f, COMPUTECORE, "HcsCloseComputeSystem");
        close_handle(&f, MOCK_SYSTEM, computeSystem);
}

void HCS_ABI_CALL HcsCloseProcess(HCS_PROCESS process) {
        FRONT(f, COMPUTECORE, "HcsCloseProcess");
        close_handle(&f, MOCK_PROCESS, process);
}

static uint64_t set_callback(struct mock_front *f, struct mock_live *l, DWORD options, void *context,
                             HCS_EVENT_CALLBACK callback) {
        HRESULT hr = S_OK;

        mock_front_number(f, "options", options);
        if (l && callback)
                hr = mock_events_register(f->engine, l, callback, NULL, context);
        else if (l)
                mock_events_unregister(f->engine, l);
        mock_front_local(f, hr);
        return mock_front_end(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetComputeSystemCallback(HCS_SYSTEM computeSystem, DWORD callbackOptions, void *context,
                                                         HCS_EVENT_CALLBACK callback) {
        FRONT(f, COMPUTECORE, "HcsSetComputeSystemCallback");
        return set_callback(&f, mock_front_handle(&f, MOCK_SYSTEM, computeSystem), callbackOptions, context, callback);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetProcessCallback(HCS_PROCESS process, DWORD callbackOptions, void *context,
                                                   HCS_EVENT_CALLBACK callback) {
        FRONT(f, COMPUTECORE, "HcsSetProcessCallback");
        return set_callback(&f, mock_front_handle(&f, MOCK_PROCESS, process), callbackOptions, context, callback);
}

static uint64_t wait_exit(struct mock_front *f, struct mock_live *l, DWORD timeout_ms, PWSTR *result) {
        HRESULT hr = S_OK;
        char *data = NULL;

        mock_front_clear(result);
        mock_front_number(f, "timeout", timeout_ms);
        if (l)
                hr = mock_events_wait_exit(f->engine, l, mock_deadline(timeout_ms), &data);
        if (l && data)
                mock_value_set_document(&f->call.completion.result, "result", data);
        mock_front_local(f, hr);
        mock_front_result(f, NULL, result);
        return mock_front_end(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsWaitForComputeSystemExit(HCS_SYSTEM computeSystem, DWORD timeoutMs, PWSTR *result) {
        FRONT(f, COMPUTECORE, "HcsWaitForComputeSystemExit");
        return wait_exit(&f, mock_front_handle(&f, MOCK_SYSTEM, computeSystem), timeoutMs, result);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsWaitForProcessExit(HCS_PROCESS process, DWORD timeoutMs, PWSTR *result) {
        FRONT(f, COMPUTECORE, "HcsWaitForProcessExit");
        return wait_exit(&f, mock_front_handle(&f, MOCK_PROCESS, process), timeoutMs, result);
}
