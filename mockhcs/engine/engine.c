/* SPDX-License-Identifier: MIT */

/* The engine's life, and the way of a call down the layers and back. See engine.h. */

#include "mockhcs/engine/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

static void sink_complete(struct mock_sink *sink, const struct mock_completion *completion);

static void sink_event(struct mock_sink *sink, const struct mock_event *event) {
        struct mock_engine *e = (struct mock_engine *)sink;

        mock_events_raise(e, mock_live_of(event->on), event->name, event->hr, event->data);
}

static void sink_output(struct mock_sink *sink, const struct mock_stdio *chunk) {
        mock_stdio_output((struct mock_engine *)sink, chunk);
}

static const struct mock_sink_ops engine_sink = {sink_complete, sink_event, sink_output};

HRESULT mock_engine_open(const char *spec, struct mock_engine **ret, struct hcs_error **err) {
        struct mock_engine *e = hcs_calloc(1, sizeof(*e));
        HRESULT hr;

        e->sink.ops = &engine_sink;
        atomic_init(&e->refs, 1);
        hcs_mutex_init(&e->lock);
        e->speed = 1;
        e->v1_pending = true;
        e->started_ns = hcs_clock_ns();
        hr = mock_compose(e, spec, err);
        if (FAILED(hr)) {
                mock_engine_unref(e);
                return hr;
        }
        *ret = e;
        return S_OK;
}

struct mock_engine *mock_engine_ref(struct mock_engine *e) {
        atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
        return e;
}

/* Handles that the client left open are dropped silently here; mockhcs_leaks() is who reports them. */
static void drop_handles(struct mock_engine *e) {
        for (uint32_t i = 0; i < e->handles.n; i++) {
                struct mock_live *l = e->handles.slots[i].live;

                if (!l)
                        continue;
                l->published = false;
                e->handles.slots[i].live = NULL;
                mock_handle_unref(&l->h);
        }
        mock_handle_table_deinit(&e->handles);
}

void mock_engine_unref(struct mock_engine *e) {
        if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
                return;
        for (struct mock_backend *b = e->top; b; b = b->next)
                if (b->ops->stop)
                        b->ops->stop(b);
        mock_dispatcher_free(e->dispatcher);
        mock_backend_free(e->top);
        while (e->pumps)
                mock_stdio_drop(e, e->pumps);
        for (size_t i = 0; i < MOCK_PENDING_BUCKETS; i++)
                while (e->pending[i]) {
                        struct mock_live *op = e->pending[i];

                        e->pending[i] = op->next_pending;
                        mock_handle_unref(&op->h);
                }
        drop_handles(e);
        hcs_buf_deinit(&e->retired);
        hcs_mutex_deinit(&e->lock);
        free(e);
}

/* Whoever still waits for an operation is let go: its engine is no more. */
static void abort_pending(struct mock_engine *e) {
        for (size_t i = 0; i < MOCK_PENDING_BUCKETS; i++)
                for (;;) {
                        struct mock_completion c = {.hr = HCS_E_SERVICE_DISCONNECT};

                        hcs_mutex_lock(&e->lock);
                        c.number = e->pending[i] ? e->pending[i]->op.call : 0;
                        hcs_mutex_unlock(&e->lock);
                        if (c.number == 0)
                                break;
                        sink_complete(&e->sink, &c);
                }
}

void mock_engine_close(struct mock_engine *e) {
        mock_dispatcher_drain(e->dispatcher);
        hcs_mutex_lock(&e->lock);
        e->closed = true;
        hcs_mutex_unlock(&e->lock);
        abort_pending(e);
        mock_engine_unref(e);
}

uint64_t mock_engine_now_ns(struct mock_engine *e) {
        return hcs_clock_ns() - e->started_ns;
}

bool mock_engine_is_dispatcher(struct mock_engine *e) {
        return mock_dispatcher_is_self(e->dispatcher);
}

void mock_engine_after(struct mock_engine *e, uint64_t delay_ns, void (*fn)(void *arg), void (*drop)(void *arg),
                       void *arg) {
        mock_dispatcher_post(e->dispatcher, delay_ns, fn, drop, arg);
}

double mock_engine_speed(const struct mock_engine *e) {
        return e->speed;
}

void mock_engine_enter(struct mock_engine *e, struct mock_call *call) {
        /* A thread keeps its number within one engine; another engine in the same process starts anew. */
        static _Thread_local const struct mock_engine *numbered_by;
        static _Thread_local uint32_t number;

        if (numbered_by != e) {
                numbered_by = e;
                number = atomic_fetch_add(&e->threads, 1) + 1;
        }
        call->thread = number;
        call->number = atomic_fetch_add_explicit(&e->calls, 1, memory_order_relaxed) + 1;
        call->time_ns = mock_engine_now_ns(e);
}

static struct mock_live **bucket(struct mock_engine *e, uint64_t number) {
        return &e->pending[number % MOCK_PENDING_BUCKETS];
}

/* With the lock held; returns the reference of the table, NULL when there is no such call. */
static struct mock_live *take_pending(struct mock_engine *e, uint64_t number) {
        for (struct mock_live **p = bucket(e, number); *p; p = &(*p)->next_pending)
                if ((*p)->op.call == number) {
                        struct mock_live *op = *p;

                        *p = op->next_pending;
                        return op;
                }
        return NULL;
}

static void sink_complete(struct mock_sink *sink, const struct mock_completion *completion) {
        struct mock_engine *e = (struct mock_engine *)sink;
        struct mock_live *op;

        hcs_mutex_lock(&e->lock);
        op = take_pending(e, completion->number);
        hcs_mutex_unlock(&e->lock);
        if (!op) {
                atomic_fetch_add(&e->late, 1);
                hcs_log(HCS_LOG_DEBUG, "a completion that nobody waits for is dropped", NULL);
                return;
        }
        mock_operation_complete(e, op, completion);
        mock_handle_unref(&op->h);
}

static void not_implemented(struct mock_engine *e, struct mock_call *call) {
        atomic_fetch_add(&e->not_implemented, 1);
        hcs_log(HCS_LOG_WARN, "not implemented", "function", call->function->name, "dll",
                mock_dll_name(call->function->dll), NULL);
        mock_call_fail(call, E_NOTIMPL, NULL);
}

/* The handle that hears when whoever answers for it goes; NULL: there is none. */
static struct mock_live *answered_for(const struct mock_call *call) {
        struct mock_handle *h = call->process ? call->process : call->system;

        return h ? mock_live_of(h) : NULL;
}

void mock_engine_invoke(struct mock_engine *e, struct mock_call *call, struct mock_live *op) {
        struct mock_live *on = answered_for(call);
        bool was_disconnected = on && atomic_load(&on->disconnected);

        hcs_mutex_lock(&e->lock);
        op->op.call = call->number;
        op->op.state = MOCK_OPERATION_PENDING;
        op->next_pending = *bucket(e, call->number);
        *bucket(e, call->number) = op;
        mock_handle_ref(&op->h);
        hcs_mutex_unlock(&e->lock);

        if (call->function->verb == MOCK_VERB_NONE)
                not_implemented(e, call);
        else
                mock_backend_invoke(e->top, call);
        if (call->hr == E_NOTIMPL && call->function->verb != MOCK_VERB_NONE)
                atomic_fetch_add(&e->not_implemented, 1);
        if (FAILED(call->hr))
                atomic_fetch_add_explicit(&e->failures, 1, memory_order_relaxed);
        else if (was_disconnected) /* whoever answers is there again; one who went during the call is not */
                atomic_store(&on->disconnected, false);
        if (call->completed || FAILED(call->hr)) {
                if (FAILED(call->hr) && SUCCEEDED(call->completion.hr))
                        call->completion.hr = call->hr;
                call->completion.number = call->number;
                sink_complete(&e->sink, &call->completion);
        }
}

void mock_engine_note(struct mock_engine *e, struct mock_call *call) {
        if (FAILED(call->hr))
                atomic_fetch_add_explicit(&e->failures, 1, memory_order_relaxed);
        mock_backend_note(e->top, call);
}

/* The layers' small helpers. */

void mock_backend_note(struct mock_backend *b, const struct mock_call *call) {
        for (; b; b = b->next)
                if (b->ops->note) {
                        b->ops->note(b, call);
                        return;
                }
}

void mock_backend_input(struct mock_backend *b, const struct mock_stdio *chunk) {
        for (; b; b = b->next)
                if (b->ops->input) {
                        b->ops->input(b, chunk);
                        return;
                }
}

void mock_backend_room(struct mock_backend *b, struct mock_handle *process) {
        for (; b; b = b->next)
                if (b->ops->room) {
                        b->ops->room(b, process);
                        return;
                }
}

void mock_backend_bridge(struct mock_backend *b, const char *system, const struct hcs_gcs_tap_frame *frame,
                         const struct hcs_gcs_tap_bytes *bytes) {
        for (; b; b = b->next)
                if (b->ops->bridge)
                        b->ops->bridge(b, system, frame, bytes);
}

void mock_backend_verify(struct mock_backend *b, bool failed, struct hcs_json *problems) {
        for (; b; b = b->next)
                if (b->ops->verify)
                        b->ops->verify(b, failed, problems);
}

HRESULT mock_backend_control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                             struct hcs_error **err) {
        while (!b->ops->control && b->next)
                b = b->next;
        if (!b->ops->control)
                return hcs_error_make(err, E_NOTIMPL, "%s has no world to be asked of", b->ops->name);
        return b->ops->control(b, request, ret, err);
}

struct mock_backend *mock_backend_free(struct mock_backend *b) {
        if (b)
                b->ops->free(b);
        return NULL;
}

const char *mock_option(const struct mock_options *o, const char *key) {
        for (size_t i = 0; i < o->n_pairs; i++)
                if (hcs_streq(o->pairs[i].key, key))
                        return o->pairs[i].value;
        return NULL;
}

HRESULT mock_option_yes(const struct mock_options *o, const char *key, bool *ret, struct hcs_error **err) {
        const char *value = mock_option(o, key);

        if (!value)
                return S_OK;
        if (!hcs_streq(value, "yes") && !hcs_streq(value, "no"))
                return hcs_error_make(err, E_INVALIDARG, "%s=%s: expected yes or no", key, value);
        *ret = hcs_streq(value, "yes");
        return S_OK;
}
