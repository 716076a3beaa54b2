/* SPDX-License-Identifier: MIT */

/* What the arguments mean: documents out of files, objects by id or name. */

#include <string.h>

#include "cmd/hcnctl/hcnctl.h"
#include "platform/file.h"

#define MAX_DOCUMENT ((size_t)16 << 20)

HRESULT argument_document(const char *argument, char **ret, struct hcs_error **err) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_ALLOW_BOM};
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        const char *first = argument + strspn(argument, " \t\r\n");
        bool is_text = *first == '{' || *first == '[';
        HRESULT hr = S_OK;

        if (is_text)
                hcs_buf_puts(&text, argument);
        else
                hr = hcs_file_read(argument, MAX_DOCUMENT, &text, err);
        if (FAILED(hr))
                return hr;
        hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, &lax, &json, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s", is_text ? "the document" : argument);
                return hr;
        }
        *ret = hcs_json_text(json, HCS_JSON_COMPACT);
        return S_OK;
}

static bool is_id(const char *argument) {
        GUID guid;

        return strlen(argument) == HCS_GUID_TEXT_SIZE - 1 && SUCCEEDED(hcs_guid_parse(argument, &guid, NULL));
}

static bool has_names(enum hcn_kind kind) {
        return kind == HCN_KIND_NETWORK || kind == HCN_KIND_ENDPOINT;
}

HRESULT argument_object(struct hcnctl *x, enum hcn_kind kind, const char *argument, char **ret_document,
                        struct hcs_error **err) {
        if (is_id(argument))
                return hcn_get(x->c, kind, argument, ret_document, err);
        if (has_names(kind))
                return hcn_get_by_name(x->c, kind, argument, ret_document, err);
        return hcs_error_make(err, E_INVALIDARG, "\"%s\" is not the id of a %s", argument, hcn_kind_name(kind));
}

HRESULT argument_id(struct hcnctl *x, enum hcn_kind kind, const char *argument, char **ret_id, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *document = NULL;
        const char *id;
        HRESULT hr;

        if (is_id(argument)) {
                *ret_id = hcs_strdup(argument);
                return S_OK;
        }
        if (FAILED(hr = argument_object(x, kind, argument, &document, err)) ||
            FAILED(hr = hcs_json_parse_cstr(document, &json, err)))
                return hr;
        id = hcs_json_get_string(json, "ID");
        if (!id)
                return hcs_error_make(err, E_UNEXPECTED, "the service gives no id for \"%s\"", argument);
        *ret_id = hcs_strdup(id);
        return S_OK;
}

HRESULT argument_ids(struct hcnctl *x, enum hcn_kind kind, char **arguments, size_t n, struct hcs_documents *ret,
                     struct hcs_error **err) {
        struct hcs_documents ids = {0};
        HRESULT hr = S_OK;

        for (size_t i = 0; i < n && SUCCEEDED(hr); i++) {
                char *id = NULL;

                hr = argument_id(x, kind, arguments[i], &id, err);
                if (SUCCEEDED(hr))
                        hcs_documents_take(&ids, id);
        }
        if (SUCCEEDED(hr))
                *ret = ids;
        else
                hcs_documents_deinit(&ids);
        return hr;
}
