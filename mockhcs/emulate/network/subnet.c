/* SPDX-License-Identifier: MIT */

/* The subnets of a network: prefixes, gateways and the addresses to be given out. Under the emulator's lock. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

/* SubnetFlags */
#define DO_NOT_RESERVE_GATEWAY 1

static struct net_subnet *subnet_free(struct net_subnet *s) {
        net_pool_deinit(&s->pool);
        free(s);
        return NULL;
}

void net_subnets_deinit(struct net_network *n) {
        for (size_t i = 0; i < n->n_subnets; i++)
                subnet_free(n->subnets[i]);
        free(n->subnets);
        n->subnets = NULL;
        n->n_subnets = 0;
}

struct net_subnet *net_subnet_of(struct net_network *n, const struct net_address *a) {
        for (size_t i = 0; i < n->n_subnets; i++)
                if (net_prefix_contains(&n->subnets[i]->prefix, a))
                        return n->subnets[i];
        return NULL;
}

/* Network address and broadcast are nobody's; IPv6 has an anycast address in the first place. */
static void fill_pool(struct net_subnet *s) {
        net_number first = s->prefix.first, last = net_prefix_last(&s->prefix);

        if (last - first >= 2) {
                first++;
                last -= !s->prefix.v6;
        }
        net_pool_add_range(&s->pool, first, last);
}

/* Addresses behind one translation must not be ambiguous for the host. */
static const struct net_network *overlapping(struct net_model *m, const struct net_prefix *p) {
        for (struct net_object *o = m->tables[NET_NETWORK].first; o; o = o->next) {
                const struct net_network *n = (const struct net_network *)o;

                for (size_t i = 0; n->type->translates && i < n->n_subnets; i++)
                        if (net_prefix_overlaps(&n->subnets[i]->prefix, p))
                                return n;
        }
        return NULL;
}

static HRESULT check_overlap(struct net_model *m, const struct net_network *n, const struct net_prefix *p,
                             const char *path, struct hcs_error **err) {
        const struct net_network *other = n->type->translates ? overlapping(m, p) : NULL;
        char text[NET_PREFIX_TEXT];

        for (size_t i = 0; i < n->n_subnets; i++)
                if (net_prefix_overlaps(&n->subnets[i]->prefix, p))
                        return net_refuse(err, HCN_E_INVALID_SUBNET, path, "overlaps %s of the same network",
                                          net_prefix_format(&n->subnets[i]->prefix, text));
        if (other && other != n)
                return net_refuse(err, HCN_E_INVALID_SUBNET, path, "overlaps a subnet of network \"%s\" (%s)",
                                  other->o.name, other->o.id_text);
        return S_OK;
}

static bool is_default_route(const struct hcs_json *route) {
        const char *to = net_text(route, "DestinationPrefix");

        return hcs_streq(to, "0.0.0.0/0") || hcs_streq(to, "::/0");
}

/* The next hop of the default route; one of zeros says that there is none. */
static HRESULT read_gateway(struct net_subnet *s, const struct hcs_json *subnet, const char *path,
                            struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(subnet, "Routes")); r; r = hcs_json_next(r), i++) {
                const char *hop = net_text(r, "NextHop"), *to = net_text(r, "DestinationPrefix");
                _cleanup_free_ char *where = hcs_asprintf("%s.Routes[%zu].%s", path, i, "NextHop");
                struct net_address a = {0};
                struct net_prefix p;

                if (*hop && !net_address_parse(hop, &a))
                        return net_refuse(err, HCN_E_INVALID_IP, where, "\"%s\" is not an IP address", hop);
                if (*to && !net_prefix_parse(to, true, &p)) {
                        _cleanup_free_ char *there = hcs_asprintf("%s.Routes[%zu].DestinationPrefix", path, i);

                        return net_refuse(err, HCN_E_INVALID_PREFIX, there, "\"%s\" is not a prefix", to);
                }
                if (!is_default_route(r) || net_address_is_zero(&a))
                        continue;
                if (!net_prefix_contains(&s->prefix, &a))
                        return net_refuse(err, HCN_E_ADDR_INVALID_OR_RESERVED, where, "%s is outside of the subnet",
                                          hop);
                s->gateway = a;
        }
        return S_OK;
}

/* The first address, in place of a default route that says nothing. */
static void add_gateway_route(struct net_subnet *s, struct hcs_json *subnet) {
        struct hcs_json *routes = net_array_of(subnet, "Routes"), *route;
        char text[NET_ADDRESS_TEXT];

        for (struct hcs_json *r = hcs_json_first(routes), *next; r; r = next) {
                next = hcs_json_next(r);
                if (is_default_route(r))
                        hcs_json_free(hcs_json_detach(routes, r));
        }
        s->gateway = (struct net_address){.value = s->prefix.first + 1, .v6 = s->prefix.v6};
        route = hcs_json_append(routes, hcs_json_new_object());
        hcs_json_set_string(route, "NextHop", net_address_format(&s->gateway, text));
        hcs_json_set_string(route, "DestinationPrefix", s->prefix.v6 ? "::/0" : "0.0.0.0/0");
}

/* The next /20 of 172.16.0.0/12 that no other translation has, nor the network itself. */
static HRESULT choose_prefix(struct net_model *m, const struct net_network *n, struct hcs_json *subnet,
                             struct net_prefix *ret, const char *path, struct hcs_error **err) {
        char text[NET_PREFIX_TEXT];

        for (uint64_t i = 0; i < 256; i++) {
                uint32_t block = (uint32_t)((m->next_nat + i) % 256);
                struct net_prefix p = {.first = 0xAC100000u + (block << 12), .length = 20};

                if (overlapping(m, &p) || FAILED(check_overlap(m, n, &p, NULL, NULL)))
                        continue;
                m->next_nat = block + 1;
                hcs_json_set_string(subnet, "IpAddressPrefix", net_prefix_format(&p, text));
                *ret = p;
                return S_OK;
        }
        return net_refuse(err, HCN_E_INVALID_SUBNET, path, "no subnet is left in 172.16.0.0/12");
}

/* 0.0.0.0/0 leaves the choice to the service, or to a DHCP server. */
static HRESULT read_prefix(struct net_model *m, const struct net_network *n, struct hcs_json *subnet,
                           struct net_prefix *ret, const char *path, struct hcs_error **err) {
        const char *text = net_text(subnet, "IpAddressPrefix");

        if (!net_prefix_parse(text, false, ret))
                return net_refuse(err, HCN_E_INVALID_PREFIX, path, "\"%s\" is not a prefix without host bits", text);
        if (ret->v6 && !net_feature(m, "IPv6DualStack"))
                return net_need(m, "IPv6DualStack", path, err);
        if (ret->length == 0 && !ret->v6 && n->type->translates)
                return choose_prefix(m, n, subnet, ret, path, err);
        return ret->length ? check_overlap(m, n, ret, path, err) : S_OK;
}

static HRESULT add_subnet(struct net_model *m, struct net_network *n, struct hcs_json *subnet, const char *path,
                          struct hcs_error **err) {
        _cleanup_free_ char *where = hcs_asprintf("%s.IpAddressPrefix", path);
        _cleanup_free_ char *policies = hcs_asprintf("%s.Policies", path);
        struct net_subnet *s;
        HRESULT hr;

        if (!*net_text(subnet, "IpAddressPrefix"))
                return S_OK; /* one that a DHCP server knows more about */
        s = hcs_calloc(1, sizeof(*s));
        hr = read_prefix(m, n, subnet, &s->prefix, where, err);
        if (SUCCEEDED(hr))
                hr = read_gateway(s, subnet, path, err);
        if (SUCCEEDED(hr))
                hr = net_policies_check(m, HCS_SCHEMA_POLICY_SUBNET, hcs_json_get(subnet, "Policies"), NULL, policies,
                                        err);
        if (FAILED(hr) || s->prefix.length == 0) {
                subnet_free(s);
                return hr;
        }
        fill_pool(s);
        if (net_address_is_zero(&s->gateway) && n->type->translates)
                add_gateway_route(s, subnet);
        if (!net_address_is_zero(&s->gateway) && !(net_uint(subnet, "Flags") & DO_NOT_RESERVE_GATEWAY))
                net_pool_take(&s->pool, s->gateway.value);
        n->subnets = hcs_realloc(n->subnets, (n->n_subnets + 1) * sizeof(struct net_subnet *));
        n->subnets[n->n_subnets++] = s;
        return S_OK;
}

static HRESULT choose_subnet(struct net_model *m, struct net_network *n, struct hcs_json *doc, struct hcs_error **err) {
        struct hcs_json *ipam = hcs_json_append(net_array_of(doc, "Ipams"), hcs_json_new_object()), *subnet;

        hcs_json_set_string(ipam, "Type", "Static");
        subnet = hcs_json_append(hcs_json_set_new_array(ipam, "Subnets"), hcs_json_new_object());
        hcs_json_set_string(subnet, "IpAddressPrefix", "0.0.0.0/0");
        return add_subnet(m, n, subnet, "$.Ipams[0].Subnets[0]", err);
}

HRESULT net_subnets_read(struct net_model *m, struct net_network *n, struct hcs_json *doc, struct hcs_error **err) {
        size_t i = 0;

        for (struct hcs_json *ipam = hcs_json_first(hcs_json_get(doc, "Ipams")); ipam;
             ipam = hcs_json_next(ipam), i++) {
                struct hcs_json *s = hcs_json_first(hcs_json_get(ipam, "Subnets"));
                const char *type = net_text(ipam, "Type");

                if (*type && !hcs_strcaseeq(type, "Static") && !hcs_strcaseeq(type, "DHCP")) {
                        _cleanup_free_ char *where = hcs_asprintf("$.Ipams[%zu].Type", i);

                        return net_refuse(err, HCN_E_INVALID_NETWORK, where, "Static or DHCP is expected, not \"%s\"",
                                          type);
                }
                for (size_t k = 0; s; s = hcs_json_next(s), k++) {
                        _cleanup_free_ char *path = hcs_asprintf("$.Ipams[%zu].Subnets[%zu]", i, k);
                        HRESULT hr = add_subnet(m, n, s, path, err);

                        if (FAILED(hr))
                                return hr;
                }
        }
        return n->n_subnets == 0 && n->type->translates ? choose_subnet(m, n, doc, err) : S_OK;
}

static struct net_subnet *find_prefix(struct net_network *n, const char *text, size_t *ret) {
        struct net_prefix p;

        if (!net_prefix_parse(text, false, &p))
                return NULL;
        for (size_t i = 0; i < n->n_subnets; i++)
                if (n->subnets[i]->prefix.v6 == p.v6 && n->subnets[i]->prefix.first == p.first &&
                    n->subnets[i]->prefix.length == p.length) {
                        *ret = i;
                        return n->subnets[i];
                }
        return NULL;
}

static bool in_use(const struct net_network *n, const struct net_subnet *s) {
        for (const struct net_endpoint *e = n->first; e; e = e->next)
                for (size_t i = 0; i < e->n_leases; i++)
                        if (e->leases[i].pool == &s->pool)
                                return true;
        return false;
}

static void drop_from_document(struct net_network *n, const char *prefix) {
        for (struct hcs_json *ipam = hcs_json_first(hcs_json_get(n->o.doc, "Ipams")); ipam;
             ipam = hcs_json_next(ipam)) {
                struct hcs_json *list = hcs_json_get(ipam, "Subnets");

                for (struct hcs_json *s = hcs_json_first(list); s; s = hcs_json_next(s))
                        if (hcs_streq(net_text(s, "IpAddressPrefix"), prefix)) {
                                hcs_json_free(hcs_json_detach(list, s));
                                return;
                        }
        }
}

static HRESULT remove_subnet(struct net_network *n, const struct hcs_json *subnet, const char *path,
                             struct hcs_error **err) {
        const char *text = net_text(subnet, "IpAddressPrefix");
        size_t i = 0;
        struct net_subnet *s = find_prefix(n, text, &i);

        if (!s)
                return net_refuse(err, HCN_E_SUBNET_NOT_FOUND, path, "the network has no subnet \"%s\"", text);
        if (in_use(n, s))
                return net_refuse(err, HCN_E_ENTITY_HAS_REFERENCES, path, "endpoints have addresses of %s", text);
        drop_from_document(n, text);
        subnet_free(s);
        memmove(&n->subnets[i], &n->subnets[i + 1], (--n->n_subnets - i) * sizeof(struct net_subnet *));
        return S_OK;
}

/* One subnet a request, as the model is to stay whole when it is refused. */
HRESULT net_subnets_modify(struct net_model *m, struct net_network *n, const char *request,
                           const struct hcs_json *settings, struct hcs_error **err) {
        const struct hcs_json *list = hcs_json_get(settings, "Subnets"), *first = hcs_json_first(list);
        _cleanup_json_ struct hcs_json *subnet = first ? hcs_json_copy(first) : NULL;
        struct hcs_json *ipams;
        HRESULT hr;

        if (hcs_json_count(list) != 1)
                return net_refuse(err, HCN_E_INVALID_SUBNET, "$.Settings.Subnets", "one subnet is expected");
        net_normalise(HCS_SCHEMA_HCN_SUBNET, subnet);
        hr = net_check(m, HCS_SCHEMA_HCN_SUBNET, subnet, err);
        if (FAILED(hr))
                return hr;
        if (hcs_streq(request, "Remove"))
                return remove_subnet(n, subnet, "$.Settings.Subnets[0].IpAddressPrefix", err);
        if (!hcs_streq(request, "Add"))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "Add or Remove is expected");
        if (!*net_text(subnet, "IpAddressPrefix"))
                return net_refuse(err, HCN_E_INVALID_PREFIX, "$.Settings.Subnets[0].IpAddressPrefix", "it is empty");
        hr = add_subnet(m, n, subnet, "$.Settings.Subnets[0]", err);
        if (FAILED(hr))
                return hr;
        ipams = net_array_of(n->o.doc, "Ipams");
        if (!hcs_json_first(ipams))
                hcs_json_set_string(hcs_json_append(ipams, hcs_json_new_object()), "Type", "Static");
        hcs_json_append(net_array_of(hcs_json_first(ipams), "Subnets"), steal_pointer(&subnet));
        return S_OK;
}
