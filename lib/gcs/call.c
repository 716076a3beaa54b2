/* SPDX-License-Identifier: MIT */

/* Requests of every kind over a connection: the base that all have, the time they may take, their documents. */

#include <string.h>

#include "gcs/internal.h"

void gcs_base_init(struct hcs_gcs_connection *gc, const char *container, struct hcs_schema_gcs_request_base *ret,
                   struct gcs_base *b) {
        size_t n = 0;
        hcs_guard(&gc->lock);

        *b = (struct gcs_base){0};
        ret->ContainerId = (char *)(uintptr_t)container; /* borrowed for the time of the call */
        if (gc->traceparent) {
                b->keys[n] = (char *)(uintptr_t) "traceparent";
                b->values[n++] = hcs_strdup(gc->traceparent);
        }
        if (gc->tracestate) {
                b->keys[n] = (char *)(uintptr_t) "tracestate";
                b->values[n++] = hcs_strdup(gc->tracestate);
        }
        ret->otsc.keys = b->keys;
        ret->otsc.values = b->values;
        ret->otsc.n = n;
}

void gcs_base_deinit(struct gcs_base *b) {
        free(b->values[0]);
        free(b->values[1]);
}

HRESULT gcs_call(struct hcs_gcs_connection *gc, enum hcs_gcs_rpc message, const void *request,
                 enum hcs_schema_type_id inner, uint32_t pid, const struct hcs_call *call, int64_t default_ms,
                 struct gcs_rpc **ret, struct hcs_error **err) {
        bool own = call && call->timeout_ms;
        struct hcs_bound bound = hcs_bound_of_call(call, default_ms ? default_ms : gc->timeout_ms);
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        struct hcs_error *mine = NULL;
        HRESULT hr = gcs_bridge_send(&gc->bridge, message, request, inner, &bound, &rpc, &mine);

        if (SUCCEEDED(hr)) {
                rpc->pid = pid;
                hr = gcs_rpc_wait(rpc, &bound, &mine);
        }
        /* The same code may be the guest's answer. */
        if (hr == HCS_E_OPERATION_TIMEOUT && !own && !default_ms && !(rpc && gcs_rpc_is_done(rpc))) {
                mine = hcs_error_free(mine);
                gcs_bridge_kill(&gc->bridge, hr, "message timeout");
                hr = rpc ? gcs_rpc_wait(rpc, NULL, &mine) : gcs_bridge_error(&gc->bridge, &mine);
        }
        if (FAILED(hr) && rpc)
                gcs_bridge_forget(&gc->bridge, rpc);
        if (ret)
                *ret = steal_pointer(&rpc);
        if (mine)
                hcs_error_move(err, &mine);
        return hr;
}

HRESULT gcs_call_base(struct hcs_gcs_connection *gc, enum hcs_gcs_rpc message, const char *container,
                      const struct hcs_call *call, int64_t default_ms, struct gcs_rpc **ret, struct hcs_error **err) {
        struct hcs_schema_gcs_request_base request = {0};
        _cleanup_base_ struct gcs_base base;

        gcs_base_init(gc, container, &request, &base);
        return gcs_call(gc, message, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, default_ms, ret, err);
}

HRESULT gcs_document(const char *what, const char *text, char **ret, struct hcs_json **ret_tree,
                     struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *tree = NULL;
        HRESULT hr;

        if (!text)
                text = "null";
        hr = hcs_json_parse_cstr(text, &tree, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "%s", what), hr;
        if (ret)
                *ret = hcs_json_text(tree, HCS_JSON_GO);
        if (ret_tree)
                *ret_tree = steal_pointer(&tree);
        return S_OK;
}

HRESULT gcs_refused(enum hcs_gcs_rpc message, const char *container, HRESULT hr, struct hcs_error **err) {
        hcs_error_set_operation(err, hcs_gcs_message_find(message)->name);
        hcs_error_set_id(err, container);
        return hr;
}

char *gcs_modification(const char *request_type, const char *resource_type, struct hcs_json *settings) {
        struct hcs_schema_guest_modification_request request = {
                .RequestType = (char *)(uintptr_t)request_type,
                .ResourceType = (char *)(uintptr_t)resource_type,
                .Settings = settings,
        };
        char *text = hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_MODIFICATION_REQUEST), &request);

        hcs_json_free(settings);
        return text;
}

HRESULT gcs_modify(struct hcs_gcs_connection *gc, const char *container, const char *request,
                   const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_schema_gcs_container_modify_settings message = {0};
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_base_ struct gcs_base base;
        HRESULT hr;

        gcs_base_init(gc, container, (struct hcs_schema_gcs_request_base *)&message, &base);
        hr = gcs_document("request", request, NULL, &tree, err);
        if (FAILED(hr))
                return gcs_refused(HCS_GCS_MODIFY_SETTINGS, container, hr, err);
        message.Request = tree;
        return gcs_call(gc, HCS_GCS_MODIFY_SETTINGS, &message, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, NULL, err);
}
