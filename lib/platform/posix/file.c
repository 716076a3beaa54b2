/* SPDX-License-Identifier: MIT */

/* Whole files of platform/file.h over POSIX descriptors. */

#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536u

static void closep(int *fd) {
        if (*fd >= 0)
                close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static HRESULT read_all(int fd, const char *path, size_t max_bytes, struct hcs_buf *out, struct hcs_error **err) {
        size_t start = out->len;

        for (;;) {
                ssize_t n;

                hcs_buf_reserve(out, CHUNK);
                n = read(fd, out->data + out->len, CHUNK);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        int saved = errno;

                        out->len = start;
                        return hcs_error_errno(err, saved, "read `%s`", path);
                }
                if (n == 0)
                        break;
                out->len += (size_t)n;
                if (out->len - start > max_bytes) {
                        out->len = start;
                        return hcs_error_make(err, HCS_WIN32(223), "read `%s`: larger than %zu bytes", path, max_bytes);
                }
        }
        out->data[out->len] = '\0';
        return S_OK;
}

HRESULT hcs_file_read(const char *path, size_t max_bytes, struct hcs_buf *out, struct hcs_error **err) {
        _cleanup_close_ int fd = -1;

        if (strcmp(path, "-") == 0)
                return read_all(STDIN_FILENO, "standard input", max_bytes, out, err);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return hcs_error_errno(err, errno, "open `%s`", path);
        return read_all(fd, path, max_bytes, out, err);
}

static int write_all(int fd, const char *data, size_t len) {
        while (len > 0) {
                ssize_t n = write(fd, data, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                data += n;
                len -= (size_t)n;
        }
        return fsync(fd);
}

static HRESULT write_beside(const char *path, mode_t mode, const void *data, size_t len, struct hcs_error **err) {
        _cleanup_free_ char *temporary = hcs_asprintf("%s.XXXXXX", path);
        int fd = mkostemp(temporary, O_CLOEXEC), saved;

        if (fd < 0)
                return hcs_error_errno(err, errno, "write `%s`", path);
        if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0) {
                saved = errno;
                close(fd);
                unlink(temporary);
                return hcs_error_errno(err, saved, "write `%s`", path);
        }
        if (close(fd) < 0 || rename(temporary, path) < 0) {
                saved = errno;
                unlink(temporary);
                return hcs_error_errno(err, saved, "write `%s`", path);
        }
        return S_OK;
}

HRESULT hcs_file_write(const char *path, const void *data, size_t len, struct hcs_error **err) {
        mode_t mask = umask(0);

        umask(mask);
        return write_beside(path, 0666 & ~mask, data, len, err);
}

HRESULT hcs_file_write_private(const char *path, const void *data, size_t len, struct hcs_error **err) {
        return write_beside(path, 0600, data, len, err);
}

HRESULT hcs_file_create(const char *path, struct hcs_error **err) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

        if (fd >= 0)
                return S_OK;
        return errno == EEXIST ? hcs_error_make(err, HCS_WIN32(80), "create `%s`: it is there already", path)
                               : hcs_error_errno(err, errno, "create `%s`", path);
}

bool hcs_file_exists(const char *path) {
        struct stat st;

        return stat(path, &st) == 0;
}

bool hcs_file_is_directory(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

HRESULT hcs_directory_create(const char *path, struct hcs_error **err) {
        _cleanup_free_ char *copy = hcs_strdup(path);

        for (char *slash = strchr(copy + (*copy == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(copy, 0777) < 0 && errno != EEXIST)
                        return hcs_error_errno(err, errno, "create directory `%s`", copy);
                *slash = '/';
        }
        if (mkdir(copy, 0777) < 0 && !(errno == EEXIST && hcs_file_is_directory(copy)))
                return hcs_error_errno(err, errno, "create directory `%s`", path);
        return S_OK;
}
