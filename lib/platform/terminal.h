/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_TERMINAL_H
#define HCS_PLATFORM_TERMINAL_H

#include <stdbool.h>

/* Is standard output a terminal whose user did not say NO_COLOR? */
bool hcs_terminal_wants_colour(void);
/* Is standard error a terminal, to show progress on? */
bool hcs_terminal_shows_progress(void);

#endif
