/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_JOB_H
#define HCS_PLATFORM_WINDOWS_JOB_H

/* What the files of this folder share of job objects. */

#include <windows.h>

#include "platform/job.h"

struct hcs_job {
        HANDLE job;
};

#endif
