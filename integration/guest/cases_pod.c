/* SPDX-License-Identifier: MIT */

/* Pods: a sandbox container and the workloads in it. */

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

#define TYPE    "io.kubernetes.cri.container-type"
#define SANDBOX "io.kubernetes.cri.sandbox-id"
#define VIRTUAL "io.microsoft.cri.virtual-pod-id"

/* A pod without network adapters, which says so. */
struct pod {
        struct host *h;
        struct box sandbox, workload;
        struct process first; /* of the sandbox */
};

static void annotate(struct box *b, const char *name, const char *value) {
        hcs_json_set_string(hcs_json_get(b->spec, "annotations"), name, value);
}

static void pod_init(struct pod *p, struct host *h, const char *workload_args) {
        p->h = h;
        box_init(&p->sandbox, h, "[\"sleep\",\"1000\"]");
        annotate(&p->sandbox, TYPE, "sandbox");
        annotate(&p->sandbox, SANDBOX, p->sandbox.id);
        annotate(&p->sandbox, "io.microsoft.cri.skip-pod-networking", "true");
        box_set(&p->sandbox, h, "hostname", "\"pod\"");
        box_init(&p->workload, h, workload_args);
        annotate(&p->workload, TYPE, "container");
        annotate(&p->workload, SANDBOX, p->sandbox.id);
}

static void pod_start(struct pod *p) {
        _cleanup_free_ char *network = NULL;

        box_create(&p->sandbox, p->h);
        p->first = box_start(&p->sandbox, p->h, 0);
        /* A workload joins the namespaces of the sandbox by its pid, as hosts have it do. */
        network = hcs_asprintf(
                "[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/proc/%u/ns/net\"},"
                "{\"type\":\"ipc\",\"path\":\"/proc/%u/ns/ipc\"},{\"type\":\"uts\",\"path\":\"/proc/%u/ns/uts\"}]",
                p->first.pid, p->first.pid, p->first.pid);
        box_set(&p->workload, p->h, "linux.namespaces", network);
}

static void pod_deinit(struct pod *p) {
        box_deinit(&p->workload, p->h);
        box_deinit(&p->sandbox, p->h);
}
#define POD(p, args)                              \
        _cleanup_(pod_deinit) struct pod p = {0}; \
        pod_init(&p, h, args)

static void a_workload_runs_in_its_pod(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"cat /etc/hostname; hostname; cat; exit 3\"]");

        pod_start(&p);
        box_run(&p.workload, h, "in", &o);
        outcome_check(h, &o, 3, "pod\npod\nin");
        check(host_notification_count(h, p.sandbox.id) == 0, "the sandbox has ended");
}

static void a_workload_shares_the_network_of_its_pod(struct host *h) {
        struct outcome o = {0};
        _cleanup_free_ char *own = NULL;
        POD(p, "[\"sh\",\"-c\",\"ls -l /proc/self/ns/net\"]");

        pod_start(&p);
        box_sh(&p.sandbox, h, "ls -l /proc/self/ns/net", &o);
        own = hcs_strdup(strstr(o.out, "net:"));
        outcome_deinit(&o);
        box_run(&p.workload, h, NULL, &o);
        check(own && strstr(o.out, own), "%s is not in %s", own, o.out);
        outcome_check(h, &o, 0, NULL);
}

static void a_workload_needs_its_sandbox(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        const char *message;
        POD(p, "[\"true\"]");

        answer = box_try_create(&p.workload, h);
        message = hcs_json_get_string(answer, "ErrorMessage");
        check(host_result(answer) == E_FAIL && strstr(message, "does not exist for workload container"), "%s", message);
}

static void a_workload_without_a_sandbox_id_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        hcs_json_remove(hcs_json_get(p.workload.spec, "annotations"), SANDBOX);
        answer = box_try_create(&p.workload, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static void another_type_of_container_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        annotate(&p.workload, TYPE, "sidecar");
        answer = box_try_create(&p.workload, h);
        check(hcs_streq(hcs_json_get_string(answer, "ErrorMessage"),
                        "unsupported 'io.kubernetes.cri.container-type': 'sidecar'"),
              "%s", hcs_json_get_string(answer, "ErrorMessage"));
}

static void a_workload_has_no_hostname_of_its_own(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        box_set(&p.workload, h, "hostname", "\"mine\"");
        answer = box_try_create(&p.workload, h);
        check(hcs_streq(hcs_json_get_string(answer, "ErrorMessage"),
                        "workload container must not change hostname: mine"),
              "%s", hcs_json_get_string(answer, "ErrorMessage"));
}

static void workloads_share_the_mounts_of_the_sandbox(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"echo shared > /share/file; echo t > /tmpfs/file; stat -f -c %T /tmpfs\"]");
        struct pod second = {0};

        pod_start(&p);
        box_add_mount(
                &p.workload, h,
                "{\"destination\":\"/share\",\"type\":\"bind\",\"source\":\"sandbox:///a/b\",\"options\":[\"rbind\"]}");
        box_add_mount(&p.workload, h,
                      "{\"destination\":\"/tmpfs\",\"type\":\"bind\",\"source\":\"sandbox-tmp:///"
                      "c\",\"options\":[\"rbind\"]}");
        box_run(&p.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "tmpfs\n");
        box_delete(&p.workload, h);
        box_init(&second.workload, h, "[\"cat\",\"/share/file\"]");
        annotate(&second.workload, TYPE, "container");
        annotate(&second.workload, SANDBOX, p.sandbox.id);
        box_add_mount(
                &second.workload, h,
                "{\"destination\":\"/share\",\"type\":\"bind\",\"source\":\"sandbox:///a/b\",\"options\":[\"rbind\"]}");
        box_run(&second.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "shared\n");
        box_deinit(&second.workload, h);
}

static void sandbox_mounts_do_not_lead_out(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        box_add_mount(
                &p.workload, h,
                "{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"sandbox://../../..\",\"options\":[\"rbind\"]}");
        answer = box_try_create(&p.workload, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        check(strstr(hcs_json_get_string(answer, "ErrorMessage"), "is not within sandbox's mounts dir"), "%s",
              hcs_json_get_string(answer, "ErrorMessage"));
}

static void dev_shm_has_the_size_of_the_annotation(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"df -k /dev/shm | while read a b c; do echo $b; done\"]");

        pod_start(&p);
        annotate(&p.workload, "io.microsoft.lcow.shm.size-kb", "4096");
        box_run(&p.workload, h, NULL, &o);
        check(strstr(o.out, "4096"), "%s", o.out);
        outcome_check(h, &o, 0, NULL);
}

static void a_bad_size_of_dev_shm_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        annotate(&p.workload, "io.microsoft.lcow.shm.size-kb", "0");
        answer = box_try_create(&p.workload, h);
        check(hcs_streq(hcs_json_get_string(answer, "ErrorMessage"), "/dev/shm size must be non-zero"), "%s",
              hcs_json_get_string(answer, "ErrorMessage"));
}

static void a_user_by_name_is_looked_up(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"id -u; id -g\"]");

        pod_start(&p);
        box_set(&p.workload, h, "process.user", "{\"uid\":0,\"gid\":0,\"username\":\"ann\"}");
        box_run(&p.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "1000\n1001\n");
}

static void other_processes_run_as_the_user_of_the_workload(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sleep\",\"1000\"]");

        pod_start(&p);
        box_set(&p.workload, h, "process.user", "{\"uid\":0,\"gid\":0,\"username\":\"ann\"}");
        box_create(&p.workload, h);
        box_start(&p.workload, h, 0);
        box_sh(&p.workload, h, "id -u", &o);
        outcome_check(h, &o, 0, "1000\n");
}

static void a_core_limit_of_the_annotation_holds(struct host *h) {
        _cleanup_free_ char *most = NULL;
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"ulimit -c; ulimit -H -c\"]");

        pod_start(&p);
        /* A runtime may not be able to raise what it was given. */
        most = host_sh(h, "test $(ulimit -H -c) != 0 && echo some || echo none");
        annotate(&p.workload, "io.microsoft.lcow.rlimitcore", hcs_streq(most, "some") ? "1024;4096" : "0;0");
        box_run(&p.workload, h, NULL, &o);
        /* In blocks of 512 bytes or of 1024, as the shell likes. */
        if (hcs_streq(most, "some"))
                check(hcs_streq(o.out, "2\n8\n") || hcs_streq(o.out, "1\n4\n"), "%s", o.out);
        else
                check(hcs_streq(o.out, "0\n0\n"), "%s", o.out);
        outcome_check(h, &o, 0, NULL);
}

static void a_device_by_path_is_there(struct host *h) {
        _cleanup_free_ char *path = NULL, *device = NULL, *node = NULL;
        struct outcome o = {0};
        POD(p, "[\"true\"]");

        pod_start(&p);
        /* One that no runtime makes of its own accord, and that every machine can have. */
        path = hcs_asprintf("/run/device-%.16s", p.workload.id);
        free(host_sh(h, "mknod %s c 1 5", path));
        device = hcs_asprintf("[{\"path\":\"%s\",\"type\":\"\",\"major\":0,\"minor\":0}]", path);
        node = hcs_asprintf("[\"sh\",\"-c\",\"test -c %s && head -c 3 %s | wc -c\"]", path, path);
        box_set(&p.workload, h, "linux.devices", device);
        box_set(&p.workload, h, "process.args", node);
        box_run(&p.workload, h, NULL, &o);
        free(host_sh(h, "rm %s", path));
        outcome_check(h, &o, 0, "3\n");
}

static void a_device_that_is_none_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        box_set(&p.workload, h, "linux.devices",
                "[{\"path\":\"/dev/no-such-device\",\"type\":\"\",\"major\":0,\"minor\":0}]");
        answer = box_try_create(&p.workload, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static void a_privileged_workload_has_all_devices(struct host *h) {
        _cleanup_free_ char *device = NULL, *args = NULL;
        struct outcome o = {0};
        POD(p, "[\"true\"]");

        /* One that runtimes do not make for every container. */
        device = host_sh(h,
                         "for d in /dev/*; do case $d in /dev/null | /dev/zero | /dev/full | /dev/*random | /dev/tty | "
                         "/dev/console | /dev/ptmx) ;; *) if [ -c $d ] || [ -b $d ]; then echo $d; break; fi ;; esac; "
                         "done");
        pod_start(&p);
        annotate(&p.workload, "io.microsoft.virtualmachine.lcow.privileged", "true");
        args = hcs_asprintf("[\"sh\",\"-c\",\"test -c %s || test -b %s\"]", *device ? device : "/dev/null",
                            *device ? device : "/dev/null");
        box_set(&p.workload, h, "process.args", args);
        box_run(&p.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "");
}

static void output_is_copied_to_a_log_of_the_pod(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"echo line; ls /logs\"]");
        _cleanup_free_ char *log = NULL;

        pod_start(&p);
        annotate(&p.workload, "io.microsoft.container.lcow.tee-log-path", "dir/out.log");
        annotate(&p.workload, "io.microsoft.container.lcow.tee-log-dir-mount", "/logs");
        box_run(&p.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "line\ndir\n");
        log = host_sh(h, "cat %s/logs/dir/out.log", p.sandbox.bundle);
        check(hcs_streq(log, "line\ndir"), "%s", log);
}

static void a_log_outside_of_the_pod_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        annotate(&p.workload, "io.microsoft.container.lcow.tee-log-path", "../../out.log");
        answer = box_try_create(&p.workload, h);
        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
}

static void a_sandbox_without_its_network_is_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        hcs_json_remove(hcs_json_get(p.sandbox.spec, "annotations"), "io.microsoft.cri.skip-pod-networking");
        box_set(&p.sandbox, h, "windows.network.networkNamespace", "\"33333333-0000-0000-0000-000000000000\"");
        answer = box_try_create(&p.sandbox, h);
        check(host_result(answer) == (HRESULT)0x80070490, "0x%08x %s", (unsigned)host_result(answer),
              hcs_json_get_string(answer, "ErrorMessage"));
}

static void deletion_of_a_sandbox_takes_its_mounts_away(struct host *h) {
        _cleanup_free_ char *mounts = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", p.sandbox.id);
        check(host_wait_process(h, &p.first) == 137, "exit code");
        box_delete(&p.sandbox, h);
        mounts = host_sh(h, "grep %s /proc/mounts || echo none", p.sandbox.id);
        check(hcs_streq(mounts, "none"), "%s", mounts);
}

static void huge_pages_are_mounted(struct host *h) {
        _cleanup_free_ char *can = host_sh(h, "grep -c hugetlbfs /proc/filesystems; ls /sys/kernel/mm/hugepages");
        _cleanup_json_ struct hcs_json *answer = NULL;
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"grep ' /huge ' /proc/mounts\"]");

        pod_start(&p);
        box_add_mount(&p.workload, h,
                      "{\"destination\":\"/huge\",\"type\":\"bind\",\"source\":\"hugepages://2M/a\","
                      "\"options\":[\"rbind\"]}");
        if (strstr(can, "hugepages-2048kB")) {
                box_run(&p.workload, h, NULL, &o);
                check(strstr(o.out, " hugetlbfs ") && strstr(o.out, "pagesize=2M"), "%s", o.out);
                outcome_check(h, &o, 0, NULL);
        } else { /* what the VM has not is said */
                answer = box_try_create(&p.workload, h);
                check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        }
}

static void huge_pages_of_no_size_are_refused(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        POD(p, "[\"true\"]");

        pod_start(&p);
        box_add_mount(&p.workload, h,
                      "{\"destination\":\"/huge\",\"type\":\"bind\",\"source\":\"hugepages://3M/a\","
                      "\"options\":[\"rbind\"]}");
        answer = box_try_create(&p.workload, h);
        check(FAILED(host_result(answer)), "it was taken");
        check(strstr(hcs_json_get_string(answer, "ErrorMessage"), "failed to update hugepages mounts"), "%s",
              hcs_json_get_string(answer, "ErrorMessage"));
}

static void a_pod_may_have_the_network_of_the_vm(struct host *h) {
        _cleanup_free_ char *vm = host_sh(h, "readlink /proc/self/ns/net");
        struct outcome o = {0};
        POD(p, "[\"true\"]");

        annotate(&p.sandbox, "io.microsoft.virtualmachine.lcow.hostnetwork", "true");
        pod_start(&p);
        box_sh(&p.sandbox, h, "readlink /proc/self/ns/net", &o);
        check(*vm && strstr(o.out, vm), "%s is not %s", o.out, vm);
        outcome_check(h, &o, 0, NULL);
}

static void run_virtual_pod(struct host *h) {
        struct outcome o = {0};
        POD(p, "[\"sh\",\"-c\",\"cat /etc/hostname; echo x >/share/file\"]");

        hcs_json_remove(hcs_json_get(p.sandbox.spec, "annotations"), TYPE);
        annotate(&p.sandbox, VIRTUAL, p.sandbox.id);
        box_set(&p.sandbox, h, "windows.network.networkNamespace", "\"44444444-0000-0000-0000-000000000000\"");
        annotate(&p.workload, VIRTUAL, p.sandbox.id);
        hcs_json_remove(hcs_json_get(p.workload.spec, "annotations"), SANDBOX);
        pod_start(&p);
        box_add_mount(&p.workload, h,
                      "{\"destination\":\"/share\",\"type\":\"bind\",\"source\":\"sandbox:///a\","
                      "\"options\":[\"rbind\"]}");
        box_run(&p.workload, h, NULL, &o);
        outcome_check(h, &o, 0, "pod\n");
}

static void a_virtual_pod_is_one_by_its_annotation(struct host *h) {
        run_virtual_pod(h);
}

static void a_virtual_pod_gives_its_namespace_back(struct host *h) {
        run_virtual_pod(h);
        run_virtual_pod(h);
}

#define CASE(text, function) \
        { "pod: " text, NEEDS_RUNTIME | NEEDS_POD, function }
static const struct test_case cases[] = {
        CASE("a workload runs in its pod", a_workload_runs_in_its_pod),
        CASE("a workload shares the network of its pod", a_workload_shares_the_network_of_its_pod),
        CASE("a workload needs its sandbox", a_workload_needs_its_sandbox),
        CASE("a workload without a sandbox id is refused", a_workload_without_a_sandbox_id_is_refused),
        CASE("another type of container is refused", another_type_of_container_is_refused),
        CASE("a workload has no hostname of its own", a_workload_has_no_hostname_of_its_own),
        CASE("workloads share the mounts of the sandbox", workloads_share_the_mounts_of_the_sandbox),
        CASE("sandbox mounts do not lead out", sandbox_mounts_do_not_lead_out),
        CASE("/dev/shm has the size of the annotation", dev_shm_has_the_size_of_the_annotation),
        CASE("a bad size of /dev/shm is refused", a_bad_size_of_dev_shm_is_refused),
        CASE("huge pages are mounted", huge_pages_are_mounted),
        CASE("huge pages of no size are refused", huge_pages_of_no_size_are_refused),
        CASE("a pod may have the network of the VM", a_pod_may_have_the_network_of_the_vm),
        CASE("a virtual pod is one by its annotation", a_virtual_pod_is_one_by_its_annotation),
        CASE("a virtual pod gives its namespace back", a_virtual_pod_gives_its_namespace_back),
        CASE("a user by name is looked up", a_user_by_name_is_looked_up),
        CASE("other processes run as the user of the workload", other_processes_run_as_the_user_of_the_workload),
        CASE("a core limit of the annotation holds", a_core_limit_of_the_annotation_holds),
        CASE("a device by path is there", a_device_by_path_is_there),
        CASE("a device that is none is refused", a_device_that_is_none_is_refused),
        CASE("a privileged workload has all devices", a_privileged_workload_has_all_devices),
        CASE("output is copied to a log of the pod", output_is_copied_to_a_log_of_the_pod),
        CASE("a log outside of the pod is refused", a_log_outside_of_the_pod_is_refused),
        CASE("a sandbox without its network is refused", a_sandbox_without_its_network_is_refused),
        CASE("deletion of a sandbox takes its mounts away", deletion_of_a_sandbox_takes_its_mounts_away),
};
const struct case_table pod_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
