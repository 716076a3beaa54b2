/* SPDX-License-Identifier: MIT */
#ifndef HCS_TESTING_CONFINED_H
#define HCS_TESTING_CONFINED_H

/* Code under test in a process of its own, for which the kernel refuses a system call. Linux only. */

#include <stdint.h>

/* Runs fn in a child: what it returned. The test fails when it ends in another way. */
int hcs_test_in_child(int (*fn)(void *ctx), void *ctx);
/* From here on, in the child: the system call nr fails with errnum where the argument, masked, is value. 0, or that it
 * cannot be done. */
int hcs_test_refuse_call(unsigned nr, unsigned argument, uint32_t mask, uint32_t value, unsigned short errnum);

#endif
