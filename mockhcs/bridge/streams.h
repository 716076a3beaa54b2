/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_STREAMS_H
#define MOCKHCS_BRIDGE_STREAMS_H

/*
 * The streams of processes that a played guest has dialled. They belong to the player, whose lock guards them; inputs
 * have a thread each, which counts what the host gives.
 */

#include "mockhcs/bridge/frames.h"
#include "platform/thread.h"

struct played_stream;

struct played_streams {
        struct played_stream *first;
        struct frames *frames;
        struct hcs_mutex *lock;
        /* Something was given, or an input ended; with the lock held. */
        void (*given)(void *ctx);
        void *ctx;
        int64_t timeout_ms;
};

/* A stream that was dialled, which is taken, for a recorded port. One that has no record ends at once. */
void played_streams_add(struct played_streams *s, uint32_t port, bool is_input, struct hcs_stream *stream);
/* Has the host given the input that stands before that line, of processes of that container? */
bool played_streams_given(const struct played_streams *s, const char *container, unsigned long long line);
/* Writes recorded output, or ends it. Of a port that was not dialled, or whose other end is gone, nothing is done. */
void played_streams_say(struct played_streams *s, struct recorded_bytes *b);
/* Ends all of them; without the lock. */
void played_streams_deinit(struct played_streams *s);

#endif
