/* SPDX-License-Identifier: MIT */

/* What the agent does beside its bridge: the kernel's messages, the clock, the memory of the VM. Told by its log. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/agent/kmsg.h"
#include "guest/agent/memory.h"
#include "guest/agent/timesync.h"
#include "guest/testing/fixture.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/file.h"

static struct guest_fixture f;
static struct guest_loop *loop;
static struct guest_children *children;
static struct hcs_buf said;
static const char *awaited; /* ends the loop when the log has it */

static void listen_to(void *ctx, enum hcs_log_level level, const char *line) {
        hcs_buf_printf(&said, "%s\n", line);
        if (awaited && strstr(line, awaited))
                guest_loop_quit(loop);
}

static int set_up(void **state) {
        guest_fixture_init(&f);
        assert_ok(guest_loop_new(&loop, NULL), NULL);
        assert_ok(guest_children_new(loop, &children, NULL), NULL);
        hcs_log_set_level(HCS_LOG_INFO);
        hcs_log_set_sink(listen_to, NULL);
        awaited = NULL;
        return 0;
}

static int tear_down(void **state) {
        hcs_log_set_sink(NULL, NULL);
        children = guest_children_free(children);
        loop = guest_loop_free(loop);
        hcs_buf_deinit(&said);
        guest_fixture_deinit(&f);
        return 0;
}

static void run_until(const char *words) {
        awaited = words;
        guest_loop_run(loop);
}

static void assert_said(const char *words) {
        if (!strstr(hcs_buf_cstr(&said), words))
                fail_msg("`%s` is not in: %s", words, hcs_buf_cstr(&said));
}

/* A pipe whose reads end where a write did is as /dev/kmsg is. */
static int open_kernel(void) {
        _cleanup_free_ char *path = guest_fixture_path(&f, "dev/kmsg");
        int fd;

        assert_int_equal(mkfifo(path, 0600), 0);
        fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_SETFL, O_DIRECT), 0);
        return fd;
}

static void print(int kernel, const char *record) {
        assert_int_equal(write(kernel, record, strlen(record)), strlen(record));
}

static void the_kernels_messages_go_to_the_log(void **state) {
        int kernel = open_kernel();
        struct guest_kmsg *k = guest_kmsg_new(loop, &f.roots, 4);

        assert_non_null(k);
        print(kernel, "6,338,3000001,-;chatter is left out\n");
        print(kernel, "nonsense\n");
        print(kernel, "4,nonsense,3000001,-;neither\n");
        /* A facility stands above the priority; what follows the line describes the device. */
        print(kernel, "28,339,5140900,-;a warning; of a daemon\n SUBSYSTEM=acpi\n");
        print(kernel, "3,340,5141000,-;the last one\n");
        run_until("the last one");
        assert_said("message=\"a warning; of a daemon\" priority=4 since-boot=5.140900");
        assert_said("message=\"the last one\" priority=3 since-boot=5.141000");
        assert_null(strstr(said.data, "left out"));
        assert_null(strstr(said.data, "neither"));
        assert_null(strstr(said.data, "SUBSYSTEM"));
        assert_null(strstr(said.data, "nonsense"));
        assert_null(guest_kmsg_free(k));
        close(kernel);
}

static void without_kernel_messages_there_is_no_reader(void **state) {
        assert_null(guest_kmsg_new(loop, &f.roots, 4));
        assert_null(guest_kmsg_free(NULL));
}

static void make_clocks(void) {
        guest_fixture_file(&f, "sys/class/ptp/ptp0/clock_name", "KVM virtual PTP\n");
        guest_fixture_file(&f, "sys/class/ptp/ptp1/clock_name", "hyperv\n");
}

/* A chronyd that says how it was called and ends. */
static void install_chronyd(void) {
        _cleanup_free_ char *program = guest_fixture_path(&f, "bin/chronyd"), *text = NULL;

        text = hcs_asprintf("#!/bin/sh\nprintf '%%s\\n' \"$*\" >> %s/calls\nexit 3\n", f.dir);
        guest_fixture_file(&f, "bin/chronyd", text);
        assert_int_equal(chmod(program, 0755), 0);
}

static void look_for_programs_in(const char *folder) {
        _cleanup_free_ char *path = guest_fixture_path(&f, "%s", folder);

        setenv("PATH", path, 1);
}

static void the_clock_is_kept_by_chronyd_which_is_started_again(void **state) {
        _cleanup_free_ char *before = hcs_strdup(getenv("PATH")), *config = NULL, *calls = NULL, *expected = NULL;
        struct guest_timesync *t = NULL;
        struct hcs_error *err = NULL;

        make_clocks();
        install_chronyd();
        look_for_programs_in("bin");
        assert_ok(guest_timesync_new(loop, children, &f.roots, &t, &err), err);
        run_until("retryInSeconds=2");
        assert_null(guest_timesync_free(t));
        setenv("PATH", before, 1);
        config = guest_fixture_read(&f, "run/chronyd.conf");
        assert_string_equal(config, "refclock PHC /dev/ptp1 poll 3 dpoll -2 offset 0 stratum 2\nmakestep 0.1 -1\n");
        calls = guest_fixture_read(&f, "calls");
        expected = hcs_asprintf("-n -f %s/chronyd.conf\n-n -f %s/chronyd.conf\n", f.run, f.run);
        assert_string_equal(calls, expected);
        assert_said("chronyd ended, it is started again\" exitCode=3 retryInSeconds=1");
}

static void a_chronyd_that_is_not_there_is_looked_for_less_and_less_often(void **state) {
        _cleanup_free_ char *before = hcs_strdup(getenv("PATH")), *calls = NULL;
        struct guest_timesync *t = NULL;
        struct hcs_error *err = NULL;

        make_clocks();
        look_for_programs_in("nowhere");
        assert_ok(guest_timesync_new(loop, children, &f.roots, &t, &err), err);
        assert_said("chronyd cannot be started");
        assert_said("retryInSeconds=1");
        install_chronyd();
        look_for_programs_in("bin");
        run_until("exitCode=3 retryInSeconds=2");
        assert_null(guest_timesync_free(t));
        setenv("PATH", before, 1);
        calls = guest_fixture_read(&f, "calls");
        assert_non_null(strstr(calls, "-n -f "));
}

static void without_the_hypervisors_clock_there_is_none_to_keep(void **state) {
        struct guest_timesync *t = NULL;
        struct hcs_error *err = NULL;

        guest_fixture_file(&f, "sys/class/ptp/ptp0/clock_name", "KVM virtual PTP\n");
        assert_hresult(guest_timesync_new(loop, children, &f.roots, &t, &err), HCS_WIN32(1168));
        assert_string_equal(hcs_error_message(err), "no PTP device found with name \"hyperv\" (outside of Hyper-V use "
                                                    "-disable-time-sync)");
        assert_null(t);
        hcs_error_free(err);
}

/* Groups of version 2, as files: a kernel that takes whatever is written. */
static void make_groups(struct guest_cgroups *c, char **ret_root) {
        static const char *const files[] = {"cgroup.controllers",     "pods/memory.max",  "pods/memory.events",
                                            "pods/cgroup.procs",      "gcs/cgroup.procs", "gcs/memory.current",
                                            "cgroup.subtree_control", "cgroup.procs"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *path = hcs_asprintf("cg/%s", files[i]);

                guest_fixture_file(&f, path, "");
        }
        guest_fixture_file(&f, "cg/pods/memory.events", "oom 1\noom_kill 1\n");
        guest_fixture_file(&f, "cg/gcs/memory.current", "4096\n");
        *ret_root = guest_fixture_path(&f, "cg");
        assert_ok(guest_cgroups_init(c, *ret_root, f.proc, NULL), NULL);
}

static void pods_get_the_memory_but_a_reserve_and_the_agent_a_group(void **state) {
        _cleanup_free_ char *root = NULL, *limit = NULL, *members = NULL, *own = hcs_asprintf("%d", (int)getpid());
        struct guest_memory *m = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;
        uint64_t expected = 0;

        make_groups(&c, &root);
        assert_ok(guest_memory_pods_limit(1 << 20, &expected, &err), err);
        assert_ok(guest_memory_new(loop, &c, 1 << 20, 50 << 20, &m, &err), err);
        limit = guest_fixture_read(&f, "cg/pods/memory.max");
        assert_int_equal(strtoull(limit, NULL, 10), expected);
        members = guest_fixture_read(&f, "cg/gcs/cgroup.procs");
        assert_string_equal(members, own);
        assert_null(strstr(hcs_buf_cstr(&said), "not watched"));
        assert_null(guest_memory_free(m));
}

/* As the kernel does: the file stays the one that is watched. */
static void kill_in_pods(const char *events) {
        _cleanup_free_ char *path = guest_fixture_path(&f, "cg/pods/memory.events");
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, events, strlen(events)), strlen(events));
        close(fd);
}

/* Timers come behind the events that are there: by then the first kill has been seen. */
static void kill_once_more(struct guest_timer *t) {
        kill_in_pods("oom 3\noom_kill 3\n");
}

static void kills_in_pods_within_a_second_are_one_line(void **state) {
        struct guest_timer later = {.fn = kill_once_more};
        _cleanup_free_ char *root = NULL;
        struct guest_memory *m = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;
        const char *first;

        make_groups(&c, &root);
        assert_ok(guest_memory_new(loop, &c, 1 << 20, 50 << 20, &m, &err), err);
        kill_in_pods("oom 2\noom_kill 2\n");
        guest_loop_set_timer(loop, &later, hcs_clock_ns());
        run_until("memory usage for cgroup exceeded threshold");
        assert_said("cgroup=/pods count=2");
        first = strstr(said.data, "exceeded threshold");
        assert_null(strstr(first + 1, "exceeded threshold"));
        assert_null(guest_memory_free(m));
}

static void the_agents_own_memory_beyond_its_threshold_is_told(void **state) {
        _cleanup_free_ char *root = NULL;
        struct guest_memory *m = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;

        make_groups(&c, &root);
        guest_fixture_file(&f, "cg/gcs/memory.current", "52428801\n");
        assert_ok(guest_memory_new(loop, &c, 1 << 20, 50 << 20, &m, &err), err);
        run_until("cgroup=/gcs");
        assert_said("memory usage for cgroup exceeded threshold");
        assert_null(guest_memory_free(m));
}

static void a_kernel_without_memory_events_is_no_reason_not_to_run(void **state) {
        _cleanup_free_ char *root = NULL, *events = guest_fixture_path(&f, "cg/pods/memory.events");
        struct guest_memory *m = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;

        make_groups(&c, &root);
        assert_int_equal(unlink(events), 0);
        assert_ok(guest_memory_new(loop, &c, 1 << 20, 50 << 20, &m, &err), err);
        assert_said("memory of a cgroup is not watched\" cgroup=/pods");
        assert_null(guest_memory_free(m));
}

static void a_reserve_of_all_the_memory_is_refused(void **state) {
        _cleanup_free_ char *root = NULL;
        struct guest_memory *m = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;

        make_groups(&c, &root);
        assert_hresult(guest_memory_new(loop, &c, 1ull << 60, 50 << 20, &m, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "failed to create pods cgroup: the VM's memory ("));
        assert_null(m);
        hcs_error_free(err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
HCS_TESTS(TEST(the_kernels_messages_go_to_the_log), TEST(without_kernel_messages_there_is_no_reader),
          TEST(the_clock_is_kept_by_chronyd_which_is_started_again),
          TEST(a_chronyd_that_is_not_there_is_looked_for_less_and_less_often),
          TEST(without_the_hypervisors_clock_there_is_none_to_keep),
          TEST(pods_get_the_memory_but_a_reserve_and_the_agent_a_group),
          TEST(kills_in_pods_within_a_second_are_one_line), TEST(the_agents_own_memory_beyond_its_threshold_is_told),
          TEST(a_kernel_without_memory_events_is_no_reason_not_to_run), TEST(a_reserve_of_all_the_memory_is_refused))
