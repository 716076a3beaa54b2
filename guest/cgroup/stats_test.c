/* SPDX-License-Identifier: MIT */

/* Statistics and limits in trees that look like control groups. */

#include "guest/cgroup/cgroup.h"

#include <stdio.h>

#include "guest/testing/fixture.h"

static void init(struct guest_fixture *f, struct guest_cgroups *c, const char *root) {
        static char path[2][512];
        struct hcs_error *err = NULL;

        snprintf(path[0], sizeof(path[0]), "%s/%s", f->dir, root);
        snprintf(path[1], sizeof(path[1]), "%s", f->proc);
        assert_ok(guest_cgroups_init(c, path[0], path[1], &err), err);
}

static void check_stats(struct guest_cgroups *c, const char *path, const char *expected) {
        _cleanup_json_ struct hcs_json *metrics = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;

        assert_ok(guest_cgroup_stats(c, path, &metrics, &err), err);
        text = hcs_json_text(metrics, HCS_JSON_GO);
        assert_string_equal(text, expected);
}

static void version_1_is_told_as_go_prints_it(void **state) {
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "proc/partitions", "major minor  #blocks  name\n\n   8        0   20480 sda\n");
        guest_fixture_file(&f, "cg/memory/cgroup.procs", "");
        guest_fixture_file(&f, "cg/hugetlb/pods/a/hugetlb.2MB.usage_in_bytes", "2097152\n");
        guest_fixture_file(&f, "cg/hugetlb/pods/a/hugetlb.2MB.max_usage_in_bytes", "4194304\n");
        guest_fixture_file(&f, "cg/hugetlb/pods/a/hugetlb.2MB.failcnt", "0\n");
        guest_fixture_file(&f, "cg/pids/pods/a/pids.current", "3\n");
        guest_fixture_file(&f, "cg/pids/pods/a/pids.max", "max\n");
        guest_fixture_file(&f, "cg/cpuacct/pods/a/cpuacct.usage", "5000\n");
        guest_fixture_file(&f, "cg/cpuacct/pods/a/cpuacct.stat", "user 3\nsystem 2\n");
        guest_fixture_file(&f, "cg/cpuacct/pods/a/cpuacct.usage_percpu", "4000 1000 \n");
        guest_fixture_file(&f, "cg/cpu/pods/a/cpu.stat", "nr_periods 7\nnr_throttled 1\nthrottled_time 99\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.stat",
                           "cache 10\nrss 20\nrss_huge 0\npgpgin 5\nhierarchical_memory_limit 9223372036854771712\n"
                           "hierarchical_memsw_limit 9223372036854771712\ntotal_cache 11\ntotal_rss 21\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.usage_in_bytes", "4096\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.limit_in_bytes", "18446744073709551615\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.max_usage_in_bytes", "8192\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.failcnt", "2\n");
        guest_fixture_file(&f, "cg/memory/pods/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
        guest_fixture_file(&f, "cg/blkio/pods/a/blkio.throttle.io_service_bytes",
                           "8:0 Read 512\n8:0 Write 0\n9:1 Read 7\nTotal 519\n");
        guest_fixture_file(&f, "cg/blkio/pods/a/blkio.throttle.io_serviced", "");
        init(&f, &c, "cg");
        assert_int_equal(c.version, 1);
        check_stats(
                &c, "/pods/a",
                "{\"hugetlb\":[{\"usage\":2097152,\"max\":4194304,\"pagesize\":\"2MB\"}],\"pids\":{\"current\":3},"
                "\"cpu\":{\"usage\":{\"total\":5000,\"kernel\":20000000,\"user\":30000000,\"per_cpu\":[4000,1000]},"
                "\"throttling\":{\"periods\":7,\"throttled_periods\":1,\"throttled_time\":99}},"
                "\"memory\":{\"cache\":10,\"rss\":20,\"pg_pg_in\":5,"
                "\"hierarchical_memory_limit\":9223372036854771712,\"hierarchical_swap_limit\":9223372036854771712,"
                "\"total_cache\":11,\"total_rss\":21,"
                "\"usage\":{\"limit\":18446744073709551615,\"usage\":4096,\"max\":8192,\"failcnt\":2},"
                "\"swap\":{},\"kernel\":{},\"kernel_tcp\":{}},"
                "\"blkio\":{\"io_service_bytes_recursive\":[{\"op\":\"Read\",\"device\":\"/dev/sda\",\"major\":8,"
                "\"value\":512},{\"op\":\"Write\",\"device\":\"/dev/sda\",\"major\":8},{\"op\":\"Read\",\"major\":9,"
                "\"minor\":1,\"value\":7}]},\"memory_oom_control\":{\"oom_kill\":4}}");
        guest_fixture_deinit(&f);
}

static void version_2_is_told_in_the_form_of_version_1(void **state) {
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "cpu memory\n");
        guest_fixture_file(&f, "cg/pods/a/pids.current", "2\n");
        guest_fixture_file(&f, "cg/pods/a/pids.max", "max\n");
        guest_fixture_file(
                &f, "cg/pods/a/cpu.stat",
                "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 1\nnr_throttled 0\nthrottled_usec 8\n");
        guest_fixture_file(&f, "cg/pods/a/memory.stat",
                           "anon 100\nfile 200\nkernel_stack 300\nsock 7\nfile_mapped 1\npgfault 9\n");
        guest_fixture_file(&f, "cg/pods/a/memory.current", "4096\n");
        guest_fixture_file(&f, "cg/pods/a/memory.max", "max\n");
        guest_fixture_file(&f, "cg/pods/a/memory.swap.max", "1000\n");
        guest_fixture_file(&f, "cg/pods/a/memory.events",
                           "low 0\nhigh 0\nmax 1\noom 1\noom_kill 3\noom_group_kill 9\n");
        guest_fixture_file(&f, "cg/pods/a/io.stat", "8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n");
        guest_fixture_file(&f, "cg/pods/a/hugetlb.2MB.current", "5\n");
        guest_fixture_file(&f, "cg/pods/a/hugetlb.2MB.max", "max\n");
        init(&f, &c, "cg");
        assert_int_equal(c.version, 2);
        check_stats(
                &c, "/pods/a",
                "{\"hugetlb\":[{\"usage\":5,\"max\":18446744073709551615}],"
                "\"pids\":{\"current\":2,\"limit\":18446744073709551615},"
                "\"cpu\":{\"usage\":{\"total\":5000,\"kernel\":2000,\"user\":3000},"
                "\"throttling\":{\"periods\":1,\"throttled_time\":8000}},"
                "\"memory\":{\"cache\":200,\"rss\":100,\"mapped_file\":1,\"pg_fault\":9,"
                "\"hierarchical_memory_limit\":18446744073709551615,\"hierarchical_swap_limit\":1000,"
                "\"usage\":{\"limit\":18446744073709551615,\"usage\":4096},\"swap\":{\"limit\":1000},"
                "\"kernel\":{\"usage\":300},\"kernel_tcp\":{\"usage\":7}},"
                "\"blkio\":{\"io_service_bytes_recursive\":[{\"op\":\"Read\",\"major\":8,\"minor\":16,\"value\":10},"
                "{\"op\":\"Write\",\"major\":8,\"minor\":16,\"value\":20}],"
                "\"io_serviced_recursive\":[{\"op\":\"Read\",\"major\":8,\"minor\":16,\"value\":1},"
                "{\"op\":\"Write\",\"major\":8,\"minor\":16,\"value\":2}]},\"rdma\":{},"
                "\"memory_oom_control\":{\"oom_kill\":3}}");
        guest_fixture_deinit(&f);
}

static void a_group_that_is_not_there_is_not_found(void **state) {
        struct hcs_json *metrics = NULL;
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        assert_hresult(guest_cgroups_init(&c, f.sys, f.proc, &err), HCS_WIN32(1168));
        err = hcs_error_free(err);
        guest_fixture_file(&f, "cg/memory/cgroup.procs", "");
        init(&f, &c, "cg");
        assert_hresult(guest_cgroup_stats(&c, "/pods/none", &metrics, &err), HCS_WIN32(1168));
        assert_non_null(strstr(hcs_error_message(err), "/pods/none"));
        assert_null(metrics);
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static void a_statistic_that_is_no_number_is_named(void **state) {
        struct hcs_json *metrics = NULL;
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "");
        guest_fixture_file(&f, "cg/pods/a/memory.current", "many\n");
        init(&f, &c, "cg");
        assert_hresult(guest_cgroup_stats(&c, "/pods/a", &metrics, &err), E_UNEXPECTED);
        assert_non_null(strstr(hcs_error_message(err), "memory.current: `many'"));
        assert_null(metrics);
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static HRESULT update(struct guest_cgroups *c, const char *resources, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *j = NULL;

        assert_ok(hcs_json_parse_cstr(resources, &j, NULL), NULL);
        return guest_cgroup_update(c, "/pods/a", j, err);
}

static void check_file(struct guest_fixture *f, const char *path, const char *expected) {
        _cleanup_free_ char *text = guest_fixture_read(f, path);

        assert_string_equal(text, expected);
}

static void limits_of_version_1_go_to_their_files(void **state) {
        static const char *const controllers[] = {"memory", "cpu", "cpuset", "pids", "blkio", "devices", "hugetlb"};
        static const char *const files[] = {"memory/pods/a/memory.limit_in_bytes",
                                            "memory/pods/a/memory.soft_limit_in_bytes",
                                            "memory/pods/a/memory.memsw.limit_in_bytes",
                                            "memory/pods/a/memory.oom_control",
                                            "memory/pods/a/memory.swappiness",
                                            "cpu/pods/a/cpu.shares",
                                            "cpu/pods/a/cpu.cfs_quota_us",
                                            "cpu/pods/a/cpu.cfs_period_us",
                                            "cpuset/pods/a/cpuset.cpus",
                                            "pids/pods/a/pids.max",
                                            "blkio/pods/a/blkio.weight",
                                            "blkio/pods/a/blkio.throttle.read_bps_device",
                                            "devices/pods/a/devices.allow",
                                            "devices/pods/a/devices.deny",
                                            "hugetlb/pods/a/hugetlb.2MB.limit_in_bytes"};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(controllers); i++) {
                _cleanup_free_ char *procs = hcs_asprintf("cg/%s/cgroup.procs", controllers[i]);

                guest_fixture_file(&f, procs, "");
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *path = hcs_asprintf("cg/%s", files[i]);

                guest_fixture_file(&f, path, "");
        }
        guest_fixture_file(&f, "cg/memory/pods/a/memory.limit_in_bytes", "1000");
        init(&f, &c, "cg");
        assert_ok(update(&c,
                         "{\"memory\":{\"limit\":1048576,\"reservation\":4096,\"swap\":2097152,\"swappiness\":10,"
                         "\"disableOOMKiller\":true},\"cpu\":{\"shares\":512,\"quota\":-1,\"period\":100000,"
                         "\"cpus\":\"0-1\"},\"pids\":{\"limit\":100},\"blockIO\":{\"weight\":500,"
                         "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1024}]},"
                         "\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,"
                         "\"minor\":3,\"access\":\"rw\"}],\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],"
                         "\"network\":{\"classID\":5},\"rdma\":null}",
                         &err),
                  err);
        check_file(&f, "cg/memory/pods/a/memory.limit_in_bytes", "1048576");
        check_file(&f, "cg/memory/pods/a/memory.soft_limit_in_bytes", "4096");
        check_file(&f, "cg/memory/pods/a/memory.memsw.limit_in_bytes", "2097152");
        check_file(&f, "cg/memory/pods/a/memory.oom_control", "1");
        check_file(&f, "cg/memory/pods/a/memory.swappiness", "10");
        check_file(&f, "cg/cpu/pods/a/cpu.shares", "512");
        check_file(&f, "cg/cpu/pods/a/cpu.cfs_quota_us", "-1");
        check_file(&f, "cg/cpu/pods/a/cpu.cfs_period_us", "100000");
        check_file(&f, "cg/cpuset/pods/a/cpuset.cpus", "0-1");
        check_file(&f, "cg/pids/pods/a/pids.max", "100");
        check_file(&f, "cg/blkio/pods/a/blkio.weight", "500");
        check_file(&f, "cg/blkio/pods/a/blkio.throttle.read_bps_device", "8:0 1024");
        check_file(&f, "cg/devices/pods/a/devices.deny", "a *:* rwm");
        check_file(&f, "cg/devices/pods/a/devices.allow", "c 1:3 rw");
        check_file(&f, "cg/hugetlb/pods/a/hugetlb.2MB.limit_in_bytes", "0");
        guest_fixture_deinit(&f);
}

static void limits_of_version_2_are_converted(void **state) {
        static const char *const files[] = {"memory.max", "memory.low", "memory.swap.max",
                                            "cpu.weight", "cpu.max",    "pids.max"};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *path = hcs_asprintf("cg/pods/a/%s", files[i]);

                guest_fixture_file(&f, path, "");
        }
        init(&f, &c, "cg");
        assert_ok(update(&c,
                         "{\"memory\":{\"limit\":1048576,\"reservation\":4096,\"swap\":-1},\"cpu\":{\"shares\":1024,"
                         "\"quota\":50000,\"period\":100000},\"pids\":{\"limit\":0}}",
                         &err),
                  err);
        check_file(&f, "cg/pods/a/memory.max", "1048576");
        check_file(&f, "cg/pods/a/memory.low", "4096");
        check_file(&f, "cg/pods/a/memory.swap.max", "max");
        check_file(&f, "cg/pods/a/cpu.weight", "39");
        check_file(&f, "cg/pods/a/cpu.max", "50000 100000");
        check_file(&f, "cg/pods/a/pids.max", "");
        guest_fixture_file(&f, "cg/pods/a/cpu.weight", "");
        assert_ok(update(&c, "{\"cpu\":{\"shares\":2}}", &err), err);
        check_file(&f, "cg/pods/a/cpu.weight", "1");
        guest_fixture_file(&f, "cg/pods/a/cpu.weight", "");
        assert_ok(update(&c, "{\"cpu\":{\"shares\":262144}}", &err), err);
        check_file(&f, "cg/pods/a/cpu.weight", "10000");
        guest_fixture_deinit(&f);
}

static void a_limit_that_cannot_be_is_named_by_its_member(void **state) {
        static const struct {
                const char *resources, *member;
        } bad[] = {
                {"{\"memory\":{\"limit\":\"1G\"}}", "memory.limit"},
                {"{\"cpu\":{\"shares\":1.5}}", "cpu.shares"},
                {"{\"pids\":{\"limit\":true}}", "pids.limit"},
                {"{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}", "hugepageLimits"},
                {"[]", "resources"},
        };
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "");
        guest_fixture_folder(&f, "cg/pods/a");
        init(&f, &c, "cg");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                assert_hresult(update(&c, bad[i].resources, &err), E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), bad[i].member));
                hcs_error_free(err);
        }
        /* A controller that is not there is an error where its limit matters. */
        {
                struct hcs_error *err = NULL;

                assert_hresult(update(&c, "{\"memory\":{\"limit\":1}}", &err), HCS_WIN32(2));
                assert_non_null(strstr(hcs_error_message(err), "memory.limit"));
                hcs_error_free(err);
        }
        guest_fixture_deinit(&f);
}

static void a_path_out_of_the_hierarchy_is_refused(void **state) {
        static const char *const paths[] = {"/", "", "pods", "/pods/../..", "/."};
        struct guest_fixture f;
        struct guest_cgroups c;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "cg/cgroup.controllers", "");
        init(&f, &c, "cg");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(paths); i++) {
                assert_hresult(guest_cgroup_create(&c, paths[i], NULL, NULL), E_INVALIDARG);
                assert_hresult(guest_cgroup_delete(&c, paths[i], NULL), E_INVALIDARG);
                assert_hresult(guest_cgroup_kill(&c, paths[i], NULL), E_INVALIDARG);
        }
        guest_fixture_deinit(&f);
}

HCS_TESTS(cmocka_unit_test(version_1_is_told_as_go_prints_it),
          cmocka_unit_test(version_2_is_told_in_the_form_of_version_1),
          cmocka_unit_test(a_group_that_is_not_there_is_not_found),
          cmocka_unit_test(a_statistic_that_is_no_number_is_named),
          cmocka_unit_test(limits_of_version_1_go_to_their_files), cmocka_unit_test(limits_of_version_2_are_converted),
          cmocka_unit_test(a_limit_that_cannot_be_is_named_by_its_member),
          cmocka_unit_test(a_path_out_of_the_hierarchy_is_refused))
