/* SPDX-License-Identifier: MIT */

/*
 * Calls of a client: what it names is looked up among what it holds, the call is checked as the exports would have,
 * made, and its return sent. See session.h.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/service/session.h"
#include "mockhcs/service/shape.h"

#define QUOTA   HCS_WIN32(1816)
#define THREADS 1000 /* thread 2 of client 3 is 3002 in a trace of the service */

/* ---- a call that came ---- */

/* A call with what it was made of; `why` is set as soon as something is wrong with it. */
struct arrival {
        struct mock_call call;
        uint64_t theirs;
        struct call_shape shape;
        const char *creates; /* a symbol; points into args or is NULL */
        HRESULT hr;
        char *why;
};

static void refuse(struct arrival *a, HRESULT hr, char *why) {
        if (a->why) {
                free(why);
                return;
        }
        a->hr = hr;
        a->why = why;
}

/* With the lock held: the handle of that name, with a reference, into its place in the call. */
static void resolve(struct session *s, struct arrival *a, struct mock_value *v, bool is_note) {
        struct service_handle *sh = session_find_symbol(s, v->text);
        struct mock_call *c = &a->call;
        struct mock_handle **slots[] = {&c->system, &c->process, &c->operation, &c->callback, &c->entity}, **slot;

        if (!sh || sh->h->dll != c->function->dll || !hcs_streq(mock_handle_kind_name(sh->kind), v->name)) {
                /* Operations are only known to us where a layer wants to hear of them. */
                if (!is_note && (s->service->notes || !hcs_streq(v->name, "operation")))
                        refuse(a, E_HANDLE, hcs_asprintf("this client has no %s \"%.40s\"", v->name, v->text));
                return;
        }
        slot = slots[sh->kind < MOCK_NETWORK ? sh->kind : MOCK_NETWORK];
        if (*slot)
                return;
        *slot = mock_handle_ref(sh->h);
        mock_value_set_handle(v, v->name, sh->h->symbol);
}

static void take_args(struct session *s, struct arrival *a, struct mock_record *r, bool is_note) {
        for (size_t i = 0; i < r->n_args; i++) {
                struct mock_value *v;

                if (hcs_streq(r->args[i].name, MOCK_WIRE_CREATES)) {
                        a->creates = r->args[i].text;
                        continue;
                }
                if (a->call.n_args == MOCK_MAX_ARGS) {
                        refuse(a, E_INVALIDARG, hcs_asprintf("more than %d arguments", MOCK_MAX_ARGS));
                        return;
                }
                v = mock_call_add(&a->call);
                *v = r->args[i];
                r->args[i] = (struct mock_value){.name = v->name};
                if (v->kind != MOCK_HANDLE)
                        continue;
                hcs_mutex_lock(&s->service->lock);
                resolve(s, a, v, is_note);
                hcs_mutex_unlock(&s->service->lock);
        }
}

/* The handle that the call makes, under the name that the client gave it. making: the layers are yet to be asked. */
static void make_handle(struct session *s, struct arrival *a, int kind, bool making) {
        struct mockhcs_service *service = s->service;
        enum mock_handle_kind named;
        struct mock_handle *h;
        uint32_t number;

        if (!a->creates || a->why)
                return;
        if (!mock_handle_symbol_parse(a->creates, &named, &number) || kind < 0 ||
            named != (enum mock_handle_kind)kind) {
                refuse(a, E_INVALIDARG,
                       hcs_asprintf("\"%.40s\" cannot be made by %s", a->creates, a->call.function->name));
                return;
        }
        h = session_new_handle(service->engine, &a->call, named);
        hcs_mutex_lock(&service->lock);
        if (s->n_handles >= service->limits.handles)
                refuse(a, QUOTA, hcs_asprintf("this client has %zu handles, which is all it may have", s->n_handles));
        else if (session_find_handle(s, named, number))
                refuse(a, E_INVALIDARG, hcs_asprintf("this client has a handle \"%.40s\" already", a->creates));
        else
                session_enter_handle(s, h, number, making);
        hcs_mutex_unlock(&service->lock);
        if (a->why)
                mock_handle_unref(h);
        else
                a->call.created = h;
}

static void release(struct arrival *a) {
        struct mock_handle *handles[] = {a->call.system,   a->call.process, a->call.operation,
                                         a->call.callback, a->call.entity,  a->call.created};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(handles); i++)
                mock_handle_unref(handles[i]);
        mock_call_deinit(&a->call);
        free(a->why);
}

static void send_return(struct session *s, const struct arrival *a) {
        _cleanup_buf_ struct hcs_buf frames = {0};

        mock_wire_put_return(&frames, a->theirs, &a->call);
        if (a->call.completed && mock_wire_completes_later(&a->call))
                mock_wire_put_complete(&frames, a->theirs, &a->call.completion);
        session_send(s, &frames);
}

/* Entered before the layers are asked: the completion may be quicker than they return. */
static void enter_pending(struct session *s, struct arrival *a) {
        struct mockhcs_service *service = s->service;
        struct service_pending *p;

        if (a->why)
                return;
        hcs_guard(&service->lock);
        if (s->closed) {
                refuse(a, HCS_E_SERVICE_DISCONNECT, hcs_strdup("the client has gone"));
                return;
        }
        if (s->n_pending >= service->limits.pending) {
                refuse(a, QUOTA,
                       hcs_asprintf("this client has %zu calls under way, which is all it may have", s->n_pending));
                return;
        }
        p = hcs_calloc(1, sizeof(*p));
        *p = (struct service_pending){service->pending[a->call.number % SERVICE_BUCKETS], a->call.number, a->theirs,
                                      session_ref(s)};
        service->pending[a->call.number % SERVICE_BUCKETS] = p;
        s->n_pending++;
}

static void leave_pending(struct session *s, const struct arrival *a) {
        struct service_pending *p;

        hcs_mutex_lock(&s->service->lock);
        p = service_take_pending(s->service, a->call.number);
        hcs_mutex_unlock(&s->service->lock);
        if (p)
                session_unref(p->session);
        free(p);
}

static void close_below(struct mockhcs_service *service, struct mock_handle *h);

/* What the call made is the client's, before it hears of that. False when it has gone meanwhile, and nobody but us will
 * close it. */
static bool hand_over(struct session *s, struct mock_handle *h) {
        struct service_handle *sh;

        hcs_guard(&s->service->lock);
        sh = mock_live_of(h)->owner;
        sh->making = s->closed;
        return !s->closed;
}

static void count_busy(struct mockhcs_service *service, int n) {
        hcs_guard(&service->lock);
        service->busy += (size_t)n;
}

static void make_call(struct session *s, struct arrival *a) {
        struct mock_call *call = &a->call;
        bool orphan = false;

        count_busy(s->service, 1);
        mock_backend_invoke(s->service->engine->top, call);
        count_busy(s->service, -1);
        if (FAILED(call->hr)) {
                atomic_fetch_add(&s->service->engine->failures, 1);
                if (SUCCEEDED(call->completion.hr))
                        call->completion.hr = call->hr;
        }
        if (call->completed || FAILED(call->hr))
                leave_pending(s, a);
        if (mock_verb_closes(call->function->verb) && mock_call_subject(call))
                session_drop_handle(s, mock_call_subject(call));
        if (call->created && FAILED(call->hr))
                session_drop_handle(s, call->created);
        else if (call->created)
                orphan = !hand_over(s, call->created);
        send_return(s, a);
        if (!orphan)
                return;
        session_drop_handle(s, call->created);
        close_below(s->service, call->created);
}

static bool begin(struct session *s, struct arrival *a, const struct mock_record *r) {
        a->theirs = r->n;
        a->call.function = mock_function_find(r->dll, r->function);
        if (!a->call.function || r->dll == MOCK_DLL_NONE)
                return false;
        mock_engine_enter(s->service->engine, &a->call);
        a->call.thread = (uint32_t)(s->id * THREADS + r->thread % THREADS);
        atomic_fetch_add_explicit(&s->calls, 1, memory_order_relaxed);
        return true;
}

/* The return of a call of a function that there is none of has the shape of any other. */
static void refuse_unknown(struct session *s, const struct mock_record *r) {
        static const struct mock_function unknown = {"", MOCK_COMPUTECORE, MOCK_VERB_NONE, 0};
        struct arrival a = {.theirs = r->n, .call.function = &unknown};

        refuse(&a, E_NOTIMPL, hcs_asprintf("no DLL that we know has a function \"%.60s\"", r->function));
        mock_call_refuse(&a.call, a.hr, a.why);
        send_return(s, &a);
        release(&a);
}

void session_call(struct session *s, struct mock_record *r) {
        struct arrival a = {0};

        if (!begin(s, &a, r)) {
                refuse_unknown(s, r);
                return;
        }
        if (!call_shape_of(a.call.function, &a.shape))
                refuse(&a, E_INVALIDARG, hcs_asprintf("%s is no call for a service", a.call.function->name));
        take_args(s, &a, r, false);
        if (!a.why)
                make_handle(s, &a, a.shape.creates, true);
        if (!a.why)
                a.why = call_shape_check(&a.shape, &a.call);
        if (a.why && SUCCEEDED(a.hr))
                a.hr = E_INVALIDARG;
        enter_pending(s, &a);
        if (!a.why) {
                make_call(s, &a);
        } else {
                if (a.call.created)
                        session_drop_handle(s, a.call.created);
                mock_call_refuse(&a.call, a.hr, a.why);
                send_return(s, &a);
        }
        release(&a);
}

void session_note(struct session *s, struct mock_record *r, struct mock_record *ret) {
        struct arrival a = {0};
        enum mock_verb verb;

        if (!begin(s, &a, r))
                return;
        verb = a.call.function->verb;
        take_args(s, &a, r, true);
        if (SUCCEEDED(ret->hr))
                make_handle(s, &a, verb == MOCK_CREATE_OPERATION ? MOCK_OPERATION : MOCK_CALLBACK, false);
        if (!a.why) {
                mock_wire_take_return(ret, &a.call);
                mock_backend_note(s->service->engine->top, &a.call);
        }
        if (verb == MOCK_CLOSE_OPERATION && a.call.operation)
                session_drop_handle(s, a.call.operation);
        if (verb == MOCK_UNREGISTER_CALLBACK && a.call.callback)
                session_drop_handle(s, a.call.callback);
        release(&a);
}

void session_input(struct session *s, struct mock_record *r) {
        struct service_handle *sh;
        struct mock_handle *process = NULL;

        hcs_mutex_lock(&s->service->lock);
        sh = session_find_symbol(s, r->subject);
        if (sh && sh->kind == MOCK_PROCESS && r->stream == MOCK_STDIN)
                process = mock_handle_ref(sh->h);
        hcs_mutex_unlock(&s->service->lock);
        if (!process)
                return; /* closed by now */
        mock_backend_input(s->service->engine->top, &(struct mock_stdio){process, MOCK_STDIN, r->data, r->len, r->end});
        session_flow_input(s, process, r->len);
        mock_handle_unref(process);
}

/* ---- the end of a client ---- */

static enum mock_verb closing_verb(const struct mock_handle *h) {
        switch (h->kind) {
        case MOCK_SYSTEM:
                return MOCK_CLOSE_SYSTEM;
        case MOCK_PROCESS:
                return MOCK_CLOSE_PROCESS;
        case MOCK_CALLBACK:
                return h->dll == MOCK_COMPUTENETWORK ? MOCK_UNREGISTER_HCN_CALLBACK : MOCK_VERB_NONE;
        case MOCK_RESERVATION:
                return MOCK_RELEASE_PORTS;
        case MOCK_OPERATION:
                return MOCK_VERB_NONE;
        default:
                return (enum mock_verb)(MOCK_ENUMERATE_NETWORK + (h->kind - MOCK_NETWORK) * MOCK_HCN_ACTIONS +
                                        MOCK_HCN_CLOSE);
        }
}

/* As if the client had closed it. */
static void close_below(struct mockhcs_service *service, struct mock_handle *h) {
        enum mock_verb verb = closing_verb(h);
        struct mock_call call = {0};

        if (verb == MOCK_VERB_NONE)
                return;
        call.function = mock_function_of_verb(h->dll, verb);
        mock_engine_enter(service->engine, &call);
        mock_value_set_handle(mock_call_add(&call), mock_handle_kind_name(h->kind), h->symbol);
        if (h->kind == MOCK_SYSTEM)
                call.system = h;
        else if (h->kind == MOCK_PROCESS)
                call.process = h;
        else if (h->kind == MOCK_CALLBACK)
                call.callback = h;
        else
                call.entity = h;
        mock_backend_invoke(service->engine->top, &call);
        mock_call_deinit(&call);
}

void session_close_handles(struct session *s) {
        struct service_handle *sh;

        for (;;) {
                hcs_mutex_lock(&s->service->lock);
                s->closed = true;
                sh = s->newest;
                while (sh && sh->making)
                        sh = sh->older;
                if (sh)
                        session_take_handle(sh);
                hcs_mutex_unlock(&s->service->lock);
                if (!sh)
                        return;
                close_below(s->service, sh->h);
                mock_handle_unref(sh->h);
                free(sh);
        }
}
