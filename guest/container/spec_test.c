/* SPDX-License-Identifier: MIT */

/* Edits of OCI specs. Paths of the VM are folders of the test's own. */

#include <sys/stat.h>
#include <unistd.h>

#include "guest/base/path.h"
#include "guest/container/spec.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

static struct hcs_json *parse(const char *text) {
        struct hcs_json *j = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_json_parse_cstr(text, &j, &err), err);
        return j;
}

#define assert_json(j, text)                                                        \
        do {                                                                        \
                _cleanup_free_ char *printed_ = hcs_json_text(j, HCS_JSON_COMPACT); \
                assert_string_equal(printed_, text);                                \
        } while (0)

static void annotations_are_read_as_go_reads_booleans(void **state) {
        _cleanup_json_ struct hcs_json *s = parse("{\"annotations\":{\"a\":\"T\",\"b\":\"0\",\"c\":\"yes\"}}");

        assert_true(guest_spec_annotation_bool(s, "a", false));
        assert_false(guest_spec_annotation_bool(s, "b", true));
        assert_true(guest_spec_annotation_bool(s, "c", true));
        assert_false(guest_spec_annotation_bool(s, "d", false));
}

static void the_network_namespace_is_in_lower_case(void **state) {
        _cleanup_json_ struct hcs_json *s = parse("{\"windows\":{\"network\":{\"networkNamespace\":\"AB-Cd\"}}}");
        _cleanup_free_ char *id = guest_spec_network_namespace(s), *none = guest_spec_network_namespace(NULL);

        assert_string_equal(id, "ab-cd");
        assert_string_equal(none, "");
}

static void a_pid_namespace_with_a_path_is_not_its_own(void **state) {
        _cleanup_json_ struct hcs_json *own = parse("{\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}");
        _cleanup_json_ struct hcs_json *other =
                parse("{\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}]}}");

        assert_true(guest_spec_owns_pid_namespace(own));
        assert_false(guest_spec_owns_pid_namespace(other));
        assert_false(guest_spec_owns_pid_namespace(NULL));
}

static void binds_follow_a_read_only_root(void **state) {
        _cleanup_json_ struct hcs_json *s = parse("{\"root\":{\"readonly\":true}}");

        guest_spec_add_bind(s, "/s", "/d", true);
        guest_spec_add_bind(s, "/s", "/e", false);
        assert_true(guest_spec_has_mount(s, "/d"));
        assert_json(hcs_json_lookup(s, "mounts[0].options"), "[\"bind\",\"ro\"]");
        assert_json(hcs_json_lookup(s, "mounts[1].options"), "[\"bind\"]");
        guest_spec_remove_mounts(s, "/d");
        assert_false(guest_spec_has_mount(s, "/d"));
}

static void a_core_limit_is_two_numbers(void **state) {
        static const char *const bad[] = {"1", "1;2;3", "x;2", "1;", "-1;2", ""};
        _cleanup_json_ struct hcs_json *s = hcs_json_new_object();

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_hresult(guest_spec_set_core_rlimit(s, bad[i], NULL), E_FAIL);
        assert_ok(guest_spec_set_core_rlimit(s, "5;18446744073709551615", NULL), NULL);
        assert_json(hcs_json_lookup(s, "process.rlimits"),
                    "[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":5}]");
}

static char *root;

static int make_root(void **state) {
        _cleanup_free_ char *etc = NULL, *passwd = NULL, *group = NULL;
        static const char users[] = "root:x:0:0::/:/bin/sh\nann:x:1000:1001::/:\ntwin:x:7:7::/:\ntwin:x:8:8::/:\n"
                                    "big:x:4294967296:1::/:\n",
                          groups[] = "root:x:0:\nstaff:x:50:\n";

        root = hcs_test_tmpdir();
        etc = guest_path_join(root, "etc");
        passwd = guest_path_join(etc, "passwd");
        group = guest_path_join(etc, "group");
        assert_ok(guest_path_make(etc, 0755, NULL), NULL);
        assert_ok(hcs_file_write(passwd, users, sizeof(users) - 1, NULL), NULL);
        assert_ok(hcs_file_write(group, groups, sizeof(groups) - 1, NULL), NULL);
        return 0;
}

static int drop_root(void **state) {
        free(root);
        return 0;
}

static void users_are_looked_up_in_the_image(void **state) {
        static const struct {
                const char *user, *expected; /* NULL: refused */
        } cases[] = {
                {"ann", "{\"uid\":1000,\"gid\":1001}"},
                {"1000", "{\"uid\":1000,\"gid\":1001}"},
                {"4242", "{\"uid\":4242,\"gid\":0}"},
                {"ann:staff", "{\"uid\":1000,\"gid\":50}"},
                {"5:6", "{\"uid\":5,\"gid\":6}"},
                {"ann:9", "{\"uid\":1000,\"gid\":9}"},
                {"nobody", NULL},
                {"ann:nogroup", NULL},
                {"twin", NULL},
                {"a:b:c", NULL},
                {"4294967296", NULL},
                {"big", NULL},
                {"1:4294967296", NULL},
                {"-1", NULL},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_json_ struct hcs_json *p = hcs_json_new_object();
                HRESULT hr = guest_spec_set_user(p, root, cases[i].user, NULL);

                assert_int_equal(SUCCEEDED(hr), cases[i].expected != NULL);
                if (cases[i].expected)
                        assert_json(hcs_json_get(p, "user"), cases[i].expected);
                else
                        assert_null(hcs_json_get(p, "user"));
        }
}

static void links_in_an_image_do_not_lead_out_of_it(void **state) {
        _cleanup_free_ char *image = hcs_test_tmpdir(), *etc = guest_path_join(image, "etc");
        _cleanup_free_ char *passwd = guest_path_join(etc, "passwd"), *target = guest_path_join(root, "etc/passwd");
        _cleanup_json_ struct hcs_json *p = hcs_json_new_object();

        assert_ok(guest_path_make(etc, 0755, NULL), NULL);
        assert_int_equal(symlink(target, passwd), 0);
        assert_hresult(guest_spec_set_user(p, image, "ann", NULL), E_FAIL);
}

static void dev_shm_gets_the_size_of_the_annotation(void **state) {
        static const char *const bad[] = {"0", "-1", "many", ""};
        _cleanup_json_ struct hcs_json *s = parse("{\"mounts\":[{\"destination\":\"/dev/shm\"}]}");
        struct hcs_json *annotations = hcs_json_set_new_object(s, "annotations");

        hcs_json_set_string(annotations, GUEST_ANNOTATION_SHM_SIZE_KB, "64");
        assert_ok(guest_spec_apply_annotations(s, NULL), NULL);
        assert_int_equal(hcs_json_count(hcs_json_get(s, "mounts")), 1);
        assert_json(hcs_json_lookup(s, "mounts[0].options"),
                    "[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=64k\"]");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                hcs_json_set_string(annotations, GUEST_ANNOTATION_SHM_SIZE_KB, bad[i]);
                assert_hresult(guest_spec_apply_annotations(s, NULL), E_FAIL);
        }
}

static void devices_are_looked_up_by_path(void **state) {
        _cleanup_json_ struct hcs_json *s = parse("{\"linux\":{\"devices\":[{\"path\":\"/dev/null\"}]}}");
        _cleanup_json_ struct hcs_json *bad = parse("{\"linux\":{\"devices\":[{\"path\":\"/dev\"}]}}");

        assert_ok(guest_spec_apply_annotations(s, NULL), NULL);
        assert_json(hcs_json_lookup(s, "linux.devices[0].major"), "1");
        assert_json(hcs_json_lookup(s, "linux.devices[0].minor"), "3");
        assert_json(hcs_json_lookup(s, "linux.resources.devices[0]"),
                    "{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rwm\"}");
        assert_hresult(guest_spec_apply_annotations(bad, NULL), E_FAIL);
}

static void a_privileged_container_gets_every_device_and_one_rule(void **state) {
        _cleanup_json_ struct hcs_json *s =
                parse("{\"annotations\":{\"" GUEST_ANNOTATION_PRIVILEGED "\":\"true\"},\"linux\":{\"devices\":[]}}");
        bool has_null = false;

        assert_ok(guest_spec_apply_annotations(s, NULL), NULL);
        for (const struct hcs_json *d = hcs_json_first(hcs_json_lookup(s, "linux.devices")); d; d = hcs_json_next(d))
                has_null = has_null || strcmp(hcs_json_get_string(d, "path"), "/dev/null") == 0;
        assert_true(has_null);
        assert_json(hcs_json_lookup(s, "linux.resources.devices"), "[{\"allow\":true,\"access\":\"rwm\"}]");
}

static void sandbox_mounts_stay_below_the_sandbox(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *made = guest_path_join(dir, "sandboxMounts/a/b");
        _cleanup_json_ struct hcs_json *s = parse("{\"mounts\":[{\"destination\":\"/x\",\"source\":\"sandbox://a/b\"},"
                                                  "{\"destination\":\"/y\",\"source\":\"sandbox-tmp:///t\"},"
                                                  "{\"destination\":\"/z\",\"source\":\"/plain\"}]}");
        _cleanup_json_ struct hcs_json *bad = parse("{\"mounts\":[{\"source\":\"sandbox://../../etc\"}]}");
        struct hcs_error *err = NULL;

        assert_ok(guest_spec_rewrite_sandbox_mounts(s, dir, &err), err);
        assert_string_equal(hcs_json_string(hcs_json_lookup(s, "mounts[0].source")), made);
        assert_true(hcs_file_is_directory(made));
        assert_non_null(strstr(hcs_json_string(hcs_json_lookup(s, "mounts[1].source")), "/sandboxTmpfsMounts/t"));
        assert_string_equal(hcs_json_string(hcs_json_lookup(s, "mounts[2].source")), "/plain");
        assert_hresult(guest_spec_rewrite_sandbox_mounts(bad, dir, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "is not within sandbox's mounts dir"));
        hcs_error_free(err);
}

static void huge_pages_that_cannot_be_leave_no_folder(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *made = guest_path_join(dir, "hugepages/3M/a");
        _cleanup_json_ struct hcs_json *bad_size = parse("{\"mounts\":[{\"source\":\"hugepages://3M/a\"}]}");
        _cleanup_json_ struct hcs_json *out = parse("{\"mounts\":[{\"source\":\"hugepages://../../etc\"}]}");
        _cleanup_json_ struct hcs_json *plain = parse("{\"mounts\":[{\"source\":\"/plain\"}]}");
        struct hcs_error *err = NULL;

        assert_true(FAILED(guest_spec_rewrite_hugepage_mounts(bad_size, dir, &err)));
        assert_non_null(strstr(hcs_error_message(err), made));
        err = hcs_error_free(err);
        assert_false(hcs_file_exists(made));
        assert_hresult(guest_spec_rewrite_hugepage_mounts(out, dir, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "is not within hugepages's mounts dir"));
        hcs_error_free(err);
        assert_ok(guest_spec_rewrite_hugepage_mounts(plain, dir, NULL), NULL);
        assert_string_equal(hcs_json_string(hcs_json_lookup(plain, "mounts[0].source")), "/plain");
}

static void uvm_mounts_must_be_there(void **state) {
        _cleanup_json_ struct hcs_json *s = parse("{\"mounts\":[{\"source\":\"uvm:///dev/null\"}]}");
        _cleanup_json_ struct hcs_json *bad = parse("{\"mounts\":[{\"source\":\"uvm:///nowhere/at/all\"}]}");

        assert_ok(guest_spec_rewrite_uvm_mounts(s, NULL), NULL);
        assert_string_equal(hcs_json_string(hcs_json_lookup(s, "mounts[0].source")), "/dev/null");
        assert_true(FAILED(guest_spec_rewrite_uvm_mounts(bad, NULL)));
}

static void block_device_mounts_get_a_rule_for_their_device(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *link = guest_path_join(dir, "disk"), *text = NULL;
        _cleanup_json_ struct hcs_json *s = NULL;

        assert_int_equal(symlink("/dev/null", link), 0);
        text = hcs_asprintf(
                "{\"mounts\":[{\"source\":\"%s\",\"destination\":\"blockdev:///dev/x\",\"options\":[\"ro\"]}]}", link);
        s = parse(text);
        assert_ok(guest_spec_rewrite_block_mounts(s, NULL), NULL);
        assert_string_equal(hcs_json_string(hcs_json_lookup(s, "mounts[0].destination")), "/dev/x");
        assert_json(hcs_json_lookup(s, "linux.resources.devices"),
                    "[{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"r\"}]");
}

HCS_TESTS(cmocka_unit_test(annotations_are_read_as_go_reads_booleans),
          cmocka_unit_test(the_network_namespace_is_in_lower_case),
          cmocka_unit_test(a_pid_namespace_with_a_path_is_not_its_own), cmocka_unit_test(binds_follow_a_read_only_root),
          cmocka_unit_test(a_core_limit_is_two_numbers),
          cmocka_unit_test_setup_teardown(users_are_looked_up_in_the_image, make_root, drop_root),
          cmocka_unit_test_setup_teardown(links_in_an_image_do_not_lead_out_of_it, make_root, drop_root),
          cmocka_unit_test(dev_shm_gets_the_size_of_the_annotation), cmocka_unit_test(devices_are_looked_up_by_path),
          cmocka_unit_test(a_privileged_container_gets_every_device_and_one_rule),
          cmocka_unit_test(sandbox_mounts_stay_below_the_sandbox),
          cmocka_unit_test(huge_pages_that_cannot_be_leave_no_folder), cmocka_unit_test(uvm_mounts_must_be_there),
          cmocka_unit_test(block_device_mounts_get_a_rule_for_their_device))
