/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_SCSI_H
#define GUEST_STORAGE_SCSI_H

/*
 * Disks by what they are: a controller as the host counts it, and a LUN. Stateless, any thread, blocking up to the
 * deadline.
 *
 * With VMBus, controller N is the SCSI host below /sys/bus/vmbus/devices/<the N-th well-known GUID>. Without it (QEMU)
 * it is the N-th virtio SCSI adapter in the order of the PCI addresses, which the command line fixes; the kernel's own
 * numbers depend on who was first. A disk is channel 0, target 0 of its host. A device name (sda) says nothing.
 *
 * Source: hcsshim internal/guest/storage/scsi; names of device-mapper devices and mount options are its.
 */

#include "guest/base/roots.h"
#include "hcsshim/schema.h"

/* The SCSI host of a controller: its number in the kernel. An unknown controller is E_INVALIDARG, one that does not
 * appear ERROR_TIMEOUT. */
HRESULT guest_scsi_host(const struct guest_roots *roots, uint8_t controller, uint64_t deadline_ns, unsigned *ret,
                        struct hcs_error **err);
/* DEV/sdX of a disk, or of a partition of it when partition is not 0, once it can be opened. Caller frees. */
HRESULT guest_scsi_device(const struct guest_roots *roots, uint8_t controller, uint8_t lun, uint64_t partition,
                          uint64_t deadline_ns, char **ret, struct hcs_error **err);

/*
 * Mounts a disk at its MountPath, which is made and, when it fails, removed together with every device-mapper device
 * made on the way. BlockDev: a link to the device instead of a mount. ReadOnly with VerityInfo: through dm-verity.
 * Encrypted: through dm-crypt with a key that nobody keeps. EnsureFilesystem: formatted unless it has the Filesystem.
 * Without Filesystem the disk must be ext4. An empty MountPath has nothing to do.
 */
HRESULT guest_scsi_mount(const struct guest_roots *roots, const struct hcs_schema_guest_lcow_mapped_virtual_disk *disk,
                         uint64_t deadline_ns, struct hcs_error **err);
/* Takes back a mount. A MountPath that is not there, or not mounted, is fine. */
HRESULT guest_scsi_unmount(const struct guest_roots *roots,
                           const struct hcs_schema_guest_lcow_mapped_virtual_disk *disk, uint64_t deadline_ns,
                           struct hcs_error **err);
/* Lets the kernel forget the disk, so that the host can take it away. One that is not there is fine. */
HRESULT guest_scsi_unplug(const struct guest_roots *roots, const struct hcs_schema_guest_scsi_device *device,
                          struct hcs_error **err);

#endif
