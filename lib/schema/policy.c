/* SPDX-License-Identifier: MIT */

/* The policies of host networking: which settings a Type has, and which feature it needs. Constant data. */

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/schema_network.h"
#include "schema/guess.h"

#define ROW(kind_, type_, id, feature_)                                                                             \
        {                                                                                                           \
                .kind = HCS_SCHEMA_POLICY_##kind_, .type = (type_), .settings = &hcs_schema_types[HCS_SCHEMA_##id], \
                .feature = (feature_)                                                                               \
        }
#define BARE(kind_, type_) \
        { .kind = HCS_SCHEMA_POLICY_##kind_, .type = (type_) }

static const struct hcs_schema_policy policies[] = {
        ROW(ENDPOINT, "PortMapping", HCN_PORT_MAPPING_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "ACL", HCN_ACL_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "QOS", HCN_QOS_POLICY_SETTING, NULL),
        BARE(ENDPOINT, "L2Driver"),
        ROW(ENDPOINT, "OutBoundNAT", HCN_OUTBOUND_NAT_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "SDNRoute", HCN_SDN_ROUTE_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "L4Proxy", HCN_L4_PROXY_POLICY_SETTING, "L4Proxy"),
        ROW(ENDPOINT, "L4WFPPROXY", HCN_L4_WFP_PROXY_POLICY_SETTING, "L4WfpProxy"),
        ROW(ENDPOINT, "PortName", HCN_PORTNAME_ENDPOINT_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "EncapOverhead", HCN_ENCAP_OVERHEAD_ENDPOINT_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "Iov", HCN_IOV_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "ProviderAddress", HCN_PROVIDER_ADDRESS_ENDPOINT_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "InterfaceConstraint", HCN_INTERFACE_CONSTRAINT_POLICY_SETTING, NULL),
        ROW(ENDPOINT, "TierAcl", HCN_TIER_ACL_POLICY_SETTING, "TierAcl"),
        ROW(NETWORK, "SourceMacAddress", HCN_SOURCE_MAC_ADDRESS_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "NetAdapterName", HCN_NET_ADAPTER_NAME_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "VSwitchExtension", HCN_V_SWITCH_EXTENSION_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "DrMacAddress", HCN_DR_MAC_ADDRESS_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "AutomaticDNS", HCN_AUTOMATIC_DNS_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "InterfaceConstraint", HCN_INTERFACE_CONSTRAINT_POLICY_SETTING, NULL),
        ROW(NETWORK, "ProviderAddress", HCN_PROVIDER_ADDRESS_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "RemoteSubnetRoute", HCN_REMOTE_SUBNET_ROUTE_POLICY_SETTING, "RemoteSubnet"),
        ROW(NETWORK, "VxlanPort", HCN_VXLAN_PORT_POLICY_SETTING, "VxlanPort"),
        {.kind = HCS_SCHEMA_POLICY_NETWORK, .type = "HostRoute", .feature = "HostRoute"},
        ROW(NETWORK, "SetPolicy", HCN_SET_POLICY_SETTING, "SetPolicy"),
        ROW(NETWORK, "L4Proxy", HCN_L4_PROXY_POLICY_SETTING, "L4Proxy"),
        ROW(NETWORK, "LayerConstraint", HCN_LAYER_CONSTRAINT_NETWORK_POLICY_SETTING, NULL),
        ROW(NETWORK, "NetworkACL", HCN_NETWORK_ACL_POLICY_SETTING, "NetworkACL"),
        ROW(SUBNET, "VLAN", HCN_VLAN_POLICY_SETTING, NULL),
        ROW(SUBNET, "VSID", HCN_VSID_POLICY_SETTING, NULL),
        ROW(HNS, "NAT", HNS_NAT_POLICY, NULL),
        ROW(HNS, "ACL", HNS_ACL_POLICY, NULL),
        ROW(HNS, "PA", HNS_PA_POLICY, NULL),
        ROW(HNS, "VLAN", HNS_VLAN_POLICY, NULL),
        ROW(HNS, "VSID", HNS_VSID_POLICY, NULL),
        BARE(HNS, "VNET"),
        BARE(HNS, "L2Driver"),
        ROW(HNS, "Isolation", HNS_ISOLATION_POLICY, NULL),
        ROW(HNS, "QOS", HNS_QOS_POLICY, NULL),
        ROW(HNS, "OutBoundNAT", HNS_OUTBOUND_NAT_POLICY, NULL),
        ROW(HNS, "ELB", HNS_ELB_POLICY, NULL),
        ROW(HNS, "ROUTE", HNS_ROUTE_POLICY, NULL),
        ROW(HNS, "PROXY", HNS_PROXY_POLICY, NULL),
};

const struct hcs_schema_policy *hcs_schema_policy_at(size_t i) {
        return i < HCS_ARRAY_SIZE(policies) ? &policies[i] : NULL;
}

const struct hcs_schema_policy *hcs_schema_policy_find(enum hcs_schema_policy_kind kind, const char *type) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(policies); i++)
                if (policies[i].kind == kind && hcs_strcaseeq(policies[i].type, type))
                        return &policies[i];
        return NULL;
}

static const struct {
        const char *owner;
        enum hcs_schema_policy_kind kind;
} owners[] = {
        {"hcn.EndpointPolicy", HCS_SCHEMA_POLICY_ENDPOINT},
        {"hcn.NetworkPolicy", HCS_SCHEMA_POLICY_NETWORK},
        {"hcn.SubnetPolicy", HCS_SCHEMA_POLICY_SUBNET},
};

static const struct hcs_schema_policy *find(const struct hcs_schema_type *owner, const struct hcs_json *policy) {
        const char *type = hcs_json_string(hcs_json_get_nocase(policy, "Type"));

        for (size_t i = 0; i < HCS_ARRAY_SIZE(owners); i++)
                if (hcs_streq(owners[i].owner, owner->name))
                        return hcs_schema_policy_find(owners[i].kind, type);
        return NULL;
}

const struct hcs_schema_type *schema_policy_settings(const struct hcs_schema_type *owner,
                                                     const struct hcs_json *policy) {
        const struct hcs_schema_policy *p = find(owner, policy);

        return p ? p->settings : NULL;
}

const char *schema_policy_feature(const struct hcs_schema_type *owner, const struct hcs_json *policy) {
        const struct hcs_schema_policy *p = find(owner, policy);

        return p ? p->feature : NULL;
}

const struct hcs_schema_type *schema_element_type(const struct hcs_schema_type *owner, const char *member,
                                                  const struct hcs_json *element) {
        const struct hcs_schema_policy *p;

        if (!hcs_streq(member, "Policies"))
                return NULL;
        if (hcs_streq(owner->name, "hcn.Subnet"))
                return &hcs_schema_types[HCS_SCHEMA_HCN_SUBNET_POLICY];
        if (!hcs_str_starts(owner->name, "hns."))
                return NULL;
        p = hcs_schema_policy_find(HCS_SCHEMA_POLICY_HNS, hcs_json_string(hcs_json_get_nocase(element, "Type")));
        return p ? p->settings : NULL;
}
