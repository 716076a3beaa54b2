/* SPDX-License-Identifier: MIT */

/*
 * Listeners and streams of Windows, over TCP of the loopback interface: what they do is the same for the sockets of
 * Hyper-V, which Wine and machines without it lack.
 */

#include "platform/windows/socket.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/thread.h"
#include "platform/windows/pipe_name.h"
#include "platform/windows/pipe_pair.h"
#include "testing/hcs_test.h"

static struct sockaddr_in address;

static HRESULT listen_anywhere(struct hcs_listener **ret, struct hcs_error **err) {
        /* A port that was free a moment ago. */
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int size = sizeof(address);
        SOCKET probe = INVALID_SOCKET, s = INVALID_SOCKET;

        assert_ok(hcs_socket_new(AF_INET, IPPROTO_TCP, &probe, NULL), NULL);
        assert_int_equal(bind(probe, (struct sockaddr *)&any, sizeof(any)), 0);
        assert_int_equal(getsockname(probe, (struct sockaddr *)&address, &size), 0);
        closesocket(probe);
        assert_ok(hcs_socket_new(AF_INET, IPPROTO_TCP, &s, NULL), NULL);
        return hcs_listener_of_socket(s, (struct sockaddr *)&address, sizeof(address), "listen", ret, err);
}

static HRESULT connect_to_it(struct hcs_stream **ret, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = 10000}, HCS_NO_TIMEOUT);
        SOCKET s = INVALID_SOCKET;
        HRESULT hr;

        assert_ok(hcs_socket_new(AF_INET, IPPROTO_TCP, &s, NULL), NULL);
        hr = hcs_socket_connect(s, (struct sockaddr *)&address, sizeof(address), &b, "connect", err);
        if (SUCCEEDED(hr))
                return hcs_stream_of_socket(s, ret, err);
        closesocket(s);
        return hr;
}

static const struct hcs_call soon = {.timeout_ms = 20};

static void a_listener_accepts_runs_out_of_time_and_is_woken(void **state) {
        struct hcs_bound b = hcs_bound_of_call(&soon, HCS_NO_TIMEOUT);
        struct hcs_stream *near_end = NULL, *far_end = NULL;
        struct hcs_listener *l = NULL;
        struct hcs_error *err = NULL;
        char buf[8];
        size_t n;

        assert_ok(listen_anywhere(&l, &err), err);
        assert_hresult(hcs_listener_accept(l, &b, &far_end, NULL), HCS_E_OPERATION_TIMEOUT);
        for (int i = 0; i < 3; i++) {
                assert_ok(connect_to_it(&near_end, &err), err);
                assert_ok(hcs_listener_accept(l, NULL, &far_end, &err), err);
                assert_ok(hcs_stream_write(near_end, "hello", 5, NULL, NULL), NULL);
                hcs_stream_close_write(near_end);
                assert_int_equal(hcs_stream_read(far_end, buf, sizeof(buf), NULL, &n, NULL), S_OK);
                assert_int_equal(n, 5);
                assert_int_equal(hcs_stream_read(far_end, buf, sizeof(buf), NULL, &n, NULL), S_FALSE);
                assert_ok(hcs_stream_write(far_end, "bye", 3, NULL, NULL), NULL); /* after the other's half close */
                assert_int_equal(hcs_stream_read(near_end, buf, sizeof(buf), NULL, &n, NULL), S_OK);
                hcs_stream_close(near_end);
                hcs_stream_close(far_end);
        }
        hcs_listener_wake(l);
        assert_hresult(hcs_listener_accept(l, NULL, &far_end, NULL), E_ABORT);
        assert_hresult(hcs_listener_accept(l, NULL, &far_end, NULL), E_ABORT);
        hcs_listener_close(l);
        assert_hresult(connect_to_it(&near_end, &err), HCS_WIN32(WSAECONNREFUSED));
        assert_int_equal(strncmp(hcs_error_message(err), "connect: ", 9), 0);
        hcs_error_free(err);
}

static void a_read_that_ran_out_of_time_loses_nothing(void **state) {
        struct hcs_stream *a = NULL, *b = NULL;
        char buf[8];
        size_t n;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        for (int i = 0; i < 5; i++) {
                assert_hresult(hcs_stream_read(a, buf, sizeof(buf), &soon, &n, NULL), HCS_E_OPERATION_TIMEOUT);
                assert_ok(hcs_stream_write(b, "x", 1, NULL, NULL), NULL);
                assert_int_equal(hcs_stream_read(a, buf, sizeof(buf), &soon, &n, NULL), S_OK);
                assert_int_equal(n, 1);
        }
        hcs_stream_close(a);
        hcs_stream_close(b);
}

static void shut(void *arg) {
        hcs_stream_shutdown(arg);
}

static void a_shutdown_ends_what_others_wait_for(void **state) {
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_thread thread;
        struct hcs_error *err = NULL;
        char buf[8];
        size_t n;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        assert_ok(hcs_thread_start(&thread, shut, a, NULL), NULL);
        assert_int_equal(hcs_stream_read(a, buf, sizeof(buf), NULL, &n, NULL), S_FALSE);
        hcs_thread_join(&thread);
        assert_int_equal(hcs_stream_read(b, buf, sizeof(buf), NULL, &n, NULL), S_FALSE);
        assert_hresult(hcs_stream_write(a, "x", 1, NULL, &err), HCS_WIN32(ERROR_BROKEN_PIPE));
        assert_string_equal(hcs_error_message(err), "write: the other end is closed");
        hcs_error_free(err);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

#define MUCH (8u << 20)

/* Byte k of what is written. */
static char byte_at(size_t k) {
        return (char)(k * 7 + k / 65536);
}

static char *much_to_write(void) {
        char *much = hcs_malloc(MUCH);

        for (size_t k = 0; k < MUCH; k++)
                much[k] = byte_at(k);
        return much;
}

/* Reads to the end, which comes after so much of it. */
static void expect_of_it(struct hcs_stream *s, size_t n) {
        char buf[4096];
        size_t all = 0, got = 0;

        while (hcs_stream_read(s, buf, sizeof(buf), NULL, &got, NULL) == S_OK)
                for (size_t k = 0; k < got; k++)
                        assert_int_equal(buf[k], byte_at(all++));
        assert_int_equal(all, n);
}

static void a_write_that_runs_out_of_time_says_how_much_went_out(void **state) {
        _cleanup_free_ char *much = much_to_write();
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_bound bound = hcs_bound_of_call(&soon, HCS_NO_TIMEOUT), now = {.deadline_ns = 0};
        size_t n = 0, more = 0;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        assert_hresult(hcs_stream_write_bound(a, much, MUCH, &bound, &n, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_in_range(n, 1, MUCH - 1);
        assert_hresult(hcs_stream_write_bound(a, much + n, MUCH - n, &now, &more, NULL), HCS_E_OPERATION_TIMEOUT);
        hcs_stream_close_write(a);
        expect_of_it(b, n + more);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

struct reader {
        struct hcs_stream *stream;
        size_t n;
};

static void read_it(void *arg) {
        const struct reader *r = arg;

        expect_of_it(r->stream, r->n);
}

static void a_write_under_a_bound_goes_on_when_there_is_room_also_after_a_half_close(void **state) {
        _cleanup_free_ char *much = much_to_write();
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_bound now = {.deadline_ns = 0};
        struct hcs_bound long_time = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = 60000}, HCS_NO_TIMEOUT);
        struct hcs_thread thread;
        struct reader reader;
        size_t n = 0, more = 0;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        hcs_stream_close_write(b);
        assert_hresult(hcs_stream_write_bound(a, much, MUCH, &now, &n, NULL), HCS_E_OPERATION_TIMEOUT);
        reader = (struct reader){.stream = b, .n = MUCH};
        assert_ok(hcs_thread_start(&thread, read_it, &reader, NULL), NULL);
        assert_ok(hcs_stream_write_bound(a, much + n, MUCH - n, &long_time, &more, NULL), NULL);
        assert_int_equal(n + more, MUCH);
        hcs_stream_close_write(a);
        hcs_thread_join(&thread);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

static void close_it(void *arg) {
        hcs_stream_close(arg);
}

static void a_write_under_a_bound_is_told_that_the_other_end_has_gone(void **state) {
        _cleanup_free_ char *much = much_to_write();
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_bound long_time = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = 60000}, HCS_NO_TIMEOUT);
        struct hcs_thread thread;
        struct hcs_error *err = NULL;
        size_t n = 0;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        assert_ok(hcs_thread_start(&thread, close_it, b, NULL), NULL);
        assert_hresult(hcs_stream_write_bound(a, much, MUCH, &long_time, &n, &err), HCS_WIN32(ERROR_BROKEN_PIPE));
        hcs_error_free(err);
        hcs_thread_join(&thread);
        hcs_stream_close(a);
}

struct writer {
        struct hcs_stream *stream;
        const char *data;
        atomic_bool begun;
        HRESULT hr;
        size_t n;
};

static void write_it(void *arg) {
        struct hcs_bound long_time = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = 20000}, HCS_NO_TIMEOUT);
        struct writer *w = arg;

        atomic_store(&w->begun, true);
        w->hr = hcs_stream_write_bound(w->stream, w->data, MUCH, &long_time, &w->n, NULL);
}

static void expect_marks(struct hcs_stream *s, size_t n) {
        char buf[4096];
        size_t got = 0;

        for (; n; n -= got) {
                assert_int_equal(hcs_stream_read(s, buf, n < sizeof(buf) ? n : sizeof(buf), NULL, &got, NULL), S_OK);
                for (size_t k = 0; k < got; k++)
                        assert_int_equal(buf[k], '!');
        }
}

/* Those that run out of time behind it take nothing away from the first, and their bytes do not get into its own. */
static void writers_under_bounds_take_turns(void **state) {
        _cleanup_free_ char *much = much_to_write(), *marks = hcs_malloc(MUCH);
        struct writer writer = {.data = much};
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_thread writing, reading;
        struct reader reader;
        size_t n, before = 0;

        memset(marks, '!', MUCH);
        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        writer.stream = a;
        assert_ok(hcs_thread_start(&writing, write_it, &writer, NULL), NULL);
        while (!atomic_load(&writer.begun))
                continue;
        for (int behind = 0; behind < 3; before += n) {
                struct hcs_bound bound = hcs_bound_of_call(&soon, HCS_NO_TIMEOUT);

                assert_hresult(hcs_stream_write_bound(a, marks, MUCH, &bound, &n, NULL), HCS_E_OPERATION_TIMEOUT);
                behind += n == 0;
        }
        expect_marks(b, before); /* of one that was quicker */
        reader = (struct reader){.stream = b, .n = MUCH};
        assert_ok(hcs_thread_start(&reading, read_it, &reader, NULL), NULL);
        hcs_thread_join(&writing);
        assert_ok(writer.hr, NULL);
        assert_int_equal(writer.n, MUCH);
        hcs_stream_close_write(a);
        hcs_thread_join(&reading);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

static void a_pipe_whose_write_was_given_up_says_so(void **state) {
        _cleanup_free_ char *much = much_to_write();
        HANDLE first = NULL, second = NULL;
        struct hcs_stream *near_end = NULL, *far_end = NULL;
        struct hcs_bound bound;
        struct hcs_error *err = NULL;
        size_t n = 1;

        assert_ok(
                hcs_windows_pipe_pair(GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED, false, &first, &second, &err),
                err);
        assert_ok(hcs_stream_of_pipe(first, &near_end, &err), err);
        assert_ok(hcs_stream_of_pipe(second, &far_end, &err), err);
        bound = hcs_bound_of_call(&soon, HCS_NO_TIMEOUT);
        assert_hresult(hcs_stream_write_bound(near_end, much, MUCH, &bound, &n, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_int_equal(n, 0);
        assert_hresult(hcs_stream_write(near_end, "x", 1, NULL, &err), HCS_WIN32(ERROR_BAD_PIPE));
        assert_string_equal(hcs_error_message(err), "write: one before it was given up in its middle");
        err = hcs_error_free(err);
        /* The other direction is whole, until this end goes. */
        assert_ok(hcs_stream_write(far_end, "x", 1, NULL, &err), err);
        hcs_stream_close(near_end);
        for (int i = 0; i < 2; i++) {
                assert_hresult(hcs_stream_write(far_end, "x", 1, NULL, &err), HCS_WIN32(ERROR_BROKEN_PIPE));
                assert_string_equal(hcs_error_message(err), "write: the other end is closed");
                err = hcs_error_free(err);
        }
        hcs_stream_close(far_end);
}

HCS_TESTS(cmocka_unit_test(a_listener_accepts_runs_out_of_time_and_is_woken),
          cmocka_unit_test(a_read_that_ran_out_of_time_loses_nothing),
          cmocka_unit_test(a_shutdown_ends_what_others_wait_for),
          cmocka_unit_test(a_write_that_runs_out_of_time_says_how_much_went_out),
          cmocka_unit_test(a_write_under_a_bound_goes_on_when_there_is_room_also_after_a_half_close),
          cmocka_unit_test(a_write_under_a_bound_is_told_that_the_other_end_has_gone),
          cmocka_unit_test(writers_under_bounds_take_turns), cmocka_unit_test(a_pipe_whose_write_was_given_up_says_so))
