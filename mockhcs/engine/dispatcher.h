/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_DISPATCHER_H
#define MOCKHCS_ENGINE_DISPATCHER_H

/*
 * The engine's own thread: runs tasks in order of due time, and looks after the pipes of processes in between. It is
 * started by the first task, so that a process that only links the mock pays nothing. Delays run on a virtual clock:
 * speed 1 is real time, 0.1 ten times as fast, 0 takes no time at all (order stays).
 */

#include "platform/pipe.h"
#include "platform/thread.h"

struct mock_dispatcher;

/* What the thread does about pipes. fill() appends entries; ready() handles them after the wait. Called on the
 * dispatcher thread without its lock. */
struct mock_dispatcher_pipes {
        size_t (*fill)(void *ctx, struct hcs_poll_entry **entries);
        void (*ready)(void *ctx, struct hcs_poll_entry *entries, size_t n);
        void *ctx;
};

HRESULT mock_dispatcher_new(double speed, const struct mock_dispatcher_pipes *pipes, struct mock_dispatcher **ret,
                            struct hcs_error **err);
/* Ends the thread; tasks that did not run are dropped. Not from the dispatcher thread itself. */
struct mock_dispatcher *mock_dispatcher_free(struct mock_dispatcher *d);
void mock_dispatcher_post(struct mock_dispatcher *d, uint64_t delay_ns, void (*fn)(void *), void (*drop)(void *),
                          void *arg);
/* Look at the pipes again: something changed. */
void mock_dispatcher_kick(struct mock_dispatcher *d);
bool mock_dispatcher_is_self(struct mock_dispatcher *d);
/* Waits until no task is due and none runs. Returns at once on the dispatcher thread. */
void mock_dispatcher_drain(struct mock_dispatcher *d);
/* The same, and until it moves no bytes of pipes: it may do that for as long as whoever takes them does not. */
void mock_dispatcher_drain_pipes(struct mock_dispatcher *d);

#endif
