/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_HNS_H
#define HCSSHIM_HNS_H

/*
 * Host networking, version 1: HNSCall of vmcompute.dll, a method, a path and a document in the manner of HTTP. What
 * containers of Windows Server 2016 to 2019 and Docker use; hcsshim/hcn.h is its successor. The library is chosen and
 * loaded at run time.
 *
 *   struct hns_client *c = NULL;  struct hcs_error *e = NULL;  char *network = NULL;
 *   if (FAILED(hns_client_open(NULL, &c, &e)) || FAILED(hns_network_get_by_name(c, "nat", &network, &e)))
 *           puts(hcs_error_format(e));
 *
 * Documents are UTF-8 JSON text. What goes in is read as its type (hns.HNSNetwork, hns.HNSEndpoint, hns.PolicyList in
 * hcsshim/schema.h) and printed as hcsshim's encoder prints it, members it does not know last. What comes back is read
 * and printed the same way; members that hcsshim does not know are dropped as it drops them, unless the client keeps
 * them (keep_unknown). A document that is not of its type is HCS_E_INVALID_JSON with the path.
 *
 * Ownership. Strings returned through ret_ are freed with free(), lists with hcs_documents_deinit(). A ret_ that says
 * so may be NULL. Arguments are borrowed for the time of the call; a NULL document is "{}". A NULL id or name is
 * E_POINTER.
 *
 * Errors. The service answers {"Success":false,"Error":text}: then the message is "hns failed with error : text" and
 * the HRESULT its ErrorCode when it says one, else E_FAIL. A failing HNSCall keeps its own HRESULT. Names that are not
 * found are HCN_E_NETWORK_NOT_FOUND (0x803B0001) and HCN_E_ENDPOINT_NOT_FOUND (0x803B0002); a missing namespace is
 * HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND). hcn_error_format_go() of hcn.h gives hcsshim's text.
 *
 * Threads. Every function may be called from any thread at any time; calls block in the service and cannot be bounded.
 *
 * Behaviour follows hcsshim's internal/hns. Where it knowingly differs: hns_endpoint_is_attached() compares whole ids;
 * hcsshim looks for the id anywhere in the text of the list, so that "ab" is attached where "abc" is. Kept although it
 * is odd: adding to or removing from a policy list deletes the list and makes it again with the same id, so that a
 * failure between the two leaves none.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/abi/vmcompute.h"
#include "hcsshim/documents.h"
#include "hcsshim/error.h"
#include "hcsshim/hcs.h"

#pragma GCC visibility push(default)

struct hns_client;

struct hns_client_options {
        const char *library_path;                  /* of vmcompute; as in hcs_client_options */
        const struct hcs_vmcompute_api *vmcompute; /* to use instead of loading; copied, only HNSCall is needed */
        bool keep_unknown;
};
/* options may be NULL. HCS_WIN32(126) when the library does not load, HCS_WIN32(127) when it has no HNSCall. */
HRESULT hns_client_open(const struct hns_client_options *options, struct hns_client **ret, struct hcs_error **err);
struct hns_client *hns_client_ref(struct hns_client *c);
struct hns_client *hns_client_unref(struct hns_client *c); /* returns NULL; NULL is fine */

/* Any call, for what is not below. ret_output (may be NULL) receives the answer's Output, NULL when it has none. */
HRESULT hns_call(struct hns_client *c, const char *method, const char *path, const char *body, char **ret_output,
                 struct hcs_error **err);

/* ---- networks ---- */

HRESULT hns_network_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err);
HRESULT hns_network_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
HRESULT hns_network_get_by_name(struct hns_client *c, const char *name, char **ret, struct hcs_error **err);
/* E_INVALIDARG for a subnet with a prefix and no gateway: nothing is sent. */
HRESULT hns_network_create(struct hns_client *c, const char *network, char **ret, struct hcs_error **err);
/* ret may be NULL. */
HRESULT hns_network_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
/* The endpoint's VirtualNetwork becomes this network; is_remote also marks it as remote. */
HRESULT hns_network_create_endpoint(struct hns_client *c, const char *network_id, const char *endpoint, bool is_remote,
                                    char **ret, struct hcs_error **err);

/* ---- endpoints ---- */

HRESULT hns_endpoint_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err);
HRESULT hns_endpoint_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
HRESULT hns_endpoint_get_by_name(struct hns_client *c, const char *name, char **ret, struct hcs_error **err);
HRESULT hns_endpoint_create(struct hns_client *c, const char *endpoint, char **ret, struct hcs_error **err);
/* The whole document, to the path of its ID. */
HRESULT hns_endpoint_update(struct hns_client *c, const char *endpoint, char **ret, struct hcs_error **err);
/* Appends the policies (an array of hns.ACLPolicy, hns.ProxyPolicy ...) to those of the document, then as update. */
HRESULT hns_endpoint_add_policies(struct hns_client *c, const char *endpoint, const char *policies, char **ret,
                                  struct hcs_error **err);
/* ret may be NULL. */
HRESULT hns_endpoint_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
/* hns.EndpointStats; counters to 18446744073709551615 keep every digit. */
HRESULT hns_endpoint_stats(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
/* Is a container or VM of that id among those that share the endpoint? Compares in any case. */
HRESULT hns_endpoint_is_attached(struct hns_client *c, const char *id, const char *container, bool *ret,
                                 struct hcs_error **err);
/* compartment 0 is left to the service. */
HRESULT hns_endpoint_attach_container(struct hns_client *c, const char *id, const char *container, uint16_t compartment,
                                      struct hcs_error **err);
HRESULT hns_endpoint_detach_container(struct hns_client *c, const char *id, const char *container,
                                      struct hcs_error **err);
HRESULT hns_endpoint_attach_host(struct hns_client *c, const char *id, uint16_t compartment, struct hcs_error **err);
HRESULT hns_endpoint_detach_host(struct hns_client *c, const char *id, struct hcs_error **err);
HRESULT hns_endpoint_attach_vm(struct hns_client *c, const char *id, const char *nic, struct hcs_error **err);
HRESULT hns_endpoint_detach_vm(struct hns_client *c, const char *id, struct hcs_error **err);
/*
 * Adds the endpoint to a running container, or takes it away, by a modify request to the compute system; S_OK without
 * one when it is attached (not attached) already.
 */
HRESULT hns_endpoint_hot_attach(struct hns_client *c, struct hcs_client *hcs, const char *container, const char *id,
                                struct hcs_error **err);
HRESULT hns_endpoint_hot_detach(struct hns_client *c, struct hcs_client *hcs, const char *container, const char *id,
                                struct hcs_error **err);

/* ---- policy lists: load balancers and routes ---- */

HRESULT hns_policy_list_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err);
HRESULT hns_policy_list_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
HRESULT hns_policy_list_create(struct hns_client *c, const char *list, char **ret, struct hcs_error **err);
/* ret may be NULL. */
HRESULT hns_policy_list_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
/* Deletes the list and makes it again with or without the endpoint. */
HRESULT hns_policy_list_add_endpoint(struct hns_client *c, const char *list, const char *endpoint_id, char **ret,
                                     struct hcs_error **err);
HRESULT hns_policy_list_remove_endpoint(struct hns_client *c, const char *list, const char *endpoint_id, char **ret,
                                        struct hcs_error **err);

struct hns_load_balancer {
        const char *const *endpoints; /* ids */
        size_t n_endpoints;
        bool is_internal;             /* ILB */
        const char *source_vip, *vip; /* NULL or "" for none */
        uint16_t protocol;            /* IP protocol number */
        uint16_t internal_port, external_port;
};
HRESULT hns_load_balancer_add(struct hns_client *c, const struct hns_load_balancer *lb, char **ret,
                              struct hcs_error **err);
struct hns_route {
        const char *const *endpoints;
        size_t n_endpoints;
        const char *destination_prefix, *next_hop; /* NULL or "" for none */
        bool need_encap;
};
HRESULT hns_route_add(struct hns_client *c, const struct hns_route *route, char **ret, struct hcs_error **err);

/* ---- namespaces ---- */

HRESULT hns_namespace_create(struct hns_client *c, char **ret_id, struct hcs_error **err);
/* hns.Namespace */
HRESULT hns_namespace_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err);
HRESULT hns_namespace_remove(struct hns_client *c, const char *id, struct hcs_error **err);
HRESULT hns_namespace_endpoints(struct hns_client *c, const char *id, struct hcs_documents *ret_ids,
                                struct hcs_error **err);
HRESULT hns_namespace_add_endpoint(struct hns_client *c, const char *id, const char *endpoint_id,
                                   struct hcs_error **err);
HRESULT hns_namespace_remove_endpoint(struct hns_client *c, const char *id, const char *endpoint_id,
                                      struct hcs_error **err);

/* ---- service ---- */

/* hns.HNSGlobals: {"Version":{"Major":..,"Minor":..}} */
HRESULT hns_globals(struct hns_client *c, char **ret, struct hcs_error **err);
/* hns.HNSSupportedFeatures; all false when the version cannot be had, as before Windows 1803. Never fails for that. */
HRESULT hns_features(struct hns_client *c, char **ret, struct hcs_error **err);
/* The management MAC addresses of accelerated networking: hns.HNSNnvManagementMacList. ret may be NULL but for get. */
HRESULT hns_accelnet_get(struct hns_client *c, char **ret, struct hcs_error **err);
HRESULT hns_accelnet_set(struct hns_client *c, const char *const *mac_addresses, size_t n, char **ret,
                         struct hcs_error **err);
HRESULT hns_accelnet_delete(struct hns_client *c, char **ret, struct hcs_error **err);

/* HCN_E_NETWORK_NOT_FOUND, HCN_E_ENDPOINT_NOT_FOUND, ERROR_FILE_NOT_FOUND, ERROR_NOT_FOUND. */
bool hns_is_not_found(HRESULT hr);

static inline void hns_client_unrefp(struct hns_client **c) {
        hns_client_unref(*c);
}

#pragma GCC visibility pop

#endif
