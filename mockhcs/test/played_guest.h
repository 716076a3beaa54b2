/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_PLAYED_GUEST_H
#define MOCKHCS_TEST_PLAYED_GUEST_H

/* A recorded guest for tests: a thread plays it from a trace, and a connection of the client library talks to it. */

#include "hcsshim/gcs.h"
#include "mockhcs/bridge/play.h"
#include "platform/stream.h"
#include "platform/thread.h"

struct played_guest {
        const char *trace;
        struct hcs_gcs_transport *transport;
        struct hcs_stream *stream, *host;
        struct mock_bridge_report report; /* of the caller, once it has ended */
        struct hcs_thread thread;
        unsigned long long heard; /* the last line that the player told it had heard */
        HRESULT hr;
};

/* trace must outlive the guest. */
struct hcs_gcs_connection *played_guest_connect(struct played_guest *p, const char *trace);
/* Gives the connection back and waits for the end of the play, which must be a good one. */
void played_guest_end(struct played_guest *p, struct hcs_gcs_connection *gc);

#endif
