/* SPDX-License-Identifier: MIT */

/* The service of version 1 itself: its version, what that version can do, and accelerated networking. */

#include "hcsshim/schema_network.h"
#include "hns/internal.h"

#define MACS HCS_SCHEMA_HNS_HNS_NNV_MANAGEMENT_MAC_LIST

static HRESULT version(struct hns_client *c, struct hcs_schema_hns_hns_version *ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_HNS_HNS_VERSION);
        struct hcs_schema_hns_hns_version *v = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hns_request_typed(c, "GET", "/globals/version", NULL, HCS_SCHEMA_HNS_HNS_VERSION, &text, err);

        if (FAILED(hr) || FAILED(hr = hcs_schema_parse_answer(type, text, (void **)&v, err)))
                return hr;
        *ret = (struct hcs_schema_hns_hns_version){.Major = v->Major, .Minor = v->Minor};
        hcs_schema_free(type, v);
        return S_OK;
}

HRESULT hns_globals(struct hns_client *c, char **ret, struct hcs_error **err) {
        struct hcs_schema_hns_hns_globals globals = {0};
        HRESULT hr = version(c, &globals.Version, err);

        if (SUCCEEDED(hr))
                *ret = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HNS_HNS_GLOBALS), &globals);
        return hr;
}

HRESULT hns_features(struct hns_client *c, char **ret, struct hcs_error **err) {
        struct hcs_schema_hns_hns_supported_features features = {0};
        struct hcs_schema_hns_hns_version v;

        if (SUCCEEDED(version(c, &v, NULL))) {
                struct hcs_schema_hns_version seen = {v.Major, v.Minor};

                features.ACL = (struct hcs_schema_hns_hns_acl_features){
                        hcs_schema_feature_in(hcs_schema_feature_find("AclAddressLists"), seen),
                        hcs_schema_feature_in(hcs_schema_feature_find("AclHostRulePriority"), seen),
                        hcs_schema_feature_in(hcs_schema_feature_find("AclPortRanges"), seen),
                        hcs_schema_feature_in(hcs_schema_feature_find("AclRuleId"), seen),
                        NULL,
                };
        }
        *ret = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HNS_HNS_SUPPORTED_FEATURES), &features);
        return S_OK;
}

HRESULT hns_accelnet_get(struct hns_client *c, char **ret, struct hcs_error **err) {
        return hns_request_typed(c, "GET", "/accelnet/", NULL, MACS, ret, err);
}

HRESULT hns_accelnet_set(struct hns_client *c, const char *const *mac_addresses, size_t n, char **ret,
                         struct hcs_error **err) {
        _cleanup_free_ struct hcs_schema_hns_hns_nnv_management_mac_address *items =
                hcs_calloc(n ? n : 1, sizeof(*items));
        struct hcs_schema_hns_hns_nnv_management_mac_list list = {.MacAddressList = {items, n}};
        _cleanup_free_ char *body = NULL;

        for (size_t i = 0; i < n; i++)
                items[i].MacAddress = (char *)(uintptr_t)mac_addresses[i];
        body = hcs_schema_print(hcs_schema_type_at(MACS), &list);
        return hns_request_typed(c, "POST", "/accelnet/", body, MACS, ret, err);
}

HRESULT hns_accelnet_delete(struct hns_client *c, char **ret, struct hcs_error **err) {
        return hns_request_typed(c, "DELETE", "/accelnet/", NULL, MACS, ret, err);
}
