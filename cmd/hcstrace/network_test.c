/* SPDX-License-Identifier: MIT */

/* Documents of both versions of host networking in a few words. */

#include "cmd/hcstrace/network.h"

#include "base/mem.h"
#include "testing/hcs_test.h"

static void documents_are_told_in_a_few_words(void **state) {
        static const char *const rows[][2] = {
                {"{\"ID\":\"a0b4e0c1-1111-4222-8333-444455556666\",\"Name\":\"nat\",\"Type\":\"NAT\",\"Ipams\":[{"
                 "\"Subnets\":[{"
                 "\"IpAddressPrefix\":\"10.0.0.0/24\",\"Routes\":[{\"NextHop\":\"10.0.0.1\"}]}]}]}",
                 "network \"nat\" NAT 10.0.0.0/24 via 10.0.0.1 (a0b4e0c1)"},
                {"{\"Name\":\"l2\",\"Type\":\"l2bridge\",\"Subnets\":[{\"AddressPrefix\":\"10.0.0.0/"
                 "24\",\"GatewayAddress\":"
                 "\"10.0.0.1\"}]}",
                 "network \"l2\" l2bridge 10.0.0.0/24 via 10.0.0.1"},
                {"{\"Name\":\"e\",\"HostComputeNetwork\":\"x\",\"IpConfigurations\":[{\"IpAddress\":\"10.0.0.2\","
                 "\"PrefixLength\":24},{\"IpAddress\":\"fd00::2\",\"PrefixLength\":64}],\"MacAddress\":\"00-15-5D-00-"
                 "00-01\","
                 "\"Policies\":[{\"Type\":\"PortMapping\",\"Settings\":{\"Protocol\":6,\"InternalPort\":80,"
                 "\"ExternalPort\":"
                 "8080}},{\"Type\":\"ACL\"}]}",
                 "endpoint \"e\" 10.0.0.2/24 fd00::2/64 00-15-5D-00-00-01, PortMapping tcp 8080->80, ACL"},
                {"{\"VirtualNetwork\":\"x\",\"IPAddress\":\"10.0.0.2\"}", "endpoint 10.0.0.2"},
                {"{\"Type\":\"Guest\",\"NamespaceId\":5,\"Resources\":[{\"Type\":\"Endpoint\",\"Data\":{\"ID\":"
                 "\"e0b4e0c1-1111\"}}]}",
                 "namespace Guest 5, Endpoint e0b4e0c1"},
                {"{\"HostComputeEndpoints\":[\"a\",\"b\"],\"FrontendVIPs\":[\"1.1.1.2\"],\"PortMappings\":[{"
                 "\"Protocol\":17,"
                 "\"InternalPort\":53,\"ExternalPort\":5353}]}",
                 "load balancer 1.1.1.2 udp 5353->53 of 2 endpoints"},
                {"{\"HostComputeEndpoints\":[\"a\"],\"Setting\":[{\"DestinationPrefix\":\"10.0.0.0/"
                 "8\",\"NextHop\":\"1.1.1.1\"}]}",
                 "route 10.0.0.0/8 via 1.1.1.1 of 1 endpoint"},
                {"{\"References\":[\"a\"],\"Policies\":[{\"Type\":\"ELB\",\"ExternalPort\":1,\"InternalPort\":2}]}",
                 "policy list, ELB 1->2 of 1 endpoint"},
                {"{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Add\",\"Settings\":{\"EndpointId\":\"e0b4\"}}",
                 "Add Endpoint e0b4"},
                {"{\"ResourceType\":\"Policy\",\"RequestType\":\"Remove\",\"Settings\":{\"Policies\":[{\"Type\":"
                 "\"QOS\"}]}}",
                 "Remove Policy, QOS"},
                {"{\"SchemaVersion\":{\"Major\":2}}", "everything"},
                {"{\"Filter\":\"{\\\"Name\\\":\\\"a\\\"}\"}", "where {\"Name\":\"a\"}"},
                {"[]", "none"},
                {"[\"a0b4e0c1-1111\",\"b\"]", "2: a0b4e0c1 ..."},
                {"{\"Success\":false,\"Error\":\"Element not found. \",\"ErrorCode\":1}",
                 "refused: Element not found. "},
                {"{\"Success\":true,\"Output\":[{\"Name\":\"a\",\"Subnets\":[]},{\"Name\":\"b\",\"Subnets\":[]}]}",
                 "2: network \"a\"; network \"b\""},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_json_ struct hcs_json *doc = NULL;
                _cleanup_buf_ struct hcs_buf out = {0};

                assert_ok(hcs_json_parse_cstr(rows[i][0], &doc, NULL), NULL);
                assert_true(network_describe(doc, NULL, &out));
                assert_string_equal(hcs_buf_cstr(&out), rows[i][1]);
        }
}

static void what_is_no_document_of_networks_is_left_alone(void **state) {
        static const char *const rows[] = {"5",
                                           "null",
                                           "{}",
                                           "{\"Owner\":\"x\"}",
                                           "[{\"Id\":\"system\"}]",
                                           "{\"Success\":true,\"Output\":{\"Major\":15}}"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_json_ struct hcs_json *doc = NULL;
                _cleanup_buf_ struct hcs_buf out = {0};

                assert_ok(hcs_json_parse_cstr(rows[i], &doc, NULL), NULL);
                assert_false(network_describe(doc, NULL, &out));
        }
}

static void settings_that_say_little_are_of_what_is_made(void **state) {
        _cleanup_json_ struct hcs_json *doc = NULL;
        _cleanup_buf_ struct hcs_buf out = {0};

        assert_ok(hcs_json_parse_cstr("{\"Name\":\"e\"}", &doc, NULL), NULL);
        assert_true(network_describe(doc, "Endpoint", &out));
        assert_string_equal(hcs_buf_cstr(&out), "endpoint \"e\"");
}

HCS_TESTS(cmocka_unit_test(settings_that_say_little_are_of_what_is_made),
          cmocka_unit_test(documents_are_told_in_a_few_words),
          cmocka_unit_test(what_is_no_document_of_networks_is_left_alone))
