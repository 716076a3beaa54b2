/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_PAGE_PAGE_H
#define CMD_HCSTRACE_PAGE_PAGE_H

/*
 * A trace as one page for a browser, that needs nothing but itself: lanes, a list, and documents. The lines of the
 * trace stand in it as data, in which no markup can begin; the page's policy lets nothing run but its own script.
 */

#include <stdio.h>

#include "hcsshim/error.h"

/* against: a second trace, which the page compares the first one with; NULL: none. Errors of reading, and of writing.
 */
HRESULT page_write(FILE *out, const char *trace, const char *against, struct hcs_error **err);

#endif
