/* SPDX-License-Identifier: MIT */

/* The calls of the original's hcn package, each by ours. */

#include "golden.h"

static HRESULT run_create(struct golden_run *r) {
        static const char *const members[] = {"network", "endpoint", "namespace", "loadbalancer", "route"};
        _cleanup_free_ char *settings = golden_document(r, members[r->kind]);

        return hcn_create(r->hcn, r->kind, settings, &r->text, &r->err);
}

static HRESULT run_delete(struct golden_run *r) {
        return hcn_delete(r->hcn, r->kind, golden_string(r, "id"), &r->err);
}

static HRESULT run_get(struct golden_run *r) {
        return hcn_get(r->hcn, r->kind, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_get_by_name(struct golden_run *r) {
        return hcn_get_by_name(r->hcn, r->kind, golden_string(r, "name"), &r->text, &r->err);
}

static HRESULT run_list(struct golden_run *r) {
        r->is_list = true;
        return hcn_list(r->hcn, r->kind, NULL, &r->list, &r->err);
}

static HRESULT run_list_query(struct golden_run *r) {
        _cleanup_free_ char *query =
                hcn_query((uint32_t)golden_number(r, "flags"), hcs_json_get_string(r->input, "filter"));

        r->is_list = true;
        return hcn_list(r->hcn, r->kind, query, &r->list, &r->err);
}

static HRESULT run_list_of_network(struct golden_run *r) {
        r->is_list = true;
        return hcn_network_endpoints(r->hcn, golden_string(r, GOLDEN_MEMBER(r, "network_id", "network", "id")),
                                     &r->list, &r->err);
}

static HRESULT run_modify(struct golden_run *r) {
        _cleanup_free_ char *request = golden_document(r, "request");
        const char *id = golden_string(r, GOLDEN_MEMBER(r, "namespace", "id"));

        return hcn_modify(r->hcn, r->kind, id, request, NULL, &r->err);
}

static HRESULT run_add_policy(struct golden_run *r) {
        _cleanup_free_ char *request = golden_document(r, "request");

        return hcn_network_add_policies(r->hcn, golden_string(r, "id"), request, &r->err);
}

static HRESULT run_remove_policy(struct golden_run *r) {
        _cleanup_free_ char *request = golden_document(r, "request");

        return hcn_network_remove_policies(r->hcn, golden_string(r, "id"), request, &r->err);
}

static HRESULT run_create_endpoint(struct golden_run *r) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint");

        return hcn_network_create_endpoint(r->hcn, golden_string(r, "network_id"), endpoint, false, &r->text, &r->err);
}

static HRESULT run_create_remote_endpoint(struct golden_run *r) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint");

        return hcn_network_create_endpoint(r->hcn, golden_string(r, "network_id"), endpoint, true, &r->text, &r->err);
}

static HRESULT run_apply_policy(struct golden_run *r) {
        _cleanup_free_ char *request = golden_document(r, "request");

        return hcn_endpoint_apply_policies(r->hcn, golden_string(r, "id"), golden_string(r, "request_type"), request,
                                           &r->err);
}

static HRESULT run_namespace_attach(struct golden_run *r) {
        return hcn_endpoint_attach_namespace(r->hcn, golden_string(r, "id"), golden_string(r, "namespace"), &r->err);
}

static HRESULT run_namespace_detach(struct golden_run *r) {
        return hcn_endpoint_detach_namespace(r->hcn, golden_string(r, "id"), golden_string(r, "namespace"), &r->err);
}

static HRESULT run_add_namespace_endpoint(struct golden_run *r) {
        return hcn_namespace_add_endpoint(r->hcn, golden_string(r, "namespace"), golden_string(r, "endpoint"), &r->err);
}

static HRESULT run_remove_namespace_endpoint(struct golden_run *r) {
        return hcn_namespace_remove_endpoint(r->hcn, golden_string(r, "namespace"), golden_string(r, "endpoint"),
                                             &r->err);
}

/* Ids come back as texts that are not JSON yet. */
static void quote_list(struct hcs_documents *list) {
        for (size_t i = 0; i < list->n; i++) {
                _cleanup_json_ struct hcs_json *j = hcs_json_new_string(list->items[i]);

                free(list->items[i]);
                list->items[i] = hcs_json_text(j, HCS_JSON_GO);
        }
}

static HRESULT run_endpoint_ids(struct golden_run *r) {
        HRESULT hr = hcn_namespace_endpoint_ids(r->hcn, golden_string(r, GOLDEN_MEMBER(r, "id", "namespace")), &r->list,
                                                &r->err);

        r->is_list = true;
        quote_list(&r->list);
        return hr;
}

static HRESULT run_container_ids(struct golden_run *r) {
        HRESULT hr = hcn_namespace_container_ids(r->hcn, golden_string(r, "id"), &r->list, &r->err);

        r->is_list = true;
        quote_list(&r->list);
        return hr;
}

static HRESULT run_sync(struct golden_run *r) {
        return hcn_namespace_sync(r->hcn, golden_string(r, "id"), golden_string(r, "type"), &r->err);
}

static HRESULT run_add_load_balancer(struct golden_run *r) {
        struct hcn_load_balancer lb = {
                .flags = (uint32_t)golden_number(r, "flags"),
                .port_mapping_flags = (uint32_t)golden_number(r, "port_mapping_flags"),
                .source_vip = golden_string(r, "source_vip"),
                .protocol = (uint16_t)golden_number(r, "protocol"),
                .internal_port = (uint16_t)golden_number(r, "internal_port"),
                .external_port = (uint16_t)golden_number(r, "external_port"),
        };
        _cleanup_free_ const char **endpoints = golden_strings(r, "endpoints", &lb.n_endpoints);
        _cleanup_free_ const char **vips = golden_strings(r, "frontend_vips", &lb.n_frontend_vips);

        lb.endpoints = endpoints;
        lb.frontend_vips = vips;
        return hcn_load_balancer_add(r->hcn, &lb, &r->text, &r->err);
}

static HRESULT run_update_load_balancer(struct golden_run *r) {
        _cleanup_free_ char *lb = golden_document(r, GOLDEN_MEMBER(r, "loadbalancer", "load_balancer"));

        return hcn_load_balancer_update(r->hcn, golden_string(r, "id"), lb, &r->text, &r->err);
}

static HRESULT run_balance_more(struct golden_run *r) {
        _cleanup_free_ char *lb = golden_document(r, GOLDEN_MEMBER(r, "loadbalancer", "load_balancer"));

        return hcn_load_balancer_add_endpoint(r->hcn, lb, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_balance_less(struct golden_run *r) {
        _cleanup_free_ char *lb = golden_document(r, GOLDEN_MEMBER(r, "loadbalancer", "load_balancer"));

        return hcn_load_balancer_remove_endpoint(r->hcn, lb, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_add_route(struct golden_run *r) {
        struct hcn_route route = {
                .destination_prefix = golden_string(r, "destination_prefix"),
                .next_hop = golden_string(r, "next_hop"),
                .need_encap = hcs_json_bool(hcs_json_get(r->input, "need_encap")),
        };
        _cleanup_free_ const char **endpoints = golden_strings(r, "endpoints", &route.n_endpoints);

        route.endpoints = endpoints;
        return hcn_route_add(r->hcn, &route, &r->text, &r->err);
}

static HRESULT run_route_more(struct golden_run *r) {
        _cleanup_free_ char *route = golden_document(r, "route");

        return hcn_route_add_endpoint(r->hcn, route, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_route_less(struct golden_run *r) {
        _cleanup_free_ char *route = golden_document(r, "route");

        return hcn_route_remove_endpoint(r->hcn, route, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_globals(struct golden_run *r) {
        return hcn_globals(r->hcn, &r->text, &r->err);
}

static HRESULT run_features(struct golden_run *r) {
        return hcn_features(r->hcn, &r->text, &r->err);
}

const struct golden_row golden_hcn_rows[] = {
        {"HostComputeNetwork.Create", run_create, HCN_KIND_NETWORK},
        {"HostComputeNetwork.Delete", run_delete, HCN_KIND_NETWORK},
        {"HostComputeNetwork.ModifyNetworkSettings", run_modify, HCN_KIND_NETWORK},
        {"HostComputeNetwork.AddPolicy", run_add_policy, HCN_KIND_NETWORK},
        {"HostComputeNetwork.RemovePolicy", run_remove_policy, HCN_KIND_NETWORK},
        {"HostComputeNetwork.CreateEndpoint", run_create_endpoint, HCN_KIND_NETWORK},
        {"HostComputeNetwork.CreateRemoteEndpoint", run_create_remote_endpoint, HCN_KIND_NETWORK},
        {"GetNetworkByID", run_get, HCN_KIND_NETWORK},
        {"GetNetworkByName", run_get_by_name, HCN_KIND_NETWORK},
        {"ListNetworks", run_list, HCN_KIND_NETWORK},
        {"ListNetworksQuery", run_list_query, HCN_KIND_NETWORK},
        {"HostComputeEndpoint.Create", run_create, HCN_KIND_ENDPOINT},
        {"HostComputeEndpoint.Delete", run_delete, HCN_KIND_ENDPOINT},
        {"HostComputeEndpoint.ApplyPolicy", run_apply_policy, HCN_KIND_ENDPOINT},
        {"HostComputeEndpoint.NamespaceAttach", run_namespace_attach, HCN_KIND_ENDPOINT},
        {"HostComputeEndpoint.NamespaceDetach", run_namespace_detach, HCN_KIND_ENDPOINT},
        {"ModifyEndpointSettings", run_modify, HCN_KIND_ENDPOINT},
        {"GetEndpointByID", run_get, HCN_KIND_ENDPOINT},
        {"GetEndpointByName", run_get_by_name, HCN_KIND_ENDPOINT},
        {"ListEndpoints", run_list, HCN_KIND_ENDPOINT},
        {"ListEndpointsQuery", run_list_query, HCN_KIND_ENDPOINT},
        {"ListEndpointsOfNetwork", run_list_of_network, HCN_KIND_ENDPOINT},
        {"HostComputeNamespace.Create", run_create, HCN_KIND_NAMESPACE},
        {"HostComputeNamespace.Delete", run_delete, HCN_KIND_NAMESPACE},
        {"HostComputeNamespace.Sync", run_sync, HCN_KIND_NAMESPACE},
        {"ModifyNamespaceSettings", run_modify, HCN_KIND_NAMESPACE},
        {"AddNamespaceEndpoint", run_add_namespace_endpoint, HCN_KIND_NAMESPACE},
        {"RemoveNamespaceEndpoint", run_remove_namespace_endpoint, HCN_KIND_NAMESPACE},
        {"GetNamespaceByID", run_get, HCN_KIND_NAMESPACE},
        {"GetNamespaceEndpointIds", run_endpoint_ids, HCN_KIND_NAMESPACE},
        {"GetNamespaceContainerIds", run_container_ids, HCN_KIND_NAMESPACE},
        {"ListNamespaces", run_list, HCN_KIND_NAMESPACE},
        {"ListNamespacesQuery", run_list_query, HCN_KIND_NAMESPACE},
        {"AddLoadBalancer", run_add_load_balancer, HCN_KIND_LOAD_BALANCER},
        {"HostComputeLoadBalancer.Create", run_create, HCN_KIND_LOAD_BALANCER},
        {"HostComputeLoadBalancer.Delete", run_delete, HCN_KIND_LOAD_BALANCER},
        {"HostComputeLoadBalancer.Update", run_update_load_balancer, HCN_KIND_LOAD_BALANCER},
        {"HostComputeLoadBalancer.AddEndpoint", run_balance_more, HCN_KIND_LOAD_BALANCER},
        {"HostComputeLoadBalancer.RemoveEndpoint", run_balance_less, HCN_KIND_LOAD_BALANCER},
        {"GetLoadBalancerByID", run_get, HCN_KIND_LOAD_BALANCER},
        {"ListLoadBalancers", run_list, HCN_KIND_LOAD_BALANCER},
        {"ListLoadBalancersQuery", run_list_query, HCN_KIND_LOAD_BALANCER},
        {"AddRoute", run_add_route, HCN_KIND_ROUTE},
        {"HostComputeRoute.Create", run_create, HCN_KIND_ROUTE},
        {"HostComputeRoute.Delete", run_delete, HCN_KIND_ROUTE},
        {"HostComputeRoute.AddEndpoint", run_route_more, HCN_KIND_ROUTE},
        {"HostComputeRoute.RemoveEndpoint", run_route_less, HCN_KIND_ROUTE},
        {"GetRouteByID", run_get, HCN_KIND_ROUTE},
        {"ListRoutes", run_list, HCN_KIND_ROUTE},
        {"ListRoutesQuery", run_list_query, HCN_KIND_ROUTE},
        {"GetGlobals", run_globals, HCN_KIND_NETWORK},
        {"getSupportedFeatures", run_features, HCN_KIND_NETWORK},
        {NULL, NULL, HCN_KIND_NETWORK},
};
