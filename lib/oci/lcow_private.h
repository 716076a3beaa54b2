/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_LCOW_PRIVATE_H
#define HCS_OCI_LCOW_PRIVATE_H

/* What the files share that make documents of Linux containers. */

#include "oci/annotation.h"
#include "oci/container.h"
#include "oci/disk_mount.h"

struct lcow_work {
        const struct oci_lcow *c;
        char *root, *rootfs; /* folders in the guest */
        char *scratch;       /* folder in the guest; NULL: none */
        struct oci_uses uses, overlay, scratch_use, layers;
};

HRESULT lcow_add_mounts(struct lcow_work *k, struct hcs_error **err);

#endif
