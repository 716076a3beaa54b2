/* SPDX-License-Identifier: MIT */

/* The errors of a thread on Windows: that of the system, and that of the C library. */

#include "platform/saved_error.h"

#include <errno.h>
#include <windows.h>

#define LAST_STATUS 0x1250 /* where a thread's block has it, on every Windows of 64 bits; nothing sets it otherwise */

struct hcs_saved_error hcs_error_save(void) {
        return (struct hcs_saved_error){.last = GetLastError(), .status = __readgsdword(LAST_STATUS), .number = errno};
}

void hcs_error_restore(struct hcs_saved_error e) {
        errno = e.number;
        __writegsdword(LAST_STATUS, e.status);
        SetLastError(e.last);
}
