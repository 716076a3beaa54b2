/* SPDX-License-Identifier: MIT */

/* What the service can do: asked once, asked again after a failure, and told with the versions that have it. */

#include "testing/fake_network.h"
#include "testing/hcs_test.h"

static struct hcn_client *client;

static int setup(void **state) {
        fake_reset(&(struct fake_answers){.hns = "{\"Success\":true,\"Output\":{\"Major\":10,\"Minor\":1}}",
                                          .properties = "{}"});
        client = fake_hcn_client();
        return client == NULL;
}

static int teardown(void **state) {
        client = hcn_client_unref(client);
        return 0;
}

static void answer_version(const char *hns) {
        fake_reset(&(struct fake_answers){.hns = hns, .properties = "{}"});
}

static void the_version_is_asked_for_once(void **state) {
        _cleanup_free_ char *features = NULL;

        assert_ok(hcn_require(client, "V2", NULL), NULL);
        assert_ok(hcn_require(client, "API.V1", NULL), NULL);
        assert_ok(hcn_features(client, &features, NULL), NULL);
        assert_hresult(hcn_require(client, "DSR", NULL), HCS_WIN32(50));
        assert_int_equal(hcs_json_count(fake_calls()), 1);
}

static void a_missing_feature_is_named_with_the_versions_that_have_it(void **state) {
        struct hcs_error *err = NULL;
        _cleanup_free_ char *go = NULL;

        assert_hresult(hcn_require(client, "dsr", &err), HCS_WIN32(50));
        assert_string_equal(hcs_error_message(err), "platform does not support feature DSR: the service is version "
                                                    "10.1, it is in 9.3 to 9.x, 10.2 and later");
        go = hcn_error_format_go(err);
        assert_string_equal(go, "platform does not support feature DSR");
        hcs_error_free(err);
        assert_hresult(hcn_require(client, "Teleport", NULL), E_INVALIDARG);
        assert_hresult(hcn_require(client, NULL, NULL), E_INVALIDARG);
}

static void a_failure_is_not_for_ever(void **state) {
        struct hcs_error *err = NULL;

        answer_version("{\"Success\":false,\"Error\":\"busy\"}");
        assert_hresult(hcn_require(client, "V2", &err), E_FAIL);
        assert_string_equal(hcs_error_message(err), "failed to query HCN version number: this is expected on pre 1803 "
                                                    "builds.: HNS failed with error : busy");
        hcs_error_free(err);
        answer_version("{\"Success\":true,\"Output\":{\"Major\":9,\"Minor\":2}}");
        assert_ok(hcn_require(client, "V2", NULL), NULL);
}

static void a_refresh_asks_again(void **state) {
        struct hcs_schema_hns_version v;

        assert_hresult(hcn_require(client, "DSR", NULL), HCS_WIN32(50));
        answer_version("{\"Success\":true,\"Output\":{\"Major\":10,\"Minor\":2}}");
        assert_hresult(hcn_require(client, "DSR", NULL), HCS_WIN32(50));
        hcn_features_refresh(client);
        assert_ok(hcn_require(client, "DSR", NULL), NULL);
        assert_ok(hcn_version(client, &v, NULL), NULL);
        assert_true(v.major == 10 && v.minor == 2);
}

static void the_error_of_the_call_itself_reads_as_in_hcsshim(void **state) {
        _cleanup_json_ struct hcs_json *hresult = hcs_json_new_object();
        struct hcs_error *err = NULL;
        _cleanup_free_ char *go = NULL, *text = NULL;

        hcs_json_set_u64(hresult, "HNSCall", 0x80070005u);
        fake_reset(&(struct fake_answers){.hresult = hresult});
        assert_hresult(hcn_features(client, &text, &err), E_ACCESSDENIED);
        go = hcn_error_format_go(err);
        assert_string_equal(go, "failed to query HCN version number: this is expected on pre 1803 builds.: hnsCall "
                                "failed in Win32: Access is denied. (0x5)");
        hcs_error_free(err);
}

static void bad_versions_are_told(void **state) {
        static const char *const bad[] = {"{\"Success\":true,\"Output\":{\"Major\":\"9\"}}",
                                          "{\"Success\":true,\"Output\":[9,2]}", "{\"Success\":1}", "", "nonsense"};
        struct hcs_schema_hns_version v;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                answer_version(bad[i]);
                assert_hresult(hcn_version(client, &v, NULL), HCS_E_INVALID_JSON);
        }
        answer_version("{\"Success\":true}");
        assert_ok(hcn_version(client, &v, NULL), NULL);
        assert_true(v.major == 0 && v.minor == 0);
}

static void what_a_document_needs_is_named_by_path(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(hcn_require_for(client, HCN_KIND_LOAD_BALANCER, "{\"Flags\":1}", &err), HCS_WIN32(50));
        assert_string_equal(hcs_error_path(err), "$.Flags");
        hcs_error_free(err);
        assert_ok(hcn_require_for(client, HCN_KIND_LOAD_BALANCER, "{}", NULL), NULL);
        assert_hresult(hcn_require_for(client, HCN_KIND_LOAD_BALANCER, "{", NULL), HCS_E_INVALID_JSON);
        assert_hresult(hcn_require_for(client, HCN_KIND_GUEST_SERVICE, "{}", NULL), E_INVALIDARG);
}

static void an_update_is_refused_only_when_the_version_is_known_to_be_too_old(void **state) {
        static const char id[] = "1bb4e0c1-1111-4222-8333-444455556666";
        struct hcs_error *err = NULL;

        assert_ok(hcn_load_balancer_update(client, id, "{}", NULL, NULL), NULL);
        assert_int_equal(hcs_json_count(fake_calls()), 4);
        assert_ok(hcn_require(client, "V2", NULL), NULL);
        assert_hresult(hcn_load_balancer_update(client, id, "{}", NULL, &err), HCS_WIN32(50));
        assert_non_null(strstr(hcs_error_message(err), "ModifyLoadbalancer"));
        assert_int_equal(hcs_json_count(fake_calls()), 5);
        hcs_error_free(err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(the_version_is_asked_for_once), TEST(a_missing_feature_is_named_with_the_versions_that_have_it),
          TEST(a_failure_is_not_for_ever), TEST(a_refresh_asks_again),
          TEST(the_error_of_the_call_itself_reads_as_in_hcsshim), TEST(bad_versions_are_told),
          TEST(what_a_document_needs_is_named_by_path),
          TEST(an_update_is_refused_only_when_the_version_is_known_to_be_too_old))
