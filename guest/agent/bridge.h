/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_BRIDGE_H
#define GUEST_AGENT_BRIDGE_H

/*
 * The agent's end of the bridge: one connection to the host, dialed again when it is lost. Requests come out as objects
 * that are answered in any order, whenever their work is done; notifications wait while there is no host, and go out
 * when one has negotiated. A request of a connection that was lost in the meantime is answered to nobody.
 *
 * All on the loop's thread. Source: hcsshim internal/guest/bridge.
 */

#include "base/json.h"
#include "gcs/frame.h"
#include "guest/base/loop.h"
#include "guest/base/transport.h"
#include "guest/base/workers.h"

struct guest_bridge;

struct guest_request {
        struct guest_bridge *bridge;
        uint64_t generation; /* of the connection it came by */
        uint32_t type;
        uint64_t id;
        uint32_t version;                 /* the protocol version in force when it came; 0 before negotiation */
        char *activity_id, *container_id; /* "" when absent */
        char *body;                       /* NUL terminated */
        size_t len;
        struct hcs_json *json; /* the body, NULL when it is not JSON */
        struct hcs_error *bad; /* why not */
        uint64_t since_ns;
        struct guest_request *next, **link; /* the bridge's list of requests in flight */
};

struct guest_bridge_config {
        struct guest_loop *loop;
        struct guest_workers *workers;
        const struct guest_transport *transport;
        int in, out; /* instead of dialing, when not -1; the loop quits when this connection ends */
        void (*request)(void *ctx, struct guest_request *request); /* takes it over */
        void (*lost)(void *ctx); /* the connection is gone; requests in flight are void */
        void *ctx;
};

struct guest_bridge *guest_bridge_new(const struct guest_bridge_config *config);
/* No request may be in flight in a thread. */
struct guest_bridge *guest_bridge_free(struct guest_bridge *b);
/* Dials, now and whenever the connection is lost. */
void guest_bridge_start(struct guest_bridge *b);
/* Takes no more requests, and sends what is queued before it returns (bounded). */
void guest_bridge_stop(struct guest_bridge *b);

/* The version that the host agreed to, for requests after the one at hand; 0 in a fresh connection. */
void guest_bridge_set_version(struct guest_bridge *b, uint32_t version);
/* Answers and frees. members: further members of the response as JSON text, each with a comma in front, or NULL. */
void guest_request_answer(struct guest_request *request, const char *members);
/* Answers with an error and frees both. */
void guest_request_fail(struct guest_request *request, struct hcs_error *err);
/* Is there anybody to answer to? */
bool guest_request_is_void(const struct guest_request *request);
struct guest_request *guest_request_free(struct guest_request *request);

/* A container notification; text is its document. */
void guest_bridge_notify(struct guest_bridge *b, const char *text);

/* The requests in flight, a line each: for a dump of the agent's state. */
void guest_bridge_describe(const struct guest_bridge *b, struct hcs_buf *out);

/* "ComputeSystemCreateV1", or the number in decimal: as the original names them in errors. Returns buf. */
char *guest_message_name(uint32_t type, char buf[static 64]);

#endif
