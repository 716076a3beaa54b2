/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_SAVED_ERROR_H
#define HCS_PLATFORM_SAVED_ERROR_H

/* What the last calls of this thread left as errors: kept by whoever works between a program and its system unseen. */

#include <stdint.h>

struct hcs_saved_error {
        uint32_t last;   /* of GetLastError(); 0 on Linux */
        uint32_t status; /* of RtlGetLastNtStatus(); 0 on Linux */
        int number;      /* errno */
};

struct hcs_saved_error hcs_error_save(void);
void hcs_error_restore(struct hcs_saved_error e);

#endif
