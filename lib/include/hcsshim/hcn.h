/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_HCN_H
#define HCSSHIM_HCN_H

/*
 * Host networking, version 2: networks, endpoints, namespaces, load balancers, SDN routes and guest network services
 * over computenetwork.dll (Windows 1803 and later; features also ask HNSCall of vmcompute.dll for the version). The
 * libraries are chosen and loaded at run time; nothing links against them.
 *
 *   struct hcn_client *c = NULL;  struct hcs_error *e = NULL;  char *network = NULL;
 *   if (FAILED(hcn_client_open(NULL, &c, &e)) || FAILED(hcn_create(c, HCN_KIND_NETWORK, settings, &network, &e)))
 *           puts(hcs_error_format(e));
 *
 * Documents are UTF-8 JSON text. What goes in is read as its type (hcn.HostComputeNetwork ... in hcsshim/schema.h; the
 * structs of hcsshim/schema_types.h with hcs_schema_print() make it) and printed byte for byte as hcsshim prints it,
 * members it does not know last. What comes back is read and printed the same way: a network without a Type is NAT, and
 * members that hcsshim does not know are dropped as it drops them, unless the client keeps them (keep_unknown). A
 * document that is not of its type is HCS_E_INVALID_JSON with the path, and nothing is sent. To hand documents on as
 * they are, use an open handle (hcn_object_).
 *
 * Ids are GUIDs as text, 36 characters in any case, without braces; anything else is E_INVALIDARG ("invalid network
 * ID") before any call. A create honours the ID of its settings. NULL for an id, name or result is E_POINTER.
 *
 * Ownership. Counted objects are dropped with their _unref (NULL is fine, returns NULL); texts returned through ret_
 * are freed with free(), lists with hcs_documents_deinit(). A ret_ that says so may be NULL. Arguments are borrowed for
 * the time of the call.
 *
 * Errors. A failing call gives the HRESULT of the platform, an operation (the export), and the ErrorRecord's text as
 * the message; hcs_error_document() has the record itself. A record beside a success fails the call too, with
 * HRESULT_FROM_WIN32(ERROR_GEN_FAILURE). Codes made here:
 *   HCN_E_NO_SUCH_OBJECT  a get found nothing       E_INVALIDARG     an id or settings that hcsshim refuses
 *   HCS_WIN32(50)         the feature is missing    HCS_WIN32(127)   the library lacks the export
 *   E_HANDLE              the handle was closed     HCS_E_INVALID_JSON  an answer is not the document it should be
 *   E_UNEXPECTED          an open handle's answer is empty
 *
 * Threads. Every function may be called from any thread at any time, also from inside callbacks. Calls block in the
 * service and cannot be bounded. Callbacks run on a thread of the platform.
 *
 * Behaviour follows hcsshim's hcn package, call for call. Where it knowingly differs:
 *   - A version that could not be read is asked for again; hcsshim keeps the first failure for the life of the process.
 *     hcn_features_refresh() also drops a version that was read.
 *   - An unsupported feature is HCS_WIN32(50), and the message says which versions have it.
 *   - Handles that a failing call leaves open (hcsshim loses them) are given back later: they are kept, so that the
 *     sequence of calls is the same, up to 32 of them, and closed when there are more or with the client.
 *   - Numbers in Health.Data keep all their digits; hcsshim rounds them to doubles.
 *   - A record beside a success is told as such, not as "%!s(<nil>)"; hcn_error_format_go() gives that text.
 *   - hcn_load_balancer_update() fails without a call once the version is known and too old.
 *   - Removing an endpoint from a route without any is E_INVALIDARG; hcsshim panics.
 *   - Deleting a route looks whether it is there, as in hcsshim; a look that fails is told, not taken for "no".
 *   - A missing export is an error, never a panic.
 * Kept although it is odd, for byte equality:
 *   - Getting by id or name takes the first element of what the service lists, whatever it is.
 *   - Removing an endpoint that a route does not have removes the first one.
 *   - Adding to and removing from load balancers and routes deletes the object and makes it again with the same id.
 *   - A list fails as a whole when one element cannot be read, such as one deleted meanwhile.
 *   - hcn_is_not_found() does not know HCN_E_NETWORK_NOT_FOUND and its kin: see hcn_is_missing().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/abi/computenetwork.h"
#include "hcsshim/abi/vmcompute.h"
#include "hcsshim/documents.h"
#include "hcsshim/error.h"
#include "hcsshim/schema_network.h"

#pragma GCC visibility push(default)

struct hcn_client;
struct hcn_object;
struct hcn_watch;

enum hcn_kind {
        HCN_KIND_NETWORK,       /* hcn.HostComputeNetwork */
        HCN_KIND_ENDPOINT,      /* hcn.HostComputeEndpoint */
        HCN_KIND_NAMESPACE,     /* hcn.HostComputeNamespace */
        HCN_KIND_LOAD_BALANCER, /* hcn.HostComputeLoadBalancer */
        HCN_KIND_ROUTE,         /* hcn.HostComputeRoute */
        HCN_KIND_GUEST_SERVICE, /* no published schema: documents pass as they are */
};
#define HCN_KINDS 6
const char *hcn_kind_name(enum hcn_kind kind); /* "network", "endpoint", "namespace", "load balancer", ... */

/* Flags of the documents. */
enum { HCN_NETWORK_NOT_PERSISTENT = 8, HCN_NETWORK_DISABLE_HOST_PORT = 1024, HCN_NETWORK_ENABLE_IOV = 8192 };
enum { HCN_SUBNET_DO_NOT_RESERVE_GATEWAY = 1 };
enum { HCN_ENDPOINT_REMOTE = 1 };
enum { HCN_NAT_LOCAL_ROUTED_VIP = 1, HCN_NAT_IPV6 = 2 };
enum { HCN_LOAD_BALANCER_DSR = 1, HCN_LOAD_BALANCER_IPV6 = 2 };
enum {
        HCN_PORT_MAPPING_ILB = 1,
        HCN_PORT_MAPPING_LOCAL_ROUTED_VIP = 2,
        HCN_PORT_MAPPING_USE_MUX = 4,
        HCN_PORT_MAPPING_PRESERVE_DIP = 8,
};
enum hcn_distribution {
        HCN_DISTRIBUTION_SOURCE_IP_PORT_PROTOCOL,
        HCN_DISTRIBUTION_SOURCE_IP_PROTOCOL,
        HCN_DISTRIBUTION_SOURCE_IP,
};
enum { HCN_QUERY_DETAILED = 1 };

/* ---- errors ---- */

/* HRESULT_FROM_WIN32(ERROR_OBJECT_NOT_FOUND): the service lists no such object. */
#define HCN_E_NO_SUCH_OBJECT HCS_WIN32(4312)

bool hcn_is_not_found(HRESULT hr);           /* hcsshim's IsNotFoundError: HCN_E_NO_SUCH_OBJECT, 0x80070490 */
bool hcn_is_element_not_found(HRESULT hr);   /* 0x80070490 */
bool hcn_is_port_already_exists(HRESULT hr); /* 0x803B0013 */
bool hcn_is_not_implemented(HRESULT hr);     /* 0x80004001 */
/* Every way to say that an object is not there: the above and 0x803B0001 to 0x803B0008. */
bool hcn_is_missing(HRESULT hr);
/* Every way to say that it is there already: 0x803B0010 to 0x803B0014, 0x803B002B. */
bool hcn_is_already_exists(HRESULT hr);
/* hcsshim's text of an error of this library or of hns.h. Caller frees. */
char *hcn_error_format_go(const struct hcs_error *e);

/* ---- client ---- */

struct hcn_client_options {
        /* Where the libraries are: as in hcs_client_options. A file can only be computenetwork. */
        const char *library_path;
        /* Tables to use instead of loading; copied. Of vmcompute only HNSCall is needed. */
        const struct hcs_computenetwork_api *computenetwork;
        const struct hcs_vmcompute_api *vmcompute;
        bool keep_unknown;
};
/* options may be NULL. vmcompute is loaded when the version is first asked for. */
HRESULT hcn_client_open(const struct hcn_client_options *options, struct hcn_client **ret, struct hcs_error **err);
struct hcn_client *hcn_client_ref(struct hcn_client *c);
struct hcn_client *hcn_client_unref(struct hcn_client *c);

/* ---- features ---- */

/* hcn.Globals: {"Version":{"Major":..,"Minor":..}}, asked for each time. */
HRESULT hcn_globals(struct hcn_client *c, char **ret, struct hcs_error **err);
/* The version, asked for once. */
HRESULT hcn_version(struct hcn_client *c, struct hcs_schema_hns_version *ret, struct hcs_error **err);
/* hcn.SupportedFeatures of that version. */
HRESULT hcn_features(struct hcn_client *c, char **ret, struct hcs_error **err);
/* S_OK when the service has the feature (hcs_schema_feature_find() knows the names); HCS_WIN32(50) when not. */
HRESULT hcn_require(struct hcn_client *c, const char *feature, struct hcs_error **err);
/* HCS_WIN32(50) with the path and the feature of the first part of the document that the service does not know. */
HRESULT hcn_require_for(struct hcn_client *c, enum hcn_kind kind, const char *settings, struct hcs_error **err);
/* Forgets the version: the next question is asked again, as after an update of the service. */
void hcn_features_refresh(struct hcn_client *c);

/* ---- queries ---- */

/* hcn.HostComputeQuery of schema 2.0. filter: a JSON document as text, NULL for none. Caller frees. */
char *hcn_query(uint32_t flags, const char *filter);
/* The query for objects whose member ("ID", "Name", "VirtualNetwork") has that value. Caller frees. */
char *hcn_query_by(const char *member, const char *value);

/* ---- objects as documents ---- */

/*
 * Creates it and gives what it became. Networks: a subnet with a prefix needs a route with a next hop and a default
 * route, else E_INVALIDARG. Endpoints: made on the network of their HostComputeNetwork; a HostComputeNamespace is
 * E_INVALIDARG, attach it through the namespace.
 */
HRESULT hcn_create(struct hcn_client *c, enum hcn_kind kind, const char *settings, char **ret, struct hcs_error **err);
HRESULT hcn_get(struct hcn_client *c, enum hcn_kind kind, const char *id, char **ret, struct hcs_error **err);
HRESULT hcn_get_by_name(struct hcn_client *c, enum hcn_kind kind, const char *name, char **ret, struct hcs_error **err);
/* query: hcn.HostComputeQuery, NULL for all. Each object is opened and asked with the same query. */
HRESULT hcn_list(struct hcn_client *c, enum hcn_kind kind, const char *query, struct hcs_documents *ret,
                 struct hcs_error **err);
/* Only the ids. */
HRESULT hcn_list_ids(struct hcn_client *c, enum hcn_kind kind, const char *query, struct hcs_documents *ret,
                     struct hcs_error **err);
/*
 * request: hcn.ModifyNetworkSettingRequest, ModifyEndpointSettingRequest, ModifyNamespaceSettingRequest; of a load
 * balancer the whole object. ret (may be NULL): what it is now. Routes: the service has the call, hcsshim never makes
 * it.
 */
HRESULT hcn_modify(struct hcn_client *c, enum hcn_kind kind, const char *id, const char *request, char **ret,
                   struct hcs_error **err);
/* A route that does not exist is S_OK. */
HRESULT hcn_delete(struct hcn_client *c, enum hcn_kind kind, const char *id, struct hcs_error **err);

/* ---- networks ---- */

HRESULT hcn_network_endpoints(struct hcn_client *c, const char *network_id, struct hcs_documents *ret,
                              struct hcs_error **err);
/* The endpoint's HostComputeNetwork becomes this network; is_remote also sets HCN_ENDPOINT_REMOTE. */
HRESULT hcn_network_create_endpoint(struct hcn_client *c, const char *network_id, const char *endpoint, bool is_remote,
                                    char **ret, struct hcs_error **err);
/* request: hcn.PolicyNetworkRequest, {"Policies":[{"Type":..,"Settings":..}]} */
HRESULT hcn_network_add_policies(struct hcn_client *c, const char *id, const char *request, struct hcs_error **err);
HRESULT hcn_network_remove_policies(struct hcn_client *c, const char *id, const char *request, struct hcs_error **err);
/* One RemoteSubnetRoute or HostRoute policy, for what those functions are mostly used. */
struct hcn_remote_subnet {
        const char *destination_prefix, *provider_address, *router_mac_address;
        uint16_t isolation_id;
};
HRESULT hcn_network_add_remote_subnet(struct hcn_client *c, const char *id, const struct hcn_remote_subnet *subnet,
                                      struct hcs_error **err);
HRESULT hcn_network_remove_remote_subnet(struct hcn_client *c, const char *id, const struct hcn_remote_subnet *subnet,
                                         struct hcs_error **err);
HRESULT hcn_network_add_host_route(struct hcn_client *c, const char *id, struct hcs_error **err);
HRESULT hcn_network_remove_host_route(struct hcn_client *c, const char *id, struct hcs_error **err);

/* ---- endpoints ---- */

/* request_type: "Add", "Remove", "Update", "Refresh"; request: hcn.PolicyEndpointRequest. */
HRESULT hcn_endpoint_apply_policies(struct hcn_client *c, const char *id, const char *request_type, const char *request,
                                    struct hcs_error **err);
HRESULT hcn_endpoint_attach_namespace(struct hcn_client *c, const char *id, const char *namespace_id,
                                      struct hcs_error **err);
HRESULT hcn_endpoint_detach_namespace(struct hcn_client *c, const char *id, const char *namespace_id,
                                      struct hcs_error **err);
/* Attaches it to the adapter of a VM, or takes it away: a Port request. port_id and vm_id may be NULL. */
struct hcn_vm_port {
        const char *port_id, *nic_name, *vm_id;
};
HRESULT hcn_endpoint_attach_vm(struct hcn_client *c, const char *id, const struct hcn_vm_port *port,
                               struct hcs_error **err);
HRESULT hcn_endpoint_detach_vm(struct hcn_client *c, const char *id, const struct hcn_vm_port *port,
                               struct hcs_error **err);
/* Counters, as the service gives them. hcsshim does not bind this call; its signature is assumed. */
HRESULT hcn_endpoint_stats(struct hcn_client *c, const char *id, char **ret, struct hcs_error **err);

/* ---- namespaces ---- */

HRESULT hcn_namespace_add_endpoint(struct hcn_client *c, const char *id, const char *endpoint_id,
                                   struct hcs_error **err);
HRESULT hcn_namespace_remove_endpoint(struct hcn_client *c, const char *id, const char *endpoint_id,
                                      struct hcs_error **err);
HRESULT hcn_namespace_endpoint_ids(struct hcn_client *c, const char *id, struct hcs_documents *ret,
                                   struct hcs_error **err);
HRESULT hcn_namespace_container_ids(struct hcn_client *c, const char *id, struct hcs_documents *ret,
                                    struct hcs_error **err);
/*
 * Tells the shim of the VM that a namespace of type "Guest" belongs to that its endpoints changed. S_OK without a word
 * for other types, when the CNI plug-in left no record of the namespace, and when the shim is gone (its record is then
 * removed). E_FAIL with what the shim answered when it refuses. Where record and shim are: platform/guest_namespace.h.
 */
HRESULT hcn_namespace_sync(struct hcn_client *c, const char *id, const char *type, struct hcs_error **err);

/* ---- load balancers ---- */

struct hcn_load_balancer {
        const char *const *endpoints; /* ids */
        size_t n_endpoints;
        uint32_t flags, port_mapping_flags;
        const char *source_vip; /* NULL or "" for none */
        const char *const *frontend_vips;
        size_t n_frontend_vips;
        uint16_t protocol; /* IP protocol number */
        uint16_t internal_port, external_port;
        enum hcn_distribution distribution;
};
/* The document. Caller frees. */
char *hcn_load_balancer_build(const struct hcn_load_balancer *lb);
HRESULT hcn_load_balancer_add(struct hcn_client *c, const struct hcn_load_balancer *lb, char **ret,
                              struct hcs_error **err);
/* The whole new object, in place. From version 15.4. */
HRESULT hcn_load_balancer_update(struct hcn_client *c, const char *id, const char *load_balancer, char **ret,
                                 struct hcs_error **err);
HRESULT hcn_load_balancer_add_endpoint(struct hcn_client *c, const char *load_balancer, const char *endpoint_id,
                                       char **ret, struct hcs_error **err);
HRESULT hcn_load_balancer_remove_endpoint(struct hcn_client *c, const char *load_balancer, const char *endpoint_id,
                                          char **ret, struct hcs_error **err);

/* ---- routes ---- */

struct hcn_route {
        const char *const *endpoints; /* at least one, else E_INVALIDARG */
        size_t n_endpoints;
        const char *destination_prefix, *next_hop; /* NULL or "" for none */
        bool need_encap;
};
char *hcn_route_build(const struct hcn_route *route);
HRESULT hcn_route_add(struct hcn_client *c, const struct hcn_route *route, char **ret, struct hcs_error **err);
HRESULT hcn_route_add_endpoint(struct hcn_client *c, const char *route, const char *endpoint_id, char **ret,
                               struct hcs_error **err);
HRESULT hcn_route_remove_endpoint(struct hcn_client *c, const char *route, const char *endpoint_id, char **ret,
                                  struct hcs_error **err);

/* ---- policies ---- */

/*
 * {"Type":type,"Settings":settings}: settings is JSON text, checked against what the schema says of that type (unknown
 * members pass), NULL for none. E_INVALIDARG for a type that no policy of the kind has; HCS_E_INVALID_JSON with the
 * path for settings that do not fit. Version 1 has no Settings: the members are put beside Type. Caller frees.
 */
HRESULT hcn_policy_build(enum hcs_schema_policy_kind kind, const char *type, const char *settings, char **ret,
                         struct hcs_error **err);
/* {"Policies":[...]} of n such policies, as the requests take it. */
HRESULT hcn_policies_build(const char *const *policies, size_t n, char **ret, struct hcs_error **err);

/* ---- handles ---- */

/*
 * An object held open. Texts go to the service and come from it as they are (NULL becomes the default query, or ""). A
 * closed handle is E_HANDLE; closing waits for the calls of other threads and closing again is S_OK. The last unref
 * closes. A watch keeps the platform's handle until it is stopped.
 */
HRESULT hcn_object_open(struct hcn_client *c, enum hcn_kind kind, const char *id, struct hcn_object **ret,
                        struct hcs_error **err);
/* network_id: of endpoints only. id: the GUID to pass beside the settings, NULL for zero as hcsshim. */
HRESULT hcn_object_create(struct hcn_client *c, enum hcn_kind kind, const char *network_id, const char *id,
                          const char *settings, struct hcn_object **ret, struct hcs_error **err);
struct hcn_object *hcn_object_ref(struct hcn_object *o);
struct hcn_object *hcn_object_unref(struct hcn_object *o);
HRESULT hcn_object_close(struct hcn_object *o, struct hcs_error **err);
HRESULT hcn_object_query(struct hcn_object *o, const char *query, char **ret, struct hcs_error **err);
HRESULT hcn_object_modify(struct hcn_object *o, const char *settings, struct hcs_error **err);

/* ---- notifications ---- */

struct hcn_event {
        uint32_t type;    /* HcnNotification... of hcsshim/abi/computenetwork.h */
        const char *name; /* "NetworkCreate", "NamespaceDelete", "NetworkEndpointAttached"; "Unknown" */
        HRESULT status;
        const char *data; /* NULL for none; valid during the callback */
};
const char *hcn_event_name(uint32_t type);
typedef void (*hcn_event_fn)(void *ctx, const struct hcn_event *event);

/* Of the service: networks, namespaces and guest services made and deleted, endpoints attached, disconnect. */
HRESULT hcn_watch_service(struct hcn_client *c, hcn_event_fn fn, void *ctx, struct hcn_watch **ret,
                          struct hcs_error **err);
/* Of one network or guest network service; the watch keeps it open. E_INVALIDARG for another kind. */
HRESULT hcn_watch_object(struct hcn_object *o, hcn_event_fn fn, void *ctx, struct hcn_watch **ret,
                         struct hcs_error **err);
/* After it no callback runs, except the one it is called from. NULL is fine; returns NULL. */
struct hcn_watch *hcn_watch_stop(struct hcn_watch *w);

/* ---- ports of a guest network service ---- */

/* protocol: HCN_PORT_PROTOCOL_; access: HCN_PORT_ACCESS_. The reservation is given back with hcn_port_release(). */
HRESULT hcn_port_reserve(struct hcn_object *service, int32_t protocol, int32_t access, uint16_t port,
                         HANDLE *ret_reservation, struct hcs_error **err);
HRESULT hcn_port_reserve_range(struct hcn_object *service, uint16_t count, HCN_PORT_RANGE_RESERVATION *ret_range,
                               HANDLE *ret_reservation, struct hcs_error **err);
HRESULT hcn_port_release(struct hcn_client *c, HANDLE reservation, struct hcs_error **err);
/* Every reservation; the array is the caller's to free(), NULL for none. */
HRESULT hcn_port_list(struct hcn_client *c, HCN_PORT_RANGE_ENTRY **ret, size_t *ret_n, struct hcs_error **err);

static inline void hcn_client_unrefp(struct hcn_client **c) {
        hcn_client_unref(*c);
}
static inline void hcn_object_unrefp(struct hcn_object **o) {
        hcn_object_unref(*o);
}

#pragma GCC visibility pop

#endif
