/* SPDX-License-Identifier: MIT */

/* Folders of platform/work_folder.h: mkdtemp(), and flock() for who is alive. */

#include "platform/work_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/file.h"

#define LOCK "lock"
#define KEPT "kept"

#define KEPT_MAX 20
/* Bytes: sockets have names of 107 in all, the longest is /hcsshim/hvsocket/GUID/v.sock_PORT. */
#define RUNTIME_MAX 34

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
        return (flag == FTW_DP || flag == FTW_DNR ? rmdir(path) : unlink(path)) < 0 && errno != ENOENT ? -1 : 0;
}

HRESULT hcs_folder_remove(const char *path, struct hcs_error **err) {
        if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
                return hcs_error_errno(err, errno, "remove `%s`", path);
        return S_OK;
}

char *hcs_work_folder_default_base(void) {
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
                int saved = errno;

                close(fd);
                errno = saved;
                return -1;
        }
        return fd;
}

/* With the base locked: nobody is just making one. A room of claimed folders has no lock, and stays. */
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

/* Makes the base, and keeps others from making folders in it until the lock is closed. */
static HRESULT enter_base(const char *base, const char *name, int *ret_lock, struct hcs_error **err) {
        HRESULT hr;

        if (strchr(name, '/') || hcs_str_starts(name, "."))
                return hcs_error_make(err, E_INVALIDARG, "`%s` cannot be the name of a folder", name);
        hr = make_base(base, err);
        if (FAILED(hr))
                return hr;
        *ret_lock = lock_file(base, O_CREAT, LOCK_EX);
        return *ret_lock < 0 ? hcs_error_errno(err, errno, "lock `%s`", base) : S_OK;
}

static struct hcs_work_folder *make(char *base, char *path, int lock) {
        struct hcs_work_folder *f = hcs_calloc(1, sizeof(*f));

        *f = (struct hcs_work_folder){base, path, lock};
        return f;
}

HRESULT hcs_work_folder_new(const char *base, const char *name, struct hcs_work_folder **ret, struct hcs_error **err) {
        _cleanup_free_ char *home = base ? hcs_strdup(base) : hcs_work_folder_default_base(),
                            *path = hcs_asprintf("%s/%s.XXXXXX", home, name);
        _cleanup_close_ int base_lock = -1;
        HRESULT hr = enter_base(home, name, &base_lock, err);
        int lock;

        if (FAILED(hr))
                return hr;
        sweep(home);
        if (!mkdtemp(path))
                return hcs_error_errno(err, errno, "make the folder `%s`", path);
        lock = lock_file(path, O_CREAT, LOCK_EX);
        if (lock < 0) {
                int saved = errno;

                rmdir(path);
                return hcs_error_errno(err, saved, "lock `%s`", path);
        }
        *ret = make(steal_pointer(&home), steal_pointer(&path), lock);
        return S_OK;
}

/* What the dead left in a room is looked for once in the life of a process. */
static pthread_mutex_t swept_lock = PTHREAD_MUTEX_INITIALIZER;
static char swept[128];

static bool is_swept(const char *room) {
        bool is;

        pthread_mutex_lock(&swept_lock);
        is = hcs_streq(swept, room);
        pthread_mutex_unlock(&swept_lock);
        return is;
}

static void set_swept(const char *room) {
        pthread_mutex_lock(&swept_lock);
        snprintf(swept, sizeof(swept), "%s", room);
        pthread_mutex_unlock(&swept_lock);
}

/* A folder that is there already: S_FALSE when its owner lives, or is just removing it. */
static HRESULT replace_dead(const char *path, struct hcs_error **err) {
        _cleanup_close_ int lock = lock_file(path, O_CREAT, LOCK_EX | LOCK_NB);
        HRESULT hr = lock < 0 ? S_FALSE : hcs_folder_remove(path, err);

        if (hr == S_OK && mkdir(path, 0700) < 0)
                hr = hcs_error_errno(err, errno, "make the folder `%s`", path);
        return hr;
}

/* With the base locked: what is there already may be of the dead. */
static HRESULT claim_slowly(const char *base, const char *home, const char *path, const char *name, int *ret_lock,
                            struct hcs_error **err) {
        _cleanup_close_ int base_lock = -1;
        HRESULT hr = enter_base(base, name, &base_lock, err);

        if (SUCCEEDED(hr))
                hr = make_base(home, err);
        if (FAILED(hr))
                return hr;
        if (!is_swept(home))
                sweep(home);
        set_swept(home);
        if (mkdir(path, 0700) < 0) {
                hr = errno == EEXIST ? replace_dead(path, err)
                                     : hcs_error_errno(err, errno, "make the folder `%s`", path);
                if (hr != S_OK)
                        return hr;
        }
        /* Who claims it quickly at the same time may have the lock of the folder that we have just made. */
        *ret_lock = lock_file(path, O_CREAT, LOCK_EX | LOCK_NB);
        if (*ret_lock < 0 && errno == EWOULDBLOCK)
                return S_FALSE;
        return *ret_lock < 0 ? hcs_error_errno(err, errno, "lock `%s`", path) : S_OK;
}

/* In a room that this process has made before, where nothing of that name is. Somebody who sweeps may have taken the
 * new folder for one of the dead: then its lock has no name any more. The lock, or -1: all of this has to be done
 * slowly. */
static int claim_quickly(const char *home, const char *path) {
        struct stat st;
        int lock;

        if (!is_swept(home) || mkdir(path, 0700) < 0)
                return -1;
        lock = lock_file(path, O_CREAT, LOCK_EX);
        if (lock >= 0 && fstat(lock, &st) == 0 && st.st_nlink > 0)
                return lock;
        closep(&lock);
        return -1;
}

HRESULT hcs_work_folder_claim(const char *room, const char *name, struct hcs_work_folder **ret,
                              struct hcs_error **err) {
        _cleanup_free_ char *base = hcs_work_folder_default_base(), *home = hcs_asprintf("%s/%s", base, room),
                            *path = hcs_asprintf("%s/%s", home, name);
        bool is_name = !strchr(name, '/') && !hcs_str_starts(name, ".");
        int lock = is_name ? claim_quickly(home, path) : -1;
        HRESULT hr = lock < 0 ? claim_slowly(base, home, path, name, &lock, err) : S_OK;

        if (hr == S_OK)
                *ret = make(steal_pointer(&home), steal_pointer(&path), lock);
        return hr;
}

HRESULT hcs_work_folder_room(const char *room, struct hcs_error **err) {
        _cleanup_free_ char *base = hcs_work_folder_default_base(), *home = hcs_asprintf("%s/%s", base, room);
        HRESULT hr = make_base(base, err);

        return SUCCEEDED(hr) ? make_base(home, err) : hr;
}

const char *hcs_work_folder_path(const struct hcs_work_folder *f) {
        return f->path;
}

HRESULT hcs_work_folder_link(const struct hcs_work_folder *f, const char *name, const char *place,
                             struct hcs_error **err) {
        _cleanup_free_ char *link = hcs_asprintf("%s/%s", f->path, name), *whole = realpath(place, NULL);

        if (!whole)
                return hcs_error_errno(err, errno, "find `%s`", place);
        return symlink(whole, link) < 0 ? hcs_error_errno(err, errno, "link `%s` to `%s`", link, whole) : S_OK;
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

/* Most are empty but for the lock. */
static bool remove_empty(const struct hcs_work_folder *f) {
        _cleanup_free_ char *lock = hcs_asprintf("%s/" LOCK, f->path);

        return unlink(lock) == 0 && rmdir(f->path) == 0;
}

struct hcs_work_folder *hcs_work_folder_free(struct hcs_work_folder *f) {
        if (!f)
                return NULL;
        if (!remove_empty(f))
                hcs_folder_remove(f->path, NULL);
        close(f->lock);
        free(f->path);
        free(f->base);
        free(f);
        return NULL;
}
