/* SPDX-License-Identifier: MIT */

/*
 * vmcompute's calls on systems, processes and the service. Synchronous, save for create, start, pause, resume and save,
 * which return pending and complete by a notification (unless the engine was told pending=no). Any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/vmcompute.h"
#pragma GCC visibility pop

#include "mockhcs/abi/front.h"

static const char *notification_of(enum mock_verb verb) {
        switch (verb) {
        case MOCK_CREATE_SYSTEM:
                return "SystemCreateCompleted";
        case MOCK_START_SYSTEM:
                return "SystemStartCompleted";
        case MOCK_PAUSE_SYSTEM:
                return "SystemPauseCompleted";
        case MOCK_RESUME_SYSTEM:
                return "SystemResumeCompleted";
        default:
                return "SystemSaveCompleted";
        }
}

/*
 * Sends a call that may stay pending; the notification goes to the handle that was made or named. What the call itself
 * answered is its result. What comes from elsewhere, however soon, is told by the notification: a client sees the same
 * whichever thread is faster.
 */
static void submit_async(struct mock_front *f) {
        struct mock_handle *on = f->call.created ? f->call.created : f->call.system;
        const char *name = notification_of(f->call.function->verb);
        bool came;

        mock_front_submit(f);
        if (FAILED(f->hr))
                return;
        if (!f->engine->v1_pending || (f->call.completed && FAILED(f->call.completion.hr))) {
                mock_front_wait(f);
                return;
        }
        hcs_mutex_lock(&f->engine->lock);
        came = f->op->op.state == MOCK_OPERATION_COMPLETED;
        if (!came)
                f->op->op.notification = name;
        hcs_mutex_unlock(&f->engine->lock);
        if (came)
                mock_events_raise(f->engine, mock_live_of(on), name, f->op->op.completion.hr, NULL);
        f->hr = HCS_E_OPERATION_PENDING;
}

/* The document of a failure. A call that is pending has none yet, whatever happens to it meanwhile. */
static void async_result(struct mock_front *f, PWSTR *result) {
        if (f->hr != HCS_E_OPERATION_PENDING)
                mock_front_result(f, FAILED(f->hr) ? f->op : NULL, result);
}

/* The handle of a call that stays pending is valid too. */
static void *made(struct mock_front *f) {
        return f->hr == HCS_E_OPERATION_PENDING ? (void *)f->call.created->value : mock_front_created(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsEnumerateComputeSystems(PCWSTR query, PWSTR *computeSystems, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsEnumerateComputeSystems");
        mock_front_clear(computeSystems);
        mock_front_clear(result);
        mock_front_document(&f, "query", query);
        mock_front_call(&f, computeSystems, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE identity,
                                                    HCS_SYSTEM *computeSystem, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsCreateComputeSystem");
        mock_front_clear(result);
        mock_front_text(&f, "id", id);
        mock_front_document(&f, "configuration", configuration);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        submit_async(&f);
        async_result(&f, result);
        if (computeSystem)
                *computeSystem = made(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsOpenComputeSystem(PCWSTR id, HCS_SYSTEM *computeSystem, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsOpenComputeSystem");
        mock_front_clear(result);
        mock_front_text(&f, "id", id);
        mock_front_creates(&f, MOCK_SYSTEM, computeSystem);
        mock_front_call(&f, NULL, result);
        if (computeSystem)
                *computeSystem = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCloseComputeSystem(HCS_SYSTEM computeSystem) {
        FRONT(f, VMCOMPUTE, "HcsCloseComputeSystem");
        mock_front_close(&f, mock_front_handle(&f, MOCK_SYSTEM, computeSystem));
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCloseProcess(HCS_PROCESS process) {
        FRONT(f, VMCOMPUTE, "HcsCloseProcess");
        mock_front_close(&f, mock_front_handle(&f, MOCK_PROCESS, process));
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsStartComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsStartComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        submit_async(&f);
        async_result(&f, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsPauseComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsPauseComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        submit_async(&f);
        async_result(&f, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsResumeComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsResumeComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        submit_async(&f);
        async_result(&f, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSaveComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsSaveComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        submit_async(&f);
        async_result(&f, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsShutdownComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsShutdownComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsTerminateComputeSystem(HCS_SYSTEM computeSystem, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsTerminateComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "options", options);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetComputeSystemProperties(HCS_SYSTEM computeSystem, PCWSTR propertyQuery,
                                                           PWSTR *properties, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsGetComputeSystemProperties");
        mock_front_clear(properties);
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "query", propertyQuery);
        mock_front_call(&f, properties, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyComputeSystem(HCS_SYSTEM computeSystem, PCWSTR configuration, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsModifyComputeSystem");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "configuration", configuration);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyServiceSettings(PCWSTR settings, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsModifyServiceSettings");
        mock_front_clear(result);
        mock_front_document(&f, "settings", settings);
        mock_front_call(&f, result, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetServiceProperties(PCWSTR propertyQuery, PWSTR *properties, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsGetServiceProperties");
        mock_front_clear(properties);
        mock_front_clear(result);
        mock_front_document(&f, "query", propertyQuery);
        mock_front_call(&f, properties, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsCreateProcess(HCS_SYSTEM computeSystem, PCWSTR processParameters,
                                              HCS_PROCESS_INFORMATION *processInformation, HCS_PROCESS *process,
                                              PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsCreateProcess");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_document(&f, "parameters", processParameters);
        mock_front_creates(&f, MOCK_PROCESS, process);
        mock_front_call(&f, NULL, result);
        if (processInformation && SUCCEEDED(f.hr))
                mock_operation_info(f.engine, f.op, processInformation);
        if (process)
                *process = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsOpenProcess(HCS_SYSTEM computeSystem, DWORD processId, HCS_PROCESS *process,
                                            PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsOpenProcess");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_SYSTEM, computeSystem);
        mock_front_number(&f, "processId", processId);
        mock_front_creates(&f, MOCK_PROCESS, process);
        mock_front_call(&f, NULL, result);
        if (process)
                *process = mock_front_created(&f);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsTerminateProcess(HCS_PROCESS process, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsTerminateProcess");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSignalProcess(HCS_PROCESS process, PCWSTR options, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsSignalProcess");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_document(&f, "options", options);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetProcessInfo(HCS_PROCESS process, HCS_PROCESS_INFORMATION *processInformation,
                                               PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsGetProcessInfo");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_call(&f, NULL, result);
        if (processInformation && SUCCEEDED(f.hr))
                f.hr = mock_operation_info(f.engine, f.op, processInformation);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsGetProcessProperties(HCS_PROCESS process, PWSTR *processProperties, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsGetProcessProperties");
        mock_front_clear(processProperties);
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_call(&f, processProperties, result);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsModifyProcess(HCS_PROCESS process, PCWSTR settings, PWSTR *result) {
        FRONT(f, VMCOMPUTE, "HcsModifyProcess");
        mock_front_clear(result);
        mock_front_handle(&f, MOCK_PROCESS, process);
        mock_front_document(&f, "settings", settings);
        mock_front_call(&f, NULL, result);
        return mock_front_end(&f);
}

static uint64_t register_callback(struct mock_front *f, struct mock_live *l, HCS_NOTIFICATION_CALLBACK callback,
                                  void *context, HCS_CALLBACK *out) {
        struct mock_live *registration;
        HRESULT hr;

        mock_front_creates(f, MOCK_CALLBACK, out);
        if (FAILED(f->hr) || !callback) {
                mock_front_local(f, E_INVALIDARG);
                return mock_front_end(f);
        }
        registration = mock_live_of(f->call.created);
        hcs_mutex_lock(&f->engine->lock);
        hr = l->registration ? HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET : S_OK;
        if (SUCCEEDED(hr)) {
                l->registration = registration;
                registration->callback_of = l;
        }
        hcs_mutex_unlock(&f->engine->lock);
        if (SUCCEEDED(hr))
                hr = mock_events_register(f->engine, l, NULL, callback, context);
        mock_front_local(f, hr);
        *out = mock_front_created(f);
        return mock_front_end(f);
}

/* Drains: no callback runs after this returns. */
static uint64_t unregister_callback(struct mock_front *f, struct mock_live *registration) {
        struct mock_live *on = NULL;

        if (registration) {
                hcs_mutex_lock(&f->engine->lock);
                on = registration->callback_of;
                registration->callback_of = NULL;
                if (on) {
                        on->registration = NULL;
                        mock_handle_ref(&on->h);
                        mock_handle_table_remove(&f->engine->handles, registration);
                }
                hcs_mutex_unlock(&f->engine->lock);
        }
        if (on) {
                mock_events_unregister(f->engine, on);
                mock_handle_unref(&registration->h);
                mock_handle_unref(&on->h);
        }
        mock_front_local(f, S_OK);
        return mock_front_end(f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsRegisterComputeSystemCallback(HCS_SYSTEM computeSystem,
                                                              HCS_NOTIFICATION_CALLBACK callback, void *context,
                                                              HCS_CALLBACK *callbackHandle) {
        FRONT(f, VMCOMPUTE, "HcsRegisterComputeSystemCallback");
        return register_callback(&f, mock_front_handle(&f, MOCK_SYSTEM, computeSystem), callback, context,
                                 callbackHandle);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsRegisterProcessCallback(HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback,
                                                        void *context, HCS_CALLBACK *callbackHandle) {
        FRONT(f, VMCOMPUTE, "HcsRegisterProcessCallback");
        return register_callback(&f, mock_front_handle(&f, MOCK_PROCESS, process), callback, context, callbackHandle);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsUnregisterComputeSystemCallback(HCS_CALLBACK callbackHandle) {
        FRONT(f, VMCOMPUTE, "HcsUnregisterComputeSystemCallback");
        return unregister_callback(&f, mock_front_handle(&f, MOCK_CALLBACK, callbackHandle));
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsUnregisterProcessCallback(HCS_CALLBACK callbackHandle) {
        FRONT(f, VMCOMPUTE, "HcsUnregisterProcessCallback");
        return unregister_callback(&f, mock_front_handle(&f, MOCK_CALLBACK, callbackHandle));
}

HCS_ABI_HRESULT HCS_ABI_CALL HNSCall(PCWSTR method, PCWSTR path, PCWSTR object, PWSTR *response) {
        FRONT(f, VMCOMPUTE, "HNSCall");
        mock_front_clear(response);
        mock_front_text(&f, "method", method);
        mock_front_text(&f, "path", path);
        mock_front_document(&f, "object", object);
        mock_front_call(&f, response, response);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL GrantVmAccess(PCWSTR vmId, PCWSTR path) {
        FRONT(f, VMCOMPUTE, "GrantVmAccess");
        mock_front_text(&f, "vmId", vmId);
        mock_front_text(&f, "file", path);
        mock_front_call(&f, NULL, NULL);
        return mock_front_end(&f);
}
