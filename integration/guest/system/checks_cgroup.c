/* SPDX-License-Identifier: MIT */

/* Control groups of the machine's kernel: what limits, and what tells of limits. */

#include "integration/guest/system/checks.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "guest/cgroup/event.h"
#include "guest/testing/eater.h"

static bool wait_for(struct guest_memory_watch *w) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};

        while (poll(&p, 1, 30000) == 1) {
                HRESULT hr = guest_memory_watch_read(w, NULL);

                if (hr != S_FALSE)
                        return hr == S_OK;
        }
        return false;
}

static void control_groups_limit_and_tell(void) {
        _cleanup_json_ struct hcs_json *resources = NULL, *metrics = NULL;
        struct guest_memory_watch oom = {0}, threshold = {0}, pressure = {0};
        _cleanup_free_ pid_t *pids = NULL;
        struct hcs_error *why = NULL;
        struct guest_cgroups c;
        int go, status;
        pid_t pid;
        uint64_t n;
        HRESULT hr;
        size_t n_pids;

        expect_ok(guest_cgroups_init(&c, "/sys/fs/cgroup", "/proc", err));
        printf("# control groups of version %d\n", c.version);
        expect_ok(guest_cgroups_use_hierarchy(&c, err));
        expect_ok(hcs_json_parse_cstr(
                "{\"memory\":{\"limit\":16777216},\"cpu\":{\"shares\":512},\"pids\":{\"limit\":50}}", &resources, err));
        expect_ok(guest_cgroup_create(&c, "/pods/a", resources, err));
        expect_ok(guest_memory_watch_init(&oom, &c, "/pods/a", GUEST_MEMORY_OOM, 0, err));
        expect_ok(guest_memory_watch_init(&threshold, &c, "/pods/a", GUEST_MEMORY_THRESHOLD, 4 * MB, err));
        hr = guest_memory_watch_init(&pressure, &c, "/pods/a", GUEST_MEMORY_PRESSURE, 0, &why);
        printf("# pressure: %s\n", FAILED(hr) ? hcs_error_message(why) : "watched");
        expect(SUCCEEDED(hr) || hr == HCS_WIN32(50));

        pid = guest_start_eater(8 * MB, &go);
        expect(pid > 0);
        expect_ok(guest_cgroup_add(&c, "/pods/a", pid, err));
        expect(write(go, "x", 1) == 1);
        expect(wait_for(&threshold));
        expect_ok(guest_cgroup_pids(&c, "/pods", &pids, &n_pids, err));
        expect(n_pids == 1 && pids[0] == pid);
        expect_ok(guest_cgroup_kill(&c, "/pods", err));
        expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        pid = guest_start_eater(64 * MB, &go);
        expect(pid > 0);
        expect_ok(guest_cgroup_add(&c, "/pods/a", pid, err));
        expect(write(go, "x", 1) == 1);
        expect(wait_for(&oom));
        expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        expect_ok(guest_cgroup_stats(&c, "/pods/a", &metrics, err));
        expect(hcs_json_u64(hcs_json_lookup(metrics, "memory.usage.limit"), &n) && n == 16777216);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "pids.limit"), &n) && n == 50);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "memory_oom_control.oom_kill"), &n) && n == 1);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "cpu.usage.total"), &n) && n > 0);
        guest_memory_watch_deinit(&threshold);
        if (SUCCEEDED(hr))
                guest_memory_watch_deinit(&pressure);
        expect_ok(guest_cgroup_delete(&c, "/pods", err));
        expect(FAILED(guest_memory_watch_read(&oom, NULL))); /* the group is gone, and that is told */
        guest_memory_watch_deinit(&oom);
}

const struct check cgroup_checks[] = {
        CHECK(control_groups_limit_and_tell),
        {0},
};
