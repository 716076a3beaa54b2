/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_MOVE_H
#define HCS_PLATFORM_POSIX_MOVE_H

/* Bytes from file to file without passing through this process. */

#include <stddef.h>
#include <sys/types.h>

/*
 * Moves up to n bytes between two descriptors; their own positions stay. Returns how many, fewer where `from` ends, or
 * -1 with errno: then what is in `to` from there on is anything.
 */
ssize_t hcs_move(int from, off_t from_offset, int to, off_t to_offset, size_t n);

#endif
