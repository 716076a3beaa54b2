#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Programs recorded as they are, by `hcstrace record', with our DLLs in System32 of WINEPREFIX in the place of the
# system's: what they see is what they see alone, and their traces replay (on Linux: record_linux.sh).
# usage: record.sh BUILD_ROOT [CLIENT_IN_GO]

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1
client=${2:+$(realpath "$2")}
unset WINEPATH HCSSHIM_LIBRARY_PATH
cd "$work" || exit 1
hcstrace=(wine "$root/cmd/hcstrace/hcstrace.exe")
programs=$root/integration/windows
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root/cmd/mockhcs/mockhcs.exe" "$root/lib/hcsshim.dll" "$root/cmd/hcsdemo/hcsdemo.exe" .
cp "$programs/recorded.exe" narrow.exe
printf '\x4c\x01' | dd of=narrow.exe bs=1 seek=$(($(od -An -tu4 -j60 -N4 narrow.exe) + 4)) conv=notrunc status=none # for an i386
printf '\x0b\x01' | dd of=narrow.exe bs=1 seek=$(($(od -An -tu4 -j60 -N4 narrow.exe) + 24)) conv=notrunc status=none
expect 0 "install" wine mockhcs.exe install --system

# What the program prints, its exit code and whether it matches are the same alone, recorded and replayed.
compare() {
        local title=$1 code=$2 calls=$3 got=0
        shift 3
        rm -f run.trace
        timeout 60 wine "$@" >alone 2>/dev/null </dev/null || got=$?
        [[ $got -eq $code ]] || fail "$title: exit code $got alone"
        got=0
        timeout 60 "${hcstrace[@]}" record -o run.trace -- "$@" >recorded 2>said </dev/null || got=$?
        [[ $got -eq $code ]] || fail "$title: exit code $got instead of $code recorded: $(tail -n 3 said)"
        diff alone recorded >difference || fail "$title: another output when it is recorded: $(cat difference)"
        [[ ! -e run.trace.parts ]] || fail "$title: run.trace.parts is left"
        if [[ $calls == none ]]; then
                grep -q "made no call at all" said || fail "$title: it made no call"
                [[ ! -e run.trace ]] || fail "$title: there is a trace of no call"
                echo "ok: $title"
                return
        fi
        [[ $(tail -c 1 run.trace | od -An -tx1) == " 0a" ]] || fail "$title: the trace does not end where its last line does"
        [[ $(grep -c '^{"call"' run.trace) -eq $calls ]] || fail "$title: $(grep -c '^{"call"' run.trace) calls instead of $calls"
        MOCKHCS=replay=run.trace MOCKHCS_VERIFY=1 timeout 60 wine "$@" >replayed 2>said </dev/null || fail "$title: replayed: exit code $?"
        diff alone replayed >difference || fail "$title: another output when it is replayed: $(cat difference)"
        [[ ! -s said ]] || fail "$title: replayed: $(tail -n 5 said)"
        echo "ok: $title"
}

compare "linked with import libraries" 0 24 "$programs/recorded_linked.exe" linked
compare "linked by numbers" 0 24 "$programs/recorded_by_number.exe" linked
compare "linked to be loaded late" 0 24 "$programs/recorded_delayed.exe" linked
for way in path system32 bare loader number late; do
        compare "loaded by $way" 0 24 "$programs/recorded.exe" "$way"
done
compare "in the fifth child, each started in another way" 0 24 "$programs/recorded.exe" children 5 system32
compare "an exit code" 77 none "$programs/recorded.exe" exit 77
compare "a program of the system" 5 none cmd.exe /c "exit 5"
# Several processes: one trace. Each asks for the version of networking, so the children of a shell do.
expect 0 "two processes" "${hcstrace[@]}" record -o two.trace -- cmd.exe /c "$(winepath -w "$programs/recorded.exe") path & $(winepath -w "$programs/recorded_linked.exe") linked"
[[ $(grep -c '^{"trace"' two.trace) -eq 1 && $(grep -c '"call":"HcsStartComputeSystem"' two.trace) -eq 4 ]] || fail "the trace does not have both processes"
grep -q '"system":"system/2"' two.trace || fail "handles of the second process are not its own"
expect 0 "by numbers" "${hcstrace[@]}" stats two.trace

# What clients should not do. A fault within a call leaves it without an answer in the trace.
expect 0 "the state of a thread" "${hcstrace[@]}" record -o state.trace -- "$programs/disturbed.exe" state
cp out recorded
expect 0 "the same alone" wine "$programs/disturbed.exe" state
diff out recorded >difference || fail "calls leave another state when they are recorded: $(cat difference)"
for what in leave thread; do
        expect 0 "$what alone" wine "$programs/disturbed.exe" "$what"
        cp out alone
        expect 0 "$what" "${hcstrace[@]}" record -o "$what.trace" -- "$programs/disturbed.exe" "$what"
        diff alone out >difference || fail "$what: another output when it is recorded: $(cat difference)"
        "${hcstrace[@]}" stats "$what.trace" >out 2>&1 || fail "$what: the trace is no trace: $(cat out)"
        [[ $(grep -c '"stream":"stdout".*"end":true' "$what.trace") -eq 1 ]] || fail "$what: the stream has not its end in the trace"
done
[[ $(grep -c '^{"call":"HcsCreateOperation"' leave.trace) -eq 6 ]] || fail "the child of a process that left a call is not recorded"
for i in 1 2 3 4 5; do
        rm -f kill.trace
        expect 0 "a process that is ended while it calls ($i)" "${hcstrace[@]}" record -o kill.trace -- "$programs/disturbed.exe" kill
        says "child: 6"
        "${hcstrace[@]}" stats kill.trace >out 2>&1 || fail "a process that was ended: the trace is no trace: $(cat out)"
        [[ $(grep -c '^{"call":"HcsCreateOperation"' kill.trace) -gt 500 && $(tail -c 1 kill.trace | od -An -tx1) == " 0a" ]] || fail "the trace has not what it called until then"
done
expect 0 "a 32-bit child alone" wine "$programs/disturbed.exe" child narrow.exe
cp out alone
expect 0 "a 32-bit child" "${hcstrace[@]}" record -o narrow.trace -- "$programs/disturbed.exe" child narrow.exe
diff alone out >difference || fail "a 32-bit child: another output when its parent is recorded: $(cat difference)"
[[ $(grep -c '^{"call"' narrow.trace) -eq 2 ]] || fail "the parent of a 32-bit child is not recorded"

# What goes wrong.
expect 1 "a program that is not there" "${hcstrace[@]}" record -o bad.trace -- nowhere.exe
says "start \`nowhere.exe\`: ERROR_FILE_NOT_FOUND"
expect 1 "a 32-bit program" "${hcstrace[@]}" record -o bad.trace -- narrow.exe
says "it is a 32-bit program: only 64-bit ones can be had"
expect 1 "a folder that is not there" "${hcstrace[@]}" record -o nowhere/bad.trace -- "$programs/recorded.exe" path
says "there is no folder for"
expect 5 "a program that crashes" "${hcstrace[@]}" record -o crash.trace -- "$programs/recorded.exe" crash
[[ $(wc -l <crash.trace) -eq 3 && $(tail -c 1 crash.trace | od -An -tx1) == " 0a" ]] || fail "the trace of a crash is not what was called until then"
expect 0 "a process that outlives the program" "${hcstrace[@]}" record -o outlive.trace -- "$programs/recorded.exe" outlive
says "what goes on is not in the trace, and stays"
[[ $(grep -c '"call":"HcsCreateOperation"' outlive.trace) -eq 1 ]] || fail "the trace has not what was called until then"
expect 0 "it ends" wine "$programs/recorded.exe" release
[[ $(grep -ac '"call":"HcsCreateOperation"' outlive.trace.parts/*) -eq 2 ]] || fail "what went on is not beside the trace"
mkdir bad.trace.parts
expect 1 "the parts of a recording that was killed" "${hcstrace[@]}" record -o bad.trace -- "$programs/recorded.exe" path
says "has what a recording left that was killed"
[[ ! -e bad.trace ]] || fail "there is a trace of nothing"
if command -v script >/dev/null; then
        timeout 60 script -qec "timeout 30 wine '$root/cmd/hcstrace/hcstrace.exe' record -o c.trace -- '$programs/recorded.exe' interrupt" out >/dev/null </dev/null
        got=$?
        [[ $got -ne 9 && $got -ne 124 && ! -e c.trace.parts ]] || fail "^C: exit code $got"
fi

# All that there is to call.
expect 0 "torture" "${hcstrace[@]}" record -o torture.trace -- "$root/integration/windows/torture.exe"
expect 0 "promises" "${hcstrace[@]}" record -o promises.trace -- "$root/integration/windows/promises.exe"
expect 0 "conformance" "${hcstrace[@]}" record -o conformance.trace -- "$root/cmd/hcsconform/hcsconform.exe" --target emulate
[[ $(wc -l <conformance.trace) -gt 5000 ]] || fail "the trace of the conformance suite has $(wc -l <conformance.trace) lines"
expect 0 "secrets are left in when asked for" "${hcstrace[@]}" record --no-redact --no-streams -o demo.trace -- hcsdemo.exe
grep -q '"redacted":false' demo.trace || fail "--no-redact: not so in the header"
! grep -q '"stdio"' demo.trace || fail "--no-streams: there are streams"
if [[ -n $client ]]; then
        expect 0 "a client in Go" "${hcstrace[@]}" record -o go.trace -- "$client"
        says "ok: its exit code is 7"
        MOCKHCS=replay=go.trace MOCKHCS_VERIFY=1 expect 0 "replayed" wine "$client"
        says "ok: and gone, with a record"
fi

expect 0 "uninstall" wine mockhcs.exe uninstall --system
finish
