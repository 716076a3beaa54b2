/* SPDX-License-Identifier: MIT */

/*
 * The callback style: a request that owns copies and references of all that its call needs, and a thread that makes the
 * blocking call and then tells. The request belongs to that thread once it runs.
 */

#include "base/str.h"
#include "hcs/internal.h"

struct request;
typedef HRESULT (*request_fn)(struct request *r, const struct hcs_call *call, struct hcs_error **err);

struct request {
        request_fn run;
        hcs_completion_fn fn;
        void *ctx;
        struct hcs_client *client;
        struct hcs_system *system;
        struct hcs_process *process;
        char *id, *text; /* text: NULL stays NULL */
        unsigned operation;
        uint32_t pid;
        struct hcs_call call;
        struct hcs_completion done;
        char *document;
};

/* Before the callback, so that nothing of the platform is touched once its owner knows that the call is over. */
static void drop_references(struct request *r) {
        hcs_process_unref(steal_pointer(&r->process));
        hcs_system_unref(steal_pointer(&r->system));
        hcs_client_unref(steal_pointer(&r->client));
        hcs_cancel_unref(steal_pointer(&r->call.cancel));
}

static void request_free(struct request *r) {
        drop_references(r);
        free(r->id);
        free(r->text);
        free(r->document);
        free(r);
}

static void work(void *arg) {
        struct request *r = arg;
        struct hcs_error *err = NULL;

        r->done.hr = r->run(r, &r->call, &err);
        r->done.error = err;
        r->done.document = r->document;
        drop_references(r);
        r->fn(r->ctx, &r->done);
        hcs_error_free(err);
        request_free(r);
}

/* Fields of `from` are borrowed; what goes into the request is counted or copied. */
static HRESULT begin(const struct request *from, const struct hcs_call *call, struct hcs_error **err) {
        struct request *r;
        HRESULT hr;

        if (!from->fn)
                return hcs_error_make(err, E_POINTER, "a completion callback is needed");
        r = hcs_calloc(1, sizeof(*r));
        *r = *from;
        r->client = from->client ? hcs_client_ref(from->client) : NULL;
        r->system = from->system ? hcs_system_ref(from->system) : NULL;
        r->process = from->process ? hcs_process_ref(from->process) : NULL;
        r->id = from->id ? hcs_strdup(from->id) : NULL;
        r->text = from->text ? hcs_strdup(from->text) : NULL;
        r->call = call ? *call : (struct hcs_call){0};
        if (r->call.cancel)
                hcs_cancel_ref(r->call.cancel);
        hr = hcs_thread_start_detached(work, r, err);
        if (FAILED(hr))
                request_free(r);
        return hr;
}

static HRESULT run_system_create(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        return hcs_system_create(r->client, r->id, r->text, call, &r->done.system, err);
}

HRESULT hcs_system_create_async(struct hcs_client *c, const char *id, const char *configuration,
                                const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err) {
        return begin(&(struct request){.run = run_system_create,
                                       .fn = fn,
                                       .ctx = ctx,
                                       .client = c,
                                       .id = (char *)(uintptr_t)id,
                                       .text = (char *)(uintptr_t)configuration},
                     call, err);
}

static HRESULT run_system_open(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        return hcs_system_open(r->client, r->id, call, &r->done.system, err);
}

HRESULT hcs_system_open_async(struct hcs_client *c, const char *id, const struct hcs_call *call, hcs_completion_fn fn,
                              void *ctx, struct hcs_error **err) {
        return begin(
                &(struct request){
                        .run = run_system_open, .fn = fn, .ctx = ctx, .client = c, .id = (char *)(uintptr_t)id},
                call, err);
}

static HRESULT run_system(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        switch ((enum hcs_system_operation)r->operation) {
        case HCS_SYSTEM_START:
                return hcs_system_start(r->system, r->text, call, err);
        case HCS_SYSTEM_SHUTDOWN:
                return hcs_system_shutdown(r->system, r->text, err);
        case HCS_SYSTEM_TERMINATE:
                return hcs_system_terminate(r->system, r->text, err);
        case HCS_SYSTEM_PAUSE:
                return hcs_system_pause(r->system, r->text, call, err);
        case HCS_SYSTEM_RESUME:
                return hcs_system_resume(r->system, r->text, call, err);
        case HCS_SYSTEM_SAVE:
                return hcs_system_save(r->system, r->text, call, err);
        case HCS_SYSTEM_CRASH:
                return hcs_system_crash(r->system, r->text, call, err);
        case HCS_SYSTEM_MODIFY:
                return hcs_system_modify(r->system, r->text, call, err);
        case HCS_SYSTEM_QUERY:
                return hcs_system_query(r->system, r->text, call, &r->document, err);
        case HCS_SYSTEM_WAIT:
                return hcs_system_wait(r->system, call, err);
        }
        return hcs_error_make(err, E_INVALIDARG, "no operation %u of a system", r->operation);
}

HRESULT hcs_system_async(struct hcs_system *s, enum hcs_system_operation operation, const char *document,
                         const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err) {
        return begin(&(struct request){.run = run_system,
                                       .fn = fn,
                                       .ctx = ctx,
                                       .system = s,
                                       .operation = operation,
                                       .text = (char *)(uintptr_t)document},
                     call, err);
}

static HRESULT run_process_create(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        return hcs_process_create(r->system, r->text, call, &r->done.process, err);
}

HRESULT hcs_process_create_async(struct hcs_system *s, const char *parameters, const struct hcs_call *call,
                                 hcs_completion_fn fn, void *ctx, struct hcs_error **err) {
        return begin(&(struct request){.run = run_process_create,
                                       .fn = fn,
                                       .ctx = ctx,
                                       .system = s,
                                       .text = (char *)(uintptr_t)parameters},
                     call, err);
}

static HRESULT run_process_open(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        return hcs_process_open(r->system, r->pid, call, &r->done.process, err);
}

HRESULT hcs_process_open_async(struct hcs_system *s, uint32_t pid, const struct hcs_call *call, hcs_completion_fn fn,
                               void *ctx, struct hcs_error **err) {
        return begin(&(struct request){.run = run_process_open, .fn = fn, .ctx = ctx, .system = s, .pid = pid}, call,
                     err);
}

static HRESULT run_process(struct request *r, const struct hcs_call *call, struct hcs_error **err) {
        switch ((enum hcs_process_operation)r->operation) {
        case HCS_PROCESS_WAIT:
                return hcs_process_wait(r->process, call, &r->done.exit_code, err);
        case HCS_PROCESS_KILL:
                return hcs_process_kill(r->process, call, &r->done.delivered, err);
        case HCS_PROCESS_SIGNAL:
                return hcs_process_signal(r->process, r->text, call, &r->done.delivered, err);
        case HCS_PROCESS_MODIFY:
                return hcs_process_modify(r->process, r->text, call, err);
        case HCS_PROCESS_PROPERTIES:
                return hcs_process_properties(r->process, r->text, call, &r->document, err);
        case HCS_PROCESS_CLOSE_STDIN:
                return hcs_process_close_stdin(r->process, call, err);
        }
        return hcs_error_make(err, E_INVALIDARG, "no operation %u of a process", r->operation);
}

HRESULT hcs_process_async(struct hcs_process *p, enum hcs_process_operation operation, const char *document,
                          const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err) {
        return begin(&(struct request){.run = run_process,
                                       .fn = fn,
                                       .ctx = ctx,
                                       .process = p,
                                       .operation = operation,
                                       .text = (char *)(uintptr_t)document},
                     call, err);
}
