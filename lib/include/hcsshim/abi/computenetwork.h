/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ABI_COMPUTENETWORK_H
#define HCSSHIM_ABI_COMPUTENETWORK_H

/*
 * computenetwork: the host network service (HCN). One list of its exports, from which the prototypes (link against
 * libcomputenetwork) and the table of function pointers (load it at run time) come.
 *
 * Every call is synchronous. Ids are GUIDs by pointer; a create takes the all-zero one when the id is in the settings.
 * `record` receives the ErrorRecord, a JSON document, also beside S_OK; it may be NULL. Strings are the caller's to
 * free, as in types.h. hcsshim binds the 35 functions of the first five kinds; the names of the others are those of the
 * published import library. Five of those have no published signature, the one here is assumed: the functions of
 * GuestNetworkService to enumerate, open and query, Hcn(Un)RegisterNetworkCallback.
 */

#include <stddef.h>

#include "hcsshim/abi/types.h"

typedef struct HCN_NETWORK_HANDLE *HCN_NETWORK;
typedef struct HCN_ENDPOINT_HANDLE *HCN_ENDPOINT;
typedef struct HCN_NAMESPACE_HANDLE *HCN_NAMESPACE;
typedef struct HCN_LOADBALANCER_HANDLE *HCN_LOADBALANCER;
typedef struct HCN_SDNROUTE_HANDLE *HCN_SDNROUTE;
typedef struct HCN_GUESTNETWORKSERVICE_HANDLE *HCN_GUESTNETWORKSERVICE;
typedef struct HCN_CALLBACK_HANDLE *HCN_CALLBACK;

/* Notification types (HCN_NOTIFICATIONS). */
enum {
        HcnNotificationInvalid = 0x0,
        HcnNotificationNetworkPreCreate = 0x1,
        HcnNotificationNetworkCreate = 0x2,
        HcnNotificationNetworkPreDelete = 0x3,
        HcnNotificationNetworkDelete = 0x4,
        HcnNotificationNamespaceCreate = 0x5,
        HcnNotificationNamespaceDelete = 0x6,
        HcnNotificationGuestNetworkServiceCreate = 0x7,
        HcnNotificationGuestNetworkServiceDelete = 0x8,
        HcnNotificationNetworkEndpointAttached = 0x9,
        HcnNotificationNetworkEndpointDetached = 0x10,
        HcnNotificationGuestNetworkServiceStateChanged = 0x11,
        HcnNotificationGuestNetworkServiceInterfaceStateChanged = 0x12,
        HcnNotificationServiceDisconnect = 0x01000000,
};

enum { HCN_PORT_PROTOCOL_TCP = 1, HCN_PORT_PROTOCOL_UDP = 2, HCN_PORT_PROTOCOL_BOTH = 3 };
enum { HCN_PORT_ACCESS_EXCLUSIVE = 1, HCN_PORT_ACCESS_SHARED = 2 };

typedef struct HCN_PORT_RANGE_RESERVATION {
        uint16_t startingPort, endingPort;
} HCN_PORT_RANGE_RESERVATION;

typedef struct HCN_PORT_RANGE_ENTRY {
        GUID OwningPartitionId, TargetPartitionId;
        int32_t Protocol;
        uint64_t Priority;
        uint32_t ReservationType, SharingFlags, DeliveryMode;
        uint16_t StartingPort, EndingPort;
} HCN_PORT_RANGE_ENTRY;

/* data is valid during the callback only; NULL when there is none. Runs on a thread of the platform. */
typedef void(HCS_ABI_CALL *HCN_NOTIFICATION_CALLBACK)(DWORD type, void *context, HRESULT status, PCWSTR data);

/* clang-format off: one export a line */
/* The five functions that every kind has. */
#define HCN_KIND_FUNCTIONS(X, kind, handle)                                                   \
        X(HCS_ABI_HRESULT, HcnOpen##kind, (const GUID *id, handle *out, PWSTR *record))       \
        X(HCS_ABI_HRESULT, HcnModify##kind, (handle object, PCWSTR settings, PWSTR * record)) \
        X(HCS_ABI_HRESULT, HcnQuery##kind##Properties,                                        \
          (handle object, PCWSTR query, PWSTR * properties, PWSTR * record))                  \
        X(HCS_ABI_HRESULT, HcnDelete##kind, (const GUID *id, PWSTR *record))                  \
        X(HCS_ABI_HRESULT, HcnClose##kind, (handle object))

/* X(return type, name, (parameters)) */
#define HCS_COMPUTENETWORK_FUNCTIONS(X)                                                                                \
        X(HCS_ABI_HRESULT, HcnEnumerateNetworks, (PCWSTR query, PWSTR * ids, PWSTR * record))                          \
        X(HCS_ABI_HRESULT, HcnEnumerateEndpoints, (PCWSTR query, PWSTR * ids, PWSTR * record))                         \
        X(HCS_ABI_HRESULT, HcnEnumerateNamespaces, (PCWSTR query, PWSTR * ids, PWSTR * record))                        \
        X(HCS_ABI_HRESULT, HcnEnumerateLoadBalancers, (PCWSTR query, PWSTR * ids, PWSTR * record))                     \
        X(HCS_ABI_HRESULT, HcnEnumerateSdnRoutes, (PCWSTR query, PWSTR * ids, PWSTR * record))                         \
        X(HCS_ABI_HRESULT, HcnEnumerateGuestNetworkServices, (PCWSTR query, PWSTR * ids, PWSTR * record))              \
        X(HCS_ABI_HRESULT, HcnCreateNetwork, (const GUID *id, PCWSTR settings, HCN_NETWORK *out, PWSTR *record))       \
        X(HCS_ABI_HRESULT, HcnCreateEndpoint,                                                                          \
          (HCN_NETWORK network, const GUID *id, PCWSTR settings, HCN_ENDPOINT *out, PWSTR *record))                    \
        X(HCS_ABI_HRESULT, HcnCreateNamespace, (const GUID *id, PCWSTR settings, HCN_NAMESPACE *out, PWSTR *record))   \
        X(HCS_ABI_HRESULT, HcnCreateLoadBalancer,                                                                      \
          (const GUID *id, PCWSTR settings, HCN_LOADBALANCER *out, PWSTR *record))                                     \
        X(HCS_ABI_HRESULT, HcnCreateSdnRoute, (const GUID *id, PCWSTR settings, HCN_SDNROUTE *out, PWSTR *record))     \
        HCN_KIND_FUNCTIONS(X, Network, HCN_NETWORK)                                                                    \
        HCN_KIND_FUNCTIONS(X, Endpoint, HCN_ENDPOINT)                                                                  \
        HCN_KIND_FUNCTIONS(X, Namespace, HCN_NAMESPACE)                                                                \
        HCN_KIND_FUNCTIONS(X, LoadBalancer, HCN_LOADBALANCER)                                                          \
        HCN_KIND_FUNCTIONS(X, SdnRoute, HCN_SDNROUTE)                                                                  \
        X(HCS_ABI_HRESULT, HcnRegisterServiceCallback,                                                                 \
          (HCN_NOTIFICATION_CALLBACK callback, void *context, HCN_CALLBACK *out))                                      \
        X(HCS_ABI_HRESULT, HcnUnregisterServiceCallback, (HCN_CALLBACK callback))                                      \
        X(HCS_ABI_HRESULT, HcnRegisterNetworkCallback,                                                                 \
          (HCN_NETWORK network, HCN_NOTIFICATION_CALLBACK callback, void *context, HCN_CALLBACK *out))                 \
        X(HCS_ABI_HRESULT, HcnUnregisterNetworkCallback, (HCN_CALLBACK callback))                                      \
        X(HCS_ABI_HRESULT, HcnQueryEndpointStats,                                                                      \
          (HCN_ENDPOINT endpoint, PCWSTR query, PWSTR * stats, PWSTR * record))                                        \
        X(HCS_ABI_HRESULT, HcnRegisterGuestNetworkServiceCallback,                                                     \
          (HCN_GUESTNETWORKSERVICE service, HCN_NOTIFICATION_CALLBACK callback, void *context, HCN_CALLBACK *out))     \
        X(HCS_ABI_HRESULT, HcnUnregisterGuestNetworkServiceCallback, (HCN_CALLBACK callback))                          \
        X(HCS_ABI_HRESULT, HcnCreateGuestNetworkService,                                                               \
          (const GUID *id, PCWSTR settings, HCN_GUESTNETWORKSERVICE *out, PWSTR *record))                              \
        HCN_KIND_FUNCTIONS(X, GuestNetworkService, HCN_GUESTNETWORKSERVICE)                                            \
        X(HCS_ABI_HRESULT, HcnReserveGuestNetworkServicePort,                                                          \
          (HCN_GUESTNETWORKSERVICE service, int32_t protocol, int32_t access, uint16_t port, HANDLE * reservation))    \
        X(HCS_ABI_HRESULT, HcnReserveGuestNetworkServicePortRange,                                                     \
          (HCN_GUESTNETWORKSERVICE service, uint16_t count, HCN_PORT_RANGE_RESERVATION * range, HANDLE * reservation)) \
        X(HCS_ABI_HRESULT, HcnReleaseGuestNetworkServicePortReservationHandle, (HANDLE reservation))                   \
        X(HCS_ABI_HRESULT, HcnEnumerateGuestNetworkPortReservations,                                                   \
          (uint32_t * count, HCN_PORT_RANGE_ENTRY * *entries))                                                         \
        X(void, HcnFreeGuestNetworkPortReservations, (HCN_PORT_RANGE_ENTRY * entries))
/* clang-format on */

/* Every export as a pointer; NULL where the loaded library lacks it. */
struct hcs_computenetwork_api {
#define HCS_ABI_MEMBER(ret, name, params) ret(HCS_ABI_CALL *name) params;
        HCS_COMPUTENETWORK_FUNCTIONS(HCS_ABI_MEMBER)
#undef HCS_ABI_MEMBER
};

#ifdef HCS_ABI_PROTOTYPES
#define HCS_ABI_PROTOTYPE(ret, name, params) ret HCS_ABI_CALL name params;
HCS_COMPUTENETWORK_FUNCTIONS(HCS_ABI_PROTOTYPE)
#undef HCS_ABI_PROTOTYPE
#endif

#endif
