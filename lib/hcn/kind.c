/* SPDX-License-Identifier: MIT */

/* The kinds of objects and their exports as one table; a missing export is HCN_MISSING. Constant data. */

#include "hcn/internal.h"

typedef const struct hcs_computenetwork_api api_t;

/* The functions of one kind, with the handle's type hidden. */
#define KIND_THUNKS(Kind, Plural, handle)                                                                          \
        static HRESULT enumerate_##Kind(api_t *a, PCWSTR query, PWSTR *ids, PWSTR *record) {                       \
                return a->HcnEnumerate##Plural ? a->HcnEnumerate##Plural(query, ids, record) : HCN_MISSING;        \
        }                                                                                                          \
        static HRESULT open_##Kind(api_t *a, const GUID *id, void **ret, PWSTR *record) {                          \
                return a->HcnOpen##Kind ? a->HcnOpen##Kind(id, (handle *)ret, record) : HCN_MISSING;               \
        }                                                                                                          \
        static HRESULT modify_##Kind(api_t *a, void *h, PCWSTR settings, PWSTR *record) {                          \
                return a->HcnModify##Kind ? a->HcnModify##Kind(h, settings, record) : HCN_MISSING;                 \
        }                                                                                                          \
        static HRESULT query_##Kind(api_t *a, void *h, PCWSTR query, PWSTR *properties, PWSTR *record) {           \
                return a->HcnQuery##Kind##Properties ? a->HcnQuery##Kind##Properties(h, query, properties, record) \
                                                     : HCN_MISSING;                                                \
        }                                                                                                          \
        static HRESULT delete_##Kind(api_t *a, const GUID *id, PWSTR *record) {                                    \
                return a->HcnDelete##Kind ? a->HcnDelete##Kind(id, record) : HCN_MISSING;                          \
        }                                                                                                          \
        static HRESULT close_##Kind(api_t *a, void *h) {                                                           \
                return a->HcnClose##Kind ? a->HcnClose##Kind(h) : HCN_MISSING;                                     \
        }
#define CREATE_THUNK(Kind, handle)                                                                                 \
        static HRESULT create_##Kind(api_t *a, void *network, const GUID *id, PCWSTR settings, void **ret,         \
                                     PWSTR *record) {                                                              \
                return a->HcnCreate##Kind ? a->HcnCreate##Kind(id, settings, (handle *)ret, record) : HCN_MISSING; \
        }

KIND_THUNKS(Network, Networks, HCN_NETWORK)
KIND_THUNKS(Endpoint, Endpoints, HCN_ENDPOINT)
KIND_THUNKS(Namespace, Namespaces, HCN_NAMESPACE)
KIND_THUNKS(LoadBalancer, LoadBalancers, HCN_LOADBALANCER)
KIND_THUNKS(SdnRoute, SdnRoutes, HCN_SDNROUTE)
KIND_THUNKS(GuestNetworkService, GuestNetworkServices, HCN_GUESTNETWORKSERVICE)
CREATE_THUNK(Network, HCN_NETWORK)
CREATE_THUNK(Namespace, HCN_NAMESPACE)
CREATE_THUNK(LoadBalancer, HCN_LOADBALANCER)
CREATE_THUNK(SdnRoute, HCN_SDNROUTE)
CREATE_THUNK(GuestNetworkService, HCN_GUESTNETWORKSERVICE)

static HRESULT create_Endpoint(api_t *a, void *network, const GUID *id, PCWSTR settings, void **ret, PWSTR *record) {
        return a->HcnCreateEndpoint ? a->HcnCreateEndpoint(network, id, settings, (HCN_ENDPOINT *)ret, record)
                                    : HCN_MISSING;
}

#define FUNCTIONS(Kind)                                                                                       \
        .enumerate = enumerate_##Kind, .create = create_##Kind, .open = open_##Kind, .modify = modify_##Kind, \
        .query = query_##Kind, .remove = delete_##Kind, .close = close_##Kind

static const struct hcn_kind_info kinds[HCN_KINDS] = {
        [HCN_KIND_NETWORK] = {"network", "Network", "invalid network ID", "Network ID ", "Network name ",
                              HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK, HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST,
                              FUNCTIONS(Network)},
        [HCN_KIND_ENDPOINT] = {"endpoint", "Endpoint", "invalid endpoint ID", "Endpoint ID ", "Endpoint name ",
                               HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT, HCS_SCHEMA_HCN_MODIFY_ENDPOINT_SETTING_REQUEST,
                               FUNCTIONS(Endpoint)},
        [HCN_KIND_NAMESPACE] = {"namespace", "Namespace", "invalid namespace ID", "Namespace ID ", NULL,
                                HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE, HCS_SCHEMA_HCN_MODIFY_NAMESPACE_SETTING_REQUEST,
                                FUNCTIONS(Namespace)},
        [HCN_KIND_LOAD_BALANCER] = {"load balancer", "LoadBalancer", "invalid load balancer ID", "LoadBalancer ", NULL,
                                    HCS_SCHEMA_HCN_HOST_COMPUTE_LOAD_BALANCER,
                                    HCS_SCHEMA_HCN_HOST_COMPUTE_LOAD_BALANCER, FUNCTIONS(LoadBalancer)},
        [HCN_KIND_ROUTE] = {"route", "SdnRoute", "invalid route ID", "SDN Route ", NULL,
                            HCS_SCHEMA_HCN_HOST_COMPUTE_ROUTE, HCS_SCHEMA_TYPE_COUNT, FUNCTIONS(SdnRoute)},
        [HCN_KIND_GUEST_SERVICE] = {"guest network service", "GuestNetworkService", "invalid guest network service ID",
                                    "Guest network service ", NULL, HCS_SCHEMA_TYPE_COUNT, HCS_SCHEMA_TYPE_COUNT,
                                    FUNCTIONS(GuestNetworkService)},
};

const struct hcn_kind_info *hcn_kind_info(enum hcn_kind kind) {
        return (unsigned)kind < HCN_KINDS ? &kinds[kind] : NULL;
}

const char *hcn_kind_name(enum hcn_kind kind) {
        return (unsigned)kind < HCN_KINDS ? kinds[kind].name : "object";
}
