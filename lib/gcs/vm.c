/* SPDX-License-Identifier: MIT */

/* What a connection asks of the VM itself, and any request by name. */

#include <string.h>

#include "gcs/internal.h"

HRESULT hcs_gcs_modify(struct hcs_gcs_connection *gc, const char *request, const struct hcs_call *call,
                       struct hcs_error **err) {
        return gcs_modify(gc, HCS_GCS_NULL_ID, request, call, err);
}

HRESULT hcs_gcs_modify_resource(struct hcs_gcs_connection *gc, const char *request_type, const char *resource_type,
                                const char *settings, const struct hcs_call *call, struct hcs_error **err) {
        _cleanup_free_ char *request = NULL;
        struct hcs_json *tree = NULL;
        HRESULT hr = settings ? gcs_document("settings", settings, NULL, &tree, err) : S_OK;

        if (FAILED(hr))
                return gcs_refused(HCS_GCS_MODIFY_SETTINGS, HCS_GCS_NULL_ID, hr, err);
        request = gcs_modification(request_type, resource_type, tree);
        return gcs_modify(gc, HCS_GCS_NULL_ID, request, call, err);
}

HRESULT hcs_gcs_modify_service(struct hcs_gcs_connection *gc, const char *property_type, const char *settings,
                               const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_schema_gcs_service_modification_request request = {0};
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_base_ struct gcs_base base;
        HRESULT hr;

        gcs_base_init(gc, HCS_GCS_NULL_ID, (struct hcs_schema_gcs_request_base *)&request, &base);
        hr = settings ? gcs_document("settings", settings, NULL, &tree, err) : S_OK;
        if (FAILED(hr))
                return gcs_refused(HCS_GCS_MODIFY_SERVICE_SETTINGS, HCS_GCS_NULL_ID, hr, err);
        request.PropertyType = (char *)(uintptr_t)property_type;
        request.Settings = tree;
        return gcs_call(gc, HCS_GCS_MODIFY_SERVICE_SETTINGS, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, NULL, err);
}

HRESULT hcs_gcs_dump_stacks(struct hcs_gcs_connection *gc, const struct hcs_call *call, char **ret,
                            struct hcs_error **err) {
        const struct hcs_schema_gcs_dump_stacks_response *answer;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        HRESULT hr = gcs_call_base(gc, HCS_GCS_DUMP_STACKS, HCS_GCS_NULL_ID, call, 0, &rpc, err);

        if (FAILED(hr))
                return hr;
        answer = rpc->answer;
        *ret = hcs_strdup(answer->GuestStacks ? answer->GuestStacks : "");
        return S_OK;
}

HRESULT hcs_gcs_delete_container_state(struct hcs_gcs_connection *gc, const char *id, const struct hcs_call *call,
                                       struct hcs_error **err) {
        return gcs_call_base(gc, HCS_GCS_DELETE_CONTAINER_STATE, id, call, 0, NULL, err);
}

HRESULT hcs_gcs_shutdown(struct hcs_gcs_connection *gc, bool forced, const struct hcs_call *call,
                         struct hcs_error **err) {
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        struct hcs_error *mine = NULL;
        HRESULT hr = gcs_call_base(gc, forced ? HCS_GCS_SHUTDOWN_FORCED : HCS_GCS_SHUTDOWN_GRACEFUL, HCS_GCS_NULL_ID,
                                   call, GCS_SHUTDOWN_TIMEOUT_MS, &rpc, &mine);

        if (hr == HCS_E_CONNECTION_CLOSED && rpc && rpc->sent && gcs_rpc_result(rpc) != hr) {
                hcs_error_free(mine);
                return S_OK;
        }
        if (mine)
                hcs_error_move(err, &mine);
        return hr;
}

HRESULT hcs_gcs_request(struct hcs_gcs_connection *gc, const char *message, const char *container, const char *members,
                        const struct hcs_call *call, char **ret_answer, struct hcs_error **err) {
        const struct hcs_gcs_message *m = hcs_gcs_message_named(message);
        const struct hcs_schema_type *type = m ? hcs_schema_type_at(m->request) : NULL;
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        struct hcs_schema_gcs_request_base *request;
        struct hcs_schema_gcs_request_base borrowed = {0};
        _cleanup_base_ struct gcs_base base;
        void *doc = NULL;
        HRESULT hr;
        bool lent;

        gcs_base_init(gc, container ? container : HCS_GCS_NULL_ID, &borrowed, &base);
        if (!m)
                return hcs_error_make(err, E_INVALIDARG, "the bridge has no message \"%s\"", message);
        hr = gcs_document("members", members ? members : "{}", NULL, &tree, err);
        if (FAILED(hr))
                return gcs_refused((enum hcs_gcs_rpc)m->rpc, borrowed.ContainerId, hr, err);
        hr = hcs_schema_parse_json(type, tree, &doc, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "members");
                return gcs_refused((enum hcs_gcs_rpc)m->rpc, borrowed.ContainerId, hr, err);
        }
        request = doc;
        if (!request->ContainerId)
                request->ContainerId = hcs_strdup(borrowed.ContainerId);
        lent = !request->otsc.n;
        if (lent)
                memcpy(&request->otsc, &borrowed.otsc, sizeof(request->otsc));
        hr = gcs_call(gc, (enum hcs_gcs_rpc)m->rpc, request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, &rpc, err);
        if (lent)
                memset(&request->otsc, 0, sizeof(request->otsc));
        hcs_schema_free(type, doc);
        if (ret_answer && rpc && gcs_rpc_is_done(rpc) && rpc->body)
                *ret_answer = hcs_strdup(rpc->body);
        return hr;
}
