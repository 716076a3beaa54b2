/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_WCOW_PRIVATE_H
#define HCS_OCI_WCOW_PRIVATE_H

/* What the files share that make documents of Windows containers. */

#include "oci/container.h"
#include "oci/disk_mount.h"

/* A disk mounted in the VM, for the container's document. */
struct wcow_disk {
        char *guest_path, *destination;
        bool read_only;
};

struct wcow_documents {
        struct hcs_schema_v1_container_config *v1;
        struct hcs_schema_container *v2;
        struct wcow_disk *disks;
        size_t n_disks;
};
void wcow_documents_deinit(struct wcow_documents *d); /* the disks only */

/* Gives the VM what the mounts need. */
HRESULT wcow_allocate_mounts(const struct oci_wcow *c, struct oci_uses *uses, struct wcow_documents *d,
                             struct hcs_error **err);
HRESULT wcow_set_mounts(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err);
HRESULT wcow_set_devices(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err);
HRESULT wcow_set_device_extensions(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err);

#endif
