/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_CONFINED_H
#define GUEST_CONTAINER_CONFINED_H

/*
 * What is asked of a container, beyond the policy itself, where a security policy is in force: the host is not trusted
 * then, and ids and places become paths. Without a policy all is well. Source: hcsshim internal/guest/runtime/hcsv2.
 */

#include "guest/container/container.h"

/* Ids of the container, its virtual pod and its sandbox: 64 hexadecimal digits. */
HRESULT guest_confined_check_ids(const struct guest_container *c, struct hcs_error **err);
/* Bundle, root and scratch are where hosts that mean well have them, and there are no hooks. */
HRESULT guest_confined_check_settings(const struct guest_container *c, struct hcs_error **err);
/* Workloads get the device that attests the VM, where it has one. */
void guest_confined_add_devices(struct guest_container *c);

#endif
