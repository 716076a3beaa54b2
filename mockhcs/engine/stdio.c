/* SPDX-License-Identifier: MIT */

/*
 * The pipes of processes. Output is written to the client's pipe at once where it fits; what does not fit waits in a
 * backlog that the dispatcher empties as the client reads. Input is read by the dispatcher and handed to the layers.
 * A layer that can wait asks whether a backlog is full, and holds input that it has no room for.
 */

#include <string.h>

#include "hcsshim/log.h"
#include "mockhcs/engine/engine.h"

/* More than a pipe holds: a client that goes on writing while it asks for the end cannot put it off. */
#define DRAIN_READS 128
/* A backlog of so much is full, until little is left. */
#define FULL ((size_t)256 << 10)

static HANDLE take(HANDLE *h) {
        HANDLE taken = *h;

        *h = 0;
        return taken;
}

/* With the lock held. The dispatcher asks the system about the ends it polls without the lock: an end that went
 * meanwhile could be another's, and Wine 8's server does not survive a pipe that is closed while somebody peeks at it.
 */
static void close_end(struct mock_engine *e, HANDLE *end) {
        HANDLE h = take(end);

        if (!h || !e->polling) {
                hcs_pipe_close(h);
                return;
        }
        hcs_buf_append(&e->retired, &h, sizeof(h));
        mock_dispatcher_kick(e->dispatcher);
}

/* What was polled is polled no more. */
static void close_retired(struct mock_engine *e) {
        hcs_guard(&e->lock);

        e->polling = false;
        for (size_t at = 0; at < e->retired.len; at += sizeof(HANDLE)) {
                HANDLE h;

                memcpy(&h, e->retired.data + at, sizeof(h));
                hcs_pipe_close(h);
        }
        hcs_buf_clear(&e->retired);
}

/* With the lock held. */
static void close_pump(struct mock_engine *e, struct mock_pump *p) {
        close_end(e, &p->end);
        p->closed = true;
        hcs_buf_clear(&p->backlog);
        p->taken = 0;
}

static size_t waiting(const struct mock_pump *p) {
        return p->backlog.len - p->taken;
}

/* With the lock held: writes what the pipe takes. The end is nonblocking. */
static void write_backlog(struct mock_engine *e, struct mock_pump *p) {
        while (p->end && p->taken < p->backlog.len) {
                size_t n = 0;
                HRESULT hr = hcs_pipe_write(p->end, p->backlog.data + p->taken, p->backlog.len - p->taken, &n, NULL);

                if (hr == HCS_PIPE_WOULD_BLOCK)
                        break;
                if (FAILED(hr)) {
                        close_pump(e, p); /* the client does not want it */
                        return;
                }
                p->taken += n;
        }
        if (p->taken >= waiting(p)) { /* each byte is moved once, on the average */
                hcs_buf_drop(&p->backlog, p->taken);
                p->taken = 0;
        }
        if (p->end && p->ended && !waiting(p))
                close_pump(e, p);
}

/* In the backlog, or in that of another process. */
static size_t unread(const struct mock_pump *p) {
        return p->closed ? 0 : waiting(p) + p->away;
}

static void tell_room(void *arg) {
        struct mock_live *l = arg;

        mock_backend_room(l->engine->top, &l->h);
        mock_handle_unref(&l->h);
}

static void drop_live(void *arg) {
        struct mock_live *l = arg;

        mock_handle_unref(&l->h);
}

/* With the lock held: who waits for room is told, on the dispatcher. */
static void flush(struct mock_live *l, struct mock_pump *p) {
        write_backlog(l->engine, p);
        if (!p->full || unread(p) > MOCK_OUTPUT_LITTLE)
                return;
        p->full = false;
        mock_handle_ref(&l->h);
        mock_engine_after(l->engine, 0, tell_room, drop_live, l);
}

bool mock_engine_output_full(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream) {
        struct mock_pump *p = &mock_live_of(process)->pumps[stream];

        hcs_guard(&e->lock);
        p->full = unread(p) > (p->full ? MOCK_OUTPUT_LITTLE : FULL - 1);
        return p->full;
}

size_t mock_engine_output_waiting(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream) {
        hcs_guard(&e->lock);
        return unread(&mock_live_of(process)->pumps[stream]);
}

void mock_engine_await_room(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream) {
        struct mock_live *l = mock_live_of(process);

        hcs_guard(&e->lock);
        l->pumps[stream].full = true;
        flush(l, &l->pumps[stream]);
}

void mock_stdio_sent(struct mock_engine *e, const struct mock_stdio *chunk) {
        hcs_guard(&e->lock);
        mock_live_of(chunk->process)->pumps[chunk->stream].away += chunk->len;
}

bool mock_stdio_taken(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream, uint64_t n) {
        struct mock_live *l = mock_live_of(process);
        struct mock_pump *p = &l->pumps[stream];

        hcs_guard(&e->lock);
        if (n > p->away)
                return false;
        p->away -= (size_t)n;
        flush(l, p);
        return true;
}

static bool needs_poll(const struct mock_live *l) {
        for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                if (l->pumps[i].end && waiting(&l->pumps[i]))
                        return true;
        return l->pumps[MOCK_STDIN].end && !l->pumps[MOCK_STDIN].held;
}

/* With the lock held. */
static void watch(struct mock_engine *e, struct mock_live *l) {
        if (l->pumping || !needs_poll(l))
                return;
        l->pumping = true;
        l->next_pump = e->pumps;
        e->pumps = l;
        mock_handle_ref(&l->h);
        mock_dispatcher_kick(e->dispatcher);
}

void mock_stdio_output(struct mock_engine *e, const struct mock_stdio *chunk) {
        struct mock_live *l = mock_live_of(chunk->process);
        struct mock_pump *p = &l->pumps[chunk->stream];

        hcs_mutex_lock(&e->lock);
        if (!p->closed && chunk->stream != MOCK_STDIN) {
                bool was_waiting = waiting(p) > 0;

                if (chunk->len)
                        hcs_buf_append(&p->backlog, chunk->data, chunk->len);
                p->ended |= chunk->end;
                flush(l, p);
                watch(e, l);
                if (l->pumping && waiting(p) && !was_waiting)
                        mock_dispatcher_kick(e->dispatcher); /* it may be waiting for input alone */
        }
        hcs_mutex_unlock(&e->lock);
}

/* A fresh pipe for one stream; an older one is given up, its reader sees the end. */
static HRESULT open_pump(struct mock_live *l, enum mock_stream stream, HANDLE *ret_client) {
        struct mock_pump *p = &l->pumps[stream];
        HANDLE r, w;
        HRESULT hr = hcs_pipe_new(&r, &w, NULL);

        if (FAILED(hr))
                return hr;
        close_end(l->engine, &p->end);
        p->end = stream == MOCK_STDIN ? r : w;
        p->closed = false;
        hcs_pipe_set_nonblocking(p->end);
        *ret_client = stream == MOCK_STDIN ? w : r;
        if (stream == MOCK_STDIN && l->exited)
                close_pump(l->engine, p);
        else if (stream != MOCK_STDIN)
                flush(l, p);
        return S_OK;
}

HRESULT mock_stdio_open(struct mock_engine *e, struct mock_live *process, const struct mock_process_info *info,
                        HCS_PROCESS_INFORMATION *ret) {
        HCS_PROCESS_INFORMATION out = {.ProcessId = info->process_id};
        HANDLE *slots[] = {&out.StdInput, &out.StdOutput, &out.StdError};
        HRESULT hr = S_OK;

        hcs_mutex_lock(&e->lock);
        for (int i = 0; i < 3 && SUCCEEDED(hr); i++) {
                if (info->stream[i])
                        hr = open_pump(process, (enum mock_stream)i, slots[i]);
        }
        if (process->pumping)
                mock_dispatcher_kick(e->dispatcher); /* it may be waiting for a pipe that was given up */
        watch(e, process);
        hcs_mutex_unlock(&e->lock);
        if (FAILED(hr)) {
                for (int i = 0; i < 3; i++)
                        hcs_pipe_close(*slots[i]);
                return hr;
        }
        *ret = out;
        return S_OK;
}

void mock_stdio_close_input(struct mock_engine *e, struct mock_live *process) {
        close_pump(e, &process->pumps[MOCK_STDIN]);
}

/* Takes a process out of the pump list; only used when the engine ends. */
void mock_stdio_drop(struct mock_engine *e, struct mock_live *process) {
        e->pumps = process->next_pump;
        process->pumping = false;
        mock_handle_unref(&process->h);
}

static size_t fill(void *ctx, struct hcs_poll_entry **entries) {
        struct mock_engine *e = ctx;
        size_t n = 0, cap = 0;

        hcs_mutex_lock(&e->lock);
        for (struct mock_live **p = &e->pumps; *p;) {
                struct mock_live *l = *p;

                if (!needs_poll(l)) {
                        *p = l->next_pump;
                        l->pumping = false;
                        mock_handle_unref(&l->h);
                        continue;
                }
                cap += 3;
                p = &l->next_pump;
        }
        if (cap)
                *entries = hcs_realloc(*entries, cap * sizeof(**entries));
        for (struct mock_live *l = e->pumps; l; l = l->next_pump)
                for (int i = 0; i < 3; i++) {
                        struct mock_pump *pump = &l->pumps[i];
                        bool in = i == MOCK_STDIN;

                        if (pump->end && (in ? !pump->held : waiting(pump) > 0))
                                (*entries)[n++] =
                                        (struct hcs_poll_entry){.h = pump->end, .want_read = in, .want_write = !in};
                }
        e->polling = n > 0;
        hcs_mutex_unlock(&e->lock);
        return n;
}

/* With no lock held: the end of a process's stdin, once. */
static void end_input(struct mock_engine *e, struct mock_live *l) {
        struct mock_pump *p = &l->pumps[MOCK_STDIN];
        bool was_open;

        hcs_mutex_lock(&e->lock);
        was_open = p->end != 0;
        close_pump(e, p);
        hcs_mutex_unlock(&e->lock);
        if (was_open)
                mock_backend_input(e->top, &(struct mock_stdio){.process = &l->h, .stream = MOCK_STDIN, .end = true});
}

/* One read of a process's stdin; the layers are told without the lock. False when there was nothing, or no more. */
static bool read_input(struct mock_engine *e, struct mock_live *l) {
        struct mock_pump *p = &l->pumps[MOCK_STDIN];
        struct mock_stdio chunk = {.process = &l->h, .stream = MOCK_STDIN};
        char data[16384];
        HRESULT hr;

        hcs_mutex_lock(&e->lock);
        hr = p->end ? hcs_pipe_read(p->end, data, sizeof(data), &chunk.len, NULL) : HCS_PIPE_WOULD_BLOCK;
        hcs_mutex_unlock(&e->lock);
        chunk.data = data;
        if (hr == S_OK)
                mock_backend_input(e->top, &chunk);
        else if (hr != HCS_PIPE_WOULD_BLOCK)
                end_input(e, l);
        return hr == S_OK;
}

/* Runs on the dispatcher: the only thread that reads input, so that nothing is overtaken. */
static void drain_input(void *arg) {
        struct mock_live *l = arg;

        for (int i = 0; i < DRAIN_READS; i++)
                if (!read_input(l->engine, l))
                        break;
        end_input(l->engine, l);
        mock_handle_unref(&l->h);
}

void mock_engine_end_input(struct mock_engine *e, struct mock_handle *process) {
        if (e->end_input) {
                e->end_input(e->pipes_ctx, process);
                return;
        }
        mock_engine_after(e, 0, drain_input, drop_live, mock_live_of(mock_handle_ref(process)));
}

void mock_engine_hold_input(struct mock_engine *e, struct mock_handle *process, bool hold) {
        struct mock_live *l = mock_live_of(process);

        if (e->hold_input) {
                e->hold_input(e->pipes_ctx, process, hold);
                return;
        }
        hcs_guard(&e->lock);
        l->pumps[MOCK_STDIN].held = hold;
        if (!hold)
                watch(e, l);
        if (l->pumping)
                mock_dispatcher_kick(e->dispatcher); /* it waits for other pipes now */
}

static struct mock_live *find_pump(struct mock_engine *e, HANDLE h, int *ret_stream) {
        for (struct mock_live *l = e->pumps; l; l = l->next_pump)
                for (int i = 0; i < 3; i++)
                        if (l->pumps[i].end == h) {
                                *ret_stream = i;
                                return l;
                        }
        return NULL;
}

static void ready(void *ctx, struct hcs_poll_entry *entries, size_t n) {
        struct mock_engine *e = ctx;

        close_retired(e);
        for (size_t i = 0; i < n; i++) {
                struct mock_live *l;
                int stream = 0;

                if (!entries[i].readable && !entries[i].writable)
                        continue;
                hcs_mutex_lock(&e->lock);
                l = find_pump(e, entries[i].h, &stream);
                if (l)
                        mock_handle_ref(&l->h);
                if (l && stream != MOCK_STDIN)
                        flush(l, &l->pumps[stream]);
                hcs_mutex_unlock(&e->lock);
                if (l && stream == MOCK_STDIN)
                        read_input(e, l);
                if (l)
                        mock_handle_unref(&l->h);
        }
}

struct mock_dispatcher_pipes mock_stdio_pipes(struct mock_engine *e) {
        return (struct mock_dispatcher_pipes){.fill = fill, .ready = ready, .ctx = e};
}
