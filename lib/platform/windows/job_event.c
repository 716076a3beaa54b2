/* SPDX-License-Identifier: MIT */

/*
 * Events of a console for a child of a job. GenerateConsoleCtrlEvent() would need us to leave our console, which is the
 * client's, for the child's; it has two of the five events, of which Wine has one. So we do what a console does: a
 * thread in the program that runs the handlers, by the system's own routine, which is at the same address in all
 * processes of one kind.
 */

#include "platform/windows/job.h"

#include <tlhelp32.h>

#include "base/mem.h"
#include "platform/windows/filetime.h"
#include "platform/windows/text.h"

#define PATIENCE 5000u /* milliseconds, as Windows has for the events that end a program */

static LPTHREAD_START_ROUTINE routine(void) {
        return (LPTHREAD_START_ROUTINE)(uintptr_t)GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "CtrlRoutine");
}

/* The thread, or NULL. */
static HANDLE tell(HANDLE process, enum hcs_job_event event) {
        LPTHREAD_START_ROUTINE fn = routine();
        BOOL is_32_bit = FALSE;

        if (!fn || !IsWow64Process(process, &is_32_bit) || is_32_bit)
                return NULL;
        return CreateRemoteThread(process, NULL, 0, fn, (void *)(uintptr_t)event, 0, NULL);
}

static uint64_t created(HANDLE process) {
        FILETIME at, ended, kernel, user;

        return GetProcessTimes(process, &at, &ended, &kernel, &user) ? filetime_100ns(at) : 0;
}

/* Numbers of processes are used again: what was there before the child is not its, nor is what that started. The host
 * of a console is there for it, and hears nothing. False: it is none of the family. */
static bool tell_one(const PROCESSENTRY32W *entry, uint64_t since, enum hcs_job_event event) {
        _cleanup_handle_ HANDLE process = OpenProcess(PROCESS_CREATE_THREAD | PROCESS_QUERY_INFORMATION |
                                                              PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE,
                                                      FALSE, entry->th32ProcessID);
        _cleanup_handle_ HANDLE thread = NULL;

        if (!process || created(process) < since || _wcsicmp(entry->szExeFile, L"conhost.exe") == 0)
                return false;
        thread = tell(process, event);
        return true;
}

/* What it started, and what those started. */
static void tell_descendants(const struct hcs_job_child *child, enum hcs_job_event event) {
        _cleanup_handle_ HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
        _cleanup_free_ DWORD *family = hcs_calloc(1, sizeof(*family));
        uint64_t since = created(child->process);
        size_t n = 1;

        family[0] = child->id;
        for (size_t i = 0; i < n; i++)
                for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
                        bool known = entry.th32ParentProcessID != family[i];

                        for (size_t k = 0; k < n && !known; k++)
                                known = family[k] == entry.th32ProcessID;
                        if (known || !tell_one(&entry, since, event))
                                continue;
                        family = hcs_realloc(family, (n + 1) * sizeof(*family));
                        family[n++] = entry.th32ProcessID;
                }
}

static void CALLBACK end_it(void *child, BOOLEAN timed_out) {
        hcs_job_child_kill(child, HCS_JOB_EVENT_EXIT);
}

bool hcs_job_child_tell(struct hcs_job_child *child, enum hcs_job_event event) {
        bool ends = event != HCS_JOB_CTRL_C && event != HCS_JOB_CTRL_BREAK;
        HANDLE thread = tell(child->process, event);

        if (!thread)
                return false;
        tell_descendants(child, event);
        if (child->told_wait) {
                CloseHandle(thread); /* it is ending */
                return true;
        }
        hcs_windows_close_handlep(&child->told);
        child->told = thread;
        if (ends &&
            !RegisterWaitForSingleObject(&child->told_wait, thread, end_it, child, PATIENCE, WT_EXECUTEONLYONCE))
                hcs_job_child_kill(child, HCS_JOB_EVENT_EXIT);
        return true;
}

/* Wine's own handler ends a program with 0; then the thread that told it never came back to end with anything else. */
DWORD hcs_job_child_corrected(const struct hcs_job_child *child, DWORD exit_code) {
        DWORD returned = 0;

        if (exit_code || !child->told || !GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") ||
            !GetExitCodeThread(child->told, &returned) || returned)
                return exit_code;
        return HCS_JOB_EVENT_EXIT;
}
