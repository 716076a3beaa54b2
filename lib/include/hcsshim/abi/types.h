/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ABI_TYPES_H
#define HCSSHIM_ABI_TYPES_H

/*
 * Types of the platform ABI: what vmcompute.dll and computecore.dll take and give, laid out as on Windows x64.
 *
 * Strings are UTF-16LE, NUL terminated; "no options" may be NULL or "". Handles are opaque, 0 is none.
 * Strings that the platform returns are freed by the caller (CoTaskMemFree or LocalFree on Windows, free() on
 * Linux). On Linux a stdio HANDLE holds a file descriptor: see hcs_abi_handle_to_fd().
 * Source: hcsshim's bindings and the published headers, as catalogued in the HCS reference sections 1.0 and 1.8.
 */

#include <stdint.h>

#include "hcsshim/guid.h"
#include "hcsshim/hresult.h"

#ifdef _WIN32
#include <windows.h>
#define HCS_ABI_CALL WINAPI
#else
typedef uint16_t WCHAR; /* u"text" literals have this type */
typedef const WCHAR *PCWSTR;
typedef WCHAR *PWSTR;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef void *HANDLE;
#define HCS_ABI_CALL
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define INFINITE             0xFFFFFFFFu
#define GENERIC_ALL          0x10000000u
#endif

typedef struct HCS_SYSTEM_HANDLE *HCS_SYSTEM;
typedef struct HCS_PROCESS_HANDLE *HCS_PROCESS;
typedef struct HCS_OPERATION_HANDLE *HCS_OPERATION;
typedef struct HCS_CALLBACK_HANDLE *HCS_CALLBACK;

typedef struct HCS_PROCESS_INFORMATION {
        DWORD ProcessId;
        DWORD Reserved;
        HANDLE StdInput; /* client's end; 0 where the pipe was not asked for */
        HANDLE StdOutput;
        HANDLE StdError;
} HCS_PROCESS_INFORMATION;

typedef struct HCS_EVENT {
        DWORD Type;
        PCWSTR EventData;        /* valid during the callback only; NULL when there is none */
        HCS_OPERATION Operation; /* for HcsEventOperationCallback */
} HCS_EVENT;

/* computecore event types (HCS_EVENT_TYPE). */
enum {
        HcsEventInvalid = 0x0,
        HcsEventSystemExited = 0x1,
        HcsEventSystemCrashInitiated = 0x2,
        HcsEventSystemCrashReport = 0x3,
        HcsEventSystemRdpEnhancedModeStateChanged = 0x4,
        HcsEventSystemSiloJobCreated = 0x5,
        HcsEventSystemGuestConnectionClosed = 0x6,
        HcsEventProcessExited = 0x10000,
        HcsEventOperationCallback = 0x01000000,
        HcsEventServiceDisconnect = 0x02000000,
        HcsEventGroupVmLifecycle = (int)0x80000002u,
        HcsEventGroupLiveMigration = (int)0x80000003u,
        HcsEventGroupOperationInfo = (int)0xC0000001u,
};

/* vmcompute notification types (HCS_NOTIFICATIONS). */
enum {
        HcsNotificationSystemExited = 0x1,
        HcsNotificationSystemCreateCompleted = 0x2,
        HcsNotificationSystemStartCompleted = 0x3,
        HcsNotificationSystemPauseCompleted = 0x4,
        HcsNotificationSystemResumeCompleted = 0x5,
        HcsNotificationSystemCrashReport = 0x6,
        HcsNotificationSystemSiloJobCreated = 0x7,
        HcsNotificationSystemSaveCompleted = 0x8,
        HcsNotificationSystemRdpEnhancedModeStateChanged = 0x9,
        HcsNotificationSystemShutdownFailed = 0xA,
        HcsNotificationSystemGetPropertiesCompleted = 0xB,
        HcsNotificationSystemModifyCompleted = 0xC,
        HcsNotificationSystemCrashInitiated = 0xD,
        HcsNotificationSystemGuestConnectionClosed = 0xE,
        HcsNotificationProcessExited = 0x10000,
        HcsNotificationServiceDisconnect = 0x01000000,
};

/* HCS_OPERATION_TYPE. */
enum {
        HcsOperationTypeNone = -1,
        HcsOperationTypeEnumerate = 0,
        HcsOperationTypeCreate = 1,
        HcsOperationTypeStart = 2,
        HcsOperationTypeShutdown = 3,
        HcsOperationTypePause = 4,
        HcsOperationTypeResume = 5,
        HcsOperationTypeSave = 6,
        HcsOperationTypeTerminate = 7,
        HcsOperationTypeModify = 8,
        HcsOperationTypeGetProperties = 9,
        HcsOperationTypeCreateProcess = 10,
        HcsOperationTypeSignalProcess = 11,
        HcsOperationTypeGetProcessInfo = 12,
        HcsOperationTypeGetProcessProperties = 13,
        HcsOperationTypeModifyProcess = 14,
        HcsOperationTypeCrash = 15,
};

typedef void(HCS_ABI_CALL *HCS_NOTIFICATION_CALLBACK)(DWORD notificationType, void *context, HRESULT status,
                                                      PCWSTR data);
typedef void(HCS_ABI_CALL *HCS_EVENT_CALLBACK)(HCS_EVENT *event, void *context);
typedef void(HCS_ABI_CALL *HCS_OPERATION_COMPLETION)(HCS_OPERATION operation, void *context);

#ifndef _WIN32
/* Linux: a stdio HANDLE is the file descriptor itself; descriptors 0 to 2 are never handed out, so 0 means absent. */
static inline int hcs_abi_handle_to_fd(HANDLE h) {
        return h == 0 || h == INVALID_HANDLE_VALUE ? -1 : (int)(intptr_t)h;
}
static inline HANDLE hcs_abi_handle_from_fd(int fd) {
        return fd < 0 ? (HANDLE)0 : (HANDLE)(intptr_t)fd;
}
#endif

/*
 * The definitions of the exports return the HRESULT zero extended to 64 bits (callers such as Go read the whole
 * register); clients see HRESULT.
 */
#ifdef HCS_ABI_IMPLEMENTATION
typedef uint64_t HCS_ABI_HRESULT;
#else
typedef HRESULT HCS_ABI_HRESULT;
#endif

#endif
