/* SPDX-License-Identifier: MIT */

/*
 * computenetwork's calls on the objects of host networking. The kinds repeat, so the seven functions of each come from
 * one macro. Every call is synchronous; its ErrorRecord is the result document of the call. Any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/computenetwork.h"
#pragma GCC visibility pop

#include "mockhcs/abi/front.h"

/* The create calls; `parent` is the argument in front, which only endpoints have. */
static uint64_t create(struct mock_front *f, enum mock_handle_kind kind, const GUID *id, PCWSTR settings, void *out,
                       PWSTR *record) {
        mock_front_guid(f, "id", id);
        mock_front_document(f, "settings", settings);
        mock_front_creates(f, kind, out);
        mock_front_call(f, NULL, record);
        if (out)
                *(void **)out = mock_front_created(f);
        return mock_front_end(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnCreateEndpoint(HCN_NETWORK network, const GUID *id, PCWSTR settings, HCN_ENDPOINT *out,
                                               PWSTR *record) {
        FRONT(f, COMPUTENETWORK, "HcnCreateEndpoint");
        mock_front_clear(record);
        mock_front_handle(&f, MOCK_NETWORK, network);
        return create(&f, MOCK_ENDPOINT, id, settings, out, record);
}

#define CREATE(name, kind, handle)                                                                                  \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnCreate##name(const GUID *id, PCWSTR settings, handle *out, PWSTR *record) { \
                FRONT(f, COMPUTENETWORK, "HcnCreate" #name);                                                        \
                mock_front_clear(record);                                                                           \
                return create(&f, MOCK_##kind, id, settings, out, record);                                          \
        }

#define FUNCTIONS(name, plural, kind, handle)                                                                   \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnEnumerate##plural(PCWSTR query, PWSTR *ids, PWSTR *record) {            \
                FRONT(f, COMPUTENETWORK, "HcnEnumerate" #plural);                                               \
                mock_front_clear(ids);                                                                          \
                mock_front_clear(record);                                                                       \
                mock_front_document(&f, "query", query);                                                        \
                mock_front_call(&f, ids, record);                                                               \
                return mock_front_end(&f);                                                                      \
        }                                                                                                       \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnOpen##name(const GUID *id, handle *out, PWSTR *record) {                \
                FRONT(f, COMPUTENETWORK, "HcnOpen" #name);                                                      \
                mock_front_clear(record);                                                                       \
                mock_front_guid(&f, "id", id);                                                                  \
                mock_front_creates(&f, MOCK_##kind, out);                                                       \
                mock_front_call(&f, NULL, record);                                                              \
                if (out)                                                                                        \
                        *out = mock_front_created(&f);                                                          \
                return mock_front_end(&f);                                                                      \
        }                                                                                                       \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnModify##name(handle object, PCWSTR settings, PWSTR *record) {           \
                FRONT(f, COMPUTENETWORK, "HcnModify" #name);                                                    \
                mock_front_clear(record);                                                                       \
                mock_front_handle(&f, MOCK_##kind, object);                                                     \
                mock_front_document(&f, "settings", settings);                                                  \
                mock_front_call(&f, NULL, record);                                                              \
                return mock_front_end(&f);                                                                      \
        }                                                                                                       \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnQuery##name##Properties(handle object, PCWSTR query, PWSTR *properties, \
                                                                PWSTR *record) {                                \
                FRONT(f, COMPUTENETWORK, "HcnQuery" #name "Properties");                                        \
                mock_front_clear(properties);                                                                   \
                mock_front_clear(record);                                                                       \
                mock_front_handle(&f, MOCK_##kind, object);                                                     \
                mock_front_document(&f, "query", query);                                                        \
                mock_front_call(&f, properties, record);                                                        \
                return mock_front_end(&f);                                                                      \
        }                                                                                                       \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnDelete##name(const GUID *id, PWSTR *record) {                           \
                FRONT(f, COMPUTENETWORK, "HcnDelete" #name);                                                    \
                mock_front_clear(record);                                                                       \
                mock_front_guid(&f, "id", id);                                                                  \
                mock_front_call(&f, NULL, record);                                                              \
                return mock_front_end(&f);                                                                      \
        }                                                                                                       \
        HCS_ABI_HRESULT HCS_ABI_CALL HcnClose##name(handle object) {                                            \
                FRONT(f, COMPUTENETWORK, "HcnClose" #name);                                                     \
                mock_front_close(&f, mock_front_handle(&f, MOCK_##kind, object));                               \
                return mock_front_end(&f);                                                                      \
        }

CREATE(Network, NETWORK, HCN_NETWORK)
CREATE(Namespace, NAMESPACE, HCN_NAMESPACE)
CREATE(LoadBalancer, LOADBALANCER, HCN_LOADBALANCER)
CREATE(SdnRoute, SDNROUTE, HCN_SDNROUTE)
CREATE(GuestNetworkService, GUESTSERVICE, HCN_GUESTNETWORKSERVICE)
FUNCTIONS(Network, Networks, NETWORK, HCN_NETWORK)
FUNCTIONS(Endpoint, Endpoints, ENDPOINT, HCN_ENDPOINT)
FUNCTIONS(Namespace, Namespaces, NAMESPACE, HCN_NAMESPACE)
FUNCTIONS(LoadBalancer, LoadBalancers, LOADBALANCER, HCN_LOADBALANCER)
FUNCTIONS(SdnRoute, SdnRoutes, SDNROUTE, HCN_SDNROUTE)
FUNCTIONS(GuestNetworkService, GuestNetworkServices, GUESTSERVICE, HCN_GUESTNETWORKSERVICE)

HCS_ABI_HRESULT HCS_ABI_CALL HcnQueryEndpointStats(HCN_ENDPOINT endpoint, PCWSTR query, PWSTR *stats, PWSTR *record) {
        FRONT(f, COMPUTENETWORK, "HcnQueryEndpointStats");
        mock_front_clear(stats);
        mock_front_clear(record);
        mock_front_handle(&f, MOCK_ENDPOINT, endpoint);
        mock_front_document(&f, "query", query);
        mock_front_call(&f, stats, record);
        return mock_front_end(&f);
}
