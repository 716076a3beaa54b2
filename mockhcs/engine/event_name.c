/* SPDX-License-Identifier: MIT */

/* The names of events and what each DLL calls them. Constant data; see event_name.h. */

#include "mockhcs/engine/event_name.h"

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/abi/computenetwork.h"

static const struct {
        const char *name;
        uint32_t vmcompute, computecore, computenetwork;
} numbers[] = {
        {"SystemExited", HcsNotificationSystemExited, HcsEventSystemExited},
        {"SystemCreateCompleted", HcsNotificationSystemCreateCompleted, 0},
        {"SystemStartCompleted", HcsNotificationSystemStartCompleted, 0},
        {"SystemPauseCompleted", HcsNotificationSystemPauseCompleted, 0},
        {"SystemResumeCompleted", HcsNotificationSystemResumeCompleted, 0},
        {"SystemSaveCompleted", HcsNotificationSystemSaveCompleted, 0},
        {"SystemShutdownFailed", HcsNotificationSystemShutdownFailed, 0},
        {"SystemCrashInitiated", HcsNotificationSystemCrashInitiated, HcsEventSystemCrashInitiated},
        {"SystemCrashReport", HcsNotificationSystemCrashReport, HcsEventSystemCrashReport},
        {"SystemRdpEnhancedModeStateChanged", HcsNotificationSystemRdpEnhancedModeStateChanged,
         HcsEventSystemRdpEnhancedModeStateChanged},
        {"SystemSiloJobCreated", HcsNotificationSystemSiloJobCreated, HcsEventSystemSiloJobCreated},
        {"SystemGuestConnectionClosed", HcsNotificationSystemGuestConnectionClosed,
         HcsEventSystemGuestConnectionClosed},
        {"ProcessExited", HcsNotificationProcessExited, HcsEventProcessExited},
        {"ServiceDisconnect", HcsNotificationServiceDisconnect, HcsEventServiceDisconnect,
         HcnNotificationServiceDisconnect},
        {"VmLifecycle", 0, (uint32_t)HcsEventGroupVmLifecycle},
        {"LiveMigration", 0, (uint32_t)HcsEventGroupLiveMigration},
        {"OperationInfo", 0, (uint32_t)HcsEventGroupOperationInfo},
        {"NetworkPreCreate", 0, 0, HcnNotificationNetworkPreCreate},
        {"NetworkCreate", 0, 0, HcnNotificationNetworkCreate},
        {"NetworkPreDelete", 0, 0, HcnNotificationNetworkPreDelete},
        {"NetworkDelete", 0, 0, HcnNotificationNetworkDelete},
        {"NamespaceCreate", 0, 0, HcnNotificationNamespaceCreate},
        {"NamespaceDelete", 0, 0, HcnNotificationNamespaceDelete},
        {"GuestNetworkServiceCreate", 0, 0, HcnNotificationGuestNetworkServiceCreate},
        {"GuestNetworkServiceDelete", 0, 0, HcnNotificationGuestNetworkServiceDelete},
        {"NetworkEndpointAttached", 0, 0, HcnNotificationNetworkEndpointAttached},
        {"NetworkEndpointDetached", 0, 0, HcnNotificationNetworkEndpointDetached},
        {"GuestNetworkServiceStateChanged", 0, 0, HcnNotificationGuestNetworkServiceStateChanged},
        {"GuestNetworkServiceInterfaceStateChanged", 0, 0, HcnNotificationGuestNetworkServiceInterfaceStateChanged},
};

static uint32_t number_of(size_t i, enum mock_dll dll) {
        return dll == MOCK_VMCOMPUTE        ? numbers[i].vmcompute
               : dll == MOCK_COMPUTENETWORK ? numbers[i].computenetwork
                                            : numbers[i].computecore;
}

static size_t find(const char *name) {
        size_t i = 0;

        while (i < HCS_ARRAY_SIZE(numbers) && !hcs_streq(numbers[i].name, name))
                i++;
        return i;
}

uint32_t mock_event_number(enum mock_dll dll, const char *name) {
        size_t i = find(name);

        return i < HCS_ARRAY_SIZE(numbers) ? number_of(i, dll) : 0;
}

const char *mock_event_name(enum mock_dll dll, uint32_t number) {
        for (size_t i = 0; number && i < HCS_ARRAY_SIZE(numbers); i++)
                if (number_of(i, dll) == number)
                        return numbers[i].name;
        return NULL;
}

const char *mock_event_known(const char *name) {
        size_t i = find(name);

        return i < HCS_ARRAY_SIZE(numbers) ? numbers[i].name : NULL;
}
