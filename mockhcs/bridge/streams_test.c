/* SPDX-License-Identifier: MIT */

/* What goes over the streams of processes, recorded and played again by a guest that is only a recording. */

#include <ctype.h>
#include <string.h>

#include "gcs/test/guest.h"
#include "mockhcs/bridge/play.h"
#include "mockhcs/bridge/streams.h"
#include "mockhcs/bridge/tap.h"
#include "mockhcs/test/played_guest.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

/* A guest whose process says what it is told in capitals, and good-bye when its input ends. */
struct speaker {
        struct guest *guest;
        struct hcs_stream *in, *out;
        struct hcs_gcs_frame wait;
        struct hcs_thread thread;
        bool started;
};

static void speak(void *arg) {
        struct speaker *s = arg;
        char buf[64];
        size_t n;

        while (hcs_stream_read(s->in, buf, sizeof(buf), NULL, &n, NULL) == S_OK) {
                for (size_t i = 0; i < n; i++)
                        buf[i] = (char)toupper((unsigned char)buf[i]);
                assert_ok(hcs_stream_write(s->out, buf, n, NULL, NULL), NULL);
        }
        assert_ok(hcs_stream_write(s->out, "bye\xff", 4, NULL, NULL), NULL);
        hcs_stream_close(s->in);
        hcs_stream_close(s->out);
        guest_answer(s->guest, &s->wait, "{\"Result\":0,\"ExitCode\":5}");
}

static bool act(struct guest *g, const struct hcs_gcs_frame *f) {
        _cleanup_json_ struct hcs_json *j = guest_document(f);
        const struct hcs_json *ports = hcs_json_lookup(j, "Settings.VsockStdioRelaySettings");
        struct speaker *s = g->ctx;
        uint64_t in, out;

        if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS)) {
                assert_true(hcs_json_u64(hcs_json_get(ports, "StdIn"), &in));
                assert_true(hcs_json_u64(hcs_json_get(ports, "StdOut"), &out));
                s->in = guest_dial(g, (uint32_t)in);
                s->out = guest_dial(g, (uint32_t)out);
                guest_answer(g, f, "{\"Result\":0,\"ProcessId\":7}");
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS)) {
                s->wait = *f;
                s->started = SUCCEEDED(hcs_thread_start(&s->thread, speak, s, NULL));
                return true;
        }
        return false;
}

static void read_some(struct hcs_gcs_process *p, const char *want) {
        struct hcs_error *err = NULL;
        char buf[64];
        size_t n = 0, got = 0;

        while (got < strlen(want)) {
                assert_ok(hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf + got, sizeof(buf) - got, NULL, &n, &err), err);
                got += n;
        }
        assert_memory_equal(buf, want, strlen(want));
}

/* The answer to a line is there before the next one is given. */
static void converse(struct hcs_gcs_connection *gc) {
        static const char parameters[] = "{\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}";
        struct hcs_gcs_process *p = NULL;
        struct hcs_error *err = NULL;
        uint32_t code = 0;
        char buf[8];
        size_t n;

        assert_ok(hcs_gcs_exec(gc, parameters, NULL, &p, &err), err);
        assert_ok(hcs_gcs_process_write(p, "one\n", 4, NULL, &err), err);
        read_some(p, "ONE\n");
        assert_ok(hcs_gcs_process_write(p, "two\n", 4, NULL, &err), err);
        read_some(p, "TWO\n");
        assert_ok(hcs_gcs_process_close_stdin(p, NULL, &err), err);
        read_some(p, "bye\xff");
        assert_int_equal(hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, &err), S_FALSE);
        assert_ok(hcs_gcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, 5);
        hcs_gcs_process_unref(p);
}

static char *record(bool guest_ends) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();
        char *path = hcs_asprintf("%s/streams.trace", dir);
        struct mock_trace_writer *writer = NULL;
        struct speaker s = {0};
        struct hcs_gcs_connection *gc;
        struct mock_tap *tap;
        struct guest g;

        assert_ok(mock_trace_writer_open(path, &(struct mock_trace_header){.recorder = "test"}, &writer, NULL), NULL);
        tap = mock_tap_new(writer, "bridge/1", hcs_clock_ns(), true);
        guest_init(&g);
        g.on_frame = act;
        g.ctx = &s;
        s.guest = &g;
        gc = guest_connect(
                &g, &(struct hcs_gcs_options){.tap = mock_tap_frame, .tap_bytes = mock_tap_bytes, .tap_ctx = tap});
        converse(gc);
        hcs_thread_join(&s.thread);
        if (guest_ends) {
                hcs_stream_shutdown(g.stream);
                assert_ok(hcs_gcs_connection_wait(gc, NULL, NULL), NULL);
        }
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        mock_tap_free(tap);
        mock_trace_writer_free(writer);
        return path;
}

static void end(struct played_guest *p, struct hcs_gcs_connection *gc) {
        played_guest_end(p, gc);
        assert_int_equal(p->report.mismatched, 0);
        assert_int_equal(p->report.left, 0);
        mock_bridge_report_deinit(&p->report);
}

static void a_process_answers_its_input_as_it_did(void **state) {
        _cleanup_free_ char *path = record(false);
        struct hcs_gcs_connection *gc;
        struct played_guest s;

        gc = played_guest_connect(&s, path);
        converse(gc);
        end(&s, gc);
        assert_true(s.heard == UINT64_MAX);
}

static void a_guest_that_ended_the_bridge_ends_it_again(void **state) {
        _cleanup_free_ char *path = record(true);
        struct hcs_error *err = NULL;
        struct hcs_gcs_connection *gc;
        struct played_guest s;

        gc = played_guest_connect(&s, path);
        converse(gc);
        assert_ok(hcs_gcs_connection_wait(gc, NULL, &err), err);
        end(&s, gc);
}

static void streams_are_records_with_their_port(void **state) {
        _cleanup_free_ char *path = record(true);
        _cleanup_buf_ struct hcs_buf text = {0};

        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        assert_non_null(strstr(text.data, "{\"stdio\":\"bridge/1\",\"stream\":\"stdin\",\"port\":1073741825,\"t\":"));
        assert_non_null(strstr(text.data, "\"text\":\"ONE\\n\"}"));
        assert_non_null(strstr(text.data, "\"base64\":\"Ynll/w==\"}"));
        assert_non_null(strstr(text.data, "\"stream\":\"stdout\",\"port\":1073741824,"));
}

#define INPUTS 8

/* As the player does whenever an input goes on or ends. */
static void look_at_all(void *ctx) {
        played_streams_given(ctx, "", 1);
}

static void inputs_end_while_others_are_looked_at(void **state) {
        struct recorded_frame request = {0};
        struct recorded_bytes bytes[INPUTS];
        struct frames frames = {.items = &request, .n = 1, .bytes = bytes, .n_bytes = INPUTS};
        struct hcs_stream *host[INPUTS];
        struct hcs_mutex lock;
        struct played_streams s = {.frames = &frames, .lock = &lock, .given = look_at_all, .ctx = &s};

        hcs_mutex_init(&lock);
        for (uint32_t i = 0; i < INPUTS; i++)
                bytes[i] = (struct recorded_bytes){.port = i, .stream = MOCK_STDIN};
        for (uint32_t i = 0; i < INPUTS; i++) {
                struct hcs_stream *guest;

                assert_ok(hcs_stream_pair(&host[i], &guest, NULL), NULL);
                hcs_mutex_lock(&lock);
                played_streams_add(&s, i, true, guest);
                hcs_mutex_unlock(&lock);
        }
        played_streams_deinit(&s);
        for (uint32_t i = 0; i < INPUTS; i++)
                hcs_stream_close(host[i]);
        hcs_mutex_deinit(&lock);
}

HCS_TESTS(cmocka_unit_test(inputs_end_while_others_are_looked_at),
          cmocka_unit_test(a_process_answers_its_input_as_it_did),
          cmocka_unit_test(a_guest_that_ended_the_bridge_ends_it_again),
          cmocka_unit_test(streams_are_records_with_their_port))
