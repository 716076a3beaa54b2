/* SPDX-License-Identifier: MIT */

/* Networks: what hcsshim refuses, their endpoints and their policies. */

#include "base/str.h"
#include "hcn/internal.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

static bool is_set(const char *s) {
        return s && *s;
}

HRESULT hcn_network_check(const struct hcs_schema_hcn_host_compute_network *n, struct hcs_error **err) {
        for (size_t i = 0; i < n->Ipams.n; i++)
                for (size_t k = 0; k < n->Ipams.items[i].Subnets.n; k++) {
                        const struct hcs_schema_hcn_subnet *subnet = &n->Ipams.items[i].Subnets.items[k];
                        bool has_default = false;

                        if (!is_set(subnet->IpAddressPrefix))
                                continue;
                        for (size_t r = 0; r < subnet->Routes.n; r++) {
                                const struct hcs_schema_hcn_route *route = &subnet->Routes.items[r];

                                if (!is_set(route->NextHop))
                                        return hcs_error_make(err, E_INVALIDARG,
                                                              "network create error, subnet has address prefix but no "
                                                              "gateway specified");
                                has_default |= hcs_streq(route->DestinationPrefix, "0.0.0.0/0") ||
                                               hcs_streq(route->DestinationPrefix, "::/0");
                        }
                        if (!has_default)
                                return hcs_error_make(err, E_INVALIDARG, "network create error, no default gateway");
                }
        return S_OK;
}

HRESULT hcn_network_endpoints(struct hcn_client *c, const char *network_id, struct hcs_documents *ret,
                              struct hcs_error **err) {
        _cleanup_free_ char *query = NULL;
        HRESULT hr = hcn_needs(network_id, "the id of a network", err);

        if (FAILED(hr))
                return hr;
        query = hcn_query_by("VirtualNetwork", network_id);
        return hcn_list(c, HCN_KIND_ENDPOINT, query, ret, err);
}

HRESULT hcn_network_create_endpoint(struct hcn_client *c, const char *network_id, const char *endpoint, bool is_remote,
                                    char **ret, struct hcs_error **err) {
        struct hcs_schema_hcn_host_compute_endpoint *doc = NULL;
        HRESULT hr = hcn_settings(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT, endpoint, (void **)&doc, err);

        if (FAILED(hr))
                return hr;
        free(doc->HostComputeNetwork);
        doc->HostComputeNetwork = hcs_strdup(network_id);
        if (is_remote)
                doc->Flags |= HCN_ENDPOINT_REMOTE;
        hr = hcn_endpoint_create(c, doc, ret, err);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), doc);
        return hr;
}

static HRESULT change_policies(struct hcn_client *c, const char *id, const char *request_type, const char *request,
                               struct hcs_error **err) {
        _cleanup_free_ char *settings = NULL, *text = NULL;
        HRESULT hr = hcn_settings_text(HCS_SCHEMA_HCN_POLICY_NETWORK_REQUEST, request, &settings, err);

        if (FAILED(hr))
                return hr;
        text = hcn_request_text("Policy", request_type, settings);
        return hcn_modify_printed(c, HCN_KIND_NETWORK, id, text, NULL, err);
}

HRESULT hcn_network_add_policies(struct hcn_client *c, const char *id, const char *request, struct hcs_error **err) {
        return change_policies(c, id, "Add", request, err);
}

HRESULT hcn_network_remove_policies(struct hcn_client *c, const char *id, const char *request, struct hcs_error **err) {
        return change_policies(c, id, "Remove", request, err);
}

static HRESULT change_policy(struct hcn_client *c, const char *id, const char *request_type, const char *type,
                             const char *settings, struct hcs_error **err) {
        _cleanup_free_ char *policy = NULL, *request = NULL;
        HRESULT hr = hcn_policy_build(HCS_SCHEMA_POLICY_NETWORK, type, settings, &policy, err);

        if (SUCCEEDED(hr))
                hr = hcn_policies_build((const char *const[]){policy}, 1, &request, err);
        return FAILED(hr) ? hr : change_policies(c, id, request_type, request, err);
}

static HRESULT change_remote_subnet(struct hcn_client *c, const char *id, const char *request_type,
                                    const struct hcn_remote_subnet *s, struct hcs_error **err) {
        _cleanup_free_ char *settings = NULL;
        HRESULT hr = hcn_needs(s, "a remote subnet", err);

        if (FAILED(hr))
                return hr;
        settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HCN_REMOTE_SUBNET_ROUTE_POLICY_SETTING),
                                    &(struct hcs_schema_hcn_remote_subnet_route_policy_setting){
                                            .DestinationPrefix = TEXT(s->destination_prefix),
                                            .IsolationId = s->isolation_id,
                                            .ProviderAddress = TEXT(s->provider_address),
                                            .DistributedRouterMacAddress = TEXT(s->router_mac_address),
                                    });
        return change_policy(c, id, request_type, "RemoteSubnetRoute", settings, err);
}

HRESULT hcn_network_add_remote_subnet(struct hcn_client *c, const char *id, const struct hcn_remote_subnet *subnet,
                                      struct hcs_error **err) {
        return change_remote_subnet(c, id, "Add", subnet, err);
}

HRESULT hcn_network_remove_remote_subnet(struct hcn_client *c, const char *id, const struct hcn_remote_subnet *subnet,
                                         struct hcs_error **err) {
        return change_remote_subnet(c, id, "Remove", subnet, err);
}

HRESULT hcn_network_add_host_route(struct hcn_client *c, const char *id, struct hcs_error **err) {
        return change_policy(c, id, "Add", "HostRoute", NULL, err);
}

HRESULT hcn_network_remove_host_route(struct hcn_client *c, const char *id, struct hcs_error **err) {
        return change_policy(c, id, "Remove", "HostRoute", NULL, err);
}
