/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ABI_VMCOMPUTE_H
#define HCSSHIM_ABI_VMCOMPUTE_H

/*
 * vmcompute: the notification-based HCS API, the layer functions and HNSCall. One list, as in computecore.h.
 * Create, start, pause, resume and save may return VMCOMPUTE_E_OPERATION_PENDING and then complete through the
 * registered callback; every other call is synchronous. `result` receives the ResultError document or NULL.
 */

#include <stddef.h>

#include "hcsshim/abi/types.h"

typedef struct HCS_DRIVER_INFO {
        uint32_t Flavour; /* hcsshim always passes 1, the filter driver */
        PCWSTR HomeDir;   /* "": ids are full paths */
} HCS_DRIVER_INFO;

typedef struct HCS_LAYER_DESCRIPTOR {
        GUID LayerId;
        uint32_t Flags;
        PCWSTR Path;
} HCS_LAYER_DESCRIPTOR;

/* clang-format off: one export a line */
/* X(return type, name, (parameters)) */
#define HCS_VMCOMPUTE_FUNCTIONS(X)                                                                                     \
        X(HCS_ABI_HRESULT, HcsEnumerateComputeSystems, (PCWSTR query, PWSTR * computeSystems, PWSTR * result))         \
        X(HCS_ABI_HRESULT, HcsCreateComputeSystem,                                                                     \
          (PCWSTR id, PCWSTR configuration, HANDLE identity, HCS_SYSTEM * computeSystem, PWSTR * result))              \
        X(HCS_ABI_HRESULT, HcsOpenComputeSystem, (PCWSTR id, HCS_SYSTEM * computeSystem, PWSTR * result))              \
        X(HCS_ABI_HRESULT, HcsCloseComputeSystem, (HCS_SYSTEM computeSystem))                                          \
        X(HCS_ABI_HRESULT, HcsStartComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))          \
        X(HCS_ABI_HRESULT, HcsShutdownComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))       \
        X(HCS_ABI_HRESULT, HcsTerminateComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))      \
        X(HCS_ABI_HRESULT, HcsPauseComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))          \
        X(HCS_ABI_HRESULT, HcsResumeComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))         \
        X(HCS_ABI_HRESULT, HcsSaveComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR options, PWSTR * result))           \
        X(HCS_ABI_HRESULT, HcsGetComputeSystemProperties,                                                              \
          (HCS_SYSTEM computeSystem, PCWSTR propertyQuery, PWSTR * properties, PWSTR * result))                        \
        X(HCS_ABI_HRESULT, HcsModifyComputeSystem, (HCS_SYSTEM computeSystem, PCWSTR configuration, PWSTR * result))   \
        X(HCS_ABI_HRESULT, HcsModifyServiceSettings, (PCWSTR settings, PWSTR * result))                                \
        X(HCS_ABI_HRESULT, HcsGetServiceProperties, (PCWSTR propertyQuery, PWSTR * properties, PWSTR * result))        \
        X(HCS_ABI_HRESULT, HcsRegisterComputeSystemCallback,                                                           \
          (HCS_SYSTEM computeSystem, HCS_NOTIFICATION_CALLBACK callback, void *context, HCS_CALLBACK *callbackHandle)) \
        X(HCS_ABI_HRESULT, HcsUnregisterComputeSystemCallback, (HCS_CALLBACK callbackHandle))                          \
        X(HCS_ABI_HRESULT, HcsCreateProcess,                                                                           \
          (HCS_SYSTEM computeSystem, PCWSTR processParameters, HCS_PROCESS_INFORMATION * processInformation,           \
           HCS_PROCESS * process, PWSTR * result))                                                                     \
        X(HCS_ABI_HRESULT, HcsOpenProcess,                                                                             \
          (HCS_SYSTEM computeSystem, DWORD processId, HCS_PROCESS * process, PWSTR * result))                          \
        X(HCS_ABI_HRESULT, HcsCloseProcess, (HCS_PROCESS process))                                                     \
        X(HCS_ABI_HRESULT, HcsTerminateProcess, (HCS_PROCESS process, PWSTR * result))                                 \
        X(HCS_ABI_HRESULT, HcsSignalProcess, (HCS_PROCESS process, PCWSTR options, PWSTR * result))                    \
        X(HCS_ABI_HRESULT, HcsGetProcessInfo,                                                                          \
          (HCS_PROCESS process, HCS_PROCESS_INFORMATION * processInformation, PWSTR * result))                         \
        X(HCS_ABI_HRESULT, HcsGetProcessProperties, (HCS_PROCESS process, PWSTR * processProperties, PWSTR * result))  \
        X(HCS_ABI_HRESULT, HcsModifyProcess, (HCS_PROCESS process, PCWSTR settings, PWSTR * result))                   \
        X(HCS_ABI_HRESULT, HcsRegisterProcessCallback,                                                                 \
          (HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback, void *context, HCS_CALLBACK *callbackHandle))      \
        X(HCS_ABI_HRESULT, HcsUnregisterProcessCallback, (HCS_CALLBACK callbackHandle))                                \
        X(HCS_ABI_HRESULT, HNSCall, (PCWSTR method, PCWSTR path, PCWSTR object, PWSTR * response))                     \
        X(HCS_ABI_HRESULT, ActivateLayer, (const HCS_DRIVER_INFO *info, PCWSTR id))                                    \
        X(HCS_ABI_HRESULT, DeactivateLayer, (const HCS_DRIVER_INFO *info, PCWSTR id))                                  \
        X(HCS_ABI_HRESULT, PrepareLayer,                                                                               \
          (const HCS_DRIVER_INFO *info, PCWSTR id, const HCS_LAYER_DESCRIPTOR *layers, DWORD count))                   \
        X(HCS_ABI_HRESULT, UnprepareLayer, (const HCS_DRIVER_INFO *info, PCWSTR id))                                   \
        X(HCS_ABI_HRESULT, CreateLayer, (const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR parent))                       \
        X(HCS_ABI_HRESULT, CreateSandboxLayer,                                                                         \
          (const HCS_DRIVER_INFO *info, PCWSTR id, const void *parent, const HCS_LAYER_DESCRIPTOR *layers,             \
           DWORD count))                                                                                               \
        X(HCS_ABI_HRESULT, ExpandSandboxSize, (const HCS_DRIVER_INFO *info, PCWSTR id, uint64_t size))                 \
        X(HCS_ABI_HRESULT, DestroyLayer, (const HCS_DRIVER_INFO *info, PCWSTR id))                                     \
        X(HCS_ABI_HRESULT, CopyLayer,                                                                                  \
          (const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR destination, const HCS_LAYER_DESCRIPTOR *layers,             \
           DWORD count))                                                                                               \
        X(HCS_ABI_HRESULT, ExportLayer,                                                                                \
          (const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path, const HCS_LAYER_DESCRIPTOR *layers, DWORD count))      \
        X(HCS_ABI_HRESULT, ImportLayer,                                                                                \
          (const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path, const HCS_LAYER_DESCRIPTOR *layers, DWORD count))      \
        X(HCS_ABI_HRESULT, GetLayerMountPath, (const HCS_DRIVER_INFO *info, PCWSTR id, size_t *length, WCHAR *buffer)) \
        X(HCS_ABI_HRESULT, GetBaseImages, (PWSTR * json))                                                              \
        X(HCS_ABI_HRESULT, LayerExists, (const HCS_DRIVER_INFO *info, PCWSTR id, DWORD *exists))                       \
        X(HCS_ABI_HRESULT, NameToGuid, (PCWSTR name, GUID * guid))                                                     \
        X(HCS_ABI_HRESULT, ProcessBaseImage, (PCWSTR path))                                                            \
        X(HCS_ABI_HRESULT, ProcessUtilityImage, (PCWSTR path))                                                         \
        X(HCS_ABI_HRESULT, GrantVmAccess, (PCWSTR vmId, PCWSTR path))
/* clang-format on */

/* Every export as a pointer; NULL where the loaded library lacks it. */
struct hcs_vmcompute_api {
#define HCS_ABI_MEMBER(ret, name, params) ret(HCS_ABI_CALL *name) params;
        HCS_VMCOMPUTE_FUNCTIONS(HCS_ABI_MEMBER)
#undef HCS_ABI_MEMBER
};

#ifdef HCS_ABI_PROTOTYPES
#define HCS_ABI_PROTOTYPE(ret, name, params) ret HCS_ABI_CALL name params;
HCS_VMCOMPUTE_FUNCTIONS(HCS_ABI_PROTOTYPE)
#undef HCS_ABI_PROTOTYPE
#endif

#endif
