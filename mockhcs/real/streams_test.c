/* SPDX-License-Identifier: MIT */

/* The streams of processes through the recorder of the platform's DLLs. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mockhcs/test/recorded.h"
#include "platform/abi_memory.h"
#include "platform/pipe.h"

static void start(struct world *w, HCS_SYSTEM system) {
        HCS_OPERATION op = new_operation(w);

        CALL(w, COMPUTECORE, "HcsStartComputeSystem", ARG(system), ARG(op), 0);
        CALL(w, COMPUTECORE, "HcsWaitForOperationResult", ARG(op), INFINITE, 0);
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
}

/* Runs `cmd' until it exits with 3. */
static HCS_PROCESS run_shell(struct world *w, HCS_SYSTEM system) {
        static const char line[] = "echo through\nexit 3\n";
        HCS_PROCESS_INFORMATION info = {0};
        HCS_OPERATION op = new_operation(w);
        HCS_PROCESS process = NULL;
        char data[64], said[64] = "";
        size_t n = 0, length = 0;
        PWSTR status = NULL;

        start(w, system);
        CALL(w, COMPUTECORE, "HcsCreateProcess", ARG(system),
             ARG(u"{\"CommandLine\":\"cmd\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}"), ARG(op), 0,
             ARG(&process));
        CALL(w, COMPUTECORE, "HcsWaitForOperationResultAndProcessInfo", ARG(op), INFINITE, ARG(&info), 0);
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        assert_hresult(hcs_pipe_write(info.StdInput, line, strlen(line), &n, NULL), S_OK);
        while (hcs_pipe_read(info.StdOutput, data, sizeof(data), &n, NULL) == S_OK) {
                assert_true(length + n < sizeof(said));
                memcpy(said + length, data, n);
                length += n;
        }
        assert_string_equal(said, "through\r\n");
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdOutput);
        assert_hresult(CALL(w, COMPUTECORE, "HcsWaitForProcessExit", ARG(process), INFINITE, ARG(&status)), S_OK);
        hcs_abi_free(status);
        return process;
}

static void streams_and_an_exit_that_is_waited_for_are_written(void **state) {
        struct lines said, events;
        HCS_PROCESS process;
        HCS_SYSTEM system;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        process = run_shell(&w, system);
        CALL(&w, COMPUTECORE, "HcsCloseProcess", ARG(process));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        real_recorder_free(steal_pointer(&w.recorder)); /* the streams have ended */
        said = read_lines(w.ours, MOCK_RECORD_STDIO);
        assert_int_equal(said.n, 4);
        assert_string_equal(said.items[0].subject, "process/1");
        assert_memory_equal(said.items[0].data, "echo through\nexit 3\n", 20);
        free_lines(&said);
        events = read_lines(w.ours, MOCK_RECORD_EVENT);
        assert_int_equal(events.n, 1);
        assert_string_equal(events.items[0].event, "ProcessExited");
        assert_non_null(strstr(events.items[0].result.text, "\"ExitCode\":3"));
        free_lines(&events);
        close_world(&w);
}

static void streams_are_left_alone_when_they_are_not_wanted(void **state) {
        struct lines said;
        HCS_PROCESS process;
        HCS_SYSTEM system;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){.no_streams = true});
        process = run_shell(&w, system);
        CALL(&w, COMPUTECORE, "HcsCloseProcess", ARG(process));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        said = read_lines(w.ours, MOCK_RECORD_STDIO);
        assert_int_equal(said.n, 0);
        free_lines(&said);
        close_world(&w);
}

static void the_same_pipes_are_given_again_for_the_same_operation(void **state) {
        HCS_PROCESS_INFORMATION first = {0}, second = {0};
        HCS_PROCESS process = NULL;
        struct lines said;
        HCS_OPERATION op;
        HCS_SYSTEM system;
        char data[64];
        struct world w;
        size_t n = 0;

        system = open_with_system(&w, (struct real_recorder_options){0});
        start(&w, system);
        op = new_operation(&w);
        CALL(&w, COMPUTECORE, "HcsCreateProcess", ARG(system),
             ARG(u"{\"CommandLine\":\"cmd /c echo once\",\"CreateStdOutPipe\":true}"), ARG(op), 0, ARG(&process));
        CALL(&w, COMPUTECORE, "HcsWaitForOperationResultAndProcessInfo", ARG(op), INFINITE, ARG(&first), 0);
        CALL(&w, COMPUTECORE, "HcsGetOperationResultAndProcessInfo", ARG(op), ARG(&second), 0);
        assert_memory_equal(&first, &second, sizeof(first));
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        assert_hresult(hcs_pipe_read(first.StdOutput, data, sizeof(data), &n, NULL), S_OK);
        assert_int_equal(n, 6);
        hcs_pipe_close(first.StdOutput);
        CALL(&w, COMPUTECORE, "HcsCloseProcess", ARG(process));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        real_recorder_free(steal_pointer(&w.recorder));
        said = read_lines(w.ours, MOCK_RECORD_STDIO);
        assert_true(said.n >= 1);
        assert_memory_equal(said.items[0].data, "once\r\n", 6);
        for (size_t i = 1; i < said.n; i++)
                assert_int_equal(said.items[i].len, 0);
        free_lines(&said);
        close_world(&w);
}

/* A process that is asked for its pipes has new ones; what was carried before goes on being recorded. */
static void the_end_of_pipes_that_were_replaced_is_not_the_end_of_the_stream(void **state) {
        static const char line[] = "echo later\nexit 0\n";
        HCS_PROCESS_INFORMATION first = {0}, second = {0};
        HCS_PROCESS process = NULL;
        unsigned ends = 0;
        struct lines said;
        HCS_SYSTEM system;
        char data[64];
        struct world w;
        size_t n = 0;

        open_world(&w, (struct real_recorder_options){0});
        system = create_and_close(&w);
        start(&w, system);
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        assert_int_equal(CALL(&w, VMCOMPUTE, "HcsOpenComputeSystem", ARG(u"real"), ARG(&system), 0), 0);
        assert_int_equal(CALL(&w, VMCOMPUTE, "HcsCreateProcess", ARG(system),
                              ARG(u"{\"CommandLine\":\"cmd\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}"),
                              ARG(&first), ARG(&process), 0),
                         0);
        assert_int_equal(CALL(&w, VMCOMPUTE, "HcsGetProcessInfo", ARG(process), ARG(&second), 0), 0);
        assert_hresult(hcs_pipe_read(first.StdOutput, data, sizeof(data), &n, NULL), S_FALSE);
        assert_hresult(hcs_pipe_write(second.StdInput, line, strlen(line), &n, NULL), S_OK);
        while (hcs_pipe_read(second.StdOutput, data, sizeof(data), &n, NULL) == S_OK)
                continue;
        hcs_pipe_close(first.StdInput);
        hcs_pipe_close(first.StdOutput);
        hcs_pipe_close(second.StdInput);
        hcs_pipe_close(second.StdOutput);
        CALL(&w, VMCOMPUTE, "HcsCloseProcess", ARG(process));
        CALL(&w, VMCOMPUTE, "HcsTerminateComputeSystem", ARG(system), 0, 0);
        CALL(&w, VMCOMPUTE, "HcsCloseComputeSystem", ARG(system));
        real_recorder_free(steal_pointer(&w.recorder));
        said = read_lines(w.ours, MOCK_RECORD_STDIO);
        for (size_t i = 0; i < said.n; i++)
                ends += said.items[i].stream == MOCK_STDOUT && said.items[i].end;
        assert_int_equal(ends, 1);
        free_lines(&said);
        close_world(&w);
}

HCS_TESTS(cmocka_unit_test(streams_and_an_exit_that_is_waited_for_are_written),
          cmocka_unit_test(streams_are_left_alone_when_they_are_not_wanted),
          cmocka_unit_test(the_same_pipes_are_given_again_for_the_same_operation),
          cmocka_unit_test(the_end_of_pipes_that_were_replaced_is_not_the_end_of_the_stream))
