/* SPDX-License-Identifier: MIT */

/*
 * Events of systems, processes and host networking: queued on the handle, delivered by the dispatcher in order, latched
 * while there is no callback. The callback runs without any lock and may call back in, even to close its own handle.
 */

#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "hcsshim/log.h"
#include "mockhcs/engine/engine.h"
#include "mockhcs/engine/event_name.h"
#include "platform/clock.h"

static void call_client(struct mock_live *l, struct mock_live_event *ev, HCS_EVENT_CALLBACK event_callback,
                        HCS_NOTIFICATION_CALLBACK notification_callback, void *context) {
        _cleanup_free_ uint16_t *data = ev->data ? hcs_utf8_to_utf16_lossy(ev->data, strlen(ev->data), NULL) : NULL;
        uint32_t number = mock_event_number(l->h.dll, ev->name);

        if (event_callback) {
                HCS_EVENT event = {.Type = number, .EventData = data};

                event_callback(&event, context);
        } else {
                HRESULT status = l->h.dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(ev->hr) : ev->hr;

                ((mock_whole_notification)(uintptr_t)notification_callback)(number, context, (uint32_t)status, data);
        }
        atomic_fetch_add(&l->engine->events, 1);
}

static void deliver(void *arg) {
        struct mock_live *l = arg;
        struct mock_engine *e = l->engine;

        hcs_mutex_lock(&e->lock);
        while (l->registered && l->first) {
                struct mock_live_event *ev = l->first;
                HCS_EVENT_CALLBACK event_callback = l->event_callback;
                HCS_NOTIFICATION_CALLBACK notification_callback = l->notification_callback;
                void *context = l->context;

                l->first = ev->next;
                if (!l->first)
                        l->tail = &l->first;
                l->delivering = true;
                hcs_mutex_unlock(&e->lock);
                call_client(l, ev, event_callback, notification_callback, context);
                free(ev->data);
                free(ev);
                hcs_mutex_lock(&e->lock);
                l->delivering = false;
                hcs_cond_broadcast(&l->changed);
        }
        l->scheduled = false;
        hcs_mutex_unlock(&e->lock);
        mock_handle_unref(&l->h);
}

static void drop(void *arg) {
        mock_handle_unref(&((struct mock_live *)arg)->h);
}

/* With the lock held: is a delivery to be posted? */
static bool schedule(struct mock_live *l) {
        if (!l->registered || !l->first || l->scheduled)
                return false;
        l->scheduled = true;
        mock_handle_ref(&l->h);
        return true;
}

void mock_events_raise(struct mock_engine *e, struct mock_live *on, const char *name, HRESULT hr, const char *data) {
        const char *known = mock_event_known(name);
        bool is_exit = known && (hcs_streq(name, "SystemExited") || hcs_streq(name, "ProcessExited"));
        bool is_process = on->h.kind == MOCK_PROCESS;

        if (!known) {
                hcs_log(HCS_LOG_WARN, "an event of unknown name is dropped", "event", name, "on", on->h.symbol, NULL);
                return;
        }
        hcs_mutex_lock(&e->lock);
        if (is_exit && on->exited) {
                /* vmcompute's clients block on a second exit: it is never sent twice on one handle. */
                hcs_mutex_unlock(&e->lock);
                return;
        }
        if (is_exit) {
                on->exited = true;
                on->exit_data = hcs_strdup(data);
                hcs_cond_broadcast(&on->changed);
                if (is_process)
                        mock_stdio_close_input(e, on);
        }
        if (known && hcs_streq(name, "ServiceDisconnect")) {
                atomic_store(&on->disconnected, true);
                hcs_cond_broadcast(&on->changed);
        }
        if (on->published && mock_event_number(on->h.dll, known)) {
                struct mock_live_event *ev = hcs_calloc(1, sizeof(*ev));

                *ev = (struct mock_live_event){.name = known, .hr = hr, .data = hcs_strdup(data)};
                *on->tail = ev;
                on->tail = &ev->next;
                /* With the lock held: who waits for the exit finds it on its way. */
                if (schedule(on))
                        mock_dispatcher_post(e->dispatcher, 0, deliver, drop, on);
        }
        hcs_mutex_unlock(&e->lock);
}

HRESULT mock_events_register(struct mock_engine *e, struct mock_live *on, HCS_EVENT_CALLBACK event,
                             HCS_NOTIFICATION_CALLBACK notification, void *context) {
        bool post;

        hcs_mutex_lock(&e->lock);
        if (on->registered) {
                hcs_mutex_unlock(&e->lock);
                return HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET;
        }
        on->event_callback = event;
        on->notification_callback = notification;
        on->context = context;
        on->registered = true;
        post = schedule(on);
        hcs_mutex_unlock(&e->lock);
        if (post)
                mock_dispatcher_post(e->dispatcher, 0, deliver, drop, on);
        return S_OK;
}

void mock_events_unregister(struct mock_engine *e, struct mock_live *on) {
        bool self = mock_dispatcher_is_self(e->dispatcher);

        hcs_mutex_lock(&e->lock);
        on->registered = false;
        while (on->delivering && !self)
                hcs_cond_wait(&on->changed, &e->lock);
        hcs_mutex_unlock(&e->lock);
}

HRESULT mock_events_wait_exit(struct mock_engine *e, struct mock_live *on, uint64_t deadline_ns, char **ret_data) {
        bool in_time = true;

        hcs_guard(&e->lock);
        while (!on->exited && !atomic_load(&on->disconnected) && in_time)
                in_time = hcs_cond_wait_until(&on->changed, &e->lock, deadline_ns);
        if (!on->exited)
                return atomic_load(&on->disconnected) ? HCS_E_SERVICE_DISCONNECT : HCS_E_OPERATION_TIMEOUT;
        *ret_data = hcs_strdup(on->exit_data);
        return S_OK;
}

uint64_t mock_deadline(uint32_t timeout_ms) {
        return timeout_ms == INFINITE ? HCS_FOREVER : hcs_clock_ns() + (uint64_t)timeout_ms * HCS_NS_PER_MS;
}
