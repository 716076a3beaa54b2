/* SPDX-License-Identifier: MIT */

/* A program without AF_HYPERV, its listeners, and what it asks for; see hyperv.h. */

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/service/hyperv.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"

#define MACHINE_NS    (10 * HCS_NS_PER_S) /* how long a guest may take to answer, and a program to come */
#define WSAEINVAL_    10022u
#define WSAENOBUFS_   10055u
#define WSAEFAULT_    10014u
#define WSAETIMEDOUT_ 10060u

struct hyperv_listener {
        struct hyperv_listener *next;
        struct hyperv_program *program; /* referenced */
        struct hcs_listener *sockets[HCS_HVSOCKET_LISTENERS];
        size_t n; /* of sockets that a thread accepts on; the program's lock guards it */
        size_t n_all;
        atomic_bool ending;
        uint16_t port; /* the program's */
        GUID vm, service;
};

/* What a thread that accepts has. */
struct acceptor {
        struct hyperv_listener *listener;
        struct hcs_listener *socket;
};

struct hyperv_program *hyperv_program_ref(struct hyperv_program *p) {
        atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
        return p;
}

void hyperv_program_unref(struct hyperv_program *p) {
        struct session *s = p->s;

        if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
                return;
        hcs_cond_deinit(&p->gone);
        hcs_mutex_deinit(&p->lock);
        hcs_mutex_deinit(&p->send_lock);
        free(p);
        session_unref(s);
}

void hyperv_send(struct hyperv_program *p, const struct hyperv_message *m) {
        struct hcs_bound b = {hcs_clock_ns() + MACHINE_NS, NULL};
        size_t n = 0;

        hcs_guard(&p->send_lock);
        if (FAILED(hcs_stream_write_bound(p->s->reader.stream, m, sizeof(*m), &b, &n, NULL)))
                hcs_stream_shutdown(p->s->reader.stream); /* it does not read: it has gone, or makes no sense */
}

/* The code of Winsock in a failure, which is what its functions say. */
static uint32_t winsock_of(HRESULT hr) {
        uint32_t code = (uint32_t)hr & 0xffff;

        if (hr == HCS_E_OPERATION_TIMEOUT || hr == HCS_WIN32(1460))
                return WSAETIMEDOUT_;
        return ((uint32_t)hr & 0xffff0000u) == 0x80070000u && code >= 10000 && code < 12000 ? code : WSAEFAULT_;
}

/* ---- listeners ---- */

static void listener_leave(struct hyperv_listener *l) {
        struct hyperv_program *p = l->program;
        bool last;

        hcs_mutex_lock(&p->lock);
        last = --l->n == 0;
        for (struct hyperv_listener **at = &p->listeners; last && *at; at = &(*at)->next)
                if (*at == l) {
                        *at = l->next;
                        p->n_listeners--;
                        break;
                }
        for (size_t i = 0; last && i < l->n_all; i++)
                hcs_listener_close(l->sockets[i]);
        if (last)
                hcs_cond_broadcast(&p->gone);
        hcs_mutex_unlock(&p->lock);
        if (!last)
                return;
        free(l);
        hyperv_program_unref(p);
}

static void pass_on(struct hyperv_listener *l, struct hcs_stream *machine) {
        struct hyperv_message from = {.op = HYPERV_FROM, .far_port = l->port, .vm = l->vm, .service = l->service};
        struct hcs_stream *tcp = NULL;

        hcs_hvsocket_peer(machine, &from.vm, &from.service);
        if (FAILED(hcs_stream_tcp_new(&from.port, &tcp, NULL))) {
                hcs_stream_close(machine);
                return;
        }
        hyperv_send(l->program, &from);
        hyperv_connection_begin(l->program, tcp, machine, from.port, l->port);
}

/* No descriptors: one may become free. */
static void pause_accepting(struct hyperv_listener *l, const struct hcs_error *err) {
        struct hyperv_program *p = l->program;

        hcs_log(HCS_LOG_WARN, "cannot take a connection of a machine", "error", hcs_error_message(err), NULL);
        hcs_guard(&p->lock);
        if (!atomic_load(&l->ending))
                hcs_cond_wait_until(&p->gone, &p->lock, hcs_clock_ns() + 100 * HCS_NS_PER_MS);
}

static void accept_all(void *arg) {
        struct acceptor *a = arg;

        for (;;) {
                _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
                struct hcs_stream *machine = NULL;
                HRESULT hr = hcs_listener_accept(a->socket, NULL, &machine, &err);

                if (SUCCEEDED(hr))
                        pass_on(a->listener, machine);
                else if (hr == E_ABORT || atomic_load(&a->listener->ending))
                        break;
                else
                        pause_accepting(a->listener, err);
        }
        listener_leave(a->listener);
        free(a);
}

static HRESULT start_accepting(struct hyperv_listener *l, size_t i, struct hcs_error **err) {
        struct acceptor *a = hcs_calloc(1, sizeof(*a));
        HRESULT hr;

        *a = (struct acceptor){l, l->sockets[i]};
        hr = hcs_thread_start_detached(accept_all, a, err);
        if (FAILED(hr))
                free(a);
        return hr;
}

static void wake(struct hyperv_listener *l) {
        atomic_store(&l->ending, true);
        for (size_t i = 0; i < l->n_all; i++)
                hcs_listener_wake(l->sockets[i]);
}

static HRESULT add_listener(struct hyperv_program *p, const struct hyperv_message *m, struct hcs_error **err) {
        struct hyperv_listener *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr = hcs_hvsocket_listen(&m->vm, &m->service, l->sockets, &l->n_all, err);
        size_t started = 0;

        if (FAILED(hr)) {
                free(l);
                return hr;
        }
        l->program = hyperv_program_ref(p);
        l->port = m->port;
        l->vm = m->vm;
        l->service = m->service;
        l->n = l->n_all;
        hcs_mutex_lock(&p->lock);
        l->next = p->listeners;
        p->listeners = l;
        if (p->n_listeners++ >= HYPERV_MAX_LISTENERS)
                hr = hcs_error_make(err, HCS_WIN32(WSAENOBUFS_), "more than %u listeners", HYPERV_MAX_LISTENERS);
        else if (p->ended)
                hr = hcs_error_make(err, E_ABORT, "the program has gone");
        hcs_mutex_unlock(&p->lock);
        for (; SUCCEEDED(hr) && started < l->n_all; started += SUCCEEDED(hr))
                hr = start_accepting(l, started, err);
        if (FAILED(hr)) {
                size_t rest = l->n_all - started;

                wake(l);
                while (rest-- > 0)
                        listener_leave(l);
        }
        return hr;
}

/* With the lock held. */
static struct hyperv_listener *find_listener(struct hyperv_program *p, uint16_t port) {
        struct hyperv_listener *l = p->listeners;

        while (l && l->port != port)
                l = l->next;
        return l;
}

/* Its name is free for whoever asks next. */
static void remove_listener(struct hyperv_program *p, uint16_t port) {
        struct hyperv_listener *l;

        hcs_guard(&p->lock);
        while ((l = find_listener(p, port))) {
                wake(l);
                hcs_cond_wait(&p->gone, &p->lock);
        }
}

static void end_listeners(struct hyperv_program *p) {
        hcs_guard(&p->lock);
        p->ended = true;
        for (struct hyperv_listener *l = p->listeners; l; l = l->next)
                wake(l);
}

/* ---- connections that the program makes ---- */

static struct hyperv_program *find_program(struct mockhcs_service *service, uint64_t id) {
        hcs_guard(&service->lock);
        for (struct hyperv_program *p = service->programs; p; p = p->next)
                if (p->id == id)
                        return hyperv_program_ref(p);
        return NULL;
}

/* A stranger who comes first is sent away. */
static HRESULT accept_from(struct hcs_listener *l, uint16_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                           struct hcs_error **err) {
        for (;;) {
                HRESULT hr = hcs_listener_accept(l, b, ret, err);

                if (FAILED(hr) || hcs_stream_tcp_peer(*ret) == port)
                        return hr;
                *ret = hcs_stream_close(*ret);
        }
}

static HRESULT no_program(const struct hyperv_message *m, struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(WSAEINVAL_), "no program has the id %llu", (unsigned long long)m->id);
}

static HRESULT connect_machine(struct session *s, const struct hyperv_message *m, struct hcs_error **err) {
        struct hcs_bound b = {hcs_clock_ns() + MACHINE_NS, NULL};
        _cleanup_(hcs_stream_closep) struct hcs_stream *machine = NULL, *tcp = NULL;
        _cleanup_(hcs_listener_closep) struct hcs_listener *l = NULL;
        struct hyperv_program *p = find_program(s->service, m->id);
        struct hyperv_message answer = {.op = HYPERV_ANSWER};
        size_t n = 0;
        HRESULT hr;

        if (!p)
                return no_program(m, err);
        if (hyperv_connections_full(p))
                hr = hcs_error_make(err, HCS_WIN32(WSAENOBUFS_), "more than %u connections", HYPERV_MAX_CONNECTIONS);
        else
                hr = hcs_hvsocket_connect(&m->vm, &m->service, &b, &machine, err);
        if (SUCCEEDED(hr))
                hr = hcs_listener_tcp(&answer.port, &l, err);
        if (SUCCEEDED(hr))
                hr = hcs_stream_write_bound(s->reader.stream, &answer, sizeof(answer), &b, &n, err);
        if (SUCCEEDED(hr) && SUCCEEDED(accept_from(l, m->port, &b, &tcp, err)))
                hyperv_connection_begin(p, steal_pointer(&tcp), steal_pointer(&machine), answer.port, 0);
        hyperv_program_unref(p);
        return hr;
}

/* What the program said before is done. */
static HRESULT wait_served(struct hyperv_program *p, uint32_t after, const struct hcs_bound *b,
                           struct hcs_error **err) {
        hcs_guard(&p->lock);
        while (p->served < after)
                if (!hcs_cond_wait_until(&p->gone, &p->lock, b->deadline_ns))
                        return hcs_error_make(err, HCS_WIN32(WSAETIMEDOUT_), "what was said before it is not done");
        return S_OK;
}

static HRESULT listen_for(struct session *s, const struct hyperv_message *m, struct hcs_error **err) {
        struct hcs_bound b = {hcs_clock_ns() + MACHINE_NS, NULL};
        struct hyperv_program *p = find_program(s->service, m->id);
        struct hyperv_message answer = {.op = HYPERV_ANSWER};
        size_t n = 0;
        HRESULT hr;

        if (!p)
                return no_program(m, err);
        hr = wait_served(p, m->after, &b, err);
        if (SUCCEEDED(hr))
                hr = add_listener(p, m, err);
        if (SUCCEEDED(hr) && FAILED(hcs_stream_write_bound(s->reader.stream, &answer, sizeof(answer), &b, &n, NULL)))
                remove_listener(p, m->port); /* nobody heard of it */
        hyperv_program_unref(p);
        return hr;
}

/* ---- what it asks for ---- */

static void answer_error(struct session *s, HRESULT hr, struct hcs_error *err) {
        struct hyperv_message m = {.op = HYPERV_ANSWER, .error = FAILED(hr) ? winsock_of(hr) : 0};
        size_t n = 0;

        if (FAILED(hr))
                hcs_log(HCS_LOG_INFO, "a Hyper-V socket is refused", "error", hcs_error_message(err), NULL);
        hcs_stream_write_bound(s->reader.stream, &m, sizeof(m), NULL, &n, NULL);
        hcs_error_free(err);
}

static bool read_message(struct session *s, struct hyperv_message *ret) {
        size_t done = 0, n = 0;

        while (done < sizeof(*ret) &&
               hcs_stream_read_bound(s->reader.stream, (char *)ret + done, sizeof(*ret) - done, NULL, &n, NULL) == S_OK)
                done += n;
        return done == sizeof(*ret);
}

/* False: it makes no sense. */
static bool serve(struct hyperv_program *p, const struct hyperv_message *m) {
        if (m->op == HYPERV_UNLISTEN)
                remove_listener(p, m->port);
        else if (m->op == HYPERV_CLOSE)
                hyperv_connection_close(p, m->port);
        else
                return false;
        hcs_guard(&p->lock);
        p->served++;
        hcs_cond_broadcast(&p->gone);
        return true;
}

/* NULL: there are too many. */
static struct hyperv_program *enter(struct session *s) {
        struct mockhcs_service *service = s->service;
        struct hyperv_program *p;

        hcs_guard(&service->lock);
        if (service->n_programs >= HYPERV_STREAMS_A_CLIENT * service->limits.clients)
                return NULL;
        service->n_programs++;
        p = hcs_calloc(1, sizeof(*p));
        atomic_init(&p->refs, 1);
        p->s = session_ref(s);
        hcs_mutex_init(&p->lock);
        hcs_cond_init(&p->gone);
        hcs_mutex_init(&p->send_lock);
        p->id = ++service->next_program;
        p->next = service->programs;
        service->programs = p;
        return p;
}

static void leave(struct hyperv_program *p) {
        struct mockhcs_service *service = p->s->service;

        hcs_mutex_lock(&service->lock);
        for (struct hyperv_program **at = &service->programs; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        break;
                }
        service->n_programs--;
        hcs_mutex_unlock(&service->lock);
        end_listeners(p);
        hyperv_connections_end(p);
        hyperv_program_unref(p);
}

void service_hyperv(struct session *s) {
        struct hyperv_program *p = enter(s);
        struct hyperv_message m = {.op = HYPERV_HELLO, .id = p ? p->id : 0, .error = p ? 0 : WSAENOBUFS_};
        struct hcs_error *err = NULL;
        size_t n = 0;

        if (!p) {
                hcs_log(HCS_LOG_WARN, "too many programs with Hyper-V sockets", NULL);
                hcs_stream_write_bound(s->reader.stream, &m, sizeof(m), NULL, &n, NULL);
                return;
        }
        hyperv_send(p, &m);
        if (read_message(s, &m) && (m.op == HYPERV_CONNECT || m.op == HYPERV_LISTEN)) {
                HRESULT hr = m.op == HYPERV_CONNECT ? connect_machine(s, &m, &err) : listen_for(s, &m, &err);

                if (FAILED(hr))
                        answer_error(s, hr, err);
        } else {
                while (serve(p, &m) && read_message(s, &m))
                        continue;
        }
        leave(p);
}
