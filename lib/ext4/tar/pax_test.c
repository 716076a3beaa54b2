/* SPDX-License-Identifier: MIT */

#include "ext4/tar/pax.h"

#include "ext4/test/make.h"

static bool parse(struct tar_pax *pax, const char *text, size_t n) {
        tar_pax_clear(pax);
        hcs_buf_append(&pax->text, text, n);
        return tar_pax_parse(pax);
}

static void records_are_found_by_key_and_the_last_one_counts(void **state) {
        struct tar_pax pax = {0};
        size_t len;

        make_record(&pax.text, "path", "first", 5);
        make_record(&pax.text, "SCHILY.xattr.user.x", "a\0b", 3);
        make_record(&pax.text, "path", "second", 6);
        make_record(&pax.text, "comment", "", 0);
        assert_true(tar_pax_parse(&pax));
        assert_int_equal(pax.n, 3);
        assert_string_equal(tar_pax_get(&pax, "path", &len), "second");
        assert_memory_equal(tar_pax_get(&pax, "SCHILY.xattr.user.x", &len), "a\0b", 3);
        assert_int_equal(len, 3);
        assert_non_null(tar_pax_get(&pax, "comment", &len));
        assert_int_equal(len, 0);
        assert_null(tar_pax_get(&pax, "pat", &len));
        tar_pax_deinit(&pax);
}

static void what_are_no_records_is_refused(void **state) {
#define TEXT(s) \
        { s, sizeof(s) - 1 }
        static const struct {
                const char *text;
                size_t n;
        } cases[] = {
                TEXT("9 path=ab"),
                TEXT("11 path=ab\n"),
                TEXT("99 path=ab\n"),
                TEXT("9path=ab\n"),
                TEXT("0 path=ab\n"),
                TEXT("-9 path=ab\n"),
                TEXT("10 pathab!\n"),
                TEXT("6 =ab\n"),
                TEXT("4 a\n"),
                TEXT("11 path=ab\n9"),
                TEXT("12 path=a\0b\n"),
                TEXT("12 pa\0th=ab\n"),
                TEXT("18446744073709551626 path=ab\n"),
        };
        struct tar_pax pax = {0};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                /* One of them is good, to show that the others are not refused for nothing. */
                bool good = i == 1;

                if (parse(&pax, cases[i].text, cases[i].n) != good)
                        print_error("case %zu\n", i);
                assert_int_equal(parse(&pax, cases[i].text, cases[i].n), good);
        }
        assert_true(parse(&pax, "", 0));
        tar_pax_deinit(&pax);
}

static void numbers_have_the_range_of_64_bits(void **state) {
        int64_t x;

        assert_true(tar_pax_number("9223372036854775807", 19, &x) && x == INT64_MAX);
        assert_true(tar_pax_number("-9223372036854775808", 20, &x) && x == INT64_MIN);
        assert_true(tar_pax_number("+7", 2, &x) && x == 7);
        assert_false(tar_pax_number("9223372036854775808", 19, &x));
        assert_false(tar_pax_number("-9223372036854775809", 20, &x));
        assert_false(tar_pax_number("", 0, &x));
        assert_false(tar_pax_number("-", 1, &x));
        assert_false(tar_pax_number("1 ", 2, &x));
        assert_false(tar_pax_number("0x1", 3, &x));
}

static void times_have_fractions_of_any_length(void **state) {
        static const struct {
                const char *text;
                bool ok;
                int64_t seconds;
                uint32_t nanoseconds;
        } cases[] = {{"1.5", true, 1, 500000000},   {"1.", true, 1, 0},
                     {"1.0000000019", true, 1, 1},  {"-1.25", true, -2, 750000000},
                     {"-0.5", true, -1, 500000000}, {"7", true, 7, 0},
                     {".5", false, 0, 0},           {"1.x", false, 0, 0},
                     {"1.5.5", false, 0, 0},        {"", false, 0, 0}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct tar_time t = {0};

                assert_int_equal(tar_pax_time(cases[i].text, strlen(cases[i].text), &t), cases[i].ok);
                assert_int_equal(t.seconds, cases[i].seconds);
                assert_int_equal(t.nanoseconds, cases[i].nanoseconds);
        }
}

static void pairs_of_the_old_sparse_format_become_a_map(void **state) {
        struct tar_pax pax = {0};
        size_t len;

        make_record(&pax.text, "GNU.sparse.offset", "0", 1);
        make_record(&pax.text, "GNU.sparse.numbytes", "10", 2);
        make_record(&pax.text, "GNU.sparse.offset", "512", 3);
        make_record(&pax.text, "GNU.sparse.numbytes", "20", 2);
        assert_true(tar_pax_parse(&pax));
        assert_string_equal(tar_pax_get(&pax, "GNU.sparse.map", &len), "0,10,512,20");
        tar_pax_clear(&pax);
        make_record(&pax.text, "GNU.sparse.numbytes", "10", 2);
        assert_false(tar_pax_parse(&pax));
        tar_pax_deinit(&pax);
}

HCS_TESTS(cmocka_unit_test(records_are_found_by_key_and_the_last_one_counts),
          cmocka_unit_test(what_are_no_records_is_refused), cmocka_unit_test(numbers_have_the_range_of_64_bits),
          cmocka_unit_test(times_have_fractions_of_any_length),
          cmocka_unit_test(pairs_of_the_old_sparse_format_become_a_map))
