/* SPDX-License-Identifier: MIT */

/* Documents on their way: settings as hcsshim prints them, answers as it reads them. */

#include <string.h>

#include "hcn/internal.h"

HRESULT hcn_needs(const void *argument, const char *name, struct hcs_error **err) {
        return argument ? S_OK : hcs_error_make(err, E_POINTER, "%s is needed", name);
}

HRESULT hcn_guid(const char *text, const char *invalid, GUID *ret, struct hcs_error **err) {
        if (!text || strlen(text) != HCS_GUID_TEXT_SIZE - 1 || *text == '{' || FAILED(hcs_guid_parse(text, ret, NULL)))
                return hcs_error_make(err, E_INVALIDARG, "%s", invalid);
        return S_OK;
}

HRESULT hcn_settings(enum hcs_schema_type_id type, const char *text, void **ret, struct hcs_error **err) {
        const char *given = text ? text : "{}";

        return hcs_schema_parse(hcs_schema_type_at(type), given, strlen(given), ret, err);
}

HRESULT hcn_settings_text(enum hcs_schema_type_id id, const char *text, char **ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(id);
        void *doc = NULL;
        HRESULT hr;

        if (!type) {
                *ret = hcs_strdup(text ? text : "");
                return S_OK;
        }
        hr = hcn_settings(id, text, &doc, err);
        if (FAILED(hr))
                return hr;
        *ret = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return S_OK;
}

static int by_key(const void *a, const void *b) {
        return strcmp(hcs_json_key(*(struct hcs_json *const *)a), hcs_json_key(*(struct hcs_json *const *)b));
}

/* hcsshim holds Health.Data in a map: members come out sorted, at every level. */
static struct hcs_json *sorted(const struct hcs_json *j) {
        size_t n = hcs_json_count(j), i = 0;
        struct hcs_json *copy;

        if (hcs_json_is(j, HCS_JSON_ARRAY)) {
                copy = hcs_json_new_array();
                for (const struct hcs_json *e = hcs_json_first(j); e; e = hcs_json_next(e))
                        hcs_json_append(copy, sorted(e));
        } else if (hcs_json_is(j, HCS_JSON_OBJECT)) {
                _cleanup_free_ const struct hcs_json **members = hcs_malloc((n ? n : 1) * sizeof(*members));

                for (const struct hcs_json *e = hcs_json_first(j); e; e = hcs_json_next(e))
                        members[i++] = e;
                qsort(members, n, sizeof(*members), by_key);
                copy = hcs_json_new_object();
                for (i = 0; i < n; i++)
                        hcs_json_set(copy, hcs_json_key(members[i]), sorted(members[i]));
        } else {
                copy = hcs_json_copy(j);
        }
        return copy;
}

static void settle(struct hcs_schema_hcn_health *health) {
        struct hcs_json *data = health->Data;

        if (data) {
                health->Data = hcs_json_is(data, HCS_JSON_NULL) ? NULL : sorted(data);
                hcs_json_free(data);
        }
}

HRESULT hcn_answer(struct hcn_client *c, const struct hcn_kind_info *k, const char *text, char **ret,
                   struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(k->type);
        struct hcs_schema_hcn_host_compute_network *network;
        void *doc = NULL;
        HRESULT hr;

        if (!text)
                return hcs_error_make(err, HCS_E_INVALID_JSON, "unexpected end of JSON input");
        if (!type) {
                *ret = hcs_strdup(text);
                return S_OK;
        }
        hr = hcs_schema_parse_answer(type, text, &doc, err);
        if (FAILED(hr))
                return hr;
        if (!c->keep_unknown)
                hcs_schema_forget_unknown(type, doc);
        if (k->type == HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK) {
                /* The service leaves out the type whose number is 0. */
                network = doc;
                if (!network->Type)
                        network->Type = hcs_strdup("NAT");
                settle(&network->Health);
        } else if (k->type == HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT) {
                settle(&((struct hcs_schema_hcn_host_compute_endpoint *)doc)->Health);
        }
        *ret = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return S_OK;
}
