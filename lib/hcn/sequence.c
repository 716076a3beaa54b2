/* SPDX-License-Identifier: MIT */

/*
 * The sequences of calls that every kind shares: create, get, list, modify, delete. The order of the steps, and which
 * handles a failure leaves open, are those of hcsshim.
 */

#include "base/str.h"
#include "hcn/internal.h"

#define DEFAULT_QUERY "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

static HRESULT info_of(enum hcn_kind kind, const struct hcn_kind_info **ret, struct hcs_error **err) {
        *ret = hcn_kind_info(kind);
        return *ret ? S_OK : hcs_error_make(err, E_INVALIDARG, "no kind of object has the number %d", (int)kind);
}

/* Queries, closes, and reads what was answered: how each sequence ends. */
static HRESULT finish(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, const char *query, char **ret,
                      struct hcs_error **err) {
        _cleanup_free_ char *properties = NULL, *text = NULL;
        HRESULT hr = hcn_step_query(c, k, handle, query, &properties, err);

        if (FAILED(hr)) {
                hcn_leave_open(c, k, handle);
                return hr;
        }
        if (FAILED(hr = hcn_step_close(c, k, handle, err)) || FAILED(hr = hcn_answer(c, k, properties, &text, err)))
                return hr;
        if (ret)
                *ret = steal_pointer(&text);
        return S_OK;
}

HRESULT hcn_create_printed(struct hcn_client *c, enum hcn_kind kind, const char *settings, char **ret,
                           struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(kind);
        static const GUID zero;
        void *handle;
        HRESULT hr = hcn_step_create(c, k, NULL, &zero, settings, &handle, err);

        return FAILED(hr) ? hr : finish(c, k, handle, DEFAULT_QUERY, ret, err);
}

HRESULT hcn_create(struct hcn_client *c, enum hcn_kind kind, const char *settings, char **ret, struct hcs_error **err) {
        const struct hcn_kind_info *k;
        _cleanup_free_ char *text = NULL;
        void *doc = NULL;
        HRESULT hr = info_of(kind, &k, err);

        if (FAILED(hr))
                return hr;
        if (k->type == HCS_SCHEMA_TYPE_COUNT)
                return hcn_create_printed(c, kind, settings, ret, err);
        if (FAILED(hr = hcn_settings(k->type, settings, &doc, err)))
                return hr;
        if (kind == HCN_KIND_NETWORK)
                hr = hcn_network_check(doc, err);
        if (kind == HCN_KIND_ENDPOINT) {
                hr = hcn_endpoint_create(c, doc, ret, err);
        } else if (SUCCEEDED(hr)) {
                text = hcs_schema_print(hcs_schema_type_at(k->type), doc);
                hr = hcn_create_printed(c, kind, text, ret, err);
        }
        hcs_schema_free(hcs_schema_type_at(k->type), doc);
        return hr;
}

HRESULT hcn_endpoint_create(struct hcn_client *c, struct hcs_schema_hcn_host_compute_endpoint *doc, char **ret,
                            struct hcs_error **err) {
        const struct hcn_kind_info *networks = hcn_kind_info(HCN_KIND_NETWORK), *k = hcn_kind_info(HCN_KIND_ENDPOINT);
        _cleanup_free_ char *settings = NULL, *properties = NULL, *text = NULL;
        void *network, *handle;
        static const GUID zero;
        GUID network_id;
        HRESULT hr;

        if (doc->HostComputeNamespace && *doc->HostComputeNamespace)
                return hcs_error_make(err, E_INVALIDARG,
                                      "endpoint create error, endpoint json HostComputeNamespace is read only and "
                                      "should not be set");
        settings = hcs_schema_print(hcs_schema_type_at(k->type), doc);
        if (FAILED(hr = hcn_guid(doc->HostComputeNetwork, networks->invalid_id, &network_id, err)) ||
            FAILED(hr = hcn_step_open(c, networks, &network_id, &network, err)))
                return hr;
        if (FAILED(hr = hcn_step_create(c, k, network, &zero, settings, &handle, err))) {
                hcn_leave_open(c, networks, network);
                return hr;
        }
        hr = hcn_step_query(c, k, handle, DEFAULT_QUERY, &properties, err);
        if (FAILED(hr))
                hcn_leave_open(c, k, handle);
        else
                hr = hcn_step_close(c, k, handle, err);
        if (FAILED(hr)) {
                hcn_leave_open(c, networks, network);
                return hr;
        }
        if (FAILED(hr = hcn_step_close(c, networks, network, err)) ||
            FAILED(hr = hcn_answer(c, k, properties, &text, err)))
                return hr;
        if (ret)
                *ret = steal_pointer(&text);
        return S_OK;
}

/* The ids that an enumeration answered; null is no ids. */
static HRESULT list_ids(struct hcn_client *c, const struct hcn_kind_info *k, const char *query,
                        struct hcs_documents *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_documents ids = {0};
        HRESULT hr = hcn_step_enumerate(c, k, query, &text, err);

        if (FAILED(hr) || FAILED(hr = hcs_json_parse_cstr(text, &json, err)))
                return hr;
        if (!hcs_json_is(json, HCS_JSON_ARRAY) && !hcs_json_is(json, HCS_JSON_NULL))
                return hcs_error_make(err, HCS_E_INVALID_JSON, "HcnEnumerate%ss: the answer is not an array",
                                      k->exported);
        for (const struct hcs_json *e = hcs_json_first(json); e && SUCCEEDED(hr); e = hcs_json_next(e)) {
                const char *id = hcs_json_string(e);
                GUID guid;

                if (FAILED(hcn_guid(id, "", &guid, NULL)))
                        hr = hcs_error_make(err, HCS_E_INVALID_JSON, "HcnEnumerate%ss: [%zu] is not the text of a GUID",
                                            k->exported, ids.n);
                else
                        hcs_documents_take(&ids, hcs_strdup(id));
        }
        if (SUCCEEDED(hr))
                *ret = ids;
        else
                hcs_documents_deinit(&ids);
        return hr;
}

static HRESULT query_text(const char *query, char **ret, struct hcs_error **err) {
        if (query)
                return hcn_settings_text(HCS_SCHEMA_HCN_HOST_COMPUTE_QUERY, query, ret, err);
        *ret = hcs_strdup(DEFAULT_QUERY);
        return S_OK;
}

HRESULT hcn_list_ids(struct hcn_client *c, enum hcn_kind kind, const char *query, struct hcs_documents *ret,
                     struct hcs_error **err) {
        const struct hcn_kind_info *k;
        _cleanup_free_ char *text = NULL;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)) || FAILED(hr = query_text(query, &text, err)))
                return hr;
        return list_ids(c, k, text, ret, err);
}

static HRESULT get_one(struct hcn_client *c, const struct hcn_kind_info *k, const char *id, const char *query,
                       char **ret, struct hcs_error **err) {
        void *handle;
        GUID guid;
        HRESULT hr;

        if (FAILED(hr = hcn_guid(id, k->invalid_id, &guid, err)) ||
            FAILED(hr = hcn_step_open(c, k, &guid, &handle, err)))
                return hr;
        return finish(c, k, handle, query, ret, err);
}

HRESULT hcn_list(struct hcn_client *c, enum hcn_kind kind, const char *query, struct hcs_documents *ret,
                 struct hcs_error **err) {
        const struct hcn_kind_info *k;
        struct hcs_documents ids = {0}, list = {0};
        _cleanup_free_ char *text = NULL;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)) || FAILED(hr = query_text(query, &text, err)) ||
            FAILED(hr = list_ids(c, k, text, &ids, err)))
                return hr;
        for (size_t i = 0; i < ids.n && SUCCEEDED(hr); i++) {
                char *document;

                hr = get_one(c, k, ids.items[i], text, &document, err);
                if (SUCCEEDED(hr))
                        hcs_documents_take(&list, document);
        }
        hcs_documents_deinit(&ids);
        if (SUCCEEDED(hr))
                *ret = list;
        else
                hcs_documents_deinit(&list);
        return hr;
}

static HRESULT get_by(struct hcn_client *c, enum hcn_kind kind, const char *member, const char *value,
                      const char *no_such, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *query = hcn_query_by(member, value), *in_quotes = NULL;
        struct hcs_documents list = {0};
        HRESULT hr = hcn_list(c, kind, query, &list, err);

        if (FAILED(hr))
                return hr;
        if (list.n) {
                *ret = steal_pointer(&list.items[0]);
        } else {
                in_quotes = hcs_str_go_quoted(value);
                hr = hcs_error_make(err, HCN_E_NO_SUCH_OBJECT, "%s%s not found", no_such, in_quotes);
        }
        hcs_documents_deinit(&list);
        return hr;
}

HRESULT hcn_get(struct hcn_client *c, enum hcn_kind kind, const char *id, char **ret, struct hcs_error **err) {
        const struct hcn_kind_info *k;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)) || FAILED(hr = hcn_needs(id, "an id", err)))
                return hr;
        return get_by(c, kind, "ID", id, k->by_id, ret, err);
}

HRESULT hcn_get_by_name(struct hcn_client *c, enum hcn_kind kind, const char *name, char **ret,
                        struct hcs_error **err) {
        const struct hcn_kind_info *k;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)) || FAILED(hr = hcn_needs(name, "a name", err)))
                return hr;
        if (!k->by_name)
                return hcs_error_make(err, E_INVALIDARG, "a %s has no name", k->name);
        /* Without a name hcsshim's error speaks of the (empty) id. */
        return get_by(c, kind, "Name", name, *name ? k->by_name : k->by_id, ret, err);
}

HRESULT hcn_modify_printed(struct hcn_client *c, enum hcn_kind kind, const char *id, const char *request, char **ret,
                           struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(kind);
        void *handle;
        GUID guid;
        HRESULT hr;

        if (FAILED(hr = hcn_guid(id, k->invalid_id, &guid, err)) ||
            FAILED(hr = hcn_step_open(c, k, &guid, &handle, err)))
                return hr;
        hr = hcn_step_modify(c, k, handle, request, err);
        if (FAILED(hr)) {
                hcn_leave_open(c, k, handle);
                return hr;
        }
        return finish(c, k, handle, DEFAULT_QUERY, ret, err);
}

HRESULT hcn_modify(struct hcn_client *c, enum hcn_kind kind, const char *id, const char *request, char **ret,
                   struct hcs_error **err) {
        const struct hcn_kind_info *k;
        _cleanup_free_ char *text = NULL;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)) || FAILED(hr = hcn_settings_text(k->request, request, &text, err)))
                return hr;
        return hcn_modify_printed(c, kind, id, text, ret, err);
}

HRESULT hcn_delete(struct hcn_client *c, enum hcn_kind kind, const char *id, struct hcs_error **err) {
        const struct hcn_kind_info *k;
        GUID guid;
        HRESULT hr;

        if (FAILED(hr = info_of(kind, &k, err)))
                return hr;
        if (kind == HCN_KIND_ROUTE) {
                _cleanup_free_ char *found = NULL;
                struct hcs_error *look = NULL;

                hr = hcn_get(c, kind, id, &found, &look);
                if (hcn_is_not_found(hr)) {
                        hcs_error_free(look);
                        return S_OK;
                }
                if (FAILED(hr))
                        return hcs_error_move(err, &look);
        }
        hr = hcn_guid(id, k->invalid_id, &guid, err);
        return FAILED(hr) ? hr : hcn_step_delete(c, k, &guid, err);
}
