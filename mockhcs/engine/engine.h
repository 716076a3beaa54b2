/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_ENGINE_H
#define MOCKHCS_ENGINE_ENGINE_H

/*
 * The engine: one stack of layers, the handles given out, the calls in flight and the dispatcher. Reference counted:
 * every export that runs holds one reference. Lock order: engine lock, then the dispatcher's; no layer and no client
 * code is ever called with the engine lock held.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/engine/dispatcher.h"
#include "mockhcs/engine/event_name.h"
#include "mockhcs/engine/handle_table.h"
#include "mockhcs/mockhcs.h"

#define MOCK_PENDING_BUCKETS 64

struct mock_engine {
        struct mock_sink sink; /* first: what the top layer reports to */
        atomic_int refs;
        struct hcs_mutex lock;
        struct mock_dispatcher *dispatcher;
        struct mock_backend *top;
        struct mock_handle_table handles;
        struct mock_live *pending[MOCK_PENDING_BUCKETS]; /* operations in flight, by call number */
        struct mock_live *pumps;                         /* processes with pipes, linked by next_pump */
        bool polling;                                    /* the dispatcher looks at ends of pipes, without the lock */
        struct hcs_buf retired;                          /* the ends that go when it has looked */
        uint64_t started_ns;
        atomic_uint_fast64_t calls, failures, stale, not_implemented, late, events, operations;
        atomic_uint threads;
        double speed;
        /* A service has the pipes of its processes elsewhere, and is asked there to end and to hold their input. NULL:
         * they are here. */
        void (*end_input)(void *ctx, struct mock_handle *process);
        void (*hold_input)(void *ctx, struct mock_handle *process, bool hold);
        void *pipes_ctx;
        bool v1_pending; /* vmcompute returns pending for what may be pending */
        bool report_leaks;
        bool closed;
};

HRESULT mock_engine_open(const char *spec, struct mock_engine **ret, struct hcs_error **err);
void mock_engine_close(struct mock_engine *e); /* drains, closes every handle, then drops the caller's reference */
struct mock_engine *mock_engine_ref(struct mock_engine *e);
void mock_engine_unref(struct mock_engine *e);

/* What a handle of the C API stands for. */
struct mock_engine *mockhcs_engine(struct mockhcs *m);

/* The engine behind the exports; opened from MOCKHCS on first use. With a reference; NULL when it cannot be opened. */
struct mock_engine *mock_engine_current(void);

/* A call enters: numbers it. */
void mock_engine_enter(struct mock_engine *e, struct mock_call *call);
/* Down the layers and back; op is where the completion lands, at once or later. */
void mock_engine_invoke(struct mock_engine *e, struct mock_call *call, struct mock_live *op);
/* A call that the engine answered itself, shown to the layers. */
void mock_engine_note(struct mock_engine *e, struct mock_call *call);

/* Operations (operation.c); all take the lock themselves. */
void mock_operation_complete(struct mock_engine *e, struct mock_live *op, const struct mock_completion *c);
/* Waits until it is completed: false when the monotonic deadline passed first. */
bool mock_operation_wait(struct mock_engine *e, struct mock_live *op, uint64_t deadline_ns);
/* The pipes that belong to a completed create or get-info, made on first use. */
HRESULT mock_operation_info(struct mock_engine *e, struct mock_live *op, HCS_PROCESS_INFORMATION *ret);

/* Events (events.c). */
void mock_events_raise(struct mock_engine *e, struct mock_live *on, const char *name, HRESULT hr, const char *data);
/* Sets the callback; E of the code when there is one already. event or notification is NULL. */
HRESULT mock_events_register(struct mock_engine *e, struct mock_live *on, HCS_EVENT_CALLBACK event,
                             HCS_NOTIFICATION_CALLBACK notification, void *context);
/* No callback runs after this returns (but for the one that calls it). */
void mock_events_unregister(struct mock_engine *e, struct mock_live *on);
/* Waits until the exit of `on` was raised; ret_data (a copy) is NULL when the event had no document.
 * HCS_E_OPERATION_TIMEOUT, and HCS_E_SERVICE_DISCONNECT when nobody is there any more to say that it exited. */
HRESULT mock_events_wait_exit(struct mock_engine *e, struct mock_live *on, uint64_t deadline_ns, char **ret_data);
/* A Win32 timeout as a monotonic deadline. */
uint64_t mock_deadline(uint32_t timeout_ms);

/* Pipes of processes (stdio.c). */
void mock_stdio_output(struct mock_engine *e, const struct mock_stdio *chunk);
HRESULT mock_stdio_open(struct mock_engine *e, struct mock_live *process, const struct mock_process_info *info,
                        HCS_PROCESS_INFORMATION *ret);
void mock_stdio_close_input(struct mock_engine *e, struct mock_live *process); /* with the lock held */
void mock_stdio_drop(struct mock_engine *e, struct mock_live *process);
struct mock_dispatcher_pipes mock_stdio_pipes(struct mock_engine *e);
/* Of a service: output goes to where its pipe is, and was written to it there. False: so much had not gone. */
void mock_stdio_sent(struct mock_engine *e, const struct mock_stdio *chunk);
bool mock_stdio_taken(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream, uint64_t n);

/* Composition (compose.c). */
HRESULT mock_compose(struct mock_engine *e, const char *spec, struct hcs_error **err);

#endif
