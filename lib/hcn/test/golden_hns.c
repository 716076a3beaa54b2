/* SPDX-License-Identifier: MIT */

/* The calls of the original's version 1 package, each by ours. */

#include "golden.h"

static HRESULT run_network_list(struct golden_run *r) {
        r->is_list = true;
        return hns_network_list(r->hns, &r->list, &r->err);
}

static HRESULT run_network_get(struct golden_run *r) {
        return hns_network_get(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_network_by_name(struct golden_run *r) {
        return hns_network_get_by_name(r->hns, golden_string(r, "name"), &r->text, &r->err);
}

static HRESULT run_network_create(struct golden_run *r) {
        _cleanup_free_ char *network = golden_document(r, "network");

        return hns_network_create(r->hns, network, &r->text, &r->err);
}

static HRESULT run_network_delete(struct golden_run *r) {
        return hns_network_delete(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT create_endpoint(struct golden_run *r, bool is_remote) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint");

        return hns_network_create_endpoint(r->hns, golden_string(r, "network"), endpoint, is_remote, &r->text, &r->err);
}

static HRESULT run_network_create_endpoint(struct golden_run *r) {
        return create_endpoint(r, false);
}

static HRESULT run_network_create_remote(struct golden_run *r) {
        return create_endpoint(r, true);
}

static HRESULT run_endpoint_list(struct golden_run *r) {
        r->is_list = true;
        return hns_endpoint_list(r->hns, &r->list, &r->err);
}

static HRESULT run_endpoint_get(struct golden_run *r) {
        return hns_endpoint_get(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_endpoint_by_name(struct golden_run *r) {
        return hns_endpoint_get_by_name(r->hns, golden_string(r, "name"), &r->text, &r->err);
}

static HRESULT run_endpoint_create(struct golden_run *r) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint");

        return hns_endpoint_create(r->hns, endpoint, &r->text, &r->err);
}

static HRESULT run_endpoint_update(struct golden_run *r) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint");

        return hns_endpoint_update(r->hns, endpoint, &r->text, &r->err);
}

static HRESULT run_endpoint_policies(struct golden_run *r) {
        _cleanup_free_ char *endpoint = golden_document(r, "endpoint"),
                            *policies = golden_document(r, GOLDEN_MEMBER(r, "policies", "policy"));

        return hns_endpoint_add_policies(r->hns, endpoint, policies, NULL, &r->err);
}

static HRESULT run_endpoint_delete(struct golden_run *r) {
        return hns_endpoint_delete(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_endpoint_stats(struct golden_run *r) {
        return hns_endpoint_stats(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_is_attached(struct golden_run *r) {
        bool attached = false;
        HRESULT hr =
                hns_endpoint_is_attached(r->hns, golden_string(r, "id"), golden_string(r, "vid"), &attached, &r->err);

        r->text = hcs_strdup(attached ? "true" : "false");
        return hr;
}

static HRESULT run_attach_container(struct golden_run *r) {
        return hns_endpoint_attach_container(r->hns, golden_string(r, "id"), golden_string(r, "container"),
                                             (uint16_t)golden_number(r, "compartment"), &r->err);
}

static HRESULT run_detach_container(struct golden_run *r) {
        return hns_endpoint_detach_container(r->hns, golden_string(r, "id"), golden_string(r, "container"), &r->err);
}

static HRESULT run_attach_host(struct golden_run *r) {
        return hns_endpoint_attach_host(r->hns, golden_string(r, "id"), (uint16_t)golden_number(r, "compartment"),
                                        &r->err);
}

static HRESULT run_detach_host(struct golden_run *r) {
        return hns_endpoint_detach_host(r->hns, golden_string(r, "id"), &r->err);
}

static HRESULT run_attach_vm(struct golden_run *r) {
        return hns_endpoint_attach_vm(r->hns, golden_string(r, "id"), golden_string(r, "nic"), &r->err);
}

static HRESULT run_detach_vm(struct golden_run *r) {
        return hns_endpoint_detach_vm(r->hns, golden_string(r, "id"), &r->err);
}

/* The original's struct names its references otherwise than the document. */
static char *policy_list(const struct golden_run *r) {
        _cleanup_json_ struct hcs_json *list = hcs_json_copy(hcs_json_get(r->input, "list"));
        const struct hcs_json *references = hcs_json_get(list, "EndpointReferences");

        if (references) {
                hcs_json_set(list, "References", hcs_json_copy(references));
                hcs_json_remove(list, "EndpointReferences");
        }
        return hcs_json_text(list, HCS_JSON_GO);
}

static HRESULT run_list_list(struct golden_run *r) {
        r->is_list = true;
        return hns_policy_list_list(r->hns, &r->list, &r->err);
}

static HRESULT run_list_get(struct golden_run *r) {
        return hns_policy_list_get(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_list_create(struct golden_run *r) {
        _cleanup_free_ char *list = policy_list(r);

        return hns_policy_list_create(r->hns, list, &r->text, &r->err);
}

static HRESULT run_list_delete(struct golden_run *r) {
        return hns_policy_list_delete(r->hns, golden_string(r, "id"), &r->text, &r->err);
}

static HRESULT run_list_add(struct golden_run *r) {
        _cleanup_free_ char *list = policy_list(r);

        return hns_policy_list_add_endpoint(r->hns, list, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_list_remove(struct golden_run *r) {
        _cleanup_free_ char *list = policy_list(r);

        return hns_policy_list_remove_endpoint(r->hns, list, golden_string(r, "endpoint"), &r->text, &r->err);
}

static HRESULT run_load_balancer(struct golden_run *r) {
        struct hns_load_balancer lb = {
                .is_internal = hcs_json_bool(hcs_json_get(r->input, GOLDEN_MEMBER(r, "ilb", "is_ilb"))),
                .source_vip = golden_string(r, "source_vip"),
                .vip = golden_string(r, "vip"),
                .protocol = (uint16_t)golden_number(r, "protocol"),
                .internal_port = (uint16_t)golden_number(r, "internal_port"),
                .external_port = (uint16_t)golden_number(r, "external_port"),
        };
        _cleanup_free_ const char **endpoints = golden_strings(r, "endpoints", &lb.n_endpoints);

        lb.endpoints = endpoints;
        return hns_load_balancer_add(r->hns, &lb, &r->text, &r->err);
}

static HRESULT run_route(struct golden_run *r) {
        struct hns_route route = {
                .destination_prefix = golden_string(r, "prefix"),
                .next_hop = golden_string(r, "next_hop"),
                .need_encap = hcs_json_bool(hcs_json_get(r->input, "encap")),
        };
        _cleanup_free_ const char **endpoints = golden_strings(r, "endpoints", &route.n_endpoints);

        route.endpoints = endpoints;
        return hns_route_add(r->hns, &route, &r->text, &r->err);
}

static HRESULT run_namespace_create(struct golden_run *r) {
        _cleanup_free_ char *id = NULL;
        HRESULT hr = hns_namespace_create(r->hns, &id, &r->err);

        r->text = id ? hcs_asprintf("\"%s\"", id) : NULL;
        return hr;
}

static HRESULT run_namespace_remove(struct golden_run *r) {
        return hns_namespace_remove(r->hns, golden_string(r, "id"), &r->err);
}

static HRESULT run_namespace_endpoints(struct golden_run *r) {
        HRESULT hr = hns_namespace_endpoints(r->hns, golden_string(r, "id"), &r->list, &r->err);

        r->is_list = true;
        for (size_t i = 0; i < r->list.n; i++) {
                char *quoted = hcs_asprintf("\"%s\"", r->list.items[i]);

                free(r->list.items[i]);
                r->list.items[i] = quoted;
        }
        return hr;
}

static HRESULT run_namespace_add(struct golden_run *r) {
        return hns_namespace_add_endpoint(r->hns, golden_string(r, "id"), golden_string(r, "endpoint"), &r->err);
}

static HRESULT run_namespace_take(struct golden_run *r) {
        return hns_namespace_remove_endpoint(r->hns, golden_string(r, "id"), golden_string(r, "endpoint"), &r->err);
}

static HRESULT run_globals(struct golden_run *r) {
        return hns_globals(r->hns, &r->text, &r->err);
}

static HRESULT run_features(struct golden_run *r) {
        return hns_features(r->hns, &r->text, &r->err);
}

static HRESULT run_accelnet_get(struct golden_run *r) {
        return hns_accelnet_get(r->hns, &r->text, &r->err);
}

static HRESULT run_accelnet_set(struct golden_run *r) {
        size_t n = 0;
        _cleanup_free_ const char **macs =
                golden_strings(r, GOLDEN_MEMBER(r, "macs", "mac_addresses", "addresses"), &n);

        return hns_accelnet_set(r->hns, macs, n, &r->text, &r->err);
}

static HRESULT run_accelnet_delete(struct golden_run *r) {
        return hns_accelnet_delete(r->hns, &r->text, &r->err);
}

const struct golden_row golden_hns_rows[] = {
        {"HNSListNetworkRequest", run_network_list, 0},
        {"GetHNSNetworkByID", run_network_get, 0},
        {"GetHNSNetworkByName", run_network_by_name, 0},
        {"HNSNetwork.Create", run_network_create, 0},
        {"HNSNetwork.Delete", run_network_delete, 0},
        {"HNSNetwork.CreateEndpoint", run_network_create_endpoint, 0},
        {"HNSNetwork.CreateRemoteEndpoint", run_network_create_remote, 0},
        {"HNSListEndpointRequest", run_endpoint_list, 0},
        {"GetHNSEndpointByID", run_endpoint_get, 0},
        {"GetHNSEndpointByName", run_endpoint_by_name, 0},
        {"GetHNSEndpointStats", run_endpoint_stats, 0},
        {"HNSEndpoint.Create", run_endpoint_create, 0},
        {"HNSEndpoint.Update", run_endpoint_update, 0},
        {"HNSEndpoint.ApplyACLPolicy", run_endpoint_policies, 0},
        {"HNSEndpoint.ApplyProxyPolicy", run_endpoint_policies, 0},
        {"HNSEndpoint.Delete", run_endpoint_delete, 0},
        {"HNSEndpoint.IsAttached", run_is_attached, 0},
        {"HNSEndpoint.ContainerAttach", run_attach_container, 0},
        {"HNSEndpoint.ContainerDetach", run_detach_container, 0},
        {"HNSEndpoint.HostAttach", run_attach_host, 0},
        {"HNSEndpoint.HostDetach", run_detach_host, 0},
        {"HNSEndpoint.VirtualMachineNICAttach", run_attach_vm, 0},
        {"HNSEndpoint.VirtualMachineNICDetach", run_detach_vm, 0},
        {"HNSListPolicyListRequest", run_list_list, 0},
        {"GetPolicyListByID", run_list_get, 0},
        {"PolicyList.Create", run_list_create, 0},
        {"PolicyList.Delete", run_list_delete, 0},
        {"PolicyList.AddEndpoint", run_list_add, 0},
        {"PolicyList.RemoveEndpoint", run_list_remove, 0},
        {"hns.AddLoadBalancer", run_load_balancer, 0},
        {"hns.AddRoute", run_route, 0},
        {"hns.CreateNamespace", run_namespace_create, 0},
        {"hns.RemoveNamespace", run_namespace_remove, 0},
        {"hns.GetNamespaceEndpoints", run_namespace_endpoints, 0},
        {"hns.AddNamespaceEndpoint", run_namespace_add, 0},
        {"hns.RemoveNamespaceEndpoint", run_namespace_take, 0},
        {"GetHNSGlobals", run_globals, 0},
        {"GetHNSSupportedFeatures", run_features, 0},
        {"GetNnvManagementMacAddressList", run_accelnet_get, 0},
        {"SetNnvManagementMacAddresses", run_accelnet_set, 0},
        {"DeleteNnvManagementMacAddressList", run_accelnet_delete, 0},
        {NULL, NULL, 0},
};
