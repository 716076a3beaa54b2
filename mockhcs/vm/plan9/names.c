/* SPDX-License-Identifier: MIT */

/* Requests that make, move and remove names. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mockhcs/vm/plan9/session.h"

#define NAME       (PLAN9_NAME_MAX + 2)
#define MODE       0777u
#define REMOVE_DIR 0x200u /* AT_REMOVEDIR as the protocol has it */

/* The folder of a request that is about to get or lose a name. */
static int folder_for(struct plan9_session *s, struct plan9_in *in, uint32_t id, const char *name,
                      struct plan9_fid **ret) {
        int error;

        if (in->bad)
                return EPROTO;
        error = plan9_fid_get(s, id, ret);
        if (!error)
                error = plan9_fid_check_writable(*ret);
        return error ? error : plan9_fid_check_name(*ret, name);
}

/*
 * What was just made: with the mode that the guest wants, whatever our own mask is, and, where we are root, the user's
 * who made it. Whoever has put a link in its place meanwhile changes nothing but the link. *ret is O_PATH of it.
 */
static int finish(const struct plan9_fid *folder, const char *name, uint32_t mode, uint32_t group, int *ret) {
        int fd = openat(folder->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0)
                return errno;
        if (geteuid() == 0)
                (void)!fchownat(fd, "", folder->user, group, AT_EMPTY_PATH);
        if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))
                (void)!chmod(plan9_path_of(fd).text, mode & MODE);
        *ret = fd;
        return 0;
}

static int answer_qid(const struct plan9_fid *folder, const char *name, uint32_t mode, uint32_t group,
                      struct plan9_out *out) {
        struct stat st;
        int fd, error = finish(folder, name, mode, group, &fd);

        if (error)
                return error;
        if (fstat(fd, &st) < 0)
                error = errno;
        else
                plan9_put_qid(out, &st);
        close(fd);
        return error;
}

/* A new file, or, unless it must be new, one that came in between. Never waits for one that is a pipe. */
static int create(const struct plan9_fid *f, const char *name, uint32_t flags, uint32_t mode, struct stat *st,
                  int *ret) {
        int file = openat(f->fd, name,
                          (int)(flags & (O_ACCMODE | O_TRUNC | O_APPEND | O_EXCL)) | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
                                  O_CLOEXEC,
                          mode & MODE);

        if (file < 0)
                return errno;
        if (fstat(file, st) < 0 || !S_ISREG(st->st_mode)) {
                close(file);
                return EACCES;
        }
        *ret = file;
        return 0;
}

int plan9_lcreate(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), flags, mode, group;
        struct plan9_fid *f;
        char name[NAME];
        struct stat st;
        int error, file = -1, fd;

        plan9_get_text(in, name, sizeof(name));
        flags = plan9_get32(in);
        mode = plan9_get32(in);
        group = plan9_get32(in);
        error = folder_for(s, in, id, name, &f);
        if (error)
                return error;
        if (f->file >= 0)
                return EINVAL;
        error = create(f, name, flags, mode, &st, &file);
        if (error)
                return error;
        error = finish(f, name, mode, group, &fd);
        if (error) {
                close(file);
                return error;
        }
        /* The fid is the new file from now on. */
        close(f->fd);
        f->fd = fd;
        f->file = file;
        f->is_root = false;
        plan9_put_qid(out, &st);
        plan9_put32(out, 0);
        return 0;
}

int plan9_symlink(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), group;
        char name[NAME], target[PATH_MAX];
        struct plan9_fid *f;
        int error;

        plan9_get_text(in, name, sizeof(name));
        plan9_get_text(in, target, sizeof(target));
        group = plan9_get32(in);
        error = folder_for(s, in, id, name, &f);
        if (error)
                return error;
        if (symlinkat(target, f->fd, name) < 0)
                return errno;
        return answer_qid(f, name, 0, group, out);
}

int plan9_link(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t folder = plan9_get32(in), id = plan9_get32(in);
        struct plan9_fid *f, *d;
        char name[NAME];
        int error;

        plan9_get_text(in, name, sizeof(name));
        error = folder_for(s, in, folder, name, &d);
        if (!error)
                error = plan9_fid_get(s, id, &f);
        if (error)
                return error;
        if (f->export != d->export)
                return EXDEV;
        return linkat(AT_FDCWD, plan9_path_of(f->fd).text, d->fd, name, AT_SYMLINK_FOLLOW) < 0 ? errno : 0;
}

int plan9_mkdir(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), mode, group;
        struct plan9_fid *f;
        char name[NAME];
        int error;

        plan9_get_text(in, name, sizeof(name));
        mode = plan9_get32(in);
        group = plan9_get32(in);
        error = folder_for(s, in, id, name, &f);
        if (error)
                return error;
        if (mkdirat(f->fd, name, mode & MODE) < 0)
                return errno;
        return answer_qid(f, name, mode, group, out);
}

int plan9_renameat(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t from_id = plan9_get32(in), to_id;
        char from_name[NAME], to_name[NAME];
        struct plan9_fid *from, *to;
        int error;

        plan9_get_text(in, from_name, sizeof(from_name));
        to_id = plan9_get32(in);
        plan9_get_text(in, to_name, sizeof(to_name));
        error = folder_for(s, in, from_id, from_name, &from);
        if (!error)
                error = folder_for(s, in, to_id, to_name, &to);
        if (error)
                return error;
        if (from->export != to->export)
                return EXDEV;
        return renameat(from->fd, from_name, to->fd, to_name) < 0 ? errno : 0;
}

int plan9_unlinkat(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), flags;
        struct plan9_fid *f;
        char name[NAME];
        int error;

        plan9_get_text(in, name, sizeof(name));
        flags = plan9_get32(in);
        error = folder_for(s, in, id, name, &f);
        if (error)
                return error;
        return unlinkat(f->fd, name, flags & REMOVE_DIR ? AT_REMOVEDIR : 0) < 0 ? errno : 0;
}

int plan9_readlink(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        struct plan9_fid *f;
        char target[PATH_MAX];
        int error = in->bad ? EPROTO : plan9_fid_get(s, id, &f);
        ssize_t n;

        if (error)
                return error;
        n = readlinkat(f->fd, "", target, sizeof(target));
        if (n < 0)
                return errno;
        plan9_put_text(out, target, (size_t)n);
        return 0;
}
