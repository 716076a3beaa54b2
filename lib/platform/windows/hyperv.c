/* SPDX-License-Identifier: MIT */

/*
 * Sockets between Hyper-V and its machines: an address is a machine and a service, both GUIDs. Source: Microsoft's
 * guide "Make your own integration services", and hvsocket.h.
 */

#include "platform/windows/socket.h"

#include <hvsocket.h>

#include "base/str.h"

#ifndef AF_HYPERV
#define AF_HYPERV 34
#endif

static SOCKADDR_HV address_of(const GUID *vm, const GUID *service) {
        return (SOCKADDR_HV){.Family = AF_HYPERV, .VmId = *vm, .ServiceId = *service};
}

static char *describe(const char *verb, const GUID *vm, const GUID *service) {
        char a[HCS_GUID_TEXT_SIZE], b[HCS_GUID_TEXT_SIZE];

        return hcs_asprintf("%s service %s of machine %s", verb, hcs_guid_format(service, b), hcs_guid_format(vm, a));
}

HRESULT hcs_stream_connect_hyperv(const GUID *vm, const GUID *service, const struct hcs_bound *b,
                                  struct hcs_stream **ret, struct hcs_error **err) {
        _cleanup_free_ char *what = describe("connect to", vm, service);
        SOCKADDR_HV address = address_of(vm, service);
        SOCKET s = INVALID_SOCKET;
        HRESULT hr = hcs_socket_new(AF_HYPERV, HV_PROTOCOL_RAW, &s, err);

        if (FAILED(hr))
                return hr;
        hr = hcs_socket_connect(s, (struct sockaddr *)&address, sizeof(address), b, what, err);
        if (SUCCEEDED(hr))
                return hcs_stream_of_socket(s, ret, err);
        closesocket(s);
        return hr;
}

HRESULT hcs_listener_hyperv(const GUID *vm, const GUID *service, struct hcs_listener **ret, struct hcs_error **err) {
        _cleanup_free_ char *what = describe("listen on", vm, service);
        SOCKADDR_HV address = address_of(vm, service);
        SOCKET s = INVALID_SOCKET;
        HRESULT hr = hcs_socket_new(AF_HYPERV, HV_PROTOCOL_RAW, &s, err);

        if (FAILED(hr))
                return hr;
        return hcs_listener_of_socket(s, (struct sockaddr *)&address, sizeof(address), what, ret, err);
}
