/* SPDX-License-Identifier: MIT */

/*
 * What crosses the ABI, as Windows lays it out on x64: sizes, places of members, values. Nothing here runs; a header
 * that says otherwise does not compile. With PUBLISHED the same is said of mingw-w64's own headers, which shows that
 * the numbers are those of the platform (integration/windows/exports.sh).
 */

#ifdef PUBLISHED
#include <windows.h>

#include <computedefs.h>
#include <computenetwork.h>
#include <stddef.h>
#include <stdint.h>
#define HCS_ABI_CALL WINAPI
#else
#include "hcsshim/abi/computecore.h"
#include "hcsshim/abi/computenetwork.h"
#include "hcsshim/abi/computestorage.h"
#include "hcsshim/abi/vmcompute.h"
#endif

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")
#define PLACE(type, member, offset) \
        _Static_assert(offsetof(type, member) == (offset), #type "." #member " is elsewhere")
#define VALUE(name, value) _Static_assert((uint32_t)(name) == (value), #name " is another number")
#define CALLBACK_IS(type, ...)                                                                \
        _Static_assert(__builtin_types_compatible_p(type, void(HCS_ABI_CALL *)(__VA_ARGS__)), \
                       #type " is called otherwise")

SIZE(HRESULT, 4);
SIZE(DWORD, 4);
SIZE(BOOL, 4);
SIZE(WCHAR, 2);
SIZE(HANDLE, 8);
SIZE(HCS_SYSTEM, 8);
SIZE(HCS_PROCESS, 8);
SIZE(HCS_OPERATION, 8);
SIZE(HCS_CALLBACK, 8);
SIZE(HCN_NETWORK, 8);
SIZE(HCN_CALLBACK, 8);

SIZE(GUID, 16);
PLACE(GUID, Data1, 0);
PLACE(GUID, Data2, 4);
PLACE(GUID, Data3, 6);
PLACE(GUID, Data4, 8);

SIZE(HCS_PROCESS_INFORMATION, 32);
PLACE(HCS_PROCESS_INFORMATION, ProcessId, 0);
PLACE(HCS_PROCESS_INFORMATION, Reserved, 4);
PLACE(HCS_PROCESS_INFORMATION, StdInput, 8);
PLACE(HCS_PROCESS_INFORMATION, StdOutput, 16);
PLACE(HCS_PROCESS_INFORMATION, StdError, 24);

SIZE(HCS_EVENT, 24);
PLACE(HCS_EVENT, Type, 0);
PLACE(HCS_EVENT, EventData, 8);
PLACE(HCS_EVENT, Operation, 16);

SIZE(HCN_PORT_RANGE_RESERVATION, 4);
PLACE(HCN_PORT_RANGE_RESERVATION, startingPort, 0);
PLACE(HCN_PORT_RANGE_RESERVATION, endingPort, 2);

SIZE(HCN_PORT_RANGE_ENTRY, 64);
PLACE(HCN_PORT_RANGE_ENTRY, OwningPartitionId, 0);
PLACE(HCN_PORT_RANGE_ENTRY, TargetPartitionId, 16);
PLACE(HCN_PORT_RANGE_ENTRY, Protocol, 32);
PLACE(HCN_PORT_RANGE_ENTRY, Priority, 40);
PLACE(HCN_PORT_RANGE_ENTRY, ReservationType, 48);
PLACE(HCN_PORT_RANGE_ENTRY, SharingFlags, 52);
PLACE(HCN_PORT_RANGE_ENTRY, DeliveryMode, 56);
PLACE(HCN_PORT_RANGE_ENTRY, StartingPort, 60);
PLACE(HCN_PORT_RANGE_ENTRY, EndingPort, 62);

#ifndef PUBLISHED /* of vmcompute nothing is published: as hcsshim's bindings lay them out */
SIZE(HCS_DRIVER_INFO, 16);
PLACE(HCS_DRIVER_INFO, Flavour, 0);
PLACE(HCS_DRIVER_INFO, HomeDir, 8);

SIZE(HCS_LAYER_DESCRIPTOR, 32);
PLACE(HCS_LAYER_DESCRIPTOR, LayerId, 0);
PLACE(HCS_LAYER_DESCRIPTOR, Flags, 16);
PLACE(HCS_LAYER_DESCRIPTOR, Path, 24);
#endif

CALLBACK_IS(HCS_NOTIFICATION_CALLBACK, DWORD, void *, HRESULT, PCWSTR);
CALLBACK_IS(HCS_EVENT_CALLBACK, HCS_EVENT *, void *);
CALLBACK_IS(HCS_OPERATION_COMPLETION, HCS_OPERATION, void *);
CALLBACK_IS(HCN_NOTIFICATION_CALLBACK, DWORD, void *, HRESULT, PCWSTR);

VALUE(HcsEventSystemExited, 0x1);
VALUE(HcsEventSystemCrashInitiated, 0x2);
VALUE(HcsEventSystemCrashReport, 0x3);
VALUE(HcsEventSystemRdpEnhancedModeStateChanged, 0x4);
VALUE(HcsEventSystemSiloJobCreated, 0x5);
VALUE(HcsEventSystemGuestConnectionClosed, 0x6);
VALUE(HcsEventProcessExited, 0x10000);
VALUE(HcsEventOperationCallback, 0x01000000);
VALUE(HcsEventServiceDisconnect, 0x02000000);
VALUE(HcsNotificationSystemExited, 0x1);
VALUE(HcsNotificationSystemCreateCompleted, 0x2);
VALUE(HcsNotificationSystemStartCompleted, 0x3);
VALUE(HcsNotificationSystemPauseCompleted, 0x4);
VALUE(HcsNotificationSystemResumeCompleted, 0x5);
VALUE(HcsNotificationSystemSaveCompleted, 0x8);
VALUE(HcsNotificationSystemShutdownFailed, 0xA);
VALUE(HcsNotificationSystemGuestConnectionClosed, 0xE);
VALUE(HcsNotificationProcessExited, 0x10000);
VALUE(HcsNotificationServiceDisconnect, 0x01000000);
VALUE(HcsOperationTypeNone, 0xFFFFFFFF);
VALUE(HcsOperationTypeCrash, 15);
VALUE(HcnNotificationNetworkEndpointAttached, 0x9);
VALUE(HcnNotificationNetworkEndpointDetached, 0x10);
VALUE(HcnNotificationServiceDisconnect, 0x01000000);
VALUE(HCN_PORT_PROTOCOL_BOTH, 3);
VALUE(HCN_PORT_ACCESS_SHARED, 2);
