/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_CHILD_H
#define HCS_PLATFORM_POSIX_CHILD_H

/* What the files of this folder share of child programs. */

#include <sys/types.h>

#include "platform/process.h"

pid_t hcs_child_pid(const struct hcs_child *child);
/* Has it ended, or does it before the monotonic deadline? Of any process. */
bool hcs_pid_ended(pid_t pid, uint64_t deadline_ns);

#endif
