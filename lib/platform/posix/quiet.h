/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_QUIET_H
#define HCS_PLATFORM_POSIX_QUIET_H

/*
 * Writing without signals: a reader that went away or a file size limit must not end the process that is recorded.
 * The two signals are blocked for this thread around the write, and one that came up is taken away. On the stack of
 * the thread that writes.
 */

#include <pthread.h>
#include <signal.h>
#include <time.h>

struct quiet {
        sigset_t before;
};

static inline void quiet_set(sigset_t *set) {
        sigemptyset(set);
        sigaddset(set, SIGXFSZ);
        sigaddset(set, SIGPIPE);
}

static inline void quiet_enter(struct quiet *q) {
        sigset_t set;

        quiet_set(&set);
        pthread_sigmask(SIG_BLOCK, &set, &q->before);
}

/* failed: only then a signal can have come up. */
static inline void quiet_leave(struct quiet *q, int failed) {
        static const struct timespec at_once = {0};
        sigset_t set;

        quiet_set(&set);
        while (failed && sigtimedwait(&set, NULL, &at_once) > 0)
                continue;
        pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

#endif
