/* SPDX-License-Identifier: MIT */

/* A service's life: its world, its listener, its clients. See session.h. */

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/engine/control.h"
#include "mockhcs/service/session.h"
#include "platform/clock.h"
#include "platform/file.h"

void service_free(struct mockhcs_service *s) {
        hcs_listener_close(s->listener);
        hcs_loopback_free(s->door);
        if (s->engine)
                mock_engine_close(s->engine);
        hcs_cond_deinit(&s->changed);
        hcs_mutex_deinit(&s->lock);
        free(s->socket);
        free(s->backend);
        free(s->state);
        free(s);
}

static bool is_stopping(struct mockhcs_service *s) {
        hcs_guard(&s->lock);
        return s->stopping;
}

/* A listener that is woken still gives who waits there, and without descriptors nothing else: it is asked for the end
 * each time. */
static void accept_from(struct mockhcs_service *s, struct hcs_listener *listener, bool is_door) {
        for (;;) {
                _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
                struct hcs_stream *stream = NULL;
                HRESULT hr = hcs_listener_accept(listener, NULL, &stream, &err);

                if (hr == E_ABORT || is_stopping(s)) {
                        hcs_stream_close(stream);
                        return;
                }
                if (FAILED(hr)) { /* no descriptors: one may become free */
                        struct hcs_bound pause = {hcs_clock_ns() + 100 * HCS_NS_PER_MS, NULL};

                        hcs_log(HCS_LOG_WARN, "cannot take a client", "error", hcs_error_message(err), NULL);
                        hcs_mutex_lock(&s->lock);
                        if (!s->stopping)
                                hcs_cond_wait_until(&s->changed, &s->lock, pause.deadline_ns);
                        hcs_mutex_unlock(&s->lock);
                        continue;
                }
                session_begin(s, stream, is_door);
        }
}

static void accept_all(void *arg) {
        struct mockhcs_service *s = arg;

        accept_from(s, s->listener, false);
}

static void accept_at_door(void *arg) {
        struct mockhcs_service *s = arg;

        accept_from(s, hcs_loopback_listener(s->door), true);
}

/* ---- opening ---- */

HRESULT mockhcs_service_default_socket(char **ret, struct hcs_error **err) {
        return hcs_private_default_name("service", ret, err);
}

static size_t or_default(size_t n, size_t fallback) {
        return n ? n : fallback;
}

static HRESULT open_world(struct mockhcs_service *s, struct hcs_error **err) {
        HRESULT hr = mock_engine_open(s->backend, &s->engine, err);

        if (FAILED(hr))
                return hr;
        s->engine->top->up = &s->sink;
        s->engine->end_input = service_end_input;
        s->engine->hold_input = service_hold_input;
        s->engine->pipes_ctx = s;
        for (const struct mock_backend *b = s->engine->top; b; b = b->next)
                s->notes |= b->ops->note != NULL;
        return S_OK;
}

/* Systems that cannot come back are named in the log: the service has nobody else to tell. */
static HRESULT load_state(struct mockhcs_service *s, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        HRESULT hr;

        if (!s->state || !hcs_file_exists(s->state))
                return S_OK;
        hr = mock_world_restore(s->engine->top, s->state, &answer, err);
        for (const struct hcs_json *id = hcs_json_first(hcs_json_get(answer, "Lost")); id; id = hcs_json_next(id))
                hcs_log(HCS_LOG_WARN, "a system ran in a machine that is gone", "id", hcs_json_string(id), NULL);
        return hr;
}

static HRESULT listen_somewhere(struct mockhcs_service *s, const char *socket, struct hcs_error **err) {
        HRESULT hr = S_FALSE;

        if (socket)
                s->socket = hcs_strdup(socket);
        else
                hr = hcs_listener_handed_over(&s->listener, err);
        if (hr == S_OK)
                s->socket = hcs_strdup("(handed over)");
        else if (hr == S_FALSE && !socket)
                hr = mockhcs_service_default_socket(&s->socket, err);
        if (SUCCEEDED(hr) && !s->listener)
                hr = hcs_listener_private(s->socket, &s->listener, err);
        return hr;
}

static HRESULT begin_accepting(struct mockhcs_service *s, const char *loopback, struct hcs_error **err) {
        HRESULT hr = loopback ? hcs_loopback_new(loopback, &s->door, err) : S_OK;

        if (SUCCEEDED(hr))
                hr = hcs_thread_start(&s->acceptor, accept_all, s, err);
        s->accepting = SUCCEEDED(hr);
        if (SUCCEEDED(hr) && s->door) {
                hr = hcs_thread_start(&s->door_acceptor, accept_at_door, s, err);
                s->door_accepting = SUCCEEDED(hr);
        }
        return hr;
}

static void end_accepting(struct mockhcs_service *s) {
        hcs_listener_wake(s->listener);
        if (s->accepting)
                hcs_thread_join(&s->acceptor);
        hcs_listener_end(s->listener);
        if (s->door_accepting) {
                hcs_listener_wake(hcs_loopback_listener(s->door));
                hcs_thread_join(&s->door_acceptor);
        }
        hcs_loopback_close(s->door); /* the rest of it stays for those who are being admitted */
}

HRESULT mockhcs_service_open(const struct mockhcs_service_options *o, struct mockhcs_service **ret,
                             struct hcs_error **err) {
        struct mockhcs_service *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->sink.ops = &service_sink_ops;
        hcs_mutex_init(&s->lock);
        hcs_cond_init(&s->changed);
        s->backend = hcs_strdup(o->backend ? o->backend : "emulate");
        s->state = hcs_strdup(o->state);
        s->idle_exit = o->idle_exit;
        s->limits = (struct mockhcs_service_limits){or_default(o->limits.clients, 256),
                                                    or_default(o->limits.handles, 65536),
                                                    or_default(o->limits.pending, 4096),
                                                    or_default(o->limits.frame_bytes, MOCK_WIRE_MAX_FRAME),
                                                    or_default(o->limits.unread_bytes, (size_t)64 << 20),
                                                    or_default(o->limits.hello_ms, MOCK_WIRE_HELLO_MS)};
        s->started_ns = hcs_wall_clock_ns();
        s->idle_since_ns = hcs_clock_ns();
        /* The socket first: it is the lock of whatever files the world writes. */
        hr = listen_somewhere(s, o->socket, err);
        if (SUCCEEDED(hr))
                hr = open_world(s, err);
        if (SUCCEEDED(hr))
                hr = load_state(s, err);
        if (SUCCEEDED(hr))
                hr = begin_accepting(s, o->loopback, err);
        if (FAILED(hr)) {
                if (s->accepting) { /* somebody may have come already */
                        s->state = hcs_free(s->state);
                        mockhcs_service_close(s, NULL);
                } else {
                        service_free(s);
                }
                return hr;
        }
        *ret = s;
        return S_OK;
}

const char *mockhcs_service_socket(const struct mockhcs_service *s) {
        return s->socket;
}

/* ---- running ---- */

/* Would anything be lost? */
static bool is_of_use(struct mockhcs_service *s) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *status = NULL;
        uint64_t systems = 0, networks = 0;

        hcs_json_set_string(request, "control", "status");
        if (s->state || FAILED(mock_backend_control(s->engine->top, request, &status, NULL)))
                return false;
        hcs_json_u64(hcs_json_get(status, "Systems"), &systems);
        hcs_json_u64(hcs_json_get(status, "NetworkObjects"), &networks);
        return systems + networks > 0;
}

/* With the lock held: has it been idle for long enough? */
static bool idles(struct mockhcs_service *s, uint64_t now) {
        bool of_use;

        if (!s->idle_exit || s->sessions || now < s->idle_since_ns + (uint64_t)s->idle_exit * HCS_NS_PER_S)
                return false;
        hcs_mutex_unlock(&s->lock);
        of_use = is_of_use(s);
        hcs_mutex_lock(&s->lock);
        if (of_use)
                s->idle_since_ns = now; /* somebody has to end it */
        return !of_use && !s->sessions;
}

void mockhcs_service_wait(struct mockhcs_service *s) {
        hcs_guard(&s->lock);
        while (!s->stopping && !idles(s, hcs_clock_ns())) {
                uint64_t next = HCS_FOREVER;

                if (s->stopping)
                        break;
                if (s->idle_exit && !s->sessions)
                        next = s->idle_since_ns + (uint64_t)s->idle_exit * HCS_NS_PER_S;
                hcs_cond_wait_until(&s->changed, &s->lock, next);
        }
        s->stopping = true;
}

void mockhcs_service_stop(struct mockhcs_service *s) {
        hcs_guard(&s->lock);
        s->stopping = true;
        hcs_cond_broadcast(&s->changed);
}

/* How long nobody tells us that a call has begun or ended. */
#define LOOK_NS (50 * HCS_NS_PER_MS)

/* Waits for the sessions to go; a call that hangs below is not waited for. True: they are all gone. */
static bool wait_for_sessions(struct mockhcs_service *s) {
        uint64_t patience = hcs_clock_ns() + HCS_NS_PER_S;

        hcs_guard(&s->lock);
        for (struct session *at = s->sessions; at; at = at->next)
                session_end(at);
        while (s->alive && (!s->busy || hcs_clock_ns() < patience))
                hcs_cond_wait_until(&s->changed, &s->lock, hcs_clock_ns() + LOOK_NS);
        s->abandoned = s->alive > 0;
        return !s->abandoned;
}

HRESULT mockhcs_service_close(struct mockhcs_service *s, struct hcs_error **err) {
        HRESULT hr;

        if (!s)
                return S_OK;
        mockhcs_service_stop(s);
        end_accepting(s);
        /* As it is with its clients: their handles go with them, and may end what they hold. */
        hr = s->state ? mock_world_save(s->engine->top, s->state, err) : S_OK;
        s->listener = hcs_listener_close(s->listener); /* the lock of the state: who comes next reads it whole */
        if (wait_for_sessions(s))
                service_free(s);
        return hr;
}
