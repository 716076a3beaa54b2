/* SPDX-License-Identifier: MIT */

/* Streams of a played guest. See streams.h. */

#include "mockhcs/bridge/streams.h"

#include <string.h>

#include "platform/stream.h"

struct played_stream {
        struct played_stream *next;
        struct played_streams *all;
        uint32_t port;             /* as recorded */
        struct hcs_stream *stream; /* NULL: it is over */
        bool has_thread;
        struct hcs_thread thread;
        uint64_t got;
        bool ended;
};

static struct played_stream *find(const struct played_streams *s, uint32_t port) {
        for (struct played_stream *p = s->first; p; p = p->next)
                if (p->port == port)
                        return p;
        return NULL;
}

/* With the lock held. Closed at once: a machine may see many processes. */
static void end(struct played_stream *p) {
        p->ended = true;
        p->stream = hcs_stream_close(p->stream);
}

static void take_input(void *arg) {
        struct played_stream *p = arg;
        char buf[4096];
        HRESULT hr;
        size_t n;

        do {
                hr = hcs_stream_read(p->stream, buf, sizeof(buf), NULL, &n, NULL);
                hcs_guard(p->all->lock);
                if (hr == S_OK)
                        p->got += n;
                else
                        end(p);
                p->all->given(p->all->ctx);
        } while (hr == S_OK);
}

static bool is_recorded(const struct frames *f, uint32_t port) {
        for (size_t i = 0; i < f->n_bytes; i++)
                if (f->bytes[i].port == port)
                        return true;
        return false;
}

void played_streams_add(struct played_streams *s, uint32_t port, bool is_input, struct hcs_stream *stream) {
        struct played_stream *p;

        if (!is_recorded(s->frames, port)) {
                hcs_stream_close(stream);
                return;
        }
        p = hcs_calloc(1, sizeof(*p));
        *p = (struct played_stream){.next = s->first, .all = s, .port = port, .stream = stream};
        s->first = p;
        if (!is_input)
                return;
        p->has_thread = SUCCEEDED(hcs_thread_start(&p->thread, take_input, p, NULL));
        if (!p->has_thread)
                p->ended = true;
}

bool played_streams_given(const struct played_streams *s, const char *container, unsigned long long line) {
        const struct frames *f = s->frames;

        for (size_t i = 0; i < f->n_bytes && f->bytes[i].line < line; i++) {
                const struct recorded_bytes *b = &f->bytes[i];
                const struct played_stream *p;

                if (b->stream != MOCK_STDIN || b->request == SIZE_MAX ||
                    strcmp(frames_container(&f->items[b->request]), container) != 0)
                        continue;
                p = find(s, b->port);
                if (!p || p->ended)
                        continue;
                if (b->end || p->got < b->upto)
                        return false;
        }
        return true;
}

void played_streams_say(struct played_streams *s, struct recorded_bytes *b) {
        struct played_stream *p = find(s, b->port);
        struct hcs_call call = {.timeout_ms = s->timeout_ms ? s->timeout_ms : FRAMES_TIMEOUT_MS};

        b->used = true;
        if (!p || p->ended)
                return;
        if (b->len && FAILED(hcs_stream_write(p->stream, b->data, b->len, &call, NULL)))
                p->ended = true;
        if (!b->end && !p->ended)
                return;
        p->ended = true;
        if (p->has_thread)
                hcs_stream_close_write(p->stream); /* its thread reads */
        else
                end(p);
}

void played_streams_deinit(struct played_streams *s) {
        hcs_mutex_lock(s->lock);
        for (struct played_stream *p = s->first; p; p = p->next)
                if (p->stream)
                        hcs_stream_shutdown(p->stream);
        hcs_mutex_unlock(s->lock);
        for (struct played_stream *p = s->first; p; p = p->next) /* any of them may look at all of the list */
                if (p->has_thread)
                        hcs_thread_join(&p->thread);
        while (s->first) {
                struct played_stream *p = s->first;

                s->first = p->next;
                hcs_stream_close(p->stream);
                free(p);
        }
}
