/* SPDX-License-Identifier: MIT */

#include "ext4/tar/block.h"

#include <stdio.h>

#include "ext4/test/make.h"

static struct hcs_buf header(void) {
        struct hcs_buf b = {0};

        make_entry(&b, '0', "name", "link", NULL, 0);
        return b;
}

static void put(struct hcs_buf *b, size_t offset, const void *data, size_t n) {
        memcpy(b->data + offset, data, n);
        make_checksum(b, 0);
}

static bool parse(const struct hcs_buf *b, struct tar_fields *f, struct hcs_buf *name) {
        _cleanup_buf_ struct hcs_buf link = {0};

        return tar_block_parse((const uint8_t *)b->data, f, name, &link);
}

static void a_checksum_counts_bytes_as_unsigned_or_as_signed(void **state) {
        _cleanup_buf_ struct hcs_buf b = header();
        uint8_t *h = (uint8_t *)b.data;
        unsigned sum = 0;

        assert_true(tar_block_is_valid(h));
        put(&b, 0, "\xff\xff\x80", 3);
        assert_true(tar_block_is_valid(h));
        h[3]++;
        assert_false(tar_block_is_valid(h));
        h[3]--;
        memset(h + 148, ' ', 8);
        for (size_t i = 0; i < TAR_BLOCK; i++)
                sum += (unsigned)(int)(int8_t)h[i];
        snprintf((char *)h + 148, 8, "%06o", sum);
        assert_true(tar_block_is_valid(h));
        memset(h, 0xff, TAR_BLOCK); /* the largest sum there is; the field is no number */
        assert_false(tar_block_is_valid(h));
        memset(h, 0, TAR_BLOCK);
        assert_true(tar_block_is_zero(h));
        h[511] = 1;
        assert_false(tar_block_is_zero(h));
}

static void numbers_are_octal_with_blanks_or_base_256_with_a_sign(void **state) {
        static const struct {
                const char field[13];
                bool ok;
                int64_t value;
        } cases[] = {
                {"00000000017", true, 15},
                {"         17 ", true, 15},
                {"17\0garbage..", true, 15},
                {"", true, 0},
                {"777777777777", true, 0777777777777},
                {"00000000018", false, 0},
                {"-0000000001", false, 0},
                {"\x80\0\0\0\0\0\0\0\0\0\1\2", true, 258},
                {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", true, -2},
                {"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", true, INT64_MAX},
                {"\x80\0\0\0\x80\0\0\0\0\0\0\0", false, 0},
                {"\x80\0\0\1\0\0\0\0\0\0\0\0", false, 0},
                {"\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", true, INT64_MIN},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf b = header(), name = {0};
                struct tar_fields f;
                bool ok;

                put(&b, 124, cases[i].field, 12);
                ok = parse(&b, &f, &name);
                if (ok != cases[i].ok || (ok && f.size != cases[i].value))
                        print_error("case %zu: %d %lld\n", i, ok, ok ? (long long)f.size : 0);
                assert_int_equal(ok, cases[i].ok);
                if (ok)
                        assert_int_equal(f.size, cases[i].value);
        }
}

static void a_prefix_and_a_name_are_joined(void **state) {
        _cleanup_buf_ struct hcs_buf b = header(), name = {0};
        struct tar_fields f;

        put(&b, 345, "some/prefix", 12);
        assert_true(parse(&b, &f, &name));
        assert_string_equal(name.data, "some/prefix/name");
        assert_int_equal(f.type, '0');
        assert_int_equal(f.mtime.seconds, 1600000000);
        assert_false(f.gnu);
        put(&b, 257, "ustar  ", 8); /* GNU has times there, and these are none */
        assert_true(parse(&b, &f, &name));
        assert_true(f.gnu);
        assert_false(f.atime.set);
        assert_string_equal(name.data, "some/prefix/name");
}

static void keep(void *ctx, struct tar_span span) {
        struct tar_span *spans = ctx;

        while (spans->length)
                spans++;
        *spans = span;
}

static void an_old_sparse_map_is_read_up_to_its_first_empty_entry(void **state) {
        _cleanup_buf_ struct hcs_buf b = header();
        struct tar_span spans[5] = {0};
        int64_t size;
        bool more;

        put(&b, 257, "ustar  ", 8);
        put(&b, 386,
            "00000000100\0"
            "00000000010",
            24);
        put(&b, 410,
            "00000001000\0"
            "00000000020",
            24);
        put(&b, 482,
            "\1"
            "00000002000",
            13);
        assert_true(tar_block_sparse((const uint8_t *)b.data, true, keep, spans, &more));
        assert_true(more);
        assert_int_equal(spans[1].offset, 01000);
        assert_int_equal(spans[1].length, 020);
        assert_int_equal(spans[2].length, 0);
        assert_true(tar_block_real_size((const uint8_t *)b.data, &size));
        assert_int_equal(size, 02000);
        put(&b, 386, "x", 1);
        assert_false(tar_block_sparse((const uint8_t *)b.data, true, keep, spans, &more));
}

HCS_TESTS(cmocka_unit_test(a_checksum_counts_bytes_as_unsigned_or_as_signed),
          cmocka_unit_test(numbers_are_octal_with_blanks_or_base_256_with_a_sign),
          cmocka_unit_test(a_prefix_and_a_name_are_joined),
          cmocka_unit_test(an_old_sparse_map_is_read_up_to_its_first_empty_entry))
