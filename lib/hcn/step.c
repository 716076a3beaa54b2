/* SPDX-License-Identifier: MIT */

/* One call of the platform each: texts converted, the record read, the failure made an error. */

#include "hcn/internal.h"
#include "platform/abi_text.h"

HRESULT hcn_fail(struct hcs_error **err, HRESULT hr, PWSTR record, const char *verb, const char *exported,
                 const char *suffix) {
        _cleanup_free_ char *text = hcs_abi_text_take(record);
        _cleanup_free_ char *operation = NULL;

        hr = hcs_error_from_record(err, hr, text);
        if (SUCCEEDED(hr) || !err)
                return hr;
        operation = hcs_asprintf("Hcn%s%s%s", verb, exported, suffix);
        hcs_error_set_operation(err, operation);
        return hr;
}

HRESULT hcn_step_enumerate(struct hcn_client *c, const struct hcn_kind_info *k, const char *query, char **ret,
                           struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        _cleanup_free_ char *ids = NULL;
        PWSTR out = NULL, record = NULL;
        HRESULT hr = hcs_abi_text_wide(query, &wide, err);

        if (FAILED(hr))
                return hr;
        hr = k->enumerate(&c->api, (PCWSTR)wide, &out, &record);
        ids = hcs_abi_text_take(out);
        hr = hcn_fail(err, hr, record, "Enumerate", k->exported, "s");
        if (FAILED(hr))
                return hr;
        if (!ids)
                return hcs_error_make(err, HCS_E_INVALID_JSON, "unexpected end of JSON input");
        *ret = steal_pointer(&ids);
        return S_OK;
}

HRESULT hcn_step_create(struct hcn_client *c, const struct hcn_kind_info *k, void *network, const GUID *id,
                        const char *settings, void **ret, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        PWSTR record = NULL;
        void *handle = NULL;
        bool made;
        HRESULT hr = hcs_abi_text_wide(settings, &wide, err);

        if (FAILED(hr))
                return hr;
        hr = k->create(&c->api, network, id, (PCWSTR)wide, &handle, &record);
        made = SUCCEEDED(hr) && handle;
        hr = hcn_fail(err, hr, record, "Create", k->exported, "");
        if (SUCCEEDED(hr))
                *ret = handle;
        else if (made)
                hcn_leave_open(c, k, handle);
        return hr;
}

HRESULT hcn_step_open(struct hcn_client *c, const struct hcn_kind_info *k, const GUID *id, void **ret,
                      struct hcs_error **err) {
        char text[HCS_GUID_TEXT_SIZE];
        PWSTR record = NULL;
        void *handle = NULL;
        HRESULT hr = k->open(&c->api, id, &handle, &record);
        bool opened = SUCCEEDED(hr) && handle;

        hr = hcn_fail(err, hr, record, "Open", k->exported, "");
        if (SUCCEEDED(hr)) {
                *ret = handle;
                return S_OK;
        }
        if (opened)
                hcn_leave_open(c, k, handle);
        hcs_error_set_id(err, hcs_guid_format(id, text));
        return hr;
}

HRESULT hcn_step_modify(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, const char *settings,
                        struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        PWSTR record = NULL;
        HRESULT hr = hcs_abi_text_wide(settings, &wide, err);

        if (FAILED(hr))
                return hr;
        hr = k->modify(&c->api, handle, (PCWSTR)wide, &record);
        return hcn_fail(err, hr, record, "Modify", k->exported, "");
}

HRESULT hcn_step_query(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, const char *query, char **ret,
                       struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        _cleanup_free_ char *properties = NULL;
        PWSTR out = NULL, record = NULL;
        HRESULT hr = hcs_abi_text_wide(query, &wide, err);

        if (FAILED(hr))
                return hr;
        hr = k->query(&c->api, handle, (PCWSTR)wide, &out, &record);
        properties = hcs_abi_text_take(out);
        hr = hcn_fail(err, hr, record, "Query", k->exported, "Properties");
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&properties); /* an empty one is told when it is read, after the close */
        return hr;
}

HRESULT hcn_step_delete(struct hcn_client *c, const struct hcn_kind_info *k, const GUID *id, struct hcs_error **err) {
        char text[HCS_GUID_TEXT_SIZE];
        PWSTR record = NULL;
        HRESULT hr = k->remove(&c->api, id, &record);

        hr = hcn_fail(err, hr, record, "Delete", k->exported, "");
        if (FAILED(hr))
                hcs_error_set_id(err, hcs_guid_format(id, text));
        return hr;
}

HRESULT hcn_step_close(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, struct hcs_error **err) {
        return hcn_fail(err, k->close(&c->api, handle), NULL, "Close", k->exported, "");
}
