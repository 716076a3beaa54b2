/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_STEPS_H
#define HCS_OCI_STEPS_H

/*
 * A sink that writes down what a utility VM is asked, in order, and answers that all of it was done: what hcsdoc shows
 * and tests compare. An embedded list of its owner; a zeroed struct is an empty one.
 */

#include "uvm/devices/devices.h"

enum oci_step_kind {
        OCI_STEP_GRANT,  /* text: the file */
        OCI_STEP_MODIFY, /* text: the document for HcsModifyComputeSystem */
        OCI_STEP_BRIDGE, /* text: the body of a ModifySettings or Create message, with its line feed */
};
struct oci_step {
        enum oci_step_kind kind;
        const char *rpc; /* BRIDGE: "ModifySettings" or "Create" */
        uint64_t id;     /* BRIDGE: of the message, from 1 */
        char *text;
};
struct oci_steps {
        struct oci_step *items;
        size_t n;
        uint64_t last_id;
};

void oci_steps_deinit(struct oci_steps *s);
#define _cleanup_oci_steps_ _cleanup_(oci_steps_deinit)
/* A sink into the list, which must outlive it. */
struct uvm_sink oci_steps_sink(struct oci_steps *s);
/* The Create message of a container; config: its document. Returns the body, which is the list's. */
const char *oci_steps_create(struct oci_steps *s, const char *container_id, const char *config);

#endif
