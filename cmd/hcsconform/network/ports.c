/* SPDX-License-Identifier: MIT */

/* Ports that a guest network service reserves, one or a range of them, and the list of all; counters of an endpoint. */

#include <stdlib.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcsconform/hcs/face.h"
#include "cmd/hcsconform/network/network.h"

#define PORT  47815u /* nobody's */
#define RANGE 15u
#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define SERVICE CREATE(GUESTSERVICES, "g", "{" V2 ",'VirtualMachineId':'50b4e0c1-1111-4222-8333-444455556666'}", S_OK)

static const struct hcs_computenetwork_api *api(void) {
        return &conform_target.network;
}

static bool code(const char *what, HRESULT expected, HRESULT got) {
        return conform_code(what, expected, got, NULL);
}

static HRESULT reserve(struct run *r, int32_t protocol, int32_t access, HANDLE *ret) {
        *ret = NULL;
        return api()->HcnReserveGuestNetworkServicePort(run_handle(r, "g"), protocol, access, PORT, ret);
}

static bool release(HANDLE reservation) {
        return code("release", S_OK, api()->HcnReleaseGuestNetworkServicePortReservationHandle(reservation));
}

static bool port_is_reserved(struct run *r, const void *arg) {
        HANDLE one, again;

        return code("reserve", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &one)) &&
               release(one) &&
               code("reserve again", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &again)) &&
               release(again);
}

/* ERROR_SHARING_VIOLATION and WSAEADDRINUSE would tell a client of sockets the same. */
static bool port_is_exclusive(struct run *r, const void *arg) {
        HANDLE one, other;
        HRESULT hr;
        bool ok;

        if (!code("reserve", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &one)))
                return false;
        hr = reserve(r, HCN_PORT_PROTOCOL_BOTH, HCN_PORT_ACCESS_SHARED, &other);
        ok = CONFORM_ONE_OF("reserve another", hr, HCN_E_PORT_ALREADY_EXISTS, HCS_WIN32(32), HCS_WIN32(183),
                            HCS_WIN32(10048), E_ACCESSDENIED) &&
             (!other || conform_failed("there is a handle after a failure"));
        return release(one) && ok;
}

static bool ports_of_protocols(struct run *r, const void *arg) {
        HANDLE tcp, udp;

        if (!code("TCP", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &tcp)))
                return false;
        if (!code("UDP", S_OK, reserve(r, HCN_PORT_PROTOCOL_UDP, HCN_PORT_ACCESS_EXCLUSIVE, &udp)))
                return release(tcp) && false;
        return release(udp) && release(tcp);
}

static bool port_is_shared(struct run *r, const void *arg) {
        HANDLE one, other;

        if (!code("reserve", S_OK, reserve(r, HCN_PORT_PROTOCOL_UDP, HCN_PORT_ACCESS_SHARED, &one)))
                return false;
        if (!code("reserve again", S_OK, reserve(r, HCN_PORT_PROTOCOL_UDP, HCN_PORT_ACCESS_SHARED, &other)))
                return release(one) && false;
        return release(other) && release(one);
}

static bool is_listed(uint16_t first, uint16_t last) {
        HCN_PORT_RANGE_ENTRY *entries = NULL;
        uint32_t n = 0;
        bool found = false;

        if (!code("list", S_OK, api()->HcnEnumerateGuestNetworkPortReservations(&n, &entries)))
                return false;
        for (uint32_t i = 0; i < n; i++)
                found |= entries[i].StartingPort <= first && entries[i].EndingPort >= last;
        api()->HcnFreeGuestNetworkPortReservations(entries);
        return found || conform_failed("%u to %u are in none of the %u entries", first, last, (unsigned)n);
}

static bool port_is_in_the_list(struct run *r, const void *arg) {
        HANDLE one;
        bool ok;

        if (!code("reserve", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &one)))
                return false;
        ok = is_listed(PORT, PORT);
        return release(one) && ok;
}

/* The last port is one of the range, says the header; the Linux subsystem asserts that there is one more than asked. */
static bool range_is_reserved(struct run *r, const void *arg) {
        HCN_PORT_RANGE_RESERVATION range = {0};
        HANDLE reservation = NULL;
        unsigned n;
        bool ok;

        if (!code("reserve", S_OK,
                  api()->HcnReserveGuestNetworkServicePortRange(run_handle(r, "g"), RANGE, &range, &reservation)))
                return false;
        n = range.endingPort - range.startingPort + 1u;
        ok = range.startingPort && (n == RANGE || (conform_target.real && n == RANGE + 1));
        if (!ok)
                conform_failed("%u to %u were reserved", range.startingPort, range.endingPort);
        else if (n != RANGE)
                conform_note("one port more than asked for");
        ok = ok && is_listed(range.startingPort, range.endingPort);
        return release(reservation) && ok;
}

static bool released_once(struct run *r, const void *arg) {
        HANDLE one;

        return code("reserve", S_OK, reserve(r, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, &one)) &&
               release(one) &&
               code("release again", E_HANDLE, api()->HcnReleaseGuestNetworkServicePortReservationHandle(one));
}

static HRESULT stats_of(struct run *r, PCWSTR query, char **ret) {
        PWSTR stats = NULL, record = NULL;
        HRESULT hr = api()->HcnQueryEndpointStats(run_handle(r, "e"), query, &stats, &record);

        free(face_take(record));
        *ret = face_take(stats);
        return hr;
}

static bool counters_of_an_endpoint(struct run *r, const void *arg) {
        _cleanup_free_ char *stats = NULL, *id = hcs_asprintf("'%s'", run_id(r, "e"));
        HRESULT hr = stats_of(r, u"{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}", &stats);

        return conform_code("counters", S_OK, hr, stats) && conform_value(stats, "EndpointId", id) &&
               conform_value(stats, "BytesReceived", "*") && conform_value(stats, "PacketsSent", "*");
}

static bool counters_for_no_query(struct run *r, const void *arg) {
        _cleanup_free_ char *stats = NULL;
        HRESULT hr = stats_of(r, u"{", &stats);

        return CONFORM_ONE_OF("counters", hr, HCN_E_INVALID_JSON, E_INVALIDARG) &&
               (!stats || conform_failed("there is a document after a failure"));
}

const struct conformance_case port_cases[] = {
        {"a port is reserved until it is released", NULL, STEPS(SERVICE), port_is_reserved, NULL},
        {"a port that is reserved is nobody else's", NULL, STEPS(SERVICE), port_is_exclusive, NULL},
        {"a port of TCP is not one of UDP", NULL, STEPS(SERVICE), ports_of_protocols, NULL},
        {"a port that is shared is reserved again", NULL, STEPS(SERVICE), port_is_shared, NULL},
        {"a port that is reserved is in the list", NULL, STEPS(SERVICE), port_is_in_the_list, NULL},
        {"a range of ports is reserved", NULL, STEPS(SERVICE), range_is_reserved, NULL},
        {"a reservation is released once", NULL, STEPS(SERVICE), released_once, NULL, NEEDS_EMULATOR},
        {"an endpoint has counters", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK)), counters_of_an_endpoint,
         NULL},
        {"counters for a query that is none are refused", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK)), counters_for_no_query,
         NULL},
        {0}};
