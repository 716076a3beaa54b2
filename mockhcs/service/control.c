/* SPDX-License-Identifier: MIT */

/* What a client asks of the service itself, or of its world; see session.h and mockhcs/engine/control.h. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/service/session.h"
#include "platform/clock.h"

static void put_time(struct hcs_json *o, const char *name, uint64_t ns) {
        char text[40];

        hcs_json_set_string(o, name, hcs_wall_clock_format(ns, text));
}

static struct hcs_json *describe_client(const struct session *s) {
        struct hcs_json *o = hcs_json_new_object();

        hcs_json_set_u64(o, "Id", s->id);
        hcs_json_set_i64(o, "ProcessId", s->pid);
        hcs_json_set_string(o, "Program", s->program);
        put_time(o, "Since", s->since_ns);
        hcs_json_set_u64(o, "Handles", s->n_handles);
        hcs_json_set_u64(o, "Pending", s->n_pending);
        hcs_json_set_u64(o, "Calls", atomic_load(&s->calls));
        return o;
}

/* The world's own status where it has one: a trace that is replayed has none. */
static struct hcs_json *status(struct mockhcs_service *service) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();
        struct hcs_json *o = hcs_json_new_object(), *world = NULL, *clients;

        hcs_json_set_string(request, "control", "status");
        hcs_json_set_string(o, "Socket", service->socket);
        hcs_json_set_string(o, "Backend", service->backend);
        hcs_json_set_u64(o, "Build", service->engine->top->build);
        hcs_json_set_string(o, "State", service->state);
        put_time(o, "Started", service->started_ns);
        hcs_json_set_u64(o, "Calls", atomic_load(&service->engine->calls));
        hcs_json_set_u64(o, "Failures", atomic_load(&service->engine->failures));
        hcs_json_set_u64(o, "Events", atomic_load(&service->engine->events));
        clients = hcs_json_set_new_array(o, "Clients");
        hcs_mutex_lock(&service->lock);
        for (const struct session *s = service->sessions; s; s = s->next)
                if (s->greeted)
                        hcs_json_append(clients, describe_client(s));
        hcs_mutex_unlock(&service->lock);
        if (SUCCEEDED(mock_backend_control(service->engine->top, request, &world, NULL)))
                hcs_json_set(o, "World", world);
        return o;
}

static HRESULT answer(struct mockhcs_service *service, const struct hcs_json *request, struct hcs_json **ret,
                      struct hcs_error **err) {
        const char *what = hcs_json_get_string(request, "control");

        if (hcs_streq(what, "status")) {
                *ret = status(service);
        } else if (hcs_streq(what, "drain")) {
                mock_dispatcher_drain(service->engine->dispatcher);
                *ret = hcs_json_new_object();
        } else if (hcs_streq(what, "stop")) {
                *ret = hcs_json_new_object();
        } else {
                return mock_backend_control(service->engine->top, request, ret, err);
        }
        return S_OK;
}

static void send_answer(struct session *s, uint64_t n, struct hcs_json *result, HRESULT hr, struct hcs_error *err) {
        _cleanup_json_ struct hcs_json *line = hcs_json_new_object();
        _cleanup_buf_ struct hcs_buf frame = {0};
        char code[16];

        hcs_json_set_u64(line, "answer", n);
        if (FAILED(hr)) {
                snprintf(code, sizeof(code), "0x%08X", (unsigned)hr);
                hcs_json_set_string(line, "hr", code);
                hcs_json_set_string(line, "error", hcs_error_message(err));
        } else {
                hcs_json_set(line, "result", result);
        }
        mock_wire_put_json(&frame, line);
        session_send(s, &frame);
}

void session_control(struct session *s, const struct hcs_json *request, HRESULT hr, struct hcs_error **err) {
        struct hcs_json *result = NULL;
        uint64_t n = 0;

        hcs_json_u64(hcs_json_get(request, "n"), &n);
        if (SUCCEEDED(hr) && !hcs_json_get_string(request, "control"))
                hr = hcs_error_make(err, E_INVALIDARG, "control: a string is expected");
        if (SUCCEEDED(hr))
                hr = answer(s->service, request, &result, err);
        send_answer(s, n, result, hr, *err);
        if (SUCCEEDED(hr) && hcs_streq(hcs_json_get_string(request, "control"), "stop"))
                mockhcs_service_stop(s->service);
}
