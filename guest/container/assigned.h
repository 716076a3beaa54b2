/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_ASSIGNED_H
#define GUEST_CONTAINER_ASSIGNED_H

/* PCI devices assigned to a container (windows.devices of its spec): their nodes are found and added, and a GPU gets
 * the hook that sets it up. Blocks until a device has a node, or for ten seconds. For the thread of a creation. Source:
 * hcsshim internal/guest/spec/spec_devices.go, internal/guest/runtime/hcsv2/nvidia_utils.go. */

#include "guest/container/container.h"

HRESULT guest_assigned_add(struct guest_container *c, struct hcs_error **err);

#endif
