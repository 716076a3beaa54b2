#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcnctl end to end: every kind and verb against the emulator, whose state a file carries from one call to the next; and
# what it says when it is used wrongly, refused, or finds nothing. usage: hcnctl.sh BUILD_DIR

set -u
build=$1
hcnctl=$build/cmd/hcnctl/hcnctl
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
export HCSSHIM_LIBRARY_PATH=$build/mockhcs/abi MOCKHCS=emulate,net-state=$work/host.json

# ctl CODE TITLE ARGUMENTS...
ctl() {
        expect "$1" "$2" "$hcnctl" "${@:3}"
}

guid='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'

# Networks.
ctl 0 "a network out of options" network create --name nat --type NAT --subnet 172.20.0.0/16 --gateway 172.20.0.1 --dns 8.8.8.8
matches "^$guid\$"
nat=$(cat "$work/out")
printf '%s' '{"Name":"bridge","Type":"L2Bridge","Ipams":[{"Type":"Static","Subnets":[{"IpAddressPrefix":"10.5.0.0/16","Routes":[{"NextHop":"10.5.0.1","DestinationPrefix":"0.0.0.0/0"}]}]}]}' >"$work/bridge.json"
ctl 0 "a network out of a file" network create "$work/bridge.json" --vlan 7
ctl 0 "networks as a table" network list
matches '^ID +NAME +TYPE'
matches "^$nat  nat     NAT +172.20.0.0/16"
ctl 0 "one by name" network list --name nat
silent_about bridge
ctl 0 "the filter of the service" network list --filter '{"Name":"bridge"}' --ids
matches "^$guid\$"
ctl 0 "networks as JSON" --json networks list
python3 -m json.tool "$work/out" >/dev/null || fail "not JSON"
ctl 0 "one network for people" net show nat
matches '^Name: nat$'
matches '^    - 8.8.8.8$'
ctl 1 "a name that is taken" network create --name nat --type NAT
matches '0x803B0010'
ctl 1 "a subnet without a gateway" network create --name x --type L2Bridge --subnet 10.6.0.0/16
matches 'no default gateway'
ctl 1 "a prefix that is none" network create --name x --type L2Bridge --subnet 10.6.0.0/99 --gateway 10.6.0.1
matches 'IpAddressPrefix'
ctl 3 "a network that is not there" network show nope
matches 'Network name "nope" not found'

# Endpoints, policies and their ports.
ctl 0 "an endpoint" endpoint create --network nat --name web --policy 'PortMapping={"Protocol":6,"InternalPort":80,"ExternalPort":8080}'
web=$(cat "$work/out")
ctl 0 "an endpoint with an address" endpoint create --network "$nat" --name db --ip 172.20.7.7/16
db=$(cat "$work/out")
ctl 1 "a port that is taken" endpoint create --network nat --name web2 --policy 'PortMapping={"Protocol":6,"InternalPort":80,"ExternalPort":8080}'
matches 'HCN_E_PORT_ALREADY_EXISTS 0x803B0013'
ctl 0 "endpoints of a network" endpoint list --network nat
matches "^$db  db +172.20.7.7"
ctl 0 "endpoints of another network" endpoint list --network bridge
silent_about web
ctl 0 "a policy is added" endpoint add-policy web ACL '{"Action":"Block","Direction":"In","Priority":200}'
ctl 0 "and seen" endpoint show web
matches 'Priority: 200'
ctl 0 "a policy is removed" endpoint remove-policy web ACL '{"Action":"Block","Direction":"In","Priority":200}'
ctl 0 "and not seen" endpoint show web
silent_about 'Priority: 200'
ctl 1 "settings that do not fit" endpoint add-policy web ACL '{"Priority":"high"}'
matches '\$\.Priority: settings of a ACL policy: a number is expected'
ctl 1 "a policy of no type" network add-policy nat Teleport
matches 'there is no policy "Teleport"'
ctl 0 "a set on a network" network add-policy bridge SetPolicy '{"Id":"s","Name":"s","PolicyType":"IPSET","Values":"1.1.1.1"}'
ctl 0 "is updated" network update-policy bridge SetPolicy '{"Id":"s","Name":"s","PolicyType":"IPSET","Values":"2.2.2.2"}'
ctl 0 "and seen" network show bridge
matches 'Values: 2.2.2.2'
ctl 3 "one that is not there" network update-policy bridge SetPolicy '{"Id":"t","Name":"t","PolicyType":"IPSET"}'
matches '0x803B0008'
ctl 0 "counters" endpoint stats web
matches '^BytesReceived: '

# Namespaces and attaching.
ctl 0 "a namespace" namespace create --type Host
ns=$(cat "$work/out")
ctl 0 "into the namespace" endpoint attach web --namespace "$ns"
ctl 0 "it is seen there" namespace list
matches "^$ns  Host +[0-9]+ +$web"
ctl 0 "out of it" namespace remove-endpoint "$ns" web
ctl 0 "into it again" namespace add-endpoint "$ns" web
ctl 0 "out of it again" endpoint detach web --namespace "$ns"
ctl 0 "to a host compartment" endpoint attach web --host --compartment 1
ctl 0 "and off" endpoint detach web --host
ctl 0 "a guest without a record is in sync" ns sync "$ns"
ctl 2 "attaching to nothing" endpoint attach web
ctl 2 "attaching to two things" endpoint attach web --host --container c

# Load balancers and routes.
ctl 0 "a load balancer" lb create --endpoint web --vip 10.1.1.1 --port 80:8080/tcp --dsr --ilb --distribution 2
lb=$(cat "$work/out")
ctl 0 "its table" lb list
matches "^$lb  10.1.1.1 +6 +80 +8080 +$web"
ctl 0 "one more behind it" lb add-endpoint "$lb" db
ctl 0 "is seen" --json lb show "$lb"
matches "$db"
matches '"DistributionType": 2'
ctl 0 "one less" lb remove-endpoint "$lb" web
ctl 0 "a route" route create --endpoint web --destination 10.9.0.0/16 --next-hop 172.20.0.1 --encap
route=$(cat "$work/out")
ctl 0 "one more on it" route add-endpoint "$route" db
ctl 0 "one less on it" route remove-endpoint "$route" web
ctl 3 "one that is not on it" route remove-endpoint "$route" web
ctl 0 "its table" route list
matches "10.9.0.0/16 +172.20.0.1 +$db\$"
ctl 0 "a route goes" route delete "$route"
ctl 0 "a route that is gone goes again" route delete "$route"

# Versions.
ctl 0 "features" features
matches '^version 15.4$'
matches '^yes  DSR +9.3 to 9.x, 10.2 and later$'
MOCKHCS=emulate,hns=10.1 ctl 0 "features of an old service" features
matches '^no   DSR '
MOCKHCS=emulate,hns=10.1 ctl 1 "a look before the call" lb create --check --port 90:90 --dsr
matches '\$\.Flags: platform does not support feature DSR: the service is version 10.1'
ctl 0 "any call of version 1" hns GET /networks/
matches 'Name: nat'
ctl 1 "a call that version 1 refuses" hns GET /nowhere/

# Modify, delete, and wrong usage.
ctl 0 "a request as it is" network modify nat '{"ResourceType":"DNS","RequestType":"Update","Settings":{"ServerList":["1.1.1.1"]}}'
ctl 0 "it took effect" network show nat
matches '1.1.1.1'
ctl 1 "a document that is none" network create '{"Name":'
matches 'the document: line 1'
ctl 1 "a file that is not there" network create "$work/none.json"
ctl 2 "no kind" teapot list
ctl 2 "no verb" network brew
ctl 2 "a verb of another kind" route attach x
ctl 2 "an option of another kind" namespace create --vip 1.1.1.1
matches '^hcnctl namespace create: .*--vip'
ctl 2 "nothing" network
ctl 0 "help of a kind" lb --help
matches 'add-endpoint'
silent_about 'add-policy'
ctl 0 "help" --help
ctl 0 "help of create" lb create --help
matches '--port OUT:IN'
ctl 1 "no library there" --library "$work" network list
ctl 0 "several at once" network delete nat bridge
ctl 0 "all gone" --json endpoint list
matches '^\[\]$'
ctl 3 "gone is gone" network delete "$nat"
"$hcnctl" network list >/dev/full 2>"$work/out" && fail "a full device is success"

finish
