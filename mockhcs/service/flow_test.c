/* SPDX-License-Identifier: MIT */

/*
 * What a service's layers hear of clients that do not read, and of input that they have no room for. The test is a
 * layer on top of the emulator's, and a client.
 */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/service/session.h"
#include "mockhcs/test/service_client.h"
#include "testing/hcs_test.h"

#define PIECE ((size_t)16 << 10)
#define FULL  ((size_t)256 << 10)

#define OK "\"hr\":\"0x00000000\""

/* ---- the layer ---- */

static struct layer {
        struct mock_backend backend; /* first */
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned rooms, closes;
        bool holds; /* input, from the first piece on */
} layer;

static void invoke(struct mock_backend *b, struct mock_call *call) {
        mock_backend_invoke(b->next, call);
        if (call->function->verb != MOCK_CLOSE_PROCESS)
                return;
        hcs_guard(&layer.lock);
        layer.closes++;
        hcs_cond_broadcast(&layer.changed);
}

static void room(struct mock_backend *b, struct mock_handle *process) {
        hcs_guard(&layer.lock);
        layer.rooms++;
        hcs_cond_broadcast(&layer.changed);
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        if (layer.holds)
                mock_engine_hold_input(b->engine, chunk->process, true);
}

static void free_layer(struct mock_backend *b) {
        b->next = mock_backend_free(b->next);
}

static const struct mock_backend_ops layer_ops = {
        .name = "test", .invoke = invoke, .room = room, .input = input, .free = free_layer};

/* ---- the service, its client and that one's process ---- */

static struct mockhcs_service *service;
static struct client c;
static struct mock_handle *process;

static int setup(void **state) {
        service = service_start((struct mockhcs_service_options){.backend = "emulate"});
        layer = (struct layer){.backend = *service->engine->top};
        layer.backend.ops = &layer_ops;
        layer.backend.next = service->engine->top;
        hcs_mutex_init(&layer.lock);
        hcs_cond_init(&layer.changed);
        service->engine->top = &layer.backend;
        c = client_connect();
        client_create(&c, 1, "x", "", OK);
        client_send(&c, "{\"call\":\"HcsStartComputeSystem\",\"dll\":\"computecore\",\"n\":2,\"args\":{\"system\":"
                        "\"system/1\",\"options\":\"\"}}");
        client_expect(&c, "{\"return\":2,\"t\":0," OK);
        client_send(&c, "{\"call\":\"HcsCreateProcess\",\"dll\":\"computecore\",\"n\":3,\"args\":{\"system\":"
                        "\"system/1\",\"parameters\":{\"CommandLine\":\"cat\",\"CreateStdInPipe\":true,"
                        "\"CreateStdOutPipe\":true},\"creates\":\"process/2\"}}");
        client_expect(&c, "{\"return\":3,\"t\":0," OK);
        hcs_mutex_lock(&service->lock);
        process = mock_handle_ref(service->sessions->newest->h);
        hcs_mutex_unlock(&service->lock);
        return 0;
}

static int teardown(void **state) {
        client_disconnect(&c);
        mock_handle_unref(process);
        service_stop(service);
        hcs_cond_deinit(&layer.changed);
        hcs_mutex_deinit(&layer.lock);
        return 0;
}

static void wait_for(const unsigned *count) {
        hcs_guard(&layer.lock);
        while (!*count)
                hcs_cond_wait(&layer.changed, &layer.lock);
}

/* As a real process prints: as long as there is room. Returns how much that was. */
static size_t print_all(void) {
        static const char data[PIECE];
        size_t n = 0;

        while (!mock_engine_output_full(service->engine, process, MOCK_STDOUT)) {
                struct mock_stdio chunk = {process, MOCK_STDOUT, data, PIECE, false};

                service->sink.ops->output(&service->sink, &chunk);
                n += PIECE;
        }
        return n;
}

static void receive_output(size_t n) {
        for (size_t i = 0; i < n; i += PIECE)
                client_expect(&c, "{\"stdio\":\"process/2\",\"stream\":\"stdout\"");
}

static void took(uint64_t n) {
        _cleanup_free_ char *text =
                hcs_asprintf("{\"took\":\"process/2\",\"stream\":\"stdout\",\"bytes\":%llu}", (unsigned long long)n);

        client_send(&c, text);
}

/* Everything before it was done. */
static void synchronise(void) {
        _cleanup_free_ char *text = client_control(&c, "{\"control\":\"drain\",\"n\":9}");

        assert_non_null(strstr(text, "\"answer\":9"));
}

static void output_waits_for_a_client_that_takes_it(void **state) {
        assert_int_equal(print_all(), FULL);
        receive_output(FULL); /* it has come, but it was not taken */
        assert_true(mock_engine_output_full(service->engine, process, MOCK_STDOUT));
        took(FULL / 2);
        synchronise();
        assert_true(mock_engine_output_full(service->engine, process, MOCK_STDOUT));
        assert_int_equal(layer.rooms, 0);
        took(FULL / 4);
        wait_for(&layer.rooms);
        assert_int_equal(print_all(), FULL - FULL / 4);
        receive_output(FULL - FULL / 4);
}

static void one_stream_does_not_hold_another(void **state) {
        assert_int_equal(print_all(), FULL);
        assert_false(mock_engine_output_full(service->engine, process, MOCK_STDERR));
}

static void who_dies_without_reading_leaves_its_processes(void **state) {
        assert_int_equal(print_all(), FULL);
        client_disconnect(&c);
        wait_for(&layer.closes);
        c = client_connect();
        client_wait_until_alone(&c);
}

static void what_makes_no_sense_ends_the_connection(void **state) {
        static const struct {
                const char *said, *why;
        } cases[] = {
                {"{\"took\":\"process/2\",\"stream\":\"stdlog\",\"bytes\":1}", "stream: stdin, stdout or stderr"},
                {"{\"took\":\"process/2\",\"stream\":\"stdout\"}", "bytes: a number is expected"},
                {"{\"took\":\"process/2\",\"stream\":\"stdout\",\"bytes\":-1}", "bytes: a number is expected"},
                {"{\"took\":7}", "a process is expected"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                client_disconnect(&c);
                c = client_connect();
                client_send(&c, cases[i].said);
                client_expect(&c, cases[i].why);
                client_expect_end(&c);
        }
}

static void output_that_was_not_sent_cannot_be_taken(void **state) {
        took(1);
        client_expect(&c, "more was taken of stdout than was sent");
        client_expect_end(&c);
}

static void input_cannot_be_taken_by_who_sent_it(void **state) {
        client_send(&c, "{\"took\":\"process/2\",\"stream\":\"stdin\",\"bytes\":0}");
        client_expect(&c, "more was taken of stdin than was sent");
        client_expect_end(&c);
}

static void what_is_closed_by_now_may_still_be_taken(void **state) {
        client_send(&c, "{\"took\":\"process/77\",\"stream\":\"stdout\",\"bytes\":1}");
        client_send(&c, "{\"took\":\"system/1\",\"stream\":\"stdout\",\"bytes\":1}");
        synchronise();
}

static void say(size_t n) {
        _cleanup_buf_ struct hcs_buf text = {0};

        hcs_buf_puts(&text, "{\"stdio\":\"process/2\",\"stream\":\"stdin\",\"text\":\"");
        for (size_t i = 0; i < n; i++)
                hcs_buf_putc(&text, 'x');
        hcs_buf_puts(&text, "\"}");
        client_send(&c, hcs_buf_cstr(&text));
}

static void input_is_said_to_be_taken(void **state) {
        say(PIECE);
        synchronise(); /* so little is not worth a word */
        say(PIECE);
        client_expect(&c, "{\"took\":\"process/2\",\"stream\":\"stdin\",\"bytes\":32768}");
}

static void input_without_room_is_taken_later(void **state) {
        layer.holds = true;
        say(2 * PIECE);
        say(2 * PIECE);
        synchronise();
        mock_engine_hold_input(service->engine, process, false);
        client_expect(&c, "{\"took\":\"process/2\",\"stream\":\"stdin\",\"bytes\":65536}");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

HCS_TESTS(TEST(output_waits_for_a_client_that_takes_it), TEST(one_stream_does_not_hold_another),
          TEST(who_dies_without_reading_leaves_its_processes), TEST(what_makes_no_sense_ends_the_connection),
          TEST(output_that_was_not_sent_cannot_be_taken), TEST(input_cannot_be_taken_by_who_sent_it),
          TEST(what_is_closed_by_now_may_still_be_taken), TEST(input_is_said_to_be_taken),
          TEST(input_without_room_is_taken_later))
