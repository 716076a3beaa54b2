/* SPDX-License-Identifier: MIT */

/* Negotiation, the ends of containers, closing and reconnecting, and what the log keeps to itself. */

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

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

static bool say_nothing(struct guest *g, const struct hcs_gcs_frame *f) {
        return true;
}

/* By the time of the call, by a token, and by the connection's own timeout. */
static void a_guest_that_does_not_negotiate_is_given_up(void **state) {
        struct hcs_cancel *token = hcs_cancel_new();
        const struct hcs_call cancelled = {.cancel = token}, *const calls[] = {&at_once, &cancelled, NULL};
        static const HRESULT failures[] = {HCS_E_OPERATION_TIMEOUT, E_ABORT, HCS_E_CONNECTION_CLOSED};

        hcs_cancel_set(token);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(calls); i++) {
                struct hcs_gcs_connection *gc = NULL;
                struct hcs_error *err = NULL;
                struct guest g;

                guest_init(&g);
                g.on_frame = say_nothing;
                guest_start(&g);
                assert_hresult(hcs_gcs_connect(g.host, g.transport, &(struct hcs_gcs_options){.timeout_ms = 20},
                                               calls[i], &gc, &err),
                               failures[i]);
                assert_null(gc);
                assert_string_equal(hcs_error_operation(err), "NegotiateProtocol");
                hcs_error_free(err);
                guest_deinit(&g);
        }
        hcs_cancel_unref(token);
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

static void a_container_that_was_given_up_may_end_and_one_that_was_refused_or_not_asked_for_may_not(void **state) {
        enum { GIVEN_UP, REFUSED, NOT_ASKED_FOR, N };
        static char refusal[] = "{\"Result\":-2147467259}";
        struct hcs_cancel *token = hcs_cancel_new();
        const struct hcs_call cancelled = {.cancel = token}, *const calls[N] = {&at_once, NULL, &cancelled};
        static const HRESULT failures[N] = {HCS_E_OPERATION_TIMEOUT, E_FAIL, E_ABORT};

        hcs_cancel_set(token);
        for (int how = 0; how < N; how++) {
                struct hcs_gcs_container *c = NULL;
                struct hcs_gcs_connection *gc;
                struct hcs_error *err = NULL;
                char *stacks = NULL;
                struct guest g;

                guest_init(&g);
                g.on_frame = notify_later;
                g.ctx = how == REFUSED ? refusal : NULL;
                gc = guest_connect(&g, NULL);
                for (int i = 0; i < 3; i++)
                        assert_hresult(hcs_gcs_container_create(gc, "c1", NULL, calls[how], &c, NULL), failures[how]);
                assert_int_equal(hcs_gcs_next_id(gc), how == NOT_ASKED_FOR ? 1 : 4);
                assert_hresult(hcs_gcs_dump_stacks(gc, NULL, &stacks, &err),
                               how == GIVEN_UP ? S_OK : HCS_E_CONNECTION_CLOSED);
                hcs_error_free(err);
                hcs_free(stacks);
                hcs_gcs_connection_unref(gc);
                guest_deinit(&g);
        }
        hcs_cancel_unref(token);
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

/* The VM may well run: whoever asked has to end it in another way. */
static void a_vm_whose_bridge_had_ended_before_was_not_shut_down(void **state) {
        static const char zeros[HCS_GCS_HEADER_SIZE];
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        gc = guest_connect(&g, NULL);
        guest_send_bytes(&g, zeros, sizeof(zeros));
        assert_ok(hcs_gcs_connection_wait(gc, NULL, &err), err);
        assert_hresult(hcs_gcs_shutdown(gc, false, NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err), "bridge closed: use of closed network connection: bridge read "
                                                    "failed: invalid message size 0");
        hcs_error_free(err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

/* Between the turn to write and the write. */
static void die_when_asked(void *ctx, const struct hcs_gcs_tap_frame *f) {
        const struct guest *g = ctx;

        if (f->type == (HCS_GCS_REQUEST | HCS_GCS_SHUTDOWN_GRACEFUL))
                hcs_stream_shutdown(g->host);
}

static void a_vm_whose_bridge_ended_while_it_was_asked_was_not_shut_down(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        gc = guest_connect(&g, &(struct hcs_gcs_options){.tap = die_when_asked, .tap_ctx = &g});
        assert_hresult(hcs_gcs_shutdown(gc, false, NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_operation(err), "ShutdownGraceful");
        hcs_error_free(err);
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

static int quiet(void **state) {
        hcs_log_set_level(HCS_LOG_ERROR);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, quiet)

HCS_TESTS(TEST(capabilities_that_are_null_are_none), TEST(negotiation_refuses_what_it_cannot_speak),
          TEST(a_guest_that_does_not_negotiate_is_given_up), TEST(an_exit_before_anybody_waits_is_remembered),
          TEST(an_exit_reaches_all_who_wait), TEST(closing_a_container_ends_its_waits_and_frees_its_id),
          TEST(a_container_that_was_given_up_may_end_and_one_that_was_refused_or_not_asked_for_may_not),
          TEST(a_vm_that_powers_off_instead_of_answering_was_shut_down),
          TEST(a_vm_whose_bridge_had_ended_before_was_not_shut_down),
          TEST(a_vm_whose_bridge_ended_while_it_was_asked_was_not_shut_down),
          TEST(closing_the_connection_is_no_failure_of_the_bridge), TEST(a_reconnect_takes_up_containers_and_processes),
          TEST(the_log_shows_no_secrets))
