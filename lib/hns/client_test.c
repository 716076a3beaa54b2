/* SPDX-License-Identifier: MIT */

/* Version 1: paths and bodies of every call, and answers that are none. */

#include "testing/fake_network.h"
#include "testing/hcs_test.h"

static struct hns_client *client;

static int setup(void **state) {
        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":{\"ID\":\"i\",\"Name\":\"n\"}}"});
        client = fake_hns_client();
        return client == NULL;
}

static int teardown(void **state) {
        client = hns_client_unref(client);
        return 0;
}

static void assert_call(size_t i, const char *method, const char *path, const char *body) {
        const struct hcs_json *call = hcs_json_at(fake_calls(), i);

        assert_string_equal(hcs_json_get_string(call, "method"), method);
        assert_string_equal(hcs_json_get_string(call, "path"), path);
        assert_string_equal(hcs_json_get_string(call, "object"), body);
}

static void paths_are_spelled_as_the_service_wants_them(void **state) {
        static const char *const macs[] = {"00-01"};
        char *text = NULL;

        assert_ok(hns_endpoint_attach_host(client, "e", 0, NULL), NULL);
        assert_ok(hns_endpoint_attach_host(client, "e", 2, NULL), NULL);
        assert_ok(hns_endpoint_detach_vm(client, "e", NULL), NULL);
        assert_ok(hns_policy_list_delete(client, "p", NULL, NULL), NULL);
        assert_ok(hns_policy_list_add_endpoint(client, "{\"ID\":\"p\",\"References\":[\"/endpoints/a\"]}", "b", NULL,
                                               NULL),
                  NULL);
        assert_ok(hns_accelnet_set(client, macs, 1, NULL, NULL), NULL);
        assert_ok(hns_accelnet_delete(client, NULL, NULL), NULL);
        assert_ok(hns_namespace_get(client, "n", &text, NULL), NULL);
        free(text);
        assert_call(0, "POST", "/endpoints/e/attach", "{\"SystemType\":\"Host\"}");
        assert_call(1, "POST", "/endpoints/e/attach", "{\"SystemType\":\"Host\",\"CompartmentId\":2}");
        assert_call(2, "POST", "/endpoints/e/detach", "{\"SystemType\":\"VirtualMachine\"}");
        assert_call(3, "DELETE", "/policylists/p", "");
        assert_call(4, "DELETE", "/policylists/p", "");
        assert_call(5, "POST", "/policylists/", "{\"ID\":\"p\",\"References\":[\"/endpoints/a\",\"/endpoints/b\"]}");
        assert_call(6, "POST", "/accelnet/", "{\"MacAddressList\":[{\"MacAddress\":\"00-01\"}]}");
        assert_call(7, "DELETE", "/accelnet/", "");
        assert_call(8, "GET", "/namespaces/n", "");
}

/* As Go's path.Join. */
static void paths_of_namespaces_are_normalised(void **state) {
        static const char *const ids[][2] = {{"", "/namespaces"},      {"a//b/", "/namespaces/a/b"},
                                             {"./a", "/namespaces/a"}, {"../networks/x", "/networks/x"},
                                             {"../../..", "/"},        {"..a", "/namespaces/..a"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ids); i++) {
                assert_ok(hns_namespace_remove(client, ids[i][0], NULL), NULL);
                assert_call(i, "DELETE", ids[i][1], "");
        }
}

static void a_load_balancer_and_a_route_are_policy_lists(void **state) {
        static const char *const endpoints[] = {"a", "b"};

        assert_ok(hns_load_balancer_add(client,
                                        &(struct hns_load_balancer){.endpoints = endpoints,
                                                                    .n_endpoints = 2,
                                                                    .is_internal = true,
                                                                    .source_vip = "10.0.0.1",
                                                                    .vip = "1.1.1.1",
                                                                    .protocol = 6,
                                                                    .internal_port = 80,
                                                                    .external_port = 8080},
                                        NULL, NULL),
                  NULL);
        assert_call(0, "POST", "/policylists/",
                    "{\"References\":[\"/endpoints/a\",\"/endpoints/b\"],\"Policies\":[{\"Type\":\"ELB\",\"Protocol\":"
                    "6,\"InternalPort\":80,\"ExternalPort\":8080,\"SourceVIP\":\"10.0.0.1\",\"VIPs\":[\"1.1.1.1\"],"
                    "\"ILB\":true}]}");
        assert_ok(hns_route_add(client, &(struct hns_route){.next_hop = ""}, NULL, NULL), NULL);
        assert_call(1, "POST", "/policylists/", "{\"Policies\":[{\"Type\":\"ROUTE\"}]}");
}

static void policies_are_added_to_those_an_endpoint_has(void **state) {
        assert_ok(hns_endpoint_add_policies(client, "{\"ID\":\"e\",\"Policies\":[{\"Type\":\"NAT\"}]}",
                                            "[{\"Type\":\"ACL\",\"Action\":\"Allow\"},null]", NULL, NULL),
                  NULL);
        assert_call(0, "POST", "/endpoints/e",
                    "{\"ID\":\"e\",\"Policies\":[{\"Type\":\"NAT\"},{\"Type\":\"ACL\",\"Action\":\"Allow\"}]}");
        assert_hresult(hns_endpoint_add_policies(client, "{}", "{}", NULL, NULL), HCS_E_INVALID_JSON);
        assert_hresult(hns_endpoint_add_policies(client, "{}", "[", NULL, NULL), HCS_E_INVALID_JSON);
}

static void endpoints_of_a_namespace_are_its_resources_of_that_type(void **state) {
        struct hcs_documents ids = {0};
        struct hcs_error *err = NULL;

        fake_reset(&(struct fake_answers){
                .hns = "{\"Success\":true,\"Output\":{\"ID\":\"n\",\"ResourceList\":[{\"Type\":\"Endpoint\",\"Data\":{"
                       "\"Id\":\"e1\"}},{\"Type\":\"Other\",\"Data\":5},{\"Type\":\"Endpoint\",\"Data\":{\"ID\":"
                       "\"e2\"}}]}}"});
        assert_ok(hns_namespace_endpoints(client, "n", &ids, &err), err);
        assert_int_equal(ids.n, 2);
        assert_string_equal(ids.items[0], "e1");
        hcs_documents_deinit(&ids);
        fake_reset(&(struct fake_answers){
                .hns = "{\"Success\":true,\"Output\":{\"ResourceList\":[{\"Type\":\"Endpoint\",\"Data\":5}]}}"});
        assert_hresult(hns_namespace_endpoints(client, "n", &ids, NULL), HCS_E_INVALID_JSON);
}

static void answers_that_are_none_are_failures(void **state) {
        static const char *const bad[] = {NULL,
                                          "",
                                          "{",
                                          "[]",
                                          "{\"Success\":1}",
                                          "{\"Success\":true,\"Output\":[]}",
                                          "{\"Success\":true,\"Output\":\"x\"}"};
        char *text = (char *)"untouched";
        struct hcs_documents list = {0};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                fake_reset(&(struct fake_answers){.hns = bad[i]});
                assert_hresult(hns_network_get(client, "n", &text, NULL), HCS_E_INVALID_JSON);
                assert_hresult(hns_endpoint_stats(client, "n", &text, NULL), HCS_E_INVALID_JSON);
        }
        assert_string_equal(text, "untouched");
        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":{}}"});
        assert_hresult(hns_endpoint_list(client, &list, NULL), HCS_E_INVALID_JSON);
        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":[{},5]}"});
        assert_hresult(hns_endpoint_list(client, &list, NULL), HCS_E_INVALID_JSON);
        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":null}"});
        assert_ok(hns_endpoint_list(client, &list, NULL), NULL);
        assert_int_equal(list.n, 0);
}

static void names_that_are_not_there_are_told(void **state) {
        struct hcs_error *err = NULL;
        char *text = NULL;

        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":[{\"Name\":\"other\"},{}]}"});
        assert_hresult(hns_network_get_by_name(client, "nat", &text, &err), 0x803B0001);
        assert_string_equal(hcs_error_message(err), "Network nat not found");
        assert_true(hns_is_not_found(hcs_error_hresult(err)));
        hcs_error_free(err);
        assert_hresult(hns_network_get_by_name(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hns_network_get(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hns_endpoint_delete(client, NULL, NULL, NULL), E_POINTER);
        assert_hresult(hns_namespace_get(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hns_policy_list_get(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hns_call(client, NULL, "/x", NULL, NULL, NULL), E_POINTER);
        assert_null(text);
}

static void a_failing_call_keeps_its_code_and_reads_as_in_hcsshim(void **state) {
        _cleanup_json_ struct hcs_json *hresult = hcs_json_new_object();
        struct hcs_error *err = NULL;
        _cleanup_free_ char *go = NULL, *features = NULL;
        char *text = NULL;

        hcs_json_set_u64(hresult, "HNSCall", 0x80070005u);
        fake_reset(&(struct fake_answers){.hresult = hresult});
        assert_hresult(hns_network_get(client, "n", &text, &err), E_ACCESSDENIED);
        assert_string_equal(hcs_error_id(err), "GET /networks/n");
        go = hcn_error_format_go(err);
        assert_string_equal(go, "failed during hnsCallRawResponse: hnsCall failed in Win32: Access is denied. (0x5)");
        hcs_error_free(err);
        assert_ok(hns_features(client, &features, NULL), NULL);
        assert_non_null(strstr(features, "\"AclRuleId\":false"));
}

static void any_call_can_be_made(void **state) {
        struct hcs_error *err = NULL;
        char *output = NULL;

        assert_ok(hns_call(client, "PATCH", "/plugins/x", "{}", &output, &err), err);
        assert_string_equal(output, "{\"ID\":\"i\",\"Name\":\"n\"}");
        free(output);
        assert_call(0, "PATCH", "/plugins/x", "{}");
        assert_hresult(hns_call(client, "GET", "/\xff", NULL, NULL, NULL), HCS_WIN32(1113));
}

static void a_table_without_hnscall_is_refused(void **state) {
        static const struct hcs_vmcompute_api empty;
        struct hns_client *c = NULL;

        assert_hresult(hns_client_open(&(struct hns_client_options){.vmcompute = &empty}, &c, NULL), HCS_WIN32(127));
        assert_hresult(hns_client_open(&(struct hns_client_options){.library_path = "/nowhere/x.so"}, &c, NULL),
                       HCS_WIN32(126));
        assert_null(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(paths_are_spelled_as_the_service_wants_them), TEST(paths_of_namespaces_are_normalised),
          TEST(a_load_balancer_and_a_route_are_policy_lists), TEST(policies_are_added_to_those_an_endpoint_has),
          TEST(endpoints_of_a_namespace_are_its_resources_of_that_type), TEST(answers_that_are_none_are_failures),
          TEST(names_that_are_not_there_are_told), TEST(a_failing_call_keeps_its_code_and_reads_as_in_hcsshim),
          TEST(any_call_can_be_made), TEST(a_table_without_hnscall_is_refused))
