/* SPDX-License-Identifier: MIT */

/* The command line of the agent, and command lines it is asked to run. */

#include <stdlib.h>

#include "base/mem.h"
#include "guest/agent/command_line.h"
#include "guest/agent/options.h"
#include "testing/hcs_test.h"

#define PARSE(ret, err, ...)                                                                           \
        guest_options_parse((int)(sizeof((const char *const[]){"gcs", __VA_ARGS__}) / sizeof(char *)), \
                            (const char *const[]){"gcs", __VA_ARGS__}, ret, err)

static void the_command_line_of_a_host_is_taken(void **state) {
        struct guest_options o;
        struct hcs_error *err = NULL;

        assert_ok(PARSE(&o, &err, "-v4", "-log-format", "json", "-loglevel", "info", "-disable-time-sync",
                        "-core-dump-location=/tmp/core", "--scrub-logs=false", "-root-mem-reserve-bytes", "1024"),
                  err);
        assert_true(o.v4);
        assert_true(o.disable_time_sync);
        assert_false(o.scrub_logs);
        assert_int_equal(o.level, HCS_LOG_INFO);
        assert_string_equal(o.core_dump_location, "/tmp/core");
        assert_int_equal(o.root_mem_reserve_bytes, 1024);
}

static void what_is_left_out_has_the_values_of_the_original(void **state) {
        struct guest_options o;

        assert_ok(guest_options_parse(1, (const char *const[]){"gcs"}, &o, NULL), NULL);
        assert_false(o.v4);
        assert_true(o.scrub_logs);
        assert_int_equal(o.level, HCS_LOG_DEBUG);
        assert_int_equal(o.root_mem_reserve_bytes, 75 << 20);
        assert_int_equal(o.gcs_mem_limit_bytes, 50 << 20);
        assert_string_equal(o.initial_policy_stance, "allow");
        assert_string_equal(o.runtime, "crun");
        assert_string_equal(o.transport, "vsock");
}

static void bad_flags_are_named(void **state) {
        static const struct {
                const char *flag, *value;
                const char *expected;
        } cases[] = {
                {"-nosuch", "", "flag provided but not defined: -nosuch"},
                {"-loglevel", "loud", "-loglevel `loud`: not a level"},
                {"-root-mem-reserve-bytes", "-1", "invalid value \"-1\" for flag -root-mem-reserve-bytes"},
                {"-v4=perhaps", "", "invalid value \"perhaps\" for flag -v4"},
                {"-log-format", "xml", "-log-format `xml`: text or json"},
                {"stray", "", "`stray`: only flags are taken"},
                {"-runtime", "", "-runtime: no program is named"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_error *err = NULL;
                struct guest_options o;

                assert_hresult(
                        guest_options_parse(3, (const char *const[]){"gcs", cases[i].flag, cases[i].value}, &o, &err),
                        E_INVALIDARG);
                assert_string_equal(hcs_error_message(err), cases[i].expected);
                hcs_error_free(err);
        }
}

static void a_flag_without_its_value_is_refused(void **state) {
        struct guest_options o;

        assert_hresult(PARSE(&o, NULL, "-loglevel"), E_INVALIDARG);
}

static void command_lines_are_split_at_blanks_outside_of_quotes(void **state) {
        static const struct {
                const char *line;
                const char *words[5];
        } cases[] = {
                {"sleep 100", {"sleep", "100"}},
                {"  a\t b ", {"a", "b"}},
                {"sh -c \"echo 'x y'\"", {"sh", "-c", "echo 'x y'"}},
                {"a\\ b 'c\\d' \"e\\\"f\"", {"a b", "c\\d", "e\"f"}},
                {"x '' y", {"x", "", "y"}},
                {"a; rm -rf /", {"a"}},
                {"", {NULL}},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_error *err = NULL;
                char **words = NULL;
                size_t n = 0;

                assert_ok(guest_command_line_split(cases[i].line, &words, &err), err);
                for (; words[n]; n++) {
                        assert_non_null(cases[i].words[n]);
                        assert_string_equal(words[n], cases[i].words[n]);
                        free(words[n]);
                }
                assert_null(cases[i].words[n]);
                free(words);
        }
}

static void a_quote_without_its_end_is_refused(void **state) {
        char **words = NULL;

        assert_hresult(guest_command_line_split("a 'b", &words, NULL), E_FAIL);
        assert_hresult(guest_command_line_split("a b\\", &words, NULL), E_FAIL);
        assert_null(words);
}

HCS_TESTS(cmocka_unit_test(the_command_line_of_a_host_is_taken),
          cmocka_unit_test(what_is_left_out_has_the_values_of_the_original), cmocka_unit_test(bad_flags_are_named),
          cmocka_unit_test(a_flag_without_its_value_is_refused),
          cmocka_unit_test(command_lines_are_split_at_blanks_outside_of_quotes),
          cmocka_unit_test(a_quote_without_its_end_is_refused))
