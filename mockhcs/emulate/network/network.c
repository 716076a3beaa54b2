/* SPDX-License-Identifier: MIT */

/* Networks: what their settings say, and what the service fills in. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static const struct net_type types[] = {
        {"NAT", "nat", true},
        {"Transparent", "transparent", false},
        {"L2Bridge", "l2bridge", false},
        {"L2Tunnel", "l2tunnel", false},
        {"ICS", "ICS", true},
        {"Private", "Private", false},
        {"Overlay", "overlay", false},
        {"Internal", "Internal", false},
        {"Mirrored", "Mirrored", false},
        {"Infiniband", "Infiniband", false},
        {"ConstrainedICS", "ConstrainedICS", true},
};

const struct net_type *net_type_find(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++)
                if (hcs_strcaseeq(types[i].name, name))
                        return &types[i];
        return NULL;
}

static struct net_network *of(struct net_object *o) {
        return (struct net_network *)o;
}

static HRESULT read_mac_pool(struct net_network *n, struct hcs_json *doc, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *r = hcs_json_first(hcs_json_lookup(doc, "MacPool.Ranges")); r;
             r = hcs_json_next(r), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.MacPool.Ranges[%zu]", i);
                net_number first, last;

                if (!net_mac_parse(net_text(r, "StartMacAddress"), &first) ||
                    !net_mac_parse(net_text(r, "EndMacAddress"), &last) || first > last)
                        return net_refuse(err, HCN_E_INVALID_NETWORK, path, "\"%s\" to \"%s\" is not a range",
                                          net_text(r, "StartMacAddress"), net_text(r, "EndMacAddress"));
                net_pool_add_range(&n->macs, first, last);
        }
        return S_OK;
}

/* 4096 addresses of the block of the hypervisor, as hosts choose them: 00-15-5D-1B-20-00 to -2F-FF. */
static void choose_mac_pool(struct net_model *m, struct net_network *n, struct hcs_json *doc) {
        net_number first = 0x00155D000000u + ((net_number)(0x100 + m->next_mac++ % 0xE00) << 12);
        struct hcs_json *range;
        char text[NET_MAC_TEXT];

        net_pool_add_range(&n->macs, first, first + 0xFFF);
        range = hcs_json_append(net_array_of(net_object_of(doc, "MacPool"), "Ranges"), hcs_json_new_object());
        hcs_json_set_string(range, "StartMacAddress", net_mac_format(first, text));
        hcs_json_set_string(range, "EndMacAddress", net_mac_format(first + 0xFFF, text));
}

static void free_parts(struct net_network *n) {
        net_subnets_deinit(n);
        net_pool_deinit(&n->macs);
        net_pool_deinit(&n->loose[0]);
        net_pool_deinit(&n->loose[1]);
}

static HRESULT read_settings(struct net_model *m, struct net_network *n, struct hcs_json *doc, struct hcs_error **err) {
        HRESULT hr = net_policies_check(m, HCS_SCHEMA_POLICY_NETWORK, hcs_json_get(doc, "Policies"), NULL, "$.Policies",
                                        err);

        if (SUCCEEDED(hr))
                hr = net_dns_check(hcs_json_get(doc, "Dns"), "$.Dns", err);
        if (SUCCEEDED(hr))
                hr = read_mac_pool(n, doc, err);
        if (SUCCEEDED(hr))
                hr = net_subnets_read(m, n, doc, err);
        return hr;
}

static HRESULT create(struct net_model *m, struct net_object *parent, struct hcs_json *doc, struct net_object **ret,
                      struct hcs_error **err) {
        const char *type = *net_text(doc, "Type") ? net_text(doc, "Type") : "NAT";
        struct net_network *n;
        HRESULT hr;

        if (!net_type_find(type))
                return net_refuse(err, HCN_E_INVALID_NETWORK_TYPE, "$.Type", "\"%s\" is not a type of network", type);
        n = (struct net_network *)net_object_new(NET_NETWORK, sizeof(*n), NULL);
        n->type = net_type_find(type);
        n->flags = net_uint(doc, "Flags");
        hr = read_settings(m, n, doc, err);
        if (FAILED(hr)) {
                free_parts(n);
                net_object_free(&n->o);
                return hr;
        }
        if (n->macs.n_ranges == 0)
                choose_mac_pool(m, n, doc);
        hcs_json_set_string(doc, "Type", n->type->name);
        net_object_of(doc, "Dns");
        hcs_json_set_u64(doc, "Flags", n->flags);
        net_object_of(net_object_of(doc, "Health"), "Extra");
        free(n->o.name);
        n->o.name = hcs_strdup(net_text(doc, "Name"));
        n->o.doc = doc;
        *ret = &n->o;
        return S_OK;
}

static HRESULT modify_dns(struct net_object *o, const char *request, const struct hcs_json *settings,
                          struct hcs_error **err) {
        struct hcs_json *dns = net_object_of(o->doc, "Dns");
        HRESULT hr;

        if (settings && !hcs_json_is(settings, HCS_JSON_OBJECT))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Settings", "an object is expected");
        hr = net_dns_check(settings, "$.Settings", err);
        if (FAILED(hr))
                return hr;
        if (hcs_streq(request, "Remove") || hcs_streq(request, "Reset")) {
                hcs_json_set_new_object(o->doc, "Dns");
        } else if (hcs_streq(request, "Update")) {
                hcs_json_set(o->doc, "Dns", settings ? hcs_json_copy(settings) : hcs_json_new_object());
        } else if (hcs_streq(request, "Add")) {
                for (const struct hcs_json *s = hcs_json_first(settings); s; s = hcs_json_next(s))
                        hcs_json_set(dns, hcs_json_key(s), hcs_json_copy(s));
        }
        return S_OK;
}

/* Extensions of the switch, told apart by Id. */
static HRESULT modify_extension(struct net_object *o, const char *request, const struct hcs_json *settings,
                                struct hcs_error **err) {
        const char *id = net_text(settings, "Id");
        struct hcs_json *list, *found = NULL;

        if (hcs_streq(request, "Refresh") || hcs_streq(request, "Reset"))
                return S_OK;
        if (!*id)
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Settings.Id", "the id of an extension is expected");
        for (struct hcs_json *e = hcs_json_first(hcs_json_get(o->doc, "Extensions")); e && !found; e = hcs_json_next(e))
                if (hcs_strcaseeq(net_text(e, "Id"), id))
                        found = e;
        if (!found && !hcs_streq(request, "Add"))
                return net_refuse(err, HCN_E_SWITCH_EXTENSION_NOT_FOUND, "$.Settings.Id", "there is no extension %s",
                                  id);
        list = net_array_of(o->doc, "Extensions");
        if (found)
                hcs_json_free(hcs_json_detach(list, found));
        if (!hcs_streq(request, "Remove"))
                hcs_json_append(list, hcs_json_copy(settings));
        return S_OK;
}

static HRESULT modify_policies(struct net_model *m, struct net_object *o, const char *request,
                               const struct hcs_json *settings, struct hcs_error **err) {
        struct hcs_json *policies = NULL;
        HRESULT hr =
                net_policies_modify(m, HCS_SCHEMA_POLICY_NETWORK, o->doc, request, hcs_json_get(settings, "Policies"),
                                    hcs_json_get(o->doc, "Policies"), &policies, err);

        if (SUCCEEDED(hr))
                hcs_json_set(o->doc, "Policies", policies);
        return hr;
}

static HRESULT modify(struct net_model *m, struct net_object *o, const struct hcs_json *doc, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_copy(doc);
        const struct hcs_json *settings;
        const char *resource, *type;
        HRESULT hr;

        net_normalise(HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST, request);
        if (hcs_streq(net_text(request, "ResourceType"), "DNS") &&
            hcs_json_is(hcs_json_get(request, "Settings"), HCS_JSON_OBJECT))
                net_normalise(HCS_SCHEMA_HCN_DNS, hcs_json_get(request, "Settings"));
        hr = net_check(m, HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST, request, err);
        if (FAILED(hr))
                return hr;
        resource = net_text(request, "ResourceType");
        type = net_text(request, "RequestType");
        settings = hcs_json_get(request, "Settings");
        if (hcs_json_is(settings, HCS_JSON_NULL))
                settings = NULL;
        if (hcs_streq(resource, "Policy"))
                return modify_policies(m, o, type, settings, err);
        if (hcs_streq(resource, "Subnet"))
                return net_subnets_modify(m, of(o), type, settings, err);
        if (!net_request_known(type))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "\"%s\" is not a request", type);
        if (hcs_streq(resource, "DNS"))
                return modify_dns(o, type, settings, err);
        if (hcs_streq(resource, "Extension"))
                return modify_extension(o, type, settings, err);
        return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.ResourceType", "a network has no \"%s\"", resource);
}

static void entered(struct net_model *m, struct net_object *o) {
        net_notify(m, "NetworkPreCreate", o, NULL);
}

/* A network goes with its endpoints. */
static void release(struct net_model *m, struct net_object *o) {
        struct net_network *n = of(o);

        while (n->first)
                net_delete(m, &n->first->o);
        free_parts(n);
}

const struct net_kind_ops net_network_ops = {
        .noun = "network",
        .list = "Networks",
        .not_found = HCN_E_NETWORK_NOT_FOUND,
        .exists = HCN_E_NETWORK_ALREADY_EXISTS,
        .unique_name = true,
        .type = HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK,
        .create = create,
        .modify = modify,
        .entered = entered,
        .release = release,
        .created = "NetworkCreate",
        .deleted = "NetworkDelete",
};
