/* SPDX-License-Identifier: MIT */

/* Errors: the breadcrumb, and what is taken out of result documents of real hosts. */

#include "base/mem.h"
#include "testing/hcs_test.h"

static void a_wrapped_error_reads_outer_to_inner(void **state) {
        struct hcs_error *err = NULL;
        _cleanup_free_ char *text = NULL;

        hcs_error_make(&err, HCS_E_INVALID_JSON, "unknown member \"Uefii\"");
        hcs_error_wrap(&err, "configuration.Chipset");
        hcs_error_set_operation(&err, "CreateComputeSystem");
        hcs_error_set_id(&err, "demo");
        text = hcs_error_format(err);
        assert_string_equal(text, "CreateComputeSystem/demo: configuration.Chipset: unknown member \"Uefii\": "
                                  "HCS_E_INVALID_JSON 0x8037010D");
        hcs_error_free(err);
}

static void without_a_place_for_it_only_the_code_comes_back(void **state) {
        assert_hresult(hcs_error_make(NULL, E_FAIL, "unheard"), E_FAIL);
}

static struct hcs_error *from_fixture(HRESULT hr, const char *name) {
        _cleanup_free_ char *text = hcs_test_fixture(name, NULL);
        struct hcs_error *err = NULL;

        hcs_error_from_result(&err, hr, text);
        return err;
}

static void the_path_in_an_event_is_found(void **state) {
        struct hcs_error *err = NULL;

        hcs_error_from_result(&err, (HRESULT)0xC037010D,
                              "{\"Error\":-1070137075,\"ErrorEvents\":[{\"Message\":\"The document is invalid. "
                              "Msg:[$.FilterType]\"}]}");
        assert_string_equal(hcs_error_path(err), "$.FilterType");
        assert_int_equal(hcs_error_event_count(err), 1);
        hcs_error_free(err);
}

static void an_attribution_without_message_becomes_the_hint(void **state) {
        struct hcs_error *err =
                from_fixture(E_ACCESSDENIED, "documents/hcs-54-result-attribution-construct-80070005.json");

        assert_non_null(hcs_error_hint(err));
        assert_non_null(strstr(hcs_error_hint(err), "attribution"));
        hcs_error_free(err);
}

static void a_document_that_is_not_json_is_kept_as_hint(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(hcs_error_from_result(&err, E_FAIL, "oops"), E_FAIL);
        assert_non_null(strstr(hcs_error_hint(err), "oops"));
        hcs_error_free(err);
        err = NULL;
        hcs_error_from_result(&err, HCS_E_INVALID_STATE, NULL);
        assert_string_equal(hcs_error_message(err), "The requested operation is not valid in the current state");
        hcs_error_free(err);
}

static void a_record_of_host_networking_gives_its_text_and_is_kept(void **state) {
        static const char record[] = "{\"Success\":false,\"Error\":\"The specified port already exists. \","
                                     "\"ErrorCode\":2151350291}";
        struct hcs_error *err = NULL;

        assert_hresult(hcs_error_from_record(&err, (HRESULT)0x803B0013, record), 0x803B0013);
        assert_string_equal(hcs_error_message(err), "The specified port already exists");
        assert_string_equal(hcs_error_document(err), record);
        assert_null(hcs_error_hint(err));
        hcs_error_free(err);
}

static void a_record_beside_a_success_is_a_failure(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(hcs_error_from_record(&err, S_OK, "{\"Error\":\"odd\"}"), HCS_WIN32(31));
        assert_non_null(hcs_error_hint(err));
        hcs_error_free(err);
        assert_hresult(hcs_error_from_record(NULL, S_OK, "x"), HCS_WIN32(31));
        assert_hresult(hcs_error_from_record(NULL, S_OK, ""), S_OK);
        assert_hresult(hcs_error_from_record(NULL, S_FALSE, NULL), S_OK);
}

static void a_record_that_is_not_json_or_says_another_code_is_hinted_at(void **state) {
        struct hcs_error *err = NULL;

        hcs_error_from_record(&err, E_FAIL, "oops");
        assert_string_equal(hcs_error_hint(err), "the error record is not JSON: oops");
        hcs_error_free(err);
        err = NULL;
        hcs_error_from_record(&err, E_FAIL, "{\"ErrorCode\":-2143617005}");
        assert_string_equal(hcs_error_hint(err), "the error record says 0x803B0013");
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test(a_wrapped_error_reads_outer_to_inner),
          cmocka_unit_test(without_a_place_for_it_only_the_code_comes_back),
          cmocka_unit_test(the_path_in_an_event_is_found),
          cmocka_unit_test(an_attribution_without_message_becomes_the_hint),
          cmocka_unit_test(a_document_that_is_not_json_is_kept_as_hint),
          cmocka_unit_test(a_record_of_host_networking_gives_its_text_and_is_kept),
          cmocka_unit_test(a_record_beside_a_success_is_a_failure),
          cmocka_unit_test(a_record_that_is_not_json_or_says_another_code_is_hinted_at))
