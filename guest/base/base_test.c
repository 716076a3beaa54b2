/* SPDX-License-Identifier: MIT */

/* The event loop, its threads, children and the transport. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/base/children.h"
#include "guest/base/failure.h"
#include "guest/base/transport.h"
#include "guest/base/workers.h"
#include "platform/clock.h"
#include "testing/hcs_test.h"

static struct guest_loop *loop;
static struct guest_children *children;

static int set_up(void **state) {
        assert_ok(guest_loop_new(&loop, NULL), NULL);
        assert_ok(guest_children_new(loop, &children, NULL), NULL);
        return 0;
}

static int tear_down(void **state) {
        children = guest_children_free(children);
        loop = guest_loop_free(loop);
        return 0;
}

struct counted_timer {
        struct guest_timer timer;
        int number;
};
static int order[4], n_order;

static void on_timer(struct guest_timer *t) {
        order[n_order++] = ((struct counted_timer *)t)->number;
        if (n_order == 2)
                guest_loop_quit(loop);
}

static void timers_go_off_in_the_order_of_their_deadlines(void **state) {
        struct counted_timer a = {{.fn = on_timer}, 1}, b = {{.fn = on_timer}, 2}, never = {{.fn = on_timer}, 3};
        uint64_t now = hcs_clock_ns();

        n_order = 0;
        guest_loop_set_timer(loop, &never.timer, now);
        guest_loop_set_timer(loop, &a.timer, now + 2);
        guest_loop_set_timer(loop, &b.timer, now + 1);
        guest_loop_clear_timer(loop, &never.timer);
        guest_loop_run(loop);
        assert_int_equal(n_order, 2);
        assert_int_equal(order[0], 2);
        assert_int_equal(order[1], 1);
}

static struct guest_source sources[2];
static int n_events;

/* Whichever comes first takes the other out: the event that is already there must not come. */
static void on_source(struct guest_source *s, uint32_t events) {
        n_events++;
        guest_loop_watch(loop, &sources[0], 0);
        guest_loop_watch(loop, &sources[1], 0);
        guest_loop_quit(loop);
}

static void a_source_taken_out_gets_no_event_that_was_already_there(void **state) {
        int fds[2];

        n_events = 0;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        sources[0] = (struct guest_source){.fd = fds[1], .fn = on_source};
        sources[1] = (struct guest_source){.fd = dup(fds[1]), .fn = on_source};
        guest_loop_watch(loop, &sources[0], EPOLLOUT);
        guest_loop_watch(loop, &sources[1], EPOLLOUT);
        guest_loop_run(loop);
        assert_int_equal(n_events, 1);
        close(sources[1].fd);
        close(fds[0]);
        close(fds[1]);
}

struct counted_job {
        struct guest_job job;
        int worked;
};
static int n_done;

static void job_work(struct guest_job *j) {
        ((struct counted_job *)j)->worked++;
}

static void job_done(struct guest_job *j) {
        assert_int_equal(((struct counted_job *)j)->worked, 1);
        if (++n_done == 100)
                guest_loop_quit(loop);
}

static void every_job_is_worked_once_and_done_on_the_loop(void **state) {
        struct guest_workers *w = guest_workers_new(loop);
        struct counted_job jobs[100] = {0};

        n_done = 0;
        for (size_t i = 0; i < 100; i++) {
                jobs[i].job.work = job_work;
                jobs[i].job.done = job_done;
                guest_workers_submit(w, &jobs[i].job);
        }
        guest_loop_run(loop);
        assert_int_equal(n_done, 100);
        guest_workers_free(w);
}

static int ended_status;

static void on_end(struct guest_watch *w, int status) {
        ended_status = status;
        guest_loop_quit(loop);
}

static struct guest_spawn shell(const char **argv, const char *script) {
        argv[0] = "sh";
        argv[1] = "-c";
        argv[2] = script;
        argv[3] = NULL;
        return (struct guest_spawn){.argv = (char *const *)argv, .in = -1, .out = -1, .err = -1};
}

static void the_end_of_a_child_is_reported(void **state) {
        struct guest_watch w = {.fn = on_end};
        const char *argv[4];
        struct guest_spawn s = shell(argv, "exit 7");
        pid_t pid;

        assert_ok(guest_children_spawn(children, &s, &w, &pid, NULL), NULL);
        guest_loop_run(loop);
        assert_int_equal(guest_exit_code(ended_status), 7);
}

static void on_late_end(struct guest_watch *w, int status) {
        ended_status = status;
        guest_loop_quit(loop);
}

static void watch_late(struct guest_post *p);
static struct guest_watch late = {.fn = on_late_end};
static struct guest_post late_post = {.fn = watch_late};

/* Asks again until the grandchild was reaped: only then is its end one that nobody waited for. */
static void watch_late(struct guest_post *p) {
        if (kill(late.pid, 0) == 0)
                guest_loop_post(loop, p);
        else
                guest_children_watch(children, &late);
}

static void on_parent_end(struct guest_watch *w, int status) {
        guest_loop_post(loop, &late_post);
}

static void a_child_that_ended_before_it_was_watched_is_reported_too(void **state) {
        struct guest_watch w = {.fn = on_parent_end};
        const char *argv[4];
        struct guest_spawn s = shell(argv, "sh -c \"while kill -0 $$ 2>/dev/null; do :; done; exit 9\" & echo $!");
        char text[32] = "";
        int fds[2];
        pid_t pid;

        /* The grandchild outlives its parent, and so becomes ours. */
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        s.out = fds[1];
        assert_ok(guest_children_spawn(children, &s, &w, &pid, NULL), NULL);
        assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
        late.pid = atoi(text);
        guest_loop_run(loop);
        assert_int_equal(guest_exit_code(ended_status), 9);
        close(fds[0]);
        close(fds[1]);
}

struct run_job {
        struct guest_job job;
        const char *script;
        uint64_t timeout_ns;
        int status;
        HRESULT hr;
        struct hcs_error *err;
};

static void run_work(struct guest_job *j) {
        struct run_job *r = (struct run_job *)j;
        const char *argv[4];
        struct guest_spawn s = shell(argv, r->script);

        r->hr = guest_children_run(children, &s, r->timeout_ns, &r->status, &r->err);
}

static void run_done(struct guest_job *j) {
        guest_loop_quit(loop);
}

static void run(struct run_job *r) {
        struct guest_workers *w = guest_workers_new(loop);

        r->job.work = run_work;
        r->job.done = run_done;
        guest_workers_submit(w, &r->job);
        guest_loop_run(loop);
        guest_workers_free(w);
}

static void a_job_that_waits_for_a_child_ends_when_the_loop_has_ended(void **state) {
        struct run_job r = {
                .job = {.work = run_work, .done = run_done}, .script = "exit 3", .timeout_ns = 60ull * HCS_NS_PER_S};
        struct guest_workers *w = guest_workers_new(loop);

        guest_workers_submit(w, &r.job);
        assert_null(guest_workers_free(w));
        assert_ok(r.hr, r.err);
        assert_int_equal(guest_exit_code(r.status), 3);
}

static void a_program_is_run_to_its_end(void **state) {
        struct run_job r = {.script = "kill -TERM $$", .timeout_ns = 60ull * HCS_NS_PER_S};

        run(&r);
        assert_ok(r.hr, r.err);
        assert_int_equal(guest_exit_code(r.status), 128 + SIGTERM);
}

static void a_program_that_hangs_is_killed_with_all_it_started(void **state) {
        struct run_job r = {.script = "sleep 1000 & sleep 1000", .timeout_ns = 1};

        run(&r);
        assert_hresult(r.hr, HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(r.err), "was killed"));
        hcs_error_free(r.err);
}

static void a_unix_transport_dials_the_socket_of_the_port(void **state) {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *text = NULL;
        struct guest_transport *t = NULL;
        struct hcs_error *err = NULL;
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/v.sock_42", dir);
        assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
        assert_int_equal(listen(listener, 1), 0);
        text = hcs_asprintf("unix:%s/v.sock", dir);
        assert_ok(guest_transport_new(text, &t, &err), err);
        assert_ok(guest_transport_dial(t, 42, &fd, &err), err);
        close(fd);
        assert_true(FAILED(guest_transport_dial(t, 43, &fd, &err)));
        assert_non_null(strstr(hcs_error_message(err), "dial port 43"));
        hcs_error_free(err);
        close(listener);
        guest_transport_free(t);
}

static void another_transport_is_refused(void **state) {
        struct guest_transport *t = NULL;

        assert_hresult(guest_transport_new("tcp:1", &t, NULL), E_INVALIDARG);
        assert_null(t);
}

static void failures_are_worded_as_the_original_words_them(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(guest_fail(&err, GUEST_E_NOT_FOUND), 0x80070490);
        assert_string_equal(hcs_error_message(err), "HRESULT: 0x80070490");
        guest_fail_with(&err, E_INVALIDARG, "%s", "inner");
        hcs_error_wrap(&err, "outer");
        assert_string_equal(hcs_error_message(err), "outer: HRESULT 0x80070057: inner");
        err = hcs_error_free(err);
        assert_hresult(guest_fail_json(&err, NULL, NULL, "{\"a\"", 4), GUEST_E_INVALID_JSON);
        assert_string_equal(hcs_error_message(err), "HRESULT 0xc037010d: unexpected end of JSON input");
        hcs_error_free(err);
}

static void only_codes_that_the_original_has_go_out(void **state) {
        struct hcs_error *err = NULL;

        guest_fail(&err, GUEST_E_TIMEOUT);
        hcs_error_wrap(&err, "outer");
        assert_hresult(guest_wire_hresult(err), GUEST_E_TIMEOUT);
        err = hcs_error_free(err);
        guest_fail_with(&err, E_INVALIDARG, "inner");
        hcs_error_wrap(&err, "outer");
        assert_hresult(guest_wire_hresult(err), E_INVALIDARG);
        err = hcs_error_free(err);
        hcs_error_make(&err, E_INVALIDARG, "a bad word");
        assert_hresult(guest_wire_hresult(err), E_FAIL);
        err = hcs_error_free(err);
        hcs_error_make(&err, E_NOTIMPL, "not built in");
        assert_hresult(guest_wire_hresult(err), E_NOTIMPL);
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test_setup_teardown(timers_go_off_in_the_order_of_their_deadlines, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_source_taken_out_gets_no_event_that_was_already_there, set_up, tear_down),
          cmocka_unit_test_setup_teardown(every_job_is_worked_once_and_done_on_the_loop, set_up, tear_down),
          cmocka_unit_test_setup_teardown(the_end_of_a_child_is_reported, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_child_that_ended_before_it_was_watched_is_reported_too, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_job_that_waits_for_a_child_ends_when_the_loop_has_ended, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_program_is_run_to_its_end, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_program_that_hangs_is_killed_with_all_it_started, set_up, tear_down),
          cmocka_unit_test(a_unix_transport_dials_the_socket_of_the_port),
          cmocka_unit_test(another_transport_is_refused),
          cmocka_unit_test(failures_are_worded_as_the_original_words_them),
          cmocka_unit_test(only_codes_that_the_original_has_go_out))
