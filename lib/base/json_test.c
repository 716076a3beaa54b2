/* SPDX-License-Identifier: MIT */

/* The JSON layer: nothing is lost, nothing bad gets in, and what is printed is what Go prints. */

#include "base/json.h"
#include "base/json_go.h"
#include "testing/hcs_test.h"

static struct hcs_json *parse(const char *text) {
        struct hcs_error *err = NULL;
        struct hcs_json *j = NULL;

        assert_ok(hcs_json_parse_cstr(text, &j, &err), err);
        return j;
}

static void assert_prints(const char *text, enum hcs_json_style style, const char *expected) {
        _cleanup_json_ struct hcs_json *j = parse(text);
        _cleanup_free_ char *printed = hcs_json_text(j, style);

        assert_string_equal(printed, expected);
}

static void assert_refused(const char *text, size_t len, const char *message, const char *path) {
        struct hcs_error *err = NULL;
        struct hcs_json *j = NULL;

        assert_hresult(hcs_json_parse(text, len, NULL, &j, &err), HCS_E_INVALID_JSON);
        assert_null(j);
        assert_string_equal(hcs_error_message(err), message);
        if (path)
                assert_string_equal(hcs_error_path(err), path);
        hcs_error_free(err);
}

static void integers_survive_digit_for_digit(void **state) {
        assert_prints("[18446744073709551615,132108987224769239,-9223372036854775808,9007199254740993]",
                      HCS_JSON_COMPACT,
                      "[18446744073709551615,132108987224769239,-9223372036854775808,9007199254740993]");
}

static void exit_codes_beyond_int32_are_exact(void **state) {
        _cleanup_json_ struct hcs_json *j = parse("{\"ExitCode\":3221225786}");
        uint64_t code;

        assert_true(hcs_json_u64(hcs_json_get(j, "ExitCode"), &code));
        assert_int_equal(code, 0xC000013A);
}

static void numbers_are_equal_by_value(void **state) {
        static const char *const pairs[][2] = {
                {"1", "1.0"}, {"1", "1e0"}, {"100", "1e2"}, {"-0", "0"}, {"0.10", "1e-1"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(pairs); i++) {
                _cleanup_json_ struct hcs_json *a = parse(pairs[i][0]), *b = parse(pairs[i][1]);

                assert_true(hcs_json_equal(a, b));
        }
}

static void large_neighbours_are_not_equal(void **state) {
        _cleanup_json_ struct hcs_json *a = parse("18446744073709551615"), *b = parse("18446744073709551614");

        assert_false(hcs_json_equal(a, b));
}

static void numbers_out_of_range_are_told(void **state) {
        _cleanup_json_ struct hcs_json *j = parse("[18446744073709551616,-1,1.5,1e19]");
        uint64_t v;

        assert_false(hcs_json_u64(hcs_json_at(j, 0), &v));
        assert_false(hcs_json_u64(hcs_json_at(j, 1), &v));
        assert_false(hcs_json_u64(hcs_json_at(j, 2), &v));
        assert_true(hcs_json_u64(hcs_json_at(j, 3), &v));
        assert_true(v == 10000000000000000000u);
}

static void go_escapes_html_and_line_separators(void **state) {
        assert_prints("\"<a>&\\u2028\\u2029\\u0001\"", HCS_JSON_GO, "\"\\u003ca\\u003e\\u0026\\u2028\\u2029\\u0001\"");
        assert_prints("\"<a>&\"", HCS_JSON_GO_NO_HTML, "\"<a>&\"");
}

static void bad_texts_are_refused_with_their_place(void **state) {
        assert_refused("", 0, "line 1, column 1: unexpected end of document", NULL);
        assert_refused("{} x", 4, "line 1, column 4: text behind the document", NULL);
        assert_refused("[01]", 4, "line 1, column 2: number with a leading zero", "[0]");
        assert_refused("{\"a\":1,\n\"a\":2}", 14, "line 2, column 1: duplicate member", "a");
        assert_refused("\"a\\u0000\"", 9, "line 1, column 3: U+0000 in string", NULL);
        assert_refused("\"\\ud800\"", 8, "line 1, column 2: lone surrogate in string", NULL);
        assert_refused("\"\xff\"", 3, "line 1, column 2: invalid UTF-8 in string", NULL);
        assert_refused("{\"a\":[1,{\"b\":tru}]}", 19, "line 1, column 14: unexpected character", "a[1].b");
        assert_refused("\xEF\xBB\xBF{}", 5, "line 1, column 1: unexpected character", NULL);
        assert_refused("{\"a\":1,\"\\u0061\":2}", 18, "duplicate member \"a\"", NULL);
}

static void depth_is_bounded(void **state) {
        char text[200];

        memset(text, '[', sizeof(text));
        assert_refused(text, sizeof(text), "line 1, column 65: nested too deep", NULL);
}

static void size_is_bounded_before_parsing(void **state) {
        static const struct hcs_json_options small = {.max_bytes = 4};
        struct hcs_json *j = NULL;

        assert_hresult(hcs_json_parse("[1,2,3]", 7, &small, &j, NULL), HCS_WIN32(223));
}

static void the_last_duplicate_wins_when_asked(void **state) {
        static const struct hcs_json_options go = {.flags = HCS_JSON_DUPLICATE_LAST};
        struct hcs_json *j = NULL;

        assert_ok(hcs_json_parse("{\"a\":1,\"b\":2,\"a\":3}", 19, &go, &j, NULL), NULL);
        assert_int_equal(hcs_json_count(j), 2);
        {
                _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_COMPACT);

                assert_string_equal(text, "{\"b\":2,\"a\":3}");
        }
        hcs_json_free(j);
}

static void bad_bytes_can_be_replaced(void **state) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_REPLACE_BAD};
        struct hcs_json *j = NULL;

        assert_ok(hcs_json_parse("[\"a\xff\\u0000\",18446744073709551615]", 33, &lax, &j, NULL), NULL);
        {
                _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_COMPACT);

                assert_string_equal(text, "[\"a\xEF\xBF\xBD\xEF\xBF\xBD\",18446744073709551615]");
        }
        hcs_json_free(j);
}

static void ten_thousand_members_are_checked_quickly(void **state) {
        _cleanup_buf_ struct hcs_buf b = {0};
        struct hcs_json *j = NULL;

        hcs_buf_putc(&b, '{');
        for (int i = 0; i < 10000; i++)
                hcs_buf_printf(&b, "%s\"m%d\":%d", i ? "," : "", i, i);
        hcs_buf_puts(&b, ",\"m77\":0}");
        assert_hresult(hcs_json_parse(b.data, b.len, NULL, &j, NULL), HCS_E_INVALID_JSON);
}

static void paths_name_members_with_dots(void **state) {
        _cleanup_json_ struct hcs_json *j = parse("{\"a\":[{\"b.c\":7}]}");
        uint64_t v = 0;

        assert_true(hcs_json_u64(hcs_json_lookup(j, "$.a[0][\"b.c\"]"), &v));
        assert_int_equal(v, 7);
        assert_null(hcs_json_lookup(j, "a[1]"));
}

static void a_copy_that_replaces_a_member_takes_its_name(void **state) {
        _cleanup_json_ struct hcs_json *from = NULL, *to = NULL;
        _cleanup_free_ char *text = NULL;

        assert_ok(hcs_json_parse_cstr("{\"b\":[1]}", &from, NULL), NULL);
        assert_ok(hcs_json_parse_cstr("{\"a\":0}", &to, NULL), NULL);
        hcs_json_set(to, "a", hcs_json_copy(hcs_json_get(from, "b")));
        text = hcs_json_text(to, HCS_JSON_COMPACT);
        assert_string_equal(text, "{\"a\":[1]}");
}

static void bad_text_is_told_in_the_words_of_go(void **state) {
        static const char *const rows[][2] = {
                {"", "unexpected end of JSON input"},
                {"{\"Result\":", "unexpected end of JSON input"},
                {"nope", "invalid character 'o' in literal null (expecting 'u')"},
                {"zzz", "invalid character 'z' looking for beginning of value"},
                {"{", "unexpected end of JSON input"},
                {"{]", "invalid character ']' looking for beginning of object key string"},
                {"{\"a\" 1}", "invalid character '1' after object key"},
                {"{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"},
                {"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
                {"[1 2]", "invalid character '2' after array element"},
                {"[1,]", "invalid character ']' looking for beginning of value"},
                {"{} x", "invalid character 'x' after top-level value"},
                {"01", "invalid character '1' after top-level value"},
                {"-x", "invalid character 'x' in numeric literal"},
                {"1.x", "invalid character 'x' after decimal point in numeric literal"},
                {"1e+x", "invalid character 'x' in exponent of numeric literal"},
                {"\"\n\"", "invalid character '\\n' in string literal"},
                {"\"\\q\"", "invalid character 'q' in string escape code"},
                {"\"\\u12x\"", "invalid character 'x' in \\u hexadecimal character escape"},
                {"'", "invalid character '\\'' looking for beginning of value"},
                {"\x01", "invalid character '\\x01' looking for beginning of value"},
                {"\xc3", "invalid character '\xc3\x83' looking for beginning of value"},
        };
        static const char *const good[] = {"{}", " [ ] ", "[[],{}]", "{\"a\":[1,-0.5e-3,true,null,\"\\u00e9\"]}\n",
                                           "0",  "\"x\""};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *said = hcs_json_go_error(rows[i][0], strlen(rows[i][0]));

                assert_string_equal(said, rows[i][1]);
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(good); i++)
                assert_null(hcs_json_go_error(good[i], strlen(good[i])));
}

HCS_TESTS(cmocka_unit_test(a_copy_that_replaces_a_member_takes_its_name),
          cmocka_unit_test(integers_survive_digit_for_digit), cmocka_unit_test(exit_codes_beyond_int32_are_exact),
          cmocka_unit_test(numbers_are_equal_by_value), cmocka_unit_test(large_neighbours_are_not_equal),
          cmocka_unit_test(numbers_out_of_range_are_told), cmocka_unit_test(go_escapes_html_and_line_separators),
          cmocka_unit_test(bad_texts_are_refused_with_their_place), cmocka_unit_test(depth_is_bounded),
          cmocka_unit_test(size_is_bounded_before_parsing), cmocka_unit_test(the_last_duplicate_wins_when_asked),
          cmocka_unit_test(bad_bytes_can_be_replaced), cmocka_unit_test(ten_thousand_members_are_checked_quickly),
          cmocka_unit_test(paths_name_members_with_dots), cmocka_unit_test(bad_text_is_told_in_the_words_of_go))
