/* SPDX-License-Identifier: MIT */

#include "platform/terminal.h"

#include <stdlib.h>
#include <unistd.h>

bool hcs_terminal_wants_colour(void) {
        const char *off = getenv("NO_COLOR");

        return isatty(STDOUT_FILENO) && !(off && *off);
}

bool hcs_terminal_shows_progress(void) {
        return isatty(STDERR_FILENO) != 0;
}
