/* SPDX-License-Identifier: MIT */

/* The streams of processes through the recorder of the platform's DLLs. */

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "mockhcs/real/passing.h"
#include "mockhcs/test/recorded.h"
#include "platform/abi_memory.h"
#include "platform/clock.h"
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

/*
 * A platform of one process, whose ends of the pipes are these: what is in them while a call is with it is what had
 * passed by then.
 */
#define A_PROCESS 0x7770

static struct {
        HANDLE in, out;
        char seen[256];
        size_t n_seen;
        HCS_EVENT_CALLBACK callback;
        void *context;
        jmp_buf left;
} platform;

static uint64_t HCS_ABI_CALL give_pipes(void *process, HCS_PROCESS_INFORMATION *info) {
        *info = (HCS_PROCESS_INFORMATION){.ProcessId = 1};
        assert_hresult(hcs_pipe_new(&platform.in, &info->StdInput, NULL), S_OK);
        assert_hresult(hcs_pipe_new(&info->StdOutput, &platform.out, NULL), S_OK);
        hcs_pipe_set_nonblocking(platform.in);
        return S_OK;
}

static uint64_t HCS_ABI_CALL create_process(void *system, PCWSTR parameters, HCS_PROCESS_INFORMATION *info,
                                            HCS_PROCESS *process) {
        *process = (HCS_PROCESS)A_PROCESS;
        return give_pipes(*process, info);
}

static uint64_t HCS_ABI_CALL create_for_operation(void *system, PCWSTR parameters, void *operation, void *security,
                                                  HCS_PROCESS *process) {
        *process = (HCS_PROCESS)A_PROCESS;
        return S_OK;
}

static uint64_t HCS_ABI_CALL see_input(void) {
        size_t n = 0;

        while (hcs_pipe_read(platform.in, platform.seen + platform.n_seen, sizeof(platform.seen) - platform.n_seen, &n,
                             NULL) == S_OK)
                platform.n_seen += n;
        return S_OK;
}

static uint64_t HCS_ABI_CALL nothing(void) {
        return S_OK;
}

static uint64_t through(struct world *w, enum mock_dll dll, const char *name, void *real, const uint64_t *args) {
        return real_recorder_call(w->recorder, signature(dll, name), args, real);
}

#define THROUGH(w, dll, name, real, ...) \
        through(w, MOCK_##dll, name, (void *)(uintptr_t)(real), (const uint64_t[]){__VA_ARGS__})

static HCS_PROCESS_INFORMATION open_patiently(struct world *w, uint64_t patience_ns) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS process = NULL;

        memset(&platform, 0, sizeof(platform));
        open_world(w, (struct real_recorder_options){.patience_ns = patience_ns});
        THROUGH(w, VMCOMPUTE, "HcsCreateProcess", create_process, 0, ARG(u"{}"), ARG(&info), ARG(&process), 0);
        return info;
}

static HCS_PROCESS_INFORMATION open_with_process(struct world *w) {
        return open_patiently(w, 0);
}

/* The same of computecore, whose operation has the pipes. */
static HCS_PROCESS_INFORMATION open_with_operation(struct world *w) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS process = NULL;
        HCS_OPERATION op;

        memset(&platform, 0, sizeof(platform));
        open_world(w, (struct real_recorder_options){0});
        op = new_operation(w);
        THROUGH(w, COMPUTECORE, "HcsCreateProcess", create_for_operation, 0, ARG(u"{}"), ARG(op), 0, ARG(&process));
        THROUGH(w, COMPUTECORE, "HcsGetOperationResultAndProcessInfo", give_pipes, ARG(op), ARG(&info), 0);
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        return info;
}

static void close_with_process(struct world *w, const HCS_PROCESS_INFORMATION *info) {
        hcs_pipe_close(info->StdInput);
        hcs_pipe_close(info->StdOutput);
        hcs_pipe_close(platform.in);
        hcs_pipe_close(platform.out);
        real_recorder_free(steal_pointer(&w->recorder));
}

static void write_text(HANDLE h, const char *text) {
        size_t n = 0;

        assert_hresult(hcs_pipe_write(h, text, strlen(text), &n, NULL), S_OK);
        assert_int_equal(n, strlen(text));
}

#define CLOSES_INPUT u"{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}"
#define MANY         16

static void what_was_written_before_a_call_that_closes_the_input_is_there(void **state) {
        struct world w;

        for (int i = 0; i < MANY; i++) {
                HCS_PROCESS_INFORMATION info = i % 2 ? open_with_process(&w) : open_with_operation(&w);
                struct lines said;

                write_text(info.StdInput, "to the end");
                if (i % 2)
                        THROUGH(&w, VMCOMPUTE, "HcsModifyProcess", see_input, A_PROCESS, ARG(CLOSES_INPUT), 0);
                else
                        THROUGH(&w, COMPUTECORE, "HcsModifyProcess", see_input, A_PROCESS, 0, ARG(CLOSES_INPUT));
                assert_int_equal(platform.n_seen, 10);
                assert_memory_equal(platform.seen, "to the end", 10);
                said = read_lines(w.ours, MOCK_RECORD_STDIO);
                assert_int_equal(said.n, 1);
                free_lines(&said);
                close_with_process(&w, &info);
                close_world(&w);
        }
}

static void what_was_written_before_a_signal_or_an_end_is_there(void **state) {
        HCS_PROCESS_INFORMATION info;
        struct world w;

        for (int i = 0; i < MANY; i++) {
                info = open_with_process(&w);
                write_text(info.StdInput, "first");
                if (i % 2)
                        THROUGH(&w, VMCOMPUTE, "HcsSignalProcess", see_input, A_PROCESS, ARG(u"{}"), 0);
                else
                        THROUGH(&w, VMCOMPUTE, "HcsTerminateProcess", see_input, A_PROCESS, 0);
                assert_int_equal(platform.n_seen, 5);
                close_with_process(&w, &info);
                close_world(&w);
        }
}

/* By another handle of the same process. */
static uint64_t HCS_ABI_CALL open_again(void *system, DWORD id, HCS_PROCESS *process) {
        *process = (HCS_PROCESS)(A_PROCESS + 0x10);
        return S_OK;
}

static void an_input_is_closed_by_any_handle_of_its_process(void **state) {
        HCS_PROCESS_INFORMATION info;
        HCS_PROCESS again = NULL;
        struct world w;

        for (int i = 0; i < MANY; i++) {
                info = open_with_process(&w);
                THROUGH(&w, VMCOMPUTE, "HcsOpenProcess", open_again, 0, 1, ARG(&again), 0);
                write_text(info.StdInput, "to the end");
                THROUGH(&w, VMCOMPUTE, "HcsModifyProcess", see_input, ARG(again), ARG(CLOSES_INPUT), 0);
                assert_int_equal(platform.n_seen, 10);
                close_with_process(&w, &info);
                close_world(&w);
        }
}

/* Those of the system that the recorder knows nothing of. */
static const struct owner all;

/* Ends when nothing is taken any more: the pipe is full, and what is in it goes nowhere. */
static void fill(struct world *w, HANDLE writer, bool input) {
        static const struct patience a_while = {100 * HCS_NS_PER_MS, 100 * HCS_NS_PER_MS};
        static char much[65536];
        size_t n = 0;

        hcs_pipe_set_nonblocking(writer);
        do
                while (SUCCEEDED(hcs_pipe_write(writer, much, sizeof(much), &n, NULL)))
                        continue;
        while (tees_drain(w->recorder, &all, input, &a_while));
}

/* Another process, whose own pipes nobody asked for. */
#define ANOTHER (A_PROCESS + 0x20)

static uint64_t HCS_ABI_CALL create_another(void *system, PCWSTR parameters, void *operation, void *security,
                                            HCS_PROCESS *process) {
        *process = (HCS_PROCESS)ANOTHER;
        return S_OK;
}

static void with_another(struct world *w) {
        HCS_OPERATION op = new_operation(w);
        HCS_PROCESS process = NULL;

        THROUGH(w, COMPUTECORE, "HcsCreateProcess", create_another, 0, ARG(u"{}"), ARG(op), 0, ARG(&process));
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
}

static void a_program_that_does_not_read_holds_up_nobody(void **state) {
        HCS_PROCESS_INFORMATION info;
        struct world w;

        info = open_patiently(&w, HCS_NS_PER_MS);
        with_another(&w);
        fill(&w, info.StdInput, true);
        THROUGH(&w, VMCOMPUTE, "HcsTerminateProcess", nothing, A_PROCESS, 0);
        THROUGH(&w, VMCOMPUTE, "HcsModifyProcess", nothing, A_PROCESS, ARG(CLOSES_INPUT), 0);
        THROUGH(&w, COMPUTECORE, "HcsWaitForProcessExit", nothing, ANOTHER, INFINITE, 0);
        close_with_process(&w, &info);
        close_world(&w);
}

static uint64_t HCS_ABI_CALL open_other(void *system, DWORD id, HCS_PROCESS *process) {
        *process = (HCS_PROCESS)(ANOTHER + 0x10);
        return S_OK;
}

/* Who waited for streams of the first would do so for an hour. */
static void streams_are_waited_for_by_calls_on_their_own_process_alone(void **state) {
        HCS_PROCESS_INFORMATION info;
        HCS_PROCESS other = NULL;
        HCS_SYSTEM system;
        struct world w;

        info = open_patiently(&w, 3600 * HCS_NS_PER_S);
        system = create_and_close(&w);
        with_another(&w);
        THROUGH(&w, VMCOMPUTE, "HcsOpenProcess", open_other, 0, 2, ARG(&other), 0);
        fill(&w, info.StdInput, true);
        fill(&w, platform.out, false);
        THROUGH(&w, VMCOMPUTE, "HcsTerminateProcess", nothing, ARG(other), 0);
        THROUGH(&w, VMCOMPUTE, "HcsModifyProcess", nothing, ARG(other), ARG(CLOSES_INPUT), 0);
        THROUGH(&w, COMPUTECORE, "HcsWaitForProcessExit", nothing, ANOTHER, INFINITE, 0);
        THROUGH(&w, COMPUTECORE, "HcsWaitForComputeSystemExit", nothing, ARG(system), INFINITE, 0);
        close_with_process(&w, &info);
        close_world(&w);
}

/* Patience without end for either of the two does not outlast that for the other. */
static void both_ends_of_patience_count(void **state) {
        static const struct patience quiet = {HCS_NS_PER_MS, HCS_FOREVER / 2}, whole = {HCS_FOREVER / 2, HCS_NS_PER_MS};
        HCS_PROCESS_INFORMATION info;
        struct world w;

        info = open_with_process(&w);
        fill(&w, info.StdInput, true);
        assert_false(tees_drain(w.recorder, &all, true, &quiet));
        assert_false(tees_drain(w.recorder, &all, true, &whole));
        close_with_process(&w, &info);
        close_world(&w);
}

struct hearer {
        HANDLE out;
        char heard[256];
        size_t n;
};

static void look_at_output(struct hearer *h) {
        size_t n = 0;

        while (hcs_pipe_read(h->out, h->heard + h->n, sizeof(h->heard) - h->n, &n, NULL) == S_OK)
                h->n += n;
}

static void HCS_ABI_CALL on_exit_look(HCS_EVENT *event, void *context) {
        look_at_output(context);
}

static uint64_t HCS_ABI_CALL take_callback(void *process, DWORD options, void *context, HCS_EVENT_CALLBACK callback) {
        platform.callback = callback;
        platform.context = context;
        return S_OK;
}

static uint64_t HCS_ABI_CALL exit_with_words(void *process, DWORD timeout, PWSTR *status) {
        write_text(platform.out, "at last");
        return S_OK;
}

static void what_a_process_wrote_before_its_exit_is_with_the_client_and_in_the_trace(void **state) {
        HCS_EVENT event = {.Type = HcsEventProcessExited, .EventData = u"{\"ExitCode\":0}"};
        HCS_PROCESS_INFORMATION info;
        struct lines said;
        struct hearer h;
        struct world w;

        for (int i = 0; i < MANY; i++) {
                info = open_with_operation(&w);
                h = (struct hearer){.out = info.StdOutput};
                hcs_pipe_set_nonblocking(info.StdOutput);
                if (i % 2) {
                        THROUGH(&w, COMPUTECORE, "HcsSetProcessCallback", take_callback, A_PROCESS, 0, ARG(&h),
                                ARG(on_exit_look));
                        write_text(platform.out, "at last");
                        platform.callback(&event, platform.context);
                } else {
                        THROUGH(&w, COMPUTECORE, "HcsWaitForProcessExit", exit_with_words, A_PROCESS, INFINITE, 0);
                        look_at_output(&h);
                }
                assert_int_equal(h.n, 7);
                said = read_lines(w.ours, MOCK_RECORD_STDIO);
                assert_int_equal(said.n, 1);
                free_lines(&said);
                close_with_process(&w, &info);
                close_world(&w);
        }
}

static uint64_t HCS_ABI_CALL open_with_access(void *system, DWORD id, DWORD access, HCS_PROCESS *process) {
        *process = (HCS_PROCESS)(A_PROCESS + 0x10);
        return S_OK;
}

/* What a call of computecore on that process, or that creates it, gives. */
static HCS_PROCESS_INFORMATION pipes_of(struct world *w, HCS_OPERATION op) {
        HCS_PROCESS_INFORMATION info = {0};

        THROUGH(w, COMPUTECORE, "HcsGetOperationResultAndProcessInfo", give_pipes, ARG(op), ARG(&info), 0);
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        return info;
}

/* The exit is heard of by who registered before the process's id was known. */
static void pipes_that_another_handle_was_given_are_those_of_the_process(void **state) {
        HCS_EVENT event = {.Type = HcsEventProcessExited, .EventData = u"{\"ExitCode\":0}"};
        HCS_PROCESS_INFORMATION info;
        HCS_PROCESS process = NULL;
        HCS_OPERATION op;
        struct hearer h;
        struct world w;

        for (int i = 0; i < MANY; i++) {
                memset(&platform, 0, sizeof(platform));
                open_world(&w, (struct real_recorder_options){0});
                op = new_operation(&w);
                THROUGH(&w, COMPUTECORE, "HcsCreateProcess", create_for_operation, 0, ARG(u"{}"), ARG(op), 0,
                        ARG(&process));
                THROUGH(&w, COMPUTECORE, "HcsSetProcessCallback", take_callback, A_PROCESS, 0, ARG(&h),
                        ARG(on_exit_look));
                info = pipes_of(&w, op);
                hcs_pipe_close(platform.in);
                hcs_pipe_close(platform.out);
                hcs_pipe_close(info.StdInput);
                hcs_pipe_close(info.StdOutput);
                THROUGH(&w, COMPUTECORE, "HcsOpenProcess", open_with_access, 0, 1, 0, ARG(&process));
                op = new_operation(&w);
                THROUGH(&w, COMPUTECORE, "HcsGetProcessInfo", nothing, ARG(process), ARG(op));
                info = pipes_of(&w, op);
                h = (struct hearer){.out = info.StdOutput};
                hcs_pipe_set_nonblocking(info.StdOutput);
                if (i % 2) {
                        write_text(platform.out, "at last");
                        platform.callback(&event, platform.context);
                } else {
                        THROUGH(&w, COMPUTECORE, "HcsWaitForProcessExit", exit_with_words, A_PROCESS, INFINITE, 0);
                        look_at_output(&h);
                }
                assert_int_equal(h.n, 7);
                close_with_process(&w, &info);
                close_world(&w);
        }
}

/* The ends of stdout in the trace, which is whole by now. */
static unsigned ends_of_output(const struct world *w) {
        struct lines said = read_lines(w->ours, MOCK_RECORD_STDIO);
        unsigned ends = 0;

        for (size_t i = 0; i < said.n; i++)
                ends += said.items[i].stream == MOCK_STDOUT && said.items[i].end;
        free_lines(&said);
        return ends;
}

static void end_output(HANDLE client) {
        char data[16];
        size_t n = 0;

        hcs_pipe_close(platform.out);
        platform.out = NULL;
        assert_hresult(hcs_pipe_read(client, data, sizeof(data), &n, NULL), S_FALSE);
}

/* The client's pipe ends while it asks for others. */
static HANDLE client_output;

static uint64_t HCS_ABI_CALL end_and_refuse(void *process, HCS_PROCESS_INFORMATION *info) {
        end_output(client_output);
        return (uint32_t)E_FAIL;
}

static uint64_t HCS_ABI_CALL end_and_leave(void *process, HCS_PROCESS_INFORMATION *info) {
        end_output(client_output);
        longjmp(platform.left, 1);
}

static uint64_t HCS_ABI_CALL end_and_die(void *process, HCS_PROCESS_INFORMATION *info) {
        end_output(client_output);
        pthread_exit(NULL);
}

static void the_end_of_a_stream_that_is_not_replaced_after_all_is_written(void **state) {
        HCS_PROCESS_INFORMATION info, none = {0};
        struct world w;

        info = open_with_process(&w);
        client_output = info.StdOutput;
        THROUGH(&w, VMCOMPUTE, "HcsGetProcessInfo", end_and_refuse, A_PROCESS, ARG(&none), 0);
        assert_int_equal(ends_of_output(&w), 1);
        close_with_process(&w, &info);
        assert_int_equal(ends_of_output(&w), 1);
        close_world(&w);
}

static void leave_call(struct world *w) {
        HCS_PROCESS_INFORMATION none = {0};

        if (setjmp(platform.left) == 0)
                THROUGH(w, VMCOMPUTE, "HcsGetProcessInfo", end_and_leave, A_PROCESS, ARG(&none), 0);
}

static void a_call_that_is_left_is_given_up_with_the_next(void **state) {
        HCS_PROCESS_INFORMATION info;
        struct world w;

        info = open_with_process(&w);
        client_output = info.StdOutput;
        leave_call(&w);
        assert_int_equal(ends_of_output(&w), 0);
        THROUGH(&w, VMCOMPUTE, "HcsSignalProcess", nothing, A_PROCESS, ARG(u"{}"), 0);
        assert_int_equal(ends_of_output(&w), 1);
        close_with_process(&w, &info);
        close_world(&w);
}

static void *ask_and_die(void *arg) {
        HCS_PROCESS_INFORMATION none = {0};

        THROUGH((struct world *)arg, VMCOMPUTE, "HcsGetProcessInfo", end_and_die, A_PROCESS, ARG(&none), 0);
        return arg;
}

static void a_thread_that_ends_within_a_call_is_not_waited_for(void **state) {
        HCS_PROCESS_INFORMATION info;
        void *returned = &info;
        pthread_t thread;
        struct world w;

        info = open_with_process(&w);
        client_output = info.StdOutput;
        assert_int_equal(pthread_create(&thread, NULL, ask_and_die, &w), 0);
        assert_int_equal(pthread_join(thread, &returned), 0);
        assert_null(returned);
        assert_int_equal(ends_of_output(&w), 0);
        THROUGH(&w, VMCOMPUTE, "HcsSignalProcess", nothing, A_PROCESS, ARG(u"{}"), 0);
        assert_int_equal(ends_of_output(&w), 1);
        close_with_process(&w, &info);
        close_world(&w);
}

static uint64_t HCS_ABI_CALL die(void *process, HCS_PROCESS_INFORMATION *info) {
        pthread_exit(NULL);
}

static void *only_die(void *arg) {
        HCS_PROCESS_INFORMATION none = {0};

        THROUGH((struct world *)arg, VMCOMPUTE, "HcsGetProcessInfo", die, A_PROCESS, ARG(&none), 0);
        return arg;
}

static void a_stream_that_ends_after_the_thread_that_asked_has_its_end(void **state) {
        HCS_PROCESS_INFORMATION info;
        pthread_t thread;
        struct world w;

        info = open_with_process(&w);
        assert_int_equal(pthread_create(&thread, NULL, only_die, &w), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        end_output(info.StdOutput);
        assert_int_equal(ends_of_output(&w), 1);
        close_with_process(&w, &info);
        close_world(&w);
}

static void *be_answered_and_die(void *arg) {
        struct passing *p = arg;

        asking_begin(p, "process/1");
        hcs_mutex_lock(&p->r->lock);
        assert_true(asking_takes_end(p->r, "process/1", MOCK_STDOUT, 1));
        hcs_mutex_unlock(&p->r->lock);
        asking_answered(p);
        return NULL;
}

/* As by TerminateThread: only who was not answered leaves its call to others. */
static void what_an_answered_call_has_is_freed_by_nobody_else(void **state) {
        struct passing asks = {0}, next = {0};
        pthread_t thread;
        struct world w;

        open_world(&w, (struct real_recorder_options){0});
        asks.r = next.r = w.recorder;
        asks.call.number = asks.call.thread = 1;
        next.call.thread = 2;
        mock_value_set_text(mock_call_add(&asks.call), "id", hcs_strdup("a system"));
        asks.created = hcs_calloc(1, sizeof(*asks.created));
        assert_int_equal(pthread_create(&thread, NULL, be_answered_and_die, &asks), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        free(asks.created);
        mock_call_deinit(&asks.call);
        askings_give_up(&next);
        real_recorder_free(steal_pointer(&w.recorder));
        close_world(&w);
}

HCS_TESTS(cmocka_unit_test(streams_and_an_exit_that_is_waited_for_are_written),
          cmocka_unit_test(streams_are_left_alone_when_they_are_not_wanted),
          cmocka_unit_test(the_same_pipes_are_given_again_for_the_same_operation),
          cmocka_unit_test(the_end_of_pipes_that_were_replaced_is_not_the_end_of_the_stream),
          cmocka_unit_test(what_was_written_before_a_call_that_closes_the_input_is_there),
          cmocka_unit_test(what_was_written_before_a_signal_or_an_end_is_there),
          cmocka_unit_test(an_input_is_closed_by_any_handle_of_its_process),
          cmocka_unit_test(a_program_that_does_not_read_holds_up_nobody),
          cmocka_unit_test(streams_are_waited_for_by_calls_on_their_own_process_alone),
          cmocka_unit_test(both_ends_of_patience_count),
          cmocka_unit_test(what_a_process_wrote_before_its_exit_is_with_the_client_and_in_the_trace),
          cmocka_unit_test(pipes_that_another_handle_was_given_are_those_of_the_process),
          cmocka_unit_test(the_end_of_a_stream_that_is_not_replaced_after_all_is_written),
          cmocka_unit_test(a_call_that_is_left_is_given_up_with_the_next),
          cmocka_unit_test(a_thread_that_ends_within_a_call_is_not_waited_for),
          cmocka_unit_test(a_stream_that_ends_after_the_thread_that_asked_has_its_end),
          cmocka_unit_test(what_an_answered_call_has_is_freed_by_nobody_else))
