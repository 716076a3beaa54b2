/* SPDX-License-Identifier: MIT */

/* Paths, in both ways of writing them. */

#include "testing/hcs_test.h"
#include "uvm/host.h"

static const struct uvm_host windows = {.windows_paths = true, .working_dir = "Z:\\work\\here"};
static const struct uvm_host posix = {.working_dir = "/here/now"};

typedef char *(*function)(const struct uvm_host *host, const char *path);

static void assert_path(function f, const struct uvm_host *host, const char *path, const char *want) {
        _cleanup_free_ char *got = f(host, path);

        assert_string_equal(got, want);
}

static void paths_are_cleaned_as_go_does(void **state) {
        (void)state;
        assert_path(uvm_path_clean, &windows, "", ".");
        assert_path(uvm_path_clean, &windows, "C:", "C:.");
        assert_path(uvm_path_clean, &windows, "C:/a/./b//..\\c/", "C:\\a\\c");
        assert_path(uvm_path_clean, &windows, "C:\\..\\a", "C:\\a");
        assert_path(uvm_path_clean, &windows, "a\\..\\..\\b", "..\\b");
        assert_path(uvm_path_clean, &windows, "//host/share/x/../y", "\\\\host\\share\\y");
        assert_path(uvm_path_clean, &posix, "/a/../../b/.", "/b");
        assert_path(uvm_path_clean, &posix, "../..", "../..");
        assert_path(uvm_path_clean, &posix, "a\\b", "a\\b");
}

static void paths_are_joined_and_made_absolute(void **state) {
        _cleanup_free_ char *joined = uvm_path_join(&windows, "C:\\boot", "vmlinux");
        _cleanup_free_ char *empty = uvm_path_join(&posix, "", "");

        (void)state;
        assert_string_equal(joined, "C:\\boot\\vmlinux");
        assert_string_equal(empty, "");
        assert_path(uvm_path_absolute, &windows, "", "Z:\\work\\here");
        assert_path(uvm_path_absolute, &windows, "x ", "Z:\\work\\here\\x");
        assert_path(uvm_path_absolute, &windows, "/x/y", "Z:\\x\\y");
        assert_path(uvm_path_absolute, &windows, "C:/x", "C:\\x");
        assert_path(uvm_path_absolute, &windows, "C:\\", "C:\\");
        assert_path(uvm_path_absolute, &posix, "x", "/here/now/x");
        assert_path(uvm_path_absolute, &posix, "/x ", "/x ");
}

static void the_last_element_is_told_from_the_rest(void **state) {
        (void)state;
        assert_path(uvm_path_base, &windows, "PCIP\\A/3", "3");
        assert_path(uvm_path_dir, &windows, "PCIP\\A/3", "PCIP\\A");
        assert_path(uvm_path_base, &windows, "C:\\", "\\");
        assert_path(uvm_path_base, &posix, "a/b//", "b");
        assert_path(uvm_path_base, &posix, "", ".");
        assert_path(uvm_path_dir, &posix, "b", ".");
}

static void this_machine_is_seen_as_it_is(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *none = uvm_path_join(&posix, folder, "none");
        struct uvm_host host;

        (void)state;
        uvm_host_init(&host, 20348);
        assert_true(host.processors > 0);
        assert_int_equal(host.look(folder, NULL), UVM_PATH_DIRECTORY);
        assert_int_equal(host.look(none, NULL), UVM_PATH_ABSENT);
}

HCS_TESTS(cmocka_unit_test(paths_are_cleaned_as_go_does), cmocka_unit_test(paths_are_joined_and_made_absolute),
          cmocka_unit_test(the_last_element_is_told_from_the_rest), cmocka_unit_test(this_machine_is_seen_as_it_is))
