/* SPDX-License-Identifier: MIT */

/* Programs that are ended with what they started. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "platform/clock.h"
#include "platform/posix/child.h"
#include "platform/process.h"
#include "testing/hcs_test.h"

/* Runs a script that inherits the writing end of a pipe, waits until it has written a line, and ends it. The pipe is at
 * its end as soon as nobody is left who has it. */
static void assert_all_end(const char *script) {
        const char *argv[] = {"sh", "-c", script, NULL};
        _cleanup_free_ char *mark = hcs_asprintf("HCS_TEST_MARK=%d", (int)getpid());
        const char *environment[] = {mark, NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        int fds[2], code = 0;
        char c = 0;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(dup2(fds[1], 9), 9); /* without O_CLOEXEC */
        assert_ok(hcs_child_spawn((char *const *)(uintptr_t)argv, environment, HCS_CHILD_MUTE, &child, &err), err);
        close(9);
        close(fds[1]);
        while (c != '\n')
                assert_int_equal(read(fds[0], &c, 1), 1);
        hcs_child_kill_all(child, mark);
        assert_ok(hcs_child_wait(child, &code, &err), err);
        assert_int_equal(code, 128 + 9);
        assert_int_equal(read(fds[0], &c, 1), 0);
        close(fds[0]);
}

static void a_program_goes_with_its_children_and_theirs(void **state) {
        assert_all_end("sh -c 'sleep 1000 & echo >&9; sleep 1000' & sleep 1000");
}

static void one_whose_parent_is_gone_goes_too(void **state) {
        assert_all_end("(setsid sleep 1000 & echo >&9); sleep 1000; :");
}

/* A program that says its id in the file FILE of $TOLD and stands still then: whoever is on the way to another program
 * has no environment at that moment. AND_WAIT: until it has. */
#define STAYS(file)    "sh -c 'echo $$ >\"$0\"; kill -STOP $$' \"$TOLD/" file "\""
#define AND_WAIT(file) "until [ -s \"$TOLD/" file "\" ]; do :; done; "

/* What a script that has ended by itself left, given until then. */
static size_t end_left(const char *folder, const char *script, uint64_t deadline_ns, char **ret_names) {
        static unsigned n_marks; /* what the one before left is none of this one's */
        const char *argv[] = {"sh", "-c", script, NULL};
        _cleanup_free_ char *mark = hcs_asprintf("HCS_TEST_MARK=%d.%u", (int)getpid(), n_marks++),
                            *told = hcs_asprintf("TOLD=%s", folder);
        const char *environment[] = {mark, told, NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        int code = 0;
        size_t n;

        assert_ok(hcs_child_spawn((char *const *)(uintptr_t)argv, environment, HCS_CHILD_MUTE, &child, &err), err);
        assert_true(hcs_child_ended(child, UINT64_MAX));
        n = hcs_child_end_left(child, mark, deadline_ns, ret_names);
        assert_ok(hcs_child_wait(child, &code, &err), err);
        assert_int_equal(code, 3);
        return n;
}

static void assert_ended(const char *folder, const char *file) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, file);
        FILE *f = fopen(path, "re");
        int pid = 0;

        assert_non_null(f);
        assert_int_equal(fscanf(f, "%d", &pid), 1);
        fclose(f);
        assert_true(hcs_pid_ended(pid, UINT64_MAX));
}

static void what_a_program_left_running_is_ended_and_named(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir();
        char *names = NULL;

        assert_int_equal(end_left(folder,
                                  STAYS("a") " & (setsid " STAYS("b") " &); " AND_WAIT("a") AND_WAIT("b") "exit 3", 0,
                                  &names),
                         2);
        assert_string_equal(names, "sh, sh");
        free(names);
        assert_ended(folder, "a");
        assert_ended(folder, "b");
        assert_int_equal(end_left(folder, "exit 3", 0, &names), 0);
        assert_null(names);
}

static void what_ends_by_itself_has_the_time_to(void **state) {
        char *names = NULL;

        assert_int_equal(end_left("", "(sleep 0.1; sleep 0.1) & exit 3", UINT64_MAX, &names), 0);
        assert_null(names);
}

/* Neither its parent nor the mark leads to it any more when it is its turn. */
static void what_loses_its_parent_meanwhile_is_ended_too(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *names = NULL;

        assert_int_equal(end_left(folder, "(env -i " STAYS("a") " & sleep 0.1) & " AND_WAIT("a") "exit 3",
                                  hcs_clock_ns() + HCS_NS_PER_S, &names),
                         1);
        assert_string_equal(names, "sh");
        assert_ended(folder, "a");
}

HCS_TESTS(cmocka_unit_test(what_loses_its_parent_meanwhile_is_ended_too),
          cmocka_unit_test(what_a_program_left_running_is_ended_and_named),
          cmocka_unit_test(what_ends_by_itself_has_the_time_to),
          cmocka_unit_test(a_program_goes_with_its_children_and_theirs),
          cmocka_unit_test(one_whose_parent_is_gone_goes_too))
