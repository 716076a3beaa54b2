/* SPDX-License-Identifier: MIT */

/* What services of other versions say of themselves, and what they refuse. */

#include "cmd/hcsconform/network/network.h"

#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define SAYS(major, minor)     HNS("GET", "/globals/version", "", S_OK, "Output", "{'Major':" major ",'Minor':" minor "}")
#define NET(name, members, hr) CREATE(NETWORKS, name, "{'Type':'Overlay'," V2 members "}", hr)
#define POLICY(policy, hr) \
        MODIFY(NETWORKS, "n", "{'ResourceType':'Policy','RequestType':'Add','Settings':{'Policies':[" policy "]}}", hr)
#define ON_ENDPOINT(policy, hr) \
        MODIFY(ENDPOINTS, "e", "{'ResourceType':'Policy','RequestType':'Add','Settings':{'Policies':[" policy "]}}", hr)
#define EP                    NET("n", "", S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK)
#define L4PROXY               "{'Type':'L4Proxy','Settings':{'Port':'80','Destination':'1.1.1.1'}}"
#define WFP                   "{'Type':'L4WFPPROXY','Settings':{'InboundProxyPort':'80'}}"
#define TIER                  "{'Type':'TierAcl','Settings':{'Name':'t','Direction':'In','Order':1}}"
#define SET                   "{'Type':'SetPolicy','Settings':{'Id':'i','Name':'n','PolicyType':'IPSET','Values':''}}"
#define NETACL                "{'Type':'NetworkACL','Settings':{'Action':'Block','Direction':'In'}}"
#define VXLAN                 "{'Type':'VxlanPort','Settings':{'Port':4789}}"
#define BALANCER(members, hr) CREATE(LOADBALANCERS, "l", "{" V2 ",'HostComputeEndpoints':['%e%']" members "}", hr)
#define OLD_NETWORK                                                                                                \
        HNS("POST", "/networks/", "{'ID':'a0b4e0c1-1111-4222-8333-444455556666','Name':'old','Type':'nat'}", S_OK, \
            "Output.Name", "'old'")
#define OLD_ACL(members, hr)                                                                                       \
        HNS("POST", "/endpoints/",                                                                                 \
            "{'VirtualNetwork':'a0b4e0c1-1111-4222-8333-444455556666','Policies':[{'Type':'ACL','Action':'Allow'," \
            "'Direction':'In'," members "}]}",                                                                     \
            hr, NULL, NULL)
#define TYPE        HCN_E_INVALID_POLICY_TYPE
#define UNSUPPORTED HCN_E_REQUEST_UNSUPPORTED

const struct conformance_case version_cases[] = {
        {"version 7.1 has no version 2", "hns=7.1",
         STEPS(SAYS("7", "1"), NET("n", "", UNSUPPORTED), RECORD("9.2 and later"), OLD_NETWORK)},
        {"version 7.1 has no lists, ranges or ids in ACLs", "hns=7.1",
         STEPS(OLD_NETWORK, OLD_ACL("'LocalAddresses':'10.0.0.1,10.0.0.2'", UNSUPPORTED),
               OLD_ACL("'RemotePorts':'80-90'", UNSUPPORTED), OLD_ACL("'Id':'rule'", UNSUPPORTED),
               OLD_ACL("'RuleType':'Host','Priority':200", UNSUPPORTED),
               OLD_ACL("'LocalAddresses':'10.0.0.1','LocalPorts':'80','RuleType':'Switch','Priority':200", S_OK))},
        {"version 7.2 has lists, ranges and ids in ACLs", "hns=7.2",
         STEPS(OLD_NETWORK, OLD_ACL("'LocalAddresses':'10.0.0.1,10.0.0.2','RemotePorts':'80-90','Id':'rule',"
                                    "'RuleType':'Host','Priority':200",
                                    S_OK))},
        {"version 9.1 has no version 2", "hns=9.1", STEPS(SAYS("9", "1"), NET("n", "", UNSUPPORTED))},
        {"version 9.3 has DSR and no sets, VXLAN ports or accelnet", "hns=9.3",
         STEPS(SAYS("9", "3"), EP, BALANCER(",'Flags':1", S_OK), POLICY(SET, TYPE), RECORD("SetPolicy needs version"),
               POLICY(VXLAN, TYPE), ON_ENDPOINT(L4PROXY, TYPE), HNS("GET", "/accelnet/", "", UNSUPPORTED, NULL, NULL))},
        {"version 9.5 has the L4 proxy", "hns=9.5", STEPS(EP, ON_ENDPOINT(L4PROXY, S_OK), ON_ENDPOINT(WFP, TYPE))},
        {"version 10.1 has lost DSR", "hns=10.1", STEPS(EP, BALANCER(",'Flags':1", UNSUPPORTED), RECORD("$.Flags"))},
        {"version 10.3 has VXLAN ports and no IPv6", "hns=10.3",
         STEPS(EP, POLICY(VXLAN, S_OK), BALANCER(",'Flags':2", UNSUPPORTED),
               CREATE(NETWORKS, "m",
                      "{'Type':'L2Bridge'," V2 ",'Ipams':[{'Subnets':[{'IpAddressPrefix':'fd00::/64'}]}]}",
                      UNSUPPORTED),
               RECORD("IPv6DualStack"))},
        {"version 11.10 has IPv6 and no affinity of sessions", "hns=11.10",
         STEPS(EP, BALANCER(",'Flags':2", S_OK), REMOVE(LOADBALANCERS, "l", S_OK),
               BALANCER(",'PortMappings':[{'DistributionType':1}]", UNSUPPORTED))},
        {"version 12.0 has affinity of sessions and no L4 proxy", "hns=12.0",
         STEPS(EP, BALANCER(",'PortMappings':[{'DistributionType':1}]", S_OK), ON_ENDPOINT(L4PROXY, TYPE))},
        {"version 13.2 has sets and the WFP proxy, and no tiers", "hns=13.2",
         STEPS(EP, POLICY(SET, S_OK), ON_ENDPOINT(WFP, S_OK), ON_ENDPOINT(L4PROXY, S_OK), ON_ENDPOINT(TIER, TYPE))},
        {"version 14.0 has tiers and no ACLs of networks", "hns=14.0",
         STEPS(EP, ON_ENDPOINT(TIER, S_OK), POLICY(NETACL, TYPE),
               POLICY("{'Type':'SetPolicy','Settings':{'Id':'i','Name':'n','PolicyType':'NESTEDIPSET','Values':''}}",
                      UNSUPPORTED))},
        {"version 15.0 has ACLs of networks, and host ports cannot be disabled", "hns=15.0",
         STEPS(EP, POLICY(NETACL, S_OK), NET("m", ",'Flags':1024", UNSUPPORTED), RECORD("$.Flags"), BALANCER("", S_OK),
               MODIFY(LOADBALANCERS, "l", "{" V2 ",'HostComputeEndpoints':['%e%']}", UNSUPPORTED))},
        {"version 15.4 has everything", "hns=15.4",
         STEPS(SAYS("15", "4"), EP, NET("m", ",'Flags':1024", S_OK), POLICY(NETACL, S_OK), POLICY(SET, S_OK),
               ON_ENDPOINT(TIER, S_OK), ON_ENDPOINT(WFP, S_OK), ON_ENDPOINT(L4PROXY, S_OK),
               BALANCER(",'Flags':3", S_OK),
               MODIFY(LOADBALANCERS, "l", "{" V2 ",'HostComputeEndpoints':['%e%']}", S_OK))},
        {0}};
