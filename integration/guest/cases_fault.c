/* SPDX-License-Identifier: MIT */

/* Faults: what goes wrong around an agent must neither end it nor stay with it. */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"
#include "integration/guest/host_private.h"
#include "platform/file.h"

static void still_works(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"echo\",\"works\"]");

        box_run(&b.box, h, NULL, &o);
        check(hcs_streq(o.out, "works\n"), "%s%s", o.out, o.err);
        outcome_deinit(&o);
}

static void set_fault(struct host *h, const char *what) {
        free(host_sh(h, "echo %s > %s", what, suite_fault_file));
}

static void a_runtime_that_crashes_is_reported(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        set_fault(h, "crash");
        answer = box_try_create(&b.box, h);
        set_fault(h, "none");
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        still_works(h);
}

static void a_runtime_that_hangs_is_ended(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        set_fault(h, "hang");
        answer = box_try_create(&b.box, h);
        set_fault(h, "none");
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        still_works(h);
}

static void a_runtime_that_does_nothing_is_reported(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        set_fault(h, "lazy");
        answer = box_try_create(&b.box, h);
        set_fault(h, "none");
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        still_works(h);
}

static void a_runtime_that_hangs_does_not_hold_up_others(struct host *h) {
        _cleanup_free_ char *config = NULL, *string = NULL, *body = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL, *settings = hcs_json_new_object();
        uint64_t id;
        BOX(b, "[\"true\"]");

        hcs_json_set_u64(hcs_json_set_new_object(settings, "SchemaVersion"), "Major", 3);
        hcs_json_set_string(settings, "OciBundlePath", b.box.bundle);
        hcs_json_set(settings, "OciSpecification", hcs_json_copy(b.box.spec));
        config = hcs_json_text(settings, HCS_JSON_COMPACT);
        string = quoted(config);
        body = hcs_asprintf("{\"ContainerId\":\"%s\",\"ContainerConfig\":%s}", b.box.id, string);
        set_fault(h, "hang");
        id = host_send(h, HCS_GCS_REQUEST | HCS_GCS_CREATE, body);
        host_call_ok(h, HCS_GCS_START, "{}");
        /* The container is there, but not yet to be used. */
        free(host_call_failing(h, HCS_GCS_SHUTDOWN_FORCED, (HRESULT)0x80370105, "{\"ContainerId\":\"%s\"}", b.box.id));
        free(host_call_failing(h, HCS_GCS_DELETE_CONTAINER_STATE, (HRESULT)0x80370105, "{\"ContainerId\":\"%s\"}",
                               b.box.id));
        free(host_call_failing(h, HCS_GCS_MODIFY_SETTINGS, (HRESULT)0x80370105,
                               "{\"ContainerId\":\"%s\",\"Request\":{\"ResourceType\":\"ContainerConstraints\","
                               "\"RequestType\":\"Update\",\"Settings\":{}}}",
                               b.box.id));
        answer = host_wait(h, id);
        set_fault(h, "none");
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static struct hcs_json *start_with_stdout(struct host *h, const char *id, uint32_t port) {
        return host_call(
                h, HCS_GCS_EXECUTE_PROCESS,
                "{\"ContainerId\":\"%s\",\"Settings\":{\"ProcessParameters\":\"{\\\"CreateStdOutPipe\\\":true}\","
                "\"VsockStdioRelaySettings\":{\"StdOut\":%u}}}",
                id, port);
}

static void a_host_that_never_closes_a_stream_is_given_up_on(struct host *h) {
        struct process p;
        BOX(b, "[\"echo\",\"x\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_OUT);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_close(&p.out);
}

/* Who listens has a queue: until it is full a connection is one to the agent, and its end is waited for as any other.
 */
static void a_host_that_never_accepts_a_stream_is_given_up_on(struct host *h) {
        uint32_t port = h->next_port++;
        int listener = host_listen(h, port);
        uint64_t pid = 0;
        BOX(b, "[\"echo\",\"x\"]");

        box_create(&b.box, h);
        {
                _cleanup_json_ struct hcs_json *answer = start_with_stdout(h, b.box.id, port);

                check(host_result(answer) == S_OK, "%s", hcs_json_get_string(answer, "ErrorMessage"));
                check(hcs_json_u64(hcs_json_get(answer, "ProcessId"), &pid), "no ProcessId");
        }
        check(host_wait_process(h, &(struct process){.container = b.box.id, .pid = (uint32_t)pid}) == 0, "exit code");
        host_unlink(h, port);
        host_close(&listener);
}

static void a_port_whose_queue_is_full_fails_the_start(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint32_t port = h->next_port++;
        int listener = host_listen(h, port), filler[16];
        BOX(b, "[\"true\"]");

        listen(listener, 0);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(filler); i++)
                filler[i] = host_knock(h, port);
        box_create(&b.box, h);
        answer = start_with_stdout(h, b.box.id, port);
        check(FAILED(host_result(answer)) && strstr(hcs_json_get_string(answer, "ErrorMessage"), "stdout Connection"),
              "0x%08x %s", (unsigned)host_result(answer), hcs_json_get_string(answer, "ErrorMessage"));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(filler); i++)
                host_close(&filler[i]);
        host_unlink(h, port);
        host_close(&listener);
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
}

static void a_full_file_system_fails_one_container(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        _cleanup_free_ char *bundle = NULL;
        BOX(b, "[\"true\"]");

        /* The root stays where it is; the bundle is on a file system without a free block. */
        bundle = hcs_asprintf("/run/conform-full/%s", b.box.id);
        free(host_sh(h,
                     "mkdir -p %s && mount -t tmpfs -o size=4k tmpfs %s && dd if=/dev/zero of=%s/fill bs=4k count=2 "
                     "2>/dev/null; true",
                     bundle, bundle, bundle));
        free(b.box.bundle);
        b.box.bundle = steal_pointer(&bundle);
        answer = box_try_create(&b.box, h);
        free(host_sh(h, "umount %s; rm -rf /run/conform-full", b.box.bundle));
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        still_works(h);
}

static void a_fork_bomb_ends_with_its_container(struct host *h) {
        struct process p;
        char ready[2];
        _cleanup_free_ char *left = NULL;
        BOX(b, "[\"sh\",\"-c\",\"f() { sleep 1000 & f; }; echo; f\"]");

        box_set(&b.box, h, "linux.resources", "{\"pids\":{\"limit\":100}}");
        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_OUT);
        check(read(p.out, ready, 1) == 1, "it is not ready");
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
        free(host_read_all(h, p.out));
        host_close(&p.out);
        host_wait_process(h, &p);
        box_delete(&b.box, h);
        left = host_sh(h, "ps | grep -c '[s]leep 1000' || true");
        check(hcs_streq(left, "0"), "%s processes are left", left);
        still_works(h);
}

/* Without a pid namespace nothing but the agent ends what a container's first process leaves. */
static void what_a_first_process_leaves_is_killed(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"sleep 1001 & sleep 1001 & echo left\"]");

        box_set(&b.box, h, "linux.namespaces",
                "[{\"type\":\"mount\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"network\"}]");
        box_run(&b.box, h, NULL, &o);
        check(hcs_streq(o.out, "left\n"), "%s", o.out);
        box_delete(&b.box, h);
        outcome_deinit(&o);
}

static void a_container_killed_from_outside_is_over(struct host *h) {
        _cleanup_free_ char *type = NULL;
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        free(host_sh(h, "kill -9 %u", p.pid));
        check(host_wait_process(h, &p) == 137, "exit code");
        type = host_notification(h, b.box.id);
        check(hcs_streq(type, "UnexpectedExit"), "%s", type);
}

static void an_exit_without_a_host_is_told_to_the_next(struct host *h) {
        _cleanup_free_ char *type = NULL;
        struct process p;
        BOX(b, "[\"sh\",\"-c\",\"cat; exit 6\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_IN);
        host_hang_up(h);
        host_close(&p.in);
        host_accept(h);
        host_negotiate(h);
        check(host_wait_process(h, &p) == 6, "exit code");
        type = host_notification(h, b.box.id);
        check(hcs_streq(type, "UnexpectedExit"), "%s", type);
}

/* What an agent holds, seen from outside. */
struct holdings {
        size_t descriptors, mounts, children, folders;
        uint64_t memory_kb;
};

static size_t count_entries(const char *path) {
        DIR *d = opendir(path);
        struct dirent *e;
        size_t n = 0;

        while (d && (e = readdir(d)))
                n += *e->d_name != '.';
        if (d)
                closedir(d);
        return n;
}

static struct holdings look_at(struct host *h) {
        _cleanup_free_ char *fds = hcs_asprintf("/proc/%d/fd", h->agent_pid), *status = NULL, *mounts = NULL;
        _cleanup_free_ char *children = hcs_asprintf("/proc/%d/task/%d/children", h->agent_pid, h->agent_pid);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct holdings x = {.descriptors = count_entries(fds), .folders = count_entries("/run/gcs/c")};
        const char *rss;

        status = hcs_asprintf("/proc/%d/status", h->agent_pid);
        check(SUCCEEDED(hcs_file_read(status, 65536, &text, NULL)), "%s", status);
        rss = strstr(text.data, "VmRSS:");
        check(rss && sscanf(rss, "VmRSS: %lu", &x.memory_kb) == 1, "VmRSS");
        hcs_buf_clear(&text);
        mounts = hcs_asprintf("/proc/%d/mounts", h->agent_pid);
        check(SUCCEEDED(hcs_file_read(mounts, 1u << 20, &text, NULL)), "%s", mounts);
        for (const char *p = text.data; (p = strchr(p, '\n')); p++)
                x.mounts++;
        hcs_buf_clear(&text);
        if (SUCCEEDED(hcs_file_read(children, 65536, &text, NULL)) && text.data)
                for (const char *p = text.data; (p = strchr(p, ' ')); p++)
                        x.children++;
        return x;
}

static void live_one_container(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *type = NULL;
        BOX(b, "[\"sh\",\"-c\",\"cat\"]");

        box_run(&b.box, h, "x", &o);
        check(hcs_streq(o.out, "x"), "%s", o.out);
        outcome_deinit(&o);
        type = host_notification(h, b.box.id);
        box_delete(&b.box, h);
        free(host_exec_failing(h, b.box.id, STREAM_ALL, (HRESULT)0xC037010E, "{}"));
}

static void two_hundred_containers_leave_nothing(struct host *h) {
        struct holdings before, after;

        for (int i = 0; i < 20; i++)
                live_one_container(h);
        before = look_at(h);
        for (int i = 0; i < 200; i++)
                live_one_container(h);
        after = look_at(h);
        printf("     descriptors %zu, mounts %zu, children %zu, folders %zu, VmRSS %llu kB; before 200 containers %llu "
               "kB\n",
               after.descriptors, after.mounts, after.children, after.folders, (unsigned long long)after.memory_kb,
               (unsigned long long)before.memory_kb);
        check(after.descriptors <= before.descriptors, "%zu descriptors, were %zu", after.descriptors,
              before.descriptors);
        check(after.mounts <= before.mounts, "%zu mounts, were %zu", after.mounts, before.mounts);
        check(after.children <= before.children, "%zu children, were %zu", after.children, before.children);
        check(after.folders <= before.folders, "%zu folders, were %zu", after.folders, before.folders);
        /* A sanitizer keeps what was freed. */
        check(before.memory_kb > 12000 || after.memory_kb <= before.memory_kb + 256, "%llu kB, were %llu kB",
              (unsigned long long)after.memory_kb, (unsigned long long)before.memory_kb);
}

static void power_off_answers_nobody(struct host *h) {
        static const uint32_t rpcs[] = {HCS_GCS_SHUTDOWN_GRACEFUL, HCS_GCS_SHUTDOWN_FORCED};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rpcs); i++) {
                uint64_t id = host_send(h, HCS_GCS_REQUEST | rpcs[i], "{\"ContainerId\":\"" UVM "\"}");

                check(!host_has_answer(h, id, 0), "an answer");
                host_wait_closed(h);
                check(!hcs_json_count(h->answers), "an answer");
                /* Whoever powers off a VM is told no more: the next case starts another. */
                host_kill_agent(h);
                host_accept(h);
                host_negotiate(h);
        }
}

#define RUNTIME(text, function) \
        { "fault: " text, NEEDS_RUNTIME, function }
#define FAULTY(text, function) \
        { "fault: " text, NEEDS_RUNTIME | NEEDS_FAULTY_RUNTIME, function }
static const struct test_case cases[] = {
        FAULTY("a runtime that crashes is reported", a_runtime_that_crashes_is_reported),
        FAULTY("a runtime that hangs is ended", a_runtime_that_hangs_is_ended),
        FAULTY("a runtime that does nothing is reported", a_runtime_that_does_nothing_is_reported),
        FAULTY("a runtime that hangs does not hold up others", a_runtime_that_hangs_does_not_hold_up_others),
        {"fault: a host that never closes a stream is given up on", NEEDS_RUNTIME | NEEDS_BOUNDED_CLOSE,
         a_host_that_never_closes_a_stream_is_given_up_on},
        {"fault: a host that never accepts a stream is given up on", NEEDS_RUNTIME | NEEDS_BOUNDED_CLOSE,
         a_host_that_never_accepts_a_stream_is_given_up_on},
        RUNTIME("a port whose queue is full fails the start", a_port_whose_queue_is_full_fails_the_start),
        RUNTIME("a full file system fails one container", a_full_file_system_fails_one_container),
        {"fault: a fork bomb ends with its container", NEEDS_RUNTIME | NEEDS_CGROUPS,
         a_fork_bomb_ends_with_its_container},
        {"fault: what a first process leaves is killed", NEEDS_RUNTIME | NEEDS_CGROUPS,
         what_a_first_process_leaves_is_killed},
        RUNTIME("a container killed from outside is over", a_container_killed_from_outside_is_over),
        {"fault: an exit without a host is told to the next", NEEDS_RUNTIME | NEEDS_RECONNECT,
         an_exit_without_a_host_is_told_to_the_next},
        {"fault: 200 containers leave nothing", NEEDS_RUNTIME | NEEDS_OWN_AGENT, two_hundred_containers_leave_nothing},
        {"fault: power-off answers nobody", NEEDS_POWER_OFF, power_off_answers_nobody},
};
const struct case_table fault_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
