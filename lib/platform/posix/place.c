/* SPDX-License-Identifier: MIT */

/* platform/place.h over POSIX: directories by readdir(), handles are descriptors. */

#include "platform/place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 4096u

bool hcs_path_is_absolute(const char *path) {
        return *path == '/';
}

char *hcs_path_full(const char *path) {
        char folder[LONGEST];

        return hcs_path_is_absolute(path) || !getcwd(folder, sizeof(folder)) ? hcs_strdup(path)
                                                                             : hcs_asprintf("%s/%s", folder, path);
}

const char *hcs_path_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

char *hcs_path_join(const char *folder, const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

bool hcs_path_is_same(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

bool hcs_path_is_within(const char *path, const char *folder) {
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/' || (n && folder[n - 1] == '/'));
}

bool hcs_path_is_same_file(const char *a, const char *b) {
        struct stat x, y;

        return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
               x.st_ino == y.st_ino;
}

enum hcs_place hcs_place_at(const char *path) {
        struct stat st;

        if (lstat(path, &st) < 0)
                return HCS_PLACE_NOTHING;
        return S_ISREG(st.st_mode) ? HCS_PLACE_FILE : S_ISDIR(st.st_mode) ? HCS_PLACE_FOLDER : HCS_PLACE_OTHER;
}

static void closep(DIR **d) {
        if (*d)
                closedir(*d);
}

static int by_bytes(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

HRESULT hcs_folder_list(const char *path, struct hcs_names *ret, struct hcs_error **err) {
        _cleanup_(closep) DIR *d = opendir(path);
        struct hcs_names names = {0};
        struct dirent *e;
        size_t cap = 0;

        if (!d)
                return hcs_error_errno(err, errno, "list `%s`", path);
        while (errno = 0, (e = readdir(d))) {
                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                        continue;
                if (names.n == cap) {
                        cap = cap ? 2 * cap : 16;
                        names.items = hcs_realloc(names.items, cap * sizeof(*names.items));
                }
                names.items[names.n++] = hcs_strdup(e->d_name);
        }
        if (errno) {
                int saved = errno;

                hcs_names_deinit(&names);
                return hcs_error_errno(err, saved, "list `%s`", path);
        }
        if (names.n)
                qsort(names.items, names.n, sizeof(*names.items), by_bytes);
        *ret = names;
        return S_OK;
}

HRESULT hcs_file_remove(const char *path, struct hcs_error **err) {
        if (unlink(path) < 0 && errno != ENOENT)
                return hcs_error_errno(err, errno, "remove `%s`", path);
        return S_OK;
}

HRESULT hcs_handle_path(HANDLE h, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *link = hcs_asprintf("/proc/self/fd/%d", hcs_abi_handle_to_fd(h));
        char path[LONGEST];
        ssize_t n = readlink(link, path, sizeof(path) - 1);

        if (n < 0 || *path != '/')
                return hcs_error_make(err, E_HANDLE, "the handle is of no file");
        *ret = hcs_strndup(path, (size_t)n);
        return S_OK;
}
