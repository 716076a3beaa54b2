#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcnctl end to end: every kind and verb against the emulator, whose state a file carries from one call to the next; and
# what it says when it is used wrongly, refused, or finds nothing. usage: hcnctl.sh BUILD_DIR

set -u
build=$1
hcnctl=$build/cmd/hcnctl/hcnctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HCSSHIM_LIBRARY_PATH=$build/mockhcs/abi MOCKHCS=emulate,net-state=$work/host.json
failures=0

# expect CODE TITLE ARGUMENTS...
expect() {
        local code=$1 title=$2 got=0
        shift 2
        timeout 60 "$hcnctl" "$@" >"$work/out" 2>&1 || got=$?
        if [[ $got -ne $code ]]; then
                echo "FAILED: $title: exit code $got instead of $code: $*"
                tail -n 20 "$work/out"
                failures=$((failures + 1))
        else
                echo "ok: $title"
        fi
}

says() {
        if ! grep -qE -- "$1" "$work/out"; then
                echo "FAILED: the output lacks: $1"
                tail -n 20 "$work/out"
                failures=$((failures + 1))
        fi
}

silent_about() {
        if grep -qE -- "$1" "$work/out"; then
                echo "FAILED: the output has: $1"
                failures=$((failures + 1))
        fi
}

guid='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'

# Networks.
expect 0 "a network out of options" network create --name nat --type NAT --subnet 172.20.0.0/16 --gateway 172.20.0.1 --dns 8.8.8.8
says "^$guid\$"
nat=$(cat "$work/out")
printf '%s' '{"Name":"bridge","Type":"L2Bridge","Ipams":[{"Type":"Static","Subnets":[{"IpAddressPrefix":"10.5.0.0/16","Routes":[{"NextHop":"10.5.0.1","DestinationPrefix":"0.0.0.0/0"}]}]}]}' >"$work/bridge.json"
expect 0 "a network out of a file" network create "$work/bridge.json" --vlan 7
expect 0 "networks as a table" network list
says '^ID +NAME +TYPE'
says "^$nat  nat     NAT +172.20.0.0/16"
expect 0 "one by name" network list --name nat
silent_about bridge
expect 0 "the filter of the service" network list --filter '{"Name":"bridge"}' --ids
says "^$guid\$"
expect 0 "networks as JSON" --json networks list
python3 -m json.tool "$work/out" >/dev/null || { echo "FAILED: not JSON"; failures=$((failures + 1)); }
expect 0 "one network for people" net show nat
says '^Name: nat$'
says '^    - 8.8.8.8$'
expect 1 "a name that is taken" network create --name nat --type NAT
says '0x803B0010'
expect 1 "a subnet without a gateway" network create --name x --type L2Bridge --subnet 10.6.0.0/16
says 'no default gateway'
expect 1 "a prefix that is none" network create --name x --type L2Bridge --subnet 10.6.0.0/99 --gateway 10.6.0.1
says 'IpAddressPrefix'
expect 3 "a network that is not there" network show nope
says 'Network name "nope" not found'

# Endpoints, policies and their ports.
expect 0 "an endpoint" endpoint create --network nat --name web --policy 'PortMapping={"Protocol":6,"InternalPort":80,"ExternalPort":8080}'
web=$(cat "$work/out")
expect 0 "an endpoint with an address" endpoint create --network "$nat" --name db --ip 172.20.7.7/16
db=$(cat "$work/out")
expect 1 "a port that is taken" endpoint create --network nat --name web2 --policy 'PortMapping={"Protocol":6,"InternalPort":80,"ExternalPort":8080}'
says 'HCN_E_PORT_ALREADY_EXISTS 0x803B0013'
expect 0 "endpoints of a network" endpoint list --network nat
says "^$db  db +172.20.7.7"
expect 0 "endpoints of another network" endpoint list --network bridge
silent_about web
expect 0 "a policy is added" endpoint add-policy web ACL '{"Action":"Block","Direction":"In","Priority":200}'
expect 0 "and seen" endpoint show web
says 'Priority: 200'
expect 0 "a policy is removed" endpoint remove-policy web ACL '{"Action":"Block","Direction":"In","Priority":200}'
expect 0 "and not seen" endpoint show web
silent_about 'Priority: 200'
expect 1 "settings that do not fit" endpoint add-policy web ACL '{"Priority":"high"}'
says '\$\.Priority: settings of a ACL policy: a number is expected'
expect 1 "a policy of no type" network add-policy nat Teleport
says 'there is no policy "Teleport"'
expect 0 "counters" endpoint stats web
says '^BytesReceived: '

# Namespaces and attaching.
expect 0 "a namespace" namespace create --type Host
ns=$(cat "$work/out")
expect 0 "into the namespace" endpoint attach web --namespace "$ns"
expect 0 "it is seen there" namespace list
says "^$ns  Host +[0-9]+ +$web"
expect 0 "out of it" namespace remove-endpoint "$ns" web
expect 0 "into it again" namespace add-endpoint "$ns" web
expect 0 "out of it again" endpoint detach web --namespace "$ns"
expect 0 "to a host compartment" endpoint attach web --host --compartment 1
expect 0 "and off" endpoint detach web --host
expect 0 "a guest without a record is in sync" ns sync "$ns"
expect 2 "attaching to nothing" endpoint attach web
expect 2 "attaching to two things" endpoint attach web --host --container c

# Load balancers and routes.
expect 0 "a load balancer" lb create --endpoint web --vip 10.1.1.1 --port 80:8080/tcp --dsr --ilb --distribution 2
lb=$(cat "$work/out")
expect 0 "its table" lb list
says "^$lb  10.1.1.1 +6 +80 +8080 +$web"
expect 0 "one more behind it" lb add-endpoint "$lb" db
expect 0 "is seen" --json lb show "$lb"
says "$db"
says '"DistributionType": 2'
expect 0 "one less" lb remove-endpoint "$lb" web
expect 0 "a route" route create --endpoint web --destination 10.9.0.0/16 --next-hop 172.20.0.1 --encap
route=$(cat "$work/out")
expect 0 "one more on it" route add-endpoint "$route" db
expect 0 "one less on it" route remove-endpoint "$route" web
expect 3 "one that is not on it" route remove-endpoint "$route" web
expect 0 "its table" route list
says "10.9.0.0/16 +172.20.0.1 +$db\$"
expect 0 "a route goes" route delete "$route"
expect 0 "a route that is gone goes again" route delete "$route"

# Versions.
expect 0 "features" features
says '^version 15.4$'
says '^yes  DSR +9.3 to 9.x, 10.2 and later$'
MOCKHCS=emulate,hns=10.1 expect 0 "features of an old service" features
says '^no   DSR '
MOCKHCS=emulate,hns=10.1 expect 1 "a look before the call" lb create --check --port 90:90 --dsr
says '\$\.Flags: platform does not support feature DSR: the service is version 10.1'
expect 0 "any call of version 1" hns GET /networks/
says 'Name: nat'
expect 1 "a call that version 1 refuses" hns GET /nowhere/

# Modify, delete, and wrong usage.
expect 0 "a request as it is" network modify nat '{"ResourceType":"DNS","RequestType":"Update","Settings":{"ServerList":["1.1.1.1"]}}'
expect 0 "it took effect" network show nat
says '1.1.1.1'
expect 1 "a document that is none" network create '{"Name":'
says 'the document: line 1'
expect 1 "a file that is not there" network create "$work/none.json"
expect 2 "no kind" teapot list
expect 2 "no verb" network brew
expect 2 "a verb of another kind" route attach x
expect 2 "an option of another kind" namespace create --vip 1.1.1.1
expect 2 "nothing" network
expect 0 "help" --help
expect 0 "help of create" lb create --help
says '--port OUT:IN'
expect 1 "no library there" --library "$work" network list
expect 0 "several at once" network delete nat bridge
expect 0 "all gone" --json endpoint list
says '^\[\]$'
expect 3 "gone is gone" network delete "$nat"
"$hcnctl" network list >/dev/full 2>"$work/out" && { echo "FAILED: a full device is success"; failures=$((failures + 1)); }

[[ $failures -eq 0 ]] && exit 0
echo "$failures failures"
exit 1
