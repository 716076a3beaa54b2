/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_PARTS_H
#define CMD_HCSTRACE_PARTS_H

/*
 * A recording of several processes. Each writes a trace of its own into the folder TRACE.parts, with its first call;
 * when the program has ended they become one, by time. When hcstrace is killed they stay there, and the next recording
 * says so.
 */

#include <stdbool.h>

#include "hcsshim/error.h"

/* Makes the folder; its full path is the caller's to free. Errors: no place for the trace; parts of an older one. */
HRESULT parts_begin(const char *trace, char **ret_folder, struct hcs_error **err);
/* What the processes wrote, as one trace; the folder goes. *ret_called: there was something. After a failure all stays
 * where it is. */
HRESULT parts_collect(const char *folder, const char *trace, bool *ret_called, struct hcs_error **err);

#endif
