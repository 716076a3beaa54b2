/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_KINDS_H
#define GUEST_CONTAINER_KINDS_H

/*
 * The three kinds of container: a pod's sandbox, a workload in a pod, and one that stands alone. What each makes in the
 * VM and changes in its spec before the runtime sees it. For the thread of a creation or deletion; the container is
 * pinned meanwhile. Source: hcsshim internal/guest/runtime/hcsv2/{sandbox,workload,standalone}_container.go.
 */

#include "guest/container/container.h"

#define GUEST_PODS_CGROUP "/pods"

/* Reads the kind out of the annotations: on the loop's thread, before anything is made. */
void guest_kinds_classify(struct guest_container *c);
/* Makes the folders and files, edits the spec, joins the pod. E_FAIL for a kind that is none, a workload without a
 * pod, a hostname that a workload must not have. */
HRESULT guest_kinds_prepare(struct guest_container *c, struct hcs_error **err);
/* Brings the pod's network adapters into the namespace of the new container's first process. */
HRESULT guest_kinds_connect(struct guest_container *c, pid_t pid, struct hcs_error **err);

/* Unmounts what workloads were given below the sandbox's folder; failures are logged. */
void guest_kinds_unmount_sandbox(struct guest_container *c);
/* Takes back what prepare registered: the pod's cgroup, the network namespace. Failures are logged. */
void guest_kinds_release(struct guest_container *c);

#endif
