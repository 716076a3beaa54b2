/* SPDX-License-Identifier: MIT */

/* Endpoints in namespaces and in compute systems: who has which, and the state that follows. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static void settle(struct net_model *m, struct net_endpoint *e, bool attached) {
        size_t n = hcs_json_count(e->containers);

        if (n > 1)
                e->state = NET_ENDPOINT_ATTACHED_SHARING;
        else
                e->state = n || e->space ? NET_ENDPOINT_ATTACHED : NET_ENDPOINT_DETACHED;
        m->changed = true;
        net_notify(m, attached ? "NetworkEndpointAttached" : "NetworkEndpointDetached", &e->o, &e->network->o);
}

static HRESULT must_be_local(const struct net_endpoint *e, const char *path, struct hcs_error **err) {
        if (net_uint(e->o.doc, "Flags") & 1)
                return net_refuse(err, HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION, path,
                                  "a remote endpoint cannot be attached");
        return S_OK;
}

HRESULT net_attach_space(struct net_model *m, struct net_endpoint *e, struct net_namespace *space, const char *path,
                         struct hcs_error **err) {
        struct hcs_json *resource, *data;
        HRESULT hr = must_be_local(e, path, err);

        if (FAILED(hr))
                return hr;
        if (e->space)
                return net_refuse(err, HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, path, "it is in namespace %s",
                                  e->space->o.id_text);
        resource = hcs_json_append(net_array_of(space->o.doc, "Resources"), hcs_json_new_object());
        hcs_json_set_string(resource, "Type", "Endpoint");
        data = hcs_json_set_new_object(resource, "Data");
        hcs_json_set_string(data, "ID", e->o.id_text);
        e->space = space;
        hcs_json_set_string(e->o.doc, "HostComputeNamespace", space->o.id_text);
        net_order(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT, e->o.doc);
        settle(m, e, true);
        return S_OK;
}

HRESULT net_detach_space(struct net_model *m, struct net_endpoint *e, struct net_namespace *space, const char *path,
                         struct hcs_error **err) {
        if (e->space != space)
                return net_refuse(err, HCN_E_ENDPOINT_NOT_ATTACHED, path, "it is not in this namespace");
        net_space_remove(space, "Endpoint", e->o.id_text);
        e->space = NULL;
        hcs_json_remove(e->o.doc, "HostComputeNamespace");
        settle(m, e, false);
        return S_OK;
}

static struct hcs_json *find(const struct net_endpoint *e, const char *system) {
        for (struct hcs_json *c = hcs_json_first(e->containers); c; c = hcs_json_next(c))
                if (hcs_strcaseeq(hcs_json_string(c), system))
                        return c;
        return NULL;
}

const char *net_machine_of(const struct net_endpoint *e) {
        const char *machine = "";

        for (const struct hcs_json *c = hcs_json_first(e->containers); c; c = hcs_json_next(c))
                if (!hcs_streq(hcs_json_string(c), "Host"))
                        machine = hcs_json_string(c);
        return machine;
}

HRESULT net_attach_system(struct net_model *m, struct net_endpoint *e, const char *system, struct hcs_error **err) {
        HRESULT hr = must_be_local(e, NULL, err);

        if (FAILED(hr))
                return hr;
        if (find(e, system))
                return net_refuse(err, HCN_E_ENDPOINT_ALREADY_ATTACHED, NULL, "it is attached to \"%s\"", system);
        hcs_json_append(e->containers, hcs_json_new_string(system));
        settle(m, e, true);
        return S_OK;
}

HRESULT net_detach_system(struct net_model *m, struct net_endpoint *e, const char *system, struct hcs_error **err) {
        struct hcs_json *found = find(e, system);

        if (!found)
                return net_refuse(err, HCN_E_ENDPOINT_NOT_ATTACHED, NULL, "it is not attached to \"%s\"", system);
        hcs_json_free(hcs_json_detach(e->containers, found));
        settle(m, e, false);
        return S_OK;
}
