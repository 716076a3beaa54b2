/* SPDX-License-Identifier: MIT */

/* Network namespaces: what is in them, and telling the VM that a guest's namespace changed. */

#include <string.h>

#include "base/str.h"
#include "hcn/internal.h"
#include "platform/guest_namespace.h"

static HRESULT change_endpoint(struct hcn_client *c, const char *id, const char *endpoint_id, const char *request_type,
                               struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *settings = NULL;
        _cleanup_free_ char *printed = NULL, *text = NULL;
        HRESULT hr = hcn_needs(endpoint_id, "the id of an endpoint", err);

        if (FAILED(hr))
                return hr;
        settings = hcs_json_new_object();
        hcs_json_set_string(settings, "EndpointId", endpoint_id);
        printed = hcs_json_text(settings, HCS_JSON_GO);
        text = hcn_request_text("Endpoint", request_type, printed);
        return hcn_modify_printed(c, HCN_KIND_NAMESPACE, id, text, NULL, err);
}

HRESULT hcn_namespace_add_endpoint(struct hcn_client *c, const char *id, const char *endpoint_id,
                                   struct hcs_error **err) {
        return change_endpoint(c, id, endpoint_id, "Add", err);
}

HRESULT hcn_namespace_remove_endpoint(struct hcn_client *c, const char *id, const char *endpoint_id,
                                      struct hcs_error **err) {
        return change_endpoint(c, id, endpoint_id, "Remove", err);
}

/* The ids of the resources of one type. */
static HRESULT resource_ids(struct hcn_client *c, const char *id, const char *type, struct hcs_documents *ret,
                            struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_documents ids = {0};
        size_t i = 0;
        HRESULT hr = hcn_get(c, HCN_KIND_NAMESPACE, id, &text, err);

        if (FAILED(hr) || FAILED(hr = hcs_json_parse_cstr(text, &json, err)))
                return hr;
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(json, "Resources")); r; r = hcs_json_next(r), i++) {
                const struct hcs_json *data = hcs_json_get(r, "Data"), *found = hcs_json_get_nocase(data, "ID");

                if (!hcs_streq(hcs_json_get_string(r, "Type"), type))
                        continue;
                if (!hcs_json_is(data, HCS_JSON_OBJECT) || (found && !hcs_json_string(found))) {
                        hcs_documents_deinit(&ids);
                        return hcs_error_make(err, HCS_E_INVALID_JSON,
                                              "$.Resources[%zu].Data: an object with the text ID is expected", i);
                }
                hcs_documents_take(&ids, hcs_strdup(found ? hcs_json_string(found) : ""));
        }
        *ret = ids;
        return S_OK;
}

HRESULT hcn_namespace_endpoint_ids(struct hcn_client *c, const char *id, struct hcs_documents *ret,
                                   struct hcs_error **err) {
        return resource_ids(c, id, "Endpoint", ret, err);
}

HRESULT hcn_namespace_container_ids(struct hcn_client *c, const char *id, struct hcs_documents *ret,
                                    struct hcs_error **err) {
        return resource_ids(c, id, "Container", ret, err);
}

/* The record that runhcs's CNI plug-in keeps: {"ContainerID":..,"HostUniqueID":<guid>}. */
static HRESULT read_record(const char *text, char **ret_container, char **ret_host, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const char *container, *host;
        HRESULT hr = hcs_json_parse_cstr(text, &json, err);
        GUID guid;

        if (FAILED(hr)) {
                hcs_error_wrap(err, "the record of the namespace");
                return hr;
        }
        container = hcs_json_string(hcs_json_get_nocase(json, "ContainerID"));
        host = hcs_json_string(hcs_json_get_nocase(json, "HostUniqueID"));
        if (!container || !host || FAILED(hcs_guid_parse(host, &guid, NULL)))
                return hcs_error_make(err, HCS_E_INVALID_JSON,
                                      "the record of the namespace: a ContainerID and a HostUniqueID that is a GUID "
                                      "are expected");
        *ret_container = hcs_strdup(container);
        *ret_host = hcs_calloc(1, HCS_GUID_TEXT_SIZE);
        hcs_guid_format(&guid, *ret_host);
        return S_OK;
}

HRESULT hcn_namespace_sync(struct hcn_client *c, const char *id, const char *type, struct hcs_error **err) {
        static const char success[] = {0, 'O', 'K', 0};
        _cleanup_json_ struct hcs_json *request = NULL;
        _cleanup_free_ char *record = NULL, *container = NULL, *host = NULL, *text = NULL, *line = NULL;
        _cleanup_buf_ struct hcs_buf reply = {0};
        HRESULT hr;

        if (!hcs_streq(type, "Guest"))
                return S_OK;
        hr = hcs_guest_namespace_read(id ? id : "", &record, err);
        if (hr != S_OK)
                return FAILED(hr) ? hr : S_OK;
        if (FAILED(hr = read_record(record, &container, &host, err)))
                return hr;
        request = hcs_json_new_object();
        hcs_json_set_string(request, "ID", container);
        hcs_json_set_string(request, "Op", "sync");
        text = hcs_json_text(request, HCS_JSON_GO);
        line = hcs_asprintf("%s\n", text);
        hr = hcs_guest_shim_request(host, line, &reply, err);
        if (hr == S_FALSE)
                return hcs_guest_namespace_remove(id, err);
        if (FAILED(hr))
                return hr;
        if (reply.len != sizeof(success) || memcmp(reply.data, success, sizeof(success)) != 0)
                return hcs_error_make(err, E_FAIL, "the shim of the VM refuses: %s", hcs_buf_cstr(&reply));
        return S_OK;
}
