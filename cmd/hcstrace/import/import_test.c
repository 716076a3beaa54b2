/* SPDX-License-Identifier: MIT */

/* The parts of the importer on their own, and what whole logs that are broken in odd places become. */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "testing/hcs_test.h"

static void an_error_text_tells_the_events_again(void **state) {
        _cleanup_free_ char *none = import_events("failure in a Windows system call (0x2)", HCS_WIN32(2));
        _cleanup_free_ char *two = import_events(
                "failed (0x2)\n[Event Detail: first Stack Trace: at x Provider: 1-2 EventID: 11000 flags: 2 Source: s]"
                "\n[Event Detail:  Provider: 0]",
                HCS_WIN32(2));

        assert_null(none);
        assert_string_equal(two,
                            "{\"Error\":-2147024894,\"ErrorEvents\":[{\"Message\":\"first\",\"StackTrace\":\"at x\","
                            "\"Provider\":\"1-2\",\"EventId\":11000,\"Flags\":2,\"Source\":\"s\"},"
                            "{\"Provider\":\"0\"}]}");
}

static void assert_head(const char *text, const char *rest, uint64_t ns, bool dated) {
        struct import_time t = {0};

        assert_string_equal(import_head(text, &t), rest);
        assert_int_equal(t.ns, ns);
        assert_int_equal(t.dated, dated);
}

static void heads_are_cut_off_and_give_their_time(void **state) {
        assert_head("[10:30:03.793][WindowsDockerDaemon][Info   ] time=\"x\"", "time=\"x\"", 37803793000000, false);
        assert_head("[01:43:33.201][WindowsDaemon  ][Info   ] debug: hello", "hello", 6213201000000, false);
        assert_head("DEBU[1970-01-01T00:00:01.5Z] hello", "hello", 1500000000, true);
        assert_head("INFO[0003] hello", "hello", 3000000001, false);
        assert_head("E0316 12:38:50.424783    7490 proxier.go:1190] hello", "hello", 45530424783000, false);
        assert_head("1970/01/01 00:00:02.25 [HCS] hello", "hello", 2250000000, true);
        assert_head("1970-01-01 00:00:02 [error] [VM:start] hello", "hello", 2000000000, true);
        assert_head("1970-01-01T00:00:02.0000001Z 1970-01-01T01:00:03+01:00 hello", "hello", 3000000000, true);
        assert_head("[204] {\"a\":1}", "{\"a\":1}", 0, false);
        assert_head("[POST]=>[/networks/] Request : {}", "[POST]=>[/networks/] Request : {}", 0, false);
        assert_head("[x", "[x", 0, false);
        assert_head("", "", 0, false);
}

static void times_of_all_spellings_are_read(void **state) {
        struct import_time t;

        assert_non_null(import_parse_time("2021-11-30 19:25:12.905117 +0100 CET m=+88.2", &t));
        assert_non_null(import_parse_time("2019-05-05T17:37:30.142096500-07:00", &t));
        assert_int_equal(t.ns, 1557103050142096500u);
        assert_null(import_parse_time("2019-05-05", &t));
        assert_null(import_parse_time("1969-05-05T00:00:00Z", &t));
        assert_null(import_parse_time("20190505T00:00:00Z", &t));
        assert_null(import_parse_time("", &t));
}

static void assert_document(const char *text, const char *expected) {
        _cleanup_free_ char *document = import_document(text);

        if (expected)
                assert_string_equal(document, expected);
        else
                assert_null(document);
}

static void documents_are_found_through_any_depth_of_quoting(void **state) {
        assert_document("x {\"a\":\"C:\\\\b\"} y", "{\"a\":\"C:\\\\b\"}");
        assert_document("{\\\"a\\\":\\\"C:\\\\\\\\b\\\"}", "{\"a\":\"C:\\\\b\"}");
        assert_document("{\\\\\\\"a\\\\\\\":1}", "{\"a\":1}");
        assert_document("set {x} then {\"a\":1}", "{\"a\":1}");
        assert_document("[ ]", "[ ]");
        assert_document("{\"a\":", NULL);
        assert_document("none", NULL);
        assert_document("", NULL);
}

static void codes_are_read_in_every_spelling(void **state) {
        assert_hresult(import_code("text (0xc0370105)."), 0xC0370105);
        assert_hresult(import_code("text (0x2)"), HCS_WIN32(2));
        assert_hresult(import_code("winapi error #3489660962"), 0xD0000022);
        assert_hresult(import_code("returned error r1=2147746291 err="), 0x800401F3);
        assert_hresult(import_code("failed with HRESULT 0x80370102: {"), 0x80370102);
        assert_hresult(import_code("-- HRESULT: 2151350282. Result"), 0x803B000A);
        assert_hresult(import_code("returned: hr=0x0"), S_OK);
        assert_hresult(import_code("Element not found."), HCS_WIN32(1168));
        assert_hresult(import_code("nothing of this kind"), S_OK);
        assert_hresult(import_failure("nothing of this kind", NULL), E_FAIL);
        assert_hresult(import_failure(NULL, "{\"Error\":-2147024894}"), HCS_WIN32(2));
        assert_hresult(import_failure(NULL, "{\"Error\":"), S_OK);
}

/* Feeds a text a few bytes at a time. */
static struct import_stats import_text(const char *text, size_t len, size_t step) {
        struct import *i = import_new(&(struct import_options){0});
        struct import_stats stats;

        for (size_t at = 0; at < len; at += step)
                import_feed(i, text + at, len - at < step ? len - at : step);
        assert_ok(import_finish(i, &stats, NULL), NULL);
        import_free(i);
        return stats;
}

#define LINE "time=\"2025-01-12T00:46:23Z\" level=info msg=Span name=HcsStartComputeSystem cid=a"

static void a_log_may_be_cut_anywhere(void **state) {
        static const char text[] = LINE "\r\n" LINE "\n" LINE;

        for (size_t step = 1; step < 9; step++) {
                struct import_stats s = import_text(text, sizeof(text) - 1, step);

                assert_int_equal(s.lines, 3);
                assert_int_equal(s.calls, 4); /* the system is opened first */
                assert_int_equal(s.unparsed, 0);
        }
}

static void utf16_of_both_orders_is_read_with_and_without_a_mark(void **state) {
        static const char text[] = LINE;
        char wide[2 * sizeof(text) + 4];

        for (unsigned big = 0; big < 2; big++)
                for (unsigned mark = 0; mark < 2; mark++) {
                        size_t n = 0;

                        if (mark) {
                                wide[n++] = (char)(big ? 0xfe : 0xff);
                                wide[n++] = (char)(big ? 0xff : 0xfe);
                        }
                        for (size_t i = 0; i + 1 < sizeof(text); i++) {
                                wide[n + big] = text[i];
                                wide[n + !big] = 0;
                                n += 2;
                        }
                        assert_int_equal(import_text(wide, n, 3).calls, 2);
                        assert_int_equal(import_text(wide, n - 1, 3).calls, 2); /* half a unit at the end */
                }
}

static void what_is_never_closed_does_not_swallow_what_follows(void **state) {
        static const char text[] =
                "time=\"2025-01-12T00:46:23Z\" msg=\"broken {\n" LINE "\nhcs: {\"a\":\n1,\n" LINE "\n";
        struct import_stats s = import_text(text, sizeof(text) - 1, 64);

        assert_int_equal(s.lines, 5);
        assert_int_equal(s.calls, 3);
}

static void an_error_is_counted_once_however_many_layers_pass_it_on(void **state) {
        static const char error[] =
                "container abc encountered an error during Start: failure in a Windows system call: x (0xc0370105)\n";
        _cleanup_free_ char *text = hcs_asprintf("%s%s%s", error, error, error);
        struct import_stats s = import_text(text, strlen(text), 100);

        assert_int_equal(s.failures, 1);
        assert_int_equal(s.calls, 2);
}

static void an_end_that_was_cut_off_is_told(void **state) {
        static const char text[] =
                "time=\"2019-03-05T17:20:55Z\" msg=\"hcsshim::ComputeSystem::Start - Begin Operation\" cid=a\n";
        struct import_stats s = import_text(text, sizeof(text) - 1, 100);

        assert_int_equal(s.unreturned, 1);
        assert_int_equal(s.failures, 0);
}

HCS_TESTS(cmocka_unit_test(an_error_text_tells_the_events_again),
          cmocka_unit_test(heads_are_cut_off_and_give_their_time), cmocka_unit_test(times_of_all_spellings_are_read),
          cmocka_unit_test(documents_are_found_through_any_depth_of_quoting),
          cmocka_unit_test(codes_are_read_in_every_spelling), cmocka_unit_test(a_log_may_be_cut_anywhere),
          cmocka_unit_test(utf16_of_both_orders_is_read_with_and_without_a_mark),
          cmocka_unit_test(what_is_never_closed_does_not_swallow_what_follows),
          cmocka_unit_test(an_error_is_counted_once_however_many_layers_pass_it_on),
          cmocka_unit_test(an_end_that_was_cut_off_is_told))
