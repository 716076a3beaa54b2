/* SPDX-License-Identifier: MIT */

/* Relays between the streams of a process and those of a client: all of it, in order, and how they end. */

#include <stdatomic.h>

#include "base/str.h"
#include "gcs/test/program.h"
#include "testing/hcs_test.h"

static const struct hcs_call at_once = {.timeout_ms = 1};

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

        fixture_init(&f, ALL, false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&e, give, take}, &err), err);
        assert_hresult(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, &code, &err), err);
        assert_int_equal(code, 3);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        assert_string_equal(e.outputs[1].data, e.input);
        assert_string_equal(e.outputs[2].data, e.input);
        hcs_buf_deinit(&e.outputs[1]);
        hcs_buf_deinit(&e.outputs[2]);
        fixture_deinit(&f);
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

        fixture_init(&f, "{\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}", false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&c, give_crumbs, take_crumbs}, &err), err);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, NULL, &err), err);
        assert_false(c.differ);
        assert_int_equal(c.taken[1], MANY);
        fixture_deinit(&f);
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

                fixture_init(&f, ALL, false, 0);
                w = (struct early){.p = f.p, .ends = &e};
                assert_ok(hcs_thread_start(&t, wait_from_the_start, &w, NULL), NULL);
                assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){&e, give_input, take}, &err), err);
                hcs_thread_join(&t);
                assert_ok(w.hr, NULL);
                assert_int_equal(w.seen, 5);
                assert_ok(hcs_gcs_process_wait(f.p, NULL, NULL, &err), err);
                hcs_buf_deinit(&e.outputs[1]);
                hcs_buf_deinit(&e.outputs[2]);
                fixture_deinit(&f);
        }
}

static void a_relay_whose_outputs_the_guest_does_not_end_says_so(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        fixture_init(&f, ALL, false, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, &err), err);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, &at_once, &err), HCS_E_OPERATION_TIMEOUT);
        assert_string_equal(hcs_error_operation(err), "relay");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        assert_string_equal(hcs_error_hint(err),
                            "stdout and stderr still open on our side; the guest has not ended them");
        err = hcs_error_free(err);
        assert_ok(hcs_gcs_process_close_stdin(f.p, NULL, &err), err);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        fixture_deinit(&f);
}

static int64_t give_for_ever(void *ctx, void *buf, size_t size) {
        memset(buf, 'x', size);
        return (int64_t)size;
}

static void a_process_that_ends_before_its_input_does_is_no_failure(void **state) {
        struct fixture f = {.program.deaf = true};
        struct hcs_error *err = NULL;
        uint32_t code;

        fixture_init_program(&f, ALL, 0);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){NULL, give_for_ever, NULL}, &err), err);
        assert_ok(hcs_gcs_process_wait(f.p, NULL, &code, &err), err);
        assert_int_equal(code, 3);
        assert_ok(hcs_gcs_process_relay_wait(f.p, NULL, &err), err);
        while (hcs_gcs_process_write(f.p, "x", 1, NULL, &err) == S_OK)
                continue;
        assert_string_equal(hcs_error_operation(err), "write stdin");
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        hcs_error_free(err);
        fixture_deinit(&f); /* which the copy of the input does not hold up */
}

static void a_relay_of_streams_that_are_never_dialled_fails(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        fixture_init(&f, "{\"CreateStdOutPipe\":true}", true, 20);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, NULL, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_process_relay(f.p, &(struct hcs_gcs_relay){0}, &err), err);
        assert_hresult(hcs_gcs_process_relay_wait(f.p, NULL, &err), HCS_E_CONNECTION_TIMEOUT);
        assert_string_equal(hcs_error_id(err), ZERO_ID ":42");
        assert_null(hcs_error_hint(err));
        hcs_error_free(err);
        fixture_deinit(&f);
}

HCS_TESTS(cmocka_unit_test(a_relay_copies_all_three_streams_and_keeps_the_rules_of_closing),
          cmocka_unit_test(megabytes_in_tiny_pieces_arrive_whole_and_in_order),
          cmocka_unit_test(who_waits_while_a_relay_begins_gets_all_of_it),
          cmocka_unit_test(a_relay_whose_outputs_the_guest_does_not_end_says_so),
          cmocka_unit_test(a_process_that_ends_before_its_input_does_is_no_failure),
          cmocka_unit_test(a_relay_of_streams_that_are_never_dialled_fails))
