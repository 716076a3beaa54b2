/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_QUIET_H
#define MOCKHCS_TRACE_QUIET_H

/*
 * Writing without signals: a reader that went away or a file size limit must not end the process that is recorded.
 * The two signals are blocked for this thread around the write, and one that came up is taken away. On the stack of
 * the thread that writes.
 */

#include <signal.h>

#if defined(SIGXFSZ) && defined(SIGPIPE)

#include <pthread.h>
#include <time.h>

struct mock_quiet {
        sigset_t before;
};

static inline void mock_quiet_set(sigset_t *set) {
        sigemptyset(set);
        sigaddset(set, SIGXFSZ);
        sigaddset(set, SIGPIPE);
}

static inline void mock_quiet_enter(struct mock_quiet *q) {
        sigset_t set;

        mock_quiet_set(&set);
        pthread_sigmask(SIG_BLOCK, &set, &q->before);
}

/* failed: only then a signal can have come up. */
static inline void mock_quiet_leave(struct mock_quiet *q, int failed) {
        static const struct timespec at_once = {0};
        sigset_t set;

        mock_quiet_set(&set);
        while (failed && sigtimedwait(&set, NULL, &at_once) > 0)
                continue;
        pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

#else

struct mock_quiet {
        int none;
};
static inline void mock_quiet_enter(struct mock_quiet *q) {
        q->none = 0;
}
static inline void mock_quiet_leave(struct mock_quiet *q, int failed) {
        q->none = failed;
}

#endif

#endif
