/* SPDX-License-Identifier: MIT */
#ifndef GUEST_POLICY_DOORS_H
#define GUEST_POLICY_DOORS_H

/* The two enforcers without a policy: constant tables, their ctx is not used. */

#include "guest/policy/policy.h"

extern const struct guest_enforcer guest_open_door;
extern const struct guest_enforcer guest_closed_door;

#endif
