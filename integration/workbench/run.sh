#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is done with whole traces: counted, merged, split, minimised, pruned, redacted and put back, marked for noise,
# recorded again; with what must not be. usage: run.sh SOURCE_DIR BUILD_DIR

set -u
source=$1
hcstrace=$2/cmd/hcstrace/hcstrace
demo=$2/cmd/hcsdemo/hcsdemo
hcnctl=$2/cmd/hcnctl/hcnctl
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
cd "$work" || exit 1

records() { # FILE: how many lines stand behind the header
        echo $(($(wc -l <"$1") - 1))
}

expect 0 "record a run" "$hcstrace" record -o run.trace -- "$demo"
expect 0 "record another one" "$hcstrace" record -o other.trace -- "$demo" --id other --memory 2048
expect 0 "record networks" "$hcstrace" record -o net.trace -- "$hcnctl" network create '{"Name":"nat","Type":"NAT"}'
expect 0 "record with its secrets" "$hcstrace" record --no-redact -o open.trace -- "$demo"
bridge=$source/fixtures/traces/bridge/container.trace

expect 0 "stats" "$hcstrace" stats run.trace
says '97 records in'
matches '^HcsCreateProcess +3 +0 +0 '
says 'objects: system 1 (1 closed), process 3 (3 closed), operation 9 (9 closed)'
says 'bytes: stdin 14, stdout 21, stderr 0'
expect 0 "stats of a bridge" "$hcstrace" stats --json "$bridge"
says '"name": "Request(ModifySettings)"'
says '"unreturned": 1'
expect 0 "stats of a failure" "$hcstrace" stats "$source/fixtures/traces/imported/hcs-48-result-invalid-json-8037010d.trace"
says 'HCS_E_INVALID_JSON 0x8037010D 1'
expect 1 "stats of what is no trace" "$hcstrace" stats /dev/null

expect 0 "merge" "$hcstrace" merge -o all.trace run.trace other.trace net.trace "$bridge"
[[ $(records all.trace) -eq $(($(records run.trace) + $(records other.trace) + $(records net.trace) + $(records "$bridge"))) ]] ||
        fail "records are lost in a merge"
expect 0 "what was merged is shown" "$hcstrace" show all.trace
says 'system/2'
[[ $(grep -o '"n":[0-9]*' all.trace | sort | uniq -d | wc -l) -eq 0 ]] || fail "two calls have one number"
expect 1 "each part is in the whole" "$hcstrace" diff --json all.trace net.trace
says '"onlyInB": 0'
expect 2 "merge without a place" "$hcstrace" merge run.trace other.trace
expect 1 "merge with what is no trace" "$hcstrace" merge -o none.trace run.trace /dev/null
[[ ! -e none.trace ]] || fail "a merge that failed leaves a trace"

expect 0 "split by system" "$hcstrace" split -o parts all.trace
for part in system-2 system-3 bridge-1 others; do [[ -s parts/$part.trace ]] || fail "no part $part"; done
[[ $(cat parts/*.trace | grep -vc '^{"trace"') -eq $(records all.trace) ]] || fail "records are lost in a split"
expect 0 "a part plays as the whole did" "$hcstrace" verify parts/system-2.trace -- "$demo" --id "$(grep -o '"id":"[a-z]*"' parts/system-2.trace | head -n 1 | cut -d '"' -f 4)"
expect 0 "split by container" "$hcstrace" split --by container -o containers --json "$bridge"
says '"name": "bridge-1-uvmboot-0"'
expect 0 "split by thread" "$hcstrace" split --by thread run.trace
[[ -s run.trace.split/thread-1.trace ]] || fail "no part for a thread"
expect 2 "split by what is not known" "$hcstrace" split --by colour run.trace

expect 0 "prune" "$hcstrace" prune -o pruned.trace all.trace -- "$demo" --id demo
expect 0 "what was pruned still plays" "$hcstrace" verify pruned.trace -- "$demo"
[[ $(records pruned.trace) -lt $(records all.trace) ]] || fail "nothing was pruned"
"$hcstrace" verify --json all.trace -- "$demo" >one.json 2>/dev/null
"$hcstrace" verify --json all.trace -- "$demo" --id other --memory 2048 >two.json 2>/dev/null
expect 0 "prune by reports" "$hcstrace" prune --report one.json --report two.json -o both.trace all.trace
for id in other demo; do grep -q "\"id\":\"$id\"" both.trace || fail "what one of two runs asked for is pruned"; done
expect 1 "a report that is none" "$hcstrace" prune --report run.trace -o none.trace all.trace
expect 1 "a run that does not match prunes nothing" "$hcstrace" prune -o none.trace run.trace -- "$demo" --memory 77
[[ ! -e none.trace ]] || fail "a prune that failed leaves a trace"

sed 's/"hr":"0x00000000","out":{"result":{"Id":"demo","SystemType":"VirtualMachine","RuntimeOsType":"Linux","Name":"demo","Owner":"hcsdemo","RuntimeId":"[^"]*","State":"Running"/"hr":"0x80370110","out":{"result":{"x":1/' \
        run.trace >failing.trace
expect 0 "minimise" "$hcstrace" minimise -o small.trace failing.trace -- "$demo"
[[ $(records small.trace) -lt 80 ]] || fail "$(records small.trace) records are no minimum"
expect 1 "the minimum fails as the whole did" "$hcstrace" replay small.trace -- "$demo"
says 'HCS_E_SYSTEM_ALREADY_STOPPED'
expect 0 "minimise by a program of one's own" "$hcstrace" minimise -o small.trace all.trace -- \
        sh -c "\"$hcstrace\" show {} | grep -q HcsModifyComputeSystem && exit 3; exit 0"
[[ $(grep -c '"call":"HcsModifyComputeSystem"' small.trace) -eq 1 && $(records small.trace) -le 20 ]] || fail "not minimal: $(records small.trace)"
expect 0 "only a beginning" "$hcstrace" minimise --prefix -o prefix.trace all.trace -- \
        sh -c "\"$hcstrace\" show {} | grep -q HcsModifyComputeSystem && exit 3; exit 0"
[[ $(records prefix.trace) -lt $(records all.trace) && $(grep -c '"call":"HcsModifyComputeSystem"' prefix.trace) -eq 1 ]] || fail "the prefix is no beginning"
expect 1 "what does not fail cannot be minimised" "$hcstrace" minimise -o none.trace run.trace -- "$demo"
[[ ! -e none.trace ]] || fail "a minimise that failed leaves a trace"

expect 0 "redact" "$hcstrace" redact -o secret.trace --key the.key --member KernelCmdLine --text data.vhdx --output open.trace
! grep -qE 's3cret|data\.vhdx|"quiet"|hello\\r' secret.trace || fail "a secret is left"
[[ $(stat -c %a secret.trace the.key | tr '\n' ' ') = "600 600 " ]] || fail "others may read the key"
expect 0 "a redacted trace plays" "$hcstrace" show secret.trace
expect 0 "put back" "$hcstrace" redact --restore --key the.key -o back.trace secret.trace
cmp -s back.trace open.trace || fail "what was put back is not what was"
expect 0 "in place" "$hcstrace" redact -o open.trace open.trace
! grep -q s3cret open.trace || fail "a secret is left in place"
{
        head -n 1 run.trace
        printf '{"stdio":"process/1","stream":"stdout","t":1,"base64":"%s"}\n' "$(printf 'a\0s3cret\xff' | base64)"
        printf '{"frame":"0x0","on":"bridge/1","from":"guest","id":0,"t":1,"broken":true,"base64":"%s"}\n' \
                "$(printf 's3cret, s3cret' | base64)"
} >bytes.trace
expect 0 "redact bytes" "$hcstrace" redact --text s3cret --text nothing -o bytes.out --key bytes.key bytes.trace
says '2 values left out'
[[ $(sed -n '2s/.*"base64":"\(.*\)".*/\1/p' bytes.out | base64 -d | tr '\0\377' 01) = 'a0<redacted>1' ]] || fail "bytes of a stream have a secret"
[[ $(sed -n '3s/.*"base64":"\(.*\)".*/\1/p' bytes.out | base64 -d) = '<redacted>, <redacted>' ]] || fail "bytes of a frame have a secret"
expect 0 "put bytes back" "$hcstrace" redact --restore --key bytes.key -o back.trace bytes.out
cmp -s back.trace bytes.trace || fail "bytes that were put back are not what they were"
cat >odd.trace <<'TRACE'
{"trace":"hcs","version":1,"recorder":"of s3cret","host":{"os":"windows","name":"s3cret"},"redacted":false}
{"call":"HcsStartComputeSystem","dll":"computecore","n":1,"t":1,"thread":1,"args":{"system":"system/1"},"newer":{"x":"s3cret"}}
{"client":1,"run":{"command":["s3cret"],"token":"of somebody"}}
TRACE
expect 0 "redact what is not known" "$hcstrace" redact --text s3cret --member name -o odd.out --key odd.key odd.trace
! grep -qE 's3cret|somebody' odd.out || fail "a secret is left in the header, or in what this version does not know"
grep -q '^{"trace":"hcs","version":1,.*"os":"windows"' odd.out || fail "the header is none any more"
expect 0 "put what is not known back" "$hcstrace" redact --restore --key odd.key -o back.trace odd.out
cmp -s back.trace odd.trace || fail "what is not known did not come back"
expect 1 "a key of another trace" "$hcstrace" redact --restore --key the.key -o none.trace run.trace
says 'is not the one that the key'
expect 1 "a key that is none" "$hcstrace" redact --restore --key run.trace -o none.trace secret.trace
expect 2 "back without a key" "$hcstrace" redact --restore -o none.trace secret.trace
[[ ! -e none.trace ]] || fail "a redact that failed leaves a trace"

expect 0 "noise" "$hcstrace" noise -o marked.trace run.trace other.trace
says 'HcsCreateComputeSystem args.configuration $.VirtualMachine.ComputeTopology.Memory.SizeInMB'
expect 0 "a replay leaves noise out of account" "$hcstrace" verify marked.trace -- "$demo" --memory 4096
expect 0 "a diff too" "$hcstrace" diff marked.trace other.trace
expect 1 "what is no noise counts" "$hcstrace" diff marked.trace failing.trace
sed "3s/\"base64\":\".*\"/\"base64\":\"$(echo other | base64)\"/" bytes.trace >others.trace
expect 1 "other bytes" "$hcstrace" diff bytes.trace others.trace
expect 0 "bytes are noise" "$hcstrace" noise -o bytes.marked bytes.trace others.trace
says '0x0 document $'
expect 0 "and left out of account" "$hcstrace" diff bytes.marked others.trace
sed '1s/"noise":\[/&{"call":7},/' marked.trace >bad.trace
expect 1 "a mark that is none" "$hcstrace" replay bad.trace -- "$demo"
says '$.noise[0]'

expect 0 "an update with the same" "$hcstrace" merge --update -o updated.trace run.trace run.trace
[[ $(records updated.trace) -eq $(records run.trace) ]] || fail "an update with the same grows"
head -n 45 run.trace >first.trace # up to the second process
expect 0 "an update with less keeps the rest" "$hcstrace" merge --update -o updated.trace run.trace first.trace
expect 0 "which still plays" "$hcstrace" verify updated.trace -- "$demo"
expect 0 "recorded again" "$hcstrace" record --update -o again.trace -- "$demo"
expect 0 "and again" "$hcstrace" record --update -o again.trace -- "$demo"
[[ $(records again.trace) -eq 97 ]] || fail "recording again makes $(records again.trace) records of 97"
cp other.trace again.trace.new
expect 0 "recorded where there is nothing to record" "$hcstrace" record --update -o again.trace -- true
[[ $(records again.trace) -eq 97 && ! -e again.trace.new ]] || fail "what another run left is taken for a recording"
expect 0 "and another run" "$hcstrace" record --update -o again.trace -- "$hcnctl" network create '{"Name":"nat","Type":"NAT"}'
expect 0 "of which the first still plays" "$hcstrace" replay again.trace -- "$demo"
expect 0 "and the last too" "$hcstrace" replay again.trace -- "$hcnctl" network create '{"Name":"nat","Type":"NAT"}'

cp run.trace page.trace
ln -s page.trace page.html
expect 2 "a page over its trace" "$hcstrace" show --html -o page.html page.trace
expect 2 "a page over the other trace" "$hcstrace" show --html --against page.trace -o page.html run.trace
cmp -s run.trace page.trace || fail "a page was written over its trace"

# Traces that end anywhere are a trace to every one of these.
size=$(stat -c %s run.trace)
for part in 7 5 3; do
        head -c $((size * part / 9)) run.trace >cut.trace
        expect 0 "cut: stats" "$hcstrace" stats cut.trace
        expect 0 "cut: redact" "$hcstrace" redact -o out.trace cut.trace
        expect 0 "cut: merge" "$hcstrace" merge -o out.trace cut.trace net.trace
        expect 0 "cut: split" "$hcstrace" split -o cut.split cut.trace
        expect 1 "cut: diff" "$hcstrace" diff cut.trace run.trace
done
## Calls and the bridge of a real run in one trace: lcowctl and the guest in its utility VM.
lcow=$source/fixtures/traces/lcow/run.trace
expect 0 "a run of lcowctl: diff" "$hcstrace" diff "$lcow" "$lcow"
says "12 calls, 1 events, 24 streams, 38 messages in both, 0 of them differ"
expect 0 "a run of lcowctl: stats" "$hcstrace" stats "$lcow"
matches '^Request\(ShutdownGraceful\) +1 '
expect 0 "a run of lcowctl: merge" "$hcstrace" merge -o lcow.twice "$lcow" "$lcow"
[[ $(records lcow.twice) -eq $((2 * $(records "$lcow"))) ]] || fail "records of a run of lcowctl are lost"
expect 0 "a run of lcowctl: merge --update" "$hcstrace" merge --update -o lcow.updated "$lcow" "$lcow"
expect 0 "a run of lcowctl: nothing is there twice" "$hcstrace" diff "$lcow" lcow.updated
expect 0 "a run of lcowctl: split" "$hcstrace" split -o lcow.split "$lcow"
[[ $(grep -ch '"bridge/' lcow.split/system-1.trace) -gt 0 ]] || fail "the bridge did not go with its system"
expect 0 "a run of lcowctl: noise" "$hcstrace" noise -o lcow.marked "$lcow" lcow.updated
expect 0 "a run of lcowctl: redact" "$hcstrace" redact --member ContainerId --key lcow.key -o lcow.redacted "$lcow"
! grep -q '"ContainerId":"[^<]' lcow.redacted || fail "a member of a frame is left"
expect 0 "a run of lcowctl: put back" "$hcstrace" redact --restore --key lcow.key -o lcow.back lcow.redacted
cmp "$lcow" lcow.back || fail "what was put back is another trace"
grep -v '"Response(Start)"' "$lcow" >lcow.less
expect 1 "a run of lcowctl: an answer less" "$hcstrace" diff "$lcow" lcow.less
says "Request(Start)"

network=$source/fixtures/traces/lcow/network.trace
expect 0 "a run of lcowctl: minimise, to one message" "$hcstrace" minimise -o lcow.small "$lcow" -- sh -c 'grep -q "\"Response(ModifySettings)\"" {} && exit 3; exit 0'
[[ $(records lcow.small) -eq 2 && $(grep -c '(ModifySettings)' lcow.small) -eq 2 ]] || fail "$(records lcow.small) records of a run of lcowctl are no minimum"
expect 0 "a run of lcowctl: minimise, to a call and what made its object" "$hcstrace" minimise -o lcow.small "$network" -- sh -c 'grep -q "\"HcnModifyEndpoint\"\|\"HcnQueryEndpointProperties\"" {} && exit 3; exit 0'
[[ $(records lcow.small) -le 6 ]] || fail "$(records lcow.small) records of a run with a network are no minimum"
asked=$(grep -n '"frame":"Request(ModifySettings)"' "$lcow" | head -n 1 | cut -d : -f 1)
made=$(grep -n '"call":"HcnCreateEndpoint"' "$network" | head -n 1 | cut -d : -f 1)
echo "{\"problems\":[{\"kind\":\"unasked\",\"on\":\"bridge/1\",\"lines\":[$asked]}]}" >lcow.json
expect 0 "a run of lcowctl: prune a message" "$hcstrace" prune --report lcow.json -o lcow.pruned "$lcow"
[[ $(records lcow.pruned) -eq $(($(records "$lcow") - 2)) ]] || fail "a message does not go with its answer"
echo "{\"problems\":[{\"kind\":\"unasked\",\"line\":$made}]}" >lcow.json
expect 0 "a run of lcowctl: prune an endpoint" "$hcstrace" prune --report lcow.json -o lcow.pruned "$network"
! grep -q 'endpoint/1' lcow.pruned || fail "what was done with an endpoint does not go with it"
echo '{"problems":[{"kind":"unasked","lines":[7,99999]}]}' >lcow.json
expect 1 "a report of another bridge" "$hcstrace" prune --report lcow.json -o none.trace "$lcow"
says 'line 99999 is none of the trace'
expect 1 "two runs of lcowctl" "$hcstrace" diff "$lcow" "$network"
expect 0 "two runs of lcowctl: noise" "$hcstrace" noise -o lcow.marked "$lcow" "$network"

# Nothing in a trace is for the terminal.
cat >escapes.trace <<'TRACE'
{"trace":"hcs","version":1,"recorder":"\u001b[31m\u009b","redacted":true}
{"call":"Hcs\u001b[31m","dll":"computecore","n":1,"t":1,"thread":1,"args":{"id":"a\u001b[31m","system":"system/1\u001b[31m","\u001b[31m":1,"configuration":{"\u001b[2J":"\u001b]0;x"}}}
{"return":1,"t":864000000000000,"hr":"0x80004005","out":{"result":"\u001b[31m\u009b"}}
{"event":"E\u001b[31m","on":"system/1\u001b[31m","t":864000000000000,"data":{"\u001b[31m":1}}
{"stdio":"process/1\u001b[31m","stream":"stdout","t":864000000000000,"text":"\u001b[31mhi"}
{"frame":"Request(\u001b[31m)","on":"bridge/1\u001b[31m","from":"host","id":2,"t":864000000000000,"document":{"ContainerId":"c\u001b[31m","x":"\u001b[31m"}}
TRACE
sed 's/31m/32m/g' escapes.trace >escapes2.trace
for verb in show "show --full --all" stats "diff escapes2.trace" "noise escapes2.trace" "split -o escapes" "diff --bridge bridge/1"; do
        # shellcheck disable=SC2086 # words
        "$hcstrace" $verb escapes.trace >"$work/out" 2>&1
        ! LC_ALL=C grep -q $'\033\|\302\233' "$work/out" || fail "$verb lets a trace speak to the terminal"
done
expect 0 "a trace of days" "$hcstrace" stats escapes.trace
says '5 records in 10 days'
expect 1 "a handle that is not in it" "$hcstrace" show --handle system/77 "$lcow"
says 'nothing is said of system/77 in it'
expect 2 "a page of one handle" "$hcstrace" show --html --handle system/1 "$lcow"
for verb in record verify guest diff show stats import validate torture prune; do
        expect 2 "$verb with an option that there is not" "$hcstrace" $verb --bogus
        says "hcstrace $verb --help says how it is used"
done
expect 2 "a text that is none" "$hcstrace" redact --text '' -o out.trace "$lcow"
says '--text wants one'

head -c 3000 /dev/urandom >rubbish.trace
for verb in stats split "redact -o out" "merge -o out" "noise" "show --html"; do
        # shellcheck disable=SC2086 # words
        expect 1 "rubbish: $verb" "$hcstrace" $verb rubbish.trace
done
{ head -n 1 run.trace && head -c 70000000 /dev/zero | tr '\0' a; } >endless.trace
for verb in stats split "redact -o out" "merge -o out" "diff run.trace" "noise run.trace" "prune --report one.json -o out" "show --html"; do
        # shellcheck disable=SC2086 # words
        expect 1 "a line without an end: $verb" "$hcstrace" $verb endless.trace
        says "endless.trace: line 2, column 67108864: the line is longer than 64 MiB"
done
rm endless.trace
for version in 2 '"1"' null 1.5; do
        sed "1s/\"version\":1/\"version\":$version/" run.trace >version.trace
        expect 1 "version $version" "$hcstrace" stats version.trace
done
expect 1 "a device that is full" "$hcstrace" redact -o /dev/full run.trace
[[ -c /dev/full ]] || fail "a device was replaced by a file"
finish
