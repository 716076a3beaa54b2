/* SPDX-License-Identifier: MIT */

/* linux.resources of an OCI spec as files of a group. Stateless. Source: containerd/cgroups for version 1, hcsshim
 * internal/guest/cgroup/convert.go for version 2. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "guest/cgroup/cgroup_private.h"

HRESULT guest_cgroup_integer(const struct hcs_json *resources, const char *path, int64_t *ret, struct hcs_error **err) {
        const struct hcs_json *j = hcs_json_lookup(resources, path);
        uint64_t big;

        if (!j || hcs_json_is(j, HCS_JSON_NULL))
                return S_FALSE;
        if (hcs_json_i64(j, ret))
                return S_OK;
        if (hcs_json_u64(j, &big)) {
                *ret = INT64_MAX; /* beyond what the kernel counts: no limit */
                return S_OK;
        }
        return hcs_error_make(err, E_INVALIDARG, "%s: not an integer", path);
}

/* One number of the spec and the file it goes to. */
struct number {
        const char *member, *controller, *file;
};

static HRESULT write_number(const struct guest_cgroups *c, const char *path, const struct number *n, int64_t value,
                            struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, n->controller, path);
        char text[24];
        HRESULT hr;

        if (c->version == 1 && !guest_cgroup_has(c, n->controller))
                return S_OK; /* as the original: what is not mounted does not limit */
        snprintf(text, sizeof(text), "%" PRId64, value);
        hr = guest_cgroup_write(folder, n->file, text, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", n->member);
        return hr;
}

static HRESULT set_numbers(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                           const struct number *numbers, size_t n, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < n && SUCCEEDED(hr); i++) {
                int64_t value;

                hr = guest_cgroup_integer(resources, numbers[i].member, &value, err);
                if (hr == S_OK)
                        hr = write_number(c, path, &numbers[i], value, err);
        }
        return hr;
}

static HRESULT set_string(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                          const char *member, const char *controller, const char *file, struct hcs_error **err) {
        const char *text = hcs_json_string(hcs_json_lookup(resources, member));
        _cleanup_free_ char *folder = guest_cgroup_folder(c, controller, path);
        HRESULT hr;

        if (!text || !*text || (c->version == 1 && !guest_cgroup_has(c, controller)))
                return S_OK;
        hr = guest_cgroup_write(folder, file, text, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", member);
        return hr;
}

static HRESULT set_memory_v1(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                             struct hcs_error **err) {
        struct number numbers[] = {
                {"memory.limit", "memory", "memory.limit_in_bytes"},
                {"memory.swap", "memory", "memory.memsw.limit_in_bytes"},
                {"memory.reservation", "memory", "memory.soft_limit_in_bytes"},
                {"memory.kernel", "memory", "memory.kmem.limit_in_bytes"},
                {"memory.kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes"},
                {"memory.swappiness", "memory", "memory.swappiness"},
        };
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "memory", path);
        int64_t limit = 0, swap = 0;
        uint64_t now = 0;
        HRESULT hr = guest_cgroup_integer(resources, "memory.limit", &limit, err);

        if (SUCCEEDED(hr))
                hr = guest_cgroup_integer(resources, "memory.swap", &swap, err);
        if (SUCCEEDED(hr) && limit > 0 && swap > 0)
                hr = guest_cgroup_read_u64(folder, "memory.limit_in_bytes", UINT64_MAX, &now, err);
        if (FAILED(hr))
                return hr;
        /* The sum with swap is never below memory alone: growing, it goes first. */
        if (limit > 0 && swap > 0 && now < (uint64_t)swap) {
                struct number first = numbers[0];

                numbers[0] = numbers[1];
                numbers[1] = first;
        }
        hr = set_numbers(c, path, resources, numbers, HCS_ARRAY_SIZE(numbers), err);
        if (SUCCEEDED(hr) && hcs_json_bool(hcs_json_lookup(resources, "memory.disableOOMKiller")))
                hr = guest_cgroup_write(folder, "memory.oom_control", "1", err);
        return hr;
}

/* "MAJOR:MINOR VALUE" for each element of a list. */
static HRESULT set_device_list(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                               const char *member, const char *value_member, const char *file, struct hcs_error **err) {
        const struct hcs_json *list = hcs_json_lookup(resources, member);
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "blkio", path);
        HRESULT hr = S_OK;

        for (const struct hcs_json *d = hcs_json_first(list); d && SUCCEEDED(hr); d = hcs_json_next(d)) {
                uint64_t major, minor, value;
                char text[80];

                if (!hcs_json_get(d, value_member))
                        continue;
                if (!hcs_json_u64(hcs_json_get(d, "major"), &major) ||
                    !hcs_json_u64(hcs_json_get(d, "minor"), &minor) ||
                    !hcs_json_u64(hcs_json_get(d, value_member), &value))
                        return hcs_error_make(err, E_INVALIDARG, "%s: major, minor and %s must be numbers", member,
                                              value_member);
                snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64 " %" PRIu64, major, minor, value);
                hr = guest_cgroup_write(folder, file, text, err);
        }
        return hr;
}

static HRESULT set_blkio_v1(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            struct hcs_error **err) {
        static const struct number numbers[] = {
                {"blockIO.weight", "blkio", "blkio.weight"},
                {"blockIO.leafWeight", "blkio", "blkio.leaf_weight"},
        };
        static const struct {
                const char *member, *value, *file;
        } lists[] = {
                {"blockIO.weightDevice", "weight", "blkio.weight_device"},
                {"blockIO.weightDevice", "leafWeight", "blkio.leaf_weight_device"},
                {"blockIO.throttleReadBpsDevice", "rate", "blkio.throttle.read_bps_device"},
                {"blockIO.throttleReadIOPSDevice", "rate", "blkio.throttle.read_iops_device"},
                {"blockIO.throttleWriteBpsDevice", "rate", "blkio.throttle.write_bps_device"},
                {"blockIO.throttleWriteIOPSDevice", "rate", "blkio.throttle.write_iops_device"},
        };
        HRESULT hr = set_numbers(c, path, resources, numbers, HCS_ARRAY_SIZE(numbers), err);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(lists) && SUCCEEDED(hr) && guest_cgroup_has(c, "blkio"); i++)
                hr = set_device_list(c, path, resources, lists[i].member, lists[i].value, lists[i].file, err);
        return hr;
}

/* "TYPE MAJOR:MINOR ACCESS" to devices.allow or devices.deny. */
static HRESULT set_devices_v1(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                              struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "devices", path);
        HRESULT hr = S_OK;

        if (!guest_cgroup_has(c, "devices"))
                return S_OK;
        for (const struct hcs_json *d = hcs_json_first(hcs_json_get(resources, "devices")); d && SUCCEEDED(hr);
             d = hcs_json_next(d)) {
                const char *type = hcs_json_get_string(d, "type"), *access = hcs_json_get_string(d, "access");
                char major[24] = "*", minor[24] = "*", text[96];
                int64_t n;

                if (hcs_json_i64(hcs_json_get(d, "major"), &n) && n >= 0)
                        snprintf(major, sizeof(major), "%" PRId64, n);
                if (hcs_json_i64(hcs_json_get(d, "minor"), &n) && n >= 0)
                        snprintf(minor, sizeof(minor), "%" PRId64, n);
                if ((type && strlen(type) > 1) || (access && strlen(access) > 3))
                        return hcs_error_make(err, E_INVALIDARG, "devices: type `%s' access `%s'", type ? type : "",
                                              access ? access : "");
                snprintf(text, sizeof(text), "%s %s:%s %s", type && *type ? type : "a", major, minor,
                         access && *access ? access : "rwm");
                hr = guest_cgroup_write(
                        folder, hcs_json_bool(hcs_json_get(d, "allow")) ? "devices.allow" : "devices.deny", text, err);
        }
        return hr;
}

static HRESULT set_hugepages(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                             struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "hugetlb", path);
        HRESULT hr = S_OK;

        if (c->version == 1 && !guest_cgroup_has(c, "hugetlb"))
                return S_OK;
        for (const struct hcs_json *h = hcs_json_first(hcs_json_get(resources, "hugepageLimits")); h && SUCCEEDED(hr);
             h = hcs_json_next(h)) {
                const char *size = hcs_json_get_string(h, "pageSize");
                _cleanup_free_ char *file = NULL;
                uint64_t limit;
                char text[24];

                if (!size || strchr(size, '/') || !hcs_json_u64(hcs_json_get(h, "limit"), &limit))
                        return hcs_error_make(err, E_INVALIDARG, "hugepageLimits: pageSize `%s'", size ? size : "");
                file = hcs_asprintf("hugetlb.%s.%s", size, c->version == 1 ? "limit_in_bytes" : "max");
                snprintf(text, sizeof(text), "%" PRIu64, limit);
                hr = guest_cgroup_write(folder, file, text, err);
        }
        return hr;
}

static HRESULT set_pids(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                        struct hcs_error **err) {
        static const struct number number = {"pids.limit", "pids", "pids.max"};
        int64_t limit;
        HRESULT hr = guest_cgroup_integer(resources, number.member, &limit, err);

        return hr == S_OK && limit > 0 ? write_number(c, path, &number, limit, err) : hr;
}

HRESULT guest_cgroup_set_limits_v1(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                   struct hcs_error **err) {
        static const struct number numbers[] = {
                {"cpu.realtimePeriod", "cpu", "cpu.rt_period_us"},
                {"cpu.realtimeRuntime", "cpu", "cpu.rt_runtime_us"},
                {"cpu.shares", "cpu", "cpu.shares"},
                {"cpu.period", "cpu", "cpu.cfs_period_us"},
                {"cpu.quota", "cpu", "cpu.cfs_quota_us"},
                {"network.classID", "net_cls", "net_cls.classid"},
        };
        HRESULT hr = set_devices_v1(c, path, resources, err);

        if (SUCCEEDED(hr) && guest_cgroup_has(c, "memory"))
                hr = set_memory_v1(c, path, resources, err);
        if (SUCCEEDED(hr))
                hr = set_numbers(c, path, resources, numbers, HCS_ARRAY_SIZE(numbers), err);
        if (SUCCEEDED(hr))
                hr = set_string(c, path, resources, "cpu.cpus", "cpuset", "cpuset.cpus", err);
        if (SUCCEEDED(hr))
                hr = set_string(c, path, resources, "cpu.mems", "cpuset", "cpuset.mems", err);
        if (SUCCEEDED(hr))
                hr = set_pids(c, path, resources, err);
        if (SUCCEEDED(hr))
                hr = set_blkio_v1(c, path, resources, err);
        return FAILED(hr) ? hr : set_hugepages(c, path, resources, err);
}

/* A limit of bytes; what is below zero is none. */
static HRESULT set_bytes_v2(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            const char *member, const char *file, struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "", path);
        char text[24] = "max";
        int64_t value;
        HRESULT hr = guest_cgroup_integer(resources, member, &value, err);

        if (hr != S_OK)
                return hr;
        if (value >= 0 && value != INT64_MAX)
                snprintf(text, sizeof(text), "%" PRId64, value);
        hr = guest_cgroup_write(folder, file, text, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", member);
        return hr;
}

static HRESULT set_cpu_v2(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                          struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "", path);
        int64_t shares = 0, quota = 0, period = 0;
        HRESULT hr = guest_cgroup_integer(resources, "cpu.shares", &shares, err), has_quota, has_period;
        char text[48];

        if (hr == S_OK && shares > 0) {
                /* 2..262144 to 1..10000, as runtimes do. */
                if (shares < 2)
                        shares = 2;
                if (shares > 262144)
                        shares = 262144;
                snprintf(text, sizeof(text), "%" PRId64, 1 + (shares - 2) * 9999 / 262142);
                hr = guest_cgroup_write(folder, "cpu.weight", text, err);
        }
        if (FAILED(hr))
                return hr;
        has_quota = guest_cgroup_integer(resources, "cpu.quota", &quota, err);
        if (FAILED(has_quota))
                return has_quota;
        has_period = guest_cgroup_integer(resources, "cpu.period", &period, err);
        if (has_quota != S_OK || has_period != S_OK)
                return FAILED(has_period) ? has_period : S_OK;
        if (quota > 0)
                snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, quota, period);
        else
                snprintf(text, sizeof(text), "max %" PRId64, period);
        return guest_cgroup_write(folder, "cpu.max", text, err);
}

HRESULT guest_cgroup_set_limits_v2(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                   struct hcs_error **err) {
        static const struct number weight = {"blockIO.weight", "", "io.bfq.weight"};
        HRESULT hr = set_bytes_v2(c, path, resources, "memory.limit", "memory.max", err);

        if (SUCCEEDED(hr))
                hr = set_bytes_v2(c, path, resources, "memory.reservation", "memory.low", err);
        if (SUCCEEDED(hr))
                hr = set_bytes_v2(c, path, resources, "memory.swap", "memory.swap.max", err);
        if (SUCCEEDED(hr))
                hr = set_cpu_v2(c, path, resources, err);
        if (SUCCEEDED(hr))
                hr = set_string(c, path, resources, "cpu.cpus", "", "cpuset.cpus", err);
        if (SUCCEEDED(hr))
                hr = set_string(c, path, resources, "cpu.mems", "", "cpuset.mems", err);
        if (SUCCEEDED(hr))
                hr = set_pids(c, path, resources, err);
        if (SUCCEEDED(hr))
                hr = set_numbers(c, path, resources, &weight, 1, err);
        return FAILED(hr) ? hr : set_hugepages(c, path, resources, err);
}
