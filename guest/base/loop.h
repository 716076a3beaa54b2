/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_LOOP_H
#define GUEST_BASE_LOOP_H

/*
 * The agent's event loop: descriptors by epoll, timers, and calls posted from other threads.
 *
 * One thread runs it and everything of the agent that has state lives on that thread. Only guest_loop_post() may be
 * called from another one. Sources and timers are embedded by their owner, who takes them out before freeing them; a
 * source taken out gets no event any more, not even one that was already fetched.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct guest_loop;

struct guest_source {
        int fd;
        uint32_t events;                                     /* what is watched now, 0 when out of the loop */
        void (*fn)(struct guest_source *s, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
};

struct guest_timer {
        uint64_t deadline_ns; /* monotonic; 0 when not set */
        void (*fn)(struct guest_timer *t);
        struct guest_timer *next;
};

struct guest_post {
        void (*fn)(struct guest_post *p);
        struct guest_post *next;
};

HRESULT guest_loop_new(struct guest_loop **ret, struct hcs_error **err);
struct guest_loop *guest_loop_free(struct guest_loop *l);
HCS_DEFINE_CLEANUP(struct guest_loop *, guest_loop_free)

/* Runs until guest_loop_quit(); may be run again. */
void guest_loop_run(struct guest_loop *l);
void guest_loop_quit(struct guest_loop *l);

/* events 0 takes the source out, as must be done before its descriptor is closed. False: nobody can wait for such a
 * descriptor (a file, /dev/null), which is always ready. */
bool guest_loop_watch(struct guest_loop *l, struct guest_source *s, uint32_t events);

void guest_loop_set_timer(struct guest_loop *l, struct guest_timer *t, uint64_t deadline_ns);
void guest_loop_clear_timer(struct guest_loop *l, struct guest_timer *t);

/* p->fn runs on the loop's thread; p belongs to the loop until then. Any thread. */
void guest_loop_post(struct guest_loop *l, struct guest_post *p);

#endif
