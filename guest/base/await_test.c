/* SPDX-License-Identifier: MIT */

/* Waiting, tools of the image, and trees of directories. */

#include "guest/base/await.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/base/path.h"
#include "guest/testing/fixture.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"

#define SOON (hcs_clock_ns() + 60 * (uint64_t)HCS_NS_PER_S)

struct countdown {
        int left; /* questions until the answer */
        HRESULT answer;
};

static HRESULT count(void *ctx, struct hcs_error **err) {
        struct countdown *c = ctx;

        if (c->left-- > 0)
                return S_FALSE;
        return FAILED(c->answer) ? hcs_error_make(err, c->answer, "no") : c->answer;
}

static void waiting_ends_with_the_answer(void **state) {
        struct countdown c = {.left = 3, .answer = S_OK}, bad = {.left = 2, .answer = E_ACCESSDENIED};
        struct hcs_error *err = NULL;

        assert_ok(guest_await(count, &c, SOON, "thing", &err), err);
        assert_int_equal(c.left, -1);
        assert_hresult(guest_await(count, &bad, SOON, "thing", &err), E_ACCESSDENIED);
        hcs_error_free(err);
}

static void after_the_deadline_there_is_one_last_question(void **state) {
        struct countdown c = {.left = 1, .answer = S_OK}, never = {.left = 1000000};
        struct hcs_error *err = NULL;

        assert_ok(guest_await(count, &c, 0, "thing", &err), err);
        assert_hresult(guest_await(count, &never, hcs_clock_ns() + 2000000, "thing", &err), HCS_WIN32(1460));
        assert_string_equal(hcs_error_message(err), "thing: it did not appear in time");
        hcs_error_free(err);
}

struct held_up {
        struct countdown questions;
        uint64_t until;
};

/* The first question takes all of the time. */
static HRESULT count_late(void *ctx, struct hcs_error **err) {
        struct held_up *h = ctx;

        while (hcs_clock_ns() < h->until)
                ;
        return count(&h->questions, err);
}

static void who_was_held_up_has_its_questions_all_the_same(void **state) {
        uint64_t deadline = hcs_clock_ns() + 200 * (uint64_t)HCS_NS_PER_MS;
        struct held_up late = {{.left = 2, .answer = S_OK}, deadline}, never = {{.left = 1000000}, deadline};
        struct hcs_error *err = NULL;

        assert_ok(guest_await(count_late, &late, deadline, "thing", &err), err);
        assert_hresult(guest_await(count_late, &never, deadline, "thing", NULL), HCS_WIN32(1460));
}

#define LONG_NS (200 * (uint64_t)HCS_NS_PER_MS)

static HRESULT count_slowly(void *ctx, struct hcs_error **err) {
        uint64_t until = hcs_clock_ns() + LONG_NS;

        while (hcs_clock_ns() < until)
                ;
        return count(ctx, err);
}

/* Each of them takes all of the time there was: the first, one in the time again, the last. */
static void slow_questions_do_not_make_the_waiting_longer(void **state) {
        struct countdown never = {.left = 1000};

        assert_hresult(guest_await(count_slowly, &never, hcs_clock_ns() + LONG_NS, "thing", NULL), HCS_WIN32(1460));
        assert_in_range(1000 - never.left, 2, 3);
}

static void make_file(void *arg) {
        guest_fixture_file(arg, "dev/late-7", "");
}

static void a_path_is_awaited_by_its_pattern(void **state) {
        _cleanup_free_ char *pattern = NULL, *found = NULL, *expected = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        struct guest_fixture f;
        char *none = NULL;

        guest_fixture_init(&f);
        pattern = guest_fixture_path(&f, "dev/late-?");
        assert_hresult(guest_await_path(pattern, 0, &none, NULL), HCS_WIN32(1460));
        assert_ok(hcs_thread_start(&thread, make_file, &f, NULL), NULL);
        assert_ok(guest_await_path(pattern, SOON, &found, &err), err);
        hcs_thread_join(&thread);
        expected = guest_fixture_path(&f, "dev/late-7");
        assert_string_equal(found, expected);
        guest_fixture_file(&f, "dev/late-8", "");
        assert_hresult(guest_await_path(pattern, 0, &none, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "more than one file matches"));
        assert_null(none);
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static HRESULT run(const char *script, uint64_t timeout_ns, struct hcs_error **err) {
        char *const argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};

        return guest_tool(&guest_real_roots, argv, timeout_ns, err);
}

static void a_tool_that_fails_tells_its_code_and_its_last_words(void **state) {
        char *const missing[] = {(char *)"/no-such-folder/no-such-tool", NULL};
        struct hcs_error *err = NULL;

        assert_ok(run("exit 0", 60ull * HCS_NS_PER_S, &err), err);
        assert_hresult(run("echo one; echo two >&2; exit 3", 60ull * HCS_NS_PER_S, &err), E_FAIL);
        assert_string_equal(hcs_error_message(err), "sh: exit code 3: one two");
        err = hcs_error_free(err);
        assert_hresult(run("kill -9 $$", 60ull * HCS_NS_PER_S, &err), E_FAIL);
        assert_string_equal(hcs_error_message(err), "sh: exit code 137: ");
        err = hcs_error_free(err);
        assert_hresult(guest_tool(&guest_real_roots, missing, HCS_NS_PER_S, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), "no-such-tool"));
        hcs_error_free(err);
}

static void a_tool_that_takes_too_long_is_ended(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(run("echo asking; exec sleep 1000", 200ull * HCS_NS_PER_MS, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "did not end within 200 ms"));
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test(waiting_ends_with_the_answer),
          cmocka_unit_test(after_the_deadline_there_is_one_last_question),
          cmocka_unit_test(who_was_held_up_has_its_questions_all_the_same),
          cmocka_unit_test(slow_questions_do_not_make_the_waiting_longer),
          cmocka_unit_test(a_path_is_awaited_by_its_pattern),
          cmocka_unit_test(a_tool_that_fails_tells_its_code_and_its_last_words),
          cmocka_unit_test(a_tool_that_takes_too_long_is_ended))
