/* SPDX-License-Identifier: MIT */

/*
 * The client over computecore: every call is an operation that is made, started, waited for and closed. Shutdown and
 * terminate are only started: the operation is closed at once and the platform goes on.
 */

#include "hcs/internal.h"
#include "platform/clock.h"

#define ACCESS_ALL       0x10000000u
#define EVENTS_MIGRATION 4u /* the option bit for live-migration events */
#define RESOURCE_SOCKET  4u
#define MIGRATION_URI    u"hcs:/VirtualMachine/LiveMigrationSocket"
#define PROC_NOT_FOUND   HCS_WIN32(127)

/* Waits in one piece, or in slices when there is a token to look at. */
static HRESULT wait_operation(struct hcs_client *c, HCS_OPERATION op, const struct hcs_bound *b,
                              HCS_PROCESS_INFORMATION *info, char **document) {
        for (;;) {
                uint64_t next = hcs_bound_next(b), now = hcs_clock_ns();
                uint64_t left = next == HCS_FOREVER ? UINT64_MAX
                                : next > now        ? (next - now + HCS_NS_PER_MS - 1) / HCS_NS_PER_MS
                                                    : 0;
                DWORD ms = left >= INFINITE ? INFINITE : (DWORD)left;
                PWSTR wide = NULL;
                HRESULT hr = info ? c->core.HcsWaitForOperationResultAndProcessInfo(op, ms, info, &wide)
                                  : c->core.HcsWaitForOperationResult(op, ms, &wide);

                if (hr != HCS_E_OPERATION_TIMEOUT) {
                        *document = hcs_abi_text_take(wide);
                        return hr;
                }
                hcs_abi_text_take(wide);
                hr = hcs_bound_check(b);
                if (FAILED(hr)) {
                        c->core.HcsCancelOperation(op);
                        return hr;
                }
        }
}

/* The document of a call that the API refused. */
static char *refusal(struct hcs_client *c, HCS_OPERATION op) {
        PWSTR wide = NULL;

        c->core.HcsGetOperationResult(op, &wide);
        return hcs_abi_text_take(wide);
}

static HRESULT finish(struct hcs_client *c, HCS_OPERATION op, HRESULT hr, const struct hcs_bound *b,
                      HCS_PROCESS_INFORMATION *info, char **data, char **result) {
        char *document = NULL;

        if (SUCCEEDED(hr))
                hr = wait_operation(c, op, b, info, &document);
        else
                document = refusal(c, op);
        c->core.HcsCloseOperation(op);
        if (FAILED(hr))
                *result = document;
        else if (data)
                *data = document;
        else
                free(document);
        return hr;
}

static HRESULT core_enumerate(struct hcs_client *c, const char *query, const struct hcs_bound *b, char **data,
                              char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(query, &wide, NULL);
        HCS_OPERATION op;

        if (FAILED(hr))
                return hr;
        op = c->core.HcsCreateOperation(NULL, NULL);
        return finish(c, op, c->core.HcsEnumerateComputeSystems((PCWSTR)wide, op), b, NULL, data, result);
}

static HRESULT core_create(struct hcs_system *s, const char *id, const char *configuration, const struct hcs_bound *b,
                           char **result) {
        struct hcs_client *c = s->o.client;
        _cleanup_free_ uint16_t *wide_id = NULL, *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(id, &wide_id, NULL);
        HCS_SYSTEM handle = NULL;
        HCS_OPERATION op;

        if (SUCCEEDED(hr))
                hr = hcs_abi_text_wide(configuration, &wide, NULL);
        if (FAILED(hr))
                return hr;
        op = c->core.HcsCreateOperation(NULL, NULL);
        hr = c->core.HcsCreateComputeSystem((PCWSTR)wide_id, (PCWSTR)wide, op, NULL, &handle);
        s->o.handle = handle;
        hr = finish(c, op, hr, b, NULL, NULL, result);
        if (FAILED(hr) && handle) {
                op = c->core.HcsCreateOperation(NULL, NULL);
                c->core.HcsTerminateComputeSystem(handle, op, u"");
                c->core.HcsCloseOperation(op);
                c->core.HcsCloseComputeSystem(handle);
                s->o.handle = NULL;
        }
        return hr;
}

static HRESULT core_open(struct hcs_system *s, const char *id, char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(id, &wide, NULL);
        HCS_SYSTEM handle = NULL;

        if (SUCCEEDED(hr))
                hr = s->o.client->core.HcsOpenComputeSystem((PCWSTR)wide, ACCESS_ALL, &handle);
        s->o.handle = handle;
        return hr;
}

static HRESULT start_verb(struct hcs_client *c, void *h, enum hcs_verb verb, HCS_OPERATION op, PCWSTR text) {
        const struct hcs_computecore_api *a = &c->core;

        switch (verb) {
        case HCS_VERB_START:
                return a->HcsStartComputeSystem(h, op, text);
        case HCS_VERB_SHUTDOWN:
                return a->HcsShutDownComputeSystem(h, op, text);
        case HCS_VERB_TERMINATE:
                return a->HcsTerminateComputeSystem(h, op, text);
        case HCS_VERB_PAUSE:
                return a->HcsPauseComputeSystem(h, op, text);
        case HCS_VERB_RESUME:
                return a->HcsResumeComputeSystem(h, op, text);
        case HCS_VERB_SAVE:
                return a->HcsSaveComputeSystem(h, op, text);
        case HCS_VERB_CRASH:
                return a->HcsCrashComputeSystem ? a->HcsCrashComputeSystem(h, op, text) : PROC_NOT_FOUND;
        case HCS_VERB_PROPERTIES:
                return a->HcsGetComputeSystemProperties(h, op, text);
        case HCS_VERB_MODIFY:
                return a->HcsModifyComputeSystem(h, op, text, NULL);
        case HCS_VERB_MIGRATION_INITIALIZE:
                return a->HcsInitializeLiveMigrationOnSource ? a->HcsInitializeLiveMigrationOnSource(h, op, text)
                                                             : PROC_NOT_FOUND;
        case HCS_VERB_MIGRATION_START:
                return a->HcsStartLiveMigrationOnSource ? a->HcsStartLiveMigrationOnSource(h, op, text)
                                                        : PROC_NOT_FOUND;
        case HCS_VERB_MIGRATION_TRANSFER:
                return a->HcsStartLiveMigrationTransfer ? a->HcsStartLiveMigrationTransfer(h, op, text)
                                                        : PROC_NOT_FOUND;
        case HCS_VERB_MIGRATION_FINALIZE:
                return a->HcsFinalizeLiveMigration ? a->HcsFinalizeLiveMigration(h, op, text) : PROC_NOT_FOUND;
        case HCS_VERB_MIGRATION_CANCEL:
                return a->HcsCancelLiveMigration ? a->HcsCancelLiveMigration(h, op, text) : PROC_NOT_FOUND;
        case HCS_VERB_PROCESS_TERMINATE:
                return a->HcsTerminateProcess(h, op, text);
        case HCS_VERB_PROCESS_SIGNAL:
                return a->HcsSignalProcess(h, op, text);
        case HCS_VERB_PROCESS_PROPERTIES:
                return a->HcsGetProcessProperties(h, op, text);
        case HCS_VERB_PROCESS_MODIFY:
                return a->HcsModifyProcess(h, op, text);
        }
        return E_UNEXPECTED;
}

static HRESULT core_call(struct hcs_object *o, enum hcs_verb verb, const char *document, HANDLE socket,
                         const struct hcs_bound *b, char **data, char **result) {
        struct hcs_client *c = o->client;
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(document, &wide, NULL);
        HCS_OPERATION op;

        if (FAILED(hr))
                return hr;
        op = c->core.HcsCreateOperation(NULL, NULL);
        if (socket)
                hr = c->core.HcsAddResourceToOperation(op, RESOURCE_SOCKET, (PCWSTR)MIGRATION_URI, socket);
        if (SUCCEEDED(hr))
                hr = start_verb(c, o->handle, verb, op, (PCWSTR)wide);
        if (verb == HCS_VERB_SHUTDOWN || verb == HCS_VERB_TERMINATE) {
                if (FAILED(hr))
                        *result = refusal(c, op);
                c->core.HcsCloseOperation(op);
                return hr;
        }
        return finish(c, op, hr, b, NULL, data, result);
}

static HRESULT core_process_info(struct hcs_process *p, const struct hcs_bound *b, HCS_PROCESS_INFORMATION *info,
                                 char **result) {
        struct hcs_client *c = p->o.client;
        HCS_OPERATION op = c->core.HcsCreateOperation(NULL, NULL);

        return finish(c, op, c->core.HcsGetProcessInfo(p->o.handle, op), b, info, NULL, result);
}

static HRESULT core_process_create(struct hcs_process *p, const char *parameters, const struct hcs_bound *b,
                                   HCS_PROCESS_INFORMATION *info, char **result) {
        struct hcs_client *c = p->o.client;
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(parameters, &wide, NULL);
        HCS_PROCESS handle = NULL;
        HCS_OPERATION op;

        if (FAILED(hr))
                return hr;
        op = c->core.HcsCreateOperation(NULL, NULL);
        hr = c->core.HcsCreateProcess(p->system->o.handle, (PCWSTR)wide, op, NULL, &handle);
        hr = finish(c, op, hr, b, info, NULL, result);
        p->o.handle = handle;
        /* Observed on WS2022: the process is there although the wait failed. Its information can still be had. */
        if (FAILED(hr) && handle && hr != E_ABORT && hr != HCS_E_OPERATION_TIMEOUT) {
                char *again = NULL;

                if (SUCCEEDED(core_process_info(p, b, info, &again))) {
                        free(*result);
                        *result = NULL;
                        hr = S_OK;
                }
                free(again);
        }
        if (FAILED(hr) && handle) {
                c->core.HcsCloseProcess(handle);
                p->o.handle = NULL;
        }
        return hr;
}

static HRESULT core_process_open(struct hcs_process *p, uint32_t pid, char **result) {
        HCS_PROCESS handle = NULL;
        HRESULT hr = p->o.client->core.HcsOpenProcess(p->system->o.handle, pid, ACCESS_ALL, &handle);

        p->o.handle = handle;
        return hr;
}

static HRESULT core_service(struct hcs_client *c, bool modify, const char *document, char **data, char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(document, &wide, NULL);
        PWSTR out = NULL;

        if (FAILED(hr))
                return hr;
        hr = modify ? c->core.HcsModifyServiceSettings((PCWSTR)wide, &out)
                    : c->core.HcsGetServiceProperties((PCWSTR)wide, &out);
        *(FAILED(hr) ? result : data) = hcs_abi_text_take(out);
        return hr;
}

static HRESULT core_access(struct hcs_client *c, bool grant, const char *vm_id, const char *path) {
        _cleanup_free_ uint16_t *vm = NULL, *file = NULL;
        HRESULT hr = hcs_abi_text_wide(path, &file, NULL);

        if (SUCCEEDED(hr) && vm_id)
                hr = hcs_abi_text_wide(vm_id, &vm, NULL);
        if (FAILED(hr))
                return hr;
        if (vm)
                return grant ? c->core.HcsGrantVmAccess((PCWSTR)vm, (PCWSTR)file)
                             : c->core.HcsRevokeVmAccess((PCWSTR)vm, (PCWSTR)file);
        return grant ? c->core.HcsGrantVmGroupAccess((PCWSTR)file) : c->core.HcsRevokeVmGroupAccess((PCWSTR)file);
}

static void HCS_ABI_CALL on_event(HCS_EVENT *event, void *context) {
        if (event->Type != HcsEventOperationCallback)
                hcs_object_event(context, hcs_event_kind_of(HCS_API_COMPUTECORE, event->Type), event->Type, S_OK,
                                 event->EventData);
}

static HRESULT core_watch(struct hcs_object *o) {
        const struct hcs_computecore_api *a = &o->client->core;

        return o->is_process ? a->HcsSetProcessCallback(o->handle, 0, o, on_event)
                             : a->HcsSetComputeSystemCallback(o->handle, EVENTS_MIGRATION, o, on_event);
}

static HRESULT core_close(struct hcs_object *o) {
        if (o->is_process)
                o->client->core.HcsCloseProcess(o->handle);
        else
                o->client->core.HcsCloseComputeSystem(o->handle);
        return S_OK;
}

const struct hcs_api_ops hcs_core_ops = {
        .enumerate = core_enumerate,
        .create = core_create,
        .open = core_open,
        .call = core_call,
        .process_create = core_process_create,
        .process_open = core_process_open,
        .process_info = core_process_info,
        .service = core_service,
        .access = core_access,
        .watch = core_watch,
        .close = core_close,
};
