/* SPDX-License-Identifier: MIT */

/* Networks of version 1, and making endpoints on them. */

#include "hns/internal.h"

#define NETWORK HCS_SCHEMA_HNS_HNS_NETWORK

HRESULT hns_network_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err) {
        return hns_request_list(c, "/networks/", NETWORK, ret, err);
}

static HRESULT by_id(struct hns_client *c, const char *method, const char *id, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = NULL;
        HRESULT hr = hns_needs(id, "the id of a network", err);

        if (FAILED(hr))
                return hr;
        path = hcs_asprintf("/networks/%s", id);
        return hns_request_typed(c, method, path, NULL, NETWORK, ret, err);
}

HRESULT hns_network_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "GET", id, ret, err);
}

HRESULT hns_network_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "DELETE", id, ret, err);
}

HRESULT hns_network_get_by_name(struct hns_client *c, const char *name, char **ret, struct hcs_error **err) {
        HRESULT hr = hns_needs(name, "the name of a network", err);

        if (SUCCEEDED(hr))
                hr = hns_request_named(c, "/networks/", NETWORK, name, ret, err);
        return hr == S_FALSE ? hcs_error_make(err, (HRESULT)0x803B0001, "Network %s not found", name) : hr;
}

static HRESULT check_subnets(const struct hcs_schema_hns_hns_network *n, struct hcs_error **err) {
        for (size_t i = 0; i < n->Subnets.n; i++) {
                const struct hcs_schema_hns_subnet *s = &n->Subnets.items[i];

                if (s->AddressPrefix && *s->AddressPrefix && !(s->GatewayAddress && *s->GatewayAddress))
                        return hcs_error_make(err, E_INVALIDARG,
                                              "network create error, subnet has address prefix but no gateway "
                                              "specified");
        }
        return S_OK;
}

HRESULT hns_network_create(struct hns_client *c, const char *network, char **ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(NETWORK);
        struct hcs_schema_hns_hns_network *doc = NULL;
        _cleanup_free_ char *body = NULL;
        HRESULT hr = hns_settings(NETWORK, network, (void **)&doc, err);

        if (FAILED(hr))
                return hr;
        hr = check_subnets(doc, err);
        body = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return FAILED(hr) ? hr : hns_request_typed(c, "POST", "/networks/", body, NETWORK, ret, err);
}

HRESULT hns_network_create_endpoint(struct hns_client *c, const char *network_id, const char *endpoint, bool is_remote,
                                    char **ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_HNS_HNS_ENDPOINT);
        struct hcs_schema_hns_hns_endpoint *doc = NULL;
        _cleanup_free_ char *body = NULL;
        HRESULT hr = hns_needs(network_id, "the id of a network", err);

        if (SUCCEEDED(hr))
                hr = hns_settings(HCS_SCHEMA_HNS_HNS_ENDPOINT, endpoint, (void **)&doc, err);
        if (FAILED(hr))
                return hr;
        free(doc->VirtualNetwork);
        doc->VirtualNetwork = hcs_strdup(network_id);
        doc->IsRemoteEndpoint |= is_remote;
        body = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return hns_endpoint_create(c, body, ret, err);
}
