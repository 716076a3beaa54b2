/* SPDX-License-Identifier: MIT */

/* The order in which streams are carried and closed. The host's side is a socket pair. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/base/workers.h"
#include "guest/container/relay.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

struct rig {
        struct guest_loop *loop;
        struct guest_relay *relay;
        struct guest_streams host;    /* the host's ends */
        struct guest_streams process; /* the process's ends */
        bool done;
        uint64_t close_timeout_ns;
        int tee;
};

static void on_done(void *ctx) {
        struct rig *r = ctx;

        r->done = true;
        r->relay = guest_relay_free(r->relay);
        guest_loop_quit(r->loop);
}

static void pair(int *ret_a, int *ret_b) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        *ret_a = fds[0];
        *ret_b = fds[1];
}

static void open_pipe(int *ret_read, int *ret_write) {
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        *ret_read = fds[0];
        *ret_write = fds[1];
}

static void start(struct rig *r) {
        struct guest_streams conns = GUEST_STREAMS_NONE, pipes = GUEST_STREAMS_NONE;
        struct guest_relay_config config = {.name = "test",
                                            .tee = r->tee ? r->tee : -1,
                                            .close_timeout_ns =
                                                    r->close_timeout_ns ? r->close_timeout_ns : 600ull * HCS_NS_PER_S,
                                            .done = on_done,
                                            .ctx = r};

        assert_ok(guest_loop_new(&r->loop, NULL), NULL);
        config.loop = r->loop;
        r->host = r->process = GUEST_STREAMS_NONE;
        pair(&r->host.in, &conns.in);
        pair(&r->host.out, &conns.out);
        open_pipe(&r->process.in, &pipes.in);
        open_pipe(&pipes.out, &r->process.out);
        r->relay = guest_relay_new_pipes(&config, &conns, &pipes);
}

static void stop(struct rig *r) {
        guest_relay_free(r->relay);
        guest_streams_close(&r->host);
        guest_streams_close(&r->process);
        guest_loop_free(r->loop);
}

/* The host, on a thread of its own: reads stdout to its end, then closes it. */
struct reader {
        struct guest_job job;
        int fd;
        size_t n;
        unsigned sum;
};

static void read_all(struct guest_job *job) {
        struct reader *r = (struct reader *)job;
        char buf[65536];
        ssize_t n;

        while ((n = read(r->fd, buf, sizeof(buf))) > 0) {
                for (ssize_t i = 0; i < n; i++)
                        r->sum = r->sum * 31 + (unsigned char)buf[i];
                r->n += (size_t)n;
        }
        close(r->fd);
}

static void ignore_done(struct guest_job *job) {
}

/* The process ends, the relay finishes, and its host reads all that there is meanwhile. */
static void read_to_the_end(struct rig *r, struct reader *reader) {
        struct guest_workers *w = guest_workers_new(r->loop);

        close(r->process.out);
        r->process.out = -1;
        reader->fd = r->host.out;
        r->host.out = -1;
        guest_workers_submit(w, &reader->job);
        guest_relay_finish(r->relay);
        guest_loop_run(r->loop);
        guest_workers_free(w);
}

static void what_a_process_wrote_arrives_before_it_is_over(void **state) {
        struct rig r = {0};
        struct reader reader = {.job.work = read_all, .job.done = ignore_done};
        unsigned sum = 0;

        start(&r);
        for (int i = 0; i < 60000; i++) {
                char c = (char)(i * 7);

                assert_int_equal(write(r.process.out, &c, 1), 1);
                sum = sum * 31 + (unsigned char)c;
        }
        read_to_the_end(&r, &reader);
        assert_true(r.done);
        assert_int_equal(reader.n, 60000);
        assert_int_equal(reader.sum, sum);
        stop(&r);
}

static struct guest_timer quit_timer;
static struct guest_loop *timer_loop;

static void on_quit(struct guest_timer *t) {
        guest_loop_quit(timer_loop);
}

/* Lets the loop handle what is ready now. */
static void spin(struct rig *r) {
        struct guest_loop *l = r->loop;

        timer_loop = l;
        quit_timer.fn = on_quit;
        guest_loop_set_timer(l, &quit_timer, 1);
        guest_loop_run(l);
}

/* After so much at once the relay lets the pipe fill for a moment. What is done then is done when the loop has handled
 * it, before that moment is over. */
static void write_in_bulk(struct rig *r, struct guest_timer *then) {
        static char block[65536]; /* all that the pipe takes */

        assert_int_equal(write(r->process.out, block, sizeof(block)), sizeof(block));
        guest_loop_set_timer(r->loop, then, 1);
}

struct then {
        struct guest_timer timer; /* first */
        struct rig *rig;
};

static void write_the_rest(struct guest_timer *t) {
        struct rig *r = ((struct then *)t)->rig;

        assert_int_equal(write(r->process.out, "rest", 4), 4);
        close(r->process.out);
        r->process.out = -1;
        guest_relay_finish(r->relay);
}

static void what_comes_after_a_bulk_arrives_too(void **state) {
        struct rig r = {0};
        struct then then = {{.fn = write_the_rest}, &r};
        struct reader reader = {.job.work = read_all, .job.done = ignore_done};
        struct guest_workers *w;

        start(&r);
        write_in_bulk(&r, &then.timer);
        reader.fd = r.host.out;
        r.host.out = -1;
        w = guest_workers_new(r.loop);
        guest_workers_submit(w, &reader.job);
        guest_loop_run(r.loop);
        guest_workers_free(w);
        assert_true(r.done);
        assert_int_equal(reader.n, 65540);
        stop(&r);
}

static void free_and_quit_later(struct guest_timer *t) {
        struct rig *r = ((struct then *)t)->rig;

        r->relay = guest_relay_free(r->relay);
        timer_loop = r->loop;
        quit_timer.fn = on_quit;
        guest_loop_set_timer(r->loop, &quit_timer, hcs_clock_ns() + 20ull * HCS_NS_PER_MS); /* behind the relay's */
}

static void a_relay_that_is_freed_between_batches_is_gone(void **state) {
        struct rig r = {0};
        struct then then = {{.fn = free_and_quit_later}, &r};

        start(&r);
        write_in_bulk(&r, &then.timer);
        guest_loop_run(r.loop);
        stop(&r);
}

static void a_host_that_does_not_close_is_given_up_on(void **state) {
        struct rig r = {.close_timeout_ns = 1};
        char byte;

        start(&r);
        close(r.process.out);
        r.process.out = -1;
        guest_relay_finish(r.relay);
        guest_loop_run(r.loop);
        assert_true(r.done);
        assert_int_equal(read(r.host.out, &byte, 1), 0);
        stop(&r);
}

static void the_end_of_stdin_reaches_the_process(void **state) {
        struct rig r = {0};
        char buf[16];

        start(&r);
        assert_int_equal(write(r.host.in, "hello", 5), 5);
        shutdown(r.host.in, SHUT_WR);
        spin(&r);
        assert_int_equal(read(r.process.in, buf, sizeof(buf)), 5);
        assert_int_equal(read(r.process.in, buf, sizeof(buf)), 0);
        stop(&r);
}

static void take_and_give_again(struct guest_timer *t) {
        struct rig *r = ((struct then *)t)->rig;
        static char block[65536];

        assert_int_equal(read(r->process.in, block, sizeof(block)), sizeof(block));
        assert_int_equal(write(r->host.in, block, sizeof(block)), sizeof(block));
        timer_loop = r->loop;
        quit_timer.fn = on_quit;
        guest_loop_set_timer(r->loop, &quit_timer, hcs_clock_ns()); /* behind one more turn */
}

/* A socket between processes holds less than comes in the moment that a pipe is let to fill: the host would stand
 * still.
 */
static void input_from_a_socket_is_taken_without_a_pause(void **state) {
        static char block[65536];
        struct rig r = {0};
        struct then then = {{.fn = take_and_give_again}, &r};

        start(&r);
        fcntl(r.process.in, F_SETFL, O_NONBLOCK);
        assert_int_equal(write(r.host.in, block, sizeof(block)), sizeof(block));
        guest_loop_set_timer(r.loop, &then.timer, 1);
        guest_loop_run(r.loop);
        assert_int_equal(read(r.process.in, block, sizeof(block)), sizeof(block));
        stop(&r);
}

static void a_host_that_stops_reading_breaks_the_process_pipe(void **state) {
        struct rig r = {0};

        start(&r);
        close(r.host.out);
        r.host.out = -1;
        assert_int_equal(write(r.process.out, "x", 1), 1);
        spin(&r);
        assert_int_equal(write(r.process.out, "x", 1), -1);
        assert_int_equal(errno, EPIPE);
        stop(&r);
}

static void a_log_gets_a_copy_of_what_is_written(void **state) {
        struct rig r = {0};
        char buf[16];
        int copy;

        open_pipe(&copy, &r.tee);
        start(&r);
        assert_int_equal(write(r.process.out, "line", 4), 4);
        spin(&r);
        assert_int_equal(read(r.host.out, buf, sizeof(buf)), 4);
        assert_int_equal(read(copy, buf, sizeof(buf)), 4);
        close(copy);
        close(r.tee);
        stop(&r);
}

/* More than the host's socket holds: what is copied is written in parts, and the log gets each byte once. */
static void a_log_gets_a_large_output_once(void **state) {
        static char block[300000], copy[sizeof(block) + 1];
        struct rig r = {.tee = memfd_create("log", MFD_CLOEXEC)};
        struct reader reader = {.job.work = read_all, .job.done = ignore_done};
        unsigned sum = 0;

        for (size_t i = 0; i < sizeof(block); i++) {
                block[i] = (char)(i * 7 + i / 251);
                sum = sum * 31 + (unsigned char)block[i];
        }
        start(&r);
        fcntl(r.process.out, F_SETPIPE_SZ, 1 << 20);
        fcntl(r.process.out, F_SETFL, O_NONBLOCK);
        if (write(r.process.out, block, sizeof(block)) != (ssize_t)sizeof(block)) {
                print_message("a pipe takes no such block here\n");
                close(r.tee);
                stop(&r);
                skip();
        }
        read_to_the_end(&r, &reader);
        assert_int_equal(reader.n, sizeof(block));
        assert_int_equal(reader.sum, sum);
        assert_int_equal(pread(r.tee, copy, sizeof(copy), 0), sizeof(block));
        assert_memory_equal(copy, block, sizeof(block));
        close(r.tee);
        stop(&r);
}

static void only_a_terminal_is_resized(void **state) {
        struct rig r = {0};

        start(&r);
        assert_hresult(guest_relay_resize(r.relay, 1, 1, NULL), E_FAIL);
        stop(&r);
}

static int ignore_sigpipe(void **state) {
        signal(SIGPIPE, SIG_IGN);
        return 0;
}

HCS_TESTS(cmocka_unit_test(what_a_process_wrote_arrives_before_it_is_over),
          cmocka_unit_test(what_comes_after_a_bulk_arrives_too),
          cmocka_unit_test(a_relay_that_is_freed_between_batches_is_gone),
          cmocka_unit_test(a_host_that_does_not_close_is_given_up_on),
          cmocka_unit_test(the_end_of_stdin_reaches_the_process),
          cmocka_unit_test(input_from_a_socket_is_taken_without_a_pause),
          cmocka_unit_test_setup(a_host_that_stops_reading_breaks_the_process_pipe, ignore_sigpipe),
          cmocka_unit_test(a_log_gets_a_copy_of_what_is_written), cmocka_unit_test(a_log_gets_a_large_output_once),
          cmocka_unit_test(only_a_terminal_is_resized))
