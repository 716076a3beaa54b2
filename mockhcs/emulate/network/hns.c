/* SPDX-License-Identifier: MIT */

/*
 * HNSCall: version 1 over the same model. A request is a method, a path of up to three parts and a document; what the
 * service refuses is said in the answer, beside S_OK. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

struct hns_request {
        struct net_model *m;
        const char *method, *path;
        char *parts[4]; /* "endpoints", id, "attach"; what makes it four is one too many */
        size_t n_parts;
        const struct hcs_json *object; /* NULL when there is none */
};

typedef HRESULT (*hns_handler)(struct hns_request *r, struct hcs_json **output, struct hcs_error **err);

static const char *id_of(const struct hns_request *r) {
        return r->n_parts > 1 ? r->parts[1] : "";
}

static bool is(const struct hns_request *r, const char *method) {
        return hcs_strcaseeq(r->method, method);
}

static HRESULT unsupported(const struct hns_request *r, struct hcs_error **err) {
        return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, NULL, "%s %s", r->method, r->path);
}

static HRESULT find(struct hns_request *r, enum net_kind kind, struct net_object **ret, struct hcs_error **err) {
        *ret = net_find(r->m, kind, id_of(r));
        if (*ret)
                return S_OK;
        return net_refuse(err, net_kinds[kind]->not_found, NULL, "%s", id_of(r));
}

/* ---- networks, endpoints and namespaces: the same four requests ---- */

static void append(void *ctx, struct net_object *o) {
        void **c = ctx;

        hcs_json_append(c[1], net_to_legacy(c[0], o));
}

static HRESULT get(struct hns_request *r, enum net_kind kind, struct hcs_json **output, struct hcs_error **err) {
        struct net_object *o;
        HRESULT hr;

        if (r->n_parts == 1) {
                *output = hcs_json_new_array();
                net_query_each(r->m, kind, &(struct net_query){0}, append, (void *[]){r->m, *output});
                return S_OK;
        }
        hr = find(r, kind, &o, err);
        if (SUCCEEDED(hr))
                *output = net_to_legacy(r->m, o);
        return hr;
}

static HRESULT post(struct hns_request *r, enum net_kind kind, struct hcs_json **output, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = r->object ? hcs_json_copy(r->object) : hcs_json_new_object();
        struct net_object *o = NULL;
        HRESULT hr = net_from_legacy(r->m, kind, doc, err);

        if (SUCCEEDED(hr))
                hr = net_create(r->m, kind, NULL, NULL, doc, &o, err);
        if (SUCCEEDED(hr))
                *output = net_to_legacy(r->m, o);
        return hr;
}

static HRESULT delete (struct hns_request *r, enum net_kind kind, struct hcs_json **output, struct hcs_error **err) {
        struct net_object *o;
        HRESULT hr = find(r, kind, &o, err);

        if (FAILED(hr))
                return hr;
        *output = net_to_legacy(r->m, o);
        net_delete(r->m, o);
        return S_OK;
}

static HRESULT plain(struct hns_request *r, enum net_kind kind, struct hcs_json **output, struct hcs_error **err) {
        if (is(r, "GET") && r->n_parts <= 2)
                return get(r, kind, output, err);
        if (is(r, "DELETE") && r->n_parts == 2)
                return delete (r, kind, output, err);
        if (is(r, "POST") && r->n_parts == 1)
                return post(r, kind, output, err);
        return unsupported(r, err);
}

static HRESULT networks(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        return plain(r, NET_NETWORK, output, err);
}

/* ---- endpoints ---- */

/* Who takes it or lets go of it: a container, an adapter of a virtual machine, or the host. Clients do not name the
 * adapter again when they detach it. */
static HRESULT system_of_request(const struct net_endpoint *e, const struct hcs_json *request, bool add,
                                 const char **ret, struct hcs_error **err) {
        const char *id = net_text(request, "ContainerId"), *nic = net_text(request, "VirtualNicName");
        const char *type = net_text(request, "SystemType");
        bool host = hcs_strcaseeq(type, "Host"), machine = hcs_strcaseeq(type, "VirtualMachine");

        if (*type && !host && !machine && !hcs_strcaseeq(type, "Container"))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.SystemType",
                                  "Container, VirtualMachine or Host is expected, not \"%s\"", type);
        if (machine && !add && !*id && !*nic) {
                *ret = net_machine_of(e);
                return S_OK;
        }
        if (!host && !*id && !*nic)
                return net_refuse(err, E_INVALIDARG, machine ? "$.VirtualNicName" : "$.ContainerId", "it is empty");
        *ret = *id ? id : *nic ? nic : type;
        return S_OK;
}

static HRESULT attach(struct hns_request *r, struct net_endpoint *e, struct hcs_error **err) {
        bool add = hcs_streq(r->parts[2], "attach");
        HRESULT hr = net_check(r->m, HCS_SCHEMA_HNS_ENDPOINT_ATTACH_DETACH_REQUEST, r->object, err);
        const char *system = NULL;

        if (SUCCEEDED(hr))
                hr = system_of_request(e, r->object, add, &system, err);
        if (FAILED(hr))
                return hr;
        return add ? net_attach_system(r->m, e, system, err) : net_detach_system(r->m, e, system, err);
}

/* The whole endpoint, of which only the policies can be others. */
static HRESULT update(struct hns_request *r, struct net_endpoint *e, struct hcs_error **err) {
        const struct hcs_json *given = hcs_json_get(r->object, "Policies");
        struct hcs_json *policies;
        HRESULT hr = net_check(r->m, HCS_SCHEMA_HNS_HNS_ENDPOINT, r->object, err);

        if (FAILED(hr) || !given)
                return hr;
        policies = hcs_json_copy(given);
        net_policies_from_legacy(policies);
        hr = net_policies_check(r->m, HCS_SCHEMA_POLICY_ENDPOINT, policies, hcs_json_get(e->network->o.doc, "Policies"),
                                "$.Policies", err);
        if (SUCCEEDED(hr))
                return net_endpoint_set_policies(r->m, e, policies, err);
        hcs_json_free(policies);
        return hr;
}

static HRESULT endpoints(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        bool acts = r->n_parts == 3 && (hcs_streq(r->parts[2], "attach") || hcs_streq(r->parts[2], "detach"));
        struct net_object *o;
        HRESULT hr;

        if (!is(r, "POST") || r->n_parts == 1)
                return plain(r, NET_ENDPOINT, output, err);
        if (!acts && r->n_parts != 2)
                return unsupported(r, err);
        hr = find(r, NET_ENDPOINT, &o, err);
        if (FAILED(hr))
                return hr;
        hr = acts ? attach(r, (struct net_endpoint *)o, err) : update(r, (struct net_endpoint *)o, err);
        r->m->changed = true;
        if (SUCCEEDED(hr) && !acts)
                *output = net_to_legacy(r->m, o);
        return hr;
}

static HRESULT endpoint_stats(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        struct net_object *o;
        HRESULT hr = is(r, "GET") && r->n_parts == 2 ? find(r, NET_ENDPOINT, &o, err) : unsupported(r, err);

        if (FAILED(hr))
                return hr;
        text = net_stats(o);
        return hcs_json_parse_cstr(text, output, err);
}

/* ---- namespaces ---- */

static HRESULT resource(struct hns_request *r, struct net_namespace *space, struct hcs_error **err) {
        const struct hcs_json *data = hcs_json_get(r->object, "Data");
        const char *id = hcs_json_string(hcs_json_get_nocase(data, "Id"));
        bool add = hcs_streq(r->parts[2], "addresource");
        struct net_endpoint *e;
        HRESULT hr = net_check(r->m, HCS_SCHEMA_HNS_NAMESPACE_RESOURCE_REQUEST, r->object, err);

        if (FAILED(hr))
                return hr;
        if (hcs_streq(net_text(r->object, "Type"), "Container"))
                return net_space_change_container(space, add ? "Add" : "Remove", id ? id : "", "$.Data.Id", err);
        if (!hcs_streq(net_text(r->object, "Type"), "Endpoint"))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.Type", "Endpoint or Container is expected");
        e = (struct net_endpoint *)net_find(r->m, NET_ENDPOINT, id);
        if (!e)
                return net_refuse(err, HCN_E_ENDPOINT_NOT_FOUND, "$.Data.Id", "there is no endpoint \"%s\"",
                                  id ? id : "");
        return add ? net_attach_space(r->m, e, space, "$.Data.Id", err)
                   : net_detach_space(r->m, e, space, "$.Data.Id", err);
}

static HRESULT namespaces(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        struct net_object *o;
        HRESULT hr;

        if (r->n_parts < 3)
                return plain(r, NET_NAMESPACE, output, err);
        if (!is(r, "POST") || r->n_parts != 3 ||
            (!hcs_streq(r->parts[2], "addresource") && !hcs_streq(r->parts[2], "removeresource")))
                return unsupported(r, err);
        hr = find(r, NET_NAMESPACE, &o, err);
        if (FAILED(hr))
                return hr;
        hr = resource(r, (struct net_namespace *)o, err);
        r->m->changed = true;
        if (SUCCEEDED(hr))
                *output = net_to_legacy(r->m, o);
        return hr;
}

/* ---- policy lists: load balancers and routes ---- */

static HRESULT find_list(struct hns_request *r, struct net_object **ret, struct hcs_error **err) {
        *ret = net_find(r->m, NET_LOADBALANCER, id_of(r));
        return *ret ? S_OK : find(r, NET_ROUTE, ret, err);
}

static HRESULT post_list(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = r->object ? hcs_json_copy(r->object) : hcs_json_new_object();
        struct net_object *o = NULL;
        enum net_kind kind;
        HRESULT hr = net_check(r->m, HCS_SCHEMA_HNS_POLICY_LIST, doc, err);

        if (SUCCEEDED(hr))
                hr = net_list_from_legacy(doc, &kind, err);
        if (SUCCEEDED(hr))
                hr = net_create(r->m, kind, NULL, NULL, doc, &o, err);
        if (SUCCEEDED(hr))
                *output = net_to_legacy(r->m, o);
        return hr;
}

static HRESULT policy_lists(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        struct net_object *o;
        HRESULT hr;

        if (is(r, "POST") && r->n_parts == 1)
                return post_list(r, output, err);
        if (is(r, "GET") && r->n_parts == 1) {
                *output = hcs_json_new_array();
                net_query_each(r->m, NET_LOADBALANCER, &(struct net_query){0}, append, (void *[]){r->m, *output});
                net_query_each(r->m, NET_ROUTE, &(struct net_query){0}, append, (void *[]){r->m, *output});
                return S_OK;
        }
        if (r->n_parts != 2 || is(r, "POST"))
                return unsupported(r, err);
        hr = find_list(r, &o, err);
        if (SUCCEEDED(hr))
                *output = net_to_legacy(r->m, o);
        if (SUCCEEDED(hr) && is(r, "DELETE"))
                net_delete(r->m, o);
        return hr;
}

/* ---- the service ---- */

static HRESULT accelnet(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        struct net_model *m = r->m;
        HRESULT hr = r->n_parts == 1 ? net_need(m, "Accelnet", NULL, err) : unsupported(r, err);

        if (FAILED(hr))
                return hr;
        if (is(r, "POST")) {
                hr = net_check(m, HCS_SCHEMA_HNS_HNS_NNV_MANAGEMENT_MAC_LIST, r->object, err);
                if (FAILED(hr))
                        return hr;
                hcs_json_free(m->accelnet);
                m->accelnet = hcs_json_copy(r->object);
        }
        *output = m->accelnet ? hcs_json_copy(m->accelnet) : hcs_json_new_object();
        if (is(r, "DELETE"))
                m->accelnet = hcs_json_free(m->accelnet);
        m->changed |= !is(r, "GET");
        return S_OK;
}

static HRESULT globals(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        if (r->n_parts != 2 || !hcs_strcaseeq(r->parts[1], "version") || !is(r, "GET"))
                return unsupported(r, err);
        *output = hcs_json_new_object();
        hcs_json_set_i64(*output, "Major", r->m->version.major);
        hcs_json_set_i64(*output, "Minor", r->m->version.minor);
        return S_OK;
}

static const struct {
        const char *name;
        hns_handler handler;
} handlers[] = {
        {"networks", networks},     {"endpoints", endpoints},      {"endpointstats", endpoint_stats},
        {"namespaces", namespaces}, {"policylists", policy_lists}, {"accelnet", accelnet},
        {"globals", globals},
};

static HRESULT route(struct hns_request *r, struct hcs_json **output, struct hcs_error **err) {
        bool known = is(r, "GET") || is(r, "POST") || is(r, "DELETE");

        for (size_t i = 0; known && r->n_parts && i < HCS_ARRAY_SIZE(handlers); i++)
                if (hcs_strcaseeq(handlers[i].name, r->parts[0]))
                        return handlers[i].handler(r, output, err);
        return unsupported(r, err);
}

static HRESULT take_object(struct mock_call *call, struct hns_request *r, struct hcs_error **err) {
        struct mock_value *v = mock_call_arg(call, "object");
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;

        r->object = mock_value_tree(v, &why);
        if (r->object || mock_value_is_empty(v))
                return S_OK;
        return net_refuse(err, HCN_E_INVALID_JSON, hcs_error_path(why) ? hcs_error_path(why) : "$", "%s",
                          hcs_error_message(why));
}

static void split_path(struct hns_request *r, char *path) {
        while (*path && r->n_parts < HCS_ARRAY_SIZE(r->parts)) {
                size_t n = strcspn(path, "/");

                if (n)
                        r->parts[r->n_parts++] = path;
                path += n;
                if (*path)
                        *path++ = '\0';
        }
}

void hns_call(struct emulator *em, struct mock_call *call, struct emissions *out) {
        _cleanup_free_ char *path = hcs_strdup(mock_call_text(call, "path"));
        struct hns_request r = {
                .m = em->net, .method = mock_call_text(call, "method"), .path = mock_call_text(call, "path")};
        struct hcs_json *output = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (net_faults_before(em->net, call, out))
                return;
        em->net->out = out;
        split_path(&r, path);
        hr = take_object(call, &r, &err);
        if (SUCCEEDED(hr))
                hr = route(&r, &output, &err);
        if (FAILED(hr)) {
                mock_call_done(call, net_error_record(hr, err));
        } else {
                _cleanup_json_ struct hcs_json *answer = hcs_json_new_object();

                hcs_json_set_bool(answer, "Success", true);
                if (output)
                        hcs_json_set(answer, "Output", output);
                mock_call_done(call, hcs_json_text(answer, HCS_JSON_GO));
        }
        hcs_error_free(err);
        em->net->out = NULL;
}
