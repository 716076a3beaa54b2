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
/* What the processes wrote, as one trace that ends with its last line; the folder goes, or it is said that it stays.
 * *ret_called: there was something. After a failure all stays where it is, and the error says where. */
HRESULT parts_collect(const char *folder, const char *trace, bool *ret_called, struct hcs_error **err);
/* The program could not be started or followed: a folder without a record goes, of another it is said where it is. */
void parts_abandon(const char *folder);

#endif
