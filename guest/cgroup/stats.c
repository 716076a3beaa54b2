/* SPDX-License-Identifier: MIT */

/* Statistics of a group, whatever the version, and what both versions tell in the same way. Stateless. */

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "guest/cgroup/cgroup_private.h"
#include "platform/file.h"

void guest_metric(struct hcs_json *object, const char *name, uint64_t value) {
        if (value)
                hcs_json_set_u64(object, name, value);
}

void guest_stats_keys(struct hcs_json *object, const char *text, const struct guest_stats_key *keys, size_t n) {
        for (size_t i = 0; i < n; i++)
                guest_metric(object, keys[i].member, guest_cgroup_value(text, keys[i].key));
}

HRESULT guest_stats_read(const char *folder, const char *file, uint64_t *ret, HRESULT so_far, struct hcs_error **err) {
        *ret = 0;
        return FAILED(so_far) ? so_far : guest_cgroup_read_u64(folder, file, UINT64_MAX, ret, err);
}

/* The pages of one size. */
static HRESULT add_pages(const char *folder, const char *size, const struct guest_stats_hugetlb *files,
                         struct hcs_json *entry, struct hcs_error **err) {
        const struct {
                const char *member, *suffix;
        } values[] = {{"usage", files->usage}, {"max", files->max}, {"failcnt", files->failures}};
        HRESULT hr = S_OK;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(values) && values[i].suffix; i++) {
                _cleanup_free_ char *file = hcs_asprintf("hugetlb.%s%s", size, values[i].suffix);
                uint64_t value;

                hr = guest_stats_read(folder, file, &value, hr, err);
                guest_metric(entry, values[i].member, value);
        }
        if (files->failures)
                hcs_json_set_string(entry, "pagesize", size);
        return hr;
}

HRESULT guest_stats_hugetlb(const char *folder, const struct guest_stats_hugetlb *files, struct hcs_json *metrics,
                            struct hcs_error **err) {
        static const char prefix[] = "hugetlb.";
        DIR *d = opendir(folder);
        struct dirent *e;
        HRESULT hr = S_OK;

        while (d && SUCCEEDED(hr) && (e = readdir(d))) {
                struct hcs_json *list = hcs_json_get(metrics, "hugetlb");
                _cleanup_free_ char *size = NULL;

                if (!hcs_str_starts(e->d_name, prefix) || !hcs_str_ends(e->d_name, files->usage) ||
                    strstr(e->d_name, ".rsvd."))
                        continue;
                size = hcs_strndup(e->d_name + strlen(prefix),
                                   strlen(e->d_name) - strlen(prefix) - strlen(files->usage));
                if (!list)
                        list = hcs_json_set_new_array(metrics, "hugetlb");
                hr = add_pages(folder, size, files, hcs_json_append(list, hcs_json_new_object()), err);
        }
        if (d)
                closedir(d);
        return hr;
}

HRESULT guest_stats_pids(const char *folder, uint64_t no_limit, struct hcs_json *metrics, struct hcs_error **err) {
        struct hcs_json *pids = hcs_json_set_new_object(metrics, "pids");
        uint64_t current, limit = 0;
        HRESULT hr = guest_stats_read(folder, "pids.current", &current, S_OK, err);

        if (SUCCEEDED(hr))
                hr = guest_cgroup_read_u64(folder, "pids.max", no_limit, &limit, err);
        guest_metric(pids, "current", current);
        guest_metric(pids, "limit", limit);
        return hr;
}

bool guest_cgroup_device(const char **text, uint64_t *ret_major, uint64_t *ret_minor) {
        const char *at = *text;
        char *end;

        if (!isdigit((unsigned char)*at))
                return false;
        *ret_major = strtoull(at, &end, 10);
        if (*end != ':' || !isdigit((unsigned char)end[1]))
                return false;
        *ret_minor = strtoull(end + 1, &end, 10);
        *text = end;
        return true;
}

/* Is the group in any hierarchy? */
static bool exists(const struct guest_cgroups *c, const char *path) {
        for (size_t i = 0; c->version == 1 ? guest_cgroup_controllers[i] != NULL : i == 0; i++) {
                _cleanup_free_ char *folder =
                        guest_cgroup_folder(c, c->version == 1 ? guest_cgroup_controllers[i] : "", path);

                if (hcs_file_is_directory(folder))
                        return true;
        }
        return false;
}

HRESULT guest_cgroup_stats(const struct guest_cgroups *c, const char *path, struct hcs_json **ret,
                           struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *metrics = hcs_json_new_object();
        HRESULT hr;

        if (!exists(c, path))
                return hcs_error_make(err, HCS_WIN32(1168), "there is no control group %s", path);
        hr = c->version == 1 ? guest_cgroup_stats_v1(c, path, metrics, err)
                             : guest_cgroup_stats_v2(c, path, metrics, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&metrics);
        return hr;
}
