/* SPDX-License-Identifier: MIT */

/* Host networking: policies are checked by their Type, and what a version does not know is found. */

#include "base/json.h"
#include "hcsshim/schema_network.h"
#include "schema/test/validate.h"
#include "testing/hcs_test.h"

static void assert_problem(const char *type, const char *text, const char *path, const char *message) {
        struct hcs_schema_report r = validate(type, text, "strict:26100");

        assert_int_equal(r.n, 1);
        assert_string_equal(r.problems[0].path, path);
        assert_string_equal(r.problems[0].message, message);
        hcs_schema_report_deinit(&r);
}

static void settings_are_checked_by_the_type_of_the_policy(void **state) {
        assert_problem("hcn.ModifyEndpointSettingRequest",
                       "{\"ResourceType\":\"Policy\",\"RequestType\":\"Add\",\"Settings\":{\"Policies\":[{\"Type\":"
                       "\"ACL\"},{\"Type\":\"PortMapping\",\"Settings\":{\"InternalPort\":65536}}]}}",
                       "$.Settings.Policies[1].Settings.InternalPort", "65536 is not an integer from 0 to 65535");
        assert_problem(
                "hcn.HostComputeNetwork", "{\"Policies\":[{\"Type\":\"VxlanPort\",\"Settings\":{\"Prot\":4789}}]}",
                "$.Policies[0].Settings.Prot", "unknown member of hcn.VxlanPortPolicySetting (did you mean \"Port\"?)");
        assert_problem("hcn.HostComputeNetwork", "{\"Policies\":[{\"Type\":\"VxlanPort\",\"Settings\":4789}]}",
                       "$.Policies[0].Settings", "an object is expected, not a number");
        assert_problem("hcn.HostComputeEndpoint", "{\"Policies\":[{\"Type\":\"ACLS\",\"Settings\":{}}]}",
                       "$.Policies[0].Type", "unknown value \"ACLS\" (did you mean \"ACL\"?)");
}

static void policies_of_subnets_and_of_version_1_are_checked_too(void **state) {
        assert_problem("hcn.HostComputeNetwork",
                       "{\"Ipams\":[{\"Subnets\":[{\"Policies\":[{\"Type\":\"VSID\",\"Settings\":{\"IsolationId\":-1}}]"
                       "}]}]}",
                       "$.Ipams[0].Subnets[0].Policies[0].Settings.IsolationId",
                       "-1 is not an integer from 0 to 4294967295");
        assert_problem("hns.HNSEndpoint", "{\"Policies\":[{\"Type\":\"NAT\",\"InternalPort\":\"80\"}]}",
                       "$.Policies[0].InternalPort", "a number is expected, not a string");
}

static void every_policy_has_a_type_that_the_schema_lists(void **state) {
        static const char *const owners[] = {"hcn.EndpointPolicy", "hcn.NetworkPolicy", "hcn.SubnetPolicy",
                                             "hns.Policy"};
        const struct hcs_schema_policy *p;
        unsigned listed = 0, n = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(owners); i++)
                for (const char *const *v =
                             hcs_schema_field_find(hcs_schema_type_find(owners[i]), "Type", false)->values;
                     *v; v++, listed++) {
                        p = hcs_schema_policy_find((enum hcs_schema_policy_kind)i, *v);
                        if (!p)
                                fail_msg("%s: no policy %s", owners[i], *v);
                        assert_true(!p->feature || hcs_schema_feature_find(p->feature));
                }
        while (hcs_schema_policy_at(n))
                n++;
        assert_int_equal(n, listed);
        assert_null(hcs_schema_policy_find(HCS_SCHEMA_POLICY_SUBNET, "ACL"));
        assert_null(hcs_schema_policy_find(HCS_SCHEMA_POLICY_SUBNET, NULL));
}

static bool has(const char *feature, int64_t major, int64_t minor) {
        return hcs_schema_feature_in(hcs_schema_feature_find(feature), (struct hcs_schema_hns_version){major, minor});
}

static void features_come_and_go_with_versions(void **state) {
        assert_false(has("V2", 9, 1));
        assert_true(has("V2", 9, 2));
        assert_true(has("DSR", 9, 3));
        assert_false(has("DSR", 10, 1));
        assert_true(has("DSR", 10, 2));
        assert_false(has("L4Proxy", 12, 0));
        assert_true(has("L4Proxy", 12, 7));
        assert_false(has("L4Proxy", 13, 0));
        assert_true(has("L4Proxy", 16, 0));
        assert_true(has("API.V1", 0, 0));
        assert_null(hcs_schema_feature_find("Nothing"));
        assert_null(hcs_schema_feature_find(NULL));
}

/* The members of SupportedFeatures and the table say the same. */
static void every_feature_is_a_member_of_the_document(void **state) {
        const struct hcs_schema_type *t = hcs_schema_type_find("hcn.SupportedFeatures");
        size_t n = 0;

        for (size_t i = 0; i < t->n_fields; i++) {
                const struct hcs_schema_type *inner = t->fields[i].type;

                for (size_t k = 0; k < (inner ? inner->n_fields : 1); k++, n++) {
                        _cleanup_free_ char *name =
                                inner ? hcs_asprintf("%s.%s", t->fields[i].name, inner->fields[k].name)
                                      : hcs_strdup(t->fields[i].name);

                        assert_non_null(hcs_schema_feature_at(n));
                        assert_string_equal(hcs_schema_feature_at(n)->name, name);
                }
        }
        assert_null(hcs_schema_feature_at(n));
}

static void assert_missing(const char *type, const char *text, int64_t major, int64_t minor, const char *path,
                           const char *feature) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const struct hcs_schema_feature *f = NULL;
        _cleanup_free_ char *where = NULL;
        bool missing;

        assert_ok(hcs_json_parse_cstr(text, &json, NULL), NULL);
        missing = hcs_schema_feature_missing(hcs_schema_type_find(type), json,
                                             (struct hcs_schema_hns_version){major, minor}, &where, &f);
        assert_int_equal(missing, path != NULL);
        if (path) {
                assert_string_equal(where, path);
                assert_string_equal(f->name, feature);
        }
}

static void what_a_version_does_not_know_is_found(void **state) {
        static const char policies[] = "{\"Policies\":[{\"Type\":\"ACL\",\"Settings\":{\"Protocols\":\"6,252\"}},"
                                       "{\"Type\":\"TierAcl\",\"Settings\":{}}]}";
        static const char lb[] = "{\"Flags\":3,\"PortMappings\":[{\"DistributionType\":1}]}";

        assert_missing("hcn.HostComputeEndpoint", "{}", 9, 1, "$", "API.V2");
        assert_missing("hcn.HostComputeEndpoint", policies, 10, 0, "$.Policies[0].Settings.Protocols",
                       "AclSupportForProtocol252");
        assert_missing("hcn.HostComputeEndpoint", policies, 13, 2, "$.Policies[1].Type", "TierAcl");
        assert_missing("hcn.HostComputeEndpoint", policies, 14, 0, NULL, NULL);
        assert_missing("hcn.HostComputeLoadBalancer", lb, 10, 1, "$.Flags", "DSR");
        assert_missing("hcn.HostComputeLoadBalancer", lb, 10, 2, "$.Flags", "IPv6DualStack");
        assert_missing("hcn.HostComputeLoadBalancer", lb, 11, 10, "$.PortMappings[0].DistributionType",
                       "SessionAffinity");
        assert_missing("hcn.HostComputeLoadBalancer", lb, 12, 0, NULL, NULL);
        assert_missing("hcn.HostComputeNetwork", "{\"Flags\":1024}", 15, 0, "$.Flags", "DisableHostPort");
        assert_missing("hcn.ModifyNetworkSettingRequest",
                       "{\"ResourceType\":\"Policy\",\"Settings\":{\"Policies\":[{\"Type\":\"SetPolicy\",\"Settings\":{"
                       "\"PolicyType\":\"NESTEDIPSET\"}}]}}",
                       14, 0, "$.Settings.Policies[0].Settings.PolicyType", "NestedIpSet");
        assert_missing("hcn.HostComputeEndpoint", "{\"IpConfigurations\":[{\"PrefixLength\":32}]}", 10, 3,
                       "$.IpConfigurations[0].PrefixLength", "Slash32EndpointPrefixes");
}

HCS_TESTS(cmocka_unit_test(settings_are_checked_by_the_type_of_the_policy),
          cmocka_unit_test(policies_of_subnets_and_of_version_1_are_checked_too),
          cmocka_unit_test(every_policy_has_a_type_that_the_schema_lists),
          cmocka_unit_test(features_come_and_go_with_versions),
          cmocka_unit_test(every_feature_is_a_member_of_the_document),
          cmocka_unit_test(what_a_version_does_not_know_is_found))
