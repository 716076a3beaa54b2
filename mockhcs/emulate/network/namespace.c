/* SPDX-License-Identifier: MIT */

/* Namespaces: their type, their compartment, and the endpoints and containers in them. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static const char *const types[] = {"Host", "HostDefault", "Guest", "GuestDefault"};

static struct net_namespace *of(struct net_object *o) {
        return (struct net_namespace *)o;
}

static const char *find_type(const char *name) {
        if (!*name)
                return types[0];
        for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++)
                if (hcs_strcaseeq(types[i], name))
                        return types[i];
        return NULL;
}

/* Of each default there is one; a compartment belongs to one namespace. */
static HRESULT check_unique(struct net_model *m, const char *type, uint64_t number, struct hcs_error **err) {
        for (const struct net_object *o = m->tables[NET_NAMESPACE].first; o; o = o->next) {
                if (hcs_str_ends(type, "Default") && hcs_streq(net_text(o->doc, "Type"), type))
                        return net_refuse(err, GCN_E_DEFAULTNAMESPACE_EXISTS, "$.Type", "%s is the %s namespace",
                                          o->id_text, type);
                if (number && ((const struct net_namespace *)o)->number == number)
                        return net_refuse(err, HCS_WIN32(0xB7), "$.NamespaceId", "namespace %s has it", o->id_text);
        }
        return S_OK;
}

static bool is_free(const struct net_model *m, uint64_t number) {
        for (const struct net_object *o = m->tables[NET_NAMESPACE].first; o; o = o->next)
                if (((const struct net_namespace *)o)->number == number)
                        return false;
        return true;
}

static const char *resource_id(const struct hcs_json *resource) {
        const char *id = hcs_json_string(hcs_json_get_nocase(hcs_json_get(resource, "Data"), "ID"));

        return id ? id : "";
}

static bool is_listed_before(const struct hcs_json *list, const struct hcs_json *resource) {
        for (const struct hcs_json *r = hcs_json_first(list); r != resource; r = hcs_json_next(r))
                if (hcs_streq(net_text(r, "Type"), net_text(resource, "Type")) &&
                    hcs_strcaseeq(resource_id(r), resource_id(resource)))
                        return true;
        return false;
}

/* What a new namespace begins with. */
static HRESULT check_resources(struct net_model *m, const struct hcs_json *list, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *r = hcs_json_first(list); r; r = hcs_json_next(r), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.Resources[%zu].Data.ID", i);
                const struct net_endpoint *e;

                if (hcs_streq(net_text(r, "Type"), "Container") && *resource_id(r))
                        continue;
                if (!hcs_streq(net_text(r, "Type"), "Endpoint"))
                        return net_refuse(err, HCN_E_INVALID_JSON, path,
                                          "the id of an Endpoint or Container is expected, not of a \"%s\"",
                                          net_text(r, "Type"));
                e = (const struct net_endpoint *)net_find(m, NET_ENDPOINT, resource_id(r));
                if (!e)
                        return net_refuse(err, HCN_E_ENDPOINT_NOT_FOUND, path, "there is no endpoint \"%s\"",
                                          resource_id(r));
                if (e->space)
                        return net_refuse(err, HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, path, "it is in namespace %s",
                                          e->space->o.id_text);
                if (is_listed_before(list, r))
                        return net_refuse(err, HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, path, "it is there twice");
        }
        return S_OK;
}

static HRESULT create(struct net_model *m, struct net_object *parent, struct hcs_json *doc, struct net_object **ret,
                      struct hcs_error **err) {
        const char *type = find_type(net_text(doc, "Type"));
        uint64_t number = net_uint(doc, "NamespaceId");
        struct net_namespace *n;
        HRESULT hr;

        if (!type)
                return net_refuse(err, E_INVALIDARG, "$.Type", "\"%s\" is not a type of namespace",
                                  net_text(doc, "Type"));
        hr = check_unique(m, type, number, err);
        if (SUCCEEDED(hr))
                hr = check_resources(m, hcs_json_get(doc, "Resources"), err);
        if (FAILED(hr))
                return hr;
        if (!number && hcs_streq(type, "HostDefault") && is_free(m, 1))
                number = 1;
        while (!number || !is_free(m, number))
                number = ++m->next_compartment;
        n = (struct net_namespace *)net_object_new(NET_NAMESPACE, sizeof(*n), doc);
        n->number = number;
        n->is_default = hcs_str_ends(type, "Default");
        hcs_json_set_u64(doc, "NamespaceId", number);
        hcs_json_set_string(doc, "Type", type);
        *ret = &n->o;
        return S_OK;
}

static void entered(struct net_model *m, struct net_object *o) {
        struct hcs_json *given = hcs_json_get(o->doc, "Resources"), *list;

        if (!given)
                return;
        list = hcs_json_detach(o->doc, given);
        for (const struct hcs_json *r = hcs_json_first(list); r; r = hcs_json_next(r)) {
                if (hcs_streq(net_text(r, "Type"), "Endpoint"))
                        net_attach_space(m, (struct net_endpoint *)net_find(m, NET_ENDPOINT, resource_id(r)), of(o),
                                         NULL, NULL);
                else
                        net_space_add_container(of(o), resource_id(r));
        }
        hcs_json_free(list);
        net_order(HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE, o->doc);
}

static struct hcs_json *find_resource(const struct net_namespace *space, const char *type, const char *id) {
        for (struct hcs_json *r = hcs_json_first(hcs_json_get(space->o.doc, "Resources")); r; r = hcs_json_next(r))
                if (hcs_streq(net_text(r, "Type"), type) && hcs_strcaseeq(resource_id(r), id))
                        return r;
        return NULL;
}

void net_space_add_container(struct net_namespace *space, const char *id) {
        struct hcs_json *resource;

        if (find_resource(space, "Container", id))
                return;
        resource = hcs_json_append(net_array_of(space->o.doc, "Resources"), hcs_json_new_object());
        hcs_json_set_string(resource, "Type", "Container");
        hcs_json_set_string(hcs_json_set_new_object(resource, "Data"), "ID", id);
}

void net_space_remove(struct net_namespace *space, const char *type, const char *id) {
        struct hcs_json *list = hcs_json_get(space->o.doc, "Resources"), *found = find_resource(space, type, id);

        if (found)
                hcs_json_free(hcs_json_detach(list, found));
        if (list && !hcs_json_first(list))
                hcs_json_remove(space->o.doc, "Resources");
}

static HRESULT modify_endpoint(struct net_model *m, struct net_namespace *space, const char *request,
                               const struct hcs_json *settings, struct hcs_error **err) {
        static const char path[] = "$.Settings.EndpointId";
        const char *id = net_text(settings, "EndpointId");
        struct net_endpoint *e = (struct net_endpoint *)net_find(m, NET_ENDPOINT, id);

        if (!e)
                return net_refuse(err, HCN_E_ENDPOINT_NOT_FOUND, path, "there is no endpoint \"%s\"", id);
        if (hcs_streq(request, "Add"))
                return net_attach_space(m, e, space, path, err);
        return hcs_streq(request, "Remove") ? net_detach_space(m, e, space, path, err) : S_OK;
}

HRESULT net_space_change_container(struct net_namespace *space, const char *request, const char *id, const char *path,
                                   struct hcs_error **err) {
        if (!*id)
                return net_refuse(err, E_INVALIDARG, path, "the id of a container is expected");
        if (hcs_streq(request, "Remove") && !find_resource(space, "Container", id))
                return net_refuse(err, HCS_WIN32(0x490), path, "\"%s\" is not in the namespace", id);
        if (hcs_streq(request, "Add"))
                net_space_add_container(space, id);
        else if (hcs_streq(request, "Remove"))
                net_space_remove(space, "Container", id);
        return S_OK;
}

static HRESULT modify(struct net_model *m, struct net_object *o, const struct hcs_json *doc, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_copy(doc);
        const struct hcs_json *settings;
        const char *resource, *type;
        HRESULT hr;

        net_normalise(HCS_SCHEMA_HCN_MODIFY_NAMESPACE_SETTING_REQUEST, request);
        hr = net_check(m, HCS_SCHEMA_HCN_MODIFY_NAMESPACE_SETTING_REQUEST, request, err);
        if (FAILED(hr))
                return hr;
        resource = net_text(request, "ResourceType");
        type = net_text(request, "RequestType");
        settings = hcs_json_get(request, "Settings");
        if (!net_request_known(type))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "\"%s\" is not a request", type);
        if (hcs_streq(resource, "Endpoint"))
                hr = modify_endpoint(m, of(o), type, settings, err);
        else if (hcs_streq(resource, "Container"))
                hr = net_space_change_container(of(o), type, net_text(settings, "ContainerId"),
                                                "$.Settings.ContainerId", err);
        else
                hr = net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.ResourceType", "a namespace has no \"%s\"",
                                resource);
        if (SUCCEEDED(hr))
                net_order(HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE, o->doc);
        return hr;
}

static void release(struct net_model *m, struct net_object *o) {
        for (struct hcs_json *r = hcs_json_first(hcs_json_get(o->doc, "Resources")), *next; r; r = next) {
                struct net_endpoint *e = (struct net_endpoint *)net_find(m, NET_ENDPOINT, resource_id(r));

                next = hcs_json_next(r);
                if (e && e->space == of(o))
                        net_detach_space(m, e, of(o), NULL, NULL);
        }
}

const struct net_kind_ops net_namespace_ops = {
        .noun = "namespace",
        .list = "Namespaces",
        .not_found = HCS_WIN32(0x490),
        .exists = HCS_WIN32(0xB7),
        .type = HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE,
        .create = create,
        .modify = modify,
        .entered = entered,
        .release = release,
        .created = "NamespaceCreate",
        .deleted = "NamespaceDelete",
};
