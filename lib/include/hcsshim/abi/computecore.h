/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ABI_COMPUTECORE_H
#define HCSSHIM_ABI_COMPUTECORE_H

/*
 * computecore: the operation-based HCS API. One list of its exports, from which the prototypes (link against
 * libcomputecore) and the table of function pointers (load it at run time) come. vmcompute exports functions of the
 * same names with other signatures: include only one of the two with HCS_ABI_PROTOTYPES defined.
 */

#include <stddef.h>

#include "hcsshim/abi/types.h"

/* clang-format off: one export a line */
/* X(return type, name, (parameters)) */
#define HCS_COMPUTECORE_FUNCTIONS(X)                                                                                   \
        X(HCS_OPERATION, HcsCreateOperation, (void *context, HCS_OPERATION_COMPLETION callback))                       \
        X(HCS_OPERATION, HcsCreateOperationWithNotifications,                                                          \
          (DWORD eventTypes, void *context, HCS_EVENT_CALLBACK callback))                                              \
        X(void, HcsCloseOperation, (HCS_OPERATION operation))                                                          \
        X(void *, HcsGetOperationContext, (HCS_OPERATION operation))                                                   \
        X(HCS_ABI_HRESULT, HcsSetOperationContext, (HCS_OPERATION operation, void *context))                           \
        X(HCS_SYSTEM, HcsGetComputeSystemFromOperation, (HCS_OPERATION operation))                                     \
        X(HCS_PROCESS, HcsGetProcessFromOperation, (HCS_OPERATION operation))                                          \
        X(int32_t, HcsGetOperationType, (HCS_OPERATION operation))                                                     \
        X(uint64_t, HcsGetOperationId, (HCS_OPERATION operation))                                                      \
        X(HCS_ABI_HRESULT, HcsGetOperationResult, (HCS_OPERATION operation, PWSTR * resultDocument))                   \
        X(HCS_ABI_HRESULT, HcsGetOperationResultAndProcessInfo,                                                        \
          (HCS_OPERATION operation, HCS_PROCESS_INFORMATION * processInformation, PWSTR * resultDocument))             \
        X(HCS_ABI_HRESULT, HcsGetOperationProperties,                                                                  \
          (HCS_OPERATION operation, PCWSTR options, PWSTR * resultDocument))                                           \
        X(HCS_ABI_HRESULT, HcsAddResourceToOperation,                                                                  \
          (HCS_OPERATION operation, DWORD type, PCWSTR uri, HANDLE handle))                                            \
        X(HCS_ABI_HRESULT, HcsGetProcessorCompatibilityFromSavedState,                                                 \
          (PCWSTR runtimeFileName, PWSTR * processorFeaturesString))                                                   \
        X(HCS_ABI_HRESULT, HcsWaitForOperationResult,                                                                  \
          (HCS_OPERATION operation, DWORD timeoutMs, PWSTR * resultDocument))                                          \
        X(HCS_ABI_HRESULT, HcsWaitForOperationResultAndProcessInfo,                                                    \
          (HCS_OPERATION operation, DWORD timeoutMs, HCS_PROCESS_INFORMATION * processInformation,                     \
           PWSTR * resultDocument))                                                                                    \
        X(HCS_ABI_HRESULT, HcsSetOperationCallback,                                                                    \
          (HCS_OPERATION operation, void *context, HCS_OPERATION_COMPLETION callback))                                 \
        X(HCS_ABI_HRESULT, HcsCancelOperation, (HCS_OPERATION operation))                                              \
        X(HCS_ABI_HRESULT, HcsEnumerateComputeSystems, (PCWSTR query, HCS_OPERATION operation))                        \
        X(HCS_ABI_HRESULT, HcsEnumerateComputeSystemsInNamespace,                                                      \
          (PCWSTR idNamespace, PCWSTR query, HCS_OPERATION operation))                                                 \
        X(HCS_ABI_HRESULT, HcsCreateComputeSystem,                                                                     \
          (PCWSTR id, PCWSTR configuration, HCS_OPERATION operation, const void *securityDescriptor,                   \
           HCS_SYSTEM *computeSystem))                                                                                 \
        X(HCS_ABI_HRESULT, HcsCreateComputeSystemInNamespace,                                                          \
          (PCWSTR idNamespace, PCWSTR id, PCWSTR configuration, HCS_OPERATION operation, const void *options,          \
           HCS_SYSTEM *computeSystem))                                                                                 \
        X(HCS_ABI_HRESULT, HcsOpenComputeSystem, (PCWSTR id, DWORD requestedAccess, HCS_SYSTEM * computeSystem))       \
        X(HCS_ABI_HRESULT, HcsOpenComputeSystemInNamespace,                                                            \
          (PCWSTR idNamespace, PCWSTR id, DWORD requestedAccess, HCS_SYSTEM * computeSystem))                          \
        X(void, HcsCloseComputeSystem, (HCS_SYSTEM computeSystem))                                                     \
        X(HCS_ABI_HRESULT, HcsStartComputeSystem, (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options)) \
        X(HCS_ABI_HRESULT, HcsShutDownComputeSystem,                                                                   \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsTerminateComputeSystem,                                                                  \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsCrashComputeSystem, (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options)) \
        X(HCS_ABI_HRESULT, HcsPauseComputeSystem, (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options)) \
        X(HCS_ABI_HRESULT, HcsResumeComputeSystem,                                                                     \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsSaveComputeSystem, (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))  \
        X(HCS_ABI_HRESULT, HcsGetComputeSystemProperties,                                                              \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR propertyQuery))                                   \
        X(HCS_ABI_HRESULT, HcsModifyComputeSystem,                                                                     \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR configuration, HANDLE identity))                  \
        X(HCS_ABI_HRESULT, HcsWaitForComputeSystemExit, (HCS_SYSTEM computeSystem, DWORD timeoutMs, PWSTR * result))   \
        X(HCS_ABI_HRESULT, HcsSetComputeSystemCallback,                                                                \
          (HCS_SYSTEM computeSystem, DWORD callbackOptions, void *context, HCS_EVENT_CALLBACK callback))               \
        X(HCS_ABI_HRESULT, HcsInitializeLiveMigrationOnSource,                                                         \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsStartLiveMigrationOnSource,                                                              \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsStartLiveMigrationTransfer,                                                              \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsFinalizeLiveMigration,                                                                   \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsCancelLiveMigration,                                                                     \
          (HCS_SYSTEM computeSystem, HCS_OPERATION operation, PCWSTR options))                                         \
        X(HCS_ABI_HRESULT, HcsCreateProcess,                                                                           \
          (HCS_SYSTEM computeSystem, PCWSTR processParameters, HCS_OPERATION operation,                                \
           const void *securityDescriptor, HCS_PROCESS *process))                                                      \
        X(HCS_ABI_HRESULT, HcsOpenProcess,                                                                             \
          (HCS_SYSTEM computeSystem, DWORD processId, DWORD requestedAccess, HCS_PROCESS * process))                   \
        X(void, HcsCloseProcess, (HCS_PROCESS process))                                                                \
        X(HCS_ABI_HRESULT, HcsTerminateProcess, (HCS_PROCESS process, HCS_OPERATION operation, PCWSTR options))        \
        X(HCS_ABI_HRESULT, HcsSignalProcess, (HCS_PROCESS process, HCS_OPERATION operation, PCWSTR options))           \
        X(HCS_ABI_HRESULT, HcsGetProcessInfo, (HCS_PROCESS process, HCS_OPERATION operation))                          \
        X(HCS_ABI_HRESULT, HcsGetProcessProperties,                                                                    \
          (HCS_PROCESS process, HCS_OPERATION operation, PCWSTR propertyQuery))                                        \
        X(HCS_ABI_HRESULT, HcsModifyProcess, (HCS_PROCESS process, HCS_OPERATION operation, PCWSTR settings))          \
        X(HCS_ABI_HRESULT, HcsSetProcessCallback,                                                                      \
          (HCS_PROCESS process, DWORD callbackOptions, void *context, HCS_EVENT_CALLBACK callback))                    \
        X(HCS_ABI_HRESULT, HcsWaitForProcessExit, (HCS_PROCESS process, DWORD timeoutMs, PWSTR * result))              \
        X(HCS_ABI_HRESULT, HcsGetServiceProperties, (PCWSTR propertyQuery, PWSTR * result))                            \
        X(HCS_ABI_HRESULT, HcsModifyServiceSettings, (PCWSTR settings, PWSTR * result))                                \
        X(HCS_ABI_HRESULT, HcsSubmitWerReport, (PCWSTR settings))                                                      \
        X(HCS_ABI_HRESULT, HcsCreateEmptyGuestStateFile, (PCWSTR guestStateFilePath))                                  \
        X(HCS_ABI_HRESULT, HcsCreateEmptyRuntimeStateFile, (PCWSTR runtimeStateFilePath))                              \
        X(HCS_ABI_HRESULT, HcsGrantVmAccess, (PCWSTR vmId, PCWSTR filePath))                                           \
        X(HCS_ABI_HRESULT, HcsRevokeVmAccess, (PCWSTR vmId, PCWSTR filePath))                                          \
        X(HCS_ABI_HRESULT, HcsGrantVmGroupAccess, (PCWSTR filePath))                                                   \
        X(HCS_ABI_HRESULT, HcsRevokeVmGroupAccess, (PCWSTR filePath))
/* clang-format on */

/* Every export as a pointer; NULL where the loaded library lacks it. */
struct hcs_computecore_api {
#define HCS_ABI_MEMBER(ret, name, params) ret(HCS_ABI_CALL *name) params;
        HCS_COMPUTECORE_FUNCTIONS(HCS_ABI_MEMBER)
#undef HCS_ABI_MEMBER
};

#ifdef HCS_ABI_PROTOTYPES
#define HCS_ABI_PROTOTYPE(ret, name, params) ret HCS_ABI_CALL name params;
HCS_COMPUTECORE_FUNCTIONS(HCS_ABI_PROTOTYPE)
#undef HCS_ABI_PROTOTYPE
#endif

#endif
