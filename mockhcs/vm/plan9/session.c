/* SPDX-License-Identifier: MIT */

/* Messages of mockhcs/vm/plan9/session.h: how a connection begins, walks, and what each type is for. */

#include "mockhcs/vm/plan9/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define VERSION  "9P2000.L"
#define MAX_WALK 16u
#define MAX_NAME (PLAN9_NAME_MAX + 2)

void plan9_session_deinit(struct plan9_session *s) {
        while (s->fids)
                plan9_fid_remove(s, s->fids->id);
}

/* Also ends whatever the connection was used for before. */
static int version(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t size = plan9_get32(in);
        char name[32];

        plan9_get_text(in, name, sizeof(name));
        if (in->bad || size < PLAN9_MESSAGE_MIN)
                return EPROTO;
        plan9_session_deinit(s);
        s->message_size = size < PLAN9_MESSAGE_MAX ? size : PLAN9_MESSAGE_MAX;
        if (!hcs_streq(name, VERSION))
                s->message_size = 0;
        plan9_put32(out, s->message_size ? s->message_size : PLAN9_MESSAGE_MIN);
        plan9_put_text(out, s->message_size ? VERSION : "unknown", s->message_size ? strlen(VERSION) : 7);
        return 0;
}

static int attach(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), user;
        char user_name[MAX_NAME], name[MAX_NAME];
        struct plan9_export *export;
        struct plan9_fid *f;
        struct stat st;
        int error = EPROTO, fd;

        plan9_get32(in); /* nobody proves who he is */
        plan9_get_text(in, user_name, sizeof(user_name));
        plan9_get_text(in, name, sizeof(name));
        user = plan9_get32(in);
        if (in->bad)
                return error;
        export = s->find(s->ctx, name);
        if (!export)
                return ENOENT;
        fd = fcntl(export->root, F_DUPFD_CLOEXEC, 3);
        error = fd < 0 || fstat(fd, &st) < 0 ? errno : plan9_fid_add(s, id, export, fd, user, &f);
        plan9_export_unref(export);
        if (error)
                return error;
        f->is_root = true;
        plan9_put_qid(out, &st);
        return 0;
}

/* Follows the names as far as they go. *fd is where it came to, *is_root whether that is the share's folder. */
static int follow(const struct plan9_fid *f, struct plan9_in *in, uint16_t n, int *fd, bool *is_root,
                  struct plan9_out *out) {
        uint16_t steps = 0;
        int error = 0;
        size_t at = out->len;

        plan9_put16(out, 0);
        while (!error && steps < n) {
                char name[MAX_NAME];
                struct stat st;
                int next;

                plan9_get_text(in, name, sizeof(name));
                error = in->bad ? EINVAL : plan9_fid_step(f, *fd, is_root, name, &next);
                if (error)
                        break;
                close(*fd);
                *fd = next;
                if (fstat(next, &st) < 0)
                        return errno;
                plan9_put_qid(out, &st);
                steps++;
        }
        plan9_put16(&(struct plan9_out){.data = out->data + at, .size = 2}, steps);
        /* Where some of the names were found the answer says how many, and no fid is made. */
        return steps == 0 && n > 0 ? error : 0;
}

static int walk(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        uint32_t id = plan9_get32(in), new_id = plan9_get32(in);
        uint16_t n = plan9_get16(in);
        struct plan9_fid *f, *made;
        size_t before = out->len;
        bool is_root;
        int error, fd;

        if (in->bad || n > MAX_WALK)
                return EPROTO;
        error = plan9_fid_get(s, id, &f);
        if (error)
                return error;
        if (f->file >= 0 && n > 0)
                return EINVAL;
        is_root = f->is_root;
        fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return errno;
        error = follow(f, in, n, &fd, &is_root, out);
        if (error || out->len - before < 2 + (size_t)n * PLAN9_QID_SIZE) {
                close(fd);
                return error;
        }
        if (new_id == id) {
                close(f->fd);
                f->fd = fd;
        } else {
                error = plan9_fid_add(s, new_id, f->export, fd, f->user, &made);
                if (error)
                        return error;
                f = made;
        }
        f->is_root = is_root;
        return 0;
}

static int clunk(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        return plan9_fid_remove(s, plan9_get32(in));
}

/* By a folder and a name instead: that is how Linux does it where this is refused. The fid goes all the same. */
static int remove_fid(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        int error = plan9_fid_remove(s, plan9_get32(in));

        return error ? error : EOPNOTSUPP;
}

/* Requests are done in turn: what is to be given up is done already. */
static int flush(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        return 0;
}

static int not_supported(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        return EOPNOTSUPP;
}

static int not_permitted(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out) {
        return EPERM;
}

static plan9_request *const requests[128] = {
        [PLAN9_TSTATFS] = plan9_statfs,
        [PLAN9_TLOPEN] = plan9_lopen,
        [PLAN9_TLCREATE] = plan9_lcreate,
        [PLAN9_TSYMLINK] = plan9_symlink,
        [PLAN9_TMKNOD] = not_permitted,
        [PLAN9_TRENAME] = not_supported, /* TRENAMEAT is */
        [PLAN9_TREADLINK] = plan9_readlink,
        [PLAN9_TGETATTR] = plan9_getattr,
        [PLAN9_TSETATTR] = plan9_setattr,
        [PLAN9_TXATTRWALK] = not_supported,
        [PLAN9_TXATTRCREATE] = not_supported,
        [PLAN9_TREADDIR] = plan9_readdir,
        [PLAN9_TFSYNC] = plan9_fsync,
        [PLAN9_TLOCK] = plan9_lock,
        [PLAN9_TGETLOCK] = plan9_getlock,
        [PLAN9_TLINK] = plan9_link,
        [PLAN9_TMKDIR] = plan9_mkdir,
        [PLAN9_TRENAMEAT] = plan9_renameat,
        [PLAN9_TUNLINKAT] = plan9_unlinkat,
        [PLAN9_TVERSION] = version,
        [PLAN9_TAUTH] = not_supported,
        [PLAN9_TATTACH] = attach,
        [PLAN9_TFLUSH] = flush,
        [PLAN9_TWALK] = walk,
        [PLAN9_TREAD] = plan9_read,
        [PLAN9_TWRITE] = plan9_write,
        [PLAN9_TCLUNK] = clunk,
        [PLAN9_TREMOVE] = remove_fid,
};

bool plan9_session_handle(struct plan9_session *s, const uint8_t *message, size_t len, struct plan9_out *out) {
        struct plan9_in in = {message, len};
        uint32_t size = plan9_get32(&in);
        uint8_t type = plan9_get8(&in);
        uint16_t tag = plan9_get16(&in);
        plan9_request *request = type < 128 ? requests[type] : NULL;
        int error;

        if (in.bad || size != len || (type != PLAN9_TVERSION && !s->message_size))
                return false;
        out->len = PLAN9_HEADER;
        out->size = s->message_size ? s->message_size : PLAN9_MESSAGE_MIN;
        out->full = false;
        error = request ? request(s, &in, out) : EOPNOTSUPP;
        if (error == EPROTO)
                return false;
        if (!error && out->full)
                error = EIO;
        if (error) {
                out->len = PLAN9_HEADER;
                plan9_put32(out, (uint32_t)error);
        }
        size = (uint32_t)out->len;
        out->len = 0;
        plan9_put32(out, size);
        plan9_put8(out, error ? PLAN9_RLERROR : (uint8_t)(type + 1));
        plan9_put16(out, tag);
        out->len = size;
        return true;
}
