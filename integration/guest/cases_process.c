/* SPDX-License-Identifier: MIT */

/* Processes of a container: signals, streams, terminals, users. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

#define PROCESS_FMT "{\"ContainerId\":\"%s\",\"ProcessId\":%u"

static struct process start_other(struct box *b, struct host *h, const char *script) {
        _cleanup_free_ char *string = quoted(script), *params = NULL;

        params = hcs_asprintf("{\"OciProcess\":{\"args\":[\"sh\",\"-c\",%s],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\","
                              "\"user\":{}}}",
                              string);
        return host_exec(h, b->id, STREAM_OUT, params);
}

static void a_signal_reaches_its_process_only(struct host *h) {
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        p = start_other(&b.box, h, "exec sleep 1000");
        host_call_ok(h, HCS_GCS_SIGNAL_PROCESS, PROCESS_FMT ",\"Options\":{\"Signal\":15}}", b.box.id, p.pid);
        free(host_read_all(h, p.out));
        host_close(&p.out);
        check(host_wait_process(h, &p) == 143, "exit code");
        check(host_notification_count(h, b.box.id) == 0, "the container has ended");
}

static void a_signal_without_a_number_kills(struct host *h) {
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        p = start_other(&b.box, h, "exec sleep 1000");
        host_call_ok(h, HCS_GCS_SIGNAL_PROCESS, PROCESS_FMT "}", b.box.id, p.pid);
        free(host_read_all(h, p.out));
        host_close(&p.out);
        check(host_wait_process(h, &p) == 137, "exit code");
}

static void a_signal_to_a_process_that_ended_is_not_found(struct host *h) {
        struct process p;
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        check(host_wait_process(h, &p) == 0, "exit code");
        free(host_call_failing(h, HCS_GCS_SIGNAL_PROCESS, (HRESULT)0x80070490,
                               PROCESS_FMT ",\"Options\":{\"Signal\":9}}", b.box.id, p.pid));
}

static void a_signal_to_a_foreign_process_is_not_found(struct host *h) {
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        free(host_call_failing(h, HCS_GCS_SIGNAL_PROCESS, (HRESULT)0x80070490,
                               PROCESS_FMT ",\"Options\":{\"Signal\":9}}", b.box.id, 1u));
}

static void the_exit_code_of_the_first_process_stays(struct host *h) {
        struct process p;
        BOX(b, "[\"sh\",\"-c\",\"exit 8\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        check(host_wait_process(h, &p) == 8, "exit code");
        check(host_wait_process(h, &p) == 8, "exit code, again");
}

/* The contract of closing: a process is over for its waiters when the host has closed its ends. */
static void a_wait_ends_when_the_host_has_closed_its_ends(struct host *h) {
        _cleanup_free_ char *body = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL;
        struct process p;
        uint64_t wait;
        BOX(b, "[\"sh\",\"-c\",\"echo bye\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_OUT | STREAM_ERR);
        body = hcs_asprintf(PROCESS_FMT ",\"TimeoutInMs\":4294967295}", b.box.id, p.pid);
        wait = host_send(h, HCS_GCS_REQUEST | HCS_GCS_WAIT_FOR_PROCESS, body);
        free(host_read_all(h, p.out));
        free(host_read_all(h, p.err));
        check(!host_has_answer(h, wait, 200), "answered while the host has its ends open");
        host_close(&p.out);
        check(!host_has_answer(h, wait, 50), "answered while the host has stderr open");
        host_close(&p.err);
        answer = host_wait(h, wait);
        check(host_result(answer) == S_OK, "wait");
}

static void stdin_need_not_be_closed_by_the_host(struct host *h) {
        struct process p;
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_IN);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_close(&p.in);
}

static void the_end_of_input_reaches_the_process(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"cat\"]");

        box_run(&b.box, h, "to the end", &o);
        outcome_check(h, &o, 0, "to the end");
}

static void without_stdin_input_ends_at_once(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"cat; echo done\"]");

        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "done\n");
}

static void megabytes_arrive_whole(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"yes xxxxxxx | head -c 16777216\"]");

        box_run(&b.box, h, NULL, &o);
        check(strlen(o.out) == 16777216, "%zu bytes", strlen(o.out));
        outcome_check(h, &o, 0, NULL);
}

#define TINY_BYTES (16u << 20)
#define STALL_MS   500

/* What stands at a place of the stream: bytes that are lost or change places show. */
static char byte_at(size_t i) {
        return (char)(i % 251);
}

/* The next piece of 1 to 100 bytes, as much of it as is taken now. Returns how much is sent then. */
static size_t send_tiny(struct host *h, int fd, size_t sent) {
        char piece[100];
        size_t n = sent * 7 % sizeof(piece) + 1;
        ssize_t w;

        for (size_t i = 0; i < n; i++)
                piece[i] = byte_at(sent + i);
        w = send(fd, piece, n < TINY_BYTES - sent ? n : TINY_BYTES - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        check(w > 0 || errno == EAGAIN, "%s after %zu bytes", strerror(errno), sent);
        return sent + (w > 0 ? (size_t)w : 0);
}

static size_t read_tiny(struct host *h, int fd, size_t got) {
        static char chunk[65536];
        ssize_t n = read(fd, chunk, sizeof(chunk));

        check(n > 0, "the stream ends after %zu bytes", got);
        for (ssize_t i = 0; i < n; i++, got++)
                check(chunk[i] == byte_at(got), "byte %zu is another", got);
        return got;
}

/* Both directions. While the host reads nothing an agent keeps no more than fits the way: the host has the rest. */
static void tiny_writes_arrive_whole_and_in_order(struct host *h) {
        struct pollfd fds[2];
        size_t sent = 0, got = 0;
        struct process p;
        BOX(b, "[\"dd\",\"bs=37\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_IN | STREAM_OUT);
        fds[0] = (struct pollfd){.fd = p.in, .events = POLLOUT};
        fds[1] = (struct pollfd){.fd = p.out, .events = POLLIN};
        while (sent < TINY_BYTES && poll(fds, 1, STALL_MS) > 0)
                sent = send_tiny(h, p.in, sent);
        check(sent < TINY_BYTES / 2, "%zu bytes are on their way", sent);
        while (got < TINY_BYTES) {
                check(poll(fds, 2, (int)h->limit_ms) > 0, "nothing moves: %zu bytes went, %zu came", sent, got);
                if (fds[1].revents)
                        got = read_tiny(h, p.out, got);
                if (fds[0].revents)
                        sent = send_tiny(h, p.in, sent);
                if (sent == TINY_BYTES)
                        fds[0].fd = -1;
        }
        host_close(&p.in);
        check(read(p.out, &(char){0}, 1) == 0, "more came than went");
        host_close(&p.out);
        check(host_wait_process(h, &p) == 0, "exit code");
}

static void a_terminal_is_one_and_is_resized(struct host *h) {
        _cleanup_free_ char *out = NULL;
        struct process p;
        BOX(b, "[\"sh\",\"-c\",\"test -t 1 && read x && stty size\"]");

        box_set(&b.box, h, "process.terminal", "true");
        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_IN | STREAM_OUT);
        host_call_ok(h, HCS_GCS_RESIZE_CONSOLE, PROCESS_FMT ",\"Height\":33,\"Width\":99}", b.box.id, p.pid);
        host_write(h, p.in, "go\n");
        out = host_read_all(h, p.out);
        host_close(&p.out);
        check(strstr(out, "33 99"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_close(&p.in);
}

static void another_process_may_have_a_terminal(struct host *h) {
        _cleanup_free_ char *out = NULL;
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        p = host_exec(h, b.box.id, STREAM_IN | STREAM_OUT,
                      "{\"OciProcess\":{\"terminal\":true,\"args\":[\"sh\",\"-c\",\"read x; stty size\"],"
                      "\"env\":[\"PATH=/bin\"],\"cwd\":\"/\",\"user\":{}}}");
        host_call_ok(h, HCS_GCS_RESIZE_CONSOLE, PROCESS_FMT ",\"Height\":11,\"Width\":22}", b.box.id, p.pid);
        host_write(h, p.in, "go\n");
        out = host_read_all(h, p.out);
        host_close(&p.out);
        check(strstr(out, "11 22"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_close(&p.in);
}

static void a_process_without_a_terminal_is_not_resized(struct host *h) {
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        free(host_call_failing(h, HCS_GCS_RESIZE_CONSOLE, E_FAIL, PROCESS_FMT ",\"Height\":1,\"Width\":1}", b.box.id,
                               p.pid));
}

static void another_process_gets_the_user_it_names(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        host_run(h, b.box.id,
                 "{\"OciProcess\":{\"args\":[\"sh\",\"-c\",\"id -u; id -g\"],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\","
                 "\"user\":{\"username\":\"ann:staff\"}}}",
                 NULL, &o);
        outcome_check(h, &o, 0, "1000\n50\n");
}

static void another_process_with_an_unknown_user_fails(struct host *h) {
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        free(host_exec_failing(
                h, b.box.id, 0, E_FAIL,
                "{\"OciProcess\":{\"args\":[\"true\"],\"cwd\":\"/\",\"user\":{\"username\":\"nobody\"}}}"));
}

#define CASE(text, function) \
        { "container: " text, NEEDS_RUNTIME, function }

static const struct test_case cases[] = {
        CASE("a signal reaches its process only", a_signal_reaches_its_process_only),
        CASE("a signal without a number kills", a_signal_without_a_number_kills),
        CASE("a signal to a process that ended is not found", a_signal_to_a_process_that_ended_is_not_found),
        CASE("a signal to a foreign process is not found", a_signal_to_a_foreign_process_is_not_found),
        CASE("the exit code of the first process stays", the_exit_code_of_the_first_process_stays),
        CASE("a wait ends when the host has closed its ends", a_wait_ends_when_the_host_has_closed_its_ends),
        CASE("stdin need not be closed by the host", stdin_need_not_be_closed_by_the_host),
        CASE("the end of input reaches the process", the_end_of_input_reaches_the_process),
        CASE("without stdin input ends at once", without_stdin_input_ends_at_once),
        CASE("megabytes arrive whole", megabytes_arrive_whole),
        CASE("tiny writes arrive whole and in order", tiny_writes_arrive_whole_and_in_order),
        CASE("a terminal is one and is resized", a_terminal_is_one_and_is_resized),
        CASE("another process may have a terminal", another_process_may_have_a_terminal),
        CASE("a process without a terminal is not resized", a_process_without_a_terminal_is_not_resized),
        CASE("another process gets the user it names", another_process_gets_the_user_it_names),
        CASE("another process with an unknown user fails", another_process_with_an_unknown_user_fails),
};
const struct case_table process_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
