/* SPDX-License-Identifier: MIT */

/* Endpoints and policy lists in the shape of version 1. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

/* Flags of version 2 that are members in version 1. */
static const struct {
        const char *member;
        uint64_t flag;
} flags[] = {{"IsRemoteEndpoint", 1}, {"DisableICC", 2}, {"EnableLowMetric", 8}};

static struct hcs_json *take(struct hcs_json *doc, const char *name) {
        struct hcs_json *member = hcs_json_get(doc, name);

        return member ? hcs_json_detach(doc, member) : NULL;
}

/* A length without an address says nothing: the subnet's is taken. */
static HRESULT address_in(struct hcs_json *doc, const char *address, const char *length, uint64_t longest,
                          struct hcs_error **err) {
        struct hcs_json *ip, *prefix, *config;

        if (net_uint(doc, length) > longest) {
                _cleanup_free_ char *path = hcs_asprintf("$.%s", length);

                return net_refuse(err, HCN_E_INVALID_PREFIX, path, "longer than an address");
        }
        ip = take(doc, address);
        prefix = take(doc, length);
        if (hcs_json_string(ip) && *hcs_json_string(ip)) {
                config = hcs_json_append(net_array_of(doc, "IpConfigurations"), hcs_json_new_object());
                hcs_json_set_string(config, "IpAddress", hcs_json_string(ip));
                if (prefix)
                        hcs_json_set(config, "PrefixLength", hcs_json_copy(prefix));
        }
        hcs_json_free(ip);
        hcs_json_free(prefix);
        return S_OK;
}

static void gateway_in(struct hcs_json *doc, const char *name, const char *to) {
        struct hcs_json *hop = take(doc, name), *route;

        if (hcs_json_string(hop) && *hcs_json_string(hop)) {
                route = hcs_json_append(net_array_of(doc, "Routes"), hcs_json_new_object());
                hcs_json_set_string(route, "NextHop", hcs_json_string(hop));
                hcs_json_set_string(route, "DestinationPrefix", to);
        }
        hcs_json_free(hop);
}

static HRESULT network_in(struct net_model *m, struct hcs_json *doc, struct hcs_error **err) {
        struct hcs_json *id = take(doc, "VirtualNetwork"), *name = take(doc, "VirtualNetworkName");
        const struct net_object *named = NULL;
        HRESULT hr = S_OK;

        if (hcs_json_string(id) && *hcs_json_string(id)) {
                hcs_json_set_string(doc, "HostComputeNetwork", hcs_json_string(id));
        } else if (hcs_json_string(name) && *hcs_json_string(name)) {
                named = net_find_named(m, NET_NETWORK, hcs_json_string(name));
                if (named)
                        hcs_json_set_string(doc, "HostComputeNetwork", named->id_text);
                else
                        hr = net_refuse(err, HCN_E_NETWORK_NOT_FOUND, "$.VirtualNetworkName",
                                        "there is no network \"%s\"", hcs_json_string(name));
        }
        hcs_json_free(id);
        hcs_json_free(name);
        return hr;
}

HRESULT net_endpoint_from_legacy(struct net_model *m, struct hcs_json *doc, struct hcs_error **err) {
        HRESULT hr = net_check(m, HCS_SCHEMA_HNS_HNS_ENDPOINT, doc, err);
        uint64_t bits = 0, overhead;
        struct hcs_json *policy;

        if (SUCCEEDED(hr))
                hr = network_in(m, doc, err);
        if (FAILED(hr))
                return hr;
        hr = address_in(doc, "IPAddress", "PrefixLength", 32, err);
        if (SUCCEEDED(hr))
                hr = address_in(doc, "IPv6Address", "IPv6PrefixLength", 128, err);
        if (FAILED(hr))
                return hr;
        net_policies_from_legacy(hcs_json_get(doc, "Policies"));
        gateway_in(doc, "GatewayAddress", "0.0.0.0/0");
        gateway_in(doc, "GatewayAddressV6", "::/0");
        net_legacy_dns_in(doc);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(flags); i++) {
                bits |= hcs_json_bool(hcs_json_get(doc, flags[i].member)) ? flags[i].flag : 0;
                hcs_json_remove(doc, flags[i].member);
        }
        if (bits)
                hcs_json_set_u64(doc, "Flags", bits);
        overhead = net_uint(doc, "EncapOverhead");
        if (overhead) {
                policy = hcs_json_append(net_array_of(doc, "Policies"), hcs_json_new_object());
                hcs_json_set_string(policy, "Type", "EncapOverhead");
                hcs_json_set_u64(hcs_json_set_new_object(policy, "Settings"), "Overhead", overhead);
        }
        hcs_json_remove(doc, "EncapOverhead");
        hcs_json_remove(doc, "SharedContainers");
        hcs_json_remove(doc, "State");
        hcs_json_remove(doc, "Namespace");
        return S_OK;
}

static void addresses_out(const struct hcs_json *doc, struct hcs_json *legacy) {
        for (const struct hcs_json *c = hcs_json_first(hcs_json_get(doc, "IpConfigurations")); c;
             c = hcs_json_next(c)) {
                const char *ip = net_text(c, "IpAddress");
                bool v6 = strchr(ip, ':');

                if (!*ip || hcs_json_get(legacy, v6 ? "IPv6Address" : "IPAddress"))
                        continue;
                hcs_json_set_string(legacy, v6 ? "IPv6Address" : "IPAddress", ip);
                hcs_json_set_u64(legacy, v6 ? "IPv6PrefixLength" : "PrefixLength", net_uint(c, "PrefixLength"));
        }
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(doc, "Routes")); r; r = hcs_json_next(r)) {
                if (hcs_streq(net_text(r, "DestinationPrefix"), "0.0.0.0/0"))
                        hcs_json_set_string(legacy, "GatewayAddress", net_text(r, "NextHop"));
                else if (hcs_streq(net_text(r, "DestinationPrefix"), "::/0"))
                        hcs_json_set_string(legacy, "GatewayAddressV6", net_text(r, "NextHop"));
        }
}

static void policies_out(const struct hcs_json *doc, struct hcs_json *legacy) {
        struct hcs_json *list = net_policies_to_legacy(hcs_json_get(doc, "Policies"));

        for (struct hcs_json *p = hcs_json_first(list), *next; p; p = next) {
                next = hcs_json_next(p);
                if (!hcs_streq(net_text(p, "Type"), "EncapOverhead"))
                        continue;
                hcs_json_set_u64(legacy, "EncapOverhead", net_uint(p, "Overhead"));
                hcs_json_free(hcs_json_detach(list, p));
        }
        hcs_json_set(legacy, "Policies", list);
}

struct hcs_json *net_endpoint_to_legacy(struct net_model *m, const struct net_object *o) {
        const struct net_endpoint *e = (const struct net_endpoint *)o;
        struct hcs_json *legacy = hcs_json_new_object();

        hcs_json_set_string(legacy, "ID", o->id_text);
        hcs_json_set_string(legacy, "Name", o->name);
        hcs_json_set_string(legacy, "VirtualNetwork", e->network->o.id_text);
        hcs_json_set_string(legacy, "VirtualNetworkName", e->network->o.name);
        policies_out(o->doc, legacy);
        hcs_json_set_string(legacy, "MacAddress", net_text(o->doc, "MacAddress"));
        addresses_out(o->doc, legacy);
        net_legacy_dns_out(o->doc, legacy);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(flags); i++)
                if (net_uint(o->doc, "Flags") & flags[i].flag)
                        hcs_json_set_bool(legacy, flags[i].member, true);
        if (e->space)
                hcs_json_set_string(hcs_json_set_new_object(legacy, "Namespace"), "ID", e->space->o.id_text);
        if (hcs_json_first(e->containers))
                hcs_json_set(legacy, "SharedContainers", hcs_json_copy(e->containers));
        hcs_json_set_u64(legacy, "State", (uint64_t)e->state);
        net_legacy_rest(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT, o->doc, legacy);
        return legacy;
}

/* ---- policy lists ---- */

static void balancer_in(const struct hcs_json *policy, struct hcs_json *doc) {
        const struct hcs_json *vips = hcs_json_get(policy, "VIPs");
        uint64_t mapping_flags = hcs_json_bool(hcs_json_get(policy, "ILB")) ? 1 : 0;
        struct hcs_json *mapping = hcs_json_append(net_array_of(doc, "PortMappings"), hcs_json_new_object());

        hcs_json_set_u64(mapping, "Protocol", net_uint(policy, "Protocol"));
        hcs_json_set_u64(mapping, "InternalPort", net_uint(policy, "InternalPort"));
        hcs_json_set_u64(mapping, "ExternalPort", net_uint(policy, "ExternalPort"));
        if (mapping_flags)
                hcs_json_set_u64(mapping, "Flags", mapping_flags);
        if (*net_text(policy, "SourceVIP"))
                hcs_json_set_string(doc, "SourceVIP", net_text(policy, "SourceVIP"));
        if (hcs_json_first(vips))
                hcs_json_set(doc, "FrontendVIPs", hcs_json_copy(vips));
        if (hcs_json_bool(hcs_json_get(policy, "IsDSR")))
                hcs_json_set_u64(doc, "Flags", 1);
}

static void route_in(const struct hcs_json *policy, struct hcs_json *doc) {
        struct hcs_json *setting = hcs_json_append(net_array_of(doc, "Setting"), hcs_json_copy(policy));

        hcs_json_remove(setting, "Type");
}

/* All policies of a list are of one kind, which says what the list is. */
HRESULT net_list_from_legacy(struct hcs_json *doc, enum net_kind *ret, struct hcs_error **err) {
        struct hcs_json *policies = take(doc, "Policies"), *references = take(doc, "References");
        const char *type = net_text(hcs_json_first(policies), "Type");
        HRESULT hr = S_OK;
        size_t i = 0;

        *ret = hcs_strcaseeq(type, "ROUTE") ? NET_ROUTE : NET_LOADBALANCER;
        for (const struct hcs_json *p = hcs_json_first(policies); p; p = hcs_json_next(p), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.Policies[%zu].Type", i);

                if (!hcs_strcaseeq(net_text(p, "Type"), *ret == NET_ROUTE ? "ROUTE" : "ELB")) {
                        hr = net_refuse(err, HCN_E_INVALID_POLICY_TYPE, path, "\"%s\" is no policy of a %s",
                                        net_text(p, "Type"), *ret == NET_ROUTE ? "list of routes" : "list");
                        break;
                }
                if (*ret == NET_ROUTE)
                        route_in(p, doc);
                else
                        balancer_in(p, doc);
        }
        if (i == 0 && SUCCEEDED(hr))
                hr = net_refuse(err, HCN_E_INVALID_POLICY, "$.Policies", "it is empty");
        if (references)
                hcs_json_set(doc, "HostComputeEndpoints", references);
        hcs_json_free(policies);
        return hr;
}

static void balancer_out(const struct hcs_json *doc, struct hcs_json *list) {
        const struct hcs_json *vips = hcs_json_get(doc, "FrontendVIPs");

        for (const struct hcs_json *p = hcs_json_first(hcs_json_get(doc, "PortMappings")); p; p = hcs_json_next(p)) {
                struct hcs_json *policy = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_string(policy, "Type", "ELB");
                hcs_json_set_u64(policy, "Protocol", net_uint(p, "Protocol"));
                hcs_json_set_u64(policy, "InternalPort", net_uint(p, "InternalPort"));
                hcs_json_set_u64(policy, "ExternalPort", net_uint(p, "ExternalPort"));
                if (*net_text(doc, "SourceVIP"))
                        hcs_json_set_string(policy, "SourceVIP", net_text(doc, "SourceVIP"));
                hcs_json_set(policy, "VIPs", vips ? hcs_json_copy(vips) : hcs_json_new_array());
                if (net_uint(p, "Flags") & 1)
                        hcs_json_set_bool(policy, "ILB", true);
                if (net_uint(doc, "Flags") & 1)
                        hcs_json_set_bool(policy, "IsDSR", true);
        }
}

struct hcs_json *net_list_to_legacy(const struct net_object *o) {
        struct hcs_json *legacy = hcs_json_new_object(), *references, *list;

        hcs_json_set_string(legacy, "ID", o->id_text);
        references = hcs_json_set_new_array(legacy, "References");
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(o->doc, "HostComputeEndpoints")); r;
             r = hcs_json_next(r)) {
                _cleanup_free_ char *path = hcs_asprintf("/endpoints/%s", hcs_json_string(r));

                hcs_json_append(references, hcs_json_new_string(path));
        }
        list = hcs_json_set_new_array(legacy, "Policies");
        if (o->kind == NET_LOADBALANCER)
                balancer_out(o->doc, list);
        for (const struct hcs_json *s = hcs_json_first(hcs_json_get(o->doc, "Setting")); s; s = hcs_json_next(s)) {
                struct hcs_json *policy = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_string(policy, "Type", "ROUTE");
                for (const struct hcs_json *m = hcs_json_first(s); m; m = hcs_json_next(m))
                        hcs_json_set(policy, hcs_json_key(m), hcs_json_copy(m));
        }
        return legacy;
}
