/* SPDX-License-Identifier: MIT */

/* Documents that real hosts and clients produced go through the clients without loss, and their failures are read. */

#include "testing/fake_network.h"
#include "testing/hcs_test.h"

static struct hns_client *keeper;

static void answer(const char *hns) {
        fake_reset(&(struct fake_answers){.hns = hns});
        if (!keeper)
                assert_ok(hns_client_open(
                                  &(struct hns_client_options){.vmcompute = &fake_vmcompute, .keep_unknown = true},
                                  &keeper, NULL),
                          NULL);
}

static int teardown(void **state) {
        keeper = hns_client_unref(keeper);
        return 0;
}

static bool is_zero(const struct hcs_json *j) {
        uint64_t u = 1;

        return hcs_json_is(j, HCS_JSON_NULL) || (hcs_json_is(j, HCS_JSON_BOOL) && !hcs_json_bool(j)) ||
               (hcs_json_u64(j, &u) && u == 0) || (hcs_json_string(j) && !*hcs_json_string(j)) ||
               ((hcs_json_is(j, HCS_JSON_ARRAY) || hcs_json_is(j, HCS_JSON_OBJECT)) && !hcs_json_count(j));
}

/* Every member of before is in after, but for those that say nothing. */
static void assert_nothing_lost(const struct hcs_json *before, const struct hcs_json *after) {
        if (hcs_json_is(before, HCS_JSON_ARRAY)) {
                assert_int_equal(hcs_json_count(before), hcs_json_count(after));
                for (size_t i = 0; i < hcs_json_count(before); i++)
                        assert_nothing_lost(hcs_json_at(before, i), hcs_json_at(after, i));
        } else if (hcs_json_is(before, HCS_JSON_OBJECT)) {
                for (const struct hcs_json *m = hcs_json_first(before); m; m = hcs_json_next(m)) {
                        const struct hcs_json *same = hcs_json_get(after, hcs_json_key(m));

                        if (!same && !is_zero(m))
                                fail_msg("%s is lost", hcs_json_key(m));
                        if (same)
                                assert_nothing_lost(m, same);
                }
        } else {
                assert_true(hcs_json_equal(before, after));
        }
}

static void assert_text_lossless(const char *before, const char *after) {
        _cleanup_json_ struct hcs_json *b = NULL, *a = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_json_parse_cstr(before, &b, &err), err);
        assert_ok(hcs_json_parse_cstr(after, &a, &err), err);
        assert_nothing_lost(b, a);
}

static void assert_valid(const char *type, const char *text) {
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_schema_report report;

        assert_ok(hcs_json_parse_cstr(text, &json, NULL), NULL);
        hcs_schema_validate(hcs_schema_type_find(type), json, NULL, &report);
        for (size_t i = 0; i < report.n; i++)
                if (report.problems[i].is_error)
                        fail_msg("%s: %s", report.problems[i].path, report.problems[i].message);
        hcs_schema_report_deinit(&report);
}

static void networks_of_windows_1703_are_listed_with_all_they_have(void **state) {
        _cleanup_free_ char *output = hcs_test_fixture("documents/hns-16-networks-response-rs3-spaced.json", NULL);
        _cleanup_free_ char *response = hcs_asprintf("{\"Success\":true,\"Output\":%s}", output), *named = NULL,
                            *all = NULL;
        struct hcs_documents list = {0};
        struct hcs_error *err = NULL;

        answer(response);
        assert_ok(hns_network_list(keeper, &list, &err), err);
        assert_int_equal(list.n, 1);
        assert_valid("hns.HNSNetwork", list.items[0]);
        assert_non_null(strstr(list.items[0], "4294967297"));
        all = hcs_asprintf("[%s]", list.items[0]);
        assert_text_lossless(output, all);
        hcs_documents_deinit(&list);
        assert_ok(hns_network_get_by_name(keeper, "DockerNAT (1)", &named, &err), err);
}

static void a_dump_of_an_hns_object_keeps_all_counters(void **state) {
        _cleanup_free_ char *log = hcs_test_fixture("logs/hns-30-wsl-networking-bat-hns-objects.log", NULL);
        char *start = strchr(log, '{'), *end = strstr(log, "\n}");
        _cleanup_free_ char *object = NULL, *response = NULL, *got = NULL;
        struct hcs_error *err = NULL;

        assert_non_null(start);
        assert_non_null(end);
        object = hcs_strndup(start, (size_t)(end + 2 - start));
        response = hcs_asprintf("{\"Success\":true,\"Output\":%s}", object);
        answer(response);
        assert_ok(hns_network_get(keeper, "C08CB7B8-9B3C-408E-8E30-5E16A3AEB444", &got, &err), err);
        assert_text_lossless(object, got);
        assert_valid("hns.HNSNetwork", got);
        assert_non_null(strstr(got, "132006797058748566"));
}

static void a_failure_envelope_gives_its_code_and_text(void **state) {
        _cleanup_free_ char *response = hcs_test_fixture("documents/hns-18-adapter-not-found.json", NULL), *got = NULL;
        struct hcs_error *err = NULL;

        answer(response);
        assert_hresult(hns_network_create(keeper, "{}", &got, &err), 0x803B0006);
        assert_string_equal(hcs_error_message(err), "hns failed with error : An adapter was not found. ");
        assert_true(hcn_is_missing(hcs_error_hresult(err)));
        hcs_error_free(err);
        assert_null(got);
}

/* WSL hands a network in the shape of version 1 to HcnCreateNetwork. */
static void a_request_in_the_shape_of_version_1_passes_an_open_handle_unchanged(void **state) {
        _cleanup_free_ char *request = hcs_test_fixture("documents/hns-21-create-ics-network-request.json", NULL);
        struct hcn_client *client;
        struct hcn_object *o = NULL;

        assert_valid("hns.HNSNetwork", request);
        fake_reset(&(struct fake_answers){0});
        client = fake_hcn_client();
        assert_ok(hcn_object_create(client, HCN_KIND_NETWORK, NULL, NULL, request, &o, NULL), NULL);
        assert_string_equal(hcs_json_get_string(hcs_json_at(fake_calls(), 0), "settings"), request);
        hcn_object_unref(o);
        hcn_client_unref(client);
}

static void records_out_of_logs_are_read(void **state) {
        static const struct {
                const char *file;
                uint32_t code;
                const char *message;
        } cases[] = {
                {"hns-19-invalid-network.log", 0x803B000A,
                 "The provided network configuration is invalid or missing parameters"},
                {"hns-22-parameter-incorrect-cni.log", 0x80070057, "The parameter is incorrect"},
                {"hns-25-invalid-json-reference-zh.log", 0x803B001C, "JSON 文档中的参考无效。 A Reference is required"},
                {"hns-27-source-vip-invalid-address.log", 0x803B002F, "An address provided is invalid or reserved"},
                {"hns-28-endpoint-invalid-policy.log", 0x803B000D,
                 "The provided policy configuration is invalid or missing parameters. {{SetPolicyStrategy,"
                 "OutBoundNAT}}"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *path = hcs_asprintf("logs/%s", cases[i].file), *log = hcs_test_fixture(path, NULL);
                struct hcs_error *err = NULL;
                char *record = strstr(log, "{\"Success\"");

                assert_non_null(record);
                record[strcspn(record, "\n")] = '\0';
                assert_hresult(hcs_error_from_record(&err, (HRESULT)cases[i].code, record), cases[i].code);
                assert_string_equal(hcs_error_message(err), cases[i].message);
                assert_null(hcs_error_hint(err));
                hcs_error_free(err);
        }
}

static void documents_without_a_type_are_kept_by_an_open_handle(void **state) {
        static const char *const files[] = {"documents/hns-33-acl-policy-ws2025-resources.json",
                                            "documents/hns-34-modify-namespace-sync.json"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *text = hcs_test_fixture(files[i], NULL), *got = NULL;
                struct hcn_client *client;
                struct hcn_object *o = NULL;

                fake_reset(&(struct fake_answers){.properties = text});
                client = fake_hcn_client();
                assert_ok(hcn_object_open(client, HCN_KIND_NAMESPACE, "05B780BE-C66C-4B53-9436-F444AC6642B9", &o, NULL),
                          NULL);
                assert_ok(hcn_object_query(o, NULL, &got, NULL), NULL);
                assert_string_equal(got, text);
                hcn_object_unref(o);
                hcn_client_unref(client);
        }
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)
HCS_TESTS(TEST(networks_of_windows_1703_are_listed_with_all_they_have),
          TEST(a_dump_of_an_hns_object_keeps_all_counters), TEST(a_failure_envelope_gives_its_code_and_text),
          TEST(a_request_in_the_shape_of_version_1_passes_an_open_handle_unchanged), TEST(records_out_of_logs_are_read),
          TEST(documents_without_a_type_are_kept_by_an_open_handle))
