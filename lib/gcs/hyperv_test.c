/* SPDX-License-Identifier: MIT */

/* Hyper-V sockets: over their loopback where the system has them, and what is said where it has not. */

#include "gcs/transport.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define LOOPBACK "hyperv:e0e16197-dd56-4a10-9195-5ee7a155a838"

static void what_is_no_id_of_a_machine_is_refused(void **state) {
        static const char *const names[] = {"hyperv:", "hyperv:vm", "hyperv:e0e16197-dd56-4a10-9195-5ee7a155a83"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                struct hcs_gcs_transport *t = NULL;
                struct hcs_error *err = NULL;

                assert_hresult(hcs_gcs_transport_open(names[i], &t, &err), E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), "hyperv: needs the id of a machine: "));
                hcs_error_free(err);
        }
}

static void dial(void *arg) {
        struct hcs_gcs_transport *t = arg;
        struct hcs_stream *s = NULL;
        char buf[8];
        size_t n;

        assert_ok(hcs_gcs_guest_dial(t, 5000, NULL, &s, NULL), NULL);
        assert_ok(hcs_stream_write(s, "hello", 5, NULL, NULL), NULL);
        hcs_stream_close_write(s);
        assert_int_equal(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL), S_OK);
        hcs_stream_close(s);
}

static void bytes_and_a_half_close_go_over_the_loopback(void **state) {
        struct hcs_gcs_transport *t = NULL;
        struct hcs_gcs_listener *l = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        char buf[8];
        size_t n;
        HRESULT hr;

        assert_ok(hcs_gcs_transport_open(LOOPBACK, &t, NULL), NULL);
        hr = hcs_gcs_listen(t, 5000, &l, &err);
        if (hr == HCS_WIN32(10047)) { /* WSAEAFNOSUPPORT: Linux, Wine, a Windows without Hyper-V */
                assert_non_null(strstr(hcs_error_message(err), "listen for the guest on port 5000: "));
                hcs_error_free(err);
                assert_hresult(hcs_gcs_dial(t, 5000, NULL, &s, NULL), HCS_WIN32(10047));
                hcs_gcs_transport_unref(t);
                skip();
        }
        assert_ok(hr, err);
        assert_hresult(hcs_gcs_accept(l, &(struct hcs_call){.timeout_ms = 1}, &s, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_ok(hcs_thread_start(&thread, dial, t, NULL), NULL);
        assert_ok(hcs_gcs_accept(l, NULL, &s, &err), err);
        assert_int_equal(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL), S_OK);
        assert_int_equal(n, 5);
        assert_int_equal(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL), S_FALSE);
        assert_ok(hcs_stream_write(s, "bye", 3, NULL, NULL), NULL);
        hcs_thread_join(&thread);
        hcs_gcs_listener_wake(l);
        assert_hresult(hcs_gcs_accept(l, NULL, &s, NULL), E_ABORT);
        hcs_stream_close(s);
        hcs_gcs_listener_close(l);
        hcs_gcs_transport_unref(t);
}

HCS_TESTS(cmocka_unit_test(what_is_no_id_of_a_machine_is_refused),
          cmocka_unit_test(bytes_and_a_half_close_go_over_the_loopback))
