/* SPDX-License-Identifier: MIT */

/* Subnets of networks: prefixes, gateways, what overlaps, and what is added and removed later. */

#include "cmd/hcsconform/network/network.h"

#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define SUBNETS(type, subnets) "{'Type':'" type "'," V2 ",'Ipams':[{'Type':'Static','Subnets':[" subnets "]}]}"
#define ROUTED(prefix, hop) \
        "{'IpAddressPrefix':'" prefix "','Routes':[{'NextHop':'" hop "','DestinationPrefix':'0.0.0.0/0'}]}"
#define BAD(title, subnets, hr, where)                                                                \
        {                                                                                             \
                title, NULL,                                                                          \
                        STEPS(CREATE(NETWORKS, "n", SUBNETS("L2Bridge", subnets), hr), RECORD(where), \
                              LIST(NETWORKS, NULL, "")),                                              \
                        NULL, NULL                                                                    \
        }
#define MODIFIED(request, subnets, hr) \
        MODIFY(NETWORKS, "n",          \
               "{'ResourceType':'Subnet','RequestType':'" request "','Settings':{'Subnets':[" subnets "]}}", hr)

const struct conformance_case subnet_cases[] = {
        {"NAT without a subnet gets one of its own", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0]",
                      "{'IpAddressPrefix':'172.16.0.0/20','Routes':[{'NextHop':'172.16.0.1','DestinationPrefix':"
                      "'0.0.0.0/0'}]}"))},
        {"a NAT subnet of zeros is the host's choice", NULL,
         STEPS(CREATE(NETWORKS, "n",
                      "{'Name':'n','Type':'NAT'," V2 ",'Ipams':[{'Subnets':[{'IpAddressPrefix':'0.0.0.0/0','Routes':[{"
                      "'NextHop':'0.0.0.0','DestinationPrefix':'0.0.0.0/0'}]}]}]}",
                      S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].IpAddressPrefix", "'172.16.0.0/20'"),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].Routes",
                      "[{'NextHop':'172.16.0.1','DestinationPrefix':'0.0.0.0/0'}]"),
               HNS("POST", "/networks/",
                   "{'ID':'a0b4e0c1-1111-4222-8333-444455556666','Name':'old','Type':'nat','Subnets':[{'AddressPrefix':"
                   "'0.0.0.0/0','GatewayAddress':'0.0.0.0'}]}",
                   S_OK, "Output.Subnets[0].GatewayAddress", "'172.16.16.1'"),
               HNS("DELETE", "/networks/a0b4e0c1-1111-4222-8333-444455556666", "", S_OK, NULL, NULL))},
        {"a subnet of zeros of another network is a DHCP server's", NULL,
         STEPS(CREATE(NETWORKS, "n",
                      "{'Name':'n','Type':'Transparent'," V2
                      ",'Ipams':[{'Type':'DHCP','Subnets':[{'IpAddressPrefix':'0.0.0.0/0'}]}]}",
                      S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].IpAddressPrefix", "'0.0.0.0/0'"),
               ENDPOINT("e", "n", "{" V2 "}", S_OK), EXPECT(ENDPOINTS, "e", "IpConfigurations", "[]"))},
        {"two NAT networks get different subnets", NULL,
         STEPS(CREATE(NETWORKS, "a", "{" V2 "}", S_OK), CREATE(NETWORKS, "b", "{" V2 "}", S_OK),
               EXPECT(NETWORKS, "b", "Ipams[0].Subnets[0].IpAddressPrefix", "'172.16.16.0/20'"))},
        {"a subnet of NAT without a gateway gets the first address as one", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("NAT", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].Routes[0].NextHop", "'10.3.0.1'"))},
        {"a subnet of an L2Bridge network need not have a gateway", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("L2Bridge", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].Routes", NULL))},
        {"a gateway of zeros is none", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("L2Bridge", ROUTED("10.3.0.0/16", "0.0.0.0")), S_OK),
               ENDPOINT("e", "n", "{" V2 "}", S_OK),
               EXPECT(ENDPOINTS, "e", "IpConfigurations[0].IpAddress", "'10.3.0.1'"))},
        {"an L2Bridge network has two subnets and its policies", NULL,
         STEPS(CREATE(NETWORKS, "n",
                      SUBNETS("L2Bridge", "{'IpAddressPrefix':'10.3.0.0/16','Policies':[{'Type':'VLAN','Settings':"
                                          "{'IsolationId':7}}]},{'IpAddressPrefix':'10.4.0.0/16','Policies':[{'Type':"
                                          "'VSID','Settings':{'IsolationId':4096}}]}"),
                      S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[1].Policies[0].Settings.IsolationId", "4096"))},
        {"an IPv6 subnet is as good as an IPv4 one", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("Overlay", "{'IpAddressPrefix':'fd00:1::/64'}"), S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].IpAddressPrefix", "'fd00:1::/64'"))},
        BAD("a prefix that is none is refused", "{'IpAddressPrefix':'10.0.0.0'}", HCN_E_INVALID_PREFIX,
            "$.Ipams[0].Subnets[0].IpAddressPrefix"),
        BAD("a prefix of words is refused", "{'IpAddressPrefix':'a/8'}", HCN_E_INVALID_PREFIX, "IpAddressPrefix"),
        BAD("a prefix that is too long is refused", "{'IpAddressPrefix':'10.0.0.0/33'}", HCN_E_INVALID_PREFIX,
            "IpAddressPrefix"),
        BAD("an IPv6 prefix that is too long is refused", "{'IpAddressPrefix':'fd00::/129'}", HCN_E_INVALID_PREFIX,
            "IpAddressPrefix"),
        BAD("a prefix with host bits is refused", "{'IpAddressPrefix':'10.0.0.1/24'}", HCN_E_INVALID_PREFIX,
            "IpAddressPrefix"),
        BAD("a prefix with an octet too large is refused", "{'IpAddressPrefix':'10.0.256.0/24'}", HCN_E_INVALID_PREFIX,
            "IpAddressPrefix"),
        BAD("subnets of one network that overlap are refused",
            "{'IpAddressPrefix':'10.0.0.0/8'},{'IpAddressPrefix':'10.2.0.0/16'}", HCN_E_INVALID_SUBNET,
            "$.Ipams[0].Subnets[1].IpAddressPrefix"),
        BAD("a subnet twice is refused", "{'IpAddressPrefix':'10.0.0.0/8'},{'IpAddressPrefix':'10.0.0.0/8'}",
            HCN_E_INVALID_SUBNET, "$.Ipams[0].Subnets[1]"),
        BAD("a gateway outside of its subnet is refused", ROUTED("10.3.0.0/16", "10.4.0.1"),
            HCN_E_ADDR_INVALID_OR_RESERVED, "Routes[0].NextHop"),
        BAD("a next hop that is no address is refused", ROUTED("10.3.0.0/16", "gateway"), HCN_E_INVALID_IP,
            "Routes[0].NextHop"),
        BAD("a destination that is no prefix is refused",
            "{'IpAddressPrefix':'10.3.0.0/16','Routes':[{'NextHop':'10.3.0.1','DestinationPrefix':'all'}]}",
            HCN_E_INVALID_PREFIX, "Routes[0].DestinationPrefix"),
        BAD("a policy that subnets do not have is refused",
            "{'IpAddressPrefix':'10.3.0.0/16','Policies':[{'Type':'ACL'}]}", HCN_E_INVALID_POLICY_TYPE,
            "$.Ipams[0].Subnets[0].Policies[0].Type"),
        {"NAT networks that overlap are refused", NULL,
         STEPS(CREATE(NETWORKS, "a", SUBNETS("NAT", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               CREATE(NETWORKS, "b", SUBNETS("NAT", "{'IpAddressPrefix':'10.3.4.0/24'}"), HCN_E_INVALID_SUBNET),
               REMOVE(NETWORKS, "a", S_OK),
               CREATE(NETWORKS, "b", SUBNETS("NAT", "{'IpAddressPrefix':'10.3.4.0/24'}"), S_OK))},
        {"other networks may overlap", NULL,
         STEPS(CREATE(NETWORKS, "a", SUBNETS("Overlay", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               CREATE(NETWORKS, "b", SUBNETS("Overlay", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK))},
        {"a subnet is added and removed", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("L2Bridge", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               MODIFIED("Add", "{'IpAddressPrefix':'10.4.0.0/16'}", S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[1].IpAddressPrefix", "'10.4.0.0/16'"),
               MODIFIED("Add", "{'IpAddressPrefix':'10.4.1.0/24'}", HCN_E_INVALID_SUBNET),
               MODIFIED("Remove", "{'IpAddressPrefix':'10.4.0.0/16'}", S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[1]", NULL),
               MODIFIED("Remove", "{'IpAddressPrefix':'10.4.0.0/16'}", HCN_E_SUBNET_NOT_FOUND),
               MODIFIED("Update", "{'IpAddressPrefix':'10.4.0.0/16'}", HCN_E_REQUEST_UNSUPPORTED))},
        {"a subnet that endpoints have addresses of stays", NULL,
         STEPS(CREATE(NETWORKS, "n", SUBNETS("L2Bridge", "{'IpAddressPrefix':'10.3.0.0/16'}"), S_OK),
               ENDPOINT("e", "n", "{" V2 "}", S_OK),
               MODIFIED("Remove", "{'IpAddressPrefix':'10.3.0.0/16'}", HCN_E_ENTITY_HAS_REFERENCES),
               REMOVE(ENDPOINTS, "e", S_OK), MODIFIED("Remove", "{'IpAddressPrefix':'10.3.0.0/16'}", S_OK))},
        {0}};
