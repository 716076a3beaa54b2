/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_GUEST_ENDPOINT_H
#define HCS_UVM_GUEST_ENDPOINT_H

/*
 * The host's side of an adapter of a utility VM: an endpoint in a network of HCN, attached to a namespace of guests
 * that was made for it. Belongs to its maker; one thread at a time.
 */

#include "hcsshim/hcn.h"
#include "uvm/network.h"

struct uvm_guest_endpoint;

/* network: its id. name: the endpoint's; one that ends in "eth0" is the first adapter. The errors are HCN's; what was
 * made before a failure is deleted. The client must outlive it. */
HRESULT uvm_guest_endpoint_new(struct hcn_client *c, const char *network, const char *name,
                               struct uvm_guest_endpoint **ret, struct hcs_error **err);
/* Both valid as long as it is. The address is the first it has; NULL when it has none. */
const char *uvm_guest_endpoint_namespace(const struct uvm_guest_endpoint *e);
const char *uvm_guest_endpoint_address(const struct uvm_guest_endpoint *e);
/* Its namespace and its adapter in a VM that runs. */
HRESULT uvm_guest_endpoint_add(const struct uvm_guest_endpoint *e, struct uvm_networks *n, const struct uvm_sink *sink,
                               struct hcs_error **err);
/* Detaches and deletes what it made, as far as that can be done. NULL is fine, returns NULL. */
struct uvm_guest_endpoint *uvm_guest_endpoint_free(struct uvm_guest_endpoint *e);

/* The id in what HCN says of an object; caller frees. E_UNEXPECTED when there is none. */
HRESULT uvm_hcn_id(const char *document, char **ret, struct hcs_error **err);

#endif
