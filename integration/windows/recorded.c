/* SPDX-License-Identifier: MIT */

/*
 * A client to be recorded, which tells what it sees: results, last errors, contexts and threads of callbacks, so that a
 * run with a recorder in it can be compared with one without. Linked with computecore (LINKED) it calls it; else it
 * loads it in the way that it is told.
 * usage: recorded WAY [ARGUMENT]: path, system32, bare, loader, number, late (LINKED: linked); children N WAY: through
 * N processes more; exit CODE; crash, after a call; interrupt; outlive: leaves a process behind that makes calls, until
 * it is told to release it
 */

#ifdef LINKED
#define HCS_ABI_PROTOTYPES
#endif
#include "hcsshim/abi/computecore.h"

#include <process.h>
#include <shellapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#define LONG_MS 120000u /* nobody tells when a program of WinExec() has ended without a word */

static struct hcs_computecore_api api;
static HMODULE module;

static bool by_number;

/* The number of an export, or 0. */
static WORD number_of(const char *name) {
        const char *base = (const char *)(uintptr_t)module;
        const IMAGE_NT_HEADERS *nt = (const IMAGE_NT_HEADERS *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
        const IMAGE_EXPORT_DIRECTORY *d =
                (const IMAGE_EXPORT_DIRECTORY *)(base + nt->OptionalHeader.DataDirectory[0].VirtualAddress);
        const DWORD *names = (const DWORD *)(base + d->AddressOfNames);
        const WORD *numbers = (const WORD *)(base + d->AddressOfNameOrdinals);

        for (DWORD i = 0; i < d->NumberOfNames; i++)
                if (strcmp(base + names[i], name) == 0)
                        return (WORD)(numbers[i] + d->Base);
        return 0;
}

static void *find(const char *name) {
        return (void *)(uintptr_t)GetProcAddress(module, by_number ? MAKEINTRESOURCEA(number_of(name)) : name);
}

static void bind_all(void) {
#ifdef LINKED
#define BIND(ret, name, params) api.name = name;
#else
#define BIND(ret, name, params) api.name = (ret(HCS_ABI_CALL *) params)(uintptr_t)find(#name);
#endif
        HCS_COMPUTECORE_FUNCTIONS(BIND)
}

static HMODULE by_loader(void) {
        typedef LONG(NTAPI * load_fn)(const wchar_t *, ULONG *, const UNICODE_STRING *, void **);
        load_fn load = (load_fn)(uintptr_t)GetProcAddress(GetModuleHandleA("ntdll.dll"), "LdrLoadDll");
        static wchar_t name[] = L"computecore.dll";
        UNICODE_STRING text = {.Length = sizeof(name) - sizeof(*name), .MaximumLength = sizeof(name), .Buffer = name};
        void *m = NULL;

        return load(NULL, NULL, &text, &m) < 0 ? NULL : (HMODULE)m;
}

static bool load(const char *way) {
        char path[MAX_PATH];

        if (strcmp(way, "linked") == 0)
                return true;
        GetSystemDirectoryA(path, sizeof(path) - 20);
        strcat(path, "\\computecore.dll");
        by_number = strcmp(way, "number") == 0;
        if (strcmp(way, "path") == 0 || strcmp(way, "late") == 0 || by_number)
                module = LoadLibraryA(path);
        else if (strcmp(way, "system32") == 0)
                module = LoadLibraryExW(L"computecore.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        else if (strcmp(way, "bare") == 0)
                module = LoadLibraryW(L"COMPUTECORE");
        else if (strcmp(way, "loader") == 0)
                module = by_loader();
        return module != NULL;
}

static DWORD mine, theirs;
static HANDLE exited;

static struct {
        DWORD type;
        bool ours;
} event_seen;

static void HCS_ABI_CALL on_event(HCS_EVENT *event, void *context) {
        if (event->Type != HcsEventSystemExited)
                return;
        theirs = GetCurrentThreadId();
        event_seen.type = event->Type;
        event_seen.ours = context == &exited;
        SetEvent(exited);
}

static void HCS_ABI_CALL on_completion(HCS_OPERATION operation, void *context) {
        printf("completed, context %s, asked for %s\n", context == &mine ? "ours" : "another",
               api.HcsGetOperationContext(operation) == &mine ? "ours" : "another");
        theirs = GetCurrentThreadId();
        SetEvent(exited);
}

static void tell(const char *what, HRESULT hr) {
        DWORD last = GetLastError();

        printf("%s: 0x%08lX, last error %lu\n", what, (unsigned long)hr, last);
        SetLastError(4711);
}

static void finish(const char *what, HCS_OPERATION op, HCS_PROCESS_INFORMATION *info) {
        PWSTR document = NULL;

        tell(what, info ? api.HcsWaitForOperationResultAndProcessInfo(op, INFINITE, info, &document)
                        : api.HcsWaitForOperationResult(op, INFINITE, &document));
        if (document)
                printf("%s: %zu characters\n", what, wcslen(document));
        LocalFree(document);
        api.HcsCloseOperation(op);
}

static void read_all(HANDLE h) {
        char data[256];
        OVERLAPPED o = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        DWORD n = 0;

        while ((ReadFile(h, data, sizeof(data), NULL, &o) || GetLastError() == ERROR_IO_PENDING) &&
               GetOverlappedResult(h, &o, &n, TRUE) && n > 0)
                printf("output: %.*s", (int)n, data);
        CloseHandle(o.hEvent);
        CloseHandle(h);
        SetLastError(4711);
}

static int run(const char *way) {
        static const WCHAR document[] = L"{\"Owner\":\"recorded\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},"
                                        L"\"VirtualMachine\":{}}";
        static const WCHAR command[] = L"{\"CommandLine\":\"cmd /c echo recorded\",\"CreateStdOutPipe\":true}";
        HCS_PROCESS_INFORMATION info = {0};
        HCS_SYSTEM system = NULL;
        HCS_PROCESS process = NULL;
        HCS_OPERATION op;
        PWSTR status = NULL;

        if (!load(way)) {
                printf("%s: error %lu\n", way, GetLastError());
                return 1;
        }
        bind_all();
        mine = GetCurrentThreadId();
        exited = CreateEventW(NULL, FALSE, FALSE, NULL);
        SetLastError(4711);
        op = api.HcsCreateOperation(NULL, NULL);
        tell("create", api.HcsCreateComputeSystem(L"recorded", document, op, NULL, &system));
        finish("create", op, NULL);
        tell("callback", api.HcsSetComputeSystemCallback(system, 0, &exited, on_event));
        op = api.HcsCreateOperation(&mine, on_completion);
        tell("start", api.HcsStartComputeSystem(system, op, NULL));
        WaitForSingleObject(exited, INFINITE);
        SetLastError(4711);
        printf("on %s thread\n", theirs == mine ? "my" : "another");
        finish("start", op, NULL);
        op = api.HcsCreateOperation(NULL, NULL);
        tell("start again", api.HcsStartComputeSystem(system, op, NULL));
        finish("start again", op, NULL);
        op = api.HcsCreateOperation(NULL, NULL);
        if (strcmp(way, "late") == 0) /* asked for when others have been called */
                api.HcsCreateProcess = (HRESULT(HCS_ABI_CALL *)(HCS_SYSTEM, PCWSTR, HCS_OPERATION, const void *,
                                                                HCS_PROCESS *))(uintptr_t)find("HcsCreateProcess");
        tell("process", api.HcsCreateProcess(system, command, op, NULL, &process));
        finish("process", op, &info);
        read_all(info.StdOutput);
        tell("exit", api.HcsWaitForProcessExit(process, INFINITE, &status));
        printf("exit: %zu characters\n", status ? wcslen(status) : 0);
        LocalFree(status);
        api.HcsCloseProcess(process);
        op = api.HcsCreateOperation(NULL, NULL);
        tell("terminate", api.HcsTerminateComputeSystem(system, op, NULL));
        finish("terminate", op, NULL);
        WaitForSingleObject(exited, INFINITE);
        printf("event 0x%lX, context %s\n", event_seen.type, event_seen.ours ? "ours" : "another");
        printf("on %s thread\n", theirs == mine ? "my" : "another");
        api.HcsCloseComputeSystem(system);
        return 0;
}

static HANDLE event_of(const char *what, int n) {
        char name[64];

        snprintf(name, sizeof(name), "Local\\recorded-%s-%d", what, n);
        return CreateEventA(NULL, TRUE, FALSE, name);
}

static bool start_wide(const char *line, PROCESS_INFORMATION *ret) {
        STARTUPINFOW wide = {.cb = sizeof(wide)};
        wchar_t text[1024];

        swprintf(text, sizeof(text) / sizeof(*text), L"%hs", line);
        SetLastError(4711);
        return CreateProcessW(NULL, text, NULL, NULL, TRUE, 0, NULL, NULL, &wide, ret);
}

/* With an environment that has nothing of ours. */
static bool start_narrow(const char *self, const char *line, PROCESS_INFORMATION *ret) {
        static char environment[] = "SystemRoot=C:\\windows\0";
        STARTUPINFOA narrow = {.cb = sizeof(narrow)};
        char copy[1024];

        snprintf(copy, sizeof(copy), "%s", line);
        SetLastError(4711);
        return CreateProcessA(self, copy, NULL, NULL, TRUE, 0, environment, NULL, &narrow, ret);
}

/* By the shell, which starts it in a process of its own. */
static bool start_by_shell(const char *self, const char *arguments, PROCESS_INFORMATION *ret) {
        SHELLEXECUTEINFOA info = {.cbSize = sizeof(info),
                                  .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NO_CONSOLE | SEE_MASK_FLAG_NO_UI,
                                  .lpFile = self,
                                  .lpParameters = arguments};
        bool started = ShellExecuteExA(&info) && info.hProcess;

        ret->hProcess = info.hProcess;
        return started;
}

static int wait_for(bool started, const PROCESS_INFORMATION *info) {
        DWORD code = 1;

        if (!started) {
                printf("no child: error %lu\n", GetLastError());
                return 1;
        }
        WaitForSingleObject(info->hProcess, INFINITE);
        GetExitCodeProcess(info->hProcess, &code);
        return (int)code;
}

/* Every process starts the next in another way; who starts one by WinExec() waits until that says that it is done. */
static int children(const char *self, int n, const char *way) {
        PROCESS_INFORMATION info;
        HANDLE done = event_of("child", n), next = event_of("child", n - 1);
        char line[1024], number[16];
        bool started;
        int code;

        snprintf(number, sizeof(number), "%d", n - 1);
        snprintf(line, sizeof(line), "\"%s\" children %s %s", self, number, way);
        if (n == 0) {
                code = run(way);
        } else if (n % 5 == 0) {
                started = start_by_shell(self, strchr(line + 1, '"') + 1, &info);
                code = wait_for(started, &info);
        } else if (n % 5 == 4) {
                code = WinExec(line, SW_HIDE) > 31 && WaitForSingleObject(next, LONG_MS) == 0 ? 0 : 1;
        } else if (n % 5 == 1) {
                started = start_narrow(self, line, &info);
                code = wait_for(started, &info);
        } else if (n % 5 == 2) {
                code = (int)_spawnl(_P_WAIT, self, self, "children", number, way, NULL);
        } else {
                started = start_wide(line, &info);
                code = wait_for(started, &info);
        }
        SetEvent(done);
        return code;
}

static void one_call(void) {
        if (load("system32")) {
                bind_all();
                api.HcsCreateOperation(NULL, NULL);
        }
}

static int crash(void) {
        one_call();
        *(volatile int *)NULL = 1;
        return 0;
}

static int outlive(const char *self) {
        HANDLE lingers = event_of("lingers", 0);
        PROCESS_INFORMATION info;
        char line[1024];

        snprintf(line, sizeof(line), "\"%s\" linger", self);
        return start_wide(line, &info) && WaitForSingleObject(lingers, INFINITE) == 0 ? 0 : 1;
}

/* Its mutex is abandoned when it has ended. */
static int linger(void) {
        HANDLE released = event_of("released", 0);

        CreateMutexA(NULL, TRUE, "Local\\recorded-lives");
        one_call();
        SetEvent(event_of("lingers", 0));
        WaitForSingleObject(released, INFINITE);
        one_call();
        return 0;
}

static int release(void) {
        HANDLE lives = OpenMutexA(SYNCHRONIZE, FALSE, "Local\\recorded-lives");

        SetEvent(event_of("released", 0));
        return lives && WaitForSingleObject(lives, INFINITE) == WAIT_ABANDONED ? 0 : 1;
}

int main(int argc, char **argv) {
        char self[MAX_PATH];

        setvbuf(stdout, NULL, _IONBF, 0);
        GetModuleFileNameA(NULL, self, sizeof(self));
        if (argc == 4 && strcmp(argv[1], "children") == 0)
                return children(self, atoi(argv[2]), argv[3]);
        if (argc == 3 && strcmp(argv[1], "exit") == 0)
                return (int)strtoul(argv[2], NULL, 0);
        if (argc == 2 && strcmp(argv[1], "crash") == 0)
                return crash();
        if (argc == 2 && strcmp(argv[1], "outlive") == 0)
                return outlive(self);
        if (argc == 2 && strcmp(argv[1], "linger") == 0)
                return linger();
        if (argc == 2 && strcmp(argv[1], "release") == 0)
                return release();
        if (argc == 2 && strcmp(argv[1], "interrupt") == 0) {
                GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
                Sleep(10000);
                return 9;
        }
        return argc == 2 ? run(argv[1]) : 2;
}
