/* SPDX-License-Identifier: MIT */

/* Version 1 over HNSCall, and objects of one version seen through the other. */

#include "cmd/hcsconform/network/network.h"

#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define NOBODY                   "d0b4e0c1-1111-4222-8333-444455556666"
#define NET                      CREATE(NETWORKS, "n", SMALL("L2Bridge"), S_OK)
#define EP                       NET, ENDPOINT("e", "n", "{'Name':'ep'," V2 "}", S_OK)
#define ID                       "a0b4e0c1-1111-4222-8333-444455556666"
#define GET(path, member, value) HNS("GET", path, "", S_OK, member, value)
/* A policy of version 1 on a new endpoint, as version 2 shows it, and back. */
#define POLICY(title, legacy, type, settings)                                                                         \
        {                                                                                                             \
                title, NULL,                                                                                          \
                        STEPS(NET,                                                                                    \
                              HNS("POST", "/endpoints/",                                                              \
                                  "{'ID':'" ID "','VirtualNetwork':'%n%','Policies':[" legacy "]}", S_OK,             \
                                  "Output.Policies", "[" legacy "]"),                                                 \
                              LIST(ENDPOINTS, NULL, ID),                                                              \
                              HNS("GET", "/endpoints/" ID, "", S_OK, "Output.Policies", "[" legacy "]"),              \
                              HNS("DELETE", "/endpoints/" ID, "", S_OK, "Output.ID", "'" ID "'"),                     \
                              ENDPOINT("e", "n", "{" V2 ",'Policies':[{'Type':'" type "','Settings':" settings "}]}", \
                                       S_OK),                                                                         \
                              HNS("GET", "/endpoints/%e%", "", S_OK, "Output.Policies", "[" legacy "]")),             \
                        NULL, NULL                                                                                    \
        }

const struct conformance_case legacy_cases[] = {
        {"a network of version 1 is one of version 2", NULL,
         STEPS(HNS("POST", "/networks/",
                   "{'ID':'" ID "','Name':'l2','Type':'l2bridge','NetworkAdapterName':'Ethernet','SourceMac':"
                   "'00-11-22-33-44-55','AutomaticDNS':true,'DNSSuffix':'a.b','DNSServerList':'1.1.1.1,2.2.2.2','"
                   "MacPools':"
                   "[{'StartMacAddress':'00-15-5D-00-00-00','EndMacAddress':'00-15-5D-00-00-FF'}],'Subnets':[{"
                   "'AddressPrefix':'10.1.0.0/16','GatewayAddress':'10.1.0.2','Policies':[{'Type':'VLAN','VLAN':5}]}]}",
                   S_OK, "Output.Type", "'l2bridge'"),
               LIST(NETWORKS, "{'Type':'L2Bridge'}", ID), REMOVE(NETWORKS, ID, S_OK))},
        {"members of a network of version 1 come back as they were", NULL,
         STEPS(HNS("POST", "/networks/",
                   "{'ID':'" ID "','Name':'l2','Type':'l2bridge','NetworkAdapterName':'Ethernet','DNSServerList':"
                   "'1.1.1.1,2.2.2.2','Foo':7,'Subnets':[{'AddressPrefix':'10.1.0.0/16','GatewayAddress':'10.1.0.2',"
                   "'Policies':[{'Type':'VLAN','VLAN':5}],'ObjectType':5}]}",
                   S_OK, "Output.Subnets",
                   "[{'AddressPrefix':'10.1.0.0/16','GatewayAddress':'10.1.0.2','Policies':[{'Type':'VLAN','VLAN':5}],"
                   "'ObjectType':5}]"),
               GET("/networks/" ID, "Output.NetworkAdapterName", "'Ethernet'"),
               GET("/networks/" ID, "Output.DNSServerList", "'1.1.1.1,2.2.2.2'"),
               GET("/networks/" ID, "Output.Foo", "7"),
               HNS("DELETE", "/networks/" ID, "", S_OK, "Output.Name", "'l2'"))},
        {"a network of version 2 is one of version 1", NULL,
         STEPS(NET, GET("/networks/%n%", "Output.Name", "'small'"), GET("/networks/%n%", "Output.Type", "'l2bridge'"),
               GET("/networks/%n%", "Output.Subnets[0].AddressPrefix", "'10.0.0.0/29'"),
               GET("/networks/%n%", "Output.Subnets[0].GatewayAddress", "'10.0.0.1'"),
               GET("/networks/", "Output[0].ID", "'%n%'"), GET("/networks/%n%", "Output.Version", "*"))},
        {"settings of version 1 are good for HcnCreateNetwork", NULL,
         STEPS(CREATE(NETWORKS, "n",
                      "{'Name':'WSL','Flags':9,'Type':'ICS','IPv6':false,'IsolateSwitch':true,'MaxConcurrentEndpoints':"
                      "1,"
                      "'Subnets':[{'ObjectType':5,'AddressPrefix':'192.168.60.0/24','GatewayAddress':'192.168.60.1',"
                      "'IpSubnets':[{'Flags':3,'IpAddressPrefix':'192.168.60.0/24','ObjectType':6}]}],'DNSServerList':"
                      "'192.168.60.1'}",
                      S_OK),
               EXPECT(NETWORKS, "n", "Ipams[0].Subnets[0].IpAddressPrefix", "'192.168.60.0/24'"),
               EXPECT(NETWORKS, "n", "Dns.ServerList", "['192.168.60.1']"),
               EXPECT(NETWORKS, "n", "IsolateSwitch", "true"), EXPECT(NETWORKS, "n", "Flags", "9"))},
        {"settings of version 1 are good for HcnCreateEndpoint", NULL,
         STEPS(NET,
               ENDPOINT("e", "n",
                        "{'Name':'v1','VirtualNetwork':'%n%','IPAddress':'10.0.0.4','DNSServerList':'1.1.1.1'}", S_OK),
               EXPECT(ENDPOINTS, "e", "IpConfigurations", "[{'IpAddress':'10.0.0.4','PrefixLength':29}]"),
               EXPECT(ENDPOINTS, "e", "Dns.ServerList", "['1.1.1.1']"))},
        {"an endpoint of version 1 is one of version 2", NULL,
         STEPS(NET,
               HNS("POST", "/endpoints/",
                   "{'ID':'" ID
                   "','Name':'v1','VirtualNetworkName':'small','MacAddress':'00-15-5D-AA-00-01','DisableICC':"
                   "true,'DNSSuffix':'a.b','GatewayAddress':'10.0.0.1','EncapOverhead':50}",
                   S_OK, "Output.IPAddress", "'10.0.0.2'"),
               GET("/endpoints/" ID, "Output.VirtualNetwork", "'%n%'"),
               GET("/endpoints/" ID, "Output.DisableICC", "true"), GET("/endpoints/" ID, "Output.EncapOverhead", "50"),
               GET("/endpoints/" ID, "Output.Policies", "[]"), GET("/endpoints/" ID, "Output.DNSSuffix", "'a.b'"),
               LIST(ENDPOINTS, "{'Name':'v1'}", ID),
               HNS("DELETE", "/endpoints/" ID, "", S_OK, "Output.MacAddress", "'00-15-5D-AA-00-01'"))},
        {"an endpoint of version 2 is one of version 1", NULL,
         STEPS(EP, GET("/endpoints/%e%", "Output.VirtualNetworkName", "'small'"),
               GET("/endpoints/%e%", "Output.IPAddress", "'10.0.0.2'"),
               GET("/endpoints/%e%", "Output.PrefixLength", "29"),
               GET("/endpoints/%e%", "Output.GatewayAddress", "'10.0.0.1'"),
               GET("/endpoints/", "Output[0].Name", "'ep'"), GET("/endpoints/%e%", "Output.State", "1"))},
        {"a remote endpoint of version 1 keeps its flag", NULL,
         STEPS(NET,
               HNS("POST", "/endpoints/",
                   "{'ID':'" ID "','VirtualNetwork':'%n%','IsRemoteEndpoint':true,'IPAddress':'192.0.2.9'}", S_OK,
                   "Output.IsRemoteEndpoint", "true"),
               LIST(ENDPOINTS, "{'Flags':1}", ID))},
        POLICY("NAT of version 1 is PortMapping",
               "{'Type':'NAT','Protocol':'TCP','InternalPort':80,'ExternalPort':8080}", "PortMapping",
               "{'Protocol':6,'InternalPort':80,'ExternalPort':8080}"),
        POLICY("OutBoundNAT of version 1 is OutBoundNAT",
               "{'Type':'OutBoundNAT','VIP':'1.1.1.1','ExceptionList':['10.0.0.0/8']}", "OutBoundNAT",
               "{'VirtualIP':'1.1.1.1','Exceptions':['10.0.0.0/8']}"),
        POLICY("PA of version 1 is ProviderAddress", "{'Type':'PA','PA':'1.1.1.1'}", "ProviderAddress",
               "{'ProviderAddress':'1.1.1.1'}"),
        POLICY("ROUTE of version 1 is SDNRoute",
               "{'Type':'ROUTE','DestinationPrefix':'10.0.0.0/8','NextHop':'1.1.1.1','NeedEncap':true}", "SDNRoute",
               "{'DestinationPrefix':'10.0.0.0/8','NextHop':'1.1.1.1','NeedEncap':true}"),
        POLICY("PROXY of version 1 is L4Proxy",
               "{'Type':'PROXY','IP':'1.1.1.1','Port':'80','ExceptionList':['1.1.1.2'],'OutboundNat':true}", "L4Proxy",
               "{'IP':'1.1.1.1','Port':'80','Exceptions':['1.1.1.2'],'OutboundNAT':true}"),
        POLICY("QOS of version 1 is QOS", "{'Type':'QOS','MaximumOutgoingBandwidthInBytes':1000000}", "QOS",
               "{'MaximumOutgoingBandwidthInBytes':1000000}"),
        POLICY("L2Driver of version 1 is L2Driver", "{'Type':'L2Driver'}", "L2Driver", "{}"),
        POLICY("ACL of version 1 is ACL",
               "{'Type':'ACL','Action':'Allow','Direction':'In','LocalPorts':'80','RuleType':'Switch','Priority':200}",
               "ACL", "{'Action':'Allow','Direction':'In','LocalPorts':'80','RuleType':'Switch','Priority':200}"),
        {"policies of version 1 are updated with the whole endpoint", NULL,
         STEPS(EP,
               HNS("POST", "/endpoints/%e%",
                   "{'ID':'%e%','Policies':[{'Type':'NAT','Protocol':'UDP','InternalPort':1,"
                   "'ExternalPort':2}]}",
                   S_OK, "Output.Policies[0].Protocol", "'UDP'"),
               EXPECT(ENDPOINTS, "e", "Policies[0].Settings.Protocol", "17"),
               HNS("POST", "/endpoints/%e%", "{'ID':'%e%'}", S_OK, "Output.Policies[0].Type", "'NAT'"),
               HNS("POST", "/endpoints/%e%", "{'ID':'%e%','Policies':[{'Type':'Bogus'}]}", HCN_E_INVALID_POLICY_TYPE,
                   NULL, NULL))},
        {"an endpoint is attached to a container and shared", NULL,
         STEPS(EP,
               HNS("POST", "/endpoints/%e%/attach", "{'ContainerId':'c','SystemType':'Container','CompartmentId':3}",
                   S_OK, NULL, NULL),
               GET("/endpoints/%e%", "Output.SharedContainers", "['c']"), GET("/endpoints/%e%", "Output.State", "2"),
               HNS("POST", "/endpoints/%e%/attach", "{'ContainerId':'c','SystemType':'Container'}",
                   HCN_E_ENDPOINT_ALREADY_ATTACHED, NULL, NULL),
               HNS("POST", "/endpoints/%e%/attach", "{'ContainerId':'d','SystemType':'Container'}", S_OK, NULL, NULL),
               GET("/endpoints/%e%", "Output.State", "3"),
               HNS("POST", "/endpoints/%e%/detach", "{'ContainerId':'c','SystemType':'Container'}", S_OK, NULL, NULL),
               HNS("POST", "/endpoints/%e%/detach", "{'ContainerId':'d','SystemType':'Container'}", S_OK, NULL, NULL),
               GET("/endpoints/%e%", "Output.State", "4"),
               HNS("POST", "/endpoints/%e%/detach", "{'ContainerId':'d','SystemType':'Container'}",
                   HCN_E_ENDPOINT_NOT_ATTACHED, NULL, NULL))},
        {"an endpoint is attached to the host and to a VM", NULL,
         STEPS(EP, HNS("POST", "/endpoints/%e%/attach", "{'SystemType':'Host','CompartmentId':1}", S_OK, NULL, NULL),
               HNS("POST", "/endpoints/%e%/attach", "{'SystemType':'VirtualMachine','VirtualNicName':'n'}", S_OK, NULL,
                   NULL),
               HNS("POST", "/endpoints/%e%/detach", "{'SystemType':'VirtualMachine'}", S_OK, NULL, NULL),
               HNS("POST", "/endpoints/%e%/detach", "{'SystemType':'VirtualMachine'}", HCN_E_ENDPOINT_NOT_ATTACHED,
                   NULL, NULL),
               HNS("POST", "/endpoints/%e%/detach", "{'SystemType':'Host'}", S_OK, NULL, NULL))},
        {"attaching to nobody, or to what there is not, is refused", NULL,
         STEPS(EP,
               HNS("POST", "/endpoints/%e%/attach", "{'SystemType':'Container','ContainerId':''}", E_INVALIDARG, NULL,
                   NULL),
               HNS("POST", "/endpoints/%e%/attach", "{'SystemType':'VirtualMachine'}", E_INVALIDARG, NULL, NULL),
               HNS("POST", "/endpoints/%e%/attach", "{'SystemType':'Toaster','ContainerId':'c'}", HCN_E_INVALID_JSON,
                   NULL, NULL),
               HNS("POST", "/endpoints/%e%/attach", "", HCN_E_INVALID_JSON, NULL, NULL),
               GET("/endpoints/%e%", "Output.State", "1"))},
        {"a prefix longer than an address is refused in version 1 too", NULL,
         STEPS(EP,
               HNS("POST", "/endpoints/", "{'VirtualNetwork':'%n%','PrefixLength':33}", HCN_E_INVALID_PREFIX, NULL,
                   NULL),
               HNS("POST", "/endpoints/", "{'VirtualNetwork':'%n%','IPv6PrefixLength':129}", HCN_E_INVALID_PREFIX, NULL,
                   NULL))},
        {"statistics of an endpoint are those of the endpoint", NULL,
         STEPS(EP, GET("/endpointstats/%e%", "Output.EndpointId", "'%e%'"),
               HNS("GET", "/endpointstats/" NOBODY, "", HCN_E_ENDPOINT_NOT_FOUND, NULL, NULL))},
        {"a namespace of version 1 is one of version 2", NULL,
         STEPS(EP, CREATE(NAMESPACES, "s", "{" V2 "}", S_OK), GET("/namespaces/%s%", "Output.IsDefault", "false"),
               HNS("POST", "/namespaces/%s%/addresource", "{'Type':'Endpoint','Data':{'Id':'%e%'}}", S_OK,
                   "Output.ResourceList", "[{'Type':'Endpoint','Data':{'Id':'%e%'}}]"),
               EXPECT(NAMESPACES, "s", "Resources[0].Data.ID", "'%e%'"),
               HNS("POST", "/namespaces/%s%/removeresource", "{'Type':'Endpoint','Data':{'Id':'%e%'}}", S_OK,
                   "Output.ResourceList", "[]"),
               HNS("POST", "/namespaces/%s%/removeresource", "{'Type':'Endpoint','Data':{'Id':'%e%'}}",
                   HCN_E_ENDPOINT_NOT_ATTACHED, NULL, NULL),
               HNS("POST", "/namespaces/%s%/addresource", "{'Type':'Endpoint','Data':{'Id':'" NOBODY "'}}",
                   HCN_E_ENDPOINT_NOT_FOUND, NULL, NULL))},
        {"namespaces are made, read and deleted over HNSCall", NULL,
         STEPS(HNS("POST", "/namespaces/", "{'ID':'" ID "','IsDefault':true}", S_OK, "Output.IsDefault", "true"),
               GET("/namespaces/" ID, "Output.CompartmentId", "1"), GET("/namespaces/" ID, "Output.CompartmendId", "1"),
               LIST(NAMESPACES, "{'Type':'HostDefault'}", ID), HNS("DELETE", "/namespaces/" ID, "", S_OK, NULL, NULL),
               HNS("GET", "/namespaces/" ID, "", HCS_WIN32(0x490), NULL, NULL),
               HNS("DELETE", "/namespaces/" ID, "", HCS_WIN32(0x490), NULL, NULL))},
        {"ELB of version 1 is a load balancer", NULL,
         STEPS(EP,
               HNS("POST", "/policylists/",
                   "{'ID':'" ID
                   "','References':['/endpoints/%e%'],'Policies':[{'Type':'ELB','Protocol':6,'InternalPort':80,"
                   "'ExternalPort':81,'VIPs':['1.1.1.1'],'ILB':true,'IsDSR':true,'SourceVIP':'10.0.0.9'}]}",
                   S_OK, "Output.References", "['/endpoints/%e%']"),
               LIST(LOADBALANCERS, NULL, ID), GET("/policylists/", "Output[0].Policies[0].VIPs", "['1.1.1.1']"),
               GET("/policylists/" ID, "Output.Policies[0].ILB", "true"),
               HNS("DELETE", "/policylists/" ID, "", S_OK, NULL, NULL),
               HNS("DELETE", "/policylists/" ID, "", HCS_WIN32(0x490), NULL, NULL))},
        {"a load balancer is ELB in version 1", NULL,
         STEPS(EP,
               CREATE(LOADBALANCERS, "l",
                      "{" V2 ",'HostComputeEndpoints':['%e%'],'FrontendVIPs':['1.1.1.2'],'Flags':1,'PortMappings':[{"
                      "'Protocol':17,'InternalPort':53,'ExternalPort':53,'Flags':1}]}",
                      S_OK),
               GET("/policylists/%l%", "Output.Policies",
                   "[{'Type':'ELB','Protocol':17,'InternalPort':53,'ExternalPort':53,'VIPs':['1.1.1.2'],'ILB':true,"
                   "'IsDSR':true}]"))},
        {"ROUTE of version 1 is an SDN route", NULL,
         STEPS(EP,
               HNS("POST", "/policylists/",
                   "{'ID':'" ID "','References':['/endpoints/%e%'],'Policies':[{'Type':'ROUTE','DestinationPrefix':"
                   "'10.0.0.0/8','NextHop':'1.1.1.1','NeedEncap':true}]}",
                   S_OK, "Output.Policies",
                   "[{'Type':'ROUTE','DestinationPrefix':'10.0.0.0/8','NextHop':'1.1.1.1','NeedEncap':true}]"),
               LIST(ROUTES, NULL, ID), REMOVE(ROUTES, ID, S_OK))},
        {"a policy list that is none is refused", NULL,
         STEPS(EP,
               HNS("POST", "/policylists/", "{'References':['/endpoints/%e%'],'Policies':[{'Type':''}]}",
                   HCN_E_INVALID_POLICY_TYPE, NULL, NULL),
               HNS("POST", "/policylists/", "{'References':['/endpoints/%e%'],'Policies':[]}", HCN_E_INVALID_POLICY,
                   NULL, NULL),
               HNS("POST", "/policylists/", "{'Policies':[{'Type':'ELB','InternalPort':0,'ExternalPort':0}]}",
                   HCN_E_INVALID_JSON_REFERENCE, NULL, NULL))},
        {"what is unknown says so in the answer", NULL,
         STEPS(HNS("GET", "/networks/" NOBODY, "", HCN_E_NETWORK_NOT_FOUND, "Error",
                   "'The network was not found. d0b4e0c1-1111-4222-8333-444455556666'"),
               HNS("DELETE", "/networks/" NOBODY, "", HCN_E_NETWORK_NOT_FOUND, NULL, NULL),
               HNS("GET", "/endpoints/" NOBODY, "", HCN_E_ENDPOINT_NOT_FOUND, NULL, NULL),
               HNS("POST", "/endpoints/", "{}", HCN_E_NETWORK_NOT_FOUND, NULL, NULL),
               HNS("POST", "/endpoints/", "{'VirtualNetworkName':'x'}", HCN_E_NETWORK_NOT_FOUND, NULL, NULL))},
        {"documents of version 1 that do not fit are refused with their place", NULL,
         STEPS(HNS("POST", "/networks/", "{'Subnets':{}}", HCN_E_INVALID_JSON, NULL, NULL),
               HNS("POST", "/networks/", "{'Name'", HCN_E_INVALID_JSON, NULL, NULL),
               HNS("POST", "/networks/", "{'Subnets':[{'AddressPrefix':'10.0.0.0/99'}]}", HCN_E_INVALID_PREFIX, NULL,
                   NULL),
               HNS("POST", "/networks/", "[1]", HCN_E_INVALID_JSON, NULL, NULL), LIST(NETWORKS, NULL, ""))},
        {"paths and methods that there are not are refused", NULL,
         STEPS(HNS("GET", "/colours/", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("PATCH", "/networks/", "{}", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("GET", "/globals/colour", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("GET", "/", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL))},
        {"paths that go on, and methods in the wrong place, are refused", NULL,
         STEPS(EP, HNS("GET", "/networks/%n%/x", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("DELETE", "/networks/", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("POST", "/networks/%n%", "{}", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("GET", "/endpoints/%e%/attach", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("POST", "/endpoints/%e%/attach/x", "{}", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("DELETE", "/endpointstats/%e%", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("GET", "/endpointstats/", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("POST", "/policylists/%e%", "{}", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("PUT", "/accelnet/", "{}", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               HNS("GET", "/accelnet/x", "", HCN_E_REQUEST_UNSUPPORTED, NULL, NULL),
               GET("/endpoints/%e%", "Output.ID", "'%e%'"))},
        {"the management MAC list is kept", NULL,
         STEPS(GET("/accelnet/", "Output", "{}"),
               HNS("POST", "/accelnet/", "{'MacAddressList':[{'MacAddress':'00-15-5D-00-00-01'}]}", S_OK, NULL, NULL),
               GET("/accelnet/", "Output.MacAddressList[0].MacAddress", "'00-15-5D-00-00-01'"),
               HNS("DELETE", "/accelnet/", "", S_OK, NULL, NULL), GET("/accelnet/", "Output", "{}"))},
        {0}};
