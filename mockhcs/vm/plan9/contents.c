/* SPDX-License-Identifier: MIT */

/* Requests about what is in a file or a folder, and locks. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "mockhcs/vm/plan9/session.h"

#define READ_OVERHEAD  (PLAN9_HEADER + 4) /* of Rread and Rreaddir */
#define ENTRY_OVERHEAD (PLAN9_QID_SIZE + 8 + 1 + 2)
#define LOCK_SUCCESS   0
#define LOCK_BLOCKED   1
#define LOCK_ERROR     2

int plan9_lopen(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), flags = plan9_get32(in);
        struct plan9_fid *f;
        struct stat st;
        int error = in->bad ? EPROTO : plan9_fid_get(s, id, &f);

        if (error)
                return error;
        if (f->file >= 0)
                return EINVAL;
        if (fstat(f->fd, &st) < 0)
                return errno;
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return EACCES; /* pipes and devices of the host are none of the guest's */
        if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC)
                error = plan9_fid_check_writable(f);
        if (error)
                return error;
        f->file = open(plan9_path_of(f->fd).text,
                       (int)(flags & (O_ACCMODE | O_TRUNC | O_APPEND | O_DIRECTORY)) | O_NONBLOCK | O_CLOEXEC);
        if (f->file < 0)
                return errno;
        plan9_put_qid(out, &st);
        plan9_put32(out, 0); /* as much as fits into a message */
        return 0;
}

static int opened(struct plan9_session *s, const struct plan9_in *in, uint32_t id, struct plan9_fid **ret) {
        int error = in->bad ? EPROTO : plan9_fid_get(s, id, ret);

        return error ? error : (*ret)->file < 0 ? EBADF : 0;
}

/* What an answer has room for. */
static size_t room(const struct plan9_session *s, uint32_t count) {
        size_t most = s->message_size - READ_OVERHEAD;

        return count < most ? count : most;
}

int plan9_read(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        uint64_t offset = plan9_get64(in);
        size_t count = room(s, plan9_get32(in));
        struct plan9_fid *f;
        int error = opened(s, in, id, &f);
        ssize_t n;

        if (error)
                return error;
        n = pread(f->file, out->data + out->len + 4, count, (off_t)offset);
        if (n < 0)
                return errno;
        plan9_put32(out, (uint32_t)n);
        out->len += (size_t)n;
        return 0;
}

int plan9_write(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        uint64_t offset = plan9_get64(in);
        uint32_t count = plan9_get32(in);
        struct plan9_fid *f;
        int error;
        ssize_t n;

        if (count > in->left)
                in->bad = true;
        error = opened(s, in, id, &f);
        if (!error)
                error = plan9_fid_check_writable(f);
        if (error)
                return error;
        n = pwrite(f->file, in->at, count, (off_t)offset);
        if (n < 0)
                return errno;
        plan9_put32(out, (uint32_t)n);
        return 0;
}

/* One entry, if the guest may see it. False when there is no room for it. */
static bool put_entry(struct plan9_out *out, const struct plan9_fid *f, const struct dirent64 *e, size_t end) {
        size_t len = strlen(e->d_name);
        bool special = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        struct stat st;

        if (!special && plan9_fid_check_name(f, e->d_name) != 0)
                return true;
        /* Above the share there is nothing: its ".." is itself. */
        if (special && f->is_root ? fstat(f->fd, &st) < 0 : fstatat(f->file, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return true; /* gone meanwhile */
        if (end - out->len < ENTRY_OVERHEAD + len)
                return false;
        plan9_put_qid(out, &st);
        plan9_put64(out, (uint64_t)e->d_off);
        plan9_put8(out, e->d_type);
        plan9_put_text(out, e->d_name, len);
        return true;
}

int plan9_readdir(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        uint64_t offset = plan9_get64(in);
        size_t end = out->len + 4 + room(s, plan9_get32(in)), at = out->len;
        struct plan9_fid *f;
        int error = opened(s, in, id, &f);
        char data[8192] __attribute__((aligned(8)));
        bool go_on = true;

        if (error)
                return error;
        if (lseek(f->file, (off_t)offset, SEEK_SET) < 0)
                return errno;
        plan9_put32(out, 0);
        while (go_on) {
                ssize_t n = getdents64(f->file, data, sizeof(data));

                if (n < 0)
                        return errno;
                go_on = n > 0;
                for (ssize_t i = 0; go_on && i < n;) {
                        const struct dirent64 *e = (const void *)(data + i);

                        go_on = put_entry(out, f, e, end);
                        i += e->d_reclen;
                }
        }
        /* Its size, now that it is known. */
        plan9_put32(&(struct plan9_out){.data = out->data + at, .size = 4}, (uint32_t)(out->len - at - 4));
        return 0;
}

int plan9_fsync(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), data_only = plan9_get32(in);
        struct plan9_fid *f;
        int error = opened(s, in, id, &f);

        if (error)
                return error;
        return (data_only ? fdatasync(f->file) : fsync(f->file)) < 0 ? errno : 0;
}

static bool fill_lock(struct flock *l, uint8_t type, uint64_t start, uint64_t length) {
        static const short types[] = {F_RDLCK, F_WRLCK, F_UNLCK};

        *l = (struct flock){.l_whence = SEEK_SET, .l_start = (off_t)start, .l_len = (off_t)length};
        if (type >= sizeof(types) / sizeof(types[0]) || l->l_start < 0 || l->l_len < 0)
                return false;
        l->l_type = types[type];
        return true;
}

/* Never waits: a guest that wants to asks again. Locks are the fid's, and against programs of the host too. */
int plan9_lock(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in);
        uint8_t type = plan9_get8(in);
        uint64_t start, length;
        char client[PLAN9_NAME_MAX + 2];
        struct plan9_fid *f;
        struct flock l;
        int error;

        plan9_get32(in); /* may it wait */
        start = plan9_get64(in);
        length = plan9_get64(in);
        plan9_get32(in); /* a process of the guest */
        plan9_get_text(in, client, sizeof(client));
        error = opened(s, in, id, &f);
        if (error)
                return error;
        if (!fill_lock(&l, type, start, length))
                plan9_put8(out, LOCK_ERROR);
        else if (fcntl(f->file, F_OFD_SETLK, &l) == 0)
                plan9_put8(out, LOCK_SUCCESS);
        else
                plan9_put8(out, errno == EAGAIN || errno == EACCES ? LOCK_BLOCKED : LOCK_ERROR);
        return 0;
}

int plan9_getlock(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), process;
        uint8_t type = plan9_get8(in);
        uint64_t start = plan9_get64(in), length = plan9_get64(in);
        char client[PLAN9_NAME_MAX + 2];
        struct plan9_fid *f;
        struct flock l;
        int error;

        process = plan9_get32(in);
        plan9_get_text(in, client, sizeof(client));
        error = opened(s, in, id, &f);
        if (error)
                return error;
        if (!fill_lock(&l, type, start, length))
                return EINVAL;
        if (fcntl(f->file, F_OFD_GETLK, &l) < 0)
                return errno;
        plan9_put8(out, l.l_type == F_UNLCK ? 2 : l.l_type == F_WRLCK ? 1 : 0);
        plan9_put64(out, (uint64_t)l.l_start);
        plan9_put64(out, (uint64_t)l.l_len);
        plan9_put32(out, process);
        plan9_put_text(out, client, strlen(client));
        return 0;
}
