/* SPDX-License-Identifier: MIT */

/*
 * Guest network services: one for a virtual machine, with a state that its owner moves on; and the ports reserved
 * through them. A reservation lives as long as its handle. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static const char *const states[] = {"None",           "Created",     "Bootstrapping", "Synchronized", "Paused",
                                     "Desynchronized", "Rehydrating", "Degraded",      "Destroyed"};

/* ---- the service ---- */

static HRESULT create(struct net_model *m, struct net_object *parent, struct hcs_json *doc, struct net_object **ret,
                      struct hcs_error **err) {
        const struct hcs_json *vm = hcs_json_get(doc, "VirtualMachineId");
        GUID id;

        if (vm && (!hcs_json_string(vm) || FAILED(hcs_guid_parse(hcs_json_string(vm), &id, NULL))))
                return net_refuse(err, HCN_E_GUID_CONVERSION_FAILURE, "$.VirtualMachineId", "a GUID is expected");
        for (const struct net_object *o = m->tables[NET_GUESTSERVICE].first; vm && o; o = o->next)
                if (hcs_strcaseeq(net_text(o->doc, "VirtualMachineId"), hcs_json_string(vm)))
                        return net_refuse(err, HCS_WIN32(0xB7), "$.VirtualMachineId", "%s serves it", o->id_text);
        *ret = net_object_new(NET_GUESTSERVICE, sizeof(**ret), doc);
        hcs_json_set_string(doc, "State", "Created");
        return S_OK;
}

static HRESULT modify(struct net_model *m, struct net_object *o, const struct hcs_json *request,
                      struct hcs_error **err) {
        const char *resource = net_text(request, "ResourceType"),
                   *state = hcs_json_string(hcs_json_lookup(request, "Settings.State"));
        struct hcs_json *data;
        size_t i = 0;

        if (*resource && !hcs_streq(resource, "State"))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.ResourceType",
                                  "a guest network service has no \"%s\"", resource);
        while (i < HCS_ARRAY_SIZE(states) && !hcs_streq(states[i], state))
                i++;
        if (i == HCS_ARRAY_SIZE(states))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Settings.State", "\"%s\" is not a state",
                                  state ? state : "");
        hcs_json_set_string(o->doc, "State", states[i]);
        data = hcs_json_new_object();
        hcs_json_set_string(data, "State", states[i]);
        net_notify_data(m, "GuestNetworkServiceStateChanged", o, o, data);
        return S_OK;
}

static void release(struct net_model *m, struct net_object *o) {
        for (struct net_reservation *r = m->reservations; r; r = r->next)
                if (r->service == o)
                        r->service = NULL;
}

const struct net_kind_ops net_guest_service_ops = {
        .noun = "guest network service",
        .list = "GuestNetworkServices",
        .not_found = HCS_WIN32(0x490),
        .exists = HCS_WIN32(0xB7),
        .type = NET_NO_TYPE,
        .create = create,
        .modify = modify,
        .release = release,
        .created = "GuestNetworkServiceCreate",
        .deleted = "GuestNetworkServiceDelete",
};

/* ---- ports ---- */

#define PROTOCOL_BOTH    3
#define SHARED           2
#define FIRST_RANGE_PORT 49152
#define LAST_PORT        65535

static const struct net_reservation *conflict(const struct net_model *m, const struct net_reservation *wanted) {
        for (const struct net_reservation *r = m->reservations; r; r = r->next)
                if (r->service && r->first <= wanted->last && wanted->first <= r->last &&
                    (r->protocol & wanted->protocol) && !(r->sharing == SHARED && wanted->sharing == SHARED))
                        return r;
        return NULL;
}

/* The lowest place where `count` ports are free. */
static bool place_range(const struct net_model *m, struct net_reservation *r, uint64_t count) {
        const struct net_reservation *other;

        r->first = FIRST_RANGE_PORT;
        for (;;) {
                r->last = r->first + count - 1;
                if (r->last > LAST_PORT)
                        return false;
                other = conflict(m, r);
                if (!other)
                        return true;
                r->first = other->last + 1;
        }
}

static uint64_t number(struct mock_call *call, const char *name) {
        const struct mock_value *v = mock_call_arg(call, name);

        return v ? v->number : 0;
}

static HRESULT reserve(struct net_model *m, struct mock_call *call, struct net_reservation *r, struct hcs_error **err) {
        const struct net_reservation *other;
        bool range = mock_call_arg(call, "count");

        r->service = call->entity->object;
        if (range) {
                r->protocol = PROTOCOL_BOTH;
                r->sharing = 1;
                if (number(call, "count") == 0)
                        return net_refuse(err, E_INVALIDARG, "count", "0 ports");
                if (!place_range(m, r, number(call, "count")))
                        return net_refuse(err, HCN_E_PORT_ALREADY_EXISTS, "count", "there is no such range of ports");
                return S_OK;
        }
        r->first = r->last = number(call, "port");
        r->protocol = number(call, "protocol");
        r->sharing = number(call, "sharing");
        if (r->protocol < 1 || r->protocol > PROTOCOL_BOTH)
                return net_refuse(err, E_INVALIDARG, "protocol", "TCP, UDP or both is expected");
        if (r->sharing < 1 || r->sharing > SHARED)
                return net_refuse(err, E_INVALIDARG, "access", "exclusive or shared is expected");
        if (r->first == 0)
                return net_refuse(err, E_INVALIDARG, "port", "port 0");
        other = conflict(m, r);
        return other ? net_refuse(err, HCN_E_PORT_ALREADY_EXISTS, "port", "reserved by %s", other->service->id_text)
                     : S_OK;
}

void net_reserve(struct net_model *m, struct mock_call *call) {
        struct net_reservation wanted = {0}, *r;
        struct hcs_error *err = NULL;
        HRESULT hr = net_usable(m, call->entity, &err);

        if (SUCCEEDED(hr))
                hr = reserve(m, call, &wanted, &err);
        if (FAILED(hr)) {
                mock_call_fail(call, hr, net_error_record(hr, err));
                hcs_error_free(err);
                return;
        }
        r = hcs_memdup(&wanted, sizeof(wanted));
        r->next = m->reservations;
        m->reservations = r;
        call->created->object = r;
        mock_call_done(call, hcs_asprintf("{\"StartingPort\":%llu,\"EndingPort\":%llu}", (unsigned long long)r->first,
                                          (unsigned long long)r->last));
}

void net_release(struct net_model *m, struct mock_call *call) {
        struct net_reservation **at = &m->reservations, *r = call->entity->object;

        while (*at && *at != r)
                at = &(*at)->next;
        if (*at) {
                *at = r->next;
                free(r);
        }
        call->entity->object = NULL;
        mock_call_done(call, NULL);
}

static void show(const struct net_reservation *r, struct hcs_json *list) {
        struct hcs_json *entry = hcs_json_append(list, hcs_json_new_object());

        hcs_json_set_string(entry, "OwningPartitionId", net_text(r->service->doc, "VirtualMachineId"));
        hcs_json_set_string(entry, "TargetPartitionId", net_text(r->service->doc, "VirtualMachineId"));
        hcs_json_set_u64(entry, "Protocol", r->protocol);
        hcs_json_set_u64(entry, "Priority", 0);
        hcs_json_set_u64(entry, "ReservationType", r->first != r->last);
        hcs_json_set_u64(entry, "SharingFlags", r->sharing == SHARED);
        hcs_json_set_u64(entry, "DeliveryMode", 0);
        hcs_json_set_u64(entry, "StartingPort", r->first);
        hcs_json_set_u64(entry, "EndingPort", r->last);
}

void net_reservations(struct net_model *m, struct mock_call *call) {
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();

        for (const struct net_reservation *r = m->reservations; r; r = r->next)
                if (r->service)
                        show(r, list);
        mock_call_done(call, hcs_json_text(list, HCS_JSON_GO));
}

void net_reservations_free(struct net_model *m) {
        while (m->reservations) {
                struct net_reservation *r = m->reservations;

                m->reservations = r->next;
                free(r);
        }
}
