/* SPDX-License-Identifier: MIT */

/* Groups: made, removed, filled and emptied. Stateless. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/cgroup/cgroup_private.h"
#include "platform/file.h"

#define MAX_FILE     (8u << 20)
#define ADD_TRIES    5 /* a process that is just being made is refused for a moment; as the original */
#define ADD_TICK_MS  30
#define KILL_TRIES   100
#define KILL_TICK_MS 10

const char *const guest_cgroup_controllers[] = {
        "systemd", "freezer", "pids",  "net_cls", "net_prio", "perf_event", "cpuset", "cpu",
        "cpuacct", "memory",  "blkio", "rdma",    "hugetlb",  "devices",    NULL,
};

char *guest_cgroup_folder(const struct guest_cgroups *c, const char *controller, const char *path) {
        _cleanup_free_ char *root = c->version == 1 ? hcs_asprintf("%s/%s", c->root, controller) : hcs_strdup(c->root);

        return guest_path_join(root, path);
}

bool guest_cgroup_has(const struct guest_cgroups *c, const char *controller) {
        _cleanup_free_ char *file = hcs_asprintf("%s/%s/cgroup.procs", c->root, controller);

        return hcs_file_exists(file);
}

HRESULT guest_cgroup_read(const char *folder, const char *file, struct hcs_buf *out, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, file);
        struct hcs_error *why = NULL;
        HRESULT hr = hcs_file_read(path, MAX_FILE, out, &why);

        if (hr == HCS_WIN32(2)) {
                hcs_error_free(why);
                return S_FALSE;
        }
        return FAILED(hr) ? hcs_error_move(err, &why) : S_OK;
}

HRESULT guest_cgroup_write(const char *folder, const char *file, const char *text, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, file);
        int fd = open(path, O_WRONLY | O_CLOEXEC), errnum = 0;

        if (fd < 0)
                return hcs_error_errno(err, errno, "open %s", path);
        if (write(fd, text, strlen(text)) < 0)
                errnum = errno;
        close(fd);
        return errnum ? hcs_error_errno(err, errnum, "write `%s' to %s", text, path) : S_OK;
}

HRESULT guest_cgroup_read_u64(const char *folder, const char *file, uint64_t max, uint64_t *ret,
                              struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = guest_cgroup_read(folder, file, &text, err);

        if (FAILED(hr))
                return hr;
        if (hr == S_FALSE) {
                *ret = 0;
                return S_OK;
        }
        text.data[strcspn(text.data, "\n")] = '\0';
        if (hcs_streq(text.data, "max"))
                *ret = max;
        else if (text.data[0] == '-')
                *ret = 0; /* counters that the kernel lets run below zero; as the original */
        else if (!hcs_str_to_u64(text.data, ret))
                return hcs_error_make(err, E_UNEXPECTED, "%s/%s: `%s' is no number", folder, file, text.data);
        return S_OK;
}

uint64_t guest_cgroup_value(const char *text, const char *key) {
        size_t n = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '='))
                        return strtoull(line + n + 1, NULL, 10);
        }
        return 0;
}

HRESULT guest_cgroups_init(struct guest_cgroups *c, const char *root, const char *proc, struct hcs_error **err) {
        _cleanup_free_ char *unified = hcs_asprintf("%s/cgroup.controllers", root);
        struct guest_cgroups found = {.root = root, .proc = proc};

        if (hcs_file_exists(unified))
                found.version = 2;
        for (size_t i = 0; !found.version && guest_cgroup_controllers[i]; i++)
                if (guest_cgroup_has(&found, guest_cgroup_controllers[i]))
                        found.version = 1;
        if (!found.version)
                return hcs_error_make(err, HCS_WIN32(1168), "no control groups are mounted at %s", root);
        *c = found;
        return S_OK;
}

HRESULT guest_cgroups_use_hierarchy(const struct guest_cgroups *c, struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "memory", "/");

        if (c->version != 1)
                return S_OK;
        if (!guest_cgroup_has(c, "memory"))
                return hcs_error_make(err, HCS_WIN32(50),
                                      "%s: the kernel has no memory controller of version 1 (CONFIG_MEMCG_V1)", folder);
        return guest_cgroup_write(folder, "memory.use_hierarchy", "1", err);
}

static HRESULT check_path(const char *path, struct hcs_error **err) {
        _cleanup_free_ char *clean = guest_path_join(path, "");

        /* The root belongs to the kernel; a way out of the hierarchy would be cut off silently. */
        return path[0] == '/' && !hcs_streq(clean, "/") && !strstr(path, "..")
                       ? S_OK
                       : hcs_error_make(err, E_INVALIDARG, "`%s' is no path of a control group", path);
}

/* A new cpuset has neither processors nor memory, and then takes no process. */
static HRESULT inherit_cpuset(const char *parent, const char *folder, struct hcs_error **err) {
        static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
        HRESULT hr = S_OK;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(files) && SUCCEEDED(hr); i++) {
                _cleanup_buf_ struct hcs_buf own = {0}, above = {0};

                hr = guest_cgroup_read(folder, files[i], &own, err);
                if (hr == S_OK && hcs_buf_cstr(&own)[strspn(hcs_buf_cstr(&own), "\n ")] == '\0') {
                        hr = guest_cgroup_read(parent, files[i], &above, err);
                        if (hr == S_OK)
                                hr = guest_cgroup_write(folder, files[i], hcs_buf_cstr(&above), err);
                }
        }
        return hr;
}

/* What the parent's controllers offer, one by one: that one cannot be had is no reason to lose the others. Which limit
 * lacks its controller shows when it is set. */
static void enable_controllers(const char *folder) {
        _cleanup_buf_ struct hcs_buf list = {0};
        char *rest, *word;

        if (guest_cgroup_read(folder, "cgroup.controllers", &list, NULL) != S_OK)
                return;
        rest = list.data;
        while ((word = strsep(&rest, " \n"))) {
                _cleanup_free_ char *text = hcs_asprintf("+%s", word);

                if (*word)
                        guest_cgroup_write(folder, "cgroup.subtree_control", text, NULL);
        }
}

static HRESULT make_in(const struct guest_cgroups *c, const char *controller, const char *path,
                       struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, controller, "/"), *clean = guest_path_join(path, "");
        char *rest = clean + 1, *part;
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && (part = strsep(&rest, "/"))) {
                char *below = guest_path_join(folder, part);

                if (c->version == 2)
                        enable_controllers(folder);
                if (mkdir(below, 0755) < 0 && errno != EEXIST)
                        hr = hcs_error_errno(err, errno, "create control group %s", below);
                else if (hcs_streq(controller, "cpuset"))
                        hr = inherit_cpuset(folder, below, err);
                free(folder);
                folder = below;
        }
        return hr;
}

HRESULT guest_cgroup_create(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            struct hcs_error **err) {
        HRESULT hr = check_path(path, err);

        if (SUCCEEDED(hr) && c->version == 2)
                hr = make_in(c, "", path, err);
        for (size_t i = 0; SUCCEEDED(hr) && c->version == 1 && guest_cgroup_controllers[i]; i++)
                if (guest_cgroup_has(c, guest_cgroup_controllers[i]))
                        hr = make_in(c, guest_cgroup_controllers[i], path, err);
        return FAILED(hr) ? hr : guest_cgroup_set_limits(c, path, resources, err);
}

HRESULT guest_cgroup_set_limits(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                struct hcs_error **err) {
        HRESULT hr;

        if (!resources || hcs_json_is(resources, HCS_JSON_NULL))
                return S_OK;
        if (!hcs_json_is(resources, HCS_JSON_OBJECT))
                return hcs_error_make(err, E_INVALIDARG, "resources: not an object");
        hr = c->version == 1 ? guest_cgroup_set_limits_v1(c, path, resources, err)
                             : guest_cgroup_set_limits_v2(c, path, resources, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "limits of control group %s", path);
        return hr;
}

HRESULT guest_cgroup_update(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            struct hcs_error **err) {
        HRESULT hr = check_path(path, err);

        return FAILED(hr) ? hr : guest_cgroup_set_limits(c, path, resources, err);
}

/* Calls fn for the group in every hierarchy it exists in, or until fn fails. *ret_found: it exists at all. */
static HRESULT for_each_folder(const struct guest_cgroups *c, const char *path,
                               HRESULT (*fn)(const char *folder, void *ctx, struct hcs_error **err), void *ctx,
                               bool *ret_found, struct hcs_error **err) {
        HRESULT hr = check_path(path, err);

        *ret_found = false;
        for (size_t i = 0; SUCCEEDED(hr) && (c->version == 1 ? guest_cgroup_controllers[i] != NULL : i == 0); i++) {
                _cleanup_free_ char *folder = NULL;

                if (c->version == 1 && !guest_cgroup_has(c, guest_cgroup_controllers[i]))
                        continue;
                folder = guest_cgroup_folder(c, c->version == 1 ? guest_cgroup_controllers[i] : "", path);
                if (!hcs_file_is_directory(folder))
                        continue;
                *ret_found = true;
                hr = fn(folder, ctx, err);
        }
        return hr;
}

/* The groups below first: a group's folder holds only files of the kernel besides. */
static HRESULT remove_tree(const char *folder, void *ctx, struct hcs_error **err) {
        DIR *d = opendir(folder);
        struct dirent *e;
        HRESULT hr = S_OK;

        if (!d)
                return errno == ENOENT ? S_OK : hcs_error_errno(err, errno, "read %s", folder);
        while (SUCCEEDED(hr) && (e = readdir(d)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.') {
                        _cleanup_free_ char *below = hcs_asprintf("%s/%s", folder, e->d_name);

                        hr = remove_tree(below, ctx, err);
                }
        closedir(d);
        if (SUCCEEDED(hr) && rmdir(folder) < 0 && errno != ENOENT)
                hr = hcs_error_errno(err, errno, "remove control group %s", folder);
        return hr;
}

HRESULT guest_cgroup_delete(const struct guest_cgroups *c, const char *path, struct hcs_error **err) {
        bool found;

        return for_each_folder(c, path, remove_tree, NULL, &found, err);
}

static HRESULT add_pid(const char *folder, void *ctx, struct hcs_error **err) {
        const char *pid = ctx;
        struct hcs_error *why = NULL;
        HRESULT hr = S_OK;

        for (int i = 0; i < ADD_TRIES; i++) {
                why = hcs_error_free(why);
                hr = guest_cgroup_write(folder, "cgroup.procs", pid, &why);
                if (hr != HCS_WIN32(87))
                        break;
                poll(NULL, 0, ADD_TICK_MS);
        }
        return FAILED(hr) ? hcs_error_move(err, &why) : S_OK;
}

HRESULT guest_cgroup_add(const struct guest_cgroups *c, const char *path, pid_t pid, struct hcs_error **err) {
        char text[16];
        bool found;
        HRESULT hr;

        if (pid <= 0)
                return hcs_error_make(err, E_INVALIDARG, "control group %s: %d is no process", path, (int)pid);
        snprintf(text, sizeof(text), "%d", (int)pid);
        hr = for_each_folder(c, path, add_pid, text, &found, err);
        if (SUCCEEDED(hr) && !found)
                hr = hcs_error_make(err, HCS_WIN32(1168), "there is no control group %s", path);
        return hr;
}

struct pids {
        pid_t *items;
        size_t n;
};

static HRESULT collect(const char *folder, void *ctx, struct hcs_error **err) {
        struct pids *p = ctx;
        _cleanup_buf_ struct hcs_buf text = {0};
        char *rest, *line;
        struct dirent *e;
        HRESULT hr = guest_cgroup_read(folder, "cgroup.procs", &text, err);
        DIR *d;

        if (FAILED(hr))
                return hr;
        rest = text.data;
        while ((line = strsep(&rest, "\n"))) {
                if (!*line)
                        continue;
                p->items = hcs_realloc(p->items, (p->n + 1) * sizeof(*p->items));
                p->items[p->n++] = (pid_t)strtol(line, NULL, 10);
        }
        d = opendir(folder);
        while (d && SUCCEEDED(hr) && (e = readdir(d)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.') {
                        _cleanup_free_ char *below = hcs_asprintf("%s/%s", folder, e->d_name);

                        hr = collect(below, ctx, err);
                }
        if (d)
                closedir(d);
        return hr;
}

HRESULT guest_cgroup_pids(const struct guest_cgroups *c, const char *path, pid_t **ret, size_t *ret_n,
                          struct hcs_error **err) {
        struct pids p = {0};
        HRESULT hr = check_path(path, err);

        /* One hierarchy tells: the first that has the group. */
        for (size_t i = 0; SUCCEEDED(hr) && (c->version == 1 ? guest_cgroup_controllers[i] != NULL : i == 0); i++) {
                _cleanup_free_ char *folder =
                        guest_cgroup_folder(c, c->version == 1 ? guest_cgroup_controllers[i] : "", path);

                if (!hcs_file_is_directory(folder))
                        continue;
                hr = collect(folder, &p, err);
                if (SUCCEEDED(hr)) {
                        *ret = p.items;
                        *ret_n = p.n;
                        return S_OK;
                }
        }
        free(p.items);
        return FAILED(hr) ? hr : hcs_error_make(err, HCS_WIN32(1168), "there is no control group %s", path);
}

HRESULT guest_cgroup_kill(const struct guest_cgroups *c, const char *path, struct hcs_error **err) {
        _cleanup_free_ char *folder = guest_cgroup_folder(c, "", path);
        HRESULT hr = check_path(path, err);

        if (FAILED(hr))
                return hr;
        if (c->version == 2 && SUCCEEDED(guest_cgroup_write(folder, "cgroup.kill", "1", NULL)))
                return S_OK;
        /* They may fork meanwhile: again, until none is left. */
        for (int i = 0; i < KILL_TRIES; i++) {
                _cleanup_free_ pid_t *pids = NULL;
                struct hcs_error *why = NULL;
                size_t n = 0;

                hr = guest_cgroup_pids(c, path, &pids, &n, &why);
                if (hr == HCS_WIN32(1168)) {
                        hcs_error_free(why);
                        return S_OK;
                }
                if (FAILED(hr))
                        return hcs_error_move(err, &why);
                if (n == 0)
                        return S_OK;
                for (size_t k = 0; k < n; k++)
                        kill(pids[k], SIGKILL);
                poll(NULL, 0, KILL_TICK_MS);
        }
        return hcs_error_make(err, HCS_WIN32(1460), "control group %s: its processes do not end", path);
}
