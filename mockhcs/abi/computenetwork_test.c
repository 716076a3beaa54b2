/* SPDX-License-Identifier: MIT */

/* computenetwork's exports over the emulator: arguments, handles, outputs and callbacks. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "platform/abi_memory.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define NET "{\"Name\":\"net\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

static struct mockhcs *mock;

static int setup(void **state) {
        networks_use_linked(HNSCall);
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static char *narrow(PWSTR text) {
        char *utf8 = hcs_utf16_to_utf8_lossy(text, hcs_utf16_len(text), NULL);

        hcs_abi_free(text);
        return utf8;
}

static void every_kind_is_made_opened_read_changed_listed_and_deleted(void **state) {
        static const struct {
                const char *settings, *change;
        } rows[NETWORKS_KINDS] = {
                [NETWORKS] = {NET,
                              "{\"ResourceType\":\"DNS\",\"RequestType\":\"Update\",\"Settings\":{\"Domain\":\"d\"}}"},
                [ENDPOINTS] = {"{\"Name\":\"e\"}",
                               "{\"ResourceType\":\"Policy\",\"RequestType\":\"Add\",\"Settings\":{\"Policies\":[]}}"},
                [NAMESPACES] = {"{\"Type\":\"Guest\"}", "{\"ResourceType\":\"Container\",\"RequestType\":\"Add\","
                                                        "\"Settings\":{\"ContainerId\":\"c\"}}"},
                [LOADBALANCERS] = {"{\"HostComputeEndpoints\":[\"%s\"]}", "{\"HostComputeEndpoints\":[\"%s\"]}"},
                [ROUTES] = {"{\"HostComputeEndpoints\":[\"%s\"]}", "{\"HostComputeEndpoints\":[\"%s\"]}"},
                [GUESTSERVICES] = {"{}", "{\"ResourceType\":\"State\",\"Settings\":{\"State\":\"Synchronized\"}}"},
        };
        char ids[NETWORKS_KINDS][64];
        void *network = NULL;

        for (int k = 0; k < NETWORKS_KINDS; k++) {
                enum networks_kind kind = (enum networks_kind)k;
                _cleanup_free_ char *text = NULL, *list = NULL, *settings = NULL, *change = NULL;
                _cleanup_json_ struct hcs_json *doc = NULL;
                void *made = NULL, *opened = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                settings = hcs_asprintf(rows[k].settings, ids[ENDPOINTS]);
                change = hcs_asprintf(rows[k].change, ids[ENDPOINTS]);
#pragma GCC diagnostic pop
                assert_hresult(networks_create(kind, network, NULL, settings, &made), S_OK);
                assert_non_null(made);
                assert_hresult(networks_query(kind, made, NULL, &text), S_OK);
                assert_ok(hcs_json_parse_cstr(text, &doc, NULL), NULL);
                snprintf(ids[k], sizeof(ids[k]), "%s", hcs_json_get_string(doc, "ID"));
                assert_hresult(networks_open(kind, ids[k], &opened), S_OK);
                assert_hresult(networks_modify(kind, opened, change), S_OK);
                assert_hresult(networks_enumerate(kind, NULL, &list), S_OK);
                assert_non_null(strstr(list, ids[k]));
                assert_hresult(networks_close(kind, opened), S_OK);
                if (kind == NETWORKS)
                        network = made;
                else
                        assert_hresult(networks_close(kind, made), S_OK);
        }
        for (int k = NETWORKS_KINDS; k-- > 0;) {
                assert_hresult(networks_delete((enum networks_kind)k, ids[k]), S_OK);
                assert_hresult(networks_delete((enum networks_kind)k, ids[k]), HCS_WIN32(0x490));
                assert_non_null(strstr(networks_record(), "Element not found. "));
        }
        assert_hresult(networks_close(NETWORKS, network), S_OK);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void outputs_are_null_from_the_start(void **state) {
        GUID id = {1, 2, 3, {4}};
        HCN_NETWORK network = (HCN_NETWORK)&id;
        PWSTR record = (PWSTR)u"old", text = (PWSTR)u"old";

        assert_hresult(HcnOpenNetwork(&id, &network, &record), HCS_WIN32(0x490));
        assert_null(network);
        assert_non_null(record);
        hcs_abi_free(record);
        assert_hresult(HcnEnumerateNetworks(NULL, &text, NULL), S_OK);
        free(narrow(text));
        record = (PWSTR)u"old";
        text = (PWSTR)u"old";
        assert_hresult(HcnQueryNetworkProperties((HCN_NETWORK)(uintptr_t)77, NULL, &text, &record), E_HANDLE);
        assert_null(text);
        assert_null(record);
}

static void bad_arguments_are_told_apart(void **state) {
        GUID id = {0};
        HCN_NETWORK network = NULL;
        HCN_ENDPOINT endpoint = NULL;
        HCN_CALLBACK callback = NULL;
        static const uint16_t lone_surrogate[] = {'{', 0xD800, '}', 0};

        assert_hresult(HcnCreateNetwork(NULL, u"{}", &network, NULL), E_POINTER);
        assert_hresult(HcnCreateNetwork(&id, u"{}", NULL, NULL), E_POINTER);
        assert_hresult(HcnCreateNetwork(&id, lone_surrogate, &network, NULL), E_INVALIDARG);
        assert_hresult(HcnCreateNetwork(&id, u"{", &network, NULL), HCN_E_INVALID_JSON);
        assert_hresult(HcnCreateNetwork(&id, u"[]", &network, NULL), HCN_E_INVALID_JSON);
        assert_hresult(HcnCreateNetwork(&id, NULL, &network, NULL), HCN_E_INVALID_JSON);
        assert_hresult(HcnRegisterServiceCallback(NULL, NULL, &callback), E_INVALIDARG);
        assert_hresult(HcnCreateNetwork(&id, u"{}", &network, NULL), S_OK);
        assert_hresult(HcnCreateEndpoint((HCN_NETWORK)(uintptr_t)5, &id, u"{}", &endpoint, NULL), E_HANDLE);
        assert_hresult(HcnModifyEndpoint((HCN_ENDPOINT)network, u"{}", NULL), E_HANDLE);
        assert_hresult(HcnCloseNamespace((HCN_NAMESPACE)network), E_HANDLE);
        assert_hresult(HcnCloseNetwork(network), S_OK);
        assert_hresult(HcnCloseNetwork(network), E_HANDLE);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void what_is_left_open_is_reported(void **state) {
        GUID id = {0};
        HCN_NETWORK network = NULL;
        HCN_ENDPOINT endpoint = NULL;
        _cleanup_free_ char *report = NULL;

        assert_hresult(HcnCreateNetwork(&id, u"{}", &network, NULL), S_OK);
        assert_hresult(HcnCreateEndpoint(network, &id, u"{}", &endpoint, NULL), S_OK);
        assert_int_equal(mockhcs_leaks(mock, &report), 2);
        assert_string_equal(report, "network/1 was never closed\nendpoint/1 was never closed\n");
}

/* ---- callbacks ---- */

struct heard {
        struct hcs_mutex lock;
        unsigned counts[0x20], disconnects;
        char data[256];
};
static struct heard heard;

static void HCS_ABI_CALL on_event(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct heard *h = context;

        hcs_mutex_lock(&h->lock);
        if (type < HCS_ARRAY_SIZE(h->counts))
                h->counts[type]++;
        h->disconnects += type == HcnNotificationServiceDisconnect;
        if (data) {
                _cleanup_free_ char *text = hcs_utf16_to_utf8_lossy(data, hcs_utf16_len(data), NULL);

                snprintf(h->data, sizeof(h->data), "%s", text);
        }
        hcs_mutex_unlock(&h->lock);
}

static void listen_anew(void) {
        memset(&heard, 0, sizeof(heard));
        hcs_mutex_init(&heard.lock);
}

static void the_service_tells_what_comes_and_goes(void **state) {
        HCN_CALLBACK callback = NULL;
        void *network = NULL, *space = NULL, *endpoint = NULL;
        char id[] = "11111111-2222-3333-4444-555555555555";

        listen_anew();
        assert_hresult(HcnRegisterServiceCallback(on_event, &heard, &callback), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, id, NET, &network), S_OK);
        assert_hresult(networks_create(NAMESPACES, NULL, id, "{}", &space), S_OK);
        assert_hresult(networks_create(ENDPOINTS, network, id, "{}", &endpoint), S_OK);
        assert_hresult(networks_modify(NAMESPACES, space,
                                       "{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Add\",\"Settings\":"
                                       "{\"EndpointId\":\"11111111-2222-3333-4444-555555555555\"}}"),
                       S_OK);
        assert_hresult(networks_delete(NETWORKS, id), S_OK);
        assert_hresult(networks_delete(NAMESPACES, id), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(heard.counts[HcnNotificationNetworkPreCreate], 1);
        assert_int_equal(heard.counts[HcnNotificationNetworkCreate], 1);
        assert_int_equal(heard.counts[HcnNotificationNetworkEndpointAttached], 1);
        assert_int_equal(heard.counts[HcnNotificationNetworkEndpointDetached], 1);
        assert_int_equal(heard.counts[HcnNotificationNetworkPreDelete], 1);
        assert_int_equal(heard.counts[HcnNotificationNetworkDelete], 1);
        assert_int_equal(heard.counts[HcnNotificationNamespaceCreate], 1);
        assert_int_equal(heard.counts[HcnNotificationNamespaceDelete], 1);
        assert_string_equal(heard.data, "{\"ID\":\"11111111-2222-3333-4444-555555555555\",\"Flags\":0}");
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
        assert_hresult(HcnUnregisterServiceCallback(callback), E_HANDLE);
        assert_hresult(networks_close(NETWORKS, network), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, id, NET, &network), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(heard.counts[HcnNotificationNetworkCreate], 1);
        hcs_mutex_deinit(&heard.lock);
}

static void a_network_is_listened_to_alone_and_a_deleted_one_says_so_at_once(void **state) {
        HCN_CALLBACK one = NULL, late = NULL;
        void *network = NULL, *other = NULL;
        char id[] = "11111111-2222-3333-4444-555555555555";

        listen_anew();
        assert_hresult(networks_create(NETWORKS, NULL, id, "{}", &network), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{}", &other), S_OK);
        assert_hresult(HcnRegisterNetworkCallback(other, on_event, &heard, &one), S_OK);
        assert_hresult(networks_delete(NETWORKS, id), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(heard.counts[HcnNotificationNetworkDelete], 0);
        assert_hresult(HcnRegisterNetworkCallback(network, on_event, &heard, &late), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(heard.counts[HcnNotificationNetworkDelete], 1);
        assert_hresult(HcnUnregisterNetworkCallback(one), S_OK);
        assert_hresult(HcnUnregisterNetworkCallback(late), S_OK);
        hcs_mutex_deinit(&heard.lock);
}

static void a_guest_network_service_tells_its_state(void **state) {
        HCN_CALLBACK callback = NULL;
        void *service = NULL;

        listen_anew();
        assert_hresult(networks_create(GUESTSERVICES, NULL, NULL, "{}", &service), S_OK);
        assert_hresult(HcnRegisterGuestNetworkServiceCallback(service, on_event, &heard, &callback), S_OK);
        assert_hresult(networks_modify(GUESTSERVICES, service, "{\"Settings\":{\"State\":\"Bogus\"}}"),
                       HCN_E_INVALID_JSON);
        assert_hresult(networks_modify(GUESTSERVICES, service, "{\"Settings\":{\"State\":\"Paused\"}}"), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(heard.counts[HcnNotificationGuestNetworkServiceStateChanged], 1);
        assert_non_null(strstr(heard.data, "\"Data\":{\"State\":\"Paused\"}"));
        assert_hresult(HcnUnregisterGuestNetworkServiceCallback(callback), S_OK);
        hcs_mutex_deinit(&heard.lock);
}

static void ports_are_reserved_once_and_come_back_with_their_handle(void **state) {
        HCN_PORT_RANGE_RESERVATION range = {0}, second = {0};
        HCN_PORT_RANGE_ENTRY *entries = NULL;
        HANDLE one = NULL, two = NULL, three = NULL;
        void *service = NULL;
        uint32_t n = 0;

        assert_hresult(networks_create(GUESTSERVICES, NULL, NULL,
                                       "{\"VirtualMachineId\":\"11111111-2222-3333-4444-555555555555\"}", &service),
                       S_OK);
        assert_hresult(
                HcnReserveGuestNetworkServicePort(service, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, 80, &one),
                S_OK);
        assert_hresult(
                HcnReserveGuestNetworkServicePort(service, HCN_PORT_PROTOCOL_BOTH, HCN_PORT_ACCESS_SHARED, 80, &two),
                HCN_E_PORT_ALREADY_EXISTS);
        assert_null(two);
        assert_hresult(
                HcnReserveGuestNetworkServicePort(service, HCN_PORT_PROTOCOL_UDP, HCN_PORT_ACCESS_EXCLUSIVE, 80, &two),
                S_OK);
        assert_hresult(HcnReserveGuestNetworkServicePort(service, 9, HCN_PORT_ACCESS_SHARED, 81, &three), E_INVALIDARG);
        assert_hresult(HcnReserveGuestNetworkServicePort(service, 1, 7, 81, &three), E_INVALIDARG);
        assert_hresult(HcnReserveGuestNetworkServicePort(service, 1, 1, 0, &three), E_INVALIDARG);
        assert_hresult(HcnReserveGuestNetworkServicePortRange(service, 16, &range, &three), S_OK);
        assert_int_equal(range.endingPort - range.startingPort, 15);
        assert_hresult(HcnEnumerateGuestNetworkPortReservations(&n, &entries), S_OK);
        assert_int_equal(n, 3);
        assert_int_equal(entries[0].StartingPort, range.startingPort);
        assert_int_equal(entries[0].OwningPartitionId.Data1, 0x11111111);
        HcnFreeGuestNetworkPortReservations(entries);
        assert_hresult(HcnReleaseGuestNetworkServicePortReservationHandle(three), S_OK);
        assert_hresult(HcnReleaseGuestNetworkServicePortReservationHandle(three), E_HANDLE);
        assert_hresult(HcnReserveGuestNetworkServicePortRange(service, 16, &second, &three), S_OK);
        assert_int_equal(second.startingPort, range.startingPort);
        assert_hresult(HcnReserveGuestNetworkServicePortRange(service, 0, &second, &one), E_INVALIDARG);
        assert_int_equal(mockhcs_leaks(mock, NULL), 4);
}

static void statistics_are_those_of_the_endpoint(void **state) {
        void *network = NULL, *endpoint = NULL;
        PWSTR stats = NULL;

        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{}", &network), S_OK);
        assert_hresult(networks_create(ENDPOINTS, network, "11111111-2222-3333-4444-555555555555", "{}", &endpoint),
                       S_OK);
        assert_hresult(HcnQueryEndpointStats(endpoint, u"{", &stats, NULL), HCN_E_INVALID_JSON);
        assert_null(stats);
        assert_hresult(HcnQueryEndpointStats(endpoint, u"{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}", &stats, NULL),
                       S_OK);
        _cleanup_free_ char *text = narrow(stats);
        assert_non_null(strstr(text, "\"EndpointId\":\"11111111-2222-3333-4444-555555555555\""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(every_kind_is_made_opened_read_changed_listed_and_deleted), TEST(outputs_are_null_from_the_start),
          TEST(bad_arguments_are_told_apart), TEST(what_is_left_open_is_reported),
          TEST(the_service_tells_what_comes_and_goes),
          TEST(a_network_is_listened_to_alone_and_a_deleted_one_says_so_at_once),
          TEST(a_guest_network_service_tells_its_state), TEST(ports_are_reserved_once_and_come_back_with_their_handle),
          TEST(statistics_are_those_of_the_endpoint))
