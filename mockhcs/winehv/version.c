/* SPDX-License-Identifier: MIT */

/*
 * The version of Windows, for programs without a manifest that names this one: they are told 6.2.9200, by Windows as by
 * Wine. With WINEHV_MANIFEST=1 they are told what RtlGetVersion() says, as one with the manifest is. See winehv.h.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"
#include "base/str.h"
#include "platform/env.h"
#include "platform/thread.h"

static struct hcs_once looked = HCS_ONCE_INIT;
static OSVERSIONINFOW real_version;
static bool wanted;

static void look(void) {
        _cleanup_free_ char *manifest = hcs_env_get("WINEHV_MANIFEST");
        LONG(WINAPI * fn)
        (OSVERSIONINFOW *) = (LONG(WINAPI *)(OSVERSIONINFOW *))(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                                                         "RtlGetVersion");

        real_version.dwOSVersionInfoSize = sizeof(real_version);
        wanted = hcs_streq(manifest, "1") && fn && fn(&real_version) >= 0;
}

static bool is_wanted(void) {
        hcs_once(&looked, look);
        return wanted;
}

static uint64_t on_getversion(const uint64_t *args, void *real) {
        DWORD(WINAPI * fn)(void) = real;

        if (!is_wanted())
                return fn();
        return real_version.dwMajorVersion | real_version.dwMinorVersion << 8 | real_version.dwBuildNumber << 16;
}

/* The four numbers stand in the same places in all four structures. */
static uint64_t on_getversionex(const uint64_t *args, void *real) {
        BOOL(WINAPI * fn)(OSVERSIONINFOW *) = real;
        OSVERSIONINFOW *info = (OSVERSIONINFOW *)args[0];
        BOOL ok = fn(info);

        if (ok && is_wanted()) {
                info->dwMajorVersion = real_version.dwMajorVersion;
                info->dwMinorVersion = real_version.dwMinorVersion;
                info->dwBuildNumber = real_version.dwBuildNumber;
        }
        return (uint64_t)ok;
}

static const struct winehv_redirection list[] = {
        {"kernel32", "GetVersion", 0, on_getversion},      {"kernelbase", "GetVersion", 0, on_getversion},
        {"kernel32", "GetVersionExA", 1, on_getversionex}, {"kernelbase", "GetVersionExA", 1, on_getversionex},
        {"kernel32", "GetVersionExW", 1, on_getversionex}, {"kernelbase", "GetVersionExW", 1, on_getversionex},
};
const struct winehv_group winehv_version = {list, HCS_ARRAY_SIZE(list)};
