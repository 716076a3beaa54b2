/* SPDX-License-Identifier: MIT */

#include "uvm/vm.h"

#include "base/str.h"
#include "platform/hvsocket.h"
#include "platform/thread.h"
#include "uvm/change.h"
#include "uvm/prepare.h"

#define GUEST_MS 120000
#define END_MS   60000

enum { ENTROPY, LOG, BRIDGE, LISTENERS };

/* One connection that the guest is waited for, on a thread of its own: while the VM starts, or, without a bridge, as
 * long as it is there. */
struct expected {
        struct uvm *u;
        struct hcs_call call;
        struct hcs_thread thread;
        bool is_running;
        struct hcs_error *err;
        HRESULT hr;
};

struct uvm {
        char *id;
        bool is_windows, is_confidential, has_log, no_bridge;
        bool is_restored; /* its guest goes on: it has its entropy, and dials nothing but the bridge again */
        struct hcs_gcs_options guest_options;
        struct hcs_gcs_log_options log_options;
        char *policy; /* for the guest; NULL: none */
        void (*show)(void *ctx, const char *what, const char *document);
        void (*started)(void *ctx, struct hcs_system *system);
        void (*crashed)(void *ctx, const char *report);
        void *show_ctx;
        struct uvm_plan plan;
        struct hcs_client *client;
        struct hcs_system *system;
        struct hcs_gcs_transport *transport;
        struct hcs_gcs_listener *listeners[LISTENERS];
        struct hcs_gcs_log *log;
        struct hcs_gcs_connection *guest;
        struct expected entropy, guest_log;
};

const char *uvm_id(const struct uvm *u) {
        return u->id;
}

uint32_t uvm_processors(const struct uvm *u) {
        return u->plan.processors;
}

struct hcs_system *uvm_system(struct uvm *u) {
        return u->system;
}

struct hcs_gcs_connection *uvm_guest(struct uvm *u) {
        return u->guest;
}

static void close_listeners(struct uvm *u) {
        for (unsigned i = 0; i < LISTENERS; i++)
                u->listeners[i] = hcs_gcs_listener_close(u->listeners[i]);
}

static void wake_listeners(struct uvm *u) {
        for (unsigned i = 0; i < LISTENERS; i++)
                if (u->listeners[i])
                        hcs_gcs_listener_wake(u->listeners[i]);
}

/* Nobody dials any more. Listeners are only closed when this cannot run. */
static void on_event(void *ctx, const struct hcs_event *event) {
        const struct uvm *u = ctx;

        if (event->kind == HCS_EVENT_SYSTEM_CRASH_REPORT && u->crashed)
                u->crashed(u->show_ctx, event->data ? event->data : "");
        if (event->kind == HCS_EVENT_SYSTEM_EXITED || event->kind == HCS_EVENT_SERVICE_DISCONNECT)
                wake_listeners(ctx);
}

/* At the Hyper-V socket of the VM, or where an emulated one has it. */
static HRESULT find_guest(struct uvm *u, struct hcs_error **err) {
        _cleanup_free_ char *folder = NULL, *name = NULL;
        char text[HCS_GUID_TEXT_SIZE];
        GUID id;

        if (!hcs_system_runtime_id(u->system, &id))
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s has no RuntimeId to find its guest by", u->id);
        folder = hcs_hvsocket_folder(&id);
        name = folder ? hcs_asprintf("unix:%s/v.sock", folder) : hcs_asprintf("hyperv:%s", hcs_guid_format(&id, text));
        return hcs_gcs_transport_open(name, &u->transport, err);
}

static HRESULT listen_to_guest(struct uvm *u, struct hcs_error **err) {
        const uint32_t ports[LISTENERS] = {HCS_GCS_ENTROPY, u->is_windows ? HCS_GCS_WINDOWS_LOG : HCS_GCS_LOG,
                                           u->is_confidential && u->is_windows ? HCS_GCS_WINDOWS_SIDECAR
                                           : u->is_windows                     ? HCS_GCS_WINDOWS_BRIDGE
                                                                               : HCS_GCS_BRIDGE};
        HRESULT hr = S_OK;

        for (unsigned i = 0; i < LISTENERS && SUCCEEDED(hr); i++)
                if (i == BRIDGE ? !u->no_bridge : i == LOG ? u->has_log : !u->is_windows)
                        hr = hcs_gcs_listen(u->transport, ports[i], &u->listeners[i], err);
        return hr;
}

/* What is left of it is the error, which is moved away or freed. */
static void stop_expecting(struct expected *e) {
        if (!e->is_running)
                return;
        hcs_thread_join(&e->thread);
        e->is_running = false;
}

static void free_vm(struct uvm *u) {
        wake_listeners(u);
        stop_expecting(&u->entropy);
        stop_expecting(&u->guest_log);
        hcs_error_free(u->entropy.err);
        hcs_error_free(u->guest_log.err);
        close_listeners(u);
        hcs_gcs_connection_unref(u->guest);
        hcs_gcs_log_free(u->log);
        hcs_system_unref(u->system);
        hcs_gcs_transport_unref(u->transport);
        hcs_client_unref(u->client);
        uvm_plan_deinit(&u->plan);
        free(u->policy);
        free(u->id);
        free(u);
}

static void show(const struct uvm *u, const char *what, const char *document) {
        if (u->show)
                u->show(u->show_ctx, what, document);
}

HRESULT uvm_create(const struct uvm_create_options *o, struct uvm_plan *plan, const struct hcs_call *call,
                   struct uvm **ret, struct hcs_error **err) {
        _cleanup_free_ char *text = uvm_plan_text(plan);
        struct uvm *u;
        HRESULT hr = uvm_plan_prepare(plan, o->id, o->client, err);

        if (FAILED(hr))
                return hr;
        u = hcs_calloc(1, sizeof(*u));
        u->id = hcs_strdup(o->id);
        u->is_windows = o->is_windows;
        u->is_confidential = o->is_confidential;
        u->has_log = o->has_log;
        u->no_bridge = o->no_bridge;
        u->is_restored = plan->document->VirtualMachine && plan->document->VirtualMachine->RestoreState;
        u->guest_options = (struct hcs_gcs_options){
                .name = u->id, .tap = o->tap, .tap_bytes = o->tap_bytes, .tap_ctx = o->tap_ctx};
        u->log_options = (struct hcs_gcs_log_options){.name = u->id, .raw = o->log, .ctx = o->tap_ctx};
        u->show = o->show;
        u->started = o->started;
        u->crashed = o->crashed;
        u->show_ctx = o->show_ctx;
        if (o->policy)
                u->policy =
                        hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_CONFIDENTIAL_OPTIONS), o->policy);
        u->client = hcs_client_ref(o->client);
        u->transport = o->transport ? hcs_gcs_transport_ref(o->transport) : NULL;
        show(u, "create", text);
        hr = hcs_system_create(u->client, u->id, text, call, &u->system, err);
        if (SUCCEEDED(hr) && !u->transport && o->has_guest)
                hr = find_guest(u, err);
        if (SUCCEEDED(hr) && u->transport)
                hr = listen_to_guest(u, err);
        if (SUCCEEDED(hr))
                hr = hcs_system_set_callback(u->system, on_event, u, err);
        if (FAILED(hr)) {
                uvm_plan_undo(plan);
                free_vm(u);
                return hr;
        }
        u->plan = *plan;
        *plan = (struct uvm_plan){0};
        *ret = u;
        return S_OK;
}

static void expect_entropy(void *arg) {
        struct expected *e = arg;

        e->hr = hcs_gcs_serve_entropy(e->u->listeners[ENTROPY], &e->call, &e->err);
}

static void expect_log(void *arg) {
        struct expected *e = arg;
        struct hcs_stream *stream = NULL;

        e->hr = hcs_gcs_accept(e->u->listeners[LOG], &e->call, &stream, &e->err);
        if (SUCCEEDED(e->hr))
                e->hr = hcs_gcs_log_new(stream, &e->u->log_options, &e->u->log, &e->err);
}

static HRESULT connect_guest(struct uvm *u, const struct hcs_call *call, struct hcs_error **err) {
        struct uvm_sink sink = uvm_sink(u);
        struct hcs_stream *bridge = NULL;
        GUID id;
        HRESULT hr = hcs_gcs_accept(u->listeners[BRIDGE], call, &bridge, err);

        if (SUCCEEDED(hr))
                hr = hcs_gcs_connect(bridge, u->transport, &u->guest_options, call, &u->guest, err);
        if (SUCCEEDED(hr) && u->is_windows && hcs_system_runtime_id(u->system, &id))
                hr = uvm_set_addresses(&sink, &id, err);
        if (SUCCEEDED(hr) && u->policy && !u->is_restored)
                hr = uvm_send_policy(&sink, u->policy, err);
        return hr;
}

static HRESULT expect(struct uvm *u, struct expected *e, void (*run)(void *arg), const struct hcs_call *call,
                      struct hcs_error **err) {
        HRESULT hr;

        e->u = u;
        e->call = *call;
        hr = hcs_thread_start(&e->thread, run, e, err);
        e->is_running = SUCCEEDED(hr);
        return hr;
}

/* The first failure counts; the others come of it. */
static HRESULT join(struct expected *e, HRESULT hr, struct hcs_error **err) {
        if (!e->is_running)
                return hr;
        stop_expecting(e);
        if (SUCCEEDED(hr) && FAILED(e->hr))
                return hcs_error_move(err, &e->err);
        e->err = hcs_error_free(e->err);
        return hr;
}

static HRESULT boot(struct uvm *u, const struct hcs_call *call, struct hcs_error **err) {
        const struct hcs_call forever = {.timeout_ms = HCS_NO_TIMEOUT};
        struct hcs_call for_guest = {.timeout_ms = call && call->timeout_ms ? call->timeout_ms : GUEST_MS,
                                     .cancel = call ? call->cancel : NULL};
        const struct hcs_call *waiting = u->no_bridge || u->is_restored ? &forever : &for_guest;
        HRESULT hr = S_OK;

        if (u->listeners[ENTROPY])
                hr = expect(u, &u->entropy, expect_entropy, waiting, err);
        if (SUCCEEDED(hr) && u->listeners[LOG])
                hr = expect(u, &u->guest_log, expect_log, waiting, err);
        if (SUCCEEDED(hr))
                hr = hcs_system_start(u->system, NULL, call, err);
        if (FAILED(hr))
                wake_listeners(u);
        else if (u->started)
                u->started(u->show_ctx, u->system);
        if (SUCCEEDED(hr) && u->no_bridge)
                return hr;
        if (!u->is_restored) {
                hr = join(&u->entropy, hr, err);
                hr = join(&u->guest_log, hr, err);
        }
        return SUCCEEDED(hr) && u->listeners[BRIDGE] ? connect_guest(u, &for_guest, err) : hr;
}

/* A VM that cannot be terminated, or does not go, is left to HCS. */
static void end(struct uvm *u) {
        if (SUCCEEDED(hcs_system_terminate(u->system, NULL, NULL)))
                hcs_system_wait(u->system, &(struct hcs_call){.timeout_ms = END_MS}, NULL);
}

HRESULT uvm_start(struct uvm *u, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_error *cause = NULL, *exit = NULL;
        HRESULT hr = boot(u, call, &cause);

        if (SUCCEEDED(hr))
                return hr;
        /* A guest that did not come because its VM is gone: that is what there is to tell. */
        if (hcs_system_exited(u->system)) {
                hr = hcs_system_exit_error(u->system, &exit);
                if (SUCCEEDED(hr) && !(call && call->cancel && hcs_cancel_is_set(call->cancel)))
                        hcs_error_make(&exit, HCS_E_UNEXPECTED_EXIT,
                                       "%s ended before its agent called: it was ended, or its guest powered off or "
                                       "started over",
                                       u->id);
                if (exit) {
                        hcs_error_free(cause);
                        cause = exit;
                }
        }
        end(u);
        return hcs_error_move(err, &cause);
}

HRESULT uvm_shutdown(struct uvm *u, const struct hcs_call *call, struct hcs_error **err) {
        HRESULT hr;

        if (!u->guest)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: there is no guest to ask", u->id);
        hr = hcs_gcs_shutdown(u->guest, false, call, err);
        return FAILED(hr) ? hr : uvm_wait(u, call, err);
}

HRESULT uvm_dump_stacks(struct uvm *u, const struct hcs_call *call, char **ret, struct hcs_error **err) {
        if (!u->guest)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: there is no guest to ask", u->id);
        return hcs_gcs_dump_stacks(u->guest, call, ret, err);
}

HRESULT uvm_terminate(struct uvm *u, struct hcs_error **err) {
        return hcs_system_terminate(u->system, NULL, err);
}

HRESULT uvm_wait(struct uvm *u, const struct hcs_call *call, struct hcs_error **err) {
        return hcs_system_wait(u->system, call, err);
}

HRESULT uvm_exit_error(struct uvm *u, struct hcs_error **err) {
        return hcs_system_exit_error(u->system, err);
}

struct uvm *uvm_close(struct uvm *u) {
        if (!u)
                return NULL;
        if (!hcs_system_exited(u->system))
                end(u);
        hcs_system_set_callback(u->system, NULL, NULL, NULL);
        if (u->guest)
                hcs_gcs_connection_close(u->guest);
        uvm_plan_undo(&u->plan);
        hcs_system_close(u->system, NULL);
        free_vm(u);
        return NULL;
}

static HRESULT grant(void *ctx, const char *path, struct hcs_error **err) {
        struct uvm *u = ctx;

        return hcs_grant_vm_access(u->client, u->id, path, err);
}

static HRESULT modify(void *ctx, const char *document, struct hcs_error **err) {
        struct uvm *u = ctx;

        show(u, "modify", document);
        return hcs_system_modify(u->system, document, NULL, err);
}

static HRESULT request(void *ctx, const char *text, struct hcs_error **err) {
        struct uvm *u = ctx;

        if (!u->guest)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: there is no guest to ask", u->id);
        return hcs_gcs_modify(u->guest, text, NULL, err);
}

struct uvm_sink uvm_sink(struct uvm *u) {
        return (struct uvm_sink){u, grant, modify, request};
}

struct uvm_devices_settings uvm_device_settings(const struct uvm *u, uint32_t build) {
        return (struct uvm_devices_settings){.id = u->id,
                                             .is_windows = u->is_windows,
                                             .build = build,
                                             .processors = (int32_t)u->plan.processors,
                                             .scsi_controllers = u->plan.scsi_controllers,
                                             .reserved_luns = u->plan.reserved_luns,
                                             .reserved_vpmem = u->plan.has_vpmem_root};
}
