/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_PROCESS_H
#define GUEST_CONTAINER_PROCESS_H

/*
 * A process that a host started: a container's first one, another one in a container, or one of the VM itself. It is
 * over when it has ended, its output has gone out and its streams are closed; waiters are told then. All on the loop's
 * thread. Source of the life cycle: hcsshim internal/guest/runtime/hcsv2/process.go.
 */

#include <sys/types.h>

#include "guest/base/children.h"
#include "guest/container/relay.h"

struct guest_host;
struct guest_container;
struct guest_process;

enum guest_wait_result { GUEST_WAIT_OVER, GUEST_WAIT_TIMEOUT, GUEST_WAIT_CANCELLED };

/* Embedded by its owner, who may free it in fn. */
struct guest_waiter {
        void (*fn)(struct guest_waiter *w, enum guest_wait_result result, uint32_t exit_code);
        struct guest_process *process;
        struct guest_timer timer;
        struct guest_waiter *next;
};

struct guest_process {
        struct guest_host *host;
        struct guest_container *container; /* NULL for a process of the VM */
        pid_t pid;
        bool is_init, exited, over;
        bool held; /* its start is under way: an end that comes now is looked at afterwards */
        bool told; /* one waiter had the exit code */
        uint32_t exit_code;
        struct guest_watch watch;
        struct guest_relay *relay; /* NULL without streams */
        struct guest_waiter *waiters;
        struct guest_process *next; /* of the container's or the host's list */
};

/* A process with that pid, a child of the agent; watched from now on. */
struct guest_process *guest_process_new(struct guest_host *host, struct guest_container *container, pid_t pid,
                                        bool is_init);
/* The same for one whose watch was given to guest_children_spawn(): allocate, spawn, then set the pid. */
struct guest_process *guest_process_alloc(struct guest_host *host, struct guest_container *container, bool is_init);
/* Waiters are cancelled; the process itself is left alone. */
struct guest_process *guest_process_free(struct guest_process *p);

/* Ends the hold; relay may be NULL. Takes the relay over. */
void guest_process_release(struct guest_process *p, struct guest_relay *relay);
void guest_process_relay_config(struct guest_process *p, struct guest_relay_config *ret, char name[static 64], int tee);

/* timeout_ms UINT32_MAX waits for ever. fn may be called before this returns. */
void guest_process_wait(struct guest_process *p, struct guest_waiter *w, uint32_t timeout_ms);
void guest_waiter_cancel(struct guest_waiter *w);

/* GUEST_E_NOT_FOUND when it has ended. */
HRESULT guest_process_signal(struct guest_process *p, int sig, struct hcs_error **err);
HRESULT guest_process_resize(struct guest_process *p, uint16_t height, uint16_t width, struct hcs_error **err);

#endif
