/* SPDX-License-Identifier: MIT */

/* Child programs of platform/process.h over CreateProcess(). */

#include "platform/process.h"

#include <wchar.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "platform/thread.h"
#include "platform/windows/child.h"
#include "platform/windows/last_error.h"
#include "platform/windows/text.h"

struct hcs_child {
        HANDLE process;
        DWORD id;
};

static bool is_replaced(const wchar_t *entry, const char *const *environment) {
        const wchar_t *equals = wcschr(entry + 1, L'='); /* "=C:=C:\" is an entry too */

        for (size_t i = 0; equals && environment[i]; i++) {
                _cleanup_wide_ wchar_t *other = hcs_windows_wide(environment[i]);

                if (_wcsnicmp(entry, other, (size_t)(equals - entry) + 1) == 0)
                        return true;
        }
        return false;
}

/* Ours without what is replaced, then the additions; every entry ends with a NUL, and all of it with one more. */
wchar_t *hcs_windows_environment(const char *const *environment) {
        wchar_t *ours = GetEnvironmentStringsW();
        struct hcs_buf merged = {0};

        for (const wchar_t *e = ours; e && *e; e += wcslen(e) + 1)
                if (!is_replaced(e, environment))
                        hcs_buf_append(&merged, e, (wcslen(e) + 1) * sizeof(*e));
        for (size_t i = 0; environment[i]; i++) {
                _cleanup_wide_ wchar_t *more = hcs_windows_wide(environment[i]);

                hcs_buf_append(&merged, more, (wcslen(more) + 1) * sizeof(*more));
        }
        hcs_buf_append(&merged, L"\0", 2 * sizeof(wchar_t));
        FreeEnvironmentStringsW(ours);
        return (wchar_t *)(void *)hcs_buf_steal(&merged);
}

HRESULT hcs_windows_spawn(char *const *argv, const char *const *environment, enum hcs_child_output output, DWORD flags,
                          PROCESS_INFORMATION *ret, struct hcs_error **err) {
        SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
        STARTUPINFOW start = {.cb = sizeof(start), .dwFlags = STARTF_USESTDHANDLES};
        _cleanup_wide_ wchar_t *line = NULL, *merged = environment ? hcs_windows_environment(environment) : NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_handle_ HANDLE nothing = NULL;

        for (size_t i = 0; argv[i]; i++)
                hcs_str_append_windows_argument(&text, argv[i]);
        line = hcs_windows_wide(text.data);
        start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
        start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
        if (output == HCS_CHILD_MUTE) {
                nothing = CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                                      OPEN_EXISTING, 0, NULL);
                start.hStdOutput = start.hStdError = nothing;
        } else if (output == HCS_CHILD_ERRS) {
                start.hStdOutput = start.hStdError;
        }
        if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_UNICODE_ENVIRONMENT | flags, merged, NULL, &start,
                            ret))
                return hcs_error_make(err, HCS_WIN32(GetLastError()), "start `%s`", argv[0]);
        return S_OK;
}

struct hcs_child *hcs_windows_child(const PROCESS_INFORMATION *info) {
        struct hcs_child *child = hcs_calloc(1, sizeof(*child));

        CloseHandle(info->hThread);
        child->process = info->hProcess;
        child->id = info->dwProcessId;
        return child;
}

HANDLE hcs_windows_child_process(const struct hcs_child *child) {
        return child->process;
}

HRESULT hcs_child_spawn(char *const *argv, const char *const *environment, enum hcs_child_output output,
                        struct hcs_child **ret, struct hcs_error **err) {
        PROCESS_INFORMATION info;
        HRESULT hr = hcs_windows_spawn(argv, environment, output, 0, &info, err);

        if (SUCCEEDED(hr))
                *ret = hcs_windows_child(&info);
        return hr;
}

HRESULT hcs_child_wait(struct hcs_child *child, int *ret_exit_code, struct hcs_error **err) {
        _cleanup_free_ struct hcs_child *owned = child;
        DWORD code, why;
        bool ok = WaitForSingleObject(owned->process, INFINITE) == WAIT_OBJECT_0 &&
                  GetExitCodeProcess(owned->process, &code);

        why = GetLastError();
        CloseHandle(owned->process);
        if (!ok)
                return hcs_error_make(err, HCS_WIN32(why), "wait for process %lu", owned->id);
        *ret_exit_code = (int)code;
        return S_OK;
}

bool hcs_windows_ended(HANDLE process, uint64_t deadline_ns) {
        DWORD ms;

        do {
                ms = hcs_windows_ms_until(deadline_ns);
                if (WaitForSingleObject(process, ms) == WAIT_OBJECT_0)
                        return true;
        } while (ms > 0);
        return false;
}

bool hcs_child_ended(struct hcs_child *child, uint64_t deadline_ns) {
        return hcs_windows_ended(child->process, deadline_ns);
}

/* With the code that a shell on Linux gives: 128 and the number of the signal. */
void hcs_child_kill(struct hcs_child *child) {
        TerminateProcess(child->process, 128 + 9);
}

/* Loaded when it is needed: under Wine that takes longer than most of what we do. */
static wchar_t **split(const wchar_t *line, int *ret_n) {
        HMODULE shell = LoadLibraryExW(L"shell32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        wchar_t **(WINAPI * fn)(const wchar_t *, int *) =
                shell ? (void *)(uintptr_t)GetProcAddress(shell, "CommandLineToArgvW") : NULL;

        return fn ? fn(line, ret_n) : NULL;
}

static bool is_ascii(const wchar_t *text) {
        while (*text && *text < 128)
                text++;
        return !*text;
}

int hcs_process_arguments(int argc, char **argv, char ***ret) {
        const wchar_t *line = GetCommandLineW();
        int n = 0;
        wchar_t **wide = is_ascii(line) ? NULL : split(line, &n);

        if (!wide) {
                *ret = argv;
                return argc;
        }
        *ret = hcs_calloc((size_t)n + 1, sizeof(**ret));
        for (int i = 0; i < n; i++)
                (*ret)[i] = hcs_windows_narrow(wide[i]);
        LocalFree(wide);
        return n;
}

char *hcs_process_path(void) {
        wchar_t path[MAX_PATH * 4];
        DWORD n = GetModuleFileNameW(NULL, path, HCS_ARRAY_SIZE(path));

        return n > 0 && n < HCS_ARRAY_SIZE(path) ? hcs_windows_narrow(path) : NULL;
}
