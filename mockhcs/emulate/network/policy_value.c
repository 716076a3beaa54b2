/* SPDX-License-Identifier: MIT */

/* What the values of a policy's settings must be, beyond their types. Empty values stand for the host's own. */

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

static bool each_in_list(const char *text, bool (*fits)(char *item, const struct hcs_json *const *sets),
                         const struct hcs_json *const *sets) {
        while (*text) {
                size_t n = strcspn(text, ",");
                _cleanup_free_ char *item = hcs_strndup(text, n);

                if (!fits(item, sets))
                        return false;
                text += n + (text[n] == ',');
        }
        return true;
}

/* A rule may also name sets of addresses that the network has, or gets with it. */
static bool is_set(const char *id, const struct hcs_json *list) {
        for (const struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p))
                if (hcs_strcaseeq(net_text(p, "Type"), "SetPolicy") &&
                    hcs_streq(net_text(hcs_json_get(p, "Settings"), "Id"), id))
                        return true;
        return false;
}

static bool is_address_item(char *item, const struct hcs_json *const *sets) {
        return is_address_or_prefix(item) || is_set(item, sets[0]) || is_set(item, sets[1]);
}

static bool is_port_item(char *item, const struct hcs_json *const *sets) {
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
static const char *expected(enum check check, const struct hcs_json *value, const struct hcs_json *const *sets) {
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
                return each_in_list(text, is_address_item, sets) ? NULL
                                                                 : "addresses, prefixes and sets with commas between";
        case PORTS:
                return each_in_list(text, is_port_item, sets) ? NULL : "ports and ranges with commas between";
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

/* What an ACL of a service older than 7.2 does not know. */
static const struct {
        const char *member, *mark; /* characters that make it so; NULL: any value does */
        const char *feature;
} newer[] = {
        {"LocalAddresses", ",", "AclAddressLists"},
        {"RemoteAddresses", ",", "AclAddressLists"},
        {"LocalPorts", ",-", "AclPortRanges"},
        {"RemotePorts", ",-", "AclPortRanges"},
        {"Id", NULL, "AclRuleId"},
};

static HRESULT check_version(const struct net_model *m, const struct hcs_json *settings, const char *path,
                             struct hcs_error **err) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(newer); i++) {
                const char *value = net_text(settings, newer[i].member);
                _cleanup_free_ char *where = hcs_asprintf("%s.%s", path, newer[i].member);

                if (*value && (!newer[i].mark || strpbrk(value, newer[i].mark)) && !net_feature(m, newer[i].feature))
                        return net_need(m, newer[i].feature, where, err);
        }
        if (net_uint(settings, "Priority") && hcs_streq(net_text(settings, "RuleType"), "Host") &&
            !net_feature(m, "AclHostRulePriority"))
                return net_need(m, "AclHostRulePriority", path, err);
        return S_OK;
}

HRESULT net_policy_values_check(const struct net_model *m, const char *type, const struct hcs_json *settings,
                                const struct hcs_json *const *sets, const char *path, struct hcs_error **err) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(checks); i++) {
                const struct hcs_json *value;
                const char *want;

                if (!hcs_strcaseeq(checks[i].type, type))
                        continue;
                value = hcs_json_get_nocase(settings, checks[i].member);
                want = expected(checks[i].check, value, sets);
                if (want) {
                        _cleanup_free_ char *where = hcs_asprintf("%s.%s", path, checks[i].member);

                        return net_refuse(err, HCN_E_INVALID_POLICY, where, "%s is expected, not \"%s\"", want,
                                          hcs_json_string(value) ? hcs_json_string(value) : "");
                }
        }
        return hcs_strcaseeq(type, "ACL") ? check_version(m, settings, path, err) : S_OK;
}
