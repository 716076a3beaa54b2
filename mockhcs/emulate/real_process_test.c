/* SPDX-License-Identifier: MIT */

/* Windows only: processes of a container that are real ones of the host, as a client has them. */

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "mockhcs/test/real.h"
#include "platform/abi_memory.h"
#include "platform/file.h"
#include "platform/pipe.h"
#include "platform/work_folder.h"
#include "testing/hcs_test.h"

static void a_program_prints_and_exits_with_its_code(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p =
                real_start("{\"CommandLine\":\"cmd.exe /c echo out& echo err>&2& exit 7\"," REAL_PIPES "}", &info);
        _cleanup_free_ char *out = NULL, *err = NULL;

        hcs_pipe_close(info.StdInput);
        out = real_read_all(info.StdOutput);
        err = real_read_all(info.StdError);
        assert_string_equal(out, "out\r\n");
        assert_memory_equal(err, "err", 3);
        assert_int_equal(real_exit_code(p), 7);
        p = NULL;
        assert_hresult(real_create("{\"CommandLine\":\"nosuchprogram.exe\"}", &p, &info), HCS_WIN32(2));
        assert_null(p);
}

static void environment_folder_and_user_are_those_of_the_document(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p =
                real_start("{\"CommandLine\":\"cmd.exe /c echo %GREETING% %USERNAME% %CD%\",\"CreateStdOutPipe\":true,"
                           "\"Environment\":{\"GREETING\":\"hello\"},\"User\":\"ContainerUser\","
                           "\"WorkingDirectory\":\"C:\\\\windows\"}",
                           &info);
        _cleanup_free_ char *out = real_read_all(info.StdOutput);

        assert_string_equal(out, "hello ContainerUser C:\\windows\r\n");
        assert_int_equal(real_exit_code(p), 0);
        p = NULL;
        assert_hresult(real_create("{\"CommandLine\":\"cmd\",\"User\":\"nobody\"}", &p, &info), HCS_WIN32(1317));
        assert_hresult(real_create("{\"CommandLine\":\"cmd\",\"WorkingDirectory\":\"C:\\\\none\"}", &p, &info),
                       HCS_WIN32(267));
        assert_hresult(real_create("{\"CommandLine\":\"cmd\",\"Environment\":{\"a=b\":\"c\"}}", &p, &info),
                       HCS_E_INVALID_JSON);
}

static void a_program_reads_its_input_to_the_end(void **state) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_start("{\"CommandLine\":\"cmd.exe /q\"," REAL_PIPES "}", &info);
        static const char input[] = "echo one two\r\nexit\r\n";
        _cleanup_free_ char *out = NULL;
        size_t n;

        assert_hresult(hcs_pipe_write(info.StdInput, input, strlen(input), &n, NULL), S_OK);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdError);
        out = real_read_all(info.StdOutput);
        assert_non_null(strstr(out, "one two\r\n"));
        assert_int_equal(real_exit_code(p), 0);
}

/* More than pipes hold. */
#define MUCH (1u << 20)

static void much_that_is_printed_comes_whole(void **state) {
        _cleanup_(hcs_work_folder_freep) struct hcs_work_folder *work = NULL;
        _cleanup_json_ struct hcs_json *parameters = hcs_json_new_object();
        _cleanup_free_ char *file = NULL, *command = NULL, *text = NULL, *out = NULL;
        _cleanup_buf_ struct hcs_buf much = {0};
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p;

        for (unsigned n = 0; much.len < MUCH; n++)
                hcs_buf_printf(&much, "line %u\r\n", n);
        assert_ok(hcs_work_folder_new(NULL, "printed", &work, NULL), NULL);
        file = hcs_asprintf("%s\\much.txt", hcs_work_folder_path(work));
        assert_ok(hcs_file_write(file, much.data, much.len, NULL), NULL);
        for (char *c = file; *c; c++)
                if (*c == '/')
                        *c = '\\';
        command = hcs_asprintf("cmd.exe /c type %s", file);
        hcs_json_set_string(parameters, "CommandLine", command);
        hcs_json_set_bool(parameters, "CreateStdOutPipe", true);
        text = hcs_json_text(parameters, HCS_JSON_COMPACT);
        p = real_start(text, &info);
        out = real_read_all(info.StdOutput);
        assert_int_equal(strlen(out), much.len);
        assert_memory_equal(out, much.data, much.len);
        assert_int_equal(real_exit_code(p), 0);
}

/* Waits at its input, which nobody closes. */
static HCS_PROCESS endless(HANDLE *ret_input) {
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = real_start("{\"CommandLine\":\"cmd.exe /q\",\"CreateStdInPipe\":true}", &info);

        *ret_input = info.StdInput;
        return p;
}

static void it_is_ended_and_has_no_console(void **state) {
        HANDLE input;
        HCS_PROCESS p = endless(&input);

        assert_hresult(DONE(HcsModifyProcess(
                               p, op, u"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":25,\"Width\":80}}")),
                       HCS_WIN32(50));
        assert_hresult(DONE(HcsTerminateProcess(p, op, NULL)), S_OK);
        assert_int_equal(real_exit_code(p), 1067);
        hcs_pipe_close(input);
}

static void a_list_and_figures_are_those_of_the_job(void **state) {
        _cleanup_json_ struct hcs_json *o = NULL;
        _cleanup_free_ char *text = NULL;
        const struct hcs_json *list;
        bool is_there = false;
        uint64_t commit = 0;
        HANDLE input;
        HCS_PROCESS p = endless(&input);

        assert_hresult(core_query(real_container, "{\"PropertyTypes\":[\"ProcessList\",\"Statistics\"]}", &text), S_OK);
        assert_ok(hcs_json_parse_cstr(text, &o, NULL), NULL);
        list = hcs_json_get(o, "ProcessList");
        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                is_there |= hcs_strcaseeq(hcs_json_get_string(e, "ImageName"), "cmd.exe");
        assert_true(is_there);
        assert_true(hcs_json_u64(hcs_json_lookup(o, "Statistics.Memory.MemoryUsageCommitBytes"), &commit));
        assert_true(commit > 0 && commit != 41943040);
        assert_hresult(DONE(HcsTerminateProcess(p, op, NULL)), S_OK);
        real_exit_code(p);
        hcs_pipe_close(input);
}

/* True once nothing runs under that number: the handle of a process becomes ready at its end. */
static void wait_for_end(HANDLE process) {
        assert_int_equal(WaitForSingleObject(process, INFINITE), WAIT_OBJECT_0);
        CloseHandle(process);
}

static HANDLE process_of(HCS_PROCESS p) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info = {0};
        HANDLE h;

        assert_hresult(HcsGetProcessInfo(p, op), S_OK);
        assert_hresult(HcsGetOperationResultAndProcessInfo(op, &info, NULL), S_OK);
        HcsCloseOperation(op);
        h = OpenProcess(SYNCHRONIZE, FALSE, info.ProcessId);
        assert_non_null(h);
        return h;
}

static void the_job_ends_with_its_system(void **state) {
        HANDLE input, other, running;
        HCS_PROCESS p = endless(&input), q;

        running = process_of(p);
        assert_hresult(core_terminate(real_container), S_OK);
        wait_for_end(running);
        assert_int_equal(real_exit_code(p), 1067);
        hcs_pipe_close(input);
        HcsCloseComputeSystem(real_container);
        assert_hresult(core_create("d", REAL_CONTAINER, &real_container, NULL), S_OK);
        assert_hresult(core_start(real_container), S_OK);
        q = endless(&other);
        running = process_of(q);
        HcsCloseProcess(q);
        HcsCloseComputeSystem(real_container); /* the last handle */
        real_container = NULL;
        wait_for_end(running);
        hcs_pipe_close(other);
}

#define REAL(test) cmocka_unit_test_setup_teardown(test, real_setup, real_teardown)
HCS_TESTS(REAL(a_program_prints_and_exits_with_its_code), REAL(environment_folder_and_user_are_those_of_the_document),
          REAL(a_program_reads_its_input_to_the_end), REAL(much_that_is_printed_comes_whole),
          REAL(it_is_ended_and_has_no_console), REAL(a_list_and_figures_are_those_of_the_job),
          REAL(the_job_ends_with_its_system))
