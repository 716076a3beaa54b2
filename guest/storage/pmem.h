/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_PMEM_H
#define GUEST_STORAGE_PMEM_H

/*
 * Persistent memory as read-only ext4 layers: DEV/pmemN, a part of it through dm-linear (MappingInfo), checked through
 * dm-verity (VerityInfo), both in that order. Stateless, any thread, blocking up to the deadline.
 * Source: hcsshim internal/guest/storage/pmem.
 */

#include "guest/base/roots.h"
#include "hcsshim/schema.h"

/* Makes MountPath; takes everything back when it fails. */
HRESULT guest_pmem_mount(const struct guest_roots *roots,
                         const struct hcs_schema_guest_lcow_mapped_vp_mem_device *device, uint64_t deadline_ns,
                         struct hcs_error **err);
/* Device-mapper devices that will not go are logged, not an error: the mount is gone. */
HRESULT guest_pmem_unmount(const struct guest_roots *roots,
                           const struct hcs_schema_guest_lcow_mapped_vp_mem_device *device, struct hcs_error **err);

#endif
