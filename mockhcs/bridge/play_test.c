/* SPDX-License-Identifier: MIT */

/*
 * A session with a guest, recorded by the tap; then the recorded guest answers the same session, and the recorded host
 * asks the same guest. And what happens when either goes another way.
 */

#include "base/str.h"
#include "gcs/test/guest.h"
#include "mockhcs/bridge/play.h"
#include "mockhcs/bridge/tap.h"
#include "mockhcs/test/played_guest.h"
#include "mockhcs/trace/reader.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

#define EXIT_TEXT                                                                                       \
        "{\"ContainerId\":\"%s\",\"ActivityId\":\"\",\"Type\":\"GracefulExit\",\"Operation\":\"None\"," \
        "\"Result\":0,\"ResultInfo\":\"null\"}"

/* A guest with a will of its own: processes end when they are signalled, containers when they are shut down. */
struct will {
        struct hcs_gcs_frame wait;
        uint32_t pid;
        bool refuses_start;
};

static bool act(struct guest *g, const struct hcs_gcs_frame *f) {
        _cleanup_json_ struct hcs_json *j = guest_document(f);
        const char *id = hcs_json_get_string(j, "ContainerId");
        struct will *w = g->ctx;

        if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS)) {
                _cleanup_free_ char *text = hcs_asprintf("{\"Result\":0,\"ProcessId\":%u}", (unsigned)w->pid);
                uint64_t port;

                if (hcs_json_u64(hcs_json_lookup(j, "Settings.VsockStdioRelaySettings.StdOut"), &port))
                        hcs_stream_close(guest_dial(g, (uint32_t)port));
                guest_answer(g, f, text);
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS)) {
                w->wait = *f;
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_SIGNAL_PROCESS)) {
                guest_answer(g, f, OK_TEXT);
                guest_answer(g, &w->wait, "{\"Result\":0,\"ExitCode\":143}");
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_SHUTDOWN_GRACEFUL)) {
                _cleanup_free_ char *text = hcs_asprintf(EXIT_TEXT, id);

                guest_answer(g, f, OK_TEXT);
                guest_send(g, HCS_GCS_NOTIFY_CONTAINER, 0, text);
                return true;
        }
        if (guest_frame_is(f, HCS_GCS_START) && w->refuses_start) {
                guest_answer(g, f, "{\"Result\":-2147467259,\"ErrorMessage\":\"not today\"}");
                return true;
        }
        return false;
}

/* What the host does in every session of these tests. */
static HRESULT session(struct hcs_gcs_connection *gc, const char *id, const char *password, struct hcs_error **err) {
        _cleanup_free_ char *configuration = hcs_asprintf("{\"a\":1,\"Password\":\"%s\"}", password);
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL;
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        uint32_t code = 0;
        char buf[8];
        HRESULT hr;
        size_t n;

        hr = hcs_gcs_container_create(gc, id, configuration, NULL, &c, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_start(c, NULL, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_exec(c, "{\"CommandLine\":\"sleep\",\"CreateStdOutPipe\":true}", NULL, &p, err);
        if (FAILED(hr))
                return hr;
        hr = hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, err);
        assert_true(hr == S_FALSE || FAILED(hr));
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_signal(p, "{\"Signal\":15}", NULL, NULL, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_wait(p, NULL, &code, err);
        if (SUCCEEDED(hr))
                assert_int_equal(code, 143);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_shutdown(c, NULL, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_wait(c, NULL, err);
        return hr;
}

#define FIRST  "0123456789abcdef0123456789abcdef"
#define SECOND "fedcba9876543210fedcba9876543210"

static char *trace_path;

static void record_session(void) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();
        struct mock_trace_writer *writer = NULL;
        struct will will = {.pid = 42};
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct mock_tap *tap;
        struct guest g;

        trace_path = hcs_asprintf("%s/bridge.trace", dir);
        assert_ok(mock_trace_writer_open(trace_path, &(struct mock_trace_header){.recorder = "test", .redacted = true},
                                         &writer, &err),
                  err);
        tap = mock_tap_new(writer, "bridge/1", hcs_clock_ns(), true);
        guest_init(&g);
        g.on_frame = act;
        g.ctx = &will;
        gc = guest_connect(&g, &(struct hcs_gcs_options){.tap = mock_tap_frame, .tap_ctx = tap});
        assert_ok(session(gc, FIRST, "hunter2", &err), err);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        mock_tap_free(tap);
        mock_trace_writer_free(writer);
}

static int setup(void **state) {
        hcs_log_set_level(HCS_LOG_ERROR);
        if (!trace_path)
                record_session();
        return 0;
}

static void frames_of_a_session_are_records_without_secrets(void **state) {
        static const char *const types[] = {
                "Request(NegotiateProtocol)",
                "Response(NegotiateProtocol)",
                "Request(Create)",
                "Response(Create)",
                "Request(Start)",
                "Response(Start)",
                "Request(ExecuteProcess)",
                "Response(ExecuteProcess)",
                "Request(WaitForProcess)",
                "Request(SignalProcess)",
                "Response(SignalProcess)",
                "Response(WaitForProcess)",
                "Request(ShutdownGraceful)",
                "Response(ShutdownGraceful)",
                "Notify(Container)",
        };
        struct mock_trace_reader *reader = NULL;
        struct mock_record r;
        size_t n = 0;

        assert_ok(mock_trace_reader_open(trace_path, &reader, NULL), NULL);
        while (mock_trace_reader_next(reader, &r, NULL) == S_OK) {
                assert_true(n < HCS_ARRAY_SIZE(types));
                assert_int_equal(r.kind, MOCK_RECORD_FRAME);
                assert_string_equal(r.function, types[n]);
                assert_string_equal(r.subject, "bridge/1");
                assert_int_equal(r.from_guest, !hcs_str_starts(types[n], "Request"));
                assert_int_equal(r.data[r.len - 1] == '\n', !r.from_guest);
                assert_null(strstr(r.data, "hunter2"));
                mock_record_deinit(&r);
                n++;
        }
        assert_int_equal(n, HCS_ARRAY_SIZE(types));
        mock_trace_reader_free(reader);
}

/* ---- a recorded guest ---- */

static void a_recorded_guest_stands_in_for_the_vm_with_ids_of_this_run(void **state) {
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct played_guest s;

        gc = played_guest_connect(&s, trace_path);
        assert_ok(session(gc, SECOND, "another secret", &err), err);
        played_guest_end(&s, gc);
        assert_int_equal(s.report.matched, 7);
        assert_int_equal(s.report.mismatched, 0);
        assert_int_equal(s.report.left, 0);
        mock_bridge_report_deinit(&s.report);
}

static void what_was_not_recorded_is_refused_with_the_nearest_and_the_difference(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        struct played_guest s;

        gc = played_guest_connect(&s, trace_path);
        assert_hresult(hcs_gcs_container_create(gc, SECOND, "{\"a\":2,\"Password\":\"x\"}", NULL, &c, &err),
                       E_UNEXPECTED);
        assert_non_null(strstr(hcs_error_message(err), "no recorded request is like Request(Create) #1; the nearest is "
                                                       "line 4, Request(Create) #1:\n$.ContainerConfig.a: expected 1, "
                                                       "got 2"));
        err = hcs_error_free(err);
        assert_hresult(hcs_gcs_dump_stacks(gc, NULL, &(char *){NULL}, &err), E_UNEXPECTED);
        err = hcs_error_free(err);
        /* The ids that the failed try would have bound are free. */
        assert_ok(session(gc, FIRST, "x", &err), err);
        played_guest_end(&s, gc);
        assert_int_equal(s.report.mismatched, 2);
        assert_int_equal(s.report.left, 0);
        mock_bridge_report_deinit(&s.report);
}

static void what_the_host_never_asked_for_is_told_at_the_end(void **state) {
        struct hcs_gcs_connection *gc;
        struct played_guest s;

        gc = played_guest_connect(&s, trace_path);
        played_guest_end(&s, gc);
        assert_int_equal(s.report.matched, 1);
        assert_int_equal(s.report.left, 6);
        assert_int_equal(s.report.n_lines, 6);
        assert_in_range(s.report.lines[0], 2, s.report.lines[5]);
        assert_non_null(
                strstr(s.report.text.data, "the host never sent what is in line 11, Request(SignalProcess) #5"));
        mock_bridge_report_deinit(&s.report);
}

/* What the host of a trace asked, asked by our library. */
struct again {
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_container *container;
        struct hcs_gcs_process *process;
        struct hcs_error *err;
};

static void ask_process(struct again *a, const char *what, const struct hcs_json *document) {
        char buf[8];
        uint32_t code;
        size_t n;

        if (hcs_streq(what, "Request(ExecuteProcess)")) {
                const char *parameters = hcs_json_string(hcs_json_lookup(document, "Settings.ProcessParameters"));

                assert_ok(hcs_gcs_container_exec(a->container, parameters, NULL, &a->process, &a->err), a->err);
                assert_ok(hcs_gcs_process_close_stdin(a->process, NULL, &a->err), a->err);
                for (int i = HCS_GCS_STDOUT; i <= HCS_GCS_STDERR; i++)
                        assert_int_equal(hcs_gcs_process_read(a->process, (enum hcs_gcs_stream)i, buf, sizeof(buf),
                                                              NULL, &n, &a->err),
                                         S_FALSE);
        } else { /* the library has sent it */
                assert_ok(hcs_gcs_process_wait(a->process, NULL, &code, &a->err), a->err);
                assert_int_equal(code, 3);
        }
}

static void ask_again(struct again *a, const char *what, const struct hcs_json *document) {
        const char *id = hcs_json_get_string(document, "ContainerId");
        char *text = NULL;
        HRESULT hr = S_OK;

        if (hcs_streq(what, "Request(ModifySettings)")) {
                text = hcs_json_text(hcs_json_get(document, "Request"), HCS_JSON_COMPACT);
                hr = hcs_gcs_modify(a->gc, text, NULL, &a->err);
        } else if (hcs_streq(what, "Request(Create)")) {
                hr = hcs_gcs_container_create(a->gc, id, hcs_json_get_string(document, "ContainerConfig"), NULL,
                                              &a->container, &a->err);
        } else if (hcs_streq(what, "Request(Start)")) {
                hr = hcs_gcs_container_start(a->container, NULL, &a->err);
        } else if (hcs_streq(what, "Request(GetProperties)")) {
                hr = hcs_gcs_container_properties_v2(a->container, (const char *const[]){"Statistics", NULL}, NULL,
                                                     &text, &a->err);
        } else if (hcs_streq(what, "Request(DeleteContainerState)")) {
                assert_ok(hcs_gcs_container_wait(a->container, NULL, &a->err), a->err);
                hr = hcs_gcs_container_delete_state(a->container, NULL, &a->err);
        } else if (hcs_streq(what, "Request(ShutdownGraceful)")) {
                hr = hcs_gcs_shutdown(a->gc, false, NULL, &a->err); /* which has no answer */
        } else if (!hcs_streq(what, "Request(NegotiateProtocol)")) {
                ask_process(a, what, document);
        }
        assert_ok(hr, a->err);
        free(text);
}

static void a_recorded_machine_runs_a_container_for_the_library(void **state) {
        _cleanup_free_ char *path = hcs_test_fixture_path("traces/bridge/container.trace");
        struct mock_trace_reader *reader = NULL;
        struct again a = {0};
        struct mock_record r;
        struct played_guest s;

        a.gc = played_guest_connect(&s, path);
        assert_ok(mock_trace_reader_open(path, &reader, NULL), NULL);
        while (mock_trace_reader_next(reader, &r, NULL) == S_OK) {
                _cleanup_json_ struct hcs_json *document = NULL;

                if (!r.from_guest) {
                        assert_ok(hcs_json_parse(r.data, r.len, NULL, &document, NULL), NULL);
                        ask_again(&a, r.function, document);
                }
                mock_record_deinit(&r);
        }
        mock_trace_reader_free(reader);
        hcs_gcs_process_unref(a.process);
        hcs_gcs_container_unref(a.container);
        played_guest_end(&s, a.gc);
        if (s.report.text.len)
                fail_msg("%s", s.report.text.data);
        assert_int_equal(s.report.matched, 12);
        assert_int_equal(s.report.left, 0);
        mock_bridge_report_deinit(&s.report);
}

/* ---- a recorded host ---- */

static void play_host_at(struct will *will, struct mock_bridge_report *report, int64_t timeout_ms) {
        struct hcs_error *err = NULL;
        struct guest g;

        guest_init(&g);
        g.on_frame = act;
        g.ctx = will;
        guest_start(&g);
        assert_ok(mock_bridge_play_host(trace_path, g.host, &(struct mock_bridge_options){.timeout_ms = timeout_ms},
                                        report, &err),
                  err);
        hcs_stream_close(g.host);
        guest_deinit(&g);
}

static void a_recorded_host_asks_an_agent_and_knows_its_answers(void **state) {
        struct mock_bridge_report report;
        struct will will = {.pid = 7}; /* another process id than recorded */

        play_host_at(&will, &report, 0);
        assert_int_equal(report.matched, 8);
        assert_int_equal(report.mismatched, 0);
        assert_int_equal(report.left, 0);
        assert_int_equal(report.text.len, 0);
        mock_bridge_report_deinit(&report);
}

static void an_agent_that_answers_otherwise_is_told_path_by_path(void **state) {
        struct mock_bridge_report report;
        struct will will = {.pid = 42, .refuses_start = true};

        play_host_at(&will, &report, 0);
        assert_int_equal(report.mismatched, 1);
        assert_non_null(strstr(report.text.data, "the guest's answer differs from line 7, Response(Start) #2:\n"));
        assert_non_null(strstr(report.text.data, "$.Result: expected 0, got -2147467259\n"));
        assert_non_null(strstr(report.text.data, "$.ErrorMessage: expected nothing, got \"not today\"\n"));
        mock_bridge_report_deinit(&report);
}

static bool silent(struct guest *g, const struct hcs_gcs_frame *f) {
        return guest_frame_is(f, HCS_GCS_START);
}

static bool dead(struct guest *g, const struct hcs_gcs_frame *f) {
        if (guest_frame_is(f, HCS_GCS_START))
                guest_hang_up(g);
        return guest_frame_is(f, HCS_GCS_START);
}

static void an_agent_that_falls_silent_or_dies_ends_the_play(void **state) {
        static const struct {
                bool (*on_frame)(struct guest *g, const struct hcs_gcs_frame *f);
                const char *text;
        } rows[] = {{silent, "the guest fell silent before it said what is in line 7, Response(Start) #2\n"},
                    {dead, "the guest hung up before it said what is in line 7, Response(Start) #2\n"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct mock_bridge_report report;
                struct hcs_error *err = NULL;
                struct guest g;

                guest_init(&g);
                g.on_frame = rows[i].on_frame;
                guest_start(&g);
                assert_ok(mock_bridge_play_host(trace_path, g.host, &(struct mock_bridge_options){.timeout_ms = 50},
                                                &report, &err),
                          err);
                assert_string_equal(report.text.data, rows[i].text);
                assert_int_equal(report.left, 6);
                mock_bridge_report_deinit(&report);
                hcs_stream_close(g.host);
                guest_deinit(&g);
        }
}

/* A trace of one frame with more in it than a socket holds. */
static char *write_long_frame(const char *dir, bool from_guest) {
        char *path = hcs_asprintf("%s/long", dir);
        struct mock_trace_writer *writer = NULL;
        struct hcs_buf body = {0};
        struct mock_tap *tap;

        hcs_buf_puts(&body, "{\"GuestStacks\":\"");
        for (size_t i = 0; i < 100000; i++)
                hcs_buf_puts(&body, "0123456789");
        hcs_buf_puts(&body, from_guest ? "\"}" : "\"}\n");
        assert_ok(mock_trace_writer_open(path, &(struct mock_trace_header){.recorder = "test"}, &writer, NULL), NULL);
        tap = mock_tap_new(writer, "bridge/1", hcs_clock_ns(), false);
        mock_tap_frame(tap, &(struct hcs_gcs_tap_frame){.from_guest = from_guest,
                                                        .type = from_guest ? HCS_GCS_NOTIFY_CONTAINER
                                                                           : (HCS_GCS_REQUEST | HCS_GCS_DUMP_STACKS),
                                                        .body = body.data,
                                                        .len = body.len});
        mock_tap_free(tap);
        mock_trace_writer_free(writer);
        hcs_buf_deinit(&body);
        return path;
}

static void a_side_that_does_not_read_ends_the_play(void **state) {
        static const struct mock_bridge_options impatient = {.timeout_ms = 20};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *host = write_long_frame(dir, false), *guest = NULL;
        struct hcs_stream *played = NULL, *other = NULL;
        struct mock_bridge_report report;
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_pair(&played, &other, NULL), NULL);
        assert_ok(mock_bridge_play_host(host, played, &impatient, &report, &err), err);
        assert_string_equal(report.text.data, "the guest does not read what is in line 2, Request(DumpStacks) #0\n");
        mock_bridge_report_deinit(&report);
        guest = write_long_frame(dir, true);
        assert_hresult(mock_bridge_play_guest(guest, played, &impatient, &report, &err), HCS_E_OPERATION_TIMEOUT);
        assert_non_null(strstr(hcs_error_message(err), "the other side does not read"));
        hcs_error_free(err);
        mock_bridge_report_deinit(&report);
        hcs_stream_close(other);
        assert_ok(mock_bridge_play_host(trace_path, played, NULL, &report, NULL), NULL);
        assert_non_null(
                strstr(report.text.data, "the guest hung up before it could be told what is in line 2, Request("));
        mock_bridge_report_deinit(&report);
        hcs_stream_close(played);
}

static void a_trace_without_frames_cannot_be_played(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/empty", dir);
        struct mock_trace_writer *writer = NULL;
        struct mock_bridge_report report;
        struct hcs_error *err = NULL;

        assert_ok(mock_trace_writer_open(path, &(struct mock_trace_header){.recorder = "test"}, &writer, NULL), NULL);
        mock_trace_writer_free(writer);
        assert_hresult(mock_bridge_play_guest(path, NULL, NULL, &report, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(mock_bridge_play_host(trace_path, NULL, &(struct mock_bridge_options){.bridge = "bridge/9"},
                                             &report, &err),
                       E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "no frame of bridge/9 in it"));
        hcs_error_free(err);
}

/* ---- records ---- */

static void bodies_of_every_kind_come_back_byte_for_byte(void **state) {
        static const struct {
                bool from_guest, broken;
                const char *body;
                size_t len;
        } rows[] = {
                {false, false, "{\"a\":1}\n", 8},
                {false, false, "{\"a\":1}", 7},
                {true, false, "{\"a\":1}", 7},
                {true, false, "{\"a\":1}\n", 8},
                {true, false, "", 0},
                {false, false, "", 0},
                {false, false, "\n", 1},
                {true, false, "{\"Result\":", 10},
                {true, false, "\"text\"", 6},
                {true, false, "7", 1},
                {true, false, "a\0b", 3},
                {true, false, "\xff\xfe", 2},
                {true, true, "{}", 2},
                {true, false, "{\n\"a\": 1}", 9},
                {true, false, "null", 4},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                char type[] = "Response(Start)", subject[] = "bridge/1";
                struct mock_record r = {.kind = MOCK_RECORD_FRAME,
                                        .function = type,
                                        .subject = subject,
                                        .n = UINT64_MAX,
                                        .t = 5,
                                        .from_guest = rows[i].from_guest,
                                        .broken = rows[i].broken,
                                        .data = (char *)(uintptr_t)rows[i].body,
                                        .len = rows[i].len};
                _cleanup_buf_ struct hcs_buf line = {0};
                struct hcs_error *err = NULL;
                struct mock_record back;

                mock_record_print(&r, &line);
                assert_ok(mock_record_parse(line.data, line.len - 1, &back, &err), err);
                assert_int_equal(back.kind, MOCK_RECORD_FRAME);
                assert_int_equal(back.n, UINT64_MAX);
                assert_int_equal(back.from_guest, rows[i].from_guest);
                assert_int_equal(back.broken, rows[i].broken);
                if (back.len != rows[i].len || memcmp(back.data, rows[i].body, back.len) != 0)
                        fail_msg("row %zu: %s", i, line.data);
                mock_record_deinit(&back);
        }
}

static void records_that_are_no_frames_are_refused_by_member(void **state) {
        static const char *const rows[][2] = {
                {"{\"frame\":\"Request(Start)\",\"from\":\"host\"}", "member \"on\": missing"},
                {"{\"frame\":\"Request(Start)\",\"on\":\"bridge/1\"}", "member \"from\": missing"},
                {"{\"frame\":\"R\",\"on\":\"bridge/1\",\"from\":\"me\"}", "expected \"host\" or \"guest\""},
                {"{\"frame\":\"R\",\"on\":\"b\",\"from\":\"host\",\"id\":-1}", "expected a message id"},
                {"{\"frame\":\"R\",\"on\":\"b\",\"from\":\"host\",\"base64\":\"?\"}", "not base64"},
                {"{\"frame\":7,\"on\":\"b\",\"from\":\"host\"}", "expected a string"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct hcs_error *err = NULL;
                struct mock_record r;

                assert_true(FAILED(mock_record_parse(rows[i][0], strlen(rows[i][0]), &r, &err)));
                if (!strstr(hcs_error_message(err), rows[i][1]))
                        fail_msg("%s: %s", rows[i][0], hcs_error_message(err));
                hcs_error_free(err);
        }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

HCS_TESTS(TEST(frames_of_a_session_are_records_without_secrets),
          TEST(a_recorded_guest_stands_in_for_the_vm_with_ids_of_this_run),
          TEST(what_was_not_recorded_is_refused_with_the_nearest_and_the_difference),
          TEST(what_the_host_never_asked_for_is_told_at_the_end),
          TEST(a_recorded_machine_runs_a_container_for_the_library),
          TEST(a_recorded_host_asks_an_agent_and_knows_its_answers),
          TEST(an_agent_that_answers_otherwise_is_told_path_by_path),
          TEST(an_agent_that_falls_silent_or_dies_ends_the_play), TEST(a_side_that_does_not_read_ends_the_play),
          TEST(a_trace_without_frames_cannot_be_played), TEST(bodies_of_every_kind_come_back_byte_for_byte),
          TEST(records_that_are_no_frames_are_refused_by_member))
