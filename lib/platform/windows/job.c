/* SPDX-License-Identifier: MIT */

/*
 * Job objects of platform/job.h. A program is started suspended and goes on when it is in the job, so that nothing that
 * it starts can be outside. It inherits its three streams only: those of another that is started at the same time would
 * keep that one's pipes open.
 */

#include "platform/windows/job.h"

#include "base/str.h"
#include "platform/windows/child.h"
#include "platform/windows/last_error.h"
#include "platform/windows/pipe_pair.h"
#include "platform/windows/text.h"

bool hcs_job_possible(void) {
        return true;
}

HRESULT hcs_job_new(struct hcs_job **ret, struct hcs_error **err) {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                               JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
        HANDLE job = CreateJobObjectW(NULL, NULL);

        if (!job)
                return hcs_windows_error(err, GetLastError(), "make a job object");
        if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits))) {
                HRESULT hr = hcs_windows_error(err, GetLastError(), "limit a job object");

                CloseHandle(job);
                return hr;
        }
        *ret = hcs_calloc(1, sizeof(**ret));
        (*ret)->job = job;
        atomic_init(&(*ret)->refs, 1);
        return S_OK;
}

struct hcs_job *hcs_job_ref(struct hcs_job *job) {
        atomic_fetch_add(&job->refs, 1);
        return job;
}

struct hcs_job *hcs_job_unref(struct hcs_job *job) {
        if (!job || atomic_fetch_sub(&job->refs, 1) > 1)
                return NULL;
        hcs_job_end(job);
        CloseHandle(job->job);
        free(job);
        return NULL;
}

void hcs_job_end(struct hcs_job *job) {
        if (job)
                TerminateJobObject(job->job, ERROR_PROCESS_ABORTED);
}

static HRESULT open_stream(struct hcs_job_child *c, int stream, bool piped, HANDLE *ret_theirs,
                           struct hcs_error **err) {
        SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
        DWORD access = stream == 0 ? GENERIC_READ | FILE_WRITE_ATTRIBUTES : GENERIC_WRITE | FILE_READ_ATTRIBUTES;

        if (piped) {
                HRESULT hr = hcs_windows_pipe_pair(access, 0, true, &c->ours[stream], ret_theirs, err);

                if (SUCCEEDED(hr))
                        hcs_pipe_set_nonblocking(c->ours[stream]);
                return hr;
        }
        *ret_theirs = CreateFileW(L"NUL", stream == 0 ? GENERIC_READ : GENERIC_WRITE,
                                  FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
        if (*ret_theirs != INVALID_HANDLE_VALUE)
                return S_OK;
        *ret_theirs = NULL;
        return hcs_windows_error(err, GetLastError(), "open NUL");
}

static HRESULT create(const struct hcs_job_start *start, HANDLE theirs[3], PROCESS_INFORMATION *ret,
                      struct hcs_error **err) {
        _cleanup_wide_ wchar_t *application = start->application ? hcs_windows_wide(start->application) : NULL;
        _cleanup_wide_ wchar_t *line = hcs_windows_wide(start->command_line);
        _cleanup_wide_ wchar_t *directory = start->directory ? hcs_windows_wide(start->directory) : NULL;
        _cleanup_wide_ wchar_t *environment = start->environment ? hcs_windows_environment(start->environment) : NULL;
        STARTUPINFOEXW info = {.StartupInfo = {.cb = sizeof(info), .dwFlags = STARTF_USESTDHANDLES}};
        _cleanup_free_ void *attributes = NULL;
        SIZE_T size = 0;
        HRESULT hr = S_OK;

        info.StartupInfo.hStdInput = theirs[0];
        info.StartupInfo.hStdOutput = theirs[1];
        info.StartupInfo.hStdError = theirs[2];
        InitializeProcThreadAttributeList(NULL, 1, 0, &size);
        attributes = hcs_calloc(1, size);
        info.lpAttributeList = attributes;
        if (!InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size))
                return hcs_windows_error(err, GetLastError(), "say what a process inherits");
        if (!UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, theirs,
                                       3 * sizeof(*theirs), NULL, NULL) ||
            !CreateProcessW(application, line, NULL, NULL, TRUE,
                            CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT |
                                    EXTENDED_STARTUPINFO_PRESENT,
                            environment, directory, &info.StartupInfo, ret))
                hr = hcs_error_make(err, HCS_WIN32(GetLastError()), "start `%s`", start->command_line);
        DeleteProcThreadAttributeList(info.lpAttributeList);
        return hr;
}

static HRESULT run_in_job(struct hcs_job *job, struct hcs_job_child *c, const PROCESS_INFORMATION *info,
                          struct hcs_error **err) {
        HRESULT hr = S_OK;

        c->process = info->hProcess;
        c->id = info->dwProcessId;
        if (!AssignProcessToJobObject(job->job, info->hProcess)) {
                hr = hcs_windows_error(err, GetLastError(), "put a process into a job");
                TerminateProcess(info->hProcess, ERROR_PROCESS_ABORTED);
        } else {
                ResumeThread(info->hThread);
        }
        CloseHandle(info->hThread);
        return hr;
}

HRESULT hcs_job_spawn(struct hcs_job *job, const struct hcs_job_start *start, struct hcs_job_child **ret,
                      struct hcs_error **err) {
        struct hcs_job_child *c = hcs_calloc(1, sizeof(*c));
        HANDLE theirs[3] = {0};
        PROCESS_INFORMATION info;
        HRESULT hr = S_OK;

        for (int i = 0; i < 3 && SUCCEEDED(hr); i++)
                hr = open_stream(c, i, start->streams[i], &theirs[i], err);
        if (SUCCEEDED(hr))
                hr = create(start, theirs, &info, err);
        if (SUCCEEDED(hr))
                hr = run_in_job(job, c, &info, err);
        for (int i = 0; i < 3; i++)
                hcs_windows_close_handlep(&theirs[i]);
        if (FAILED(hr))
                hcs_job_child_free(c);
        else
                *ret = c;
        return hr;
}

uint32_t hcs_job_child_id(const struct hcs_job_child *child) {
        return child->id;
}

HANDLE hcs_job_child_take(struct hcs_job_child *child, int stream) {
        return steal_pointer(&child->ours[stream]);
}

static void CALLBACK wake(void *poller, BOOLEAN timed_out) {
        hcs_poller_wake(poller);
}

HRESULT hcs_job_child_wakes(struct hcs_job_child *child, struct hcs_poller *poller, struct hcs_error **err) {
        if (!RegisterWaitForSingleObject(&child->wait, child->process, wake, poller, INFINITE, WT_EXECUTEONLYONCE))
                return hcs_windows_error(err, GetLastError(), "wait for a process");
        return S_OK;
}

bool hcs_job_child_ended(const struct hcs_job_child *child, uint32_t *ret_exit_code) {
        DWORD code;

        if (WaitForSingleObject(child->process, 0) != WAIT_OBJECT_0 || !GetExitCodeProcess(child->process, &code))
                return false;
        *ret_exit_code = hcs_job_child_corrected(child, code);
        return true;
}

void hcs_job_child_kill(struct hcs_job_child *child, uint32_t exit_code) {
        TerminateProcess(child->process, exit_code);
}

struct hcs_job_child *hcs_job_child_free(struct hcs_job_child *child) {
        if (!child)
                return NULL;
        if (child->wait)
                UnregisterWaitEx(child->wait, INVALID_HANDLE_VALUE);
        if (child->told_wait)
                UnregisterWaitEx(child->told_wait, INVALID_HANDLE_VALUE);
        hcs_windows_close_handlep(&child->told);
        hcs_windows_close_handlep(&child->process);
        for (int i = 0; i < 3; i++)
                hcs_windows_close_handlep(&child->ours[i]);
        free(child);
        return NULL;
}
