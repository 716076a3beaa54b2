/* SPDX-License-Identifier: MIT */

/*
 * What Wine 8 gets wrong of named pipes that are made by NtCreateNamedPipeFile(), as go-winio does: any type but 0
 * makes it a pipe of messages, so that "no remote clients" (2) did; a first instance is not refused where there is one;
 * and an instance that nobody can read or write, which only keeps the name, lets clients connect. See winehv.h. Any
 * thread.
 */

#include "mockhcs/winehv/winehv.h"

#include <winternl.h>

#include "base/mem.h"
#include "base/str.h"

#define TYPE_MESSAGE  1u
#define DISCONNECT    0x110004u /* FSCTL_PIPE_DISCONNECT */
#define ACCESS_DENIED ((uint64_t)0xC0000022)
#define WIN32_PREFIX  L"\\\\.\\pipe\\"
#define MAX_NAME      512

/* The same pipe by its name of Win32; false when it has none. */
static bool win32_name(const OBJECT_ATTRIBUTES *attributes, wchar_t name[static MAX_NAME]) {
        static const wchar_t *const prefixes[] = {L"\\??\\pipe\\", L"\\Device\\NamedPipe\\", L"\\DosDevices\\pipe\\"};
        const UNICODE_STRING *nt = attributes ? attributes->ObjectName : NULL;
        size_t n = nt ? nt->Length / sizeof(wchar_t) : 0;

        for (size_t i = 0; nt && !attributes->RootDirectory && i < HCS_ARRAY_SIZE(prefixes); i++) {
                size_t prefix = wcslen(prefixes[i]);

                if (n <= prefix || n - prefix + wcslen(WIN32_PREFIX) >= MAX_NAME ||
                    _wcsnicmp(nt->Buffer, prefixes[i], prefix) != 0)
                        continue;
                wcscpy(name, WIN32_PREFIX);
                memcpy(name + wcslen(WIN32_PREFIX), nt->Buffer + prefix, (n - prefix) * sizeof(wchar_t));
                name[wcslen(WIN32_PREFIX) + n - prefix] = L'\0';
                return true;
        }
        return false;
}

static bool exists(const wchar_t *name) {
        return WaitNamedPipeW(name, 1) || GetLastError() != ERROR_FILE_NOT_FOUND;
}

/* Somebody comes and is sent away: that is the state in which no client is let in. */
static void keep_clients_out(HANDLE pipe, const wchar_t *name) {
        HANDLE client = CreateFileW(name, FILE_READ_ATTRIBUTES | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                    OPEN_EXISTING, 0, NULL);

        if (client == INVALID_HANDLE_VALUE)
                return;
        DisconnectNamedPipe(pipe);
        CloseHandle(client);
}

static uint64_t on_create(const uint64_t *args, void *real) {
        typedef LONG(NTAPI * create_fn)(HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG, ULONG,
                                        ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, LARGE_INTEGER *);
        create_fn fn = (create_fn)(uintptr_t)real;
        HANDLE *handle = (HANDLE *)args[0];
        ULONG access = (ULONG)args[1], disposition = (ULONG)args[5];
        wchar_t name[MAX_NAME];
        bool named = win32_name((const OBJECT_ATTRIBUTES *)args[2], name);
        LONG status;

        if (disposition == FILE_CREATE && named && exists(name))
                return ACCESS_DENIED;
        status = fn(handle, access, (OBJECT_ATTRIBUTES *)args[2], (IO_STATUS_BLOCK *)args[3], (ULONG)args[4],
                    disposition, (ULONG)args[6], (ULONG)args[7] & TYPE_MESSAGE, (ULONG)args[8], (ULONG)args[9],
                    (ULONG)args[10], (ULONG)args[11], (ULONG)args[12], (LARGE_INTEGER *)args[13]);
        if (status >= 0 && named && access == SYNCHRONIZE)
                keep_clients_out(*handle, name);
        return (uint64_t)(uint32_t)status;
}

/* What Wine's own CreateNamedPipe does not pass on. */
static uint64_t on_create_win32(const uint64_t *args, void *real) {
        HANDLE(WINAPI * fn)(const void *, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, SECURITY_ATTRIBUTES *) = real;
        const wchar_t *name = (const wchar_t *)args[0];

        if (name && ((DWORD)args[1] & FILE_FLAG_FIRST_PIPE_INSTANCE) && exists(name)) {
                SetLastError(ERROR_ACCESS_DENIED);
                return (uint64_t)(uintptr_t)INVALID_HANDLE_VALUE;
        }
        return (uint64_t)(uintptr_t)fn(name, (DWORD)args[1], (DWORD)args[2], (DWORD)args[3], (DWORD)args[4],
                                       (DWORD)args[5], (DWORD)args[6], (SECURITY_ATTRIBUTES *)args[7]);
}

static const struct winehv_redirection list[] = {
        {"ntdll", "NtCreateNamedPipeFile", 14, on_create},
        {"kernel32", "CreateNamedPipeW", 8, on_create_win32},
        {"kernelbase", "CreateNamedPipeW", 8, on_create_win32},
};
const struct winehv_group winehv_pipes = {list, HCS_ARRAY_SIZE(list)};
