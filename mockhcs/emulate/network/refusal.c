/* SPDX-License-Identifier: MIT */

/* Refusals and how the service spells them: the texts are those of real hosts where a log shows them. */

#include <string.h>

#include "mockhcs/emulate/network/model.h"

static const struct {
        HRESULT hr;
        const char *text;
} texts[] = {
        {HCN_E_NETWORK_NOT_FOUND, "The network was not found."},
        {HCN_E_ENDPOINT_NOT_FOUND, "The endpoint was not found."},
        {HCN_E_ADAPTER_NOT_FOUND, "An adapter was not found."},
        {HCN_E_PORT_NOT_FOUND, "The port was not found."},
        {HCN_E_POLICY_NOT_FOUND, "A policy was not found."},
        {HCN_E_INVALID_NETWORK, "The provided network configuration is invalid or missing parameters."},
        {HCN_E_INVALID_NETWORK_TYPE, "Invalid network type."},
        {HCN_E_INVALID_ENDPOINT, "The provided endpoint configuration is invalid or missing parameters."},
        {HCN_E_INVALID_POLICY, "The provided policy configuration is invalid or missing parameters."},
        {HCN_E_INVALID_POLICY_TYPE, "Invalid policy type."},
        {HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION, "This operation is invalid for a remote endpoint."},
        {HCN_E_NETWORK_ALREADY_EXISTS, "A network with this name already exists."},
        {HCN_E_POLICY_ALREADY_EXISTS, "Policy information already exists on this object."},
        {HCN_E_PORT_ALREADY_EXISTS, "The specified port already exists."},
        {HCN_E_ENDPOINT_ALREADY_ATTACHED, "This endpoint is already attached to the switch."},
        {HCN_E_REQUEST_UNSUPPORTED, "The specified request is unsupported."},
        {HCN_E_GUID_CONVERSION_FAILURE, "Failed to convert unique identifier."},
        {HCN_E_INVALID_JSON, "Invalid JSON document string."},
        {HCN_E_INVALID_JSON_REFERENCE, "The reference is invalid in the JSON document."},
        {HCN_E_INVALID_IP, "The provided IP address is invalid."},
        {GCN_E_DEFAULTNAMESPACE_EXISTS, "The default namespace already exists."},
        {HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, "Namespace is already attached to the endpoint."},
        {HCN_E_ENTITY_HAS_REFERENCES, "The specified entity cannot be removed while it still has references."},
        {HCN_E_INVALID_INTERNAL_PORT, "The internal port must exist and cannot be zero."},
        {HCN_E_ADDR_INVALID_OR_RESERVED, "An address provided is invalid or reserved."},
        {HCN_E_INVALID_PREFIX, "The prefix provided is invalid."},
        {HCN_E_OBJECT_USED_AFTER_UNLOAD, "A call was performed against an object that was torn down."},
        {HCN_E_INVALID_SUBNET, "The provided subnet configuration is invalid or missing parameters."},
        {HCN_E_ENDPOINT_NOT_ATTACHED, "The endpoint is not attached."},
        {HCS_WIN32(0x490), "Element not found."},
        {HCS_WIN32(0xB7), "Cannot create a file when that file already exists."},
        {E_INVALIDARG, "The parameter is incorrect."},
        {E_NOTIMPL, "Not implemented"},
};

HRESULT net_refuse(struct hcs_error **err, HRESULT hr, const char *path, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        hcs_error_make(err, hr, "%s", text);
        if (path)
                hcs_error_set_path(err, path);
        return hr;
}

static char *text_of(HRESULT hr) {
        const struct hcs_hresult_info *info = hcs_hresult_lookup(hr);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++)
                if (texts[i].hr == hr)
                        return hcs_strdup(texts[i].text);
        return hcs_asprintf("%s.", info ? info->description : "Unspecified error");
}

char *net_error_record(HRESULT hr, const struct hcs_error *err) {
        _cleanup_json_ struct hcs_json *record = hcs_json_new_object();
        const char *path = hcs_error_path(err), *message = hcs_error_message(err);
        _cleanup_free_ char *text = text_of(hr), *whole = NULL;

        whole = hcs_asprintf("%s %s%s%s", text, path ? path : "", path && message ? ": " : "", message ? message : "");
        hcs_json_set_bool(record, "Success", false);
        hcs_json_set_string(record, "Error", whole);
        hcs_json_set_u64(record, "ErrorCode", (uint32_t)hr);
        return hcs_json_text(record, HCS_JSON_GO);
}
