/* SPDX-License-Identifier: MIT */

#include "uvm/network.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "uvm/build.h"
#include "uvm/change.h"

#define LOW_METRIC 8u /* EnableLowInterfaceMetric, by its place in the published list of flags */

struct adapter {
        char id[HCS_GUID_TEXT_SIZE];
        char *endpoint_id, *mac;
};
struct namespace {
        char *id;
        struct {
                struct adapter *items;
                size_t n;
        } adapters;
};
struct uvm_networks {
        struct uvm_networks_options o;
        struct {
                struct namespace *items;
                size_t n;
        } namespaces;
};

struct uvm_networks *uvm_networks_new(const struct uvm_networks_options *o) {
        struct uvm_networks *n = hcs_calloc(1, sizeof(*n));

        n->o = *o;
        return n;
}

static void forget_adapter(struct namespace *s, struct adapter *a) {
        free(a->endpoint_id);
        free(a->mac);
        *a = s->adapters.items[--s->adapters.n];
}

static void forget_namespace(struct uvm_networks *n, struct namespace *s) {
        while (s->adapters.n)
                forget_adapter(s, &s->adapters.items[s->adapters.n - 1]);
        free(s->adapters.items);
        free(s->id);
        *s = n->namespaces.items[--n->namespaces.n];
}

struct uvm_networks *uvm_networks_free(struct uvm_networks *n) {
        if (!n)
                return NULL;
        while (n->namespaces.n)
                forget_namespace(n, &n->namespaces.items[n->namespaces.n - 1]);
        free(n->namespaces.items);
        free(n);
        return NULL;
}

static struct namespace *find(const struct uvm_networks *n, const char *id) {
        for (size_t i = 0; i < n->namespaces.n; i++)
                if (hcs_strcaseeq(n->namespaces.items[i].id, id))
                        return &n->namespaces.items[i];
        return NULL;
}

static HRESULT need(const struct uvm_networks *n, const char *id, struct namespace **ret, struct hcs_error **err) {
        *ret = find(n, id);
        return *ret ? S_OK : hcs_error_make(err, HCS_WIN32(1168), "network namespace not found");
}

HRESULT uvm_networks_add(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                         struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_strdup(namespace_id), *text = NULL;
        struct hcs_schema_hcn_host_compute_namespace document = {.ID = id};
        HRESULT hr = S_OK;

        if (find(n, namespace_id))
                return hcs_error_make(err, HCS_WIN32(183), "network namespace already added");
        if (n->o.is_windows) {
                text = hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE), &document);
                hr = uvm_change(sink,
                                &(struct uvm_change){.type = "Add",
                                                     .guest_type = "Add",
                                                     .guest_resource = "NetworkNamespace",
                                                     .guest_settings = text},
                                err);
        }
        if (SUCCEEDED(hr))
                UVM_LIST_ADD(&n->namespaces)->id = steal_pointer(&id);
        return hr;
}

/* The part for HCS. Texts; the caller frees. */
static void host_part(const struct adapter *a, char **ret_resource, char **ret_settings) {
        struct hcs_schema_network_adapter document = {.EndpointId = a->endpoint_id, .MacAddress = a->mac};

        *ret_resource = hcs_asprintf("VirtualMachine/Devices/NetworkAdapters/%s", a->id);
        *ret_settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_NETWORK_ADAPTER), &document);
}

static void put_lower(struct hcs_buf *b, const char *text) {
        if (!text || !*text)
                return;
        if (b->len)
                hcs_buf_putc(b, ',');
        for (; *text; text++)
                hcs_buf_putc(b, (char)tolower((unsigned char)*text));
}

static uint16_t overhead_of(const struct hcs_schema_hcn_host_compute_endpoint *e) {
        uint64_t overhead = 0;

        for (size_t i = 0; i < e->Policies.n; i++)
                if (hcs_streq(e->Policies.items[i].Type, "EncapOverhead"))
                        hcs_json_u64(hcs_json_get_nocase(e->Policies.items[i].Settings, "Overhead"), &overhead);
        return (uint16_t)overhead;
}

/* What a Linux guest sets its interface up by. */
static char *linux_settings(const struct uvm_networks *n, const char *namespace_id, const struct adapter *a,
                            const struct hcs_schema_hcn_host_compute_endpoint *e) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_NETWORK_ADAPTER);
        struct hcs_schema_guest_lcow_network_adapter *d = hcs_calloc(1, sizeof(*d));
        _cleanup_buf_ struct hcs_buf suffix = {0}, servers = {0};
        char *text;

        put_lower(&suffix, e->Dns.Domain);
        for (size_t i = 0; i < e->Dns.Search.n; i++)
                put_lower(&suffix, e->Dns.Search.items[i]);
        for (size_t i = 0; i < e->Dns.ServerList.n; i++)
                put_lower(&servers, e->Dns.ServerList.items[i]);
        d->NamespaceID = hcs_strdup(namespace_id);
        d->ID = hcs_strdup(a->id);
        d->MacAddress = hcs_strdup(e->MacAddress);
        d->DNSSuffix = hcs_buf_steal(&suffix);
        d->DNSServerList = hcs_buf_steal(&servers);
        d->EncapOverhead = overhead_of(e);
        for (size_t i = 0; i < e->IpConfigurations.n; i++) {
                struct hcs_schema_guest_lcowip_config *c = UVM_LIST_ADD(&d->IPConfigs);

                c->IPAddress = hcs_strdup(e->IpConfigurations.items[i].IpAddress);
                c->PrefixLength = e->IpConfigurations.items[i].PrefixLength;
        }
        for (size_t i = 0; i < e->Routes.n; i++) {
                struct hcs_schema_guest_lcow_route *r = UVM_LIST_ADD(&d->Routes);

                r->NextHop = hcs_strdup(e->Routes.items[i].NextHop);
                r->DestinationPrefix = hcs_strdup(e->Routes.items[i].DestinationPrefix);
                r->Metric = e->Routes.items[i].Metric;
        }
        d->PolicyBasedRouting = n->o.policy_based_routing;
        d->EnableLowMetric = e->Flags & LOW_METRIC;
        text = hcs_schema_print_no_html(type, d);
        hcs_schema_free(type, d);
        return text;
}

/* {"AdapterId", "RequestType", "Settings"} of a Windows guest. */
static char *windows_settings(const struct adapter *a, const char *type, const char *endpoint) {
        return hcs_asprintf("{\"AdapterId\":\"%s\",\"RequestType\":\"%s\"%s%s}", a->id, type,
                            endpoint ? ",\"Settings\":" : "", endpoint ? endpoint : "");
}

static HRESULT announce(const struct uvm_sink *sink, const struct adapter *a,
                        const struct hcs_schema_hcn_host_compute_endpoint *e, struct hcs_error **err) {
        _cleanup_free_ char *endpoint =
                hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), e);
        _cleanup_free_ char *settings = windows_settings(a, "PreAdd", endpoint);

        return uvm_change(
                sink,
                &(struct uvm_change){
                        .type = "PreAdd", .guest_type = "Add", .guest_resource = "Network", .guest_settings = settings},
                err);
}

static HRESULT change_adapter(const struct uvm_sink *sink, const char *type, const struct adapter *a,
                              const char *guest_settings, struct hcs_error **err) {
        _cleanup_free_ char *resource = NULL, *settings = NULL;

        host_part(a, &resource, &settings);
        return uvm_change(sink,
                          &(struct uvm_change){.type = type,
                                               .resource = resource,
                                               .settings = settings,
                                               .guest_type = type,
                                               .guest_resource = "Network",
                                               .guest_settings = guest_settings},
                          err);
}

static HRESULT add_endpoint(struct uvm_networks *n, const struct uvm_sink *sink, struct namespace *s,
                            const struct hcs_schema_hcn_host_compute_endpoint *e, struct hcs_error **err) {
        struct adapter a = {.endpoint_id = hcs_strdup(e->ID), .mac = hcs_strdup(e->MacAddress)};
        _cleanup_free_ char *settings = NULL;
        HRESULT hr = uvm_host_guid(n->o.host, a.id, err);

        if (SUCCEEDED(hr) && n->o.is_windows)
                hr = announce(sink, &a, e, err);
        if (SUCCEEDED(hr)) {
                settings = n->o.is_windows ? windows_settings(&a, "Add", NULL) : linux_settings(n, s->id, &a, e);
                hr = change_adapter(sink, "Add", &a, settings, err);
        }
        if (SUCCEEDED(hr)) {
                *UVM_LIST_ADD(&s->adapters) = a;
                return hr;
        }
        free(a.endpoint_id);
        free(a.mac);
        return hr;
}

static int by_name(const void *a, const void *b) {
        const struct hcs_schema_hcn_host_compute_endpoint *const *x = a, *const *y = b;
        const char *name = (*x)->Name ? (*x)->Name : "", *other = (*y)->Name ? (*y)->Name : "";
        bool first = hcs_str_ends(name, "eth0"), second = hcs_str_ends(other, "eth0");

        return first != second ? (first ? -1 : 1) : strcmp(name, other);
}

HRESULT uvm_networks_add_endpoints(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                                   const struct hcs_schema_hcn_host_compute_endpoint *const *endpoints, size_t count,
                                   struct hcs_error **err) {
        _cleanup_free_ const struct hcs_schema_hcn_host_compute_endpoint **sorted =
                hcs_calloc(count ? count : 1, sizeof(*sorted));
        struct namespace *s;
        HRESULT hr = need(n, namespace_id, &s, err);

        if (count)
                memcpy(sorted, endpoints, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), by_name);
        for (size_t i = 0; i < count && SUCCEEDED(hr); i++)
                hr = add_endpoint(n, sink, s, sorted[i], err);
        return hr;
}

static HRESULT remove_adapter(struct uvm_networks *n, const struct uvm_sink *sink, struct namespace *s,
                              struct adapter *a, struct hcs_error **err) {
        struct hcs_schema_guest_lcow_network_adapter document = {.NamespaceID = s->id, .ID = a->id};
        _cleanup_free_ char *settings =
                n->o.is_windows ? windows_settings(a, "Remove", NULL)
                                : hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_NETWORK_ADAPTER),
                                                           &document);
        HRESULT hr = change_adapter(sink, "Remove", a, settings, err);

        if (SUCCEEDED(hr))
                forget_adapter(s, a);
        return hr;
}

HRESULT uvm_networks_remove_endpoint(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                                     const char *endpoint_id, struct hcs_error **err) {
        struct namespace *s;
        HRESULT hr = need(n, namespace_id, &s, err);

        if (FAILED(hr))
                return hr;
        for (size_t i = 0; i < s->adapters.n; i++)
                if (hcs_strcaseeq(s->adapters.items[i].endpoint_id, endpoint_id))
                        return remove_adapter(n, sink, s, &s->adapters.items[i], err);
        return hcs_error_make(err, HCS_WIN32(1168), "NIC not found in network namespace");
}

HRESULT uvm_networks_remove(struct uvm_networks *n, const struct uvm_sink *sink, const char *namespace_id,
                            struct hcs_error **err) {
        struct namespace *s;
        HRESULT hr = need(n, namespace_id, &s, err);

        while (SUCCEEDED(hr) && s->adapters.n)
                hr = remove_adapter(n, sink, s, &s->adapters.items[0], err);
        if (SUCCEEDED(hr))
                forget_namespace(n, s);
        return hr;
}
