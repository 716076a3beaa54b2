/* SPDX-License-Identifier: MIT */

/* An endpoint and its namespace, made, given to a VM and taken away. See guest_endpoint.h. */

#include "uvm/guest_endpoint.h"

#include <string.h>

#include "base/json.h"

#define DOCUMENT (hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT))

struct uvm_guest_endpoint {
        struct hcn_client *client;
        char *id, *namespace; /* NULL: not made */
        struct hcs_schema_hcn_host_compute_endpoint *document;
};

HRESULT uvm_hcn_id(const char *document, char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const char *id;
        HRESULT hr = hcs_json_parse_cstr(document, &json, err);

        if (FAILED(hr))
                return hr;
        id = hcs_json_get_string(json, "ID");
        if (!id)
                return hcs_error_make(err, E_UNEXPECTED, "the service gives no ID");
        *ret = hcs_strdup(id);
        return S_OK;
}

static HRESULT create(struct uvm_guest_endpoint *e, const char *network, const char *name, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *settings = hcs_json_new_object();
        _cleanup_free_ char *text = NULL, *endpoint = NULL, *namespace = NULL;
        struct hcs_json *version;
        HRESULT hr;

        hcs_json_set_string(settings, "Name", name);
        version = hcs_json_set_new_object(settings, "SchemaVersion");
        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 0);
        text = hcs_json_text(settings, HCS_JSON_GO);
        hr = hcn_network_create_endpoint(e->client, network, text, false, &endpoint, err);
        if (SUCCEEDED(hr))
                hr = uvm_hcn_id(endpoint, &e->id, err);
        if (SUCCEEDED(hr))
                hr = hcn_create(e->client, HCN_KIND_NAMESPACE, "{\"Type\":\"Guest\"}", &namespace, err);
        if (SUCCEEDED(hr))
                hr = uvm_hcn_id(namespace, &e->namespace, err);
        return hr;
}

static HRESULT attach(struct uvm_guest_endpoint *e, struct hcs_error **err) {
        _cleanup_free_ char *document = NULL;
        HRESULT hr = hcn_endpoint_attach_namespace(e->client, e->id, e->namespace, err);

        if (SUCCEEDED(hr))
                hr = hcn_get(e->client, HCN_KIND_ENDPOINT, e->id, &document, err);
        if (SUCCEEDED(hr))
                hr = hcs_schema_parse(DOCUMENT, document, strlen(document), (void **)&e->document, err);
        return hr;
}

HRESULT uvm_guest_endpoint_new(struct hcn_client *c, const char *network, const char *name,
                               struct uvm_guest_endpoint **ret, struct hcs_error **err) {
        struct uvm_guest_endpoint *e = hcs_calloc(1, sizeof(*e));
        HRESULT hr;

        e->client = c;
        hr = create(e, network, name, err);
        if (SUCCEEDED(hr))
                hr = attach(e, err);
        if (FAILED(hr))
                return uvm_guest_endpoint_free(e), hr;
        *ret = e;
        return S_OK;
}

const char *uvm_guest_endpoint_namespace(const struct uvm_guest_endpoint *e) {
        return e->namespace;
}

const char *uvm_guest_endpoint_address(const struct uvm_guest_endpoint *e) {
        return e->document->IpConfigurations.n ? e->document->IpConfigurations.items[0].IpAddress : NULL;
}

HRESULT uvm_guest_endpoint_add(const struct uvm_guest_endpoint *e, struct uvm_networks *n, const struct uvm_sink *sink,
                               struct hcs_error **err) {
        const struct hcs_schema_hcn_host_compute_endpoint *endpoint = e->document;
        HRESULT hr = uvm_networks_add(n, sink, e->namespace, err);

        return SUCCEEDED(hr) ? uvm_networks_add_endpoints(n, sink, e->namespace, &endpoint, 1, err) : hr;
}

struct uvm_guest_endpoint *uvm_guest_endpoint_free(struct uvm_guest_endpoint *e) {
        if (!e)
                return NULL;
        if (e->id && e->namespace)
                hcn_endpoint_detach_namespace(e->client, e->id, e->namespace, NULL);
        if (e->id)
                hcn_delete(e->client, HCN_KIND_ENDPOINT, e->id, NULL);
        if (e->namespace)
                hcn_delete(e->client, HCN_KIND_NAMESPACE, e->namespace, NULL);
        hcs_schema_free(DOCUMENT, e->document);
        free(e->id);
        free(e->namespace);
        return hcs_free(e);
}
