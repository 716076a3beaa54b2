/* SPDX-License-Identifier: MIT */

#include "platform/pattern.h"

#include "testing/hcs_test.h"

static void a_shell_pattern_describes_the_whole_text(void **state) {
        static const struct {
                const char *pattern, *text;
                bool matches;
        } cases[] = {
                {"ping*", "ping -t localhost", true},
                {"ping*", "a ping", false},
                {"*.exe /c ?", "C:\\x\\cmd.exe /c a", true},
                {"*.exe", "cmdXexe", false},
                {"", "", true},
                {"", "a", false},
                {"a[0-9]b", "a7b", true},
                {"a[!0-9]b", "a7b", false},
                {"a[!0-9]b", "axb", true},
                {"a[b", "a[b", true},
                {"a\\*", "a*", true},
                {"a\\*", "ab", false},
                {"(a|b)+{1}^$", "(a|b)+{1}^$", true},
                {"[]]", "]", true},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++)
                if (hcs_glob_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
                        fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
}

static void a_regular_expression_describes_a_part_of_the_text(void **state) {
        static const struct {
                const char *pattern, *text;
                bool matches;
        } cases[] = {
                {"^cmd( /c)?$", "cmd /c", true},
                {"^cmd( /c)?$", "cmd /k", false},
                {"b{2,3}", "abbc", true},
                {"b{2,3}", "abc", false},
                {"[[:digit:]]+ (a|b)", "x 12 b", true},
                {"(a)\\.exe", "a.exe", true},
                {"a.c",
                 "a\xC3\xA4"
                 "c",
                 false}, /* bytes */
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_(hcs_regex_freep) struct hcs_regex *r = hcs_regex_new(cases[i].pattern);

                assert_non_null(r);
                if (hcs_regex_matches(r, cases[i].text) != cases[i].matches)
                        fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
        }
}

static void what_is_no_regular_expression_is_refused(void **state) {
        static const char *const bad[] = {"(", "[a", "a{2,1}", "[[:nothing:]]"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_null(hcs_regex_new(bad[i]));
        assert_null(hcs_regex_free(NULL));
}

HCS_TESTS(cmocka_unit_test(a_shell_pattern_describes_the_whole_text),
          cmocka_unit_test(a_regular_expression_describes_a_part_of_the_text),
          cmocka_unit_test(what_is_no_regular_expression_is_refused))
