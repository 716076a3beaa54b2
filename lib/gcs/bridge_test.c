/* SPDX-License-Identifier: MIT */

/* Requests that overlap, run out of time or are cancelled; what ends a bridge and who is told; reconnecting. */

#include <stdatomic.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

/* ---- requests ---- */

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
        assert_ok(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), err);
        assert_ok(hcs_gcs_delete_container_state(gc, "c1", NULL, &err), err);
        hcs_free(stacks);
        hcs_gcs_container_unref(c);
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

/* ---- what ends a bridge ---- */

struct ending {
        const void *bytes; /* what the guest sends instead of an answer to Start */
        size_t n;
        bool hang_up;
};

static bool end_it(struct guest *g, const struct hcs_gcs_frame *f) {
        const struct ending *e = g->ctx;

        if (!guest_frame_is(f, HCS_GCS_START))
                return false;
        guest_send_bytes(g, e->bytes, e->n);
        if (e->hang_up)
                guest_hang_up(g);
        return true;
}

/* Start fails with this error, a waiter of the container returns, and later calls are told the cause. */
static void assert_ending(const struct ending *e, HRESULT hr, const char *message, const char *cause) {
        _cleanup_free_ char *all = hcs_asprintf("bridge closed: use of closed network connection: %s", cause);
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = end_it;
        g.ctx = (void *)(uintptr_t)e;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), hr);
        assert_string_equal(hcs_error_message(err), message ? message : all);
        assert_string_equal(hcs_error_operation(err), "Start");
        assert_string_equal(hcs_error_id(err), "c1");
        err = hcs_error_free(err);
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        assert_null(hcs_gcs_container_exit_notification(c));
        assert_ok(hcs_gcs_connection_wait(gc, NULL, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err), all);
        err = hcs_error_free(err);
        hcs_gcs_container_unref(c);
        assert_hresult(hcs_gcs_container_attach(gc, "c2", &c, &err), HCS_E_CONNECTION_CLOSED);
        hcs_error_free(err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void assert_frame_ends_it(uint32_t type, uint64_t id, const char *body, HRESULT hr, const char *message,
                                 const char *cause) {
        _cleanup_buf_ struct hcs_buf frame = {0};

        hcs_gcs_frame_append(&frame, type, id, body, strlen(body), NULL);
        assert_ending(&(struct ending){frame.data, frame.len, false}, hr, message, cause);
}

static void a_guest_that_dies_between_or_inside_frames_is_told_apart(void **state) {
        _cleanup_buf_ struct hcs_buf frame = {0};

        hcs_gcs_frame_append(&frame, 0x20100201, 2, "{\"Result\":0}", 12, NULL);
        assert_ending(&(struct ending){"", 0, true}, HCS_E_CONNECTION_CLOSED, NULL,
                      "bridge read failed: header read: EOF");
        assert_ending(&(struct ending){frame.data, 9, true}, HCS_E_CONNECTION_CLOSED, NULL,
                      "bridge read failed: header read: unexpected EOF");
        assert_ending(&(struct ending){frame.data, frame.len - 1, true}, HCS_E_CONNECTION_CLOSED, NULL,
                      "bridge read failed: unexpected EOF");
}

static void messages_that_no_guest_may_send_end_the_bridge(void **state) {
        assert_frame_ends_it(0x10100201, 2, "{}", HCS_E_CONNECTION_CLOSED, NULL,
                             "bridge received unknown unknown message type Request(Start)");
        assert_frame_ends_it(0x40000000, 2, "{}", HCS_E_CONNECTION_CLOSED, NULL,
                             "bridge received unknown unknown message type 0x40000000");
        assert_frame_ends_it(0x30200101, 0, "{}", HCS_E_CONNECTION_CLOSED, NULL,
                             "bridge received unknown unknown notification message Notify(0x30200101)");
        assert_frame_ends_it(0x30100101, 0, "{\"ContainerId\":\"stranger\",\"Type\":\"ForcedExit\"}",
                             HCS_E_CONNECTION_CLOSED, NULL, "bridge notification failed: container stranger not found");
        assert_frame_ends_it(0x30100101, 0, "{\"ContainerId\":7}", HCS_E_CONNECTION_CLOSED, NULL,
                             "bridge response unmarshal failed: json: cannot unmarshal number into Go struct field "
                             "ContainerNotification.ContainerId of type string");
        assert_frame_ends_it(0x20100201, 99, "{\"Result\":0}", HCS_E_CONNECTION_CLOSED, NULL,
                             "bridge received unknown rpc response for id 99, type Response(Start)");
}

static void answers_that_are_no_answer_fail_their_call_and_the_bridge(void **state) {
        static const char *const rows[][2] = {
                {"", "unexpected end of JSON input"},
                {"{} {}", "invalid character '{' after top-level value"},
                {"{\"Result\":1.5}",
                 "json: cannot unmarshal number 1.5 into Go struct field ResponseBase.Result of type int32"},
                {"{\"Result\":0,\"ErrorRecords\":[3]}", "json: cannot unmarshal number into Go struct field "
                                                        "ResponseBase.ErrorRecords of type prot.ErrorRecord"},
                {"[]", "json: cannot unmarshal array into Go value of type prot.ResponseBase"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *said = hcs_asprintf("bridge response unmarshal failed: %s", rows[i][1]);

                assert_frame_ends_it(0x20100201, 2, rows[i][0], HCS_E_INVALID_JSON, said, said);
        }
}

static void a_document_that_is_too_deep_is_refused(void **state) {
        char deep[1200] = "{\"Result\":0,\"X\":";
        size_t n = strlen(deep);
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        _cleanup_buf_ struct hcs_buf frame = {0};
        struct ending e;
        struct guest g;
        struct hcs_gcs_container *c = NULL;

        memset(deep + n, '[', 500);
        memset(deep + n + 500, ']', 500);
        deep[n + 1000] = '}';
        hcs_gcs_frame_append(&frame, 0x20100201, 2, deep, n + 1001, NULL);
        e = (struct ending){frame.data, frame.len, false};
        guest_init(&g);
        g.on_frame = end_it;
        g.ctx = &e;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_hresult(hcs_gcs_container_start(c, NULL, &err), HCS_E_INVALID_JSON);
        assert_true(hcs_str_starts(hcs_error_message(err), "bridge response unmarshal failed: "));
        hcs_error_free(err);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool in_single_bytes(struct guest *g, const struct hcs_gcs_frame *f) {
        _cleanup_buf_ struct hcs_buf frame = {0};

        if (guest_frame_is(f, HCS_GCS_NEGOTIATE_PROTOCOL))
                return false;
        hcs_gcs_frame_append(&frame, (f->type & 0x0fffffff) | HCS_GCS_RESPONSE, f->id, OK_TEXT, strlen(OK_TEXT), NULL);
        for (size_t i = 0; i < frame.len; i++)
                guest_send_bytes(g, frame.data + i, 1);
        return true;
}

static void an_answer_may_come_byte_by_byte(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = in_single_bytes;
        gc = guest_connect(&g, NULL);
        for (int i = 0; i < 5; i++)
                assert_ok(hcs_gcs_modify(gc, "{}", NULL, &err), err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool claim_version(struct guest *g, const struct hcs_gcs_frame *f) {
        guest_answer(g, f, g->ctx);
        return true;
}

static void capabilities_that_are_null_are_none(void **state) {
        char answer[] = "{\"Result\":0,\"Version\":4,\"Capabilities\":{\"GuestDefinedCapabilities\":null}}";
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = claim_version;
        g.ctx = answer;
        guest_start(&g);
        assert_ok(hcs_gcs_connect(g.host, g.transport, NULL, NULL, &gc, &err), err);
        assert_string_equal(hcs_gcs_capabilities(gc), "{}");
        assert_false(hcs_gcs_has_capability(gc, "SignalProcessSupported"));
        assert_string_equal(hcs_gcs_os(gc), "windows");
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void negotiation_refuses_what_it_cannot_speak(void **state) {
        static const struct {
                const char *answer;
                HRESULT hr;
                const char *message;
        } rows[] = {
                {"{\"Result\":0,\"Version\":3,\"Capabilities\":{\"GuestDefinedCapabilities\":{}}}",
                 HCS_E_UNSUPPORTED_PROTOCOL_VERSION, "unexpected version 3 returned"},
                {"{\"Result\":0}", HCS_E_UNSUPPORTED_PROTOCOL_VERSION, "unexpected version 0 returned"},
                {"{\"Result\":-1070137076}", (HRESULT)0xC037010C, NULL},
                {"{\"Result\":0,\"Version\":4,\"Capabilities\":{\"RuntimeOsType\":\"Linux\","
                 "\"GuestDefinedCapabilities\":[]}}",
                 HCS_E_INVALID_JSON,
                 "unmarshalGuestCapabilities: unmarshal returned GuestDefinedCapabilities for lcow: json: cannot "
                 "unmarshal array into Go value of type prot.GcsGuestCapabilities"},
                {"{\"Result\":0,\"Version\":4,\"Capabilities\":7}", HCS_E_INVALID_JSON, NULL},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct hcs_gcs_connection *gc = NULL;
                struct hcs_error *err = NULL;
                struct guest g;

                guest_init(&g);
                g.on_frame = claim_version;
                g.ctx = (void *)(uintptr_t)rows[i].answer;
                guest_start(&g);
                assert_hresult(hcs_gcs_connect(g.host, g.transport, NULL, NULL, &gc, &err), rows[i].hr);
                assert_null(gc);
                assert_string_equal(hcs_error_operation(err), "NegotiateProtocol");
                if (rows[i].message)
                        assert_string_equal(hcs_error_message(err), rows[i].message);
                hcs_error_free(err);
                guest_deinit(&g);
        }
}

/* ---- exits ---- */

#define EXIT_TEXT                                                                                                      \
        "{\"ContainerId\":\"c1\",\"ActivityId\":\"\",\"Type\":\"UnexpectedExit\",\"Operation\":\"None\",\"Result\":0," \
        "\"ResultInfo\":\"null\"}"

static bool exit_with_create(struct guest *g, const struct hcs_gcs_frame *f) {
        if (guest_frame_is(f, HCS_GCS_CREATE))
                guest_send(g, HCS_GCS_NOTIFY_CONTAINER, 0, EXIT_TEXT);
        return false;
}

static void an_exit_before_anybody_waits_is_remembered(void **state) {
        struct hcs_gcs_container *c = NULL;
        _cleanup_free_ char *told = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = exit_with_create;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_true(hcs_gcs_container_exited(c));
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        told = hcs_gcs_container_exit_notification(c);
        assert_string_equal(told, EXIT_TEXT);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static bool exit_on_start(struct guest *g, const struct hcs_gcs_frame *f) {
        guest_frame_is(f, HCS_GCS_START) ? guest_send(g, HCS_GCS_NOTIFY_CONTAINER, 0, EXIT_TEXT) : (void)0;
        return false;
}

struct waiter {
        struct hcs_gcs_container *c;
        HRESULT hr;
};

static void wait_for_exit(void *arg) {
        struct waiter *w = arg;

        w->hr = hcs_gcs_container_wait(w->c, NULL, NULL);
}

static void an_exit_reaches_all_who_wait(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct hcs_thread threads[3];
        struct waiter waiters[3];
        struct waiter w = {0};
        struct guest g;

        guest_init(&g);
        g.on_frame = exit_on_start;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &w.c, &err), err);
        assert_hresult(hcs_gcs_container_wait(w.c, &at_once, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_false(hcs_gcs_container_exited(w.c));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++) {
                waiters[i] = (struct waiter){w.c, E_FAIL};
                assert_ok(hcs_thread_start(&threads[i], wait_for_exit, &waiters[i], NULL), NULL);
        }
        assert_ok(hcs_gcs_container_start(w.c, NULL, &err), err);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++) {
                hcs_thread_join(&threads[i]);
                assert_ok(waiters[i].hr, NULL);
        }
        hcs_gcs_container_unref(w.c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void closing_a_container_ends_its_waits_and_frees_its_id(void **state) {
        struct hcs_gcs_container *again = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct waiter w = {0};
        struct hcs_thread t;
        struct guest g;

        guest_init(&g);
        g.on_frame = exit_on_start;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &w.c, &err), err);
        assert_hresult(hcs_gcs_container_create(gc, "c1", NULL, NULL, &again, NULL), HCS_E_SYSTEM_ALREADY_EXISTS);
        assert_ok(hcs_thread_start(&t, wait_for_exit, &w, NULL), NULL);
        hcs_gcs_container_close(w.c);
        hcs_thread_join(&t);
        assert_hresult(w.hr, E_HANDLE);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &again, &err), err);
        assert_ok(hcs_gcs_container_start(again, NULL, &err), err); /* whose exit is told, not the old one's */
        assert_ok(hcs_gcs_container_wait(again, NULL, &err), err);
        assert_false(hcs_gcs_container_exited(w.c));
        hcs_gcs_container_unref(again);
        hcs_gcs_container_unref(w.c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

/* Refuses or ignores each create, and tells the end of the container all the same when it is asked for the stacks. */
static bool notify_later(struct guest *g, const struct hcs_gcs_frame *f) {
        if (guest_frame_is(f, HCS_GCS_DUMP_STACKS))
                guest_send(g, HCS_GCS_NOTIFY_CONTAINER, 0, EXIT_TEXT);
        if (!guest_frame_is(f, HCS_GCS_CREATE))
                return false;
        if (g->ctx)
                guest_answer(g, f, g->ctx);
        return true;
}

static void a_container_that_was_given_up_may_end_and_one_that_was_refused_may_not(void **state) {
        static char refusal[] = "{\"Result\":-2147467259}";

        for (int refused = 0; refused < 2; refused++) {
                struct hcs_gcs_container *c = NULL;
                struct hcs_gcs_connection *gc;
                struct hcs_error *err = NULL;
                char *stacks = NULL;
                struct guest g;

                guest_init(&g);
                g.on_frame = notify_later;
                g.ctx = refused ? refusal : NULL;
                gc = guest_connect(&g, NULL);
                for (int i = 0; i < 3; i++)
                        assert_hresult(hcs_gcs_container_create(gc, "c1", NULL, refused ? NULL : &at_once, &c, NULL),
                                       refused ? E_FAIL : HCS_E_OPERATION_TIMEOUT);
                assert_hresult(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err), refused ? HCS_E_CONNECTION_CLOSED : S_OK);
                hcs_error_free(err);
                hcs_free(stacks);
                hcs_gcs_connection_unref(gc);
                guest_deinit(&g);
        }
}

/* ---- the connection as a whole ---- */

static bool power_off(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_SHUTDOWN_GRACEFUL))
                return false;
        guest_hang_up(g);
        return true;
}

static void a_vm_that_powers_off_instead_of_answering_was_shut_down(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = power_off;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_shutdown(gc, false, NULL, &err), err);
        assert_ok(hcs_gcs_connection_wait(gc, NULL, &err), err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void closing_the_connection_is_no_failure_of_the_bridge(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        gc = guest_connect(&g, NULL);
        hcs_gcs_connection_close(gc);
        hcs_gcs_connection_close(gc);
        assert_ok(hcs_gcs_connection_error(gc, &err), err);
        assert_hresult(hcs_gcs_modify(gc, "{}", NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err), "bridge closed: use of closed network connection");
        hcs_error_free(err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

/* The guest lost its host; the host comes back with a new connection and takes up what runs there. */
static void a_reconnect_takes_up_containers_and_processes(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_process *p = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest first, second;
        uint32_t port;

        guest_init(&first);
        first.on_frame = power_off;
        gc = guest_connect(&first, NULL);
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, &err), err);
        assert_ok(hcs_gcs_container_exec(c, "{\"CreateStdOutPipe\":true}", NULL, &p, &err), err);
        port = hcs_gcs_next_port(gc);
        hcs_gcs_shutdown(gc, false, NULL, NULL);
        hcs_gcs_process_unref(p);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&first);

        guest_init(&second);
        second.on_frame = exit_on_start;
        gc = guest_connect(&second, &(struct hcs_gcs_options){.warm = true});
        assert_int_equal(hcs_gcs_next_id(gc), 1);
        hcs_gcs_set_next_port(gc, port);
        assert_int_equal(hcs_gcs_next_port(gc), port);
        hcs_gcs_set_next_port(gc, 1);
        assert_int_equal(hcs_gcs_next_port(gc), port);
        assert_ok(hcs_gcs_container_attach(gc, "c1", &c, &err), err);
        assert_ok(hcs_gcs_process_attach(gc, "c1", 42, &p, &err), err);
        assert_int_equal(hcs_gcs_process_pid(p), 42);
        assert_ok(hcs_gcs_container_start(c, NULL, &err), err);
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        hcs_gcs_process_unref(p);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&second);
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
        assert_hresult(hcs_gcs_container_modify(c, "{", NULL, NULL), HCS_E_INVALID_JSON); /* nobody wants the error */
        hcs_error_free(err);
        hcs_free(answer);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        hcs_free(g.ctx);
}

/* The log shows frames, but not what is secret in them. */
static void gather(void *ctx, enum hcs_log_level level, const char *line) {
        hcs_buf_puts(ctx, line);
}

static void the_log_shows_no_secrets(void **state) {
        _cleanup_buf_ struct hcs_buf log = {0};
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        hcs_log_set_level(HCS_LOG_TRACE);
        hcs_log_set_sink(gather, &log);
        guest_init(&g);
        gc = guest_connect(&g, &(struct hcs_gcs_options){.name = "vm-1"});
        assert_ok(hcs_gcs_container_create(
                          gc, "c1",
                          "{\"OciSpecification\":{\"process\":{\"env\":[\"KEY=hunter2\"],\"args\":[\"sh\"]}}}", NULL,
                          &c, &err),
                  err);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        hcs_log_set_sink(NULL, NULL);
        hcs_log_set_level(HCS_LOG_ERROR);
        assert_non_null(strstr(log.data, "Request(Create)"));
        assert_non_null(strstr(log.data, "vm-1"));
        assert_non_null(strstr(log.data, "KEY="));
        assert_null(strstr(log.data, "hunter2"));
}

struct seen {
        struct hcs_buf text;
};

static void see(void *ctx, const struct hcs_gcs_tap_frame *f) {
        struct seen *s = ctx;
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        hcs_buf_printf(&s->text, "%s%s %s #%llu %zu\n", f->from_guest ? "<" : ">", f->broken ? "!" : "",
                       hcs_gcs_type_format(f->type, type), (unsigned long long)f->id, f->len);
}

static void a_tap_sees_every_frame_and_what_is_left_of_one(void **state) {
        static const char half[] = "\x01\x02\x10\x20\x20\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00{\"Res";
        const struct ending e = {half, sizeof(half) - 1, true};
        struct hcs_gcs_container *c = NULL;
        struct seen seen = {0};
        struct hcs_gcs_connection *gc;
        struct guest g;

        guest_init(&g);
        g.on_frame = end_it;
        g.ctx = (void *)(uintptr_t)&e;
        gc = guest_connect(&g, &(struct hcs_gcs_options){.tap = see, .tap_ctx = &seen});
        assert_ok(hcs_gcs_container_create(gc, "c1", NULL, NULL, &c, NULL), NULL);
        assert_true(FAILED(hcs_gcs_container_start(c, NULL, NULL)));
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        assert_string_equal(seen.text.data, "> Request(NegotiateProtocol) #0 109\n"
                                            "< Response(NegotiateProtocol) #0 326\n"
                                            "> Request(Create) #1 98\n"
                                            "< Response(Create) #1 64\n"
                                            "> Request(Start) #2 73\n"
                                            "<! Response(Start) #2 21\n");
        hcs_buf_deinit(&seen.text);
}

struct tapped {
        struct hcs_gcs_connection *gc;
        atomic_bool closed;
        atomic_uint calls, late;
};

static void count_late(void *ctx, const struct hcs_gcs_tap_frame *f) {
        struct tapped *t = ctx;

        atomic_fetch_add(&t->calls, 1);
        if (atomic_load(&t->closed))
                atomic_fetch_add(&t->late, 1);
}

static void ask_until_closed(void *arg) {
        struct tapped *t = arg;

        while (SUCCEEDED(hcs_gcs_modify(t->gc, "{}", NULL, NULL)))
                continue;
}

static void after_closing_no_tap_is_called(void **state) {
        struct hcs_thread threads[3];
        struct tapped t = {0};
        struct guest g;

        guest_init(&g);
        t.gc = guest_connect(&g, &(struct hcs_gcs_options){.tap = count_late, .tap_ctx = &t});
        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++)
                assert_ok(hcs_thread_start(&threads[i], ask_until_closed, &t, NULL), NULL);
        while (atomic_load(&t.calls) < 100)
                assert_ok(hcs_gcs_modify(t.gc, "{}", NULL, NULL), NULL);
        hcs_gcs_connection_close(t.gc);
        atomic_store(&t.closed, true);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++)
                hcs_thread_join(&threads[i]);
        assert_int_equal(atomic_load(&t.late), 0);
        hcs_gcs_connection_unref(t.gc);
        guest_deinit(&g);
}

static int quiet(void **state) {
        hcs_log_set_level(HCS_LOG_ERROR);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, quiet)

HCS_TESTS(TEST(answers_in_any_order_reach_their_requests),
          TEST(a_call_that_ran_out_of_time_is_given_up_and_its_late_answer_dropped), TEST(a_token_ends_a_call),
          TEST(a_request_without_an_answer_ends_the_bridge_in_the_end),
          TEST(a_guest_that_does_not_read_holds_nobody_for_ever), TEST(a_refusal_carries_the_guests_code_and_records),
          TEST(a_guest_may_answer_with_the_codes_of_our_own_timeouts),
          TEST(a_guest_that_dies_between_or_inside_frames_is_told_apart),
          TEST(messages_that_no_guest_may_send_end_the_bridge),
          TEST(answers_that_are_no_answer_fail_their_call_and_the_bridge), TEST(a_document_that_is_too_deep_is_refused),
          TEST(an_answer_may_come_byte_by_byte), TEST(capabilities_that_are_null_are_none),
          TEST(negotiation_refuses_what_it_cannot_speak), TEST(an_exit_before_anybody_waits_is_remembered),
          TEST(an_exit_reaches_all_who_wait), TEST(closing_a_container_ends_its_waits_and_frees_its_id),
          TEST(a_container_that_was_given_up_may_end_and_one_that_was_refused_may_not),
          TEST(a_vm_that_powers_off_instead_of_answering_was_shut_down),
          TEST(closing_the_connection_is_no_failure_of_the_bridge), TEST(a_reconnect_takes_up_containers_and_processes),
          TEST(an_update_and_any_other_request_can_be_sent), TEST(the_log_shows_no_secrets),
          TEST(a_tap_sees_every_frame_and_what_is_left_of_one), TEST(after_closing_no_tap_is_called))
