/* SPDX-License-Identifier: MIT */

/* Folders of platform/work_folder.h: mkdtemp(), and flock() for who is alive. */

#include "platform/work_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/file.h"

#define LOCK "lock"
#define KEPT "kept"

#define KEPT_MAX    20
#define RUNTIME_MAX 64 /* bytes: sockets below it have names of 107 in all */

struct hcs_work_folder {
        char *base, *path;
        int lock;
};

static void closep(int *fd) {
        if (*fd >= 0)
                close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

HRESULT hcs_folder_remove(const char *path, struct hcs_error **err) {
        if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
                return hcs_error_errno(err, errno, "remove `%s`", path);
        return S_OK;
}

static char *default_base(void) {
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        struct stat st;

        if (runtime && *runtime == '/' && strlen(runtime) <= RUNTIME_MAX && stat(runtime, &st) == 0 &&
            st.st_uid == geteuid())
                return hcs_asprintf("%s/hcsshim", runtime);
        return hcs_asprintf("/tmp/hcsshim-%u", (unsigned)geteuid());
}

/* Nobody else may have prepared it for us. */
static HRESULT make_base(const char *base, struct hcs_error **err) {
        struct stat st;

        if (mkdir(base, 0700) < 0 && errno != EEXIST)
                return hcs_error_errno(err, errno, "make the folder `%s`", base);
        if (lstat(base, &st) < 0)
                return hcs_error_errno(err, errno, "open `%s`", base);
        if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
                return hcs_error_make(err, E_ACCESSDENIED, "`%s` is not a folder of ours", base);
        return S_OK;
}

static int lock_file(const char *folder, int flags, int operation) {
        _cleanup_free_ char *path = hcs_asprintf("%s/" LOCK, folder);
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

        if (fd >= 0 && flock(fd, operation) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

/* With the base locked: nobody is just making one. */
static void sweep(const char *base) {
        DIR *d = opendir(base);
        struct dirent *e;

        if (!d)
                return;
        while ((e = readdir(d))) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", base, e->d_name);
                _cleanup_close_ int lock = -1;

                if (e->d_name[0] == '.' || hcs_streq(e->d_name, KEPT) || hcs_streq(e->d_name, LOCK))
                        continue;
                lock = lock_file(path, 0, LOCK_EX | LOCK_NB);
                if (lock >= 0)
                        hcs_folder_remove(path, NULL);
        }
        closedir(d);
}

HRESULT hcs_work_folder_new(const char *base, const char *name, struct hcs_work_folder **ret, struct hcs_error **err) {
        _cleanup_free_ char *home = base ? hcs_strdup(base) : default_base(),
                            *path = hcs_asprintf("%s/%s.XXXXXX", home, name);
        _cleanup_close_ int base_lock = -1;
        struct hcs_work_folder *f;
        HRESULT hr = make_base(home, err);
        int lock;

        if (FAILED(hr))
                return hr;
        if (strchr(name, '/') || hcs_str_starts(name, "."))
                return hcs_error_make(err, E_INVALIDARG, "`%s` cannot be the name of a folder", name);
        base_lock = lock_file(home, O_CREAT, LOCK_EX);
        if (base_lock < 0)
                return hcs_error_errno(err, errno, "lock `%s`", home);
        sweep(home);
        if (!mkdtemp(path))
                return hcs_error_errno(err, errno, "make the folder `%s`", path);
        lock = lock_file(path, O_CREAT, LOCK_EX);
        if (lock < 0) {
                int saved = errno;

                rmdir(path);
                return hcs_error_errno(err, saved, "lock `%s`", path);
        }
        f = hcs_calloc(1, sizeof(*f));
        f->base = steal_pointer(&home);
        f->path = steal_pointer(&path);
        f->lock = lock;
        *ret = f;
        return S_OK;
}

const char *hcs_work_folder_path(const struct hcs_work_folder *f) {
        return f->path;
}

/* The oldest go, but not what was just kept. */
static void thin_out(const char *kept, const char *newest) {
        for (;;) {
                _cleanup_free_ char *oldest = NULL;
                struct timespec when = {0};
                unsigned n = 0;
                DIR *d = opendir(kept);
                struct dirent *e;

                while (d && (e = readdir(d))) {
                        _cleanup_free_ char *path = hcs_asprintf("%s/%s", kept, e->d_name);
                        struct stat st;

                        if (e->d_name[0] == '.' || lstat(path, &st) < 0)
                                continue;
                        n++;
                        if (hcs_streq(path, newest))
                                continue;
                        if (!oldest || st.st_mtim.tv_sec < when.tv_sec ||
                            (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec)) {
                                free(oldest);
                                oldest = steal_pointer(&path);
                                when = st.st_mtim;
                        }
                }
                if (d)
                        closedir(d);
                if (n <= KEPT_MAX || !oldest || FAILED(hcs_folder_remove(oldest, NULL)))
                        return;
        }
}

HRESULT hcs_work_folder_keep(struct hcs_work_folder *f, const char *inside, char **ret_path, struct hcs_error **err) {
        _cleanup_free_ char *from = hcs_asprintf("%s/%s", f->path, inside), *kept = hcs_asprintf("%s/" KEPT, f->base),
                            *place = NULL;
        HRESULT hr = hcs_directory_create(kept, err);

        if (FAILED(hr))
                return hr;
        place = hcs_asprintf("%s/%s", kept, strrchr(f->path, '/') + 1);
        if (rename(from, place) < 0)
                return hcs_error_errno(err, errno, "keep `%s` as `%s`", from, place);
        thin_out(kept, place);
        *ret_path = steal_pointer(&place);
        return S_OK;
}

struct hcs_work_folder *hcs_work_folder_free(struct hcs_work_folder *f) {
        if (!f)
                return NULL;
        hcs_folder_remove(f->path, NULL);
        close(f->lock);
        free(f->path);
        free(f->base);
        free(f);
        return NULL;
}
