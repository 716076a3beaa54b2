/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_THREAD_H
#define HCS_PLATFORM_THREAD_H

/*
 * Threads, locks and conditions. Embedded by their owner (_init/_deinit). Deadlines are on the monotonic clock of
 * platform/clock.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/error.h"

#ifdef _WIN32
#include "platform/windows/thread_types.h"
#else
#include "platform/posix/thread_types.h"
#endif

void hcs_mutex_init(struct hcs_mutex *m);
void hcs_mutex_deinit(struct hcs_mutex *m);
void hcs_mutex_lock(struct hcs_mutex *m);
void hcs_mutex_unlock(struct hcs_mutex *m);

void hcs_cond_init(struct hcs_cond *c);
void hcs_cond_deinit(struct hcs_cond *c);
void hcs_cond_wait(struct hcs_cond *c, struct hcs_mutex *m);
#define HCS_FOREVER UINT64_MAX
/* False when the deadline (monotonic ns, HCS_FOREVER for none) has passed. */
bool hcs_cond_wait_until(struct hcs_cond *c, struct hcs_mutex *m, uint64_t deadline_ns);
void hcs_cond_signal(struct hcs_cond *c);
void hcs_cond_broadcast(struct hcs_cond *c);

/* t stays where it is until it is joined. */
HRESULT hcs_thread_start(struct hcs_thread *t, void (*fn)(void *arg), void *arg, struct hcs_error **err);
void hcs_thread_join(struct hcs_thread *t);
/* A thread that nobody joins. */
HRESULT hcs_thread_start_detached(void (*fn)(void *arg), void *arg, struct hcs_error **err);
/* Is the caller running on t? */
bool hcs_thread_is_self(const struct hcs_thread *t);
/* A thread, whoever started it, for those who want to know whether it has ended. */
struct hcs_thread_watch;
/* Of the caller; NULL when there is none for it. */
struct hcs_thread_watch *hcs_thread_watch_new(void);
struct hcs_thread_watch *hcs_thread_watch_free(struct hcs_thread_watch *w);
bool hcs_thread_watch_has_ended(const struct hcs_thread_watch *w); /* never of NULL */
/* How many threads of this process can run at once: the processors it may use. At least 1. */
unsigned hcs_thread_processors(void);

/* Runs fn once in the process. `static struct hcs_once o = HCS_ONCE_INIT;` */
void hcs_once(struct hcs_once *o, void (*fn)(void));

/* Holds a lock to the end of the scope: `hcs_guard(&m);` */
static inline void hcs_mutex_unlockp(struct hcs_mutex **m) {
        if (*m)
                hcs_mutex_unlock(*m);
}
static inline struct hcs_mutex *hcs_mutex_locked(struct hcs_mutex *m) {
        hcs_mutex_lock(m);
        return m;
}
#define HCS_GUARD_NAME_(line) hcs_guard_##line
#define HCS_GUARD_NAME(line)  HCS_GUARD_NAME_(line)
#define hcs_guard(m)                                                                                     \
        __attribute__((cleanup(hcs_mutex_unlockp), unused)) struct hcs_mutex *HCS_GUARD_NAME(__LINE__) = \
                hcs_mutex_locked(m)

#endif
