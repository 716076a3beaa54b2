/* SPDX-License-Identifier: MIT */

/* Attributes out of PAX records, as star and as libarchive write them. */

#include "ext4/pax_xattrs.h"

#include "ext4/test/make.h"

struct record {
        const char *key, *value;
};

static void parse(const struct record *records, size_t n, struct tar_pax *out) {
        for (size_t i = 0; i < n; i++)
                make_record(&out->text, records[i].key, records[i].value, strlen(records[i].value));
        assert_true(tar_pax_parse(out));
}

static void assert_attribute(const struct ext4_xattr *x, const char *name, const char *value) {
        assert_string_equal(x->name, name);
        assert_int_equal(x->len, strlen(value));
        assert_memory_equal(x->value, value, x->len);
}

static void libarchives_are_only_taken_when_asked_for(void **state) {
        static const struct record records[] = {{"LIBARCHIVE.xattr.user.both", "bm90IHRoaXM"},
                                                {"LIBARCHIVE.xattr.user.alone", "dmFsdWU="},
                                                {"LIBARCHIVE.xattr.user.a%20b%3Dc%2", "Lg"},
                                                {"LIBARCHIVE.xattr.user.empty", ""},
                                                {"LIBARCHIVE.creationtime", "5"},
                                                {"SCHILY.xattr.user.both", "this"},
                                                {"comment", "none"}};
        struct tar_pax pax = {0};

        parse(records, HCS_ARRAY_SIZE(records), &pax);
        for (int libarchive = 0; libarchive < 2; libarchive++) {
                _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};

                assert_ok(ext4_pax_xattrs(&pax, libarchive, &set, NULL), NULL);
                assert_int_equal(set.n, libarchive ? 4 : 1);
                if (libarchive) {
                        assert_attribute(&set.list[0], "user.a b=c%2", ".");
                        assert_attribute(&set.list[1], "user.alone", "value");
                        assert_attribute(&set.list[3], "user.empty", "");
                }
                assert_attribute(&set.list[libarchive ? 2 : 0], "user.both", "this");
        }
        tar_pax_deinit(&pax);
}

static void what_libarchive_does_not_write_is_refused(void **state) {
        static const struct {
                struct record record;
                const char *says;
        } cases[] = {{{"LIBARCHIVE.xattr.user.x", "a.b."}, "LIBARCHIVE.xattr.user.x: the value is not base64"},
                     {{"LIBARCHIVE.xattr.user.x", "abcde"}, "the value is not base64"},
                     {{"LIBARCHIVE.xattr.user%00.x", "abcd"}, "user%00.x: a NUL in the name"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
                struct tar_pax pax = {0};
                struct hcs_error *err = NULL;

                parse(&cases[i].record, 1, &pax);
                assert_hresult(ext4_pax_xattrs(&pax, true, &set, &err), EXT4_E_XATTR);
                assert_says(&err, cases[i].says);
                assert_ok(ext4_pax_xattrs(&pax, false, &set, NULL), NULL);
                assert_int_equal(set.n, 0);
                tar_pax_deinit(&pax);
        }
}

HCS_TESTS(cmocka_unit_test(libarchives_are_only_taken_when_asked_for),
          cmocka_unit_test(what_libarchive_does_not_write_is_refused))
