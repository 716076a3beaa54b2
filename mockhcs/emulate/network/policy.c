/* SPDX-License-Identifier: MIT */

/*
 * Policies: types that a host refuses, and what a modify request makes of a list. The schema has checked the types of
 * the members, policy_value.c checks their values.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

/* Published types that hcsshim has no settings for. */
static const char *const other_types[] = {"VLAN", "VSID", "VNET", "Isolation", "Encryption", "InterfaceParameters"};

static bool is_other(const char *type) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(other_types); i++)
                if (hcs_strcaseeq(other_types[i], type))
                        return true;
        return false;
}

static const char *type_of(const struct hcs_json *policy) {
        const char *type = hcs_json_string(hcs_json_get_nocase(policy, "Type"));

        return type ? type : "";
}

static const struct hcs_json *settings_of(const struct hcs_json *policy) {
        return hcs_json_get_nocase(policy, "Settings");
}

HRESULT net_policies_check(struct net_model *m, enum hcs_schema_policy_kind kind, const struct hcs_json *policies,
                           const struct hcs_json *sets, const char *path, struct hcs_error **err) {
        const struct hcs_json *const both[] = {sets, policies};
        size_t i = 0;

        for (const struct hcs_json *p = hcs_json_first(policies); p; p = hcs_json_next(p), i++) {
                _cleanup_free_ char *place = hcs_asprintf("%s[%zu].Type", path, i);
                _cleanup_free_ char *inside = hcs_asprintf("%s[%zu].Settings", path, i);
                const struct hcs_schema_policy *known = hcs_schema_policy_find(kind, type_of(p));
                HRESULT hr = S_OK;

                if (!known && !is_other(type_of(p)))
                        return net_refuse(err, HCN_E_INVALID_POLICY_TYPE, place,
                                          "\"%s\" is not a policy of this object", type_of(p));
                if (hcs_strcaseeq(type_of(p), "PortMapping") && net_uint(settings_of(p), "ExternalPort") &&
                    !net_uint(settings_of(p), "InternalPort"))
                        hr = net_refuse(err, HCN_E_INVALID_INTERNAL_PORT, inside, "InternalPort is 0");
                if (SUCCEEDED(hr))
                        hr = net_policy_values_check(m, type_of(p), settings_of(p), both, inside, err);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

/* ---- modify requests ---- */

/* What tells policies of one type apart; others are the same when their settings are. */
static const char *key_of(const struct hcs_json *policy) {
        if (hcs_strcaseeq(type_of(policy), "SetPolicy"))
                return net_text(settings_of(policy), "Id");
        if (hcs_strcaseeq(type_of(policy), "RemoteSubnetRoute"))
                return net_text(settings_of(policy), "DestinationPrefix");
        return NULL;
}

static bool is_same(const struct hcs_json *a, const struct hcs_json *b) {
        const struct hcs_json *x = settings_of(a), *y = settings_of(b);

        if (!hcs_strcaseeq(type_of(a), type_of(b)))
                return false;
        if (key_of(a))
                return hcs_strcaseeq(key_of(a), key_of(b));
        if (hcs_json_count(x) == 0 && hcs_json_count(y) == 0)
                return true;
        return x && y && hcs_json_equal(x, y);
}

static struct hcs_json *find(struct hcs_json *list, const struct hcs_json *policy) {
        for (struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p))
                if (is_same(p, policy))
                        return p;
        return NULL;
}

static bool names_set(const struct hcs_json *policy, const char *id) {
        const char *at = net_text(settings_of(policy), "Values");

        if (!hcs_strcaseeq(net_text(settings_of(policy), "PolicyType"), "NESTEDIPSET"))
                return false;
        while (*at) {
                size_t n = strcspn(at, ",");

                if (n == strlen(id) && strncmp(at, id, n) == 0)
                        return true;
                at += n + (at[n] == ',');
        }
        return false;
}

/* Sets of sets name sets that exist. */
static HRESULT check_sets(struct hcs_json *list, struct hcs_error **err) {
        for (struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p)) {
                const char *at = net_text(settings_of(p), "Values");

                if (!hcs_strcaseeq(type_of(p), "SetPolicy") ||
                    !hcs_strcaseeq(net_text(settings_of(p), "PolicyType"), "NESTEDIPSET"))
                        continue;
                while (*at) {
                        size_t n = strcspn(at, ",");
                        _cleanup_free_ char *id = hcs_strndup(at, n);
                        bool found = false;

                        for (struct hcs_json *s = hcs_json_first(list); s && !found; s = hcs_json_next(s))
                                found = hcs_strcaseeq(type_of(s), "SetPolicy") && hcs_streq(key_of(s), id);
                        if (!found)
                                return net_refuse(err, HCN_E_INVALID_JSON_REFERENCE, "$.Settings.Policies",
                                                  "set \"%s\" names \"%s\", which there is not", key_of(p), id);
                        at += n + (at[n] == ',');
                }
        }
        return S_OK;
}

static HRESULT remove_policy(struct hcs_json *list, const struct hcs_json *policy, const char *path,
                             struct hcs_error **err) {
        struct hcs_json *found = find(list, policy);

        if (!found)
                return net_refuse(err, HCN_E_POLICY_NOT_FOUND, path, "there is no such %s policy", type_of(policy));
        for (struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p))
                if (p != found && hcs_strcaseeq(type_of(found), "SetPolicy") && names_set(p, key_of(found)))
                        return net_refuse(err, HCN_E_ENTITY_HAS_REFERENCES, path, "set \"%s\" names it", key_of(p));
        hcs_json_free(hcs_json_detach(list, found));
        return S_OK;
}

static void remove_type(struct hcs_json *list, const char *type) {
        struct hcs_json *next;

        for (struct hcs_json *p = hcs_json_first(list); p; p = next) {
                next = hcs_json_next(p);
                if (!*type || hcs_strcaseeq(type_of(p), type))
                        hcs_json_free(hcs_json_detach(list, p));
        }
}

static HRESULT add_policy(struct hcs_json *list, const struct hcs_json *policy, const char *path,
                          struct hcs_error **err) {
        if (key_of(policy) && find(list, policy))
                return net_refuse(err, HCN_E_POLICY_ALREADY_EXISTS, path, "there is a %s policy \"%s\"",
                                  type_of(policy), key_of(policy));
        hcs_json_append(list, hcs_json_copy(policy));
        return S_OK;
}

static HRESULT update_policy(struct hcs_json *list, const struct hcs_json *policy, const char *path,
                             struct hcs_error **err) {
        struct hcs_json *found = key_of(policy) ? find(list, policy) : NULL;

        if (key_of(policy) && !found)
                return net_refuse(err, HCN_E_POLICY_NOT_FOUND, path, "there is no %s policy \"%s\"", type_of(policy),
                                  key_of(policy));
        if (found)
                hcs_json_replace(list, found, hcs_json_copy(policy));
        else
                hcs_json_append(list, hcs_json_copy(policy));
        return S_OK;
}

bool net_request_known(const char *request) {
        static const char *const requests[] = {"Add", "Remove", "Update", "Refresh", "Reset"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(requests); i++)
                if (hcs_streq(requests[i], request))
                        return true;
        return false;
}

HRESULT net_policies_modify(struct net_model *m, enum hcs_schema_policy_kind kind, const struct hcs_json *doc,
                            const char *request, const struct hcs_json *policies, const struct hcs_json *sets,
                            struct hcs_json **ret, struct hcs_error **err) {
        const struct hcs_json *old = hcs_json_get(doc, "Policies");
        _cleanup_json_ struct hcs_json *list = old ? hcs_json_copy(old) : hcs_json_new_array();
        size_t i = 0;
        HRESULT hr;

        if (!net_request_known(request))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "\"%s\" is not a request", request);
        if (policies && !hcs_json_is(policies, HCS_JSON_ARRAY) && !hcs_json_is(policies, HCS_JSON_NULL))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Settings.Policies", "an array is expected");
        hr = net_policies_check(m, kind, policies, sets, "$.Settings.Policies", err);
        /* An update speaks for all policies of the types that it holds. */
        for (const struct hcs_json *p = hcs_json_first(policies); SUCCEEDED(hr) && p; p = hcs_json_next(p))
                if (hcs_streq(request, "Reset") || (hcs_streq(request, "Update") && !key_of(p)))
                        remove_type(list, type_of(p));
        if (SUCCEEDED(hr) && hcs_streq(request, "Reset") && !hcs_json_first(policies))
                remove_type(list, "");
        for (const struct hcs_json *p = hcs_json_first(policies); SUCCEEDED(hr) && p; p = hcs_json_next(p), i++) {
                _cleanup_free_ char *path = hcs_asprintf("$.Settings.Policies[%zu]", i);

                if (hcs_streq(request, "Add"))
                        hr = add_policy(list, p, path, err);
                else if (hcs_streq(request, "Remove"))
                        hr = remove_policy(list, p, path, err);
                else if (hcs_streq(request, "Update"))
                        hr = update_policy(list, p, path, err);
        }
        if (SUCCEEDED(hr))
                hr = check_sets(list, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&list);
        return hr;
}
