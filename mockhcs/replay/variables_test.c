/* SPDX-License-Identifier: MIT */

/* Which values may stand for each other, and what they become. */

#include "mockhcs/replay/variables.h"

#include <stdio.h>

#include "base/str.h"
#include "testing/hcs_test.h"

#define RECORDED "11111111-2222-4333-8444-555555555555"
#define LIVE     "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define OTHER    "99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static void assert_substituted(const struct variables *v, const char *text, const char *expected) {
        _cleanup_free_ char *got = variables_substitute(v, text);

        assert_string_equal(got, expected);
}

static void a_guid_is_bound_at_first_sight_and_keeps_its_identity(void **state) {
        struct variables v = {0};

        assert_true(variables_same_text(&v, NULL, "vm-" RECORDED, "vm-" LIVE));
        assert_true(variables_same_text(&v, NULL, RECORDED, LIVE));
        assert_false(variables_same_text(&v, NULL, RECORDED, OTHER));
        assert_false(variables_same_text(&v, NULL, OTHER, LIVE)); /* LIVE is somebody already */
        assert_substituted(&v, "{\"a\":\"" RECORDED "\"}", "{\"a\":\"" LIVE "\"}");
        variables_deinit(&v);
}

static void a_try_that_failed_leaves_nothing_bound(void **state) {
        struct variables v = {0};

        assert_true(variables_same_text(&v, NULL, RECORDED, LIVE));
        variables_rollback(&v);
        assert_int_equal(v.n, 0);
        assert_true(variables_same_text(&v, NULL, RECORDED, OTHER));
        variables_commit(&v);
        variables_rollback(&v);
        assert_true(variables_same_text(&v, NULL, RECORDED, OTHER));
        variables_deinit(&v);
}

static void an_id_is_replaced_as_a_word_and_never_inside_one(void **state) {
        struct variables v = {0};

        assert_true(variables_bind(&v, "id", "vm", "other"));
        assert_false(variables_bind(&v, "id", "vm", "third"));
        assert_false(variables_bind(&v, "id", "third", "other"));
        assert_substituted(&v, "C:\\run\\vm\\vm.vhdx vm-scratch demo@vm vmcompute", /* the words, not the letters */
                           "C:\\run\\other\\other.vhdx other-scratch demo@other vmcompute");
        assert_true(variables_bind(&v, "id", "my machine (1)", "yours"));
        assert_substituted(&v, "<my machine (1)>", "<yours>");
        variables_deinit(&v);
}

static void folders_that_paths_differ_in_stand_for_each_other(void **state) {
        struct variables v = {0};

        assert_true(variables_same_path(&v, "id", "C:\\old\\base\\x.vhdx", "/tmp/new/base/x.vhdx"));
        assert_true(variables_same_path(&v, "id", "C:\\old\\base\\y", "/tmp/new\\base\\y"));
        assert_false(variables_same_path(&v, "id", "C:\\old", "/tmp/newer"));
        assert_false(variables_same_path(&v, "id", "name", "other"));
        assert_substituted(&v, "{\"p\":\"C:\\\\old\\\\z\"}", "{\"p\":\"/tmp/new\\\\z\"}");
        variables_deinit(&v);
}

/* A client that takes what was recorded for something else: nothing is replaced twice. */
static void values_that_stand_for_each_other_in_a_ring_are_replaced_once(void **state) {
#define A "aaaaaaaa-2222-4333-8444-555555555555"
#define B "bbbbbbbb-2222-4333-8444-555555555555"
#define C "cccccccc-2222-4333-8444-555555555555"
        struct variables v = {0};

        assert_true(variables_bind(&v, "guid", A, B));
        assert_true(variables_bind(&v, "guid", B, C));
        assert_true(variables_bind(&v, "guid", C, A));
        assert_true(variables_bind(&v, "id", "web", "web-web"));
        assert_substituted(&v, "{\"a\":\"" A "\",\"b\":[\"" B "\",\"" C "\"],\"" A "\":\"web\"}",
                           "{\"a\":\"" B "\",\"b\":[\"" C "\",\"" A "\"],\"" B "\":\"web-web\"}");
        variables_deinit(&v);
}

static void random_numbers_count_in_paths_only(void **state) {
        struct variables v = {0};

        assert_true(variables_same_text(&v, NULL, "/tmp/TestRun1234567/a", "/tmp/TestRun7654321/a"));
        assert_false(variables_same_text(&v, NULL, "1234568", "7654322"));
        variables_deinit(&v);
}

static void ports_count_where_they_are_ports_and_ephemeral(void **state) {
        struct variables v = {0};
        _cleanup_json_ struct hcs_json *a = NULL, *b = NULL, *low = NULL;

        assert_ok(hcs_json_parse_cstr("49153", &a, NULL), NULL);
        assert_ok(hcs_json_parse_cstr("50000", &b, NULL), NULL);
        assert_ok(hcs_json_parse_cstr("80", &low, NULL), NULL);
        assert_false(variables_same(&v, "SizeInMB", a, b));
        assert_false(variables_same(&v, "HostPort", a, low));
        assert_true(variables_same(&v, "HostPort", a, b));
        assert_false(variables_same(&v, "HostPort", a, low));
        variables_deinit(&v);
}

static void a_hundred_thousand_are_found_again(void **state) {
        struct variables v = {0};
        char recorded[40], live[40];

        for (unsigned i = 0; i < 100000; i++) {
                snprintf(recorded, sizeof(recorded), "%08x-2222-4333-8444-555555555555", i);
                snprintf(live, sizeof(live), "%08x-bbbb-4ccc-8ddd-eeeeeeeeeeee", i);
                assert_true(variables_same_text(&v, NULL, recorded, live));
        }
        assert_substituted(&v, "0000ffff-2222-4333-8444-555555555555", "0000ffff-bbbb-4ccc-8ddd-eeeeeeeeeeee");
        assert_int_equal(v.items[v.n - 1].number, 100000);
        variables_deinit(&v);
}

static void a_bound_value_is_described_by_kind_and_number(void **state) {
        struct variables v = {0};
        _cleanup_buf_ struct hcs_buf out = {0};

        assert_false(variables_describe(&v, RECORDED, &out));
        assert_true(variables_same_text(&v, NULL, RECORDED, LIVE));
        assert_true(variables_describe(&v, RECORDED, &out));
        assert_string_equal(out.data, "<guid:1> (in this run \"" LIVE "\")");
        variables_deinit(&v);
}

HCS_TESTS(cmocka_unit_test(a_guid_is_bound_at_first_sight_and_keeps_its_identity),
          cmocka_unit_test(a_try_that_failed_leaves_nothing_bound),
          cmocka_unit_test(an_id_is_replaced_as_a_word_and_never_inside_one),
          cmocka_unit_test(folders_that_paths_differ_in_stand_for_each_other),
          cmocka_unit_test(values_that_stand_for_each_other_in_a_ring_are_replaced_once),
          cmocka_unit_test(random_numbers_count_in_paths_only),
          cmocka_unit_test(ports_count_where_they_are_ports_and_ephemeral),
          cmocka_unit_test(a_hundred_thousand_are_found_again),
          cmocka_unit_test(a_bound_value_is_described_by_kind_and_number))
