/* SPDX-License-Identifier: MIT */

/*
 * Compute systems and their networking: endpoints and namespaces that a document names are attached when the system is
 * made and let go when it stops. What a document names and the model does not have is passed over: a test of compute
 * systems alone needs no networks. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static void attach(struct net_model *m, const char *endpoint, const char *system) {
        struct net_object *e = net_find(m, NET_ENDPOINT, endpoint);

        if (e)
                net_attach_system(m, (struct net_endpoint *)e, system, NULL);
}

static void enter_space(struct net_model *m, const char *space, const char *system) {
        struct net_object *o = net_find(m, NET_NAMESPACE, space);

        if (!o)
                return;
        net_space_add_container((struct net_namespace *)o, system);
        m->changed = true;
}

static void attach_adapters(struct net_model *m, const struct hcs_json *adapters, const char *system) {
        for (const struct hcs_json *a = hcs_json_first(adapters); a; a = hcs_json_next(a))
                attach(m, net_text(a, "EndpointId"), system);
}

void net_system_created(struct emulator *em, const struct compute_system *s, struct emissions *out) {
        const struct hcs_json *doc = s->document, *networking = hcs_json_lookup(doc, "Container.Networking");
        struct net_model *m = em->net;

        m->out = out;
        attach_adapters(m, hcs_json_lookup(doc, "VirtualMachine.Devices.NetworkAdapters"), s->id);
        for (const struct hcs_json *e = hcs_json_first(hcs_json_get(doc, "EndpointList")); e; e = hcs_json_next(e))
                attach(m, hcs_json_string(e), s->id);
        for (const struct hcs_json *e = hcs_json_first(hcs_json_get(networking, "NetworkAdapters")); e;
             e = hcs_json_next(e))
                attach(m, hcs_json_string(e), s->id);
        enter_space(m, net_text(networking, "Namespace"), s->id);
        m->out = NULL;
}

void net_system_adapter(struct emulator *em, const struct compute_system *s, const struct hcs_json *settings, bool add,
                        struct emissions *out) {
        struct net_object *e = net_find(em->net, NET_ENDPOINT, net_text(settings, "EndpointId"));

        if (!e)
                return;
        em->net->out = out;
        if (add)
                net_attach_system(em->net, (struct net_endpoint *)e, s->id, NULL);
        else
                net_detach_system(em->net, (struct net_endpoint *)e, s->id, NULL);
        em->net->out = NULL;
}

void net_system_stopped(struct emulator *em, const struct compute_system *s, struct emissions *out) {
        struct net_model *m = em->net;

        m->out = out;
        for (struct net_object *o = m->tables[NET_ENDPOINT].first; o; o = o->next)
                net_detach_system(m, (struct net_endpoint *)o, s->id, NULL);
        for (struct net_object *o = m->tables[NET_NAMESPACE].first; o; o = o->next)
                net_space_remove((struct net_namespace *)o, "Container", s->id);
        m->out = NULL;
}
