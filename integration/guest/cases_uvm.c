/* SPDX-License-Identifier: MIT */

/* Processes of the VM itself. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/cases.h"

#define ENV        "\"Environment\":{\"PATH\":\"/usr/sbin:/usr/bin:/sbin:/bin\"}"
#define SH(script) "{\"CommandArgs\":[\"/bin/sh\",\"-c\",\"" script "\"]," ENV "}"

static void run(struct host *h, const char *params, const char *input, uint32_t code, const char *out,
                const char *err) {
        struct outcome o = {0};

        host_run(h, UVM, params, input, &o);
        check(o.exit_code == code, "exit code %u: %s%s", o.exit_code, o.out, o.err);
        check(!out || hcs_streq(o.out, out), "stdout: %s", o.out);
        check(!err || hcs_streq(o.err, err), "stderr: %s", o.err);
        outcome_deinit(&o);
}

static void streams_and_the_exit_code_arrive(struct host *h) {
        run(h, SH("echo out; echo err >&2; cat; exit 7"), "in", 7, "out\nin", "err\n");
}

static void a_command_line_is_split_into_words(struct host *h) {
        run(h, "{\"CommandLine\":\"echo 'a  b' \\\"c d\\\" e\\\\ f\"," ENV "}", NULL, 0, "a  b c d e f\n", "");
}

static void arguments_win_over_a_command_line(struct host *h) {
        run(h, "{\"CommandLine\":\"false\",\"CommandArgs\":[\"echo\",\"args\"]," ENV "}", NULL, 0, "args\n", "");
}

static void the_working_directory_is_set(struct host *h) {
        run(h, "{\"CommandArgs\":[\"pwd\"],\"WorkingDirectory\":\"/proc\"," ENV "}", NULL, 0, "/proc\n", "");
}

static void the_environment_is_the_one_given(struct host *h) {
        run(h, "{\"CommandArgs\":[\"/usr/bin/env\"],\"Environment\":{\"ONLY\":\"a b=c\"}}", NULL, 0, "ONLY=a b=c\n",
            "");
}

static void a_process_ended_by_a_signal_has_an_exit_code(struct host *h) {
        struct outcome o = {0};

        host_run(h, UVM, SH("kill -9 $$"), NULL, &o);
        check(o.exit_code != 0, "exit code 0");
        outcome_deinit(&o);
}

static void a_program_that_is_not_there_fails_to_start(struct host *h) {
        _cleanup_free_ char *message =
                host_exec_failing(h, UVM, STREAM_ALL, E_FAIL, "{\"CommandArgs\":[\"/no/such/program\"]}");

        check(hcs_str_starts(message, "failed to call Start for external process"), "%s", message);
}

static void a_working_directory_that_is_not_there_fails(struct host *h) {
        free(host_exec_failing(h, UVM, 0, E_FAIL,
                               "{\"CommandArgs\":[\"/bin/sh\",\"-c\",\"true\"],\"WorkingDirectory\":\"/no/such\"}"));
}

static void a_command_line_that_does_not_end_fails(struct host *h) {
        _cleanup_free_ char *message = host_exec_failing(h, UVM, 0, E_FAIL, "{\"CommandLine\":\"echo 'open\"}");

        check(hcs_str_starts(message, "failed to parse command line string"), "%s", message);
}

static void a_port_nobody_listens_on_fails_and_starts_nothing(struct host *h) {
        _cleanup_free_ char *params = quoted(SH("touch /run/conform-started")), *there = NULL;
        _cleanup_free_ char *message = NULL;

        message = host_call_failing(
                h, HCS_GCS_EXECUTE_PROCESS, E_FAIL,
                "{\"ContainerId\":\"" UVM
                "\",\"Settings\":{\"ProcessParameters\":\"{\\\"CommandArgs\\\":[\\\"touch\\\","
                "\\\"/run/conform-started\\\"],\\\"CreateStdOutPipe\\\":true,\\\"Environment\\\":"
                "{\\\"PATH\\\":\\\"/bin:/usr/bin\\\"}}\",\"VsockStdioRelaySettings\":{\"StdOut\":99999}}}");
        check(hcs_str_starts(message, "failed creating stdout Connection"), "%s", message);
        there = host_sh(h, "test -e /run/conform-started && echo yes || echo no");
        check(hcs_streq(there, "no"), "the process was started");
}

static void without_streams_a_process_has_dev_null(struct host *h) {
        struct process p = host_exec(h, UVM, 0, SH("cat; echo lost; exit 4"));

        check(host_wait_process(h, &p) == 4, "exit code");
}

static void stdout_alone_is_enough(struct host *h) {
        struct process p = host_exec(h, UVM, STREAM_OUT, SH("cat; echo only; echo lost >&2"));
        _cleanup_free_ char *out = host_read_all(h, p.out);

        host_close(&p.out);
        check(hcs_streq(out, "only\n"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
}

static void a_terminal_is_one(struct host *h) {
        struct process p =
                host_exec(h, UVM, STREAM_IN | STREAM_OUT,
                          "{\"CommandArgs\":[\"/bin/sh\",\"-c\",\"test -t 0 && test -t 1 && test -t 2 && read "
                          "x && echo got $x\"],\"EmulateConsole\":true," ENV "}");
        _cleanup_free_ char *out = NULL;

        host_write(h, p.in, "word\n");
        out = host_read_all(h, p.out);
        host_close(&p.out);
        check(strstr(out, "got word"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_close(&p.in);
}

static void a_wait_can_time_out_and_be_repeated(struct host *h) {
        struct process p = host_exec(h, UVM, STREAM_IN, SH("cat; exit 5"));

        free(host_call_failing(h, HCS_GCS_WAIT_FOR_PROCESS, (HRESULT)0xC0370109,
                               "{\"ContainerId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":1}", p.pid));
        host_close(&p.in);
        check(host_wait_process(h, &p) == 5, "exit code");
}

static void all_who_wait_get_the_exit_code(struct host *h) {
        struct process p = host_exec(h, UVM, STREAM_IN, SH("cat; exit 6"));
        _cleanup_free_ char *body =
                hcs_asprintf("{\"ContainerId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":4294967295}", p.pid);
        uint64_t waits[5], code = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(waits); i++)
                waits[i] = host_send(h, HCS_GCS_REQUEST | HCS_GCS_WAIT_FOR_PROCESS, body);
        host_close(&p.in);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(waits); i++) {
                _cleanup_json_ struct hcs_json *answer = host_wait(h, waits[i]);

                check(host_result(answer) == S_OK && hcs_json_u64(hcs_json_get(answer, "ExitCode"), &code) && code == 6,
                      "wait %zu", i);
        }
}

static void a_process_whose_exit_code_was_told_is_forgotten(struct host *h) {
        struct process p = host_exec(h, UVM, 0, SH("true"));

        check(host_wait_process(h, &p) == 0, "exit code");
        free(host_call_failing(h, HCS_GCS_WAIT_FOR_PROCESS, (HRESULT)0x80070490,
                               "{\"ContainerId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":1000}", p.pid));
}

static void many_processes_run_at_once(struct host *h) {
        struct process p[20];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(p); i++)
                p[i] = host_exec(h, UVM, STREAM_IN | STREAM_OUT, SH("cat"));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(p); i++) {
                _cleanup_free_ char *text = hcs_asprintf("this is %zu", i), *out = NULL;

                host_write(h, p[i].in, text);
                host_close(&p[i].in);
                out = host_read_all(h, p[i].out);
                host_close(&p[i].out);
                check(hcs_streq(out, text), "%s", out);
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(p); i++)
                check(host_wait_process(h, &p[i]) == 0, "exit code");
}

static void megabytes_arrive_whole(struct host *h) {
        struct outcome o = {0};

        host_run(h, UVM, SH("dd if=/dev/zero bs=65536 count=256 2>/dev/null | tr '\\\\0' x"), NULL, &o);
        check(strlen(o.out) == 256u * 65536u && strspn(o.out, "x") == 256u * 65536u, "%zu bytes", strlen(o.out));
        outcome_deinit(&o);
}

static void create_in_utility_vm_runs_outside_of_containers(struct host *h) {
        struct process p =
                host_exec(h, "no-such-container", STREAM_OUT,
                          "{\"CommandArgs\":[\"/bin/sh\",\"-c\",\"echo here\"],\"CreateInUtilityVM\":true," ENV "}");
        _cleanup_free_ char *out = host_read_all(h, p.out);

        host_close(&p.out);
        p.container = UVM;
        check(hcs_streq(out, "here\n"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
}

static void stacks_are_dumped(struct host *h) {
        _cleanup_json_ struct hcs_json *answer =
                host_call(h, HCS_GCS_DUMP_STACKS, "{\"ContainerId\":\"" UVM "\",\"ActivityId\":\"" UVM "\"}");
        const char *stacks = hcs_json_get_string(answer, "GuestStacks");

        check(host_result(answer) == S_OK && stacks && *stacks, "no stacks");
}

static const struct test_case cases[] = {
        {"uvm: streams and the exit code arrive", 0, streams_and_the_exit_code_arrive},
        {"uvm: a command line is split into words", 0, a_command_line_is_split_into_words},
        {"uvm: arguments win over a command line", 0, arguments_win_over_a_command_line},
        {"uvm: the working directory is set", 0, the_working_directory_is_set},
        {"uvm: the environment is the one given", 0, the_environment_is_the_one_given},
        {"uvm: a process ended by a signal has an exit code", 0, a_process_ended_by_a_signal_has_an_exit_code},
        {"uvm: a program that is not there fails to start", 0, a_program_that_is_not_there_fails_to_start},
        {"uvm: a working directory that is not there fails", 0, a_working_directory_that_is_not_there_fails},
        {"uvm: a command line that does not end fails", 0, a_command_line_that_does_not_end_fails},
        {"uvm: a port nobody listens on fails and starts nothing", 0,
         a_port_nobody_listens_on_fails_and_starts_nothing},
        {"uvm: without streams a process has /dev/null", 0, without_streams_a_process_has_dev_null},
        {"uvm: stdout alone is enough", 0, stdout_alone_is_enough},
        {"uvm: a terminal is one", 0, a_terminal_is_one},
        {"uvm: a wait can time out and be repeated", 0, a_wait_can_time_out_and_be_repeated},
        {"uvm: all who wait get the exit code", 0, all_who_wait_get_the_exit_code},
        {"uvm: a process whose exit code was told is forgotten", 0, a_process_whose_exit_code_was_told_is_forgotten},
        {"uvm: many processes run at once", 0, many_processes_run_at_once},
        {"uvm: megabytes arrive whole", 0, megabytes_arrive_whole},
        {"uvm: CreateInUtilityVM runs outside of containers", 0, create_in_utility_vm_runs_outside_of_containers},
        {"uvm: stacks are dumped", 0, stacks_are_dumped},
};
const struct case_table uvm_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
