/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_MOUNT_H
#define HCS_OCI_MOUNT_H

/*
 * Mounts of a specification: what Windows and Linux containers ask of them alike. Source: hcsshim internal/hcsoci.
 * Pure functions.
 */

#include <stdbool.h>

#include "oci/spec.h"

/* As Go prints the structure with %+v: errors name the mount so. Caller frees. */
char *oci_mount_text(const struct hcs_schema_oci_mount *m);
/* "what {...}: why": puts the mount in front of a failure's error; returns hr. */
HRESULT oci_mount_wrap(struct hcs_error **err, HRESULT hr, const char *what, const struct hcs_schema_oci_mount *m);
/* "invalid OCI spec - a mount must have both source and a destination". */
HRESULT oci_mount_check(const struct hcs_schema_oci_mount *m, struct hcs_error **err);
bool oci_mount_is_read_only(const struct hcs_schema_oci_mount *m); /* an option "ro", in any case */
/* A disk: "physical-disk", "virtual-disk" or "extensible-virtual-disk". */
bool oci_mount_is_disk(const struct hcs_schema_oci_mount *m);
/* Source of the mount, "" when there is none. */
const char *oci_mount_source(const struct hcs_schema_oci_mount *m);
/* "evd://TYPE/PATH" in its two parts, which the caller frees. */
HRESULT oci_mount_evd(const char *source, char **ret_type, char **ret_path, struct hcs_error **err);

#define OCI_PIPE_PREFIX    "\\\\.\\pipe\\"
#define OCI_SANDBOX_PREFIX "sandbox://"
#define OCI_UVM_PREFIX     "uvm://"
/* A pipe given to a Windows container. uvm_id NULL: a container of the host. false: the mount is none. */
struct oci_pipe {
        char *host_path; /* as the container's document names it */
        char *name;      /* in the container, without the prefix */
        bool is_in_uvm;  /* nothing has to be added to the VM for it */
};
bool oci_mount_pipe(const struct hcs_schema_oci_mount *m, const char *uvm_id, struct oci_pipe *ret);
void oci_pipe_deinit(struct oci_pipe *p);

/* A Windows path: not above the folder; slashes turned, dots resolved. Caller frees. */
char *oci_path_join(const char *folder, const char *rest);

#endif
