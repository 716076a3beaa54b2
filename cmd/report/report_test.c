/* SPDX-License-Identifier: MIT */

/* Reports of cases as TAP and as JUnit XML, with what does not fit into either. */

#include "cmd/report/report.h"

#include "platform/file.h"
#include "testing/hcs_test.h"

static const struct report_case cases[] = {
        {"hcs", "a system starts", REPORT_PASSED, NULL, NULL, 1234567890},
        {"hcs", "a system # stops", REPORT_FAILED, "expected 0x0,\ngot \"1\"", "line <1>\nline 2", 5000000},
        {NULL, "a trace", REPORT_ERROR, "cannot be read", NULL, 0},
        {"net", "needs a host", REPORT_SKIPPED, "no Hyper-V", NULL, 0},
        {"net", "differs", REPORT_DIFFERS, "hosts say #1", NULL, 0},
};

static struct report *filled(FILE *tap) {
        struct report *r = report_new("all & more", tap);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++)
                report_add(r, &cases[i]);
        report_end(r);
        return r;
}

static void cases_are_counted_by_outcome(void **state) {
        _cleanup_(report_freep) struct report *r = filled(NULL);

        for (int o = REPORT_PASSED; o <= REPORT_DIFFERS; o++)
                assert_int_equal(report_count(r, (enum report_outcome)o), 1);
        assert_int_equal(report_problems(r), 2);
}

static void tap_has_a_line_for_each_case_and_the_reasons_as_comments(void **state) {
        FILE *f = tmpfile();
        _cleanup_(report_freep) struct report *r = filled(f);
        char text[1024] = "";

        rewind(f);
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        fclose(f);
        assert_string_equal(text, "TAP version 13\n"
                                  "ok 1 - hcs: a system starts\n"
                                  "# expected 0x0,\n# got \"1\"\n# line <1>\n# line 2\n"
                                  "not ok 2 - hcs: a system \\# stops\n"
                                  "# cannot be read\n"
                                  "not ok 3 - a trace\n"
                                  "ok 4 - net: needs a host # SKIP no Hyper-V\n"
                                  "ok 5 - net: differs # SKIP differs: hosts say \\#1\n"
                                  "1..5\n");
}

static void junit_names_what_failed_and_why(void **state) {
        _cleanup_(report_freep) struct report *r = filled(NULL);
        _cleanup_buf_ struct hcs_buf out = {0};

        report_junit(r, &out);
        assert_string_equal(
                out.data, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                          "  <testsuite name=\"all &amp; more\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"2\" "
                          "time=\"1.239\">\n"
                          "    <testcase classname=\"hcs\" name=\"a system starts\" time=\"1.234\"/>\n"
                          "    <testcase classname=\"hcs\" name=\"a system # stops\" time=\"0.005\"><failure message=\""
                          "expected 0x0,&#10;got &quot;1&quot;\">line &lt;1&gt;\nline 2</failure></testcase>\n"
                          "    <testcase classname=\"all &amp; more\" name=\"a trace\" time=\"0.000\">"
                          "<error message=\"cannot be read\"/></testcase>\n"
                          "    <testcase classname=\"net\" name=\"needs a host\" time=\"0.000\">"
                          "<skipped message=\"no Hyper-V\"/></testcase>\n"
                          "    <testcase classname=\"net\" name=\"differs\" time=\"0.000\">"
                          "<skipped message=\"hosts say #1\"/></testcase>\n"
                          "  </testsuite>\n</testsuites>\n");
}

static void junit_holds_nothing_that_xml_may_not(void **state) {
        static const struct report_case c = {
                NULL, "a\x01z \xC3\xA4 \xF0\x9F\x98\x80 \xFF \xE2\x82 \xEF\xBF\xBF", REPORT_PASSED, NULL, "said\n", 0};
        _cleanup_(report_freep) struct report *r = report_new("s", NULL);
        _cleanup_buf_ struct hcs_buf out = {0};

        report_add(r, &c);
        report_junit(r, &out);
        assert_non_null(strstr(out.data, "name=\"a\xEF\xBF\xBDz \xC3\xA4 \xF0\x9F\x98\x80 \xEF\xBF\xBD "
                                         "\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\" time"));
        assert_non_null(strstr(out.data, "<system-out>said\n</system-out></testcase>"));
}

static void junit_is_written_as_a_file(void **state) {
        _cleanup_(report_freep) struct report *r = filled(NULL);
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/junit.xml", dir);
        _cleanup_buf_ struct hcs_buf text = {0}, expected = {0};

        report_junit(r, &expected);
        assert_ok(report_junit_write(r, path, NULL), NULL);
        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        assert_string_equal(text.data, expected.data);
        assert_true(FAILED(report_junit_write(r, dir, NULL)));
}

HCS_TESTS(cmocka_unit_test(cases_are_counted_by_outcome),
          cmocka_unit_test(tap_has_a_line_for_each_case_and_the_reasons_as_comments),
          cmocka_unit_test(junit_names_what_failed_and_why), cmocka_unit_test(junit_holds_nothing_that_xml_may_not),
          cmocka_unit_test(junit_is_written_as_a_file))
