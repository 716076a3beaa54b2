/* SPDX-License-Identifier: MIT */

/* A client's session: hello, the threads that take turns at reading, and the end. See session.h. */

#include "mockhcs/service/session.h"
#include "mockhcs/service/hyperv.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

/* Calls of one client that can hang below at the same time; a further one waits for one of them. */
#define MAX_THREADS 64
/* Who came through the door and may be anybody: each has a thread and a descriptor until its time is over. */
#define MAX_UNPROVEN 64

struct session *session_ref(struct session *s) {
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
        return s;
}

/* The service goes with its last session, if it could not wait for that. */
static void forget(struct mockhcs_service *service) {
        bool last;

        hcs_mutex_lock(&service->lock);
        service->alive--;
        last = service->abandoned && service->alive == 0;
        hcs_cond_broadcast(&service->changed);
        hcs_mutex_unlock(&service->lock);
        if (last)
                service_free(service);
}

void session_unref(struct session *s) {
        struct mockhcs_service *service;

        if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
                return;
        service = s->service;
        mock_wire_reader_deinit(&s->reader);
        hcs_stream_close(s->reader.stream);
        hcs_buf_deinit(&s->out);
        hcs_cond_deinit(&s->out_changed);
        hcs_cond_deinit(&s->turn);
        hcs_mutex_deinit(&s->out_lock);
        hcs_mutex_deinit(&s->lock);
        free(s);
        forget(service);
}

/* ---- the end ---- */

static void leave_service(struct session *s) {
        struct mockhcs_service *service = s->service;

        hcs_guard(&service->lock);
        for (struct session **at = &service->sessions; *at; at = &(*at)->next)
                if (*at == s) {
                        *at = s->next;
                        service->n_sessions -= s->greeted;
                        break;
                }
        service->idle_since_ns = hcs_clock_ns();
        hcs_cond_broadcast(&service->changed);
}

/* By the thread that saw the end, once. What others still make a call for goes on without a client. */
static void finish(struct session *s) {
        session_close_handles(s);
        session_drop_pending(s);
        session_end(s);
        leave_service(s);
        hcs_log(HCS_LOG_INFO, "a client has gone", "program", s->program, NULL);
}

/* ---- turns ---- */

static void serve(void *arg);

/* How long a call may take before somebody else reads. */
#define MOMENT_NS HCS_NS_PER_MS
/* After so many moments without a call whoever stands by goes to sleep. */
#define RESTLESS 20

/* With the lock held, while another thread has the turn: true when it is to be taken from it. */
static bool stand_by(struct session *s, unsigned *idle) {
        uint64_t requests = s->requests;

        if (!s->in_call && *idle >= RESTLESS) {
                s->asleep = true;
                hcs_cond_wait(&s->turn, &s->lock);
                s->asleep = false;
                *idle = 0;
                return false;
        }
        hcs_cond_wait_until(&s->turn, &s->lock, hcs_clock_ns() + MOMENT_NS);
        *idle = s->requests == requests ? *idle + 1 : 0;
        return s->reading && s->in_call && s->requests == requests;
}

/* Waits for the turn to read; false when there is nothing to read any more, or enough others stand by. */
static bool take_turn(struct session *s) {
        unsigned idle = 0;

        hcs_guard(&s->lock);
        if (s->ended || (s->reading && s->waiting))
                return false;
        s->waiting++;
        while (s->reading && !s->ended)
                if (stand_by(s, &idle))
                        break;
        s->waiting--;
        if (s->ended)
                return false;
        s->reading = true;
        s->in_call = false;
        s->turns++;
        return true;
}

/* Somebody must be able to take over while the call is made. Returns which turn it is. */
static uint64_t begin_call(struct session *s) {
        uint64_t turn;
        bool start;

        hcs_mutex_lock(&s->lock);
        s->in_call = true;
        s->requests++;
        turn = s->turns;
        start = s->waiting == 0 && s->threads < MAX_THREADS;
        if (start)
                s->threads++;
        else if (s->asleep)
                hcs_cond_signal(&s->turn);
        hcs_mutex_unlock(&s->lock);
        if (!start)
                return turn;
        session_ref(s);
        if (FAILED(hcs_thread_start_detached(serve, s, NULL))) {
                hcs_mutex_lock(&s->lock);
                s->threads--;
                hcs_mutex_unlock(&s->lock);
                session_unref(s); /* never the last one */
        }
        return turn;
}

/* False when another thread reads by now. */
static bool end_call(struct session *s, uint64_t turn) {
        hcs_guard(&s->lock);
        if (s->turns != turn)
                return false;
        s->in_call = false;
        return true;
}

static void end_turns(struct session *s) {
        hcs_guard(&s->lock);
        s->reading = false;
        s->ended = true;
        hcs_cond_broadcast(&s->turn);
}

/* ---- frames ---- */

/* A note is a call and its return. */
static HRESULT take_note(struct session *s, struct mock_record *call, struct mock_slice line, struct hcs_error **err) {
        struct mock_record ret = {0};
        HRESULT hr = mock_record_parse(line.p, line.n, &ret, err);

        if (SUCCEEDED(hr) && ret.kind != MOCK_RECORD_RETURN)
                hr = hcs_error_make(err, E_INVALIDARG, "a call may only be followed by its return");
        if (SUCCEEDED(hr))
                session_note(s, call, &ret);
        mock_record_deinit(&ret);
        return hr;
}

/* What is no record of a trace: a stream that was taken, or a control request, during which the turn may be lost. */
static HRESULT take_other(struct session *s, const char *text, size_t len, bool *ret_lost, struct hcs_error **err) {
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;
        _cleanup_json_ struct hcs_json *line = NULL;
        struct mock_wire_took took;
        HRESULT hr =
                hcs_json_parse(text, len, &(struct hcs_json_options){.max_bytes = MOCK_WIRE_MAX_FRAME}, &line, &why);
        HRESULT is_took = mock_wire_take_took(line, &took, err);
        uint64_t turn;

        if (is_took != S_FALSE)
                return is_took == S_OK ? session_flow_taken(s, &took, err) : is_took;
        turn = begin_call(s);
        session_control(s, line, hr, &why);
        *ret_lost = !end_call(s, turn);
        return S_OK;
}

/* With the turn, which may be lost while a call is made. A failure: the client makes no sense. */
static HRESULT take_frame(struct session *s, struct mock_slice frame, bool *ret_lost, struct hcs_error **err) {
        struct mock_record r = {0};
        struct mock_slice line, second;
        uint64_t turn;
        HRESULT hr;

        if (!mock_wire_line(&frame, &line))
                return hcs_error_make(err, E_INVALIDARG, "a frame without a line");
        hr = mock_record_parse(line.p, line.n, &r, err);
        if (FAILED(hr))
                return hr;
        if (r.kind == MOCK_RECORD_CALL && mock_wire_line(&frame, &second)) {
                hr = take_note(s, &r, second, err);
        } else if (r.kind == MOCK_RECORD_CALL) {
                turn = begin_call(s);
                session_call(s, &r);
                *ret_lost = !end_call(s, turn);
        } else if (r.kind == MOCK_RECORD_STDIO) {
                session_input(s, &r);
        } else if (r.kind == MOCK_RECORD_UNKNOWN) { /* the record has the line, the reader may lose it */
                hr = take_other(s, r.data, r.len, ret_lost, err);
        } else {
                hr = hcs_error_make(err, E_INVALIDARG, "neither a call, stdio nor a control request");
        }
        mock_record_deinit(&r);
        return hr;
}

/* Reads with the turn until it is lost; false at the end of the stream. */
static bool read_on(struct session *s) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        struct mock_slice frame;
        bool lost = false;
        HRESULT hr = S_OK;

        while (hr == S_OK && !lost) {
                session_wait_sent(s);
                hr = mock_wire_read(&s->reader, NULL, &frame, &err);
                if (hr == S_OK)
                        hr = take_frame(s, frame, &lost, &err);
        }
        if (FAILED(hr)) {
                hcs_log(HCS_LOG_WARN, "a client makes no sense", "program", s->program, "error", hcs_error_message(err),
                        NULL);
                session_send_refusal(s, hr, hcs_error_message(err));
        }
        return hr == S_OK;
}

static void serve(void *arg) {
        struct session *s = arg;

        while (take_turn(s))
                if (!read_on(s)) {
                        end_turns(s);
                        finish(s);
                        break;
                }
        hcs_mutex_lock(&s->lock);
        s->threads--;
        hcs_mutex_unlock(&s->lock);
        session_unref(s);
}

/* ---- hello ---- */

/* What a refusal repeats of the client's versions, in bytes: about so many, however many it named. */
#define LONGEST_VERSIONS 100u

static HRESULT check_hello(struct session *s, struct mock_slice frame, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *hello = NULL;
        _cleanup_buf_ struct hcs_buf theirs = {0};
        const char *program;
        bool known = false;
        HRESULT hr = hcs_json_parse(frame.p, frame.n, NULL, &hello, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_streq(hcs_json_get_string(hello, "hello"), "mockhcs"))
                return hcs_error_make(err, E_INVALIDARG, "the first frame must say {\"hello\":\"mockhcs\",...}");
        for (const struct hcs_json *v = hcs_json_first(hcs_json_get(hello, "versions")); v; v = hcs_json_next(v)) {
                uint64_t version = 0;

                if (!hcs_json_u64(v, &version))
                        continue;
                known |= version == MOCK_WIRE_VERSION;
                if (theirs.len < LONGEST_VERSIONS)
                        hcs_buf_printf(&theirs, "%s%llu", theirs.len ? ", " : "", (unsigned long long)version);
        }
        if (!known)
                return hcs_error_make(err, HCS_WIN32(1306), "none of your versions (%s) is ours, which is %d",
                                      theirs.len ? hcs_buf_cstr(&theirs) : "you name none", MOCK_WIRE_VERSION);
        program = hcs_json_get_string(hello, "program");
        snprintf(s->program, sizeof(s->program), "%.63s", program ? program : "");
        return S_OK;
}

static void answer_hello(struct session *s) {
        _cleanup_json_ struct hcs_json *hello = hcs_json_new_object();
        _cleanup_buf_ struct hcs_buf frame = {0};

        hcs_json_set_string(hello, "hello", "mockhcs");
        hcs_json_set_u64(hello, "version", MOCK_WIRE_VERSION);
        hcs_json_set_string(hello, "service", "0.1.0");
        hcs_json_set_string(hello, "backend", s->service->backend);
        hcs_json_set_u64(hello, "build", s->service->engine->top->build);
        hcs_json_set_bool(hello, "notes", s->service->notes);
        mock_wire_put_json(&frame, hello);
        session_send(s, &frame);
}

/* Is there room for one more? */
static HRESULT enter_service(struct session *s, struct hcs_error **err) {
        struct mockhcs_service *service = s->service;

        hcs_guard(&service->lock);
        if (service->stopping)
                return hcs_error_make(err, HCS_E_SERVICE_NOT_AVAILABLE, "the service is ending");
        if (service->n_sessions >= service->limits.clients)
                return hcs_error_make(err, HCS_WIN32(1816), "the service has %zu clients, which is all it may have",
                                      service->n_sessions);
        s->id = ++service->next_session;
        s->greeted = true;
        service->n_sessions++;
        return S_OK;
}

/* Somebody has come who has not said who it is: at each entrance there may be only so many. False: there are. */
static bool begin_stranger(struct mockhcs_service *service, bool by_door) {
        size_t most = by_door ? MAX_UNPROVEN : service->limits.clients;

        hcs_guard(&service->lock);
        if (service->strangers[by_door] >= most)
                return false;
        service->strangers[by_door]++;
        return true;
}

static void end_stranger(struct mockhcs_service *service, bool by_door) {
        hcs_guard(&service->lock);
        service->strangers[by_door]--;
}

/* Is it one of ours? The system knows, or the secret of the door. */
static HRESULT admit(struct session *s, const struct hcs_bound *b, bool *ret_hyperv, struct hcs_error **err) {
        char purpose[HCS_LOOPBACK_PURPOSE];
        struct hcs_peer peer = {0};
        HRESULT hr;

        *ret_hyperv = false;
        if (s->by_door) {
                hr = hcs_loopback_admit(s->service->door, s->reader.stream, b, purpose, err);
                *ret_hyperv = SUCCEEDED(hr) && hcs_streq(purpose, HYPERV_PURPOSE);
                if (SUCCEEDED(hr) && !*ret_hyperv && !hcs_streq(purpose, HCS_PRIVATE_PURPOSE))
                        hr = hcs_error_make(err, E_NOTIMPL, "`%s' is nothing that this door leads to", purpose);
                return hr;
        }
        hr = hcs_stream_peer(s->reader.stream, &peer, err);
        if (SUCCEEDED(hr) && !peer.is_trusted)
                hr = hcs_error_make(err, E_ACCESSDENIED, "process %lld is another user's", (long long)peer.pid);
        s->pid = peer.pid;
        return hr;
}

/* S_FALSE: it is no client, it came for Hyper-V sockets. */
static HRESULT greet(struct session *s, struct hcs_error **err) {
        struct hcs_bound bound = {hcs_clock_ns() + s->service->limits.hello_ms * HCS_NS_PER_MS, NULL};
        struct mock_slice frame;
        bool hyperv;
        HRESULT hr = admit(s, &bound, &hyperv, err);

        if (hyperv)
                return S_FALSE;
        if (SUCCEEDED(hr))
                hr = mock_wire_read(&s->reader, &bound, &frame, err);
        if (hr == S_FALSE)
                hr = hcs_error_make(err, HCS_WIN32(109), "the client closed without a word");
        if (SUCCEEDED(hr))
                hr = check_hello(s, frame, err);
        if (SUCCEEDED(hr))
                hr = enter_service(s, err);
        return hr;
}

static void begin(void *arg) {
        struct session *s = arg;
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        HRESULT hr = greet(s, &err);

        end_stranger(s->service, s->by_door);
        if (hr != S_OK) {
                if (hr == S_FALSE) {
                        service_hyperv(s);
                } else {
                        hcs_log(HCS_LOG_INFO, "a client is refused", "error", hcs_error_message(err), NULL);
                        session_send_refusal(s, hr, hcs_error_message(err));
                }
                leave_service(s);
                session_unref(s);
                return;
        }
        hcs_log(HCS_LOG_INFO, "a client has come", "program", s->program, NULL);
        answer_hello(s);
        s->threads = 1;
        serve(s);
}

/* Who comes to the door in vain hears nothing, as everybody who does not know its secret. */
static void turn_away(struct hcs_stream *stream, bool by_door) {
        static const struct hcs_bound now = {.deadline_ns = 0};
        _cleanup_json_ struct hcs_json *refusal =
                mock_wire_refusal(HCS_WIN32(1816), "too many have connected and have not said hello yet");
        _cleanup_buf_ struct hcs_buf frame = {0};
        size_t n;

        hcs_log(HCS_LOG_WARN, by_door ? "too many strangers are at the door" : "too many have not said hello yet",
                NULL);
        mock_wire_put_json(&frame, refusal);
        if (!by_door)
                hcs_stream_write_bound(stream, frame.data, frame.len, &now, &n, NULL);
        hcs_stream_close(stream);
}

void session_begin(struct mockhcs_service *service, struct hcs_stream *stream, bool by_door) {
        struct session *s;

        if (!begin_stranger(service, by_door)) {
                turn_away(stream, by_door);
                return;
        }
        s = hcs_calloc(1, sizeof(*s));
        atomic_init(&s->refs, 1);
        s->service = service;
        s->by_door = by_door;
        s->since_ns = hcs_wall_clock_ns();
        s->reader = (struct mock_wire_reader){.stream = stream, .max = service->limits.frame_bytes};
        hcs_mutex_init(&s->lock);
        hcs_mutex_init(&s->out_lock);
        hcs_cond_init(&s->turn);
        hcs_cond_init(&s->out_changed);
        hcs_mutex_lock(&service->lock);
        service->alive++;
        s->next = service->sessions;
        service->sessions = s;
        hcs_mutex_unlock(&service->lock);
        if (FAILED(hcs_thread_start_detached(begin, s, NULL))) {
                end_stranger(service, by_door);
                leave_service(s);
                session_unref(s);
        }
}
