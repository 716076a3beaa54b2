/* SPDX-License-Identifier: MIT */

/* Objects as documents and as open handles, with bad input of every sort. */

#include "base/str.h"
#include "platform/thread.h"
#include "testing/fake_network.h"
#include "testing/hcs_test.h"

#define ID   "d0b4e0c1-1111-4222-8333-444455556666"
#define ID_2 "e0b4e0c1-1111-4222-8333-444455556666"

static struct hcn_client *client;

static int setup(void **state) {
        fake_reset(&(struct fake_answers){.enumerate = "[\"" ID "\"]",
                                          .properties = "{\"ID\":\"" ID "\",\"Name\":\"n\",\"Odd\":[1]}",
                                          .hns = "{\"Success\":true,\"Output\":{\"Major\":15,\"Minor\":4}}"});
        client = fake_hcn_client();
        return client == NULL;
}

static int teardown(void **state) {
        client = hcn_client_unref(client);
        return fake_open_handles();
}

static const char *call_at(size_t i) {
        return hcs_json_get_string(hcs_json_at(fake_calls(), i), "proc");
}

static void what_the_schema_does_not_know_is_dropped_or_kept(void **state) {
        struct hcn_client *keeper = NULL;
        _cleanup_free_ char *dropped = NULL, *kept = NULL;

        assert_ok(hcn_client_open(&(struct hcn_client_options){.computenetwork = &fake_computenetwork,
                                                               .vmcompute = &fake_vmcompute,
                                                               .keep_unknown = true},
                                  &keeper, NULL),
                  NULL);
        assert_ok(hcn_get(client, HCN_KIND_NAMESPACE, ID, &dropped, NULL), NULL);
        assert_string_equal(dropped, "{\"ID\":\"" ID "\",\"SchemaVersion\":{\"Major\":0,\"Minor\":0}}");
        assert_ok(hcn_get(keeper, HCN_KIND_NAMESPACE, ID, &kept, NULL), NULL);
        assert_string_equal(kept, "{\"ID\":\"" ID "\",\"SchemaVersion\":{\"Major\":0,\"Minor\":0},\"Name\":\"n\","
                                  "\"Odd\":[1]}");
        hcn_client_unref(keeper);
}

static void a_document_that_does_not_fit_is_named_by_path_and_not_sent(void **state) {
        struct hcs_error *err = NULL;
        char *ret = NULL;

        assert_hresult(
                hcn_create(client, HCN_KIND_NETWORK, "{\"Ipams\":[{\"Subnets\":[{\"Flags\":\"1\"}]}]}", &ret, &err),
                HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_path(err), "$.Ipams[0].Subnets[0].Flags");
        hcs_error_free(err);
        assert_hresult(hcn_create(client, HCN_KIND_ENDPOINT, "[", &ret, NULL), HCS_E_INVALID_JSON);
        assert_hresult(hcn_create(client, HCN_KIND_LOAD_BALANCER, "[]", &ret, NULL), HCS_E_INVALID_JSON);
        assert_hresult(hcn_modify(client, HCN_KIND_NETWORK, ID, "{\"RequestType\":1}", NULL, NULL), HCS_E_INVALID_JSON);
        assert_hresult(hcn_list(client, HCN_KIND_NETWORK, "{\"Flags\":-1}", &(struct hcs_documents){0}, NULL),
                       HCS_E_INVALID_JSON);
        assert_hresult(hcn_network_add_policies(client, ID, "{\"Policies\":{}}", NULL), HCS_E_INVALID_JSON);
        assert_int_equal(hcs_json_count(fake_calls()), 0);
        assert_null(ret);
}

static void ids_that_are_none_are_refused_before_any_call(void **state) {
        static const char *const bad[] = {
                NULL, "", "xyz", "{" ID "}", ID "0", "d0b4e0c1-1111-4222-8333-44445555666g", "\xff", ID " "};
        static const char *const words[] = {"invalid network ID", "invalid endpoint ID", "invalid namespace ID",
                                            "invalid load balancer ID"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                for (int kind = 0; kind < 4; kind++) {
                        struct hcs_error *err = NULL;

                        assert_hresult(hcn_delete(client, (enum hcn_kind)kind, bad[i], &err), E_INVALIDARG);
                        assert_string_equal(hcs_error_message(err), words[kind]);
                        hcs_error_free(err);
                        assert_hresult(hcn_modify(client, (enum hcn_kind)kind, bad[i], NULL, NULL, NULL), E_INVALIDARG);
                        assert_hresult(hcn_object_open(client, (enum hcn_kind)kind, bad[i],
                                                       &(struct hcn_object *){NULL}, NULL),
                                       E_INVALIDARG);
                }
        assert_hresult(hcn_network_create_endpoint(client, "x", NULL, false, NULL, NULL), E_INVALIDARG);
        assert_int_equal(hcs_json_count(fake_calls()), 0);
}

static void what_is_needed_and_not_given_is_named(void **state) {
        struct hcs_documents list = {0};
        char *text = NULL;

        assert_hresult(hcn_get(client, HCN_KIND_NETWORK, NULL, &text, NULL), E_POINTER);
        assert_hresult(hcn_get_by_name(client, HCN_KIND_NETWORK, NULL, &text, NULL), E_POINTER);
        assert_hresult(hcn_get_by_name(client, HCN_KIND_NAMESPACE, "n", &text, NULL), E_INVALIDARG);
        assert_hresult(hcn_network_endpoints(client, NULL, &list, NULL), E_POINTER);
        assert_hresult(hcn_namespace_add_endpoint(client, ID, NULL, NULL), E_POINTER);
        assert_hresult(hcn_network_add_remote_subnet(client, ID, NULL, NULL), E_POINTER);
        assert_hresult(hcn_endpoint_attach_vm(client, ID, NULL, NULL), E_POINTER);
        assert_hresult(hcn_load_balancer_add(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hcn_load_balancer_add_endpoint(client, "{}", NULL, &text, NULL), E_POINTER);
        assert_hresult(hcn_route_add(client, NULL, &text, NULL), E_POINTER);
        assert_hresult(hcn_route_add(client, &(struct hcn_route){0}, &text, NULL), E_INVALIDARG);
        assert_hresult(hcn_route_remove_endpoint(client, "{\"ID\":\"" ID "\"}", ID_2, &text, NULL), E_INVALIDARG);
        assert_hresult(hcn_create(client, (enum hcn_kind)77, "{}", &text, NULL), E_INVALIDARG);
        assert_hresult(hcn_list(client, (enum hcn_kind)77, NULL, &list, NULL), E_INVALIDARG);
        assert_hresult(hcn_delete(client, HCN_KIND_ROUTE, NULL, NULL), E_POINTER);
        assert_string_equal(hcn_kind_name((enum hcn_kind)77), "object");
        assert_int_equal(hcs_json_count(fake_calls()), 0);
        assert_null(text);
}

static void answers_that_are_none_are_failures_and_leave_outputs_alone(void **state) {
        static const char *const bad[] = {NULL, "{", "[]", "{\"ID\":5}", "null x"};
        char *text = (char *)"untouched";

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                fake_reset(&(struct fake_answers){.enumerate = "[\"" ID "\"]", .properties = bad[i]});
                assert_hresult(hcn_create(client, HCN_KIND_NETWORK, "{}", &text, NULL), HCS_E_INVALID_JSON);
                assert_hresult(hcn_get(client, HCN_KIND_ROUTE, ID, &text, NULL), HCS_E_INVALID_JSON);
                assert_hresult(hcn_modify(client, HCN_KIND_ENDPOINT, ID, "{}", &text, NULL), HCS_E_INVALID_JSON);
                assert_int_equal(fake_open_handles(), 0);
        }
        assert_string_equal(text, "untouched");
}

static void enumerations_that_are_none_are_failures(void **state) {
        static const char *const bad[] = {NULL, "{}", "[1]", "[\"x\"]", "[\"" ID "\",\"\"]", "\"" ID "\""};
        struct hcs_documents list = {0};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                fake_reset(&(struct fake_answers){.enumerate = bad[i], .properties = "{}"});
                assert_hresult(hcn_list(client, HCN_KIND_NETWORK, NULL, &list, NULL), HCS_E_INVALID_JSON);
                assert_hresult(hcn_list_ids(client, HCN_KIND_ENDPOINT, NULL, &list, NULL), HCS_E_INVALID_JSON);
        }
        assert_int_equal(list.n, 0);
        fake_reset(&(struct fake_answers){.enumerate = "null"});
        assert_ok(hcn_list(client, HCN_KIND_NETWORK, NULL, &list, NULL), NULL);
        assert_int_equal(list.n, 0);
}

static void handles_of_failing_calls_are_given_back_at_last(void **state) {
        _cleanup_json_ struct hcs_json *hresult = hcs_json_new_object();

        hcs_json_set_u64(hresult, "HcnModifyNetwork", 0x80070005u);
        fake_reset(&(struct fake_answers){.hresult = hresult});
        for (int i = 0; i < 100; i++) {
                assert_hresult(hcn_modify(client, HCN_KIND_NETWORK, ID, "{}", NULL, NULL), E_ACCESSDENIED);
                assert_true(fake_open_handles() <= 32);
        }
        assert_true(fake_open_handles() > 0);
        client = hcn_client_unref(client);
        assert_int_equal(fake_open_handles(), 0);
}

static void a_list_with_a_lost_element_fails_as_a_whole(void **state) {
        _cleanup_json_ struct hcs_json *hresult = hcs_json_new_object();
        struct hcs_documents list = {0};
        struct hcs_error *err = NULL;

        hcs_json_set_u64(hresult, "HcnOpenNetwork", 0x80070490u);
        fake_reset(&(struct fake_answers){.enumerate = "[\"" ID "\"]", .hresult = hresult});
        assert_hresult(hcn_list(client, HCN_KIND_NETWORK, NULL, &list, &err), 0x80070490);
        assert_string_equal(hcs_error_operation(err), "HcnOpenNetwork");
        assert_string_equal(hcs_error_id(err), ID);
        assert_true(hcn_is_not_found(hcs_error_hresult(err)) && hcn_is_element_not_found(hcs_error_hresult(err)));
        hcs_error_free(err);
        assert_ok(hcn_list_ids(client, HCN_KIND_NETWORK, NULL, &list, NULL), NULL);
        assert_int_equal(list.n, 1);
        hcs_documents_deinit(&list);
}

static void a_route_is_looked_for_before_it_is_deleted(void **state) {
        _cleanup_json_ struct hcs_json *hresult = hcs_json_new_object();

        assert_ok(hcn_delete(client, HCN_KIND_ROUTE, ID, NULL), NULL);
        assert_string_equal(call_at(0), "computenetwork.HcnEnumerateSdnRoutes");
        assert_string_equal(call_at(4), "computenetwork.HcnDeleteSdnRoute");
        hcs_json_set_u64(hresult, "HcnEnumerateSdnRoutes", 0x80070005u);
        fake_reset(&(struct fake_answers){.hresult = hresult});
        assert_hresult(hcn_delete(client, HCN_KIND_ROUTE, ID, NULL), E_ACCESSDENIED);
}

static void a_table_without_the_export_is_an_error(void **state) {
        static const struct hcs_computenetwork_api empty;
        struct hcs_documents list = {0};
        struct hcn_client *bare = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_client_open(&(struct hcn_client_options){.computenetwork = &empty}, &bare, NULL), NULL);
        for (int kind = 0; kind < HCN_KINDS; kind++)
                assert_hresult(hcn_list(bare, (enum hcn_kind)kind, NULL, &list, NULL), HCS_WIN32(127));
        assert_hresult(hcn_create(bare, HCN_KIND_NETWORK, "{}", NULL, &err), HCS_WIN32(127));
        assert_string_equal(hcs_error_operation(err), "HcnCreateNetwork");
        hcs_error_free(err);
        assert_hresult(hcn_watch_service(bare, (hcn_event_fn)(void *)abort, NULL, &(struct hcn_watch *){NULL}, NULL),
                       HCS_WIN32(127));
        assert_hresult(hcn_port_list(bare, &(HCN_PORT_RANGE_ENTRY *){NULL}, &(size_t){0}, NULL), HCS_WIN32(127));
        hcn_client_unref(bare);
        assert_null(hcn_client_unref(NULL));
}

static void an_open_handle_passes_texts_as_they_are(void **state) {
        __attribute__((cleanup(hcn_object_unrefp))) struct hcn_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        const struct hcs_json *create;

        assert_ok(hcn_object_create(client, HCN_KIND_ENDPOINT, ID, ID_2, "{ \"VirtualNetwork\": 1 }", &o, NULL), NULL);
        create = hcs_json_at(fake_calls(), 1);
        assert_string_equal(hcs_json_get_string(create, "settings"), "{ \"VirtualNetwork\": 1 }");
        assert_string_equal(hcs_json_get_string(create, "id"), ID_2);
        assert_string_equal(call_at(2), "computenetwork.HcnCloseNetwork");
        assert_ok(hcn_object_query(o, NULL, &text, NULL), NULL);
        assert_non_null(strstr(text, "Odd"));
        assert_ok(hcn_object_modify(o, "x", NULL), NULL);
        assert_hresult(hcn_watch_object(o, (hcn_event_fn)(void *)abort, NULL, &(struct hcn_watch *){NULL}, NULL),
                       E_INVALIDARG);
        assert_hresult(hcn_port_reserve(o, 1, 1, 80, &(HANDLE){NULL}, NULL), E_INVALIDARG);
}

static void a_closed_handle_is_refused(void **state) {
        struct hcn_object *o = NULL;
        struct hcs_error *err = NULL;
        char *text = NULL;

        assert_ok(hcn_object_open(client, HCN_KIND_GUEST_SERVICE, ID, &o, NULL), NULL);
        assert_ok(hcn_object_close(o, NULL), NULL);
        assert_ok(hcn_object_close(o, NULL), NULL);
        assert_hresult(hcn_object_query(o, NULL, &text, &err), E_HANDLE);
        assert_string_equal(hcs_error_message(err), "the handle has already been closed");
        hcs_error_free(err);
        assert_hresult(hcn_object_modify(o, "{}", NULL), E_HANDLE);
        assert_hresult(hcn_watch_object(o, (hcn_event_fn)(void *)abort, NULL, &(struct hcn_watch *){NULL}, NULL),
                       E_HANDLE);
        assert_hresult(hcn_port_reserve(o, 1, 1, 80, &(HANDLE){NULL}, NULL), E_HANDLE);
        hcn_object_unref(o);
        assert_int_equal(hcs_json_count(fake_calls()), 2);
}

static void a_guest_service_has_documents_of_its_own(void **state) {
        __attribute__((cleanup(hcn_object_unrefp))) struct hcn_object *o = NULL;
        HCN_PORT_RANGE_RESERVATION range = {0};
        HCN_PORT_RANGE_ENTRY *entries = NULL;
        HANDLE one = NULL, many = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        assert_ok(hcn_create(client, HCN_KIND_GUEST_SERVICE, "{ }", &text, NULL), NULL);
        assert_non_null(strstr(text, "Odd"));
        assert_ok(hcn_object_open(client, HCN_KIND_GUEST_SERVICE, ID, &o, NULL), NULL);
        assert_ok(hcn_port_reserve(o, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, 80, &one, NULL), NULL);
        assert_ok(hcn_port_reserve_range(o, 16, &range, &many, NULL), NULL);
        assert_int_equal(range.endingPort - range.startingPort, 15);
        assert_ok(hcn_port_list(client, &entries, &n, NULL), NULL);
        assert_int_equal(n, 1);
        assert_int_equal(entries[0].StartingPort, 80);
        free(entries);
        assert_ok(hcn_port_release(client, one, NULL), NULL);
        assert_ok(hcn_port_release(client, many, NULL), NULL);
        assert_ok(hcn_delete(client, HCN_KIND_GUEST_SERVICE, ID, NULL), NULL);
}

static void counters_of_an_endpoint_come_as_they_are(void **state) {
        _cleanup_free_ char *text = NULL;

        fake_reset(&(struct fake_answers){.properties = "{\"BytesSent\":18446744073709551615}"});
        assert_ok(hcn_endpoint_stats(client, ID, &text, NULL), NULL);
        assert_string_equal(text, "{\"BytesSent\":18446744073709551615}");
        assert_string_equal(hcs_json_get_string(hcs_json_at(fake_calls(), 1), "query"),
                            "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}");
        fake_reset(&(struct fake_answers){.properties = NULL});
        assert_hresult(hcn_endpoint_stats(client, ID, &text, NULL), E_UNEXPECTED);
}

static void a_record_beside_a_success_is_a_failure(void **state) {
        _cleanup_json_ struct hcs_json *record = hcs_json_new_object();
        struct hcs_error *err = NULL;
        _cleanup_free_ char *go = NULL;

        hcs_json_set_string(record, "HcnDeleteNetwork", "{\"Error\":\"odd\"}");
        fake_reset(&(struct fake_answers){.record = record});
        assert_hresult(hcn_delete(client, HCN_KIND_NETWORK, ID, &err), HCS_WIN32(31));
        assert_string_equal(hcs_error_message(err), "odd");
        go = hcn_error_format_go(err);
        assert_string_equal(go, "hcnDeleteNetwork failed in Win32: %!s(<nil>) (0x1f) {\"Error\":\"odd\"}");
        hcs_error_free(err);
}

static void errors_of_routes_are_named_as_in_hcsshim(void **state) {
        static const char *const exports[][2] = {{"HcnEnumerateSdnRoutes", "hcnEnumerateRoutes failed"},
                                                 {"HcnQuerySdnRouteProperties", "hcnQueryRouteProperties failed"}};
        _cleanup_json_ struct hcs_json *hresults = hcs_json_new_array(); /* to the client's end, which closes handles */

        for (size_t i = 0; i < HCS_ARRAY_SIZE(exports); i++) {
                struct hcs_json *hresult = hcs_json_append(hresults, hcs_json_new_object());
                struct hcs_error *err = NULL;
                _cleanup_free_ char *go = NULL;
                char *text = NULL;

                hcs_json_set_u64(hresult, exports[i][0], 0x80070005u);
                fake_reset(&(struct fake_answers){.enumerate = "[\"" ID "\"]", .hresult = hresult});
                assert_hresult(hcn_get(client, HCN_KIND_ROUTE, ID, &text, &err), E_ACCESSDENIED);
                go = hcn_error_format_go(err);
                assert_ptr_equal(strstr(go, exports[i][1]), go);
                hcs_error_free(err);
        }
        client = hcn_client_unref(client);
}

static void health_keeps_its_digits_and_is_sorted(void **state) {
        _cleanup_free_ char *text = NULL;

        fake_reset(&(struct fake_answers){
                .properties = "{\"Health\":{\"Data\":{\"b\":132108987224769239,\"a\":[{\"d\":1,\"c\":2}]}}}"});
        assert_ok(hcn_create(client, HCN_KIND_NETWORK, "{}", &text, NULL), NULL);
        assert_non_null(strstr(text, "\"Data\":{\"a\":[{\"c\":2,\"d\":1}],\"b\":132108987224769239}"));
}

/* A RawMessage keeps a null, an interface does not. */
static void null_is_kept_where_hcsshim_keeps_it(void **state) {
        _cleanup_free_ char *text = NULL;

        fake_reset(&(struct fake_answers){.properties =
                                                  "{\"Name\":null,\"Policies\":[{\"Type\":\"L2Driver\",\"Settings\":"
                                                  "null}],\"Health\":{\"Data\":null,\"Extra\":{\"Resources\":null}}}"});
        assert_ok(hcn_create(client, HCN_KIND_NETWORK, "{}", &text, NULL), NULL);
        assert_string_equal(text,
                            "{\"Type\":\"NAT\",\"Policies\":[{\"Type\":\"L2Driver\",\"Settings\":null}],\"MacPool\":{},"
                            "\"Dns\":{},\"Health\":{\"Extra\":{\"Resources\":null}},\"SchemaVersion\":{\"Major\":0,"
                            "\"Minor\":0}}");
}

static void use_client(void *arg) {
        for (int i = 0; i < 200; i++) {
                struct hcs_documents list = {0};
                struct hcs_schema_hns_version v;
                char *text = NULL;

                assert_ok(hcn_create(client, HCN_KIND_NETWORK, "{}", &text, NULL), NULL);
                assert_ok(hcn_list(client, HCN_KIND_ENDPOINT, NULL, &list, NULL), NULL);
                assert_ok(hcn_version(client, &v, NULL), NULL);
                hcn_features_refresh(client);
                assert_int_equal(v.major, 15);
                hcs_documents_deinit(&list);
                free(text);
        }
}

static void two_threads_may_use_one_client(void **state) {
        struct hcs_thread a, b;

        assert_ok(hcs_thread_start(&a, use_client, NULL, NULL), NULL);
        assert_ok(hcs_thread_start(&b, use_client, NULL, NULL), NULL);
        hcs_thread_join(&a);
        hcs_thread_join(&b);
}

static void predicates_know_their_codes(void **state) {
        assert_true(hcn_is_not_found(HCN_E_NO_SUCH_OBJECT) && hcn_is_not_found(HCS_WIN32(0x490)));
        assert_false(hcn_is_not_found((HRESULT)0x803B0001) || hcn_is_not_found(S_OK));
        assert_true(hcn_is_missing((HRESULT)0x803B0001) && hcn_is_missing(HCN_E_NO_SUCH_OBJECT));
        assert_false(hcn_is_missing((HRESULT)0x803B0009) || hcn_is_missing(S_OK));
        assert_true(hcn_is_already_exists((HRESULT)0x803B0010) && hcn_is_already_exists((HRESULT)0x803B002B));
        assert_false(hcn_is_already_exists((HRESULT)0x803B0015));
        assert_true(hcn_is_port_already_exists((HRESULT)0x803B0013));
        assert_true(hcn_is_not_implemented(E_NOTIMPL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(what_the_schema_does_not_know_is_dropped_or_kept),
          TEST(a_document_that_does_not_fit_is_named_by_path_and_not_sent),
          TEST(ids_that_are_none_are_refused_before_any_call), TEST(what_is_needed_and_not_given_is_named),
          TEST(answers_that_are_none_are_failures_and_leave_outputs_alone),
          TEST(enumerations_that_are_none_are_failures), TEST(handles_of_failing_calls_are_given_back_at_last),
          TEST(a_list_with_a_lost_element_fails_as_a_whole), TEST(a_route_is_looked_for_before_it_is_deleted),
          TEST(a_table_without_the_export_is_an_error), TEST(an_open_handle_passes_texts_as_they_are),
          TEST(a_closed_handle_is_refused), TEST(a_guest_service_has_documents_of_its_own),
          TEST(counters_of_an_endpoint_come_as_they_are), TEST(a_record_beside_a_success_is_a_failure),
          TEST(errors_of_routes_are_named_as_in_hcsshim), TEST(health_keeps_its_digits_and_is_sorted),
          TEST(null_is_kept_where_hcsshim_keeps_it), TEST(two_threads_may_use_one_client),
          TEST(predicates_know_their_codes))
