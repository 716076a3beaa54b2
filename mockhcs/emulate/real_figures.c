/* SPDX-License-Identifier: MIT */

/* Figures of real processes, from their job; see real_process.h. */

#include "base/str.h"
#include "mockhcs/emulate/real_process.h"
#include "platform/clock.h"

void real_put_use(struct hcs_json *statistics, struct hcs_job *job) {
        struct hcs_json *part = hcs_json_set_new_object(statistics, "Processor");
        struct hcs_job_use use;

        hcs_job_use(job, &use);
        hcs_json_set_u64(part, "TotalRuntime100ns", (use.user_ns + use.kernel_ns) / 100);
        hcs_json_set_u64(part, "RuntimeUser100ns", use.user_ns / 100);
        hcs_json_set_u64(part, "RuntimeKernel100ns", use.kernel_ns / 100);
        part = hcs_json_set_new_object(statistics, "Memory");
        hcs_json_set_u64(part, "MemoryUsageCommitBytes", use.commit);
        hcs_json_set_u64(part, "MemoryUsageCommitPeakBytes", use.peak_commit);
        hcs_json_set_u64(part, "MemoryUsagePrivateWorkingSetBytes", use.working_set);
        part = hcs_json_set_new_object(statistics, "Storage");
        hcs_json_set_u64(part, "ReadCountNormalized", use.reads);
        hcs_json_set_u64(part, "ReadSizeBytes", use.read_bytes);
        hcs_json_set_u64(part, "WriteCountNormalized", use.writes);
        hcs_json_set_u64(part, "WriteSizeBytes", use.written_bytes);
}

/* Members of a ProcessList are int32. */
static uint64_t bounded(uint64_t n) {
        return n < INT32_MAX ? n : INT32_MAX;
}

void real_put_processes(struct hcs_json *list, struct hcs_job *job) {
        _cleanup_free_ struct hcs_job_member *members = NULL;
        size_t n = hcs_job_members(job, &members);
        char text[40];

        for (size_t i = 0; i < n; i++) {
                const struct hcs_job_member *m = &members[i];
                struct hcs_json *e = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_u64(e, "ProcessId", m->id);
                hcs_json_set_string(e, "ImageName", m->image);
                hcs_json_set_string(e, "CreateTimestamp", hcs_wall_clock_format(m->created_ns, text));
                hcs_json_set_u64(e, "UserTime100ns", bounded(m->user_ns / 100));
                hcs_json_set_u64(e, "KernelTime100ns", bounded(m->kernel_ns / 100));
                hcs_json_set_u64(e, "MemoryCommitBytes", bounded(m->commit));
                hcs_json_set_u64(e, "MemoryWorkingSetPrivateBytes", bounded(m->working_set));
                hcs_json_set_u64(e, "MemoryWorkingSetSharedBytes", 0);
        }
}
