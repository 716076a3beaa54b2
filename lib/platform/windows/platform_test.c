/* SPDX-License-Identifier: MIT */

/* What is particular to Windows in lib/platform: one heap for the ABI, pipes for overlapped clients, files, children.
 */

#include <string.h>

#include "platform/abi_memory.h"
#include "platform/append_file.h"
#include "platform/clock.h"
#include "platform/data_file.h"
#include "platform/dynlib.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/pipe.h"
#include "platform/place.h"
#include "platform/process.h"
#include "platform/stream.h"
#include "platform/thread.h"
#include "platform/windows/text.h"
#include "testing/hcs_test.h"

static void memory_of_the_abi_is_freed_by_the_platforms_own_functions(void **state) {
        void(WINAPI * task_free)(void *) = NULL;
        struct hcs_dynlib *ole = NULL;
        struct hcs_error *err = NULL;
        void *p = hcs_abi_alloc(64), *q = hcs_abi_alloc(64);

        assert_ok(hcs_dynlib_open("ole32.dll", &ole, &err), err);
        task_free = (void(WINAPI *)(void *))(uintptr_t)hcs_dynlib_symbol(ole, "CoTaskMemFree");
        assert_non_null(task_free);
        task_free(p);
        assert_null(LocalFree(q));
        hcs_abi_free(NULL);
        hcs_dynlib_close(ole);
}

static void a_joined_path_has_backslashes_alone(void **state) {
        _cleanup_free_ char *path = hcs_path_join("\\\\?\\C:\\work", "none/state.vmgs");

        assert_string_equal(path, "\\\\?\\C:\\work\\none\\state.vmgs");
}

static void a_place_has_a_name_in_either_case(void **state) {
        assert_true(hcs_path_is_same("C:\\Layers\\a", "c:/layers/A"));
        assert_false(hcs_path_is_same("C:\\layers\\a", "C:\\layers\\ab"));
        assert_true(hcs_path_is_same("C:\\\xC3\x84", "C:\\\xC3\xA4")); /* an umlaut */
        assert_true(hcs_path_is_within("c:\\LAYERS\\a\\b", "C:/layers/a"));
        assert_true(hcs_path_is_within("C:\\layers\\a", "C:\\layers\\a"));
        assert_false(hcs_path_is_within("C:\\layers\\ab", "C:\\layers\\a"));
        assert_false(hcs_path_is_within("C:\\layers", "C:\\layers\\a"));
}

static void a_library_that_is_not_there_is_named(void **state) {
        struct hcs_dynlib *lib = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_dynlib_open("nosuchlibrary.dll", &lib, &err), HCS_WIN32(126));
        assert_non_null(strstr(hcs_error_message(err), "nosuchlibrary.dll"));
        hcs_error_free(err);
}

static void a_nonblocking_pipe_says_when_it_is_empty_and_when_it_is_full(void **state) {
        struct hcs_error *err = NULL;
        HANDLE r, w;
        char buf[4096] = "x";
        size_t n = 0, total = 0, got = 0;
        HRESULT hr;

        assert_ok(hcs_pipe_new(&r, &w, &err), err);
        hcs_pipe_set_nonblocking(r);
        hcs_pipe_set_nonblocking(w);
        assert_hresult(hcs_pipe_read(r, buf, sizeof(buf), &n, NULL), HCS_PIPE_WOULD_BLOCK);
        while ((hr = hcs_pipe_write(w, buf, sizeof(buf), &n, NULL)) == S_OK)
                total += n;
        assert_hresult(hr, HCS_PIPE_WOULD_BLOCK);
        hcs_pipe_close(w);
        while ((hr = hcs_pipe_read(r, buf, sizeof(buf), &n, &err)) == S_OK)
                got += n;
        assert_hresult(hr, S_FALSE);
        assert_int_equal(got, total);
        hcs_pipe_close(r);
}

static void a_pipe_without_a_reader_is_broken(void **state) {
        struct hcs_error *err = NULL;
        HANDLE r, w;
        size_t n;

        assert_ok(hcs_pipe_new(&r, &w, &err), err);
        hcs_pipe_close(r);
        assert_hresult(hcs_pipe_write(w, "x", 1, &n, NULL), HCS_PIPE_BROKEN);
        hcs_pipe_close(w);
}

static void an_end_of_a_pipe_can_be_attached_to_a_completion_port(void **state) {
        struct hcs_error *err = NULL;
        HANDLE r, w, port;
        OVERLAPPED o = {0}, *done = NULL;
        ULONG_PTR key;
        DWORD n = 0;
        char buf[8];
        size_t sent;

        assert_ok(hcs_pipe_new(&r, &w, &err), err);
        port = CreateIoCompletionPort(r, NULL, 7, 1);
        assert_non_null(port);
        assert_false(ReadFile(r, buf, sizeof(buf), NULL, &o));
        assert_int_equal(GetLastError(), ERROR_IO_PENDING);
        assert_ok(hcs_pipe_write(w, "hello", 5, &sent, &err), err);
        assert_true(GetQueuedCompletionStatus(port, &n, &key, &done, INFINITE));
        assert_int_equal(n, 5);
        assert_int_equal(key, 7);
        CloseHandle(port);
        hcs_pipe_close(r);
        hcs_pipe_close(w);
}

struct wakes {
        struct hcs_poller *poller;
        HANDLE pipe;
};

static void write_one(void *arg) {
        struct wakes *w = arg;
        size_t n;

        hcs_pipe_write(w->pipe, "x", 1, &n, NULL);
}

static void wake(void *arg) {
        hcs_poller_wake(((struct wakes *)arg)->poller);
}

static void a_poller_waits_for_bytes_or_to_be_woken(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_poll_entry entry = {.want_read = true};
        struct wakes w;
        struct hcs_thread t;

        assert_ok(hcs_poller_new(&w.poller, &err), err);
        assert_ok(hcs_pipe_new(&entry.h, &w.pipe, &err), err);
        assert_ok(hcs_thread_start(&t, wake, &w, &err), err);
        hcs_poller_wait(w.poller, &entry, 1, HCS_FOREVER);
        assert_false(entry.readable);
        hcs_thread_join(&t);
        assert_ok(hcs_thread_start(&t, write_one, &w, &err), err);
        hcs_poller_wait(w.poller, &entry, 1, HCS_FOREVER);
        assert_true(entry.readable);
        hcs_thread_join(&t);
        hcs_pipe_close(entry.h);
        hcs_pipe_close(w.pipe);
        hcs_poller_free(w.poller);
}

static void a_read_ends_with_bytes_or_when_it_is_woken(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_thread t;
        struct wakes w;
        char data[8];
        size_t n = 0;
        HANDLE r;

        assert_ok(hcs_poller_new(&w.poller, &err), err);
        assert_ok(hcs_pipe_new(&r, &w.pipe, &err), err);
        for (int i = 0; i < 100; i++) {
                assert_ok(hcs_thread_start(&t, i % 2 ? write_one : wake, &w, &err), err);
                assert_hresult(hcs_pipe_read_unless_woken(r, w.poller, data, sizeof(data), &n, NULL),
                               i % 2 ? S_OK : HCS_PIPE_WOULD_BLOCK);
                hcs_thread_join(&t);
        }
        write_one(&w);
        hcs_poller_wake(w.poller);
        assert_hresult(hcs_pipe_read_unless_woken(r, w.poller, data, sizeof(data), &n, NULL), S_OK);
        assert_int_equal(n, 1);
        hcs_poller_wake(w.poller);
        assert_hresult(hcs_pipe_read_unless_woken(r, w.poller, data, sizeof(data), &n, NULL), HCS_PIPE_WOULD_BLOCK);
        hcs_pipe_close(w.pipe);
        assert_hresult(hcs_pipe_read_unless_woken(r, w.poller, data, sizeof(data), &n, NULL), S_FALSE);
        hcs_pipe_close(r);
        hcs_poller_free(w.poller);
}

static void a_created_file_is_there_after_the_commit_and_not_before(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/file", dir);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_data_file *f = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_data_file_create(path, &f, &err), err);
        assert_ok(hcs_data_file_write_at(f, 0, "one", 3, &err), err);
        assert_false(hcs_file_exists(path));
        assert_ok(hcs_data_file_commit(f, &err), err);
        f = hcs_data_file_close(f);
        assert_ok(hcs_file_read(path, 100, &text, &err), err);
        assert_string_equal(text.data, "one");
        assert_ok(hcs_data_file_create(path, &f, &err), err);
        assert_ok(hcs_data_file_write_at(f, 0, "two", 3, &err), err);
        f = hcs_data_file_close(f);
        hcs_buf_clear(&text);
        assert_ok(hcs_file_read(path, 100, &text, &err), err);
        assert_string_equal(text.data, "one");
}

static void a_second_recorder_gets_a_file_of_its_own(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir), *first = NULL,
                            *second = NULL;
        struct hcs_append_file *a = NULL, *b = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_append_file_open(path, &a, &first, &err), err);
        assert_ok(hcs_append_file_open(path, &b, &second, &err), err);
        assert_string_equal(first, path);
        assert_string_not_equal(second, path);
        assert_int_equal(hcs_append_file_write(a, "x", 1), 0);
        hcs_append_file_close(a);
        hcs_append_file_close(b);
}

/* Through windows of every size; the end of the file is that of what was appended. */
static void what_is_appended_is_there_at_once_and_nothing_behind_it(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir);
        _cleanup_buf_ struct hcs_buf all = {0}, text = {0};
        struct hcs_append_file *f = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_append_file_open(path, &f, NULL, &err), err);
        for (unsigned i = 0; all.len < 900000; i++) {
                size_t before = all.len;

                hcs_buf_printf(&all, "line %u of some length\n", i);
                SetLastError(1234);
                assert_int_equal(hcs_append_file_write(f, all.data + before, all.len - before), 0);
                assert_int_equal(GetLastError(), 1234);
        }
        assert_ok(hcs_file_read(path, (size_t)4 << 20, &text, &err), err);
        assert_true(text.len >= all.len);
        assert_memory_equal(text.data, all.data, all.len);
        f = hcs_append_file_close(f);
        hcs_buf_clear(&text);
        assert_ok(hcs_file_read(path, (size_t)4 << 20, &text, &err), err);
        assert_int_equal(text.len, all.len);
        assert_memory_equal(text.data, all.data, all.len);
}

static void a_child_gets_its_arguments_and_environment_as_they_are(void **state) {
        char *argv[] = {(char *)(uintptr_t) "cmd.exe", (char *)(uintptr_t) "/c", (char *)(uintptr_t) "exit %CODE%",
                        NULL};
        const char *const environment[] = {"CODE=7", NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        int code = 0;

        assert_ok(hcs_child_spawn(argv, environment, HCS_CHILD_MUTE, &child, &err), err);
        assert_ok(hcs_child_wait(child, &code, &err), err);
        assert_int_equal(code, 7);
        assert_true(hcs_env_set("HCS_TEST_WORD", "gr\xc3\xbc\xc3\x9f"));
        {
                _cleanup_free_ char *word = hcs_env_get("HCS_TEST_WORD");

                assert_string_equal(word, "gr\xc3\xbc\xc3\x9f");
        }
}

/* Whoever is left holds the writing end of the pipe. */
static void a_child_is_ended_with_what_it_started(void **state) {
        static const char script[] = "@echo x>%STARTED%\r\n:again\r\n@goto again\r\n";
        SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *file = hcs_asprintf("%s\\started", dir),
                            *loop = hcs_asprintf("%s\\loop.cmd", dir), *begins = hcs_asprintf("STARTED=%s", file),
                            *loops = hcs_asprintf("LOOP=%s", loop);
        char *argv[] = {(char *)(uintptr_t) "cmd.exe", (char *)(uintptr_t) "/c",
                        (char *)(uintptr_t) "%COMSPEC% /c %LOOP%&rem", NULL};
        const char *const environment[] = {begins, loops, NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        HANDLE from, to;
        DWORD n;
        int code = 0;
        char c;

        assert_ok(hcs_file_write(loop, script, sizeof(script) - 1, &err), err);
        assert_true(CreatePipe(&from, &to, &inherited, 0));
        assert_true(SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0));
        assert_ok(hcs_child_spawn(argv, environment, HCS_CHILD_MUTE, &child, &err), err);
        CloseHandle(to);
        while (!hcs_file_exists(file))
                assert_false(hcs_child_ended(child, hcs_clock_ns() + HCS_NS_PER_MS));
        hcs_child_kill_all(child, NULL);
        assert_ok(hcs_child_wait(child, &code, &err), err);
        assert_int_equal(code, 128 + 9);
        assert_false(ReadFile(from, &c, 1, &n, NULL));
        assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
        CloseHandle(from);
}

static void both_ends_of_a_stream_talk_and_see_the_end(void **state) {
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_error *err = NULL;
        char buf[8];
        size_t n;

        assert_ok(hcs_stream_pair(&a, &b, &err), err);
        assert_ok(hcs_stream_write(a, "hello", 5, NULL, &err), err);
        assert_ok(hcs_stream_read(b, buf, sizeof(buf), NULL, &n, &err), err);
        assert_int_equal(n, 5);
        hcs_stream_close_write(a);
        assert_hresult(hcs_stream_read(b, buf, sizeof(buf), NULL, &n, &err), S_FALSE);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

static void a_wait_that_nobody_ends_ends_at_its_deadline(void **state) {
        struct hcs_mutex m;
        struct hcs_cond c;
        uint64_t deadline = hcs_clock_ns() + 20 * (uint64_t)HCS_NS_PER_MS;

        hcs_mutex_init(&m);
        hcs_cond_init(&c);
        hcs_mutex_lock(&m);
        while (hcs_cond_wait_until(&c, &m, deadline))
                continue;
        hcs_mutex_unlock(&m);
        assert_true(hcs_clock_ns() >= deadline);
        hcs_cond_deinit(&c);
        hcs_mutex_deinit(&m);
}

HCS_TESTS(cmocka_unit_test(memory_of_the_abi_is_freed_by_the_platforms_own_functions),
          cmocka_unit_test(a_joined_path_has_backslashes_alone), cmocka_unit_test(a_place_has_a_name_in_either_case),
          cmocka_unit_test(a_library_that_is_not_there_is_named),
          cmocka_unit_test(a_nonblocking_pipe_says_when_it_is_empty_and_when_it_is_full),
          cmocka_unit_test(a_pipe_without_a_reader_is_broken),
          cmocka_unit_test(an_end_of_a_pipe_can_be_attached_to_a_completion_port),
          cmocka_unit_test(a_poller_waits_for_bytes_or_to_be_woken),
          cmocka_unit_test(a_read_ends_with_bytes_or_when_it_is_woken),
          cmocka_unit_test(a_created_file_is_there_after_the_commit_and_not_before),
          cmocka_unit_test(a_second_recorder_gets_a_file_of_its_own),
          cmocka_unit_test(what_is_appended_is_there_at_once_and_nothing_behind_it),
          cmocka_unit_test(a_child_gets_its_arguments_and_environment_as_they_are),
          cmocka_unit_test(a_child_is_ended_with_what_it_started),
          cmocka_unit_test(both_ends_of_a_stream_talk_and_see_the_end),
          cmocka_unit_test(a_wait_that_nobody_ends_ends_at_its_deadline))
