/* SPDX-License-Identifier: MIT */

/*
 * Injection by a thread that runs LoadLibraryW() in the new process; see platform/injection.h. kernel32 is at the same
 * address in all processes of one kind. What the library is to know lies in shared memory named after the process, so
 * that the environment stays what it was. Of the other ways an APC of the main thread is delivered at another time by
 * every system, and a changed import table of the program needs its memory to be rewritten.
 */

#include "platform/injection.h"

#include <string.h>
#include <windows.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/saved_error.h"
#include "platform/windows/child.h"
#include "platform/windows/intercept.h"
#include "platform/windows/text.h"

#define TEXT_MAX   65536u
#define PATIENCE   60000u /* milliseconds: a program whose initialisation waits for its main thread never gets there */
#define MISMATCHED HCS_WIN32(ERROR_EXE_MACHINE_TYPE_MISMATCH)

bool hcs_injection_possible(void) {
        return true;
}

/* LIBRARY NUL TEXT NUL */
static HRESULT share(DWORD process, const char *library, const char *text, HANDLE *ret, struct hcs_error **err) {
        size_t n_library = strlen(library) + 1, n_text = strlen(text) + 1;
        _cleanup_handle_ HANDLE section = NULL;
        wchar_t name[48];
        char *view;

        if (n_library + n_text > TEXT_MAX)
                return hcs_error_make(err, HCS_WIN32(ERROR_BUFFER_OVERFLOW),
                                      "share what `%s` is to know: longer than %u bytes", library, TEXT_MAX);
        swprintf(name, HCS_ARRAY_SIZE(name), L"Local\\hcsshim-injection-%lu", process);
        section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, TEXT_MAX, name);
        view = section ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0) : NULL;
        if (!view)
                return hcs_error_make(err, HCS_WIN32(GetLastError()), "share what `%s` is to know", library);
        memcpy(view, library, n_library);
        memcpy(view + n_library, text, n_text);
        UnmapViewOfFile(view);
        *ret = steal_pointer(&section);
        return S_OK;
}

/* Both parts, the text behind the library's path; NULL when nobody shares any. Caller frees. */
static char *shared(void) {
        wchar_t name[48];
        _cleanup_handle_ HANDLE section = NULL;
        char *view, *copy = NULL;

        swprintf(name, HCS_ARRAY_SIZE(name), L"Local\\hcsshim-injection-%lu", GetCurrentProcessId());
        section = OpenFileMappingW(FILE_MAP_READ, FALSE, name);
        view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, TEXT_MAX) : NULL;
        if (view) {
                copy = hcs_calloc(1, TEXT_MAX + 2);
                memcpy(copy, view, TEXT_MAX);
                UnmapViewOfFile(view);
        }
        return copy;
}

/* 0 when that thread has loaded the library, else why not: its exit code is the lower half of the module's handle. */
static DWORD loaded_by(HANDLE thread, HANDLE process) {
        DWORD code = 0, waited = WaitForMultipleObjects(2, (HANDLE[]){thread, process}, FALSE, PATIENCE);

        if (waited == WAIT_TIMEOUT)
                return ERROR_TIMEOUT;
        if (waited == WAIT_FAILED || (waited == WAIT_OBJECT_0 && !GetExitCodeThread(thread, &code)))
                return GetLastError();
        return code ? 0 : ERROR_DLL_INIT_FAILED;
}

/* 0 or why the library is not in the process. */
static DWORD load_in(HANDLE process, const wchar_t *library, bool *ret_ended) {
        size_t size = (wcslen(library) + 1) * sizeof(*library);
        LPTHREAD_START_ROUTINE load =
                (LPTHREAD_START_ROUTINE)(uintptr_t)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "LoadLibraryW");
        void *there = VirtualAllocEx(process, NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        _cleanup_handle_ HANDLE thread = NULL;
        DWORD why;

        if (there && WriteProcessMemory(process, there, library, size, NULL))
                thread = CreateRemoteThread(process, NULL, 0, load, there, 0, NULL);
        why = thread ? loaded_by(thread, process) : GetLastError();
        *ret_ended = WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
        if (!why && !*ret_ended)
                VirtualFreeEx(process, there, 0, MEM_RELEASE);
        return why;
}

static HRESULT inject(const PROCESS_INFORMATION *info, const char *library, const char *text, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(library);
        _cleanup_handle_ HANDLE section = NULL;
        BOOL is_32_bit = FALSE;
        DWORD why;
        bool ended;
        HRESULT hr;

        if (IsWow64Process(info->hProcess, &is_32_bit) && is_32_bit)
                return hcs_error_make(err, MISMATCHED, "it is a 32-bit program: only 64-bit ones can be had");
        hr = share(info->dwProcessId, library, text, &section, err);
        if (FAILED(hr))
                return hr;
        why = load_in(info->hProcess, wide, &ended);
        return why && !ended ? hcs_error_make(err, HCS_WIN32(why), "load `%s` in it", library) : S_OK;
}

static bool is_32_bit_file(const char *program) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(program);
        wchar_t path[MAX_PATH * 4];
        DWORD n = SearchPathW(NULL, wide, L".exe", HCS_ARRAY_SIZE(path), path, NULL), type = 0;

        return n > 0 && n < HCS_ARRAY_SIZE(path) && GetBinaryTypeW(path, &type) && type == SCS_32BIT_BINARY;
}

static BOOL WINAPI leave_to_child(DWORD event) {
        return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

HRESULT hcs_injection_spawn(char *const *argv, const char *library, const char *text, struct hcs_child **ret,
                            struct hcs_error **err) {
        PROCESS_INFORMATION info;
        HRESULT hr = hcs_windows_spawn(argv, NULL, HCS_CHILD_SHARES, CREATE_SUSPENDED, &info, err);

        if (FAILED(hr)) {
                if (is_32_bit_file(argv[0])) { /* this system has none at all */
                        hcs_error_free(*err);
                        *err = NULL;
                        return hcs_error_make(err, MISMATCHED,
                                              "start `%s`: it is a 32-bit program: only 64-bit ones can be had",
                                              argv[0]);
                }
                return hr;
        }
        hr = inject(&info, library, text, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "start `%s`", argv[0]);
                TerminateProcess(info.hProcess, 1);
                CloseHandle(info.hThread);
                CloseHandle(info.hProcess);
                return hr;
        }
        SetConsoleCtrlHandler(leave_to_child, TRUE);
        ResumeThread(info.hThread);
        *ret = hcs_windows_child(&info);
        return S_OK;
}

char *hcs_injection_text(void) {
        _cleanup_free_ char *both = shared();

        return both ? hcs_strdup(both + strlen(both) + 1) : NULL;
}

/* A function that starts programs: which of its arguments are the flags and what it gives. */
struct launcher {
        unsigned flags, info;
};

#define LAUNCHER(module, function, flags, info)                    \
        {                                                          \
                module, function, (info) + 1, &(struct launcher) { \
                        flags, info                                \
                }                                                  \
        }
#define LAUNCHERS(module)                                                                   \
        LAUNCHER(module, "CreateProcessW", 5, 9), LAUNCHER(module, "CreateProcessA", 5, 9), \
                LAUNCHER(module, "CreateProcessAsUserW", 6, 10), LAUNCHER(module, "CreateProcessAsUserA", 6, 10)

static const struct intercepted launchers[] = {LAUNCHERS("kernel32"), LAUNCHERS("kernelbase"), LAUNCHERS("advapi32")};

static char *followed_library, *followed_text;

static void follow(const PROCESS_INFORMATION *info) {
        struct hcs_error *err = NULL;

        if (SUCCEEDED(inject(info, followed_library, followed_text, &err)))
                return;
        hcs_log(HCS_LOG_WARN, "a child process is not followed", "error", hcs_error_message(err), NULL);
        hcs_error_free(err);
}

/* A child that is debugged stops at every thread until its debugger goes on, which is who waits here. One function may
 * call another, which then has the child already; a call may be left by an exception, and leaves nothing that is on. */
static uint64_t launch(void *cookie, const uint64_t *args, void *real) {
        static _Thread_local DWORD followed; /* by the last call, which may be within this one */
        const struct launcher *l = cookie;
        uint64_t ours[INTERCEPT_MAX_ARGS] = {0}, result;
        const DWORD flags = (DWORD)args[l->flags];
        const PROCESS_INFORMATION *info = (const PROCESS_INFORMATION *)(uintptr_t)args[l->info];
        struct hcs_saved_error theirs;

        memcpy(ours, args, (l->info + 1) * sizeof(*ours));
        if (flags & (DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS | CREATE_PROTECTED_PROCESS))
                return intercept_through(real, ours, l->info + 1);
        followed = 0;
        ours[l->flags] |= CREATE_SUSPENDED;
        result = intercept_through(real, ours, l->info + 1);
        if (!(BOOL)result)
                return result;
        theirs = hcs_error_save();
        if (followed != info->dwProcessId)
                follow(info);
        followed = info->dwProcessId;
        if (!(flags & CREATE_SUSPENDED))
                ResumeThread(info->hThread);
        hcs_error_restore(theirs);
        return result;
}

/* WinExec() of kernel32 calls kernelbase. */
static const struct interceptor launcher_interceptor = {
        .list = launchers, .n = HCS_ARRAY_SIZE(launchers), .inside = true, .call = launch};

HRESULT hcs_injection_follow_children(struct hcs_error **err) {
        _cleanup_free_ char *both = shared();

        if (!both)
                return hcs_error_make(err, HCS_WIN32(ERROR_FILE_NOT_FOUND), "follow children: nobody injected this");
        followed_library = hcs_strdup(both);
        followed_text = hcs_strdup(both + strlen(both) + 1);
        return intercept_begin(&launcher_interceptor, err);
}
