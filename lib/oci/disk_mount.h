/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DISK_MOUNT_H
#define HCS_OCI_DISK_MOUNT_H

/* A disk of the host as a mount of a container, Linux or Windows: it is attached to the VM and mounted there. */

#include "oci/mount.h"
#include "oci/uses.h"

/* The mount's type says which kind of disk; how: the rest of what the guest is told. On success the use is added to
 * `uses`, and *ret_path is where the guest has it, valid until it is given back. Errors name the mount. */
HRESULT oci_disk_mount_add(struct uvm_devices *uvm, const struct hcs_schema_oci_mount *m,
                           const struct uvm_disk_mount *how, struct oci_uses *uses, const char **ret_path,
                           struct hcs_error **err);

#endif
