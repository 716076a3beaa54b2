/* SPDX-License-Identifier: MIT */

/* Networks and namespaces in the shape of version 1, and which documents have it. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

/* Members that only version 1 has. */
static const char *const marks[NET_KINDS][8] = {
        [NET_NETWORK] = {"Subnets", "MacPools", "NetworkAdapterName", "SourceMac", "DNSServerList", "DNSSuffix",
                         "ManagementIP"},
        [NET_ENDPOINT] = {"VirtualNetwork", "VirtualNetworkName", "IPAddress", "IPv6Address", "GatewayAddress",
                          "PrefixLength", "IsRemoteEndpoint", "DNSServerList"},
};

bool net_is_legacy(enum net_kind kind, const struct hcs_json *doc) {
        if (hcs_json_get_nocase(doc, "SchemaVersion"))
                return false;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(marks[kind]) && marks[kind][i]; i++)
                if (hcs_json_get(doc, marks[kind][i]))
                        return true;
        return false;
}

static struct hcs_json *take(struct hcs_json *doc, const char *name) {
        struct hcs_json *member = hcs_json_get(doc, name);

        return member ? hcs_json_detach(doc, member) : NULL;
}

void net_legacy_dns_in(struct hcs_json *doc) {
        static const char *const names[][2] = {
                {"DNSSuffix", "Domain"}, {"DNSDomain", "Domain"}, {"DNSServerList", "ServerList"}};
        struct hcs_json *dns = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                struct hcs_json *value = take(doc, names[i][0]);

                if (hcs_json_string(value) && *hcs_json_string(value)) {
                        dns = dns ? dns : net_object_of(doc, "Dns");
                        hcs_json_set(dns, names[i][1], value);
                } else {
                        hcs_json_free(value);
                }
        }
}

static char *join(const struct hcs_json *list) {
        struct hcs_buf b = {0};

        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                if (hcs_json_string(e)) {
                        hcs_buf_puts(&b, b.len ? "," : "");
                        hcs_buf_puts(&b, hcs_json_string(e));
                }
        return hcs_buf_steal(&b);
}

void net_legacy_dns_out(const struct hcs_json *doc, struct hcs_json *legacy) {
        const struct hcs_json *dns = hcs_json_get(doc, "Dns");
        _cleanup_free_ char *servers = join(hcs_json_get(dns, "ServerList"));

        if (*net_text(dns, "Domain"))
                hcs_json_set_string(legacy, "DNSSuffix", net_text(dns, "Domain"));
        if (*servers)
                hcs_json_set_string(legacy, "DNSServerList", servers);
}

void net_legacy_rest(enum hcs_schema_type_id type, const struct hcs_json *doc, struct hcs_json *legacy) {
        for (const struct hcs_json *m = hcs_json_first(doc); m; m = hcs_json_next(m))
                if (!hcs_schema_field_find(hcs_schema_type_at(type), hcs_json_key(m), true) &&
                    !hcs_json_get(legacy, hcs_json_key(m)))
                        hcs_json_set(legacy, hcs_json_key(m), hcs_json_copy(m));
}

static void set_version(struct hcs_json *doc) {
        struct hcs_json *version = net_object_of(doc, "SchemaVersion");

        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 0);
}

HRESULT net_from_legacy(struct net_model *m, enum net_kind kind, struct hcs_json *doc, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (kind == NET_NETWORK)
                hr = net_network_from_legacy(m, doc, err);
        else if (kind == NET_ENDPOINT)
                hr = net_endpoint_from_legacy(m, doc, err);
        else if (kind == NET_NAMESPACE && hcs_json_bool(hcs_json_get(doc, "IsDefault")))
                hcs_json_set_string(doc, "Type", "HostDefault");
        if (SUCCEEDED(hr))
                set_version(doc);
        return hr;
}

/* ---- networks ---- */

static void add_policy(struct hcs_json *doc, const char *type, const char *member, struct hcs_json *value) {
        struct hcs_json *policy;

        if (!value)
                return;
        policy = hcs_json_append(net_array_of(doc, "Policies"), hcs_json_new_object());
        hcs_json_set_string(policy, "Type", type);
        hcs_json_set(hcs_json_set_new_object(policy, "Settings"), member, value);
}

static void subnet_in(struct hcs_json *subnet) {
        struct hcs_json *prefix = take(subnet, "AddressPrefix"), *gateway = take(subnet, "GatewayAddress"), *route;
        const char *hop = hcs_json_string(gateway);

        if (prefix)
                hcs_json_set(subnet, "IpAddressPrefix", prefix);
        net_policies_from_legacy(hcs_json_get(subnet, "Policies"));
        if (hop && *hop) {
                route = hcs_json_append(net_array_of(subnet, "Routes"), hcs_json_new_object());
                hcs_json_set_string(route, "NextHop", hop);
                hcs_json_set_string(route, "DestinationPrefix", strchr(hop, ':') ? "::/0" : "0.0.0.0/0");
        }
        hcs_json_free(gateway);
}

HRESULT net_network_from_legacy(struct net_model *m, struct hcs_json *doc, struct hcs_error **err) {
        struct hcs_json *pools, *subnets, *ipam, *automatic;
        HRESULT hr = net_check(m, HCS_SCHEMA_HNS_HNS_NETWORK, doc, err);

        if (FAILED(hr))
                return hr;
        net_policies_from_legacy(hcs_json_get(doc, "Policies"));
        add_policy(doc, "NetAdapterName", "NetworkAdapterName", take(doc, "NetworkAdapterName"));
        add_policy(doc, "SourceMacAddress", "SourceMacAddress", take(doc, "SourceMac"));
        automatic = take(doc, "AutomaticDNS");
        if (hcs_json_bool(automatic))
                add_policy(doc, "AutomaticDNS", "Enable", hcs_json_copy(automatic));
        hcs_json_free(automatic);
        pools = take(doc, "MacPools");
        if (hcs_json_first(pools))
                hcs_json_set(net_object_of(doc, "MacPool"), "Ranges", pools);
        else
                hcs_json_free(pools);
        subnets = take(doc, "Subnets");
        for (struct hcs_json *s = hcs_json_first(subnets); s; s = hcs_json_next(s))
                subnet_in(s);
        if (hcs_json_first(subnets)) {
                ipam = hcs_json_append(net_array_of(doc, "Ipams"), hcs_json_new_object());
                hcs_json_set_string(ipam, "Type", "Static");
                hcs_json_set(ipam, "Subnets", subnets);
        } else {
                hcs_json_free(subnets);
        }
        net_legacy_dns_in(doc);
        return S_OK;
}

static const char *gateway_of(const struct hcs_json *subnet) {
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(subnet, "Routes")); r; r = hcs_json_next(r))
                if (hcs_str_ends(net_text(r, "DestinationPrefix"), "/0"))
                        return net_text(r, "NextHop");
        return "";
}

static struct hcs_json *subnets_out(const struct hcs_json *doc) {
        struct hcs_json *list = hcs_json_new_array();

        for (const struct hcs_json *i = hcs_json_first(hcs_json_get(doc, "Ipams")); i; i = hcs_json_next(i))
                for (const struct hcs_json *s = hcs_json_first(hcs_json_get(i, "Subnets")); s; s = hcs_json_next(s)) {
                        struct hcs_json *legacy = hcs_json_append(list, hcs_json_new_object());

                        hcs_json_set_string(legacy, "AddressPrefix", net_text(s, "IpAddressPrefix"));
                        if (*gateway_of(s))
                                hcs_json_set_string(legacy, "GatewayAddress", gateway_of(s));
                        hcs_json_set(legacy, "Policies", net_policies_to_legacy(hcs_json_get(s, "Policies")));
                        net_legacy_rest(HCS_SCHEMA_HCN_SUBNET, s, legacy);
                }
        return list;
}

/* Policies that version 1 has as members of the network. */
static void policies_out(const struct hcs_json *doc, struct hcs_json *legacy) {
        static const char *const members[][3] = {{"NetAdapterName", "NetworkAdapterName", "NetworkAdapterName"},
                                                 {"SourceMacAddress", "SourceMacAddress", "SourceMac"},
                                                 {"AutomaticDNS", "Enable", "AutomaticDNS"}};
        struct hcs_json *list = net_policies_to_legacy(hcs_json_get(doc, "Policies"));

        for (struct hcs_json *p = hcs_json_first(list), *next; p; p = next) {
                next = hcs_json_next(p);
                for (size_t i = 0; i < HCS_ARRAY_SIZE(members); i++)
                        if (hcs_streq(net_text(p, "Type"), members[i][0])) {
                                const struct hcs_json *value = hcs_json_get(p, members[i][1]);

                                if (value)
                                        hcs_json_set(legacy, members[i][2], hcs_json_copy(value));
                                hcs_json_free(hcs_json_detach(list, p));
                                break;
                        }
        }
        hcs_json_set(legacy, "Policies", list);
}

struct hcs_json *net_network_to_legacy(struct net_model *m, const struct net_object *o) {
        const struct net_network *n = (const struct net_network *)o;
        const struct hcs_json *ranges = hcs_json_lookup(o->doc, "MacPool.Ranges");
        struct hcs_json *legacy = hcs_json_new_object();

        hcs_json_set_string(legacy, "ID", o->id_text);
        hcs_json_set_string(legacy, "Name", o->name);
        hcs_json_set_string(legacy, "Type", n->type->legacy);
        policies_out(o->doc, legacy);
        hcs_json_set(legacy, "MacPools", ranges ? hcs_json_copy(ranges) : hcs_json_new_array());
        hcs_json_set(legacy, "Subnets", subnets_out(o->doc));
        net_legacy_dns_out(o->doc, legacy);
        hcs_json_set_u64(legacy, "CurrentEndpointCount", n->n_endpoints);
        hcs_json_set_u64(legacy, "TotalEndpoints", n->total_endpoints);
        hcs_json_set_u64(legacy, "Flags", n->flags);
        hcs_json_set_u64(legacy, "State", 1);
        hcs_json_set_u64(legacy, "Version", (uint64_t)m->version.major << 32 | (uint64_t)m->version.minor);
        net_legacy_rest(HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK, o->doc, legacy);
        return legacy;
}

/* ---- namespaces ---- */

static struct hcs_json *namespace_out(const struct net_object *o) {
        const struct net_namespace *n = (const struct net_namespace *)o;
        struct hcs_json *legacy = hcs_json_new_object(), *list;

        hcs_json_set_string(legacy, "ID", o->id_text);
        hcs_json_set_bool(legacy, "IsDefault", n->is_default);
        list = hcs_json_set_new_array(legacy, "ResourceList");
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(o->doc, "Resources")); r; r = hcs_json_next(r)) {
                struct hcs_json *resource = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_string(resource, "Type", net_text(r, "Type"));
                hcs_json_set_string(hcs_json_set_new_object(resource, "Data"), "Id",
                                    net_text(hcs_json_get(r, "Data"), "ID"));
        }
        hcs_json_set_u64(legacy, "CompartmentId", n->number);
        hcs_json_set_u64(legacy, "CompartmendId", n->number); /* as hosts spell it */
        return legacy;
}

struct hcs_json *net_to_legacy(struct net_model *m, const struct net_object *o) {
        switch (o->kind) {
        case NET_NETWORK:
                return net_network_to_legacy(m, o);
        case NET_ENDPOINT:
                return net_endpoint_to_legacy(m, o);
        case NET_NAMESPACE:
                return namespace_out(o);
        case NET_LOADBALANCER:
        case NET_ROUTE:
                return net_list_to_legacy(o);
        default:
                return hcs_json_copy(o->doc);
        }
}
