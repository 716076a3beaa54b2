/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_TOLD_H
#define MOCKHCS_FAULTS_TOLD_H

/*
 * What the faults of a run did: a line of JSON in a file for each time a rule had its way, there as soon as it
 * happened, whatever becomes of the process; and the same in the log. Thread safe.
 *   {"rule":"HcsStart* never","number":2,"call":"HcsStartComputeSystem","on":"system/1"}
 * number counts what the rule fits, as #N does; an event has "event" in place of "call".
 */

#include "base/json.h"
#include "mockhcs/faults/plan.h"

struct fault_told;

/* path NULL: only the log hears of it. Errors: what opening the file says. */
HRESULT fault_told_open(const char *path, struct fault_told **ret, struct hcs_error **err);
/* on: the handle's symbol, NULL for none. */
void fault_tell(struct fault_told *t, const struct fault_plan *plan, const char *kind, const char *name,
                const char *on);
/* NULL is fine, returns NULL. */
struct fault_told *fault_told_close(struct fault_told *t);

#endif
