/* SPDX-License-Identifier: MIT */

/* base64 both ways: the vectors of RFC 4648, and what is none. */

#include "base/base64.h"

#include <string.h>

#include "testing/hcs_test.h"

static const struct {
        const char *bytes, *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"},
               {"\xfb\xff\xfe", "+//+"}};

static void the_vectors_of_the_standard_go_both_ways(void **state) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(vectors); i++) {
                _cleanup_buf_ struct hcs_buf text = {0}, bytes = {0}, bare = {0};

                hcs_base64_encode(vectors[i].bytes, strlen(vectors[i].bytes), &text);
                assert_string_equal(hcs_buf_cstr(&text), vectors[i].text);
                assert_true(hcs_base64_decode(vectors[i].text, strlen(vectors[i].text), &bytes));
                assert_string_equal(hcs_buf_cstr(&bytes), vectors[i].bytes);
                assert_true(hcs_base64_decode_unpadded(vectors[i].text, strcspn(vectors[i].text, "="), &bare));
                assert_true(hcs_base64_decode_unpadded(vectors[i].text, strlen(vectors[i].text), &bare));
                assert_int_equal(bare.len, 2 * strlen(vectors[i].bytes));
        }
}

static void what_is_no_base64_is_refused_and_nothing_appended(void **state) {
        static const struct {
                const char *text;
                bool unpadded; /* is fine without padding */
        } cases[] = {{"Z", false},    {"Zg", true},     {"Zg=", false},        {"Zg===", false},
                     {"====", false}, {"Z===", false},  {"Zm9v=", false},      {"Zg==Zg==", false},
                     {"Zm9-", false}, {"Zm 9v", false}, {"Zm9vYmFy\n", false}, {"Zm9vY", false}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf out = {0};

                hcs_buf_puts(&out, "before");
                assert_false(hcs_base64_decode(cases[i].text, strlen(cases[i].text), &out));
                assert_string_equal(hcs_buf_cstr(&out), "before");
                assert_int_equal(hcs_base64_decode_unpadded(cases[i].text, strlen(cases[i].text), &out),
                                 cases[i].unpadded);
        }
        /* A NUL is not the end of the alphabet. */
        assert_false(hcs_base64_decode("Zm\0v", 4, &(struct hcs_buf){0}));
}

HCS_TESTS(cmocka_unit_test(the_vectors_of_the_standard_go_both_ways),
          cmocka_unit_test(what_is_no_base64_is_refused_and_nothing_appended))
