/* SPDX-License-Identifier: MIT */

/* What this system is: RtlGetVersion() tells the truth to every program. */

#include "platform/os.h"

#include <windows.h>

const char *hcs_os_name(void) {
        return "windows";
}

uint32_t hcs_os_build(void) {
        void *get_version = (void *)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion");
        RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};

        if (!get_version || ((LONG(WINAPI *)(RTL_OSVERSIONINFOW *))(uintptr_t)get_version)(&version) != 0)
                return 0;
        return version.dwBuildNumber;
}
