/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_ALIGN_H
#define MOCKHCS_WORKBENCH_ALIGN_H

/*
 * Which head of one catalog is which of another. Objects are what the calls that made them are: these are aligned
 * first, then what was done with each object, which may make further ones. Objects that a trace never saw made are
 * aligned by what was done with them, then by name, then in their order. Within a lane the longest common sequence is
 * the same (for long ones: as far as it is found within a window), what is equal elsewhere was moved, and what is left
 * between two that are the same is paired by function. No text is looked at. Owned by one thread.
 */

#include "mockhcs/workbench/catalog.h"

enum align_how { ALIGN_NOT, ALIGN_SAME_PLACE, ALIGN_MOVED };

struct alignment {
        uint32_t *of_a, *of_b; /* by item: the other one, or CATALOG_NONE */
        uint8_t *how;          /* enum align_how by item of A */
        uint32_t *handle_a, *handle_b;
};

void alignment_make(const struct catalog *a, const struct catalog *b, struct alignment *ret);
void alignment_deinit(struct alignment *al);

#endif
