/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_PLAN9_PLAN9_H
#define MOCKHCS_VM_PLAN9_PLAN9_H

/*
 * Folders of the host for guests, by 9P2000.L over stream sockets: what HCS does for Plan9Share. A guest dials the
 * vsock port of its shares, which is a Unix socket of the host; its kernel attaches to a share by name (ShareName, the
 * client's aname) and speaks as fs/9p of Linux does.
 *
 * A guest stays in its shares: every file is opened by one name in a folder that is held open, never through a link,
 * and no name with a slash is taken. Links can be made and read; what they lead to is resolved in the guest. Files are
 * made and read with the rights of this process. Where it is not root, its user and group are 0 in the guest, and files
 * that the guest makes are its own; where it is root, owners are what they are. Set-id bits cannot be set, devices not
 * be made; extended attributes do not exist.
 *
 * One thread accepts, one serves each connection; requests of a connection are done in turn. Any thread may call.
 * Source: the kernel's include/net/9p/9p.h and net/9p/client.c; hcs-api.md (Plan9Share).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct plan9_server;

struct plan9_share {
        const char *name; /* AccessName: what the guest attaches to */
        const char *path; /* a folder of the host */
        bool read_only;   /* writing is EROFS */
        /* RestrictFileAccess: of the folder itself only these names exist. NULL: all. Copied. */
        const char *const *files;
        size_t n_files;
};

/* Listens at `socket`, which must be in a folder of our own; what is there already under the name is replaced. */
HRESULT plan9_server_new(const char *socket, struct plan9_server **ret, struct hcs_error **err);
/* Ends every connection. NULL is fine, returns NULL. */
struct plan9_server *plan9_server_free(struct plan9_server *s);
HCS_DEFINE_CLEANUP(struct plan9_server *, plan9_server_free)

/* HCS_WIN32(ERROR_ALREADY_EXISTS) for a name that is taken; what opening the folder says. */
HRESULT plan9_server_add(struct plan9_server *s, const struct plan9_share *share, struct hcs_error **err);
/* Who is attached to it gets ENODEV from then on. HCS_WIN32(ERROR_NOT_FOUND) for a name that is not there. */
HRESULT plan9_server_remove(struct plan9_server *s, const char *name, struct hcs_error **err);
/* How many shares there are. */
size_t plan9_server_count(struct plan9_server *s);

#endif
