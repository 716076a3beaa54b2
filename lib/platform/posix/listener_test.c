/* SPDX-License-Identifier: MIT */

/* The private listener: one at a time under a name, also while one ends. */

#include "base/str.h"
#include "platform/stream.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define IN_USE HCS_WIN32(10048)

struct next {
        const char *name;
        struct hcs_listener *listener;
        HRESULT hr;
};

static void begin(void *arg) {
        struct next *n = arg;

        n->hr = hcs_listener_private(n->name, &n->listener, NULL);
}

static void one_that_listens_is_the_only_one(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *name = hcs_asprintf("%s/s", folder);
        struct hcs_listener *first = NULL, *second = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_listener_private(name, &first, &err), err);
        assert_hresult(hcs_listener_private(name, &second, NULL), IN_USE);
        hcs_listener_close(first);
        assert_ok(hcs_listener_private(name, &second, &err), err);
        hcs_listener_close(second);
}

static void one_that_has_ended_is_waited_for_until_it_is_closed(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *name = hcs_asprintf("%s/s", folder);
        struct next next = {.name = name};
        struct hcs_listener *first = NULL;
        struct hcs_error *err = NULL;
        struct hcs_stream *stream = NULL;
        struct hcs_thread thread;

        assert_ok(hcs_listener_private(name, &first, &err), err);
        hcs_listener_end(first);
        assert_true(FAILED(hcs_stream_connect_private(name, NULL, &stream, NULL)));
        assert_ok(hcs_thread_start(&thread, begin, &next, &err), err);
        hcs_listener_close(first);
        hcs_thread_join(&thread);
        assert_hresult(next.hr, S_OK);
        hcs_listener_close(next.listener);
}

HCS_TESTS(cmocka_unit_test(one_that_listens_is_the_only_one),
          cmocka_unit_test(one_that_has_ended_is_waited_for_until_it_is_closed))
