/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_COMMAND_LINE_H
#define GUEST_AGENT_COMMAND_LINE_H

/* A command line into words, as hosts of old write it: blanks part words, single and double quotes and backslashes keep
 * them together; nothing is expanded. A quote that does not end or a trailing backslash is E_FAIL, an unquoted ; & | <
 * or > ends the line. *ret ends with NULL; free the words and the array. */

#include "hcsshim/error.h"

HRESULT guest_command_line_split(const char *line, char ***ret, struct hcs_error **err);

#endif
