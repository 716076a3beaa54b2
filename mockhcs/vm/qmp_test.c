/* SPDX-License-Identifier: MIT */

/* QMP against a QEMU that says what a test wants; consoles. */

#include "mockhcs/vm/qmp.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/console.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/pipe.h"
#include "testing/hcs_test.h"

static struct qmp q;
static int qemu; /* its end */
static char events[256];
static struct hcs_thread reader;

static void on_event(void *ctx, const char *name, const struct hcs_json *data) {
        const char *reason = hcs_json_get_string(data, "reason");

        snprintf(events + strlen(events), sizeof(events) - strlen(events), "%s:%s;", name, reason ? reason : "");
}

static int setup(void **state) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        qemu = fds[1];
        events[0] = '\0';
        qmp_init(&q, hcs_abi_handle_from_fd(fds[0]), on_event, NULL);
        hcs_pipe_set_nonblocking(q.socket);
        return 0;
}

static int teardown(void **state) {
        close(qemu);
        qmp_deinit(&q);
        return 0;
}

static void qemu_says(const char *text) {
        assert_int_equal(send(qemu, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Answers each line it gets by the next of the prepared texts, in which # stands for the id. */
static const char *const *answers;
static void serve(void *arg) {
        char line[4096];
        FILE *in = fdopen(dup(qemu), "r");

        while (answers && *answers && fgets(line, sizeof(line), in)) {
                const char *id = strstr(line, "\"id\":"), *text = *answers++, *place = strchr(text, '#');

                dprintf(qemu, "%.*s%d%s", (int)(place - text), text, id ? (int)strtol(id + 5, NULL, 10) : 0, place + 1);
                qmp_feed(&q);
        }
        fclose(in);
}

static void serve_with(const char *const *texts) {
        answers = texts;
        assert_ok(hcs_thread_start(&reader, serve, NULL, NULL), NULL);
}

static void the_greeting_comes_first_and_events_in_between(void **state) {
        static const char *const texts[] = {"{\"return\": {}, \"id\": #}\r\n",
                                            "{\"event\":\"RESUME\"}\r\n{\"return\":{\"running\":true},\"id\":#}\r\n",
                                            NULL};
        _cleanup_json_ struct hcs_json *got = NULL;
        struct hcs_error *err = NULL;

        qemu_says("{\"QMP\": {\"version\": {}, \"capab");
        assert_true(qmp_feed(&q));
        assert_false(q.greeted);
        qemu_says("ilities\": []}}\r\n");
        assert_true(qmp_feed(&q));
        serve_with(texts);
        assert_ok(qmp_negotiate(&q, HCS_FOREVER, &err), err);
        assert_ok(qmp_execute(&q, "query-status", NULL, HCS_FOREVER, &got, &err), err);
        hcs_thread_join(&reader);
        assert_true(hcs_json_bool(hcs_json_get(got, "running")));
        assert_string_equal(events, "RESUME:;");
}

static void what_qemu_refuses_is_told_in_its_words(void **state) {
        static const char *const texts[] = {
                "{\"id\":#,\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"Device 'x' not found\"}}\n",
                "{\"id\":#,\"error\":{\"class\":\"GenericError\",\"desc\":\"no such thing\"}}\n",
                "{\"id\":#,\"error\":{}}\n", NULL};
        struct hcs_error *err = NULL;

        serve_with(texts);
        assert_hresult(qmp_execute(&q, "device_del", NULL, HCS_FOREVER, NULL, &err), HCS_WIN32(1168));
        assert_string_equal(hcs_error_message(err), "QMP device_del: Device 'x' not found");
        err = hcs_error_free(err);
        assert_hresult(qmp_execute(&q, "stop", NULL, HCS_FOREVER, NULL, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "no such thing"));
        err = hcs_error_free(err);
        assert_hresult(qmp_execute(&q, "stop", NULL, HCS_FOREVER, NULL, NULL), E_FAIL);
        hcs_thread_join(&reader);
}

static void a_qemu_that_goes_or_hangs_or_talks_nonsense_ends_the_wait(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(qmp_negotiate(&q, hcs_clock_ns(), &err), HCS_E_CONNECTION_TIMEOUT);
        err = hcs_error_free(err);
        assert_hresult(qmp_execute(&q, "stop", NULL, hcs_clock_ns(), NULL, &err), HCS_E_CONNECTION_TIMEOUT);
        err = hcs_error_free(err);
        qemu_says("{\"return\":{},\"id\":1}\n{\"return\":{},\"id\":77}\n{}\n"); /* too late, to nobody, to nothing */
        assert_true(qmp_feed(&q));
        qemu_says("QEMU waits for you\n");
        assert_false(qmp_feed(&q));
        assert_hresult(qmp_execute(&q, "stop", NULL, HCS_FOREVER, NULL, &err), HCS_E_CONNECTION_CLOSED);
        hcs_error_free(err);
}

static void the_end_of_the_stream_is_the_end_of_every_question(void **state) {
        assert_int_equal(shutdown(qemu, SHUT_RDWR), 0);
        assert_false(qmp_feed(&q));
        assert_hresult(qmp_negotiate(&q, HCS_FOREVER, NULL), HCS_E_CONNECTION_CLOSED);
}

static void a_console_keeps_its_end_and_sees_a_panic_in_pieces(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/console", folder), *tail = NULL;
        static const char words[] = "[ 1.2] Kernel panic - not syncing: VFS: no root\r\n";
        struct console c;

        assert_ok(console_init(&c, path, NULL), NULL);
        for (int i = 0; i < 20000; i++)
                console_feed(&c, "\x1b[31mred\x1b[0m line\r\n\r\n", 20);
        assert_null(c.panic);
        for (size_t i = 0; i < sizeof(words) - 1; i++)
                console_feed(&c, words + i, 1);
        assert_string_equal(c.panic, "Kernel panic - not syncing: VFS: no root");
        console_feed(&c, "Kernel panic - not syncing: another\n", 36);
        for (int i = 0; i < 100; i++)
                console_feed(&c, "Call trace\n", 11);
        assert_string_equal(c.panic, "Kernel panic - not syncing: VFS: no root");
        tail = console_tail(&c);
        assert_null(strchr(tail, 0x1b));
        assert_non_null(strstr(tail, "red line\nred line\n[ 1.2] Kernel panic - not syncing: VFS: no root\n"));
        assert_non_null(strstr(tail, "Call trace\nCall trace"));
        assert_true(strlen(tail) < 40 * 60);
        assert_true(c.tail.len <= 2 * CONSOLE_TAIL + sizeof(words));
        console_deinit(&c);
}

static void a_line_without_end_costs_no_memory(void **state) {
        struct console c;
        char block[4096];

        memset(block, 'x', sizeof(block));
        assert_ok(console_init(&c, "/dev/null", NULL), NULL);
        for (int i = 0; i < 100; i++)
                console_feed(&c, block, sizeof(block));
        assert_true(c.line.len <= 4096);
        console_deinit(&c);
}

static void a_console_without_end_fills_no_disk(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/console", folder);
        _cleanup_free_ char *block = hcs_malloc(65536);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct console c;

        memset(block, '\n', 65536);
        assert_ok(console_init(&c, path, NULL), NULL);
        for (unsigned i = 0; i < CONSOLE_FILE / 65536; i++)
                console_feed(&c, block, 65536);
        assert_ok(hcs_file_read(path, CONSOLE_FILE, &text, NULL), NULL);
        assert_int_equal(text.len, CONSOLE_FILE);
        /* One byte more: what was last is still before it. */
        hcs_buf_clear(&text);
        console_feed(&c, "last", 4);
        console_feed(&c, " words", 6);
        assert_ok(hcs_file_read(path, CONSOLE_FILE, &text, NULL), NULL);
        assert_true(hcs_str_starts(hcs_buf_cstr(&text), "[what the console said before is gone"));
        assert_true(text.len > CONSOLE_TAIL && text.len < 4 * CONSOLE_TAIL);
        assert_string_equal(hcs_buf_cstr(&text) + text.len - 12, "\n\nlast words");
        console_deinit(&c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(T(the_greeting_comes_first_and_events_in_between), T(what_qemu_refuses_is_told_in_its_words),
          T(a_qemu_that_goes_or_hangs_or_talks_nonsense_ends_the_wait),
          T(the_end_of_the_stream_is_the_end_of_every_question),
          cmocka_unit_test(a_console_keeps_its_end_and_sees_a_panic_in_pieces),
          cmocka_unit_test(a_line_without_end_costs_no_memory), cmocka_unit_test(a_console_without_end_fills_no_disk))
