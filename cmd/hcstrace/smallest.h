/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_SMALLEST_H
#define CMD_HCSTRACE_SMALLEST_H

/*
 * The smallest set of faults that still breaks a program: rules are left out by halves, then one by one; of each rule
 * that stays, the occasions are narrowed by bisection. What decides is a run, so nothing is taken for granted.
 */

#include <stdbool.h>

/* rules: as faults= has them, apart by ';'; they break it. breaks: do those? Caller frees. */
char *smallest_faults(const char *rules, bool (*breaks)(void *ctx, const char *rules), void *ctx);

#endif
