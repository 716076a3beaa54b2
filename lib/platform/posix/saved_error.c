/* SPDX-License-Identifier: MIT */

/* The errors of a thread on Linux: errno. */

#include "platform/saved_error.h"

#include <errno.h>

struct hcs_saved_error hcs_error_save(void) {
        return (struct hcs_saved_error){.number = errno};
}

void hcs_error_restore(struct hcs_saved_error e) {
        errno = e.number;
}
