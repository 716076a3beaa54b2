/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_NETWORK_H
#define HCS_UVM_NETWORK_H

/*
 * Network namespaces of a utility VM, and the adapters in them: one for each endpoint of HCN. Requests go through a
 * sink. Belongs to its maker; one thread at a time. Source: golden data of hcsshim; its request to remove an adapter of
 * a Windows guest says no resource type, ours does.
 */

#include "hcsshim/schema.h"
#include "uvm/devices/devices.h"
#include "uvm/host.h"

struct uvm_networks;

struct uvm_networks_options {
        bool is_windows;
        bool policy_based_routing;   /* of Linux guests */
        const struct uvm_host *host; /* for the ids of adapters; must outlive it */
};
struct uvm_networks *uvm_networks_new(const struct uvm_networks_options *o);
struct uvm_networks *uvm_networks_free(struct uvm_networks *n); /* sends nothing; NULL is fine, returns NULL */
HCS_DEFINE_CLEANUP(struct uvm_networks *, uvm_networks_free)
#define _cleanup_uvm_networks_ _cleanup_(uvm_networks_freep)

/* ERROR_ALREADY_EXISTS "network namespace already added". A Windows guest is told of it. */
HRESULT uvm_networks_add(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                         struct hcs_error **err);
/* An adapter for each endpoint: those whose names end in "eth0" first, the rest by name. ERROR_NOT_FOUND "network
 * namespace not found". After a failure the adapters before it are there. */
HRESULT uvm_networks_add_endpoints(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                                   const struct hcs_schema_hcn_host_compute_endpoint *const *endpoints, size_t count,
                                   struct hcs_error **err);
/* ERROR_NOT_FOUND "NIC not found in network namespace". */
HRESULT uvm_networks_remove_endpoint(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                                     const char *endpoint_id, struct hcs_error **err);
/* All adapters of it, and then itself; stops at the first that cannot be removed. */
HRESULT uvm_networks_remove(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                            struct hcs_error **err);

#endif
