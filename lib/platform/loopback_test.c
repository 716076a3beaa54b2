/* SPDX-License-Identifier: MIT */

/* Doors: who knows the secret comes in, and nobody else, on either side. */

#include "platform/loopback.h"

#include "base/str.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

static const struct hcs_bound *in_time(void) {
        static struct hcs_bound b;

        b = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = 30000}, HCS_NO_TIMEOUT);
        return &b;
}

static char *file_in(const char *folder, const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

/* Lets one in on a thread. */
struct porter {
        struct hcs_loopback *door;
        struct hcs_stream *stream;
        struct hcs_thread thread;
        HRESULT hr;
        char purpose[HCS_LOOPBACK_PURPOSE];
};

static void let_in(void *arg) {
        struct porter *p = arg;

        p->hr = hcs_listener_accept(hcs_loopback_listener(p->door), NULL, &p->stream, NULL);
        if (SUCCEEDED(p->hr))
                p->hr = hcs_loopback_admit(p->door, p->stream, in_time(), p->purpose, NULL);
        if (FAILED(p->hr))
                p->stream = hcs_stream_close(p->stream);
}

static void begin(struct porter *p, struct hcs_loopback *door) {
        *p = (struct porter){.door = door};
        assert_ok(hcs_thread_start(&p->thread, let_in, p, NULL), NULL);
}

static void who_can_read_the_file_comes_in(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door");
        struct hcs_loopback *door = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        struct porter porter;
        char buf[8];
        size_t n;

        assert_ok(hcs_loopback_new(file, &door, &err), err);
        begin(&porter, door);
        assert_ok(hcs_loopback_connect(file, "purpose1", in_time(), &s, &err), err);
        hcs_thread_join(&porter.thread);
        assert_ok(porter.hr, NULL);
        assert_string_equal(porter.purpose, "purpose1");
        assert_int_not_equal(hcs_stream_tcp_peer(porter.stream), 0);
        assert_ok(hcs_stream_write(s, "hello", 5, NULL, NULL), NULL);
        hcs_stream_close_write(s);
        assert_int_equal(hcs_stream_read(porter.stream, buf, sizeof(buf), NULL, &n, NULL), S_OK);
        assert_int_equal(n, 5);
        assert_int_equal(hcs_stream_read(porter.stream, buf, sizeof(buf), NULL, &n, NULL), S_FALSE);
        assert_ok(hcs_stream_write(porter.stream, "bye", 3, NULL, NULL), NULL);
        assert_int_equal(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL), S_OK);
        hcs_stream_close(s);
        hcs_stream_close(porter.stream);
        hcs_loopback_free(door);
        assert_false(hcs_file_exists(file));
}

/* The file with another secret for the same port. */
static void forge(const char *file, const char *forged) {
        struct hcs_buf b = {0};

        assert_ok(hcs_file_read(file, 1024, &b, NULL), NULL);
        b.data[b.len - 3] = b.data[b.len - 3] == '0' ? '1' : '0';
        assert_ok(hcs_file_write(forged, b.data, b.len, NULL), NULL);
        hcs_buf_deinit(&b);
}

static void who_knows_another_secret_stays_outside(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door"),
                            *forged = file_in(folder, "forged");
        struct hcs_loopback *door = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        struct porter porter;

        assert_ok(hcs_loopback_new(file, &door, &err), err);
        forge(file, forged);
        begin(&porter, door);
        assert_true(FAILED(hcs_loopback_connect(forged, "service", in_time(), &s, &err)));
        assert_non_null(strstr(hcs_error_message(err), forged));
        hcs_thread_join(&porter.thread);
        assert_hresult(porter.hr, E_ACCESSDENIED);
        hcs_error_free(err);
        hcs_loopback_free(door);
}

/* Somebody who took the port over says what he likes, and learns nothing that helps. */
static void impersonate(void *arg) {
        struct hcs_stream *s = NULL;
        char lies[40] = "hcsdoor1", buf[128];
        size_t n = 0, all = 0;

        assert_ok(hcs_listener_accept(arg, NULL, &s, NULL), NULL);
        assert_ok(hcs_stream_write(s, lies, sizeof(lies), NULL, NULL), NULL);
        while (all < 60 && hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                all += n;
        assert_int_equal(all, 60); /* number, purpose and proof */
        hcs_stream_write(s, lies, 20, NULL, NULL);
        hcs_stream_close(s);
}

static void a_service_that_does_not_know_the_secret_is_refused(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door"), *text = NULL;
        struct hcs_listener *l = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        uint16_t port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, &err), err);
        text = hcs_asprintf("hcsshim-loopback 1 %u %064d\n", (unsigned)port, 1);
        assert_ok(hcs_file_write(file, text, strlen(text), NULL), NULL);
        assert_ok(hcs_thread_start(&thread, impersonate, l, NULL), NULL);
        assert_hresult(hcs_loopback_connect(file, "service", in_time(), &s, &err), E_ACCESSDENIED);
        assert_non_null(strstr(hcs_error_message(err), "does not know the secret"));
        hcs_thread_join(&thread);
        hcs_error_free(err);
        hcs_listener_close(l);
}

static void nobody_there_and_no_file_are_told_apart_from_a_wrong_file(void **state) {
        static const char *const wrong[] = {"",
                                            "x",
                                            "hcsshim-loopback 1 ",
                                            "hcsshim-loopback 1 80",
                                            "hcsshim-loopback 1 80 00",
                                            "hcsshim-loopback 2 80 00",
                                            "hcsshim-loopback 1 65536 "
                                            "0000000000000000000000000000000000000000000000000000000000000000"};
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door"),
                            *stale = file_in(folder, "stale");
        struct hcs_loopback *door = NULL;
        struct hcs_stream *s = NULL;

        assert_true(hcs_stream_is_absent(hcs_loopback_connect(file, "service", in_time(), &s, NULL)));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(wrong); i++) {
                assert_ok(hcs_file_write(file, wrong[i], strlen(wrong[i]), NULL), NULL);
                assert_hresult(hcs_loopback_connect(file, "service", in_time(), &s, NULL), E_INVALIDARG);
        }
        assert_ok(hcs_loopback_new(file, &door, NULL), NULL);
        forge(file, stale);
        hcs_loopback_free(door);
        assert_true(hcs_stream_is_absent(hcs_loopback_connect(stale, "service", in_time(), &s, NULL)));
        assert_null(s);
}

static void knock(void *arg) {
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_loopback_connect(arg, "service", in_time(), &s, &err), err);
        hcs_stream_close(s);
}

static void a_door_that_was_closed_still_admits_who_came_before(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door");
        struct hcs_loopback *door = NULL;
        struct hcs_stream *early = NULL, *late = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        char purpose[HCS_LOOPBACK_PURPOSE];

        assert_ok(hcs_loopback_new(file, &door, &err), err);
        assert_ok(hcs_thread_start(&thread, knock, file, NULL), NULL);
        assert_ok(hcs_listener_accept(hcs_loopback_listener(door), NULL, &early, &err), err);
        hcs_loopback_close(door);
        assert_false(hcs_file_exists(file));
        assert_true(hcs_stream_is_absent(hcs_loopback_connect(file, "service", in_time(), &late, NULL)));
        assert_ok(hcs_loopback_admit(door, early, in_time(), purpose, &err), err);
        hcs_thread_join(&thread);
        hcs_stream_close(early);
        hcs_loopback_free(door);
}

static void the_file_of_another_is_not_removed(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = file_in(folder, "door");
        struct hcs_loopback *first = NULL, *second = NULL;

        assert_ok(hcs_loopback_new(file, &first, NULL), NULL);
        assert_ok(hcs_loopback_new(file, &second, NULL), NULL);
        hcs_loopback_free(first);
        assert_true(hcs_file_exists(file));
        hcs_loopback_free(second);
        assert_false(hcs_file_exists(file));
}

HCS_TESTS(cmocka_unit_test(who_can_read_the_file_comes_in), cmocka_unit_test(who_knows_another_secret_stays_outside),
          cmocka_unit_test(a_service_that_does_not_know_the_secret_is_refused),
          cmocka_unit_test(nobody_there_and_no_file_are_told_apart_from_a_wrong_file),
          cmocka_unit_test(a_door_that_was_closed_still_admits_who_came_before),
          cmocka_unit_test(the_file_of_another_is_not_removed))
