/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_INTERNAL_H
#define HCS_GCS_INTERNAL_H

/*
 * The objects above the bridge. A connection owns the bridge and the list of containers that it may be told about; a
 * container or process holds a reference to its connection. The connection's lock guards the list and the exits in it;
 * it is not held during requests, and never taken under the bridge's.
 */

#include <stdatomic.h>

#include "base/json.h"
#include "gcs/bridge.h"
#include "gcs/channel.h"
#include "gcs/transport.h"

#define GCS_TIMEOUT_MS          (5 * 60 * 1000)
#define GCS_SHUTDOWN_TIMEOUT_MS (30 * 1000)
#define GCS_STDIO_TIMEOUT_MS    (30 * 1000)

/* What a connection knows of a container's end; lives in its list until told, and as long as the container object. */
struct gcs_exit {
        struct gcs_exit *next;
        unsigned refs; /* the list, the container */
        char *id;
        bool listed;   /* a notification may come */
        bool released; /* the container object is gone */
        bool exited;
        char *notification; /* NULL: only the bridge ended */
        struct hcs_cond cond;
};

struct hcs_gcs_connection {
        atomic_uint refs;
        struct gcs_bridge bridge;
        struct hcs_gcs_transport *transport;
        int64_t timeout_ms, stdio_ms;
        char *os, *capabilities;
        struct hcs_json *capability_tree;

        struct hcs_mutex lock;
        struct gcs_exit *exits;
        struct hcs_gcs_process *processes; /* all there are, for the end of the bridge */
        bool ended;                        /* the bridge: no exit is waited for any more */
        uint32_t next_port;
        char *traceparent, *tracestate;
};

struct hcs_gcs_container {
        atomic_uint refs;
        struct hcs_gcs_connection *gc;
        char *id;
        struct gcs_exit *exit;
        bool closed; /* under the connection's lock */
};

struct hcs_gcs_process {
        atomic_uint refs;
        struct hcs_gcs_process *next; /* in the connection's list */
        struct hcs_gcs_connection *gc;
        char *container;
        uint32_t pid;
        struct gcs_rpc *wait;
        struct gcs_channel streams[3];
        atomic_bool input_ended; /* the tap was told */
        struct gcs_relay *_Atomic relay;
};

/* call.c: requests. The base is filled in: container, and the trace that the connection has. */
struct gcs_base {
        char *keys[2], *values[2];
};
void gcs_base_init(struct hcs_gcs_connection *gc, const char *container, struct hcs_schema_gcs_request_base *ret,
                   struct gcs_base *b);
void gcs_base_deinit(struct gcs_base *b);
#define _cleanup_base_ _cleanup_(gcs_base_deinit)
/* Sends and waits. default_ms: for a call without a time of its own; 0: the connection's timeout, which ends the
 * bridge. ret (may be NULL): the request, for its answer; NULL: the guest has seen nothing of it. */
HRESULT gcs_call(struct hcs_gcs_connection *gc, enum hcs_gcs_rpc message, const void *request,
                 enum hcs_schema_type_id inner, uint32_t pid, const struct hcs_call *call, int64_t default_ms,
                 struct gcs_rpc **ret, struct hcs_error **err);
/* A request of nothing but the base. */
HRESULT gcs_call_base(struct hcs_gcs_connection *gc, enum hcs_gcs_rpc message, const char *container,
                      const struct hcs_call *call, int64_t default_ms, struct gcs_rpc **ret, struct hcs_error **err);
HRESULT gcs_modify(struct hcs_gcs_connection *gc, const char *container, const char *request,
                   const struct hcs_call *call, struct hcs_error **err);
/* Checks a document and prints it as json.Marshal does; NULL is "null". what: for errors. */
HRESULT gcs_document(const char *what, const char *text, char **ret, struct hcs_json **ret_tree,
                     struct hcs_error **err);
/* Names the message that was not sent since a document of it is none. Returns hr. */
HRESULT gcs_refused(enum hcs_gcs_rpc message, const char *container, HRESULT hr, struct hcs_error **err);
/* {"RequestType":..,"ResourceType":..,"Settings":..}; takes settings. */
char *gcs_modification(const char *request_type, const char *resource_type, struct hcs_json *settings);

/* exit.c: under the connection's lock inside. */
HRESULT gcs_exit_new(struct hcs_gcs_connection *gc, const char *id, struct gcs_exit **ret, struct hcs_error **err);
/* The container's part. forget: no notification can come for it. */
void gcs_exit_release(struct hcs_gcs_connection *gc, struct gcs_exit *e, bool forget);
char *gcs_exit_notify(void *connection, const struct hcs_schema_gcs_container_notification *n, const char *body,
                      size_t len);
void gcs_exit_bridge_closed(struct hcs_gcs_connection *gc);

/* process.c */
/* Names the process: "container:pid". */
HRESULT gcs_process_blame(const struct hcs_gcs_process *p, const char *operation, struct hcs_error **err);
/* "stdout and stderr still open on our side; WHY them", when there are such. */
void gcs_process_hint_open_outputs(struct hcs_gcs_process *p, const char *why, struct hcs_error **err);
HRESULT gcs_exec(struct hcs_gcs_connection *gc, const char *container, const char *parameters,
                 const struct hcs_call *call, struct hcs_gcs_process **ret, struct hcs_error **err);
/* Their streams that the guest has not dialled end with the bridge. */
void gcs_processes_bridge_ended(struct hcs_gcs_connection *gc);
/* relay.c */
void gcs_relay_free(struct gcs_relay *r);

#endif
