/* SPDX-License-Identifier: MIT */

/* One connection to a service: who waits for what on it, and its end. See remote.h. */

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/remote/incoming.h"
#include "mockhcs/remote/remote.h"
#include "platform/clock.h"

#define NAP_NS HCS_NS_PER_MS

static void connection_free(struct remote_connection *c) {
        mock_wire_reader_deinit(&c->reader);
        hcs_stream_close(c->reader.stream);
        hcs_cond_deinit(&c->idle);
        hcs_mutex_deinit(&c->lock);
        hcs_mutex_deinit(&c->write_lock);
        free(c);
}

struct remote_connection *remote_connection_ref(struct remote_connection *c) {
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
        return c;
}

struct remote_connection *remote_connection_unref(struct remote_connection *c) {
        if (c && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
                connection_free(c);
        return NULL;
}

/* With the lock held: somebody who can read; NULL when there is nobody. Whoever still sends may not get on with that
 * before something is read. */
static struct remote_waiter *who_waits(const struct remote_connection *c) {
        struct remote_waiter *w = c->waiters;

        while (w && !w->waits)
                w = w->next;
        return w;
}

/* With the lock held and nobody reading: takes one frame. It is given back while that lasts. */
static void read_one(struct remote_connection *c) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        struct remote_waiter *next;
        struct mock_slice frame;
        HRESULT hr;

        c->reading = true;
        hcs_mutex_unlock(&c->lock);
        hr = mock_wire_read(&c->reader, NULL, &frame, &err);
        if (hr == S_OK)
                hr = remote_incoming(c, frame, &err);
        if (FAILED(hr) && !atomic_load(&c->silent))
                hcs_log(HCS_LOG_WARN, "the connection to the service broke", "error", hcs_error_message(err), NULL);
        if (hr != S_OK) {
                hcs_stream_shutdown(c->reader.stream);
                remote_incoming_end(c);
        }
        hcs_mutex_lock(&c->lock);
        c->reading = false;
        next = who_waits(c);
        if (next)
                hcs_cond_signal(&next->changed); /* to read on */
        if (c->ended)
                hcs_cond_broadcast(&c->idle);
}

/* With the lock held: until it is done, by reading if need be. */
static void wait_for(struct remote_connection *c, struct remote_waiter *w) {
        w->waits = true;
        while (!w->done)
                if (c->reading)
                        hcs_cond_wait(&w->changed, &c->lock);
                else
                        read_one(c);
}

/* The connection's own thread. */
static void read_when_idle(void *arg) {
        struct remote_connection *c = arg;
        uint64_t served = 0;

        hcs_guard(&c->lock);
        while (!c->ended) {
                if (c->reading || who_waits(c) || c->served != served) {
                        served = c->served;
                        hcs_cond_wait_until(&c->idle, &c->lock, hcs_clock_ns() + NAP_NS);
                } else {
                        read_one(c);
                }
        }
}

HRESULT remote_connect(struct mock_backend *b, const char *socket, uintptr_t generation, struct remote_connection **ret,
                       struct hcs_error **err) {
        struct hcs_bound bound = {hcs_clock_ns() + (uint64_t)MOCK_WIRE_HELLO_MS * HCS_NS_PER_MS, NULL};
        struct remote_connection *c = hcs_calloc(1, sizeof(*c));
        HRESULT hr;

        atomic_init(&c->refs, 1);
        c->backend = b;
        c->generation = generation;
        hcs_mutex_init(&c->lock);
        hcs_mutex_init(&c->write_lock);
        hcs_cond_init(&c->idle);
        hr = hcs_stream_connect_private(socket, &bound, &c->reader.stream, err);
        if (SUCCEEDED(hr))
                hr = mock_wire_greet(&c->reader, &c->hello, err);
        if (SUCCEEDED(hr))
                hr = hcs_thread_start(&c->thread, read_when_idle, c, err);
        if (FAILED(hr)) {
                remote_connection_unref(c);
                return hr;
        }
        *ret = c;
        return S_OK;
}

void remote_connection_close(struct remote_connection *c) {
        hcs_mutex_lock(&c->lock);
        if (!c->ended) /* else it ended by itself, and everybody is being told */
                atomic_store(&c->silent, true);
        hcs_mutex_unlock(&c->lock);
        hcs_stream_shutdown(c->reader.stream);
        hcs_thread_join(&c->thread);
        remote_connection_unref(c);
}

bool remote_connection_ended(struct remote_connection *c) {
        hcs_guard(&c->lock);
        return c->ended;
}

static HRESULT write_frames(struct remote_connection *c, const struct hcs_buf *frames) {
        size_t n = 0;
        HRESULT hr;

        hcs_mutex_lock(&c->write_lock);
        hr = hcs_stream_write_bound(c->reader.stream, frames->data, frames->len, NULL, &n, NULL);
        hcs_mutex_unlock(&c->write_lock);
        /* A frame that was cut off ends the connection; the thread that reads tells everybody. */
        if (FAILED(hr))
                hcs_stream_shutdown(c->reader.stream);
        return hr;
}

void remote_connection_send(struct remote_connection *c, const struct hcs_buf *frames) {
        write_frames(c, frames);
}

struct remote_handle **remote_handle_slot(struct remote_connection *c, const struct mock_handle *h) {
        struct remote_handle **at = &c->handles[(h->number * MOCK_HANDLE_KINDS + (unsigned)h->kind) % REMOTE_BUCKETS];

        while (*at && (*at)->h != h)
                at = &(*at)->next;
        return at;
}

/* With the lock held. */
static void add_handle(struct remote_connection *c, struct mock_handle *h) {
        struct remote_handle *entry = hcs_calloc(1, sizeof(*entry));

        entry->h = mock_handle_ref(h);
        *remote_handle_slot(c, h) = entry;
}

static void remove_handle(struct remote_connection *c, const struct mock_handle *h) {
        struct remote_handle **at, *entry;

        hcs_mutex_lock(&c->lock);
        at = remote_handle_slot(c, h);
        entry = *at;
        if (entry)
                *at = entry->next;
        hcs_mutex_unlock(&c->lock);
        if (entry)
                mock_handle_unref(entry->h);
        free(entry);
}

/* Takes its place among those that wait; false when there is nothing left to wait for. */
static bool enter(struct remote_connection *c, struct remote_call *rc) {
        hcs_guard(&c->lock);
        if (c->ended)
                return false;
        hcs_cond_init(&rc->waiter.changed);
        rc->waiter.next = c->waiters;
        c->waiters = &rc->waiter;
        if (!rc->call)
                rc->control = ++c->controls;
        if (rc->call && rc->call->created) {
                rc->call->created->object = (void *)c->generation;
                add_handle(c, rc->call->created);
        }
        return true;
}

/* Sends what was entered, and waits for what comes back. False: it was not sent, or not to its end, so that nobody can
 * have done it. */
static bool exchange(struct remote_connection *c, struct remote_call *rc, const struct hcs_buf *frame) {
        HRESULT hr = write_frames(c, frame);

        hcs_mutex_lock(&c->lock);
        wait_for(c, &rc->waiter);
        hcs_mutex_unlock(&c->lock);
        hcs_cond_deinit(&rc->waiter.changed);
        return SUCCEEDED(hr);
}

bool remote_connection_call(struct remote_connection *c, struct mock_call *call) {
        struct remote_call rc = {.call = call};
        _cleanup_buf_ struct hcs_buf frame = {0};

        mock_wire_put_call(&frame, call);
        if (frame.len > MOCK_WIRE_MAX_FRAME) {
                mock_call_refuse(call, HCS_WIN32(223), "the documents of the call are too long for the service");
                return true;
        }
        if (!enter(c, &rc))
                return false;
        if (!exchange(c, &rc, &frame)) {
                mock_completion_deinit(&call->completion); /* it was told that the service had gone */
                return false;
        }
        if (call->created && FAILED(call->hr))
                remove_handle(c, call->created);
        if (mock_verb_closes(call->function->verb) && mock_call_subject(call))
                remove_handle(c, mock_call_subject(call));
        return true;
}

HRESULT remote_connection_control(struct remote_connection *c, const struct hcs_json *request, struct hcs_json **ret,
                                  struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *numbered = hcs_json_copy(request), *line = NULL;
        _cleanup_buf_ struct hcs_buf frame = {0};
        struct remote_call rc = {0};
        struct hcs_json *result;
        HRESULT hr;

        if (enter(c, &rc)) {
                hcs_json_set_u64(numbered, "n", rc.control);
                mock_wire_put_json(&frame, numbered);
                exchange(c, &rc, &frame);
        }
        line = rc.answer;
        if (!line)
                return hcs_error_make(err, HCS_E_SERVICE_DISCONNECT, "the service went away");
        hr = mock_wire_failure(line, err);
        if (FAILED(hr))
                return hr;
        result = hcs_json_get(line, "result");
        *ret = result ? hcs_json_detach(line, result) : hcs_json_new_object();
        return S_OK;
}
