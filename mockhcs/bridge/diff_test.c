/* SPDX-License-Identifier: MIT */

/* Two recorded bridges side by side: traces are written here by hand, a line a frame. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/bridge/diff.h"
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

static void diff(const char *a, const char *b, struct mock_bridge_difference *ret) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path_a = write_trace(dir, "a", a),
                            *path_b = write_trace(dir, "b", b);
        struct hcs_error *err = NULL;

        *ret = (struct mock_bridge_difference){0};
        assert_ok(mock_bridge_diff(path_a, path_b, NULL, ret, &err), err);
}

static void assert_diff(const char *a, const char *b, const char *text) {
        struct mock_bridge_difference d;

        diff(a, b, &d);
        assert_string_equal(hcs_buf_cstr(&d.text), text);
        assert_int_equal(mock_bridge_is_same(&d), !*text);
        mock_bridge_difference_deinit(&d);
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
                    "only in B: line 2, Request(DumpStacks) #1\n"
                    "line 3, Response(Start) #7 differs from B, line 4, Response(Start) #2:\n"
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
                    "only in A: line 2, Request(ModifySettings) #1\n"
                    "only in B: line 4, Request(ModifySettings) #3\n");
}

static void one_that_changed_in_its_place_is_told_by_path(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        for (unsigned i = 0; i < 3; i++) {
                put(&a, request("ModifySettings", i, A1, i == 1 ? ",\"Request\":{\"a\":1,\"b\":2}" : ""));
                put(&b, request("ModifySettings", i, A1, i == 1 ? ",\"Request\":{\"a\":1,\"b\":3}" : ""));
        }
        assert_diff(a.data, b.data,
                    "line 3, Request(ModifySettings) #1 differs from B, line 3, Request(ModifySettings) #1:\n"
                    "$.Request.b: expected 2, got 3\n");
}

static void the_order_of_requests_counts_within_a_container(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};

        put(&a, request("Start", 1, A1, ""));
        put(&a, request("DumpStacks", 2, A1, ""));
        put(&b, request("DumpStacks", 1, A1, ""));
        put(&b, request("Start", 2, A1, ""));
        assert_diff(a.data, b.data, "line 3, Request(DumpStacks) #2 comes in B before line 2, Request(Start) #1\n");
}

static void a_request_that_is_missing_takes_its_answer_along(void **state) {
        _cleanup_buf_ struct hcs_buf a = {0}, b = {0};
        struct mock_bridge_difference d;

        put(&a, request("Start", 1, A1, ""));
        put(&a, response("Start", 1, ""));
        put(&a, request("DumpStacks", 2, A1, ""));
        put(&a, response("DumpStacks", 2, ""));
        put(&b, request("Start", 1, A1, ""));
        diff(a.data, b.data, &d);
        assert_int_equal(d.same, 1);
        assert_int_equal(d.only_a, 3);
        assert_string_equal(d.text.data, "only in A: line 3, Response(Start) #1\n"
                                         "only in A: line 4, Request(DumpStacks) #2\n");
        mock_bridge_difference_deinit(&d);
}

#define BROKEN(bytes)                         \
        "{\"frame\":\"0x0\",\"on\":\"bridge/" \
        "1\",\"from\":\"guest\",\"id\":0,\"t\":1,\"broken\":true,\"base64\":\"" bytes "\"}\n"

static void bytes_that_are_no_frame_are_compared_as_bytes(void **state) {
        assert_diff(BROKEN("AAAA"), BROKEN("AAAA"), "");
        assert_diff(BROKEN("AAAA"), BROKEN("AAAAAA=="),
                    "line 2, 0x0 #0 differs from B, line 2, 0x0 #0:\n$: expected 3 bytes, got 4 others\n");
}

#define ON(bridge, document)                             \
        "{\"frame\":\"Request(Start)\",\"on\":\"" bridge \
        "\",\"from\":\"host\",\"id\":1,\"t\":1,\"document\":" document "}\n"

static void every_bridge_is_compared_with_its_namesake(void **state) {
        assert_diff(ON("bridge/1", "{}") ON("bridge/2", "{\"a\":1}"), ON("bridge/2", "{\"a\":2}") ON("bridge/1", "{}"),
                    "line 3, Request(Start) #1 differs from B, line 2, Request(Start) #1:\n$.a: expected 1, got 2\n");
        assert_diff(ON("bridge/1", "{}") ON("bridge/2", "{}"), ON("bridge/2", "{}"), "only in A: bridge/1, 1 frames\n");
        assert_diff(ON("bridge/1", "{}"), ON("bridge/2", "{}"), ""); /* one each, whatever they are called */
}

static void a_trace_without_bridges_is_named(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *a = write_trace(dir, "a", ON("bridge/1", "{}")),
                            *b = write_trace(dir, "b", "");
        struct mock_bridge_difference d = {0};
        struct hcs_error *err = NULL;

        assert_hresult(mock_bridge_diff(b, b, NULL, &d, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "no frame of any bridge"));
        err = hcs_error_free(err);
        assert_hresult(mock_bridge_diff(a, b, "bridge/1", &d, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "/b: no frame of bridge/1 in it"));
        err = hcs_error_free(err);
        assert_true(FAILED(mock_bridge_diff(a, "/nowhere", NULL, &d, &err)));
        hcs_error_free(err);
        mock_bridge_difference_deinit(&d);
}

HCS_TESTS(cmocka_unit_test(runs_that_differ_in_what_every_run_invents_are_the_same),
          cmocka_unit_test(an_answer_that_changed_is_told_by_path),
          cmocka_unit_test(a_request_is_aligned_with_its_equal_before_its_neighbour),
          cmocka_unit_test(one_that_changed_in_its_place_is_told_by_path),
          cmocka_unit_test(the_order_of_requests_counts_within_a_container),
          cmocka_unit_test(a_request_that_is_missing_takes_its_answer_along),
          cmocka_unit_test(bytes_that_are_no_frame_are_compared_as_bytes),
          cmocka_unit_test(every_bridge_is_compared_with_its_namesake),
          cmocka_unit_test(a_trace_without_bridges_is_named))
