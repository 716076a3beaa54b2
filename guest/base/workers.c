/* SPDX-License-Identifier: MIT */

/* The pool of workers.h: a locked queue, at most MAX_THREADS threads with small stacks, each ending after an idle
 * while. A job that finds all threads busy waits in the queue; every job is bounded in time by what it calls. */

#include "guest/base/workers.h"

#include <pthread.h>
#include <stddef.h>

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define MAX_THREADS 32
#define STACK_BYTES (256 * 1024) /* the deepest is the JSON parser at its depth limit */
#define IDLE_NS     (2ull * HCS_NS_PER_S)

struct guest_workers {
        struct guest_loop *loop;
        struct hcs_mutex lock;
        struct hcs_cond work;
        struct guest_job *queue, **queue_end;
        unsigned threads, idle, queued;
        bool stop, last_posted;
        struct guest_post last; /* once stopped: no thread is left */
};

static void post_done(struct guest_post *p) {
        struct guest_job *job = (struct guest_job *)((char *)p - offsetof(struct guest_job, post));

        job->done(job);
}

static void run(struct guest_job *job) {
        job->work(job);
        job->post.fn = post_done;
        guest_loop_post(job->loop, &job->post);
}

static void *thread_main(void *arg) {
        struct guest_workers *w = arg;

        hcs_mutex_lock(&w->lock);
        for (;;) {
                struct guest_job *job = w->queue;

                if (job) {
                        w->queue = job->next;
                        w->queued--;
                        if (!w->queue)
                                w->queue_end = &w->queue;
                        hcs_mutex_unlock(&w->lock);
                        run(job);
                        hcs_mutex_lock(&w->lock);
                        continue;
                }
                if (w->stop)
                        break;
                w->idle++;
                if (!hcs_cond_wait_until(&w->work, &w->lock, hcs_clock_ns() + IDLE_NS) && !w->queue) {
                        w->idle--;
                        break;
                }
                w->idle--;
        }
        w->threads--;
        if (w->stop && !w->threads && !w->last_posted) {
                w->last_posted = true;
                guest_loop_post(w->loop, &w->last);
        }
        hcs_mutex_unlock(&w->lock);
        return NULL;
}

static void on_last(struct guest_post *p) {
        struct guest_workers *w = (struct guest_workers *)((char *)p - offsetof(struct guest_workers, last));

        hcs_mutex_lock(&w->lock);
        w->last_posted = false;
        hcs_mutex_unlock(&w->lock);
        guest_loop_quit(w->loop);
}

struct guest_workers *guest_workers_new(struct guest_loop *loop) {
        struct guest_workers *w = hcs_calloc(1, sizeof(*w));

        w->loop = loop;
        w->last.fn = on_last;
        w->queue_end = &w->queue;
        hcs_mutex_init(&w->lock);
        hcs_cond_init(&w->work);
        return w;
}

struct guest_workers *guest_workers_free(struct guest_workers *w) {
        if (!w)
                return NULL;
        hcs_mutex_lock(&w->lock);
        w->stop = true;
        hcs_cond_broadcast(&w->work);
        /* Jobs may wait for what the loop does: for the end of a child. */
        while (w->threads) {
                hcs_mutex_unlock(&w->lock);
                guest_loop_run(w->loop);
                hcs_mutex_lock(&w->lock);
        }
        hcs_mutex_unlock(&w->lock);
        hcs_cond_deinit(&w->work);
        hcs_mutex_deinit(&w->lock);
        return hcs_free(w);
}

static bool start_thread(struct guest_workers *w) {
        pthread_attr_t attr;
        pthread_t thread;
        int r;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, STACK_BYTES);
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        r = pthread_create(&thread, &attr, thread_main, w);
        pthread_attr_destroy(&attr);
        return r == 0;
}

void guest_workers_submit(struct guest_workers *w, struct guest_job *job) {
        bool started = true;

        job->loop = w->loop;
        job->next = NULL;
        hcs_mutex_lock(&w->lock);
        *w->queue_end = job;
        w->queue_end = &job->next;
        w->queued++;
        if (w->queued > w->idle && w->threads < MAX_THREADS) {
                started = start_thread(w);
                w->threads += started;
        }
        if (!started && !w->threads) {
                w->queue = NULL;
                w->queue_end = &w->queue;
                w->queued = 0;
        } else {
                started = true;
                hcs_cond_signal(&w->work);
        }
        hcs_mutex_unlock(&w->lock);
        if (!started)
                run(job);
}
