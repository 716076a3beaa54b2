/* SPDX-License-Identifier: MIT */

/*
 * Ports that are mapped: each once for the host where addresses are translated, once for the network elsewhere, and
 * once for each front end of load balancers. Under the emulator's lock.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

#define FIRST_DYNAMIC 49152
#define N_DYNAMIC     16384

static bool claim(struct net_model *m, char *key, struct net_port **ports) {
        struct net_port *port;

        if (net_map_get(&m->ports, key, strlen(key))) {
                free(key);
                return false;
        }
        port = hcs_calloc(1, sizeof(*port));
        port->key = key;
        port->next = *ports;
        *ports = port;
        net_map_put(&m->ports, key, strlen(key), port);
        return true;
}

void net_ports_release(struct net_model *m, struct net_port **ports) {
        while (*ports) {
                struct net_port *p = *ports;

                *ports = p->next;
                net_map_remove(&m->ports, p->key, strlen(p->key));
                free(p->key);
                free(p);
        }
}

static char *mapping_key(const struct net_network *network, const struct hcs_json *settings, uint64_t port) {
        return hcs_asprintf("%s|%llu|%llu|%s", network->type->translates ? "host" : network->o.id_text,
                            (unsigned long long)net_uint(settings, "Protocol"), (unsigned long long)port,
                            net_text(settings, "VIP"));
}

static bool claim_dynamic(struct net_model *m, const struct net_network *network, struct hcs_json *settings,
                          struct net_port **ports) {
        for (uint64_t i = 0; i < N_DYNAMIC; i++) {
                uint64_t port = FIRST_DYNAMIC + (m->next_port + i) % N_DYNAMIC;

                if (claim(m, mapping_key(network, settings, port), ports)) {
                        m->next_port = port - FIRST_DYNAMIC + 1;
                        hcs_json_set_u64(settings, "ExternalPort", port);
                        return true;
                }
        }
        return false;
}

HRESULT net_ports_claim_mappings(struct net_model *m, const struct net_network *network, struct hcs_json *policies,
                                 struct net_port **ports, struct hcs_error **err) {
        size_t i = 0;

        for (struct hcs_json *p = hcs_json_first(policies); p; p = hcs_json_next(p), i++) {
                struct hcs_json *settings = hcs_json_get_nocase(p, "Settings");
                uint64_t port = net_uint(settings, "ExternalPort");
                _cleanup_free_ char *path = NULL;

                if (!hcs_strcaseeq(hcs_json_string(hcs_json_get_nocase(p, "Type")), "PortMapping") ||
                    !net_uint(settings, "InternalPort"))
                        continue;
                if (port ? claim(m, mapping_key(network, settings, port), ports)
                         : claim_dynamic(m, network, settings, ports))
                        continue;
                net_ports_release(m, ports);
                path = hcs_asprintf("$.Policies[%zu].Settings.ExternalPort", i);
                return net_refuse(err, HCN_E_PORT_ALREADY_EXISTS, path, "port %llu is mapped already",
                                  (unsigned long long)port);
        }
        return S_OK;
}

static HRESULT claim_frontend(struct net_model *m, const char *vip, const struct hcs_json *mappings,
                              struct net_port **ports, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *p = hcs_json_first(mappings); p; p = hcs_json_next(p), i++) {
                unsigned long long port = net_uint(p, "ExternalPort"), protocol = net_uint(p, "Protocol");

                if (port && !claim(m, hcs_asprintf("front|%s|%llu|%llu", vip, protocol, port), ports)) {
                        _cleanup_free_ char *path = hcs_asprintf("$.PortMappings[%zu].ExternalPort", i);

                        net_ports_release(m, ports);
                        return net_refuse(err, HCN_E_PORT_ALREADY_EXISTS, path,
                                          "port %llu of protocol %llu is balanced already%s%s", port, protocol,
                                          *vip ? " on " : "", vip);
                }
        }
        return S_OK;
}

HRESULT net_ports_claim_frontends(struct net_model *m, const struct hcs_json *doc, struct net_port **ports,
                                  struct hcs_error **err) {
        const struct hcs_json *vips = hcs_json_get(doc, "FrontendVIPs"), *mappings = hcs_json_get(doc, "PortMappings");
        HRESULT hr = S_OK;

        if (!hcs_json_first(vips))
                return claim_frontend(m, "", mappings, ports, err);
        for (const struct hcs_json *v = hcs_json_first(vips); v && SUCCEEDED(hr); v = hcs_json_next(v))
                hr = claim_frontend(m, hcs_json_string(v) ? hcs_json_string(v) : "", mappings, ports, err);
        return hr;
}
