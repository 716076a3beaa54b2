/* SPDX-License-Identifier: MIT */

/* Shares and the fids in them, of mockhcs/vm/plan9/session.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/plan9/session.h"

HRESULT plan9_export_new(const struct plan9_share *share, struct plan9_export **ret, struct hcs_error **err) {
        struct plan9_export *e;
        int root;

        if (!share->name)
                return hcs_error_make(err, E_INVALIDARG, "a share needs a name");
        root = open(share->path ? share->path : "", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return hcs_error_errno(err, errno, "share %s: open the folder `%s'", share->name,
                                       share->path ? share->path : "");
        e = hcs_calloc(1, sizeof(*e));
        e->refs = 1;
        e->name = hcs_strdup(share->name);
        e->root = root;
        e->read_only = share->read_only;
        if (share->files) {
                e->files = hcs_calloc(share->n_files + 1, sizeof(*e->files));
                for (size_t i = 0; i < share->n_files; i++)
                        e->files[e->n_files++] = hcs_strdup(share->files[i]);
        }
        *ret = e;
        return S_OK;
}

struct plan9_export *plan9_export_ref(struct plan9_export *e) {
        e->refs++;
        return e;
}

struct plan9_export *plan9_export_unref(struct plan9_export *e) {
        if (!e || --e->refs > 0)
                return NULL;
        close(e->root);
        for (size_t i = 0; i < e->n_files; i++)
                free(e->files[i]);
        free(e->files);
        free(e->name);
        return hcs_free(e);
}

static struct plan9_fid *find(const struct plan9_session *s, uint32_t id) {
        for (struct plan9_fid *f = s->fids; f; f = f->next)
                if (f->id == id)
                        return f;
        return NULL;
}

int plan9_fid_get(struct plan9_session *s, uint32_t id, struct plan9_fid **ret) {
        struct plan9_fid *f = find(s, id);

        if (!f)
                return EBADF;
        *ret = f;
        return atomic_load(&f->export->gone) ? ENODEV : 0;
}

int plan9_fid_add(struct plan9_session *s, uint32_t id, struct plan9_export *export, int fd, uid_t user,
                  struct plan9_fid **ret) {
        struct plan9_fid *f;

        if (find(s, id) || s->n_fids == PLAN9_FIDS) {
                close(fd);
                return s->n_fids == PLAN9_FIDS ? EMFILE : EBADF;
        }
        f = hcs_calloc(1, sizeof(*f));
        *f = (struct plan9_fid){
                .next = s->fids, .id = id, .export = plan9_export_ref(export), .fd = fd, .file = -1, .user = user};
        s->fids = f;
        s->n_fids++;
        *ret = f;
        return 0;
}

int plan9_fid_remove(struct plan9_session *s, uint32_t id) {
        struct plan9_fid **p = &s->fids, *f;

        while (*p && (*p)->id != id)
                p = &(*p)->next;
        f = *p;
        if (!f)
                return EBADF;
        *p = f->next;
        s->n_fids--;
        close(f->fd);
        if (f->file >= 0)
                close(f->file);
        plan9_export_unref(f->export);
        free(f);
        return 0;
}

static bool is_shared(const struct plan9_export *e, const char *name) {
        for (size_t i = 0; i < e->n_files; i++)
                if (hcs_streq(e->files[i], name))
                        return true;
        return !e->files;
}

int plan9_fid_check_name(const struct plan9_fid *f, const char *name) {
        if (!*name || strlen(name) > PLAN9_NAME_MAX || strchr(name, '/') || hcs_streq(name, ".") ||
            hcs_streq(name, ".."))
                return EINVAL;
        return f->is_root && !is_shared(f->export, name) ? ENOENT : 0;
}

static bool is_same(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int plan9_fid_step(const struct plan9_fid *f, int folder, bool *is_root, const char *name, int *ret) {
        const struct plan9_fid here = {.export = f->export, .is_root = *is_root};
        bool up = hcs_streq(name, "..");
        int error = up ? 0 : plan9_fid_check_name(&here, name), fd;

        if (error)
                return error;
        if (up && *is_root)
                fd = fcntl(folder, F_DUPFD_CLOEXEC, 3);
        else
                fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno;
        *is_root = up && is_same(fd, f->export->root);
        *ret = fd;
        return 0;
}

int plan9_fid_check_writable(const struct plan9_fid *f) {
        return f->export->read_only ? EROFS : 0;
}

struct plan9_path plan9_path_of(int fd) {
        struct plan9_path p;

        snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d", fd);
        return p;
}

uint32_t plan9_to_guest(uid_t id, uid_t ours) {
        return id == ours ? 0 : id;
}

uid_t plan9_from_guest(uint32_t id, uid_t ours) {
        return id == 0 ? ours : id;
}
