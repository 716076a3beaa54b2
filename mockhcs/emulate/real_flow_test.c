/* SPDX-License-Identifier: MIT */

/*
 * Windows only: bytes of real processes that one side does not take: the other waits, and nothing grows. What has not
 * happened is asked for after another process has moved as many bytes: when it is right it cannot happen at all.
 */

#include <stdatomic.h>
#include <stdlib.h>

#include <psapi.h>
#include <windows.h>

#include "base/mem.h"
#include "mockhcs/test/real.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define HUGE_TEXT  "104857600"
#define HUGE_SIZE  (100u << 20)
#define MUCH_TEXT  "8388608"
#define MUCH       (8u << 20)
#define MEMORY_MAX (4u << 20) /* of what goes through it */

static size_t commit(void) {
        PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};

        assert_true(GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory)));
        return memory.PagefileUsage;
}

static size_t read_to_end(HANDLE h) {
        static char data[65536];
        size_t all = 0, n = 0;

        while (hcs_pipe_read(h, data, sizeof(data), &n, NULL) == S_OK)
                all += n;
        hcs_pipe_close(h);
        return all;
}

static bool has_exited(HCS_PROCESS p) {
        return HcsWaitForProcessExit(p, 0, NULL) == S_OK;
}

/* As much as would have to be moved to be wrong. */
static void let_others_work(void) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("print " MUCH_TEXT, &info);

        assert_int_equal(read_to_end(info.StdOutput), MUCH);
        assert_int_equal(real_exit_code(p), 0);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdError);
}

static void what_is_printed_waits_for_its_reader_and_memory_is_flat(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        size_t before;
        HCS_PROCESS p;

        let_others_work(); /* what the first use of everything takes */
        before = commit();
        p = real_work("print " HUGE_TEXT, &info);
        let_others_work();
        assert_false(has_exited(p));
        assert_in_range(commit(), 0, before + MEMORY_MAX);
        assert_int_equal(read_to_end(info.StdOutput), HUGE_SIZE);
        assert_in_range(commit(), 0, before + MEMORY_MAX);
        assert_int_equal(real_exit_code(p), 0);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdError);
}

static void a_reader_that_goes_away_lets_the_program_go_on(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("print " MUCH_TEXT, &info);

        let_others_work();
        hcs_pipe_close(info.StdOutput);
        assert_int_equal(real_exit_code(p), 0);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdError);
}

static void a_program_that_waits_for_its_reader_can_be_ended(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("print " MUCH_TEXT, &info);

        let_others_work();
        assert_hresult(DONE(HcsTerminateProcess(p, op, NULL)), S_OK);
        assert_int_equal(real_exit_code(p), 1067);
        assert_in_range(read_to_end(info.StdOutput), 1, MEMORY_MAX);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdError);
}

struct writer {
        HANDLE to;
        atomic_size_t written;
};

static void write_much(void *arg) {
        struct writer *w = arg;
        char *data = hcs_calloc(1, 65536);
        size_t n = 0;

        while (atomic_load(&w->written) < MUCH && hcs_pipe_write(w->to, data, 65536, &n, NULL) == S_OK)
                atomic_fetch_add(&w->written, n);
        hcs_pipe_close(w->to);
        free(data);
}

static void what_a_program_does_not_read_stays_with_who_writes_it(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("wait", &info);
        struct writer w = {.to = info.StdInput};
        struct hcs_thread thread;

        assert_ok(hcs_thread_start(&thread, write_much, &w, NULL), NULL);
        let_others_work();
        assert_in_range(atomic_load(&w.written), 0, MEMORY_MAX);
        assert_hresult(DONE(HcsTerminateProcess(p, op, NULL)), S_OK);
        assert_int_equal(real_exit_code(p), 1067);
        hcs_thread_join(&thread); /* it is told that nobody reads */
        hcs_pipe_close(info.StdOutput);
        hcs_pipe_close(info.StdError);
}

static void much_input_comes_whole_and_its_end_after_it(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("count", &info);
        struct writer w = {.to = info.StdInput};
        struct hcs_thread thread;

        assert_ok(hcs_thread_start(&thread, write_much, &w, NULL), NULL);
        real_expect_line(info.StdOutput, MUCH_TEXT);
        hcs_thread_join(&thread);
        assert_int_equal(real_exit_code(p), 0);
        hcs_pipe_close(info.StdOutput);
        hcs_pipe_close(info.StdError);
}

static void many_bytes_there_and_back(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("echo", &info);
        struct writer w = {.to = info.StdInput};
        struct hcs_thread thread;

        assert_ok(hcs_thread_start(&thread, write_much, &w, NULL), NULL);
        assert_int_equal(read_to_end(info.StdOutput), MUCH);
        hcs_thread_join(&thread);
        assert_int_equal(real_exit_code(p), 0);
        hcs_pipe_close(info.StdError);
}

#define REAL(test) cmocka_unit_test_setup_teardown(test, real_setup, real_teardown)
HCS_TESTS(REAL(what_is_printed_waits_for_its_reader_and_memory_is_flat),
          REAL(a_reader_that_goes_away_lets_the_program_go_on), REAL(a_program_that_waits_for_its_reader_can_be_ended),
          REAL(what_a_program_does_not_read_stays_with_who_writes_it),
          REAL(much_input_comes_whole_and_its_end_after_it), REAL(many_bytes_there_and_back))
