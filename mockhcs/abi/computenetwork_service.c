/* SPDX-License-Identifier: MIT */

/*
 * computenetwork's callbacks and reservations of ports. A registration is a handle of its own on which the backend
 * raises what its client is to hear; it lives until it is unregistered, which drains. Any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/computenetwork.h"
#pragma GCC visibility pop

#include "mockhcs/abi/front.h"
#include "platform/abi_memory.h"

static uint64_t register_callback(struct mock_front *f, HCN_NOTIFICATION_CALLBACK callback, void *context,
                                  HCN_CALLBACK *out) {
        if (!callback && SUCCEEDED(f->hr))
                f->hr = E_INVALIDARG;
        mock_front_creates(f, MOCK_CALLBACK, out);
        mock_front_call(f, NULL, NULL);
        if (out)
                *out = mock_front_created(f);
        if (SUCCEEDED(f->hr))
                f->hr = mock_events_register(f->engine, mock_live_of(f->call.created), NULL, callback, context);
        return mock_front_end(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnRegisterServiceCallback(HCN_NOTIFICATION_CALLBACK callback, void *context,
                                                        HCN_CALLBACK *out) {
        FRONT(f, COMPUTENETWORK, "HcnRegisterServiceCallback");
        return register_callback(&f, callback, context, out);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnRegisterNetworkCallback(HCN_NETWORK network, HCN_NOTIFICATION_CALLBACK callback,
                                                        void *context, HCN_CALLBACK *out) {
        FRONT(f, COMPUTENETWORK, "HcnRegisterNetworkCallback");
        mock_front_handle(&f, MOCK_NETWORK, network);
        return register_callback(&f, callback, context, out);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnRegisterGuestNetworkServiceCallback(HCN_GUESTNETWORKSERVICE service,
                                                                    HCN_NOTIFICATION_CALLBACK callback, void *context,
                                                                    HCN_CALLBACK *out) {
        FRONT(f, COMPUTENETWORK, "HcnRegisterGuestNetworkServiceCallback");
        mock_front_handle(&f, MOCK_GUESTSERVICE, service);
        return register_callback(&f, callback, context, out);
}

#define UNREGISTER(name)                                                              \
        HCS_ABI_HRESULT HCS_ABI_CALL name(HCN_CALLBACK callback) {                    \
                FRONT(f, COMPUTENETWORK, #name);                                      \
                mock_front_close(&f, mock_front_handle(&f, MOCK_CALLBACK, callback)); \
                return mock_front_end(&f);                                            \
        }
UNREGISTER(HcnUnregisterServiceCallback)
UNREGISTER(HcnUnregisterNetworkCallback)
UNREGISTER(HcnUnregisterGuestNetworkServiceCallback)

HCS_ABI_HRESULT HCS_ABI_CALL HcnReserveGuestNetworkServicePort(HCN_GUESTNETWORKSERVICE service, int32_t protocol,
                                                               int32_t access, uint16_t port, HANDLE *reservation) {
        FRONT(f, COMPUTENETWORK, "HcnReserveGuestNetworkServicePort");
        mock_front_handle(&f, MOCK_GUESTSERVICE, service);
        mock_front_number(&f, "protocol", (uint32_t)protocol);
        mock_front_number(&f, "sharing", (uint32_t)access);
        mock_front_number(&f, "port", port);
        mock_front_creates(&f, MOCK_RESERVATION, reservation);
        mock_front_call(&f, NULL, NULL);
        if (reservation)
                *reservation = mock_front_created(&f);
        return mock_front_end(&f);
}

/* The document that answers a successful call; NULL when it gave none. */
static const struct hcs_json *answer(struct mock_front *f) {
        return SUCCEEDED(f->hr) && f->op ? mock_value_tree(&f->op->op.completion.result, NULL) : NULL;
}

static uint64_t number(const struct hcs_json *object, const char *name) {
        uint64_t n = 0;

        hcs_json_u64(hcs_json_get(object, name), &n);
        return n;
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnReserveGuestNetworkServicePortRange(HCN_GUESTNETWORKSERVICE service, uint16_t count,
                                                                    HCN_PORT_RANGE_RESERVATION *range,
                                                                    HANDLE *reservation) {
        FRONT(f, COMPUTENETWORK, "HcnReserveGuestNetworkServicePortRange");
        mock_front_handle(&f, MOCK_GUESTSERVICE, service);
        mock_front_number(&f, "count", count);
        if (!range && SUCCEEDED(f.hr))
                f.hr = E_POINTER;
        mock_front_creates(&f, MOCK_RESERVATION, reservation);
        mock_front_call(&f, NULL, NULL);
        if (reservation)
                *reservation = mock_front_created(&f);
        if (SUCCEEDED(f.hr))
                *range = (HCN_PORT_RANGE_RESERVATION){.startingPort = (uint16_t)number(answer(&f), "StartingPort"),
                                                      .endingPort = (uint16_t)number(answer(&f), "EndingPort")};
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnReleaseGuestNetworkServicePortReservationHandle(HANDLE reservation) {
        FRONT(f, COMPUTENETWORK, "HcnReleaseGuestNetworkServicePortReservationHandle");
        mock_front_close(&f, mock_front_handle(&f, MOCK_RESERVATION, reservation));
        return mock_front_end(&f);
}

static HCN_PORT_RANGE_ENTRY entry(const struct hcs_json *from) {
        HCN_PORT_RANGE_ENTRY e = {.Protocol = (int32_t)number(from, "Protocol"),
                                  .Priority = number(from, "Priority"),
                                  .ReservationType = (uint32_t)number(from, "ReservationType"),
                                  .SharingFlags = (uint32_t)number(from, "SharingFlags"),
                                  .DeliveryMode = (uint32_t)number(from, "DeliveryMode"),
                                  .StartingPort = (uint16_t)number(from, "StartingPort"),
                                  .EndingPort = (uint16_t)number(from, "EndingPort")};

        hcs_guid_parse(hcs_json_get_string(from, "OwningPartitionId"), &e.OwningPartitionId, NULL);
        hcs_guid_parse(hcs_json_get_string(from, "TargetPartitionId"), &e.TargetPartitionId, NULL);
        return e;
}

HCS_ABI_HRESULT HCS_ABI_CALL HcnEnumerateGuestNetworkPortReservations(uint32_t *count, HCN_PORT_RANGE_ENTRY **entries) {
        FRONT(f, COMPUTENETWORK, "HcnEnumerateGuestNetworkPortReservations");
        const struct hcs_json *list;
        uint32_t n = 0;

        if (!count || !entries)
                f.hr = E_POINTER;
        mock_front_call(&f, NULL, NULL);
        list = answer(&f);
        if (SUCCEEDED(f.hr)) {
                *count = (uint32_t)hcs_json_count(list);
                *entries = *count ? hcs_abi_alloc(*count * sizeof(**entries)) : NULL;
                if (*count && !*entries)
                        f.hr = E_OUTOFMEMORY;
        }
        for (const struct hcs_json *e = SUCCEEDED(f.hr) ? hcs_json_first(list) : NULL; e; e = hcs_json_next(e))
                (*entries)[n++] = entry(e);
        return mock_front_end(&f);
}

void HCS_ABI_CALL HcnFreeGuestNetworkPortReservations(HCN_PORT_RANGE_ENTRY *entries) {
        FRONT(f, COMPUTENETWORK, "HcnFreeGuestNetworkPortReservations");
        hcs_abi_free(entries);
        mock_front_local(&f, S_OK);
        mock_front_end(&f);
}
