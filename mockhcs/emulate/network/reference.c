/* SPDX-License-Identifier: MIT */

/*
 * Load balancers and SDN routes: lists of endpoints with something to be done for them. Both kinds stand here, as they
 * differ only in what is checked. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static struct net_policy_list *of(struct net_object *o) {
        return (struct net_policy_list *)o;
}

/* Version 1 writes "/endpoints/<id>". */
static struct net_endpoint *endpoint(struct net_model *m, const struct hcs_json *reference) {
        const char *text = hcs_json_string(reference), *slash = text ? strrchr(text, '/') : NULL;

        return (struct net_endpoint *)net_find(m, NET_ENDPOINT, slash ? slash + 1 : text);
}

static HRESULT check_references(struct net_model *m, const struct hcs_json *doc, struct hcs_error **err) {
        const struct hcs_json *list = hcs_json_get(doc, "HostComputeEndpoints");
        size_t i = 0;

        if (!hcs_json_first(list))
                return net_refuse(err, HCN_E_INVALID_JSON_REFERENCE, "$.HostComputeEndpoints",
                                  "A Reference is required");
        for (const struct hcs_json *r = hcs_json_first(list); r; r = hcs_json_next(r), i++)
                if (!endpoint(m, r)) {
                        _cleanup_free_ char *path = hcs_asprintf("$.HostComputeEndpoints[%zu]", i);

                        return net_refuse(err, HCN_E_INVALID_JSON_REFERENCE, path, "there is no endpoint \"%s\"",
                                          hcs_json_string(r) ? hcs_json_string(r) : "");
                }
        return S_OK;
}

static void add(struct net_endpoint *e, struct net_object *o) {
        for (size_t i = 0; i < e->n_referrers; i++)
                if (e->referrers[i] == o)
                        return;
        if (e->n_referrers == e->cap_referrers) {
                e->cap_referrers = e->cap_referrers ? e->cap_referrers * 2 : 4;
                e->referrers = hcs_realloc(e->referrers, e->cap_referrers * sizeof(struct net_object *));
        }
        e->referrers[e->n_referrers++] = o;
}

void net_references_add(struct net_model *m, struct net_object *o) {
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(o->doc, "HostComputeEndpoints")); r;
             r = hcs_json_next(r))
                add(endpoint(m, r), o);
}

void net_references_remove(struct net_model *m, struct net_object *o) {
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(o->doc, "HostComputeEndpoints")); r;
             r = hcs_json_next(r)) {
                struct net_endpoint *e = endpoint(m, r);

                for (size_t i = 0; e && i < e->n_referrers; i++)
                        if (e->referrers[i] == o)
                                e->referrers[i--] = e->referrers[--e->n_referrers];
        }
}

void net_referrers_forget(struct net_endpoint *e) {
        for (size_t i = 0; i < e->n_referrers; i++) {
                struct hcs_json *list = hcs_json_get(e->referrers[i]->doc, "HostComputeEndpoints");

                for (struct hcs_json *r = hcs_json_first(list), *next; r; r = next) {
                        const char *text = hcs_json_string(r);

                        next = hcs_json_next(r);
                        if (text && hcs_str_ends(text, e->o.id_text))
                                hcs_json_free(hcs_json_detach(list, r));
                }
        }
        free(e->referrers);
        e->referrers = NULL;
        e->n_referrers = e->cap_referrers = 0;
}

/* Ids as the model spells them, so that each can be found again. */
static void spell_references(struct net_model *m, struct hcs_json *doc) {
        struct hcs_json *list = hcs_json_get(doc, "HostComputeEndpoints");

        for (struct hcs_json *r = hcs_json_first(list), *next; r; r = next) {
                next = hcs_json_next(r);
                hcs_json_replace(list, r, hcs_json_new_string(endpoint(m, r)->o.id_text));
        }
}

static HRESULT check_addresses(const struct hcs_json *doc, struct hcs_error **err) {
        const char *source = net_text(doc, "SourceVIP");
        struct net_address a;
        size_t i = 0;

        if (*source && !net_address_parse(source, &a))
                return net_refuse(err, HCN_E_INVALID_IP, "$.SourceVIP", "\"%s\" is not an IP address", source);
        for (const struct hcs_json *v = hcs_json_first(hcs_json_get(doc, "FrontendVIPs")); v; v = hcs_json_next(v), i++)
                if (!net_address_parse(hcs_json_string(v), &a)) {
                        _cleanup_free_ char *path = hcs_asprintf("$.FrontendVIPs[%zu]", i);

                        return net_refuse(err, HCN_E_INVALID_IP, path, "\"%s\" is not an IP address",
                                          hcs_json_string(v) ? hcs_json_string(v) : "");
                }
        return S_OK;
}

static HRESULT check_route(const struct hcs_json *doc, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *s = hcs_json_first(hcs_json_get(doc, "Setting")); s; s = hcs_json_next(s), i++) {
                const char *to = net_text(s, "DestinationPrefix"), *hop = net_text(s, "NextHop");
                _cleanup_free_ char *path = hcs_asprintf("$.Setting[%zu]", i);
                struct net_address a;
                struct net_prefix p;

                if (*to && !net_prefix_parse(to, true, &p))
                        return net_refuse(err, HCN_E_INVALID_PREFIX, path, "\"%s\" is not a prefix", to);
                if (*hop && !net_address_parse(hop, &a))
                        return net_refuse(err, HCN_E_INVALID_IP, path, "\"%s\" is not an IP address", hop);
        }
        return S_OK;
}

static HRESULT check(struct net_model *m, enum net_kind kind, const struct hcs_json *doc, struct hcs_error **err) {
        HRESULT hr = check_references(m, doc, err);

        if (SUCCEEDED(hr))
                hr = kind == NET_ROUTE ? check_route(doc, err) : check_addresses(doc, err);
        return hr;
}

static HRESULT create(struct net_model *m, enum net_kind kind, struct hcs_json *doc, struct net_object **ret,
                      struct hcs_error **err) {
        struct net_port *ports = NULL;
        struct net_policy_list *l;
        HRESULT hr = check(m, kind, doc, err);

        if (SUCCEEDED(hr))
                hr = net_ports_claim_frontends(m, doc, &ports, err);
        if (FAILED(hr))
                return hr;
        spell_references(m, doc);
        if (kind == NET_LOADBALANCER)
                hcs_json_set_u64(doc, "Flags", net_uint(doc, "Flags"));
        l = (struct net_policy_list *)net_object_new(kind, sizeof(*l), doc);
        l->ports = ports;
        *ret = &l->o;
        return S_OK;
}

static HRESULT create_balancer(struct net_model *m, struct net_object *parent, struct hcs_json *doc,
                               struct net_object **ret, struct hcs_error **err) {
        return create(m, NET_LOADBALANCER, doc, ret, err);
}

static HRESULT create_route(struct net_model *m, struct net_object *parent, struct hcs_json *doc,
                            struct net_object **ret, struct hcs_error **err) {
        return create(m, NET_ROUTE, doc, ret, err);
}

static void release(struct net_model *m, struct net_object *o) {
        net_references_remove(m, o);
        net_ports_release(m, &of(o)->ports);
}

HRESULT net_replace_list(struct net_model *m, struct net_object *o, const struct hcs_json *settings,
                         struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_copy(settings);
        enum hcs_schema_type_id type = net_kinds[o->kind]->type;
        HRESULT hr;

        net_normalise(type, doc);
        hr = net_check(m, type, doc, err);
        if (SUCCEEDED(hr) && *net_text(doc, "ID") && net_find(m, o->kind, net_text(doc, "ID")) != o)
                hr = net_refuse(err, E_INVALIDARG, "$.ID", "another id than that of the handle");
        if (SUCCEEDED(hr))
                hr = check(m, o->kind, doc, err);
        if (FAILED(hr))
                return hr;
        net_ports_release(m, &of(o)->ports);
        hr = net_ports_claim_frontends(m, doc, &of(o)->ports, err);
        if (FAILED(hr)) {
                net_ports_claim_frontends(m, o->doc, &of(o)->ports, NULL);
                return hr;
        }
        net_references_remove(m, o);
        spell_references(m, doc);
        hcs_json_set_string(doc, "ID", o->id_text);
        hcs_json_free(o->doc);
        o->doc = steal_pointer(&doc);
        net_order(type, o->doc);
        net_references_add(m, o);
        return S_OK;
}

static HRESULT modify_balancer(struct net_model *m, struct net_object *o, const struct hcs_json *request,
                               struct hcs_error **err) {
        HRESULT hr = net_need(m, "ModifyLoadbalancer", NULL, err);

        return SUCCEEDED(hr) ? net_replace_list(m, o, request, err) : hr;
}

const struct net_kind_ops net_loadbalancer_ops = {
        .noun = "load balancer",
        .list = "LoadBalancers",
        .not_found = HCS_WIN32(0x490),
        .exists = HCS_WIN32(0xB7),
        .type = HCS_SCHEMA_HCN_HOST_COMPUTE_LOAD_BALANCER,
        .create = create_balancer,
        .modify = modify_balancer,
        .entered = net_references_add,
        .release = release,
};

const struct net_kind_ops net_route_ops = {
        .noun = "route",
        .list = "SdnRoutes",
        .not_found = HCS_WIN32(0x490),
        .exists = HCS_WIN32(0xB7),
        .type = HCS_SCHEMA_HCN_HOST_COMPUTE_ROUTE,
        .create = create_route,
        .modify = net_replace_list,
        .entered = net_references_add,
        .release = release,
};
