/* SPDX-License-Identifier: MIT */

/* Asking a service for Hyper-V sockets; see hyperv_client.h. */

#include "mockhcs/remote/hyperv_client.h"

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/remote/hyperv_wire.h"
#include "platform/clock.h"
#include "platform/loopback.h"
#include "platform/thread.h"

#define ANSWER_NS  (15 * HCS_NS_PER_S)
#define MAX_STRAYS 256 /* connections that were announced and that nobody took */

/* A connection that the service has announced. */
struct announced {
        struct announced *next;
        struct hyperv_message m;
};

struct hyperv_client {
        char *file;
        struct hcs_stream *stream;
        uint64_t id;
        struct hcs_mutex lock; /* of all that follows, and of the stream; nobody waits with it */
        uint32_t sent;         /* messages on the stream */
        struct hyperv_message in;
        size_t n_in; /* bytes of it */
        struct announced *announced;
        size_t n_announced;
        bool ended;
};

static HRESULT send_message(struct hcs_stream *s, const struct hyperv_message *m, const struct hcs_bound *b,
                            struct hcs_error **err) {
        size_t n = 0;

        return hcs_stream_write_bound(s, m, sizeof(*m), b, &n, err);
}

/* Goes on where it stopped when it ran out of time. */
static HRESULT read_message(struct hcs_stream *s, struct hyperv_message *m, size_t *done, const struct hcs_bound *b,
                            struct hcs_error **err) {
        while (*done < sizeof(*m)) {
                size_t n = 0;
                HRESULT hr = hcs_stream_read_bound(s, (char *)m + *done, sizeof(*m) - *done, b, &n, err);

                if (hr == S_FALSE)
                        return hcs_error_make(err, HCS_WIN32(HYPERV_NO_SERVICE), "the service closed the connection");
                if (FAILED(hr))
                        return hr;
                *done += n;
        }
        *done = 0;
        return S_OK;
}

static struct hcs_bound in_time(void) {
        return (struct hcs_bound){hcs_clock_ns() + ANSWER_NS, NULL};
}

static HRESULT enter(const char *file, struct hcs_stream **ret, uint64_t *ret_id, struct hcs_error **err) {
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        struct hcs_bound b = in_time();
        struct hyperv_message hello = {0};
        size_t n = 0;
        HRESULT hr = hcs_loopback_connect(file, HYPERV_PURPOSE, &b, &s, err);

        if (SUCCEEDED(hr))
                hr = read_message(s, &hello, &n, &b, err);
        if (SUCCEEDED(hr) && hello.op != HYPERV_HELLO)
                hr = hcs_error_make(err, E_INVALIDARG, "the service did not begin with its hello");
        if (SUCCEEDED(hr) && hello.error)
                hr = hcs_error_make(err, HCS_WIN32(hello.error), "the service takes no more programs");
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&s);
        *ret_id = hello.id;
        return S_OK;
}

/* What was said last, until there was an answer: somebody who asks again and again is told once. */
static struct {
        struct hcs_mutex lock;
        char *text;
} said = {.lock = HCS_MUTEX_INIT};

/* text: NULL when there was an answer. True: it is news. */
static bool is_news(const char *text) {
        hcs_guard(&said.lock);
        if (hcs_streq(text, said.text))
                return false;
        free(said.text);
        said.text = text ? hcs_strdup(text) : NULL;
        return true;
}

static uint32_t no_service(HRESULT hr, struct hcs_error *err) {
        const char *text = hcs_error_message(err);

        hcs_log(is_news(text) ? HCS_LOG_WARN : HCS_LOG_DEBUG, "no Hyper-V sockets", "error", text, NULL);
        hcs_error_free(err);
        return hr == HCS_WIN32(HYPERV_NO_ROOM) ? HYPERV_NO_ROOM : HYPERV_NO_SERVICE;
}

uint32_t hyperv_client_new(const char *file, struct hyperv_client **ret) {
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        struct hyperv_client *c;
        uint64_t id = 0;

        HRESULT hr = enter(file, &s, &id, &err);

        if (FAILED(hr))
                return no_service(hr, err);
        c = hcs_calloc(1, sizeof(*c));
        c->file = hcs_strdup(file);
        c->stream = s;
        c->id = id;
        hcs_mutex_init(&c->lock);
        *ret = c;
        return 0;
}

struct hyperv_client *hyperv_client_free(struct hyperv_client *c) {
        if (!c)
                return NULL;
        while (c->announced) {
                struct announced *a = c->announced;

                c->announced = a->next;
                free(a);
        }
        hcs_stream_close(c->stream);
        hcs_mutex_deinit(&c->lock);
        free(c->file);
        free(c);
        return NULL;
}

/* With the lock held. */
static void announce(struct hyperv_client *c, const struct hyperv_message *m) {
        struct announced *a = hcs_calloc(1, sizeof(*a)), **last = &c->announced;

        a->m = *m;
        a->next = c->announced;
        c->announced = a;
        if (c->n_announced++ < MAX_STRAYS)
                return;
        while ((*last)->next) /* the oldest goes: nobody will come for it */
                last = &(*last)->next;
        free(*last);
        *last = NULL;
        c->n_announced--;
}

/* With the lock held: both sides are out of step. The service lets go of all that the program had. */
static void end(struct hyperv_client *c) {
        c->ended = true;
        hcs_stream_shutdown(c->stream);
}

static const struct hcs_bound now = {.deadline_ns = 0};

/* With the lock held: what has come. */
static void read_on(struct hyperv_client *c) {
        HRESULT hr;

        while (SUCCEEDED(hr = read_message(c->stream, &c->in, &c->n_in, &now, NULL)))
                if (c->in.op == HYPERV_FROM)
                        announce(c, &c->in);
        c->ended |= hr != HCS_E_OPERATION_TIMEOUT;
}

bool hyperv_client_ended(struct hyperv_client *c) {
        hcs_guard(&c->lock);
        if (!c->ended)
                read_on(c);
        return c->ended;
}

/* Of connections that a listener of before never took. They stay until there is another at the port, as whoever took
 * one may ask who it is after the listener was closed. Returns how much was said to the service so far. */
static uint32_t forget_announced(struct hyperv_client *c, uint16_t listener) {
        hcs_guard(&c->lock);
        read_on(c);
        for (struct announced **at = &c->announced; *at;) {
                struct announced *a = *at;

                if (a->m.far_port == listener) {
                        *at = a->next;
                        c->n_announced--;
                        free(a);
                } else {
                        at = &a->next;
                }
        }
        return c->sent;
}

/* Asks on a stream of its own and waits for the answer, which takes the place of the question. *ret_heard: the service
 * may have heard it, also on failure. */
static HRESULT ask(struct hyperv_client *c, struct hyperv_message *m, bool *ret_heard, struct hcs_error **err) {
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        struct hcs_bound b = in_time();
        uint64_t id = 0;
        size_t n = 0;
        HRESULT hr = enter(c->file, &s, &id, err);

        m->id = c->id;
        *ret_heard = SUCCEEDED(hr);
        if (SUCCEEDED(hr))
                hr = send_message(s, m, &b, err);
        if (SUCCEEDED(hr))
                hr = read_message(s, m, &n, &b, err);
        return hr;
}

uint32_t hyperv_client_listen(struct hyperv_client *c, const GUID *vm, const GUID *service, uint16_t port) {
        struct hyperv_message m = {.op = HYPERV_LISTEN, .port = port, .vm = *vm, .service = *service};
        struct hcs_error *err = NULL;
        bool heard;
        HRESULT hr;

        m.after = forget_announced(c, port);
        hr = ask(c, &m, &heard, &err);
        if (FAILED(hr)) {
                hcs_guard(&c->lock);
                if (heard)
                        end(c); /* it may be done all the same, or be done later */
                return no_service(hr, err);
        }
        is_news(NULL);
        return m.error;
}

static void tell(struct hyperv_client *c, uint32_t op, uint16_t port) {
        struct hyperv_message m = {.op = op, .port = port};

        hcs_guard(&c->lock);
        c->sent++;
        if (FAILED(send_message(c->stream, &m, &now, NULL)))
                end(c); /* a part of it may have gone out */
}

void hyperv_client_unlisten(struct hyperv_client *c, uint16_t port) {
        tell(c, HYPERV_UNLISTEN, port);
}

void hyperv_client_close(struct hyperv_client *c, uint16_t port) {
        tell(c, HYPERV_CLOSE, port);
}

/* With the lock held. */
static bool take(struct hyperv_client *c, uint16_t listener, uint16_t port, GUID *ret_vm, GUID *ret_service) {
        for (struct announced **at = &c->announced; *at; at = &(*at)->next)
                if ((*at)->m.port == port && (*at)->m.far_port == listener) {
                        struct announced *a = *at;

                        *at = a->next;
                        c->n_announced--;
                        *ret_vm = a->m.vm;
                        *ret_service = a->m.service;
                        free(a);
                        return true;
                }
        return false;
}

bool hyperv_client_from(struct hyperv_client *c, uint16_t listener, uint16_t port, GUID *ret_vm, GUID *ret_service) {
        hcs_guard(&c->lock);
        if (take(c, listener, port, ret_vm, ret_service))
                return true;
        /* It was said before the connection was made, so it is there. */
        read_on(c);
        return take(c, listener, port, ret_vm, ret_service);
}

uint32_t hyperv_client_connect(struct hyperv_client *c, const GUID *vm, const GUID *service, uint16_t port,
                               uint16_t *ret_port) {
        struct hyperv_message m = {.op = HYPERV_CONNECT, .port = port, .vm = *vm, .service = *service};
        struct hcs_error *err = NULL;
        bool heard;
        HRESULT hr = ask(c, &m, &heard, &err);

        if (FAILED(hr))
                return no_service(hr, err);
        is_news(NULL);
        if (!m.error)
                *ret_port = m.port;
        return m.error;
}
