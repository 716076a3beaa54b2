/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_AGENT_H
#define GUEST_AGENT_AGENT_H

/*
 * The agent: a bridge in front of a VM. Its handlers, one a kind of request, take a request over and answer it, at once
 * or when the work is done. All on the loop's thread.
 */

#include "guest/agent/bridge.h"
#include "guest/container/host.h"
#include "hcsshim/schema.h"

struct wait_request;

struct guest_agent {
        struct guest_loop *loop;
        struct guest_bridge *bridge;
        struct guest_host host;
        struct wait_request *waits; /* WaitForProcess requests in flight */
        bool is_powering_off;
};

/* Sends it to its handler: for guest_bridge_config. */
void guest_agent_request(void *agent, struct guest_request *r);
/* The host is gone: nobody waits any more. */
void guest_agent_lost(void *agent);
/* For guest_host. */
void guest_agent_notify_exit(void *agent, const struct guest_container *c);

typedef void (*guest_handler)(struct guest_agent *a, struct guest_request *r);
void guest_handle_create(struct guest_agent *a, struct guest_request *r);
void guest_handle_start(struct guest_agent *a, struct guest_request *r);
void guest_handle_shutdown_graceful(struct guest_agent *a, struct guest_request *r);
void guest_handle_shutdown_forced(struct guest_agent *a, struct guest_request *r);
void guest_handle_execute_process(struct guest_agent *a, struct guest_request *r);
void guest_handle_wait_for_process(struct guest_agent *a, struct guest_request *r);
void guest_handle_signal_process(struct guest_agent *a, struct guest_request *r);
void guest_handle_resize_console(struct guest_agent *a, struct guest_request *r);
void guest_handle_get_properties(struct guest_agent *a, struct guest_request *r);
void guest_handle_modify_settings(struct guest_agent *a, struct guest_request *r);
void guest_handle_negotiate(struct guest_agent *a, struct guest_request *r);
void guest_handle_dump_stacks(struct guest_agent *a, struct guest_request *r);
void guest_handle_delete_state(struct guest_agent *a, struct guest_request *r);

/* The request's document as a struct of its type (lib/schema); false when it was answered with the error instead. Free
 * with hcs_schema_free(). */
bool guest_request_decode(struct guest_request *r, enum hcs_schema_type_id type, void *ret);
/* A document inside a string member: "failed to unmarshal JSON for <what> ..." */
bool guest_request_decode_text(struct guest_request *r, const char *what, const char *text,
                               enum hcs_schema_type_id type, void *ret);
/* done functions that answer with nothing more than the result. */
void guest_request_done(void *request, struct hcs_error *err);

#endif
