/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_PIPE_PAIR_H
#define HCS_PLATFORM_WINDOWS_PIPE_PAIR_H

/* What the files of this folder share of pipes. */

#include <windows.h>

#include "hcsshim/error.h"

/*
 * A named pipe that nobody else can have: its first end goes both ways and is for overlapped use, the second is opened
 * with that access and those flags of CreateFile(), inherited by children or not.
 */
HRESULT hcs_windows_pipe_pair(DWORD access, DWORD flags, bool inherited, HANDLE *ret_first, HANDLE *ret_second,
                              struct hcs_error **err);

#endif
