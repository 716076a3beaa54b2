/* SPDX-License-Identifier: MIT */

/* Statistics of version 2 in the form of version 1. Stateless. Source: hcsshim internal/guest/cgroup/convert.go. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "guest/cgroup/cgroup_private.h"

#define NS_PER_US 1000u

static HRESULT add_cpu(const char *folder, struct hcs_json *metrics, struct hcs_error **err) {
        struct hcs_json *cpu = hcs_json_set_new_object(metrics, "cpu");
        struct hcs_json *usage = hcs_json_set_new_object(cpu, "usage");
        struct hcs_json *throttling = hcs_json_set_new_object(cpu, "throttling");
        _cleanup_buf_ struct hcs_buf stat = {0};
        HRESULT hr = guest_cgroup_read(folder, "cpu.stat", &stat, err);
        const char *text = hcs_buf_cstr(&stat);

        guest_metric(usage, "total", guest_cgroup_value(text, "usage_usec") * NS_PER_US);
        guest_metric(usage, "kernel", guest_cgroup_value(text, "system_usec") * NS_PER_US);
        guest_metric(usage, "user", guest_cgroup_value(text, "user_usec") * NS_PER_US);
        guest_metric(throttling, "periods", guest_cgroup_value(text, "nr_periods"));
        guest_metric(throttling, "throttled_periods", guest_cgroup_value(text, "nr_throttled"));
        guest_metric(throttling, "throttled_time", guest_cgroup_value(text, "throttled_usec") * NS_PER_US);
        return hr;
}

static void add_entry(struct hcs_json *memory, const char *name, uint64_t limit, uint64_t usage, uint64_t max) {
        struct hcs_json *entry = hcs_json_set_new_object(memory, name);

        guest_metric(entry, "limit", limit);
        guest_metric(entry, "usage", usage);
        guest_metric(entry, "max", max);
}

static HRESULT add_memory(const char *folder, struct hcs_json *metrics, struct hcs_error **err) {
        static const struct guest_stats_key values[] = {
                {"cache", "file"},
                {"rss", "anon"},
                {"mapped_file", "file_mapped"},
                {"dirty", "file_dirty"},
                {"writeback", "file_writeback"},
                {"pg_fault", "pgfault"},
                {"pg_maj_fault", "pgmajfault"},
                {"inactive_anon", "inactive_anon"},
                {"active_anon", "active_anon"},
                {"inactive_file", "inactive_file"},
                {"active_file", "active_file"},
                {"unevictable", "unevictable"},
        };
        struct hcs_json *memory = hcs_json_set_new_object(metrics, "memory");
        uint64_t usage, limit, max, swap, swap_limit, swap_max;
        _cleanup_buf_ struct hcs_buf stat = {0};
        HRESULT hr = guest_cgroup_read(folder, "memory.stat", &stat, err);
        const char *text = hcs_buf_cstr(&stat);

        hr = guest_stats_read(folder, "memory.current", &usage, hr, err);
        hr = guest_stats_read(folder, "memory.max", &limit, hr, err);
        hr = guest_stats_read(folder, "memory.peak", &max, hr, err);
        hr = guest_stats_read(folder, "memory.swap.current", &swap, hr, err);
        hr = guest_stats_read(folder, "memory.swap.max", &swap_limit, hr, err);
        hr = guest_stats_read(folder, "memory.swap.peak", &swap_max, hr, err);
        guest_stats_keys(memory, text, values, HCS_ARRAY_SIZE(values));
        guest_metric(memory, "hierarchical_memory_limit", limit);
        guest_metric(memory, "hierarchical_swap_limit", swap_limit);
        add_entry(memory, "usage", limit, usage, max);
        add_entry(memory, "swap", swap_limit, swap, swap_max);
        add_entry(memory, "kernel", 0, guest_cgroup_value(text, "kernel_stack"), 0);
        add_entry(memory, "kernel_tcp", 0, guest_cgroup_value(text, "sock"), 0);
        return hr;
}

static void add_io_entry(struct hcs_json *blkio, const char *member, uint64_t major, uint64_t minor, const char *op,
                         uint64_t value) {
        struct hcs_json *list = hcs_json_get(blkio, member), *entry;

        if (!list)
                list = hcs_json_set_new_array(blkio, member);
        entry = hcs_json_append(list, hcs_json_new_object());
        hcs_json_set_string(entry, "op", op);
        guest_metric(entry, "major", major);
        guest_metric(entry, "minor", minor);
        guest_metric(entry, "value", value);
}

/* The number behind " KEY=" in a line. */
static uint64_t field(const char *line, size_t len, const char *key) {
        size_t n = strlen(key);

        for (const char *p = line; p + n + 2 < line + len; p++)
                if (*p == ' ' && strncmp(p + 1, key, n) == 0 && p[n + 1] == '=')
                        return strtoull(p + n + 2, NULL, 10);
        return 0;
}

static HRESULT add_io(const char *folder, struct hcs_json *metrics, struct hcs_error **err) {
        static const char bytes[] = "io_service_bytes_recursive", served[] = "io_serviced_recursive";
        _cleanup_buf_ struct hcs_buf stat = {0};
        HRESULT hr = guest_cgroup_read(folder, "io.stat", &stat, err);
        struct hcs_json *blkio = NULL;

        for (const char *line = hcs_buf_cstr(&stat); line && *line; line = strchr(line, '\n')) {
                uint64_t major, minor;
                const char *at;
                size_t len;

                at = line += *line == '\n';
                len = strcspn(line, "\n");
                if (!guest_cgroup_device(&at, &major, &minor))
                        continue;
                if (!blkio)
                        blkio = hcs_json_set_new_object(metrics, "blkio");
                add_io_entry(blkio, bytes, major, minor, "Read", field(line, len, "rbytes"));
                add_io_entry(blkio, bytes, major, minor, "Write", field(line, len, "wbytes"));
                add_io_entry(blkio, served, major, minor, "Read", field(line, len, "rios"));
                add_io_entry(blkio, served, major, minor, "Write", field(line, len, "wios"));
        }
        return hr;
}

static const struct guest_stats_hugetlb hugetlb_files = {".current", ".max", NULL};

HRESULT guest_cgroup_stats_v2(const struct guest_cgroups *c, const char *path, struct hcs_json *metrics,
                              struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "", path);
        _cleanup_buf_ struct hcs_buf events = {0};
        HRESULT hr = guest_stats_hugetlb(folder, &hugetlb_files, metrics, err);

        if (SUCCEEDED(hr))
                hr = guest_stats_pids(folder, UINT64_MAX, metrics, err);
        if (SUCCEEDED(hr))
                hr = add_cpu(folder, metrics, err);
        if (SUCCEEDED(hr))
                hr = add_memory(folder, metrics, err);
        if (SUCCEEDED(hr))
                hr = add_io(folder, metrics, err);
        if (SUCCEEDED(hr))
                hcs_json_set_new_object(metrics, "rdma"); /* always there, as in the original */
        if (SUCCEEDED(hr))
                hr = guest_cgroup_read(folder, "memory.events", &events, err);
        if (hr == S_OK)
                guest_metric(hcs_json_set_new_object(metrics, "memory_oom_control"), "oom_kill",
                             guest_cgroup_value(hcs_buf_cstr(&events), "oom_kill"));
        return hr;
}
