/* SPDX-License-Identifier: MIT */

/* Groups of this kernel: of version 1, and of version 2 where it is mounted beside it. */

#include "guest/cgroup/cgroup.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/cgroup/event.h"
#include "guest/testing/eater.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

#define MB (1u << 20)

static char group[64];

/* The hierarchies of a version, and a group's name that nobody else has. */
static bool find(struct guest_cgroups *c, int version) {
        static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

        snprintf(group, sizeof(group), "/hcs-test-%d/inner", (int)getpid());
        for (size_t i = 0; i < HCS_ARRAY_SIZE(roots); i++)
                if (SUCCEEDED(guest_cgroups_init(c, roots[i], "/proc", NULL)) && c->version == version) {
                        struct hcs_error *err = NULL;

                        if (SUCCEEDED(guest_cgroup_create(c, group, NULL, &err)))
                                return true;
                        print_message("skipped: %s\n", hcs_error_message(err));
                        hcs_error_free(err);
                        return false;
                }
        print_message("skipped: no control groups of version %d are mounted\n", version);
        return false;
}

static void drop(struct guest_cgroups *c) {
        struct hcs_error *err = NULL;
        char *slash;

        assert_ok(guest_cgroup_kill(c, group, &err), err);
        slash = strrchr(group, '/');
        *slash = '\0';
        assert_ok(guest_cgroup_delete(c, group, &err), err);
        assert_ok(guest_cgroup_delete(c, group, &err), err); /* gone already */
        assert_ok(guest_cgroup_kill(c, group, &err), err);
}

static pid_t start_sleeper(void) {
        pid_t pid = fork();

        if (pid == 0) {
                pause();
                _exit(0);
        }
        assert_true(pid > 0);
        return pid;
}

static void check_life(int version) {
        struct hcs_error *err = NULL;
        struct guest_cgroups c;
        _cleanup_free_ pid_t *pids = NULL;
        pid_t pid;
        size_t n;
        int status;

        guest_skip_unless(find(&c, version));
        assert_ok(guest_cgroup_create(&c, group, NULL, &err), err); /* once more is fine */
        pid = start_sleeper();
        assert_ok(guest_cgroup_add(&c, group, pid, &err), err);
        assert_ok(guest_cgroup_pids(&c, group, &pids, &n, &err), err);
        assert_int_equal(n, 1);
        assert_int_equal(pids[0], pid);
        assert_hresult(guest_cgroup_delete(&c, group, &err), HCS_WIN32(170));
        err = hcs_error_free(err);
        /* Version 1 asks until they are gone, so somebody must reap. */
        signal(SIGCHLD, SIG_IGN);
        assert_ok(guest_cgroup_kill(&c, group, &err), err);
        signal(SIGCHLD, SIG_DFL);
        waitpid(pid, &status, 0);
        assert_int_equal(kill(pid, 0), -1);
        assert_hresult(guest_cgroup_add(&c, "/hcs-test-none", getpid(), NULL), HCS_WIN32(1168));
        assert_hresult(guest_cgroup_add(&c, group, 0, NULL), E_INVALIDARG);
        drop(&c);
}

static void a_group_of_version_1_lives_and_dies(void **state) {
        check_life(1);
}

static void a_group_of_version_2_lives_and_dies(void **state) {
        check_life(2);
}

static void statistics_of_this_kernel_can_be_read(void **state) {
        _cleanup_json_ struct hcs_json *metrics = NULL, *resources = NULL;
        struct hcs_error *err = NULL;
        struct guest_cgroups c;
        uint64_t limit;

        guest_skip_unless(find(&c, 1));
        assert_ok(hcs_json_parse_cstr("{\"memory\":{\"limit\":16777216},\"pids\":{\"limit\":7}}", &resources, NULL),
                  NULL);
        assert_ok(guest_cgroup_update(&c, group, resources, &err), err);
        assert_ok(guest_cgroup_stats(&c, group, &metrics, &err), err);
        assert_true(hcs_json_u64(hcs_json_lookup(metrics, "memory.usage.limit"), &limit));
        assert_int_equal(limit, 16777216);
        assert_true(hcs_json_u64(hcs_json_lookup(metrics, "pids.limit"), &limit));
        assert_int_equal(limit, 7);
        assert_non_null(hcs_json_lookup(metrics, "cpu.throttling"));
        drop(&c);
}

static void await(struct guest_memory_watch *w) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        struct hcs_error *err = NULL;
        HRESULT hr;

        do {
                assert_int_equal(poll(&p, 1, 60000), 1);
                hr = guest_memory_watch_read(w, &err);
                assert_ok(hr, err);
        } while (hr == S_FALSE);
}

static void memory_events_are_told(void **state) {
        _cleanup_json_ struct hcs_json *resources = NULL;
        struct guest_memory_watch oom = {0}, threshold = {0}, none = {0};
        struct hcs_error *err = NULL;
        struct guest_cgroups c;
        int go, status;
        pid_t pid;

        guest_skip_unless(find(&c, 1));
        assert_ok(hcs_json_parse_cstr("{\"memory\":{\"limit\":16777216,\"swap\":16777216}}", &resources, NULL), NULL);
        assert_ok(guest_cgroup_update(&c, group, resources, &err), err);
        assert_ok(guest_memory_watch_init(&oom, &c, group, GUEST_MEMORY_OOM, 0, &err), err);
        assert_ok(guest_memory_watch_init(&threshold, &c, group, GUEST_MEMORY_THRESHOLD, 8 * MB, &err), err);
        assert_int_equal(guest_memory_watch_read(&oom, &err), S_FALSE);
        assert_hresult(guest_memory_watch_init(&none, &c, "/hcs-test-none", GUEST_MEMORY_OOM, 0, NULL),
                       HCS_WIN32(1168));
        pid = guest_start_eater(64 * MB, &go);
        assert_ok(guest_cgroup_add(&c, group, pid, &err), err);
        assert_int_equal(write(go, "x", 1), 1);
        await(&threshold);
        await(&oom);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        close(go);
        guest_memory_watch_deinit(&threshold);
        /* The end of the group is told as well. */
        drop(&c);
        assert_hresult(guest_memory_watch_read(&oom, NULL), HCS_WIN32(1168));
        guest_memory_watch_deinit(&oom);
}

static void kills_of_version_2_are_seen_in_its_file(void **state) {
        struct guest_memory_watch w = {0};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        struct guest_cgroups c;
        _cleanup_free_ char *root = NULL;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "memory\n");
        guest_fixture_file(&f, "cg/pods/a/memory.current", "4096\n");
        root = guest_fixture_path(&f, "cg");
        assert_ok(guest_cgroups_init(&c, root, f.proc, NULL), NULL);
        assert_hresult(guest_memory_watch_init(&w, &c, "/pods/a", GUEST_MEMORY_OOM, 0, &err), HCS_WIN32(50));
        err = hcs_error_free(err);
        guest_fixture_file(&f, "cg/pods/a/memory.events", "oom 1\noom_kill 1\n");
        assert_ok(guest_memory_watch_init(&w, &c, "/pods/a", GUEST_MEMORY_OOM, 0, &err), err);
        assert_int_equal(guest_memory_watch_read(&w, &err), S_FALSE);
        guest_fixture_file(&f, "cg/pods/a/memory.events", "oom 2\noom_kill 2\n");
        assert_int_equal(guest_memory_watch_read(&w, &err), S_OK);
        assert_int_equal(guest_memory_watch_read(&w, &err), S_FALSE);
        guest_memory_watch_deinit(&w);

        assert_ok(guest_memory_watch_init(&w, &c, "/pods/a", GUEST_MEMORY_THRESHOLD, 5000, &err), err);
        assert_int_equal(guest_memory_watch_read(&w, &err), S_FALSE);
        guest_fixture_file(&f, "cg/pods/a/memory.current", "6000\n");
        assert_int_equal(guest_memory_watch_read(&w, &err), S_OK);
        assert_int_equal(guest_memory_watch_read(&w, &err), S_FALSE); /* it does not grow */
        guest_fixture_file(&f, "cg/pods/a/memory.current", "7000\n");
        assert_int_equal(guest_memory_watch_read(&w, &err), S_OK);
        guest_memory_watch_deinit(&w);
        guest_fixture_deinit(&f);
}

HCS_TESTS(cmocka_unit_test(a_group_of_version_1_lives_and_dies), cmocka_unit_test(a_group_of_version_2_lives_and_dies),
          cmocka_unit_test(statistics_of_this_kernel_can_be_read), cmocka_unit_test(memory_events_are_told),
          cmocka_unit_test(kills_of_version_2_are_seen_in_its_file))
