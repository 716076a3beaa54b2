/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_LCOW_POD_H
#define INTEGRATION_LCOW_POD_H

/* A pod: a sandbox in a namespace that has an adapter, for containers beside it. Embedded; zeroed is none. */

#include "integration/lcow/rig.h"

struct pod {
        struct uvm_container *sandbox;
        struct hcs_gcs_process *pause;
};

/* What the specification of a container in that pod says; NULL: that of the sandbox itself. Caller frees. */
char *pod_spec(const struct pod *pod, const char *namespace);
bool pod_open(struct machine *m, const char *namespace, struct pod *ret);
/* A container beside the sandbox has its network, IPC and UTS. */
bool pod_shares(struct machine *m, struct pod *pod, const char *namespace);
/* Ends the sandbox. What it had goes with its VM, which is the pod's. */
bool pod_close(struct machine *m, struct pod *pod);
void pod_deinit(struct pod *pod);

#endif
