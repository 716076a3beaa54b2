/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_CHILD_H
#define HCS_PLATFORM_WINDOWS_CHILD_H

/* What the files of this folder share of child programs. */

#include <windows.h>

#include "platform/process.h"

/* As hcs_child_spawn(), with more flags of CreateProcess(). */
HRESULT hcs_windows_spawn(char *const *argv, const char *const *environment, enum hcs_child_output output, DWORD flags,
                          PROCESS_INFORMATION *ret, struct hcs_error **err);
/* Takes both handles over. */
struct hcs_child *hcs_windows_child(const PROCESS_INFORMATION *info);
HANDLE hcs_windows_child_process(const struct hcs_child *child);
/* Does that process end before the monotonic deadline? */
bool hcs_windows_ended(HANDLE process, uint64_t deadline_ns);

/* Our environment with these "NAME=value", as CreateProcess() wants it. Caller frees. */
wchar_t *hcs_windows_environment(const char *const *environment);

#endif
