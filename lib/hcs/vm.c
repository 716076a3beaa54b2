/* SPDX-License-Identifier: MIT */

/*
 * The client over vmcompute: calls return at once, save those that stay pending until a notification comes. What only
 * computecore has is HCS_WIN32(ERROR_NOT_SUPPORTED).
 */

#include "hcs/internal.h"

#define NOT_SUPPORTED HCS_WIN32(50)

/* The document goes to data after success, to result after a failure. */
static HRESULT outcome(HRESULT hr, PWSTR wide_data, PWSTR wide_result, char **data, char **result) {
        char *d = hcs_abi_text_take(wide_data), *r = hcs_abi_text_take(wide_result);

        if (SUCCEEDED(hr) && data) {
                *data = d;
                d = NULL;
        }
        if (FAILED(hr) && hr != VMCOMPUTE_E_OPERATION_PENDING) {
                *result = r;
                r = NULL;
        }
        free(d);
        free(r);
        return hr;
}

/* A pending call ends with its notification; its status is the result. */
static HRESULT await(struct hcs_object *o, HRESULT hr, uint32_t notification, const struct hcs_bound *b) {
        HRESULT status = S_OK;

        if (hr != VMCOMPUTE_E_OPERATION_PENDING)
                return hr;
        hr = hcs_object_wait(o, notification, b, &status);
        return FAILED(hr) ? hr : status;
}

static void HCS_ABI_CALL on_notification(DWORD type, void *context, HRESULT status, PCWSTR data) {
        if (type >= HcsNotificationSystemCreateCompleted && type <= HcsNotificationSystemResumeCompleted)
                hcs_object_latch(context, type, status);
        else if (type == HcsNotificationSystemSaveCompleted)
                hcs_object_latch(context, type, status);
        else
                hcs_object_event(context, hcs_event_kind_of(HCS_API_VMCOMPUTE, type), type, status, data);
}

static HRESULT vm_watch(struct hcs_object *o) {
        const struct hcs_vmcompute_api *a = &o->client->vm;

        if (o->registration)
                return S_OK;
        return o->is_process ? a->HcsRegisterProcessCallback(o->handle, on_notification, o, &o->registration)
                             : a->HcsRegisterComputeSystemCallback(o->handle, on_notification, o, &o->registration);
}

static HRESULT vm_close(struct hcs_object *o) {
        const struct hcs_vmcompute_api *a = &o->client->vm;
        HRESULT hr = S_OK, closed;

        if (o->registration)
                hr = o->is_process ? a->HcsUnregisterProcessCallback(o->registration)
                                   : a->HcsUnregisterComputeSystemCallback(o->registration);
        o->registration = NULL;
        closed = o->is_process ? a->HcsCloseProcess(o->handle) : a->HcsCloseComputeSystem(o->handle);
        return FAILED(hr) ? hr : closed;
}

static HRESULT vm_enumerate(struct hcs_client *c, const char *query, const struct hcs_bound *b, char **data,
                            char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        PWSTR systems = NULL, r = NULL;
        HRESULT hr = hcs_abi_text_wide(query ? query : "{}", &wide, NULL);

        if (FAILED(hr))
                return hr;
        hr = c->vm.HcsEnumerateComputeSystems((PCWSTR)wide, &systems, &r);
        return outcome(hr, systems, r, data, result);
}

static HRESULT vm_create(struct hcs_system *s, const char *id, const char *configuration, const struct hcs_bound *b,
                         char **result) {
        struct hcs_client *c = s->o.client;
        _cleanup_free_ uint16_t *wide_id = NULL, *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(id, &wide_id, NULL), watched;
        HCS_SYSTEM handle = NULL;
        PWSTR r = NULL;

        if (SUCCEEDED(hr))
                hr = hcs_abi_text_wide(configuration, &wide, NULL);
        if (FAILED(hr))
                return hr;
        hr = c->vm.HcsCreateComputeSystem((PCWSTR)wide_id, (PCWSTR)wide, NULL, &handle, &r);
        hr = outcome(hr, NULL, r, NULL, result);
        s->o.handle = handle;
        if (!handle)
                return hr;
        watched = vm_watch(&s->o);
        hr = FAILED(watched) ? watched : await(&s->o, hr, HcsNotificationSystemCreateCompleted, b);
        if (FAILED(hr)) {
                c->vm.HcsTerminateComputeSystem(handle, u"", &r);
                hcs_abi_text_take(r);
                vm_close(&s->o);
                s->o.handle = NULL;
        }
        return hr;
}

static HRESULT vm_open(struct hcs_system *s, const char *id, char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(id, &wide, NULL);
        HCS_SYSTEM handle = NULL;
        PWSTR r = NULL;

        if (FAILED(hr))
                return hr;
        hr = s->o.client->vm.HcsOpenComputeSystem((PCWSTR)wide, &handle, &r);
        hr = outcome(hr, NULL, r, NULL, result);
        s->o.handle = handle;
        return hr;
}

/* What completes a call that vmcompute says is pending; 0 for calls that never are. */
static uint32_t completion_of(enum hcs_verb verb) {
        switch (verb) {
        case HCS_VERB_START:
                return HcsNotificationSystemStartCompleted;
        case HCS_VERB_PAUSE:
                return HcsNotificationSystemPauseCompleted;
        case HCS_VERB_RESUME:
                return HcsNotificationSystemResumeCompleted;
        case HCS_VERB_SAVE:
                return HcsNotificationSystemSaveCompleted;
        default:
                return 0;
        }
}

static HRESULT vm_call(struct hcs_object *o, enum hcs_verb verb, const char *document, HANDLE socket,
                       const struct hcs_bound *b, char **data, char **result) {
        const struct hcs_vmcompute_api *a = &o->client->vm;
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(document, &wide, NULL);
        uint32_t notification = completion_of(verb);
        PWSTR d = NULL, r = NULL;
        PCWSTR text = (PCWSTR)wide;

        if (FAILED(hr))
                return hr;
        if (notification)
                hcs_object_unlatch(o, notification);
        switch (verb) {
        case HCS_VERB_START:
                hr = a->HcsStartComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_PAUSE:
                hr = a->HcsPauseComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_RESUME:
                hr = a->HcsResumeComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_SAVE:
                hr = a->HcsSaveComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_SHUTDOWN:
                hr = a->HcsShutdownComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_TERMINATE:
                hr = a->HcsTerminateComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_PROPERTIES:
                hr = a->HcsGetComputeSystemProperties(o->handle, text, &d, &r);
                break;
        case HCS_VERB_MODIFY:
                hr = a->HcsModifyComputeSystem(o->handle, text, &r);
                break;
        case HCS_VERB_PROCESS_TERMINATE:
                hr = a->HcsTerminateProcess(o->handle, &r);
                break;
        case HCS_VERB_PROCESS_SIGNAL:
                hr = a->HcsSignalProcess(o->handle, text, &r);
                break;
        case HCS_VERB_PROCESS_PROPERTIES:
                hr = a->HcsGetProcessProperties(o->handle, &d, &r);
                break;
        case HCS_VERB_PROCESS_MODIFY:
                hr = a->HcsModifyProcess(o->handle, text, &r);
                break;
        default:
                return NOT_SUPPORTED;
        }
        hr = outcome(hr, d, r, data, result);
        return notification ? await(o, hr, notification, b) : hr;
}

static HRESULT vm_process_create(struct hcs_process *p, const char *parameters, const struct hcs_bound *b,
                                 HCS_PROCESS_INFORMATION *info, char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(parameters, &wide, NULL);
        HCS_PROCESS handle = NULL;
        PWSTR r = NULL;

        if (FAILED(hr))
                return hr;
        hr = p->o.client->vm.HcsCreateProcess(p->system->o.handle, (PCWSTR)wide, info, &handle, &r);
        hr = outcome(hr, NULL, r, NULL, result);
        p->o.handle = handle;
        return hr;
}

static HRESULT vm_process_open(struct hcs_process *p, uint32_t pid, char **result) {
        HCS_PROCESS handle = NULL;
        PWSTR r = NULL;
        HRESULT hr = p->o.client->vm.HcsOpenProcess(p->system->o.handle, pid, &handle, &r);

        hr = outcome(hr, NULL, r, NULL, result);

        p->o.handle = handle;
        return hr;
}

static HRESULT vm_process_info(struct hcs_process *p, const struct hcs_bound *b, HCS_PROCESS_INFORMATION *info,
                               char **result) {
        PWSTR r = NULL;

        HRESULT hr = p->o.client->vm.HcsGetProcessInfo(p->o.handle, info, &r);

        return outcome(hr, NULL, r, NULL, result);
}

static HRESULT vm_service(struct hcs_client *c, bool modify, const char *document, char **data, char **result) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = hcs_abi_text_wide(document, &wide, NULL);
        PWSTR d = NULL, r = NULL;

        if (FAILED(hr))
                return hr;
        if (!modify) {
                hr = c->vm.HcsGetServiceProperties((PCWSTR)wide, &d, &r);
                return outcome(hr, d, r, data, result);
        }
        /* Modifying has one output: the answer after success, the error document after a failure. */
        hr = c->vm.HcsModifyServiceSettings((PCWSTR)wide, &r);
        *(FAILED(hr) ? result : data) = hcs_abi_text_take(r);
        return hr;
}

static HRESULT vm_access(struct hcs_client *c, bool grant, const char *vm_id, const char *path) {
        _cleanup_free_ uint16_t *vm = NULL, *file = NULL;
        HRESULT hr;

        if (!grant || !vm_id)
                return NOT_SUPPORTED;
        hr = hcs_abi_text_wide(vm_id, &vm, NULL);
        if (SUCCEEDED(hr))
                hr = hcs_abi_text_wide(path, &file, NULL);
        return FAILED(hr) ? hr : c->vm.GrantVmAccess((PCWSTR)vm, (PCWSTR)file);
}

const struct hcs_api_ops hcs_vm_ops = {
        .enumerate = vm_enumerate,
        .create = vm_create,
        .open = vm_open,
        .call = vm_call,
        .process_create = vm_process_create,
        .process_open = vm_process_open,
        .process_info = vm_process_info,
        .service = vm_service,
        .access = vm_access,
        .watch = vm_watch,
        .close = vm_close,
};
