/* SPDX-License-Identifier: MIT */

/*
 * A transport inside the process: listeners are queues, and a dial makes a pair and puts one end into a queue. State:
 * the listeners that are open, under one lock that guards their queues too.
 */

#include "gcs/transport.h"
#include "platform/thread.h"

struct waiting {
        struct waiting *next;
        struct hcs_stream *stream;
};
struct queue {
        struct queue *next;
        uint32_t port;
        struct waiting *first, **last;
        struct hcs_cond arrived;
        bool woken;
};
struct memory {
        struct hcs_mutex lock;
        struct queue *queues;
};

static HRESULT memory_open(struct hcs_gcs_transport *t, const char *conf, struct hcs_error **err) {
        struct memory *m = hcs_calloc(1, sizeof(*m));

        hcs_mutex_init(&m->lock);
        t->state = m;
        return S_OK;
}

static void memory_free(struct hcs_gcs_transport *t) {
        struct memory *m = t->state;

        hcs_mutex_deinit(&m->lock);
        free(m);
}

/* With the lock held. */
static struct queue **find(struct memory *m, uint32_t port) {
        struct queue **q = &m->queues;

        while (*q && (*q)->port != port)
                q = &(*q)->next;
        return q;
}

static HRESULT queue_accept(struct hcs_gcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                            struct hcs_error **err) {
        struct memory *m = l->transport->state;
        struct queue *q = l->state;
        struct waiting *w;
        hcs_guard(&m->lock);

        while (!q->first) {
                HRESULT hr = q->woken ? E_ABORT : hcs_bound_check(b);

                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                hcs_cond_wait_until(&q->arrived, &m->lock, hcs_bound_next(b));
        }
        w = q->first;
        q->first = w->next;
        if (!q->first)
                q->last = &q->first;
        *ret = w->stream;
        free(w);
        return S_OK;
}

static void queue_wake(struct hcs_gcs_listener *l) {
        struct memory *m = l->transport->state;
        struct queue *q = l->state;
        hcs_guard(&m->lock);

        q->woken = true;
        hcs_cond_broadcast(&q->arrived);
}

static void queue_close(struct hcs_gcs_listener *l) {
        struct memory *m = l->transport->state;
        struct queue *q = l->state;

        {
                hcs_guard(&m->lock);
                *find(m, q->port) = q->next;
        }
        for (struct waiting *w = q->first, *next; w; w = next) {
                next = w->next;
                hcs_stream_close(w->stream);
                free(w);
        }
        hcs_cond_deinit(&q->arrived);
        free(q);
}

static const struct gcs_listener_ops queue_ops = {queue_accept, queue_wake, queue_close};

static HRESULT memory_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l,
                             struct hcs_error **err) {
        struct memory *m = t->state;
        struct queue *q;
        hcs_guard(&m->lock);

        if (*find(m, port))
                return hcs_error_make(err, HCS_WIN32(10048), "the port is listened on already");
        q = hcs_calloc(1, sizeof(*q));
        q->port = port;
        q->last = &q->first;
        hcs_cond_init(&q->arrived);
        q->next = m->queues;
        m->queues = q;
        l->state = q;
        l->ops = &queue_ops;
        return S_OK;
}

static HRESULT memory_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                           struct hcs_stream **ret, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "no guest listens inside this process");
}

static HRESULT memory_guest_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                                 struct hcs_stream **ret, struct hcs_error **err) {
        struct memory *m = t->state;
        struct hcs_stream *host = NULL;
        struct waiting *w;
        struct queue *q;
        HRESULT hr;
        hcs_guard(&m->lock);

        q = *find(m, port);
        if (!q)
                return hcs_error_make(err, HCS_WIN32(10061), "nobody listens there");
        hr = hcs_stream_pair(ret, &host, err);
        if (FAILED(hr))
                return hr;
        w = hcs_calloc(1, sizeof(*w));
        w->stream = host;
        *q->last = w;
        q->last = &w->next;
        hcs_cond_signal(&q->arrived);
        return S_OK;
}

const struct gcs_transport_ops gcs_transport_memory = {"memory",      memory_open, memory_free,
                                                       memory_listen, memory_dial, memory_guest_dial};
