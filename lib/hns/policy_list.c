/* SPDX-License-Identifier: MIT */

/* Policy lists of version 1: load balancers and routes over a set of endpoints. */

#include "base/str.h"
#include "hns/internal.h"

#define LIST    HCS_SCHEMA_HNS_POLICY_LIST
#define TEXT(s) ((char *)(uintptr_t)(s))

HRESULT hns_policy_list_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err) {
        return hns_request_list(c, "/policylists/", LIST, ret, err);
}

static HRESULT by_id(struct hns_client *c, const char *method, const char *id, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = NULL;
        HRESULT hr = hns_needs(id, "the id of a policy list", err);

        if (FAILED(hr))
                return hr;
        path = hcs_asprintf("/policylists/%s", id);
        return hns_request_typed(c, method, path, NULL, LIST, ret, err);
}

HRESULT hns_policy_list_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "GET", id, ret, err);
}

HRESULT hns_policy_list_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "DELETE", id, ret, err);
}

static HRESULT create(struct hns_client *c, const struct hcs_schema_hns_policy_list *list, char **ret,
                      struct hcs_error **err) {
        _cleanup_free_ char *body = hcs_schema_print(hcs_schema_type_at(LIST), list);

        return hns_request_typed(c, "POST", "/policylists/", body, LIST, ret, err);
}

HRESULT hns_policy_list_create(struct hns_client *c, const char *text, char **ret, struct hcs_error **err) {
        struct hcs_schema_hns_policy_list *list = NULL;
        HRESULT hr = hns_settings(LIST, text, (void **)&list, err);

        if (FAILED(hr))
                return hr;
        hr = create(c, list, ret, err);
        hcs_schema_free(hcs_schema_type_at(LIST), list);
        return hr;
}

static void add_reference(struct hcs_schema_hns_policy_list *list, const char *endpoint_id) {
        list->References.items =
                hcs_realloc(list->References.items, (list->References.n + 1) * sizeof(*list->References.items));
        list->References.items[list->References.n++] = hcs_asprintf("/endpoints/%s", endpoint_id);
}

static void remove_reference(struct hcs_schema_hns_policy_list *list, const char *endpoint_id) {
        _cleanup_free_ char *gone = hcs_asprintf("/endpoints/%s", endpoint_id);
        size_t n = 0;

        for (size_t i = 0; i < list->References.n; i++) {
                if (hcs_streq(list->References.items[i], gone))
                        free(list->References.items[i]);
                else
                        list->References.items[n++] = list->References.items[i];
        }
        list->References.n = n;
}

static HRESULT make_again(struct hns_client *c, const char *text, const char *endpoint_id, bool add, char **ret,
                          struct hcs_error **err) {
        struct hcs_schema_hns_policy_list *list = NULL;
        HRESULT hr = hns_needs(endpoint_id, "the id of an endpoint", err);

        if (SUCCEEDED(hr))
                hr = hns_settings(LIST, text, (void **)&list, err);
        if (FAILED(hr))
                return hr;
        hr = hns_policy_list_delete(c, list->ID ? list->ID : "", NULL, err);
        if (SUCCEEDED(hr)) {
                if (add)
                        add_reference(list, endpoint_id);
                else
                        remove_reference(list, endpoint_id);
                hr = create(c, list, ret, err);
        }
        hcs_schema_free(hcs_schema_type_at(LIST), list);
        return hr;
}

HRESULT hns_policy_list_add_endpoint(struct hns_client *c, const char *list, const char *endpoint_id, char **ret,
                                     struct hcs_error **err) {
        return make_again(c, list, endpoint_id, true, ret, err);
}

HRESULT hns_policy_list_remove_endpoint(struct hns_client *c, const char *list, const char *endpoint_id, char **ret,
                                        struct hcs_error **err) {
        return make_again(c, list, endpoint_id, false, ret, err);
}

/* One policy over some endpoints. */
static HRESULT add(struct hns_client *c, enum hcs_schema_type_id type, const void *policy, const char *const *endpoints,
                   size_t n, char **ret, struct hcs_error **err) {
        struct hcs_schema_hns_policy_list *list = hcs_calloc(1, sizeof(*list));
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(type), policy);
        HRESULT hr;

        for (size_t i = 0; i < n; i++)
                add_reference(list, endpoints[i]);
        list->Policies.items = hcs_calloc(1, sizeof(*list->Policies.items));
        list->Policies.n = 1;
        hr = hcs_json_parse_cstr(text, &list->Policies.items[0], err);
        if (SUCCEEDED(hr))
                hr = create(c, list, ret, err);
        hcs_schema_free(hcs_schema_type_at(LIST), list);
        return hr;
}

HRESULT hns_load_balancer_add(struct hns_client *c, const struct hns_load_balancer *lb, char **ret,
                              struct hcs_error **err) {
        char *vip = TEXT(lb->vip);
        struct hcs_schema_hns_elb_policy policy = {
                .Type = TEXT("ELB"),
                .Protocol = lb->protocol,
                .InternalPort = lb->internal_port,
                .ExternalPort = lb->external_port,
                .SourceVIP = TEXT(lb->source_vip),
                .ILB = lb->is_internal,
        };

        if (vip && *vip) {
                policy.VIPs.items = &vip;
                policy.VIPs.n = 1;
        }
        return add(c, HCS_SCHEMA_HNS_ELB_POLICY, &policy, lb->endpoints, lb->n_endpoints, ret, err);
}

HRESULT hns_route_add(struct hns_client *c, const struct hns_route *route, char **ret, struct hcs_error **err) {
        struct hcs_schema_hns_route_policy policy = {
                .Type = TEXT("ROUTE"),
                .DestinationPrefix = TEXT(route->destination_prefix),
                .NextHop = TEXT(route->next_hop),
                .NeedEncap = route->need_encap,
        };

        return add(c, HCS_SCHEMA_HNS_ROUTE_POLICY, &policy, route->endpoints, route->n_endpoints, ret, err);
}
