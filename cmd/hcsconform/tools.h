/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_TOOLS_H
#define CMD_HCSCONFORM_TOOLS_H

/* The program that cases run in containers, hcsworker.exe beside this one. Texts are those of a JSON string, valid to
 * the end of the run. */

#include <stdbool.h>

/* False where programs of Windows do not run, or it is not there; *ret_missing says what is missing. */
bool tools_possible(const char **ret_missing);
/* The MappedDirectory, as an object of a container's document. */
const char *tools_directory(void);
/* A platform has it in the mapped folder, the emulator where it is. */
const char *tools_worker(void);
void tools_release(void);

#endif
