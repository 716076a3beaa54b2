/* SPDX-License-Identifier: MIT */

/* The service of the tests; see fake_network.h. */

#include "testing/fake_network.h"

#include <string.h>

#include "base/utf.h"
#include "platform/abi_memory.h"
#include "platform/abi_text.h"
#include "platform/thread.h"

#define WATCHERS 8

static struct {
        struct hcs_mutex lock;
        bool is_made;
        struct fake_answers answers;
        struct hcs_json *calls;
        uintptr_t next_handle;
        int open;
        struct {
                HCN_NOTIFICATION_CALLBACK fn;
                void *ctx;
        } watchers[WATCHERS];
} fake;

void fake_reset(const struct fake_answers *answers) {
        if (!fake.is_made)
                hcs_mutex_init(&fake.lock);
        fake.is_made = true;
        hcs_mutex_lock(&fake.lock);
        hcs_json_free(fake.calls);
        fake.calls = hcs_json_new_array();
        fake.answers = *answers;
        fake.next_handle = 0x1001;
        fake.open = 0;
        memset(fake.watchers, 0, sizeof(fake.watchers));
        hcs_mutex_unlock(&fake.lock);
}

const struct hcs_json *fake_calls(void) {
        return fake.calls;
}

int fake_open_handles(void) {
        return fake.open;
}

static PWSTR answer(const char *text) {
        return text ? hcs_abi_text_give(text, strlen(text)) : NULL;
}

static void put_wide(struct hcs_json *call, const char *key, PCWSTR wide) {
        _cleanup_free_ char *text =
                hcs_utf16_to_utf8_lossy((const uint16_t *)wide, hcs_utf16_len((const uint16_t *)wide), NULL);

        hcs_json_set_string(call, key, text);
}

/* Begins to write a call down; holds the lock until ended(). */
static struct hcs_json *begun(const char *dll, const char *export) {
        _cleanup_free_ char *proc = hcs_asprintf("%s.%s", dll, export);
        struct hcs_json *call;

        hcs_mutex_lock(&fake.lock);
        call = hcs_json_append(fake.calls, hcs_json_new_object());
        hcs_json_set_string(call, "proc", proc);
        return call;
}

static void put_id(struct hcs_json *call, const GUID *id) {
        char text[HCS_GUID_TEXT_SIZE];

        hcs_json_set_string(call, "id", hcs_guid_format(id, text));
}

static HRESULT ended(const char *export, PWSTR *record) {
        int64_t hr = 0;

        hcs_json_i64(hcs_json_get(fake.answers.hresult, export), &hr);
        if (record)
                *record = answer(hcs_json_get_string(fake.answers.record, export));
        hcs_mutex_unlock(&fake.lock);
        return (HRESULT)(uint32_t)hr;
}

static void *handed_out(const char *export) {
        int64_t hr = 0;

        if (hcs_json_i64(hcs_json_get(fake.answers.hresult, export), &hr) && (int32_t)hr < 0)
                return NULL;
        fake.open++;
        return (void *)fake.next_handle++;
}

#define DLL "computenetwork"
#define FAKE_KIND(Kind, Plural, handle_t, key)                                                               \
        static HRESULT HCS_ABI_CALL enumerate_##Kind(PCWSTR query, PWSTR *ids, PWSTR *record) {              \
                struct hcs_json *call = begun(DLL, "HcnEnumerate" #Plural);                                  \
                put_wide(call, "query", query);                                                              \
                *ids = answer(fake.answers.enumerate);                                                       \
                return ended("HcnEnumerate" #Plural, record);                                                \
        }                                                                                                    \
        static HRESULT HCS_ABI_CALL open_##Kind(const GUID *id, handle_t *out, PWSTR *record) {              \
                put_id(begun(DLL, "HcnOpen" #Kind), id);                                                     \
                *out = handed_out("HcnOpen" #Kind);                                                          \
                return ended("HcnOpen" #Kind, record);                                                       \
        }                                                                                                    \
        static HRESULT HCS_ABI_CALL modify_##Kind(handle_t object, PCWSTR settings, PWSTR *record) {         \
                struct hcs_json *call = begun(DLL, "HcnModify" #Kind);                                       \
                hcs_json_set_u64(call, key, (uintptr_t)object);                                              \
                put_wide(call, "settings", settings);                                                        \
                return ended("HcnModify" #Kind, record);                                                     \
        }                                                                                                    \
        static HRESULT HCS_ABI_CALL query_##Kind(handle_t object, PCWSTR query, PWSTR *out, PWSTR *record) { \
                struct hcs_json *call = begun(DLL, "HcnQuery" #Kind "Properties");                           \
                hcs_json_set_u64(call, key, (uintptr_t)object);                                              \
                put_wide(call, "query", query);                                                              \
                *out = answer(fake.answers.properties);                                                      \
                return ended("HcnQuery" #Kind "Properties", record);                                         \
        }                                                                                                    \
        static HRESULT HCS_ABI_CALL delete_##Kind(const GUID *id, PWSTR *record) {                           \
                put_id(begun(DLL, "HcnDelete" #Kind), id);                                                   \
                return ended("HcnDelete" #Kind, record);                                                     \
        }                                                                                                    \
        static HRESULT HCS_ABI_CALL close_##Kind(handle_t object) {                                          \
                hcs_json_set_u64(begun(DLL, "HcnClose" #Kind), key, (uintptr_t)object);                      \
                fake.open--;                                                                                 \
                return ended("HcnClose" #Kind, NULL);                                                        \
        }
#define FAKE_CREATE(Kind, handle_t)                                                                                \
        static HRESULT HCS_ABI_CALL create_##Kind(const GUID *id, PCWSTR settings, handle_t *out, PWSTR *record) { \
                struct hcs_json *call = begun(DLL, "HcnCreate" #Kind);                                             \
                put_id(call, id);                                                                                  \
                put_wide(call, "settings", settings);                                                              \
                *out = handed_out("HcnCreate" #Kind);                                                              \
                return ended("HcnCreate" #Kind, record);                                                           \
        }
FAKE_KIND(Network, Networks, HCN_NETWORK, "network")
FAKE_KIND(Endpoint, Endpoints, HCN_ENDPOINT, "endpoint")
FAKE_KIND(Namespace, Namespaces, HCN_NAMESPACE, "namespace")
FAKE_KIND(LoadBalancer, LoadBalancers, HCN_LOADBALANCER, "loadBalancer")
FAKE_KIND(SdnRoute, SdnRoutes, HCN_SDNROUTE, "route")
FAKE_KIND(GuestNetworkService, GuestNetworkServices, HCN_GUESTNETWORKSERVICE, "service")
FAKE_CREATE(Network, HCN_NETWORK)
FAKE_CREATE(Namespace, HCN_NAMESPACE)
FAKE_CREATE(LoadBalancer, HCN_LOADBALANCER)
FAKE_CREATE(SdnRoute, HCN_SDNROUTE)
FAKE_CREATE(GuestNetworkService, HCN_GUESTNETWORKSERVICE)

static HRESULT HCS_ABI_CALL create_endpoint(HCN_NETWORK network, const GUID *id, PCWSTR settings, HCN_ENDPOINT *out,
                                            PWSTR *record) {
        struct hcs_json *call = begun(DLL, "HcnCreateEndpoint");

        put_id(call, id);
        hcs_json_set_u64(call, "network", (uintptr_t)network);
        put_wide(call, "settings", settings);
        *out = handed_out("HcnCreateEndpoint");
        return ended("HcnCreateEndpoint", record);
}

static HRESULT HCS_ABI_CALL endpoint_stats(HCN_ENDPOINT endpoint, PCWSTR query, PWSTR *stats, PWSTR *record) {
        struct hcs_json *call = begun(DLL, "HcnQueryEndpointStats");

        hcs_json_set_u64(call, "endpoint", (uintptr_t)endpoint);
        put_wide(call, "query", query);
        *stats = answer(fake.answers.properties);
        return ended("HcnQueryEndpointStats", record);
}

static HRESULT registered(const char *export, HCN_NOTIFICATION_CALLBACK fn, void *ctx, HCN_CALLBACK *out) {
        begun(DLL, export);
        for (uintptr_t i = 0; i < WATCHERS; i++)
                if (!fake.watchers[i].fn) {
                        fake.watchers[i].fn = fn;
                        fake.watchers[i].ctx = ctx;
                        *out = (HCN_CALLBACK)(i + 1);
                        break;
                }
        return ended(export, NULL);
}

static HRESULT unregistered(const char *export, HCN_CALLBACK callback) {
        begun(DLL, export);
        fake.watchers[(uintptr_t)callback - 1].fn = NULL;
        return ended(export, NULL);
}

static HRESULT HCS_ABI_CALL watch_service(HCN_NOTIFICATION_CALLBACK fn, void *ctx, HCN_CALLBACK *out) {
        return registered("HcnRegisterServiceCallback", fn, ctx, out);
}
static HRESULT HCS_ABI_CALL unwatch_service(HCN_CALLBACK callback) {
        return unregistered("HcnUnregisterServiceCallback", callback);
}
static HRESULT HCS_ABI_CALL watch_network(HCN_NETWORK network, HCN_NOTIFICATION_CALLBACK fn, void *ctx,
                                          HCN_CALLBACK *out) {
        return registered("HcnRegisterNetworkCallback", fn, ctx, out);
}
static HRESULT HCS_ABI_CALL unwatch_network(HCN_CALLBACK callback) {
        return unregistered("HcnUnregisterNetworkCallback", callback);
}
static HRESULT HCS_ABI_CALL watch_guest(HCN_GUESTNETWORKSERVICE service, HCN_NOTIFICATION_CALLBACK fn, void *ctx,
                                        HCN_CALLBACK *out) {
        return registered("HcnRegisterGuestNetworkServiceCallback", fn, ctx, out);
}
static HRESULT HCS_ABI_CALL unwatch_guest(HCN_CALLBACK callback) {
        return unregistered("HcnUnregisterGuestNetworkServiceCallback", callback);
}

void fake_notify(DWORD type, HRESULT status, const uint16_t *data) {
        for (size_t i = 0; i < WATCHERS; i++)
                if (fake.watchers[i].fn)
                        fake.watchers[i].fn(type, fake.watchers[i].ctx, status, (PCWSTR)data);
}

static HRESULT HCS_ABI_CALL reserve_port(HCN_GUESTNETWORKSERVICE service, int32_t protocol, int32_t access,
                                         uint16_t port, HANDLE *reservation) {
        struct hcs_json *call = begun(DLL, "HcnReserveGuestNetworkServicePort");

        hcs_json_set_u64(call, "port", port);
        *reservation = handed_out("HcnReserveGuestNetworkServicePort");
        return ended("HcnReserveGuestNetworkServicePort", NULL);
}

static HRESULT HCS_ABI_CALL reserve_range(HCN_GUESTNETWORKSERVICE service, uint16_t count,
                                          HCN_PORT_RANGE_RESERVATION *range, HANDLE *reservation) {
        begun(DLL, "HcnReserveGuestNetworkServicePortRange");
        *range = (HCN_PORT_RANGE_RESERVATION){49152, (uint16_t)(49152 + count - 1)};
        *reservation = handed_out("HcnReserveGuestNetworkServicePortRange");
        return ended("HcnReserveGuestNetworkServicePortRange", NULL);
}

static HRESULT HCS_ABI_CALL release_port(HANDLE reservation) {
        begun(DLL, "HcnReleaseGuestNetworkServicePortReservationHandle");
        fake.open--;
        return ended("HcnReleaseGuestNetworkServicePortReservationHandle", NULL);
}

static HRESULT HCS_ABI_CALL list_ports(uint32_t *count, HCN_PORT_RANGE_ENTRY **entries) {
        begun(DLL, "HcnEnumerateGuestNetworkPortReservations");
        *count = 1;
        *entries = hcs_abi_alloc(sizeof(**entries));
        **entries = (HCN_PORT_RANGE_ENTRY){.StartingPort = 80, .EndingPort = 80};
        return ended("HcnEnumerateGuestNetworkPortReservations", NULL);
}

static void HCS_ABI_CALL free_ports(HCN_PORT_RANGE_ENTRY *entries) {
        hcs_abi_free(entries);
}

#define KIND(Kind, Plural)                                                                                        \
        .HcnEnumerate##Plural = enumerate_##Kind, .HcnOpen##Kind = open_##Kind, .HcnModify##Kind = modify_##Kind, \
        .HcnQuery##Kind##Properties = query_##Kind, .HcnDelete##Kind = delete_##Kind, .HcnClose##Kind = close_##Kind
const struct hcs_computenetwork_api fake_computenetwork = {
        KIND(Network, Networks),
        KIND(Endpoint, Endpoints),
        KIND(Namespace, Namespaces),
        KIND(LoadBalancer, LoadBalancers),
        KIND(SdnRoute, SdnRoutes),
        KIND(GuestNetworkService, GuestNetworkServices),
        .HcnCreateNetwork = create_Network,
        .HcnCreateEndpoint = create_endpoint,
        .HcnCreateNamespace = create_Namespace,
        .HcnCreateLoadBalancer = create_LoadBalancer,
        .HcnCreateSdnRoute = create_SdnRoute,
        .HcnCreateGuestNetworkService = create_GuestNetworkService,
        .HcnQueryEndpointStats = endpoint_stats,
        .HcnRegisterServiceCallback = watch_service,
        .HcnUnregisterServiceCallback = unwatch_service,
        .HcnRegisterNetworkCallback = watch_network,
        .HcnUnregisterNetworkCallback = unwatch_network,
        .HcnRegisterGuestNetworkServiceCallback = watch_guest,
        .HcnUnregisterGuestNetworkServiceCallback = unwatch_guest,
        .HcnReserveGuestNetworkServicePort = reserve_port,
        .HcnReserveGuestNetworkServicePortRange = reserve_range,
        .HcnReleaseGuestNetworkServicePortReservationHandle = release_port,
        .HcnEnumerateGuestNetworkPortReservations = list_ports,
        .HcnFreeGuestNetworkPortReservations = free_ports,
};

static HRESULT HCS_ABI_CALL hns_call_fake(PCWSTR method, PCWSTR path, PCWSTR object, PWSTR *response) {
        struct hcs_json *call = begun("vmcompute", "HNSCall");

        put_wide(call, "method", method);
        put_wide(call, "object", object);
        put_wide(call, "path", path);
        *response = answer(fake.answers.hns);
        return ended("HNSCall", NULL);
}
const struct hcs_vmcompute_api fake_vmcompute = {.HNSCall = hns_call_fake};

struct hcn_client *fake_hcn_client(void) {
        struct hcn_client *c = NULL;

        hcn_client_open(
                &(struct hcn_client_options){.computenetwork = &fake_computenetwork, .vmcompute = &fake_vmcompute}, &c,
                NULL);
        return c;
}

struct hns_client *fake_hns_client(void) {
        struct hns_client *c = NULL;

        hns_client_open(&(struct hns_client_options){.vmcompute = &fake_vmcompute}, &c, NULL);
        return c;
}
