/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_TIMESYNC_H
#define GUEST_AGENT_TIMESYNC_H

/* The VM's clock, kept by chronyd against the hypervisor's PTP device; chronyd is started again, later and later, when
 * it ends or cannot be started. On the loop's thread. Source: hcsshim cmd/gcs. */

#include "guest/base/children.h"
#include "guest/base/roots.h"

struct guest_timesync;

/* HCS_WIN32(ERROR_NOT_FOUND) when no PTP device is called "hyperv". */
HRESULT guest_timesync_new(struct guest_loop *loop, struct guest_children *children, const struct guest_roots *roots,
                           struct guest_timesync **ret, struct hcs_error **err);
struct guest_timesync *guest_timesync_free(struct guest_timesync *t);

#endif
