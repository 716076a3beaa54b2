/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_BRIDGE_H
#define HCS_GCS_BRIDGE_H

/*
 * The bridge: one stream to a guest, requests out, answers and notifications in. It knows frames and which request an
 * answer belongs to; of the documents it only checks that they are what their type says. Owned by a connection.
 *
 * A thread of its own reads. Who sends takes the turn to write; what a sender could not write in its time stays in the
 * buffer and is the next one's to write first, so frames never mix. The lock guards the table of requests and the end
 * of the bridge; it is never held while something is called or written.
 */

#include <stdatomic.h>

#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "hcsshim/gcs.h"
#include "platform/bound.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define GCS_RPC_UNSENT UINT64_MAX
#define GCS_GIVEN_UP   64

/* One request: counted, as the waiter may give up before the answer comes and the other way round. */
struct gcs_rpc {
        atomic_uint refs;
        struct gcs_bridge *bridge;
        struct gcs_rpc *next; /* in the bridge's table */
        const struct hcs_gcs_message *message;
        enum hcs_schema_type_id inner; /* what the text member of the answer holds; HCS_SCHEMA_TYPE_COUNT: nothing */
        uint64_t id;                   /* GCS_RPC_UNSENT until it has one */
        char *container;
        uint32_t pid; /* 0: none; for errors */
        bool sent;    /* whole; of the sender */
        struct hcs_cond cond;
        bool done;
        /* After done: how it ended. A failure of the bridge has no answer; of the guest, code and answer. */
        HRESULT hr;
        char *text;   /* what failed */
        void *answer; /* of the message's response type */
        char *body;   /* the same as text */
};

struct gcs_bridge_options {
        const char *name;
        int64_t timeout_ms;
        hcs_gcs_tap_fn tap;
        hcs_gcs_tap_bytes_fn tap_bytes;
        void *tap_ctx;
        /* A notification, on the bridge's thread. NULL, or why it ends the bridge (the bridge frees it). */
        char *(*notify)(void *ctx, const struct hcs_schema_gcs_container_notification *n, const char *body, size_t len);
        void (*closed)(void *ctx); /* once, from whoever ended it */
        void *ctx;
};

struct gcs_bridge {
        struct hcs_stream *stream;
        struct gcs_bridge_options options;
        char *name;
        struct hcs_thread thread;
        bool started;                 /* there is a thread to join */
        struct hcs_gcs_reader reader; /* of the thread */

        struct hcs_mutex lock;
        struct hcs_cond turn;         /* sending ended */
        struct hcs_cond ended;        /* closed, or silent */
        bool sending, closed, silent; /* silent: the thread has done its last */
        struct hcs_buf out;           /* whoever is sending */
        uint64_t next_id;
        struct gcs_rpc *rpcs;
        uint64_t given_up[GCS_GIVEN_UP]; /* ids of requests whose answers are still owed */
        size_t n_given_up;
        uint64_t owed; /* answers to those given up that found no place there */
        HRESULT death; /* S_OK: closed on our side */
        char *cause;   /* "bridge closed: ..." */
};

/* Takes stream, also on failure. */
HRESULT gcs_bridge_init(struct gcs_bridge *b, struct hcs_stream *stream, const struct gcs_bridge_options *options,
                        struct hcs_error **err);
/* Closes, joins, frees. Nobody waits any more. */
void gcs_bridge_deinit(struct gcs_bridge *b);
/* cause NULL: on our side. Only the first counts. */
void gcs_bridge_kill(struct gcs_bridge *b, HRESULT hr, const char *cause);
/* What the tap of streams is told. */
void gcs_bridge_tap_bytes(const struct gcs_bridge *b, uint32_t port, enum hcs_gcs_stream stream, const void *data,
                          size_t n, bool end);
/* Until nothing of this bridge runs any more, taps included: after a kill. */
void gcs_bridge_settle(struct gcs_bridge *b);
/* The error of a bridge that has ended. */
HRESULT gcs_bridge_error(struct gcs_bridge *b, struct hcs_error **err);

/* Sends; the answer is waited for with gcs_rpc_wait(). request: of the message's request type. *ret is set also when it
 * failed, if a part may have reached the guest. */
HRESULT gcs_bridge_send(struct gcs_bridge *b, enum hcs_gcs_rpc message, const void *request,
                        enum hcs_schema_type_id inner, const struct hcs_bound *bound, struct gcs_rpc **ret,
                        struct hcs_error **err);
/*
 * Nobody waits for r any more: its answer, if it still comes, is dropped. The ids of GCS_GIVEN_UP such requests are
 * kept, of more only the number: while the guest owes an answer to one of those, one that it sends twice is taken for
 * it. Nothing for what was answered, or never sent.
 */
void gcs_bridge_forget(struct gcs_bridge *b, struct gcs_rpc *r);
/* Until the answer. S_OK, the guest's failure, or that of the bridge; the error is a fresh one for each waiter. */
HRESULT gcs_rpc_wait(struct gcs_rpc *r, const struct hcs_bound *bound, struct hcs_error **err);
bool gcs_rpc_is_done(struct gcs_rpc *r);
/* The code in the guest's answer; S_OK when there is none. */
HRESULT gcs_rpc_result(struct gcs_rpc *r);
struct gcs_rpc *gcs_rpc_ref(struct gcs_rpc *r);
struct gcs_rpc *gcs_rpc_unref(struct gcs_rpc *r);
HCS_DEFINE_CLEANUP(struct gcs_rpc *, gcs_rpc_unref)
#define _cleanup_rpc_ _cleanup_(gcs_rpc_unrefp)

/* rpc.c, for bridge.c. */
struct gcs_rpc *gcs_rpc_new(struct gcs_bridge *b, enum hcs_gcs_rpc message, const void *request,
                            enum hcs_schema_type_id inner);
/* The answer came, on the bridge's thread. NULL, or the text of why it ends the bridge. */
char *gcs_rpc_answered(struct gcs_rpc *r, const char *body, size_t len);
/* With the bridge's lock held; gcs_rpc_wake() follows without it, or who wakes would only wait for the lock. Takes
 * text. */
void gcs_rpc_complete(struct gcs_rpc *r, HRESULT hr, char *text);
void gcs_rpc_wake(struct gcs_rpc *r);
/* Makes the error name the request. */
HRESULT gcs_rpc_blame(const struct gcs_rpc *r, struct hcs_error **err);

#endif
