#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The trace tools end to end: hcsdemo recorded, replayed through both DLLs, renamed, broken, shown, validated; and traces
# that are cut off, damaged or cannot be written. usage: run.sh BUILD_DIR

set -u
build=$1
source=$(dirname "$0")/../..
hcstrace=$build/cmd/hcstrace/hcstrace
client=$build/cmd/hcsdemo/hcsdemo
hcnctl=$build/cmd/hcnctl/hcnctl
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

for api in computecore vmcompute; do
        expect 0 "record over $api" "$hcstrace" record -o "$work/$api.trace" -- "$client" --api $api
        for other in computecore vmcompute; do
                expect 0 "a trace of $api plays through $other" "$hcstrace" verify "$work/$api.trace" -- "$client" --api $other
        done
done
expect 0 "another id is a variable" "$hcstrace" verify "$work/computecore.trace" -- "$client" --id other
says "created other"
expect 0 "any order" "$hcstrace" verify --order any "$work/computecore.trace" -- "$client"
expect 0 "recorded speed" "$hcstrace" verify --speed 1 "$work/computecore.trace" -- "$client"
expect 1 "a changed field is a mismatch" "$hcstrace" replay "$work/computecore.trace" -- "$client" --memory 2048
says '$.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048'
expect 1 "a mismatch as JSON" "$hcstrace" replay --json "$work/computecore.trace" -- "$client" --memory 2048
says '"path": "$.VirtualMachine.ComputeTopology.Memory.SizeInMB"'
expect 1 "what was never asked for" "$hcstrace" verify "$work/computecore.trace" -- true
expect 0 "a program that never calls does not fail a replay" "$hcstrace" replay "$work/computecore.trace" -- true

expect 0 "record another run" "$hcstrace" record -o "$work/again.trace" -- "$client" --id other --api vmcompute
expect 0 "another memory" "$hcstrace" record -o "$work/memory.trace" -- "$client" --memory 2048
expect 0 "a trace is the same as itself" "$hcstrace" diff "$work/vmcompute.trace" "$work/vmcompute.trace"
expect 1 "diff" "$hcstrace" diff "$work/again.trace" "$work/memory.trace"
says 'HcsCreateComputeSystem other differs from B'
says '$.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048'
silent_about '\$\.Id:'
expect 1 "diff as JSON" "$hcstrace" diff --json --limit 1 "$work/again.trace" "$work/memory.trace"
says '"path": "$.VirtualMachine.ComputeTopology.Memory.SizeInMB"'
expect 2 "a limit that is none" "$hcstrace" diff --limit x "$work/again.trace" "$work/memory.trace"
expect 1 "a file that is no trace" "$hcstrace" diff "$work/again.trace" /dev/null

network='{"Name":"nat","Type":"NAT","Ipams":[{"Subnets":[{"IpAddressPrefix":"10.0.0.0/24","Routes":[{"NextHop":"10.0.0.1","DestinationPrefix":"0.0.0.0/0"}]}]}]}'
expect 0 "record networks" "$hcstrace" record -o "$work/net.trace" -- "$hcnctl" network create "$network"
expect 0 "networks play again" "$hcstrace" verify "$work/net.trace" -- "$hcnctl" network create "$network"
expect 1 "another network is a mismatch" "$hcstrace" replay "$work/net.trace" -- "$hcnctl" network create "${network/NAT/ICS}"
says '$.Type: expected "NAT", got "ICS"'
expect 0 "show networks" "$hcstrace" show "$work/net.trace"
says 'network "nat" NAT 10.0.0.0/24 via 10.0.0.1'

expect 0 "show" "$hcstrace" show "$work/computecore.trace"
says "HcsCreateComputeSystem"
expect 0 "show as JSON" "$hcstrace" show --json "$work/computecore.trace"
expect 0 "show one handle" "$hcstrace" show --handle process/1 "$work/computecore.trace"
says "hello"

! grep -q s3cret "$work/computecore.trace" || fail "a secret is in the trace"
expect 0 "record without redaction" "$hcstrace" record --no-redact -o "$work/open.trace" -- "$client"
grep -q s3cret "$work/open.trace" || fail "--no-redact redacts"

head -c 3000 "$work/computecore.trace" >"$work/cut.trace"
expect 0 "a trace cut off in its last line is shown" "$hcstrace" show "$work/cut.trace"
sed '5s/.*/{"call":/' "$work/computecore.trace" >"$work/bad.trace"
expect 1 "a bad line is an error" "$hcstrace" show "$work/bad.trace"
says "bad.trace"
expect 2 "an order that is none" "$hcstrace" verify --order bad "$work/computecore.trace" -- true
expect 2 "a speed that is none" "$hcstrace" replay --speed fast "$work/computecore.trace" -- true
expect 2 "a handle that is none" "$hcstrace" show --handle bogus "$work/computecore.trace"
expect 0 "its children are recorded with a program" "$hcstrace" record -o "$work/children.trace" -- \
        sh -c "'$client' --id first; '$client' --id second & '$client' --id third; wait"
[[ $(grep -c '^{"trace"' "$work/children.trace") -eq 1 && $(grep -c '"call":"HcsStartComputeSystem"' "$work/children.trace") -eq 3 ]] ||
        fail "not all three are in the trace"
[[ -z $(find "$work" -name 'children.trace?*') ]] || fail "something is beside the trace: $(ls "$work")"
expect 0 "by numbers" "$hcstrace" stats "$work/children.trace"
mkdir "$work/killed.trace.parts"
expect 1 "the parts of a recording that was killed" "$hcstrace" record -o "$work/killed.trace" -- "$client"
says "has what a recording left that was killed"
expect 0 "a program that never calls leaves no trace" "$hcstrace" record -o "$work/nothing.trace" -- true
says "there is no trace"
expect 1 "a document that is not there" "$hcstrace" validate --json "$work/nowhere.json"
says "No such file"
expect 1 "not a trace" "$hcstrace" show "$client"
expect 2 "no such trace" "$hcstrace" replay "$work/none" -- true
expect 0 "a full disk does not disturb the run" "$hcstrace" record -o /dev/full -- "$client"
says "cannot write the trace"
expect 1 "a full disk fails an import" "$hcstrace" import -o /dev/full "$source"/fixtures/logs/log-13*.log
says "could not be written to"
expect 1 "a full disk fails what is printed" bash -c "'$hcstrace' show '$work/computecore.trace' >/dev/full"
says "cannot write the output"
{ head -n 3 "$work/computecore.trace"; head -c 200 /dev/zero; echo; tail -n +4 "$work/computecore.trace"; } >"$work/hole.trace"
expect 1 "zeros inside a trace are an error" "$hcstrace" show "$work/hole.trace"
says "line 4"
{ cat "$work/computecore.trace"; head -c 200 /dev/zero; } >"$work/tail.trace"
expect 0 "zeros that a crash left behind are not" "$hcstrace" show "$work/tail.trace"
silent_about "cut off"
diff <("$hcstrace" show "$work/computecore.trace") "$work/out" || fail "zeros behind a trace change it"
{ head -n 20 "$work/computecore.trace"; printf '{"call":'; head -c 200 /dev/zero; } >"$work/tail.trace"
expect 0 "zeros behind a line that was being written" "$hcstrace" show "$work/tail.trace"
says "cut off"

# imports LOG CALLS FAILURES TEXT: the counts, and what the trace shows.
imports() {
        expect 0 "import $1" "$hcstrace" import --json -o "$work/import.trace" "$source/fixtures/logs/$1"*.log
        says "\"calls\": $2,"
        says "\"failures\": $3,"
        expect 0 "show the import of $1" "$hcstrace" show --full "$work/import.trace"
        says "$4"
}
imports hcs-27 1 1 "CO_E_CLASSSTRING 0x800401F3"
imports hcs-30 1 1 "ERROR_SHARING_VIOLATION 0x80070020"
imports hcs-36 2 1 "ERROR_VMCOMPUTE_INVALID_STATE 0xC0370105"
imports log-08 5 1 'parameters={"CommandArgs":["/bin/sh"]'
imports log-13 2 1 "ERROR_DIRECTORY 0x8007010B"
imports log-14 4 0 '"THE_SECRET_VALUE":"<redacted>"'
imports log-15 5 1 "VirtualMachine/Devices/Scsi/0/Attachments/1"
echo "nothing of interest" >"$work/dull.log"
expect 3 "a log without a call" "$hcstrace" import "$work/dull.log"
head -c 100000 /dev/urandom >"$work/noise.log"
expect 3 "noise is no error" "$hcstrace" import "$work/noise.log"
expect 1 "no such log" "$hcstrace" import "$work/none.log"

expect 1 "a lost exit breaks the client" "$hcstrace" torture --timeout 2 --scenario lost-exit --scenario unexpected-exit -- "$client"
says 'broken  lost-exit                    seed 1: hangs'
says 'smallest: event:ProcessExited#1 never'
says 'ok      unexpected-exit              seed 1, exit code 1'
export TORTURED=$work # which those that are left have in their environment
expect 1 "what hangs is ended with its children" "$hcstrace" torture --timeout 2 --faults 'event:ProcessExited#1 never' -- \
        sh -c "'$client'; exit \$?"
says 'seed 1: hangs'
left=$(grep -lzx "TORTURED=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3 | while read -r pid; do readlink "/proc/$pid/exe"; done | grep -c hcsdemo)
[[ $left -eq 0 ]] || fail "$left programs are left"
expect 1 "what it leaves running breaks it" "$hcstrace" torture --faults 'HcsStart* fail=E_FAIL' -- \
        sh -c "'$client' || { sleep 1000 & setsid sleep 1000 & }"
says 'seed 1: leaves 2 programs running: sleep, sleep'
left=$(grep -lzx "TORTURED=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3 | while read -r pid; do readlink "/proc/$pid/exe"; done | grep -c sleep)
[[ $left -eq 0 ]] || fail "$left programs are left"
expect 0 "what it always leaves running does not" "$hcstrace" torture --faults 'HcsStart* fail=E_FAIL' -- sh -c "sleep 1000 & '$client'"
expect 0 "what it survives" "$hcstrace" torture --faults 'HcsModify* delay=1ms..5ms' --runs 3 --json -- "$client"
says '"broken": false'
expect 1 "strict" "$hcstrace" torture --strict --faults 'HcsStart* fail=E_FAIL' -- "$client"
says "ends with 1"
expect 1 "a program that makes no call" "$hcstrace" torture -- true
says "the program made no call at all"
expect 2 "a scenario that there is not" "$hcstrace" torture --scenario nothing -- "$client"
expect 2 "no program" "$hcstrace" torture
expect 1 "rules that are none" "$hcstrace" torture --faults 'Hcs* explode' -- "$client"
expect 1 "a scenario of bridges" "$hcstrace" torture --scenario bridge-slow -- "$client"
says 'only bridges know frames'
export HCSSHIM_LIBRARY_PATH=$build/mockhcs/abi LD_LIBRARY_PATH=$build/mockhcs
MOCKHCS="record=$work/faulted.trace,faults=slow-events,seed=42,emulate" expect 0 "faults below a recording" "$client"
expect 0 "the seed is in the trace" head -n 1 "$work/faulted.trace"
says '"faults":{"argument":"slow-events","seed":42,"rules":["event:* delay=10ms..200ms"]}'

finish
