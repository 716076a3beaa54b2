/* SPDX-License-Identifier: MIT */

/*
 * Processes in a guest: started with a request, waited for with another one that is sent at once and answered at the
 * end. What other threads may touch at the same time are the streams and that request, which guard themselves.
 */

#include <string.h>

#include "base/str.h"
#include "gcs/internal.h"
#include "hcsshim/guid.h"

#define NOT_FOUND HCS_WIN32(1168)

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

static struct hcs_gcs_process *process_new(struct hcs_gcs_connection *gc, const char *container) {
        struct hcs_gcs_process *p = hcs_calloc(1, sizeof(*p));

        atomic_init(&p->refs, 1);
        p->gc = hcs_gcs_connection_ref(gc);
        p->container = hcs_strdup(container);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(p->streams); i++)
                gcs_channel_init(&p->streams[i], &gc->bridge);
        hcs_guard(&gc->lock);
        p->next = gc->processes;
        gc->processes = p;
        return p;
}

static void unlist(struct hcs_gcs_process *p) {
        struct hcs_gcs_process **at = &p->gc->processes;
        hcs_guard(&p->gc->lock);

        while (*at != p)
                at = &(*at)->next;
        *at = p->next;
}

void gcs_processes_bridge_ended(struct hcs_gcs_connection *gc) {
        hcs_guard(&gc->lock);

        for (struct hcs_gcs_process *p = gc->processes; p; p = p->next)
                for (size_t i = 0; i < HCS_ARRAY_SIZE(p->streams); i++)
                        gcs_channel_bridge_ended(&p->streams[i]);
}

struct hcs_gcs_process *hcs_gcs_process_ref(struct hcs_gcs_process *p) {
        atomic_fetch_add(&p->refs, 1);
        return p;
}

struct hcs_gcs_process *hcs_gcs_process_unref(struct hcs_gcs_process *p) {
        if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
                return NULL;
        unlist(p);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(p->streams); i++)
                gcs_channel_deinit(&p->streams[i]);
        gcs_relay_free(p->relay);
        gcs_rpc_unref(p->wait);
        hcs_gcs_connection_unref(p->gc);
        free(p->container);
        free(p);
        return NULL;
}

static void process_unrefp(struct hcs_gcs_process **p) {
        hcs_gcs_process_unref(*p);
}

/* Names the process: "container:pid". */
HRESULT gcs_process_blame(const struct hcs_gcs_process *p, const char *operation, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("%s:%u", p->container, (unsigned)p->pid);

        hcs_error_set_operation(err, operation);
        hcs_error_set_id(err, id);
        return err && *err ? hcs_error_hresult(*err) : E_FAIL;
}

/* Listens for a stream when the parameters ask for it. */
static HRESULT listen_for(struct hcs_gcs_process *p, enum hcs_gcs_stream which, const struct hcs_json *parameters,
                          struct hcs_error **err) {
        static const char *const members[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
        struct hcs_gcs_connection *gc = p->gc;
        uint32_t port;
        HRESULT hr;

        if (!hcs_json_bool(hcs_json_get_nocase(parameters, members[which])))
                return S_OK;
        if (!gc->transport)
                return hcs_error_make(err, E_INVALIDARG, "%s: the connection was made without a transport",
                                      members[which]);
        {
                hcs_guard(&gc->lock);
                port = gc->next_port++;
        }
        hr = gcs_channel_listen(&p->streams[which], gc->transport, port, gc->stdio_ms, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", stream_names[which]);
        return hr;
}

/* Ports for Linux guests; for Windows ones the hvsocket ids of the same ports. */
static HRESULT send_execute(struct hcs_gcs_process *p, const char *parameters, const struct hcs_call *call,
                            struct gcs_rpc **ret, struct hcs_error **err) {
        struct hcs_schema_gcs_execute_process_vsock_stdio_relay_settings ports = {
                .StdIn = p->streams[0].port, .StdOut = p->streams[1].port, .StdErr = p->streams[2].port};
        struct hcs_schema_gcs_execute_process_stdio_relay_settings ids = {0};
        struct hcs_schema_gcs_container_execute_process request = {0};
        char texts[3][HCS_GUID_TEXT_SIZE], **slots[] = {&ids.StdIn, &ids.StdOut, &ids.StdErr};
        _cleanup_base_ struct gcs_base base;

        gcs_base_init(p->gc, p->container, (struct hcs_schema_gcs_request_base *)&request, &base);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(slots); i++) {
                GUID g;

                if (!p->streams[i].port)
                        continue;
                hcs_guid_from_vsock_port(p->streams[i].port, &g);
                *slots[i] = hcs_guid_format(&g, texts[i]);
        }
        request.Settings.ProcessParameters = (char *)(uintptr_t)parameters;
        if (hcs_streq(p->gc->os, "windows"))
                request.Settings.StdioRelaySettings = &ids;
        else
                request.Settings.VsockStdioRelaySettings = &ports;
        return gcs_call(p->gc, HCS_GCS_EXECUTE_PROCESS, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, ret, err);
}

/* The request that the guest answers when the process has ended. */
static HRESULT send_wait(struct hcs_gcs_process *p, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_schema_gcs_container_wait_for_process request = {.ProcessId = p->pid, .TimeoutInMs = UINT32_MAX};
        struct hcs_bound bound = hcs_bound_of_call(call, p->gc->timeout_ms);
        _cleanup_base_ struct gcs_base base;
        HRESULT hr;

        gcs_base_init(p->gc, p->container, (struct hcs_schema_gcs_request_base *)&request, &base);
        hr = gcs_bridge_send(&p->gc->bridge, HCS_GCS_WAIT_FOR_PROCESS, &request, HCS_SCHEMA_TYPE_COUNT, &bound,
                             &p->wait, err);
        if (FAILED(hr) && p->wait)
                gcs_bridge_forget(&p->gc->bridge, p->wait);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to wait on process, leaking process"), hr;
        p->wait->pid = p->pid;
        return S_OK;
}

HRESULT gcs_exec(struct hcs_gcs_connection *gc, const char *container, const char *parameters,
                 const struct hcs_call *call, struct hcs_gcs_process **ret, struct hcs_error **err) {
        _cleanup_(process_unrefp) struct hcs_gcs_process *p = process_new(gc, container);
        const struct hcs_schema_gcs_container_execute_process_response *answer;
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        _cleanup_free_ char *document = NULL;
        HRESULT hr = gcs_document("parameters", parameters, &document, &tree, err);

        for (int i = 0; i < 3 && SUCCEEDED(hr); i++)
                hr = listen_for(p, (enum hcs_gcs_stream)i, tree, err);
        if (FAILED(hr))
                return gcs_refused(HCS_GCS_EXECUTE_PROCESS, container, hr, err);
        hr = send_execute(p, document, call, &rpc, err);
        if (FAILED(hr))
                return hr;
        answer = rpc->answer;
        p->pid = answer->ProcessId;
        for (int i = 0; i < 3; i++)
                gcs_channel_started(&p->streams[i]);
        hr = send_wait(p, call, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&p);
        return hr;
}

HRESULT hcs_gcs_exec(struct hcs_gcs_connection *gc, const char *parameters, const struct hcs_call *call,
                     struct hcs_gcs_process **ret, struct hcs_error **err) {
        return gcs_exec(gc, HCS_GCS_NULL_ID, parameters, call, ret, err);
}

HRESULT hcs_gcs_process_attach(struct hcs_gcs_connection *gc, const char *container, uint32_t pid,
                               struct hcs_gcs_process **ret, struct hcs_error **err) {
        _cleanup_(process_unrefp) struct hcs_gcs_process *p = process_new(gc, container ? container : HCS_GCS_NULL_ID);
        HRESULT hr;

        p->pid = pid;
        hr = send_wait(p, NULL, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&p);
        return hr;
}

void hcs_gcs_process_close(struct hcs_gcs_process *p) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(p->streams); i++)
                gcs_channel_close(&p->streams[i]);
}

uint32_t hcs_gcs_process_pid(const struct hcs_gcs_process *p) {
        return p->pid;
}

static bool is_stream(enum hcs_gcs_stream stream) {
        return stream == HCS_GCS_STDIN || stream == HCS_GCS_STDOUT || stream == HCS_GCS_STDERR;
}

uint32_t hcs_gcs_process_port(const struct hcs_gcs_process *p, enum hcs_gcs_stream stream) {
        return is_stream(stream) ? p->streams[stream].port : 0;
}

static void tap_bytes(const struct hcs_gcs_process *p, enum hcs_gcs_stream stream, const void *data, size_t n,
                      bool end) {
        if (p->streams[stream].port)
                gcs_bridge_tap_bytes(&p->gc->bridge, p->streams[stream].port, stream, data, n, end);
}

HRESULT hcs_gcs_process_write(struct hcs_gcs_process *p, const void *data, size_t n, const struct hcs_call *call,
                              struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr;

        tap_bytes(p, HCS_GCS_STDIN, data, n, false);
        hr = gcs_channel_write(&p->streams[HCS_GCS_STDIN], data, n, &b, err);
        if (FAILED(hr))
                gcs_process_blame(p, "write stdin", err);
        return hr;
}

HRESULT hcs_gcs_process_read(struct hcs_gcs_process *p, enum hcs_gcs_stream stream, void *buf, size_t size,
                             const struct hcs_call *call, size_t *ret_n, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr;

        if (!is_stream(stream) || stream == HCS_GCS_STDIN || !size) { /* without room there would seem to be an end */
                hr = size ? hcs_error_make(err, E_INVALIDARG, "stream %d is no output of a process", (int)stream)
                          : hcs_error_make(err, E_INVALIDARG, "there is no room to read to");
                gcs_process_blame(p, "read", err);
                return hr;
        }
        hr = gcs_channel_read(&p->streams[stream], buf, size, &b, ret_n, err);
        if (SUCCEEDED(hr))
                tap_bytes(p, stream, buf, hr == S_OK ? *ret_n : 0, hr == S_FALSE);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "read %s", stream_names[stream]);
                gcs_process_blame(p, "read", err);
        }
        return hr;
}

HRESULT hcs_gcs_process_close_stdin(struct hcs_gcs_process *p, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr;

        if (!atomic_exchange(&p->input_ended, true))
                tap_bytes(p, HCS_GCS_STDIN, NULL, 0, true);
        hr = gcs_channel_close_write(&p->streams[HCS_GCS_STDIN], &b, err);
        if (FAILED(hr))
                gcs_process_blame(p, "close stdin", err);
        return hr;
}

void hcs_gcs_process_close_stream(struct hcs_gcs_process *p, enum hcs_gcs_stream stream) {
        if (is_stream(stream))
                gcs_channel_close(&p->streams[stream]);
}

HRESULT hcs_gcs_process_resize_console(struct hcs_gcs_process *p, uint16_t width, uint16_t height,
                                       const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_schema_gcs_container_resize_console request = {
                .ProcessId = p->pid, .Height = height, .Width = width};
        _cleanup_base_ struct gcs_base base;

        gcs_base_init(p->gc, p->container, (struct hcs_schema_gcs_request_base *)&request, &base);
        return gcs_call(p->gc, HCS_GCS_RESIZE_CONSOLE, &request, HCS_SCHEMA_TYPE_COUNT, p->pid, call, 0, NULL, err);
}

HRESULT hcs_gcs_process_signal(struct hcs_gcs_process *p, const char *options, const struct hcs_call *call,
                               bool *ret_delivered, struct hcs_error **err) {
        struct hcs_schema_gcs_container_signal_process request = {.ProcessId = p->pid};
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        struct hcs_error *mine = NULL;
        _cleanup_base_ struct gcs_base base;
        HRESULT hr;

        gcs_base_init(p->gc, p->container, (struct hcs_schema_gcs_request_base *)&request, &base);
        hr = options ? gcs_document("options", options, NULL, &tree, err) : S_OK;
        if (FAILED(hr)) {
                gcs_process_blame(p, "SignalProcess", err);
                return hr;
        }
        request.Options = tree;
        hr = gcs_call(p->gc, HCS_GCS_SIGNAL_PROCESS, &request, HCS_SCHEMA_TYPE_COUNT, p->pid, call, 0, &rpc, &mine);
        if (FAILED(hr) && (!rpc || gcs_rpc_result(rpc) != NOT_FOUND))
                return hcs_error_move(err, &mine), hr;
        if (ret_delivered)
                *ret_delivered = SUCCEEDED(hr);
        if (FAILED(hr) && !gcs_rpc_is_done(p->wait))
                hcs_log(HCS_LOG_WARN, "ignoring missing process", "cid", p->container, "error", hcs_error_message(mine),
                        NULL);
        hcs_error_free(mine);
        return S_OK;
}

HRESULT hcs_gcs_process_kill(struct hcs_gcs_process *p, const struct hcs_call *call, bool *ret_delivered,
                             struct hcs_error **err) {
        return hcs_gcs_process_signal(p, NULL, call, ret_delivered, err);
}

/* Waits for the end. A guest that does not find the process says ERROR_NOT_FOUND: it ended, with the code that the
 * answer has, as in hcsshim. */
static HRESULT await_end(struct hcs_gcs_process *p, const struct hcs_bound *b, uint32_t *ret_exit_code,
                         struct hcs_error **err) {
        const struct hcs_schema_gcs_container_wait_for_process_response *answer;
        struct hcs_error *mine = NULL;
        HRESULT hr = gcs_rpc_wait(p->wait, b, &mine);

        if (FAILED(hr) && gcs_rpc_result(p->wait) != NOT_FOUND)
                return hcs_error_move(err, &mine), hr;
        hcs_error_free(mine);
        answer = p->wait->answer;
        if (ret_exit_code)
                *ret_exit_code = answer->ExitCode;
        return S_OK;
}

void gcs_process_hint_open_outputs(struct hcs_gcs_process *p, const char *why, struct hcs_error **err) {
        bool out = gcs_channel_is_open(&p->streams[HCS_GCS_STDOUT]),
             other = gcs_channel_is_open(&p->streams[HCS_GCS_STDERR]);
        _cleanup_free_ char *hint = hcs_asprintf("%s%s%s still open on our side; %s them", out ? "stdout" : "",
                                                 out && other ? " and " : "", other ? "stderr" : "", why);

        if (out || other)
                hcs_error_set_hint(err, hint);
}

HRESULT hcs_gcs_process_wait(struct hcs_gcs_process *p, const struct hcs_call *call, uint32_t *ret_exit_code,
                             struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr = await_end(p, &b, ret_exit_code, err);

        if (FAILED(hr) && !gcs_rpc_is_done(p->wait))
                gcs_process_hint_open_outputs(p, "the guest answers when we have read to their end or closed", err);
        return hr;
}

HRESULT hcs_gcs_process_exit_code(struct hcs_gcs_process *p, uint32_t *ret_exit_code, struct hcs_error **err) {
        HRESULT hr;

        if (!gcs_rpc_is_done(p->wait)) {
                hr = hcs_error_make(err, HCS_E_INVALID_STATE, "process not exited");
                gcs_process_blame(p, "ExitCode", err);
                return hr;
        }
        return await_end(p, NULL, ret_exit_code, err);
}
