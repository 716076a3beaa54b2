/* SPDX-License-Identifier: MIT */

/* Builders: queries, load balancers with their flags, routes, and policies of every type. */

#include "testing/fake_network.h"
#include "testing/hcs_test.h"

#define ID "d0b4e0c1-1111-4222-8333-444455556666"

static struct hcn_client *client;

static int setup(void **state) {
        fake_reset(&(struct fake_answers){.enumerate = "[]", .properties = "{}"});
        client = fake_hcn_client();
        return client == NULL;
}

static int teardown(void **state) {
        client = hcn_client_unref(client);
        return fake_open_handles();
}

static const char *sent(size_t i) {
        return hcs_json_get_string(hcs_json_at(fake_calls(), i), "settings");
}

static void queries_hold_their_filter_as_text(void **state) {
        _cleanup_free_ char *all = hcn_query(0, NULL), *detailed = hcn_query(HCN_QUERY_DETAILED, "{\"Type\":\"NAT\"}"),
                            *named = hcn_query_by("Name", "a \"b\" <c>");

        assert_string_equal(all, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}");
        assert_string_equal(detailed, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0},\"Flags\":1,\"Filter\":"
                                      "\"{\\\"Type\\\":\\\"NAT\\\"}\"}");
        assert_string_equal(named, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0},\"Filter\":\"{\\\"Name\\\":\\\"a "
                                   "\\\\\\\"b\\\\\\\" \\\\u003cc\\\\u003e\\\"}\"}");
}

static void a_load_balancer_says_only_what_was_set(void **state) {
        static const char *const endpoints[] = {"a", "b"}, *const vips[] = {"1.1.1.1"};
        struct hcn_load_balancer lb = {.internal_port = 80};
        _cleanup_free_ char *bare = hcn_load_balancer_build(&lb), *full = NULL;

        assert_string_equal(bare, "{\"PortMappings\":[{\"InternalPort\":80}],\"SchemaVersion\":{\"Major\":2,\"Minor\":"
                                  "0}}");
        lb = (struct hcn_load_balancer){
                .endpoints = endpoints,
                .n_endpoints = 2,
                .flags = HCN_LOAD_BALANCER_DSR | HCN_LOAD_BALANCER_IPV6,
                .port_mapping_flags = HCN_PORT_MAPPING_ILB | HCN_PORT_MAPPING_PRESERVE_DIP,
                .source_vip = "10.0.0.1",
                .frontend_vips = vips,
                .n_frontend_vips = 1,
                .protocol = 6,
                .internal_port = 80,
                .external_port = 8080,
                .distribution = HCN_DISTRIBUTION_SOURCE_IP,
        };
        full = hcn_load_balancer_build(&lb);
        assert_string_equal(full, "{\"HostComputeEndpoints\":[\"a\",\"b\"],\"SourceVIP\":\"10.0.0.1\",\"FrontendVIPs\":"
                                  "[\"1.1.1.1\"],\"PortMappings\":[{\"Protocol\":6,\"InternalPort\":80,"
                                  "\"ExternalPort\":8080,\"DistributionType\":2,\"Flags\":9}],\"SchemaVersion\":{"
                                  "\"Major\":2,\"Minor\":0},\"Flags\":3}");
}

static void endpoints_of_a_load_balancer_change_by_making_it_again(void **state) {
        static const char lb[] = "{\"ID\":\"" ID "\",\"HostComputeEndpoints\":[\"a\",\"b\",\"a\"]}";

        assert_ok(hcn_load_balancer_add_endpoint(client, lb, "c", NULL, NULL), NULL);
        assert_non_null(strstr(sent(1), "\"HostComputeEndpoints\":[\"a\",\"b\",\"a\",\"c\"]"));
        assert_ok(hcn_load_balancer_remove_endpoint(client, lb, "a", NULL, NULL), NULL);
        assert_non_null(strstr(sent(5), "\"HostComputeEndpoints\":[\"b\"]"));
        assert_hresult(hcn_load_balancer_add_endpoint(client, "{}", "c", NULL, NULL), E_INVALIDARG);
}

static void a_route_loses_the_endpoint_that_is_named(void **state) {
        static const char route[] = "{\"ID\":\"" ID "\",\"HostComputeEndpoints\":[\"a\",\"b\",\"a\"]}";

        assert_ok(hcn_route_remove_endpoint(client, route, "b", NULL, NULL), NULL);
        assert_non_null(strstr(sent(1), "\"HostComputeEndpoints\":[\"a\",\"a\"]"));
        assert_ok(hcn_route_remove_endpoint(client, route, "a", NULL, NULL), NULL);
        assert_non_null(strstr(sent(5), "\"HostComputeEndpoints\":[\"b\",\"a\"]"));
        assert_ok(hcn_route_add_endpoint(client, route, "c", NULL, NULL), NULL);
        assert_non_null(strstr(sent(9), "\"HostComputeEndpoints\":[\"a\",\"b\",\"a\",\"c\"]"));
}

static void every_policy_can_be_built_from_empty_settings(void **state) {
        const struct hcs_schema_policy *p;

        for (size_t i = 0; (p = hcs_schema_policy_at(i)); i++) {
                _cleanup_free_ char *policy = NULL, *request = NULL;
                _cleanup_json_ struct hcs_json *json = NULL;
                struct hcs_error *err = NULL;

                assert_ok(hcn_policy_build(p->kind, p->type, p->settings ? "{}" : NULL, &policy, &err), err);
                assert_ok(hcn_policies_build((const char *const[]){policy, policy}, 2, &request, &err), err);
                assert_ok(hcs_json_parse_cstr(request, &json, &err), err);
                assert_string_equal(hcs_json_get_string(hcs_json_lookup(json, "Policies[1]"), "Type"), p->type);
        }
}

static void policies_that_do_not_fit_are_refused_with_the_path(void **state) {
        struct hcs_error *err = NULL;
        char *policy = NULL;

        assert_hresult(hcn_policy_build(HCS_SCHEMA_POLICY_ENDPOINT, "ACL", "{\"Priority\":70000}", &policy, &err),
                       HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_path(err), "$.Priority");
        hcs_error_free(err);
        err = NULL;
        assert_hresult(hcn_policy_build(HCS_SCHEMA_POLICY_SUBNET, "ACL", NULL, &policy, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "there is no policy \"ACL\" of this kind");
        hcs_error_free(err);
        assert_hresult(hcn_policy_build(HCS_SCHEMA_POLICY_ENDPOINT, NULL, NULL, &policy, NULL), E_INVALIDARG);
        assert_hresult(hcn_policy_build(HCS_SCHEMA_POLICY_ENDPOINT, "ACL", "{", &policy, NULL), HCS_E_INVALID_JSON);
        assert_hresult(hcn_policies_build((const char *const[]){"{"}, 1, &policy, NULL), HCS_E_INVALID_JSON);
        assert_null(policy);
}

static void version_1_puts_settings_beside_the_type(void **state) {
        _cleanup_free_ char *policy = NULL;

        assert_ok(hcn_policy_build(HCS_SCHEMA_POLICY_HNS, "nat", "{\"InternalPort\":80,\"New\":1}", &policy, NULL),
                  NULL);
        assert_string_equal(policy, "{\"Type\":\"NAT\",\"InternalPort\":80,\"New\":1}");
}

static void remote_subnets_and_host_routes_are_policies_of_the_network(void **state) {
        struct hcn_remote_subnet s = {"192.168.2.0/24", "1.1.1.1", "00-11-22-33-44-55", 4096};

        assert_ok(hcn_network_add_remote_subnet(client, ID, &s, NULL), NULL);
        assert_string_equal(sent(1), "{\"ResourceType\":\"Policy\",\"RequestType\":\"Add\",\"Settings\":{\"Policies\":["
                                     "{\"Type\":\"RemoteSubnetRoute\",\"Settings\":{\"DestinationPrefix\":"
                                     "\"192.168.2.0/24\",\"IsolationId\":4096,\"ProviderAddress\":\"1.1.1.1\","
                                     "\"DistributedRouterMacAddress\":\"00-11-22-33-44-55\"}}]}}");
        assert_ok(hcn_network_remove_remote_subnet(client, ID, &s, NULL), NULL);
        assert_non_null(strstr(sent(5), "\"RequestType\":\"Remove\""));
        assert_ok(hcn_network_add_host_route(client, ID, NULL), NULL);
        assert_string_equal(sent(9), "{\"ResourceType\":\"Policy\",\"RequestType\":\"Add\",\"Settings\":{\"Policies\":["
                                     "{\"Type\":\"HostRoute\"}]}}");
        assert_ok(hcn_network_remove_host_route(client, ID, NULL), NULL);
}

static void an_endpoint_goes_to_the_adapter_of_a_vm_and_back(void **state) {
        struct hcn_vm_port port = {"e0b4e0c2-1111-4222-8333-444455556666", "nic", NULL};

        assert_ok(hcn_endpoint_attach_vm(client, ID, &port, NULL), NULL);
        assert_string_equal(sent(1), "{\"ResourceType\":\"Port\",\"RequestType\":\"Add\",\"Settings\":{\"PortId\":"
                                     "\"e0b4e0c2-1111-4222-8333-444455556666\",\"VirtualNicName\":\"nic\","
                                     "\"VirtualMachineId\":\"00000000-0000-0000-0000-000000000000\"}}");
        assert_ok(hcn_endpoint_detach_vm(client, ID, &port, NULL), NULL);
        assert_non_null(strstr(sent(5), "\"RequestType\":\"Remove\""));
}

static void a_remote_endpoint_is_flagged(void **state) {
        assert_ok(
                hcn_network_create_endpoint(client, ID, "{\"Flags\":2,\"HostComputeNetwork\":\"x\"}", true, NULL, NULL),
                NULL);
        assert_non_null(strstr(sent(1), "\"Flags\":3"));
        assert_non_null(strstr(sent(1), "\"HostComputeNetwork\":\"" ID "\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(queries_hold_their_filter_as_text), TEST(a_load_balancer_says_only_what_was_set),
          TEST(endpoints_of_a_load_balancer_change_by_making_it_again), TEST(a_route_loses_the_endpoint_that_is_named),
          TEST(every_policy_can_be_built_from_empty_settings), TEST(policies_that_do_not_fit_are_refused_with_the_path),
          TEST(version_1_puts_settings_beside_the_type),
          TEST(remote_subnets_and_host_routes_are_policies_of_the_network),
          TEST(an_endpoint_goes_to_the_adapter_of_a_vm_and_back), TEST(a_remote_endpoint_is_flagged))
