/* SPDX-License-Identifier: MIT */

/*
 * How much of a process's streams may be on its way: the client's side of {"took":..}, see wire.h. Output is told of
 * when the engine has written it to the client's pipe; input stays in its pipe while the service has not taken enough
 * of what it was sent. Counts are guarded by the connection's lock; the engine's is taken inside it.
 */

#include "mockhcs/remote/incoming.h"

/* Input that may be on its way, or wait at the service while its process takes none. */
#define INPUT_MAX ((size_t)64 << 10)

void remote_flow_received(struct remote_connection *c, const struct mock_stdio *chunk) {
        struct remote_handle *e;
        bool much = false;

        hcs_mutex_lock(&c->lock);
        e = *remote_handle_slot(c, chunk->process);
        if (e) {
                e->untold[chunk->stream] += chunk->len;
                much = e->untold[chunk->stream] >= MOCK_OUTPUT_LITTLE;
        }
        hcs_mutex_unlock(&c->lock);
        if (much)
                mock_engine_await_room(c->backend->engine, chunk->process, chunk->stream);
}

/* What is not in the backlog any more. */
static uint64_t take_told(struct remote_connection *c, struct mock_handle *process, enum mock_stream stream) {
        uint64_t waiting = mock_engine_output_waiting(c->backend->engine, process, stream), n = 0;
        struct remote_handle *e;

        hcs_guard(&c->lock);
        e = *remote_handle_slot(c, process);
        if (e && e->untold[stream] > waiting) {
                n = e->untold[stream] - waiting;
                e->untold[stream] = waiting;
        }
        return n;
}

void remote_flow_room(struct remote_connection *c, struct mock_handle *process) {
        _cleanup_buf_ struct hcs_buf frames = {0};

        for (enum mock_stream s = MOCK_STDOUT; s <= MOCK_STDERR; s++) {
                uint64_t n = take_told(c, process, s);

                if (n)
                        mock_wire_put_took(&frames, process->symbol, s, n);
        }
        if (frames.len)
                remote_connection_send(c, &frames);
}

/* With the lock held. */
static void hold(struct remote_connection *c, struct remote_handle *e, bool held) {
        if (e->held == held)
                return;
        e->held = held;
        mock_engine_hold_input(c->backend->engine, e->h, held);
}

void remote_flow_sent(struct remote_connection *c, const struct mock_stdio *chunk) {
        struct remote_handle *e;

        hcs_guard(&c->lock);
        e = *remote_handle_slot(c, chunk->process);
        if (!e)
                return;
        e->untold[MOCK_STDIN] += chunk->len;
        if (e->untold[MOCK_STDIN] >= INPUT_MAX)
                hold(c, e, true);
}

HRESULT remote_flow_taken(struct remote_connection *c, struct mock_handle *process, const struct mock_wire_took *took,
                          struct hcs_error **err) {
        struct remote_handle *e;

        hcs_guard(&c->lock);
        e = *remote_handle_slot(c, process);
        if (!e)
                return S_OK; /* closed by now */
        if (took->stream != MOCK_STDIN || took->bytes > e->untold[MOCK_STDIN])
                return hcs_error_make(err, E_INVALIDARG, "%s: more was taken of %s than was sent", took->symbol,
                                      mock_stream_name(took->stream));
        e->untold[MOCK_STDIN] -= took->bytes;
        if (e->untold[MOCK_STDIN] < INPUT_MAX)
                hold(c, e, false);
        return S_OK;
}
