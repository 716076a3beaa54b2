/* SPDX-License-Identifier: MIT */

/* Windows only: real processes that are told what a console tells its programs. */

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/test/real.h"
#include "platform/pipe.h"
#include "testing/hcs_test.h"

#define NOT_HANDLED 0xC000013Au

static void close_pipes(HCS_PROCESS_INFORMATION *info) {
        hcs_pipe_close(info->StdInput);
        hcs_pipe_close(info->StdOutput);
        hcs_pipe_close(info->StdError);
}

static void signal_with(HCS_PROCESS p, const char *signal) {
        _cleanup_free_ char *text = hcs_asprintf("{\"Signal\":\"%s\"}", signal);
        _cleanup_free_ uint16_t *wide = NULL;

        assert_ok(hcs_utf8_to_utf16(text, strlen(text), &wide, NULL, NULL), NULL);
        assert_hresult(DONE(HcsSignalProcess(p, op, (const void *)wide)), S_OK);
}

static const struct {
        const char *signal, *said;
        uint32_t exit_code;
} events[] = {{"CtrlC", "event 0", 40},
              {"CtrlBreak", "event 1", 41},
              {"CtrlClose", "event 2", 42},
              {"CtrlLogOff", "event 5", 45},
              {"CtrlShutdown", "event 6", 46}};

static void a_handler_runs_and_ends_the_program_as_it_likes(void **state) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(events); i++) {
                HCS_PROCESS_INFORMATION info = {0};
                HCS_PROCESS p = real_work("catch say ready wait", &info);

                real_expect_line(info.StdOutput, "ready");
                signal_with(p, events[i].signal);
                real_expect_line(info.StdOutput, events[i].said);
                assert_int_equal(real_exit_code(p), events[i].exit_code);
                close_pipes(&info);
        }
}

static void a_program_without_a_handler_ends(void **state) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(events); i++) {
                HCS_PROCESS_INFORMATION info = {0};
                HCS_PROCESS p = real_work("say ready wait", &info);

                real_expect_line(info.StdOutput, "ready");
                signal_with(p, events[i].signal);
                assert_int_equal(real_exit_code(p), NOT_HANDLED);
                close_pipes(&info);
        }
}

static void a_handler_that_returns_saves_from_ctrl_c_and_not_from_the_end(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("ignore say ready count say on exit 0", &info);

        real_expect_line(info.StdOutput, "ready");
        signal_with(p, "CtrlC");
        signal_with(p, "CtrlBreak");
        hcs_pipe_close(info.StdInput);
        info.StdInput = NULL;
        real_expect_line(info.StdOutput, "0");
        real_expect_line(info.StdOutput, "on");
        assert_int_equal(real_exit_code(p), 0);
        close_pipes(&info);
        p = real_work("ignore say ready wait", &info);
        real_expect_line(info.StdOutput, "ready");
        signal_with(p, "CtrlClose");
        assert_int_equal(real_exit_code(p), NOT_HANDLED);
        close_pipes(&info);
}

static void what_a_program_started_is_told_too(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_work("ignore start \"catch say ready wait\" say over", &info);

        real_expect_line(info.StdOutput, "ready");
        signal_with(p, "CtrlC");
        real_expect_line(info.StdOutput, "event 0");
        real_expect_line(info.StdOutput, "over");
        assert_int_equal(real_exit_code(p), 0);
        close_pipes(&info);
}

#define REAL(test) cmocka_unit_test_setup_teardown(test, real_setup, real_teardown)
HCS_TESTS(REAL(a_handler_runs_and_ends_the_program_as_it_likes), REAL(a_program_without_a_handler_ends),
          REAL(a_handler_that_returns_saves_from_ctrl_c_and_not_from_the_end), REAL(what_a_program_started_is_told_too))
