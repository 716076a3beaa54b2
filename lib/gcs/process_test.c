/* SPDX-License-Identifier: MIT */

/* Processes and their streams, and requests about them. */

#include <stdatomic.h>

#include "base/str.h"
#include "gcs/test/program.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

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

        fixture_init(&f, ALL, false, 0);
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
        fixture_deinit(&f);
}

static void a_wait_that_ran_out_of_time_names_the_outputs_nobody_read(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        fixture_init(&f, "{\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true}", false, 0);
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
        fixture_deinit(&f);
}

static void a_stream_the_guest_never_dials_is_an_error_that_names_its_port(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[4];
        size_t n;

        fixture_init(&f, ALL, true, 20);
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
        fixture_deinit(&f);
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

        fixture_init(&f, ALL, true, HCS_NO_TIMEOUT);
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
        fixture_deinit(&f);
}

static void a_stream_that_was_dialled_outlives_its_bridge(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[8];
        size_t n;

        fixture_init(&f, ALL, false, 0);
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
        fixture_deinit(&f);
}

static void a_time_of_ones_own_ends_a_read_before_the_guest_dials(void **state) {
        struct fixture f;
        char buf[4];
        size_t n;

        fixture_init(&f, ALL, true, HCS_NO_TIMEOUT);
        assert_hresult(hcs_gcs_process_read(f.p, HCS_GCS_STDOUT, buf, sizeof(buf), &at_once, &n, NULL),
                       HCS_E_OPERATION_TIMEOUT);
        fixture_deinit(&f);
}

static void streams_that_were_not_asked_for_are_not_there(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;
        char buf[4];
        size_t n;

        fixture_init(&f, "{\"CreateStdOutPipe\":true}", false, 0);
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
        fixture_deinit(&f);
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

                fixture_init(&f, ALL, !dialled, HCS_NO_TIMEOUT);
                r = (struct reader){f.p, S_OK};
                assert_ok(hcs_thread_start(&t, read_once, &r, NULL), NULL);
                hcs_gcs_process_close(f.p);
                hcs_thread_join(&t);
                assert_true(r.hr != S_OK);
                fixture_deinit(&f);
        }
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
          cmocka_unit_test(a_signal_to_a_process_that_is_gone_is_not_delivered_and_no_failure),
          cmocka_unit_test(parameters_that_cannot_be_are_refused_before_anything_is_sent))
