/* SPDX-License-Identifier: MIT */

/*
 * Who hears of what: each registration is a handle on which the event is raised. A registration on an object that is
 * gone hears so at once, as one that was there would have. Under the emulator's lock; events leave after it.
 */

#include <string.h>

#include "mockhcs/emulate/network/model.h"

static char *document(const struct net_object *about, struct hcs_json *data) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_new_object();

        hcs_json_set_string(doc, "ID", about->id_text);
        hcs_json_set_u64(doc, "Flags", 0);
        if (data)
                hcs_json_set(doc, "Data", data);
        return hcs_json_text(doc, HCS_JSON_GO);
}

void net_notify_data(struct net_model *m, const char *event, const struct net_object *about,
                     const struct net_object *also, struct hcs_json *data) {
        _cleanup_free_ char *text = document(about, data);
        uint64_t ms = 0;
        enum net_fate fate = net_faults_event(m, event, &ms);

        m->changed = true;
        for (const struct net_listener *l = m->listeners; l; l = l->next)
                if (!l->of || l->of == also)
                        net_faults_raise(m, l->handle, event, text, fate, ms);
}

void net_notify(struct net_model *m, const char *event, const struct net_object *about, const struct net_object *also) {
        if (m->listeners)
                net_notify_data(m, event, about, also, NULL);
}

void net_listen(struct net_model *m, struct mock_call *call) {
        struct net_object *of = call->entity ? call->entity->object : NULL;
        struct net_listener *l = hcs_calloc(1, sizeof(*l)), **at = &m->listeners;

        l->handle = mock_handle_ref(call->created);
        l->of = of ? net_object_ref(of) : NULL;
        while (*at)
                at = &(*at)->next;
        *at = l;
        if (of && of->gone && net_kinds[of->kind]->deleted) {
                _cleanup_free_ char *text = document(of, NULL);

                emit_event(m->out, l->handle, net_kinds[of->kind]->deleted, S_OK, text);
        }
        mock_call_done(call, NULL);
}

static void drop(struct net_model *m, struct net_listener **at) {
        struct net_listener *l = *at;

        *at = l->next;
        mock_handle_unref(l->handle);
        if (l->of)
                net_object_unref(m, l->of);
        free(l);
}

void net_unlisten(struct net_model *m, struct mock_call *call) {
        for (struct net_listener **at = &m->listeners; *at; at = &(*at)->next)
                if ((*at)->handle == call->callback) {
                        drop(m, at);
                        break;
                }
        mock_call_done(call, NULL);
}

void net_listeners_free(struct net_model *m) {
        while (m->listeners)
                drop(m, &m->listeners);
}

void net_restarted(struct net_model *m) {
        for (const struct net_listener *l = m->listeners; l; l = l->next)
                emit_event(m->out, l->handle, "ServiceDisconnect", S_OK, NULL);
        net_listeners_free(m);
        memcpy(m->unloaded, m->newest, sizeof(m->unloaded));
}
