/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_RECORD_PART_H
#define MOCKHCS_RECORD_PART_H

/*
 * The part that a process has in a recording of several: a trace of its own in the folder of all. Numbers of processes
 * come again, so the time is in its name as well.
 */

/* Where this process writes; caller frees. */
char *record_part_path(const char *folder);

#endif
