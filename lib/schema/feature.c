/* SPDX-License-Identifier: MIT */

/* The features of the host network service, from which version each is there, and what of a document needs them. */

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/schema_network.h"
#include "schema/guess.h"

static const struct hcs_schema_feature features[] = {
        {"ACL.AclAddressLists", "7.2 and later", {{7, 2}}, 1},
        {"ACL.AclHostRulePriority", "7.2 and later", {{7, 2}}, 1},
        {"ACL.AclPortRanges", "7.2 and later", {{7, 2}}, 1},
        {"ACL.AclRuleId", "7.2 and later", {{7, 2}}, 1},
        {"API.V1", "any", {{0, 0}}, 1},
        {"API.V2", "9.2 and later", {{9, 2}}, 1},
        {"RemoteSubnet", "9.2 and later", {{9, 2}}, 1},
        {"HostRoute", "9.2 and later", {{9, 2}}, 1},
        {"DSR", "9.3 to 9.x, 10.2 and later", {{9, 3}, {10, 2}}, 2},
        {"Slash32EndpointPrefixes", "9.3 to 9.x, 10.4 and later", {{9, 3}, {10, 4}}, 2},
        {"AclSupportForProtocol252", "11.0 and later", {{11, 0}}, 1},
        {"SessionAffinity", "12.0 and later", {{12, 0}}, 1},
        {"IPv6DualStack", "11.10 and later", {{11, 10}}, 1},
        {"SetPolicy", "13.0 and later", {{13, 0}}, 1},
        {"VxlanPort", "10.3 and later", {{10, 3}}, 1},
        {"L4Proxy",
         "9.5 to 9.x, 10.5 to 10.x, 11.11 to 11.x, 12.1 to 12.x, 13.1 and later",
         {{9, 5}, {10, 5}, {11, 11}, {12, 1}, {13, 1}},
         5},
        {"L4WfpProxy", "13.2 and later", {{13, 2}}, 1},
        {"TierAcl", "14.0 and later", {{14, 0}}, 1},
        {"NetworkACL", "15.0 and later", {{15, 0}}, 1},
        {"NestedIpSet", "15.0 and later", {{15, 0}}, 1},
        {"DisableHostPort", "15.1 and later", {{15, 1}}, 1},
        {"ModifyLoadbalancer", "15.4 and later", {{15, 4}}, 1},
        {"Accelnet", "15.4 and later", {{15, 4}}, 1},
};

const struct hcs_schema_feature *hcs_schema_feature_at(size_t i) {
        return i < HCS_ARRAY_SIZE(features) ? &features[i] : NULL;
}

const struct hcs_schema_feature *hcs_schema_feature_find(const char *name) {
        for (size_t i = 0; name && i < HCS_ARRAY_SIZE(features); i++) {
                const char *dot = strchr(features[i].name, '.');

                if (hcs_strcaseeq(features[i].name, name) || (dot && hcs_strcaseeq(dot + 1, name)))
                        return &features[i];
        }
        return NULL;
}

bool hcs_schema_feature_in(const struct hcs_schema_feature *f, struct hcs_schema_hns_version v) {
        for (size_t i = 0; i < f->n_from; i++) {
                struct hcs_schema_hns_version from = f->from[i];

                if (v.major == from.major && v.minor >= from.minor)
                        return true;
                if (v.major > from.major && i + 1 == f->n_from)
                        return true;
        }
        return false;
}

/* A member whose value needs a feature: a bit of a number, any value but 0, that number, that text or that list item.
 */
static const struct need {
        const char *owner, *member;
        enum { BIT, NOT_ZERO, EQUALS, TEXT, ITEM } test;
        uint64_t number;
        const char *text;
        const char *feature;
} needs[] = {
        {"hcn.HostComputeNetwork", "Flags", BIT, 1024, NULL, "DisableHostPort"},
        {"hcn.HostComputeLoadBalancer", "Flags", BIT, 1, NULL, "DSR"},
        {"hcn.HostComputeLoadBalancer", "Flags", BIT, 2, NULL, "IPv6DualStack"},
        {"hcn.LoadBalancerPortMapping", "DistributionType", NOT_ZERO, 0, NULL, "SessionAffinity"},
        {"hcn.PortMappingPolicySetting", "Flags", BIT, 2, NULL, "IPv6DualStack"},
        {"hcn.OutboundNatPolicySetting", "Flags", BIT, 2, NULL, "IPv6DualStack"},
        {"hcn.IpConfig", "PrefixLength", EQUALS, 32, NULL, "Slash32EndpointPrefixes"},
        {"hcn.SetPolicySetting", "PolicyType", TEXT, 0, "NESTEDIPSET", "NestedIpSet"},
        {"hcn.AclPolicySetting", "Protocols", ITEM, 0, "252", "AclSupportForProtocol252"},
        {"hcn.NetworkACLPolicySetting", "Protocols", ITEM, 0, "252", "AclSupportForProtocol252"},
};

static bool has_item(const char *list, const char *item) {
        while (list && *list) {
                size_t n = strcspn(list, ",");

                if (n == strlen(item) && strncmp(list, item, n) == 0)
                        return true;
                list += n + (list[n] == ',');
        }
        return false;
}

static bool is_needed(const struct need *need, const struct hcs_json *value) {
        uint64_t u = 0;

        switch (need->test) {
        case BIT:
                return hcs_json_u64(value, &u) && (u & need->number);
        case NOT_ZERO:
                return hcs_json_u64(value, &u) && u;
        case EQUALS:
                return hcs_json_u64(value, &u) && u == need->number;
        case TEXT:
                return hcs_strcaseeq(hcs_json_string(value), need->text);
        case ITEM:
                return has_item(hcs_json_string(value), need->text);
        }
        return false;
}

struct look {
        struct hcs_schema_hns_version version;
        struct hcs_buf path;
        const struct hcs_schema_feature *missing;
};

static bool lacks(struct look *l, const char *feature) {
        const struct hcs_schema_feature *f = feature ? hcs_schema_feature_find(feature) : NULL;

        if (!f || hcs_schema_feature_in(f, l->version))
                return false;
        l->missing = f;
        return true;
}

static bool look_at(struct look *l, const struct hcs_schema_type *type, const struct hcs_json *doc);

static bool look_at_elements(struct look *l, const struct hcs_schema_type *type, const struct hcs_schema_field *f,
                             const struct hcs_json *array) {
        size_t keep = l->path.len, i = 0;

        for (const struct hcs_json *e = hcs_json_first(array); e; e = hcs_json_next(e), i++) {
                const struct hcs_schema_type *inner = f->type ? f->type : schema_element_type(type, f->name, e);

                hcs_json_path_index(&l->path, i);
                if (inner && look_at(l, inner, e))
                        return true;
                l->path.len = keep;
                l->path.data[keep] = '\0';
        }
        return false;
}

static bool look_at_member(struct look *l, const struct hcs_schema_type *type, const struct hcs_json *doc,
                           const struct hcs_json *m) {
        const struct hcs_schema_field *f = hcs_schema_field_find(type, hcs_json_key(m), true);
        const struct hcs_schema_type *inner;

        if (!f)
                return false;
        if (hcs_streq(f->name, "Type") && lacks(l, schema_policy_feature(type, doc)))
                return true;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(needs); i++)
                if (hcs_streq(needs[i].owner, type->name) && hcs_streq(needs[i].member, f->name) &&
                    is_needed(&needs[i], m) && lacks(l, needs[i].feature))
                        return true;
        if (f->shape == HCS_SCHEMA_ARRAY)
                return look_at_elements(l, type, f, m);
        inner = f->kind == HCS_SCHEMA_ANY ? schema_inner_type(type, doc, m) : f->type;
        return inner && f->shape == HCS_SCHEMA_SINGLE && look_at(l, inner, m);
}

static bool look_at(struct look *l, const struct hcs_schema_type *type, const struct hcs_json *doc) {
        size_t keep = l->path.len;

        if (!hcs_json_is(doc, HCS_JSON_OBJECT))
                return false;
        for (const struct hcs_json *m = hcs_json_first(doc); m; m = hcs_json_next(m)) {
                hcs_json_path_member(&l->path, hcs_json_key(m));
                if (look_at_member(l, type, doc, m))
                        return true;
                l->path.len = keep;
                l->path.data[keep] = '\0';
        }
        return false;
}

bool hcs_schema_feature_missing(const struct hcs_schema_type *type, const struct hcs_json *doc,
                                struct hcs_schema_hns_version v, char **ret_path,
                                const struct hcs_schema_feature **ret_feature) {
        struct look l = {.version = v};
        bool missing;

        hcs_buf_putc(&l.path, '$');
        missing = lacks(&l, "API.V2") || look_at(&l, type, doc);
        if (missing) {
                *ret_path = hcs_buf_steal(&l.path);
                *ret_feature = l.missing;
        }
        hcs_buf_deinit(&l.path);
        return missing;
}
