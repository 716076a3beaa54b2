/* SPDX-License-Identifier: MIT */

/* Footers of VHDs: written, read, damaged in every way there is a name for, and whole files converted. */

#include <stdlib.h>

#include "base/str.h"
#include "ext4/vhd/vhd.h"
#include "testing/hcs_test.h"

#define MB 1048576u

static void make_footer(uint64_t size, uint8_t bytes[static VHD_FOOTER]) {
        struct vhd_footer f;

        vhd_footer_init(&f, size);
        assert_ok(hcs_guid_parse("00112233-4455-6677-8899-aabbccddeeff", &f.id, NULL), NULL);
        vhd_footer_print(&f, bytes);
}

/* A file of n bytes 'x' and what is behind them. */
static struct hcs_data_file *make_file(uint64_t n, const void *tail, size_t tail_len) {
        struct hcs_data_file *f = NULL;
        _cleanup_free_ char *bytes = malloc(n + 1);

        memset(bytes, 'x', n);
        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, 0, bytes, n, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, n, tail, tail_len, NULL), NULL);
        return f;
}

static void a_footer_is_hcsshims_and_good(void **state) {
        static const uint8_t expected[100] =
                "conectix\0\0\0\2\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0"
                "\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0\0\2\xff\xff\xe7\xef"
                "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
        uint8_t bytes[VHD_FOOTER];
        struct vhd_footer f;

        make_footer(49152, bytes);
        assert_memory_equal(bytes, expected, 64);
        assert_memory_equal(bytes + 68, expected + 68, 32);
        assert_int_equal(vhd_footer_check(bytes, 49152 + 512, NULL), 0);
        assert_true(vhd_footer_parse(bytes, &f));
        assert_int_equal(f.current_size, 49152);
        assert_int_equal(f.type, VHD_FIXED);
}

static void footers_of_qemu_are_good(void **state) {
        size_t n;
        _cleanup_free_ char *fixed = hcs_test_fixture("vhd/fixed-8MiB.footer", &n);
        _cleanup_free_ char *dynamic = hcs_test_fixture("vhd/dynamic-8MiB.footer", &n);
        struct vhd_footer f;

        assert_int_equal(vhd_footer_check((uint8_t *)fixed, 8 * MB + 512, NULL), 0);
        assert_true(vhd_footer_parse((uint8_t *)fixed, &f));
        assert_string_equal(f.creator, "qem2");
        assert_string_equal(f.creator_os, "Wi2k");
        assert_int_equal(f.current_size, 8 * MB);
        assert_int_equal(vhd_footer_check((uint8_t *)dynamic, 2560, NULL), 0);
        assert_true(vhd_footer_parse((uint8_t *)dynamic, &f));
        assert_int_equal(f.type, VHD_DYNAMIC);
}

static void every_kind_of_damage_is_named(void **state) {
        static const struct {
                size_t offset;
                uint8_t value;
                unsigned damage;
                const char *text;
        } cases[] = {
                {0, 'C', VHD_BAD_COOKIE, "there is no `conectix`"},
                {11, 0, VHD_BAD_FEATURES, "the features are 0x00000000"},
                {13, 2, VHD_BAD_VERSION, "the version is 0x00020000"},
                {23, 0, VHD_BAD_OFFSET, "the data offset is 0xffffffffffffff00, which cannot be for a fixed disk"},
                {55, 1, VHD_BAD_SIZE | VHD_UNALIGNED,
                 "the current size is 49153, and before the footer there are 49152"},
                {57, 255, 0, NULL}, /* cylinders without heads */
                {63, 1, VHD_BAD_TYPE, "the disk type is 1"},
                {63, 3, VHD_BAD_OFFSET, "the data offset is 0xffffffffffffffff, which cannot be for a dynamic disk"},
                {84, 7, VHD_BAD_STATE, "the saved state is 7"},
                {511, 9, VHD_BAD_RESERVED, "byte 511, which is reserved, is 0x09"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf texts = {0};
                uint8_t bytes[VHD_FOOTER];
                unsigned damage, with_checksum = cases[i].offset == 0 ? 0 : VHD_BAD_CHECKSUM;

                make_footer(49152, bytes);
                bytes[cases[i].offset] = cases[i].value;
                damage = vhd_footer_check(bytes, 49152 + 512, &texts);
                assert_int_equal(damage, cases[i].damage | with_checksum);
                if (cases[i].text && !strstr(texts.data, cases[i].text))
                        fail_msg("`%s` lacks `%s`", texts.data, cases[i].text);
        }
}

static void geometry_and_length_are_compared_with_the_file(void **state) {
        uint8_t bytes[VHD_FOOTER];
        struct vhd_footer f;

        vhd_footer_init(&f, 49152);
        f.cylinders = 4;
        f.heads = 4;
        f.sectors = 17;
        vhd_footer_print(&f, bytes);
        assert_int_equal(vhd_footer_check(bytes, 49152 + 512, NULL), VHD_BAD_GEOMETRY);
        make_footer(49152, bytes);
        assert_int_equal(vhd_footer_check(bytes, 49152, NULL), VHD_BAD_SIZE);
        assert_int_equal(vhd_footer_check(bytes, 511, NULL), VHD_BAD_COOKIE);
}

static void a_raw_image_becomes_a_vhd_and_comes_back(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *raw = make_file(3 * MB, "y", 1),
                                                             *vhd = make_file(0, "", 0), *back = make_file(0, "", 0);
        struct vhd_footer f;
        uint64_t size;
        uint8_t last;
        unsigned damage;
        size_t n;

        assert_ok(vhd_from_raw(raw, vhd, NULL, NULL), NULL);
        assert_hresult(vhd_read(vhd, &f, &damage, NULL, NULL), S_OK);
        assert_int_equal(damage, VHD_UNALIGNED);
        assert_false(hcs_guid_is_null(&f.id));
        assert_ok(vhd_data_size(vhd, &size, NULL), NULL);
        assert_int_equal(size, 3 * MB + 1);
        assert_ok(vhd_to_raw(vhd, back, NULL, NULL), NULL);
        assert_ok(hcs_data_file_size(back, &size, NULL), NULL);
        assert_int_equal(size, 3 * MB + 1);
        assert_ok(hcs_data_file_read_at(back, 3 * MB, &last, 1, &n, NULL), NULL);
        assert_int_equal(last, 'y');
        assert_hresult(vhd_read(back, &f, &damage, NULL, NULL), S_FALSE);
        assert_ok(vhd_data_size(back, &size, NULL), NULL);
        assert_int_equal(size, 3 * MB + 1);
}

static void what_is_no_good_fixed_vhd_is_not_converted(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *out = make_file(0, "", 0);
        _cleanup_free_ char *dynamic = hcs_test_fixture("vhd/dynamic-8MiB.footer", NULL);
        uint8_t bytes[VHD_FOOTER];
        struct {
                struct hcs_data_file *file;
                HRESULT hr;
                const char *text;
        } cases[4];

        make_footer(1024, bytes);
        cases[0].file = make_file(1536, bytes, sizeof(bytes)); /* 512 bytes too many */
        cases[0].hr = VHD_E_DAMAGED;
        cases[0].text = "the current size is 1024, and before the footer there are 1536 bytes";
        bytes[70] ^= 1;
        cases[1].file = make_file(1024, bytes, sizeof(bytes));
        cases[1].hr = VHD_E_DAMAGED;
        cases[1].text = "the checksum is";
        cases[2].file = make_file(2048, dynamic, VHD_FOOTER);
        cases[2].hr = VHD_E_TYPE;
        cases[2].text = "is a dynamic VHD";
        cases[3].file = make_file(100, "", 0);
        cases[3].hr = E_INVALIDARG;
        cases[3].text = "has no VHD footer";
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_error *err = NULL;

                assert_hresult(vhd_to_raw(cases[i].file, out, NULL, &err), cases[i].hr);
                if (!strstr(hcs_error_message(err), cases[i].text))
                        fail_msg("`%s` lacks `%s`", hcs_error_message(err), cases[i].text);
                hcs_error_free(err);
                hcs_data_file_close(cases[i].file);
        }
}

HCS_TESTS(cmocka_unit_test(a_footer_is_hcsshims_and_good), cmocka_unit_test(footers_of_qemu_are_good),
          cmocka_unit_test(every_kind_of_damage_is_named),
          cmocka_unit_test(geometry_and_length_are_compared_with_the_file),
          cmocka_unit_test(a_raw_image_becomes_a_vhd_and_comes_back),
          cmocka_unit_test(what_is_no_good_fixed_vhd_is_not_converted))
