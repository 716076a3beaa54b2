/* SPDX-License-Identifier: MIT */

/* computecore with the face of face.h: an operation for each call, waited for and closed. */

#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "cmd/hcsconform/hcs/face.h"

static const struct hcs_computecore_api *api(void) {
        return &conform_target.core;
}

static HCS_OPERATION begin(void) {
        return api()->HcsCreateOperation(NULL, NULL);
}

/* hr: what the call refused with. info may be NULL. */
static HRESULT finish(HCS_OPERATION op, HRESULT hr, HCS_PROCESS_INFORMATION *info, char **ret) {
        PWSTR text = NULL;
        HRESULT done;

        if (FAILED(hr))
                done = api()->HcsGetOperationResult(op, &text);
        else if (info)
                done = api()->HcsWaitForOperationResultAndProcessInfo(op, conform_target.patience_ms, info, &text);
        else
                done = api()->HcsWaitForOperationResult(op, conform_target.patience_ms, &text);
        api()->HcsCloseOperation(op);
        *ret = face_take(text);
        return FAILED(hr) ? hr : done;
}

static void HCS_ABI_CALL on_event(HCS_EVENT *e, void *ctx) {
        static const struct {
                uint32_t type;
                enum face_event event;
        } map[] = {{HcsEventSystemExited, EVENT_SYSTEM_EXITED},
                   {HcsEventSystemCrashInitiated, EVENT_CRASH_INITIATED},
                   {HcsEventSystemCrashReport, EVENT_CRASH_REPORT},
                   {HcsEventProcessExited, EVENT_PROCESS_EXITED}};
        const uint16_t *wide = (const uint16_t *)e->EventData;
        _cleanup_free_ char *data = wide ? hcs_utf16_to_utf8_lossy(wide, hcs_utf16_len(wide), NULL) : NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(map); i++)
                if (map[i].type == e->Type)
                        watch_hear(ctx, map[i].event, S_OK, data);
}

static HRESULT core_watch(void *handle, struct watch *w) {
        return api()->HcsSetComputeSystemCallback(handle, 0, w, on_event);
}

static HRESULT core_create(const char *id, const char *doc, struct watch *w, void **ret_handle, char **ret) {
        FACE_WIDE(wide_id, id);
        FACE_WIDE(wide, doc);
        HCS_OPERATION op = begin();
        HCS_SYSTEM s = NULL;
        HRESULT hr = finish(op,
                            api()->HcsCreateComputeSystem((PCWSTR)wide_id, (PCWSTR)wide, op, NULL,
                                                          (HCS_SYSTEM *)(ret_handle ? &s : NULL)),
                            NULL, ret);

        if (SUCCEEDED(hr))
                core_watch(s, w);
        if (ret_handle)
                *ret_handle = s;
        return hr;
}

static HRESULT core_open(const char *id, uint32_t access, struct watch *w, void **ret_handle, char **ret) {
        FACE_WIDE(wide, id);
        HCS_SYSTEM s = NULL;
        HRESULT hr = api()->HcsOpenComputeSystem((PCWSTR)wide, access, &s);

        *ret = NULL;
        if (SUCCEEDED(hr))
                core_watch(s, w);
        *ret_handle = s;
        return hr;
}

static void core_close(void *handle, struct watch *w) {
        api()->HcsCloseComputeSystem(handle);
}

static HRESULT core_system(enum face_system what, void *handle, struct watch *w, const char *text, char **ret) {
        FACE_WIDE(wide, text);
        PCWSTR options = (PCWSTR)wide;
        HCS_OPERATION op = begin();
        HRESULT hr = E_INVALIDARG;

        switch (what) {
        case SYS_START:
                hr = api()->HcsStartComputeSystem(handle, op, options);
                break;
        case SYS_SHUTDOWN:
                hr = api()->HcsShutDownComputeSystem(handle, op, options);
                break;
        case SYS_TERMINATE:
                hr = api()->HcsTerminateComputeSystem(handle, op, options);
                break;
        case SYS_CRASH:
                hr = api()->HcsCrashComputeSystem(handle, op, options);
                break;
        case SYS_PAUSE:
                hr = api()->HcsPauseComputeSystem(handle, op, options);
                break;
        case SYS_RESUME:
                hr = api()->HcsResumeComputeSystem(handle, op, options);
                break;
        case SYS_SAVE:
                hr = api()->HcsSaveComputeSystem(handle, op, options);
                break;
        case SYS_QUERY:
                hr = api()->HcsGetComputeSystemProperties(handle, op, options);
                break;
        case SYS_MODIFY:
                hr = api()->HcsModifyComputeSystem(handle, op, options, NULL);
                break;
        }
        return finish(op, hr, NULL, ret);
}

static HRESULT core_enumerate(const char *query, char **ret) {
        FACE_WIDE(wide, query);
        HCS_OPERATION op = begin();

        return finish(op, api()->HcsEnumerateComputeSystems((PCWSTR)wide, op), NULL, ret);
}

static HRESULT core_run(void *handle, const char *parameters, struct watch *w, HCS_PROCESS_INFORMATION *info,
                        void **ret_process, char **ret) {
        FACE_WIDE(wide, parameters);
        HCS_OPERATION op = begin();
        HCS_PROCESS p = NULL;
        HRESULT hr = finish(op, api()->HcsCreateProcess(handle, (PCWSTR)wide, op, NULL, &p), info, ret);

        if (SUCCEEDED(hr))
                api()->HcsSetProcessCallback(p, 0, w, on_event);
        *ret_process = p;
        return hr;
}

static HRESULT core_open_process(void *handle, uint32_t pid, struct watch *w, void **ret_process, char **ret) {
        HCS_PROCESS p = NULL;
        HRESULT hr = api()->HcsOpenProcess(handle, pid, GENERIC_ALL, &p);

        *ret = NULL;
        if (SUCCEEDED(hr))
                api()->HcsSetProcessCallback(p, 0, w, on_event);
        *ret_process = p;
        return hr;
}

static void core_close_process(void *process, struct watch *w) {
        api()->HcsCloseProcess(process);
}

static HRESULT wait_for_exit(void *process, uint32_t timeout_ms, char **ret) {
        PWSTR status = NULL;
        HRESULT hr = api()->HcsWaitForProcessExit(process, timeout_ms, &status);

        *ret = face_take(status);
        return hr;
}

static HRESULT core_process(enum face_process what, void *process, const char *text, HCS_PROCESS_INFORMATION *info,
                            char **ret) {
        FACE_WIDE(wide, text);
        PCWSTR options = (PCWSTR)wide;
        HCS_OPERATION op;
        HRESULT hr = E_INVALIDARG;

        if (what == PROC_POLL || what == PROC_WAIT)
                return wait_for_exit(process, what == PROC_WAIT ? conform_target.patience_ms : 0, ret);
        op = begin();
        switch (what) {
        case PROC_POLL:
        case PROC_WAIT:
                break;
        case PROC_TERMINATE:
                hr = api()->HcsTerminateProcess(process, op, options);
                break;
        case PROC_SIGNAL:
                hr = api()->HcsSignalProcess(process, op, options);
                break;
        case PROC_INFO:
                hr = api()->HcsGetProcessInfo(process, op);
                break;
        case PROC_PROPERTIES:
                hr = api()->HcsGetProcessProperties(process, op, options);
                break;
        case PROC_MODIFY:
                hr = api()->HcsModifyProcess(process, op, options);
                break;
        }
        return finish(op, hr, what == PROC_INFO ? info : NULL, ret);
}

static HRESULT core_service(bool modify, const char *text, char **ret) {
        FACE_WIDE(wide, text);
        PWSTR answer = NULL;
        HRESULT hr = modify ? api()->HcsModifyServiceSettings((PCWSTR)wide, &answer)
                            : api()->HcsGetServiceProperties((PCWSTR)wide, &answer);

        *ret = face_take(answer);
        return hr;
}

static HRESULT core_grant(bool grant, const char *vm, const char *path) {
        FACE_WIDE(wide_vm, vm);
        FACE_WIDE(wide, path);

        if (!vm)
                return grant ? api()->HcsGrantVmGroupAccess((PCWSTR)wide) : api()->HcsRevokeVmGroupAccess((PCWSTR)wide);
        return grant ? api()->HcsGrantVmAccess((PCWSTR)wide_vm, (PCWSTR)wide)
                     : api()->HcsRevokeVmAccess((PCWSTR)wide_vm, (PCWSTR)wide);
}

const struct face face_core = {
        .name = "computecore",
        .create = core_create,
        .open = core_open,
        .close = core_close,
        .watch = core_watch,
        .system = core_system,
        .enumerate = core_enumerate,
        .run = core_run,
        .open_process = core_open_process,
        .close_process = core_close_process,
        .process = core_process,
        .service = core_service,
        .grant = core_grant,
};
