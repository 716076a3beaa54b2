/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_LAST_ERROR_H
#define HCS_PLATFORM_WINDOWS_LAST_ERROR_H

/* What the files of this folder share: errors of the system, and deadlines as it wants them. */

#include <stdint.h>
#include <windows.h>

#include "hcsshim/error.h"

/* An error of GetLastError() or WSAGetLastError(): "what: the system's words". Returns its HRESULT. */
HRESULT hcs_windows_error(struct hcs_error **err, DWORD code, const char *what);
/* Milliseconds from now, rounded up; INFINITE for HCS_FOREVER. */
DWORD hcs_windows_ms_until(uint64_t deadline_ns);

#endif
