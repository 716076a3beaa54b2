/* SPDX-License-Identifier: MIT */

/* The model in a file: between runs, over a reboot, and what a bad file says. And options that are none. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include "base/mem.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define KEPT  "a0b4e0c1-1111-4222-8333-444455556666"
#define LOST  "b0b4e0c1-1111-4222-8333-444455556666"
#define SPACE "50b4e0c1-1111-4222-8333-444455556666"
#define BAL   "1bb4e0c1-1111-4222-8333-444455556666"

static int setup(void **state) {
        networks_use_linked(HNSCall);
        return 0;
}

static struct mockhcs *open_with(const char *path, const char *more) {
        _cleanup_free_ char *spec = hcs_asprintf("emulate,net-state=%s%s", path, more);
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
        return mock;
}

static void make(enum networks_kind kind, void *parent, const char *id, const char *settings, void **ret) {
        void *handle = NULL;

        assert_hresult(networks_create(kind, parent, id, settings, &handle), S_OK);
        if (ret)
                *ret = handle;
        else
                networks_close(kind, handle);
}

static char *properties(enum networks_kind kind, const char *id) {
        void *handle = NULL;
        char *text = NULL;

        assert_hresult(networks_open(kind, id, &handle), S_OK);
        assert_hresult(networks_query(kind, handle, "{\"Flags\":1}", &text), S_OK);
        networks_close(kind, handle);
        return text;
}

/* A network that stays and one that does not, each with an endpoint of its id; the first is attached and balanced. */
static void make_world(void) {
        void *network = NULL, *space = NULL;

        make(NETWORKS, NULL, KEPT, "{\"Name\":\"kept\",\"Foo\":1}", &network);
        make(ENDPOINTS, network, KEPT, "{\"Name\":\"e\"}", NULL);
        networks_close(NETWORKS, network);
        make(NETWORKS, NULL, LOST, "{\"Name\":\"lost\",\"Type\":\"Overlay\",\"Flags\":8}", &network);
        make(ENDPOINTS, network, LOST, "{}", NULL);
        networks_close(NETWORKS, network);
        make(NAMESPACES, NULL, SPACE, "{\"Type\":\"Guest\"}", &space);
        assert_hresult(networks_modify(NAMESPACES, space,
                                       "{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Add\",\"Settings\":{"
                                       "\"EndpointId\":\"" KEPT "\"}}"),
                       S_OK);
        networks_close(NAMESPACES, space);
        make(LOADBALANCERS, NULL, BAL,
             "{\"HostComputeEndpoints\":[\"" KEPT "\",\"" LOST
             "\"],\"PortMappings\":[{\"Protocol\":6,\"InternalPort\":1,"
             "\"ExternalPort\":80}]}",
             NULL);
        make(GUESTSERVICES, NULL, KEPT, "{}", NULL);
}

static void a_second_run_goes_on_where_the_first_ended(void **state) {
        static const struct {
                enum networks_kind kind;
                const char *id;
        } all[] = {{NETWORKS, KEPT},    {NETWORKS, LOST},     {ENDPOINTS, KEPT},    {ENDPOINTS, LOST},
                   {NAMESPACES, SPACE}, {LOADBALANCERS, BAL}, {GUESTSERVICES, KEPT}};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir), *list = NULL;
        char *before[HCS_ARRAY_SIZE(all)];
        struct mockhcs *mock = open_with(path, "");
        void *handle = NULL;

        make_world();
        for (size_t i = 0; i < HCS_ARRAY_SIZE(all); i++)
                before[i] = properties(all[i].kind, all[i].id);
        mockhcs_close(mock);
        mock = open_with(path, "");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(all); i++) {
                _cleanup_free_ char *after = properties(all[i].kind, all[i].id);

                assert_string_equal(after, before[i]);
                free(before[i]);
        }
        /* Claims are held: of ports, addresses and names. */
        assert_hresult(networks_create(LOADBALANCERS, NULL, NULL,
                                       "{\"HostComputeEndpoints\":[\"" KEPT "\"],\"PortMappings\":[{\"Protocol\":6,"
                                       "\"ExternalPort\":80}]}",
                                       &handle),
                       HCN_E_PORT_ALREADY_EXISTS);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"kept\"}", &handle),
                       HCN_E_NETWORK_ALREADY_EXISTS);
        assert_hresult(networks_enumerate(ENDPOINTS, NULL, &list), S_OK);
        assert_string_equal(list, "[\"" KEPT "\",\"" LOST "\"]");
        mockhcs_close(mock);
}

static void a_reboot_keeps_what_is_persistent(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir);
        _cleanup_free_ char *endpoint = NULL, *balancer = NULL;
        struct mockhcs *mock = open_with(path, "");
        void *handle = NULL;

        make_world();
        mockhcs_close(mock);
        mock = open_with(path, ",net-boot=reboot");
        assert_hresult(networks_open(NETWORKS, LOST, &handle), HCS_WIN32(0x490));
        assert_hresult(networks_open(ENDPOINTS, LOST, &handle), HCS_WIN32(0x490));
        assert_hresult(networks_open(NAMESPACES, SPACE, &handle), HCS_WIN32(0x490));
        assert_hresult(networks_open(GUESTSERVICES, KEPT, &handle), HCS_WIN32(0x490));
        endpoint = properties(ENDPOINTS, KEPT);
        assert_null(strstr(endpoint, "HostComputeNamespace"));
        assert_non_null(strstr(endpoint, "\"State\":1"));
        balancer = properties(LOADBALANCERS, BAL);
        assert_non_null(strstr(balancer, "\"HostComputeEndpoints\":[\"" KEPT "\"]"));
        mockhcs_close(mock);
        mock = open_with(path, ",net-boot=clean");
        assert_hresult(networks_open(NETWORKS, KEPT, &handle), HCS_WIN32(0x490));
        mockhcs_close(mock);
        mock = open_with(path, "");
        assert_hresult(networks_open(NETWORKS, KEPT, &handle), HCS_WIN32(0x490));
        mockhcs_close(mock);
}

static void a_management_mac_list_comes_back_until_it_is_deleted(void **state) {
        static const char list[] = "{\"MacAddressList\":[{\"MacAddress\":\"00-15-5D-00-00-01\"}]}";
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir);
        static const char *const methods[] = {"POST", "GET", "DELETE", "GET"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(methods); i++) {
                struct mockhcs *mock = open_with(path, "");
                _cleanup_free_ char *answer = NULL;

                assert_hresult(networks_hns(methods[i], "/accelnet/", i ? "" : list, &answer), S_OK);
                assert_int_equal(strstr(answer, "00-15-5D-00-00-01") != NULL, i < 3);
                mockhcs_close(mock);
        }
}

static void two_runs_at_once_lose_nothing(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir),
                            *beside = hcs_asprintf("%s.conflict", path), *of_first = NULL, *of_second = NULL;
        struct mockhcs *first, *second;

        mockhcs_close(open_with(path, ",net-boot=clean"));
        first = open_with(path, "");
        make(NETWORKS, NULL, KEPT, "{}", NULL);
        second = open_with(path, "");
        make(NETWORKS, NULL, LOST, "{}", NULL);
        mockhcs_close(second);
        mockhcs_close(first);
        second = open_with(path, "");
        assert_hresult(networks_enumerate(NETWORKS, NULL, &of_second), S_OK);
        assert_string_equal(of_second, "[\"" LOST "\"]");
        mockhcs_close(second);
        first = open_with(beside, "");
        assert_hresult(networks_enumerate(NETWORKS, NULL, &of_first), S_OK);
        assert_string_equal(of_first, "[\"" KEPT "\"]");
        mockhcs_close(first);
}

static void a_run_that_changes_nothing_writes_nothing(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir), *list = NULL;
        struct mockhcs *mock = open_with(path, "");

        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), S_OK);
        mockhcs_close(mock);
        assert_false(hcs_file_exists(path));
}

static void refused(const char *spec, const char *words) {
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;

        assert_true(FAILED(mockhcs_open(spec, &mock, &err)));
        if (!strstr(hcs_error_message(err), words))
                fail_msg("\"%s\" is not in: %s", words, hcs_error_message(err));
        hcs_error_free(err);
}

static void a_file_that_is_bad_is_refused_and_left_alone(void **state) {
        static const char *const rows[][2] = {
                {"{", "line 1"},
                {"[]", "NetworkState"},
                {"{\"NetworkState\":2}", "NetworkState"},
                {"{\"NetworkState\":1,\"Networks\":[{\"Type\":\"Bogus\"}]}", "Networks[0]"},
                {"{\"NetworkState\":1,\"Networks\":[{},{\"ID\":\"x\"}]}", "Networks[1]"},
                {"{\"NetworkState\":1,\"Endpoints\":[{}]}", "Endpoints[0]"},
                {"{\"NetworkState\":1,\"Networks\":[7]}", "Networks[0]"},
        };
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/state", dir);
        _cleanup_free_ char *spec = hcs_asprintf("emulate,net-state=%s", path);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct hcs_buf text = {0};

                assert_ok(hcs_file_write(path, rows[i][0], strlen(rows[i][0]), NULL), NULL);
                refused(spec, rows[i][1]);
                assert_ok(hcs_file_read(path, 4096, &text, NULL), NULL);
                assert_string_equal(text.data, rows[i][0]);
                hcs_buf_deinit(&text);
        }
}

static void options_that_are_none_are_refused(void **state) {
        refused("emulate,hns=15", "hns=15");
        refused("emulate,hns=x.4", "hns=x.4");
        refused("emulate,hns=-1.4", "hns=-1.4");
        refused("emulate,net-boot=reboot", "net-state");
        refused("emulate,net-state=x,net-boot=soon", "net-boot=soon");
        refused("emulate,net-faults=nowhere/faults", "net-faults");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
HCS_TESTS(TEST(a_second_run_goes_on_where_the_first_ended), TEST(a_reboot_keeps_what_is_persistent),
          TEST(a_management_mac_list_comes_back_until_it_is_deleted), TEST(two_runs_at_once_lose_nothing),
          TEST(a_run_that_changes_nothing_writes_nothing), TEST(a_file_that_is_bad_is_refused_and_left_alone),
          TEST(options_that_are_none_are_refused))
