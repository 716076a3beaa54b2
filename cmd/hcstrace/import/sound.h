/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_SOUND_H
#define CMD_HCSTRACE_IMPORT_SOUND_H

/* What every trace that an importer has made must be, whatever the log was. For tests and the fuzzer. */

#include <stdint.h>

/*
 * Each line can be read, prints as it stands and holds no more than it may; time never runs backwards; calls are
 * numbered as they come and return once at most; whatever a handle is spoken of was given it before.
 * NULL and the number of records when all that holds, else what does not, with its line; static.
 */
const char *import_sound(const char *path, uint64_t *ret_records, uint64_t *ret_line);

#endif
