/* SPDX-License-Identifier: MIT */

/* Network namespaces of version 1. Their paths are normalised, as Go's path.Join does it; the others are not. */

#include <string.h>

#include "base/str.h"
#include "hns/internal.h"

#define NAMESPACE HCS_SCHEMA_HNS_NAMESPACE

/* Appends the steps of `part` to a path without an end slash: "" and "." are nothing, ".." goes up. */
static void join(struct hcs_buf *path, const char *part) {
        while (*part) {
                size_t n = strcspn(part, "/");

                if (n == 2 && strncmp(part, "..", 2) == 0) {
                        while (path->len && path->data[path->len - 1] != '/')
                                path->len--;
                        path->len -= path->len > 0;
                        path->data[path->len] = '\0';
                } else if (n && !(n == 1 && *part == '.')) {
                        hcs_buf_putc(path, '/');
                        hcs_buf_append(path, part, n);
                }
                part += n + (part[n] == '/');
        }
}

static HRESULT request(struct hns_client *c, const char *method, const char *id, const char *subpath, const char *body,
                       char **ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf path = {0};
        struct hcs_error *inner = NULL;
        HRESULT hr;

        if (id) {
                join(&path, "namespaces");
                join(&path, id);
                join(&path, subpath ? subpath : "");
        } else {
                hcs_buf_puts(&path, "/namespaces/");
        }
        hr = hns_request_typed(c, method, path.len ? hcs_buf_cstr(&path) : "/", body, NAMESPACE, ret, &inner);
        if (SUCCEEDED(hr))
                return hr;
        /* hcsshim looks for the text of ERROR_NOT_FOUND, wherever it comes from. */
        if (hr == HCS_WIN32(0x490) || strstr(hcs_error_message(inner), "Element not found.")) {
                hcs_error_free(inner);
                return hcs_error_make(err, HCS_WIN32(2), "file does not exist");
        }
        hcs_error_wrap(&inner, "%s %s", method, hcs_buf_cstr(&path));
        return hcs_error_move(err, &inner);
}

HRESULT hns_namespace_create(struct hns_client *c, char **ret_id, struct hcs_error **err) {
        _cleanup_free_ char *body = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HNS_NAMESPACE_REQUEST),
                                                     &(struct hcs_schema_hns_namespace_request){0});
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = request(c, "POST", NULL, NULL, body, &text, err);

        if (FAILED(hr) || FAILED(hr = hcs_json_parse_cstr(text, &json, err)))
                return hr;
        *ret_id = hcs_strdup(hcs_json_get_string(json, "ID"));
        return S_OK;
}

HRESULT hns_namespace_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        HRESULT hr = hns_needs(id, "the id of a namespace", err);

        return FAILED(hr) ? hr : request(c, "GET", id, NULL, NULL, ret, err);
}

HRESULT hns_namespace_remove(struct hns_client *c, const char *id, struct hcs_error **err) {
        HRESULT hr = hns_needs(id, "the id of a namespace", err);

        return FAILED(hr) ? hr : request(c, "DELETE", id, NULL, NULL, NULL, err);
}

HRESULT hns_namespace_endpoints(struct hns_client *c, const char *id, struct hcs_documents *ret_ids,
                                struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_documents ids = {0};
        HRESULT hr = hns_namespace_get(c, id, &text, err);

        if (FAILED(hr) || FAILED(hr = hcs_json_parse_cstr(text, &json, err)))
                return hr;
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(json, "ResourceList")); r; r = hcs_json_next(r)) {
                const struct hcs_json *data = hcs_json_get(r, "Data");
                const char *endpoint = hcs_json_string(hcs_json_get_nocase(data, "Id"));

                if (!hcs_streq(hcs_json_get_string(r, "Type"), "Endpoint"))
                        continue;
                if (!hcs_json_is(data, HCS_JSON_OBJECT) || (hcs_json_get_nocase(data, "Id") && !endpoint)) {
                        hcs_documents_deinit(&ids);
                        return hcs_error_make(err, HCS_E_INVALID_JSON,
                                              "ResourceList: the data of an endpoint has no Id that is a text");
                }
                hcs_documents_take(&ids, hcs_strdup(endpoint ? endpoint : ""));
        }
        *ret_ids = ids;
        return S_OK;
}

static HRESULT resource(struct hns_client *c, const char *id, const char *endpoint_id, const char *verb,
                        struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *body = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr;

        if (FAILED(hr = hns_needs(id, "the id of a namespace", err)) ||
            FAILED(hr = hns_needs(endpoint_id, "the id of an endpoint", err)))
                return hr;
        body = hcs_json_new_object();
        hcs_json_set_string(body, "Type", "Endpoint");
        hcs_json_set_string(hcs_json_set_new_object(body, "Data"), "Id", endpoint_id);
        text = hcs_json_text(body, HCS_JSON_GO);
        return request(c, "POST", id, verb, text, NULL, err);
}

HRESULT hns_namespace_add_endpoint(struct hns_client *c, const char *id, const char *endpoint_id,
                                   struct hcs_error **err) {
        return resource(c, id, endpoint_id, "addresource", err);
}

HRESULT hns_namespace_remove_endpoint(struct hns_client *c, const char *id, const char *endpoint_id,
                                      struct hcs_error **err) {
        return resource(c, id, endpoint_id, "removeresource", err);
}
