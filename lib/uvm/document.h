/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_DOCUMENT_H
#define HCS_UVM_DOCUMENT_H

/*
 * From options to the document that HCS creates a utility VM from, byte for byte hcsshim's. Building is pure: what has
 * to happen on the host before the document is good (files copied, access granted) comes out as a list of steps, which
 * whoever creates the VM takes. Facts: golden data of hcsshim; the rules are in docs/uvm.md.
 */

#include "uvm/options.h"

enum uvm_step_kind {
        UVM_STEP_COPY,           /* path to target, over what is there */
        UVM_STEP_GRANT_GROUP,    /* all access of the group of virtual machines */
        UVM_STEP_GRANT_VM,       /* access of this VM */
        UVM_STEP_MAKE_DIRECTORY, /* with its parents */
        UVM_STEP_SET_DISK_ID,    /* target is a GUID: by it the guest knows a scratch disk without a file system */
};
struct uvm_step {
        enum uvm_step_kind kind;
        char *path, *target; /* target may be NULL */
};

/* What a document comes with. Zeroed is empty; belongs to the caller, also after a failure: the steps are then those
 * that were found needed before it. */
struct uvm_plan {
        struct hcs_schema_compute_system *document; /* NULL after a failure */
        struct uvm_step *steps;
        size_t n_steps;
        uint32_t scsi_controllers, reserved_luns; /* the first so many LUNs of controller 0 are taken */
        bool has_vpmem_root;                      /* device 0 is taken */
        uint32_t processors;                      /* what the VM gets */
};
void uvm_plan_deinit(struct uvm_plan *p);
#define _cleanup_uvm_plan_ _cleanup_(uvm_plan_deinit)

/* The GUID of a disk that has no file system yet (UVM_STEP_SET_DISK_ID). */
#define UVM_UNFORMATTED_SCRATCH "a7b3c5d1-4e2f-4a8b-9c6d-1e3f5a7b9c2d"

/* VMBus instances of the SCSI controllers, by which the guest finds them too. */
extern const char *const uvm_scsi_controllers[UVM_MAX_SCSI_CONTROLLERS];

/* Verifies the options and builds. E_INVALIDARG, ERROR_FILE_NOT_FOUND, ERROR_NOT_SUPPORTED (of this build), all in the
 * original's words. */
HRESULT uvm_lcow_document(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                          struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err);
HRESULT uvm_wcow_document(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                          struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err);

/*
 * The second shim's way from a sandbox's specification to a document: no VPMem, other words for failures, and a few
 * other spellings in the kernel's arguments. *ret_options says what the shim keeps beside the document; free it with
 * hcs_schema_free(). shim may be NULL, which is an error as in the original. The annotations of spec are completed.
 */
HRESULT uvm_lcow_v2_document(struct hcs_schema_oci_spec *spec, const struct hcs_schema_uvm_shim_options *shim,
                             const char *owner, const char *bundle, const struct uvm_host *host, struct uvm_plan *plan,
                             struct hcs_schema_uvm_sandbox_options **ret_options, struct oci_warnings *w,
                             struct hcs_error **err);

/* The document's text. Caller frees. */
char *uvm_plan_text(const struct uvm_plan *p);

/* Base64 of the SHA-256 of a policy, which is base64 itself: what the hardware keeps of it. Caller frees. */
HRESULT uvm_policy_digest(const char *policy, char **ret, struct hcs_error **err);

#endif
