/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_RECORD_REAL_H
#define CMD_HCSTRACE_RECORD_REAL_H

/*
 * A program recorded as it is, against the DLLs of its system; on Windows. Each process writes a part (parts.h).
 */

#include <stdbool.h>

#include "hcsshim/error.h"

struct real_recording {
        char *const *program;
        const char *trace;
        bool keep_secrets, no_streams;
};

/* *ret_called: a process made a call, so that there is a trace. */
HRESULT record_real(const struct real_recording *what, int *ret_code, bool *ret_called, struct hcs_error **err);

#endif
