/* SPDX-License-Identifier: MIT */

/*
 * The client's callbacks. The platform is given functions of ours; they run on its threads, write what they hear, and
 * call the client's function with what they were given. The context of an operation stays the client's, for it can be
 * asked for; who is behind any other registration its context tells, which is ours.
 */

#include <stdio.h>
#include <string.h>

#include "mockhcs/engine/event_name.h"
#include "mockhcs/real/passing.h"
#include "platform/abi_text.h"
#include "platform/saved_error.h"

static _Atomic(struct real_recorder *) ours;

void callbacks_began(struct real_recorder *r) {
        atomic_store(&ours, r);
}

static bool is_exit(const char *name) {
        return name && (strcmp(name, "SystemExited") == 0 || strcmp(name, "ProcessExited") == 0);
}

/* The first who hears of an exit writes it. */
static bool first_exit(struct real_recorder *r, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value) {
        struct kept *k;
        bool first;

        hcs_guard(&r->lock);
        k = kept_find(&r->kept, kind, dll, value);
        first = k && !k->exited;
        if (k)
                k->exited = true;
        return first;
}

/* The same while the handle is being closed, when only who hears of it is left. */
static bool first_to_hear(struct real_recorder *r, const void *context) {
        struct hearing *h;
        bool first;

        hcs_guard(&r->lock);
        h = hearing_find(&r->kept, context);
        first = h && h->closing && !h->exited;
        if (h)
                h->exited = true;
        return first;
}

static void write_event(struct real_recorder *r, const char *on, const char *name, HRESULT hr, char *data) {
        struct mock_value v = {0};
        struct record_entry e;

        if (data && *data)
                mock_value_set_document(&v, "data", steal_pointer(&data));
        record_entry_init(&e, MOCK_RECORD_EVENT, real_now_ns(r));
        e.record.hr = hr;
        e.record.subject = (char *)(uintptr_t)on;
        e.record.event = (char *)(uintptr_t)name;
        record_entry_result(&e, &v, r->redact);
        real_write(r, &e.record);
        record_entry_deinit(&e);
        mock_value_deinit(&v);
        free(data);
}

/* What the function with that context heard. */
static void hear(struct real_recorder *r, const void *context, const struct hearing *h, uint32_t type, HRESULT hr,
                 PCWSTR data) {
        const char *name = mock_event_name(h->dll, type);
        char unknown[16];

        if (is_exit(name))
                streams_ended(r, &h->owner);
        if (is_exit(name) && !(h->closing ? first_to_hear(r, context) : first_exit(r, h->kind, h->dll, h->value)))
                return;
        snprintf(unknown, sizeof(unknown), "0x%08X", (unsigned)type);
        write_event(r, h->on, name ? name : unknown, hr, hcs_abi_text_copy(data));
}

void callbacks_exited(struct passing *p) {
        enum mock_handle_kind kind = p->on[MOCK_PROCESS] ? MOCK_PROCESS : MOCK_SYSTEM;
        struct owner owner;
        char *document;

        if (p->s->function->verb != MOCK_WAIT_EXIT || FAILED(p->call.hr) || !p->on[kind])
                return;
        if (streams_of(p, kind, &owner))
                streams_ended(p->r, &owner);
        if (!first_exit(p->r, kind, p->s->function->dll, p->on[kind]))
                return;
        document = passing_text(p, signature_find(p->s, PARAMETER_DATA));
        write_event(p->r, p->call.args[0].text, kind == MOCK_PROCESS ? "ProcessExited" : "SystemExited", S_OK,
                    document);
}

/* A copy: the client's function runs without the lock. One that is gone is not `used': a call that comes late is the
 * client's to hear as it would be without us, but the trace has no handle for it any more. */
static bool who_hears(struct real_recorder *r, const void *context, struct hearing *ret) {
        const struct hearing *h;

        if (!r)
                return false;
        hcs_guard(&r->lock);
        h = hearing_of(&r->kept, context);
        if (h)
                *ret = *h;
        return h != NULL;
}

static void HCS_ABI_CALL on_event(HCS_EVENT *event, void *context) {
        struct hcs_saved_error before = hcs_error_save();
        struct real_recorder *r = atomic_load(&ours);
        struct hearing h;

        if (!who_hears(r, context, &h))
                return;
        if (h.used)
                hear(r, context, &h, event->Type, S_OK, event->EventData);
        hcs_error_restore(before);
        h.events(event, h.context);
}

static void HCS_ABI_CALL on_notification(DWORD type, void *context, uint64_t status, PCWSTR data) {
        HRESULT hr = (HRESULT)(uint32_t)status;
        struct hcs_saved_error before = hcs_error_save();
        struct real_recorder *r = atomic_load(&ours);
        struct hearing h;

        if (!who_hears(r, context, &h))
                return;
        if (h.used && !completion_notified(r, &h, type, hr, data))
                hear(r, context, &h, type, hr, data);
        hcs_error_restore(before);
        ((mock_whole_notification)(uintptr_t)h.notifications)(type, h.context, status, data);
}

/* Who waits for that operation, which may have been closed since it was started; NULL: nobody. */
static HCS_OPERATION_COMPLETION called_back(struct real_recorder *r, HCS_OPERATION operation) {
        struct kept *k;

        if (!r)
                return NULL;
        hcs_guard(&r->lock);
        k = kept_find(&r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, (uintptr_t)operation);
        if (!k)
                return kept_closed_completion(&r->kept, (uintptr_t)operation);
        k->called_back = true;
        return k->completion;
}

static void HCS_ABI_CALL on_completion(HCS_OPERATION operation, void *context) {
        struct hcs_saved_error before = hcs_error_save();
        struct real_recorder *r = atomic_load(&ours);
        HCS_OPERATION_COMPLETION theirs = called_back(r, operation);

        if (!theirs)
                return;
        completion_called_back(r, operation);
        hcs_error_restore(before);
        theirs(operation, context);
}

/* Of an operation with notifications. What it says beside its completion is of no handle that a trace has. */
static void HCS_ABI_CALL on_operation_event(HCS_EVENT *event, void *context) {
        struct hcs_saved_error before = hcs_error_save();
        struct real_recorder *r = atomic_load(&ours);
        struct hearing h;

        if (!who_hears(r, context, &h))
                return;
        if (event->Type == HcsEventOperationCallback)
                completion_called_back(r, event->Operation);
        hcs_error_restore(before);
        h.events(event, h.context);
}

/* Who registers: the handle that the call is on; a callback of host networking hears for itself. */
static void describe(const struct passing *p, struct hearing *h) {
        bool of_network = p->s->function->dll == MOCK_COMPUTENETWORK;
        const struct kept *k = p->created;

        h->kind = of_network ? MOCK_CALLBACK : p->on[MOCK_PROCESS] ? MOCK_PROCESS : MOCK_SYSTEM;
        h->dll = p->s->function->dll;
        h->value = p->on[h->kind];
        if (!of_network && p->s->returns != RETURNS_OPERATION)
                k = kept_find(&p->r->kept, h->kind, h->dll, h->value);
        if (!k)
                return;
        memcpy(h->on, k->handle.symbol, sizeof(h->on));
        h->owner = k->owner;
}

static void redirect_hearing(struct passing *p, int callback, int context) {
        bool of_operation = p->s->returns == RETURNS_OPERATION;
        struct hearing h = {.context = (void *)(uintptr_t)p->args[context]};

        if (!p->args[callback])
                return;
        if (p->s->parameters[callback].kind == PARAMETER_EVENTS)
                h.events = (HCS_EVENT_CALLBACK)(uintptr_t)p->args[callback];
        else
                h.notifications = (HCS_NOTIFICATION_CALLBACK)(uintptr_t)p->args[callback];
        hcs_guard(&p->r->lock);
        describe(p, &h);
        p->hearing = hearing_add(&p->r->kept, &h);
        p->args[context] = (uintptr_t)hearing_context(&p->r->kept, p->hearing);
        p->args[callback] = h.notifications ? (uintptr_t)on_notification
                            : of_operation  ? (uintptr_t)on_operation_event
                                            : (uintptr_t)on_event;
}

static void redirect_completion(struct passing *p, int callback) {
        HCS_OPERATION_COMPLETION theirs = (HCS_OPERATION_COMPLETION)(uintptr_t)p->args[callback];
        struct kept *k = p->created;

        hcs_guard(&p->r->lock);
        if (!k)
                k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k)
                return;
        if (!k->call)
                k->completion = theirs; /* the platform refuses it for one that was started */
        if (theirs)
                p->args[callback] = (uintptr_t)on_completion;
}

/* A new context for an operation with notifications is kept here: that at the platform stays ours. */
static void redirect_context(struct passing *p, int context) {
        struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k || !k->hearing)
                return;
        p->r->kept.hearings[k->hearing - 1].context = (void *)(uintptr_t)p->args[context];
        p->args[context] = (uintptr_t)hearing_context(&p->r->kept, k->hearing);
}

void callbacks_redirect(struct passing *p) {
        int events = signature_find(p->s, PARAMETER_EVENTS), context = signature_find(p->s, PARAMETER_CONTEXT);
        int notifications = signature_find(p->s, PARAMETER_NOTIFICATIONS);
        int completion = signature_find(p->s, PARAMETER_COMPLETION);

        if (events >= 0 || notifications >= 0)
                redirect_hearing(p, events >= 0 ? events : notifications, context);
        else if (completion >= 0)
                redirect_completion(p, completion);
        else if (context >= 0)
                redirect_context(p, context);
}

/* The context that a client has given to an operation with notifications, which has ours at the platform. */
static void settle_context(struct passing *p) {
        const struct kept *k;
        const struct hearing *h;

        if (p->s->returns != RETURNS_POINTER)
                return;
        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        h = k && k->hearing ? hearing_find(&p->r->kept, (const void *)(uintptr_t)p->value) : NULL;
        if (h)
                p->value = (uintptr_t)h->context;
}

/* Where the registration is kept, so that it goes with its handle; one that it replaces goes now. */
static void keep_hearing(struct passing *p) {
        enum mock_handle_kind kind = p->on[MOCK_PROCESS] ? MOCK_PROCESS : MOCK_SYSTEM;
        struct kept *k = p->created;

        hcs_guard(&p->r->lock);
        if (!k)
                k = kept_find(&p->r->kept, kind, p->s->function->dll, p->on[kind]);
        if (FAILED(p->call.hr) || !k) {
                hearing_remove(&p->r->kept, p->hearing);
                return;
        }
        hearing_remove(&p->r->kept, k->hearing);
        k->hearing = p->hearing;
}

void callbacks_settle(struct passing *p) {
        settle_context(p);
        if (signature_find(p->s, PARAMETER_EVENTS) >= 0 || signature_find(p->s, PARAMETER_NOTIFICATIONS) >= 0)
                keep_hearing(p);
}
