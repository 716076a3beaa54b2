/* SPDX-License-Identifier: MIT */

/* Containers that stand alone: their life from creation to deletion, and what is in them. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

static void streams_and_the_exit_code_arrive(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"echo out; echo err >&2; cat; exit 7\"]");

        box_run(&b.box, h, "in", &o);
        check(hcs_streq(o.err, "err\n"), "stderr: %s", o.err);
        outcome_check(h, &o, 7, "out\nin");
}

static void the_natural_end_is_notified_once_the_exit_code_is_told(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *type = NULL;
        BOX(b, "[\"true\"]");

        box_run(&b.box, h, NULL, &o);
        type = host_notification(h, b.box.id);
        check(hcs_streq(type, "UnexpectedExit"), "%s", type);
        outcome_check(h, &o, 0, "");
        check(host_notification_count(h, b.box.id) == 0, "a second notification");
}

static void a_created_container_has_not_started(struct host *h) {
        _cleanup_free_ char *there = NULL;
        BOX(b, "[\"touch\",\"/started\"]");

        box_create(&b.box, h);
        there = host_sh(h, "test -e %s/rootfs/started && echo yes || echo no", b.box.bundle);
        check(hcs_streq(there, "no"), "it ran");
}

static void an_id_is_used_once(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        answer = box_try_create(&b.box, h);
        check(host_result(answer) == (HRESULT)0xC037010F, "0x%08x", (unsigned)host_result(answer));
}

static void a_container_starts_once(struct host *h) {
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        check(p.pid > 0, "pid");
        free(host_exec_failing(h, b.box.id, 0, E_FAIL, "{}"));
}

static void another_process_runs_beside_the_first(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        box_sh(&b.box, h, "echo exec; exit 3", &o);
        outcome_check(h, &o, 3, "exec\n");
        check(host_notification_count(h, b.box.id) == 0, "the container has ended");
}

static void another_process_cannot_run_in_a_container_that_ended(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"true\"]");

        box_run(&b.box, h, NULL, &o);
        free(host_exec_failing(h, b.box.id, 0, E_FAIL,
                               "{\"OciProcess\":{\"args\":[\"true\"],\"cwd\":\"/\",\"user\":{}}}"));
        outcome_deinit(&o);
}

/* Stdout on a port that nobody listens on. */
static void check_deaf_port(struct host *h, const char *id, const char *params) {
        _cleanup_free_ char *string = quoted(params);
        _cleanup_json_ struct hcs_json *answer =
                host_call(h, HCS_GCS_EXECUTE_PROCESS,
                          "{\"ContainerId\":\"%s\",\"Settings\":{\"ProcessParameters\":%s,"
                          "\"VsockStdioRelaySettings\":{\"StdOut\":99999}}}",
                          id, string);
        const char *message = hcs_json_get_string(answer, "ErrorMessage");

        check(FAILED(host_result(answer)) && strstr(message, "failed creating stdout Connection"), "%s", message);
}

static void a_port_nobody_listens_on_fails_one_process_only(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        check_deaf_port(h, b.box.id,
                        "{\"CreateStdOutPipe\":true,\"OciProcess\":{\"args\":[\"mkdir\",\"/started\"],"
                        "\"env\":[\"PATH=/bin\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0}}}");
        box_sh(&b.box, h, "test -e /started || echo none", &o);
        outcome_check(h, &o, 0, "none\n");
}

static void a_port_nobody_listens_on_fails_the_start(struct host *h) {
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        check_deaf_port(h, b.box.id, "{\"CreateStdOutPipe\":true}");
        check(host_notification_count(h, b.box.id) == 0, "an exit of what did not start");
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
}

static void a_program_that_is_not_there_fails_to_be_executed(struct host *h) {
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        free(host_exec_failing(h, b.box.id, STREAM_ALL, E_FAIL,
                               "{\"OciProcess\":{\"args\":[\"/no/such\"],\"cwd\":\"/\",\"user\":{}}}"));
}

static void a_program_that_is_not_there_fails_creation_or_start(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"/no/such/program\"]");

        answer = box_try_create(&b.box, h);
        if (host_result(answer) == S_OK)
                free(host_exec_failing(h, b.box.id, 0, E_FAIL, "{}"));
        else
                check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static void a_spec_without_a_root_fails_and_leaves_nothing(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL, *again = NULL;
        BOX(b, "[\"true\"]");

        box_set(&b.box, h, "root.path", "\"/no/such/root\"");
        answer = box_try_create(&b.box, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        free(host_call_failing(h, HCS_GCS_DELETE_CONTAINER_STATE, (HRESULT)0xC037010E, "{\"ContainerId\":\"%s\"}",
                               b.box.id));
        again = box_try_create(&b.box, h);
        check(host_result(again) == E_FAIL, "the id is taken: 0x%08x", (unsigned)host_result(again));
}

static void a_forced_shutdown_kills(struct host *h) {
        _cleanup_free_ char *type = NULL;
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
        check(host_wait_process(h, &p) == 137, "exit code");
        type = host_notification(h, b.box.id);
        check(hcs_streq(type, "ForcedExit"), "%s", type);
}

static void a_graceful_shutdown_asks(struct host *h) {
        _cleanup_free_ char *type = NULL;
        struct process p;
        char ready[2] = "";
        BOX(b, "[\"sh\",\"-c\",\"trap 'exit 9' TERM; echo; while :; do sleep 0.05; done\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, STREAM_OUT);
        check(read(p.out, ready, 1) == 1, "it is not ready");
        host_call_ok(h, HCS_GCS_SHUTDOWN_GRACEFUL, "{\"ContainerId\":\"%s\"}", b.box.id);
        free(host_read_all(h, p.out));
        host_close(&p.out);
        check(host_wait_process(h, &p) == 9, "exit code");
        type = host_notification(h, b.box.id);
        check(hcs_streq(type, "GracefulExit"), "%s", type);
}

static void a_container_killed_before_its_start_is_over(struct host *h) {
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
        box_delete(&b.box, h);
}

static void shutdown_of_a_container_that_ended_fails(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"true\"]");

        box_run(&b.box, h, NULL, &o);
        free(host_call_failing(h, HCS_GCS_SHUTDOWN_FORCED, E_FAIL, "{\"ContainerId\":\"%s\"}", b.box.id));
        outcome_deinit(&o);
}

static void names_files_are_mounted(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"cat /etc/hostname; hostname; head -n 1 /etc/hosts; test -e /etc/resolv.conf && echo "
               "resolv\"]");

        box_set(&b.box, h, "hostname", "\"conform\"");
        box_run(&b.box, h, NULL, &o);
        check(hcs_str_starts(o.out, "conform\nconform\n127.0.0.1"), "%s", o.out);
        check(strstr(o.out, "resolv\n"), "%s", o.out);
        outcome_check(h, &o, 0, NULL);
}

static void names_files_of_the_spec_win(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *mount = NULL;
        BOX(b, "[\"cat\",\"/etc/hostname\"]");

        free(host_sh(h, "echo mine > %s/mine", b.box.bundle));
        mount = hcs_asprintf("{\"destination\":\"/etc/hostname\",\"type\":\"bind\",\"source\":\"%s/mine\","
                             "\"options\":[\"bind\",\"ro\"]}",
                             b.box.bundle);
        box_add_mount(&b.box, h, mount);
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "mine\n");
}

static void mounts_of_the_vm_are_found(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"cat /here/version | wc -l\"]");

        box_add_mount(&b.box, h,
                      "{\"destination\":\"/here\",\"type\":\"bind\",\"source\":\"uvm:///"
                      "proc\",\"options\":[\"rbind\",\"ro\"]}");
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "1\n");
}

static void mounts_of_the_vm_that_are_not_there_fail(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        box_add_mount(&b.box, h,
                      "{\"destination\":\"/here\",\"type\":\"bind\",\"source\":\"uvm:///no/such/"
                      "folder\",\"options\":[\"bind\"]}");
        answer = box_try_create(&b.box, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static void a_missing_working_directory_is_made(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"pwd\"]");

        box_set(&b.box, h, "process.cwd", "\"/made/for/it\"");
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "/made/for/it\n");
}

static void a_read_only_root_is_one(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"touch /x 2>/dev/null || echo read-only\"]");

        box_set(&b.box, h, "root.readonly", "true");
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "read-only\n");
}

/* A soft limit on files below the hard one is no measure of an agent: runc's own runtime raises it in some builds. */
static void rlimits_of_the_spec_hold_for_all_processes(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");

        box_set(&b.box, h, "process.rlimits",
                "[{\"type\":\"RLIMIT_NOFILE\",\"hard\":77,\"soft\":77},"
                "{\"type\":\"RLIMIT_CPU\",\"hard\":7777,\"soft\":5555}]");
        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        box_sh(&b.box, h, "ulimit -n; ulimit -H -n; ulimit -t; ulimit -H -t", &o);
        outcome_check(h, &o, 0, "77\n77\n5555\n7777\n");
}

static void a_hook_is_run(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *hook = NULL, *there = NULL;
        BOX(b, "[\"true\"]");

        /* It reads what it is given: crun fails when a hook ends before it has written the state. */
        hook = hcs_asprintf("{\"prestart\":[{\"path\":\"%s\",\"args\":[\"tee\",\"%s/hooked\"]}]}", suite_busybox,
                            b.box.bundle);
        box_set(&b.box, h, "hooks", hook);
        box_run(&b.box, h, NULL, &o);
        there = host_sh(h, "test -e %s/hooked && echo yes || echo no", b.box.bundle);
        check(hcs_streq(there, "yes"), "it did not run");
        outcome_check(h, &o, 0, NULL);
}

static void the_list_of_processes_has_the_first_one(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL, *properties = NULL;
        struct process p;
        bool found = false;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        answer = host_call(h, HCS_GCS_GET_PROPERTIES,
                           "{\"ContainerId\":\"%s\",\"Query\":\"{\\\"PropertyTypes\\\":[\\\"ProcessList\\\"]}\"}",
                           b.box.id);
        check(SUCCEEDED(hcs_json_parse_cstr(hcs_json_get_string(answer, "Properties"), &properties, NULL)),
              "properties");
        for (const struct hcs_json *e = hcs_json_first(hcs_json_get(properties, "ProcessList")); e;
             e = hcs_json_next(e)) {
                uint64_t pid = 0;

                hcs_json_u64(hcs_json_get(e, "ProcessId"), &pid);
                found = found || pid == p.pid;
        }
        check(found, "%s", hcs_json_get_string(answer, "Properties"));
}

static void no_query_gives_no_properties(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        answer = host_call(h, HCS_GCS_GET_PROPERTIES, "{\"ContainerId\":\"%s\",\"Query\":\"\"}", b.box.id);
        check(hcs_streq(hcs_json_get_string(answer, "Properties"), "{}"), "%s",
              hcs_json_get_string(answer, "Properties"));
}

static void statistics_count_memory_and_processes(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL, *properties = NULL;
        uint64_t usage = 0;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        answer = host_call(h, HCS_GCS_GET_PROPERTIES,
                           "{\"ContainerId\":\"%s\",\"Query\":\"{\\\"PropertyTypes\\\":[\\\"Statistics\\\"]}\"}",
                           b.box.id);
        check(host_result(answer) == S_OK, "0x%08x %s", (unsigned)host_result(answer),
              hcs_json_get_string(answer, "ErrorMessage"));
        check(SUCCEEDED(hcs_json_parse_cstr(hcs_json_get_string(answer, "Properties"), &properties, NULL)),
              "properties");
        hcs_json_u64(hcs_json_lookup(properties, "LCOWMetrics.memory.usage.usage"), &usage);
        check(usage > 0, "%s", hcs_json_get_string(answer, "Properties"));
        check(hcs_json_lookup(properties, "LCOWMetrics.cpu.usage.total"), "no CPU usage");
}

static void limits_are_changed_while_it_runs(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        box_start(&b.box, h, 0);
        host_call_ok(h, HCS_GCS_MODIFY_SETTINGS,
                     "{\"ContainerId\":\"%s\",\"Request\":{\"ResourceType\":\"ContainerConstraints\",\"RequestType\":"
                     "\"Update\","
                     "\"Settings\":{\"Linux\":{\"memory\":{\"limit\":67108864}}}}}",
                     b.box.id);
        box_sh(&b.box, h, "dd if=/dev/zero of=/dev/null bs=128M count=1 2>/dev/null || echo too much", &o);
        check(o.exit_code != 0 || strstr(o.out, "too much"), "128 MB were had");
        outcome_deinit(&o);
}

static void other_resources_of_a_container_are_refused(struct host *h) {
        _cleanup_free_ char *message = NULL;
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        message = host_call_failing(
                h, HCS_GCS_MODIFY_SETTINGS, E_FAIL,
                "{\"ContainerId\":\"%s\",\"Request\":{\"ResourceType\":\"SCSIDevice\",\"RequestType\":"
                "\"Remove\",\"Settings\":{}}}",
                b.box.id);
        check(hcs_streq(message, "the ResourceType \"SCSIDevice\" is not supported for containers"), "%s", message);
}

static void deletion_forgets_and_removes(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *there = NULL;
        BOX(b, "[\"true\"]");

        box_run(&b.box, h, NULL, &o);
        box_delete(&b.box, h);
        free(host_call_failing(h, HCS_GCS_DELETE_CONTAINER_STATE, (HRESULT)0xC037010E, "{\"ContainerId\":\"%s\"}",
                               b.box.id));
        there = host_sh(h, "test -e %s && echo yes || echo no", b.box.bundle);
        check(hcs_streq(there, "no"), "the bundle stays");
        outcome_deinit(&o);
}

static void an_id_can_be_used_again_after_deletion(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"true\"]");

        box_create(&b.box, h);
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b.box.id);
        box_delete(&b.box, h);
        free(host_sh(h, "mkdir -p %s/rootfs/bin; cp %s %s/rootfs/bin/true", b.box.bundle, suite_busybox, b.box.bundle));
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 0, "");
}

static void deletion_of_a_running_container_fails_and_forgets_it(struct host *h) {
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        free(host_call_failing(h, HCS_GCS_DELETE_CONTAINER_STATE, E_FAIL, "{\"ContainerId\":\"%s\"}", b.box.id));
        free(host_call_failing(h, HCS_GCS_SHUTDOWN_FORCED, (HRESULT)0xC037010E, "{\"ContainerId\":\"%s\"}", b.box.id));
        free(host_sh(h, "kill -9 %u", p.pid));
}

static void two_containers_live_side_by_side(struct host *h) {
        struct outcome o = {0};
        BOX(b, "[\"sleep\",\"1000\"]");
        BOX(c, "[\"sleep\",\"1000\"]");

        box_set(&c.box, h, "windows.network.networkNamespace", "\"22222222-0000-0000-0000-000000000000\"");
        box_create(&b.box, h);
        box_create(&c.box, h);
        box_start(&b.box, h, 0);
        box_start(&c.box, h, 0);
        box_sh(&c.box, h, "touch /only-here; ls /only-here", &o);
        outcome_check(h, &o, 0, "/only-here\n");
        box_sh(&b.box, h, "ls /only-here 2>/dev/null || echo none", &o);
        outcome_check(h, &o, 0, "none\n");
}

#define CASE(text, function) \
        { "container: " text, NEEDS_RUNTIME, function }
static const struct test_case cases[] = {
        CASE("streams and the exit code arrive", streams_and_the_exit_code_arrive),
        CASE("the natural end is notified once the exit code is told",
             the_natural_end_is_notified_once_the_exit_code_is_told),
        CASE("a created container has not started", a_created_container_has_not_started),
        CASE("an id is used once", an_id_is_used_once),
        CASE("a container starts once", a_container_starts_once),
        CASE("another process runs beside the first", another_process_runs_beside_the_first),
        CASE("another process cannot run in a container that ended",
             another_process_cannot_run_in_a_container_that_ended),
        CASE("a port nobody listens on fails one process only", a_port_nobody_listens_on_fails_one_process_only),
        CASE("a port nobody listens on fails the start", a_port_nobody_listens_on_fails_the_start),
        CASE("a program that is not there fails to be executed", a_program_that_is_not_there_fails_to_be_executed),
        CASE("a program that is not there fails creation or start",
             a_program_that_is_not_there_fails_creation_or_start),
        CASE("a spec without a root fails and leaves nothing", a_spec_without_a_root_fails_and_leaves_nothing),
        CASE("a forced shutdown kills", a_forced_shutdown_kills),
        CASE("a graceful shutdown asks", a_graceful_shutdown_asks),
        CASE("a container killed before its start is over", a_container_killed_before_its_start_is_over),
        CASE("shutdown of a container that ended fails", shutdown_of_a_container_that_ended_fails),
        CASE("files with names are mounted", names_files_are_mounted),
        CASE("files with names of the spec win", names_files_of_the_spec_win),
        CASE("mounts of the VM are found", mounts_of_the_vm_are_found),
        CASE("mounts of the VM that are not there fail", mounts_of_the_vm_that_are_not_there_fail),
        CASE("a missing working directory is made", a_missing_working_directory_is_made),
        CASE("a read-only root is one", a_read_only_root_is_one),
        CASE("rlimits of the spec hold for all processes", rlimits_of_the_spec_hold_for_all_processes),
        CASE("a hook is run", a_hook_is_run),
        CASE("no query gives no properties", no_query_gives_no_properties),
        CASE("the list of processes has the first one", the_list_of_processes_has_the_first_one),
        {"container: statistics count memory and processes", NEEDS_RUNTIME | NEEDS_CGROUPS,
         statistics_count_memory_and_processes},
        {"container: limits are changed while it runs", NEEDS_RUNTIME | NEEDS_CGROUPS,
         limits_are_changed_while_it_runs},
        CASE("other resources of a container are refused", other_resources_of_a_container_are_refused),
        CASE("deletion forgets and removes", deletion_forgets_and_removes),
        CASE("an id can be used again after deletion", an_id_can_be_used_again_after_deletion),
        CASE("deletion of a running container fails and forgets it",
             deletion_of_a_running_container_fails_and_forgets_it),
        CASE("two containers live side by side", two_containers_live_side_by_side),
};
const struct case_table container_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
