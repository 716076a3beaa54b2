/* SPDX-License-Identifier: MIT */

/* See networks.h. */

#include "mockhcs/test/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "hcsshim/guid.h"
#include "platform/abi_memory.h"

#define WIDE(name, text) _cleanup_free_ uint16_t *name = text ? hcs_utf8_to_utf16_lossy(text, strlen(text), NULL) : NULL

#define EACH(X)                                                         \
        X(NETWORKS, Network, Networks, HCN_NETWORK)                     \
        X(ENDPOINTS, Endpoint, Endpoints, HCN_ENDPOINT)                 \
        X(NAMESPACES, Namespace, Namespaces, HCN_NAMESPACE)             \
        X(LOADBALANCERS, LoadBalancer, LoadBalancers, HCN_LOADBALANCER) \
        X(ROUTES, SdnRoute, SdnRoutes, HCN_SDNROUTE)                    \
        X(GUESTSERVICES, GuestNetworkService, GuestNetworkServices, HCN_GUESTNETWORKSERVICE)

static const struct hcs_computenetwork_api *api;
static networks_hns_function hns_call;
static _Thread_local char last_record[4096];

void networks_use(const struct hcs_computenetwork_api *table, networks_hns_function hns) {
        api = table;
        hns_call = hns;
}

const char *networks_record(void) {
        return last_record;
}

/* Takes a string of the platform. */
static char *narrow(PWSTR text) {
        char *utf8 = text ? hcs_utf16_to_utf8_lossy(text, hcs_utf16_len(text), NULL) : NULL;

        hcs_abi_free(text);
        return utf8;
}

static HRESULT finish(uint64_t hr, PWSTR record) {
        _cleanup_free_ char *text = narrow(record);

        snprintf(last_record, sizeof(last_record), "%s", text ? text : "");
        return (HRESULT)(uint32_t)hr;
}

static GUID guid_of(const char *id) {
        GUID guid = {0};

        if (id)
                hcs_guid_parse(id, &guid, NULL);
        return guid;
}

HRESULT networks_create(enum networks_kind kind, void *parent, const char *id, const char *settings, void **ret) {
        WIDE(wide, settings);
        GUID guid = guid_of(id);
        PWSTR record = NULL;
        uint64_t hr = 0;

        switch (kind) {
        case NETWORKS:
                hr = api->HcnCreateNetwork(&guid, wide, (HCN_NETWORK *)ret, &record);
                break;
        case ENDPOINTS:
                hr = api->HcnCreateEndpoint(parent, &guid, wide, (HCN_ENDPOINT *)ret, &record);
                break;
        case NAMESPACES:
                hr = api->HcnCreateNamespace(&guid, wide, (HCN_NAMESPACE *)ret, &record);
                break;
        case LOADBALANCERS:
                hr = api->HcnCreateLoadBalancer(&guid, wide, (HCN_LOADBALANCER *)ret, &record);
                break;
        case ROUTES:
                hr = api->HcnCreateSdnRoute(&guid, wide, (HCN_SDNROUTE *)ret, &record);
                break;
        default:
                hr = api->HcnCreateGuestNetworkService(&guid, wide, (HCN_GUESTNETWORKSERVICE *)ret, &record);
        }
        return finish(hr, record);
}

HRESULT networks_open(enum networks_kind kind, const char *id, void **ret) {
        GUID guid = guid_of(id);
        PWSTR record = NULL;
        uint64_t hr = 0;

        switch (kind) {
#define OPEN(K, name, plural, handle)                                   \
        case K:                                                         \
                hr = api->HcnOpen##name(&guid, (handle *)ret, &record); \
                break;
                EACH(OPEN)
        default:
                break;
        }
        return finish(hr, record);
}

HRESULT networks_modify(enum networks_kind kind, void *object, const char *settings) {
        WIDE(wide, settings);
        PWSTR record = NULL;
        uint64_t hr = 0;

        switch (kind) {
#define MODIFY(K, name, plural, handle)                           \
        case K:                                                   \
                hr = api->HcnModify##name(object, wide, &record); \
                break;
                EACH(MODIFY)
        default:
                break;
        }
        return finish(hr, record);
}

HRESULT networks_query(enum networks_kind kind, void *object, const char *query, char **ret) {
        WIDE(wide, query);
        PWSTR record = NULL, properties = NULL;
        uint64_t hr = 0;

        switch (kind) {
#define QUERY(K, name, plural, handle)                                                    \
        case K:                                                                           \
                hr = api->HcnQuery##name##Properties(object, wide, &properties, &record); \
                break;
                EACH(QUERY)
        default:
                break;
        }
        *ret = narrow(properties);
        return finish(hr, record);
}

HRESULT networks_enumerate(enum networks_kind kind, const char *query, char **ret) {
        WIDE(wide, query);
        PWSTR record = NULL, ids = NULL;
        uint64_t hr = 0;

        switch (kind) {
#define ENUMERATE(K, name, plural, handle)                           \
        case K:                                                      \
                hr = api->HcnEnumerate##plural(wide, &ids, &record); \
                break;
                EACH(ENUMERATE)
        default:
                break;
        }
        *ret = narrow(ids);
        return finish(hr, record);
}

HRESULT networks_delete(enum networks_kind kind, const char *id) {
        GUID guid = guid_of(id);
        PWSTR record = NULL;
        uint64_t hr = 0;

        switch (kind) {
#define DELETE_ONE(K, name, plural, handle)                \
        case K:                                            \
                hr = api->HcnDelete##name(&guid, &record); \
                break;
                EACH(DELETE_ONE)
        default:
                break;
        }
        return finish(hr, record);
}

HRESULT networks_close(enum networks_kind kind, void *object) {
        uint64_t hr = 0;

        switch (kind) {
#define CLOSE(K, name, plural, handle)            \
        case K:                                   \
                hr = api->HcnClose##name(object); \
                break;
                EACH(CLOSE)
        default:
                break;
        }
        return finish(hr, NULL);
}

HRESULT networks_hns(const char *method, const char *path, const char *object, char **ret) {
        WIDE(wide_method, method);
        WIDE(wide_path, path);
        WIDE(wide, object);
        PWSTR response = NULL;
        uint64_t hr = hns_call(wide_method, wide_path, wide, &response);

        *ret = narrow(response);
        return finish(hr, NULL);
}
