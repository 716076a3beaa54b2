/* SPDX-License-Identifier: MIT */

/* The layer itself: which connection a call goes to, and what is answered when there is none. See remote.h. */

#include "mockhcs/remote/remote.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/env.h"

struct remote {
        struct mock_backend backend;      /* first */
        char *socket, *program, *service; /* service: the composition of one that is started */
        bool start;
        struct hcs_mutex lock;
        struct remote_connection *connection; /* the newest; NULL before the first */
        uintptr_t generation;
};

/* With the lock held: a new connection in place of one that ended. */
static HRESULT renew(struct remote *r, struct hcs_error **err) {
        struct remote_connection *fresh = NULL;
        struct hcs_error *why = NULL;
        HRESULT hr = remote_connect(&r->backend, r->socket, r->generation + 1, &fresh, &why);

        if (FAILED(hr) && r->start && hcs_stream_is_absent(hr)) {
                hcs_error_free(why);
                why = NULL;
                hr = remote_start(r->program, r->socket, r->service, &why);
                if (SUCCEEDED(hr))
                        hr = remote_connect(&r->backend, r->socket, r->generation + 1, &fresh, &why);
        }
        if (FAILED(hr))
                return hcs_error_move(err, &why);
        if (r->connection)
                remote_connection_close(r->connection);
        r->connection = fresh;
        r->generation++;
        return S_OK;
}

/* A living connection with a reference. */
static HRESULT connection(struct remote *r, struct remote_connection **ret, struct hcs_error **err) {
        HRESULT hr = S_OK;

        hcs_guard(&r->lock);
        if (!r->connection || remote_connection_ended(r->connection))
                hr = renew(r, err);
        if (SUCCEEDED(hr))
                *ret = remote_connection_ref(r->connection);
        return hr;
}

/* The connection that there is, living or not, with a reference; NULL before the first. */
static struct remote_connection *present(struct remote *r) {
        hcs_guard(&r->lock);
        return r->connection ? remote_connection_ref(r->connection) : NULL;
}

/* Which connection the handles of the call were made on; 0: it has none. */
static uintptr_t generation_of(const struct mock_call *call) {
        const struct mock_handle *handles[] = {call->system, call->process, call->callback, call->entity};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(handles); i++)
                if (handles[i])
                        return (uintptr_t)handles[i]->object;
        return 0;
}

static void refuse_stale(struct mock_call *call) {
        if (mock_verb_closes(call->function->verb))
                mock_call_done(call, NULL); /* the service closed it when the connection ended */
        else
                mock_call_refuse(call,
                                 mock_call_is_network(call) ? HCN_E_OBJECT_USED_AFTER_UNLOAD : HCS_E_SERVICE_DISCONNECT,
                                 "the service went away since the handle was given out");
}

static void refuse_unserved(struct remote *r, struct mock_call *call, HRESULT hr, const char *why) {
        hcs_log(HCS_LOG_WARN, "no service answers", "socket", r->socket, "error", why, NULL);
        mock_call_refuse(call, hr == E_ACCESSDENIED ? hr : HCS_E_SERVICE_NOT_AVAILABLE, why);
}

/* A call without handles: on whatever connection there is. One that has ended unnoticed is found out by the first call,
 * which then goes to the next. */
static void invoke_anywhere(struct remote *r, struct mock_call *call) {
        for (int tries = 0; tries < 2; tries++) {
                _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
                struct remote_connection *c = NULL;
                HRESULT hr = connection(r, &c, &err);
                bool served;

                if (FAILED(hr)) {
                        refuse_unserved(r, call, hr, hcs_error_message(err));
                        return;
                }
                served = remote_connection_call(c, call);
                remote_connection_unref(c);
                if (served)
                        return;
        }
        mock_call_refuse(call, HCS_E_SERVICE_DISCONNECT, "the service comes and goes");
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct remote *r = (struct remote *)b;
        uintptr_t generation = generation_of(call);
        struct remote_connection *c;

        if (!generation) {
                invoke_anywhere(r, call);
                return;
        }
        c = present(r);
        if (c->generation != generation || !remote_connection_call(c, call))
                refuse_stale(call);
        remote_connection_unref(c);
}

static void note(struct mock_backend *b, const struct mock_call *call) {
        struct remote_connection *c = present((struct remote *)b);
        _cleanup_buf_ struct hcs_buf frame = {0};

        if (c && c->hello.notes) {
                mock_wire_put_note(&frame, call);
                remote_connection_send(c, &frame);
        }
        remote_connection_unref(c);
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        struct remote_connection *c = present((struct remote *)b);
        _cleanup_buf_ struct hcs_buf frame = {0};

        if (c && c->generation == (uintptr_t)chunk->process->object) {
                remote_flow_sent(c, chunk);
                mock_wire_put_stdio(&frame, chunk->process->symbol, chunk);
                remote_connection_send(c, &frame);
        }
        remote_connection_unref(c);
}

static void room(struct mock_backend *b, struct mock_handle *process) {
        struct remote_connection *c = present((struct remote *)b);

        if (c && c->generation == (uintptr_t)process->object)
                remote_flow_room(c, process);
        remote_connection_unref(c);
}

static HRESULT control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                       struct hcs_error **err) {
        struct remote_connection *c = NULL;
        HRESULT hr = connection((struct remote *)b, &c, err);

        if (SUCCEEDED(hr))
                hr = remote_connection_control(c, request, ret, err);
        remote_connection_unref(c);
        return hr;
}

/* The dispatcher runs on until all have stopped, and may ask for the connection. */
static void stop(struct mock_backend *b) {
        struct remote *r = (struct remote *)b;
        struct remote_connection *c;

        hcs_mutex_lock(&r->lock);
        c = steal_pointer(&r->connection);
        hcs_mutex_unlock(&r->lock);
        if (c)
                remote_connection_close(c);
}

static void remote_free(struct mock_backend *b) {
        struct remote *r = (struct remote *)b;

        stop(b);
        hcs_mutex_deinit(&r->lock);
        free(r->socket);
        free(r->program);
        free(r->service);
        free(r);
}

static const struct mock_backend_ops ops = {.name = "remote",
                                            .invoke = invoke,
                                            .note = note,
                                            .input = input,
                                            .room = room,
                                            .control = control,
                                            .stop = stop,
                                            .free = remote_free};

static HRESULT open_remote(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                           struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;
        const char *program = mock_option(options, "program");
        struct remote_connection *c = NULL;
        bool start = false;
        struct remote *r;
        HRESULT hr = mock_option_yes(options, "start", &start, err);

        if (FAILED(hr))
                return hr;
        r = hcs_calloc(1, sizeof(*r));
        r->backend = (struct mock_backend){.ops = &ops, .engine = engine, .up = up};
        r->socket = hcs_strdup(options->argument);
        r->program = program ? hcs_strdup(program) : hcs_env_get("MOCKHCS_PROGRAM");
        r->service = hcs_strdup(mock_option(options, "service"));
        r->start = start;
        hcs_mutex_init(&r->lock);
        hr = connection(r, &c, &why);
        if (SUCCEEDED(hr))
                r->backend.build = c->hello.build;
        remote_connection_unref(c);
        /* A service that is not there yet may come; one that will have none of us stays so. */
        if (FAILED(hr) && (start || !hcs_stream_is_absent(hr))) {
                remote_free(&r->backend);
                return hcs_error_move(err, &why);
        }
        *ret = &r->backend;
        return S_OK;
}

static const char *const keys[] = {"start", "program", "service", NULL};

const struct mock_backend_kind mock_remote_kind = {
        .name = "remote", .needs_argument = true, .keys = keys, .open = open_remote};
