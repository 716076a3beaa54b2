/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_PLAN9_SESSION_H
#define MOCKHCS_VM_PLAN9_SESSION_H

/*
 * One connection of a guest: its fids (names it has for files), and what each request does. Requests come in as bytes
 * and answers go out as bytes, so that tests and the fuzzer need no socket. Owned by the thread that serves the
 * connection.
 */

#include <stdatomic.h>
#include <sys/types.h>

#include "mockhcs/vm/plan9/plan9.h"
#include "mockhcs/vm/plan9/wire.h"

#define PLAN9_MESSAGE_MIN 4096u
#define PLAN9_MESSAGE_MAX (256u << 10)
#define PLAN9_FIDS        512 /* of a connection: each is one or two descriptors of this process */

/* A share, held by its server and by every fid in it. */
struct plan9_export {
        struct plan9_export *next; /* of its server */
        atomic_uint refs;
        char *name;
        int root; /* O_PATH */
        bool read_only;
        char **files; /* NULL: all */
        size_t n_files;
        atomic_bool gone; /* taken back */
};

HRESULT plan9_export_new(const struct plan9_share *share, struct plan9_export **ret, struct hcs_error **err);
struct plan9_export *plan9_export_ref(struct plan9_export *e);
struct plan9_export *plan9_export_unref(struct plan9_export *e);

struct plan9_fid {
        struct plan9_fid *next;
        uint32_t id;
        struct plan9_export *export;
        int fd;   /* O_PATH: the file itself, a link too */
        int file; /* opened for reading or writing; -1 */
        bool is_root;
        uid_t user; /* who attached, as the guest says */
};

struct plan9_session {
        /* Finds a share and takes a reference; NULL. */
        struct plan9_export *(*find)(void *ctx, const char *name);
        void *ctx;
        struct plan9_fid *fids;
        size_t n_fids;
        uint32_t message_size; /* 0 before Tversion */
};

void plan9_session_deinit(struct plan9_session *s);
/*
 * Answers one whole message (its length is right) into out, which has PLAN9_MESSAGE_MAX bytes. False when it was no
 * message of the protocol: then the connection is of no more use.
 */
bool plan9_session_handle(struct plan9_session *s, const uint8_t *message, size_t len, struct plan9_out *out);

/* fid.c. Errors are those of errno, positive; 0 is success. */
/* The fid of a number, if its share is still there. */
int plan9_fid_get(struct plan9_session *s, uint32_t id, struct plan9_fid **ret);
/* Takes fd over; the number must be free. */
int plan9_fid_add(struct plan9_session *s, uint32_t id, struct plan9_export *export, int fd, uid_t user,
                  struct plan9_fid **ret);
int plan9_fid_remove(struct plan9_session *s, uint32_t id);
/* May a name be used in this folder? EINVAL for what is no name, ENOENT for one that is not shared. */
int plan9_fid_check_name(const struct plan9_fid *f, const char *name);
/* O_PATH of one name in a folder; ".." does not lead out of the share. */
int plan9_fid_step(const struct plan9_fid *f, int folder, bool *is_root, const char *name, int *ret);
int plan9_fid_check_writable(const struct plan9_fid *f);
/* A path that leads to what an O_PATH descriptor is of. */
struct plan9_path {
        char text[32];
};
struct plan9_path plan9_path_of(int fd);
/* Owners as the guest sees them, and back. */
uint32_t plan9_to_guest(uid_t id, uid_t ours);
uid_t plan9_from_guest(uint32_t id, uid_t ours);

/* What requests do: the rest of the message in, the answer's body out; errno or 0. names.c, attributes.c, contents.c.
 */
typedef int plan9_request(struct plan9_session *s, struct plan9_in *in, struct plan9_out *out);
plan9_request plan9_lcreate, plan9_symlink, plan9_link, plan9_mkdir, plan9_renameat, plan9_unlinkat, plan9_readlink;
plan9_request plan9_getattr, plan9_setattr, plan9_statfs;
plan9_request plan9_lopen, plan9_read, plan9_write, plan9_readdir, plan9_fsync, plan9_lock, plan9_getlock;

#endif
