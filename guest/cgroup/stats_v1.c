/* SPDX-License-Identifier: MIT */

/* Statistics of version 1. Stateless. Source of names: containerd/cgroups, cgroup1/stats. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/cgroup/cgroup_private.h"
#include "platform/file.h"

#define NS_PER_S 1000000000u

static HRESULT add_usage(const char *folder, struct hcs_json *usage, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf stat = {0}, each = {0};
        uint64_t total = 0, ticks = (uint64_t)sysconf(_SC_CLK_TCK);
        HRESULT hr = guest_cgroup_read_u64(folder, "cpuacct.usage", UINT64_MAX, &total, err);
        char *rest, *word;

        if (SUCCEEDED(hr))
                hr = guest_cgroup_read(folder, "cpuacct.stat", &stat, err);
        if (SUCCEEDED(hr))
                hr = guest_cgroup_read(folder, "cpuacct.usage_percpu", &each, err);
        if (FAILED(hr))
                return hr;
        guest_metric(usage, "total", total);
        guest_metric(usage, "kernel", guest_cgroup_value(hcs_buf_cstr(&stat), "system") * NS_PER_S / ticks);
        guest_metric(usage, "user", guest_cgroup_value(hcs_buf_cstr(&stat), "user") * NS_PER_S / ticks);
        rest = each.data;
        while ((word = strsep(&rest, " \n"))) {
                uint64_t n;

                if (hcs_str_to_u64(word, &n))
                        hcs_json_append(hcs_json_get(usage, "per_cpu") ? hcs_json_get(usage, "per_cpu")
                                                                       : hcs_json_set_new_array(usage, "per_cpu"),
                                        hcs_json_new_u64(n));
        }
        return hr;
}

static HRESULT add_cpu(const struct guest_cgroups *c, const char *path, struct hcs_json *metrics,
                       struct hcs_error **err) {
        struct hcs_json *cpu = hcs_json_set_new_object(metrics, "cpu");
        struct hcs_json *usage = hcs_json_set_new_object(cpu, "usage");
        struct hcs_json *throttling = hcs_json_set_new_object(cpu, "throttling");
        _cleanup_free_ char *acct = guest_cgroup_folder(c, "cpuacct", path);
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "cpu", path);
        _cleanup_buf_ struct hcs_buf stat = {0};
        HRESULT hr = hcs_file_is_directory(acct) ? add_usage(acct, usage, err) : S_OK;

        if (SUCCEEDED(hr))
                hr = guest_cgroup_read(folder, "cpu.stat", &stat, err);
        guest_metric(throttling, "periods", guest_cgroup_value(hcs_buf_cstr(&stat), "nr_periods"));
        guest_metric(throttling, "throttled_periods", guest_cgroup_value(hcs_buf_cstr(&stat), "nr_throttled"));
        guest_metric(throttling, "throttled_time", guest_cgroup_value(hcs_buf_cstr(&stat), "throttled_time"));
        return hr;
}

static HRESULT add_memory_entry(const char *folder, const char *module, struct hcs_json *memory, const char *name,
                                struct hcs_error **err) {
        static const struct {
                const char *member, *file;
        } values[] = {
                {"limit", "limit_in_bytes"},
                {"usage", "usage_in_bytes"},
                {"max", "max_usage_in_bytes"},
                {"failcnt", "failcnt"},
        };
        struct hcs_json *entry = hcs_json_set_new_object(memory, name);
        HRESULT hr = S_OK;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(values) && SUCCEEDED(hr); i++) {
                _cleanup_free_ char *file = hcs_asprintf("memory.%s%s", module, values[i].file);
                uint64_t value = 0;

                hr = guest_cgroup_read_u64(folder, file, UINT64_MAX, &value, err);
                guest_metric(entry, values[i].member, value);
        }
        return hr;
}

static HRESULT add_memory(const char *folder, struct hcs_json *metrics, struct hcs_error **err) {
        /* In the order of the message; the kernel's name where it is another. */
        static const struct guest_stats_key values[] = {
                {"cache", "cache"},
                {"rss", "rss"},
                {"rss_huge", "rss_huge"},
                {"mapped_file", "mapped_file"},
                {"dirty", "dirty"},
                {"writeback", "writeback"},
                {"pg_pg_in", "pgpgin"},
                {"pg_pg_out", "pgpgout"},
                {"pg_fault", "pgfault"},
                {"pg_maj_fault", "pgmajfault"},
                {"inactive_anon", "inactive_anon"},
                {"active_anon", "active_anon"},
                {"inactive_file", "inactive_file"},
                {"active_file", "active_file"},
                {"unevictable", "unevictable"},
                {"hierarchical_memory_limit", "hierarchical_memory_limit"},
                {"hierarchical_swap_limit", "hierarchical_memsw_limit"},
                {"total_cache", "total_cache"},
                {"total_rss", "total_rss"},
                {"total_rss_huge", "total_rss_huge"},
                {"total_mapped_file", "total_mapped_file"},
                {"total_dirty", "total_dirty"},
                {"total_writeback", "total_writeback"},
                {"total_pg_pg_in", "total_pgpgin"},
                {"total_pg_pg_out", "total_pgpgout"},
                {"total_pg_fault", "total_pgfault"},
                {"total_pg_maj_fault", "total_pgmajfault"},
                {"total_inactive_anon", "total_inactive_anon"},
                {"total_active_anon", "total_active_anon"},
                {"total_inactive_file", "total_inactive_file"},
                {"total_active_file", "total_active_file"},
                {"total_unevictable", "total_unevictable"},
        };
        struct hcs_json *memory = hcs_json_set_new_object(metrics, "memory");
        _cleanup_buf_ struct hcs_buf stat = {0};
        HRESULT hr = guest_cgroup_read(folder, "memory.stat", &stat, err);

        guest_stats_keys(memory, hcs_buf_cstr(&stat), values, HCS_ARRAY_SIZE(values));
        if (SUCCEEDED(hr))
                hr = add_memory_entry(folder, "", memory, "usage", err);
        if (SUCCEEDED(hr))
                hr = add_memory_entry(folder, "memsw.", memory, "swap", err);
        if (SUCCEEDED(hr))
                hr = add_memory_entry(folder, "kmem.", memory, "kernel", err);
        if (SUCCEEDED(hr))
                hr = add_memory_entry(folder, "kmem.tcp.", memory, "kernel_tcp", err);
        return hr;
}

static HRESULT add_oom(const char *folder, struct hcs_json *metrics, struct hcs_error **err) {
        static const char *const keys[] = {"oom_kill_disable", "under_oom", "oom_kill"};
        struct hcs_json *oom = hcs_json_set_new_object(metrics, "memory_oom_control");
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = guest_cgroup_read(folder, "memory.oom_control", &text, err);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(keys); i++)
                guest_metric(oom, keys[i], guest_cgroup_value(hcs_buf_cstr(&text), keys[i]));
        return hr;
}

/* "/dev/NAME" of a number in /proc/partitions, "" when it is not there. */
static void device_name(const char *partitions, uint64_t major, uint64_t minor, char ret[static 64]) {
        ret[0] = '\0';
        for (const char *line = partitions; line; line = strchr(line, '\n')) {
                /* MAJOR MINOR BLOCKS NAME */
                const char *at = line += *line == '\n';
                uint64_t numbers[3];

                for (int i = 0; i < 3; i++) {
                        char *end;

                        numbers[i] = strtoull(at, &end, 10);
                        at = end;
                }
                at += strspn(at, " ");
                if (numbers[0] == major && numbers[1] == minor && *at && *at != '\n' && !isdigit((unsigned char)*at)) {
                        snprintf(ret, 64, "/dev/%.*s", (int)strcspn(at, "\n"), at);
                        return;
                }
        }
}

/* Lines "MAJOR:MINOR [OP] VALUE"; those of totals have no device. Returns how many there were. */
static size_t add_blkio_list(const char *text, const char *partitions, struct hcs_json *blkio, const char *member) {
        size_t n = 0;

        for (const char *line = text; line && *line; line = strchr(line, '\n')) {
                const char *at = line + (*line == '\n'), *op;
                uint64_t major, minor;
                struct hcs_json *list = hcs_json_get(blkio, member), *entry;
                char device[64];
                size_t len;

                line = at;
                if (!guest_cgroup_device(&at, &major, &minor))
                        continue;
                op = at + strspn(at, " ");
                len = isdigit((unsigned char)*op) ? 0 : strcspn(op, " \n");
                if (!list)
                        list = hcs_json_set_new_array(blkio, member);
                entry = hcs_json_append(list, hcs_json_new_object());
                device_name(partitions, major, minor, device);
                if (len)
                        hcs_json_set(entry, "op", hcs_json_new_string_n(op, len));
                if (*device)
                        hcs_json_set_string(entry, "device", device);
                guest_metric(entry, "major", major);
                guest_metric(entry, "minor", minor);
                guest_metric(entry, "value", strtoull(op + len, NULL, 10));
                n++;
        }
        return n;
}

struct blkio_file {
        const char *member, *file;
};

/* *n grows by the entries that were found. */
static HRESULT add_blkio_files(const char *folder, const char *partitions, struct hcs_json *blkio,
                               const struct blkio_file *files, size_t n_files, size_t *n, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < n_files && SUCCEEDED(hr); i++) {
                _cleanup_buf_ struct hcs_buf text = {0};

                hr = guest_cgroup_read(folder, files[i].file, &text, err);
                *n += add_blkio_list(hcs_buf_cstr(&text), partitions, blkio, files[i].member);
        }
        return hr;
}

static HRESULT add_blkio(const struct guest_cgroups *c, const char *folder, struct hcs_json *metrics,
                         struct hcs_error **err) {
        static const struct blkio_file scheduled[] = {
                {"io_service_bytes_recursive", "blkio.io_service_bytes_recursive"},
                {"io_serviced_recursive", "blkio.io_serviced_recursive"},
                {"io_queued_recursive", "blkio.io_queued_recursive"},
                {"io_service_time_recursive", "blkio.io_service_time_recursive"},
                {"io_wait_time_recursive", "blkio.io_wait_time_recursive"},
                {"io_merged_recursive", "blkio.io_merged_recursive"},
                {"io_time_recursive", "blkio.time_recursive"},
                {"sectors_recursive", "blkio.sectors_recursive"},
        };
        /* Where the scheduler counts nothing. */
        static const struct blkio_file throttled[] = {
                {"io_service_bytes_recursive", "blkio.throttle.io_service_bytes"},
                {"io_serviced_recursive", "blkio.throttle.io_serviced"},
        };
        struct hcs_json *blkio = hcs_json_set_new_object(metrics, "blkio");
        _cleanup_buf_ struct hcs_buf partitions = {0};
        HRESULT hr = guest_cgroup_read(c->proc, "partitions", &partitions, err);
        size_t n = 0;

        if (SUCCEEDED(hr))
                hr = add_blkio_files(folder, hcs_buf_cstr(&partitions), blkio, scheduled, HCS_ARRAY_SIZE(scheduled), &n,
                                     err);
        if (SUCCEEDED(hr) && n == 0)
                hr = add_blkio_files(folder, hcs_buf_cstr(&partitions), blkio, throttled, HCS_ARRAY_SIZE(throttled), &n,
                                     err);
        return hr;
}

static const struct guest_stats_hugetlb hugetlb_files = {".usage_in_bytes", ".max_usage_in_bytes", ".failcnt"};

HRESULT guest_cgroup_stats_v1(const struct guest_cgroups *c, const char *path, struct hcs_json *metrics,
                              struct hcs_error **err) {
        _cleanup_free_ char *hugetlb = guest_cgroup_folder(c, "hugetlb", path);
        _cleanup_free_ char *pids = guest_cgroup_folder(c, "pids", path);
        _cleanup_free_ char *memory = guest_cgroup_folder(c, "memory", path);
        _cleanup_free_ char *blkio = guest_cgroup_folder(c, "blkio", path);
        HRESULT hr = guest_stats_hugetlb(hugetlb, &hugetlb_files, metrics, err);

        if (SUCCEEDED(hr) && hcs_file_is_directory(pids))
                hr = guest_stats_pids(pids, 0, metrics, err);
        if (SUCCEEDED(hr))
                hr = add_cpu(c, path, metrics, err);
        if (SUCCEEDED(hr) && hcs_file_is_directory(memory))
                hr = add_memory(memory, metrics, err);
        if (SUCCEEDED(hr) && hcs_file_is_directory(blkio))
                hr = add_blkio(c, blkio, metrics, err);
        if (SUCCEEDED(hr) && hcs_file_is_directory(memory))
                hr = add_oom(memory, metrics, err);
        return hr;
}
