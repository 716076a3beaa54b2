/* SPDX-License-Identifier: MIT */

/* The network of a run: an endpoint in the host's network of that name. Runs of this process share a network that is
 * not there before: the first one makes it, and it goes with the last; a network that somebody else made stays. */

#include "cmd/lcow/machine.h"
#include "platform/thread.h"
#include "uvm/guest_endpoint.h"

/* A network that runs of this process have made, and how many are in it. */
struct made {
        struct made *next;
        char *name, *id;
        unsigned users;
};
static struct hcs_mutex lock = HCS_MUTEX_INIT;
static struct made *all_made; /* under the lock, which is held while they are made and removed */

struct lcow_network {
        struct hcn_client *client;
        struct made *made; /* the network, if it is one of them */
        struct uvm_guest_endpoint *endpoint;
        struct uvm_networks *adapters;
};

static HRESULT make(struct lcow_network *n, const char *name, struct made **ret, struct hcs_error **err) {
        _cleanup_free_ char *document = NULL, *settings = NULL, *id = NULL;
        _cleanup_json_ struct hcs_json *wanted = NULL;
        struct made *made;
        HRESULT hr;

        hcs_json_parse_cstr("{\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":"
                            "\"172.31.0.0/24\",\"Routes\":[{\"NextHop\":\"172.31.0.1\",\"DestinationPrefix\":"
                            "\"0.0.0.0/0\"}]}]}],\"Dns\":{\"ServerList\":[\"172.31.0.1\"]},"
                            "\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}",
                            &wanted, NULL);
        hcs_json_set_string(wanted, "Name", name);
        settings = hcs_json_text(wanted, HCS_JSON_GO);
        hr = hcn_create(n->client, HCN_KIND_NETWORK, settings, &document, err);
        if (SUCCEEDED(hr))
                hr = uvm_hcn_id(document, &id, err);
        if (FAILED(hr))
                return hr;
        made = hcs_calloc(1, sizeof(*made));
        *made = (struct made){.next = all_made, .name = hcs_strdup(name), .id = steal_pointer(&id)};
        *ret = all_made = made;
        return S_OK;
}

/* By its name; made when there is none. */
static HRESULT find_network(struct lcow_network *n, const char *name, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *document = NULL;
        struct hcs_error *why = NULL;
        struct made *made = NULL;
        HRESULT hr;
        hcs_guard(&lock);

        for (struct made *m = all_made; m && !made; m = m->next)
                if (hcs_streq(m->name, name))
                        made = m;
        if (!made) {
                hr = hcn_get_by_name(n->client, HCN_KIND_NETWORK, name, &document, &why);
                if (FAILED(hr) && !hcn_is_missing(hr))
                        return hcs_error_move(err, &why);
                hcs_error_free(why);
                if (SUCCEEDED(hr))
                        return uvm_hcn_id(document, ret, err);
                hr = make(n, name, &made, err);
                if (FAILED(hr))
                        return hr;
        }
        made->users++;
        n->made = made;
        *ret = hcs_strdup(made->id);
        return S_OK;
}

/* What somebody else still uses stays. */
static void leave(struct lcow_network *n) {
        struct made **at = &all_made, *made = n->made;
        hcs_guard(&lock);

        if (!made || --made->users)
                return;
        while (*at != made)
                at = &(*at)->next;
        *at = made->next;
        hcn_delete(n->client, HCN_KIND_NETWORK, made->id, NULL);
        free(made->name);
        free(made->id);
        free(made);
}

HRESULT lcow_network_new(struct lcow_machine *m, struct lcow_network **ret, struct hcs_error **err) {
        struct lcow_network *n = hcs_calloc(1, sizeof(*n));
        _cleanup_free_ char *network = NULL, *name = hcs_asprintf("%s_eth0", m->run->id);
        HRESULT hr = hcn_client_open(NULL, &n->client, err);

        *ret = n; /* what was made until a failure is taken away by its owner */
        if (SUCCEEDED(hr))
                hr = find_network(n, m->run->network, &network, err);
        if (SUCCEEDED(hr))
                hr = uvm_guest_endpoint_new(n->client, network, name, &n->endpoint, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "network %s", m->run->network), hr;
        if (uvm_guest_endpoint_address(n->endpoint))
                lcow_step(m->run, "in the network %s it is %s", m->run->network,
                          uvm_guest_endpoint_address(n->endpoint));
        return S_OK;
}

const char *lcow_network_namespace(const struct lcow_network *n) {
        return uvm_guest_endpoint_namespace(n->endpoint);
}

HRESULT lcow_network_attach(struct lcow_network *n, struct lcow_machine *m, struct hcs_error **err) {
        HRESULT hr;

        n->adapters = uvm_networks_new(&(struct uvm_networks_options){.host = &m->host});
        hr = uvm_guest_endpoint_add(n->endpoint, n->adapters, &m->sink, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "network %s", m->run->network);
        return hr;
}

struct lcow_network *lcow_network_free(struct lcow_network *n) {
        if (!n)
                return NULL;
        uvm_networks_free(n->adapters);
        uvm_guest_endpoint_free(n->endpoint);
        leave(n);
        hcn_client_unref(n->client);
        return hcs_free(n);
}
