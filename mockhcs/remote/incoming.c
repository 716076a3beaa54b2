/* SPDX-License-Identifier: MIT */

/* What comes from a service; see incoming.h. Nothing here waits: the sink of a layer never does. */

#include "mockhcs/remote/incoming.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"

static HRESULT bad(struct hcs_error **err, const char *what) {
        return hcs_error_make(err, E_INVALIDARG, "%s", what);
}

static struct mock_sink *sink_of(const struct remote_connection *c) {
        return c->backend->up;
}

/* The handle of that name, with a reference; NULL when the client has closed it. */
static struct mock_handle *find_handle(struct remote_connection *c, const char *symbol) {
        enum mock_handle_kind kind;
        uint32_t number;

        if (!mock_handle_symbol_parse(symbol, &kind, &number))
                return NULL;
        hcs_guard(&c->lock);
        for (struct remote_handle *e = c->handles[(number * MOCK_HANDLE_KINDS + (unsigned)kind) % REMOTE_BUCKETS]; e;
             e = e->next)
                if (e->h->number == number && e->h->kind == kind)
                        return mock_handle_ref(e->h);
        return NULL;
}

/* With the lock held. */
static struct remote_pending **pending_slot(struct remote_connection *c, uint64_t number) {
        struct remote_pending **at = &c->pending[number % REMOTE_BUCKETS];

        while (*at && (*at)->number != number)
                at = &(*at)->next;
        return at;
}

static void add_pending(struct remote_connection *c, uint64_t number) {
        struct remote_pending *p = hcs_calloc(1, sizeof(*p)), **at = pending_slot(c, number);

        p->number = number;
        *at = p;
}

static struct remote_call *find_call(struct remote_connection *c, uint64_t number) {
        for (struct remote_waiter *w = c->waiters; w; w = w->next) {
                struct remote_call *rc = (struct remote_call *)w;

                if (rc->call && rc->call->number == number)
                        return rc;
        }
        return NULL;
}

static struct remote_call *find_control(struct remote_connection *c, uint64_t number) {
        for (struct remote_waiter *w = c->waiters; w; w = w->next) {
                struct remote_call *rc = (struct remote_call *)w;

                if (!rc->call && rc->control == number)
                        return rc;
        }
        return NULL;
}

/* With the lock held: its thread goes on. */
static void let_go(struct remote_connection *c, struct remote_call *rc) {
        for (struct remote_waiter **at = &c->waiters; *at; at = &(*at)->next)
                if (*at == &rc->waiter) {
                        *at = rc->waiter.next;
                        break;
                }
        c->served++;
        rc->waiter.done = true;
        hcs_cond_signal(&rc->waiter.changed);
}

static HRESULT returned(struct remote_connection *c, struct mock_record *r, struct hcs_error **err) {
        struct remote_call *rc;

        hcs_guard(&c->lock);
        rc = find_call(c, r->n);
        if (!rc)
                return bad(err, "a return of a call that was not made");
        mock_wire_take_return(r, rc->call);
        if (!rc->call->completed && SUCCEEDED(rc->call->hr) && !rc->early)
                add_pending(c, r->n);
        let_go(c, rc);
        return S_OK;
}

static void completed(struct remote_connection *c, struct mock_record *r) {
        struct mock_completion completion;
        struct remote_pending **at, *p;
        struct remote_call *rc;

        hcs_mutex_lock(&c->lock);
        at = pending_slot(c, r->n);
        p = *at;
        if (p)
                *at = p->next;
        rc = p ? NULL : find_call(c, r->n);
        if (rc)
                rc->early = true;
        hcs_mutex_unlock(&c->lock);
        free(p);
        mock_wire_take_complete(r, &completion);
        sink_of(c)->ops->complete(sink_of(c), &completion);
        mock_completion_deinit(&completion);
}

static void happened(struct remote_connection *c, struct mock_record *r) {
        struct mock_handle *on = find_handle(c, r->subject);

        if (!on)
                return;
        sink_of(c)->ops->event(sink_of(c), &(struct mock_event){on, r->event, r->hr,
                                                                r->result.kind == MOCK_ABSENT ? NULL : r->result.text});
        mock_handle_unref(on);
}

static void say(struct remote_connection *c, const struct mock_stdio *chunk) {
        sink_of(c)->ops->output(sink_of(c), chunk);
        remote_flow_received(c, chunk);
}

static void said(struct remote_connection *c, struct mock_record *r) {
        struct mock_handle *process = find_handle(c, r->subject);

        if (!process)
                return;
        if (process->kind == MOCK_PROCESS && r->stream == MOCK_STDIN)
                mock_engine_end_input(c->backend->engine, process);
        else if (process->kind == MOCK_PROCESS)
                say(c, &(struct mock_stdio){process, r->stream, r->data, r->len, r->end});
        mock_handle_unref(process);
}

static HRESULT taken(struct remote_connection *c, const struct mock_wire_took *took, struct hcs_error **err) {
        struct mock_handle *process = find_handle(c, took->symbol);
        HRESULT hr = process ? remote_flow_taken(c, process, took, err) : S_OK;

        mock_handle_unref(process);
        return hr;
}

static HRESULT answered(struct remote_connection *c, struct hcs_json **line, uint64_t n, struct hcs_error **err) {
        struct remote_call *rc;

        hcs_guard(&c->lock);
        rc = find_control(c, n);
        if (!rc)
                return bad(err, "an answer to what was not asked");
        rc->answer = steal_pointer(line);
        let_go(c, rc);
        return S_OK;
}

/* What is no record of a trace. */
static HRESULT heard(struct remote_connection *c, const char *text, size_t len, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *line = NULL;
        struct mock_wire_took took;
        uint64_t n = 0;
        HRESULT hr =
                hcs_json_parse(text, len, &(struct hcs_json_options){.max_bytes = MOCK_WIRE_MAX_FRAME}, &line, err);

        if (FAILED(hr))
                return hr;
        if (hcs_json_get(line, "refused"))
                return mock_wire_failure(line, err);
        if (hcs_json_u64(hcs_json_get(line, "answer"), &n))
                return answered(c, &line, n, err);
        hr = mock_wire_take_took(line, &took, err);
        return hr == S_OK ? taken(c, &took, err) : hr; /* S_FALSE: something newer than we are */
}

HRESULT remote_incoming(struct remote_connection *c, struct mock_slice frame, struct hcs_error **err) {
        struct mock_record r = {0};
        struct mock_slice line;
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && mock_wire_line(&frame, &line)) {
                hr = mock_record_parse(line.p, line.n, &r, err);
                if (FAILED(hr))
                        break;
                switch (r.kind) {
                case MOCK_RECORD_RETURN:
                        hr = returned(c, &r, err);
                        break;
                case MOCK_RECORD_COMPLETE:
                        completed(c, &r);
                        break;
                case MOCK_RECORD_EVENT:
                        happened(c, &r);
                        break;
                case MOCK_RECORD_STDIO:
                        said(c, &r);
                        break;
                case MOCK_RECORD_UNKNOWN:
                        hr = heard(c, line.p, line.n, err);
                        break;
                default:
                        break;
                }
                mock_record_deinit(&r);
        }
        return hr;
}

/* ---- the end ---- */

/* With the lock held: a handle that its call has not made yet does not hear that the service went. */
static void forget_created(struct remote_connection *c, const struct mock_call *call) {
        struct remote_handle **at = call->created ? remote_handle_slot(c, call->created) : NULL, *e = at ? *at : NULL;

        if (!e)
                return;
        *at = e->next;
        mock_handle_unref(e->h); /* the call has it still */
        free(e);
}

static void end_calls(struct remote_connection *c) {
        hcs_guard(&c->lock);
        c->ended = true;
        while (c->waiters) {
                struct remote_call *rc = (struct remote_call *)c->waiters;

                if (rc->call) {
                        forget_created(c, rc->call);
                        mock_call_refuse(rc->call, HCS_E_SERVICE_DISCONNECT, "the service went away while it answered");
                }
                let_go(c, rc);
        }
}

static void end_pending(struct remote_connection *c) {
        for (size_t i = 0; i < REMOTE_BUCKETS; i++)
                while (c->pending[i]) {
                        struct remote_pending *p = c->pending[i];

                        c->pending[i] = p->next;
                        sink_of(c)->ops->complete(
                                sink_of(c),
                                &(struct mock_completion){.number = p->number, .hr = HCS_E_SERVICE_DISCONNECT});
                        free(p);
                }
}

static void end_handle(struct remote_connection *c, struct mock_handle *h) {
        if (h->kind == MOCK_PROCESS)
                mock_engine_hold_input(c->backend->engine, h, false); /* who writes need not wait any more */
        for (int i = MOCK_STDOUT; h->kind == MOCK_PROCESS && i <= MOCK_STDERR; i++)
                sink_of(c)->ops->output(sink_of(c),
                                        &(struct mock_stdio){.process = h, .stream = (enum mock_stream)i, .end = true});
        if (h->kind == MOCK_SYSTEM || h->kind == MOCK_PROCESS || h->kind == MOCK_CALLBACK)
                sink_of(c)->ops->event(sink_of(c),
                                       &(struct mock_event){h, "ServiceDisconnect", HCS_E_SERVICE_DISCONNECT, NULL});
}

static struct remote_handle *take_handle(struct remote_connection *c) {
        hcs_guard(&c->lock);
        for (size_t i = 0; i < REMOTE_BUCKETS; i++)
                if (c->handles[i]) {
                        struct remote_handle *e = c->handles[i];

                        c->handles[i] = e->next;
                        return e;
                }
        return NULL;
}

void remote_incoming_end(struct remote_connection *c) {
        struct remote_handle *e;

        end_calls(c);
        end_pending(c);
        while ((e = take_handle(c))) {
                if (!atomic_load(&c->silent))
                        end_handle(c, e->h);
                mock_handle_unref(e->h);
                free(e);
        }
}
