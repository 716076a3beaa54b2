/* SPDX-License-Identifier: MIT */

/*
 * computecore's operations: made, asked, waited for and closed here, without any backend. Closing one that is in flight
 * detaches it; the request goes on. Any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/computecore.h"
#pragma GCC visibility pop

#include "mockhcs/abi/front.h"

static HCS_OPERATION new_operation(struct mock_front *f, void *context, HCS_OPERATION_COMPLETION callback) {
        HCS_OPERATION handle = NULL;
        struct mock_live *op;

        mock_front_creates(f, MOCK_OPERATION, &handle);
        if (f->call.created) {
                op = mock_live_of(f->call.created);
                hcs_mutex_lock(&f->engine->lock);
                op->op.context = context;
                op->op.callback = callback;
                op->op.id = atomic_fetch_add(&f->engine->operations, 1) + 1;
                hcs_mutex_unlock(&f->engine->lock);
        }
        mock_front_local(f, S_OK);
        handle = mock_front_created(f);
        mock_front_end(f);
        return handle;
}

HCS_OPERATION HCS_ABI_CALL HcsCreateOperation(void *context, HCS_OPERATION_COMPLETION callback) {
        FRONT(f, COMPUTECORE, "HcsCreateOperation");
        return new_operation(&f, context, callback);
}

/* Events of one operation are those of its completion: there is nothing else to hear of in the mock. */
HCS_OPERATION HCS_ABI_CALL HcsCreateOperationWithNotifications(DWORD eventTypes, void *context,
                                                               HCS_EVENT_CALLBACK callback) {
        FRONT(f, COMPUTECORE, "HcsCreateOperationWithNotifications");
        mock_front_number(&f, "eventTypes", eventTypes);
        return new_operation(&f, context, NULL);
}

void HCS_ABI_CALL HcsCloseOperation(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsCloseOperation");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);
        bool ours = false;

        if (op) {
                bool self = mock_dispatcher_is_self(f.engine->dispatcher);

                hcs_mutex_lock(&f.engine->lock);
                ours = op->published;
                if (ours)
                        mock_handle_table_remove(&f.engine->handles, op);
                while (op->delivering && !self)
                        hcs_cond_wait(&op->changed, &f.engine->lock);
                hcs_mutex_unlock(&f.engine->lock);
        }
        mock_front_local(&f, S_OK);
        if (ours)
                mock_handle_unref(&op->h);
        mock_front_end(&f);
}

void *HCS_ABI_CALL HcsGetOperationContext(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetOperationContext");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);
        void *context = NULL;

        if (op) {
                hcs_mutex_lock(&f.engine->lock);
                context = op->op.context;
                hcs_mutex_unlock(&f.engine->lock);
        }
        mock_front_end(&f);
        return context;
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetOperationContext(HCS_OPERATION operation, void *context) {
        FRONT(f, COMPUTECORE, "HcsSetOperationContext");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);

        if (op) {
                hcs_mutex_lock(&f.engine->lock);
                op->op.context = context;
                hcs_mutex_unlock(&f.engine->lock);
        }
        return mock_front_end(&f);
}

/* The handle that the operation was started on, as long as its client holds it. */
static void *handle_of(struct mock_front *f, const void *operation, bool process) {
        struct mock_live *op = mock_front_handle(f, MOCK_OPERATION, operation);
        void *value = NULL;

        if (op) {
                struct mock_handle *h;

                hcs_mutex_lock(&f->engine->lock);
                h = process ? op->op.process : op->op.system;
                if (h && mock_live_of(h)->published)
                        value = (void *)h->value;
                hcs_mutex_unlock(&f->engine->lock);
        }
        mock_front_end(f);
        return value;
}

HCS_SYSTEM HCS_ABI_CALL HcsGetComputeSystemFromOperation(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetComputeSystemFromOperation");
        return handle_of(&f, operation, false);
}

HCS_PROCESS HCS_ABI_CALL HcsGetProcessFromOperation(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetProcessFromOperation");
        return handle_of(&f, operation, true);
}

int32_t HCS_ABI_CALL HcsGetOperationType(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetOperationType");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);
        int32_t type = HcsOperationTypeNone;

        if (op) {
                hcs_mutex_lock(&f.engine->lock);
                type = op->op.type;
                hcs_mutex_unlock(&f.engine->lock);
        }
        mock_front_end(&f);
        return type;
}

uint64_t HCS_ABI_CALL HcsGetOperationId(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsGetOperationId");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);
        uint64_t id = op ? op->op.id : 0;

        mock_front_end(&f);
        return id;
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetOperationCallback(HCS_OPERATION operation, void *context,
                                                     HCS_OPERATION_COMPLETION callback) {
        FRONT(f, COMPUTECORE, "HcsSetOperationCallback");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);

        if (op) {
                hcs_mutex_lock(&f.engine->lock);
                if (op->op.state != MOCK_OPERATION_UNUSED)
                        f.hr = HCS_E_OPERATION_ALREADY_STARTED;
                else {
                        op->op.context = context;
                        op->op.callback = callback;
                }
                hcs_mutex_unlock(&f.engine->lock);
        }
        return mock_front_end(&f);
}

/* The outcome of op: its HRESULT, document and process information. May be asked any number of times. */
static uint64_t outcome(struct mock_front *f, struct mock_live *op, HCS_PROCESS_INFORMATION *info, PWSTR *document) {
        HRESULT hr = E_HANDLE;

        if (op) {
                enum mock_operation_state state;

                hcs_mutex_lock(&f->engine->lock);
                state = op->op.state;
                op->op.waited |= state == MOCK_OPERATION_COMPLETED;
                hcs_mutex_unlock(&f->engine->lock);
                if (state == MOCK_OPERATION_UNUSED) {
                        hr = HCS_E_OPERATION_NOT_STARTED;
                } else if (state == MOCK_OPERATION_PENDING) {
                        hr = HCS_E_OPERATION_PENDING;
                } else {
                        hr = op->op.completion.hr;
                        mock_front_result(f, op, document);
                        if (info && SUCCEEDED(hr))
                                hr = mock_operation_info(f->engine, op, info);
                }
        }
        mock_front_local(f, hr);
        return mock_front_end(f);
}

static uint64_t wait_outcome(struct mock_front *f, HCS_OPERATION operation, DWORD timeout_ms,
                             HCS_PROCESS_INFORMATION *info, PWSTR *document) {
        struct mock_live *op = mock_front_handle(f, MOCK_OPERATION, operation);

        mock_front_clear(document);
        mock_front_number(f, "timeout", timeout_ms);
        if (op && !mock_operation_wait(f->engine, op, mock_deadline(timeout_ms))) {
                mock_front_local(f, HCS_E_OPERATION_TIMEOUT);
                return mock_front_end(f);
        }
        return outcome(f, op, info, document);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetOperationResult(HCS_OPERATION operation, PWSTR *resultDocument) {
        FRONT(f, COMPUTECORE, "HcsGetOperationResult");
        mock_front_clear(resultDocument);
        return outcome(&f, mock_front_handle(&f, MOCK_OPERATION, operation), NULL, resultDocument);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetOperationResultAndProcessInfo(HCS_OPERATION operation,
                                                                 HCS_PROCESS_INFORMATION *processInformation,
                                                                 PWSTR *resultDocument) {
        FRONT(f, COMPUTECORE, "HcsGetOperationResultAndProcessInfo");
        mock_front_clear(resultDocument);
        return outcome(&f, mock_front_handle(&f, MOCK_OPERATION, operation), processInformation, resultDocument);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsWaitForOperationResult(HCS_OPERATION operation, DWORD timeoutMs,
                                                       PWSTR *resultDocument) {
        FRONT(f, COMPUTECORE, "HcsWaitForOperationResult");
        return wait_outcome(&f, operation, timeoutMs, NULL, resultDocument);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsWaitForOperationResultAndProcessInfo(HCS_OPERATION operation, DWORD timeoutMs,
                                                                     HCS_PROCESS_INFORMATION *processInformation,
                                                                     PWSTR *resultDocument) {
        FRONT(f, COMPUTECORE, "HcsWaitForOperationResultAndProcessInfo");
        return wait_outcome(&f, operation, timeoutMs, processInformation, resultDocument);
}

/* Documented to answer E_NOTIMPL always. */
HCS_ABI_HRESULT HCS_ABI_CALL HcsCancelOperation(HCS_OPERATION operation) {
        FRONT(f, COMPUTECORE, "HcsCancelOperation");
        mock_front_handle(&f, MOCK_OPERATION, operation);
        mock_front_local(&f, E_NOTIMPL);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetOperationProperties(HCS_OPERATION operation, PCWSTR options, PWSTR *resultDocument) {
        FRONT(f, COMPUTECORE, "HcsGetOperationProperties");
        mock_front_clear(resultDocument);
        mock_front_handle(&f, MOCK_OPERATION, operation);
        mock_front_document(&f, "options", options);
        mock_front_submit(&f);
        return mock_front_end(&f);
}

/* The resource itself stays with the client: the mock only remembers that it was given. */
HCS_ABI_HRESULT HCS_ABI_CALL HcsAddResourceToOperation(HCS_OPERATION operation, DWORD type, PCWSTR uri, HANDLE handle) {
        FRONT(f, COMPUTECORE, "HcsAddResourceToOperation");
        struct mock_live *op = mock_front_handle(&f, MOCK_OPERATION, operation);

        mock_front_number(&f, "type", type);
        mock_front_text(&f, "uri", uri);
        mock_front_local(&f, op && op->op.state != MOCK_OPERATION_UNUSED ? HCS_E_OPERATION_ALREADY_STARTED : S_OK);
        return mock_front_end(&f);
}
