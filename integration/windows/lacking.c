/* SPDX-License-Identifier: MIT */

/*
 * What Wine lacks besides sockets and a program has in which winehv.dll is: flags of named pipes as go-winio uses them,
 * the build that a manifest would unlock. Says a line for each; exit code 1 when one does not hold. usage: lacking
 * BUILD
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <windows.h>
#include <winternl.h>

static int failures;

static void check(const char *what, bool holds) {
        printf("%s: %s\n", holds ? "ok" : "FAILED", what);
        failures += !holds;
}

typedef LONG(NTAPI *create_fn)(HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG, ULONG, ULONG,
                               ULONG, ULONG, ULONG, ULONG, ULONG, LARGE_INTEGER *);

/* As go-winio's ListenPipe: no remote clients, a first instance that only keeps the name. */
static LONG make(create_fn fn, bool first, HANDLE *ret) {
        UNICODE_STRING name = {.Buffer = (wchar_t *)L"\\??\\pipe\\hcsshim-lacking"};
        OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes), .ObjectName = &name, .Attributes = 0x40};
        LARGE_INTEGER timeout = {.QuadPart = -500000};
        IO_STATUS_BLOCK iosb;

        name.Length = name.MaximumLength = (USHORT)(wcslen(name.Buffer) * sizeof(wchar_t));
        return fn(ret, first ? SYNCHRONIZE : GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb,
                  FILE_SHARE_READ | FILE_SHARE_WRITE, first ? FILE_CREATE : FILE_OPEN, 0, 2, 0, 0, (ULONG)-1, 4096,
                  4096, &timeout);
}

static HANDLE dial(void) {
        return CreateFileW(L"\\\\.\\pipe\\hcsshim-lacking", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                           FILE_FLAG_OVERLAPPED, NULL);
}

static void pipes(void) {
        create_fn fn = (create_fn)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateNamedPipeFile");
        HANDLE first = NULL, second = NULL, third = NULL, client;
        DWORD flags = 0;

        check("a pipe's first instance is made", make(fn, true, &first) >= 0);
        check("a second first one is refused", (ULONG)make(fn, true, &third) == 0xC0000022);
        client = dial();
        check("nobody connects to one that only keeps the name",
              client == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
        check("the next instance is made", make(fn, false, &second) >= 0);
        check("it is no pipe of messages",
              GetNamedPipeInfo(second, &flags, NULL, NULL, NULL) && !(flags & PIPE_TYPE_MESSAGE));
        client = dial();
        check("a client connects to it", client != INVALID_HANDLE_VALUE);
        CloseHandle(client);
        CloseHandle(second);
        CloseHandle(first);
        first = CreateNamedPipeW(L"\\\\.\\pipe\\hcsshim-lacking", PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0,
                                 2, 0, 0, 0, NULL);
        second = CreateNamedPipeW(L"\\\\.\\pipe\\hcsshim-lacking", PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                  0, 2, 0, 0, 0, NULL);
        check("FILE_FLAG_FIRST_PIPE_INSTANCE holds",
              first != INVALID_HANDLE_VALUE && second == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED);
        CloseHandle(first);
}

static void random_bytes(void) {
        HMODULE dll = LoadLibraryExW(L"bcryptprimitives.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        BOOL(WINAPI * fn)
        (BYTE *, SIZE_T) = dll ? (BOOL(WINAPI *)(BYTE *, SIZE_T))(uintptr_t)GetProcAddress(dll, "ProcessPrng") : NULL;
        BYTE a[32] = {0}, b[32] = {0};

        check("ProcessPrng gives other bytes each time",
              fn && fn(a, sizeof(a)) && fn(b, sizeof(b)) && memcmp(a, b, sizeof(a)) != 0);
}

int main(int argc, char **argv) {
        DWORD version = GetVersion(), build = argc > 1 ? (DWORD)strtoul(argv[1], NULL, 10) : 0;

        check("the build is that of the registry", !build || (version >> 16 == build && LOBYTE(LOWORD(version)) == 10));
        pipes();
        random_bytes();
        return failures != 0;
}
