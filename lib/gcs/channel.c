/* SPDX-License-Identifier: MIT */

/* Streams of processes. What a user holds is counted, so that closing can wait until nobody is inside a system call. */

#include "gcs/channel.h"

#include "platform/clock.h"

void gcs_channel_init(struct gcs_channel *s, struct gcs_bridge *bridge) {
        *s = (struct gcs_channel){.bridge = bridge, .dial_deadline_ns = HCS_FOREVER};
        hcs_mutex_init(&s->lock);
        hcs_cond_init(&s->idle);
}

void gcs_channel_deinit(struct gcs_channel *s) {
        gcs_channel_close(s);
        hcs_cond_deinit(&s->idle);
        hcs_mutex_deinit(&s->lock);
}

HRESULT gcs_channel_listen(struct gcs_channel *s, struct hcs_gcs_transport *t, uint32_t port, int64_t timeout_ms,
                           struct hcs_error **err) {
        struct hcs_gcs_listener *listener = NULL;
        HRESULT hr = hcs_gcs_listen(t, port, &listener, err);

        if (FAILED(hr))
                return hr;
        hcs_guard(&s->lock);
        s->listener = listener;
        s->port = port;
        s->timeout_ms = timeout_ms;
        if (s->bridge_ended)
                hcs_gcs_listener_wake(listener);
        return S_OK;
}

void gcs_channel_bridge_ended(struct gcs_channel *s) {
        hcs_guard(&s->lock);

        s->bridge_ended = true;
        if (s->listener)
                hcs_gcs_listener_wake(s->listener);
}

void gcs_channel_started(struct gcs_channel *s) {
        hcs_guard(&s->lock);

        if (s->timeout_ms >= 0)
                s->dial_deadline_ns = hcs_clock_ns() + (uint64_t)s->timeout_ms * HCS_NS_PER_MS;
}

static HRESULT gone(const struct gcs_channel *s, struct hcs_error **err) {
        return hcs_error_make(err, E_HANDLE, s->port ? "the stream is closed" : "the process has no such stream");
}

/* Tells who waits that nobody is inside any more. With the lock held. */
static void leave(struct gcs_channel *s) {
        if (--s->users)
                return;
        hcs_cond_broadcast(&s->idle);
}

/* The guest's connection; the accept happens outside the lock, others wait for it there. */
static HRESULT connected(struct gcs_channel *s, const struct hcs_bound *b, struct hcs_error **err) {
        struct hcs_bound dial = {.deadline_ns = s->dial_deadline_ns, .cancel = b->cancel};
        struct hcs_stream *stream = NULL;
        bool ours = b->deadline_ns < dial.deadline_ns, bridge_ended;
        HRESULT hr;

        if (ours)
                dial.deadline_ns = b->deadline_ns;
        hr = gcs_accept_bound(s->listener, &dial, &stream, err);
        hcs_mutex_lock(&s->lock);
        if (SUCCEEDED(hr))
                s->stream = stream;
        if (s->closed && s->stream)
                hcs_stream_shutdown(s->stream);
        bridge_ended = s->bridge_ended && !s->closed;
        hcs_mutex_unlock(&s->lock);
        if (hr == E_ABORT && bridge_ended && hcs_bound_check(b) != E_ABORT) {
                if (err)
                        *err = hcs_error_free(*err);
                return gcs_bridge_error(s->bridge, err);
        }
        if (hr == HCS_E_OPERATION_TIMEOUT && !ours) {
                if (err)
                        *err = hcs_error_free(*err);
                return hcs_error_make(err, HCS_E_CONNECTION_TIMEOUT, "the guest did not dial port %u for the stream",
                                      (unsigned)s->port);
        }
        return hr;
}

/* In: counted as a user, with a stream. One at a time comes through here for a stream that is not dialled yet. */
static HRESULT enter(struct gcs_channel *s, const struct hcs_bound *b, struct hcs_error **err) {
        HRESULT hr = S_OK;

        hcs_mutex_lock(&s->lock);
        while (!s->closed && s->port && !s->stream && s->users && SUCCEEDED(hr)) { /* another one accepts */
                hr = hcs_bound_check(b);
                if (SUCCEEDED(hr))
                        hcs_cond_wait_until(&s->idle, &s->lock, hcs_bound_next(b));
        }
        if (FAILED(hr))
                hcs_bound_fail(hr, err);
        else if (s->closed || !s->port)
                hr = gone(s, err);
        else
                s->users++;
        hcs_mutex_unlock(&s->lock);
        if (FAILED(hr) || s->stream)
                return hr;
        hr = connected(s, b, err);
        hcs_guard(&s->lock);
        if (SUCCEEDED(hr)) {
                s->listener = hcs_gcs_listener_close(s->listener); /* one connection is all there is */
                hcs_cond_broadcast(&s->idle);
        } else {
                leave(s);
        }
        return hr;
}

HRESULT gcs_channel_read(struct gcs_channel *s, void *buf, size_t size, const struct hcs_bound *b, size_t *ret_n,
                         struct hcs_error **err) {
        HRESULT hr = enter(s, b, err);

        if (FAILED(hr))
                return hr;
        hr = hcs_stream_read_bound(s->stream, buf, size, b, ret_n, err);
        hcs_mutex_lock(&s->lock);
        leave(s);
        hcs_mutex_unlock(&s->lock);
        if (hr == S_FALSE)
                gcs_channel_close(s);
        return hr;
}

HRESULT gcs_channel_write(struct gcs_channel *s, const void *data, size_t n, const struct hcs_bound *b,
                          struct hcs_error **err) {
        HRESULT hr = enter(s, b, err);
        size_t written;

        if (FAILED(hr))
                return hr;
        hr = hcs_stream_write_bound(s->stream, data, n, b, &written, err);
        hcs_guard(&s->lock);
        leave(s);
        return hr;
}

HRESULT gcs_channel_close_write(struct gcs_channel *s, const struct hcs_bound *b, struct hcs_error **err) {
        HRESULT hr;

        {
                hcs_guard(&s->lock);
                if (s->write_closed || (s->closed && s->port))
                        return S_OK;
        }
        hr = enter(s, b, err);
        if (FAILED(hr))
                return hr;
        hcs_stream_close_write(s->stream);
        hcs_guard(&s->lock);
        s->write_closed = true;
        leave(s);
        return S_OK;
}

void gcs_channel_close(struct gcs_channel *s) {
        hcs_guard(&s->lock);

        s->closed = true;
        if (s->stream)
                hcs_stream_shutdown(s->stream);
        if (s->listener)
                hcs_gcs_listener_wake(s->listener);
        hcs_cond_broadcast(&s->idle);
        while (s->users)
                hcs_cond_wait(&s->idle, &s->lock);
        s->stream = hcs_stream_close(s->stream);
        s->listener = hcs_gcs_listener_close(s->listener);
}

bool gcs_channel_is_open(struct gcs_channel *s) {
        hcs_guard(&s->lock);
        return s->port && !s->closed;
}
