/* SPDX-License-Identifier: MIT */

/* Which paths are inside of which. */

#include "platform/place.h"

#include "testing/hcs_test.h"

static void a_folder_has_itself_and_what_is_below_it(void **state) {
        assert_true(hcs_path_is_within("/a/b", "/a/b"));
        assert_true(hcs_path_is_within("/a/b/c", "/a/b"));
        assert_false(hcs_path_is_within("/a/bc", "/a/b"));
        assert_false(hcs_path_is_within("/a", "/a/b"));
}

static void a_root_has_everything(void **state) {
        assert_true(hcs_path_is_within("/a", "/"));
        assert_true(hcs_path_is_within("/", "/"));
        assert_true(hcs_path_is_within("C:/x/y", "C:/"));
        assert_false(hcs_path_is_within("D:/x", "C:/"));
}

static void a_name_is_joined_to_a_folder(void **state) {
        _cleanup_free_ char *path = hcs_path_join("/a", "b/hives/c");

        assert_true(hcs_path_is_same(path, "/a/b/hives/c"));
        assert_string_equal(hcs_path_name(path), "c");
}

HCS_TESTS(cmocka_unit_test(a_folder_has_itself_and_what_is_below_it), cmocka_unit_test(a_root_has_everything),
          cmocka_unit_test(a_name_is_joined_to_a_folder))
