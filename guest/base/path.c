/* SPDX-License-Identifier: MIT */

/* The paths of path.h. Removal goes by descriptors, so that nothing is followed out of the tree. */

#include "guest/base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

#define MAX_DEPTH 512

static void add_parts(struct hcs_buf *out, const char *path) {
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (out->len && out->data[out->len - 1] != '/')
                                out->len--;
                        if (out->len)
                                out->len--;
                        if (out->data)
                                out->data[out->len] = '\0';
                } else if (n && !(n == 1 && path[0] == '.')) {
                        hcs_buf_putc(out, '/');
                        hcs_buf_append(out, path, n);
                }
                path += n + (path[n] == '/');
        }
}

char *guest_path_join(const char *a, const char *b) {
        struct hcs_buf out = {0};

        add_parts(&out, a);
        add_parts(&out, b);
        if (!out.len)
                hcs_buf_putc(&out, '/');
        return hcs_buf_steal(&out);
}

bool guest_path_is_within(const char *path, const char *dir) {
        size_t n = strlen(dir);

        return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/' || hcs_streq(dir, "/"));
}

HRESULT guest_path_make(const char *path, mode_t mode, struct hcs_error **err) {
        _cleanup_free_ char *copy = hcs_strdup(path);
        struct stat st;

        for (char *p = copy + 1;; p++) {
                bool last = *p == '\0';

                if (*p != '/' && !last)
                        continue;
                *p = '\0';
                if (mkdir(copy, mode) == 0)
                        chmod(copy, mode);
                else if (errno != EEXIST)
                        return hcs_error_errno(err, errno, "mkdir %s", copy);
                if (last)
                        break;
                *p = '/';
        }
        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
                return hcs_error_errno(err, ENOTDIR, "mkdir %s", path);
        return S_OK;
}

/* Returns 0 or the first errno; goes on after failures, so that as much as can go goes. */
static int remove_at(int dir, const char *name, dev_t dev, unsigned depth) {
        int fd, first = 0;
        struct dirent *e;
        struct stat st;
        DIR *d;

        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM && errno != EBUSY)
                return errno;
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOTDIR || errno == ELOOP ? EBUSY : errno;
        if (fstat(fd, &st) < 0 || (dev && st.st_dev != dev) || depth > MAX_DEPTH) {
                close(fd);
                return EBUSY;
        }
        d = fdopendir(fd);
        while (d && (e = readdir(d))) {
                int r;

                if (hcs_streq(e->d_name, ".") || hcs_streq(e->d_name, ".."))
                        continue;
                r = remove_at(dirfd(d), e->d_name, st.st_dev, depth + 1);
                first = first ? first : r;
        }
        if (d)
                closedir(d);
        else
                close(fd);
        if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT && !first)
                first = errno;
        return first;
}

HRESULT guest_path_remove(const char *path, struct hcs_error **err) {
        struct stat parent = {0};
        _cleanup_free_ char *up = NULL;
        int r;

        if (!*path)
                return S_OK;
        /* The tree itself may be a mount point: then its parent is on another device. */
        up = guest_path_join(path, "..");
        if (stat(up, &parent) < 0)
                return S_OK;
        r = remove_at(AT_FDCWD, path, parent.st_dev, 0);
        return r ? hcs_error_errno(err, r, "remove %s", path) : S_OK;
}
