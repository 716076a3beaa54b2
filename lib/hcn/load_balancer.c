/* SPDX-License-Identifier: MIT */

/* Load balancers: building them, and changing what they balance over. */

#include "base/str.h"
#include "hcn/internal.h"

#define LOAD_BALANCER HCS_SCHEMA_HCN_HOST_COMPUTE_LOAD_BALANCER
#define TEXT(s)       ((char *)(uintptr_t)(s))

char *hcn_load_balancer_build(const struct hcn_load_balancer *lb) {
        struct hcs_schema_hcn_load_balancer_port_mapping mapping = {
                .Protocol = lb->protocol,
                .InternalPort = lb->internal_port,
                .ExternalPort = lb->external_port,
                .DistributionType = lb->distribution,
                .Flags = lb->port_mapping_flags,
        };
        struct hcs_schema_hcn_host_compute_load_balancer doc = {
                .HostComputeEndpoints = {(char **)(uintptr_t)lb->endpoints, lb->n_endpoints},
                .SourceVIP = TEXT(lb->source_vip),
                .FrontendVIPs = {(char **)(uintptr_t)lb->frontend_vips, lb->n_frontend_vips},
                .PortMappings = {&mapping, 1},
                .SchemaVersion = {.Major = 2},
                .Flags = lb->flags,
        };

        return hcs_schema_print(hcs_schema_type_at(LOAD_BALANCER), &doc);
}

HRESULT hcn_load_balancer_add(struct hcn_client *c, const struct hcn_load_balancer *lb, char **ret,
                              struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcn_needs(lb, "a load balancer", err);

        if (FAILED(hr))
                return hr;
        text = hcn_load_balancer_build(lb);
        return hcn_create_printed(c, HCN_KIND_LOAD_BALANCER, text, ret, err);
}

/* Only what is known already counts: asking would be a call that hcsshim does not make here. */
static bool is_known_to_lack(struct hcn_client *c, const char *feature) {
        hcs_guard(&c->lock);

        return c->has_version && !hcs_schema_feature_in(hcs_schema_feature_find(feature), c->version);
}

HRESULT hcn_load_balancer_update(struct hcn_client *c, const char *id, const char *load_balancer, char **ret,
                                 struct hcs_error **err) {
        if (is_known_to_lack(c, "ModifyLoadbalancer"))
                return hcn_require(c, "ModifyLoadbalancer", err);
        return hcn_modify(c, HCN_KIND_LOAD_BALANCER, id, load_balancer, ret, err);
}

static void remove_id(struct hcs_schema_hcn_host_compute_load_balancer *doc, const char *endpoint_id) {
        size_t n = 0;

        for (size_t i = 0; i < doc->HostComputeEndpoints.n; i++) {
                char *id = doc->HostComputeEndpoints.items[i];

                if (hcs_streq(id, endpoint_id))
                        free(id);
                else
                        doc->HostComputeEndpoints.items[n++] = id;
        }
        doc->HostComputeEndpoints.n = n;
}

static void add_id(struct hcs_schema_hcn_host_compute_load_balancer *doc, const char *endpoint_id) {
        size_t n = doc->HostComputeEndpoints.n;
        char **items = hcs_realloc(doc->HostComputeEndpoints.items, (n + 1) * sizeof(*items));

        items[n] = hcs_strdup(endpoint_id);
        doc->HostComputeEndpoints.items = items;
        doc->HostComputeEndpoints.n = n + 1;
}

static HRESULT make_again(struct hcn_client *c, const char *text, const char *endpoint_id, bool add, char **ret,
                          struct hcs_error **err) {
        struct hcs_schema_hcn_host_compute_load_balancer *doc = NULL;
        _cleanup_free_ char *printed = NULL;
        HRESULT hr = hcn_needs(endpoint_id, "the id of an endpoint", err);

        if (FAILED(hr) || FAILED(hr = hcn_settings(LOAD_BALANCER, text, (void **)&doc, err)))
                return hr;
        hr = hcn_delete(c, HCN_KIND_LOAD_BALANCER, doc->ID, err);
        if (SUCCEEDED(hr)) {
                if (add)
                        add_id(doc, endpoint_id);
                else
                        remove_id(doc, endpoint_id);
                printed = hcs_schema_print(hcs_schema_type_at(LOAD_BALANCER), doc);
                hr = hcn_create_printed(c, HCN_KIND_LOAD_BALANCER, printed, ret, err);
        }
        hcs_schema_free(hcs_schema_type_at(LOAD_BALANCER), doc);
        return hr;
}

HRESULT hcn_load_balancer_add_endpoint(struct hcn_client *c, const char *load_balancer, const char *endpoint_id,
                                       char **ret, struct hcs_error **err) {
        return make_again(c, load_balancer, endpoint_id, true, ret, err);
}

HRESULT hcn_load_balancer_remove_endpoint(struct hcn_client *c, const char *load_balancer, const char *endpoint_id,
                                          char **ret, struct hcs_error **err) {
        return make_again(c, load_balancer, endpoint_id, false, ret, err);
}
