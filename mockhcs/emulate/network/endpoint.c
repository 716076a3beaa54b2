/* SPDX-License-Identifier: MIT */

/* Endpoints: addresses of their own, what they inherit from their network, their policies. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

#define FLAG_REMOTE 1

static struct net_endpoint *of(struct net_object *o) {
        return (struct net_endpoint *)o;
}

static void hold(struct net_endpoint *e, struct net_pool *pool, net_number number, bool v6) {
        e->leases = hcs_realloc(e->leases, (e->n_leases + 1) * sizeof(*e->leases));
        e->leases[e->n_leases++] = (struct net_lease_of){pool, number, v6};
}

static void give_back(struct net_model *m, struct net_endpoint *e) {
        for (size_t i = 0; i < e->n_leases; i++)
                net_pool_give(e->leases[i].pool, e->leases[i].number);
        net_ports_release(m, &e->ports);
        free(e->leases);
        e->leases = NULL;
        e->n_leases = 0;
        e->containers = hcs_json_free(e->containers);
}

static bool is_remote(const struct hcs_json *doc) {
        return net_uint(doc, "Flags") & FLAG_REMOTE;
}

/* ---- addresses ---- */

static HRESULT take_given(struct net_network *n, struct net_endpoint *e, struct hcs_json *config, const char *path,
                          struct hcs_error **err) {
        const char *text = net_text(config, "IpAddress");
        _cleanup_free_ char *where = hcs_asprintf("%s.IpAddress", path), *there = hcs_asprintf("%s.PrefixLength", path);
        bool remote = is_remote(e->o.doc);
        struct net_address a;
        struct net_subnet *s;
        struct net_pool *pool;
        char spelled[NET_ADDRESS_TEXT];
        net_number last;

        if (!net_address_parse(text, &a))
                return net_refuse(err, HCN_E_INVALID_IP, where, "\"%s\" is not an IP address", text);
        s = net_subnet_of(n, &a);
        if (!s && n->n_subnets && !remote)
                return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, where, "%s is in no subnet of the network",
                                  text);
        if (net_uint(config, "PrefixLength") > (a.v6 ? 128 : 32))
                return net_refuse(err, HCN_E_INVALID_PREFIX, there, "longer than an address");
        last = s ? net_prefix_last(&s->prefix) : 0;
        if (s && last - s->prefix.first >= 2 && (a.value == s->prefix.first || (!a.v6 && a.value == last)))
                return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, where, "%s is reserved in its subnet", text);
        pool = s ? &s->pool : &n->loose[a.v6];
        if (!net_pool_take(pool, a.value))
                return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, where, "%s is in use", text);
        hold(e, pool, a.value, a.v6);
        hcs_json_set_string(config, "IpAddress", net_address_format(&a, spelled));
        if (!net_uint(config, "PrefixLength"))
                hcs_json_set_u64(config, "PrefixLength", s ? s->prefix.length : a.v6 ? 128 : 32);
        return S_OK;
}

static bool has_family(const struct net_network *n, bool v6) {
        for (size_t i = 0; i < n->n_subnets; i++)
                if (n->subnets[i]->prefix.v6 == v6)
                        return true;
        return false;
}

static HRESULT take_next(struct net_network *n, struct net_endpoint *e, bool v6, struct hcs_json *config,
                         const char *path, struct hcs_error **err) {
        for (size_t i = 0; i < n->n_subnets; i++) {
                struct net_subnet *s = n->subnets[i];
                struct net_address a = {.v6 = v6};
                char text[NET_ADDRESS_TEXT];

                if (s->prefix.v6 != v6 || !net_pool_take_next(&s->pool, &a.value))
                        continue;
                hold(e, &s->pool, a.value, v6);
                hcs_json_set_string(config, "IpAddress", net_address_format(&a, text));
                hcs_json_set_u64(config, "PrefixLength", s->prefix.length);
                return S_OK;
        }
        return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, path, "no %s address is left in the network",
                          v6 ? "IPv6" : "IPv4");
}

static HRESULT read_addresses(struct net_network *n, struct net_endpoint *e, struct hcs_json *doc,
                              struct hcs_error **err) {
        struct hcs_json *list = net_array_of(doc, "IpConfigurations");
        HRESULT hr = S_OK;
        size_t i = 0;

        if (!hcs_json_first(list) && !is_remote(doc))
                for (int v6 = 0; v6 <= 1 && SUCCEEDED(hr); v6++)
                        if (has_family(n, v6))
                                hr = take_next(n, e, v6, hcs_json_append(list, hcs_json_new_object()),
                                               "$.IpConfigurations", err);
        if (e->n_leases)
                return hr;
        for (struct hcs_json *c = hcs_json_first(list); c && SUCCEEDED(hr); c = hcs_json_next(c), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.IpConfigurations[%zu]", i);

                if (*net_text(c, "IpAddress"))
                        hr = take_given(n, e, c, path, err);
                else if (n->n_subnets)
                        hr = take_next(n, e, !has_family(n, false), c, path, err);
        }
        return hr;
}

static HRESULT read_mac(struct net_network *n, struct net_endpoint *e, struct hcs_json *doc, struct hcs_error **err) {
        const char *given = net_text(doc, "MacAddress");
        char text[NET_MAC_TEXT];
        net_number mac;

        if (*given && !net_mac_parse(given, &mac))
                return net_refuse(err, HCN_E_INVALID_ENDPOINT, "$.MacAddress", "\"%s\" is not a MAC address", given);
        /* What is elsewhere may well have the address of its router. */
        if (*given && !is_remote(doc) && !net_pool_take(&n->macs, mac))
                return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, "$.MacAddress", "%s is in use", given);
        if (!*given && !net_pool_take_next(&n->macs, &mac))
                return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, "$.MacAddress",
                                  "no MAC address is left in the network");
        if (!*given || !is_remote(doc))
                hold(e, &n->macs, mac, false);
        hcs_json_set_string(doc, "MacAddress", net_mac_format(mac, text));
        return S_OK;
}

/* ---- what it inherits ---- */

static void inherit_dns(const struct net_network *n, struct hcs_json *doc) {
        struct hcs_json *dns = net_object_of(doc, "Dns");

        for (const struct hcs_json *d = hcs_json_first(hcs_json_get(n->o.doc, "Dns")); d; d = hcs_json_next(d))
                if (!hcs_json_get(dns, hcs_json_key(d)))
                        hcs_json_set(dns, hcs_json_key(d), hcs_json_copy(d));
}

static void inherit_routes(const struct net_network *n, const struct net_endpoint *e, struct hcs_json *doc) {
        struct hcs_json *routes = net_array_of(doc, "Routes"), *route;
        char text[NET_ADDRESS_TEXT];

        if (hcs_json_first(routes))
                return;
        for (size_t i = 0; i < n->n_subnets; i++) {
                const struct net_subnet *s = n->subnets[i];
                bool held = false;

                for (size_t k = 0; k < e->n_leases; k++)
                        held |= e->leases[k].pool == &s->pool;
                if (!held || net_address_is_zero(&s->gateway))
                        continue;
                route = hcs_json_append(routes, hcs_json_new_object());
                hcs_json_set_string(route, "NextHop", net_address_format(&s->gateway, text));
                hcs_json_set_string(route, "DestinationPrefix", s->prefix.v6 ? "::/0" : "0.0.0.0/0");
        }
}

static HRESULT check_routes(const struct hcs_json *doc, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(doc, "Routes")); r; r = hcs_json_next(r), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.Routes[%zu]", i);
                struct net_address a;
                struct net_prefix p;

                if (*net_text(r, "NextHop") && !net_address_parse(net_text(r, "NextHop"), &a))
                        return net_refuse(err, HCN_E_INVALID_IP, path, "\"%s\" is not an IP address",
                                          net_text(r, "NextHop"));
                if (*net_text(r, "DestinationPrefix") && !net_prefix_parse(net_text(r, "DestinationPrefix"), true, &p))
                        return net_refuse(err, HCN_E_INVALID_PREFIX, path, "\"%s\" is not a prefix",
                                          net_text(r, "DestinationPrefix"));
        }
        return S_OK;
}

static HRESULT find_network(struct net_model *m, struct net_object *parent, const struct hcs_json *doc,
                            struct net_network **ret, struct hcs_error **err) {
        const char *id = net_text(doc, "HostComputeNetwork");
        struct net_object *named = *id ? net_find(m, NET_NETWORK, id) : parent;

        if (!named)
                return net_refuse(err, HCN_E_NETWORK_NOT_FOUND, "$.HostComputeNetwork", "there is no network \"%s\"",
                                  id);
        if (parent && named != parent)
                return net_refuse(err, HCN_E_INVALID_JSON_REFERENCE, "$.HostComputeNetwork",
                                  "another network than that of the handle");
        *ret = (struct net_network *)named;
        return S_OK;
}

static HRESULT create(struct net_model *m, struct net_object *parent, struct hcs_json *doc, struct net_object **ret,
                      struct hcs_error **err) {
        struct net_network *n = NULL;
        struct net_endpoint *e;
        HRESULT hr = find_network(m, parent, doc, &n, err);

        if (FAILED(hr))
                return hr;
        if (*net_text(doc, "HostComputeNamespace"))
                return net_refuse(err, HCN_E_INVALID_ENDPOINT, "$.HostComputeNamespace",
                                  "read only: attach the endpoint through the namespace");
        e = (struct net_endpoint *)net_object_new(NET_ENDPOINT, sizeof(*e), doc);
        e->network = n;
        e->containers = hcs_json_new_array();
        e->state = NET_ENDPOINT_CREATED;
        hr = net_policies_check(m, HCS_SCHEMA_POLICY_ENDPOINT, hcs_json_get(doc, "Policies"),
                                hcs_json_get(n->o.doc, "Policies"), "$.Policies", err);
        if (SUCCEEDED(hr))
                hr = net_dns_check(hcs_json_get(doc, "Dns"), "$.Dns", err);
        if (SUCCEEDED(hr))
                hr = check_routes(doc, err);
        if (SUCCEEDED(hr))
                hr = read_addresses(n, e, doc, err);
        if (SUCCEEDED(hr))
                hr = read_mac(n, e, doc, err);
        if (SUCCEEDED(hr))
                hr = net_ports_claim_mappings(m, n, hcs_json_get(doc, "Policies"), &e->ports, err);
        if (FAILED(hr)) {
                give_back(m, e);
                e->o.doc = NULL; /* the caller's still */
                net_object_free(&e->o);
                return hr;
        }
        hcs_json_set_string(doc, "HostComputeNetwork", n->o.id_text);
        inherit_dns(n, doc);
        inherit_routes(n, e, doc);
        hcs_json_set_u64(doc, "Flags", net_uint(doc, "Flags"));
        net_object_of(net_object_of(doc, "Health"), "Extra");
        *ret = &e->o;
        return S_OK;
}

static void entered(struct net_model *m, struct net_object *o) {
        struct net_endpoint *e = of(o);
        struct net_network *n = e->network;

        e->prev = n->last;
        *(n->last ? &n->last->next : &n->first) = e;
        n->last = e;
        n->n_endpoints++;
        n->total_endpoints++;
}

static void release(struct net_model *m, struct net_object *o) {
        struct net_endpoint *e = of(o);
        struct net_network *n = e->network;

        if (e->space)
                net_detach_space(m, e, e->space, NULL, NULL);
        else if (hcs_json_first(e->containers))
                net_notify(m, "NetworkEndpointDetached", o, &n->o);
        net_referrers_forget(e);
        give_back(m, e);
        *(e->prev ? &e->prev->next : &n->first) = e->next;
        *(e->next ? &e->next->prev : &n->last) = e->prev;
        n->n_endpoints--;
        e->state = NET_ENDPOINT_DESTROYED;
}

/* ---- modify ---- */

HRESULT net_endpoint_set_policies(struct net_model *m, struct net_endpoint *e, struct hcs_json *policies,
                                  struct hcs_error **err) {
        HRESULT hr;

        net_ports_release(m, &e->ports);
        hr = net_ports_claim_mappings(m, e->network, policies, &e->ports, err);
        if (FAILED(hr)) {
                hcs_json_free(policies);
                net_ports_claim_mappings(m, e->network, hcs_json_get(e->o.doc, "Policies"), &e->ports, NULL);
                return hr;
        }
        hcs_json_set(e->o.doc, "Policies", policies);
        return S_OK;
}

/* The port of a virtual machine: which one it is plugged into. */
static HRESULT modify_port(struct net_model *m, struct net_endpoint *e, const char *request,
                           const struct hcs_json *settings, struct hcs_error **err) {
        const char *vm = net_text(settings, "VirtualMachineId"), *nic = net_text(settings, "VirtualNicName");
        const char *system = *vm ? vm : *nic ? nic : net_text(settings, "PortId");
        GUID id;

        if (is_remote(e->o.doc))
                return net_refuse(err, HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION, "$.ResourceType",
                                  "a remote endpoint has no port");
        if (!hcs_streq(request, "Add") && !hcs_streq(request, "Remove"))
                return S_OK;
        if (*vm && FAILED(hcs_guid_parse(vm, &id, NULL)))
                return net_refuse(err, HCN_E_GUID_CONVERSION_FAILURE, "$.Settings.VirtualMachineId",
                                  "\"%s\" is not a GUID", vm);
        if (!*system)
                return net_refuse(err, E_INVALIDARG, "$.Settings", "a virtual machine, adapter or port is expected");
        return hcs_streq(request, "Add") ? net_attach_system(m, e, system, err) : net_detach_system(m, e, system, err);
}

static HRESULT modify(struct net_model *m, struct net_object *o, const struct hcs_json *doc, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_copy(doc);
        struct hcs_json *policies = NULL;
        const char *resource, *type;
        HRESULT hr;

        net_normalise(HCS_SCHEMA_HCN_MODIFY_ENDPOINT_SETTING_REQUEST, request);
        hr = net_check(m, HCS_SCHEMA_HCN_MODIFY_ENDPOINT_SETTING_REQUEST, request, err);
        if (FAILED(hr))
                return hr;
        resource = net_text(request, "ResourceType");
        type = net_text(request, "RequestType");
        if (!net_request_known(type))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "\"%s\" is not a request", type);
        if (hcs_streq(resource, "Port"))
                return modify_port(m, of(o), type, hcs_json_get(request, "Settings"), err);
        if (!hcs_streq(resource, "Policy"))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.ResourceType", "an endpoint has no \"%s\"",
                                  resource);
        hr = net_policies_modify(m, HCS_SCHEMA_POLICY_ENDPOINT, o->doc, type,
                                 hcs_json_lookup(request, "Settings.Policies"),
                                 hcs_json_get(of(o)->network->o.doc, "Policies"), &policies, err);
        return SUCCEEDED(hr) ? net_endpoint_set_policies(m, of(o), policies, err) : hr;
}

const struct net_kind_ops net_endpoint_ops = {
        .noun = "endpoint",
        .list = "Endpoints",
        .not_found = HCN_E_ENDPOINT_NOT_FOUND,
        .exists = HCS_WIN32(0xB7),
        .type = HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT,
        .create = create,
        .modify = modify,
        .entered = entered,
        .release = release,
};
