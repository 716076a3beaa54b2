/* SPDX-License-Identifier: MIT */

/* Adapters: found, moved, set up. Stateless. */

#include "guest/network/adapter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "guest/base/await.h"
#include "guest/network/netlink.h"
#include "guest/network/netns.h"
#include "guest/storage/pci.h"
#include "platform/clock.h"
#include "platform/file.h"

#define POLICY_TABLE    101
#define POLICY_PRIORITY 5
#define LOW_METRIC      500
#define DHCP_TIMEOUT_NS (30ull * HCS_NS_PER_S)
#define DHCP_SCRIPT     "/sbin/udhcpc_config.script"
#define MIN_MTU         68u /* of IPv4 */

typedef struct hcs_schema_guest_lcow_network_adapter adapter_t;

static bool is_set(const char *s) {
        return s && *s;
}

/* The folder `net' of the adapter's device holds one folder, which has the link's name. */
static HRESULT find_by_vmbus(const struct guest_roots *roots, const adapter_t *a, uint64_t deadline_ns,
                             char ret[static IF_NAMESIZE], struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_strdup(is_set(a->ID) ? a->ID : ""), *device = NULL, *pattern = NULL, *path = NULL;
        HRESULT hr = S_OK;

        for (char *p = id; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        if (!*id || strspn(id, "0123456789abcdef-") != strlen(id))
                return hcs_error_make(err, E_INVALIDARG, "network adapter `%s': the id is no GUID", id);
        if (a->VPCIAssigned)
                hr = guest_pci_wait(roots, id, deadline_ns, &device, err);
        else
                device = hcs_asprintf("%s/bus/vmbus/devices/%s", roots->sys, id);
        if (SUCCEEDED(hr)) {
                pattern = hcs_asprintf("%s/net/*", device);
                hr = guest_await_path(pattern, deadline_ns, &path, err);
        }
        if (FAILED(hr)) {
                hcs_error_wrap(err, "network adapter %s", id);
                return hr;
        }
        snprintf(ret, IF_NAMESIZE, "%s", strrchr(path, '/') + 1);
        return S_OK;
}

struct link_wait {
        struct guest_netlink *netlink;
        const char *name; /* or by mac */
        uint8_t mac[6];
        struct guest_link link;
};

static HRESULT check_link(void *ctx, struct hcs_error **err) {
        struct link_wait *w = ctx;
        struct hcs_error *why = NULL;
        HRESULT hr = w->name ? guest_link_by_name(w->netlink, w->name, &w->link, &why)
                             : guest_link_by_mac(w->netlink, w->mac, &w->link, &why);

        if (hr == HCS_WIN32(1168)) {
                hcs_error_free(why);
                return S_FALSE;
        }
        return FAILED(hr) ? hcs_error_move(err, &why) : S_OK;
}

static HRESULT find_by_mac(const adapter_t *a, uint64_t deadline_ns, char ret[static IF_NAMESIZE],
                           struct hcs_error **err) {
        _cleanup_netlink_ struct guest_netlink *netlink = NULL;
        _cleanup_free_ char *what = NULL;
        struct link_wait w = {0};
        HRESULT hr = S_OK;

        if (is_set(a->MacAddress)) {
                hr = guest_mac_parse(a->MacAddress, w.mac, err);
                what = hcs_asprintf("network adapter %s with MAC address %s", is_set(a->ID) ? a->ID : "",
                                    a->MacAddress);
        } else {
                w.name = is_set(a->ID) ? a->ID : "";
                what = hcs_asprintf("network adapter `%s', which has no MacAddress, as a link of that name", w.name);
        }
        if (SUCCEEDED(hr))
                hr = guest_netlink_open(0, &netlink, err);
        w.netlink = netlink;
        if (SUCCEEDED(hr))
                hr = guest_await(check_link, &w, deadline_ns, what, err);
        if (SUCCEEDED(hr))
                snprintf(ret, IF_NAMESIZE, "%s", w.link.name);
        return hr;
}

HRESULT guest_adapter_link(const struct guest_roots *roots, const adapter_t *adapter, uint64_t deadline_ns,
                           char ret[static IF_NAMESIZE], struct hcs_error **err) {
        _cleanup_free_ char *vmbus = hcs_asprintf("%s/bus/vmbus/devices", roots->sys);

        return hcs_file_is_directory(vmbus) ? find_by_vmbus(roots, adapter, deadline_ns, ret, err)
                                            : find_by_mac(adapter, deadline_ns, ret, err);
}

HRESULT guest_adapter_move(const char *link, pid_t pid, struct hcs_error **err) {
        _cleanup_netlink_ struct guest_netlink *netlink = NULL;
        struct guest_link l;
        HRESULT hr = guest_netlink_open(0, &netlink, err);

        if (SUCCEEDED(hr))
                hr = guest_link_by_name(netlink, link, &l, err);
        if (SUCCEEDED(hr))
                hr = guest_link_set_up(netlink, &l, false, err);
        return FAILED(hr) ? hr : guest_link_move(netlink, &l, pid, err);
}

/* An adapter's settings, understood. */
struct settings {
        struct guest_ip *addresses;
        struct route {
                struct guest_ip destination, gateway;
                bool has_destination, has_gateway, is_void;
                uint32_t metric;
        } * routes;
};

static void settings_deinit(struct settings *s) {
        free(s->addresses);
        free(s->routes);
}

static HRESULT parse_route(const adapter_t *a, size_t i, struct route *r, struct hcs_error **err) {
        const char *destination = a->Routes.items[i].DestinationPrefix, *hop = a->Routes.items[i].NextHop;
        bool is_default = hcs_streq(destination, "0.0.0.0/0") || hcs_streq(destination, "::/0");
        HRESULT hr = S_OK;

        /* No gateway for a default route: there is none. */
        r->is_void = is_default && (hcs_streq(hop, "0.0.0.0") || hcs_streq(hop, "::"));
        if (r->is_void)
                return S_OK;
        r->has_destination = !is_default;
        if (r->has_destination)
                hr = guest_ip_parse_prefix(destination ? destination : "", &r->destination, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "Routes[%zu].DestinationPrefix", i);
                return hr;
        }
        r->has_gateway = is_set(hop);
        if (r->has_gateway)
                hr = guest_ip_parse(hop, &r->gateway, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "Routes[%zu].NextHop", i);
                return hr;
        }
        if (!r->has_gateway && !r->has_destination)
                return hcs_error_make(err, E_INVALIDARG, "Routes[%zu]: gw and destination cannot both be nil", i);
        r->metric = a->Routes.items[i].Metric;
        if (a->EnableLowMetric && !r->metric)
                r->metric = LOW_METRIC;
        return S_OK;
}

static HRESULT parse_settings(const adapter_t *a, struct settings *s, struct hcs_error **err) {
        HRESULT hr = S_OK;

        s->addresses = hcs_calloc(a->IPConfigs.n + 1, sizeof(*s->addresses));
        s->routes = hcs_calloc(a->Routes.n + 1, sizeof(*s->routes));
        for (size_t i = 0; i < a->IPConfigs.n && SUCCEEDED(hr); i++) {
                const struct hcs_schema_guest_lcowip_config *c = &a->IPConfigs.items[i];
                _cleanup_free_ char *text = hcs_asprintf("%s/%u", c->IPAddress ? c->IPAddress : "", c->PrefixLength);

                hr = guest_ip_parse_prefix(text, &s->addresses[i], err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "IPConfigs[%zu]", i);
        }
        for (size_t i = 0; i < a->Routes.n && SUCCEEDED(hr); i++)
                hr = parse_route(a, i, &s->routes[i], err);
        return hr;
}

static HRESULT add_addresses(struct guest_netlink *n, const struct guest_link *l, const adapter_t *a,
                             const struct settings *s, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < a->IPConfigs.n && SUCCEEDED(hr); i++) {
                hr = guest_address_add(n, l, &s->addresses[i], err);
                if (SUCCEEDED(hr) && a->EnableLowMetric) {
                        /* What comes from this adapter's address leaves by it. */
                        struct guest_ip source = s->addresses[i];

                        source.prefix = source.family == AF_INET ? 32 : 128;
                        hr = guest_rule_add(n, &source, POLICY_TABLE, POLICY_PRIORITY, err);
                }
                if (FAILED(hr))
                        hcs_error_wrap(err, "IPConfigs[%zu] %s/%u", i, a->IPConfigs.items[i].IPAddress,
                                       a->IPConfigs.items[i].PrefixLength);
        }
        return hr;
}

static HRESULT add_route(struct guest_netlink *n, const struct guest_link *l, const struct route *r, uint32_t table,
                         struct hcs_error **err) {
        struct guest_route route = {.destination = r->has_destination ? &r->destination : NULL,
                                    .gateway = r->has_gateway ? &r->gateway : NULL,
                                    .metric = r->metric,
                                    .table = table};
        struct hcs_error *why = NULL;
        HRESULT hr = guest_route_add(n, l, &route, &why);

        if (hr == HCS_WIN32(1231) && r->has_gateway) {
                /* A gateway outside of every subnet becomes reachable as an address of the link. */
                why = hcs_error_free(why);
                hr = guest_address_add(n, l, &r->gateway, &why);
                if (SUCCEEDED(hr))
                        hr = guest_route_add(n, l, &route, &why);
        }
        return FAILED(hr) ? hcs_error_move(err, &why) : S_OK;
}

static HRESULT add_routes(struct guest_netlink *n, const struct guest_link *l, const adapter_t *a,
                          const struct settings *s, struct hcs_error **err) {
        uint32_t table = a->EnableLowMetric && a->IPConfigs.n ? POLICY_TABLE : 0;
        HRESULT hr = S_OK;

        for (size_t i = 0; i < a->Routes.n && SUCCEEDED(hr); i++) {
                if (s->routes[i].is_void)
                        continue;
                hr = add_route(n, l, &s->routes[i], table, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "Routes[%zu] %s by %s", i, a->Routes.items[i].DestinationPrefix,
                                       is_set(a->Routes.items[i].NextHop) ? a->Routes.items[i].NextHop : "the link");
        }
        return hr;
}

struct dhcp {
        const struct guest_roots *roots;
        const char *link;
};

static HRESULT run_dhcp(void *ctx, struct hcs_error **err) {
        const struct dhcp *d = ctx;
        char *const argv[] = {(char *)"udhcpc", (char *)"-q",        (char *)"-i", (char *)d->link,
                              (char *)"-s",     (char *)DHCP_SCRIPT, NULL};

        return guest_tool(d->roots, argv, DHCP_TIMEOUT_NS, err);
}

static HRESULT set_mtu(struct guest_netlink *n, const struct guest_link *l, uint16_t overhead, struct hcs_error **err) {
        if (!overhead)
                return S_OK;
        if (l->mtu < overhead + MIN_MTU)
                return hcs_error_make(err, E_INVALIDARG, "EncapOverhead: %u of an MTU of %u", overhead, l->mtu);
        return guest_link_set_mtu(n, l, l->mtu - overhead, err);
}

HRESULT guest_adapter_configure(const struct guest_roots *roots, const char *link, pid_t pid, const adapter_t *adapter,
                                struct hcs_error **err) {
        _cleanup_netlink_ struct guest_netlink *netlink = NULL;
        _cleanup_(settings_deinit) struct settings s = {0};
        struct dhcp dhcp = {.roots = roots, .link = link};
        struct guest_link l;
        HRESULT hr = parse_settings(adapter, &s, err);

        if (SUCCEEDED(hr))
                hr = guest_netlink_open(pid, &netlink, err);
        if (SUCCEEDED(hr))
                hr = guest_link_by_name(netlink, link, &l, err);
        if (SUCCEEDED(hr))
                hr = set_mtu(netlink, &l, adapter->EncapOverhead, err);
        if (SUCCEEDED(hr))
                hr = guest_link_set_up(netlink, &l, true, err);
        if (FAILED(hr))
                return hr;
        if (adapter->IPConfigs.n == 0)
                return guest_netns_run(pid, run_dhcp, &dhcp, err);
        hr = add_addresses(netlink, &l, adapter, &s, err);
        return FAILED(hr) ? hr : add_routes(netlink, &l, adapter, &s, err);
}
