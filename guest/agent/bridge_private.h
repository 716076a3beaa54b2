/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_BRIDGE_PRIVATE_H
#define GUEST_AGENT_BRIDGE_PRIVATE_H

/* What the connection (bridge.c) and the requests (request.c) share. */

#include "guest/agent/bridge.h"

struct notification {
        char *text;
        struct notification *next;
};

struct guest_bridge {
        struct guest_bridge_config config;
        bool connected, stopped;
        uint32_t version;
        uint64_t generation;
        struct guest_source in, out; /* the same descriptor for a socket; out is watched only when it is another */
        struct hcs_gcs_reader reader;
        struct hcs_buf queue; /* bytes [sent, len) wait to be written */
        size_t sent;
        struct guest_timer reconnect;
        struct guest_timer again; /* reads on, where the input is a file */
        struct guest_job dial;
        struct hcs_error *dial_error;
        int dial_fd;
        unsigned dial_failures;
        struct guest_request *requests; /* in flight */
        struct notification *notifications, **notifications_end;
};

void guest_bridge_send(struct guest_bridge *b, uint32_t type, uint64_t id, const char *body, size_t len);
/* Makes a request out of a frame and hands it out. */
void guest_bridge_receive(struct guest_bridge *b, const struct hcs_gcs_frame *f);

#endif
