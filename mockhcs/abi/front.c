/* SPDX-License-Identifier: MIT */

/* The common part of all exports; see front.h. */

#include "mockhcs/abi/front.h"

#include <string.h>

#include "base/utf.h"
#include "hcsshim/log.h"
#include "platform/abi_text.h"

/* A document longer than this is refused before it is copied: the platform's own limit is far below. */
#define MAX_TEXT_UNITS ((size_t)64 << 20)

const struct mock_function *mock_front_function(enum mock_dll dll, const char *name) {
        return mock_function_find(dll, name);
}

void mock_front_begin(struct mock_front *f, const struct mock_function *function) {
        memset(f, 0, sizeof(*f));
        f->call.function = function;
        f->engine = mock_engine_current();
        if (!f->engine) {
                f->hr = HCS_E_SERVICE_NOT_AVAILABLE;
                return;
        }
        mock_engine_enter(f->engine, &f->call);
}

static void bad(struct mock_front *f, HRESULT hr, const char *name, const char *why) {
        if (FAILED(f->hr))
                return;
        f->hr = hr;
        hcs_log(HCS_LOG_INFO, "bad argument", "function", f->call.function->name, "argument", name, "why", why, NULL);
}

static char *to_utf8(struct mock_front *f, const char *name, PCWSTR text) {
        size_t n = hcs_utf16_len((const uint16_t *)text);
        char *utf8 = NULL;

        if (n > MAX_TEXT_UNITS)
                bad(f, HCS_WIN32(223), name, "longer than 64 Mi characters");
        else if (FAILED(hcs_utf16_to_utf8((const uint16_t *)text, n, &utf8, NULL, NULL)))
                bad(f, E_INVALIDARG, name, "not valid UTF-16");
        return utf8;
}

void mock_front_text(struct mock_front *f, const char *name, PCWSTR text) {
        if (!text || !*text)
                bad(f, E_INVALIDARG, name, "empty");
        mock_value_set_text(mock_call_add(&f->call), name, to_utf8(f, name, text));
}

void mock_front_document(struct mock_front *f, const char *name, PCWSTR text) {
        mock_value_set_document(mock_call_add(&f->call), name, to_utf8(f, name, text));
}

void mock_front_guid(struct mock_front *f, const char *name, const GUID *guid) {
        char text[HCS_GUID_TEXT_SIZE] = "";

        if (guid)
                hcs_guid_format(guid, text);
        else
                bad(f, E_POINTER, name, "NULL");
        mock_value_set_text(mock_call_add(&f->call), name, hcs_strdup(text));
}

void mock_front_number(struct mock_front *f, const char *name, uint64_t number) {
        mock_value_set_number(mock_call_add(&f->call), name, number);
}

static struct mock_live *find(struct mock_front *f, enum mock_handle_kind kind, const void *value) {
        struct mock_live *l = NULL;

        if (!f->engine)
                return NULL;
        hcs_mutex_lock(&f->engine->lock);
        if (!f->engine->closed)
                l = mock_handle_table_find(&f->engine->handles, value, kind, f->call.function->dll);
        if (l)
                mock_handle_ref(&l->h);
        hcs_mutex_unlock(&f->engine->lock);
        if (!l)
                atomic_fetch_add(&f->engine->stale, 1);
        return l;
}

struct mock_live *mock_front_handle(struct mock_front *f, enum mock_handle_kind kind, const void *value) {
        struct mock_handle **slots[] = {&f->call.system, &f->call.process, &f->call.operation, &f->call.callback,
                                        &f->call.entity};
        struct mock_handle **slot = slots[kind < MOCK_NETWORK ? kind : MOCK_NETWORK];
        const char *name = mock_handle_kind_name(kind);
        struct mock_live *l = find(f, kind, value);

        mock_value_set_handle(mock_call_add(&f->call), name, l ? l->h.symbol : "invalid");
        if (!l)
                bad(f, E_HANDLE, name, "not a live handle of this kind");
        *slot = l ? &l->h : NULL;
        return l;
}

void mock_front_operation(struct mock_front *f, const void *value) {
        struct mock_live *op = mock_front_handle(f, MOCK_OPERATION, value);

        if (!op)
                return;
        f->op = op;
        f->op_is_clients = true;
}

void mock_front_creates(struct mock_front *f, enum mock_handle_kind kind, void *out) {
        struct mock_engine *e = f->engine;
        struct mock_live *l;

        if (!out)
                bad(f, E_POINTER, "handle", "no place for the result");
        else
                *(void **)out = NULL;
        if (FAILED(f->hr))
                return;
        hcs_mutex_lock(&e->lock);
        l = mock_live_new(e, &e->handles, kind, f->call.function->dll);
        if (kind == MOCK_PROCESS && f->call.system)
                l->h.system = mock_handle_ref(f->call.system);
        /* Visible from now on, so that events raised inside the call are kept for its client. */
        mock_handle_table_publish(&e->handles, l);
        hcs_mutex_unlock(&e->lock);
        f->call.created = &l->h;
}

static int32_t operation_type(enum mock_verb verb) {
        static const struct {
                enum mock_verb verb;
                int32_t type;
        } map[] = {
                {MOCK_ENUMERATE_SYSTEMS, HcsOperationTypeEnumerate},
                {MOCK_CREATE_SYSTEM, HcsOperationTypeCreate},
                {MOCK_START_SYSTEM, HcsOperationTypeStart},
                {MOCK_SHUTDOWN_SYSTEM, HcsOperationTypeShutdown},
                {MOCK_PAUSE_SYSTEM, HcsOperationTypePause},
                {MOCK_RESUME_SYSTEM, HcsOperationTypeResume},
                {MOCK_SAVE_SYSTEM, HcsOperationTypeSave},
                {MOCK_TERMINATE_SYSTEM, HcsOperationTypeTerminate},
                {MOCK_MODIFY_SYSTEM, HcsOperationTypeModify},
                {MOCK_GET_SYSTEM_PROPERTIES, HcsOperationTypeGetProperties},
                {MOCK_CREATE_PROCESS, HcsOperationTypeCreateProcess},
                {MOCK_SIGNAL_PROCESS, HcsOperationTypeSignalProcess},
                {MOCK_TERMINATE_PROCESS, HcsOperationTypeSignalProcess},
                {MOCK_GET_PROCESS_INFO, HcsOperationTypeGetProcessInfo},
                {MOCK_GET_PROCESS_PROPERTIES, HcsOperationTypeGetProcessProperties},
                {MOCK_MODIFY_PROCESS, HcsOperationTypeModifyProcess},
                {MOCK_CRASH_SYSTEM, HcsOperationTypeCrash},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(map); i++)
                if (map[i].verb == verb)
                        return map[i].type;
        return HcsOperationTypeNone;
}

static struct mock_handle *reference(struct mock_handle *h) {
        return h ? mock_handle_ref(h) : NULL;
}

/* With the lock held: false when the operation was started before. */
static bool claim(struct mock_front *f) {
        struct mock_handle *created = f->call.created;
        struct mock_live_operation *op = &f->op->op;

        if (op->state != MOCK_OPERATION_UNUSED)
                return false;
        op->state = MOCK_OPERATION_PENDING;
        op->type = operation_type(f->call.function->verb);
        op->system = reference(created && created->kind == MOCK_SYSTEM ? created : f->call.system);
        op->process = reference(created && created->kind == MOCK_PROCESS ? created : f->call.process);
        return true;
}

/* The handle that a failed call would have made. */
static void withdraw(struct mock_front *f) {
        struct mock_live *l = f->call.created ? mock_live_of(f->call.created) : NULL;

        if (!l)
                return;
        hcs_mutex_lock(&f->engine->lock);
        mock_handle_table_remove(&f->engine->handles, l);
        hcs_mutex_unlock(&f->engine->lock);
        mock_handle_unref(&l->h);
}

/* A call that its arguments already decide: the layers only see it go by. */
static void refuse(struct mock_front *f) {
        mock_call_fail(&f->call, f->hr, NULL);
        if (f->engine)
                mock_engine_note(f->engine, &f->call);
        withdraw(f);
}

void mock_front_submit(struct mock_front *f) {
        struct mock_engine *e = f->engine;

        if (SUCCEEDED(f->hr)) {
                hcs_mutex_lock(&e->lock);
                if (!f->op) {
                        f->op = mock_live_new(e, &e->handles, MOCK_OPERATION, f->call.function->dll);
                        e->handles.numbers[MOCK_OPERATION]--; /* it has no name that anyone sees */
                        f->op->op.internal = true;
                }
                if (!claim(f))
                        f->hr = HCS_E_OPERATION_ALREADY_STARTED;
                hcs_mutex_unlock(&e->lock);
        }
        if (FAILED(f->hr)) {
                refuse(f);
                return;
        }
        mock_engine_invoke(e, &f->call, f->op);
        f->hr = f->call.hr;
        if (FAILED(f->hr))
                withdraw(f);
}

void mock_front_local(struct mock_front *f, HRESULT hr) {
        if (SUCCEEDED(f->hr))
                f->hr = hr;
        if (FAILED(f->hr)) {
                refuse(f);
                return;
        }
        f->call.hr = f->hr;
        mock_engine_note(f->engine, &f->call);
}

void mock_front_wait(struct mock_front *f) {
        if (FAILED(f->hr) || !f->op)
                return;
        mock_operation_wait(f->engine, f->op, HCS_FOREVER);
        f->hr = f->op->op.completion.hr;
}

void mock_front_call(struct mock_front *f, PWSTR *data, PWSTR *result) {
        mock_front_submit(f);
        mock_front_wait(f);
        mock_front_result(f, f->op, SUCCEEDED(f->hr) ? data : result);
}

void *mock_front_created(struct mock_front *f) {
        return SUCCEEDED(f->hr) && f->call.created ? (void *)f->call.created->value : NULL;
}

static void unregister_all(struct mock_engine *e, struct mock_live *l) {
        struct mock_live *registration;

        mock_events_unregister(e, l);
        hcs_mutex_lock(&e->lock);
        registration = l->registration;
        l->registration = NULL;
        if (registration) {
                registration->callback_of = NULL;
                mock_handle_table_remove(&e->handles, registration);
        }
        hcs_mutex_unlock(&e->lock);
        if (registration)
                mock_handle_unref(&registration->h);
}

void mock_front_close(struct mock_front *f, struct mock_live *l) {
        struct mock_engine *e = f->engine;
        bool ours = false;

        if (SUCCEEDED(f->hr)) {
                hcs_mutex_lock(&e->lock);
                ours = l->published;
                if (ours)
                        mock_handle_table_remove(&e->handles, l);
                hcs_mutex_unlock(&e->lock);
                if (ours)
                        unregister_all(e, l);
                else
                        bad(f, E_HANDLE, "handle", "closed by another thread");
        }
        mock_front_submit(f);
        if (ours)
                mock_handle_unref(&l->h); /* the table's reference */
}

void mock_front_result(struct mock_front *f, struct mock_live *op, PWSTR *out) {
        const struct mock_value *result = op ? &op->op.completion.result : &f->call.completion.result;

        if (out && !mock_value_is_empty(result))
                *out = hcs_abi_text_give(result->text, result->len);
}

uint64_t mock_front_end(struct mock_front *f) {
        struct mock_handle *handles[] = {f->call.system,   f->call.process, f->call.operation,
                                         f->call.callback, f->call.entity,  f->call.created};
        HRESULT hr = mock_call_spell(&f->call, f->hr);

        if (f->engine && f->call.heard_first)
                mock_dispatcher_drain(f->engine->dispatcher);
        mock_call_deinit(&f->call);
        if (f->engine) {
                for (size_t i = 0; i < HCS_ARRAY_SIZE(handles); i++)
                        mock_handle_unref(handles[i]);
                if (f->op && !f->op_is_clients)
                        mock_handle_unref(&f->op->h);
                mock_engine_unref(f->engine);
        }
        return (uint32_t)hr;
}

uint64_t mock_front_finish(struct mock_front *f) {
        mock_front_submit(f);
        mock_front_wait(f);
        return mock_front_end(f);
}
