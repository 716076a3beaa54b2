/* SPDX-License-Identifier: MIT */

/* Requests that overlap, run out of time, are cancelled or refused; any request by its name. */

#include "base/str.h"
#include "gcs/internal.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

/* Holds the first of two requests back until the second one came, and answers that one first. */
static bool answer_in_reverse(struct guest *g, const struct hcs_gcs_frame *f) {
        static const char *const texts[] = {"{\"Result\":0,\"GuestStacks\":\"first\"}",
                                            "{\"Result\":0,\"GuestStacks\":\"second\"}"};
        struct hcs_gcs_frame *held = g->ctx;

        if (!guest_frame_is(f, HCS_GCS_DUMP_STACKS))
                return false;
        if (!held->type) {
                *held = *f;
                return true;
        }
        guest_answer(g, f, texts[1]);
        guest_answer(g, held, texts[0]);
        return true;
}

struct stacks {
        struct hcs_gcs_connection *gc;
        char *text;
        HRESULT hr;
        struct hcs_error *err;
};

static void dump(void *arg) {
        struct stacks *s = arg;

        s->hr = hcs_gcs_dump_stacks(s->gc, NULL, &s->text, &s->err);
}

static void answers_in_any_order_reach_their_requests(void **state) {
        struct hcs_gcs_frame held = {0};
        struct stacks a = {0}, b = {0};
        struct hcs_thread ta, tb;
        struct guest g;

        guest_init(&g);
        g.on_frame = answer_in_reverse;
        g.ctx = &held;
        a.gc = b.gc = guest_connect(&g, NULL);
        assert_ok(hcs_thread_start(&ta, dump, &a, NULL), NULL);
        assert_ok(hcs_thread_start(&tb, dump, &b, NULL), NULL);
        hcs_thread_join(&ta);
        hcs_thread_join(&tb);
        assert_ok(a.hr, a.err);
        assert_ok(b.hr, b.err);
        assert_string_not_equal(a.text, b.text);
        hcs_free(a.text);
        hcs_free(b.text);
        hcs_gcs_connection_unref(a.gc);
        guest_deinit(&g);
}

/* Never answers Start; answers DumpStacks, and by then the Start that nobody waits for any more. */
static bool late(struct guest *g, const struct hcs_gcs_frame *f) {
        struct hcs_gcs_frame *held = g->ctx;

        if (guest_frame_is(f, HCS_GCS_START)) {
                *held = *f;
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_DUMP_STACKS) && held->type)
                guest_answer(g, held, OK_TEXT);
        return false;
}

static void a_call_that_ran_out_of_time_is_given_up_and_its_late_answer_dropped(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_frame held = {0};
        struct hcs_error *err = NULL;
        struct hcs_gcs_connection *gc;
        char *stacks = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = late;
        g.ctx = &held;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, &at_once, &err), HCS_E_OPERATION_TIMEOUT);
        assert_string_equal(hcs_error_operation(err), "Start");
        assert_string_equal(hcs_error_id(err), "c1");
        assert_string_equal(hcs_error_hint(err), "message 2, Start");
        err = hcs_error_free(err);
        assert_null(gc->bridge.rpcs); /* nothing is kept for it */
        assert_ok(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), err);
        assert_ok(hcs_gcs_delete_container_state(gc, "c1", NULL, &err), err);
        stacks = hcs_free(stacks);
        /* It has come; another one was not asked for. */
        assert_hresult(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), HCS_E_CONNECTION_CLOSED);
        assert_non_null(strstr(hcs_error_message(err), "unknown rpc response for id 2, type Response(Start)"));
        hcs_error_free(err);
        hcs_free(stacks);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

/* Never answers Start, and DumpStacks twice. */
static bool answer_twice(struct guest *g, const struct hcs_gcs_frame *f) {
        if (guest_frame_is(f, HCS_GCS_DUMP_STACKS))
                guest_answer(g, f, OK_TEXT);
        return guest_frame_is(f, HCS_GCS_START);
}

static void a_second_answer_is_not_taken_for_one_that_is_owed(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_error *err = NULL;
        struct hcs_gcs_connection *gc;
        char *stacks = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = answer_twice;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, &at_once, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_ok(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), err);
        assert_hresult(hcs_gcs_delete_container_state(gc, "c1", NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_non_null(strstr(hcs_error_message(err), "unknown rpc response for id 3, type Response(DumpStacks)"));
        hcs_error_free(err);
        hcs_free(stacks);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

struct held {
        uint64_t ids[GCS_GIVEN_UP + 5];
        size_t n;
};

/* Answers DumpStacks, and by then what else it was asked, the latest first. */
static bool late_in_reverse(struct guest *g, const struct hcs_gcs_frame *f) {
        struct held *held = g->ctx;

        if (guest_frame_is(f, HCS_GCS_MODIFY_SETTINGS)) {
                held->ids[held->n++] = f->id;
                return true;
        }
        while (guest_frame_is(f, HCS_GCS_DUMP_STACKS) && held->n)
                guest_send(g, HCS_GCS_RESPONSE | HCS_GCS_MODIFY_SETTINGS, held->ids[--held->n], OK_TEXT);
        return false;
}

static void late_answers_are_dropped_however_many_there_are(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_gcs_connection *gc;
        struct held held = {0};
        char *stacks = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = late_in_reverse;
        g.ctx = &held;
        gc = guest_connect(&g, NULL);
        for (int round = 0; round < 2; round++) {
                for (size_t i = 0; i < HCS_ARRAY_SIZE(held.ids); i++)
                        assert_hresult(hcs_gcs_modify(gc, "{}", &at_once, NULL), HCS_E_OPERATION_TIMEOUT);
                assert_ok(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), err);
                stacks = hcs_free(stacks);
                assert_int_equal(gc->bridge.n_given_up + gc->bridge.owed, 0); /* all have come */
        }
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool answer_nothing(struct guest *g, const struct hcs_gcs_frame *f) {
        return !guest_frame_is(f, HCS_GCS_NEGOTIATE_PROTOCOL) && !guest_frame_is(f, HCS_GCS_CREATE);
}

static void cancel_soon(void *arg) {
        hcs_cancel_set(arg);
}

static void a_token_ends_a_call(void **state) {
        struct hcs_cancel *token = hcs_cancel_new();
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct hcs_thread t;
        struct guest g;

        guest_init(&g);
        g.on_frame = answer_nothing;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_thread_start(&t, cancel_soon, token, NULL), NULL);
        assert_hresult(hcs_gcs_modify(gc, "{}", &(struct hcs_call){.cancel = token}, &err), E_ABORT);
        assert_string_equal(hcs_error_operation(err), "ModifySettings");
        hcs_thread_join(&t);
        hcs_error_free(err);
        assert_hresult(hcs_gcs_connection_error(gc, NULL), HCS_E_INVALID_STATE);
        hcs_cancel_unref(token);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void a_request_without_an_answer_ends_the_bridge_in_the_end(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = answer_nothing;
        gc = guest_connect(&g, &(struct hcs_gcs_options){.timeout_ms = 20});
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err), "bridge closed: use of closed network connection: message timeout");
        err = hcs_error_free(err);
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        assert_hresult(hcs_gcs_connection_error(gc, NULL), HCS_E_CONNECTION_CLOSED);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool negotiated_already(struct guest *g, const struct hcs_gcs_frame *f) {
        return guest_frame_is(f, HCS_GCS_NEGOTIATE_PROTOCOL);
}

/* As soon as negotiation is asked for, before anything is written. */
static void negotiate_unread(void *ctx, const struct hcs_gcs_tap_frame *f) {
        static const char negotiated[] = "{\"Result\":0,\"Version\":4,\"Capabilities\":{\"RuntimeOsType\":\"linux\","
                                         "\"GuestDefinedCapabilities\":{}}}";

        if (f->type == (HCS_GCS_REQUEST | HCS_GCS_NEGOTIATE_PROTOCOL))
                guest_send(ctx, HCS_GCS_RESPONSE | HCS_GCS_NEGOTIATE_PROTOCOL, f->id, negotiated);
}

/* A guest that reads nothing: the first request that does not fit runs out of its time, and so do the next. */
static void a_guest_that_does_not_read_holds_nobody_for_ever(void **state) {
        static const struct hcs_call short_call = {.timeout_ms = 30};
        _cleanup_free_ char *big = hcs_malloc(8u << 20), *request = NULL;
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_error *err = NULL;
        struct guest g;

        memset(big, 'x', (8u << 20) - 1);
        big[(8u << 20) - 1] = '\0';
        request = hcs_asprintf("{\"Settings\":\"%s\"}", big);
        guest_init(&g);
        assert_ok(hcs_gcs_connect(g.host, g.transport,
                                  &(struct hcs_gcs_options){.tap = negotiate_unread, .tap_ctx = &g}, NULL, &gc, &err),
                  err);
        assert_hresult(hcs_gcs_modify(gc, request, &short_call, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_hresult(hcs_gcs_modify(gc, "{}", &short_call, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_hresult(hcs_gcs_connection_error(gc, NULL), HCS_E_INVALID_STATE);
        /* What was half written is finished before anything else: no frame is broken. */
        g.on_frame = negotiated_already;
        guest_start(&g);
        assert_ok(hcs_gcs_delete_container_state(gc, "x", NULL, &err), err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool refuse(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_START))
                return false;
        guest_answer(
                g, f,
                "{\"Result\":-1070137074,\"ErrorMessage\":\"no such thing\",\"ErrorRecords\":[{\"Result\":-1070137074,"
                "\"Message\":\"deep down\",\"StackTrace\":\"at f\",\"ModuleName\":\"gcs\",\"FileName\":\"f.go\","
                "\"Line\":7,\"FunctionName\":\"fn\"}]}");
        return true;
}

static void a_refusal_carries_the_guests_code_and_records(void **state) {
        const struct hcs_error_event *event;
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = refuse;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), 0xC037010E);
        assert_true(hcs_is_not_exist(hcs_error_hresult(err)));
        assert_string_equal(hcs_error_message(err), "guest RPC failure: no such thing");
        assert_int_equal(hcs_error_event_count(err), 1);
        event = hcs_error_event_at(err, 0);
        assert_string_equal(event->message, "deep down");
        assert_string_equal(event->stack_trace, "at f");
        assert_string_equal(event->provider, "gcs");
        assert_string_equal(event->source, "f.go:7 fn");
        hcs_error_free(err);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool time_out_itself(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_START))
                return false;
        guest_answer(g, f, "{\"Result\":-2143878888}"); /* HCS_E_OPERATION_TIMEOUT */
        return true;
}

static void a_guest_may_answer_with_the_codes_of_our_own_timeouts(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = time_out_itself;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), HCS_E_OPERATION_TIMEOUT);
        hcs_error_free(err);
        assert_hresult(hcs_gcs_connection_error(gc, NULL), HCS_E_INVALID_STATE);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool keep_request(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_MODIFY_SETTINGS) && !guest_frame_is(f, HCS_GCS_GET_PROPERTIES))
                return false;
        hcs_free(g->ctx);
        g->ctx = hcs_strndup(f->body, f->len);
        if (guest_frame_is(f, HCS_GCS_GET_PROPERTIES))
                guest_answer(g, f, "{\"Result\":-2147467259,\"ErrorMessage\":\"no\",\"Extra\":1}");
        return guest_frame_is(f, HCS_GCS_GET_PROPERTIES);
}

static void an_update_and_any_other_request_can_be_sent(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        char *answer = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = keep_request;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", "{}", NULL, &c, &err), err);
        assert_ok(hcs_gcs_container_update(c, "{\"cpu\":{\"shares\":512}}", NULL, &err), err);
        assert_string_equal(g.ctx,
                            "{\"ContainerId\":\"c1\",\"ActivityId\":\"" ZERO_ID
                            "\",\"Request\":{\"RequestType\":\"Update\",\"ResourceType\":\"ContainerConstraints\","
                            "\"Settings\":{\"Linux\":{\"cpu\":{\"shares\":512}}}}}\n");
        assert_hresult(hcs_gcs_request(gc, "GetProperties", "c1", "{\"Query\":\"\"}", NULL, &answer, &err), E_FAIL);
        assert_string_equal(g.ctx, "{\"ContainerId\":\"c1\",\"ActivityId\":\"" ZERO_ID "\",\"Query\":\"\"}\n");
        assert_string_equal(answer, "{\"Result\":-2147467259,\"ErrorMessage\":\"no\",\"Extra\":1}");
        err = hcs_error_free(err);
        hcs_gcs_set_trace(gc, "00-trace-span-01", NULL);
        assert_hresult(hcs_gcs_request(gc, "GetProperties", "c1", "{\"Query\":\"\"}", NULL, NULL, NULL), E_FAIL);
        assert_string_equal(g.ctx, "{\"ContainerId\":\"c1\",\"ActivityId\":\"" ZERO_ID
                                   "\",\"otsc\":{\"traceparent\":\"00-trace-span-01\"},\"Query\":\"\"}\n");
        assert_hresult(hcs_gcs_request(gc, "Nothing", NULL, NULL, NULL, NULL, NULL), E_INVALIDARG);
        assert_hresult(hcs_gcs_container_modify(c, "{", NULL, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "ModifySettings");
        assert_string_equal(hcs_error_id(err), "c1");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_modify_service(gc, "LogForwardService", "{", NULL, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "ModifyServiceSettings");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_modify_resource(gc, "Add", "Network", "{", NULL, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "ModifySettings");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_container_update(c, "{", NULL, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_id(err), "c1");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_request(gc, "SignalProcess", "c1", "{\"ProcessId\":\"x\"}", NULL, NULL, &err),
                       HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "SignalProcess");
        assert_hresult(hcs_gcs_container_modify(c, "{", NULL, NULL), HCS_E_INVALID_JSON); /* nobody wants the error */
        hcs_error_free(err);
        hcs_free(answer);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        hcs_free(g.ctx);
}

static int quiet(void **state) {
        hcs_log_set_level(HCS_LOG_ERROR);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, quiet)

HCS_TESTS(TEST(answers_in_any_order_reach_their_requests),
          TEST(a_call_that_ran_out_of_time_is_given_up_and_its_late_answer_dropped),
          TEST(a_second_answer_is_not_taken_for_one_that_is_owed),
          TEST(late_answers_are_dropped_however_many_there_are), TEST(a_token_ends_a_call),
          TEST(a_request_without_an_answer_ends_the_bridge_in_the_end),
          TEST(a_guest_that_does_not_read_holds_nobody_for_ever), TEST(a_refusal_carries_the_guests_code_and_records),
          TEST(a_guest_may_answer_with_the_codes_of_our_own_timeouts),
          TEST(an_update_and_any_other_request_can_be_sent))
