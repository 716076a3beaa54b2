/* SPDX-License-Identifier: MIT */

/* Compute systems and the networks they are on, over one state. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include "base/mem.h"
#include "hcsshim/abi/computecore.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "mockhcs/test/networks.h"
#include "testing/hcs_test.h"

#define ENDPOINT_ID "e0b4e0c1-1111-4222-8333-444455556666"
#define SPACE_ID    "50b4e0c1-1111-4222-8333-444455556666"

static struct mockhcs *mock;
static void *endpoint, *space;

static int setup(void **state) {
        void *network = NULL;

        networks_use_linked(NULL);
        if (FAILED(mockhcs_open("emulate", &mock, NULL)))
                return 1;
        networks_create(NETWORKS, NULL, NULL, "{}", &network);
        networks_create(ENDPOINTS, network, ENDPOINT_ID, "{}", &endpoint);
        networks_create(NAMESPACES, NULL, SPACE_ID, "{}", &space);
        return 0;
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static void assert_state(unsigned n) {
        _cleanup_free_ char *text = NULL, *mark = hcs_asprintf("\"State\":%u", n);

        assert_hresult(networks_query(ENDPOINTS, endpoint, "{\"Flags\":1}", &text), S_OK);
        if (!strstr(text, mark))
                fail_msg("%s is not in %s", mark, text);
}

static void a_system_that_stops_lets_go_of_its_adapter(void **state) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("vm",
                                   "{\"VirtualMachine\":{\"Devices\":{\"NetworkAdapters\":{\"" ENDPOINT_ID
                                   "\":{\"EndpointId\":\"" ENDPOINT_ID "\"}}}}}",
                                   &s, NULL),
                       S_OK);
        assert_state(2);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(core_terminate(s), S_OK);
        assert_state(4);
        HcsCloseComputeSystem(s);
}

static void an_adapter_comes_and_goes_while_a_system_runs(void **state) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("vm", "{\"VirtualMachine\":{}}", &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(core_modify(s,
                                   "{\"ResourcePath\":\"VirtualMachine/Devices/NetworkAdapters/" ENDPOINT_ID
                                   "\",\"RequestType\":\"Add\",\"Settings\":{\"EndpointId\":\"" ENDPOINT_ID "\"}}",
                                   NULL),
                       S_OK);
        assert_state(2);
        assert_hresult(core_modify(s,
                                   "{\"ResourcePath\":\"VirtualMachine/Devices/NetworkAdapters/" ENDPOINT_ID
                                   "\",\"RequestType\":\"Remove\",\"Settings\":{\"EndpointId\":\"" ENDPOINT_ID "\"}}",
                                   NULL),
                       S_OK);
        assert_state(4);
        HcsCloseComputeSystem(s);
}

static void a_container_is_in_its_namespace_while_it_lives(void **state) {
        _cleanup_free_ char *during = NULL, *after = NULL;
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("c", "{\"Container\":{\"Networking\":{\"Namespace\":\"" SPACE_ID "\"}}}", &s, NULL),
                       S_OK);
        assert_hresult(networks_query(NAMESPACES, space, NULL, &during), S_OK);
        assert_non_null(strstr(during, "\"Resources\":[{\"Type\":\"Container\",\"Data\":{\"ID\":\"c\"}}]"));
        assert_hresult(core_terminate(s), S_OK);
        assert_hresult(networks_query(NAMESPACES, space, NULL, &after), S_OK);
        assert_null(strstr(after, "Resources"));
        HcsCloseComputeSystem(s);
}

static void a_system_may_name_an_endpoint_that_there_is_not(void **state) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("vm",
                                   "{\"VirtualMachine\":{\"Devices\":{\"NetworkAdapters\":{\"a\":{\"EndpointId\":"
                                   "\"10b4e0c1-1111-4222-8333-444455556666\"}}}}}",
                                   &s, NULL),
                       S_OK);
        assert_hresult(core_terminate(s), S_OK);
        assert_state(1);
        HcsCloseComputeSystem(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(a_system_that_stops_lets_go_of_its_adapter), TEST(an_adapter_comes_and_goes_while_a_system_runs),
          TEST(a_container_is_in_its_namespace_while_it_lives), TEST(a_system_may_name_an_endpoint_that_there_is_not))
