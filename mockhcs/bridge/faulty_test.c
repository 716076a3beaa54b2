/* SPDX-License-Identifier: MIT */

/*
 * lib/gcs under each scenario of bridges: what its callers are told, and that nobody waits for ever. The guest is the
 * one that the tests of lib/gcs talk to, behind a bridge on which things go wrong.
 */

#include "mockhcs/bridge/faulty.h"

#include "base/str.h"
#include "gcs/test/guest.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

#define DEAD "bridge closed: use of closed network connection: "

static const struct hcs_call soon = {.timeout_ms = 30}; /* what never comes is given up after that */

struct fixture {
        struct guest g;
        struct fault_rules rules;
        struct mock_faulty_bridge *bridge;
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_container *c;
};

/* A container that was started tells its end when it is shut down. */
static bool act(struct guest *g, const struct hcs_gcs_frame *f) {
        if (!guest_frame_is(f, HCS_GCS_SHUTDOWN_GRACEFUL))
                return false;
        guest_answer(g, f, OK_TEXT);
        guest_send(g, HCS_GCS_NOTIFY_CONTAINER, 0,
                   "{\"ContainerId\":\"c1\",\"ActivityId\":\"\",\"Type\":\"GracefulExit\",\"Operation\":\"None\","
                   "\"Result\":0,\"ResultInfo\":\"null\"}");
        return true;
}

static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

static void begin_with_seed(struct fixture *f, const char *faults, uint64_t seed) {
        struct hcs_stream *near = NULL, *far = NULL;
        struct hcs_error *err = NULL;

        *f = (struct fixture){0};
        hcs_log_set_sink(drop, NULL); /* most of these bridges die */
        assert_ok(fault_rules_load(faults, &f->rules, &err), err);
        guest_init(&f->g);
        f->g.on_frame = act;
        assert_ok(hcs_stream_pair(&near, &far, &err), err);
        assert_ok(mock_faulty_bridge_new(far, f->g.host, &f->rules, seed, &f->bridge, &err), err);
        f->g.host = near;
}

static void begin(struct fixture *f, const char *faults) {
        struct hcs_error *err = NULL;

        begin_with_seed(f, faults, 7);
        f->gc = guest_connect(&f->g, NULL);
        assert_ok(hcs_gcs_container_create(f->gc, "c1", NULL, NULL, &f->c, &err), err);
}

static void finish(struct fixture *f) {
        hcs_gcs_container_unref(f->c);
        hcs_gcs_connection_unref(f->gc);
        mock_faulty_bridge_free(f->bridge);
        fault_rules_deinit(&f->rules);
        guest_deinit(&f->g);
}

/* The third answer is that to Start: negotiation and Create went well. */
static void start_fails(const char *faults, HRESULT hr, const char *message) {
        struct hcs_error *err = NULL;
        struct fixture f;

        begin(&f, faults);
        assert_hresult(hcs_gcs_container_start(f.c, NULL, &err), hr);
        assert_string_equal(hcs_error_message(err), message);
        hcs_error_free(err);
        assert_ok(hcs_gcs_container_wait(f.c, NULL, NULL), NULL);
        assert_int_equal(mock_faulty_bridge_count(f.bridge), 1);
        finish(&f);
}

static void a_bridge_that_is_cut_in_a_frame_tells_where(void **state) {
        start_fails("frame:Response(Start) cut=0", HCS_E_CONNECTION_CLOSED,
                    DEAD "bridge read failed: header read: EOF");
        start_fails("frame:Response(Start) cut=9", HCS_E_CONNECTION_CLOSED,
                    DEAD "bridge read failed: header read: unexpected EOF");
        start_fails("frame:Response(Start) cut=20", HCS_E_CONNECTION_CLOSED, DEAD "bridge read failed: unexpected EOF");
}

static void whichever_byte_a_bridge_is_cut_at_everybody_is_told(void **state) {
        for (uint64_t seed = 0; seed < 20; seed++) {
                struct fixture f;

                begin_with_seed(&f, "bridge-cut", seed);
                f.gc = guest_connect(&f.g, NULL);
                assert_ok(hcs_gcs_container_create(f.gc, "c1", NULL, NULL, &f.c, NULL), NULL);
                assert_hresult(hcs_gcs_container_start(f.c, NULL, NULL), HCS_E_CONNECTION_CLOSED);
                assert_ok(hcs_gcs_connection_wait(f.gc, NULL, NULL), NULL);
                assert_hresult(hcs_gcs_connection_error(f.gc, NULL), HCS_E_CONNECTION_CLOSED);
                finish(&f);
        }
}

static void a_bridge_that_drops_between_frames_loses_no_answer_that_came(void **state) {
        struct fixture f;

        begin(&f, "bridge-drops");
        assert_ok(hcs_gcs_container_start(f.c, NULL, NULL), NULL);
        assert_ok(hcs_gcs_connection_wait(f.gc, NULL, NULL), NULL);
        assert_hresult(hcs_gcs_container_start(f.c, NULL, NULL), HCS_E_CONNECTION_CLOSED);
        finish(&f);
}

static void a_guest_that_dies_of_a_start_fails_it(void **state) {
        start_fails("guest-dies", HCS_E_CONNECTION_CLOSED, DEAD "bridge read failed: header read: EOF");
}

static void answers_that_never_come_are_given_up(void **state) {
        struct fixture f;

        begin(&f, "bridge-silent");
        assert_hresult(hcs_gcs_container_start(f.c, &soon, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_hresult(hcs_gcs_modify(f.gc, "{}", &soon, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_hresult(hcs_gcs_connection_error(f.gc, NULL), HCS_E_INVALID_STATE);
        finish(&f);
}

static void an_answer_that_comes_twice_ends_the_bridge(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        begin(&f, "bridge-twice");
        assert_ok(hcs_gcs_container_start(f.c, NULL, &err), err);
        assert_ok(hcs_gcs_connection_wait(f.gc, NULL, &err), err);
        assert_hresult(hcs_gcs_connection_error(f.gc, &err), HCS_E_CONNECTION_CLOSED);
        assert_string_equal(hcs_error_message(err),
                            DEAD "bridge received unknown rpc response for id 2, type Response(Start)");
        hcs_error_free(err);
        finish(&f);
}

static void refusals_carry_the_code_and_leave_the_bridge_alive(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        begin_with_seed(&f, "bridge-refuses", 1);
        f.gc = guest_connect(&f.g, NULL);
        assert_hresult(hcs_gcs_container_create(f.gc, "c1", NULL, NULL, &f.c, &err), HCS_E_SYSTEM_ALREADY_STOPPED);
        assert_string_equal(hcs_error_message(err), "guest RPC failure: refused by a fault");
        hcs_error_free(err);
        assert_hresult(hcs_gcs_connection_error(f.gc, NULL), HCS_E_INVALID_STATE);
        assert_int_equal(f.g.frames, 1); /* the guest heard of nothing but the negotiation */
        finish(&f);
}

static void an_exit_that_is_never_told_ends_with_the_callers_patience(void **state) {
        struct fixture f;

        begin(&f, "guest-never-tells");
        assert_ok(hcs_gcs_container_start(f.c, NULL, NULL), NULL);
        assert_ok(hcs_gcs_container_shutdown(f.c, NULL, NULL), NULL);
        assert_hresult(hcs_gcs_container_wait(f.c, &soon, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_false(hcs_gcs_container_exited(f.c));
        finish(&f);
}

static void a_whole_life(const char *faults) {
        struct hcs_error *err = NULL;
        struct fixture f;

        begin(&f, faults);
        assert_ok(hcs_gcs_container_start(f.c, NULL, &err), err);
        assert_ok(hcs_gcs_container_shutdown(f.c, NULL, &err), err);
        assert_ok(hcs_gcs_container_wait(f.c, NULL, &err), err);
        finish(&f);
}

/* No second bridge is waited for, as it would be after one that dropped. */
static void a_guest_that_was_still_for_a_while_goes_on_on_the_same_bridge(void **state) {
        struct hcs_error *err = NULL;
        struct fixture f;

        begin(&f, "bridge-pauses");
        assert_ok(hcs_gcs_container_start(f.c, NULL, &err), err);
        assert_hresult(hcs_gcs_connection_error(f.gc, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_gcs_container_shutdown(f.c, NULL, &err), err);
        assert_ok(hcs_gcs_container_wait(f.c, NULL, &err), err);
        assert_hresult(hcs_gcs_connection_error(f.gc, NULL), HCS_E_INVALID_STATE);
        assert_int_equal(mock_faulty_bridge_count(f.bridge), 2);
        finish(&f);
}

static void what_comes_late_or_shuffled_changes_nothing(void **state) {
        a_whole_life("bridge-slow");
        a_whole_life("bridge-members-shuffled");
        a_whole_life("frame:Notify(Container)@c2 never"); /* of somebody else */
        a_whole_life("frame:Response(Shutdown*) reorder");
}

/* Any byte may be another, any member missing, any answer behind the next: errors are fine, and nobody is left. */
static void whatever_a_bridge_does_to_answers_everybody_is_told(void **state) {
        static const char *const faults[] = {"bridge-corrupt", "bridge-members-left-out", "bridge-out-of-order"};

        for (uint64_t seed = 0; seed < 60; seed++) {
                struct hcs_gcs_process *p = NULL;
                char *stacks = NULL;
                struct fixture f;

                begin_with_seed(&f, faults[seed % HCS_ARRAY_SIZE(faults)], seed);
                f.gc = guest_connect(&f.g, NULL);
                if (SUCCEEDED(hcs_gcs_container_create(f.gc, "c1", NULL, &soon, &f.c, NULL))) {
                        hcs_gcs_container_start(f.c, &soon, NULL);
                        hcs_gcs_container_exec(f.c, "{}", &soon, &p, NULL);
                        hcs_gcs_dump_stacks(f.gc, &soon, &stacks, NULL);
                        hcs_gcs_container_shutdown(f.c, &soon, NULL);
                        hcs_gcs_container_wait(f.c, &soon, NULL);
                }
                hcs_free(stacks);
                hcs_gcs_connection_close(f.gc);
                hcs_gcs_process_unref(p);
                finish(&f);
        }
}

/* The negotiation is the first answer there is. */
static void a_bridge_that_ends_in_the_negotiation_makes_no_connection(void **state) {
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_error *err = NULL;
        struct fixture f;

        begin_with_seed(&f, "frame:Response(NegotiateProtocol) corrupt=4", 1); /* its size */
        guest_start(&f.g);
        assert_true(FAILED(
                hcs_gcs_connect(f.g.host, f.g.transport, NULL, &(struct hcs_call){.timeout_ms = 200}, &gc, &err)));
        assert_string_equal(hcs_error_operation(err), "NegotiateProtocol");
        hcs_error_free(err);
        finish(&f);
}

static void the_same_seed_does_the_same(void **state) {
        unsigned n[2] = {0};

        for (int i = 0; i < 2; i++) {
                struct fixture f;

                begin_with_seed(&f, "frame:Response(DumpStacks)%0.5 delay=1us", 11);
                f.gc = guest_connect(&f.g, NULL);
                for (int k = 0; k < 40; k++) {
                        char *stacks = NULL;

                        assert_ok(hcs_gcs_dump_stacks(f.gc, NULL, &stacks, NULL), NULL);
                        hcs_free(stacks);
                }
                n[i] = mock_faulty_bridge_count(f.bridge);
                finish(&f);
        }
        assert_int_equal(n[0], n[1]);
        assert_in_range(n[0], 1, 39);
}

/* A host that is gone ends the guest's side, too, with a delay going on. */
static void closing_does_not_wait_for_a_delay(void **state) {
        struct fixture f;

        begin(&f, "frame:Response(Start) delay=1h");
        assert_hresult(hcs_gcs_container_start(f.c, &soon, NULL), HCS_E_OPERATION_TIMEOUT);
        hcs_gcs_container_unref(f.c);
        hcs_gcs_connection_unref(f.gc);
        f.bridge = mock_faulty_bridge_free(f.bridge);
        fault_rules_deinit(&f.rules);
        guest_deinit(&f.g);
}

HCS_TESTS(cmocka_unit_test(a_bridge_that_is_cut_in_a_frame_tells_where),
          cmocka_unit_test(whichever_byte_a_bridge_is_cut_at_everybody_is_told),
          cmocka_unit_test(a_bridge_that_drops_between_frames_loses_no_answer_that_came),
          cmocka_unit_test(a_guest_that_dies_of_a_start_fails_it),
          cmocka_unit_test(answers_that_never_come_are_given_up),
          cmocka_unit_test(an_answer_that_comes_twice_ends_the_bridge),
          cmocka_unit_test(refusals_carry_the_code_and_leave_the_bridge_alive),
          cmocka_unit_test(an_exit_that_is_never_told_ends_with_the_callers_patience),
          cmocka_unit_test(a_guest_that_was_still_for_a_while_goes_on_on_the_same_bridge),
          cmocka_unit_test(what_comes_late_or_shuffled_changes_nothing),
          cmocka_unit_test(whatever_a_bridge_does_to_answers_everybody_is_told),
          cmocka_unit_test(a_bridge_that_ends_in_the_negotiation_makes_no_connection),
          cmocka_unit_test(the_same_seed_does_the_same), cmocka_unit_test(closing_does_not_wait_for_a_delay))
