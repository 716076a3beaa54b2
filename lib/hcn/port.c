/* SPDX-License-Identifier: MIT */

/* Ports that a guest network service takes from the host, so that both do not use the same. */

#include <string.h>

#include "hcn/internal.h"

static HRESULT enter_service(struct hcn_object *o, struct hcs_error **err) {
        if (o->kind_id != HCN_KIND_GUEST_SERVICE)
                return hcs_error_make(err, E_INVALIDARG, "a %s reserves no ports", o->kind->name);
        return hcn_object_enter(o, err);
}

HRESULT hcn_port_reserve(struct hcn_object *o, int32_t protocol, int32_t access, uint16_t port, HANDLE *ret,
                         struct hcs_error **err) {
        const struct hcs_computenetwork_api *api = &o->client->api;
        HANDLE reservation = NULL;
        HRESULT hr = enter_service(o, err);

        if (FAILED(hr))
                return hr;
        hr = api->HcnReserveGuestNetworkServicePort
                     ? api->HcnReserveGuestNetworkServicePort(o->handle, protocol, access, port, &reservation)
                     : HCN_MISSING;
        hcn_object_leave(o);
        hr = hcn_fail(err, hr, NULL, "Reserve", "GuestNetworkService", "Port");
        if (SUCCEEDED(hr))
                *ret = reservation;
        return hr;
}

HRESULT hcn_port_reserve_range(struct hcn_object *o, uint16_t count, HCN_PORT_RANGE_RESERVATION *ret_range, HANDLE *ret,
                               struct hcs_error **err) {
        const struct hcs_computenetwork_api *api = &o->client->api;
        HCN_PORT_RANGE_RESERVATION range = {0};
        HANDLE reservation = NULL;
        HRESULT hr = enter_service(o, err);

        if (FAILED(hr))
                return hr;
        hr = api->HcnReserveGuestNetworkServicePortRange
                     ? api->HcnReserveGuestNetworkServicePortRange(o->handle, count, &range, &reservation)
                     : HCN_MISSING;
        hcn_object_leave(o);
        hr = hcn_fail(err, hr, NULL, "Reserve", "GuestNetworkService", "PortRange");
        if (FAILED(hr))
                return hr;
        *ret_range = range;
        *ret = reservation;
        return S_OK;
}

HRESULT hcn_port_release(struct hcn_client *c, HANDLE reservation, struct hcs_error **err) {
        HRESULT hr = c->api.HcnReleaseGuestNetworkServicePortReservationHandle
                             ? c->api.HcnReleaseGuestNetworkServicePortReservationHandle(reservation)
                             : HCN_MISSING;

        return hcn_fail(err, hr, NULL, "Release", "GuestNetworkService", "PortReservationHandle");
}

HRESULT hcn_port_list(struct hcn_client *c, HCN_PORT_RANGE_ENTRY **ret, size_t *ret_n, struct hcs_error **err) {
        HCN_PORT_RANGE_ENTRY *entries = NULL;
        uint32_t n = 0;
        HRESULT hr = c->api.HcnEnumerateGuestNetworkPortReservations
                             ? c->api.HcnEnumerateGuestNetworkPortReservations(&n, &entries)
                             : HCN_MISSING;

        hr = hcn_fail(err, hr, NULL, "Enumerate", "GuestNetwork", "PortReservations");
        if (FAILED(hr))
                return hr;
        *ret = n && entries ? hcs_memdup(entries, n * sizeof(*entries)) : NULL;
        *ret_n = *ret ? n : 0;
        if (entries && c->api.HcnFreeGuestNetworkPortReservations)
                c->api.HcnFreeGuestNetworkPortReservations(entries);
        return S_OK;
}
