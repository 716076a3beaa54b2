/* SPDX-License-Identifier: MIT */

/* Mounts of mount.h. Stateless. */

#include "guest/storage/mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest/base/path.h"
#include "platform/file.h"

#define MAX_MOUNT_TABLE (16u << 20)

struct word {
        const char *name;
        unsigned long flag;
        bool clear;
};

static const struct word flag_words[] = {
        {"acl", MS_POSIXACL, false},       {"async", MS_SYNCHRONOUS, true},
        {"atime", MS_NOATIME, true},       {"bind", MS_BIND, false},
        {"dev", MS_NODEV, true},           {"diratime", MS_NODIRATIME, true},
        {"dirsync", MS_DIRSYNC, false},    {"exec", MS_NOEXEC, true},
        {"iversion", MS_I_VERSION, false}, {"lazytime", MS_LAZYTIME, false},
        {"loud", MS_SILENT, true},         {"mand", MS_MANDLOCK, false},
        {"noacl", MS_POSIXACL, true},      {"noatime", MS_NOATIME, false},
        {"nodev", MS_NODEV, false},        {"nodiratime", MS_NODIRATIME, false},
        {"noexec", MS_NOEXEC, false},      {"noiversion", MS_I_VERSION, true},
        {"nolazytime", MS_LAZYTIME, true}, {"nomand", MS_MANDLOCK, true},
        {"norelatime", MS_RELATIME, true}, {"nostrictatime", MS_STRICTATIME, true},
        {"nosuid", MS_NOSUID, false},      {"rbind", MS_BIND | MS_REC, false},
        {"relatime", MS_RELATIME, false},  {"remount", MS_REMOUNT, false},
        {"ro", MS_RDONLY, false},          {"rw", MS_RDONLY, true},
        {"silent", MS_SILENT, false},      {"strictatime", MS_STRICTATIME, false},
        {"suid", MS_NOSUID, true},         {"sync", MS_SYNCHRONOUS, false},
};

static const struct word propagation_words[] = {
        {"private", MS_PRIVATE, false},
        {"shared", MS_SHARED, false},
        {"slave", MS_SLAVE, false},
        {"unbindable", MS_UNBINDABLE, false},
        {"rprivate", MS_PRIVATE | MS_REC, false},
        {"rshared", MS_SHARED | MS_REC, false},
        {"rslave", MS_SLAVE | MS_REC, false},
        {"runbindable", MS_UNBINDABLE | MS_REC, false},
};

static const struct word *find_word(const struct word *words, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (hcs_streq(words[i].name, name))
                        return &words[i];
        return NULL;
}

HRESULT guest_mount_parse_options(const char *const *options, size_t n, struct guest_mount_options *ret,
                                  struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf data = {0};
        struct guest_mount_options o = {0};

        for (size_t i = 0; i < n; i++) {
                const struct word *flag = find_word(flag_words, HCS_ARRAY_SIZE(flag_words), options[i]);
                const struct word *propagation =
                        find_word(propagation_words, HCS_ARRAY_SIZE(propagation_words), options[i]);

                if (flag && flag->clear) {
                        o.flags &= ~flag->flag;
                } else if (flag) {
                        o.flags |= flag->flag;
                } else if (propagation) {
                        if (o.n_propagation == GUEST_MAX_PROPAGATIONS)
                                return hcs_error_make(err, E_INVALIDARG, "mount options: more than %d propagations",
                                                      GUEST_MAX_PROPAGATIONS);
                        o.propagation[o.n_propagation++] = propagation->flag;
                } else {
                        hcs_buf_printf(&data, "%s%s", data.len ? "," : "", options[i]);
                }
        }
        o.data = hcs_buf_steal(&data);
        *ret = o;
        return S_OK;
}

void guest_mount_options_deinit(struct guest_mount_options *o) {
        free(o->data);
        *o = (struct guest_mount_options){0};
}

HRESULT guest_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data,
                    struct hcs_error **err) {
        if (mount(source, target, type, flags, data) == 0)
                return S_OK;
        return hcs_error_errno(err, errno, "mount %s at %s%s%s", source, target, *type ? " as " : "", type);
}

HRESULT guest_mount_making(const char *source, const char *target, mode_t mode, const char *type, unsigned long flags,
                           const char *data, struct hcs_error **err) {
        struct stat st;
        bool made = lstat(target, &st) < 0 && errno == ENOENT;
        HRESULT hr;

        if (!*target)
                return hcs_error_make(err, E_INVALIDARG, "cannot have empty target");
        hr = guest_path_make(target, mode, err);
        if (SUCCEEDED(hr))
                hr = guest_mount(source, target, type, flags, data, err);
        if (FAILED(hr) && made)
                rmdir(target);
        return hr;
}

HRESULT guest_mount_rshared(const char *path, struct hcs_error **err) {
        HRESULT hr = *path ? guest_mount(path, path, "", MS_BIND, "", err)
                           : hcs_error_make(err, E_INVALIDARG, "path must not be empty to mount as rshared");

        if (SUCCEEDED(hr) && mount(path, path, "", MS_SHARED | MS_REC, "") < 0) {
                hr = hcs_error_errno(err, errno, "make %s rshared", path);
                umount2(path, UMOUNT_NOFOLLOW);
        }
        return hr;
}

HRESULT guest_unmount(const char *target, bool remove, struct hcs_error **err) {
        struct stat st;

        if (stat(target, &st) < 0)
                return errno == ENOENT ? S_OK : hcs_error_errno(err, errno, "find out whether %s exists", target);
        /* EINVAL: nothing is mounted there. */
        if (umount2(target, 0) < 0 && errno != EINVAL)
                return hcs_error_errno(err, errno, "unmount %s", target);
        return remove ? guest_path_remove(target, err) : S_OK;
}

HRESULT guest_unmount_below(const struct guest_roots *roots, const char *path, bool remove, struct hcs_error **err) {
        char **mounts;
        size_t n;
        HRESULT hr = guest_mounts_below(roots, path, &mounts, &n, err);

        if (FAILED(hr))
                return hr;
        for (size_t i = n; i-- && SUCCEEDED(hr);)
                hr = guest_unmount(mounts[i], remove, err);
        guest_mounts_free(mounts, n);
        return hr;
}

/* The kernel writes blank, tab, newline and backslash as three octal digits. */
static void unescape(char *s) {
        char *out = s;

        for (; *s; s++) {
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
                    s[3] <= '7') {
                        *out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        s += 3;
                } else {
                        *out++ = *s;
                }
        }
        *out = '\0';
}

HRESULT guest_mounts_below(const struct guest_roots *roots, const char *path, char ***ret, size_t *ret_n,
                           struct hcs_error **err) {
        _cleanup_free_ char *table = hcs_asprintf("%s/self/mounts", roots->proc);
        _cleanup_free_ char *clean = guest_path_join(path, "");
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(table, MAX_MOUNT_TABLE, &text, err);
        char **mounts = NULL, *rest = text.data, *line;
        size_t n = 0;

        if (FAILED(hr))
                return hr;
        while ((line = strsep(&rest, "\n"))) {
                char *target = line;

                strsep(&target, " ");
                line = target;
                if (!line || !strsep(&target, " ") || !target)
                        continue;
                unescape(line);
                if (!guest_path_is_within(line, clean))
                        continue;
                mounts = hcs_realloc(mounts, (n + 1) * sizeof(*mounts));
                mounts[n++] = hcs_strdup(line);
        }
        *ret = mounts;
        *ret_n = n;
        return S_OK;
}

void guest_mounts_free(char **mounts, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(mounts[i]);
        free(mounts);
}
