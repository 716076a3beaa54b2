/* SPDX-License-Identifier: MIT */

/* The dispatcher thread: a heap of tasks and a poller. Its lock is a leaf: nothing is called while it is held. */

#include "mockhcs/engine/dispatcher.h"

#include <string.h>

#include "base/mem.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

struct task {
        uint64_t due, seq; /* due on the virtual clock */
        void (*fn)(void *);
        void (*drop)(void *);
        void *arg;
};

struct mock_dispatcher {
        struct hcs_mutex lock;
        struct hcs_cond idle;
        struct hcs_thread thread;
        struct hcs_poller *poller;
        struct mock_dispatcher_pipes pipes;
        struct task *heap;
        size_t n, cap;
        uint64_t seq, started, virtual_now;
        double speed;
        bool running, stop, busy, moving, sleeping, kicked;
};

static bool before(const struct task *a, const struct task *b) {
        return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void swap(struct task *a, struct task *b) {
        struct task t = *a;

        *a = *b;
        *b = t;
}

static void heap_push(struct mock_dispatcher *d, struct task t) {
        size_t i = d->n++;

        if (d->n > d->cap) {
                d->cap = d->cap ? d->cap * 2 : 32;
                d->heap = hcs_realloc(d->heap, d->cap * sizeof(*d->heap));
        }
        d->heap[i] = t;
        for (; i && before(&d->heap[i], &d->heap[(i - 1) / 2]); i = (i - 1) / 2)
                swap(&d->heap[i], &d->heap[(i - 1) / 2]);
}

static struct task heap_pop(struct mock_dispatcher *d) {
        struct task top = d->heap[0];
        size_t i = 0;

        d->heap[0] = d->heap[--d->n];
        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= d->n)
                        return top;
                if (child + 1 < d->n && before(&d->heap[child + 1], &d->heap[child]))
                        child++;
                if (!before(&d->heap[child], &d->heap[i]))
                        return top;
                swap(&d->heap[i], &d->heap[child]);
                i = child;
        }
}

static uint64_t virtual_clock(struct mock_dispatcher *d) {
        if (d->speed > 0) {
                uint64_t now = (uint64_t)((double)(hcs_clock_ns() - d->started) / d->speed);

                if (now > d->virtual_now)
                        d->virtual_now = now;
        }
        return d->virtual_now;
}

static bool is_due(struct mock_dispatcher *d) {
        return d->n && (d->speed == 0 || d->heap[0].due <= virtual_clock(d));
}

static uint64_t next_deadline(struct mock_dispatcher *d) {
        if (!d->n)
                return HCS_FOREVER;
        return d->started + (uint64_t)((double)d->heap[0].due * d->speed) + 1;
}

static void run_due(struct mock_dispatcher *d) {
        while (!d->stop && is_due(d)) {
                struct task t = heap_pop(d);

                if (t.due > d->virtual_now)
                        d->virtual_now = t.due;
                d->busy = true;
                hcs_mutex_unlock(&d->lock);
                t.fn(t.arg);
                hcs_mutex_lock(&d->lock);
        }
        d->busy = false;
        hcs_cond_broadcast(&d->idle);
}

static void loop(void *arg) {
        struct mock_dispatcher *d = arg;
        struct hcs_poll_entry *entries = NULL;

        hcs_mutex_lock(&d->lock);
        while (!d->stop) {
                uint64_t deadline;
                size_t n;

                run_due(d);
                if (d->stop)
                        break;
                d->kicked = false;
                hcs_mutex_unlock(&d->lock);
                n = d->pipes.fill(d->pipes.ctx, &entries);
                hcs_mutex_lock(&d->lock);
                if (d->stop || is_due(d) || d->kicked)
                        deadline = 0;
                else
                        deadline = next_deadline(d);
                d->sleeping = deadline != 0;
                hcs_mutex_unlock(&d->lock);
                if (deadline || n)
                        hcs_poller_wait(d->poller, entries, n, deadline);
                hcs_mutex_lock(&d->lock);
                d->sleeping = false;
                d->moving = n > 0;
                hcs_mutex_unlock(&d->lock);
                if (n)
                        d->pipes.ready(d->pipes.ctx, entries, n);
                hcs_mutex_lock(&d->lock);
                d->moving = false; /* what that posted is due in the same breath */
        }
        d->busy = false;
        hcs_cond_broadcast(&d->idle);
        hcs_mutex_unlock(&d->lock);
        free(entries);
}

HRESULT mock_dispatcher_new(double speed, const struct mock_dispatcher_pipes *pipes, struct mock_dispatcher **ret,
                            struct hcs_error **err) {
        struct mock_dispatcher *d = hcs_calloc(1, sizeof(*d));
        HRESULT hr = hcs_poller_new(&d->poller, err);

        if (FAILED(hr)) {
                free(d);
                return hr;
        }
        hcs_mutex_init(&d->lock);
        hcs_cond_init(&d->idle);
        d->pipes = *pipes;
        d->speed = speed;
        d->started = hcs_clock_ns();
        *ret = d;
        return S_OK;
}

struct mock_dispatcher *mock_dispatcher_free(struct mock_dispatcher *d) {
        bool running;

        if (!d)
                return NULL;
        hcs_mutex_lock(&d->lock);
        d->stop = true;
        running = d->running;
        hcs_mutex_unlock(&d->lock);
        if (running) {
                hcs_poller_wake(d->poller);
                hcs_thread_join(&d->thread);
        }
        for (size_t i = 0; i < d->n; i++)
                if (d->heap[i].drop)
                        d->heap[i].drop(d->heap[i].arg);
        hcs_poller_free(d->poller);
        hcs_cond_deinit(&d->idle);
        hcs_mutex_deinit(&d->lock);
        free(d->heap);
        free(d);
        return NULL;
}

/* With the lock held. Returns whether the thread must be woken. */
static bool rouse(struct mock_dispatcher *d) {
        struct hcs_error *err = NULL;

        if (!d->running && !d->stop) {
                if (FAILED(hcs_thread_start(&d->thread, loop, d, &err))) {
                        hcs_log(HCS_LOG_ERROR, "the mock's dispatcher cannot start", "error", hcs_error_message(err),
                                NULL);
                        hcs_error_free(err);
                        return false;
                }
                d->running = true;
                return false;
        }
        return d->sleeping;
}

void mock_dispatcher_post(struct mock_dispatcher *d, uint64_t delay_ns, void (*fn)(void *), void (*drop)(void *),
                          void *arg) {
        bool wake;

        hcs_mutex_lock(&d->lock);
        heap_push(d, (struct task){virtual_clock(d) + delay_ns, d->seq++, fn, drop, arg});
        wake = rouse(d);
        hcs_mutex_unlock(&d->lock);
        if (wake)
                hcs_poller_wake(d->poller);
}

void mock_dispatcher_kick(struct mock_dispatcher *d) {
        bool wake;

        hcs_mutex_lock(&d->lock);
        d->kicked = true;
        wake = rouse(d);
        hcs_mutex_unlock(&d->lock);
        if (wake)
                hcs_poller_wake(d->poller);
}

bool mock_dispatcher_is_self(struct mock_dispatcher *d) {
        bool self;

        hcs_mutex_lock(&d->lock);
        self = d->running && hcs_thread_is_self(&d->thread);
        hcs_mutex_unlock(&d->lock);
        return self;
}

static void wait_until_idle(struct mock_dispatcher *d, bool pipes) {
        if (mock_dispatcher_is_self(d))
                return;
        hcs_mutex_lock(&d->lock);
        while (d->running && !d->stop && (d->busy || (pipes && d->moving) || is_due(d)))
                hcs_cond_wait(&d->idle, &d->lock);
        hcs_mutex_unlock(&d->lock);
}

void mock_dispatcher_drain(struct mock_dispatcher *d) {
        wait_until_idle(d, false);
}

void mock_dispatcher_drain_pipes(struct mock_dispatcher *d) {
        wait_until_idle(d, true);
}
