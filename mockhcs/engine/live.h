/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_LIVE_H
#define MOCKHCS_ENGINE_LIVE_H

/*
 * The engine's side of a handle: what struct mock_handle shows to layers, and behind it the callback, the latched
 * events, the pipes of a process and the state of an operation. Everything here is guarded by the engine's lock,
 * save the reference count.
 */

#include "base/buf.h"
#include "hcsshim/abi/types.h"
#include "mockhcs/engine/backend.h"
#include "platform/thread.h"

struct mock_live_event {
        struct mock_live_event *next;
        const char *name; /* static */
        HRESULT hr;
        char *data;
};

/* One of the three pipes of a process: the mock's end. */
struct mock_pump {
        HANDLE end;             /* 0 while there is none */
        HANDLE client;          /* the other end until it is handed out */
        struct hcs_buf backlog; /* output not yet taken by the pipe */
        size_t taken;           /* of the backlog */
        size_t away;            /* output whose pipe is in another process, and that is not in that pipe yet */
        bool ended;             /* no more output follows */
        bool closed;            /* ended and everything written, or the client went away */
        bool full;              /* output: a layer waits for room in the backlog */
        bool held;              /* input: a layer has no room for it, it stays in the pipe */
};

enum mock_operation_state { MOCK_OPERATION_UNUSED, MOCK_OPERATION_PENDING, MOCK_OPERATION_COMPLETED };

struct mock_live_operation {
        enum mock_operation_state state;
        int32_t type; /* HcsOperationType* */
        uint64_t id;
        uint64_t call; /* number of the call it was started for */
        struct mock_completion completion;
        struct mock_handle *system, *process; /* referenced */
        HCS_OPERATION_COMPLETION callback;
        void *context;
        HCS_PROCESS_INFORMATION info; /* pipes already handed out for this result */
        bool info_made;
        bool waited;
        bool internal;            /* made by the vmcompute front, never seen by a client */
        const char *notification; /* vmcompute: raise this on `system` when it completes */
};

struct mock_live {
        struct mock_handle h;
        struct mock_engine *engine;
        uint32_t slot;
        bool published; /* in the table: the client holds it */
        void *owner;    /* of a handle that a client of a service holds: which (mockhcs/service), under its lock */
        struct hcs_cond changed;

        /* SYSTEM, PROCESS: the one callback. */
        HCS_EVENT_CALLBACK event_callback;
        HCS_NOTIFICATION_CALLBACK notification_callback;
        void *context;
        uint32_t event_options;
        struct mock_live *registration; /* vmcompute: the callback handle */
        bool registered;
        bool delivering; /* the dispatcher is inside the callback */
        bool scheduled;
        struct mock_live_event *first, **tail;
        bool exited;              /* SystemExited or ProcessExited was raised */
        char *exit_data;          /* its document */
        atomic_bool disconnected; /* ServiceDisconnect was raised, and no call made after it has succeeded */

        /* PROCESS */
        struct mock_pump pumps[3];
        bool pumping; /* in the engine's pump list */
        struct mock_live *next_pump;

        /* OPERATION */
        struct mock_live_operation op;

        /* CALLBACK */
        struct mock_live *callback_of;

        struct mock_live *next_pending; /* OPERATION: in the engine's table of calls in flight */
};

static inline struct mock_live *mock_live_of(struct mock_handle *h) {
        return (struct mock_live *)h;
}

#endif
