/* SPDX-License-Identifier: MIT */

/* Composition strings and their elements. */

#include "mockhcs/engine/element.h"
#include "testing/hcs_test.h"

static void a_string_is_cut_at_its_commas(void **state) {
        char spec[] = "speed=0,,remote=/tmp/s";
        char *at = spec;

        assert_string_equal(mock_element_next(&at), "speed=0");
        assert_string_equal(mock_element_next(&at), "");
        assert_string_equal(mock_element_next(&at), "remote=/tmp/s");
        assert_null(mock_element_next(&at));
        assert_null(mock_element_next(&at));
}

static void a_backslash_keeps_a_comma_and_itself_and_nothing_else(void **state) {
        char spec[] = "record=a\\,b\\\\,remote=C:\\s\\";
        char *at = spec;

        assert_string_equal(mock_element_next(&at), "record=a,b\\");
        assert_string_equal(mock_element_next(&at), "remote=C:\\s\\");
        assert_null(mock_element_next(&at));
}

HCS_TESTS(cmocka_unit_test(a_string_is_cut_at_its_commas),
          cmocka_unit_test(a_backslash_keeps_a_comma_and_itself_and_nothing_else))
