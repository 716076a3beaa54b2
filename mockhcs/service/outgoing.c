/* SPDX-License-Identifier: MIT */

/*
 * Frames on their way to a client. What the stream takes at once is written by whoever has something to say; the rest
 * waits for the writing thread, which is started when it is first needed. See session.h.
 */

#include <string.h>

#include "hcsshim/log.h"
#include "mockhcs/service/session.h"

#define LITTLE ((size_t)1 << 20)

static size_t unsent(const struct session *s) {
        return s->out.len - s->out_taken;
}

/* With the lock held. */
static void give_up(struct session *s, const char *why) {
        if (s->out_broken)
                return;
        s->out_broken = true;
        hcs_buf_deinit(&s->out);
        s->out_taken = 0;
        if (why)
                hcs_log(HCS_LOG_WARN, "a client is given up", "program", s->program, "why", why, NULL);
        hcs_stream_shutdown(s->reader.stream);
        hcs_cond_broadcast(&s->out_changed);
}

/* With the lock held and an empty queue: what the stream takes without waiting. Returns how much that was. */
static size_t write_now(struct session *s, const struct hcs_buf *frames) {
        static const struct hcs_bound now = {.deadline_ns = 0};
        size_t n = 0;
        HRESULT hr = hcs_stream_write_bound(s->reader.stream, frames->data, frames->len, &now, &n, NULL);

        if (FAILED(hr) && hr != HCS_E_OPERATION_TIMEOUT)
                give_up(s, NULL);
        return n;
}

/* The thread: sends a piece of the queue at a time, so that others can add to it. */
static void write_rest(void *arg) {
        struct session *s = arg;
        char piece[65536];

        hcs_mutex_lock(&s->out_lock);
        for (;;) {
                size_t n = unsent(s), sent = 0;
                HRESULT hr;

                if (s->out_broken)
                        break;
                if (n == 0) {
                        hcs_buf_clear(&s->out);
                        s->out_taken = 0;
                        hcs_cond_broadcast(&s->out_changed);
                        hcs_cond_wait(&s->out_changed, &s->out_lock);
                        continue;
                }
                n = n < sizeof(piece) ? n : sizeof(piece);
                memcpy(piece, s->out.data + s->out_taken, n);
                hcs_mutex_unlock(&s->out_lock);
                hr = hcs_stream_write_bound(s->reader.stream, piece, n, NULL, &sent, NULL);
                hcs_mutex_lock(&s->out_lock);
                if (FAILED(hr))
                        give_up(s, NULL);
                else
                        s->out_taken += n;
                if (unsent(s) <= LITTLE)
                        hcs_cond_broadcast(&s->out_changed);
        }
        s->writer = false;
        hcs_cond_broadcast(&s->out_changed);
        hcs_mutex_unlock(&s->out_lock);
        session_unref(s);
}

/* With the lock held. */
static void want_writer(struct session *s) {
        if (s->writer) {
                hcs_cond_broadcast(&s->out_changed);
                return;
        }
        s->writer = true;
        session_ref(s);
        if (FAILED(hcs_thread_start_detached(write_rest, s, NULL))) {
                s->writer = false;
                give_up(s, "there is no thread to write to it");
                session_unref(s); /* never the last one: the caller has its own */
        }
}

/* What was sent is dropped from time to time, so that a queue that never runs empty does not grow. */
static void compact(struct session *s) {
        if (s->out_taken < LITTLE || s->out_taken < s->out.len / 2)
                return;
        memmove(s->out.data, s->out.data + s->out_taken, unsent(s));
        s->out.len -= s->out_taken;
        s->out_taken = 0;
}

void session_send(struct session *s, const struct hcs_buf *frames) {
        size_t n = 0;

        hcs_guard(&s->out_lock);
        if (s->out_broken)
                return;
        if (unsent(s) == 0)
                n = write_now(s, frames);
        if (s->out_broken || n == frames->len)
                return;
        if (unsent(s) + frames->len - n > s->service->limits.unread_bytes) {
                give_up(s, "it does not read what it is sent");
                return;
        }
        compact(s);
        hcs_buf_append(&s->out, frames->data + n, frames->len - n);
        want_writer(s);
}

void session_wait_sent(struct session *s) {
        hcs_guard(&s->out_lock);
        while (!s->out_broken && unsent(s) > LITTLE)
                hcs_cond_wait(&s->out_changed, &s->out_lock);
}

void session_send_refusal(struct session *s, HRESULT hr, const char *why) {
        _cleanup_json_ struct hcs_json *refusal = mock_wire_refusal(hr, why);
        _cleanup_buf_ struct hcs_buf frame = {0};

        mock_wire_put_json(&frame, refusal);
        session_send(s, &frame);
}

void session_end(struct session *s) {
        hcs_guard(&s->out_lock);
        give_up(s, NULL);
}
