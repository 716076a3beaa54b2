/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_PROCESS_END_H
#define HCS_PLATFORM_PROCESS_END_H

/*
 * The end of the process, for a library that has something left to say. On Windows a program may end without its C
 * library's knowledge; what is left then runs when all threads but one are gone already, wherever they were.
 */

#include <stdbool.h>

/* Runs fn once at the end of the process. One of a module. */
void hcs_process_at_end(void (*fn)(void));
/* Are the other threads gone? Then a lock may be nobody's, and nothing can be waited for. */
bool hcs_process_has_ended(void);

#endif
