/* SPDX-License-Identifier: MIT */

/*
 * Data files over descriptors. A created file is an unnamed one (O_TMPFILE) where the file system has such, and then
 * not even SIGKILL leaves anything; elsewhere it has a temporary name until the commit or the close.
 */

#include "platform/data_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/str.h"
#include "platform/posix/data_file_private.h"
#include "platform/posix/move.h"
#include "platform/posix/quiet.h"

#define COPY_AT_ONCE ((uint64_t)1 << 30) /* so that a signal or a progress report is not kept waiting for ever */

struct hcs_data_file {
        char *name;      /* as the caller says it */
        char *target;    /* the name the commit gives; NULL: nothing to commit */
        char *temporary; /* has this name until then */
        int fd;
        bool regular;
        bool fresh;
        bool keep; /* the descriptor is not ours to close */
};

struct hcs_data_file *hcs_data_file_close(struct hcs_data_file *f) {
        if (!f)
                return NULL;
        if (f->temporary)
                unlink(f->temporary);
        if (f->fd >= 0 && !f->keep)
                close(f->fd);
        free(f->temporary);
        free(f->target);
        free(f->name);
        free(f);
        return NULL;
}

static struct hcs_data_file *new_file(const char *name) {
        struct hcs_data_file *f = hcs_calloc(1, sizeof(*f));

        f->name = hcs_strdup(name);
        f->fd = -1;
        return f;
}

static HRESULT look_at(struct hcs_data_file *f, struct hcs_error **err) {
        struct stat st;

        if (fstat(f->fd, &st) < 0)
                return hcs_error_errno(err, errno, "open `%s`", f->name);
        if (S_ISDIR(st.st_mode))
                return hcs_error_errno(err, EISDIR, "open `%s`", f->name);
        f->regular = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
        f->fresh = S_ISREG(st.st_mode) && st.st_size == 0;
        return S_OK;
}

HRESULT hcs_data_file_open(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        bool standard = hcs_streq(path, "-");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(standard ? "standard input" : path);
        HRESULT hr;

        f->keep = standard;
        f->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
        if (f->fd < 0)
                return hcs_error_errno(err, errno, "open `%s`", path);
        hr = look_at(f, err);
        if (FAILED(hr))
                return hr;
        /* A standard input that others have read from starts where they left off: reads of it must stay in order. */
        if (standard && f->regular && lseek(f->fd, 0, SEEK_CUR) != 0)
                f->regular = false;
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_change(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        int fd = open(path, O_RDWR | O_CLOEXEC);

        return fd < 0 ? hcs_error_errno(err, errno, "open `%s`", path) : hcs_data_file_adopt(fd, path, ret, err);
}

static int open_unnamed(const char *path) {
        _cleanup_free_ char *copy = hcs_strdup(path);

        return open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

static int open_temporary(struct hcs_data_file *f, const char *path) {
        char *name = hcs_asprintf("%s.XXXXXX", path);
        int fd = mkostemp(name, O_CLOEXEC);
        mode_t mask;

        if (fd < 0) {
                free(name);
                return -1;
        }
        mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        f->temporary = name;
        return fd;
}

HRESULT hcs_data_file_create(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(path);
        struct stat st;
        HRESULT hr;

        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
                f->fd = open(path, O_RDWR | O_CLOEXEC);
        } else {
                /* Through links, so that the file they lead to is replaced and not the link. */
                f->target = realpath(path, NULL);
                if (!f->target)
                        f->target = hcs_strdup(path);
                f->fd = open_unnamed(f->target);
                if (f->fd < 0)
                        f->fd = open_temporary(f, f->target);
        }
        if (f->fd < 0)
                return hcs_error_errno(err, errno, "create `%s`", path);
        hr = look_at(f, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_temporary(struct hcs_data_file **ret, struct hcs_error **err) {
        const char *base = getenv("TMPDIR");
        _cleanup_free_ char *path = hcs_asprintf("%s/hcsshim", base && *base ? base : "/tmp");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file("a temporary file");
        HRESULT hr;

        f->fd = open_unnamed(path);
        if (f->fd < 0)
                f->fd = open_temporary(f, path);
        if (f->fd < 0)
                return hcs_error_errno(err, errno, "create a temporary file in `%s`", path);
        hr = look_at(f, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_adopt(int fd, const char *name, struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(name);
        HRESULT hr;

        f->fd = fd;
        hr = look_at(f, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&f);
        return hr;
}

/* A name for an unnamed file; false with errno when that is not possible. */
static bool give_name(struct hcs_data_file *f, const char *name) {
        char self[40];

        snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
        return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ||
               (errno == ENOENT && linkat(f->fd, "", AT_FDCWD, name, AT_EMPTY_PATH) == 0);
}

HRESULT hcs_data_file_commit(struct hcs_data_file *f, struct hcs_error **err) {
        if (!f->target)
                return S_OK;
        if (!f->temporary && !give_name(f, f->target)) {
                unsigned attempt = 0;

                /* Nothing links over an existing name: link beside it, then rename. */
                while (errno == EEXIST && attempt < 100) {
                        _cleanup_free_ char *name = hcs_asprintf("%s.%ld.%u", f->target, (long)getpid(), attempt++);

                        if (give_name(f, name)) {
                                f->temporary = steal_pointer(&name);
                                break;
                        }
                }
                if (!f->temporary)
                        return hcs_error_errno(err, errno, "create `%s`", f->name);
        }
        if (f->temporary && rename(f->temporary, f->target) < 0)
                return hcs_error_errno(err, errno, "create `%s`", f->name);
        free(steal_pointer(&f->temporary));
        free(steal_pointer(&f->target));
        return S_OK;
}

const char *hcs_data_file_name(const struct hcs_data_file *f) {
        return f->name;
}

bool hcs_data_file_is_regular(const struct hcs_data_file *f) {
        return f->regular;
}

bool hcs_data_file_is_fresh(const struct hcs_data_file *f) {
        return f->fresh;
}

HRESULT hcs_data_file_size(struct hcs_data_file *f, uint64_t *ret, struct hcs_error **err) {
        struct stat st;
        uint64_t size = 0;

        if (fstat(f->fd, &st) < 0 || (S_ISBLK(st.st_mode) && ioctl(f->fd, BLKGETSIZE64, &size) < 0))
                return hcs_error_errno(err, errno, "size of `%s`", f->name);
        *ret = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : size;
        return S_OK;
}

HRESULT hcs_data_file_changed(struct hcs_data_file *f, int64_t *ret, struct hcs_error **err) {
        struct stat st;

        if (fstat(f->fd, &st) < 0)
                return hcs_error_errno(err, errno, "time of `%s`", f->name);
        *ret = st.st_mtime;
        return S_OK;
}

HRESULT hcs_data_file_set_changed(struct hcs_data_file *f, int64_t seconds, struct hcs_error **err) {
        const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds}};

        return futimens(f->fd, times) < 0 ? hcs_error_errno(err, errno, "time of `%s`", f->name) : S_OK;
}

HRESULT hcs_data_file_read(struct hcs_data_file *f, void *data, size_t n, size_t *ret_n, struct hcs_error **err) {
        ssize_t got;

        do
                got = read(f->fd, data, n);
        while (got < 0 && errno == EINTR);
        if (got < 0)
                return hcs_error_errno(err, errno, "read `%s`", f->name);
        *ret_n = (size_t)got;
        return S_OK;
}

HRESULT hcs_data_file_read_at(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, size_t *ret_n,
                              struct hcs_error **err) {
        size_t done = 0;

        while (done < n) {
                ssize_t got = pread(f->fd, (char *)data + done, n - done, (off_t)(offset + done));

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return hcs_error_errno(err, errno, "read `%s` at %lld", f->name, (long long)offset);
                if (got == 0)
                        break;
                done += (size_t)got;
        }
        *ret_n = done;
        return S_OK;
}

HRESULT hcs_data_file_write_at(struct hcs_data_file *f, uint64_t offset, const void *data, size_t n,
                               struct hcs_error **err) {
        struct quiet quiet;
        size_t done = 0;
        int why = 0;

        quiet_enter(&quiet);
        while (done < n && why == 0) {
                ssize_t put = pwrite(f->fd, (const char *)data + done, n - done, (off_t)(offset + done));

                if (put > 0)
                        done += (size_t)put;
                else if (put == 0 || errno != EINTR)
                        why = put < 0 ? errno : ENOSPC;
        }
        quiet_leave(&quiet, why);
        return why ? hcs_error_errno(err, why, "write `%s` at %lld", f->name, (long long)offset) : S_OK;
}

HRESULT hcs_data_file_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        struct quiet quiet;
        struct stat st;
        int why;

        quiet_enter(&quiet);
        why = fstat(f->fd, &st) < 0 || (S_ISREG(st.st_mode) && ftruncate(f->fd, (off_t)size) < 0) ? errno : 0;
        quiet_leave(&quiet, why);
        return why ? hcs_error_errno(err, why, "resize `%s`", f->name) : S_OK;
}

HRESULT hcs_data_file_copy(struct hcs_data_file *from, uint64_t from_offset, struct hcs_data_file *to,
                           uint64_t to_offset, uint64_t n, uint64_t *ret_n, struct hcs_error **err) {
        struct quiet quiet;
        ssize_t moved;
        int why;

        if (n > COPY_AT_ONCE)
                n = COPY_AT_ONCE;
        quiet_enter(&quiet);
        moved = hcs_move(from->fd, (off_t)from_offset, to->fd, (off_t)to_offset, (size_t)n);
        why = moved < 0 ? errno : 0;
        quiet_leave(&quiet, why);
        /* Full disks and broken ones are errors; any other refusal only says that these two files do not go together.
         */
        if (why == ENOSPC || why == EIO || why == EDQUOT || why == EFBIG)
                return hcs_error_errno(err, why, "copy from `%s` to `%s` at %llu", from->name, to->name,
                                       (unsigned long long)to_offset);
        *ret_n = moved < 0 ? 0 : (uint64_t)moved;
        return S_OK;
}
