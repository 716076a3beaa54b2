/* SPDX-License-Identifier: MIT */

/* Every type of policy, applied, seen and removed; and the ones that are refused. Cases are made of the rows. */

#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/hcsconform/network/network.h"

enum on { ON_ENDPOINT, ON_NETWORK, ON_SUBNET };
static const char *const owners[] = {"an endpoint", "a network", "a subnet"};

static const struct policy_row {
        enum on on;
        const char *type, *settings; /* NULL: it has none */
        const char *wrong;           /* what is wrong with it, NULL: nothing */
        HRESULT hr;
        const char *where;
} rows[] = {
        {ON_ENDPOINT, "PortMapping", "{'Protocol':6,'InternalPort':80,'ExternalPort':8080,'VIP':'1.1.1.1','Flags':1}"},
        {ON_ENDPOINT, "ACL",
         "{'Protocols':'6,17','Action':'Block','Direction':'Out','LocalAddresses':'192.168.100.0/24,10.0.0.21',"
         "'RemoteAddresses':'192.168.100.0/24','LocalPorts':'80,8080-8090','RemotePorts':'80','RuleType':'Switch',"
         "'Priority':200}"},
        {ON_ENDPOINT, "ACL", "{'Action':'Pass','Direction':'In'}"},
        {ON_ENDPOINT, "QOS", "{'MaximumOutgoingBandwidthInBytes':18446744073709551615}"},
        {ON_ENDPOINT, "L2Driver", NULL},
        {ON_ENDPOINT, "OutBoundNAT", "{'VirtualIP':'1.1.1.1','Exceptions':['10.0.0.0/8'],'Flags':1}"},
        {ON_ENDPOINT, "SDNRoute", "{'DestinationPrefix':'10.0.0.0/8','NextHop':'10.0.0.1','NeedEncap':true}"},
        {ON_ENDPOINT, "L4Proxy", "{'IP':'1.1.1.1','Port':'80','Protocol':6,'Destination':'2.2.2.2:90'}"},
        {ON_ENDPOINT, "L4WFPPROXY",
         "{'InboundProxyPort':'80','FilterTuple':{'Protocols':'6'},'UserSID':'S-1-5-32-556'}"},
        {ON_ENDPOINT, "PortName", "{'Name':'port'}"},
        {ON_ENDPOINT, "EncapOverhead", "{'Overhead':50}"},
        {ON_ENDPOINT, "Iov", "{'IovOffloadWeight':100,'QueuePairsRequested':1,'InterruptModeration':200}"},
        {ON_ENDPOINT, "ProviderAddress", "{'ProviderAddress':'1.1.1.1'}"},
        {ON_ENDPOINT, "InterfaceConstraint", "{'InterfaceIndex':2}"},
        {ON_ENDPOINT, "TierAcl",
         "{'Name':'t','Direction':'In','Order':1,'TierAclRules':[{'Id':'1','Protocols':'6','TierAclRuleAction':'Pass'}]"
         "}"},
        {ON_ENDPOINT, "VLAN", "{'IsolationId':5}"},
        {ON_ENDPOINT, "Encryption", "{'Name':'e'}"},
        {ON_ENDPOINT, "InterfaceParameters", "{'Mtu':1400}"},
        {ON_NETWORK, "SourceMacAddress", "{'SourceMacAddress':'00-11-22-33-44-55'}"},
        {ON_NETWORK, "NetAdapterName", "{'NetworkAdapterName':'Ethernet'}"},
        {ON_NETWORK, "VSwitchExtension", "{'ExtensionID':'X','Enable':true}"},
        {ON_NETWORK, "DrMacAddress", "{'Address':'00-11-22-33-44-55'}"},
        {ON_NETWORK, "AutomaticDNS", "{'Enable':true}"},
        {ON_NETWORK, "InterfaceConstraint",
         "{'InterfaceGuid':'d0b4e0c1-1111-4222-8333-444455556666','InterfaceLuid':1152921504606846976}"},
        {ON_NETWORK, "ProviderAddress", "{'ProviderAddress':'1.2.3.4'}"},
        {ON_NETWORK, "RemoteSubnetRoute",
         "{'DestinationPrefix':'192.168.2.0/24','IsolationId':4096,'ProviderAddress':'1.1.1.1',"
         "'DistributedRouterMacAddress':'00-11-22-33-44-55'}"},
        {ON_NETWORK, "VxlanPort", "{'Port':4789}"},
        {ON_NETWORK, "HostRoute", NULL},
        {ON_NETWORK, "SetPolicy", "{'Id':'id1','Name':'n1','PolicyType':'IPSET','Values':'10.0.0.1,10.0.0.2'}"},
        {ON_NETWORK, "L4Proxy", "{'Port':'80','Destination':''}"},
        {ON_NETWORK, "LayerConstraint", "{'LayerId':'L'}"},
        {ON_NETWORK, "NetworkACL", "{'Action':'Allow','Direction':'In','RuleType':'Host'}"},
        {ON_SUBNET, "VLAN", "{'IsolationId':100}"},
        {ON_SUBNET, "VSID", "{'IsolationId':5000}"},
        {ON_ENDPOINT, "Bogus", "{}", "an unknown type", HCN_E_INVALID_POLICY_TYPE, "Policies[0].Type"},
        {ON_ENDPOINT, "", "{}", "an empty type", HCN_E_INVALID_POLICY_TYPE, "Policies[0].Type"},
        {ON_ENDPOINT, "VxlanPort", "{'Port':1}", "the type of another object", HCN_E_INVALID_POLICY_TYPE,
         "Policies[0].Type"},
        {ON_NETWORK, "PortMapping", "{}", "the type of another object", HCN_E_INVALID_POLICY_TYPE, "Policies[0].Type"},
        {ON_SUBNET, "HostRoute", NULL, "the type of another object", HCN_E_INVALID_POLICY_TYPE, "Policies[0].Type"},
        {ON_ENDPOINT, "PortMapping", "{'ExternalPort':65536}", "a port too large", HCN_E_INVALID_POLICY,
         "ExternalPort"},
        {ON_ENDPOINT, "PortMapping", "{'ExternalPort':80}", "no internal port", HCN_E_INVALID_INTERNAL_PORT,
         "Settings"},
        {ON_ENDPOINT, "PortMapping", "{'VIP':'x'}", "no address", HCN_E_INVALID_POLICY, "VIP"},
        {ON_ENDPOINT, "PortMapping", "{'Protocol':'TCP'}", "a name for a number", HCN_E_INVALID_POLICY, "Protocol"},
        {ON_ENDPOINT, "ACL", "{'Action':'Drop'}", "an unknown action", HCN_E_INVALID_POLICY, "Action"},
        {ON_ENDPOINT, "ACL", "{'Direction':'Up'}", "an unknown direction", HCN_E_INVALID_POLICY, "Direction"},
        {ON_ENDPOINT, "ACL", "{'RuleType':'Router'}", "an unknown rule type", HCN_E_INVALID_POLICY, "RuleType"},
        {ON_ENDPOINT, "ACL", "{'LocalAddresses':'10.0.0.1,x'}", "a bad address in a list", HCN_E_INVALID_POLICY,
         "LocalAddresses"},
        {ON_ENDPOINT, "ACL", "{'RemotePorts':'80-70'}", "a range that ends before it begins", HCN_E_INVALID_POLICY,
         "RemotePorts"},
        {ON_ENDPOINT, "ACL", "{'Priority':'high'}", "a word for a number", HCN_E_INVALID_POLICY, "Priority"},
        {ON_ENDPOINT, "QOS", "{'MaximumOutgoingBandwidthInBytes':-1}", "a negative bandwidth", HCN_E_INVALID_POLICY,
         "MaximumOutgoing"},
        {ON_ENDPOINT, "OutBoundNAT", "{'Exceptions':['x']}", "an exception that is none", HCN_E_INVALID_POLICY,
         "Exceptions"},
        {ON_ENDPOINT, "OutBoundNAT", "{'Exceptions':'10.0.0.0/8'}", "a text for a list", HCN_E_INVALID_POLICY,
         "Exceptions"},
        {ON_ENDPOINT, "SDNRoute", "{'DestinationPrefix':'10.0.0.0/40'}", "a prefix too long", HCN_E_INVALID_POLICY,
         "DestinationPrefix"},
        {ON_ENDPOINT, "TierAcl", "{'Direction':'Sideways'}", "an unknown direction", HCN_E_INVALID_POLICY, "Direction"},
        {ON_NETWORK, "SetPolicy", "{'Name':'n','PolicyType':'IPSET'}", "no id", HCN_E_INVALID_POLICY, "Id"},
        {ON_NETWORK, "SetPolicy", "{'Id':'i','PolicyType':'LIST'}", "an unknown kind of set", HCN_E_INVALID_POLICY,
         "PolicyType"},
        {ON_NETWORK, "SetPolicy", "{'Id':'i','PolicyType':'NESTEDIPSET','Values':'j'}", "a set that there is not",
         HCN_E_INVALID_JSON_REFERENCE, "Policies"},
        {ON_NETWORK, "RemoteSubnetRoute", "{'DistributedRouterMacAddress':'x'}", "no MAC address", HCN_E_INVALID_POLICY,
         "DistributedRouter"},
        {ON_NETWORK, "SourceMacAddress", "{'SourceMacAddress':'00-11'}", "no MAC address", HCN_E_INVALID_POLICY,
         "SourceMacAddress"},
};

static char *policy_of(const struct policy_row *row) {
        return row->settings ? hcs_asprintf("{'Type':'%s','Settings':%s}", row->type, row->settings)
                             : hcs_asprintf("{'Type':'%s'}", row->type);
}

static bool request(struct run *r, const struct policy_row *row, const char *type, HRESULT hr) {
        _cleanup_free_ char *policy = policy_of(row);
        _cleanup_free_ char *doc =
                hcs_asprintf("{'ResourceType':'Policy','RequestType':'%s','Settings':{'Policies':[%s]}}", type, policy);
        bool network = row->on == ON_NETWORK;

        return run_step(r, &(struct step)MODIFY(network ? NETWORKS : ENDPOINTS, network ? "n" : "e", doc, hr));
}

static bool expect(struct run *r, const struct policy_row *row, const char *path, const char *value) {
        bool endpoint = row->on == ON_ENDPOINT;

        return run_step(r, &(struct step)EXPECT(endpoint ? ENDPOINTS : NETWORKS, endpoint ? "e" : "n", path, value));
}

/* Policies of subnets are there from the start. */
static bool on_subnet(struct run *r, const struct policy_row *row) {
        _cleanup_free_ char *policy = policy_of(row);
        _cleanup_free_ char *doc = hcs_asprintf("{'Type':'L2Bridge'," V2 ",'Ipams':[{'Subnets':[{'IpAddressPrefix':"
                                                "'10.0.0.0/24','Policies':[%s]}]}]}",
                                                policy);

        if (!run_step(r, &(struct step)CREATE(NETWORKS, "n", doc, row->hr)))
                return false;
        return FAILED(row->hr) || expect(r, row, "Ipams[0].Subnets[0].Policies[0]", policy);
}

/* Added, seen, removed, gone; and a document with it from the start is as good. */
static bool applied(struct run *r, const void *arg) {
        static const struct step made[] = {CREATE(NETWORKS, "n", SMALL("Overlay"), S_OK),
                                           ENDPOINT("e", "n", "{" V2 "}", S_OK), END};
        const struct policy_row *row = arg;
        _cleanup_free_ char *policy = policy_of(row), *doc = NULL;

        if (row->on == ON_SUBNET)
                return on_subnet(r, row);
        doc = hcs_asprintf("{'Type':'Overlay'," V2 ",'Policies':[%s]}", policy);
        if (!run_steps(r, made) || !request(r, row, "Add", S_OK) || !expect(r, row, "Policies[0]", policy) ||
            !request(r, row, "Refresh", S_OK) || !request(r, row, "Update", S_OK) ||
            !expect(r, row, "Policies[0]", policy) || !expect(r, row, "Policies[1]", NULL) ||
            !request(r, row, "Remove", S_OK) || !expect(r, row, "Policies", "[]") ||
            !request(r, row, "Remove", HCN_E_POLICY_NOT_FOUND))
                return false;
        return run_step(r, row->on == ON_NETWORK ? &(struct step)CREATE(NETWORKS, "m", doc, S_OK)
                                                 : &(struct step)ENDPOINT("f", "n", doc, S_OK));
}

static bool refused(struct run *r, const void *arg) {
        static const struct step made[] = {CREATE(NETWORKS, "n", SMALL("Overlay"), S_OK),
                                           ENDPOINT("e", "n", "{" V2 "}", S_OK), END};
        const struct policy_row *row = arg;

        if (row->on == ON_SUBNET)
                return on_subnet(r, row);
        return run_steps(r, made) && request(r, row, "Add", row->hr) && run_step(r, &(struct step)RECORD(row->where)) &&
               expect(r, row, "Policies[0]", NULL);
}

/* Sets that name sets, and sets that are there already. */
#define SETS(request, sets, hr) \
        MODIFY(NETWORKS, "n",   \
               "{'ResourceType':'Policy','RequestType':'" request "','Settings':{'Policies':[" sets "]}}", hr)
#define SET(id, type, values)                                                                                          \
        "{'Type':'SetPolicy','Settings':{'Id':'" id "','Name':'" id "','PolicyType':'" type "','Values':'" values "'}" \
        "}"

static const struct step sets[] = {
        CREATE(NETWORKS, "n", SMALL("Overlay"), S_OK),
        SETS("Add", SET("a", "IPSET", "1.1.1.1"), S_OK),
        SETS("Add", SET("a", "IPSET", "2.2.2.2"), HCN_E_POLICY_ALREADY_EXISTS),
        SETS("Update", SET("a", "IPSET", "2.2.2.2"), S_OK),
        EXPECT(NETWORKS, "n", "Policies[0].Settings.Values", "'2.2.2.2'"),
        SETS("Update", SET("b", "IPSET", ""), HCN_E_POLICY_NOT_FOUND),
        SETS("Add", SET("l", "NESTEDIPSET", "a"), S_OK),
        SETS("Remove", SET("a", "IPSET", ""), HCN_E_ENTITY_HAS_REFERENCES),
        SETS("Remove", SET("l", "NESTEDIPSET", ""), S_OK),
        ENDPOINT("e", "n", "{" V2 "}", S_OK),
        MODIFY(ENDPOINTS, "e",
               "{'ResourceType':'Policy','RequestType':'Add','Settings':{'Policies':[{'Type':'ACL','Settings':{'Action'"
               ":'Block',"
               "'Direction':'In','RemoteAddresses':'10.0.0.0/8,a'}}]}}",
               S_OK),
        MODIFY(ENDPOINTS, "e",
               "{'ResourceType':'Policy','RequestType':'Add','Settings':{'Policies':[{'Type':'ACL','Settings':{"
               "'RemoteAddresses':'b'}}]}}",
               HCN_E_INVALID_POLICY),
        SETS("Remove", SET("a", "IPSET", ""), S_OK),
        EXPECT(NETWORKS, "n", "Policies", "[]"),
        END,
};

size_t policy_case_count(void) {
        return HCS_ARRAY_SIZE(rows) + 1;
}

void policy_case_at(size_t i, char *name, size_t size, struct conformance_case *ret) {
        if (i == HCS_ARRAY_SIZE(rows)) {
                *ret = (struct conformance_case){
                        .name = "sets are told apart by their id, are good for rules, and stay while others name them",
                        .steps = sets};
                return;
        }
        if (rows[i].wrong)
                snprintf(name, size, "policy %zu, %s of %s with %s, is refused", i + 1, rows[i].type,
                         owners[rows[i].on], rows[i].wrong);
        else
                snprintf(name, size, "policy %zu, %s of %s, is applied and removed", i + 1, rows[i].type,
                         owners[rows[i].on]);
        *ret = (struct conformance_case){.name = name, .fn = rows[i].wrong ? refused : applied, .arg = &rows[i]};
}
