/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_SCENARIO_H
#define MOCKHCS_FAULTS_SCENARIO_H

/* Rules with a name, from what went wrong for others. Static data. */

#include <stdbool.h>
#include <stddef.h>

struct fault_scenario {
        const char *name, *rules, *summary, *source;
};

const struct fault_scenario *fault_scenarios(size_t *ret_n);
/* NULL when there is none of that name. */
const struct fault_scenario *fault_scenario_find(const char *name);
/* Its rules are about the frames of a bridge; those of the others about calls and events. */
bool fault_scenario_is_of_bridges(const struct fault_scenario *s);

#endif
