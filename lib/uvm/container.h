/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_CONTAINER_H
#define HCS_UVM_CONTAINER_H

/*
 * A Linux container in a utility VM, from its specification: what it needs is given to the VM, the guest creates it,
 * and when it is deleted all is taken back. Belongs to its maker; create and delete by the thread that has the VM's
 * devices, the rest by any. VM and devices must outlive it.
 */

#include "oci/container.h"
#include "uvm/vm.h"

struct uvm_container;

struct uvm_container_options {
        const char *id;
        struct hcs_schema_oci_spec *spec; /* becomes what the guest gets */
        const struct oci_host *host;
        const struct oci_lcow_layer *layers; /* the lowest last */
        size_t n_layers;
        const char *scratch; /* NULL: no layers, root.path is a folder of the host */
};

HRESULT uvm_container_create(struct uvm *vm, struct uvm_devices *devices, const struct uvm_container_options *o,
                             const struct hcs_call *call, struct oci_warnings *w, struct uvm_container **ret,
                             struct hcs_error **err);
/* Start, signals, updates, statistics and waiting are hcsshim/gcs.h's; valid as long as the container. */
struct hcs_gcs_container *uvm_container_guest(struct uvm_container *c);
/*
 * A process: the first one (process NULL), which must come once, behind the start, or another one ("process" of a
 * specification).
 */
struct uvm_streams {
        bool in, out, err;
};
HRESULT uvm_container_exec(struct uvm_container *c, const char *process, const struct uvm_streams *streams,
                           const struct hcs_call *call, struct hcs_gcs_process **ret, struct hcs_error **err);
/*
 * Of one that has ended, or was never started: gives back what it had, and the guest forgets it. Goes on when something
 * fails, and tells the first failure. Frees it in any case.
 */
HRESULT uvm_container_delete(struct uvm_container *c, const struct hcs_call *call, struct hcs_error **err);
/* Only frees it: its VM has ended. NULL is fine, returns NULL. */
struct uvm_container *uvm_container_free(struct uvm_container *c);
HCS_DEFINE_CLEANUP(struct uvm_container *, uvm_container_free)

#endif
