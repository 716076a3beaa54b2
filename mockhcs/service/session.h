/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_SERVICE_SESSION_H
#define MOCKHCS_SERVICE_SESSION_H

/*
 * The inside of a service: the world (an engine whose topmost layer reports to us instead of to the engine), its
 * clients, and what each of them holds.
 *
 * Threads. One accepts, and one at the loopback door. Each session has one that reads and makes the calls that it
 * reads. Another one stands by: when a call takes longer than a moment it reads in place of the first, so that a call
 * which hangs below stops nobody, and the end of a client is seen; it only looks now and then, so that no thread has to
 * be woken for each call. A writing thread sends what could not be sent at once. Sessions are counted: a call that
 * hangs below keeps its session, and that the service, until it returns.
 *
 * Locks: the service's guards lists, handles and pending calls; a session's guards who reads; its out_lock what is to
 * be sent. None is held while a layer is called; the service's may be held when a session's is taken, not otherwise.
 */

#include "mockhcs/engine/engine.h"
#include "mockhcs/remote/wire.h"
#include "mockhcs/service.h"
#include "platform/loopback.h"

#define SERVICE_BUCKETS 256

struct session;

/* A handle that a client holds: our own, and what the client calls it. */
struct service_handle {
        struct service_handle *next;          /* in its bucket */
        struct service_handle *older, *newer; /* of its session */
        struct session *session;
        struct mock_handle *h; /* referenced */
        enum mock_handle_kind kind;
        uint32_t number;
        bool making;     /* its call has not returned: nobody else may use it, or take it away */
        bool held;       /* its input: a layer has no room for it */
        uint64_t untold; /* bytes of its input that the client was not told of yet */
        char symbol[24]; /* the client's */
};

/* A call that may still complete. */
struct service_pending {
        struct service_pending *next;
        uint64_t number, theirs;
        struct session *session; /* referenced */
};

struct session {
        atomic_int refs;
        struct mockhcs_service *service; /* which does not go before it */
        bool by_door;                    /* it came through the loopback door, and has to prove who it is */
        struct session *next;            /* of the service, until it ended */
        bool greeted;                    /* it is a client */
        uint64_t id;
        int64_t pid;
        char program[64];
        uint64_t since_ns; /* wall clock */

        struct mock_wire_reader reader;
        struct hcs_mutex lock;
        struct hcs_cond turn;
        unsigned threads, waiting;
        bool reading, ended;
        bool in_call;      /* who reads makes a call */
        bool asleep;       /* who stands by has to be woken when there is a call */
        uint64_t turns;    /* how often who reads has changed */
        uint64_t requests; /* calls and control requests so far */

        struct service_handle *handles[SERVICE_BUCKETS], *newest;
        size_t n_handles, n_pending;
        bool closed; /* its handles are gone: one whose call has not returned yet is closed by that */
        atomic_uint_fast64_t calls;

        struct hcs_mutex out_lock;
        struct hcs_cond out_changed;
        struct hcs_buf out; /* not yet sent */
        size_t out_taken;
        bool out_broken, writer;
};

struct mockhcs_service {
        struct mock_sink sink; /* first */
        struct mock_engine *engine;
        struct hcs_listener *listener;
        struct hcs_loopback *door; /* NULL: none */
        struct hcs_thread acceptor, door_acceptor;
        bool accepting, door_accepting;
        char *socket, *backend, *state;
        unsigned idle_exit;
        struct mockhcs_service_limits limits;
        bool notes;
        uint64_t started_ns; /* wall clock */

        struct hcs_mutex lock;
        struct hcs_cond changed; /* a session came or ended, or it is to stop */
        struct session *sessions;
        size_t n_sessions;   /* those that are clients */
        size_t strangers[2]; /* those that have not said hello; [1] through the door */
        size_t alive;        /* sessions that are not freed, ended ones too */
        size_t busy;         /* calls that the layers are asked for */
        bool abandoned;      /* closed while a call hung below: the last session frees it */
        uint64_t next_session, idle_since_ns;
        struct service_pending *pending[SERVICE_BUCKETS];
        struct hyperv_program *programs; /* those without AF_HYPERV, see hyperv.h */
        size_t n_programs;
        uint64_t next_program;
        bool stopping;
};

/* service.c */
void service_free(struct mockhcs_service *s);

/* session.c */
/* Takes the stream over; a client for which there is no room is told so. by_door: it came through the door. */
void session_begin(struct mockhcs_service *service, struct hcs_stream *stream, bool by_door);
struct session *session_ref(struct session *s);
void session_unref(struct session *s);
/* Ends the stream; the threads do the rest. */
void session_end(struct session *s);

/* outgoing.c: frames to the client, whole and in order. Never waits; a client that does not read is given up. */
void session_send(struct session *s, const struct hcs_buf *frames);
/* Waits until little is left to be sent, or the connection is broken. */
void session_wait_sent(struct session *s);
void session_send_refusal(struct session *s, HRESULT hr, const char *why);

/* handle.c; all but _new and _drop with the service's lock held */
/* A handle of ours for what the call makes, with one reference. */
struct mock_handle *session_new_handle(struct mock_engine *e, const struct mock_call *call, enum mock_handle_kind kind);
/* number: what the client calls it. making: until its call clears that, it is only there to hear, and to be counted. */
void session_enter_handle(struct session *s, struct mock_handle *h, uint32_t number, bool making);
/* The client has it no more. Nothing when it has not. */
void session_drop_handle(struct session *s, const struct mock_handle *h);
struct service_handle *session_find_handle(struct session *s, enum mock_handle_kind kind, uint32_t number);
/* One that can be used: not one that is being made. */
struct service_handle *session_find_symbol(struct session *s, const char *symbol);
/* Out of the lists; the caller gets it, with its reference. */
void session_take_handle(struct service_handle *sh);

/* call.c */
/* One line, or the two of a note. Takes from the records. */
void session_call(struct session *s, struct mock_record *call);
void session_note(struct session *s, struct mock_record *call, struct mock_record *ret);
void session_input(struct session *s, struct mock_record *stdio);
/* Closes all that the client held; what a call still makes is closed when that returns. */
void session_close_handles(struct session *s);

/* flow.c: how much of a process's streams is on its way, see mockhcs/remote/wire.h */
/* The layers were handed so much input. */
void session_flow_input(struct session *s, const struct mock_handle *process, size_t n);
/* The client took output. A failure: it makes no sense. */
HRESULT session_flow_taken(struct session *s, const struct mock_wire_took *took, struct hcs_error **err);
void service_hold_input(void *ctx, struct mock_handle *process, bool hold);

/* control.c */
/* hr and err: why there is no request. */
void session_control(struct session *s, const struct hcs_json *request, HRESULT hr, struct hcs_error **err);

/* answer.c: what the layers say, to the client that it is for. */
extern const struct mock_sink_ops service_sink_ops;
void service_end_input(void *ctx, struct mock_handle *process);
/* With the lock held: takes a pending call out; NULL when there is none. */
struct service_pending *service_take_pending(struct mockhcs_service *s, uint64_t number);
/* The client has gone: nobody waits for its completions any more. */
void session_drop_pending(struct session *s);

#endif
