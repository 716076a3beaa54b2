/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REMOTE_REMOTE_H
#define MOCKHCS_REMOTE_REMOTE_H

/*
 * The layer `remote=SOCKET`: calls are answered by a mockhcs service, in another process. A connection is made when the
 * first call needs one and again after the service went away and came back; a handle belongs to the connection it was
 * made on, and is of no use after it.
 *
 * When a connection ends, everything that waits on it is told: calls that wait return HCS_E_SERVICE_DISCONNECT, and so
 * do operations that were accepted; every handle that can hear hears ServiceDisconnect; output ends. Without a service
 * calls are HCS_E_SERVICE_NOT_AVAILABLE.
 */

#include "mockhcs/remote/wire.h"
#include "platform/thread.h"

#define REMOTE_BUCKETS 128

/* Whoever waits for something from the service. On the stack of its thread. */
struct remote_waiter {
        struct remote_waiter *next;
        struct hcs_cond changed;
        bool waits; /* no longer sends: it can read */
        bool done;
};
struct remote_call {
        struct remote_waiter waiter; /* first */
        struct mock_call *call;      /* NULL: a control request */
        bool early;                  /* its completion came before its return */
        uint64_t control;            /* the number of a control request */
        struct hcs_json *answer;     /* NULL when the connection ended */
};

/* A call that was accepted, or a handle: by number or symbol. */
struct remote_pending {
        struct remote_pending *next;
        uint64_t number;
};
struct remote_handle {
        struct remote_handle *next;
        struct mock_handle *h; /* referenced */
        uint64_t untold[3];    /* of each stream: bytes that went over and were not said to be taken */
        bool held;             /* its input */
};

/*
 * One connection. The lock guards the lists; the write lock keeps frames whole. Counted: by the layer, its thread, and
 * whoever makes a call.
 *
 * Reading is for one thread at a time. Whoever waits for an answer reads for itself, and for the others, when nobody
 * else does: no thread has to be woken for it. The connection's own thread reads while nobody waits, also while a call
 * is still being sent, and sleeps for a moment at a time while somebody does.
 */
struct remote_connection {
        atomic_int refs;
        struct mock_backend
                *backend; /* whose engine and sink; valid until the layer is freed, which joins the thread */
        uintptr_t generation;
        struct mock_wire_reader reader;
        struct mock_wire_hello hello;
        struct hcs_mutex lock, write_lock;
        struct hcs_thread thread;
        struct hcs_cond idle; /* what the thread sleeps on */
        bool reading, ended;
        uint64_t served;    /* answers so far */
        atomic_bool silent; /* we ended it: nobody has to hear of it */
        struct remote_waiter *waiters;
        struct remote_pending *pending[REMOTE_BUCKETS];
        struct remote_handle *handles[REMOTE_BUCKETS];
        uint64_t controls;
};

HRESULT remote_connect(struct mock_backend *b, const char *socket, uintptr_t generation, struct remote_connection **ret,
                       struct hcs_error **err);
struct remote_connection *remote_connection_ref(struct remote_connection *c);
/* The last reference does not end the thread: _close does. */
struct remote_connection *remote_connection_unref(struct remote_connection *c);
/* Ends it, waits for the thread, drops the caller's reference. Not from that thread. */
void remote_connection_close(struct remote_connection *c);
bool remote_connection_ended(struct remote_connection *c);
/* Sends the call and waits for its return. False: the connection had ended before, and nobody has seen the call. */
bool remote_connection_call(struct remote_connection *c, struct mock_call *call);
/* Sends one or more frames; they are lost when the connection has ended. */
void remote_connection_send(struct remote_connection *c, const struct hcs_buf *frames);
HRESULT remote_connection_control(struct remote_connection *c, const struct hcs_json *request, struct hcs_json **ret,
                                  struct hcs_error **err);

/* flow.c: input that was sent, and output that may have gone into the client's pipes. */
void remote_flow_sent(struct remote_connection *c, const struct mock_stdio *chunk);
void remote_flow_room(struct remote_connection *c, struct mock_handle *process);

/* start.c: asks the program to start a service on that socket and waits until it listens. backend: its composition,
 * NULL for its own default. */
HRESULT remote_start(const char *program, const char *socket, const char *backend, struct hcs_error **err);

#endif
