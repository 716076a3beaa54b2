/* SPDX-License-Identifier: MIT */

/* Two VMs in one network of the host, each with an adapter for its endpoint, and containers that talk over it. */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/hcn.h"
#include "integration/lcow/pod.h"
#include "integration/lcow/scenarios.h"

static const struct hcs_call patient = {.timeout_ms = 60000};

#define NETWORK                                                                                                  \
        "{\"Name\":\"pods\",\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":" \
        "\"172.30.0.0/24\",\"Routes\":[{\"NextHop\":\"172.30.0.1\",\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}],"   \
        "\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

/* A VM with its end of the network, and a container there. */
struct end {
        struct machine m;
        char *endpoint, *namespace;
        struct hcs_schema_hcn_host_compute_endpoint *document;
        struct uvm_networks *adapters;
        struct uvm_container *container;
};

static char *id_of(const char *document) {
        _cleanup_json_ struct hcs_json *json = NULL;

        return FAILED(hcs_json_parse_cstr(document, &json, NULL)) ? NULL : hcs_strdup(hcs_json_get_string(json, "ID"));
}

static bool plug(struct world *w, struct hcn_client *c, const char *network, struct end *e) {
        _cleanup_free_ char *made = NULL, *space = NULL, *document = NULL;
        const struct hcs_schema_hcn_host_compute_endpoint *endpoint;
        struct hcs_error *err = NULL;
        HRESULT hr = hcn_network_create_endpoint(
                c, network, "{\"Name\":\"x_eth0\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}", false, &made, &err);

        if (SUCCEEDED(hr))
                hr = hcn_create(c, HCN_KIND_NAMESPACE, "{\"Type\":\"Guest\"}", &space, &err);
        if (FAILED(hr))
                return world_failed(w, err, "endpoint and namespace");
        e->endpoint = id_of(made);
        e->namespace = id_of(space);
        hr = hcn_endpoint_attach_namespace(c, e->endpoint, e->namespace, &err);
        if (SUCCEEDED(hr))
                hr = hcn_get(c, HCN_KIND_ENDPOINT, e->endpoint, &document, &err);
        if (SUCCEEDED(hr))
                hr = hcs_schema_parse(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), document,
                                      strlen(document), (void **)&e->document, &err);
        endpoint = e->document;
        e->adapters = uvm_networks_new(&(struct uvm_networks_options){.host = &w->host});
        if (SUCCEEDED(hr))
                hr = uvm_networks_add(e->adapters, &e->m.sink, e->namespace, &err);
        if (SUCCEEDED(hr))
                hr = uvm_networks_add_endpoints(e->adapters, &e->m.sink, e->namespace, &endpoint, 1, &err);
        return SUCCEEDED(hr) || world_failed(w, err, "adapter");
}

static bool put(struct end *e, const char *id, const char *command, const char *merged) {
        return box_create(&e->m, &(struct box){.id = id, .command = command, .merge = merged}, &e->container) &&
               box_start(&e->m, e->container);
}

static void unplug(struct hcn_client *c, struct end *e) {
        uvm_container_free(e->container);
        uvm_networks_free(e->adapters);
        machine_deinit(&e->m);
        if (e->endpoint)
                hcn_delete(c, HCN_KIND_ENDPOINT, e->endpoint, NULL);
        if (e->namespace)
                hcn_delete(c, HCN_KIND_NAMESPACE, e->namespace, NULL);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), e->document);
        free(e->endpoint);
        free(e->namespace);
}

/* The listener says that it listens, before anybody dials. */
static bool talk(struct world *w, struct pod *pod, struct end *server, struct end *client) {
        const char *address = server->document->IpConfigurations.items[0].IpAddress;
        _cleanup_free_ char *dial = hcs_asprintf("echo over the network | nc %s 7000", address);
        _cleanup_free_ char *of_pod = pod_spec(pod, server->namespace);
        _cleanup_free_ char *alone =
                hcs_asprintf("{\"windows\":{\"network\":{\"networkNamespace\":\"%s\"}}}", client->namespace);
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        _cleanup_buf_ struct hcs_buf out = {0}, heard = {0};
        struct hcs_error *err = NULL;
        uint32_t code = 0;
        char buf[256];
        HRESULT hr;
        size_t n;

        if (!put(server, "server",
                 "(while ! cat /proc/net/tcp /proc/net/tcp6 | grep -q :1B58; do :; done; echo listens) & nc -l -p "
                 "7000; echo; wait",
                 of_pod) ||
            !put(client, "client", dial, alone))
                return false;
        hr = uvm_container_exec(server->container, NULL, &(struct uvm_streams){.out = true}, &patient, &p, &err);
        while (SUCCEEDED(hr) && !strstr(hcs_buf_cstr(&heard), "listens\n")) {
                hr = hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, &err);
                if (hr != S_OK)
                        break;
                hcs_buf_append(&heard, buf, n);
        }
        if (hr != S_OK)
                return world_failed(w, err, "the listener said: %s", hcs_buf_cstr(&heard));
        if (!box_run(&client->m, client->container, NULL, NULL, &out, &code))
                return false;
        while ((hr = hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, &err)) == S_OK)
                hcs_buf_append(&heard, buf, n);
        if (FAILED(hr) || FAILED(hcs_gcs_process_wait(p, &patient, &code, &err)))
                return world_failed(w, err, "the listener");
        if (!strstr(hcs_buf_cstr(&heard), "over the network"))
                return world_failed(w, NULL, "the listener heard: %s", hcs_buf_cstr(&heard));
        return box_delete(&client->m, &client->container) && box_delete(&server->m, &server->container);
}

void scenario_network(struct world *w) {
        _cleanup_free_ char *made = NULL, *network = NULL;
        struct end a = {0}, b = {0};
        struct pod pod = {0};
        struct hcn_client *c = NULL;
        struct hcs_error *err = NULL;

        if (FAILED(hcn_client_open(NULL, &c, &err)) || FAILED(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &made, &err))) {
                world_failed(w, err, "network");
                return;
        }
        network = id_of(made);
        if (machine_boot(w, "server@vm", 256, &a.m) && machine_boot(w, "client@vm", 256, &b.m) &&
            plug(w, c, network, &a) && plug(w, c, network, &b) && pod_open(&a.m, a.namespace, &pod) &&
            pod_shares(&a.m, &pod, a.namespace) && talk(w, &pod, &a, &b) && pod_close(&a.m, &pod) && machine_stop(&a.m))
                machine_stop(&b.m);
        pod_deinit(&pod);
        unplug(c, &b);
        unplug(c, &a);
        hcn_delete(c, HCN_KIND_NETWORK, network, NULL);
        hcn_client_unref(c);
}
