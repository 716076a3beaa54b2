/* SPDX-License-Identifier: MIT */

/* The network of a run: an endpoint in the host's network of that name, and a namespace of guests for it. What was made
 * here goes with the run, a network that somebody else made stays. */

#include <string.h>

#include "cmd/lcowctl/machine.h"
#include "hcsshim/hcn.h"

struct network {
        struct hcn_client *client;
        char *made, *endpoint, *namespace; /* ids; NULL: not made */
        struct hcs_schema_hcn_host_compute_endpoint *document;
        struct uvm_networks *adapters;
};

static HRESULT id_of(const char *document, char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        HRESULT hr = hcs_json_parse_cstr(document, &json, err);

        if (SUCCEEDED(hr))
                *ret = hcs_strdup(hcs_json_get_string(json, "ID"));
        return SUCCEEDED(hr) && !*ret ? hcs_error_make(err, E_UNEXPECTED, "the service gives no ID") : hr;
}

/* By its name; made when there is none. */
static HRESULT find_network(struct network *n, const char *name, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *document = NULL, *settings = NULL;
        _cleanup_json_ struct hcs_json *wanted = NULL;
        struct hcs_error *why = NULL;
        HRESULT hr = hcn_get_by_name(n->client, HCN_KIND_NETWORK, name, &document, &why);

        if (FAILED(hr) && !hcn_is_missing(hr))
                return hcs_error_move(err, &why);
        hcs_error_free(why);
        if (SUCCEEDED(hr))
                return id_of(document, ret, err);
        hcs_json_parse_cstr("{\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":"
                            "\"172.31.0.0/24\",\"Routes\":[{\"NextHop\":\"172.31.0.1\",\"DestinationPrefix\":"
                            "\"0.0.0.0/0\"}]}]}],\"Dns\":{\"ServerList\":[\"172.31.0.1\"]},"
                            "\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}",
                            &wanted, NULL);
        hcs_json_set_string(wanted, "Name", name);
        settings = hcs_json_text(wanted, HCS_JSON_GO);
        hr = hcn_create(n->client, HCN_KIND_NETWORK, settings, &document, err);
        if (SUCCEEDED(hr))
                hr = id_of(document, &n->made, err);
        if (SUCCEEDED(hr))
                *ret = hcs_strdup(n->made);
        return hr;
}

static HRESULT make_endpoint(struct network *n, const struct run *r, const char *network, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *settings = hcs_json_new_object();
        _cleanup_free_ char *text = NULL, *name = hcs_asprintf("%s_eth0", r->id), *document = NULL, *made = NULL;
        struct hcs_json *version;
        HRESULT hr;

        hcs_json_set_string(settings, "Name", name);
        version = hcs_json_set_new_object(settings, "SchemaVersion");
        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 0);
        text = hcs_json_text(settings, HCS_JSON_GO);
        hr = hcn_network_create_endpoint(n->client, network, text, false, &document, err);
        if (SUCCEEDED(hr))
                hr = id_of(document, &n->endpoint, err);
        if (SUCCEEDED(hr))
                hr = hcn_create(n->client, HCN_KIND_NAMESPACE, "{\"Type\":\"Guest\"}", &made, err);
        if (SUCCEEDED(hr))
                hr = id_of(made, &n->namespace, err);
        if (SUCCEEDED(hr))
                hr = hcn_endpoint_attach_namespace(n->client, n->endpoint, n->namespace, err);
        free(steal_pointer(&document));
        if (SUCCEEDED(hr))
                hr = hcn_get(n->client, HCN_KIND_ENDPOINT, n->endpoint, &document, err);
        if (SUCCEEDED(hr))
                hr = hcs_schema_parse(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), document,
                                      strlen(document), (void **)&n->document, err);
        return hr;
}

HRESULT network_new(struct machine *m, struct network **ret, struct hcs_error **err) {
        struct network *n = hcs_calloc(1, sizeof(*n));
        _cleanup_free_ char *network = NULL;
        HRESULT hr = hcn_client_open(NULL, &n->client, err);

        *ret = n; /* what was made until a failure is taken away by its owner */
        if (SUCCEEDED(hr))
                hr = find_network(n, m->run->network, &network, err);
        if (SUCCEEDED(hr))
                hr = make_endpoint(n, m->run, network, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "network %s", m->run->network), hr;
        if (n->document->IpConfigurations.n)
                step(m->run, "in the network %s it is %s", m->run->network,
                     n->document->IpConfigurations.items[0].IpAddress);
        return S_OK;
}

const char *network_namespace(const struct network *n) {
        return n->namespace;
}

HRESULT network_attach(struct network *n, struct machine *m, struct hcs_error **err) {
        const struct hcs_schema_hcn_host_compute_endpoint *endpoint = n->document;
        HRESULT hr;

        n->adapters = uvm_networks_new(&(struct uvm_networks_options){.host = &m->host});
        hr = uvm_networks_add(n->adapters, &m->sink, n->namespace, err);
        if (SUCCEEDED(hr))
                hr = uvm_networks_add_endpoints(n->adapters, &m->sink, n->namespace, &endpoint, 1, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "network %s", m->run->network);
        return hr;
}

struct network *network_free(struct network *n, struct machine *m) {
        if (!n)
                return NULL;
        uvm_networks_free(n->adapters);
        if (n->endpoint && n->namespace)
                hcn_endpoint_detach_namespace(n->client, n->endpoint, n->namespace, NULL);
        if (n->endpoint)
                hcn_delete(n->client, HCN_KIND_ENDPOINT, n->endpoint, NULL);
        if (n->namespace)
                hcn_delete(n->client, HCN_KIND_NAMESPACE, n->namespace, NULL);
        if (n->made)
                hcn_delete(n->client, HCN_KIND_NETWORK, n->made, NULL);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), n->document);
        hcn_client_unref(n->client);
        free(n->made);
        free(n->endpoint);
        free(n->namespace);
        free(n);
        return NULL;
}
