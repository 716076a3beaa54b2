/* SPDX-License-Identifier: MIT */

/* The parts of the importer on their own, and what whole logs that are broken in odd places become. */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "platform/clock.h"
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

static void assert_head(const char *text, const char *rest, uint64_t ns, int kind) {
        struct import_time t = {0};

        assert_string_equal(import_head(text, &t), rest);
        assert_int_equal(t.ns, ns);
        assert_int_equal(t.kind, kind);
}

static void heads_are_cut_off_and_give_their_time(void **state) {
        assert_head("[10:30:03.793][WindowsDockerDaemon][Info   ] time=\"x\"", "time=\"x\"", 37803793000000,
                    IMPORT_TIME_OF_DAY);
        assert_head("[01:43:33.201][WindowsDaemon  ][Info   ] debug: hello", "hello", 6213201000000,
                    IMPORT_TIME_OF_DAY);
        assert_head("[1970-01-01T00:00:02Z][dockerd.exe][I] hello", "hello", 2000000000, IMPORT_TIME_UTC);
        assert_head("DEBU[1970-01-01T00:00:01.5Z] hello", "hello", 1500000000, IMPORT_TIME_UTC);
        assert_head("INFO[0003] hello", "hello", 3000000000, IMPORT_TIME_SINCE_START);
        assert_head("E0316 12:38:50.424783    7490 proxier.go:1190] hello", "hello",
                    import_yearless(3, 16, 45530424783000), IMPORT_TIME_YEARLESS);
        assert_head("Mar  6 12:38:50 host dockerd[7490]: hello: it", "hello: it", import_yearless(3, 6, 45530000000000),
                    IMPORT_TIME_YEARLESS);
        assert_head("1970/01/01 00:00:02.25 [HCS] hello", "hello", 2250000000, IMPORT_TIME_LOCAL);
        assert_head("1970-01-01 00:00:02 [error] [VM:start] hello", "hello", 2000000000, IMPORT_TIME_LOCAL);
        assert_head("1970-01-01T00:00:02.0000001Z 1970-01-01T01:00:03+01:00 hello", "hello", 3000000000,
                    IMPORT_TIME_UTC);
        assert_head("[204] {\"a\":1}", "{\"a\":1}", 0, IMPORT_TIME_NONE);
        assert_head("[POST]=>[/networks/] Request : {}", "[POST]=>[/networks/] Request : {}", 0, IMPORT_TIME_NONE);
        assert_head("[x", "[x", 0, IMPORT_TIME_NONE);
        assert_head("E1316 12:38:50.4 1 a.go:1] x", "E1316 12:38:50.4 1 a.go:1] x", 0, IMPORT_TIME_NONE);
        assert_head("", "", 0, IMPORT_TIME_NONE);
}

static void assert_resolved(struct import_clock *c, uint64_t ns, int kind, const char *expected) {
        char text[40];

        assert_string_equal(
                hcs_wall_clock_format(import_clock_resolve(c, (struct import_time){.ns = ns, .kind = kind}), text),
                expected);
}

#define HOUR (3600 * (uint64_t)HCS_NS_PER_S)

static void a_clock_without_a_day_goes_on_after_midnight(void **state) {
        struct import_clock c = {.day_ns = 20000 * HCS_NS_PER_DAY, .zone_seconds = 3600};

        assert_resolved(&c, 23 * HOUR, IMPORT_TIME_OF_DAY, "2024-10-04T22:00:00Z");
        assert_resolved(&c, 0, IMPORT_TIME_NONE, "2024-10-04T22:00:00Z");
        assert_resolved(&c, 1 * HOUR, IMPORT_TIME_OF_DAY, "2024-10-05T00:00:00Z");
        assert_resolved(&c, 0 * HOUR, IMPORT_TIME_OF_DAY, "2024-10-04T23:00:00Z"); /* a little late is late */
        assert_false(c.dated);
}

static void a_day_without_a_year_is_of_the_year_of_what_is_near(void **state) {
        struct import_clock c = {.offset_ns = -(int64_t)HOUR};

        assert_resolved(&c, 1709164800 * (uint64_t)HCS_NS_PER_S, IMPORT_TIME_LOCAL, "2024-02-28T23:00:00Z");
        assert_resolved(&c, import_yearless(2, 29, 2 * HOUR), IMPORT_TIME_YEARLESS, "2024-02-29T01:00:00Z");
        assert_resolved(&c, import_yearless(12, 31, 0), IMPORT_TIME_YEARLESS, "2024-12-30T23:00:00Z");
        assert_resolved(&c, import_yearless(1, 1, 2 * HOUR), IMPORT_TIME_YEARLESS, "2025-01-01T01:00:00Z");
        assert_resolved(&c, import_yearless(12, 31, 5 * HOUR), IMPORT_TIME_YEARLESS, "2025-12-31T04:00:00Z");
        assert_true(c.dated);
}

static void assert_document(const char *text, const char *expected) {
        _cleanup_free_ char *how = NULL, *document = import_document_repaired(text, &how);

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
        assert_document("none", NULL);
        assert_document("", NULL);
}

static void assert_repaired(const char *text, const char *expected, const char *expected_how) {
        _cleanup_free_ char *how = NULL, *document = import_document_repaired(text, &how);

        if (!expected) {
                assert_null(document);
                return;
        }
        assert_non_null(document);
        assert_string_equal(document, expected);
        if (expected_how)
                assert_string_equal(how, expected_how);
        else
                assert_null(how);
}

static void what_can_be_kept_of_a_document_is_kept_and_said(void **state) {
        assert_repaired("x {\"a\":1} y", "{\"a\":1}", NULL);
        assert_repaired("{\"a\":{\"b\":[1,2,{\"c\":\"d\"},\"e", "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]}}",
                        "cut off: 3 open levels were closed");
        assert_repaired("{\"a\":true,\"b\":12", "{\"a\":true}", "cut off: 1 open levels were closed");
        assert_repaired("{\"a\":true,\"b\":{\"c\":", "{\"a\":true,\"b\":{}}", "cut off: 2 open levels were closed");
        assert_repaired("{\"a\":true, ...", "{\"a\":true}", "cut off: 1 open levels were closed");
        assert_repaired("{\\\"a\\\":{\\\"b\\\":1,\\\"c", "{\"a\":{\"b\":1}}", "cut off: 2 open levels were closed");
        assert_repaired("{\"Path\":\"C:\\vms\\x\",\"n\":1}", "{\"Path\":\"C:\\\\vms\\\\x\",\"n\":1}",
                        "single backslashes were doubled");
        assert_repaired("{\"Port\":***,\"Key\":\"a***b\"}", "{\"Port\":\"<redacted>\",\"Key\":\"a<redacted>b\"}",
                        "what was masked matches anything");
        assert_repaired("{\"Environment\":{\"<scrubbed>\":\"<scrubbed>\"}}", "{\"Environment\":\"<redacted>\"}",
                        "what was masked matches anything");
        assert_repaired("{\"a\":[1,2,],}", "{\"a\":[1,2]}", "commas too many were left out");
        assert_repaired("{\"", NULL, NULL);
        assert_repaired("{\"a\"", NULL, NULL);
        assert_repaired("{{x}} [\"", NULL, NULL);
        assert_repaired("map[a:b] &{A:b}", NULL, NULL);
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

/* A text that is given a few bytes at a time. */
struct text {
        const char *data;
        size_t len, at, step;
};

static size_t read_text(void *ctx, char *buffer, size_t n) {
        struct text *t = ctx;
        size_t left = t->len - t->at;

        n = n < t->step ? n : t->step;
        n = n < left ? n : left;
        if (n)
                memcpy(buffer, t->data + t->at, n);
        t->at += n;
        return n;
}

static struct import_stats import_texts(struct text *texts, size_t n, bool threads) {
        struct import_log logs[3] = {0};
        const struct import_stats *stats;
        struct import_stats copy;
        struct import *i;

        for (size_t k = 0; k < n; k++)
                logs[k] = (struct import_log){.name = "log", .read = read_text, .ctx = &texts[k]};
        i = import_new(&(struct import_options){.threads = threads}, logs, n);
        assert_ok(import_run(i, &stats, NULL), NULL);
        copy = *stats;
        import_free(i);
        copy.logs = NULL;
        return copy;
}

static struct import_stats import_text(const char *text, size_t len, size_t step) {
        return import_texts(&(struct text){text, len, 0, step}, 1, false);
}

#define LINE "time=\"2025-01-12T00:46:23Z\" level=info msg=Span name=HcsStartComputeSystem cid=a"

static void a_log_may_be_cut_anywhere(void **state) {
        static const char text[] = LINE "\r\n" LINE "\n" LINE;

        for (size_t step = 1; step < 9; step++) {
                struct import_stats s = import_text(text, sizeof(text) - 1, step);

                assert_int_equal(s.lines, 3);
                assert_int_equal(s.calls, 4); /* the system is opened first */
                assert_int_equal(s.notes[IMPORT_NOT_UNDERSTOOD], 0);
        }
}

static void threads_make_no_difference(void **state) {
        _cleanup_buf_ struct hcs_buf text = {0};

        for (unsigned i = 0; i < 3000; i++)
                hcs_buf_printf(&text,
                               "time=\"2025-01-12T00:46:%02u.%03uZ\" msg=Span name=HcsStartComputeSystem cid=%u\n",
                               i / 100, i % 100, i % 7);
        for (unsigned threads = 0; threads < 2; threads++) {
                struct text texts[3] = {{text.data, text.len, 0, 100},
                                        {text.data, text.len, 0, 70000},
                                        {text.data, text.len / 2, 0, 1000}};
                struct import_stats s = import_texts(texts, 3, threads);

                assert_int_equal(s.lines, 7500);
                assert_int_equal(s.calls, 7507);
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

static void assert_view(const char *text, const char *expected) {
        _cleanup_json_ struct hcs_json *j = import_view_document(text);
        _cleanup_free_ char *got = hcs_json_text(j, HCS_JSON_COMPACT);

        assert_string_equal(got, expected);
}

static void a_list_view_is_the_document_that_it_shows(void **state) {
        assert_view("ID    : x\nCount : 12\nOn    : True\nOdd   : 007\nEmpty :",
                    "{\"ID\":\"x\",\"Count\":12,\"On\":true,\"Odd\":\"007\",\"Empty\":\"\"}");
        assert_view("ID   : x\nList : {a, @{A=1; B=}, {}}\nLong : one\n       two\nLast : {",
                    "{\"ID\":\"x\",\"List\":[\"a\",{\"A\":1,\"B\":\"\"},[]],\"Long\":\"one two\",\"Last\":[]}");
        assert_view("A : @{B=@{C=1", "{\"A\":{\"B\":{\"C\":1}}}");
        assert_view("A : @{B", "{\"A\":{}}");
        assert_view("A : {{{{{{{{{{{{{{{{{{{{x", "{\"A\":[[[[[[[[[[[[[[[[\"{{{{x\"]]]]]]]]]]]]]]]]}");
        assert_view("no colon\nA : 1", "{}");
        assert_view("", "{}");
}

HCS_TESTS(cmocka_unit_test(a_list_view_is_the_document_that_it_shows),
          cmocka_unit_test(an_error_text_tells_the_events_again),
          cmocka_unit_test(heads_are_cut_off_and_give_their_time),
          cmocka_unit_test(a_clock_without_a_day_goes_on_after_midnight),
          cmocka_unit_test(a_day_without_a_year_is_of_the_year_of_what_is_near),
          cmocka_unit_test(what_can_be_kept_of_a_document_is_kept_and_said),
          cmocka_unit_test(threads_make_no_difference),
          cmocka_unit_test(documents_are_found_through_any_depth_of_quoting),
          cmocka_unit_test(codes_are_read_in_every_spelling), cmocka_unit_test(a_log_may_be_cut_anywhere),
          cmocka_unit_test(utf16_of_both_orders_is_read_with_and_without_a_mark),
          cmocka_unit_test(what_is_never_closed_does_not_swallow_what_follows),
          cmocka_unit_test(an_error_is_counted_once_however_many_layers_pass_it_on),
          cmocka_unit_test(an_end_that_was_cut_off_is_told))
