/* SPDX-License-Identifier: MIT */

/* Namespaces: types, compartments, endpoints and containers in them. */

#include "cmd/hcsconform/network/network.h"

#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }
#define NET                  CREATE(NETWORKS, "n", SMALL("L2Bridge"), S_OK)
#define EP(name)             ENDPOINT(name, "n", "{'Name':'" name "'," V2 "}", S_OK)
#define SPACE(name, doc, hr) CREATE(NAMESPACES, name, "{" doc V2 "}", hr)
#define CHANGE(space, request, endpoint, hr) \
        MODIFY(NAMESPACES, space,            \
               "{'ResourceType':'Endpoint','RequestType':'" request "','Settings':{'EndpointId':'" endpoint "'}}", hr)
#define CONTAINER(request, id, hr) \
        MODIFY(NAMESPACES, "s",    \
               "{'ResourceType':'Container','RequestType':'" request "','Settings':{'ContainerId':'" id "'}}", hr)
#define TYPE(type)                                                                                        \
        {                                                                                                 \
                "a " type " namespace with a number is made and deleted", NULL,                           \
                        STEPS(SPACE("s", "'Type':'" type "','NamespaceId':5,", S_OK),                     \
                              EXPECT(NAMESPACES, "s", "Type", "'" type "'"),                              \
                              EXPECT(NAMESPACES, "s", "NamespaceId", "5"), REMOVE(NAMESPACES, "s", S_OK), \
                              OPEN(NAMESPACES, "s", HCS_WIN32(0x490))),                                   \
                        NULL, NULL                                                                        \
        }

const struct conformance_case namespace_cases[] = {
        TYPE("Host"),
        TYPE("HostDefault"),
        TYPE("Guest"),
        TYPE("GuestDefault"),
        {"a namespace without a type is one of the host", NULL,
         STEPS(SPACE("s", "", S_OK), EXPECT(NAMESPACES, "s", "Type", "'Host'"))},
        {"an unknown type of namespace is refused", NULL,
         STEPS(SPACE("s", "'Type':'Bogus',", E_INVALIDARG), RECORD("$.Type"))},
        {"a namespace without a number gets the next", NULL,
         STEPS(SPACE("a", "", S_OK), SPACE("b", "'NamespaceId':3,", S_OK), SPACE("c", "", S_OK),
               EXPECT(NAMESPACES, "a", "NamespaceId", "2"), EXPECT(NAMESPACES, "c", "NamespaceId", "4"))},
        {"the first host default namespace is compartment 1", NULL,
         STEPS(SPACE("s", "'Type':'HostDefault',", S_OK), EXPECT(NAMESPACES, "s", "NamespaceId", "1"))},
        {"a second host default namespace is refused", NULL,
         STEPS(SPACE("a", "'Type':'HostDefault',", S_OK),
               SPACE("b", "'Type':'HostDefault',", GCN_E_DEFAULTNAMESPACE_EXISTS),
               SPACE("c", "'Type':'GuestDefault',", S_OK),
               SPACE("d", "'Type':'GuestDefault',", GCN_E_DEFAULTNAMESPACE_EXISTS))},
        {"a number that is taken is refused", NULL,
         STEPS(SPACE("a", "'NamespaceId':7,", S_OK), SPACE("b", "'NamespaceId':7,", HCS_WIN32(0xB7)),
               RECORD("$.NamespaceId"))},
        {"a number that is a string is refused", NULL,
         STEPS(SPACE("a", "'NamespaceId':'7',", HCN_E_INVALID_JSON), RECORD("$.NamespaceId"))},
        {"a namespace that is unknown cannot be opened or deleted", NULL,
         STEPS(OPEN(NAMESPACES, "d0b4e0c1-1111-4222-8333-444455556666", HCS_WIN32(0x490)),
               REMOVE(NAMESPACES, "d0b4e0c1-1111-4222-8333-444455556666", HCS_WIN32(0x490)))},
        {"an endpoint is attached and detached", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), CHANGE("s", "Add", "%e%", S_OK),
               EXPECT(NAMESPACES, "s", "Resources", "[{'Type':'Endpoint','Data':{'ID':'%e%'}}]"),
               EXPECT(ENDPOINTS, "e", "HostComputeNamespace", "'%s%'"), CHANGE("s", "Remove", "%e%", S_OK),
               EXPECT(NAMESPACES, "s", "Resources", NULL), EXPECT(ENDPOINTS, "e", "HostComputeNamespace", NULL))},
        {"an endpoint goes through its states", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), HNS("GET", "/endpoints/%e%", "", S_OK, "Output.State", "1"),
               CHANGE("s", "Add", "%e%", S_OK), HNS("GET", "/endpoints/%e%", "", S_OK, "Output.State", "2"),
               CHANGE("s", "Remove", "%e%", S_OK), HNS("GET", "/endpoints/%e%", "", S_OK, "Output.State", "4"))},
        {"an endpoint is attached once", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), SPACE("t", "", S_OK), CHANGE("s", "Add", "%e%", S_OK),
               CHANGE("s", "Add", "%e%", HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS),
               CHANGE("t", "Add", "%e%", HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS), RECORD("$.Settings.EndpointId"))},
        {"an endpoint that is not in the namespace cannot be taken out", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), CHANGE("s", "Remove", "%e%", HCN_E_ENDPOINT_NOT_ATTACHED))},
        {"an endpoint that is unknown cannot be attached", NULL,
         STEPS(SPACE("s", "", S_OK),
               CHANGE("s", "Add", "d0b4e0c1-1111-4222-8333-444455556666", HCN_E_ENDPOINT_NOT_FOUND),
               CHANGE("s", "Add", "", HCN_E_ENDPOINT_NOT_FOUND))},
        {"a remote endpoint cannot be attached", NULL,
         STEPS(NET, ENDPOINT("e", "n", "{" V2 ",'Flags':1}", S_OK), SPACE("s", "", S_OK),
               CHANGE("s", "Add", "%e%", HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION))},
        {"updates and refreshes of a namespace change nothing", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), CHANGE("s", "Update", "%e%", S_OK),
               CHANGE("s", "Refresh", "%e%", S_OK), EXPECT(NAMESPACES, "s", "Resources", NULL))},
        {"a container is put in and taken out", NULL,
         STEPS(SPACE("s", "", S_OK), CONTAINER("Add", "c1", S_OK),
               EXPECT(NAMESPACES, "s", "Resources", "[{'Type':'Container','Data':{'ID':'c1'}}]"),
               CONTAINER("Remove", "c1", S_OK), EXPECT(NAMESPACES, "s", "Resources", NULL),
               CONTAINER("Remove", "c1", HCS_WIN32(0x490)), CONTAINER("Add", "", E_INVALIDARG))},
        {"a namespace is made with what is in it", NULL,
         STEPS(NET, EP("e"),
               SPACE("s",
                     "'Resources':[{'Type':'Endpoint','Data':{'ID':'%e%'}},{'Type':'Container','Data':{'ID':'c1'}}],",
                     S_OK),
               EXPECT(NAMESPACES, "s", "Resources[1].Data.ID", "'c1'"),
               EXPECT(ENDPOINTS, "e", "HostComputeNamespace", "'%s%'"))},
        {"a namespace with an endpoint that is unknown is refused", NULL,
         STEPS(SPACE("s", "'Resources':[{'Type':'Endpoint','Data':{'ID':'d0b4e0c1-1111-4222-8333-444455556666'}}],",
                     HCN_E_ENDPOINT_NOT_FOUND),
               RECORD("$.Resources[0].Data.ID"), LIST(NAMESPACES, NULL, ""))},
        {"a namespace with one endpoint twice is refused", NULL,
         STEPS(NET, EP("e"),
               SPACE("s",
                     "'Resources':[{'Type':'Endpoint','Data':{'ID':'%e%'}},{'Type':'Endpoint','Data':{'Id':'%e%'}}],",
                     HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS),
               RECORD("$.Resources[1].Data.ID"), EXPECT(ENDPOINTS, "e", "HostComputeNamespace", NULL))},
        {"a namespace with a resource of no kind is refused", NULL,
         STEPS(SPACE("s", "'Resources':[{'Type':'Printer','Data':{'ID':'c1'}}],", HCN_E_INVALID_JSON),
               RECORD("$.Resources[0]"),
               SPACE("s", "'Resources':[{'Type':'Container','Data':{'ID':''}}],", HCN_E_INVALID_JSON),
               LIST(NAMESPACES, NULL, ""))},
        {"endpoints outlive their namespace", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), CHANGE("s", "Add", "%e%", S_OK), REMOVE(NAMESPACES, "s", S_OK),
               EXPECT(ENDPOINTS, "e", "HostComputeNamespace", NULL), SPACE("t", "", S_OK),
               CHANGE("t", "Add", "%e%", S_OK))},
        {"a namespace forgets an endpoint that is deleted", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK), CHANGE("s", "Add", "%e%", S_OK), REMOVE(ENDPOINTS, "e", S_OK),
               EXPECT(NAMESPACES, "s", "Resources", NULL))},
        {"namespaces are found by id, type and number", NULL,
         STEPS(SPACE("a", "'Type':'Guest',", S_OK), SPACE("b", "'NamespaceId':9,", S_OK), LIST(NAMESPACES, NULL, "a,b"),
               LIST(NAMESPACES, "{'ID':'%b%'}", "b"), LIST(NAMESPACES, "{'Type':'Guest'}", "a"),
               LIST(NAMESPACES, "{'NamespaceId':9}", "b"))},
        {"requests by number are those of published samples", NULL,
         STEPS(NET, EP("e"), SPACE("s", "", S_OK),
               MODIFY(NAMESPACES, "s", "{'ResourceType':1,'RequestType':0,'Settings':{'EndpointId':'%e%'}}", S_OK),
               EXPECT(ENDPOINTS, "e", "HostComputeNamespace", "'%s%'"))},
        {"a resource that namespaces do not have is refused", NULL,
         STEPS(SPACE("s", "", S_OK),
               MODIFY(NAMESPACES, "s", "{'ResourceType':'Policy','RequestType':'Add','Settings':{}}",
                      HCN_E_REQUEST_UNSUPPORTED),
               MODIFY(NAMESPACES, "s", "{'ResourceType':'Endpoint','RequestType':'','Settings':{}}",
                      HCN_E_REQUEST_UNSUPPORTED))},
        {0}};
