/* SPDX-License-Identifier: MIT */

/*
 * A client to be recorded that does to its calls what clients should not, and tells what it sees: a run with a recorder
 * in it must tell the same as one without.
 * usage: disturbed state: what calls leave of the thread's state; leave: calls that are left by an exception; thread:
 * a thread that is ended within a call; kill: a child that is ended while it calls; child PROGRAM: how it starts
 */

#include "hcsshim/abi/computecore.h"

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#define NOWHERE ((void *)(uintptr_t)0x10)
#define MANY    500
#define DENIED  ((LONG)0xC0000022) /* STATUS_ACCESS_DENIED */

static struct hcs_computecore_api api;

static void bind_all(void) {
        HMODULE module = LoadLibraryExW(L"computecore.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

#define BIND(ret, name, params) api.name = (ret(HCS_ABI_CALL *) params)(uintptr_t)GetProcAddress(module, #name);
        HCS_COMPUTECORE_FUNCTIONS(BIND)
}

static void *of_ntdll(const char *name) {
        return (void *)(uintptr_t)GetProcAddress(GetModuleHandleA("ntdll.dll"), name);
}

/* What a thread has that no call may change, and its errors, which the platform may. */
static void set_state(void) {
        ((ULONG(NTAPI *)(LONG))(uintptr_t)of_ntdll("RtlNtStatusToDosError"))(
                DENIED); /* which is the last status then */
        errno = 42;
        SetLastError(4711);
        _mm_setcsr((_mm_getcsr() & ~(unsigned)_MM_ROUND_MASK) | _MM_ROUND_DOWN);
        _controlfp(_RC_UP, _MCW_RC);
}

static void tell_state(const char *what) {
        static LONG(NTAPI * last_status)(void);
        DWORD last = GetLastError();
        int number = errno;
        LONG status;

        if (!last_status)
                last_status = (LONG(NTAPI *)(void))(uintptr_t)of_ntdll("RtlGetLastNtStatus");
        status = last_status();

        printf("%s: errno %d, last error %lu, status 0x%08lX, rounding 0x%X and 0x%X, mode 0x%lX\n", what, number, last,
               (unsigned long)status, _MM_GET_ROUNDING_MODE(), _controlfp(0, 0) & _MCW_RC, GetThreadErrorMode());
        set_state();
}

static const WCHAR document[] = L"{\"Owner\":\"disturbed\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},"
                                L"\"VirtualMachine\":{}}";
static const WCHAR shell[] = L"{\"CommandLine\":\"cmd\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}";

static void finish(HCS_OPERATION op, HCS_PROCESS_INFORMATION *info) {
        if (info)
                api.HcsWaitForOperationResultAndProcessInfo(op, INFINITE, info, NULL);
        else
                api.HcsWaitForOperationResult(op, INFINITE, NULL);
        api.HcsCloseOperation(op);
}

static HCS_SYSTEM start(const WCHAR *id) {
        HCS_OPERATION op = api.HcsCreateOperation(NULL, NULL);
        HCS_SYSTEM system = NULL;

        api.HcsCreateComputeSystem(id, document, op, NULL, &system);
        finish(op, NULL);
        op = api.HcsCreateOperation(NULL, NULL);
        api.HcsStartComputeSystem(system, op, NULL);
        finish(op, NULL);
        return system;
}

static void stop(HCS_SYSTEM system) {
        HCS_OPERATION op = api.HcsCreateOperation(NULL, NULL);

        api.HcsTerminateComputeSystem(system, op, NULL);
        finish(op, NULL);
        api.HcsCloseComputeSystem(system);
}

static int state(void) {
        HCS_PROCESS process = NULL;
        HCS_SYSTEM system = NULL;
        PWSTR text = NULL;
        HCS_OPERATION op;

        set_state();
        op = api.HcsCreateOperation(NULL, NULL);
        tell_state("operation");
        api.HcsCreateComputeSystem(L"state", document, op, NULL, &system);
        tell_state("create");
        api.HcsWaitForOperationResult(op, INFINITE, &text);
        tell_state("wait");
        LocalFree(text);
        set_state();
        api.HcsCloseOperation(op);
        tell_state("close operation");
        api.HcsCreateComputeSystem(L"state", L"{", NULL, NULL, &system);
        tell_state("a bad document");
        api.HcsOpenComputeSystem(L"nobody", 0x10000000, &system);
        tell_state("open nobody");
        api.HcsGetServiceProperties(NULL, &text);
        tell_state("service");
        LocalFree(text);
        api.HcsCreateProcess((HCS_SYSTEM)NOWHERE, shell, NULL, NULL, &process);
        tell_state("a process of nobody");
        api.HcsCloseProcess(process);
        tell_state("close nobody");
        return 0;
}

/* A fault goes on behind the call, as in programs of some languages: nothing is unwound. */
static CONTEXT behind;
static volatile LONG faults;

static LONG CALLBACK go_on_behind(EXCEPTION_POINTERS *e) {
        if (e->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION || !behind.Rip)
                return EXCEPTION_CONTINUE_SEARCH;
        *e->ContextRecord = behind;
        faults++;
        return EXCEPTION_CONTINUE_EXECUTION;
}

#define LEAVING(call)                                 \
        do {                                          \
                volatile LONG seen = faults;          \
                                                      \
                RtlCaptureContext(&behind);           \
                if (faults == seen)                   \
                        call;                         \
                behind.Rip = 0;                       \
                printf("left: %ld\n", faults - seen); \
        } while (0)

static const char *self;

static int wait_for(const PROCESS_INFORMATION *info) {
        DWORD code = 1;

        WaitForSingleObject(info->hProcess, INFINITE);
        GetExitCodeProcess(info->hProcess, &code);
        return (int)code;
}

static bool start_self(const char *what, PROCESS_INFORMATION *ret) {
        STARTUPINFOA startup = {.cb = sizeof(startup)};
        char line[1024];

        snprintf(line, sizeof(line), "\"%s\" %s", self, what);
        return CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, ret);
}

static void read_to_end(HANDLE h) {
        OVERLAPPED o = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        char data[256];
        DWORD n = 0;

        while ((ReadFile(h, data, sizeof(data), NULL, &o) || GetLastError() == ERROR_IO_PENDING) &&
               GetOverlappedResult(h, &o, &n, TRUE) && n > 0)
                printf("output: %.*s", (int)n, data);
        printf("the end\n");
        CloseHandle(o.hEvent);
        CloseHandle(h);
}

static void write_all(HANDLE h, const char *text) {
        OVERLAPPED o = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        DWORD n = 0;

        if (!WriteFile(h, text, (DWORD)strlen(text), NULL, &o) && GetLastError() != ERROR_IO_PENDING)
                printf("not written\n");
        GetOverlappedResult(h, &o, &n, TRUE);
        CloseHandle(o.hEvent);
        CloseHandle(h);
}

/* Calls with pointers to nowhere, which fault wherever they are looked at, and good ones behind them. */
static int leave(void) {
        HCS_PROCESS_INFORMATION info = {0};
        PROCESS_INFORMATION child;
        HCS_PROCESS process = NULL;
        HCS_SYSTEM system = start(L"leave");
        HCS_OPERATION op = api.HcsCreateOperation(NULL, NULL);

        AddVectoredExceptionHandler(1, go_on_behind);
        api.HcsCreateProcess(system, shell, op, NULL, &process);
        api.HcsWaitForOperationResult(op, INFINITE, NULL);
        LEAVING(api.HcsGetOperationResultAndProcessInfo(op, NOWHERE, NULL));
        LEAVING(api.HcsCreateProcess(system, NOWHERE, op, NULL, &process));
        LEAVING(CreateProcessA(NULL, (char[]){"nobody"}, NULL, NULL, FALSE, 0, NULL, NULL, NOWHERE, NOWHERE));
        api.HcsCloseOperation(op);
        op = api.HcsCreateOperation(NULL, NULL);
        api.HcsGetProcessInfo(process, op);
        finish(op, &info);
        write_all(info.StdInput, "echo left\nexit 3\n");
        read_to_end(info.StdOutput);
        api.HcsCloseProcess(process);
        stop(system);
        printf("child: %d\n", start_self("calls", &child) ? wait_for(&child) : -1);
        return 0;
}

/* The fault says where the thread is: it stays there until it is ended. */
static HANDLE stuck;

static LONG CALLBACK stay(EXCEPTION_POINTERS *e) {
        SetEvent(stuck);
        Sleep(INFINITE);
        return EXCEPTION_CONTINUE_SEARCH;
}

static DWORD WINAPI ask_and_stay(void *op) {
        api.HcsGetOperationResultAndProcessInfo(op, NOWHERE, NULL);
        return 0;
}

static int thread(void) {
        HCS_SYSTEM system = start(L"thread");
        HCS_PROCESS_INFORMATION info = {0};
        HCS_OPERATION op = api.HcsCreateOperation(NULL, NULL);
        HCS_PROCESS process = NULL;
        HANDLE t;

        api.HcsCreateProcess(system, shell, op, NULL, &process);
        api.HcsWaitForOperationResult(op, INFINITE, NULL);
        stuck = CreateEventW(NULL, FALSE, FALSE, NULL);
        AddVectoredExceptionHandler(1, stay);
        t = CreateThread(NULL, 0, ask_and_stay, op, 0, NULL);
        WaitForSingleObject(stuck, INFINITE);
        TerminateThread(t, 5);
        WaitForSingleObject(t, INFINITE);
        api.HcsCloseOperation(op);
        op = api.HcsCreateOperation(NULL, NULL);
        api.HcsGetProcessInfo(process, op);
        finish(op, &info);
        write_all(info.StdInput, "echo here\nexit 3\n");
        read_to_end(info.StdOutput);
        api.HcsCloseProcess(process);
        stop(system);
        return 0;
}

static HANDLE called(void) {
        return CreateEventA(NULL, TRUE, FALSE, "Local\\disturbed-called");
}

static int calls(unsigned n) {
        for (unsigned i = 0; n == 0 || i < n; i++) {
                api.HcsCloseOperation(api.HcsCreateOperation(NULL, NULL));
                if (i == MANY)
                        SetEvent(called());
        }
        return 0;
}

static int kill_child(void) {
        PROCESS_INFORMATION child;
        HANDLE goes_on = called();

        if (!start_self("calls-for-ever", &child))
                return 1;
        WaitForSingleObject(goes_on, INFINITE);
        TerminateProcess(child.hProcess, 6);
        printf("child: %d\n", wait_for(&child));
        return 0;
}

static int start_child(const char *program) {
        STARTUPINFOA startup = {.cb = sizeof(startup)};
        PROCESS_INFORMATION child;
        char line[1024];

        snprintf(line, sizeof(line), "\"%s\"", program);
        if (CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child))
                printf("child: %d\n", wait_for(&child));
        else
                printf("no child: error %lu\n", GetLastError());
        calls(1);
        return 0;
}

int main(int argc, char **argv) {
        static char path[MAX_PATH];

        setvbuf(stdout, NULL, _IONBF, 0);
        GetModuleFileNameA(NULL, path, sizeof(path));
        self = path;
        bind_all();
        if (argc == 3 && strcmp(argv[1], "child") == 0)
                return start_child(argv[2]);
        if (argc != 2)
                return 2;
        if (strcmp(argv[1], "state") == 0)
                return state();
        if (strcmp(argv[1], "leave") == 0)
                return leave();
        if (strcmp(argv[1], "thread") == 0)
                return thread();
        if (strcmp(argv[1], "kill") == 0)
                return kill_child();
        if (strcmp(argv[1], "calls") == 0)
                return calls(1);
        return strcmp(argv[1], "calls-for-ever") == 0 ? calls(0) : 2;
}
