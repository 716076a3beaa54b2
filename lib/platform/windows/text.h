/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_TEXT_H
#define HCS_PLATFORM_WINDOWS_TEXT_H

/* What the files of this folder share: names for the system's wide functions, and its errors. */

#include <windows.h>

#include "base/mem.h"
#include "hcsshim/error.h"

/* Bytes that are not UTF-8 give U+FFFD: the system then finds no such name. Caller frees with free(). */
wchar_t *hcs_windows_wide(const char *utf8);
/* Caller frees with free(). */
char *hcs_windows_narrow(const wchar_t *wide);

#define _cleanup_wide_ _cleanup_(hcs_windows_wide_freep)
static inline void hcs_windows_wide_freep(wchar_t **p) {
        free(*p);
}

static inline void hcs_windows_close_handlep(HANDLE *h) {
        if (*h && *h != INVALID_HANDLE_VALUE)
                CloseHandle(*h);
}
#define _cleanup_handle_ _cleanup_(hcs_windows_close_handlep)

#endif
