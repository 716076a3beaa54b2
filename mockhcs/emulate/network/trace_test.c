/* SPDX-License-Identifier: MIT */

/* A run of compute systems and networks recorded, and replayed with other ids, names and times. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include <stdlib.h>

#include "base/mem.h"
#include "hcsshim/abi/computecore.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "mockhcs/test/networks.h"
#include "testing/hcs_test.h"

#define FIRST  "a0b4e0c1-1111-4222-8333-444455556666"
#define SECOND "b0b4e0c1-2222-4333-8444-555566667777"

static struct mockhcs *mock;
static char *trace;

static int setup(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();

        networks_use_linked(NULL);
        trace = hcs_asprintf("%s/t.trace", dir);
        return 0;
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        free(trace);
        return 0;
}

static void open_as(const char *layer, const char *more) {
        _cleanup_free_ char *spec = hcs_asprintf("%s=%s%s", layer, trace, more);
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
}

static unsigned heard[0x20];

static void HCS_ABI_CALL on_event(DWORD type, void *context, HRESULT status, PCWSTR data) {
        if (type < HCS_ARRAY_SIZE(heard))
                __atomic_fetch_add(&heard[type], 1, __ATOMIC_SEQ_CST);
}

static unsigned count(DWORD type) {
        return __atomic_load_n(&heard[type], __ATOMIC_SEQ_CST);
}

/* The ID of a new object's properties. */
static char *id_of(enum networks_kind kind, void *handle) {
        _cleanup_free_ char *text = NULL;
        char *id;

        assert_hresult(networks_query(kind, handle, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}", &text), S_OK);
        id = strstr(text, "\"ID\":\"");
        assert_non_null(id);
        return hcs_strndup(id + 6, 36);
}

/* What a container engine does: a network, an endpoint in a namespace and on a VM, everything away again. id is the
 * client's, the others are the service's; filters hold them inside a string. */
static void run(const char *id, const char *name) {
        _cleanup_free_ char *settings = hcs_asprintf("{\"ID\":\"%s\",\"Name\":\"%s\",\"Type\":\"Overlay\",\"Ipams\":[{"
                                                     "\"Subnets\":[{\"IpAddressPrefix\":\"10.0.0.0/24\"}]}]}",
                                                     id, name);
        _cleanup_free_ char *filter = hcs_asprintf("{\"Filter\":\"{\\\"ID\\\":\\\"%s\\\"}\"}", id), *list = NULL,
                            *wanted = hcs_asprintf("[\"%s\"]", id), *change = NULL, *vm = NULL, *endpoint_id = NULL,
                            *space_id = NULL;
        void *network = NULL, *endpoint = NULL, *space = NULL, *missing = NULL;
        HCN_CALLBACK callback = NULL;
        HCS_SYSTEM s = NULL;

        memset(heard, 0, sizeof(heard));
        assert_hresult(HcnRegisterServiceCallback(on_event, NULL, &callback), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, settings, &network), S_OK);
        assert_hresult(networks_enumerate(NETWORKS, filter, &list), S_OK);
        assert_string_equal(list, wanted);
        assert_hresult(networks_create(ENDPOINTS, network, NULL, "{\"Name\":\"e\"}", &endpoint), S_OK);
        endpoint_id = id_of(ENDPOINTS, endpoint);
        assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
        space_id = id_of(NAMESPACES, space);
        change = hcs_asprintf(
                "{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Add\",\"Settings\":{\"EndpointId\":\"%s\"}}",
                endpoint_id);
        assert_hresult(networks_modify(NAMESPACES, space, change), S_OK);
        assert_hresult(networks_modify(NAMESPACES, space, change), HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS);
        assert_non_null(strstr(networks_record(), "\"ErrorCode\":2151350315"));
        vm = hcs_asprintf("{\"VirtualMachine\":{\"Devices\":{\"NetworkAdapters\":{\"%s\":{\"EndpointId\":\"%s\"}}}}}",
                          endpoint_id, endpoint_id);
        assert_hresult(core_create(name, vm, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseComputeSystem(s);
        assert_hresult(networks_close(ENDPOINTS, endpoint), S_OK);
        assert_hresult(networks_close(NAMESPACES, space), S_OK);
        assert_hresult(networks_close(NETWORKS, network), S_OK);
        assert_hresult(networks_delete(NAMESPACES, space_id), S_OK);
        assert_hresult(networks_delete(NETWORKS, id), S_OK);
        assert_hresult(networks_open(NETWORKS, id, &missing), HCS_WIN32(0x490));
        mockhcs_drain(mock);
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
        assert_int_equal(count(HcnNotificationNetworkCreate), 1);
        assert_int_equal(count(HcnNotificationNetworkEndpointAttached), 2);
        assert_int_equal(count(HcnNotificationNetworkEndpointDetached), 2);
        assert_int_equal(count(HcnNotificationNetworkDelete), 1);
        assert_int_equal(count(HcnNotificationNamespaceDelete), 1);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void assert_verified(void) {
        _cleanup_free_ char *report = NULL;

        if (mockhcs_verify(mock, false, &report))
                fail_msg("unexpected report:\n%s", report);
}

static void a_mixed_run_plays_again_with_other_ids(void **state) {
        open_as("record", ",redact=no,emulate");
        run(FIRST, "demo");
        mock = mockhcs_close(mock);
        open_as("replay", "");
        run(SECOND, "demo");
        assert_verified();
        mock = mockhcs_close(mock);
        open_as("replay", ",order=global");
        run(FIRST, "demo");
        assert_verified();
}

static void a_network_that_differs_is_told_by_its_path(void **state) {
        _cleanup_free_ char *report = NULL;
        void *network = NULL;

        open_as("record", ",redact=no,emulate");
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"a\",\"Type\":\"Private\"}", &network), S_OK);
        assert_hresult(networks_close(NETWORKS, network), S_OK);
        mock = mockhcs_close(mock);
        open_as("replay", "");
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"a\",\"Type\":\"NAT\"}", &network),
                       E_UNEXPECTED);
        assert_true(mockhcs_verify(mock, false, &report) > 0);
        assert_non_null(strstr(report, "settings: $.Type: expected \"Private\", got \"NAT\""));
}

static void filters_compare_as_json_inside_their_strings(void **state) {
        _cleanup_free_ char *list = NULL, *again = NULL;

        open_as("record", ",redact=no,emulate");
        assert_hresult(networks_enumerate(NETWORKS,
                                          "{\"Filter\":\"{\\\"Name\\\":\\\"a\\\",\\\"Type\\\":\\\"NAT\\\"}\"}", &list),
                       S_OK);
        mock = mockhcs_close(mock);
        open_as("replay", "");
        assert_hresult(networks_enumerate(NETWORKS,
                                          "{ \"Filter\" : \"{ \\\"Type\\\":\\\"NAT\\\", \\\"Name\\\":\\\"a\\\" }\" }",
                                          &again),
                       S_OK);
        assert_string_equal(again, "[]");
        assert_verified();
}

static void a_namespace_handle_and_a_bad_one_survive_the_trace(void **state) {
        void *space = NULL;
        char *text = NULL;

        open_as("record", ",redact=no,emulate");
        for (int i = 0; i < 2; i++) {
                assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
                assert_hresult(networks_query(NAMESPACES, space, NULL, &text), S_OK);
                free(text);
                assert_hresult(networks_query(NAMESPACES, (void *)(uintptr_t)9, NULL, &text), E_HANDLE);
                assert_hresult(networks_close(NAMESPACES, space), S_OK);
                if (i == 0) {
                        mock = mockhcs_close(mock);
                        open_as("replay", "");
                }
        }
        text = NULL;
        assert_int_equal(mockhcs_verify(mock, false, &text), 1); /* the stale handle */
        assert_non_null(strstr(text, "1 calls named a handle"));
        free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(a_mixed_run_plays_again_with_other_ids), TEST(a_network_that_differs_is_told_by_its_path),
          TEST(filters_compare_as_json_inside_their_strings), TEST(a_namespace_handle_and_a_bad_one_survive_the_trace))
