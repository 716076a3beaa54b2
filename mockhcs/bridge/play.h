/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_PLAY_H
#define MOCKHCS_BRIDGE_PLAY_H

/*
 * Recorded bridges played again.
 *
 * A recorded guest stands in for a VM: each request of the live host is matched to the oldest recorded one of the same
 * message with an equal document that was not used yet, and gets the answer that was recorded for it. Most answers go
 * out at once. The answer to a wait for a process, and a notification, go out when all that the host had said before it
 * in the recording about the same container has been said again. A request that matches nothing is refused, with an
 * error that names the nearest record and where it differs. When the recording ends with a request that was not
 * answered (the guest powered off), the play ends with it.
 *
 * A recorded host stands in for a host: its requests go out in the recorded order, each when what the guest had said
 * before it in the recording has come again, and what comes is compared to what was recorded.
 *
 * Ids of messages, GUIDs, times, process ids and ports are variables. The played sides dial, or listen on, the ports
 * that requests name. Of streams that were recorded a played guest says what its process wrote, when the host has given
 * as much input and said as much about the container as it had before; other streams end at once, and so do all of a
 * played host. Where it is recorded that the guest ended the bridge, it does so again at that place. Both play on the
 * caller's thread (a guest reads inputs on threads of its own) until the other side is gone or nothing is left to say;
 * closing the stream is the caller's part.
 */

#include "base/buf.h"
#include "hcsshim/stream.h"

struct mock_bridge_options {
        const char *bridge; /* which one of the trace: "bridge/2"; NULL: the first */
        /* The guest's: dials a port of the host; the player closes the stream. NULL: streams are not dialled. */
        HRESULT (*dial)(void *ctx, uint32_t port, struct hcs_stream **ret, struct hcs_error **err);
        /* The host's: makes ready for the guest to dial a port, and ends the stream when it does. NULL: not needed. */
        HRESULT (*listen)(void *ctx, uint32_t port, bool is_input, struct hcs_error **err);
        /* The guest's: all that the host had said in the recording before this line of it has been said again. At the
         * beginning, and whenever that changes; on any thread of the player. NULL: nobody wants to know. */
        void (*heard)(void *ctx, unsigned long long line);
        /* The guest's: where it is recorded that it ended the bridge, it does not do so by itself: its machine's end
         * does. */
        bool is_hung_up;
        void *ctx;
        /* For the other side to take what is said to it, and for the host: for what the guest should say next. A guest
         * waits for its host as long as that is there. 0: 30 s. */
        int64_t timeout_ms;
};

struct mock_bridge_report {
        unsigned matched;    /* frames of the other side that were as recorded */
        unsigned mismatched; /* those that were not */
        unsigned left;       /* recorded frames of the other side that never came */
        struct hcs_buf text; /* a paragraph for each of the last two kinds */
        /* Of a guest's play: the lines of the trace with the frames that never came. */
        unsigned long long *lines;
        size_t n_lines;
};
void mock_bridge_report_deinit(struct mock_bridge_report *r);

/* The stream stays the caller's. S_OK when the play came to an end, whatever the report says. The report is to be freed
 * also on failure: a trace that cannot be played, bytes that are no frames, a host that does not read. */
HRESULT mock_bridge_play_guest(const char *trace, struct hcs_stream *stream, const struct mock_bridge_options *options,
                               struct mock_bridge_report *ret, struct hcs_error **err);
HRESULT mock_bridge_play_host(const char *trace, struct hcs_stream *stream, const struct mock_bridge_options *options,
                              struct mock_bridge_report *ret, struct hcs_error **err);

#endif
