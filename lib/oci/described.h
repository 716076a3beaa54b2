/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DESCRIBED_H
#define HCS_OCI_DESCRIBED_H

/*
 * A container described as JSON, host and utility VM and all, made on paper: what would be sent. The description has
 * "spec" and, each with a default, what else it depends on:
 *
 *   Windows: id, owner, os_build, host_processors, hyperv_hosted, uvm_processors, schema_v1, confidential,
 *            scale_cpu_limits_to_sandbox, network_namespace, ccg_state,
 *            mounted_layers {RootFS, MountedLayerPaths [{LayerID, MountedPath}]}
 *   Linux:   id, os_build, layers {Layers [{VHDPath, Partition}], ScratchVHDPath} or null, layer_file_sizes,
 *            uvm {scsi_controllers, vpmem_count, vpmem_size, vpmem_multi_mapping, physically_backed,
 *                 no_writable_shares, encrypt_scratch}
 *   both:    files {"C:\\path": {"directory": true} or {"size": n} or {"content": "text"}}, vm_id
 *
 * That is the input of the golden cases. What it does not say is guessed of the specification: layers of
 * windows.layerFolders, isolation of windows.hyperv. Files default to those of the host that the golden cases were made
 * on when "id" is there, else every path is a folder. GUIDs count from 1.
 */

#include "oci/job.h"
#include "oci/steps.h"
#include "oci/warning.h"

struct oci_made {
        char *document;               /* NULL on failure */
        struct oci_steps steps;       /* also on failure, with what was taken back */
        struct oci_warnings warnings; /* also on failure */
};
void oci_made_deinit(struct oci_made *m);
#define _cleanup_oci_made_ _cleanup_(oci_made_deinit)

/* A container of Windows: its document for HCS or for the guest. */
HRESULT oci_make_wcow(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
/* A container of Linux: the body of the Create message, which is the last step. */
HRESULT oci_make_lcow(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
/* A job of the host: its limits, as JSON. */
HRESULT oci_make_job(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);

#endif
