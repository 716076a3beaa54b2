/* SPDX-License-Identifier: MIT */

/* Which documents say the same. */

#include "mockhcs/workbench/fingerprint.h"

#include "testing/hcs_test.h"

static uint64_t print_of(const char *json) {
        bool plain;

        assert_true(mock_scan_is_json(json, strlen(json), &plain));
        return fingerprint_document((struct mock_slice){json, strlen(json)}, NULL);
}

#define assert_same(a, b)  assert_true(print_of(a) == print_of(b))
#define assert_other(a, b) assert_true(print_of(a) != print_of(b))

static void the_order_of_members_and_blanks_do_not_count(void **state) {
        assert_same("{\"a\":1,\"b\":[1,2]}", " { \"b\" : [ 1 , 2 ] , \"a\" : 1 } ");
        assert_other("{\"a\":[1,2]}", "{\"a\":[2,1]}");
        assert_other("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}");
        assert_other("{\"a\":{\"b\":1}}", "{\"a\":{},\"b\":1}");
        assert_other("[]", "{}");
        assert_other("[[1],2]", "[1,[2]]");
}

static void numbers_count_by_value(void **state) {
        assert_same("[1,1000]", "[1.0,1e3]");
        assert_other("18446744073709551615", "18446744073709551614");
        assert_other("1", "\"1\"");
        assert_other("[true]", "[false]");
}

static void what_every_run_invents_does_not_count(void **state) {
        assert_same("{\"Id\":\"11111111-2222-4333-8444-555555555555\"}",
                    "{\"Id\":\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}");
        assert_same("[\"vm-0123456789ab at 2026-01-02T03:04:05.6Z\"]", "[\"vm-ba9876543210 at 2027-11-12T13:14:15Z\"]");
        assert_same("{\"ProcessId\":4}", "{\"ProcessId\":123456}");
        assert_same("{\"LocalPort\":40000}", "{\"LocalPort\":50001}");
        assert_other("{\"LocalPort\":80}", "{\"LocalPort\":443}");
        assert_other("{\"Id\":\"00000000-0000-0000-0000-000000000000\"}",
                     "{\"Id\":\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}");
        assert_same("{\"11111111-2222-4333-8444-555555555555\":{}}", "{\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\":{}}");
}

static void escapes_stand_for_what_they_are(void **state) {
        assert_same("\"a\\u0062c\\/\"", "\"abc/\"");
        assert_other("\"C:\\\\a\"", "\"C:a\"");
}

static void a_document_in_a_string_is_one(void **state) {
        assert_same("{\"s\":\"{\\\"a\\\":1,\\\"b\\\":2}\"}", "{\"s\":\"{ \\\"b\\\": 2, \\\"a\\\": 1.0 }\"}");
        assert_other("\"{no document\"", "\"{no  document\"");
}

static void ids_of_systems_stand_for_themselves(void **state) {
        struct keymap names = {0};
        const char *a = "[\"web\"]", *b = "[\"db\"]";

        *keymap_place(&names, fingerprint_bytes(FINGERPRINT_START, "web", 3)) = 1;
        *keymap_place(&names, fingerprint_bytes(FINGERPRINT_START, "db", 2)) = 1;
        assert_true(fingerprint_document((struct mock_slice){a, strlen(a)}, &names) ==
                    fingerprint_document((struct mock_slice){b, strlen(b)}, &names));
        assert_other(a, b);
        keymap_deinit(&names);
}

static void a_map_keeps_what_it_was_given(void **state) {
        struct keymap m = {0};

        assert_int_equal(keymap_get(&m, 7), KEYMAP_NONE);
        for (uint32_t i = 0; i < 10000; i++)
                *keymap_place(&m, fingerprint_mix(i)) = i;
        for (uint32_t i = 0; i < 10000; i++)
                assert_int_equal(keymap_get(&m, fingerprint_mix(i)), i);
        assert_int_equal(keymap_get(&m, fingerprint_mix(10000)), KEYMAP_NONE);
        *keymap_place(&m, 0) = 42;
        assert_int_equal(keymap_get(&m, 0), 42);
        keymap_deinit(&m);
}

HCS_TESTS(cmocka_unit_test(the_order_of_members_and_blanks_do_not_count), cmocka_unit_test(numbers_count_by_value),
          cmocka_unit_test(what_every_run_invents_does_not_count), cmocka_unit_test(escapes_stand_for_what_they_are),
          cmocka_unit_test(a_document_in_a_string_is_one), cmocka_unit_test(ids_of_systems_stand_for_themselves),
          cmocka_unit_test(a_map_keeps_what_it_was_given))
