/* SPDX-License-Identifier: MIT */

/* What is in a job object, and what it has used. Wine's jobs count no times and no transfers: those of the members that
 * run are the least that it was. */

#include "platform/windows/job.h"

#include <psapi.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "platform/windows/filetime.h"
#include "platform/windows/text.h"

static void put_image(struct hcs_job_member *m, HANDLE process) {
        wchar_t path[MAX_PATH * 4];
        DWORD n = HCS_ARRAY_SIZE(path);
        _cleanup_free_ char *text = QueryFullProcessImageNameW(process, 0, path, &n) ? hcs_windows_narrow(path) : NULL;
        const char *base = text ? strrchr(text, '\\') : NULL;

        snprintf(m->image, sizeof(m->image), "%s", base ? base + 1 : text ? text : "");
}

static bool describe(DWORD id, struct hcs_job_member *m) {
        _cleanup_handle_ HANDLE process =
                OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | SYNCHRONIZE, FALSE, id);
        PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
        FILETIME created, ended, kernel, user;
        IO_COUNTERS io = {0};

        if (!process || WaitForSingleObject(process, 0) == WAIT_OBJECT_0 ||
            !GetProcessTimes(process, &created, &ended, &kernel, &user))
                return false;
        GetProcessMemoryInfo(process, &memory, sizeof(memory));
        GetProcessIoCounters(process, &io);
        *m = (struct hcs_job_member){.id = id,
                                     .created_ns = filetime_wall_ns(created),
                                     .user_ns = filetime_100ns(user) * 100,
                                     .kernel_ns = filetime_100ns(kernel) * 100,
                                     .commit = memory.PagefileUsage,
                                     .working_set = memory.WorkingSetSize,
                                     .reads = io.ReadOperationCount,
                                     .writes = io.WriteOperationCount,
                                     .read_bytes = io.ReadTransferCount,
                                     .written_bytes = io.WriteTransferCount};
        put_image(m, process);
        return true;
}

/* More may come while they are asked for. */
static JOBOBJECT_BASIC_PROCESS_ID_LIST *list_ids(struct hcs_job *job) {
        bool more = true;

        for (size_t room = 32; more; room *= 2) {
                size_t size = sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + room * sizeof(ULONG_PTR);
                JOBOBJECT_BASIC_PROCESS_ID_LIST *list = hcs_calloc(1, size);

                if (QueryInformationJobObject(job->job, JobObjectBasicProcessIdList, list, (DWORD)size, NULL))
                        return list;
                more = GetLastError() == ERROR_MORE_DATA;
                free(list);
        }
        return NULL;
}

size_t hcs_job_members(struct hcs_job *job, struct hcs_job_member **ret) {
        _cleanup_free_ JOBOBJECT_BASIC_PROCESS_ID_LIST *list = list_ids(job);
        size_t n = 0, listed = list ? list->NumberOfProcessIdsInList : 0;
        struct hcs_job_member *members = hcs_calloc(listed + 1, sizeof(*members));

        for (size_t i = 0; i < listed; i++)
                n += describe((DWORD)list->ProcessIdList[i], &members[n]);
        *ret = members;
        return n;
}

static void at_least(uint64_t *value, uint64_t least) {
        if (*value < least)
                *value = least;
}

void hcs_job_use(struct hcs_job *job, struct hcs_job_use *ret) {
        JOBOBJECT_BASIC_AND_IO_ACCOUNTING_INFORMATION counted = {0};
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
        _cleanup_free_ struct hcs_job_member *members = NULL;
        size_t n = hcs_job_members(job, &members);
        struct hcs_job_use u = {0};

        for (size_t i = 0; i < n; i++) {
                u.user_ns += members[i].user_ns;
                u.kernel_ns += members[i].kernel_ns;
                u.reads += members[i].reads;
                u.writes += members[i].writes;
                u.read_bytes += members[i].read_bytes;
                u.written_bytes += members[i].written_bytes;
                u.commit += members[i].commit;
                u.working_set += members[i].working_set;
        }
        QueryInformationJobObject(job->job, JobObjectBasicAndIoAccountingInformation, &counted, sizeof(counted), NULL);
        QueryInformationJobObject(job->job, JobObjectExtendedLimitInformation, &limits, sizeof(limits), NULL);
        at_least(&u.user_ns, (uint64_t)counted.BasicInfo.TotalUserTime.QuadPart * 100);
        at_least(&u.kernel_ns, (uint64_t)counted.BasicInfo.TotalKernelTime.QuadPart * 100);
        at_least(&u.reads, counted.IoInfo.ReadOperationCount);
        at_least(&u.writes, counted.IoInfo.WriteOperationCount);
        at_least(&u.read_bytes, counted.IoInfo.ReadTransferCount);
        at_least(&u.written_bytes, counted.IoInfo.WriteTransferCount);
        u.peak_commit = limits.PeakJobMemoryUsed;
        at_least(&u.peak_commit, u.commit);
        *ret = u;
}
