/* SPDX-License-Identifier: MIT */

/* Requests about what is known of a file: owner, mode, size, times. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "mockhcs/vm/plan9/session.h"

#define GETATTR_BASIC 0x7ffull /* all that struct stat has */
#define SET_MODE      0x001u
#define SET_UID       0x002u
#define SET_GID       0x004u
#define SET_SIZE      0x008u
#define SET_ATIME     0x010u
#define SET_MTIME     0x020u
#define SET_ATIME_TO  0x080u
#define SET_MTIME_TO  0x100u
#define V9FS_MAGIC    0x01021997u

static void put_time(struct plan9_out *out, const struct timespec *t) {
        plan9_put64(out, (uint64_t)t->tv_sec);
        plan9_put64(out, (uint64_t)t->tv_nsec);
}

int plan9_getattr(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        struct plan9_fid *f;
        struct stat st;
        int error;

        plan9_get64(in); /* what is asked for: it gets all */
        error = in->bad ? EPROTO : plan9_fid_get(s, id, &f);
        if (error)
                return error;
        if (fstat(f->fd, &st) < 0)
                return errno;
        plan9_put64(out, GETATTR_BASIC);
        plan9_put_qid(out, &st);
        plan9_put32(out, st.st_mode);
        plan9_put32(out, plan9_to_guest(st.st_uid, geteuid()));
        plan9_put32(out, plan9_to_guest(st.st_gid, getegid()));
        plan9_put64(out, st.st_nlink);
        plan9_put64(out, st.st_rdev);
        plan9_put64(out, (uint64_t)st.st_size);
        plan9_put64(out, (uint64_t)st.st_blksize);
        plan9_put64(out, (uint64_t)st.st_blocks);
        put_time(out, &st.st_atim);
        put_time(out, &st.st_mtim);
        put_time(out, &st.st_ctim);
        for (int i = 0; i < 4; i++) /* birth, generation and data version are not known */
                plan9_put64(out, 0);
        return 0;
}

static struct timespec time_of(uint32_t valid, uint32_t set, uint32_t to, struct timespec t) {
        if (!(valid & set))
                t.tv_nsec = UTIME_OMIT;
        else if (!(valid & to))
                t.tv_nsec = UTIME_NOW;
        return t;
}

static int set_owner(const char *path, uint32_t valid, uint32_t uid, uint32_t gid) {
        uid_t user = valid & SET_UID ? plan9_from_guest(uid, geteuid()) : (uid_t)-1;
        gid_t group = valid & SET_GID ? plan9_from_guest(gid, getegid()) : (gid_t)-1;

        return chown(path, user, group) < 0 ? errno : 0;
}

int plan9_setattr(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), valid = plan9_get32(in), mode = plan9_get32(in), uid = plan9_get32(in),
                 gid = plan9_get32(in);
        uint64_t size = plan9_get64(in);
        struct timespec times[2];
        struct plan9_fid *f;
        struct plan9_path path;
        struct stat st;
        int error;

        for (size_t i = 0; i < 2; i++) {
                times[i].tv_sec = (time_t)plan9_get64(in);
                times[i].tv_nsec = (long)plan9_get64(in);
                if (times[i].tv_nsec < 0 || times[i].tv_nsec >= 1000000000)
                        in->bad = true;
        }
        error = in->bad ? EPROTO : plan9_fid_get(s, id, &f);
        if (!error)
                error = plan9_fid_check_writable(f);
        if (error)
                return error;
        if (fstat(f->fd, &st) < 0)
                return errno;
        path = plan9_path_of(f->fd);
        if (valid & SET_SIZE) {
                if (!S_ISREG(st.st_mode))
                        return EINVAL;
                if (truncate(path.text, (off_t)size) < 0)
                        return errno;
        }
        if (valid & (SET_UID | SET_GID))
                error = set_owner(path.text, valid, uid, gid);
        if (!error && valid & SET_MODE && chmod(path.text, mode & 01777) < 0)
                error = errno;
        if (error || !(valid & (SET_ATIME | SET_MTIME)))
                return error;
        times[0] = time_of(valid, SET_ATIME, SET_ATIME_TO, times[0]);
        times[1] = time_of(valid, SET_MTIME, SET_MTIME_TO, times[1]);
        return utimensat(AT_FDCWD, path.text, times, 0) < 0 ? errno : 0;
}

int plan9_statfs(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        struct plan9_fid *f;
        struct statfs st;
        int error = in->bad ? EPROTO : plan9_fid_get(s, id, &f);

        if (error)
                return error;
        if (fstatfs(f->fd, &st) < 0)
                return errno;
        plan9_put32(out, V9FS_MAGIC);
        plan9_put32(out, (uint32_t)st.f_bsize);
        plan9_put64(out, st.f_blocks);
        plan9_put64(out, st.f_bfree);
        plan9_put64(out, st.f_bavail);
        plan9_put64(out, st.f_files);
        plan9_put64(out, st.f_ffree);
        plan9_put64(out, 0);
        plan9_put32(out, (uint32_t)st.f_namelen);
        return 0;
}
