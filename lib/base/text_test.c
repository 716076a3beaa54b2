/* SPDX-License-Identifier: MIT */

/* UTF-16 and UTF-8, hexadecimal, GUIDs, near misses, scrubbing. */

#include "base/hex.h"
#include "base/scrub.h"
#include "base/str.h"
#include "base/utf.h"
#include "hcsshim/guid.h"
#include "testing/hcs_test.h"

static void text_survives_the_way_through_utf16(void **state) {
        static const char text[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x8B";
        _cleanup_free_ uint16_t *wide = NULL;
        _cleanup_free_ char *back = NULL;
        size_t n;

        assert_ok(hcs_utf8_to_utf16(text, strlen(text), &wide, &n, NULL), NULL);
        assert_int_equal(n, 5);
        assert_ok(hcs_utf16_to_utf8(wide, n, &back, NULL, NULL), NULL);
        assert_string_equal(back, text);
}

static void arguments_of_a_windows_command_line_are_quoted_where_they_must_be(void **state) {
        static const char *const arguments[] = {"a.exe", "", "b c", "\\\\x\\y\\", "d e\\", "q\"\\\"", "\t"};
        _cleanup_buf_ struct hcs_buf line = {0};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(arguments); i++)
                hcs_str_append_windows_argument(&line, arguments[i]);
        assert_string_equal(hcs_buf_cstr(&line), "a.exe \"\" \"b c\" \\\\x\\y\\ \"d e\\\\\" q\\\"\\\\\\\" \"\t\"");
}

static void lone_surrogates_are_refused_or_replaced(void **state) {
        static const uint16_t bad[] = {'a', 0xD800, 'b', 0};
        _cleanup_free_ char *lossy = hcs_utf16_to_utf8_lossy(bad, 3, NULL);
        struct hcs_error *err = NULL;
        char *text = NULL;

        assert_hresult(hcs_utf16_to_utf8(bad, 3, &text, NULL, &err), HCS_WIN32(1113));
        assert_string_equal(hcs_error_message(err), "lone surrogate 0xD800 at UTF-16 unit 1");
        assert_string_equal(lossy, "a\xEF\xBF\xBD"
                                   "b");
        hcs_error_free(err);
}

static void overlong_and_cut_off_utf8_is_invalid(void **state) {
        size_t bad = 0;

        assert_false(hcs_utf8_valid("a\xC0\x80", 3, &bad));
        assert_int_equal(bad, 1);
        assert_false(hcs_utf8_valid("\xE2\x82", 2, NULL));
        assert_false(hcs_utf8_valid("\xED\xA0\x80", 3, NULL));
}

/* The SCSI controllers of hcsshim: UUIDv5 of "0".."3" in a fixed namespace. */
static void scsi_controller_guids_are_those_of_hcsshim(void **state) {
        static const char *const expected[] = {
                "df6d0690-79e5-55b6-a5ec-c1e2f77f580a", "0110f83b-de10-5172-a266-78bca56bf50a",
                "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", "305891a9-b251-5dfe-91a2-c25d9212275b"};
        char text[HCS_GUID_TEXT_SIZE];
        GUID ns, id;

        assert_ok(hcs_guid_parse("d422512d-2bf2-4752-809d-7b82b5fcb1b4", &ns, NULL), NULL);
        for (int i = 0; i < 4; i++) {
                char name[2] = {(char)('0' + i), 0};

                hcs_guid_v5(&ns, name, 1, &id);
                assert_string_equal(hcs_guid_format(&id, text), expected[i]);
        }
}

static void vsock_ports_have_service_ids(void **state) {
        char text[HCS_GUID_TEXT_SIZE];
        uint32_t port = 0;
        GUID id;

        hcs_guid_from_vsock_port(0x40000001, &id);
        assert_string_equal(hcs_guid_format(&id, text), "40000001-facb-11e6-bd58-64006a7986d3");
        assert_true(hcs_guid_to_vsock_port(&id, &port));
        assert_int_equal(port, 0x40000001);
        assert_hresult(hcs_guid_parse("{40000001-facb-11e6-bd58-64006a7986d}", &id, NULL), E_INVALIDARG);
}

static void near_misses_are_found(void **state) {
        static const char *const names[] = {"Uefi", "LinuxKernelDirect", "UseUtc"};

        assert_string_equal(hcs_str_nearest("Uefii", names, 3), "Uefi");
        assert_string_equal(hcs_str_nearest("linuxkerneldirect", names, 3), "LinuxKernelDirect");
        assert_null(hcs_str_nearest("Processor", names, 3));
}

static void secrets_are_scrubbed_at_any_depth(void **state) {
        unsigned n = 0;
        _cleanup_free_ char *text = hcs_scrub_text("{\"Settings\":\"{\\\"Environment\\\":{\\\"A\\\":\\\"1\\\"},"
                                                   "\\\"CommandLine\\\":\\\"x\\\"}\",\"CredentialSpec\":\"{}\"}",
                                                   &n);

        assert_int_equal(n, 2);
        assert_string_equal(
                text,
                "{\"Settings\":\"{\\\"Environment\\\":{\\\"A\\\":\\\"<redacted>\\\"},\\\"CommandLine\\\":\\\"x\\\"}\","
                "\"CredentialSpec\":\"<redacted>\"}");
}

static void plain_text_loses_its_tokens(void **state) {
        _cleanup_free_ char *text = hcs_scrub_text("login password=hunter2 Bearer abc.def rest", NULL);

        assert_string_equal(text, "login password=<redacted> Bearer <redacted> rest");
}

static void the_name_of_a_secret_may_be_written_with_escapes(void **state) {
        static const char document[] = "{\"Pa\\u0073\\u0073word\":\"hunter2\"}";
        _cleanup_free_ char *text = hcs_scrub_text(document, NULL);

        assert_true(hcs_scrub_might_find(document, strlen(document)));
        assert_null(strstr(text, "hunter2"));
}

static void what_a_terminal_would_obey_is_made_visible(void **state) {
        _cleanup_free_ char *text = hcs_utf8_visible("a\033[31m\\\xC3\xA4\xC2\x9B\xff\n");

        _cleanup_free_ char *plain = hcs_utf8_plain("a\033[31m\\\t\xC3\xA4\xC2\x9B\r\xff\n");

        assert_string_equal(text, "a\\033[31m\\134\xC3\xA4\\302\\233\\377\\012");
        assert_string_equal(plain, "a\\033[31m\\\t\xC3\xA4\\302\\233\\015\\377\n");
}

static void hexadecimal_goes_both_ways_and_nothing_else_passes(void **state) {
        static const char *const bad[] = {"", "00ff0", "00ff0100", "00fg01", "0x0f01"};
        uint8_t bytes[3] = {0};
        char text[7];

        assert_true(hcs_hex_parse("00fFA1", bytes, 3));
        assert_string_equal(hcs_hex_format(bytes, 3, text), "00ffa1");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_false(hcs_hex_parse(bad[i], bytes, 3));
}

HCS_TESTS(cmocka_unit_test(text_survives_the_way_through_utf16),
          cmocka_unit_test(arguments_of_a_windows_command_line_are_quoted_where_they_must_be),
          cmocka_unit_test(lone_surrogates_are_refused_or_replaced),
          cmocka_unit_test(overlong_and_cut_off_utf8_is_invalid),
          cmocka_unit_test(scsi_controller_guids_are_those_of_hcsshim), cmocka_unit_test(vsock_ports_have_service_ids),
          cmocka_unit_test(near_misses_are_found), cmocka_unit_test(secrets_are_scrubbed_at_any_depth),
          cmocka_unit_test(plain_text_loses_its_tokens),
          cmocka_unit_test(the_name_of_a_secret_may_be_written_with_escapes),
          cmocka_unit_test(what_a_terminal_would_obey_is_made_visible),
          cmocka_unit_test(hexadecimal_goes_both_ways_and_nothing_else_passes))
