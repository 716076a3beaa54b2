/* SPDX-License-Identifier: MIT */

/* vmcompute with the face of face.h: what is pending is complete when its notification comes. */

#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "cmd/hcsconform/hcs/face.h"

static const struct hcs_vmcompute_api *api(void) {
        return &conform_target.vmcompute;
}

static void HCS_ABI_CALL on_notification(DWORD type, void *ctx, HRESULT status, PCWSTR text) {
        static const struct {
                uint32_t type;
                enum face_event event;
        } map[] = {{HcsNotificationSystemExited, EVENT_SYSTEM_EXITED},
                   {HcsNotificationSystemCrashInitiated, EVENT_CRASH_INITIATED},
                   {HcsNotificationSystemCrashReport, EVENT_CRASH_REPORT},
                   {HcsNotificationProcessExited, EVENT_PROCESS_EXITED},
                   {HcsNotificationSystemCreateCompleted, EVENT_CREATED},
                   {HcsNotificationSystemStartCompleted, EVENT_STARTED},
                   {HcsNotificationSystemPauseCompleted, EVENT_PAUSED},
                   {HcsNotificationSystemResumeCompleted, EVENT_RESUMED},
                   {HcsNotificationSystemSaveCompleted, EVENT_SAVED}};
        const uint16_t *wide = (const uint16_t *)text;
        _cleanup_free_ char *data = wide ? hcs_utf16_to_utf8_lossy(wide, hcs_utf16_len(wide), NULL) : NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(map); i++)
                if (map[i].type == type)
                        watch_hear(ctx, map[i].event, status, data);
}

/* The outcome of a call that may be pending; before: how often its notification had come. */
static HRESULT finish(struct watch *w, enum face_event event, unsigned before, HRESULT hr, PWSTR result, char **ret) {
        *ret = face_take(result);
        if (hr != VMCOMPUTE_E_OPERATION_PENDING || event == FACE_EVENTS)
                return hr;
        if (!watch_wait(w, event, before + 1))
                return HCS_E_OPERATION_TIMEOUT;
        hcs_guard(&w->lock);
        if (!*ret && w->data[event])
                *ret = hcs_strdup(w->data[event]);
        return w->status[event];
}

static unsigned heard(struct watch *w, enum face_event event) {
        hcs_guard(&w->lock);

        return event == FACE_EVENTS ? 0 : w->counts[event];
}

static HRESULT v1_watch(void *handle, struct watch *w) {
        HCS_CALLBACK registration = NULL;
        HRESULT hr = api()->HcsRegisterComputeSystemCallback(handle, on_notification, w, &registration);

        if (SUCCEEDED(hr)) {
                w->registration = registration;
                w->registered = true;
        }
        return hr;
}

static HRESULT v1_create(const char *id, const char *doc, struct watch *w, void **ret_handle, char **ret) {
        FACE_WIDE(wide_id, id);
        FACE_WIDE(wide, doc);
        PWSTR result = NULL;
        HCS_SYSTEM s = NULL;
        HRESULT hr = api()->HcsCreateComputeSystem((PCWSTR)wide_id, (PCWSTR)wide, NULL,
                                                   (HCS_SYSTEM *)(ret_handle ? &s : NULL), &result);

        if (SUCCEEDED(hr) || hr == VMCOMPUTE_E_OPERATION_PENDING)
                v1_watch(s, w);
        hr = finish(w, EVENT_CREATED, 0, hr, result, ret);
        if (ret_handle)
                *ret_handle = s;
        return hr;
}

static HRESULT v1_open(const char *id, uint32_t access, struct watch *w, void **ret_handle, char **ret) {
        FACE_WIDE(wide, id);
        PWSTR result = NULL;
        HCS_SYSTEM s = NULL;
        HRESULT hr = api()->HcsOpenComputeSystem((PCWSTR)wide, &s, &result);

        *ret = face_take(result);
        if (SUCCEEDED(hr))
                v1_watch(s, w);
        *ret_handle = s;
        return hr;
}

static void v1_close(void *handle, struct watch *w) {
        if (w->registered)
                api()->HcsUnregisterComputeSystemCallback(w->registration);
        w->registered = false;
        api()->HcsCloseComputeSystem(handle);
}

static HRESULT v1_system(enum face_system what, void *handle, struct watch *w, const char *text, char **ret) {
        static const enum face_event events[] = {
                [SYS_START] = EVENT_STARTED, [SYS_SHUTDOWN] = FACE_EVENTS, [SYS_TERMINATE] = FACE_EVENTS,
                [SYS_CRASH] = FACE_EVENTS,   [SYS_PAUSE] = EVENT_PAUSED,   [SYS_RESUME] = EVENT_RESUMED,
                [SYS_SAVE] = EVENT_SAVED,    [SYS_QUERY] = FACE_EVENTS,    [SYS_MODIFY] = FACE_EVENTS,
        };
        FACE_WIDE(wide, text);
        PCWSTR options = (PCWSTR)wide;
        unsigned before = heard(w, events[what]);
        PWSTR result = NULL, properties = NULL;
        HRESULT hr = E_NOTIMPL;

        switch (what) {
        case SYS_START:
                hr = api()->HcsStartComputeSystem(handle, options, &result);
                break;
        case SYS_SHUTDOWN:
                hr = api()->HcsShutdownComputeSystem(handle, options, &result);
                break;
        case SYS_TERMINATE:
                hr = api()->HcsTerminateComputeSystem(handle, options, &result);
                break;
        case SYS_CRASH:
                break; /* vmcompute has no such call */
        case SYS_PAUSE:
                hr = api()->HcsPauseComputeSystem(handle, options, &result);
                break;
        case SYS_RESUME:
                hr = api()->HcsResumeComputeSystem(handle, options, &result);
                break;
        case SYS_SAVE:
                hr = api()->HcsSaveComputeSystem(handle, options, &result);
                break;
        case SYS_QUERY:
                hr = api()->HcsGetComputeSystemProperties(handle, options, &properties, &result);
                break;
        case SYS_MODIFY:
                hr = api()->HcsModifyComputeSystem(handle, options, &result);
                break;
        }
        hr = finish(w, events[what], before, hr, result, ret);
        if (properties) {
                free(*ret);
                *ret = face_take(properties);
        }
        /* A stop that is under way is as good as done: the exit says when it is. */
        return (what == SYS_SHUTDOWN || what == SYS_TERMINATE) && hr == VMCOMPUTE_E_OPERATION_PENDING ? S_OK : hr;
}

static HRESULT v1_enumerate(const char *query, char **ret) {
        FACE_WIDE(wide, query);
        PWSTR systems = NULL, result = NULL;
        HRESULT hr = api()->HcsEnumerateComputeSystems((PCWSTR)wide, &systems, &result);
        _cleanup_free_ char *list = face_take(systems);

        *ret = face_take(result);
        if (list) {
                free(*ret);
                *ret = steal_pointer(&list);
        }
        return hr;
}

static void watch_process(void *process, struct watch *w) {
        HCS_CALLBACK registration = NULL;

        if (SUCCEEDED(api()->HcsRegisterProcessCallback(process, on_notification, w, &registration))) {
                w->registration = registration;
                w->registered = true;
        }
}

static HRESULT v1_run(void *handle, const char *parameters, struct watch *w, HCS_PROCESS_INFORMATION *info,
                      void **ret_process, char **ret) {
        FACE_WIDE(wide, parameters);
        PWSTR result = NULL;
        HCS_PROCESS p = NULL;
        HRESULT hr = api()->HcsCreateProcess(handle, (PCWSTR)wide, info, &p, &result);

        *ret = face_take(result);
        if (SUCCEEDED(hr))
                watch_process(p, w);
        *ret_process = p;
        return hr;
}

static HRESULT v1_open_process(void *handle, uint32_t pid, struct watch *w, void **ret_process, char **ret) {
        PWSTR result = NULL;
        HCS_PROCESS p = NULL;
        HRESULT hr = api()->HcsOpenProcess(handle, pid, &p, &result);

        *ret = face_take(result);
        if (SUCCEEDED(hr))
                watch_process(p, w);
        *ret_process = p;
        return hr;
}

static void v1_close_process(void *process, struct watch *w) {
        if (w->registered)
                api()->HcsUnregisterProcessCallback(w->registration);
        w->registered = false;
        api()->HcsCloseProcess(process);
}

static HRESULT v1_process(enum face_process what, void *process, const char *text, HCS_PROCESS_INFORMATION *info,
                          char **ret) {
        FACE_WIDE(wide, text);
        PCWSTR options = (PCWSTR)wide;
        PWSTR result = NULL, properties = NULL;
        HRESULT hr = E_INVALIDARG;

        switch (what) {
        case PROC_TERMINATE:
                hr = api()->HcsTerminateProcess(process, &result);
                break;
        case PROC_SIGNAL:
                hr = api()->HcsSignalProcess(process, options, &result);
                break;
        case PROC_INFO:
                hr = api()->HcsGetProcessInfo(process, info, &result);
                break;
        case PROC_PROPERTIES:
                hr = api()->HcsGetProcessProperties(process, &properties, &result);
                break;
        case PROC_POLL:
        case PROC_WAIT:
                break; /* vmcompute has no such call */
        case PROC_MODIFY:
                hr = api()->HcsModifyProcess(process, options, &result);
                break;
        }
        *ret = face_take(result);
        if (properties) {
                free(*ret);
                *ret = face_take(properties);
        }
        return hr;
}

static HRESULT v1_service(bool modify, const char *text, char **ret) {
        FACE_WIDE(wide, text);
        PWSTR answer = NULL, result = NULL;
        HRESULT hr = modify ? api()->HcsModifyServiceSettings((PCWSTR)wide, &result)
                            : api()->HcsGetServiceProperties((PCWSTR)wide, &answer, &result);
        _cleanup_free_ char *other = face_take(result);

        *ret = face_take(answer);
        if (!*ret)
                *ret = steal_pointer(&other);
        return hr;
}

static HRESULT v1_grant(bool grant, const char *vm, const char *path) {
        FACE_WIDE(wide_vm, vm);
        FACE_WIDE(wide, path);

        return grant && vm ? api()->GrantVmAccess((PCWSTR)wide_vm, (PCWSTR)wide) : E_NOTIMPL;
}

const struct face face_vmcompute = {
        .name = "vmcompute",
        .v1 = true,
        .create = v1_create,
        .open = v1_open,
        .close = v1_close,
        .watch = v1_watch,
        .system = v1_system,
        .enumerate = v1_enumerate,
        .run = v1_run,
        .open_process = v1_open_process,
        .close_process = v1_close_process,
        .process = v1_process,
        .service = v1_service,
        .grant = v1_grant,
};
