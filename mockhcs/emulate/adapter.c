/* SPDX-License-Identifier: MIT */

/*
 * Adapters of virtual machines as their endpoints say: the network with its first IPv4 subnet, the address and the MAC
 * address. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/machine.h"
#include "mockhcs/emulate/network/model.h"

static const struct net_subnet *first_v4(const struct net_network *n) {
        for (size_t i = 0; i < n->n_subnets; i++)
                if (!n->subnets[i]->prefix.v6)
                        return n->subnets[i];
        return NULL;
}

static char *first_address(const struct net_endpoint *e) {
        const struct hcs_json *list = hcs_json_get(e->o.doc, "IpConfigurations");

        for (const struct hcs_json *c = hcs_json_first(list); c; c = hcs_json_next(c)) {
                const char *text = net_text(c, "IpAddress");

                if (*text && !strchr(text, ':'))
                        return hcs_strdup(text);
        }
        return NULL;
}

/* What leads out of the host has a gateway for it; a bridge to the host's own network is as good as that. */
static enum emu_reach reach_of(const struct net_network *n) {
        if (hcs_streq(n->type->name, "Internal"))
                return EMU_REACH_HOST;
        return hcs_streq(n->type->name, "Private") ? EMU_REACH_MACHINES : EMU_REACH_ALL;
}

static void describe_network(const struct net_network *n, struct emu_adapter *ret) {
        const struct net_subnet *s = first_v4(n);
        char prefix[NET_PREFIX_TEXT], gateway[NET_ADDRESS_TEXT];

        ret->network = hcs_strdup(n->o.id_text);
        ret->network_name = hcs_strdup(*n->o.name ? n->o.name : n->o.id_text);
        ret->reach = reach_of(n);
        if (!s)
                return;
        ret->subnet = hcs_strdup(net_prefix_format(&s->prefix, prefix));
        if (!net_address_is_zero(&s->gateway))
                ret->gateway = hcs_strdup(net_address_format(&s->gateway, gateway));
}

bool adapter_resolve(struct emulator *em, struct mock_call *call, const char *name, const struct hcs_json *settings,
                     const char *where, struct emu_adapter *ret) {
        const char *id = net_text(settings, "EndpointId"), *mac = net_text(settings, "MacAddress");
        struct net_object *o = *id ? net_find(em->net, NET_ENDPOINT, id) : NULL;
        const struct net_endpoint *e = (const struct net_endpoint *)o;

        if (*id && !o) {
                refuse(call, HCS_WIN32(0x490), "%s.EndpointId: there is no endpoint \"%s\"", where, id);
                return false;
        }
        *ret = (struct emu_adapter){.name = hcs_strdup(name)};
        if (!*mac && e)
                mac = net_text(e->o.doc, "MacAddress");
        ret->mac = *mac ? hcs_strdup(mac) : NULL;
        if (!e)
                return true;
        ret->address = first_address(e);
        describe_network(e->network, ret);
        return true;
}
