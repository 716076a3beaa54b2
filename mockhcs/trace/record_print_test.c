/* SPDX-License-Identifier: MIT */

/* Lines as they are printed: what the fast ways of numbers, names and strings must not change. */

#include "mockhcs/trace/record.h"

#include <string.h>

#include "base/str.h"
#include "mockhcs/trace/scan.h"
#include "testing/hcs_test.h"

static char *printed(const struct mock_record *r) {
        struct hcs_buf out = {0};

        mock_record_print(r, &out);
        return hcs_buf_steal(&out);
}

static void numbers_have_all_their_digits(void **state) {
        uint64_t v = 0;

        for (unsigned digits = 1; digits <= 20; digits++) {
                const uint64_t numbers[] = {v, v + 1, v ? v - 1 : 9, v + (digits < 20 ? 3 * v + 7 : UINT64_MAX - v)};

                for (size_t i = 0; i < HCS_ARRAY_SIZE(numbers); i++) {
                        uint64_t n = numbers[i];
                        _cleanup_free_ char *line =
                                printed(&(struct mock_record){.kind = MOCK_RECORD_RETURN, .n = n, .t = n});
                        _cleanup_free_ char *want =
                                hcs_asprintf("{\"return\":%llu,\"t\":%llu,\"hr\":\"0x00000000\",\"out\":{}}\n",
                                             (unsigned long long)n, (unsigned long long)n);

                        assert_string_equal(line, want);
                }
                v = v ? v * 10 : 10;
        }
}

static void a_failure_is_spelled(void **state) {
        _cleanup_free_ char *line =
                printed(&(struct mock_record){.kind = MOCK_RECORD_RETURN, .n = 1, .hr = HCS_E_INVALID_STATE});

        assert_string_equal(line, "{\"return\":1,\"t\":0,\"hr\":\"0x80370105\",\"out\":{}}\n");
}

/* Plain ones, some with what has to be escaped, some longer than any that we know. */
static void names_are_whole(void **state) {
        char name[600];

        for (size_t n = 0; n < sizeof(name); n++) {
                struct mock_value one = {.kind = MOCK_NUMBER, .name = name, .number = 5};
                struct mock_record r = {.kind = MOCK_RECORD_CALL, .function = name, .args = &one, .n_args = 1};
                _cleanup_free_ char *line = NULL, *want = NULL;
                bool odd = n % 7 == 3;

                memset(name, 'x', n);
                name[n] = '\0';
                if (odd)
                        name[n / 2] = '"';
                line = printed(&r);
                want = hcs_asprintf("{\"call\":\"%.*s%s%s\",\"n\":0,\"t\":0,\"args\":{\"%.*s%s%s\":5}}\n", (int)(n / 2),
                                    name, odd ? "\\\"" : "", name + n / 2 + odd, (int)(n / 2), name, odd ? "\\\"" : "",
                                    name + n / 2 + odd);
                assert_string_equal(line, want);
        }
}

/* One byte among others that are nearly special, at every place of a text of any length. */
static void a_string_is_escaped_where_it_has_to_be(void **state) {
        static const char around[] = " !#[]~\x7f";

        for (size_t n = 1; n <= 26; n++)
                for (size_t at = 0; at < n; at++)
                        for (int byte = 0; byte < 256; byte++) {
                                _cleanup_buf_ struct hcs_buf whole = {0}, one = {0};
                                char text[32], want[256], c = (char)byte, other = around[(n + at) % 7];
                                bool plain, is_plain = byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
                                size_t len;

                                memset(text, other, n + 2);
                                text[0] = text[n + 1] = '"';
                                text[at + 1] = c;
                                mock_scan_quote(&c, 1, &one);
                                mock_scan_quote(text + 1, n, &whole);
                                len = at + one.len + n - at - 1;
                                memset(want, other, len);
                                memcpy(want + at + 1, one.data + 1, one.len - 2);
                                want[0] = want[len - 1] = '"';
                                assert_int_equal(whole.len, len);
                                assert_memory_equal(whole.data, want, len);
                                assert_true(mock_scan_is_json(want, len, &plain));
                                if (c != '"' && c != '\\')
                                        assert_int_equal(mock_scan_is_json(text, n + 2, &plain), is_plain);
                        }
}

static void documents_keep_their_text(void **state) {
        static const struct {
                const char *text, *member;
        } cases[] = {
                {"{\"a\": 1}", "{\"a\": 1}"},
                {"{\"a\":\n1}", "{\"a\":1}},\"exact\":{\"configuration\":\"{\\\"a\\\":\\n1}\""},
                {"{\"a\":1}\r", "{\"a\":1}},\"exact\":{\"configuration\":\"{\\\"a\\\":1}\\r\""},
                {"{\"a\":\"\\n\"}", "{\"a\":\"\\n\"}"},
                {"{\"a\":", "null},\"exact\":{\"configuration\":\"{\\\"a\\\":\""},
                {"", "\"\""},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct mock_value one = {.kind = MOCK_DOCUMENT,
                                         .name = "configuration",
                                         .text = (char *)(uintptr_t)cases[i].text,
                                         .len = strlen(cases[i].text)};
                struct mock_record r = {
                        .kind = MOCK_RECORD_CALL, .function = (char *)(uintptr_t) "f", .args = &one, .n_args = 1};
                _cleanup_free_ char *line = printed(&r);
                _cleanup_free_ char *want = hcs_asprintf(
                        "{\"call\":\"f\",\"n\":0,\"t\":0,\"args\":{\"configuration\":%s}}\n", cases[i].member);

                assert_string_equal(line, want);
        }
}

HCS_TESTS(cmocka_unit_test(numbers_have_all_their_digits), cmocka_unit_test(a_failure_is_spelled),
          cmocka_unit_test(names_are_whole), cmocka_unit_test(a_string_is_escaped_where_it_has_to_be),
          cmocka_unit_test(documents_keep_their_text))
