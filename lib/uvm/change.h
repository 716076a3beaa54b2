/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_CHANGE_H
#define HCS_UVM_CHANGE_H

/*
 * Changes to a utility VM that runs, but for the devices of its containers (uvm/devices/devices.h). What is sent goes
 * through a sink: that of a VM (uvm/vm.h), or one that writes down. Documents are hcsshim's; source: its golden data.
 */

#include "hcsshim/schema.h"
#include "uvm/devices/devices.h"

/* A change with a part for HCS, a part for the guest, or both. Texts of documents; NULL: not there. */
struct uvm_change {
        const char *type;     /* "Add", "Remove", "Update", "PreAdd"; NULL: the member is left out */
        const char *resource; /* path of the part for HCS */
        const char *settings;
        const char *guest_type, *guest_resource, *guest_settings;
};
/*
 * Add: HCS, then the guest; when the guest refuses, HCS is asked to take it back ("adding VM resources: ", "guest
 * modify: "). Remove: the other way round ("removing VM resources: "). With a part for the guest, Update and PreAdd go
 * only there. Without one all goes to HCS.
 */
HRESULT uvm_change(const struct uvm_sink *sink, const struct uvm_change *c, struct hcs_error **err);

/* In whole MiB, rounded up to even ones. */
HRESULT uvm_set_memory(const struct uvm_sink *sink, uint64_t bytes, struct hcs_error **err);
HRESULT uvm_set_processor_limits(const struct uvm_sink *sink, const struct hcs_schema_processor_limits *limits,
                                 struct hcs_error **err);
/* NULL: out of any. A VM must be out of its group before it enters another. */
HRESULT uvm_set_cpu_group(const struct uvm_sink *sink, const char *id, struct hcs_error **err);

/* Who may bind and connect to an hvsocket service of the VM. */
HRESULT uvm_set_service(const struct uvm_sink *sink, const char *id,
                        const struct hcs_schema_hv_socket_service_config *config, struct hcs_error **err);
HRESULT uvm_remove_service(const struct uvm_sink *sink, const char *id, struct hcs_error **err);

/* Layers under a root of a Windows guest; container: its id in a confidential VM, else NULL. */
HRESULT uvm_combine_layers(const struct uvm_sink *sink, const struct hcs_schema_guest_wcow_combined_layers *layers,
                           const char *container, struct hcs_error **err);
HRESULT uvm_remove_layers(const struct uvm_sink *sink, const char *root, bool confidential, struct hcs_error **err);

/* Tells a Windows guest its own address and its host's. */
HRESULT uvm_set_addresses(const struct uvm_sink *sink, const GUID *vm, struct hcs_error **err);
/* Gives the guest its policy and what proves it. */
HRESULT uvm_set_policy(const struct uvm_sink *sink, const struct hcs_schema_guest_confidential_options *options,
                       struct hcs_error **err);
/* The same as it is printed. */
HRESULT uvm_send_policy(const struct uvm_sink *sink, const char *options, struct hcs_error **err);

#endif
