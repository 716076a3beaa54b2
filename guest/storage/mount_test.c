/* SPDX-License-Identifier: MIT */

/* Mounts in general. */

#include "guest/storage/mount.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/base/path.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

static void options_become_flags_propagation_and_data(void **state) {
        static const char *const words[] = {"ro",       "nosuid",  "rw",      "rshared", "size=4k",
                                            "defaults", "noatime", "private", "mode=755"};
        struct guest_mount_options o;

        assert_ok(guest_mount_parse_options(words, HCS_ARRAY_SIZE(words), &o, NULL), NULL);
        assert_int_equal(o.flags, MS_NOSUID | MS_NOATIME);
        assert_int_equal(o.n_propagation, 2);
        assert_int_equal(o.propagation[0], MS_SHARED | MS_REC);
        assert_int_equal(o.propagation[1], MS_PRIVATE);
        /* As in the original, which knows `defaults' but has no flag for it. */
        assert_string_equal(o.data, "size=4k,defaults,mode=755");
        guest_mount_options_deinit(&o);
}

static void too_many_propagations_are_refused(void **state) {
        const char *words[GUEST_MAX_PROPAGATIONS + 1];
        struct guest_mount_options o = {0};
        struct hcs_error *err = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++)
                words[i] = "shared";
        assert_hresult(guest_mount_parse_options(words, HCS_ARRAY_SIZE(words), &o, &err), E_INVALIDARG);
        assert_null(o.data);
        hcs_error_free(err);
}

static void the_mount_table_is_read_with_its_escapes(void **state) {
        struct guest_fixture f;
        char **mounts;
        size_t n;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "proc/self/mounts",
                           "proc /proc proc rw 0 0\nx /a ext4 rw 0 0\nx /a/b\\040c\\134 ext4 rw 0 0\nbroken\n"
                           "x /ab tmpfs rw 0 0\nx /a/b tmpfs rw 0 0\n");
        assert_ok(guest_mounts_below(&f.roots, "/a/", &mounts, &n, NULL), NULL);
        assert_int_equal(n, 3);
        assert_string_equal(mounts[0], "/a");
        assert_string_equal(mounts[1], "/a/b c\\");
        assert_string_equal(mounts[2], "/a/b");
        guest_mounts_free(mounts, n);
        guest_fixture_deinit(&f);
}

static void a_target_that_is_absent_or_not_mounted_is_unmounted_without_error(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *path = NULL;

        guest_fixture_init(&f);
        path = guest_fixture_path(&f, "target");
        assert_ok(guest_unmount(path, true, NULL), NULL);
        guest_fixture_file(&f, "target/file", "x");
        guest_skip_unless(guest_fixture_private_mounts());
        assert_ok(guest_unmount(path, false, NULL), NULL);
        assert_true(hcs_file_exists(path));
        assert_ok(guest_unmount(path, true, NULL), NULL);
        assert_false(hcs_file_exists(path));
        guest_fixture_deinit(&f);
}

static void a_busy_mount_says_so_and_stays(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *path = NULL;
        struct hcs_error *err = NULL;

        guest_skip_unless(guest_fixture_private_mounts());
        guest_fixture_init(&f);
        path = guest_fixture_path(&f, "busy");
        assert_ok(guest_mount_making("tmpfs", path, 0755, "tmpfs", 0, "", NULL), NULL);
        assert_int_equal(chdir(path), 0);
        assert_hresult(guest_unmount(path, true, &err), HCS_WIN32(170));
        assert_non_null(strstr(hcs_error_message(err), path));
        hcs_error_free(err);
        assert_int_equal(chdir("/"), 0);
        assert_ok(guest_unmount(path, true, NULL), NULL);
        assert_false(hcs_file_exists(path));
        guest_fixture_deinit(&f);
}

static void all_mounts_below_a_path_go_newest_first(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *outer = NULL, *inner = NULL;
        char **mounts;
        size_t n;

        guest_skip_unless(guest_fixture_private_mounts());
        guest_fixture_init(&f);
        outer = guest_fixture_path(&f, "outer");
        inner = guest_fixture_path(&f, "outer/in ner");
        assert_ok(guest_mount_making("tmpfs", outer, 0755, "tmpfs", 0, "", NULL), NULL);
        assert_ok(guest_mount_making("tmpfs", inner, 0755, "tmpfs", 0, "", NULL), NULL);
        assert_ok(guest_mount_rshared(inner, NULL), NULL);
        assert_ok(guest_unmount_below(&guest_real_roots, outer, false, NULL), NULL);
        assert_ok(guest_mounts_below(&guest_real_roots, outer, &mounts, &n, NULL), NULL);
        assert_int_equal(n, 0);
        guest_mounts_free(mounts, n);
        guest_fixture_deinit(&f);
}

static void a_mount_that_fails_leaves_no_folder_but_spares_one_that_was_there(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *fresh = NULL, *old = NULL;
        struct hcs_error *err = NULL;

        guest_skip_unless(guest_fixture_private_mounts());
        guest_fixture_init(&f);
        fresh = guest_fixture_path(&f, "fresh");
        old = guest_fixture_path(&f, "old");
        guest_fixture_folder(&f, "old");
        assert_true(FAILED(guest_mount_making("none", fresh, 0700, "no-such-fs", 0, "", &err)));
        assert_non_null(strstr(hcs_error_message(err), "no-such-fs"));
        err = hcs_error_free(err);
        assert_false(hcs_file_exists(fresh));
        assert_true(FAILED(guest_mount_making("none", old, 0700, "no-such-fs", 0, "", NULL)));
        assert_true(hcs_file_exists(old));
        guest_fixture_deinit(&f);
}

static void an_empty_path_cannot_be_shared(void **state) {
        assert_hresult(guest_mount_rshared("", NULL), E_INVALIDARG);
}

HCS_TESTS(cmocka_unit_test(options_become_flags_propagation_and_data),
          cmocka_unit_test(too_many_propagations_are_refused),
          cmocka_unit_test(the_mount_table_is_read_with_its_escapes),
          cmocka_unit_test(a_target_that_is_absent_or_not_mounted_is_unmounted_without_error),
          cmocka_unit_test(a_busy_mount_says_so_and_stays), cmocka_unit_test(all_mounts_below_a_path_go_newest_first),
          cmocka_unit_test(a_mount_that_fails_leaves_no_folder_but_spares_one_that_was_there),
          cmocka_unit_test(an_empty_path_cannot_be_shared))
