/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_MEMORY_H
#define GUEST_AGENT_MEMORY_H

/*
 * The VM's memory, shared out: pods get all but a reserve, so that a workload that takes too much does not take the
 * agent down with it; the agent's own use is watched. What the kernel says of either goes to the log. On the loop's
 * thread. Source: hcsshim cmd/gcs.
 */

#include "guest/base/loop.h"
#include "guest/cgroup/cgroup.h"

struct guest_memory;

/* Makes the groups /pods and /gcs and puts the agent into the latter. */
HRESULT guest_memory_new(struct guest_loop *loop, const struct guest_cgroups *cgroups, uint64_t reserve,
                         uint64_t own_limit, struct guest_memory **ret, struct hcs_error **err);
struct guest_memory *guest_memory_free(struct guest_memory *m);

/* What pods may use of the VM's memory now. E_FAIL when the reserve leaves nothing. */
HRESULT guest_memory_pods_limit(uint64_t reserve, uint64_t *ret, struct hcs_error **err);

#endif
