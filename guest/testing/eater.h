/* SPDX-License-Identifier: MIT */
#ifndef GUEST_TESTING_EATER_H
#define GUEST_TESTING_EATER_H

/* A process that uses memory, for control groups. */

#include <stddef.h>
#include <sys/types.h>

/* It waits for a byte at *ret_go, has that much memory in use then, and stays until it is killed. -1: there is none. */
pid_t guest_start_eater(size_t bytes, int *ret_go);

#endif
