/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_CHANNEL_H
#define HCS_GCS_CHANNEL_H

/*
 * One stream of a process: the host listens on a port, the guest dials it before it answers the request that started
 * the process, and the connection is taken when the stream is first used. The rules of closing, which the guest of the
 * original depends on: input ends with a half close; after its process has ended the guest half-closes an output and
 * reads until the host closes its end, and only then answers the wait. So an output is closed here as soon as its end
 * was read.
 *
 * Counted through its process. One thread may read or write while others close; the lock guards the state, and is not
 * held while bytes move.
 */

#include "gcs/bridge.h"
#include "gcs/transport.h"
#include "platform/thread.h"

struct gcs_channel {
        struct gcs_bridge *bridge; /* whose end is the end of waiting for the guest to dial */
        uint32_t port;             /* 0: the process has no such stream */
        int64_t timeout_ms;
        uint64_t dial_deadline_ns; /* for the guest */
        struct hcs_mutex lock;
        struct hcs_cond idle;
        struct hcs_gcs_listener *listener; /* until the guest dialled */
        struct hcs_stream *stream;
        unsigned users;
        bool closed, write_closed;
        bool bridge_ended; /* the guest dials no more */
};

void gcs_channel_init(struct gcs_channel *s, struct gcs_bridge *bridge);
/* Nobody uses it any more. */
void gcs_channel_deinit(struct gcs_channel *s);
HRESULT gcs_channel_listen(struct gcs_channel *s, struct hcs_gcs_transport *t, uint32_t port, int64_t timeout_ms,
                           struct hcs_error **err);
/* The process has been started: from now on the guest's time to dial runs. */
void gcs_channel_started(struct gcs_channel *s);
/* The bridge has ended: who waits for the guest to dial is told its cause, now and later. Streams that were dialled go
 * on to their ends, one that nobody has taken yet too. */
void gcs_channel_bridge_ended(struct gcs_channel *s);
HRESULT gcs_channel_read(struct gcs_channel *s, void *buf, size_t size, const struct hcs_bound *b, size_t *ret_n,
                         struct hcs_error **err);
HRESULT gcs_channel_write(struct gcs_channel *s, const void *data, size_t n, const struct hcs_bound *b,
                          struct hcs_error **err);
HRESULT gcs_channel_close_write(struct gcs_channel *s, const struct hcs_bound *b, struct hcs_error **err);
/* Ends what others do with it, and our end of the connection. */
void gcs_channel_close(struct gcs_channel *s);
bool gcs_channel_is_open(struct gcs_channel *s);

#endif
