/* SPDX-License-Identifier: MIT */

/*
 * The connections of a device: a list of all, a hash table by the pair of ports, and the queue of those that have
 * something to say to the guest.
 */

#include <stdio.h>
#include <unistd.h>

#include "hcsshim/log.h"
#include "mockhcs/vm/vsock/device.h"
#include "platform/clock.h"

static struct vsock_connection **bucket(struct vsock_device *d, uint32_t host_port, uint32_t guest_port) {
        uint32_t h = (host_port * 2654435761u) ^ (guest_port * 2246822519u);

        return &d->buckets[(h ^ (h >> 16)) % VSOCK_BUCKETS];
}

/* What a host program has not read of a stream that the guest is done with holds up nobody: the one that has not moved
 * for longest gives way. Who only reads slowly keeps his before those that nobody reads. */
static bool make_room(struct vsock_device *d) {
        struct vsock_connection *stuck = NULL;
        char since[24];

        if (d->n < d->max_connections)
                return true;
        for (struct vsock_connection *c = d->all; c; c = c->next)
                if (c->state == VSOCK_LINGERING && (!stuck || c->moved_at <= stuck->moved_at))
                        stuck = c;
        if (!stuck)
                return false;
        snprintf(since, sizeof(since), "%llu", (unsigned long long)(hcs_clock_ns() - stuck->moved_at) / HCS_NS_PER_MS);
        hcs_log(HCS_LOG_WARN, "the vsock device is full and drops the ended stream that was not read for longest",
                "milliseconds", since, NULL);
        vsock_connection_hung_up(stuck);
        vsock_table_changed(d, stuck); /* it is counted until the sweep: each one that comes drops one */
        return true;
}

struct vsock_connection *vsock_table_add(struct vsock_device *d, int fd, enum vsock_state state) {
        struct vsock_connection *c;

        if (!make_room(d)) {
                vsock_count(&d->counters.refused, 1);
                if (fd >= 0)
                        close(fd);
                return NULL;
        }
        c = vsock_connection_new(fd, state);
        c->next = d->all;
        if (c->next)
                c->next->previous = c;
        d->all = c;
        d->n++;
        atomic_store_explicit(&d->counters.connections, d->n, memory_order_relaxed);
        return c;
}

void vsock_table_enter(struct vsock_device *d, struct vsock_connection *c) {
        struct vsock_connection **b = bucket(d, c->host_port, c->guest_port);

        c->chain = *b;
        *b = c;
        c->in_table = true;
}

struct vsock_connection *vsock_table_find(struct vsock_device *d, uint32_t host_port, uint32_t guest_port) {
        struct vsock_connection *c = *bucket(d, host_port, guest_port);

        while (c && (c->host_port != host_port || c->guest_port != guest_port))
                c = c->chain;
        return c;
}

void vsock_table_leave(struct vsock_device *d, struct vsock_connection *c) {
        struct vsock_connection **b = bucket(d, c->host_port, c->guest_port);

        if (!c->in_table)
                return;
        while (*b != c)
                b = &(*b)->chain;
        *b = c->chain;
        c->in_table = false;
}

void vsock_table_changed(struct vsock_device *d, struct vsock_connection *c) {
        if (c->state == VSOCK_CLOSED) {
                vsock_table_leave(d, c);
                d->sweep = true;
        }
        if (c->pending || !vsock_connection_has_news(c))
                return;
        c->pending = true;
        c->after = NULL;
        *d->news_tail = c;
        d->news_tail = &c->after;
}

struct vsock_connection *vsock_table_next_news(struct vsock_device *d) {
        struct vsock_connection *c = d->news;

        if (!c)
                return NULL;
        d->news = c->after;
        if (!d->news)
                d->news_tail = &d->news;
        c->pending = false;
        return c;
}

static void forget_news(struct vsock_device *d, struct vsock_connection *c) {
        struct vsock_connection **p = &d->news;

        if (!c->pending)
                return;
        while (*p != c)
                p = &(*p)->after;
        *p = c->after;
        if (!*p)
                d->news_tail = p;
}

static void drop(struct vsock_device *d, struct vsock_connection *c) {
        vsock_table_leave(d, c);
        forget_news(d, c);
        *(c->previous ? &c->previous->next : &d->all) = c->next;
        if (c->next)
                c->next->previous = c->previous;
        d->n--;
        atomic_store_explicit(&d->counters.connections, d->n, memory_order_relaxed);
        vsock_connection_free(c);
}

void vsock_table_finish(struct vsock_device *d, struct vsock_connection *c) {
        if (c->state == VSOCK_CONNECTING)
                d->n_connecting--;
        vsock_table_leave(d, c);
        vsock_connection_linger(c);
        vsock_table_changed(d, c);
}

void vsock_table_sweep(struct vsock_device *d) {
        struct vsock_connection *next;

        if (!d->sweep)
                return;
        d->sweep = false;
        for (struct vsock_connection *c = d->all; c; c = next) {
                next = c->next;
                if (c->state == VSOCK_CLOSED)
                        drop(d, c);
        }
}

void vsock_table_close_all(struct vsock_device *d) {
        /* Each queue that is reset comes here: what already lingers is not cut short by the second. */
        for (struct vsock_connection *c = d->all; c; c = c->next)
                if (c->state != VSOCK_HANDSHAKE && c->state != VSOCK_LINGERING)
                        vsock_table_finish(d, c);
        d->n_resets = 0;
}
