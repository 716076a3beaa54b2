/* SPDX-License-Identifier: MIT */

/* The errors of a thread on Windows: that of the system, and that of the C library. */

#include "platform/saved_error.h"

#include <errno.h>
#include <windows.h>

struct hcs_saved_error hcs_error_save(void) {
        return (struct hcs_saved_error){.last = GetLastError(), .number = errno};
}

void hcs_error_restore(struct hcs_saved_error e) {
        errno = e.number;
        SetLastError(e.last);
}
