/* SPDX-License-Identifier: MIT */

/*
 * Descriptors of the top and of the current directory. The way back is "..", checked against what was there on the way
 * down.
 */

#include "platform/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "platform/posix/data_file_private.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct place {
        dev_t dev;
        ino_t ino;
};

struct hcs_unpack {
        int top, current;
        struct hcs_buf above; /* places of the directories above the current one */
        bool owner;           /* may files be given away? */
};

struct hcs_unpack *hcs_unpack_close(struct hcs_unpack *u) {
        if (!u)
                return NULL;
        if (u->current >= 0)
                close(u->current);
        if (u->top >= 0)
                close(u->top);
        hcs_buf_deinit(&u->above);
        free(u);
        return NULL;
}

HRESULT hcs_unpack_open(const char *directory, struct hcs_unpack **ret, struct hcs_error **err) {
        _cleanup_(hcs_unpack_closep) struct hcs_unpack *u = hcs_calloc(1, sizeof(*u));

        u->current = -1;
        u->owner = geteuid() == 0;
        u->top = mkdir(directory, 0777) == 0 || errno == EEXIST ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                                                : -1;
        if (u->top >= 0)
                u->current = fcntl(u->top, F_DUPFD_CLOEXEC, 0);
        if (u->current < 0)
                return hcs_error_errno(err, errno, "open directory `%s`", directory);
        *ret = steal_pointer(&u);
        return S_OK;
}

static HRESULT go(struct hcs_unpack *u, int fd) {
        close(u->current);
        u->current = fd;
        return S_OK;
}

HRESULT hcs_unpack_enter(struct hcs_unpack *u, const char *name, struct hcs_error **err) {
        struct place place;
        struct stat st;
        int fd;

        if (mkdirat(u->current, name, 0700) < 0 && errno != EEXIST)
                return hcs_error_errno(err, errno, "make directory");
        fd = openat(u->current, name, OPEN_DIRECTORY);
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) && unlinkat(u->current, name, 0) == 0 &&
            mkdirat(u->current, name, 0700) == 0)
                fd = openat(u->current, name, OPEN_DIRECTORY);
        if (fd < 0)
                return hcs_error_errno(err, errno, "open directory");
        if (fstat(u->current, &st) < 0) {
                close(fd);
                return hcs_error_errno(err, errno, "look at directory");
        }
        place = (struct place){st.st_dev, st.st_ino};
        hcs_buf_append(&u->above, &place, sizeof(place));
        return go(u, fd);
}

HRESULT hcs_unpack_leave(struct hcs_unpack *u, struct hcs_error **err) {
        struct place place;
        struct stat st;
        int fd;

        if (u->above.len == 0)
                return hcs_error_make(err, E_UNEXPECTED, "no directory above");
        fd = openat(u->current, "..", OPEN_DIRECTORY);
        if (fd < 0)
                return hcs_error_errno(err, errno, "open the directory above");
        u->above.len -= sizeof(place);
        memcpy(&place, u->above.data + u->above.len, sizeof(place));
        if (fstat(fd, &st) < 0 || st.st_dev != place.dev || st.st_ino != place.ino) {
                close(fd);
                return hcs_error_make(err, E_UNEXPECTED, "the directory was moved");
        }
        return go(u, fd);
}

/* Makes room for a name that is about to be made. */
static HRESULT make_room(struct hcs_unpack *u, const char *name, struct hcs_error **err) {
        if (unlinkat(u->current, name, 0) < 0 && errno != ENOENT)
                return hcs_error_errno(err, errno, "replace");
        return S_OK;
}

HRESULT hcs_unpack_file(struct hcs_unpack *u, const char *name, struct hcs_data_file **ret, struct hcs_error **err) {
        HRESULT hr = make_room(u, name, err);
        int fd;

        if (FAILED(hr))
                return hr;
        fd = openat(u->current, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return hcs_error_errno(err, errno, "create");
        return hcs_data_file_adopt(fd, name, ret, err);
}

HRESULT hcs_unpack_symlink(struct hcs_unpack *u, const char *name, const char *target, struct hcs_error **err) {
        HRESULT hr = make_room(u, name, err);

        if (SUCCEEDED(hr) && symlinkat(target, u->current, name) < 0)
                return hcs_error_errno(err, errno, "make symbolic link");
        return hr;
}

HRESULT hcs_unpack_node(struct hcs_unpack *u, const char *name, uint32_t mode, uint32_t major, uint32_t minor,
                        struct hcs_error **err) {
        HRESULT hr = make_room(u, name, err);

        if (SUCCEEDED(hr) && mknodat(u->current, name, (mode & S_IFMT) | 0600, makedev(major, minor)) < 0)
                return hcs_error_errno(err, errno, "make device, fifo or socket");
        return hr;
}

HRESULT hcs_unpack_link(struct hcs_unpack *u, const char *existing, const char *name, struct hcs_error **err) {
        HRESULT hr = make_room(u, name, err);

        if (SUCCEEDED(hr) && linkat(u->top, existing, u->current, name, 0) < 0)
                return hcs_error_errno(err, errno, "link to `%.200s`", existing);
        return hr;
}

HRESULT hcs_unpack_attribute(struct hcs_unpack *u, const char *name, const char *attribute, const void *value,
                             size_t len, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/self/fd/%d/%s", u->current, name);

        if (lsetxattr(path, attribute, value, len, 0) < 0)
                return hcs_error_errno(err, errno, "set attribute %.255s", attribute);
        return S_OK;
}

HRESULT hcs_unpack_give(struct hcs_unpack *u, const char *name, uint32_t uid, uint32_t gid, struct hcs_error **err) {
        if (u->owner && fchownat(u->current, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                return hcs_error_errno(err, errno, "set owner");
        return S_OK;
}

HRESULT hcs_unpack_finish(struct hcs_unpack *u, const char *name, const struct hcs_unpack_look *look,
                          struct hcs_error **err) {
        const struct timespec times[2] = {{look->atime, look->atime_ns}, {look->mtime, look->mtime_ns}};

        if (!S_ISLNK(look->mode) && fchmodat(u->current, name, look->mode & 07777, 0) < 0)
                return hcs_error_errno(err, errno, "set permissions");
        if (utimensat(u->current, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return hcs_error_errno(err, errno, "set times");
        return S_OK;
}
