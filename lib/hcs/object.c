/* SPDX-License-Identifier: MIT */

/* What systems and processes have in common; see hcs/internal.h. */

#include "hcs/internal.h"
#include "hcsshim/log.h"

void hcs_object_init(struct hcs_object *o, struct hcs_client *c, bool is_process) {
        atomic_init(&o->refs, 1);
        o->client = hcs_client_ref(c);
        o->is_process = is_process;
        o->events_tail = &o->events;
        hcs_mutex_init(&o->lock);
        hcs_cond_init(&o->changed);
}

void hcs_object_deinit(struct hcs_object *o) {
        while (o->events) {
                struct hcs_queued_event *e = o->events;

                o->events = e->next;
                free(e->data);
                free(e);
        }
        free(o->exit_data);
        hcs_cond_deinit(&o->changed);
        hcs_mutex_deinit(&o->lock);
        hcs_client_unref(o->client);
}

HRESULT hcs_object_enter(struct hcs_object *o, struct hcs_error **err) {
        hcs_guard(&o->lock);

        if (o->closing)
                return hcs_error_make(err, E_HANDLE, "the handle has already been closed");
        o->calls++;
        return S_OK;
}

void hcs_object_leave(struct hcs_object *o) {
        hcs_guard(&o->lock);
        o->calls--;
        hcs_cond_broadcast(&o->changed);
}

/*
 * Who delivers events: one thread at a time, so that they come in order and a callback that was taken away is known to
 * have returned. The chain says what this thread is delivering, for a callback that closes its own object.
 */
struct delivery {
        const struct hcs_object *o;
        const struct delivery *outer;
};
static _Thread_local const struct delivery *deliveries;

static bool is_delivered_here(const struct hcs_object *o) {
        for (const struct delivery *d = deliveries; d; d = d->outer)
                if (d->o == o)
                        return true;
        return false;
}

/* With the lock held: no callback of another thread runs afterwards. */
static void take_callback_away(struct hcs_object *o) {
        o->event_fn = NULL;
        while (o->delivering && !is_delivered_here(o))
                hcs_cond_wait(&o->changed, &o->lock);
}

HRESULT hcs_object_close(struct hcs_object *o, struct hcs_error **err) {
        HRESULT hr;

        hcs_mutex_lock(&o->lock);
        if (o->closing) {
                hcs_mutex_unlock(&o->lock);
                return S_OK;
        }
        o->closing = true;
        hcs_cond_broadcast(&o->changed);
        while (o->calls)
                hcs_cond_wait(&o->changed, &o->lock);
        take_callback_away(o);
        hcs_mutex_unlock(&o->lock);
        hr = o->handle ? o->client->ops->close(o) : S_OK;
        hcs_mutex_lock(&o->lock);
        o->stays = FAILED(hr);
        hcs_mutex_unlock(&o->lock);
        return FAILED(hr) ? hcs_fail(err, hr, NULL, "Close", NULL) : S_OK;
}

bool hcs_object_release(struct hcs_object *o) {
        hcs_object_close(o, NULL);
        if (o->stays)
                hcs_log(HCS_LOG_WARN, "a handle could not be closed: what may still be called back stays in memory",
                        NULL);
        return !o->stays;
}

void hcs_object_unlatch(struct hcs_object *o, uint32_t notification) {
        hcs_guard(&o->lock);
        o->latches[notification].set = false;
}

void hcs_object_latch(struct hcs_object *o, uint32_t notification, HRESULT hr) {
        hcs_guard(&o->lock);
        o->latches[notification].set = true;
        o->latches[notification].hr = hr;
        hcs_cond_broadcast(&o->changed);
}

/* With the lock held: takes the next event that can be delivered. */
static struct hcs_queued_event *next_event(struct hcs_object *o) {
        struct hcs_queued_event *e = o->event_fn ? o->events : NULL;

        if (!e)
                return NULL;
        o->events = e->next;
        if (!o->events)
                o->events_tail = &o->events;
        o->n_events--;
        return e;
}

/* The callback runs without the lock. What another thread delivers already, that one goes on with. */
static void deliver(struct hcs_object *o) {
        struct delivery here = {o, deliveries};
        struct hcs_queued_event *e;

        hcs_mutex_lock(&o->lock);
        if (!o->delivering) {
                o->delivering = true;
                deliveries = &here;
                while ((e = next_event(o))) {
                        hcs_event_fn fn = o->event_fn;
                        void *ctx = o->event_ctx;

                        hcs_mutex_unlock(&o->lock);
                        fn(ctx, &(struct hcs_event){e->kind, hcs_event_name(e->kind), e->raw_type, e->status, e->data});
                        free(e->data);
                        free(e);
                        hcs_mutex_lock(&o->lock);
                }
                deliveries = here.outer;
                o->delivering = false;
                hcs_cond_broadcast(&o->changed);
        }
        hcs_mutex_unlock(&o->lock);
}

void hcs_object_event(struct hcs_object *o, enum hcs_event_kind kind, uint32_t raw_type, HRESULT status, PCWSTR data) {
        char *text = hcs_abi_text_copy(data);
        bool ends = kind == (o->is_process ? HCS_EVENT_PROCESS_EXITED : HCS_EVENT_SYSTEM_EXITED), keep;

        hcs_mutex_lock(&o->lock);
        keep = !(ends && o->exited) && o->n_events < HCS_EVENTS_MAX;
        if (ends && !o->exited) {
                o->exited = true;
                o->exit_status = status;
                o->exit_data = hcs_strdup(text);
        }
        o->disconnected |= kind == HCS_EVENT_SERVICE_DISCONNECT;
        if (keep) {
                struct hcs_queued_event *e = hcs_calloc(1, sizeof(*e));

                *e = (struct hcs_queued_event){
                        .kind = kind, .raw_type = raw_type, .status = status, .data = steal_pointer(&text)};
                *o->events_tail = e;
                o->events_tail = &e->next;
                o->n_events++;
        }
        hcs_cond_broadcast(&o->changed);
        hcs_mutex_unlock(&o->lock);
        free(text);
        deliver(o);
}

static void object_unref(struct hcs_object *o) {
        if (o->is_process)
                hcs_process_unref((struct hcs_process *)o);
        else
                hcs_system_unref((struct hcs_system *)o);
}

static void deliver_late(void *arg) {
        deliver(arg);
        object_unref(arg);
}

/* What came before the callback comes from a thread of its own: never inside the caller's call. */
static HRESULT start_late_delivery(struct hcs_object *o, struct hcs_error **err) {
        HRESULT hr;

        atomic_fetch_add(&o->refs, 1);
        hr = hcs_thread_start_detached(deliver_late, o, err);
        if (SUCCEEDED(hr))
                return hr;
        object_unref(o);
        hcs_guard(&o->lock);
        take_callback_away(o);
        return hr;
}

HRESULT hcs_object_set_callback(struct hcs_object *o, hcs_event_fn fn, void *ctx, struct hcs_error **err) {
        bool closing, taken, late;

        hcs_mutex_lock(&o->lock);
        closing = fn && o->closing;
        taken = fn && o->event_fn;
        late = fn && o->events;
        if (!fn) {
                take_callback_away(o);
        } else if (!closing && !taken) {
                o->event_fn = fn;
                o->event_ctx = ctx;
        }
        hcs_mutex_unlock(&o->lock);
        if (closing)
                return hcs_error_make(err, E_HANDLE, "the handle has already been closed");
        if (taken)
                return hcs_error_make(err, HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET,
                                      "an event callback is set already");
        return late ? start_late_delivery(o, err) : S_OK;
}

HRESULT hcs_object_wait(struct hcs_object *o, uint32_t notification, const struct hcs_bound *b, HRESULT *ret_status) {
        hcs_guard(&o->lock);

        for (;;) {
                HRESULT hr;

                if (notification && o->latches[notification].set) {
                        *ret_status = o->latches[notification].hr;
                        o->latches[notification].set = false;
                        return S_OK;
                }
                if (o->exited || o->exit_unknown)
                        return notification ? HCS_E_UNEXPECTED_EXIT : S_OK;
                if (o->disconnected)
                        return HCS_E_SERVICE_DISCONNECT;
                if (o->closing)
                        return E_HANDLE;
                hr = hcs_bound_check(b);
                if (FAILED(hr))
                        return hr;
                hcs_cond_wait_until(&o->changed, &o->lock, hcs_bound_next(b));
        }
}

static const struct {
        enum hcs_event_kind kind;
        const char *name;
        uint32_t core, vm;
} events[] = {
        {HCS_EVENT_SYSTEM_EXITED, "SystemExited", HcsEventSystemExited, HcsNotificationSystemExited},
        {HCS_EVENT_SYSTEM_CRASH_INITIATED, "SystemCrashInitiated", HcsEventSystemCrashInitiated,
         HcsNotificationSystemCrashInitiated},
        {HCS_EVENT_SYSTEM_CRASH_REPORT, "SystemCrashReport", HcsEventSystemCrashReport,
         HcsNotificationSystemCrashReport},
        {HCS_EVENT_SYSTEM_RDP_ENHANCED_MODE_STATE_CHANGED, "SystemRdpEnhancedModeStateChanged",
         HcsEventSystemRdpEnhancedModeStateChanged, HcsNotificationSystemRdpEnhancedModeStateChanged},
        {HCS_EVENT_SYSTEM_SILO_JOB_CREATED, "SystemSiloJobCreated", HcsEventSystemSiloJobCreated,
         HcsNotificationSystemSiloJobCreated},
        {HCS_EVENT_SYSTEM_GUEST_CONNECTION_CLOSED, "SystemGuestConnectionClosed", HcsEventSystemGuestConnectionClosed,
         HcsNotificationSystemGuestConnectionClosed},
        {HCS_EVENT_SYSTEM_SHUTDOWN_FAILED, "SystemShutdownFailed", 0, HcsNotificationSystemShutdownFailed},
        {HCS_EVENT_PROCESS_EXITED, "ProcessExited", HcsEventProcessExited, HcsNotificationProcessExited},
        {HCS_EVENT_SERVICE_DISCONNECT, "ServiceDisconnect", HcsEventServiceDisconnect,
         HcsNotificationServiceDisconnect},
        {HCS_EVENT_VM_LIFECYCLE, "VmLifecycle", (uint32_t)HcsEventGroupVmLifecycle, 0},
        {HCS_EVENT_LIVE_MIGRATION, "LiveMigration", (uint32_t)HcsEventGroupLiveMigration, 0},
        {HCS_EVENT_OPERATION_INFO, "OperationInfo", (uint32_t)HcsEventGroupOperationInfo, 0},
};

const char *hcs_event_name(enum hcs_event_kind kind) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(events); i++)
                if (events[i].kind == kind)
                        return events[i].name;
        return "Unknown";
}

enum hcs_event_kind hcs_event_kind_of(enum hcs_api api, uint32_t raw_type) {
        for (size_t i = 0; raw_type && i < HCS_ARRAY_SIZE(events); i++)
                if ((api == HCS_API_COMPUTECORE ? events[i].core : events[i].vm) == raw_type)
                        return events[i].kind;
        return HCS_EVENT_UNKNOWN;
}
