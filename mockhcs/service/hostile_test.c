/* SPDX-License-Identifier: MIT */

/* Clients that mean no good: silent ones, those that do not read, those of other users, sizes that lie. Whatever they
 * do, others are served, and nothing is kept for them. */

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/test/service_client.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

#define NOBODY 65534

static void who_says_nothing_is_sent_away(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){.limits = {.hello_ms = 1}});
        struct client silent = client_connect_raw(), half = client_connect_raw();

        client_send_bytes(&half, "\x40\0\0\0{\"hel", 9);
        client_expect(&silent, "\"refused\":");
        client_expect_end(&silent);
        client_expect(&half, "\"refused\":");
        client_expect_end(&half);
        client_disconnect(&silent);
        client_disconnect(&half);
        service_stop(s);
}

static void many_who_say_nothing_keep_nobody_out(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){.limits = {.clients = 4}});
        struct client friend = client_connect(), silent[4], more;

        for (size_t i = 0; i < 4; i++)
                silent[i] = client_connect_raw();
        more = client_connect_raw();
        client_expect(&more, "too many have connected and have not said hello yet");
        client_expect_end(&more);
        client_disconnect(&more);
        client_create(&friend, 1, "x", "", "\"hr\":\"0x00000000\"");
        client_send(&silent[0], CLIENT_HELLO);
        client_expect(&silent[0], "\"version\":2");
        more = client_connect(); /* there is room for one who says who it is */
        client_disconnect(&more);
        for (size_t i = 0; i < 4; i++)
                client_disconnect(&silent[i]);
        client_wait_until_alone(&friend);
        client_disconnect(&friend);
        service_stop(s);
}

static long most_memory_kb(void) {
        struct rusage usage;

        assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
        return usage.ru_maxrss;
}

/* Each says that 256 MiB follow, 8 GiB in all, and sends next to nothing. */
static void sizes_that_lie_take_no_memory(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client liars[32], c = client_connect();
        long before = most_memory_kb();

        for (size_t i = 0; i < 32; i++) {
                liars[i] = client_connect();
                client_send_bytes(&liars[i], "\0\0\0\x10{\"call\":", 12);
        }
        client_create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        assert_true(most_memory_kb() - before < 65536);
        for (size_t i = 0; i < 32; i++)
                client_disconnect(&liars[i]);
        client_wait_until_alone(&c);
        client_disconnect(&c);
        service_stop(s);
}

/* What cat gets it says again, to a client that only writes: until the service has enough of that. */
static void who_never_reads_is_given_up_with_its_processes(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){.limits = {.unread_bytes = 100000}});
        struct client deaf = client_connect(), c = client_connect();
        _cleanup_buf_ struct hcs_buf frame = {0};
        size_t begin = mock_wire_begin(&frame), n;
        HRESULT hr = S_OK;

        hcs_buf_puts(&frame, "{\"stdio\":\"process/2\",\"stream\":\"stdin\",\"text\":\"");
        for (int i = 0; i < 65536; i++)
                hcs_buf_putc(&frame, 'a');
        hcs_buf_puts(&frame, "\"}");
        mock_wire_end(&frame, begin);
        client_create(&deaf, 1, "loud", ",\"ShouldTerminateOnLastHandleClosed\":true", "\"hr\":\"0x00000000\"");
        client_send(&deaf, "{\"call\":\"HcsStartComputeSystem\",\"dll\":\"computecore\",\"n\":2,\"args\":{\"system\":"
                           "\"system/1\",\"options\":\"\"}}");
        client_expect(&deaf, "{\"return\":2,\"t\":0,\"hr\":\"0x00000000\"");
        client_send(&deaf,
                    "{\"call\":\"HcsCreateProcess\",\"dll\":\"computecore\",\"n\":3,\"args\":{\"system\":\"system/1\","
                    "\"parameters\":{\"CommandLine\":\"cat\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true},"
                    "\"creates\":\"process/2\"}}");
        while (SUCCEEDED(hr)) /* ends when the service ends the connection, and never otherwise */
                hr = hcs_stream_write_bound(deaf.reader.stream, frame.data, frame.len, NULL, &n, NULL);
        client_wait_until_alone(&c);
        client_create(&c, 1, "loud", "", "\"hr\":\"0x00000000\""); /* the name is free again */
        client_disconnect(&deaf);
        client_disconnect(&c);
        service_stop(s);
}

/* ---- other users ---- */

/* Becomes nobody in a child, connects to the socket and says what it hears; 0 when that names the reason. */
static int try_as_nobody(void) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        char heard[400] = "";
        size_t n = 0;
        ssize_t r;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strncpy(a.sun_path, service_path(), sizeof(a.sun_path) - 1);
        if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
                return 77;
        if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
                return 3;
        while (n < sizeof(heard) - 1 && (r = recv(fd, heard + n, sizeof(heard) - 1 - n, 0)) > 0)
                n += (size_t)r;
        return n > 4 && strstr(heard + 4, "is another user's\",\"hr\":\"0x80070005\"") ? 0 : 4;
}

static int code_of(pid_t pid) {
        int status = 0;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void open_to_all(const char *path) {
        _cleanup_free_ char *folder = hcs_strdup(path);

        *strrchr(folder, '/') = '\0';
        assert_int_equal(chmod(folder, 0755), 0);
        assert_int_equal(chmod(path, 0666), 0);
}

/* Even where the socket's mode lets them: only root can be somebody else in a test. */
static void another_user_is_refused_by_the_service(void **state) {
        struct mockhcs_service *s;
        pid_t pid;
        int code;

        if (geteuid() != 0)
                skip();
        s = service_start((struct mockhcs_service_options){0});
        open_to_all(service_path());
        pid = fork();
        if (pid == 0)
                _exit(try_as_nobody());
        code = code_of(pid);
        service_stop(s);
        if (code == 77 || code == 3) /* nobody is not allowed to, or not to come here at all */
                skip();
        assert_int_equal(code, 0);
}

static void who_takes_a_socket_of_another_user_is_refused_by_the_client(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/theirs", dir);
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        struct hcs_stream *stream = NULL;
        struct hcs_error *err = NULL;
        int fds[2];
        char byte;
        pid_t pid;

        if (geteuid() != 0)
                skip();
        strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(chmod(dir, 0777), 0);
        pid = fork();
        if (pid == 0) {
                int fd;

                if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
                        _exit(77);
                fd = socket(AF_UNIX, SOCK_STREAM, 0);
                if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)
                        _exit(77);
                if (write(fds[1], "l", 1) == 1)
                        pause();
                _exit(1);
        }
        close(fds[1]);
        if (read(fds[0], &byte, 1) != 1) {
                code_of(pid);
                close(fds[0]);
                skip();
        }
        close(fds[0]);
        assert_hresult(hcs_stream_connect_private(path, NULL, &stream, &err), E_ACCESSDENIED);
        assert_non_null(strstr(hcs_error_message(err), "of another user answers at"));
        hcs_error_free(err);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

HCS_TESTS(cmocka_unit_test(who_says_nothing_is_sent_away), cmocka_unit_test(many_who_say_nothing_keep_nobody_out),
          cmocka_unit_test(sizes_that_lie_take_no_memory),
          cmocka_unit_test(who_never_reads_is_given_up_with_its_processes),
          cmocka_unit_test(another_user_is_refused_by_the_service),
          cmocka_unit_test(who_takes_a_socket_of_another_user_is_refused_by_the_client))
