/* SPDX-License-Identifier: MIT */

/* Users by name or number, looked up in a container's own files. The files are opened as the container would see them:
 * links in the image never lead out of it. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/container/spec.h"

#define MAX_FIELDS 7

/* One line of /etc/passwd (name:x:uid:gid:...) or /etc/group (name:x:gid:...). */
struct entry {
        char name[256];
        int64_t uid, gid;
};

static FILE *open_in_root(const char *root, const char *path) {
        struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
        int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1, errnum;
        FILE *f;

        if (dir < 0)
                return NULL;
        fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
        errnum = errno;
        close(dir);
        if (fd < 0) {
                errno = errnum;
                return NULL;
        }
        f = fdopen(fd, "re");
        if (!f)
                close(fd);
        return f;
}

static int64_t number(const char *text) {
        uint64_t v;

        return isdigit((unsigned char)*text) && hcs_str_to_u64(text, &v) && v <= INT64_MAX ? (int64_t)v : 0;
}

static bool parse(char *line, bool is_group, struct entry *e) {
        char *fields[MAX_FIELDS] = {0}, *save = line;
        size_t n = 0;

        while (n < MAX_FIELDS && save)
                fields[n++] = strsep(&save, ":\n");
        if (n < 3 || !*fields[0] || *fields[0] == '#')
                return false;
        snprintf(e->name, sizeof(e->name), "%s", fields[0]);
        e->uid = is_group ? 0 : number(fields[2]);
        e->gid = is_group ? number(fields[2]) : n > 3 && fields[3] ? number(fields[3]) : 0;
        return true;
}

/* By name, or by number when name is NULL. False unless exactly one entry matches; *ret_matches says how many. */
static bool look_up(const char *root, bool is_group, const char *name, int64_t id, struct entry *ret,
                    size_t *ret_matches) {
        FILE *f = open_in_root(root, is_group ? "etc/group" : "etc/passwd");
        char *line = NULL;
        size_t cap = 0;
        struct entry e;

        *ret_matches = 0;
        while (f && getline(&line, &cap, f) >= 0) {
                if (!parse(line, is_group, &e))
                        continue;
                if (name ? hcs_streq(name, e.name) : id == (is_group ? e.gid : e.uid)) {
                        *ret = e;
                        ++*ret_matches;
                }
        }
        free(line);
        if (f)
                fclose(f);
        return *ret_matches == 1;
}

static HRESULT check_range(const char *what, int64_t id, struct hcs_error **err) {
        if (id < 0 || id > UINT32_MAX)
                return hcs_error_make(err, E_FAIL, "%s (%lld) exceeds uint32 bounds", what, (long long)id);
        return S_OK;
}

HRESULT guest_spec_set_user(struct hcs_json *process, const char *root, const char *user, struct hcs_error **err) {
        const char *colon = strchr(user, ':');
        _cleanup_free_ char *name = colon ? hcs_strndup(user, (size_t)(colon - user)) : hcs_strdup(user);
        struct entry u = {0}, g = {0};
        struct hcs_json *out;
        size_t matches;
        int64_t id;

        if (colon && strchr(colon + 1, ':'))
                return hcs_error_make(err, E_FAIL, "invalid userstr: '%s'", user);
        if (!hcs_str_to_i64(name, &id)) {
                if (!look_up(root, false, name, 0, &u, &matches))
                        return hcs_error_make(err, E_FAIL,
                                              "failed to find user by username: %s: expected exactly 1 user matched "
                                              "'%zu'",
                                              name, matches);
        } else if (!look_up(root, false, NULL, id, &u, &matches)) {
                u = (struct entry){.uid = id};
        }
        if (colon && !hcs_str_to_i64(colon + 1, &id)) {
                if (!look_up(root, true, colon + 1, 0, &g, &matches))
                        return hcs_error_make(err, E_FAIL,
                                              "failed to find group by groupname: %s: expected exactly 1 group matched "
                                              "'%zu'",
                                              colon + 1, matches);
                u.gid = g.gid;
        } else if (colon) {
                u.gid = id;
        }
        if (FAILED(check_range("UID", u.uid, err)) || FAILED(check_range("GID", u.gid, err)))
                return E_FAIL;
        out = guest_spec_object(process, "user");
        hcs_json_set_u64(out, "uid", (uint64_t)u.uid);
        hcs_json_set_u64(out, "gid", (uint64_t)u.gid);
        return S_OK;
}
