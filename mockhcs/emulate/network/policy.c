/* SPDX-License-Identifier: MIT */

/*
 * Policies: types and values that a host refuses, and what a modify request makes of a list. The schema has checked the
 * types of the members; here stands what the values must be. Empty values stand for the host's own.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

enum check {
        ADDRESS,
        PREFIX,
        MAC,
        ADDRESSES, /* addresses and prefixes with commas between */
        PREFIXES,  /* the same as an array */
        PORTS,     /* ports and ranges with commas between */
        ACTION,
        DIRECTION,
        RULE,
        SET,
        REQUIRED,
};

/* Published types that hcsshim has no settings for. */
static const char *const other_types[] = {"VLAN", "VSID", "VNET", "Isolation", "Encryption", "InterfaceParameters"};

static const struct {
        const char *type, *member;
        enum check check;
} checks[] = {
        {"PortMapping", "VIP", ADDRESS},
        {"ACL", "Action", ACTION},
        {"ACL", "Direction", DIRECTION},
        {"ACL", "RuleType", RULE},
        {"ACL", "LocalAddresses", ADDRESSES},
        {"ACL", "RemoteAddresses", ADDRESSES},
        {"ACL", "LocalPorts", PORTS},
        {"ACL", "RemotePorts", PORTS},
        {"NetworkACL", "Action", ACTION},
        {"NetworkACL", "Direction", DIRECTION},
        {"NetworkACL", "RuleType", RULE},
        {"NetworkACL", "LocalAddresses", ADDRESSES},
        {"NetworkACL", "RemoteAddresses", ADDRESSES},
        {"NetworkACL", "LocalPorts", PORTS},
        {"NetworkACL", "RemotePorts", PORTS},
        {"TierAcl", "Direction", DIRECTION},
        {"OutBoundNAT", "VirtualIP", ADDRESS},
        {"OutBoundNAT", "Exceptions", PREFIXES},
        {"OutBoundNAT", "Destinations", PREFIXES},
        {"SDNRoute", "DestinationPrefix", PREFIX},
        {"SDNRoute", "NextHop", ADDRESS},
        {"ProviderAddress", "ProviderAddress", ADDRESS},
        {"RemoteSubnetRoute", "DestinationPrefix", PREFIX},
        {"RemoteSubnetRoute", "ProviderAddress", ADDRESS},
        {"RemoteSubnetRoute", "DistributedRouterMacAddress", MAC},
        {"SourceMacAddress", "SourceMacAddress", MAC},
        {"DrMacAddress", "Address", MAC},
        {"SetPolicy", "PolicyType", SET},
        {"SetPolicy", "Id", REQUIRED},
        {"L4Proxy", "IP", ADDRESS},
};

static bool is_address_or_prefix(const char *text) {
        struct net_address a;
        struct net_prefix p;

        return net_address_parse(text, &a) || net_prefix_parse(text, true, &p);
}

static bool is_port_or_range(const char *text) {
        char *dash = strchr(text, '-');
        uint64_t first, last;

        if (dash)
                *dash = '\0';
        return hcs_str_to_u64(text, &first) && first <= UINT16_MAX &&
               (!dash || (hcs_str_to_u64(dash + 1, &last) && last <= UINT16_MAX && first <= last));
}

static bool each_in_list(const char *text, bool (*fits)(char *item)) {
        while (*text) {
                size_t n = strcspn(text, ",");
                _cleanup_free_ char *item = hcs_strndup(text, n);

                if (!fits(item))
                        return false;
                text += n + (text[n] == ',');
        }
        return true;
}

static bool is_address_item(char *item) {
        return is_address_or_prefix(item);
}

static bool is_port_item(char *item) {
        return is_port_or_range(item);
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c) {
        return hcs_strcaseeq(text, a) || hcs_strcaseeq(text, b) || hcs_strcaseeq(text, c);
}

static bool each_in_array(const struct hcs_json *array) {
        for (const struct hcs_json *e = hcs_json_first(array); e; e = hcs_json_next(e))
                if (!is_address_or_prefix(hcs_json_string(e)))
                        return false;
        return true;
}

/* NULL when the value will do, else what would. */
static const char *expected(enum check check, const struct hcs_json *value) {
        const char *text = hcs_json_string(value);
        struct net_address a;
        struct net_prefix p;
        net_number mac;

        if (check == REQUIRED)
                return text && *text ? NULL : "a value";
        if (check == PREFIXES)
                return each_in_array(value) ? NULL : "addresses and prefixes";
        if (!text || !*text)
                return NULL;
        switch (check) {
        case ADDRESS:
                return net_address_parse(text, &a) ? NULL : "an IP address";
        case PREFIX:
                return net_prefix_parse(text, true, &p) ? NULL : "a prefix";
        case MAC:
                return net_mac_parse(text, &mac) ? NULL : "a MAC address";
        case ADDRESSES:
                return each_in_list(text, is_address_item) ? NULL : "addresses and prefixes with commas between";
        case PORTS:
                return each_in_list(text, is_port_item) ? NULL : "ports and ranges with commas between";
        case ACTION:
                return is_one_of(text, "Allow", "Block", "Pass") ? NULL : "Allow, Block or Pass";
        case DIRECTION:
                return is_one_of(text, "In", "Out", "Out") ? NULL : "In or Out";
        case RULE:
                return is_one_of(text, "Host", "Switch", "Switch") ? NULL : "Host or Switch";
        default:
                return is_one_of(text, "IPSET", "NESTEDIPSET", "NESTEDIPSET") ? NULL : "IPSET or NESTEDIPSET";
        }
}

static HRESULT check_values(const char *type, const struct hcs_json *settings, const char *path,
                            struct hcs_error **err) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(checks); i++) {
                const struct hcs_json *value;
                const char *want;

                if (!hcs_strcaseeq(checks[i].type, type))
                        continue;
                value = hcs_json_get_nocase(settings, checks[i].member);
                want = expected(checks[i].check, value);
                if (want) {
                        _cleanup_free_ char *where = hcs_asprintf("%s.%s", path, checks[i].member);

                        return net_refuse(err, HCN_E_INVALID_POLICY, where, "%s is expected, not \"%s\"", want,
                                          hcs_json_string(value) ? hcs_json_string(value) : "");
                }
        }
        return S_OK;
}

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
                           const char *path, struct hcs_error **err) {
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
                        hr = check_values(type_of(p), settings_of(p), inside, err);
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
        return is_one_of(request, "Add", "Remove", "Update") || is_one_of(request, "Refresh", "Reset", "Reset");
}

HRESULT net_policies_modify(struct net_model *m, enum hcs_schema_policy_kind kind, const struct hcs_json *doc,
                            const char *request, const struct hcs_json *policies, struct hcs_json **ret,
                            struct hcs_error **err) {
        const struct hcs_json *old = hcs_json_get(doc, "Policies");
        _cleanup_json_ struct hcs_json *list = old ? hcs_json_copy(old) : hcs_json_new_array();
        size_t i = 0;
        HRESULT hr;

        if (!net_request_known(request))
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.RequestType", "\"%s\" is not a request", request);
        if (policies && !hcs_json_is(policies, HCS_JSON_ARRAY) && !hcs_json_is(policies, HCS_JSON_NULL))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Settings.Policies", "an array is expected");
        hr = net_policies_check(m, kind, policies, "$.Settings.Policies", err);
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
