/* SPDX-License-Identifier: MIT */

/* Devices of a container: those it names, looked up in the VM's /dev, or all of them when it is privileged; and its
 * /dev/shm. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/container/spec.h"
#include "hcsshim/log.h"

static bool has_device(const struct hcs_json *devices, const char *path) {
        const struct hcs_json *d = hcs_json_first(devices);

        for (; d; d = hcs_json_next(d))
                if (hcs_streq(hcs_json_get_string(d, "path"), path))
                        return true;
        return false;
}

static void add_rule(struct hcs_json *spec, const char *type, const struct stat *st, const char *access) {
        struct hcs_json *resources = guest_spec_object(guest_spec_object(spec, "linux"), "resources");
        struct hcs_json *rule = hcs_json_append(guest_spec_array(resources, "devices"), hcs_json_new_object());

        hcs_json_set_bool(rule, "allow", true);
        hcs_json_set_string(rule, "type", type);
        hcs_json_set_u64(rule, "major", major(st->st_rdev));
        hcs_json_set_u64(rule, "minor", minor(st->st_rdev));
        hcs_json_set_string(rule, "access", access);
}

static void add_node(struct hcs_json *spec, const char *path, const struct stat *st, const char *access,
                     bool with_cgroup) {
        struct hcs_json *devices = guest_spec_array(guest_spec_object(spec, "linux"), "devices"), *d;
        const char *type = S_ISBLK(st->st_mode) ? "b" : S_ISCHR(st->st_mode) ? "c" : "p";

        if (major(st->st_rdev) == 0 && minor(st->st_rdev) == 0)
                return;
        if (has_device(devices, path))
                return;
        d = hcs_json_append(devices, hcs_json_new_object());
        hcs_json_set_string(d, "path", path);
        hcs_json_set_string(d, "type", type);
        hcs_json_set_u64(d, "major", major(st->st_rdev));
        hcs_json_set_u64(d, "minor", minor(st->st_rdev));
        hcs_json_set_u64(d, "uid", st->st_uid);
        hcs_json_set_u64(d, "gid", st->st_gid);
        if (with_cgroup)
                add_rule(spec, type, st, access);
}

HRESULT guest_spec_add_device(struct hcs_json *spec, const char *path, const char *access, bool with_cgroup,
                              struct hcs_error **err) {
        struct stat st;

        if (lstat(path, &st) < 0)
                return hcs_error_errno(err, errno, "lstat %s", path);
        if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
                return hcs_error_make(err, E_FAIL, "%s: not a device node", path);
        add_node(spec, path, &st, access, with_cgroup);
        return S_OK;
}

/* What the runtime makes for every container itself, or what is not a device of the machine. */
static bool is_skipped(const char *name) {
        static const char *const names[] = {".",      "..",   "pts",         "shm",   "fd",
                                            "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (hcs_streq(name, names[i]))
                        return true;
        return false;
}

static void add_all(struct hcs_json *spec, const char *dir, unsigned depth) {
        DIR *d = opendir(dir);
        struct dirent *e;
        struct stat st;

        while (d && (e = readdir(d))) {
                _cleanup_free_ char *path = NULL;

                if (is_skipped(e->d_name))
                        continue;
                path = guest_path_join(dir, e->d_name);
                if (lstat(path, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode) && depth < 8)
                        add_all(spec, path, depth + 1);
                else if (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode))
                        add_node(spec, path, &st, "rwm", false);
        }
        if (d)
                closedir(d);
}

static HRESULT set_shm(struct hcs_json *spec, const char *size_kb, struct hcs_error **err) {
        static const char *const options[] = {"nosuid", "noexec", "nodev", "mode=1777"};
        struct hcs_json *m, *list;
        char size[64];
        uint64_t kb;

        if (!isdigit((unsigned char)*size_kb) || !hcs_str_to_u64(size_kb, &kb))
                return hcs_error_make(err, E_FAIL, "/dev/shm size must be a valid integer: \"%s\"", size_kb);
        if (kb == 0)
                return hcs_error_make(err, E_FAIL, "/dev/shm size must be non-zero");
        guest_spec_remove_mounts(spec, "/dev/shm");
        m = hcs_json_append(guest_spec_array(spec, "mounts"), hcs_json_new_object());
        hcs_json_set_string(m, "destination", "/dev/shm");
        hcs_json_set_string(m, "type", "tmpfs");
        hcs_json_set_string(m, "source", "shm");
        list = hcs_json_set_new_array(m, "options");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(options); i++)
                hcs_json_append(list, hcs_json_new_string(options[i]));
        snprintf(size, sizeof(size), "size=%lluk", (unsigned long long)kb);
        hcs_json_append(list, hcs_json_new_string(size));
        return S_OK;
}

HRESULT guest_spec_apply_annotations(struct hcs_json *spec, struct hcs_error **err) {
        const char *shm = guest_spec_annotation(spec, GUEST_ANNOTATION_SHM_SIZE_KB);
        struct hcs_json *lin = guest_spec_object(spec, "linux");
        _cleanup_json_ struct hcs_json *named = NULL;

        if (shm && FAILED(set_shm(spec, shm, err)))
                return E_FAIL;
        if (guest_spec_annotation_bool(spec, GUEST_ANNOTATION_PRIVILEGED, false)) {
                struct hcs_json *rules, *rule;

                add_all(spec, "/dev", 0);
                rules = hcs_json_set_new_array(guest_spec_object(lin, "resources"), "devices");
                rule = hcs_json_append(rules, hcs_json_new_object());
                hcs_json_set_bool(rule, "allow", true);
                hcs_json_set_string(rule, "access", "rwm");
                return S_OK;
        }
        if (hcs_json_get(lin, "devices"))
                named = hcs_json_detach(lin, hcs_json_get(lin, "devices"));
        for (const struct hcs_json *d = hcs_json_first(named); d; d = hcs_json_next(d)) {
                const char *path = hcs_json_get_string(d, "path");
                HRESULT hr = guest_spec_add_device(spec, path ? path : "", "rwm", true, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}
