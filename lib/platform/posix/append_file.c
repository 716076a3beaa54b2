/* SPDX-License-Identifier: MIT */

/*
 * A regular file is written through a shared mapping of its end, a window at a time; a lock on the file keeps a second
 * recorder from cutting it off under the first. Anything else (a pipe, a terminal) is written with write(2).
 */

#include "platform/append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/append_window.h"
#include "platform/posix/quiet.h"

#define BLOCK ((size_t)64 << 10)

struct hcs_append_file {
        int fd;
        bool regular;
        bool torn;                   /* part of a write went out and cannot be taken back: nothing may follow it */
        unsigned forks;              /* of the process that opened it */
        struct append_window window; /* regular */
};

static atomic_uint forks;

static void count_fork(void) {
        atomic_fetch_add(&forks, 1);
}

static void watch_forks(void) {
        pthread_atfork(NULL, NULL, count_fork);
}

static int write_zeros(int fd, uint64_t offset, size_t size) {
        static const char zeros[BLOCK];

        for (size_t done = 0; done < size;) {
                ssize_t n = pwrite(fd, zeros, size - done < BLOCK ? size - done : BLOCK, (off_t)(offset + done));

                if (n > 0)
                        done += (size_t)n;
                else if (n == 0 || errno != EINTR)
                        return n < 0 ? errno : ENOSPC;
        }
        return 0;
}

int append_zeros(void *file, uint64_t offset, size_t size) {
        const struct hcs_append_file *f = file;
        struct quiet quiet;
        int why;

        quiet_enter(&quiet);
        why = write_zeros(f->fd, offset, size);
        quiet_leave(&quiet, why);
        return why;
}

int append_map(void *file, uint64_t offset, size_t size, char **ret) {
        const struct hcs_append_file *f = file;
        void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, (off_t)offset);

        if (map == MAP_FAILED)
                return errno;
        *ret = map;
        return 0;
}

void append_unmap(char *at, size_t size) {
        munmap(at, size);
}

/* Zeros that cannot be cut off are what a crash leaves too, and readers know them. */
void append_cut(void *file, uint64_t end) {
        const struct hcs_append_file *f = file;

        if (lseek(f->fd, (off_t)end, SEEK_SET) < 0 || ftruncate(f->fd, (off_t)end) < 0)
                errno = 0;
}

int append_plainly(void *file, const char *data, size_t len) {
        struct hcs_append_file *f = file;
        struct quiet quiet;
        int why = f->torn ? EIO : 0;

        quiet_enter(&quiet);
        for (size_t done = 0; !why && done < len;) {
                ssize_t n = write(f->fd, data + done, len - done);

                if (n > 0)
                        done += (size_t)n;
                else if (n == 0 || errno != EINTR)
                        why = n < 0 ? errno : EIO;
                f->torn = why && done;
        }
        quiet_leave(&quiet, why);
        return why;
}

int hcs_append_file_write(struct hcs_append_file *f, const void *data, size_t len) {
        int saved = errno, why;

        if (f->forks != atomic_load_explicit(&forks, memory_order_relaxed))
                return ECHILD;
        why = f->regular ? append_window_write(&f->window, f, data, len) : append_plainly(f, data, len);
        errno = saved;
        return why;
}

struct hcs_append_file *hcs_append_file_close(struct hcs_append_file *f) {
        if (!f)
                return NULL;
        if (f->regular)
                append_window_close(&f->window, f, f->forks == atomic_load(&forks));
        if (f->fd != STDOUT_FILENO)
                close(f->fd);
        free(f);
        return NULL;
}

/* The file, locked and empty; EWOULDBLOCK when somebody else has it. */
static int open_locked(const char *path, int *ret_fd, bool *ret_regular) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), why;
        struct stat st;

        if (fd < 0 && errno == EACCES)
                fd = open(path, O_WRONLY | O_CLOEXEC); /* /dev/stderr and pipes that may only be written */
        if (fd < 0)
                return errno;
        *ret_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
        if (*ret_regular && (flock(fd, LOCK_EX | LOCK_NB) < 0 || ftruncate(fd, 0) < 0)) {
                why = errno;
                close(fd);
                return why;
        }
        *ret_fd = fd;
        return 0;
}

HRESULT hcs_append_file_open(const char *path, struct hcs_append_file **ret, char **ret_path, struct hcs_error **err) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        _cleanup_free_ char *name = hcs_strdup(path);
        struct hcs_append_file *f;
        bool regular = false;
        int fd = STDOUT_FILENO, why = 0;

        pthread_once(&once, watch_forks);
        if (!hcs_streq(path, "-"))
                why = open_locked(path, &fd, &regular);
        if (why == EWOULDBLOCK) {
                free(name);
                name = hcs_asprintf("%s.%ld", path, (long)getpid());
                why = open_locked(name, &fd, &regular);
        }
        if (why)
                return hcs_error_errno(err, why, "create `%s`", name);
        f = hcs_calloc(1, sizeof(*f));
        *f = (struct hcs_append_file){.fd = fd, .regular = regular, .forks = atomic_load(&forks)};
        *ret = f;
        if (ret_path)
                *ret_path = steal_pointer(&name);
        return S_OK;
}
