/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_CHILDREN_H
#define GUEST_BASE_CHILDREN_H

/*
 * Child processes: starting them, and reaping all of them in one place.
 *
 * The agent is the subreaper of everything below it: processes that an OCI runtime starts and leaves behind become its
 * children. A process can end before anybody asks about it, so ends that nobody waits for are kept for a while.
 * Starting and watching is safe on any thread; watch functions run on the loop's thread.
 */

#include <sys/types.h>

#include "guest/base/loop.h"

struct guest_children;

/* The end of one child. Embedded by its owner, out of the table when fn runs. */
struct guest_watch {
        pid_t pid;
        void (*fn)(struct guest_watch *w, int status); /* as of waitpid(2) */
        struct guest_watch *next;
        int status;
        struct guest_post post;
};

/* What to start. Descriptors are borrowed; -1 is /dev/null. */
struct guest_spawn {
        char *const *argv; /* argv[0] is looked up in our PATH */
        char *const *envp; /* NULL: our own */
        const char *cwd;   /* NULL: our own */
        int in, out, err;
        const char *tty; /* becomes the controlling terminal and all three streams */
};

/* Becomes subreaper; blocks SIGCHLD in the calling thread, so call it before any thread is started. */
HRESULT guest_children_new(struct guest_loop *loop, struct guest_children **ret, struct hcs_error **err);
struct guest_children *guest_children_free(struct guest_children *c);

/* Starts a process in a process group of its own (a session when it gets a terminal). w may be NULL. */
HRESULT guest_children_spawn(struct guest_children *c, const struct guest_spawn *what, struct guest_watch *w,
                             pid_t *ret_pid, struct hcs_error **err);
/* Watches w->pid, a child that somebody else started; when it has ended already fn is posted at once. */
void guest_children_watch(struct guest_children *c, struct guest_watch *w);
void guest_children_unwatch(struct guest_children *c, struct guest_watch *w);

/*
 * Starts a process and waits for its end, not on the loop's thread. After timeout_ns its process group is killed:
 * HCS_WIN32(ERROR_TIMEOUT).
 */
HRESULT guest_children_run(struct guest_children *c, const struct guest_spawn *what, uint64_t timeout_ns,
                           int *ret_status, struct hcs_error **err);

/* 128 + N for a process ended by signal N, as in a shell. */
int guest_exit_code(int status);

#endif
