/* SPDX-License-Identifier: MIT */

/* SDN routes: building them, and changing which endpoints they are for. */

#include <string.h>

#include "base/str.h"
#include "hcn/internal.h"

#define ROUTE   HCS_SCHEMA_HCN_HOST_COMPUTE_ROUTE
#define TEXT(s) ((char *)(uintptr_t)(s))

char *hcn_route_build(const struct hcn_route *route) {
        struct hcs_schema_hcn_sdn_route_policy_setting setting = {
                .DestinationPrefix = TEXT(route->destination_prefix),
                .NextHop = TEXT(route->next_hop),
                .NeedEncap = route->need_encap,
        };
        struct hcs_schema_hcn_host_compute_route doc = {
                .HostComputeEndpoints = {(char **)(uintptr_t)route->endpoints, route->n_endpoints},
                .Setting = {&setting, 1},
                .SchemaVersion = {.Major = 2},
        };

        return hcs_schema_print(hcs_schema_type_at(ROUTE), &doc);
}

HRESULT hcn_route_add(struct hcn_client *c, const struct hcn_route *route, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcn_needs(route, "a route", err);

        if (FAILED(hr))
                return hr;
        if (!route->n_endpoints)
                return hcs_error_make(err, E_INVALIDARG, "missing endpoints");
        text = hcn_route_build(route);
        return hcn_create_printed(c, HCN_KIND_ROUTE, text, ret, err);
}

static HRESULT open_document(const char *text, const char *endpoint_id, struct hcs_schema_hcn_host_compute_route **ret,
                             struct hcs_error **err) {
        HRESULT hr = hcn_needs(endpoint_id, "the id of an endpoint", err);

        return FAILED(hr) ? hr : hcn_settings(ROUTE, text, (void **)ret, err);
}

/* Deletes the route; the caller has changed the document that is created anew. Frees it. */
static HRESULT make_again(struct hcn_client *c, struct hcs_schema_hcn_host_compute_route *doc, char **ret,
                          struct hcs_error **err) {
        _cleanup_free_ char *printed = hcs_schema_print(hcs_schema_type_at(ROUTE), doc);
        HRESULT hr = hcn_delete(c, HCN_KIND_ROUTE, doc->ID ? doc->ID : "", err);

        hcs_schema_free(hcs_schema_type_at(ROUTE), doc);
        return FAILED(hr) ? hr : hcn_create_printed(c, HCN_KIND_ROUTE, printed, ret, err);
}

HRESULT hcn_route_add_endpoint(struct hcn_client *c, const char *route, const char *endpoint_id, char **ret,
                               struct hcs_error **err) {
        struct hcs_schema_hcn_host_compute_route *doc = NULL;
        HRESULT hr = open_document(route, endpoint_id, &doc, err);
        char **items;

        if (FAILED(hr))
                return hr;
        items = hcs_realloc(doc->HostComputeEndpoints.items, (doc->HostComputeEndpoints.n + 1) * sizeof(*items));
        items[doc->HostComputeEndpoints.n++] = hcs_strdup(endpoint_id);
        doc->HostComputeEndpoints.items = items;
        return make_again(c, doc, ret, err);
}

HRESULT hcn_route_remove_endpoint(struct hcn_client *c, const char *route, const char *endpoint_id, char **ret,
                                  struct hcs_error **err) {
        struct hcs_schema_hcn_host_compute_route *doc = NULL;
        HRESULT hr = open_document(route, endpoint_id, &doc, err);
        size_t n, at = 0; /* the first one when it is not there: as hcsshim does */
        char **items;

        if (FAILED(hr))
                return hr;
        n = doc->HostComputeEndpoints.n;
        items = doc->HostComputeEndpoints.items;
        if (!n) {
                hcs_schema_free(hcs_schema_type_at(ROUTE), doc);
                return hcs_error_make(err, E_INVALIDARG, "the route has no endpoints");
        }
        for (size_t i = 0; i < n; i++)
                if (hcs_streq(items[i], endpoint_id)) {
                        at = i;
                        break;
                }
        free(items[at]);
        memmove(items + at, items + at + 1, (n - at - 1) * sizeof(*items));
        doc->HostComputeEndpoints.n = n - 1;
        return make_again(c, doc, ret, err);
}
