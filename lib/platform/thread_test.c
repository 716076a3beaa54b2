/* SPDX-License-Identifier: MIT */

/* Threads that are watched by others. */

#include "platform/thread.h"

#include "testing/hcs_test.h"

struct one {
        struct hcs_thread t;
        struct hcs_mutex lock; /* held while it is to live */
        struct hcs_mutex watching;
        struct hcs_cond watched;
        struct hcs_thread_watch *watch, *again;
};

static void live(void *arg) {
        struct one *o = arg;

        hcs_mutex_lock(&o->watching);
        o->watch = hcs_thread_watch_new();
        o->again = hcs_thread_watch_new();
        hcs_cond_signal(&o->watched);
        hcs_mutex_unlock(&o->watching);
        hcs_mutex_lock(&o->lock);
        hcs_mutex_unlock(&o->lock);
}

static void begin(struct one *o) {
        *o = (struct one){0};
        hcs_mutex_init(&o->lock);
        hcs_mutex_init(&o->watching);
        hcs_cond_init(&o->watched);
        hcs_mutex_lock(&o->lock);
        assert_hresult(hcs_thread_start(&o->t, live, o, NULL), S_OK);
        hcs_guard(&o->watching);
        while (!o->again)
                hcs_cond_wait(&o->watched, &o->watching);
}

static void end(struct one *o) {
        hcs_mutex_unlock(&o->lock);
        hcs_thread_join(&o->t);
        hcs_cond_deinit(&o->watched);
        hcs_mutex_deinit(&o->watching);
        hcs_mutex_deinit(&o->lock);
}

/* Those that come later have its number again. */
static void a_thread_that_has_ended_is_not_taken_for_a_later_one(void **state) {
        struct one first, later;

        begin(&first);
        assert_false(hcs_thread_watch_has_ended(first.watch));
        end(&first);
        for (int i = 0; i < 64; i++) {
                begin(&later);
                assert_true(hcs_thread_watch_has_ended(first.watch));
                assert_true(hcs_thread_watch_has_ended(first.again));
                assert_false(hcs_thread_watch_has_ended(later.watch));
                hcs_thread_watch_free(later.watch);
                end(&later);
                assert_true(hcs_thread_watch_has_ended(later.again));
                hcs_thread_watch_free(later.again);
        }
        hcs_thread_watch_free(first.watch);
        hcs_thread_watch_free(first.again);
}

static void none_never_ends(void **state) {
        assert_false(hcs_thread_watch_has_ended(NULL));
        assert_null(hcs_thread_watch_free(NULL));
}

HCS_TESTS(cmocka_unit_test(a_thread_that_has_ended_is_not_taken_for_a_later_one), cmocka_unit_test(none_never_ends))
