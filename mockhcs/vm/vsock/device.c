/* SPDX-License-Identifier: MIT */

/* The device of mockhcs/vm/vsock/vsock.h: its loop, its thread, its beginning and end. */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "hcsshim/log.h"
#include "mockhcs/vm/vsock/device.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"

#define MAX_CONNECTIONS 1024
#define EVENTS          64

void vsock_device_log(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        hcs_log(HCS_LOG_WARN, what, "error", text, NULL);
        hcs_error_free(err);
}

static HRESULT watch(struct vsock_device *d, int fd, void *what, uint32_t edge, struct hcs_error **err) {
        struct epoll_event e = {.events = EPOLLIN | edge, .data.ptr = what};

        if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
                return hcs_error_errno(err, errno, "watch a descriptor");
        return S_OK;
}

static void kick_changed(void *ctx, unsigned queue, int old) {
        struct vsock_device *d = ctx;
        struct vsock_queue *q = &d->front_end.queues[queue];

        if (old >= 0)
                epoll_ctl(d->epoll, EPOLL_CTL_DEL, old, NULL);
        if (q->kick >= 0)
                watch(d, q->kick, q, 0, NULL);
        /* What became available before anybody listened. */
        d->tx_waiting = d->rx_waiting = true;
}

static void started_over(void *ctx) {
        vsock_table_close_all(ctx);
}

static char *any_path(const char *folder) {
        _cleanup_free_ char *any = hcs_hvsocket_wildcard_beside(folder);

        return hcs_asprintf("%s/v.sock", any);
}

HRESULT vsock_device_init(struct vsock_device *d, const struct vsock_device_options *options, struct hcs_error **err) {
        HRESULT hr = S_OK;

        *d = (struct vsock_device){
                .max_connections = options->max_connections ? options->max_connections : MAX_CONNECTIONS,
                .epoll = -1,
                .wake = -1,
                .host_listener = -1,
                .folder = hcs_strdup(options->folder),
                .host_path = hcs_asprintf("%s/v.sock", options->folder),
        };
        d->any_path = any_path(options->folder);
        d->news_tail = &d->news;
        vsock_front_end_init(&d->front_end, options->front_end, options->guest_cid);
        d->front_end.kick_changed = kick_changed;
        d->front_end.started_over = started_over;
        d->front_end.ctx = d;
        if (options->guest_cid < 3 || options->guest_cid >= UINT32_MAX)
                hr = hcs_error_make(err, E_INVALIDARG, "a guest cannot have the CID %llu",
                                    (unsigned long long)options->guest_cid);
        if (SUCCEEDED(hr)) {
                d->epoll = epoll_create1(EPOLL_CLOEXEC);
                d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                if (d->epoll < 0 || d->wake < 0)
                        hr = hcs_error_errno(err, errno, "make the vsock device");
        }
        if (SUCCEEDED(hr))
                hr = vsock_host_listen(d, err);
        if (SUCCEEDED(hr))
                hr = watch(d, d->host_listener, &d->host_listener, EPOLLET, err);
        if (SUCCEEDED(hr))
                hr = watch(d, d->wake, &d->wake, 0, err);
        if (SUCCEEDED(hr))
                hr = watch(d, d->front_end.socket, &d->front_end, 0, err);
        if (FAILED(hr))
                vsock_device_deinit(d);
        return hr;
}

void vsock_device_deinit(struct vsock_device *d) {
        for (struct vsock_connection *c = d->all; c; c = c->next)
                c->state = VSOCK_CLOSED;
        d->sweep = true;
        vsock_table_sweep(d);
        vsock_front_end_deinit(&d->front_end);
        if (d->host_listener >= 0) {
                close(d->host_listener);
                unlink(d->host_path);
        }
        if (d->wake >= 0)
                close(d->wake);
        if (d->epoll >= 0)
                close(d->epoll);
        free(d->folder);
        free(d->host_path);
        free(d->any_path);
}

static void front_end_event(struct vsock_device *d) {
        struct hcs_error *err = NULL;

        if (SUCCEEDED(vsock_front_end_handle(&d->front_end, &err))) {
                d->tx_waiting = d->rx_waiting = true;
                return;
        }
        if (hcs_error_hresult(err) == HCS_E_CONNECTION_CLOSED)
                hcs_error_free(err);
        else
                vsock_device_log("the vsock device gives its front end up", err);
        /* With the front end go the guest and its memory. */
        vsock_table_close_all(d);
        /* QEMU has the same eventfds: closing ours does not end the watch. */
        for (unsigned i = 0; i < VSOCK_QUEUES; i++)
                if (d->front_end.queues[i].kick >= 0)
                        epoll_ctl(d->epoll, EPOLL_CTL_DEL, d->front_end.queues[i].kick, NULL);
        vsock_front_end_deinit(&d->front_end);
}

static void handle_event(struct vsock_device *d, const struct epoll_event *e) {
        uint64_t count;

        if (e->data.ptr == &d->wake) {
                (void)!read(d->wake, &count, sizeof(count));
        } else if (e->data.ptr == &d->host_listener) {
                vsock_host_accept(d);
        } else if (e->data.ptr == &d->front_end) {
                front_end_event(d);
        } else if (e->data.ptr == &d->front_end.queues[VSOCK_TX] || e->data.ptr == &d->front_end.queues[VSOCK_RX]) {
                struct vsock_queue *q = e->data.ptr;

                if (q->kick >= 0)
                        (void)!read(q->kick, &count, sizeof(count));
                *(q == &d->front_end.queues[VSOCK_TX] ? &d->tx_waiting : &d->rx_waiting) = true;
        } else {
                vsock_host_event(d, e->data.ptr, e->events);
        }
}

bool vsock_device_busy(const struct vsock_device *d) {
        return d->tx_waiting || d->rx_waiting || d->tx_nap_until;
}

static int wait_for_events(struct vsock_device *d, struct epoll_event *events, int timeout_ms) {
        uint64_t now = d->tx_nap_until ? hcs_clock_ns() : 0;
        struct timespec left = {0};
        int n;

        if (d->tx_waiting || d->rx_waiting)
                timeout_ms = 0;
        else if ((d->n_connecting || d->accept_waits) && (timeout_ms < 0 || timeout_ms > VSOCK_RETRY_MS))
                timeout_ms = VSOCK_RETRY_MS;
        if (!d->tx_nap_until || timeout_ms == 0)
                return epoll_wait(d->epoll, events, EVENTS, timeout_ms);
        left.tv_nsec = d->tx_nap_until > now ? (long)(d->tx_nap_until - now) : 0;
        n = epoll_pwait2(d->epoll, events, EVENTS, &left, NULL);
        /* Before Linux 5.11, or forbidden by who has not heard of it. */
        return n < 0 && (errno == ENOSYS || errno == EPERM) ? epoll_wait(d->epoll, events, EVENTS, 1) : n;
}

void vsock_device_step(struct vsock_device *d, int timeout_ms) {
        struct epoll_event events[EVENTS];
        int n = wait_for_events(d, events, timeout_ms);

        for (int i = 0; i < n; i++)
                handle_event(d, &events[i]);
        vsock_host_retry(d);
        if (d->tx_waiting || d->tx_stalled || !d->tx_nap_until || hcs_clock_ns() >= d->tx_nap_until)
                d->tx_waiting = vsock_traffic_from_guest(d);
        d->rx_waiting = vsock_traffic_to_guest(d);
        if (d->tx_stalled && d->n_resets < VSOCK_RESETS)
                d->tx_waiting = true;
        vsock_table_sweep(d);
        atomic_store_explicit(&d->counters.running, vsock_front_end_running(&d->front_end), memory_order_relaxed);
}

static void run(void *arg) {
        struct vsock_device *d = arg;

        while (!atomic_load(&d->stop))
                vsock_device_step(d, -1);
}

HRESULT vsock_device_new(const struct vsock_device_options *options, struct vsock_device **ret,
                         struct hcs_error **err) {
        struct vsock_device *d = hcs_malloc(sizeof(*d));
        HRESULT hr = vsock_device_init(d, options, err);

        if (SUCCEEDED(hr)) {
                hr = hcs_thread_start(&d->thread, run, d, err);
                if (FAILED(hr))
                        vsock_device_deinit(d);
        }
        if (FAILED(hr)) {
                free(d);
                return hr;
        }
        *ret = d;
        return S_OK;
}

struct vsock_device *vsock_device_free(struct vsock_device *d) {
        uint64_t one = 1;

        if (!d)
                return NULL;
        atomic_store(&d->stop, true);
        (void)!write(d->wake, &one, sizeof(one));
        hcs_thread_join(&d->thread);
        vsock_device_deinit(d);
        free(d);
        return NULL;
}

void vsock_device_stats(const struct vsock_device *d, struct vsock_stats *ret) {
        const struct vsock_counters *c = &d->counters;

        *ret = (struct vsock_stats){
                .connections = atomic_load_explicit(&c->connections, memory_order_relaxed),
                .accepted = atomic_load_explicit(&c->accepted, memory_order_relaxed),
                .refused = atomic_load_explicit(&c->refused, memory_order_relaxed),
                .to_host = atomic_load_explicit(&c->to_host, memory_order_relaxed),
                .to_guest = atomic_load_explicit(&c->to_guest, memory_order_relaxed),
                .violations = atomic_load_explicit(&c->violations, memory_order_relaxed),
                .running = atomic_load_explicit(&c->running, memory_order_relaxed),
        };
}
