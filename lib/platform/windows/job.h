/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_JOB_H
#define HCS_PLATFORM_WINDOWS_JOB_H

/* What the files of this folder share of job objects. */

#include <stdatomic.h>
#include <windows.h>

#include "platform/job.h"

struct hcs_job {
        HANDLE job;
        atomic_uint refs;
};

struct hcs_job_child {
        HANDLE process, wait;
        DWORD id;
        HANDLE ours[3];
        HANDLE told, told_wait; /* the thread that tells it the last event; what waits for that thread */
};

/* The exit code of one that has ended, as Windows would have it. */
DWORD hcs_job_child_corrected(const struct hcs_job_child *child, DWORD exit_code);

#endif
