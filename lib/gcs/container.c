/* SPDX-License-Identifier: MIT */

/* Containers in a guest. The object is a name and the exit that the connection keeps for it. */

#include <string.h>

#include "base/str.h"
#include "gcs/internal.h"

static struct hcs_gcs_container *container_new(struct hcs_gcs_connection *gc, const char *id, struct gcs_exit *e) {
        struct hcs_gcs_container *c = hcs_calloc(1, sizeof(*c));

        atomic_init(&c->refs, 1);
        c->gc = hcs_gcs_connection_ref(gc);
        c->id = hcs_strdup(id);
        c->exit = e;
        return c;
}

HRESULT hcs_gcs_container_create(struct hcs_gcs_connection *gc, const char *id, const char *configuration,
                                 const struct hcs_call *call, struct hcs_gcs_container **ret, struct hcs_error **err) {
        struct hcs_schema_gcs_container_create request = {0};
        _cleanup_free_ char *document = NULL;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        _cleanup_base_ struct gcs_base base;
        struct gcs_exit *e = NULL;
        HRESULT hr;

        gcs_base_init(gc, id, (struct hcs_schema_gcs_request_base *)&request, &base);
        hr = gcs_document("configuration", configuration, &document, NULL, err);
        if (SUCCEEDED(hr))
                hr = gcs_exit_new(gc, id, &e, err);
        if (FAILED(hr))
                return gcs_refused(HCS_GCS_CREATE, id, hr, err);
        request.ContainerConfig = document;
        hr = gcs_call(gc, HCS_GCS_CREATE, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, &rpc, err);
        if (FAILED(hr)) {
                /* One that was asked for and given up may still come to be, and end. */
                gcs_exit_release(gc, e, !rpc || gcs_rpc_is_done(rpc));
                return hr;
        }
        *ret = container_new(gc, id, e);
        return S_OK;
}

HRESULT hcs_gcs_container_attach(struct hcs_gcs_connection *gc, const char *id, struct hcs_gcs_container **ret,
                                 struct hcs_error **err) {
        struct gcs_exit *e = NULL;
        HRESULT hr = gcs_exit_new(gc, id, &e, err);

        if (FAILED(hr)) {
                hcs_error_set_id(err, id);
                return hr;
        }
        *ret = container_new(gc, id, e);
        return S_OK;
}

struct hcs_gcs_container *hcs_gcs_container_ref(struct hcs_gcs_container *c) {
        atomic_fetch_add(&c->refs, 1);
        return c;
}

struct hcs_gcs_container *hcs_gcs_container_unref(struct hcs_gcs_container *c) {
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return NULL;
        gcs_exit_release(c->gc, c->exit, false);
        hcs_gcs_connection_unref(c->gc);
        free(c->id);
        free(c);
        return NULL;
}

void hcs_gcs_container_close(struct hcs_gcs_container *c) {
        hcs_guard(&c->gc->lock);

        c->closed = true;
        c->exit->released = true;
        hcs_cond_broadcast(&c->exit->cond);
}

const char *hcs_gcs_container_id(const struct hcs_gcs_container *c) {
        return c->id;
}

HRESULT hcs_gcs_container_start(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err) {
        return gcs_call_base(c->gc, HCS_GCS_START, c->id, call, 0, NULL, err);
}

HRESULT hcs_gcs_container_exec(struct hcs_gcs_container *c, const char *parameters, const struct hcs_call *call,
                               struct hcs_gcs_process **ret, struct hcs_error **err) {
        return gcs_exec(c->gc, c->id, parameters, call, ret, err);
}

HRESULT hcs_gcs_container_modify(struct hcs_gcs_container *c, const char *request, const struct hcs_call *call,
                                 struct hcs_error **err) {
        return gcs_modify(c->gc, c->id, request, call, err);
}

HRESULT hcs_gcs_container_update(struct hcs_gcs_container *c, const char *resources, const struct hcs_call *call,
                                 struct hcs_error **err) {
        _cleanup_free_ char *request = NULL;
        struct hcs_json *settings, *tree = NULL;
        HRESULT hr = gcs_document("resources", resources, NULL, &tree, err);

        if (FAILED(hr))
                return gcs_refused(HCS_GCS_MODIFY_SETTINGS, c->id, hr, err);
        settings = hcs_json_new_object();
        hcs_json_set(settings, hcs_streq(c->gc->os, "windows") ? "Windows" : "Linux", tree);
        request = gcs_modification("Update", "ContainerConstraints", settings);
        return gcs_modify(c->gc, c->id, request, call, err);
}

static HRESULT properties(struct hcs_gcs_container *c, const char *const *types, enum hcs_schema_type_id inner,
                          const struct hcs_call *call, char **ret, struct hcs_error **err) {
        struct hcs_schema_gcs_container_get_properties request = {0};
        const struct hcs_schema_gcs_container_get_properties_response *answer;
        _cleanup_json_ struct hcs_json *query = hcs_json_new_object();
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        _cleanup_base_ struct gcs_base base;
        _cleanup_free_ char *text = NULL;
        struct hcs_json *list;
        HRESULT hr;

        gcs_base_init(c->gc, c->id, (struct hcs_schema_gcs_request_base *)&request, &base);
        if (types && *types) {
                list = hcs_json_set_new_array(query, "PropertyTypes");
                for (; *types; types++)
                        hcs_json_append(list, hcs_json_new_string(*types));
        }
        text = hcs_json_text(query, HCS_JSON_GO);
        request.Query = text;
        hr = gcs_call(c->gc, HCS_GCS_GET_PROPERTIES, &request, inner, 0, call, 0, &rpc, err);
        if (FAILED(hr))
                return hr;
        answer = rpc->answer;
        *ret = hcs_strdup(answer->Properties ? answer->Properties : "{}");
        return S_OK;
}

HRESULT hcs_gcs_container_properties(struct hcs_gcs_container *c, const char *const *types, const struct hcs_call *call,
                                     char **ret, struct hcs_error **err) {
        return properties(c, types, HCS_SCHEMA_V1_CONTAINER_PROPERTIES, call, ret, err);
}

HRESULT hcs_gcs_container_properties_v2(struct hcs_gcs_container *c, const char *const *types,
                                        const struct hcs_call *call, char **ret, struct hcs_error **err) {
        return properties(c, types, HCS_SCHEMA_PROPERTIES, call, ret, err);
}

static HRESULT end(struct hcs_gcs_container *c, enum hcs_gcs_rpc message, const struct hcs_call *call,
                   struct hcs_error **err) {
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        struct hcs_error *mine = NULL;
        HRESULT hr = gcs_call_base(c->gc, message, c->id, call, GCS_SHUTDOWN_TIMEOUT_MS, &rpc, &mine);

        /* The guest forgot it: it has ended, or never was. */
        if (FAILED(hr) && rpc && hcs_hresult_to_computecore(gcs_rpc_result(rpc)) == HCS_E_SYSTEM_NOT_FOUND) {
                if (!hcs_gcs_container_exited(c))
                        hcs_log(HCS_LOG_WARN, "ignoring missing container", "cid", c->id, "error",
                                hcs_error_message(mine), NULL);
                hcs_error_free(mine);
                return S_OK;
        }
        if (mine)
                hcs_error_move(err, &mine);
        return hr;
}

HRESULT hcs_gcs_container_shutdown(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err) {
        return end(c, HCS_GCS_SHUTDOWN_GRACEFUL, call, err);
}

HRESULT hcs_gcs_container_terminate(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err) {
        return end(c, HCS_GCS_SHUTDOWN_FORCED, call, err);
}

HRESULT hcs_gcs_container_delete_state(struct hcs_gcs_container *c, const struct hcs_call *call,
                                       struct hcs_error **err) {
        return hcs_gcs_delete_container_state(c->gc, c->id, call, err);
}

HRESULT hcs_gcs_container_wait(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr = S_OK;

        {
                hcs_guard(&c->gc->lock);
                while (!c->exit->exited && !c->closed && SUCCEEDED(hr)) {
                        hr = hcs_bound_check(&b);
                        if (SUCCEEDED(hr))
                                hcs_cond_wait_until(&c->exit->cond, &c->gc->lock, hcs_bound_next(&b));
                }
                if (c->exit->exited)
                        return S_OK;
        }
        if (FAILED(hr))
                hcs_bound_fail(hr, err);
        else
                hr = hcs_error_make(err, E_HANDLE, "container closed");
        hcs_error_set_operation(err, "Wait");
        hcs_error_set_id(err, c->id);
        return hr;
}

bool hcs_gcs_container_exited(struct hcs_gcs_container *c) {
        hcs_guard(&c->gc->lock);
        return c->exit->exited;
}

char *hcs_gcs_container_exit_notification(struct hcs_gcs_container *c) {
        hcs_guard(&c->gc->lock);
        return hcs_strdup(c->exit->notification);
}
