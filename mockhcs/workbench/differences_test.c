/* SPDX-License-Identifier: MIT */

/* Two traces side by side: they are written here by hand, a line a record. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/workbench/differences.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define HEADER "{\"trace\":\"hcs\",\"version\":1,\"recorder\":\"test\"}\n"

/* "Start" of a container, and what a guest says to it. */
static char *request(const char *message, unsigned id, const char *container, const char *rest) {
        return hcs_asprintf("{\"frame\":\"Request(%s)\",\"on\":\"bridge/1\",\"from\":\"host\",\"id\":%u,\"t\":1,"
                            "\"document\":{\"ContainerId\":\"%s\"%s}}\n",
                            message, id, container, rest);
}

static char *response(const char *message, unsigned id, const char *rest) {
        return hcs_asprintf("{\"frame\":\"Response(%s)\",\"on\":\"bridge/1\",\"from\":\"guest\",\"id\":%u,\"t\":1,"
                            "\"document\":{\"Result\":0%s}}\n",
                            message, id, rest);
}

/* Takes the lines, and frees them. */
static void put(struct hcs_buf *trace, char *line) {
        hcs_buf_puts(trace, line);
        free(line);
}

static char *write_trace(const char *dir, const char *name, const char *lines) {
        char *path = hcs_asprintf("%s/%s", dir, name);
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fputs(HEADER, f);
        fputs(lines, f);
        fclose(f);
        return path;
}

static void diff(const char *a, const char *b, struct differences *ret, struct hcs_buf *text) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path_a = write_trace(dir, "a", a),
                            *path_b = write_trace(dir, "b", b);
        struct hcs_error *err = NULL;

        assert_ok(differences_find(path_a, path_b, &(struct differences_options){.text = text}, ret, &err), err);
}

static void assert_diff(const char *a, const char *b, const char *text) {
        _cleanup_buf_ struct hcs_buf got = {0};
        struct differences d;

        diff(a, b, &d, &got);
        assert_string_equal(hcs_buf_cstr(&got), text);
        assert_int_equal(d.n == 0, !*text);
        differences_deinit(&d);
}

/* Two containers at once: created, started, a process run in the second, which is signalled by its id. */
static void session(struct hcs_buf *out, const char *one, const char *two, unsigned pid, bool two_first) {
        _cleanup_free_ char *answer = hcs_asprintf(",\"ProcessId\":%u", pid),
                            *rest = hcs_asprintf(",\"ProcessId\":%u,\"Options\":{\"Signal\":15}", pid);
        const char *ids[] = {two_first ? two : one, two_first ? one : two};
        const char *colours[] = {two_first ? ",\"Colour\":2" : ",\"Colour\":1",
                                 two_first ? ",\"Colour\":1" : ",\"Colour\":2"};

        for (unsigned i = 0; i < 2; i++)
                put(out, request("Create", i, ids[i], colours[i]));
        for (unsigned i = 2; i-- > 0;)
                put(out, response("Create", i, ""));
        for (unsigned i = 0; i < 2; i++) {
                put(out, request("Start", 2 + i, ids[i], ""));
                put(out, response("Start", 2 + i, ""));
        }
        put(out, request("ExecuteProcess", 4, two, ""));
        put(out, response("ExecuteProcess", 4, answer));
        put(out, request("SignalProcess", 5, two, rest));
        put(out, response("SignalProcess", 5, ""));
}

#define A1 "11111111111111111111111111111111"
#define A2 "22222222222222222222222222222222"
#define B1 "33333333333333333333333333333333"
#define B2 "44444444444444444444444444444444"

static void runs_that_differ_in_what_every_run_invents_are_the_same(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0}, c = {0};

        session(&a, A1, A2, 42, false);
        session(&b, B1, B2, 7, false);
        session(&c, B1, B2, 7, true);
        assert_diff(a.data, a.data, "");
        assert_diff(a.data, b.data, "");
        assert_diff(a.data, c.data, ""); /* containers overtake each other */
}

static void an_answer_that_changed_is_told_by_path(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        put(&a, request("Start", 7, A1, ""));
        put(&a, response("Start", 7, ",\"ErrorMessage\":\"x\""));
        put(&b, request("DumpStacks", 1, "", ""));
        put(&b, request("Start", 2, B1, ""));
        put(&b, response("Start", 2, ""));
        assert_diff(a.data, b.data,
                    "only in B: line 2, Request(DumpStacks) #1 on bridge/1\n"
                    "line 2, Request(Start) #7 on bridge/1 differs from B, line 3, Request(Start) #2 on bridge/1:\n"
                    "$.ErrorMessage: expected \"x\", got nothing\n");
}

static void a_request_is_aligned_with_its_equal_before_its_neighbour(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        put(&a, request("ModifySettings", 1, A1, ",\"Request\":1"));
        put(&a, request("ModifySettings", 2, A1, ",\"Request\":2"));
        put(&a, request("ModifySettings", 3, A1, ",\"Request\":3"));
        put(&b, request("ModifySettings", 1, A1, ",\"Request\":2"));
        put(&b, request("ModifySettings", 2, A1, ",\"Request\":3"));
        put(&b, request("ModifySettings", 3, A1, ",\"Request\":4"));
        assert_diff(a.data, b.data,
                    "only in A: line 2, Request(ModifySettings) #1 on bridge/1\n"
                    "only in B: line 4, Request(ModifySettings) #3 on bridge/1\n");
}

static void one_that_changed_in_its_place_is_told_by_path(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        for (unsigned i = 0; i < 3; i++) {
                put(&a, request("ModifySettings", i, A1, i == 1 ? ",\"Request\":{\"a\":1,\"b\":2}" : ""));
                put(&b, request("ModifySettings", i, A1, i == 1 ? ",\"Request\":{\"a\":1,\"b\":3}" : ""));
        }
        assert_diff(a.data, b.data,
                    "line 3, Request(ModifySettings) #1 on bridge/1 differs from B, line 3, "
                    "Request(ModifySettings) #1 on bridge/1:\n"
                    "$.Request.b: expected 2, got 3\n");
}

static void the_order_of_requests_counts_within_a_container(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        put(&a, request("Start", 1, A1, ""));
        put(&a, request("DumpStacks", 2, A1, ""));
        put(&b, request("DumpStacks", 1, A1, ""));
        put(&b, request("Start", 2, A1, ""));
        assert_diff(a.data, b.data,
                    "line 2, Request(Start) #1 on bridge/1 comes in B at another place, line 3, Request(Start) #2 on "
                    "bridge/1\n");
}

static void a_request_that_is_missing_takes_its_answer_along(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        put(&a, request("Start", 1, A1, ""));
        put(&a, response("Start", 1, ""));
        put(&a, request("DumpStacks", 2, A1, ""));
        put(&a, response("DumpStacks", 2, ""));
        put(&b, request("Start", 1, A1, ""));
        assert_diff(a.data, b.data,
                    "line 2, Request(Start) #1 on bridge/1 differs from B, line 2, Request(Start) #1 on bridge/1:\n"
                    "  answer: expected an answer, got none\n"
                    "only in A: line 4, Request(DumpStacks) #2 on bridge/1\n");
}

#define BROKEN(bytes)                         \
        "{\"frame\":\"0x0\",\"on\":\"bridge/" \
        "1\",\"from\":\"guest\",\"id\":0,\"t\":1,\"broken\":true,\"base64\":\"" bytes "\"}\n"

static void bytes_that_are_no_frame_are_compared_as_bytes(void **state) {
        assert_diff(BROKEN("AAAA"), BROKEN("AAAA"), "");
        assert_diff(BROKEN("AAAA"), BROKEN("AAAAAA=="),
                    "line 2, 0x0 #0 on bridge/1 differs from B, line 2, 0x0 #0 on bridge/1:\n$: expected 3 bytes, got "
                    "4 others\n");
}

#define ON(bridge, document)                             \
        "{\"frame\":\"Request(Start)\",\"on\":\"" bridge \
        "\",\"from\":\"host\",\"id\":1,\"t\":1,\"document\":" document "}\n"

static void every_bridge_is_compared_with_its_namesake(void **state) {
        assert_diff(ON("bridge/1", "{}") ON("bridge/2", "{\"a\":1}"), ON("bridge/2", "{\"a\":2}") ON("bridge/1", "{}"),
                    "line 3, Request(Start) #1 on bridge/2 differs from B, line 2, Request(Start) #1 on "
                    "bridge/2:\n$.a: expected 1, got 2\n");
        assert_diff(ON("bridge/1", "{}") ON("bridge/2", "{}"), ON("bridge/2", "{}"),
                    "only in A: line 2, Request(Start) #1 on bridge/1\n");
        assert_diff(ON("bridge/1", "{}"), ON("bridge/2", "{}"), ""); /* one each, whatever they are called */
}

static void a_trace_without_that_bridge_is_named(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *a = write_trace(dir, "a", ON("bridge/1", "{}")),
                            *b = write_trace(dir, "b", "");
        struct differences_options options = {.bridge = "bridge/1"};
        struct differences d;
        struct hcs_error *err = NULL;

        assert_hresult(differences_find(a, b, &options, &d, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "/b: no frame of bridge/1 in it"));
        err = hcs_error_free(err);
        assert_true(FAILED(differences_find(a, "/nowhere", &options, &d, &err)));
        hcs_error_free(err);
}

#define CALL(n, name, args) \
        "{\"call\":\"" name "\",\"dll\":\"computecore\",\"n\":" #n ",\"t\":" #n ",\"thread\":1,\"args\":" args "}\n"
#define RETURN(n, hr, out) "{\"return\":" #n ",\"t\":" #n ",\"hr\":\"" hr "\",\"out\":" out "}\n"
#define OK                 "0x00000000"
#define MADE(n, id, system)                                                                          \
        CALL(n, "HcsCreateComputeSystem", "{\"id\":\"" id "\",\"configuration\":{\"Owner\":\"x\"}}") \
        RETURN(n, OK, "{\"system\":\"" system "\"}")
#define START(n, system) \
        CALL(n, "HcsStartComputeSystem", "{\"system\":\"" system "\",\"options\":\"\"}") RETURN(n, OK, "{}")
#define MODIFY(n, system, document)                                                                     \
        CALL(n, "HcsModifyComputeSystem", "{\"system\":\"" system "\",\"configuration\":" document "}") \
        RETURN(n, OK, "{}")

static void systems_are_what_made_them_whatever_they_are_called(void **state) {
        assert_diff(MADE(1, "web", "system/1") MADE(2, "db", "system/2") START(3, "system/1")
                            MODIFY(4, "system/2", "{\"a\":1}"),
                    MADE(1, "db", "system/1") MODIFY(2, "system/1", "{\"a\":1}") MADE(3, "web", "system/2")
                            START(4, "system/2"),
                    "");
        assert_diff(MADE(1, "web", "system/1") MODIFY(2, "system/1", "{\"Path\":\"web\"}"),
                    MADE(1, "other", "system/1") MODIFY(2, "system/1", "{\"Path\":\"other\"}"), "");
}

static void a_value_that_stands_for_two_is_a_difference(void **state) {
#define ONE   "11111111-2222-4333-8444-555555555555"
#define THREE "99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define TWO   "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
        assert_diff(MADE(1, "web", "system/1") MODIFY(2, "system/1", "{\"a\":\"" ONE "\"}")
                            MODIFY(3, "system/1", "{\"b\":\"" ONE "\"}"),
                    MADE(1, "web", "system/1") MODIFY(2, "system/1", "{\"a\":\"" THREE "\"}")
                            MODIFY(3, "system/1", "{\"b\":\"" TWO "\"}"),
                    "line 6, HcsModifyComputeSystem on system/1 differs from B, line 6, HcsModifyComputeSystem on "
                    "system/1:\n"
                    "  args.configuration: $.b: expected \"" ONE "\", got \"" TWO "\"\n");
}

static void a_failure_is_told_by_its_name_and_what_follows_is_missing(void **state) {
        assert_diff(MADE(1, "web", "system/1") START(2, "system/1"),
                    CALL(1, "HcsCreateComputeSystem", "{\"id\":\"web\",\"configuration\":{\"Owner\":\"x\"}}")
                            RETURN(1, "0x8037010D", "{\"result\":{\"Error\":-2143878899}}"),
                    "line 2, HcsCreateComputeSystem web differs from B, line 2, HcsCreateComputeSystem web:\n"
                    "  hr: expected S_OK (0x00000000), got HCS_E_INVALID_JSON (0x8037010D)\n"
                    "  out.result: $: expected nothing, got {\"Error\":-2143878899}\n"
                    "  only A has what it made, and 1 more on that\n");
}

/* How the calls ended does not count, but what came of it does. */
static void what_only_one_of_two_calls_made_is_told_where_its_end_is_noise(void **state) {
        static const char noisy[] = "{\"trace\":\"hcs\",\"version\":1,\"noise\":[{\"call\":\"HcsCreateComputeSystem\","
                                    "\"part\":\"hr\",\"path\":"
                                    "\"$\"}]}\n" MADE(1, "web", "system/1") START(2, "system/1");
        static const char failed[] =
                HEADER CALL(1, "HcsCreateComputeSystem", "{\"id\":\"web\",\"configuration\":{\"Owner\":\"x\"}}")
                        RETURN(1, "0x8037010D", "{}");
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *a = hcs_asprintf("%s/a", dir), *b = hcs_asprintf("%s/b", dir);
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;
        struct differences d;

        assert_ok(hcs_file_write(a, noisy, strlen(noisy), &err), err);
        assert_ok(hcs_file_write(b, failed, strlen(failed), &err), err);
        assert_ok(differences_find(a, b, &(struct differences_options){.text = &text, .list = list}, &d, &err), err);
        assert_string_equal(hcs_buf_cstr(&text),
                            "line 2, HcsCreateComputeSystem web differs from B, line 2, HcsCreateComputeSystem web:\n"
                            "  only A has what it made, and 1 more on that\n");
        assert_string_equal(hcs_json_get_string(hcs_json_first(list), "madeOnlyIn"), "A");
        differences_deinit(&d);
}

static void an_object_that_is_missing_is_told_once(void **state) {
        assert_diff(MADE(1, "web", "system/1") MADE(2, "web", "system/2") START(3, "system/2"),
                    MADE(1, "web", "system/1"),
                    "only in A: line 4, HcsCreateComputeSystem web, and 1 more on what it made\n");
}

/* As no DLL writes it: a trace is the same as itself whatever it says. */
static void what_is_there_twice_is_the_same_as_itself(void **state) {
        static const char twice[] =
                CALL(1, "HcsOpenComputeSystem", "{\"id\":\"a\",\"id\":\"b\",\"access\":1,\"access\":2}")
                        RETURN(1, OK, "{\"system\":\"system/1\"}")
                                CALL(2, "HcsCreateProcess", "{\"system\":\"system/1\"}")
                                        RETURN(1, OK, "{\"process\":\"process/1\"}")
                                                CALL(3, "HcsGetProcessInfo", "{\"process\":\"process/1\"}");

        assert_diff(twice, twice, "");
}

/* More than variables are looked for among, and in another order. */
static void documents_of_many_members_are_compared_by_name(void **state) {
        _cleanup_buf_ struct hcs_buf up = {0}, down = {0};

        hcs_buf_puts(&up,
                     MADE(1, "web",
                          "system/1") "{\"call\":\"HcsModifyComputeSystem\",\"dll\":\"computecore\",\"n\":2,"
                                      "\"t\":2,\"thread\":1,\"args\":{\"system\":\"system/1\",\"configuration\":{");
        hcs_buf_append(&down, up.data, up.len);
        for (unsigned i = 0; i < 3000; i++) {
                hcs_buf_printf(&up, "%s\"m%u\":%u", i ? "," : "", i, i);
                hcs_buf_printf(&down, "%s\"m%u\":%u", i ? "," : "", 2999 - i, i == 0 ? 7 : 2999 - i);
        }
        hcs_buf_puts(&up, "}}}\n");
        hcs_buf_puts(&down, ",\"more\":1}}}\n");
        assert_diff(hcs_buf_cstr(&up), hcs_buf_cstr(&down),
                    "line 4, HcsModifyComputeSystem on system/1 differs from B, line 4, HcsModifyComputeSystem on "
                    "system/1:\n"
                    "  args.configuration: $.m2999: expected 2999, got 7\n"
                    "  args.configuration: $.more: expected nothing, got 1\n");
}

static void the_answer_of_either_dll_is_the_same(void **state) {
        assert_diff(
                MADE(1, "web", "system/1") START(2, "system/1"),
                MADE(1, "web", "system/1") CALL(
                        2, "HcsStartComputeSystem",
                        "{\"system\":\"system/1\",\"operation\":\"operation/1\"}") "{\"return\":2,\"t\":2,\"hr\":"
                                                                                   "\"0x00000000\",\"pending\":true}\n"
                                                                                   "{\"complete\":\"operation/"
                                                                                   "1\",\"of\":2,\"t\":3,\"hr\":"
                                                                                   "\"0x00000000\"}\n",
                "");
}

static void events_and_streams_are_compared_as_such(void **state) {
        const char *hello = "{\"stdio\":\"process/1\",\"stream\":\"stdout\",\"t\":1,\"text\":\"hel\"}\n"
                            "{\"stdio\":\"process/1\",\"stream\":\"stdout\",\"t\":1,\"text\":\"lo\\n\"}\n";
        const char *whole = "{\"stdio\":\"process/1\",\"stream\":\"stdout\",\"t\":1,\"text\":\"hello\\n\"}\n";
        const char *other = "{\"stdio\":\"process/1\",\"stream\":\"stdout\",\"t\":1,\"text\":\"hullo\\n\"}\n";

        assert_diff(hello, whole, "");
        assert_diff(hello, other,
                    "line 2, stdout of process/1 differs from B, line 2, stdout of process/1:\n"
                    "  stdout: expected line 1 \"hello\", got \"hullo\"\n");
        assert_diff("{\"event\":\"SystemExited\",\"on\":\"system/1\",\"t\":1,\"data\":{\"Status\":0}}\n",
                    "{\"event\":\"SystemExited\",\"on\":\"system/1\",\"t\":9,\"data\":{\"Status\":1}}\n",
                    "line 2, SystemExited of system/1 differs from B, line 2, SystemExited of system/1:\n"
                    "  data: $.Status: expected 0, got 1\n");
}

#define BYTES(port, text) \
        "{\"stdio\":\"bridge/1\",\"stream\":\"stdout\",\"port\":" #port ",\"t\":1,\"text\":\"" text "\"}\n"

static void streams_of_a_bridge_are_apart_by_port(void **state) {
        assert_diff(BYTES(1, "one\\n") BYTES(2, "TWO\\n") BYTES(1, "1\\n") BYTES(2, "2\\n"),
                    BYTES(8, "TWO\\n2\\n") BYTES(7, "one\\n") BYTES(7, "1\\n"), "");
        assert_diff(BYTES(1, "one\\n") BYTES(2, "TWO\\n"), BYTES(1, "one\\n") BYTES(2, "THREE\\n"),
                    "line 3, stdout of bridge/1 differs from B, line 3, stdout of bridge/1:\n"
                    "  stdout: expected line 1 \"TWO\", got \"THREE\"\n");
}

static void networks_are_aligned_like_systems(void **state) {
#define HCN(n, name, args) \
        "{\"call\":\"" name "\",\"dll\":\"computenetwork\",\"n\":" #n ",\"t\":1,\"thread\":1,\"args\":" args "}\n"
        assert_diff(HCN(1, "HcnCreateNetwork", "{\"id\":\"" ONE "\",\"settings\":{\"Type\":\"NAT\"}}")
                            RETURN(1, OK, "{\"network\":\"network/1\"}")
                                    HCN(2, "HcnModifyNetwork", "{\"network\":\"network/1\",\"settings\":{\"a\":1}}")
                                            RETURN(2, OK, "{}"),
                    HCN(1, "HcnCreateNetwork", "{\"id\":\"" TWO "\",\"settings\":{\"Type\":\"NAT\"}}")
                            RETURN(1, OK, "{\"network\":\"network/7\"}")
                                    HCN(2, "HcnModifyNetwork", "{\"network\":\"network/7\",\"settings\":{\"a\":2}}")
                                            RETURN(2, OK, "{}"),
                    "line 4, HcnModifyNetwork on network/1 differs from B, line 4, HcnModifyNetwork on network/7:\n"
                    "  args.settings: $.a: expected 1, got 2\n");
}

static void a_bridge_goes_with_its_system(void **state) {
        assert_diff(MADE(1, "web", "system/1") MADE(2, "db", "system/2") ON("bridge/1", "{\"a\":1}")
                            ON("bridge/2", "{\"a\":2}"),
                    MADE(1, "db", "system/1") MADE(2, "web", "system/2") ON("bridge/1", "{\"a\":1}")
                            ON("bridge/2", "{\"a\":1}"),
                    "line 7, Request(Start) #1 on bridge/2 differs from B, line 6, Request(Start) #1 on "
                    "bridge/1:\n$.a: expected 2, got 1\n");
}

/* More calls on one object than the exact way is gone for: some missing here and there. */
static void long_lanes_are_aligned_within_a_window(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0}, text = {0};
        struct differences d;

        for (unsigned i = 0; i < 3000; i++) {
                if (i % 1000 != 500)
                        hcs_buf_printf(&a,
                                       CALL(1, "HcsModifyComputeSystem",
                                            "{\"system\":\"system/1\",\"configuration\":{\"i\":%u}}"),
                                       i);
                if (i % 1000 != 700)
                        hcs_buf_printf(&b,
                                       CALL(1, "HcsModifyComputeSystem",
                                            "{\"system\":\"system/1\",\"configuration\":{\"i\":%u}}"),
                                       i);
        }
        diff(a.data, b.data, &d, &text);
        assert_int_equal(d.same[MOCK_RECORD_CALL], 2994);
        assert_int_equal(d.count[DIFFERENCE_ONLY_A], 3);
        assert_int_equal(d.count[DIFFERENCE_ONLY_B], 3);
        assert_int_equal(d.n, 6);
        differences_deinit(&d);
}

HCS_TESTS(cmocka_unit_test(runs_that_differ_in_what_every_run_invents_are_the_same),
          cmocka_unit_test(an_answer_that_changed_is_told_by_path),
          cmocka_unit_test(a_request_is_aligned_with_its_equal_before_its_neighbour),
          cmocka_unit_test(one_that_changed_in_its_place_is_told_by_path),
          cmocka_unit_test(the_order_of_requests_counts_within_a_container),
          cmocka_unit_test(a_request_that_is_missing_takes_its_answer_along),
          cmocka_unit_test(bytes_that_are_no_frame_are_compared_as_bytes),
          cmocka_unit_test(every_bridge_is_compared_with_its_namesake),
          cmocka_unit_test(a_trace_without_that_bridge_is_named),
          cmocka_unit_test(systems_are_what_made_them_whatever_they_are_called),
          cmocka_unit_test(a_value_that_stands_for_two_is_a_difference),
          cmocka_unit_test(a_failure_is_told_by_its_name_and_what_follows_is_missing),
          cmocka_unit_test(what_only_one_of_two_calls_made_is_told_where_its_end_is_noise),
          cmocka_unit_test(an_object_that_is_missing_is_told_once),
          cmocka_unit_test(what_is_there_twice_is_the_same_as_itself),
          cmocka_unit_test(documents_of_many_members_are_compared_by_name),
          cmocka_unit_test(the_answer_of_either_dll_is_the_same),
          cmocka_unit_test(events_and_streams_are_compared_as_such),
          cmocka_unit_test(streams_of_a_bridge_are_apart_by_port), cmocka_unit_test(networks_are_aligned_like_systems),
          cmocka_unit_test(a_bridge_goes_with_its_system), cmocka_unit_test(long_lanes_are_aligned_within_a_window))
