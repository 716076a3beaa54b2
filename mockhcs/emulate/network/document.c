/* SPDX-License-Identifier: MIT */

/*
 * Documents of host networking: brought into one shape, checked against the schema and against what the reported
 * version of the service knows. Published samples give enumerations as numbers and the DNS servers as one string; both
 * are accepted.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

/* Enumerations by number (hcn-json-document-schemas). */
static const struct {
        enum hcs_schema_type_id type;
        const char *member;
        const char *names[4];
} numbered[] = {
        {HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK, "Type", {"NAT", "ICS", "Transparent"}},
        {HCS_SCHEMA_HCN_HOST_COMPUTE_NAMESPACE, "Type", {"Host", "HostDefault", "Guest", "GuestDefault"}},
        {HCS_SCHEMA_HCN_IPAM, "Type", {"Static", "Dhcp"}},
        {HCS_SCHEMA_HCN_SUBNET_POLICY, "Type", {"VLAN"}},
        {HCS_SCHEMA_HCN_ENDPOINT_POLICY, "Type", {"PortMapping", "ACL"}},
        {HCS_SCHEMA_HCN_MODIFY_NAMESPACE_SETTING_REQUEST, "ResourceType", {"Container", "Endpoint"}},
        {HCS_SCHEMA_HCN_MODIFY_NAMESPACE_SETTING_REQUEST, "RequestType", {"Add", "Remove", "Update", "Refresh"}},
        {HCS_SCHEMA_HCN_MODIFY_ENDPOINT_SETTING_REQUEST, "ResourceType", {"Port", "Policy"}},
        {HCS_SCHEMA_HCN_MODIFY_ENDPOINT_SETTING_REQUEST, "RequestType", {"Add", "Remove", "Update", "Refresh"}},
        {HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST, "ResourceType", {"DNS", "Extension", "Policy"}},
        {HCS_SCHEMA_HCN_MODIFY_NETWORK_SETTING_REQUEST, "RequestType", {"Add", "Remove", "Update", "Refresh"}},
};

static void name_numbers(enum hcs_schema_type_id type, struct hcs_json *doc) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(numbered); i++) {
                const struct hcs_json *value = numbered[i].type == type ? hcs_json_get(doc, numbered[i].member) : NULL;
                uint64_t n;

                if (value && hcs_json_u64(value, &n) && n < HCS_ARRAY_SIZE(numbered[i].names) && numbered[i].names[n])
                        hcs_json_set_string(doc, numbered[i].member, numbered[i].names[n]);
        }
}

static void fix_case(const struct hcs_schema_type *type, struct hcs_json *doc) {
        struct hcs_json *next;

        for (struct hcs_json *member = hcs_json_first(doc); member; member = next) {
                const struct hcs_schema_field *f = hcs_schema_field_find(type, hcs_json_key(member), true);

                next = hcs_json_next(member);
                if (f && strcmp(f->name, hcs_json_key(member)) != 0)
                        hcs_json_set(doc, f->name, hcs_json_detach(doc, member));
        }
}

/* "a,b" is as good as ["a","b"]. */
static void split_list(struct hcs_json *doc, const char *name) {
        const char *text = hcs_json_get_string(doc, name);
        _cleanup_free_ char *copy = hcs_strdup(text);
        struct hcs_json *list;

        if (!text)
                return;
        list = hcs_json_set_new_array(doc, name);
        for (const char *at = copy; *at;) {
                size_t n = strcspn(at, ", ");

                if (n)
                        hcs_json_append(list, hcs_json_new_string_n(at, n));
                at += n + (at[n] != '\0');
        }
}

static void normalise_each(enum hcs_schema_type_id type, struct hcs_json *array) {
        for (struct hcs_json *e = hcs_json_first(array); e; e = hcs_json_next(e))
                if (hcs_json_is(e, HCS_JSON_OBJECT))
                        net_normalise(type, e);
}

void net_normalise(enum hcs_schema_type_id type, struct hcs_json *doc) {
        struct hcs_json *dns;

        if (type == NET_NO_TYPE)
                return;
        fix_case(hcs_schema_type_at(type), doc);
        name_numbers(type, doc);
        dns = type == HCS_SCHEMA_HCN_DNS ? doc : hcs_json_get(doc, "Dns");
        if (hcs_json_is(dns, HCS_JSON_OBJECT)) {
                fix_case(hcs_schema_type_at(HCS_SCHEMA_HCN_DNS), dns);
                split_list(dns, "ServerList");
                split_list(dns, "Search");
        }
        if (type == HCS_SCHEMA_HCN_HOST_COMPUTE_NETWORK)
                normalise_each(HCS_SCHEMA_HCN_IPAM, hcs_json_get(doc, "Ipams"));
        else if (type == HCS_SCHEMA_HCN_IPAM)
                normalise_each(HCS_SCHEMA_HCN_SUBNET, hcs_json_get(doc, "Subnets"));
        if (type == HCS_SCHEMA_HCN_SUBNET)
                normalise_each(HCS_SCHEMA_HCN_SUBNET_POLICY, hcs_json_get(doc, "Policies"));
        else if (type == HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT)
                normalise_each(HCS_SCHEMA_HCN_ENDPOINT_POLICY, hcs_json_get(doc, "Policies"));
}

HRESULT net_dns_check(const struct hcs_json *dns, const char *path, struct hcs_error **err) {
        struct net_address a;
        size_t i = 0;

        for (const struct hcs_json *s = hcs_json_first(hcs_json_get(dns, "ServerList")); s; s = hcs_json_next(s), i++)
                if (!hcs_json_string(s) || !net_address_parse(hcs_json_string(s), &a)) {
                        _cleanup_free_ char *where = hcs_asprintf("%s.ServerList[%zu]", path, i);

                        return net_refuse(err, HCN_E_INVALID_IP, where, "\"%s\" is not an IP address",
                                          hcs_json_string(s) ? hcs_json_string(s) : "");
                }
        return S_OK;
}

static HRESULT fits_version(struct net_model *m, enum hcs_schema_type_id type, const struct hcs_json *doc,
                            struct hcs_error **err) {
        const struct hcs_schema_feature *feature = NULL;
        _cleanup_free_ char *path = NULL;

        /* Whether there is a version 2 at all is asked where its calls come in. */
        if (!hcs_schema_feature_missing(hcs_schema_type_at(type), doc, m->version, &path, &feature) ||
            hcs_streq(feature->name, "API.V2"))
                return S_OK;
        return net_refuse(err, hcs_str_ends(path, ".Type") ? HCN_E_INVALID_POLICY_TYPE : HCN_E_REQUEST_UNSUPPORTED,
                          path, "%s needs version %s, this is %lld.%lld", feature->name, feature->versions,
                          (long long)m->version.major, (long long)m->version.minor);
}

HRESULT net_check(struct net_model *m, enum hcs_schema_type_id type, const struct hcs_json *doc,
                  struct hcs_error **err) {
        static const struct hcs_schema_profile lenient = {0};
        const struct hcs_schema_problem *problem = NULL;
        struct hcs_schema_report report;
        HRESULT hr = S_OK;

        if (net_uint(hcs_json_get(doc, "SchemaVersion"), "Major") > 2)
                return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.SchemaVersion.Major", "2 is the newest");
        if (!hcs_json_is(doc, HCS_JSON_OBJECT))
                return net_refuse(err, HCN_E_INVALID_JSON, "$", "an object is expected");
        if (type == NET_NO_TYPE)
                return S_OK;
        hcs_schema_validate(hcs_schema_type_at(type), doc, &lenient, &report);
        for (size_t i = 0; i < report.n && !problem; i++)
                if (report.problems[i].is_error)
                        problem = &report.problems[i];
        if (problem)
                hr = net_refuse(err, strstr(problem->path, "Policies[") ? HCN_E_INVALID_POLICY : HCN_E_INVALID_JSON,
                                problem->path, "%s", problem->message);
        hcs_schema_report_deinit(&report);
        return SUCCEEDED(hr) ? fits_version(m, type, doc, err) : hr;
}

void net_order(enum hcs_schema_type_id type, struct hcs_json *doc) {
        const struct hcs_schema_type *t = type == NET_NO_TYPE ? NULL : hcs_schema_type_at(type);
        size_t unknown = hcs_json_count(doc);

        if (!t)
                return;
        for (size_t i = 0; i < t->n_fields; i++) {
                struct hcs_json *member = hcs_json_get(doc, t->fields[i].name);

                if (!member)
                        continue;
                hcs_json_set(doc, t->fields[i].name, hcs_json_detach(doc, member));
                unknown--;
        }
        for (; unknown; unknown--) {
                struct hcs_json *member = hcs_json_first(doc);
                _cleanup_free_ char *name = hcs_strdup(hcs_json_key(member));

                hcs_json_set(doc, name, hcs_json_detach(doc, member));
        }
}

struct hcs_json *net_array_of(struct hcs_json *object, const char *name) {
        struct hcs_json *member = hcs_json_get(object, name);

        return hcs_json_is(member, HCS_JSON_ARRAY) ? member : hcs_json_set_new_array(object, name);
}

struct hcs_json *net_object_of(struct hcs_json *object, const char *name) {
        struct hcs_json *member = hcs_json_get(object, name);

        return hcs_json_is(member, HCS_JSON_OBJECT) ? member : hcs_json_set_new_object(object, name);
}

const char *net_text(const struct hcs_json *object, const char *name) {
        const char *text = hcs_json_get_string(object, name);

        return text ? text : "";
}

uint64_t net_uint(const struct hcs_json *object, const char *name) {
        uint64_t n = 0;

        hcs_json_u64(hcs_json_get(object, name), &n);
        return n;
}

bool net_feature(const struct net_model *m, const char *name) {
        return hcs_schema_feature_in(hcs_schema_feature_find(name), m->version);
}

HRESULT net_need(const struct net_model *m, const char *feature, const char *path, struct hcs_error **err) {
        if (net_feature(m, feature))
                return S_OK;
        return net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, path, "%s needs version %s, this is %lld.%lld", feature,
                          hcs_schema_feature_find(feature)->versions, (long long)m->version.major,
                          (long long)m->version.minor);
}
