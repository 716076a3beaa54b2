/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_PUMP_H
#define GUEST_CONTAINER_PUMP_H

/*
 * One direction of one stream: carries bytes from a descriptor to another, both nonblocking, on the loop's thread.
 * Embedded by its relay. The pump owns neither descriptor.
 */

#include "guest/base/loop.h"

struct guest_pump {
        struct guest_loop *loop;
        struct guest_source from, to;
        int tee;   /* gets a copy, or -1 */
        char *buf; /* when splice() cannot: bytes [start, end) wait to be written */
        size_t start, end;
        bool copying;
        bool roomy;             /* from holds more than comes in a nap: its other end does not stand still */
        struct guest_timer nap; /* while a stream that runs well fills */
        int errnum;             /* why it stopped: 0 at the end of the input */
        bool running;
        void (*done)(struct guest_pump *p);
};

/* Makes both descriptors nonblocking and starts. done may be called before this returns. */
void guest_pump_start(struct guest_pump *p, struct guest_loop *loop, int from, int to, int tee,
                      void (*done)(struct guest_pump *p));
/* Takes it out of the loop; done is not called. */
void guest_pump_stop(struct guest_pump *p);

#endif
