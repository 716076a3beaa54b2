/* SPDX-License-Identifier: MIT */

/* Answers byte for byte as the original marshals them: errors, codes and messages of the golden set. */

#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "gcs/frame.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/base/failure.h"
#include "testing/hcs_test.h"

#define ACTIVITY "12345678-1234-1234-1234-123456789abc"

/* A bridge over a socket whose one request is answered as a case wants it. */
struct rig {
        struct guest_agent agent;
        const char *members;
        struct hcs_error *err; /* taken */
        bool by_handler;
};

static void on_request(void *ctx, struct guest_request *r) {
        struct rig *rig = ctx;

        if (rig->by_handler)
                guest_agent_request(&rig->agent, r);
        else if (rig->err)
                guest_request_fail(r, steal_pointer(&rig->err));
        else
                guest_request_answer(r, rig->members);
}

static void on_lost(void *ctx) {
}

/* The body of the answer to one request. Caller frees. */
static char *answer_to(struct rig *rig, uint32_t rpc, const char *body) {
        struct guest_bridge_config config = {.request = on_request, .lost = on_lost, .ctx = rig};
        _cleanup_buf_ struct hcs_buf frame = {0};
        struct hcs_gcs_header header;
        int in[2], out[2];
        char text[1u << 16];
        ssize_t n;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out), 0);
        hcs_gcs_frame_append(&frame, HCS_GCS_REQUEST | rpc, 9, body, strlen(body), NULL);
        assert_int_equal(write(in[0], frame.data, frame.len), frame.len);
        close(in[0]);
        assert_ok(guest_loop_new(&config.loop, NULL), NULL);
        config.in = in[1];
        config.out = out[1];
        rig->agent.bridge = guest_bridge_new(&config);
        guest_bridge_start(rig->agent.bridge);
        guest_loop_run(config.loop); /* to the end of its input */
        guest_bridge_free(rig->agent.bridge);
        guest_loop_free(config.loop);
        n = read(out[0], text, sizeof(text));
        close(out[0]);
        assert_true(n > HCS_GCS_HEADER_SIZE);
        hcs_gcs_header_decode((const uint8_t *)text, &header);
        assert_int_equal(header.id, 9);
        assert_int_equal(header.size, n);
        return hcs_strndup(text + HCS_GCS_HEADER_SIZE, (size_t)n - HCS_GCS_HEADER_SIZE);
}

static const struct {
        const char *name;
        HRESULT hr;
} codes[] = {
        {"HrErrInvalidArg", E_INVALIDARG},
        {"HrFail", E_FAIL},
        {"HrVmcomputeInvalidState", GUEST_E_INVALID_STATE},
        {"HrVmcomputeSystemAlreadyStopped", (HRESULT)0xC0370110},
        {"HrVmcomputeSystemNotFound", GUEST_E_SYSTEM_NOT_FOUND},
        {"HrVmcomputeUnknownMessage", (HRESULT)0xC037010B},
        {"HrVmcomputeUnsupportedProtocolVersion", GUEST_E_UNSUPPORTED_VERSION},
        {"HvVmcomputeTimeout", GUEST_E_TIMEOUT},
};

static void check_code(const struct hcs_json *c) {
        const struct hcs_json *expected = hcs_json_get(c, "output");
        const char *name = hcs_json_get_string(c, "input");
        struct hcs_error *bare = NULL, *with_cause = NULL;
        int64_t code = 0;
        size_t i = 0;

        while (i < HCS_ARRAY_SIZE(codes) && !hcs_streq(codes[i].name, name))
                i++;
        assert_true(i < HCS_ARRAY_SIZE(codes));
        assert_true(hcs_json_i64(hcs_json_get(expected, "int32"), &code));
        guest_fail(&bare, codes[i].hr);
        guest_fail_with(&with_cause, codes[i].hr, "cause");
        assert_string_equal(hcs_error_message(bare), hcs_json_get_string(expected, "error_text"));
        assert_string_equal(hcs_error_message(with_cause), hcs_json_get_string(expected, "wrapped_text"));
        assert_int_equal(guest_wire_hresult(bare), code);
        assert_int_equal(guest_wire_hresult(with_cause), code);
        hcs_error_free(bare);
        hcs_error_free(with_cause);
}

/* The original's errors, made in our way. */
static struct hcs_error *make_error(const char *text) {
        struct hcs_error *err = NULL;

        if (hcs_streq(text, "HRESULT: 0x80070490")) {
                guest_fail(&err, GUEST_E_NOT_FOUND);
        } else if (hcs_streq(text, "outer: HRESULT 0x80070057: inner")) {
                guest_fail_with(&err, E_INVALIDARG, "inner");
                hcs_error_wrap(&err, "outer");
        } else {
                hcs_error_make(&err, E_UNEXPECTED, "%s", text);
        }
        return err;
}

static void check_error(const struct hcs_json *c) {
        const char *text = hcs_json_string(hcs_json_lookup(c, "input.error"));
        struct rig rig = {.err = make_error(text)};
        _cleanup_free_ char *got = answer_to(&rig, HCS_GCS_START, "{}"), *expected = NULL;
        struct hcs_json *copy = hcs_json_copy(hcs_json_get(c, "output"));
        struct hcs_json *record = hcs_json_at(hcs_json_get(copy, "ErrorRecords"), 0);

        /* Where in its source the original failed is not for us to tell. */
        if (hcs_json_get(record, "StackTrace")) {
                hcs_json_remove(record, "StackTrace");
                hcs_json_remove(record, "FunctionName");
                hcs_json_set_string(record, "FileName", "");
                hcs_json_set_u64(record, "Line", UINT32_MAX);
        }
        expected = hcs_json_text(copy, HCS_JSON_GO);
        hcs_json_free(copy);
        assert_string_equal(got, expected);
}

static void check_message(const struct hcs_json *c, const char *name) {
        const char *expected = hcs_json_get_string(c, "output_text");
        const char *activity = hcs_json_string(hcs_json_lookup(c, "output.ActivityId"));
        _cleanup_free_ char *got = NULL, *request = hcs_asprintf("{\"ActivityId\":\"%s\"}", activity ? activity : "");
        struct rig rig = {0};

        if (hcs_streq(name, "type-notification-graceful")) {
                struct hcs_schema_gcs_container_notification n = {.ContainerId = (char *)"c",
                                                                  .Type = (char *)"GracefulExit",
                                                                  .Operation = (char *)"Shutdown",
                                                                  .Result = -1,
                                                                  .ResultInfo = (char *)"{}"};

                got = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_GCS_CONTAINER_NOTIFICATION), &n);
        } else if (hcs_streq(name, "type-negotiate-response")) {
                rig.by_handler = true;
                got = answer_to(&rig, HCS_GCS_NEGOTIATE_PROTOCOL,
                                "{\"ActivityId\":\"" ACTIVITY "\",\"MinimumVersion\":4,\"MaximumVersion\":4}");
        } else {
                if (hcs_streq(name, "type-dumpstacks-response"))
                        rig.members = ",\"GuestStacks\":\"a\\nb\\t\\u003cx\\u003e\"";
                else if (hcs_streq(name, "type-properties-response"))
                        rig.members = ",\"Properties\":\"{\\\"ProcessList\\\":[{\\\"ProcessId\\\":1}]}\"";
                got = answer_to(&rig, HCS_GCS_START, request);
        }
        assert_string_equal(got, expected);
}

static void every_code_error_and_message_of_the_golden_set_is_told_as_the_original_tells_it(void **state) {
        _cleanup_free_ char *lines = hcs_test_fixture("golden/gcs/guest.jsonl", NULL);
        size_t n_codes = 0, n_errors = 0, n_messages = 0;
        char *save = NULL;

        for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_json_ struct hcs_json *c = NULL;
                const char *name;

                assert_ok(hcs_json_parse_cstr(line, &c, NULL), NULL);
                name = hcs_json_get_string(c, "name");
                if (hcs_str_starts(name, "hresult-"))
                        check_code(c), n_codes++;
                else if (hcs_str_starts(name, "errormap-"))
                        check_error(c), n_errors++;
                else if (hcs_str_starts(name, "type-"))
                        check_message(c, name), n_messages++;
        }
        assert_int_equal(n_codes, 8);
        assert_int_equal(n_errors, 4);
        assert_int_equal(n_messages, 6);
}

static void what_is_not_utf8_is_replaced_in_an_answer(void **state) {
        struct rig rig = {0};
        _cleanup_free_ char *got = NULL;

        hcs_error_make(&rig.err, E_FAIL, "a\xD0z\xFF");
        got = answer_to(&rig, HCS_GCS_START, "{}");
        assert_non_null(strstr(got, "\"ErrorMessage\":\"a\xEF\xBF\xBDz\xEF\xBF\xBD\""));
}

static void a_message_beyond_a_host_s_limit_keeps_its_ends(void **state) {
        _cleanup_free_ char *long_text = hcs_malloc(100001), *got = NULL;
        struct rig rig = {0};

        memset(long_text, 'x', 100000);
        long_text[100000] = '\0';
        hcs_error_make(&rig.err, E_FAIL, "first %s last", long_text);
        got = answer_to(&rig, HCS_GCS_START, "{}");
        assert_non_null(strstr(got, "\"ErrorMessage\":\"first xxx"));
        assert_non_null(strstr(got, "xxx last\""));
        assert_true(strlen(got) < HCS_GCS_MAX_TO_HOST);
}

HCS_TESTS(cmocka_unit_test(every_code_error_and_message_of_the_golden_set_is_told_as_the_original_tells_it),
          cmocka_unit_test(what_is_not_utf8_is_replaced_in_an_answer),
          cmocka_unit_test(a_message_beyond_a_host_s_limit_keeps_its_ends))
