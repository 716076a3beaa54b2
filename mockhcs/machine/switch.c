/* SPDX-License-Identifier: MIT */

/* Switches by the id of their network, with the number of adapters that count on them. */

#include "mockhcs/machine/switch.h"

#include "base/str.h"
#include "platform/thread.h"

/* For networks that say nothing of addresses: machines still reach each other. */
#define SOME_SUBNET "169.254.0.0/16"

struct entry {
        struct entry *next;
        char *id;
        struct vm_network *network;
        unsigned users;
};

struct emu_switches {
        struct hcs_mutex lock;
        struct entry *first;
};

struct emu_switches *emu_switches_new(void) {
        struct emu_switches *s = hcs_calloc(1, sizeof(*s));

        hcs_mutex_init(&s->lock);
        return s;
}

static void entry_free(struct entry *e) {
        vm_network_unref(e->network);
        free(e->id);
        free(e);
}

struct emu_switches *emu_switches_free(struct emu_switches *s) {
        if (!s)
                return NULL;
        while (s->first) {
                struct entry *e = s->first;

                s->first = e->next;
                entry_free(e);
        }
        hcs_mutex_deinit(&s->lock);
        free(s);
        return NULL;
}

static struct entry *find(struct emu_switches *s, const char *id) {
        for (struct entry *e = s->first; e; e = e->next)
                if (hcs_streq(e->id, id))
                        return e;
        return NULL;
}

static HRESULT make(struct emu_switches *s, const struct emu_adapter *a, struct entry **ret, struct hcs_error **err) {
        static const enum vm_network_reach reach[] = {[EMU_REACH_ALL] = VM_REACH_ALL,
                                                      [EMU_REACH_HOST] = VM_REACH_HOST,
                                                      [EMU_REACH_MACHINES] = VM_REACH_MACHINES};
        bool has_gateway = a->gateway && a->reach != EMU_REACH_MACHINES;
        const struct vm_network_options options = {.name = a->network_name,
                                                   .subnet = a->subnet ? a->subnet : SOME_SUBNET,
                                                   .gateway = has_gateway ? a->gateway : NULL,
                                                   .reach = has_gateway ? reach[a->reach] : VM_REACH_MACHINES};
        struct vm_network *network;
        struct entry *e;
        HRESULT hr = vm_network_new(&options, &network, err);

        if (FAILED(hr))
                return hr;
        e = hcs_calloc(1, sizeof(*e));
        *e = (struct entry){.next = s->first, .id = hcs_strdup(a->network), .network = network};
        *ret = s->first = e;
        return S_OK;
}

HRESULT emu_switch_enter(struct emu_switches *s, const struct emu_adapter *a, struct vm_network **ret,
                         struct hcs_error **err) {
        struct entry *e;
        HRESULT hr = S_OK;
        hcs_guard(&s->lock);

        if (!a->network) {
                *ret = NULL;
                return S_OK;
        }
        e = find(s, a->network);
        if (!e)
                hr = make(s, a, &e, err);
        if (FAILED(hr))
                return hr;
        e->users++;
        *ret = e->network;
        return S_OK;
}

void emu_switch_leave(struct emu_switches *s, const char *network) {
        hcs_guard(&s->lock);
        struct entry *e = network ? find(s, network) : NULL;

        if (!e || --e->users)
                return;
        for (struct entry **at = &s->first; *at; at = &(*at)->next)
                if (*at == e) {
                        *at = e->next;
                        entry_free(e);
                        return;
                }
}
