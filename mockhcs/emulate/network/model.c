/* SPDX-License-Identifier: MIT */

/* The life of the model, and the options that concern it. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

const struct net_kind_ops *const net_kinds[NET_KINDS] = {
        [NET_NETWORK] = &net_network_ops,     [NET_ENDPOINT] = &net_endpoint_ops,
        [NET_NAMESPACE] = &net_namespace_ops, [NET_LOADBALANCER] = &net_loadbalancer_ops,
        [NET_ROUTE] = &net_route_ops,         [NET_GUESTSERVICE] = &net_guest_service_ops,
};

/* "15.4"; the default is the newest that is known. */
static HRESULT parse_version(const char *text, struct hcs_schema_hns_version *ret, struct hcs_error **err) {
        const char *dot = text ? strchr(text, '.') : NULL;
        _cleanup_free_ char *major = dot ? hcs_strndup(text, (size_t)(dot - text)) : NULL;

        *ret = (struct hcs_schema_hns_version){15, 4};
        if (!text)
                return S_OK;
        if (!dot || !hcs_str_to_i64(major, &ret->major) || !hcs_str_to_i64(dot + 1, &ret->minor) || ret->major < 0 ||
            ret->minor < 0 || ret->major > 9999 || ret->minor > 9999)
                return hcs_error_make(err, E_INVALIDARG, "hns=%s: a version like 15.4 is expected", text);
        return S_OK;
}

HRESULT net_model_new(struct emulator *em, const struct mock_options *options, struct net_model **ret,
                      struct hcs_error **err) {
        struct net_model *m = hcs_calloc(1, sizeof(*m));
        struct emissions nobody_hears = {0};
        HRESULT hr;

        m->em = em;
        m->out = &nobody_hears;
        m->next_compartment = 1;
        hcs_cond_init(&m->wake);
        m->state_path = hcs_strdup(mock_option(options, "net-state"));
        hr = parse_version(mock_option(options, "hns"), &m->version, err);
        if (SUCCEEDED(hr))
                hr = net_faults_load(m, mock_option(options, "net-faults"), err);
        if (SUCCEEDED(hr))
                hr = net_state_load(m, mock_option(options, "net-boot"), err);
        if (FAILED(hr)) {
                free(m->state_path);
                m->state_path = NULL; /* what could not be read is not overwritten */
                net_model_free(m);
                return hr;
        }
        m->out = NULL;
        *ret = m;
        return S_OK;
}

struct net_model *net_model_aside(const struct net_model *m) {
        struct net_model *aside = hcs_calloc(1, sizeof(*aside));

        aside->em = m->em;
        aside->version = m->version;
        aside->next_compartment = 1;
        hcs_cond_init(&aside->wake);
        return aside;
}

static void free_tables(struct net_model *m) {
        for (size_t i = 0; i < NET_KINDS; i++) {
                net_map_deinit(&m->tables[i].by_id, NULL);
                net_map_deinit(&m->tables[i].by_name, NULL);
        }
        net_map_deinit(&m->ports, NULL);
        hcs_json_free(m->accelnet);
}

void net_model_take(struct net_model *m, struct net_model *aside) {
        size_t n_faults = m->n_faults;

        m->n_faults = 0; /* nothing haunts what goes now */
        net_clear(m);
        m->n_faults = n_faults;
        free_tables(m);
        memcpy(m->tables, aside->tables, sizeof(m->tables));
        memset(aside->tables, 0, sizeof(aside->tables));
        m->ports = aside->ports;
        aside->ports = (struct net_map){0};
        m->accelnet = steal_pointer(&aside->accelnet);
        m->next_id = aside->next_id;
        m->next_mac = aside->next_mac;
        m->next_compartment = aside->next_compartment;
        m->next_nat = aside->next_nat;
        m->next_port = aside->next_port;
        m->changed = true;
}

void net_clear(struct net_model *m) {
        for (int kind = NET_KINDS; kind-- > 0;)
                while (m->tables[kind].last)
                        net_delete(m, m->tables[kind].last);
}

struct net_model *net_model_free(struct net_model *m) {
        struct emissions nobody_hears = {0};

        if (!m)
                return NULL;
        m->out = &nobody_hears;
        net_state_save(m);
        net_faults_free(m); /* nothing haunts what is deleted now */
        net_listeners_free(m);
        net_clear(m);
        /* Handles that the client left open keep nothing alive beyond this. */
        while (m->gone) {
                struct net_object *o = m->gone;

                m->gone = o->next;
                net_object_free(o);
        }
        net_reservations_free(m);
        free_tables(m);
        hcs_cond_deinit(&m->wake);
        free(m->state_path);
        free(m);
        return NULL;
}
