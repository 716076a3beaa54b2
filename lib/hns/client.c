/* SPDX-License-Identifier: MIT */

/* The client of HNSCall: opening it, one request, and what becomes of its answer. */

#include <string.h>

#include "base/str.h"
#include "hns/internal.h"
#include "platform/abi_text.h"
#include "platform/library.h"

HRESULT hns_client_open(const struct hns_client_options *o, struct hns_client **ret, struct hcs_error **err) {
        struct hns_client *c;
        struct hcs_dynlib *lib;
        void *symbol = NULL;
        HRESULT hr;

        if (o && o->vmcompute) {
                if (!o->vmcompute->HNSCall)
                        return hcs_error_make(err, HCS_WIN32(127), "the table of functions has no HNSCall");
        } else {
                hr = hcs_library_load(o ? o->library_path : NULL, "vmcompute", "HNSCall", &lib, err);
                if (FAILED(hr))
                        return hr;
                symbol = hcs_dynlib_symbol(lib, "HNSCall");
        }
        c = hcs_calloc(1, sizeof(*c));
        atomic_init(&c->refs, 1);
        c->keep_unknown = o && o->keep_unknown;
        if (symbol)
                *(void **)&c->hns_call = symbol;
        else
                c->hns_call = o->vmcompute->HNSCall;
        *ret = c;
        return S_OK;
}

struct hns_client *hns_client_ref(struct hns_client *c) {
        atomic_fetch_add(&c->refs, 1);
        return c;
}

struct hns_client *hns_client_unref(struct hns_client *c) {
        if (c && atomic_fetch_sub(&c->refs, 1) == 1)
                free(c);
        return NULL;
}

bool hns_is_not_found(HRESULT hr) {
        return hr == (HRESULT)0x803B0001 || hr == (HRESULT)0x803B0002 || hr == HCS_WIN32(2) || hr == HCS_WIN32(0x490);
}

HRESULT hns_needs(const void *argument, const char *name, struct hcs_error **err) {
        return argument ? S_OK : hcs_error_make(err, E_POINTER, "%s is needed", name);
}

HRESULT hns_settings(enum hcs_schema_type_id type, const char *text, void **ret, struct hcs_error **err) {
        const char *given = text ? text : "{}";

        return hcs_schema_parse(hcs_schema_type_at(type), given, strlen(given), ret, err);
}

/* HNSCall itself: three texts in, one out. */
static HRESULT call(struct hns_client *c, const char *method, const char *path, const char *body, char **ret,
                    struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide_method = NULL, *wide_path = NULL, *wide_body = NULL;
        PWSTR response = NULL;
        HRESULT hr;

        if (FAILED(hr = hcs_abi_text_wide(method, &wide_method, err)) ||
            FAILED(hr = hcs_abi_text_wide(path, &wide_path, err)) ||
            FAILED(hr = hcs_abi_text_wide(body, &wide_body, err)))
                return hr;
        hr = c->hns_call((PCWSTR)wide_method, (PCWSTR)wide_path, (PCWSTR)wide_body, &response);
        *ret = hcs_abi_text_take(response);
        if (SUCCEEDED(hr))
                return S_OK;
        hcs_error_from_record(err, hr, *ret);
        hcs_error_set_operation(err, "HNSCall");
        if (err) {
                _cleanup_free_ char *id = hcs_asprintf("%s %s", method, path);

                hcs_error_set_id(err, id);
        }
        *ret = hcs_free(*ret);
        return hr;
}

static HRESULT refused(enum hns_wording wording, const char *error, const char *response, struct hcs_error **err) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *json = NULL;
        HRESULT hr = E_FAIL;
        int64_t code;

        if (SUCCEEDED(hcs_json_parse(response, strlen(response), &lax, &json, NULL)) &&
            hcs_json_i64(hcs_json_get_nocase(json, "ErrorCode"), &code) && FAILED((HRESULT)(uint32_t)code))
                hr = (HRESULT)(uint32_t)code;
        return hcs_error_make(err, hr, "%s failed with error : %s", wording == HNS_WORDING_HNS ? "hns" : "HNS",
                              error ? error : "");
}

HRESULT hns_request(struct hns_client *c, enum hns_wording wording, const char *method, const char *path,
                    const char *body, struct hcs_json **ret_output, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_HNS_HNS_RESPONSE);
        struct hcs_schema_hns_hns_response *r = NULL;
        _cleanup_free_ char *response = NULL;
        HRESULT hr = call(c, method, path, body, &response, err);

        if (SUCCEEDED(hr))
                hr = hcs_schema_parse_answer(type, response ? response : "", (void **)&r, err);
        if (FAILED(hr)) {
                if (wording == HNS_WORDING_HNS)
                        hcs_error_wrap(err, "failed during hnsCallRawResponse");
                return hr;
        }
        if (!r->Success)
                hr = refused(wording, r->Error, response, err);
        else if (ret_output)
                *ret_output = hcs_json_is(r->Output, HCS_JSON_NULL) ? NULL : steal_pointer(&r->Output);
        hcs_schema_free(type, r);
        return hr;
}

HRESULT hns_typed(const struct hns_client *c, enum hcs_schema_type_id id, const struct hcs_json *json, char **ret,
                  struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(id);
        _cleanup_free_ char *text = json ? hcs_json_text(json, HCS_JSON_COMPACT) : hcs_strdup("{}");
        void *doc = NULL;
        HRESULT hr = hcs_schema_parse_answer(type, text, &doc, err);

        if (FAILED(hr))
                return hr;
        if (!c->keep_unknown)
                hcs_schema_forget_unknown(type, doc);
        *ret = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return S_OK;
}

HRESULT hns_request_typed(struct hns_client *c, const char *method, const char *path, const char *body,
                          enum hcs_schema_type_id type, char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *output = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hns_request(c, HNS_WORDING_HNS, method, path, body, &output, err);

        if (SUCCEEDED(hr))
                hr = hns_typed(c, type, output, &text, err);
        if (SUCCEEDED(hr) && ret)
                *ret = steal_pointer(&text);
        return hr;
}

HRESULT hns_request_list(struct hns_client *c, const char *path, enum hcs_schema_type_id type,
                         struct hcs_documents *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *output = NULL;
        struct hcs_documents list = {0};
        HRESULT hr = hns_request(c, HNS_WORDING_HNS, "GET", path, NULL, &output, err);

        if (SUCCEEDED(hr) && output && !hcs_json_is(output, HCS_JSON_ARRAY))
                hr = hcs_error_make(err, HCS_E_INVALID_JSON, "GET %s: the answer is not an array", path);
        for (const struct hcs_json *e = hcs_json_first(output); e && SUCCEEDED(hr); e = hcs_json_next(e)) {
                char *text = NULL;

                hr = hns_typed(c, type, hcs_json_is(e, HCS_JSON_NULL) ? NULL : e, &text, err);
                if (SUCCEEDED(hr))
                        hcs_documents_take(&list, text);
        }
        if (SUCCEEDED(hr))
                *ret = list;
        else
                hcs_documents_deinit(&list);
        return hr;
}

HRESULT hns_request_named(struct hns_client *c, const char *path, enum hcs_schema_type_id type, const char *name,
                          char **ret, struct hcs_error **err) {
        struct hcs_documents list = {0};
        HRESULT hr = hns_request_list(c, path, type, &list, err);

        if (FAILED(hr))
                return hr;
        hr = S_FALSE;
        for (size_t i = 0; i < list.n && hr == S_FALSE; i++) {
                _cleanup_json_ struct hcs_json *json = NULL;
                const char *given;

                hcs_json_parse_cstr(list.items[i], &json, NULL);
                given = hcs_json_get_string(json, "Name");
                if (hcs_streq(given ? given : "", name)) {
                        *ret = steal_pointer(&list.items[i]);
                        hr = S_OK;
                }
        }
        hcs_documents_deinit(&list);
        return hr;
}

HRESULT hns_call(struct hns_client *c, const char *method, const char *path, const char *body, char **ret_output,
                 struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *output = NULL;
        HRESULT hr;

        if (FAILED(hr = hns_needs(method, "a method", err)) || FAILED(hr = hns_needs(path, "a path", err)))
                return hr;
        hr = hns_request(c, HNS_WORDING_HNS, method, path, body, &output, err);
        if (SUCCEEDED(hr) && ret_output)
                *ret_output = output ? hcs_json_text(output, HCS_JSON_COMPACT) : NULL;
        return hr;
}
