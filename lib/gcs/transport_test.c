/* SPDX-License-Identifier: MIT */

/* Transports by name, Unix sockets in both directions, and what is read from the log and entropy ports. */

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/confined.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

static struct hcs_gcs_transport *open_unix(char **ret_path) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *name = NULL;
        struct hcs_gcs_transport *t = NULL;

        *ret_path = hcs_asprintf("%s/v.sock", dir);
        name = hcs_asprintf("unix:%s", *ret_path);
        assert_ok(hcs_gcs_transport_open(name, &t, NULL), NULL);
        return t;
}

static void a_name_that_is_no_transport_is_refused(void **state) {
        static const char *const names[] = {"",     "unix", "tcp:1", "unix:", "vsock:", "vsock:x", "vsock:4294967296",
                                            "uni:x"};
        struct hcs_gcs_transport *t = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                assert_hresult(hcs_gcs_transport_open(names[i], &t, NULL), E_INVALIDARG);
        assert_ok(hcs_gcs_transport_open("vsock:3", &t, NULL), NULL);
        assert_null(hcs_gcs_transport_unref(t));
}

static void a_guests_connection_arrives_at_the_ports_socket(void **state) {
        _cleanup_free_ char *path = NULL;
        struct hcs_gcs_transport *t = open_unix(&path);
        struct hcs_stream *guest = NULL, *host = NULL;
        struct hcs_gcs_listener *l = NULL, *second = NULL;
        struct hcs_error *err = NULL;
        char buf[8];
        size_t n;

        assert_ok(hcs_gcs_listen(t, HCS_GCS_BRIDGE, &l, &err), err);
        assert_hresult(hcs_gcs_accept(l, &at_once, &host, &err), HCS_E_OPERATION_TIMEOUT);
        err = hcs_error_free(err);
        assert_true(FAILED(hcs_gcs_listen(t, HCS_GCS_BRIDGE, &second, NULL))); /* that one lives */
        assert_ok(hcs_gcs_guest_dial(t, HCS_GCS_BRIDGE, NULL, &guest, &err), err);
        assert_ok(hcs_gcs_accept(l, NULL, &host, &err), err);
        assert_ok(hcs_stream_write(guest, "hi", 2, NULL, &err), err);
        assert_int_equal(hcs_stream_read(host, buf, sizeof(buf), NULL, &n, &err), S_OK);
        assert_int_equal(n, 2);
        hcs_stream_close_write(host);
        assert_int_equal(hcs_stream_read(guest, buf, sizeof(buf), NULL, &n, &err), S_FALSE);
        assert_ok(hcs_stream_write(guest, "on", 2, NULL, &err), err); /* the other direction goes on */
        assert_int_equal(hcs_stream_read(host, buf, sizeof(buf), &at_once, &n, &err), S_OK);
        hcs_stream_close(guest);
        hcs_stream_close(host);
        hcs_gcs_listener_close(l);
        assert_true(FAILED(hcs_gcs_guest_dial(t, HCS_GCS_BRIDGE, NULL, &guest, NULL)));
        hcs_gcs_transport_unref(t);
}

static void a_socket_left_behind_is_taken_over(void **state) {
        _cleanup_free_ char *path = NULL, *port_path = NULL, *kept = NULL;
        struct hcs_gcs_transport *t = open_unix(&path);
        struct hcs_gcs_listener *l = NULL;
        struct hcs_error *err = NULL;

        /* A name that nobody answers any more: of a listener that was renamed away before it closed. */
        port_path = hcs_asprintf("%s_7", path);
        kept = hcs_asprintf("%s.kept", path);
        assert_ok(hcs_gcs_listen(t, 7, &l, &err), err);
        assert_int_equal(rename(port_path, kept), 0);
        l = hcs_gcs_listener_close(l);
        assert_int_equal(rename(kept, port_path), 0);
        assert_ok(hcs_gcs_listen(t, 7, &l, &err), err);
        hcs_gcs_listener_close(l);
        hcs_gcs_transport_unref(t);
}

static void names_of_sockets_that_are_too_long_are_refused(void **state) {
        char name[200] = "unix:/tmp/";
        struct hcs_gcs_transport *t = NULL;
        struct hcs_gcs_listener *l = NULL;
        struct hcs_error *err = NULL;

        memset(name + 10, 'x', sizeof(name) - 11);
        assert_ok(hcs_gcs_transport_open(name, &t, NULL), NULL);
        assert_hresult(hcs_gcs_listen(t, 1, &l, &err), HCS_WIN32(206));
        assert_non_null(strstr(hcs_error_message(err), "listen for the guest on port 1: "));
        hcs_error_free(err);
        hcs_gcs_transport_unref(t);
}

struct refusal {
        unsigned short errnum;
        HRESULT hr;
};

/* 0: listening and dialling are refused with hr, and the errors say at which port. */
static int try_vsocks_without(void *ctx) {
        const struct refusal *r = ctx;
        struct hcs_gcs_transport *t = NULL;
        struct hcs_gcs_listener *l = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;

        if (hcs_test_refuse_call(__NR_socket, 0, UINT32_MAX, AF_VSOCK, r->errnum) ||
            FAILED(hcs_gcs_transport_open("vsock:3", &t, NULL)))
                return 1;
        if (hcs_gcs_listen(t, 5000, &l, &err) != r->hr || l || !strstr(hcs_error_message(err), "guest on port 5000: "))
                return 2;
        err = hcs_error_free(err);
        if (hcs_gcs_dial(t, 5000, NULL, &s, &err) != r->hr || s || !strstr(hcs_error_message(err), "dial port 5000 of"))
                return 3;
        hcs_error_free(err);
        hcs_gcs_transport_unref(t);
        return 0;
}

static void a_system_without_vsock_says_so(void **state) {
        struct refusal rows[] = {{EAFNOSUPPORT, HCS_WIN32(10047)}, {EACCES, E_ACCESSDENIED}, {EMFILE, HCS_WIN32(4)}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++)
                assert_int_equal(hcs_test_in_child(try_vsocks_without, &rows[i]), 0);
}

/* What is said differs with the kernel's drivers; that it is said, and when, does not. */
static void a_machine_that_is_not_there_is_dialled_in_vain(void **state) {
        struct hcs_gcs_transport *t = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_gcs_transport_open("vsock:4294967294", &t, NULL), NULL); /* the largest that is no wildcard */
        assert_true(FAILED(hcs_gcs_dial(t, 5000, &at_once, &s, &err)));
        assert_null(s);
        assert_non_null(strstr(hcs_error_message(err), "dial port 5000 of the guest: "));
        hcs_error_free(err);
        hcs_gcs_transport_unref(t);
}

/* What a device says to "CONNECT <port>". */
struct device {
        struct hcs_listener *l;
        const char *answer;
        char asked[32];
};

static void device_run(void *arg) {
        struct device *d = arg;
        struct hcs_stream *s = NULL;
        size_t at = 0, n;

        if (FAILED(hcs_listener_accept(d->l, NULL, &s, NULL)))
                return;
        while (!strchr(d->asked, '\n') &&
               hcs_stream_read(s, d->asked + at, sizeof(d->asked) - 1 - at, NULL, &n, NULL) == S_OK)
                at += n;
        hcs_stream_write(s, d->answer, strlen(d->answer), NULL, NULL);
        hcs_stream_close(s);
}

static HRESULT dial_with(const char *answer, char *ret_rest, struct hcs_error **err) {
        _cleanup_free_ char *path = NULL;
        struct hcs_gcs_transport *t = open_unix(&path);
        struct device d = {.answer = answer};
        struct hcs_stream *s = NULL;
        struct hcs_thread thread;
        HRESULT hr;
        size_t n;

        assert_ok(hcs_listener_unix(path, &d.l, NULL), NULL);
        assert_ok(hcs_thread_start(&thread, device_run, &d, NULL), NULL);
        hr = hcs_gcs_dial(t, 5000, NULL, &s, err);
        hcs_thread_join(&thread);
        assert_string_equal(d.asked, "CONNECT 5000\n");
        if (SUCCEEDED(hr)) {
                assert_int_equal(hcs_stream_read(s, ret_rest, 16, NULL, &n, NULL), S_OK);
                ret_rest[n] = '\0';
        }
        hcs_stream_close(s);
        hcs_listener_close(d.l);
        hcs_gcs_transport_unref(t);
        return hr;
}

static void a_port_of_the_guest_is_asked_for_as_firecracker_does(void **state) {
        struct hcs_error *err = NULL;
        char rest[32] = "";

        assert_ok(dial_with("OK 1073741824\nfirst bytes", rest, &err), err);
        assert_string_equal(rest, "first bytes"); /* nothing of the guest's is lost with the greeting */
        assert_hresult(dial_with("", rest, &err), HCS_WIN32(10061));
        assert_string_equal(hcs_error_message(err), "dial port 5000 of the guest: the guest refused the connection");
        err = hcs_error_free(err);
        assert_hresult(dial_with("NO\n", rest, &err), HCS_E_PROTOCOL_ERROR);
        err = hcs_error_free(err);
        assert_hresult(dial_with("OK this is a greeting without an end at all", rest, &err), HCS_E_PROTOCOL_ERROR);
        hcs_error_free(err);
}

static void a_device_that_says_nothing_or_is_not_there_holds_nobody(void **state) {
        _cleanup_free_ char *path = NULL;
        struct hcs_gcs_transport *t = open_unix(&path);
        struct hcs_cancel *token = hcs_cancel_new();
        struct hcs_listener *silent = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_gcs_dial(t, 5000, NULL, &s, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), path));
        err = hcs_error_free(err);
        assert_ok(hcs_listener_unix(path, &silent, NULL), NULL);
        assert_hresult(hcs_gcs_dial(t, 5000, &at_once, &s, &err), HCS_E_OPERATION_TIMEOUT);
        assert_non_null(strstr(hcs_error_message(err), "dial port 5000 of the guest: "));
        hcs_error_free(err);
        hcs_cancel_set(token);
        assert_hresult(hcs_gcs_dial(t, 5000, &(struct hcs_call){.cancel = token}, &s, NULL), E_ABORT);
        assert_null(s);
        hcs_listener_close(silent);
        hcs_cancel_unref(token);
        hcs_gcs_transport_unref(t);
}

static void wake(void *arg) {
        hcs_gcs_listener_wake(arg);
}

static void waking_a_listener_ends_the_wait_for_a_guest_that_died(void **state) {
        struct hcs_gcs_transport *t = NULL;

        for (int i = 0; i < 2; i++) {
                _cleanup_free_ char *path = NULL;
                struct hcs_gcs_listener *l = NULL;
                struct hcs_stream *s = NULL;
                struct hcs_thread thread;

                if (i)
                        t = open_unix(&path);
                else
                        assert_ok(hcs_gcs_transport_open("memory:", &t, NULL), NULL);
                assert_ok(hcs_gcs_listen(t, 1, &l, NULL), NULL);
                assert_ok(hcs_thread_start(&thread, wake, l, NULL), NULL);
                assert_hresult(hcs_gcs_accept(l, NULL, &s, NULL), E_ABORT);
                hcs_thread_join(&thread);
                hcs_gcs_listener_close(l);
                hcs_gcs_transport_unref(t);
        }
}

static void a_memory_transport_queues_dials_and_refuses_what_nobody_listens_for(void **state) {
        struct hcs_gcs_transport *t = NULL;
        struct hcs_gcs_listener *l = NULL;
        struct hcs_stream *a = NULL, *b = NULL, *host = NULL;

        assert_ok(hcs_gcs_transport_open("memory:", &t, NULL), NULL);
        assert_hresult(hcs_gcs_guest_dial(t, 5, NULL, &a, NULL), HCS_WIN32(10061));
        assert_hresult(hcs_gcs_dial(t, 5, NULL, &a, NULL), E_NOTIMPL);
        assert_ok(hcs_gcs_listen(t, 5, &l, NULL), NULL);
        assert_ok(hcs_gcs_guest_dial(t, 5, NULL, &a, NULL), NULL);
        assert_ok(hcs_gcs_guest_dial(t, 5, NULL, &b, NULL), NULL);
        assert_ok(hcs_gcs_accept(l, &at_once, &host, NULL), NULL);
        hcs_gcs_listener_close(l); /* with one still in the queue */
        hcs_stream_close(a);
        hcs_stream_close(b);
        hcs_stream_close(host);
        hcs_gcs_transport_unref(t);
}

/* ---- the other ports ---- */

static void read_seed(void *arg) {
        struct hcs_gcs_transport *t = arg;
        struct hcs_stream *s = NULL;
        char seed[1024];
        size_t n, all = 0;

        if (FAILED(hcs_gcs_guest_dial(t, HCS_GCS_ENTROPY, NULL, &s, NULL)))
                return;
        while (hcs_stream_read(s, seed, sizeof(seed), NULL, &n, NULL) == S_OK)
                all += n;
        assert_int_equal(all, 512);
        hcs_stream_close(s);
}

static void the_guest_gets_512_bytes_of_entropy_and_the_end(void **state) {
        struct hcs_gcs_transport *t = NULL;
        struct hcs_gcs_listener *l = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;

        assert_ok(hcs_gcs_transport_open("memory:", &t, NULL), NULL);
        assert_ok(hcs_gcs_listen(t, HCS_GCS_ENTROPY, &l, NULL), NULL);
        assert_hresult(hcs_gcs_serve_entropy(l, &at_once, &err), HCS_E_OPERATION_TIMEOUT);
        assert_string_equal(hcs_error_message(err),
                            "serve entropy: wait for the guest on port 1: the call did not complete in time");
        hcs_error_free(err);
        assert_ok(hcs_thread_start(&thread, read_seed, t, NULL), NULL);
        assert_ok(hcs_gcs_serve_entropy(l, NULL, NULL), NULL);
        hcs_thread_join(&thread);
        hcs_gcs_listener_close(l);
        hcs_gcs_transport_unref(t);
}

static void gather(void *ctx, enum hcs_log_level level, const char *line) {
        const char *time = strchr(line, ' '); /* without our own time */

        hcs_buf_puts(ctx, time ? time + 1 : line);
        hcs_buf_putc(ctx, '\n');
}

static void gather_raw(void *ctx, const void *data, size_t n) {
        hcs_buf_append(ctx, data, n);
}

/* What our log shows of what a guest said. */
static char *log_of(const char *said, size_t len, struct hcs_buf *raw) {
        _cleanup_buf_ struct hcs_buf lines = {0};
        struct hcs_stream *guest = NULL, *host = NULL;
        struct hcs_gcs_log *log = NULL;

        hcs_log_set_level(HCS_LOG_TRACE);
        hcs_log_set_sink(gather, &lines);
        assert_ok(hcs_stream_pair(&guest, &host, NULL), NULL);
        assert_ok(hcs_gcs_log_new(host, &(struct hcs_gcs_log_options){"vm", raw ? gather_raw : NULL, raw}, &log, NULL),
                  NULL);
        assert_ok(hcs_stream_write(guest, said, len, NULL, NULL), NULL);
        hcs_stream_close(guest);
        assert_ok(hcs_gcs_log_wait(log, NULL, NULL), NULL);
        hcs_gcs_log_free(log);
        hcs_log_set_sink(NULL, NULL);
        hcs_log_set_level(HCS_LOG_ERROR);
        return hcs_buf_steal(&lines);
}

static void records_of_the_guest_become_records_of_ours(void **state) {
        static const char said[] = "{\"level\":\"info\",\"msg\":\"hello\",\"time\":\"2026-01-01T00:00:00Z\",\"n\":3.0,"
                                   "\"f\":1.5,\"o\":{\"a\":1}}\n"
                                   "\n"
                                   "{\"level\":\"panic\",\"msg\":\"worse than an error\"}\n"
                                   "{\"Source\":\"ETW\",\"message\":\"of windows\"}\r\n"
                                   "{\"level\":\"debug\",\"msg\":\"no line feed\"}";
        _cleanup_buf_ struct hcs_buf raw = {0};
        _cleanup_free_ char *lines = log_of(said, strlen(said), &raw);

        assert_string_equal(lines, "level=info msg=hello uvm-id=vm vm.time=2026-01-01T00:00:00Z n=3 f=1.5 "
                                   "o=\"{\\\"a\\\":1}\"\n"
                                   "level=error msg=\"worse than an error\" uvm-id=vm\n"
                                   "level=info msg=\"of windows\" uvm-id=vm Source=ETW\n"
                                   "level=debug msg=\"no line feed\" uvm-id=vm\n");
        assert_string_equal(raw.data, said);
}

static void records_may_share_a_line_or_take_several(void **state) {
        static const char said[] =
                "{\"level\":\"info\",\"msg\":\"one\"}{\"level\":\"info\",\"msg\":\"two {\\\" \\\\\"}\n"
                "{\n  \"level\": \"warn\",\n  \"msg\": \"three\",\n  \"list\": [1, {}]\n}  \n";
        _cleanup_free_ char *lines = log_of(said, strlen(said), NULL);

        assert_string_equal(lines, "level=info msg=one uvm-id=vm\n"
                                   "level=info msg=\"two {\\\" \\\\\" uvm-id=vm\n"
                                   "level=warning msg=three uvm-id=vm list=[1,{}]\n");
}

static void a_record_that_was_cut_off_counts_as_last_words(void **state) {
        static const char said[] = "{\"level\":\"info\",\"msg\":\"hello\"}\n{\"level\":\"info\",\"msg";
        _cleanup_free_ char *lines = log_of(said, strlen(said), NULL);

        assert_string_equal(lines, "level=info msg=hello uvm-id=vm\n"
                                   "level=error msg=\"gcs terminated\" uvm-id=vm "
                                   "stderr=\"{\\\"level\\\":\\\"info\\\",\\\"msg\"\n");
}

static void the_last_words_of_an_agent_are_kept_together(void **state) {
        static const char said[] =
                "{\"level\":\"info\",\"msg\":\"hello\"}\n"
                "panic: boom\n\ngoroutine 1:\n{\"level\":\"info\",\"msg\":\"not a record any more\"}\n";
        _cleanup_free_ char *lines = log_of(said, strlen(said), NULL);

        assert_string_equal(lines,
                            "level=info msg=hello uvm-id=vm\n"
                            "level=error msg=\"gcs terminated\" uvm-id=vm stderr=\"panic: boom\\n\\ngoroutine 1:\\n"
                            "{\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"not a record any more\\\"}\\n\"\n");
}

static void endless_output_takes_bounded_memory(void **state) {
        size_t n = 4u << 20;
        _cleanup_free_ char *said = hcs_malloc(n), *lines = NULL;

        memset(said, 'x', n);
        memcpy(said + n - 4, "END\n", 4);
        lines = log_of(said, n, NULL);
        assert_true(strlen(lines) < 80000);
        assert_non_null(strstr(lines, "xEND"));
}

HCS_TESTS(cmocka_unit_test(a_name_that_is_no_transport_is_refused),
          cmocka_unit_test(a_guests_connection_arrives_at_the_ports_socket),
          cmocka_unit_test(a_socket_left_behind_is_taken_over),
          cmocka_unit_test(names_of_sockets_that_are_too_long_are_refused),
          cmocka_unit_test(a_system_without_vsock_says_so),
          cmocka_unit_test(a_machine_that_is_not_there_is_dialled_in_vain),
          cmocka_unit_test(a_port_of_the_guest_is_asked_for_as_firecracker_does),
          cmocka_unit_test(a_device_that_says_nothing_or_is_not_there_holds_nobody),
          cmocka_unit_test(waking_a_listener_ends_the_wait_for_a_guest_that_died),
          cmocka_unit_test(a_memory_transport_queues_dials_and_refuses_what_nobody_listens_for),
          cmocka_unit_test(the_guest_gets_512_bytes_of_entropy_and_the_end),
          cmocka_unit_test(records_of_the_guest_become_records_of_ours),
          cmocka_unit_test(records_may_share_a_line_or_take_several),
          cmocka_unit_test(a_record_that_was_cut_off_counts_as_last_words),
          cmocka_unit_test(the_last_words_of_an_agent_are_kept_together),
          cmocka_unit_test(endless_output_takes_bounded_memory))
