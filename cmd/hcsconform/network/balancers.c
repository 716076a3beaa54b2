/* SPDX-License-Identifier: MIT */

/* Load balancers and SDN routes: the endpoints they name, front ends, and how they are replaced. */

#include "cmd/hcsconform/network/network.h"

#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define NET                                                                                  \
        CREATE(NETWORKS, "n", SMALL("Overlay"), S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK), \
                ENDPOINT("f", "n", "{" V2 "}", S_OK)
#define PORT(port)                  "'PortMappings':[{'Protocol':6,'InternalPort':80,'ExternalPort':" port "}]"
#define BALANCER(name, members, hr) CREATE(LOADBALANCERS, name, "{" V2 "," members "}", hr)
#define ROUTE(name, members, hr)    CREATE(ROUTES, name, "{" V2 "," members "}", hr)
#define TO_E                        "'HostComputeEndpoints':['%e%']"
#define NOBODY                      "d0b4e0c1-1111-4222-8333-444455556666"

const struct conformance_case balancer_cases[] = {
        {"a load balancer is made and deleted", NULL,
         STEPS(NET,
               BALANCER("l", TO_E ",'SourceVIP':'10.0.0.1','FrontendVIPs':['1.1.1.2'],'Flags':1," PORT("8090"), S_OK),
               EXPECT(LOADBALANCERS, "l", "HostComputeEndpoints", "['%e%']"), EXPECT(LOADBALANCERS, "l", "Flags", "1"),
               EXPECT(LOADBALANCERS, "l", "PortMappings[0].ExternalPort", "8090"), REMOVE(LOADBALANCERS, "l", S_OK),
               OPEN(LOADBALANCERS, "l", HCS_WIN32(0x490)))},
        {"all flags of load balancers and their mappings are kept", NULL,
         STEPS(NET, BALANCER("l", TO_E ",'Flags':3,'PortMappings':[{'Flags':15,'DistributionType':2}]", S_OK),
               EXPECT(LOADBALANCERS, "l", "Flags", "3"),
               EXPECT(LOADBALANCERS, "l", "PortMappings[0]", "{'Flags':15,'DistributionType':2}"))},
        {"a load balancer without endpoints is refused", NULL,
         STEPS(BALANCER("l", PORT("80"), HCN_E_INVALID_JSON_REFERENCE), RECORD("A Reference is required"))},
        {"a load balancer to an endpoint that is unknown is refused", NULL,
         STEPS(NET, BALANCER("l", "'HostComputeEndpoints':['%e%','" NOBODY "']", HCN_E_INVALID_JSON_REFERENCE),
               RECORD("$.HostComputeEndpoints[1]"))},
        {"a front end is balanced once", NULL,
         STEPS(NET, BALANCER("l", TO_E ",'FrontendVIPs':['1.1.1.1']," PORT("80"), S_OK),
               BALANCER("m", TO_E ",'FrontendVIPs':['1.1.1.1']," PORT("80"), HCN_E_PORT_ALREADY_EXISTS),
               BALANCER("o", TO_E ",'FrontendVIPs':['1.1.1.2']," PORT("80"), S_OK),
               BALANCER("p", TO_E ",'FrontendVIPs':['1.1.1.1']," PORT("81"), S_OK),
               BALANCER("q", TO_E "," PORT("80"), S_OK),
               BALANCER("r", TO_E "," PORT("80"), HCN_E_PORT_ALREADY_EXISTS))},
        {"a front end is free again when its load balancer is deleted", NULL,
         STEPS(NET, BALANCER("l", TO_E "," PORT("80"), S_OK), REMOVE(LOADBALANCERS, "l", S_OK),
               BALANCER("m", "'ID':'%l%'," TO_E "," PORT("80"), S_OK), EXPECT(LOADBALANCERS, "m", "ID", "'%l%'"))},
        {"an address of a front end that is none is refused", NULL,
         STEPS(NET, BALANCER("l", TO_E ",'FrontendVIPs':['1.1.1']", HCN_E_INVALID_IP), RECORD("$.FrontendVIPs[0]"),
               BALANCER("l", TO_E ",'SourceVIP':'x'", HCN_E_INVALID_IP), RECORD("$.SourceVIP"))},
        {"a port that does not fit is refused", NULL,
         STEPS(NET, BALANCER("l", TO_E "," PORT("65536"), HCN_E_INVALID_JSON),
               RECORD("$.PortMappings[0].ExternalPort"))},
        {"a load balancer is replaced as a whole", NULL,
         STEPS(NET, BALANCER("l", TO_E ",'FrontendVIPs':['1.1.1.1']," PORT("80"), S_OK),
               MODIFY(LOADBALANCERS, "l",
                      "{'ID':'%l%'," V2 ",'HostComputeEndpoints':['%f%'],'FrontendVIPs':['1.1.1.1']," PORT("81") "}",
                      S_OK),
               EXPECT(LOADBALANCERS, "l", "HostComputeEndpoints", "['%f%']"),
               BALANCER("m", TO_E ",'FrontendVIPs':['1.1.1.1']," PORT("80"), S_OK),
               MODIFY(LOADBALANCERS, "l",
                      "{" V2 ",'HostComputeEndpoints':['%f%'],'FrontendVIPs':['1.1.1.1']," PORT("80") "}",
                      HCN_E_PORT_ALREADY_EXISTS),
               EXPECT(LOADBALANCERS, "l", "PortMappings[0].ExternalPort", "81"),
               MODIFY(LOADBALANCERS, "l", "{'ID':'%m%'," V2 "," TO_E "}", E_INVALIDARG),
               MODIFY(LOADBALANCERS, "l", "{" V2 "}", HCN_E_INVALID_JSON_REFERENCE))},
        {"load balancers forget an endpoint that is deleted", NULL,
         STEPS(NET, BALANCER("l", "'HostComputeEndpoints':['%e%','%f%']", S_OK), REMOVE(ENDPOINTS, "e", S_OK),
               EXPECT(LOADBALANCERS, "l", "HostComputeEndpoints", "['%f%']"), REMOVE(NETWORKS, "n", S_OK),
               EXPECT(LOADBALANCERS, "l", "HostComputeEndpoints", "[]"))},
        {"load balancers are listed and found by id", NULL,
         STEPS(NET, BALANCER("l", TO_E, S_OK), BALANCER("m", TO_E, S_OK), LIST(LOADBALANCERS, NULL, "l,m"),
               LIST(LOADBALANCERS, "{'ID':'%m%'}", "m"))},
        {"an id of a load balancer that is taken is refused", NULL,
         STEPS(NET, BALANCER("l", TO_E, S_OK), BALANCER("m", "'ID':'%l%'," TO_E, HCS_WIN32(0xB7)))},
        {"a route is made and deleted", NULL,
         STEPS(NET,
               ROUTE("r", TO_E ",'Setting':[{'DestinationPrefix':'169.254.169.254/24','NextHop':'127.10.0.34'}]", S_OK),
               EXPECT(ROUTES, "r", "Setting[0].NextHop", "'127.10.0.34'"), LIST(ROUTES, "{'ID':'%r%'}", "r"),
               REMOVE(ROUTES, "r", S_OK), OPEN(ROUTES, "r", HCS_WIN32(0x490)), LIST(ROUTES, NULL, ""))},
        {"a route is deleted and made again with its id", NULL,
         STEPS(NET, ROUTE("r", TO_E ",'Setting':[{'NeedEncap':true}]", S_OK), REMOVE(ROUTES, "r", S_OK),
               ROUTE("t", "'ID':'%r%','HostComputeEndpoints':['%e%','%f%']", S_OK),
               EXPECT(ROUTES, "t", "HostComputeEndpoints[1]", "'%f%'"))},
        {"a route of nowhere is refused", NULL,
         STEPS(NET, ROUTE("r", TO_E ",'Setting':[{'DestinationPrefix':'d'}]", HCN_E_INVALID_PREFIX),
               RECORD("$.Setting[0]"), ROUTE("r", TO_E ",'Setting':[{'NextHop':'n'}]", HCN_E_INVALID_IP))},
        {"a route without endpoints is refused", NULL,
         STEPS(ROUTE("r", "'Setting':[]", HCN_E_INVALID_JSON_REFERENCE),
               ROUTE("r", "'HostComputeEndpoints':['" NOBODY "']", HCN_E_INVALID_JSON_REFERENCE))},
        {"a route is replaced as a whole", NULL,
         STEPS(NET, ROUTE("r", TO_E, S_OK), MODIFY(ROUTES, "r", "{" V2 ",'HostComputeEndpoints':['%f%']}", S_OK),
               EXPECT(ROUTES, "r", "HostComputeEndpoints", "['%f%']"), REMOVE(ENDPOINTS, "f", S_OK),
               EXPECT(ROUTES, "r", "HostComputeEndpoints", "[]"))},
        {0}};
