/* SPDX-License-Identifier: MIT */

/* Whole files of platform/file.h, of either system. */

#include "platform/file.h"

#include "base/str.h"
#include "testing/hcs_test.h"

static void what_has_the_name_of_a_new_file_stays(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/new", folder),
                            *below = hcs_asprintf("%s/none/new", folder);
        _cleanup_buf_ struct hcs_buf text = {0};

        assert_ok(hcs_file_create(path, NULL), NULL);
        assert_ok(hcs_file_read(path, 1, &text, NULL), NULL);
        assert_int_equal(text.len, 0);
        assert_hresult(hcs_file_create(path, NULL), HCS_WIN32(80));
        assert_ok(hcs_file_write(path, "x", 1, NULL), NULL);
        assert_hresult(hcs_file_create(path, NULL), HCS_WIN32(80));
        assert_ok(hcs_file_read(path, 1, &text, NULL), NULL);
        assert_string_equal(text.data, "x");
        assert_true(FAILED(hcs_file_create(below, NULL)));
        assert_false(hcs_file_exists(below));
}

HCS_TESTS(cmocka_unit_test(what_has_the_name_of_a_new_file_stays))
