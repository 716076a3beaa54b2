/* SPDX-License-Identifier: MIT */

/*
 * Processes and their streams, with a guest that behaves as the original's does: it dials the streams before it
 * answers, half-closes the outputs when the process ends, and answers the wait only when the host closed them.
 */

#include <stdatomic.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

/* What the process does: echoes its input to both outputs, then ends with code 3. */
struct program {
        struct guest *guest;
        struct hcs_gcs_frame wait;
        struct hcs_stream *streams[3];
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool waited, no_dial, deaf; /* deaf: reads no input */
        struct hcs_thread thread;
        bool started;
};

static void read_to_the_end(struct hcs_stream *s) {
        char buf[64];
        size_t n;

        while (s && hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                continue;
}

static void program_run(void *arg) {
        struct program *p = arg;
        char buf[4096];
        size_t n;

        if (p->deaf)
                p->streams[0] = hcs_stream_close(p->streams[0]);
        while (p->streams[0] && hcs_stream_read(p->streams[0], buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                for (int i = 1; i < 3; i++)
                        if (p->streams[i])
                                hcs_stream_write(p->streams[i], buf, n, NULL, NULL);
        for (int i = 1; i < 3; i++)
                if (p->streams[i])
                        hcs_stream_close_write(p->streams[i]);
        for (int i = 1; i < 3; i++)
                read_to_the_end(p->streams[i]); /* until the host closed its end */
        hcs_mutex_lock(&p->lock);
        while (!p->waited)
                hcs_cond_wait(&p->changed, &p->lock);
        hcs_mutex_unlock(&p->lock);
        guest_answer(p->guest, &p->wait, "{\"Result\":0,\"ExitCode\":3}");
}

static void program_dial(struct program *p, const struct hcs_gcs_frame *f) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        _cleanup_json_ struct hcs_json *j = guest_document(f);
        const struct hcs_json *ports = hcs_json_lookup(j, "Settings.VsockStdioRelaySettings");
        uint64_t port;

        for (size_t i = 0; i < 3 && !p->no_dial; i++)
                if (hcs_json_u64(hcs_json_get(ports, names[i]), &port))
                        p->streams[i] = guest_dial(p->guest, (uint32_t)port);
}

static bool play(struct guest *g, const struct hcs_gcs_frame *f) {
        struct program *p = g->ctx;

        if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS)) {
                p->guest = g;
                program_dial(p, f);
                p->started = SUCCEEDED(hcs_thread_start(&p->thread, program_run, p, NULL));
                return false;
        }
        if (guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS)) {
                hcs_guard(&p->lock);
                p->wait = *f;
                p->waited = true;
                hcs_cond_signal(&p->changed);
                return true;
        }
        return false;
}

struct fixture {
        struct guest g;
        struct program program;
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_process *p;
};

/* With what f says of the program. */
static void setup_program(struct fixture *f, const char *parameters, int64_t stdio_ms) {
        struct hcs_error *err = NULL;

        hcs_log_set_level(HCS_LOG_ERROR);
        hcs_mutex_init(&f->program.lock);
        hcs_cond_init(&f->program.changed);
        guest_init(&f->g);
        f->g.on_frame = play;
        f->g.ctx = &f->program;
        f->gc = guest_connect(&f->g, &(struct hcs_gcs_options){.stdio_ms = stdio_ms});
        assert_ok(hcs_gcs_exec(f->gc, parameters, NULL, &f->p, &err), err);
}

static void setup(struct fixture *f, const char *parameters, bool no_dial, int64_t stdio_ms) {
        *f = (struct fixture){.program.no_dial = no_dial};
        setup_program(f, parameters, stdio_ms);
}

static void teardown(struct fixture *f) {
        hcs_gcs_process_unref(f->p);
        if (f->program.started)
                hcs_thread_join(&f->program.thread);
        hcs_gcs_connection_unref(f->gc);
        guest_deinit(&f->g);
        for (int i = 0; i < 3; i++)
                hcs_stream_close(f->program.streams[i]);
        hcs_cond_deinit(&f->program.changed);
        hcs_mutex_deinit(&f->program.lock);
}

#define ALL "{\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true}"

static void read_all(struct hcs_gcs_process *p, enum hcs_gcs_stream stream, const char *want) {
        _cleanup_buf_ struct hcs_buf got = {0};
        struct hcs_error *err = NULL;
        char buf[7];
        HRESULT hr;
        size_t n;

        while ((hr = hcs_gcs_process_read(p, stream, buf, sizeof(buf), NULL, &n, &err)) == S_OK)
                hcs_buf_append(&got, buf, n);
        assert_ok(hr, err);
        assert_string_equal(hcs_buf_cstr(&got), want);
}

static void a_process_reads_its_input_to_the_end_and_its_outputs_are_read_to_theirs(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        uint32_t code;

        setup(&f, ALL, false, 0);
        assert_int_equal(hcs_gcs_process_port(f.p, HCS_GCS_STDIN), 0x40000001);
        assert_int_equal(hcs_gcs_process_port(f.p, HCS_GCS_STDERR), 0x40000003);
        assert_hresult(hcs_gcs_process_exit_code(f.p, &code, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_process_write(f.p, "hello, world", 12, NULL, &err), err);
        assert_ok(hcs_gcs_process_close_stdin(f.p, NULL, &err), err);
        assert_ok(hcs_gcs_process_close_stdin(f.p, NULL, &err), err);
        read_all(f.p, HCS_GCS_STDERR, "hello, world");
        read_all(f.p, HCS_GCS_STDOUT, "hello, world");
        /* At their ends our ends were closed, so that this returns. */
        assert_ok(hcs_gcs_process_wait(f.p, NULL, &code, &err), err);
        assert_int_equal(code, 3);
        assert_ok(hcs_gcs_process_exit_code(f.p, &code, &err), err);
        teardown(&f);
}

static void a_wait_that_ran_out_of_time_names_the_outputs_nobody_read(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        setup(&f, "{\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true}", false, 0);
        assert_hresult(hcs_gcs_process_wait(f.p, &at_once, NULL, &err), HCS_E_OPERATION_TIMEOUT);
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        assert_non_null(strstr(hcs_error_hint(err), "stdout and stderr still open on our side"));
        err = hcs_error_free(err);
        hcs_gcs_process_close_stream(f.p, HCS_GCS_STDOUT);
        assert_hresult(hcs_gcs_process_wait(f.p, &at_once, NULL, &err), HCS_E_OPERATION_TIMEOUT);
        assert_non_null(strstr(hcs_error_hint(err), "stderr still open"));
        err = hcs_error_free(err);
        hcs_gcs_process_close_stream(f.p, HCS_GCS_STDERR);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, NULL, &err), err);
        teardown(&f);
}

static void a_stream_the_guest_never_dials_is_an_error_that_names_its_port(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[4];
        size_t n;

        setup(&f, ALL, true, 20);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, &err),
                       HCS_E_CONNECTION_TIMEOUT);
        assert_string_equal(hcs_error_message(err),
                            "read stdout: the guest did not dial port 1073741826 for the stream");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_process_write(f.p, "x", 1, NULL, &err), HCS_E_CONNECTION_TIMEOUT);
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_process_close_stdin(f.p, NULL, &err), HCS_E_CONNECTION_TIMEOUT);
        hcs_error_free(err);
        teardown(&f);
}

static void end_bridge(void *arg) {
        hcs_stream_shutdown(arg);
}

/* Whoever waits already, and whoever comes later; the guest's time to dial is far from over. */
static void a_stream_the_guest_never_dials_ends_with_its_bridge(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_thread t;
        struct fixture f;
        char buf[4];
        size_t n;

        setup(&f, ALL, true, HCS_NO_TIMEOUT);
        assert_ok(hcs_thread_start(&t, end_bridge, f.g.stream, NULL), NULL);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, &err),
                       HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err),
                            "read stdout: bridge closed: use of closed network connection: bridge read failed: header "
                            "read: EOF");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_process_write(f.p, "x", 1, NULL, NULL), HCS_E_CONNECTION_CLOSED);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDERR, buf, sizeof(buf), NULL, &n, NULL),
                       HCS_E_CONNECTION_CLOSED);
        hcs_thread_join(&t);
        teardown(&f);
}

static void a_stream_that_was_dialled_outlives_its_bridge(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[8];
        size_t n;

        setup(&f, ALL, false, 0);
        hcs_stream_shutdown(f.g.stream);
        assert_ok(hcs_gcs_connection_wait(f.gc, NULL, &err), err);
        assert_ok(hcs_gcs_process_write(f.p, "hello", 5, NULL, &err), err);
        assert_int_equal(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, &err), S_OK);
        assert_int_equal(n, 5);
        assert_ok(hcs_gcs_process_close_stdin(f.p, NULL, &err), err);
        hcs_mutex_lock(&f.program.lock);
        f.program.waited = true; /* whether the request came or not: nobody hears an answer */
        hcs_cond_signal(&f.program.changed);
        hcs_mutex_unlock(&f.program.lock);
        teardown(&f);
}

static void a_time_of_ones_own_ends_a_read_before_the_guest_dials(void **state) {
        struct fixture f;
        char buf[4];
        size_t n;

        setup(&f, ALL, true, HCS_NO_TIMEOUT);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, sizeof(buf), &at_once, &n, NULL),
                       HCS_E_OPERATION_TIMEOUT);
        teardown(&f);
}

static void streams_that_were_not_asked_for_are_not_there(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[4];
        size_t n;

        setup(&f, "{\"CreateStdOutPipe\":true}", false, 0);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, 0, NULL, &n, NULL), E_INVALIDARG);
        assert_int_equal(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, 4, NULL, &n, NULL), S_FALSE); /* not before */
        assert_int_equal(hcs_gcs_process_port(f.p, HCS_GCS_STDIN), 0);
        assert_hresult(hcs_gcs_process_write(f.p, "x", 1, NULL, &err), E_HANDLE);
        assert_string_equal(hcs_error_message(err), "the process has no such stream");
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDERR, buf, 4, NULL, &n, NULL), E_HANDLE);
        for (int i = 0; i < 2; i++) {
                enum hcs_gcs_stream none = (enum hcs_gcs_stream)(i ? 3 : HCS_GCS_STDIN);

                assert_hresult(hcs_gcs_process_read(f.p, none, buf, 4, NULL, &n, &err), E_INVALIDARG);
                err = hcs_error_free(err);
                assert_int_equal(hcs_gcs_process_port(f.p, none), 0);
                hcs_gcs_process_close_stream(f.p, none);
        }
        teardown(&f);
}

static void count_ends(void *ctx, const struct hcs_gcs_tap_bytes *bytes) {
        if (bytes->stream == HCS_GCS_STDIN)
                *(unsigned *)ctx += bytes->end;
}

static void a_tap_is_told_the_end_of_an_input_once(void **state) {
        struct hcs_stream *in = NULL;
        struct hcs_gcs_process *p = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        unsigned ends = 0;
        struct guest g;

        hcs_log_set_level(HCS_LOG_ERROR);
        guest_init(&g);
        gc = guest_connect(&g, &(struct hcs_gcs_options){.tap_bytes = count_ends, .tap_ctx = &ends});
        assert_ok(hcs_gcs_exec(gc, "{\"CreateStdInPipe\":true}", NULL, &p, &err), err);
        in = guest_dial(&g, hcs_gcs_process_port(p, HCS_GCS_STDIN));
        for (int i = 0; i < 3; i++)
                assert_ok(hcs_gcs_process_close_stdin(p, NULL, &err), err);
        assert_int_equal(ends, 1);
        hcs_stream_close(in);
        hcs_gcs_process_unref(p);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

struct reader {
        struct hcs_gcs_process *p;
        HRESULT hr;
};

static void read_once(void *arg) {
        struct reader *r = arg;
        char buf[4];
        size_t n;

        r->hr = hcs_gcs_process_read(r->p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, NULL);
}

static void closing_a_process_ends_what_others_do_with_its_streams(void **state) {
        for (int dialled = 0; dialled < 2; dialled++) {
                struct reader r;
                struct hcs_thread t;
                struct fixture f;

                setup(&f, ALL, !dialled, HCS_NO_TIMEOUT);
                r = (struct reader){f.p, S_OK};
                assert_ok(hcs_thread_start(&t, read_once, &r, NULL), NULL);
                hcs_gcs_process_close(f.p);
                hcs_thread_join(&t);
                assert_true(r.hr != S_OK);
                teardown(&f);
        }
}

/* ---- relay ---- */

struct ends {
        const char *input;
        size_t at;
        struct hcs_buf outputs[3];
};

static int64_t give(void *ctx, void *buf, size_t size) {
        struct ends *e = ctx;
        size_t n = strlen(e->input + e->at);

        n = n < 5 ? n : 5;
        memcpy(buf, e->input + e->at, n);
        e->at += n;
        return (int64_t)n;
}

static void take(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        struct ends *e = ctx;

        hcs_buf_append(&e->outputs[stream], data, n);
}

static void a_relay_copies_all_three_streams_and_keeps_the_rules_of_closing(void **state) {
        struct ends e = {.input = "some input that is longer than one piece"};
        struct hcs_error *err = NULL;
        struct fixture f;
        uint32_t code;

        setup(&f, ALL, false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&e, give, take}, &err), err);
        assert_hresult(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, &code, &err), err);
        assert_int_equal(code, 3);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        assert_string_equal(e.outputs[1].data, e.input);
        assert_string_equal(e.outputs[2].data, e.input);
        hcs_buf_deinit(&e.outputs[1]);
        hcs_buf_deinit(&e.outputs[2]);
        teardown(&f);
}

#define MANY ((size_t)4 << 20)

struct crumbs {
        size_t given, taken[3];
        bool differ;
};

static char crumb(size_t at) {
        return (char)(at * 31 + at / 251);
}

static int64_t give_crumbs(void *ctx, void *buf, size_t size) {
        struct crumbs *c = ctx;
        size_t n = c->given % 500 + 1; /* some 16000 pieces: each is a call of the system, which Wine is slow at */

        n = n < MANY - c->given ? n : MANY - c->given;
        for (size_t i = 0; i < n; i++)
                ((char *)buf)[i] = crumb(c->given + i);
        c->given += n;
        return (int64_t)n;
}

static void take_crumbs(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        struct crumbs *c = ctx;

        for (size_t i = 0; i < n; i++)
                c->differ |= ((const char *)data)[i] != crumb(c->taken[stream] + i);
        c->taken[stream] += n;
}

static void megabytes_in_tiny_pieces_arrive_whole_and_in_order(void **state) {
        struct crumbs c = {0};
        struct hcs_error *err = NULL;
        struct fixture f;

        setup(&f, "{\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}", false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&c, give_crumbs, take_crumbs}, &err), err);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, NULL, &err), err);
        assert_false(c.differ);
        assert_int_equal(c.taken[1], MANY);
        teardown(&f);
}

struct early {
        struct hcs_gcs_process *p;
        struct ends *ends;
        HRESULT hr;
        size_t seen;
};

/* "input", and the end; without a look at what the caller owns, who does not know when this thread is through. */
static int64_t give_input(void *ctx, void *buf, size_t size) {
        static atomic_uint calls;

        if (atomic_fetch_add(&calls, 1) % 2)
                return 0;
        memcpy(buf, "input", 5);
        return 5;
}

static void wait_from_the_start(void *arg) {
        struct early *w = arg;

        do
                w->hr = hcs_gcs_process_relay_wait(w->p, NULL, NULL);
        while (w->hr == HCS_E_INVALID_STATE);
        w->seen = w->ends->outputs[2].len;
}

static void who_waits_while_a_relay_begins_gets_all_of_it(void **state) {
        for (int i = 0; i < 50; i++) {
                struct ends e = {0};
                struct hcs_error *err = NULL;
                struct hcs_thread t;
                struct early w = {0};
                struct fixture f;

                setup(&f, ALL, false, 0);
                w = (struct early){.p = f.p, .ends = &e};
                assert_ok(hcs_thread_start(&t, wait_from_the_start, &w, NULL), NULL);
                assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&e, give_input, take}, &err), err);
                hcs_thread_join(&t);
                assert_ok(w.hr, NULL);
                assert_int_equal(w.seen, 5);
                assert_ok(hcs_gcs_process_wait(f.p, NULL, NULL, &err), err);
                hcs_buf_deinit(&e.outputs[1]);
                hcs_buf_deinit(&e.outputs[2]);
                teardown(&f);
        }
}

static void a_relay_whose_outputs_the_guest_does_not_end_says_so(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        setup(&f, ALL, false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, &err), err);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, &at_once, &err), HCS_E_OPERATION_TIMEOUT);
        assert_string_equal(hcs_error_operation(err), "relay");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        assert_string_equal(hcs_error_hint(err),
                            "stdout and stderr still open on our side; the guest has not ended them");
        err = hcs_error_free(err);
        assert_ok(hcs_gcs_process_close_stdin(f.p, NULL, &err), err);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        teardown(&f);
}

static int64_t give_for_ever(void *ctx, void *buf, size_t size) {
        memset(buf, 'x', size);
        return (int64_t)size;
}

static void a_process_that_ends_before_its_input_does_is_no_failure(void **state) {
        struct fixture f = {.program.deaf = true};
        struct hcs_error *err = NULL;
        uint32_t code;

        setup_program(&f, ALL, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){NULL, give_for_ever, NULL}, &err), err);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, &code, &err), err);
        assert_int_equal(code, 3);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        while (hcs_gcs_process_write(f.p, "x", 1, NULL, &err) == S_OK)
                continue;
        assert_string_equal(hcs_error_operation(err), "write stdin");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        hcs_error_free(err);
        teardown(&f); /* which the copy of the input does not hold up */
}

static void a_relay_of_streams_that_are_never_dialled_fails(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        setup(&f, "{\"CreateStdOutPipe\":true}", true, 20);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, NULL, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, &err), err);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, NULL, &err), HCS_E_CONNECTION_TIMEOUT);
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        assert_null(hcs_error_hint(err));
        hcs_error_free(err);
        teardown(&f);
}

/* ---- requests about processes ---- */

static bool lost(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_SIGNAL_PROCESS))
                return false;
        guest_answer(g, f, "{\"Result\":-2147023728}");
        return true;
}

static void a_signal_to_a_process_that_is_gone_is_not_delivered_and_no_failure(void **state) {
        struct hcs_gcs_process *p = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        bool delivered = true;
        struct guest g;

        hcs_log_set_level(HCS_LOG_ERROR);
        guest_init(&g);
        g.on_frame = lost;
        gc = guest_connect(&g, NULL);
        assert_ok(hcs_gcs_exec(gc, NULL, NULL, &p, &err), err);
        assert_ok(hcs_gcs_process_kill(p, NULL, &delivered, &err), err);
        assert_false(delivered);
        assert_hresult(hcs_gcs_process_signal(p, "{\"Signal\":", NULL, NULL, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "SignalProcess");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        err = hcs_error_free(err);
        hcs_gcs_connection_close(gc);
        assert_hresult(hcs_gcs_process_wait(p, NULL, NULL, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_operation(err), "WaitForProcess");
        hcs_error_free(err);
        hcs_gcs_process_unref(p);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
}

static void parameters_that_cannot_be_are_refused_before_anything_is_sent(void **state) {
        struct hcs_gcs_process *p = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        char *made = NULL;
        struct guest g;

        guest_init(&g);
        gc = guest_connect(&g, NULL);
        assert_hresult(hcs_gcs_exec(gc, "{\"CommandLine\":", NULL, &p, &err), HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_operation(err), "ExecuteProcess");
        err = hcs_error_free(err);
        assert_int_equal(hcs_gcs_next_id(gc), 1);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);

        assert_hresult(hcs_gcs_command_parameters(&(struct hcs_gcs_command){.host = HCS_GCS_LINUX_VM}, &made, &err),
                       E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(
                hcs_gcs_command_parameters(
                        &(struct hcs_gcs_command){.host = HCS_GCS_LINUX_VM, .process = "{\"args\":[7]}"}, &made, &err),
                HCS_E_INVALID_JSON);
        err = hcs_error_free(err);
        assert_ok(hcs_gcs_command_parameters(&(struct hcs_gcs_command){.host = HCS_GCS_LINUX_CONTAINER, .out = true},
                                             &made, &err),
                  err);
        assert_string_equal(made, "{\"CreateStdOutPipe\":true}"); /* the container's own process */
        hcs_free(made);
}

HCS_TESTS(cmocka_unit_test(a_process_reads_its_input_to_the_end_and_its_outputs_are_read_to_theirs),
          cmocka_unit_test(a_wait_that_ran_out_of_time_names_the_outputs_nobody_read),
          cmocka_unit_test(a_stream_the_guest_never_dials_is_an_error_that_names_its_port),
          cmocka_unit_test(a_stream_the_guest_never_dials_ends_with_its_bridge),
          cmocka_unit_test(a_stream_that_was_dialled_outlives_its_bridge),
          cmocka_unit_test(a_time_of_ones_own_ends_a_read_before_the_guest_dials),
          cmocka_unit_test(streams_that_were_not_asked_for_are_not_there),
          cmocka_unit_test(a_tap_is_told_the_end_of_an_input_once),
          cmocka_unit_test(closing_a_process_ends_what_others_do_with_its_streams),
          cmocka_unit_test(a_relay_copies_all_three_streams_and_keeps_the_rules_of_closing),
          cmocka_unit_test(megabytes_in_tiny_pieces_arrive_whole_and_in_order),
          cmocka_unit_test(who_waits_while_a_relay_begins_gets_all_of_it),
          cmocka_unit_test(a_relay_whose_outputs_the_guest_does_not_end_says_so),
          cmocka_unit_test(a_process_that_ends_before_its_input_does_is_no_failure),
          cmocka_unit_test(a_relay_of_streams_that_are_never_dialled_fails),
          cmocka_unit_test(a_signal_to_a_process_that_is_gone_is_not_delivered_and_no_failure),
          cmocka_unit_test(parameters_that_cannot_be_are_refused_before_anything_is_sent))
