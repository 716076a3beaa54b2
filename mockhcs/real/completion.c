/* SPDX-License-Identifier: MIT */

/*
 * What ends after its call: operations, whose result the client asks for, and calls of vmcompute, of which a
 * notification says that they are done. The trace learns of a result when the client does. One that it never asks for
 * is asked for here, when the operation calls back or is closed; only a result with process information, which is given
 * out once, is left to the client as long as it can be.
 */

#include <stdio.h>
#include <string.h>

#include "mockhcs/engine/event_name.h"
#include "mockhcs/real/passing.h"
#include "platform/abi_text.h"

static const char *const completed_by[KEPT_COMPLETED] = {"SystemCreateCompleted", "SystemStartCompleted",
                                                         "SystemPauseCompleted", "SystemResumeCompleted",
                                                         "SystemSaveCompleted"};

/* Which of the completions ends a call of vmcompute; -1: none. */
static int completion_of(const struct mock_function *f) {
        static const enum mock_verb verbs[KEPT_COMPLETED] = {MOCK_CREATE_SYSTEM, MOCK_START_SYSTEM, MOCK_PAUSE_SYSTEM,
                                                             MOCK_RESUME_SYSTEM, MOCK_SAVE_SYSTEM};

        for (int i = 0; f->dll == MOCK_VMCOMPUTE && i < KEPT_COMPLETED; i++)
                if (verbs[i] == f->verb)
                        return i;
        return -1;
}

static struct kept *operation_of(struct passing *p) {
        uintptr_t value = p->on[MOCK_OPERATION];

        return value ? kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, value) : NULL;
}

static struct owner process_of(const struct passing *p) {
        const struct kept *k;

        if (p->created && p->created->handle.kind == MOCK_PROCESS)
                return p->created->owner;
        k = kept_find(&p->r->kept, MOCK_PROCESS, p->s->function->dll, p->on[MOCK_PROCESS]);
        return k ? k->owner : (struct owner){0};
}

/* With the lock held: whose notification completes the call. */
static struct kept *system_of(struct passing *p) {
        return p->created && p->created->handle.kind == MOCK_SYSTEM
                       ? p->created
                       : kept_find(&p->r->kept, MOCK_SYSTEM, MOCK_VMCOMPUTE, p->on[MOCK_SYSTEM]);
}

void completion_starts(struct passing *p) {
        enum mock_verb verb = p->s->function->verb;
        int completion = completion_of(p->s->function);
        struct kept *k;

        hcs_guard(&p->r->lock);
        k = signature_find(p->s, PARAMETER_OPERATION) >= 0 ? operation_of(p) : NULL;
        if (k && !k->call) {
                k->call = p->call.number;
                k->gives_process = verb == MOCK_CREATE_PROCESS || verb == MOCK_GET_PROCESS_INFO;
                if (k->gives_process)
                        k->owner = process_of(p);
        }
        k = completion >= 0 ? system_of(p) : NULL;
        if (k)
                k->pending[completion] = p->call.number;
}

/* Does an answer to "what is your result", asked for well, tell the result? Operations fail with anything. */
static bool is_result(HRESULT hr) {
        return hr != HCS_E_OPERATION_PENDING && hr != HCS_E_OPERATION_NOT_STARTED && hr != HCS_E_OPERATION_TIMEOUT &&
               hr != HCS_E_PROCESS_INFO_NOT_AVAILABLE && hr != E_HANDLE;
}

/* Asks the platform itself; false when that does not tell. *ret_document is UTF-8 or NULL, and the caller's. */
static bool ask(struct real_recorder *r, uintptr_t operation, HRESULT *ret_hr, char **ret_document) {
        void *get_result = atomic_load(&r->get_result);
        PWSTR document = NULL;
        uint64_t args[] = {operation, (uintptr_t)&document};

        if (!get_result)
                return false;
        *ret_hr = (HRESULT)(uint32_t)real_through(get_result, args, HCS_ARRAY_SIZE(args));
        *ret_document = hcs_abi_text_take(document);
        return is_result(*ret_hr);
}

/* Of a call that was refused the operation may have a document, which is part of the refusal. */
static void refused(struct passing *p) {
        char *document = NULL;
        HRESULT hr;

        if (p->on[MOCK_OPERATION] && ask(p->r, p->on[MOCK_OPERATION], &hr, &document) && FAILED(hr) && document)
                mock_value_set_document(&p->call.completion.result, "result", steal_pointer(&document));
        free(document);
}

void completion_started(struct passing *p) {
        int completion = completion_of(p->s->function);
        struct kept *k;

        if (signature_find(p->s, PARAMETER_OPERATION) >= 0) {
                p->call.completed = FAILED(p->call.hr);
                if (SUCCEEDED(p->call.hr))
                        return;
                hcs_mutex_lock(&p->r->lock);
                k = operation_of(p);
                if (k && k->call == p->call.number)
                        k->call = 0; /* it was not started after all */
                hcs_mutex_unlock(&p->r->lock);
                refused(p);
                return;
        }
        if (completion < 0)
                return;
        hcs_guard(&p->r->lock);
        if (p->call.hr == HCS_E_OPERATION_PENDING) {
                p->call.hr = S_OK;
                p->call.completed = false;
                return;
        }
        k = system_of(p);
        if (k)
                k->pending[completion] = 0;
}

static void write_completion(struct real_recorder *r, const char *subject, const struct mock_completion *c) {
        struct record_entry e;

        record_entry_init(&e, MOCK_RECORD_COMPLETE, real_now_ns(r));
        e.record.n = c->number;
        e.record.hr = c->hr;
        e.record.process = c->process;
        e.record.subject = (char *)(uintptr_t)subject;
        record_entry_result(&e, &c->result, r->redact);
        real_write(r, &e.record);
        record_entry_deinit(&e);
}

/* The result of the operation is known; takes `text` over. Only the first time counts. */
static void complete(struct real_recorder *r, uintptr_t operation, HRESULT hr, char *text,
                     const struct mock_process_info *process) {
        struct mock_completion c = {.hr = hcs_hresult_to_computecore(hr)};
        char subject[24];
        struct kept *k;

        hcs_mutex_lock(&r->lock);
        k = kept_find(&r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, operation);
        if (k && k->call && !k->completed) {
                k->completed = true;
                c.number = k->call;
                memcpy(subject, k->handle.symbol, sizeof(subject));
        }
        hcs_mutex_unlock(&r->lock);
        if (c.number) {
                if (text && *text)
                        mock_value_set_document(&c.result, "result", steal_pointer(&text));
                if (process)
                        c.process = *process;
                write_completion(r, subject, &c);
                mock_completion_deinit(&c);
        }
        free(text);
}

void completion_asks(struct passing *p) {
        struct owner process = {0};
        const struct kept *k;

        if (signature_find(p->s, PARAMETER_PROCESS_INFORMATION) < 0)
                return;
        hcs_mutex_lock(&p->r->lock);
        k = passing_is_completion(p) ? operation_of(p) : NULL;
        if (k)
                process = k->owner;
        else if (!passing_is_completion(p)) /* vmcompute */
                process = process_of(p);
        hcs_mutex_unlock(&p->r->lock);
        if (*process.process)
                asking_begin(p, process.process);
}

void completion_heard(struct passing *p) {
        int info = signature_find(p->s, PARAMETER_PROCESS_INFORMATION);
        struct mock_process_info *process = &p->call.completion.process;
        struct owner on = {0};
        const struct kept *k;
        bool gives_process;

        if (passing_is_completion(p)) {
                hcs_mutex_lock(&p->r->lock);
                k = operation_of(p);
                gives_process = k && k->gives_process;
                if (gives_process)
                        on = k->owner;
                hcs_mutex_unlock(&p->r->lock);
                /* A failure may be that of a client that has no place for process information. */
                if (is_result(p->call.hr) && (info < 0 ? !gives_process : p->args[info] || SUCCEEDED(p->call.hr)))
                        complete(p->r, p->on[MOCK_OPERATION], p->call.hr,
                                 passing_text(p, signature_find(p->s, PARAMETER_ANSWER)),
                                 process->present ? process : NULL);
        } else if (info >= 0) { /* vmcompute */
                hcs_mutex_lock(&p->r->lock);
                on = process_of(p);
                hcs_mutex_unlock(&p->r->lock);
        }
        if (process->present && *on.process)
                streams_tee(p, &on, (HCS_PROCESS_INFORMATION *)(uintptr_t)p->args[info]);
        if (p->s->function->dll == MOCK_COMPUTECORE)
                process->present = false; /* the completion has it */
}

static void ask_and_complete(struct real_recorder *r, uintptr_t operation) {
        char *document = NULL;
        HRESULT hr;

        if (ask(r, operation, &hr, &document))
                complete(r, operation, hr, steal_pointer(&document), NULL);
        free(document);
}

void completion_closes(struct passing *p) {
        const struct kept *k;
        bool unknown;

        if (p->s->function->verb != MOCK_CLOSE_OPERATION)
                return;
        hcs_mutex_lock(&p->r->lock);
        k = operation_of(p);
        unknown = k && k->call && !k->completed;
        hcs_mutex_unlock(&p->r->lock);
        if (unknown)
                ask_and_complete(p->r, p->on[MOCK_OPERATION]);
}

void completion_called_back(struct real_recorder *r, HCS_OPERATION operation) {
        const struct kept *k;
        bool unknown;

        hcs_mutex_lock(&r->lock);
        k = kept_find(&r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, (uintptr_t)operation);
        unknown = k && k->call && !k->completed && !k->gives_process;
        hcs_mutex_unlock(&r->lock);
        if (unknown)
                ask_and_complete(r, (uintptr_t)operation);
}

bool completion_notified(struct real_recorder *r, const struct hearing *h, uint32_t type, HRESULT hr, PCWSTR data) {
        const char *name = mock_event_name(h->dll, type);
        struct mock_completion c = {.hr = hcs_hresult_to_computecore(hr)};
        char subject[32], *text;
        struct kept *k;

        hcs_mutex_lock(&r->lock);
        k = h->dll == MOCK_VMCOMPUTE ? kept_find(&r->kept, h->kind, h->dll, h->value) : NULL;
        for (int i = 0; k && name && i < KEPT_COMPLETED; i++)
                if (strcmp(name, completed_by[i]) == 0) {
                        c.number = k->pending[i];
                        k->pending[i] = 0;
                }
        hcs_mutex_unlock(&r->lock);
        if (!c.number)
                return false;
        text = hcs_abi_text_copy(data);
        if (text)
                mock_value_set_document(&c.result, "result", text);
        snprintf(subject, sizeof(subject), "call/%llu", (unsigned long long)c.number);
        write_completion(r, subject, &c);
        mock_completion_deinit(&c);
        return true;
}
