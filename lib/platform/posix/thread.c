/* SPDX-License-Identifier: MIT */

/* Threads, locks and conditions over POSIX threads. */

#include "platform/thread.h"

#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

void hcs_mutex_init(struct hcs_mutex *m) {
        pthread_mutex_init(&m->m, NULL);
}

void hcs_mutex_deinit(struct hcs_mutex *m) {
        pthread_mutex_destroy(&m->m);
}

void hcs_mutex_lock(struct hcs_mutex *m) {
        pthread_mutex_lock(&m->m);
}

void hcs_mutex_unlock(struct hcs_mutex *m) {
        pthread_mutex_unlock(&m->m);
}

void hcs_cond_init(struct hcs_cond *c) {
        pthread_condattr_t attr;

        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&c->c, &attr);
        pthread_condattr_destroy(&attr);
}

void hcs_cond_deinit(struct hcs_cond *c) {
        pthread_cond_destroy(&c->c);
}

void hcs_cond_wait(struct hcs_cond *c, struct hcs_mutex *m) {
        pthread_cond_wait(&c->c, &m->m);
}

bool hcs_cond_wait_until(struct hcs_cond *c, struct hcs_mutex *m, uint64_t deadline_ns) {
        struct timespec ts = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                              .tv_nsec = (long)(deadline_ns % 1000000000u)};

        if (deadline_ns == HCS_FOREVER) {
                hcs_cond_wait(c, m);
                return true;
        }
        return pthread_cond_timedwait(&c->c, &m->m, &ts) != ETIMEDOUT;
}

void hcs_cond_signal(struct hcs_cond *c) {
        pthread_cond_signal(&c->c);
}

void hcs_cond_broadcast(struct hcs_cond *c) {
        pthread_cond_broadcast(&c->c);
}

static void *run(void *arg) {
        struct hcs_thread *t = arg;

        t->fn(t->arg);
        return NULL;
}

HRESULT hcs_thread_start(struct hcs_thread *t, void (*fn)(void *arg), void *arg, struct hcs_error **err) {
        int r;

        t->fn = fn;
        t->arg = arg;
        r = pthread_create(&t->t, NULL, run, t);
        return r ? hcs_error_errno(err, r, "start thread") : S_OK;
}

void hcs_thread_join(struct hcs_thread *t) {
        pthread_join(t->t, NULL);
}

static void *run_detached(void *arg) {
        struct hcs_thread t = *(struct hcs_thread *)arg;

        free(arg);
        t.fn(t.arg);
        return NULL;
}

HRESULT hcs_thread_start_detached(void (*fn)(void *arg), void *arg, struct hcs_error **err) {
        struct hcs_thread *t = hcs_malloc(sizeof(*t));
        pthread_t thread;
        int r;

        *t = (struct hcs_thread){.fn = fn, .arg = arg};
        r = pthread_create(&thread, NULL, run_detached, t);
        if (r) {
                free(t);
                return hcs_error_errno(err, r, "start thread");
        }
        pthread_detach(thread);
        return S_OK;
}

bool hcs_thread_is_self(const struct hcs_thread *t) {
        return pthread_equal(t->t, pthread_self());
}

/* The system has numbers for threads, which it gives out again: each says itself that it ends. */
struct hcs_thread_watch {
        atomic_bool ended;
        atomic_uint used; /* by the thread, and by those who watch it */
};

static pthread_key_t watched;
static bool can_watch;

struct hcs_thread_watch *hcs_thread_watch_free(struct hcs_thread_watch *w) {
        if (w && atomic_fetch_sub(&w->used, 1) == 1)
                free(w);
        return NULL;
}

static void watched_ends(void *arg) {
        struct hcs_thread_watch *w = arg;

        atomic_store(&w->ended, true);
        hcs_thread_watch_free(w);
}

static void begin_to_watch(void) {
        can_watch = pthread_key_create(&watched, watched_ends) == 0;
}

struct hcs_thread_watch *hcs_thread_watch_new(void) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        struct hcs_thread_watch *w;

        pthread_once(&once, begin_to_watch);
        if (!can_watch)
                return NULL;
        w = pthread_getspecific(watched);
        if (!w) {
                w = hcs_calloc(1, sizeof(*w));
                if (pthread_setspecific(watched, w) != 0) {
                        free(w);
                        return NULL;
                }
                atomic_store(&w->used, 1);
        }
        atomic_fetch_add(&w->used, 1);
        return w;
}

bool hcs_thread_watch_has_ended(const struct hcs_thread_watch *w) {
        return w && atomic_load(&w->ended);
}

unsigned hcs_thread_processors(void) {
        cpu_set_t set;
        long n;

        /* Fails where there are more processors than the set has room for: then all that are on count. */
        if (sched_getaffinity(0, sizeof(set), &set) == 0)
                return (unsigned)CPU_COUNT(&set);
        n = sysconf(_SC_NPROCESSORS_ONLN);
        return n > 0 ? (unsigned)n : 1;
}

void hcs_once(struct hcs_once *o, void (*fn)(void)) {
        pthread_once(&o->o, fn);
}
