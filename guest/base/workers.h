/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_WORKERS_H
#define GUEST_BASE_WORKERS_H

/*
 * A small pool of threads for what may block: mounting a device that appears late, dialing the host, waiting for the
 * OCI runtime. Threads are started when there is work and end when idle, so that an idle agent is one thread.
 *
 * A job is embedded by its owner. work() runs on a thread of the pool and touches nothing but the job; done() runs on
 * the loop's thread afterwards and may free it.
 */

#include "guest/base/loop.h"

struct guest_workers;

struct guest_job {
        void (*work)(struct guest_job *job);
        void (*done)(struct guest_job *job);
        struct guest_loop *loop;
        struct guest_post post;
        struct guest_job *next;
};

struct guest_workers *guest_workers_new(struct guest_loop *loop);
/* Works on all jobs to their end. The loop, which has ended, runs on for that: jobs wait for children. */
struct guest_workers *guest_workers_free(struct guest_workers *w);
/* When no thread can be started the job runs at once, on the caller's. */
void guest_workers_submit(struct guest_workers *w, struct guest_job *job);

#endif
