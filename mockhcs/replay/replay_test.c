/* SPDX-License-Identifier: MIT */

/* Replay through the exports: identity of variables, order, repeated queries, what a mismatch says, bad traces. */

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/abi_memory.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define HEADER "{\"trace\":\"hcs\",\"version\":1,\"redacted\":false}\n"
#define GUID   "11111111-2222-4333-8444-555555555555"

static struct mockhcs *mock;

static void replay(const char *options, const char *records) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/t.trace", dir),
                            *text = hcs_asprintf(HEADER "%s", records), *spec = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_file_write(path, text, strlen(text), NULL), NULL);
        spec = hcs_asprintf("replay=%s%s", path, options);
        assert_ok(mockhcs_open(spec, &mock, &err), err);
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static HRESULT create(const char *id, const char *configuration, HCS_SYSTEM *ret) {
        return core_create(id, configuration, ret, NULL);
}

static HRESULT query(HCS_SYSTEM s, char **ret) {
        return core_query(s, "{}", ret);
}

static HRESULT modify(HCS_SYSTEM s, const char *settings) {
        return core_modify(s, settings, NULL);
}

static void assert_report(const char *part) {
        _cleanup_free_ char *report = NULL;

        assert_true(mockhcs_verify(mock, false, &report) > 0);
        if (!strstr(report, part))
                fail_msg("`%s` is not in the report:\n%s", part, report);
}

static void assert_nothing_to_report(void) {
        _cleanup_free_ char *report = NULL;

        if (mockhcs_verify(mock, false, &report) != 0)
                fail_msg("unexpected report:\n%s", report);
}

#define CREATED                                                                                          \
        "{\"call\":\"HcsCreateComputeSystem\",\"n\":1,\"t\":1,\"args\":{\"id\":\"a\",\"configuration\":" \
        "{\"Owner\":\"" GUID "\"}}}\n"                                                                   \
        "{\"return\":1,\"t\":2,\"hr\":\"0x00000000\",\"out\":{\"system\":\"system/1\"}}\n"
#define MODIFIED(n, path)                                                                              \
        "{\"call\":\"HcsModifyComputeSystem\",\"n\":" #n ",\"t\":3,\"args\":{\"system\":\"system/1\"," \
        "\"configuration\":{\"ResourcePath\":\"" path "\",\"Id\":\"" GUID "\"}}}\n"                    \
        "{\"return\":" #n ",\"t\":4,\"hr\":\"0x00000000\",\"out\":{}}\n"
#define QUERIED                                                                                          \
        "{\"call\":\"HcsGetComputeSystemProperties\",\"n\":9,\"t\":5,\"args\":{\"system\":\"system/1\"," \
        "\"query\":{}}}\n"                                                                               \
        "{\"return\":9,\"t\":6,\"hr\":\"0x00000000\",\"out\":{\"result\":{\"Id\":\"a\",\"Owner\":\"" GUID "\"}}}\n"

#define LIVE_OWNER        "{\"Owner\":\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}"
#define LIVE_MODIFY(path) "{\"ResourcePath\":\"" path "\",\"Id\":\"AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}"

static void a_handle_that_cannot_be_one_is_refused_with_its_line(void **state) {
        static const char *const symbols[] = {"system/99999999999999999999", "system/20000000", "process/x", "system/"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(symbols); i++) {
                _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/t.trace", dir),
                                    *spec = hcs_asprintf("replay=%s", path),
                                    *text = hcs_asprintf(HEADER "{\"event\":\"SystemExited\",\"on\":\"%s\",\"t\":1}\n",
                                                         symbols[i]);
                struct hcs_error *err = NULL;

                assert_ok(hcs_file_write(path, text, strlen(text), NULL), NULL);
                assert_hresult(mockhcs_open(spec, &mock, &err), E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), "line 2"));
                hcs_error_free(err);
        }
}

#define STARTED(n, t) \
        "{\"call\":\"HcsStartComputeSystem\",\"n\":" #n ",\"t\":" #t ",\"args\":{\"system\":\"system/1\"}}\n"
#define RETURNED(n, out) "{\"return\":" #n ",\"t\":9,\"hr\":\"0x00000000\",\"out\":{" out "}}\n"
#define CREATED_PROCESS \
        "{\"call\":\"HcsCreateProcess\",\"n\":3,\"t\":3,\"args\":{\"system\":\"system/1\",\"parameters\":{}}}\n"
#define EXITED "{\"event\":\"ProcessExited\",\"on\":\"process/1\",\"t\":4,\"data\":{\"ExitCode\":7}}\n"

static void assert_exits_with_7(HCS_SYSTEM s) {
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;

        assert_hresult(core_process(s, "{}", &p, NULL), S_OK);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, &status), S_OK);
        assert_memory_equal(status, u"{\"ExitCode\":7}", 28);
        hcs_abi_free(status);
        HcsCloseProcess(p);
}

static void an_event_before_the_return_of_its_create_belongs_to_that_create(void **state) {
        HCS_SYSTEM s = NULL;

        /* Two threads: the process exits while the other one is inside start and create has not returned. */
        replay("",
               CREATED CREATED_PROCESS STARTED(4, 3) EXITED RETURNED(3, "\"process\":\"process/1\"") RETURNED(4, ""));
        assert_hresult(create("a", "{\"Owner\":\"" GUID "\"}", &s), S_OK);
        assert_exits_with_7(s);
        assert_hresult(core_start(s), S_OK);
        HcsCloseComputeSystem(s);
        assert_nothing_to_report();
}

#define OPENED                                                                                    \
        "{\"call\":\"HcsOpenComputeSystem\",\"n\":2,\"t\":2,\"args\":{\"id\":\"a\"}}\n" RETURNED( \
                2, "\"system\":\"system/2\"")
#define PAUSED \
        "{\"call\":\"HcsPauseComputeSystem\",\"n\":5,\"t\":4,\"args\":{\"system\":\"system/2\"}}\n" RETURNED(5, "")

static void an_event_waits_for_a_client_that_takes_another_order(void **state) {
        HCS_SYSTEM s = NULL, other = NULL;

        replay("", CREATED OPENED CREATED_PROCESS RETURNED(3, "\"process\":\"process/1\"") PAUSED EXITED);
        assert_hresult(create("a", "{\"Owner\":\"" GUID "\"}", &s), S_OK);
        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, &other), S_OK);
        assert_hresult(core_pause(other), S_OK); /* on a handle of its own: free to come first */
        assert_exits_with_7(s);
        HcsCloseComputeSystem(other);
        HcsCloseComputeSystem(s);
        assert_nothing_to_report();
}

#define CLOSED_PROCESS \
        "{\"call\":\"HcsCloseProcess\",\"n\":6,\"t\":5,\"args\":{\"process\":\"process/1\"}}\n" RETURNED(6, "")
#define INPUT_ENDED "{\"stdio\":\"process/1\",\"stream\":\"stdin\",\"t\":6,\"end\":true}\n"
#define SYSTEM_EXITED                                  \
        "{\"event\":\"SystemExited\",\"on\":\"system/" \
        "1\",\"t\":7,\"data\":{\"Status\":0,\"ExitType\":\"ForcedExit\"}}\n"

/* The recorder read the end of a pipe after its process was closed; nobody reads it in a replay. */
static void input_of_a_closed_process_is_not_waited_for(void **state) {
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;

        replay("", CREATED CREATED_PROCESS RETURNED(3, "\"process\":\"process/1\"")
                           CLOSED_PROCESS INPUT_ENDED SYSTEM_EXITED);
        assert_hresult(create("a", "{\"Owner\":\"" GUID "\"}", &s), S_OK);
        assert_hresult(core_process(s, "{}", &p, NULL), S_OK);
        HcsCloseProcess(p);
        assert_hresult(HcsWaitForComputeSystemExit(s, INFINITE, &status), S_OK);
        hcs_abi_free(status);
        HcsCloseComputeSystem(s);
        assert_nothing_to_report();
}

static void an_invented_guid_is_the_same_one_everywhere(void **state) {
        _cleanup_free_ char *properties = NULL;
        HCS_SYSTEM s = NULL;

        replay("", CREATED MODIFIED(2, "X") QUERIED);
        assert_hresult(create("mine", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("X")), S_OK);
        assert_hresult(query(s, &properties), S_OK);
        assert_string_equal(properties, "{\"Id\":\"mine\",\"Owner\":\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}");
        assert_nothing_to_report();
        HcsCloseComputeSystem(s);
}

static void a_guid_that_changes_its_identity_is_named_in_the_mismatch(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED MODIFIED(2, "X"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, "{\"ResourcePath\":\"X\",\"Id\":\"77777777-bbbb-4ccc-8ddd-eeeeeeeeeeee\"}"),
                       E_UNEXPECTED);
        assert_report("$.Id: expected <guid:1> (in this run \"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\"), got "
                      "\"77777777-bbbb-4ccc-8ddd-eeeeeeeeeeee\"");
        assert_report("t.trace:4");
        HcsCloseComputeSystem(s);
}

static void a_query_may_be_repeated_and_a_change_may_not(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED QUERIED MODIFIED(2, "X"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        for (unsigned i = 0; i < 3; i++)
                assert_hresult(query(s, NULL), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("X")), S_OK);
        assert_hresult(query(s, NULL), S_OK);
        assert_nothing_to_report();
        assert_hresult(modify(s, LIVE_MODIFY("X")), E_UNEXPECTED);
        HcsCloseComputeSystem(s);
}

static void order_is_strict_on_a_handle_unless_it_is_set_free(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED MODIFIED(2, "X") MODIFIED(3, "Y"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("Y")), E_UNEXPECTED);
        assert_report("$.ResourcePath: expected \"X\", got \"Y\"");
        HcsCloseComputeSystem(s);
        teardown(state);
        replay(",order=any", CREATED MODIFIED(2, "X") MODIFIED(3, "Y"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("Y")), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("X")), S_OK);
        assert_nothing_to_report();
        HcsCloseComputeSystem(s);
}

#define SECOND                                                                                                 \
        "{\"call\":\"HcsCreateComputeSystem\",\"n\":5,\"t\":7,\"args\":{\"id\":\"b\",\"configuration\":{}}}\n" \
        "{\"return\":5,\"t\":8,\"hr\":\"0x00000000\",\"out\":{\"system\":\"system/2\"}}\n"

static void order_between_handles_counts_only_when_it_is_global(void **state) {
        HCS_SYSTEM s = NULL, t = NULL;

        replay("", CREATED MODIFIED(2, "X") SECOND);
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(create("b", "{}", &t), S_OK);
        assert_hresult(modify(s, LIVE_MODIFY("X")), S_OK);
        HcsCloseComputeSystem(s);
        HcsCloseComputeSystem(t);
        teardown(state);
        replay(",order=global", CREATED MODIFIED(2, "X") SECOND);
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(create("b", "{}", &t), E_UNEXPECTED);
        HcsCloseComputeSystem(s);
}

static void what_was_never_asked_for_is_listed_with_its_line(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED MODIFIED(2, "X"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_report("t.trace:4: HcsModifyComputeSystem was never asked for");
        HcsCloseComputeSystem(s);
}

static void assert_problems(unsigned expected, const char *pattern) {
        _cleanup_json_ struct hcs_json *problems = NULL;
        _cleanup_free_ char *json = NULL, *plain = NULL;

        assert_int_equal(mockhcs_verify_json(mock, false, &json), expected);
        assert_ok(hcs_json_parse_cstr(json, &problems, NULL), NULL);
        for (struct hcs_json *p = hcs_json_first(problems); p; p = hcs_json_next(p)) {
                assert_non_null(hcs_json_string(hcs_json_get(p, "text")));
                hcs_json_remove(p, "text");
                if (hcs_json_get(p, "trace"))
                        hcs_json_set_string(p, "trace", "t.trace"); /* the folder is another in each run */
        }
        plain = hcs_json_text(problems, HCS_JSON_COMPACT);
        assert_string_equal(plain, pattern);
}

static void problems_are_told_to_programs_member_by_member(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED MODIFIED(2, "X"));
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_problems(
                1, "[{\"kind\":\"unasked\",\"call\":\"HcsModifyComputeSystem\",\"trace\":\"t.trace\",\"line\":4}]");
        assert_hresult(modify(s, "{\"ResourcePath\":\"Y\"}"), E_UNEXPECTED);
        assert_problems(1,
                        "[{\"kind\":\"mismatch\",\"differences\":[{\"argument\":\"configuration\",\"path\":\"$."
                        "ResourcePath\",\"expected\":\"X\",\"got\":\"Y\"},{\"argument\":\"configuration\",\"path\":"
                        "\"$.Id\",\"expected\":\"" GUID "\",\"got\":null}],\"call\":\"HcsModifyComputeSystem\",\"on\":"
                        "\"system/1\",\"trace\":\"t.trace\",\"line\":4}]");
        HcsCloseComputeSystem(s);
        assert_hresult(query(s, NULL), E_HANDLE);
        assert_problems(2,
                        "[{\"kind\":\"mismatch\",\"differences\":[{\"argument\":\"configuration\",\"path\":\"$."
                        "ResourcePath\",\"expected\":\"X\",\"got\":\"Y\"},{\"argument\":\"configuration\",\"path\":"
                        "\"$.Id\",\"expected\":\"" GUID "\",\"got\":null}],\"call\":\"HcsModifyComputeSystem\",\"on\":"
                        "\"system/1\",\"trace\":\"t.trace\",\"line\":4},{\"kind\":\"stale\",\"count\":1}]");
}

static void a_call_in_which_the_recorded_process_died_is_said_so(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", "{\"call\":\"HcsCreateComputeSystem\",\"n\":1,\"t\":1,\"args\":{\"id\":\"a\",\"configuration\":"
                   "{}}}\n{\"return\":1,\"t\":2,\"hr\":\"0x0000");
        assert_hresult(create("a", "{}", &s), E_ABORT);
}

static void a_document_in_a_string_is_compared_as_a_document(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED "{\"call\":\"HcsModifyComputeSystem\",\"n\":2,\"t\":3,\"args\":{\"system\":\"system/1\","
                           "\"configuration\":{\"Settings\":\"{\\\"a\\\":1,\\\"b\\\":2}\"}}}\n"
                           "{\"return\":2,\"t\":4,\"hr\":\"0x00000000\",\"out\":{}}\n");
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, "{\"Settings\":\"{\\\"b\\\":2, \\\"a\\\":1}\"}"), S_OK);
        HcsCloseComputeSystem(s);
}

#define CREATED_AS(n, id, path)                                                                                        \
        "{\"call\":\"HcsCreateComputeSystem\",\"n\":" #n ",\"t\":1,\"args\":{\"id\":\"" id                             \
        "\",\"configuration\":{}}}\n{\"return\":" #n ",\"t\":2,\"hr\":\"0x00000000\",\"out\":{\"system\":\"system/" #n \
        "\"}}\n{\"call\":\"HcsModifyComputeSystem\",\"n\":1" #n ",\"t\":3,\"args\":{\"system\":\"system/" #n           \
        "\",\"configuration\":{\"ResourcePath\":\"" path "\"}}}\n{\"return\":1" #n                                     \
        ",\"t\":4,\"hr\":\"0x00000000\",\"out\":{}}\n"

static void systems_that_come_in_another_order_are_told_apart_by_their_ids(void **state) {
        HCS_SYSTEM a = NULL, b = NULL, c = NULL;

        replay("", CREATED_AS(1, "a", "first") CREATED_AS(2, "b", "second") CREATED_AS(3, "c", "third"));
        assert_hresult(create("c", "{}", &c), S_OK);
        assert_hresult(create("a", "{}", &a), S_OK);
        assert_hresult(create("b", "{}", &b), S_OK);
        assert_hresult(modify(a, "{\"ResourcePath\":\"first\"}"), S_OK);
        assert_hresult(modify(b, "{\"ResourcePath\":\"second\"}"), S_OK);
        assert_hresult(modify(c, "{\"ResourcePath\":\"third\"}"), S_OK);
        assert_nothing_to_report();
        HcsCloseComputeSystem(a);
        HcsCloseComputeSystem(b);
        HcsCloseComputeSystem(c);
}

static void a_redacted_value_equals_any(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", CREATED "{\"call\":\"HcsModifyComputeSystem\",\"n\":2,\"t\":3,\"args\":{\"system\":\"system/1\","
                           "\"configuration\":{\"Password\":\"<redacted>\",\"b\":2}}}\n"
                           "{\"return\":2,\"t\":4,\"hr\":\"0x00000000\",\"out\":{}}\n");
        assert_hresult(create("a", LIVE_OWNER, &s), S_OK);
        assert_hresult(modify(s, "{\"Password\":\"x\",\"b\":3}"), E_UNEXPECTED);
        assert_hresult(modify(s, "{\"Password\":\"x\",\"b\":2}"), S_OK);
        HcsCloseComputeSystem(s);
}

static void a_recorded_failure_fails_the_same_way(void **state) {
        HCS_SYSTEM s = NULL;

        replay("", "{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"vmcompute\",\"n\":1,\"t\":1,\"args\":{\"id\":\"a\","
                   "\"configuration\":{}}}\n{\"return\":1,\"t\":2,\"hr\":\"0xC0370109\",\"out\":{}}\n");
        assert_hresult(create("a", "{}", &s), HCS_E_CONNECTION_TIMEOUT);
}

static void a_trace_that_is_none_does_not_open(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/t.trace", dir),
                            *spec = hcs_asprintf("replay=%s", path);
        static const char *const bad[] = {"", "{}\n", "{\"trace\":\"hcs\",\"version\":2}\n", HEADER "{\"call\":1}\n",
                                          HEADER "nonsense\n{}\n"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                assert_ok(hcs_file_write(path, bad[i], strlen(bad[i]), NULL), NULL);
                assert_true(FAILED(mockhcs_open(spec, &mock, &err)));
                assert_non_null(strstr(hcs_error_message(err), "t.trace"));
                hcs_error_free(err);
        }
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

HCS_TESTS(TEST(a_handle_that_cannot_be_one_is_refused_with_its_line),
          TEST(an_event_before_the_return_of_its_create_belongs_to_that_create),
          TEST(an_event_waits_for_a_client_that_takes_another_order), TEST(input_of_a_closed_process_is_not_waited_for),
          TEST(an_invented_guid_is_the_same_one_everywhere),
          TEST(a_guid_that_changes_its_identity_is_named_in_the_mismatch),
          TEST(a_query_may_be_repeated_and_a_change_may_not), TEST(order_is_strict_on_a_handle_unless_it_is_set_free),
          TEST(order_between_handles_counts_only_when_it_is_global),
          TEST(what_was_never_asked_for_is_listed_with_its_line), TEST(problems_are_told_to_programs_member_by_member),
          TEST(a_call_in_which_the_recorded_process_died_is_said_so),
          TEST(a_document_in_a_string_is_compared_as_a_document),
          TEST(systems_that_come_in_another_order_are_told_apart_by_their_ids), TEST(a_redacted_value_equals_any),
          TEST(a_recorded_failure_fails_the_same_way), TEST(a_trace_that_is_none_does_not_open))
