/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_DEVICE_H
#define MOCKHCS_VM_VSOCK_DEVICE_H

/*
 * The inside of the device of vsock.h: the front end, the table of connections, and what is to be said to the guest.
 * Everything belongs to the thread that runs vsock_device_step(), but the counters, which anyone may read. Tests and
 * the fuzzer make a device without a thread and step it themselves.
 */

#include <stdatomic.h>

#include "mockhcs/vm/vsock/connection.h"
#include "mockhcs/vm/vsock/front_end.h"
#include "mockhcs/vm/vsock/vsock.h"
#include "platform/thread.h"

#define VSOCK_BUCKETS  256
#define VSOCK_RETRY_MS 5
#define VSOCK_RESETS   256 /* answers to packets of no connection that may wait; then the guest's queue waits */

struct vsock_counters {
        atomic_uint_fast64_t connections, accepted, refused, to_host, to_guest, violations;
        atomic_bool running;
};

struct vsock_device {
        char *folder, *host_path;
        char *any_path;       /* where listeners for any machine are */
        uint32_t peer_number; /* makes names of sockets new */
        unsigned max_connections;
        int epoll, wake, host_listener;
        struct vsock_front_end front_end;

        struct vsock_connection *all, *buckets[VSOCK_BUCKETS];
        struct vsock_connection *news, **news_tail; /* those that may have something to say, in turn */
        size_t n, n_connecting;
        bool accept_waits; /* host programs wait until this process has a descriptor for them */
        uint64_t retry_at; /* when those and the connecting ones are tried again */
        uint32_t next_port;

        struct vsock_packet resets[VSOCK_RESETS];
        size_t first_reset, n_resets;
        bool tx_waiting, rx_waiting; /* the queue may have chains: it is looked at in the next step */
        bool tx_stalled;             /* it waits until an answer has been read */
        uint64_t tx_nap_until; /* the guest sends without telling until then, and is not told either; 0: it tells */
        size_t tx_untold;      /* bytes taken since it was told */
        bool sweep;            /* something is closed */

        struct vsock_counters counters;
        atomic_bool stop;
        struct hcs_thread thread;
};

static inline void vsock_count(atomic_uint_fast64_t *counter, uint64_t n) {
        atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* device.c: without a thread. */
HRESULT vsock_device_init(struct vsock_device *d, const struct vsock_device_options *options, struct hcs_error **err);
void vsock_device_deinit(struct vsock_device *d);
/* Handles what happened, after waiting for it up to timeout_ms (-1: without end). */
void vsock_device_step(struct vsock_device *d, int timeout_ms);
/* Has the last step left work over? Without more to happen it is done by steps that do not wait, in a moment at most.
 */
bool vsock_device_busy(const struct vsock_device *d);
void vsock_device_log(const char *what, struct hcs_error *err);

/* table.c: the connections. */
/* NULL when there are too many that live; then fd is closed. */
struct vsock_connection *vsock_table_add(struct vsock_device *d, int fd, enum vsock_state state);
/* By its ports, which must be free. */
void vsock_table_enter(struct vsock_device *d, struct vsock_connection *c);
struct vsock_connection *vsock_table_find(struct vsock_device *d, uint32_t host_port, uint32_t guest_port);
/* Its ports are free again, the connection stays. */
void vsock_table_leave(struct vsock_device *d, struct vsock_connection *c);
/* Takes its turn if it has something to say; drops it when it is closed. Call after anything was done to it. */
void vsock_table_changed(struct vsock_device *d, struct vsock_connection *c);
/* The next whose turn it is, taken off the list; NULL when there is none. */
struct vsock_connection *vsock_table_next_news(struct vsock_device *d);
/* The guest is done with it: its ports are free, and what it sent is still written to the host. */
void vsock_table_finish(struct vsock_device *d, struct vsock_connection *c);
/* Frees what is closed. No event of the same round may follow. */
void vsock_table_sweep(struct vsock_device *d);
void vsock_table_close_all(struct vsock_device *d);

/*
 * traffic.c: packets. At most a bounded number each; true when there may be more. A guest that sends much is left to
 * itself for a moment (tx_nap_until): what each says to the other costs both more than a packet does.
 */
bool vsock_traffic_from_guest(struct vsock_device *d);
bool vsock_traffic_to_guest(struct vsock_device *d);

/* host.c: the Unix sockets. */
HRESULT vsock_host_listen(struct vsock_device *d, struct hcs_error **err);
void vsock_host_accept(struct vsock_device *d);
/* The guest wants a port of the host: connects its connection, or resets it. */
void vsock_host_connect(struct vsock_device *d, uint32_t host_port, const struct vsock_packet *request);
/* Tries those again whose listener had no room, and those that this process had no descriptor for, now and then. */
void vsock_host_retry(struct vsock_device *d);
/* What the socket of a connection reports: EPOLL* events. */
void vsock_host_event(struct vsock_device *d, struct vsock_connection *c, uint32_t events);
/* The guest accepted: the host program is told. */
void vsock_host_accepted(struct vsock_device *d, struct vsock_connection *c);
/* An answer to a packet of no connection, or of a refused one. */
void vsock_traffic_reset(struct vsock_device *d, const struct vsock_packet *about);

#endif
