/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_DOCUMENT_H
#define MOCKHCS_FAULTS_DOCUMENT_H

/* What faults do to answers. chance is drawn by the caller, so that the same seed does the same. Pure. */

#include "mockhcs/engine/value.h"

/* Takes a member away: the one at the path, or with NULL one that is drawn among all there are. False: there is none.
 */
bool fault_omit(struct mock_value *document, const char *path, uint64_t chance);
/* Puts the members of every object into another order. */
void fault_shuffle(struct mock_value *document, uint64_t chance);

/* The next of a row of numbers that look drawn; splitmix64. */
uint64_t fault_next(uint64_t *state);

#endif
