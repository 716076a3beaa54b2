/* SPDX-License-Identifier: MIT */

/* Marks of what varies by itself. */

#include "mockhcs/trace/noise.h"

#include "testing/hcs_test.h"

static void a_mark_holds_for_its_place_and_all_below_it(void **state) {
        struct mock_noise n = {0};

        assert_true(mock_noise_add(&n, "HcsCreateProcess", "args.parameters", "$.A[2].B"));
        assert_true(mock_noise_has(&n, "HcsCreateProcess", "args.parameters", "$.A[0].B"));
        assert_true(mock_noise_has(&n, "HcsCreateProcess", "args.parameters", "$.A[17].B.C[1]"));
        assert_false(mock_noise_has(&n, "HcsCreateProcess", "args.parameters", "$.A[0]"));
        assert_false(mock_noise_has(&n, "HcsCreateProcess", "args.parameters", "$.A[0].Bc"));
        assert_false(mock_noise_has(&n, "HcsCreateProcess", "out.result", "$.A[0].B"));
        assert_false(mock_noise_has(&n, "HcsStartComputeSystem", "args.parameters", "$.A[0].B"));
        assert_false(mock_noise_add(&n, "HcsCreateProcess", "args.parameters", "$.A[5].B.D"));
        assert_true(mock_noise_add(&n, "x", "hr", "$"));
        assert_true(mock_noise_has(&n, "x", "hr", "$"));
        mock_noise_deinit(&n);
}

static void marks_survive_the_header(void **state) {
        struct mock_noise n = {0}, again;
        _cleanup_json_ struct hcs_json *header = hcs_json_new_object();
        struct hcs_error *err = NULL;

        mock_noise_add(&n, "a", "args.b", "$.c[1]");
        mock_noise_add(&n, "a", "args.a", "$[\"d.e\"]");
        hcs_json_set(header, "noise", mock_noise_json(&n));
        assert_ok(mock_noise_read(header, &again, &err), err);
        assert_int_equal(again.n, 2);
        assert_true(mock_noise_has(&again, "a", "args.b", "$.c[9].x"));
        assert_true(mock_noise_has(&again, "a", "args.a", "$[\"d.e\"]"));
        mock_noise_deinit(&n);
        mock_noise_deinit(&again);
}

static void what_is_no_mark_is_refused_with_its_place(void **state) {
        static const char *const bad[] = {"{\"noise\":7}",
                                          "{\"noise\":[{\"call\":\"a\",\"part\":\"b\",\"path\":\"c\"}]}",
                                          "{\"noise\":[{\"call\":\"a\",\"path\":\"$\"}]}"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                _cleanup_json_ struct hcs_json *header = NULL;
                struct hcs_error *err = NULL;
                struct mock_noise n;

                assert_ok(hcs_json_parse_cstr(bad[i], &header, &err), err);
                assert_hresult(mock_noise_read(header, &n, &err), E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), "$.noise"));
                hcs_error_free(err);
        }
}

HCS_TESTS(cmocka_unit_test(a_mark_holds_for_its_place_and_all_below_it), cmocka_unit_test(marks_survive_the_header),
          cmocka_unit_test(what_is_no_mark_is_refused_with_its_place))
