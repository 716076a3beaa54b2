/* SPDX-License-Identifier: MIT */
#ifndef CMD_PROGRESS_PROGRESS_H
#define CMD_PROGRESS_PROGRESS_H

/*
 * How far a long run is, as one line on standard error that is drawn over, ten times a second at most, and only when
 * that is a terminal. On the stack of a command; its functions fit the callbacks of lib/ext4.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ext4/convert.h"

struct progress {
        const char *what; /* in front of the numbers; may be NULL. Borrowed; can be changed at any time */
        bool terminal;
        bool shown;
        uint64_t next;
};

void progress_init(struct progress *p, const char *what);
/* Clears the line; before anything else is printed. */
void progress_end(struct progress *p);

/* For ext4_convert_options; ctx is the object. */
void progress_convert(void *ctx, const struct ext4_progress *step);
/* For verity_options and vhd_copy_options; total 0: not known. */
void progress_bytes(void *ctx, uint64_t done, uint64_t total);

#endif
