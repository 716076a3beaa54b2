/* SPDX-License-Identifier: MIT */

/* Texts of queries, requests and policies. Each belongs to the caller. */

#include <string.h>

#include "hcn/internal.h"

char *hcn_query(uint32_t flags, const char *filter) {
        struct hcs_schema_hcn_host_compute_query query = {
                .SchemaVersion = {.Major = 2},
                .Flags = flags,
                .Filter = (char *)(uintptr_t)filter,
        };

        return hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_QUERY), &query);
}

char *hcn_query_by(const char *member, const char *value) {
        _cleanup_json_ struct hcs_json *filter = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;

        hcs_json_set_string(filter, member, value);
        text = hcs_json_text(filter, HCS_JSON_GO);
        return hcn_query(0, text);
}

/* The three kinds of requests print alike: empty members are left out. */
char *hcn_request_text(const char *resource_type, const char *request_type, const char *settings) {
        _cleanup_json_ struct hcs_json *tree = NULL;
        struct hcs_schema_hcn_modify_network_setting_request request = {
                .ResourceType = (char *)(uintptr_t)resource_type,
                .RequestType = (char *)(uintptr_t)request_type,
        };

        hcs_json_parse_cstr(settings, &tree, NULL);
        request.Settings = tree;
        return hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST), &request);
}

static HRESULT check(const struct hcs_schema_policy *p, const struct hcs_json *settings, struct hcs_error **err) {
        struct hcs_schema_report report;
        HRESULT hr = S_OK;

        hcs_schema_validate(p->settings, settings, NULL, &report);
        for (size_t i = 0; i < report.n && SUCCEEDED(hr); i++) {
                const struct hcs_schema_problem *bad = &report.problems[i];

                if (!bad->is_error)
                        continue;
                hr = hcs_error_make(err, HCS_E_INVALID_JSON, "%s: settings of a %s policy: %s", bad->path, p->type,
                                    bad->message);
                hcs_error_set_path(err, bad->path);
        }
        hcs_schema_report_deinit(&report);
        return hr;
}

HRESULT hcn_policy_build(enum hcs_schema_policy_kind kind, const char *type, const char *settings, char **ret,
                         struct hcs_error **err) {
        const struct hcs_schema_policy *p = type ? hcs_schema_policy_find(kind, type) : NULL;
        _cleanup_json_ struct hcs_json *tree = NULL, *policy = NULL;
        HRESULT hr = S_OK;

        if (!p)
                return hcs_error_make(err, E_INVALIDARG, "there is no policy \"%s\" of this kind", type ? type : "");
        if (settings && FAILED(hr = hcs_json_parse_cstr(settings, &tree, err)))
                return hr;
        if (tree && p->settings && FAILED(hr = check(p, tree, err)))
                return hr;
        policy = hcs_json_new_object();
        hcs_json_set_string(policy, "Type", p->type);
        if (kind != HCS_SCHEMA_POLICY_HNS && tree && !hcs_json_is(tree, HCS_JSON_NULL))
                hcs_json_set(policy, "Settings", steal_pointer(&tree));
        for (const struct hcs_json *m = kind == HCS_SCHEMA_POLICY_HNS ? hcs_json_first(tree) : NULL; m;
             m = hcs_json_next(m))
                hcs_json_set(policy, hcs_json_key(m), hcs_json_copy(m));
        *ret = hcs_json_text(policy, HCS_JSON_GO);
        return S_OK;
}

HRESULT hcn_policies_build(const char *const *policies, size_t n, char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();
        struct hcs_json *array = hcs_json_set_new_array(request, "Policies");

        for (size_t i = 0; i < n; i++) {
                struct hcs_json *policy = NULL;
                HRESULT hr = hcs_json_parse_cstr(policies[i], &policy, err);

                if (FAILED(hr)) {
                        hcs_error_wrap(err, "policy %zu", i);
                        return hr;
                }
                hcs_json_append(array, policy);
        }
        *ret = hcs_json_text(request, HCS_JSON_GO);
        return S_OK;
}
