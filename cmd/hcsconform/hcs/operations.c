/* SPDX-License-Identifier: MIT */

/* Operations of computecore: what they know of themselves, what they say before and after their call, waiting. */

#include <stdlib.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcsconform/hcs/hcs.h"

static const struct hcs_computecore_api *api(void) {
        return &conform_target.core;
}

static bool is(const char *what, bool ok) {
        return ok || conform_failed("%s", what);
}

static bool code(const char *what, HRESULT expected, HRESULT got) {
        return conform_code(what, expected, got, NULL);
}

/* Lists all systems through op. */
static bool listed(HCS_OPERATION op) {
        PWSTR text = NULL;
        HRESULT hr = api()->HcsEnumerateComputeSystems(u"{}", op);
        bool ok = code("enumerate", S_OK, hr);

        if (!ok)
                return false;
        hr = api()->HcsWaitForOperationResult(op, conform_target.patience_ms, &text);
        free(face_take(text));
        return code("wait for the list", S_OK, hr);
}

static bool keeps_its_context(HCS_OPERATION op) {
        int other;

        return is("another context than was given", api()->HcsGetOperationContext(op) == &conform_target) &&
               code("set", S_OK, api()->HcsSetOperationContext(op, &other)) &&
               is("another context than was set", api()->HcsGetOperationContext(op) == &other);
}

static bool is_of_no_type(HCS_OPERATION op) {
        return is("it has a type", api()->HcsGetOperationType(op) == HcsOperationTypeNone);
}

static bool says_its_type(HCS_OPERATION op) {
        return listed(op) && is("it is of another type", api()->HcsGetOperationType(op) == HcsOperationTypeEnumerate);
}

static bool has_an_id(HCS_OPERATION op) {
        HCS_OPERATION other = api()->HcsCreateOperation(NULL, NULL);
        bool ok = is("two have one id", api()->HcsGetOperationId(op) != api()->HcsGetOperationId(other)) &&
                  is("it changes", api()->HcsGetOperationId(op) == api()->HcsGetOperationId(op));

        api()->HcsCloseOperation(other);
        return ok;
}

static bool has_no_result(HCS_OPERATION op) {
        PWSTR text = NULL;
        HRESULT hr = api()->HcsGetOperationResult(op, &text);

        free(face_take(text));
        return code("result", HCS_E_OPERATION_NOT_STARTED, hr);
}

static bool does_not_wait(HCS_OPERATION op) {
        PWSTR text = NULL;
        HRESULT hr = api()->HcsWaitForOperationResult(op, conform_target.patience_ms, &text);

        free(face_take(text));
        return code("wait", HCS_E_OPERATION_NOT_STARTED, hr);
}

static bool serves_one_call(HCS_OPERATION op) {
        return listed(op) &&
               code("again", HCS_E_OPERATION_ALREADY_STARTED, api()->HcsEnumerateComputeSystems(u"{}", op));
}

static bool is_not_cancelled(HCS_OPERATION op) {
        return listed(op) && code("cancel", E_NOTIMPL, api()->HcsCancelOperation(op));
}

static bool is_of_no_system(HCS_OPERATION op) {
        return listed(op) && is("it has a system", !api()->HcsGetComputeSystemFromOperation(op)) &&
               is("it has a process", !api()->HcsGetProcessFromOperation(op));
}

static void HCS_ABI_CALL on_completion(HCS_OPERATION op, void *ctx) {
        PWSTR text = NULL;
        HRESULT hr = api()->HcsGetOperationResult(op, &text);

        free(face_take(text));
        watch_hear(ctx, EVENT_CREATED, hr, NULL);
}

/* The callback is there from the start, or comes before the call; it finds the result. */
static bool calls_back(HCS_OPERATION op) {
        struct watch watch;
        bool ok;

        watch_init(&watch);
        ok = code("callback", S_OK, api()->HcsSetOperationCallback(op, &watch, on_completion)) &&
             code("enumerate", S_OK, api()->HcsEnumerateComputeSystems(u"{}", op)) &&
             is("the callback is not called", watch_wait(&watch, EVENT_CREATED, 1)) &&
             code("the result in the callback", S_OK, watch.status[EVENT_CREATED]);
        api()->HcsCloseOperation(op);
        watch_deinit(&watch);
        return ok;
}

static bool system_of(HCS_SYSTEM system) {
        HCS_OPERATION op = api()->HcsCreateOperation(NULL, NULL);
        PWSTR text = NULL;
        bool ok = code("query", S_OK, api()->HcsGetComputeSystemProperties(system, op, u"{}")) &&
                  is("its system is another", api()->HcsGetComputeSystemFromOperation(op) == system) &&
                  is("it is of another type", api()->HcsGetOperationType(op) == HcsOperationTypeGetProperties) &&
                  code("wait for the properties", S_OK,
                       api()->HcsWaitForOperationResult(op, conform_target.patience_ms, &text));

        free(face_take(text));
        api()->HcsCloseOperation(op);
        return ok;
}

static bool knows_its_system(HCS_OPERATION op) {
        return hcs_with_machine(system_of);
}

/* A wait for a machine that runs is over when it is told; one for a machine that was ended, at once. */
static bool exit_of(HCS_SYSTEM system) {
        PWSTR text = NULL;
        _cleanup_free_ char *status = NULL, *more = NULL, *rest = NULL;
        struct watch watch;
        HRESULT hr;
        bool ok;

        watch_init(&watch);
        ok = code("start", S_OK, face_core.system(SYS_START, system, &watch, NULL, &more)) &&
             code("wait for no time", HCS_E_OPERATION_TIMEOUT, api()->HcsWaitForComputeSystemExit(system, 0, &text)) &&
             code("terminate", S_OK, face_core.system(SYS_TERMINATE, system, &watch, NULL, &rest));
        watch_deinit(&watch);
        if (!ok)
                return false;
        hr = api()->HcsWaitForComputeSystemExit(system, conform_target.patience_ms, &text);
        status = face_take(text);
        return conform_code("wait for the exit", S_OK, hr, status) && conform_value(status, "Status", "*");
}

static bool waits_for_the_exit(HCS_OPERATION op) {
        return hcs_with_machine(exit_of);
}

/* Nobody publishes what may be asked; where nothing comes, no document does. */
static bool says_of_itself(HCS_OPERATION op) {
        PWSTR text = NULL;
        HRESULT hr = api()->HcsGetOperationProperties(op, u"{}", &text);
        _cleanup_free_ char *document = face_take(text);

        return CONFORM_ONE_OF("properties", hr, E_NOTIMPL, S_OK, E_INVALIDARG, HCS_E_INVALID_JSON,
                              HCS_E_OPERATION_NOT_STARTED) &&
               is("there is a document after a failure", SUCCEEDED(hr) || !document);
}

/* The one resource that clients give is the socket of a migration; this one is no handle. */
static bool takes_a_resource(HCS_OPERATION op) {
        HRESULT hr = api()->HcsAddResourceToOperation(op, 4 /* a socket */, u"hcs:/VirtualMachine/LiveMigrationSocket",
                                                      NULL);

        return CONFORM_ONE_OF("add", hr, S_OK, E_INVALIDARG, E_HANDLE, HCS_WIN32(6), HCS_WIN32(87)) && listed(op);
}

static bool takes_no_resource_later(HCS_OPERATION op) {
        HRESULT hr;

        if (!listed(op))
                return false;
        hr = api()->HcsAddResourceToOperation(op, 4, u"hcs:/VirtualMachine/LiveMigrationSocket", NULL);
        return CONFORM_ONE_OF("add", hr, HCS_E_OPERATION_ALREADY_STARTED, E_INVALIDARG, E_HANDLE, HCS_WIN32(6),
                              HCS_WIN32(87));
}

static void HCS_ABI_CALL on_progress(HCS_EVENT *event, void *ctx) {
}

static bool tells_of_its_progress(HCS_OPERATION none) {
        HCS_OPERATION op = api()->HcsCreateOperationWithNotifications(0, &conform_target, on_progress);
        bool ok;

        if (!op)
                return conform_failed("there is no operation");
        ok = is("another context than was given", api()->HcsGetOperationContext(op) == &conform_target) && listed(op);
        api()->HcsCloseOperation(op);
        return ok;
}

static bool has_no_process(HCS_OPERATION op) {
        HCS_PROCESS_INFORMATION info = {0};
        PWSTR text = NULL;
        HRESULT hr = api()->HcsGetOperationResultAndProcessInfo(op, &info, &text);

        free(face_take(text));
        text = NULL;
        if (!code("before the call", HCS_E_OPERATION_NOT_STARTED, hr) || !listed(op))
                return false;
        hr = api()->HcsGetOperationResultAndProcessInfo(op, &info, &text);
        free(face_take(text));
        return CONFORM_ONE_OF("after the call", hr, HCS_E_PROCESS_INFO_NOT_AVAILABLE, S_OK) &&
               is("it has a process", info.ProcessId == 0 && !info.StdInput && !info.StdOutput && !info.StdError);
}

static const struct operation_case {
        const char *name;
        bool (*run)(HCS_OPERATION op);
        enum conform_how how;
        const char *source;
        unsigned needs;
} operation_cases[] = {
        {"an operation keeps its context", keeps_its_context, DOCUMENTED, "HcsSetOperationContext", 0},
        {"an operation without a call is of no type", is_of_no_type, DOCUMENTED, "HCS_OPERATION_TYPE", 0},
        {"an operation says what it was for", says_its_type, DOCUMENTED, "HCS_OPERATION_TYPE", NEEDS_ADMIN},
        {"operations have ids of their own", has_an_id, DOCUMENTED, "HcsGetOperationId", 0},
        {"an operation without a call has no result", has_no_result, DOCUMENTED, "HCS_E_OPERATION_NOT_STARTED", 0},
        {"an operation without a call is not waited for", does_not_wait, DOCUMENTED, "HCS_E_OPERATION_NOT_STARTED", 0},
        {"an operation serves one call", serves_one_call, DOCUMENTED, "HCS_E_OPERATION_ALREADY_STARTED", NEEDS_ADMIN},
        {"an operation is not cancelled", is_not_cancelled, DOCUMENTED, "HcsCancelOperation", NEEDS_ADMIN},
        {"an operation of the service has no system", is_of_no_system, DOCUMENTED, "HcsGetComputeSystemFromOperation",
         NEEDS_ADMIN},
        {"an operation says of itself what it is asked for", says_of_itself, ASSUMED, "HcsGetOperationProperties", 0},
        {"an operation takes a resource", takes_a_resource, ASSUMED, "hcsshim's migration; HCS_RESOURCE_TYPE",
         NEEDS_ADMIN},
        {"an operation that was used takes no resource", takes_no_resource_later, ASSUMED, "HCS_RESOURCE_TYPE",
         NEEDS_ADMIN},
        {"an operation with notifications is one", tells_of_its_progress, DOCUMENTED,
         "HcsCreateOperationWithNotifications", NEEDS_ADMIN},
        {"an operation that makes no process has none", has_no_process, DOCUMENTED, "HCS_E_PROCESS_INFO_NOT_AVAILABLE",
         NEEDS_ADMIN},
        {"an operation calls back when it is over", calls_back, DOCUMENTED, "HcsSetOperationCallback", NEEDS_ADMIN},
        {"an operation knows its system", knows_its_system, DOCUMENTED, "HcsGetComputeSystemFromOperation",
         NEEDS_HYPERV},
        {"the exit of a system is waited for", waits_for_the_exit, ASSUMED, "HcsWaitForComputeSystemExit",
         NEEDS_HYPERV},
};

static bool run(const struct conform_case *c) {
        const struct operation_case *o = c->arg;
        HCS_OPERATION op = api()->HcsCreateOperation(&conform_target, NULL);
        bool ok = is("there is no operation", op) && o->run(op);

        if (op && o->run != calls_back) /* which closes it while its watch is there */
                api()->HcsCloseOperation(op);
        return ok;
}

void operations_each(conform_fn fn, void *ctx) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(operation_cases); i++) {
                const struct operation_case *o = &operation_cases[i];
                const struct conform_case c = {.group = "hcs",
                                               .name = o->name,
                                               .needs = o->needs,
                                               .how = o->how,
                                               .source = o->source,
                                               .run = run,
                                               .arg = o};

                fn(&c, ctx);
        }
}
