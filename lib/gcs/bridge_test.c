/* SPDX-License-Identifier: MIT */

/* What ends a bridge and who is told, answers in pieces, and the tap. */

#include <stdatomic.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

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

HCS_TESTS(TEST(a_guest_that_dies_between_or_inside_frames_is_told_apart),
          TEST(messages_that_no_guest_may_send_end_the_bridge),
          TEST(answers_that_are_no_answer_fail_their_call_and_the_bridge), TEST(a_document_that_is_too_deep_is_refused),
          TEST(an_answer_may_come_byte_by_byte), TEST(a_tap_sees_every_frame_and_what_is_left_of_one),
          TEST(after_closing_no_tap_is_called))
