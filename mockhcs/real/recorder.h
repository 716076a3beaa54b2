/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REAL_RECORDER_H
#define MOCKHCS_REAL_RECORDER_H

/*
 * The recorder of the platform's own DLLs. It stands between a client and them: every call goes on to the DLL as it
 * came, on the same thread, and comes back as it is; what went by is written into a trace as the layer `record' would
 * (mockhcs/record). Callbacks are the platform's own calls on the platform's threads, passed on to the client's
 * function. Only the streams of processes go another way, through pipes of ours, unless they are not wanted.
 *
 * One a process. Any thread may call; nothing is held while the platform or the client runs.
 */

#include <stdbool.h>

#include "mockhcs/real/signature.h"

struct real_recorder;

struct real_recorder_options {
        const char *path;  /* of the trace, which is made with the first call */
        bool keep_secrets; /* environment values, credentials and tokens are written too */
        bool no_streams;   /* processes' streams are the client's alone, and not recorded */
        /* How long a call waits for what is on its way in streams; 0: a second. For an input that is closed it is ten
         * times that since anything passed last, sixty times in all. */
        uint64_t patience_ns;
};

struct real_recorder *real_recorder_new(const struct real_recorder_options *options);
/* When no call is under way and no callback is registered any more; waits for the ends of streams. */
struct real_recorder *real_recorder_free(struct real_recorder *r);

/* The process ends and no other thread is left: the trace is closed where it stands, later calls only go by. */
void real_recorder_end(struct real_recorder *r);

/* The platform's function of that signature, before any client calls it: some are asked by the recorder itself. */
void real_recorder_learn(struct real_recorder *r, const struct signature *s, void *real);

/* A client's call of the function that `s` describes; `real` is the platform's. Returns what that returned. */
uint64_t real_recorder_call(struct real_recorder *r, const struct signature *s, const uint64_t *args, void *real);

#endif
