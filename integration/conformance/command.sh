#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcsconform as a command: its options, what it writes, and a platform as target, whose part our own libraries play: one
# service for all cases, containers on an image, and a recorder around each case. usage: command.sh BUILD_DIR

set -u
build=$(realpath "$1")
conform=$build/cmd/hcsconform/hcsconform
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
cd "$work" || exit 1
run=("$conform" --library-path "$build/mockhcs/abi")

cases=$("$conform" --list --group storage --group process | wc -l)
programs=$("$conform" --list --group process | grep -c '\[programs\]') # these run on Windows
export cases

## Results of the emulator, as JSON and as JUnit that an XML parser takes.
expect 0 "the emulator" "${run[@]}" --group storage --group process --results emulate.json --junit junit.xml
says "1..$cases"
expect 0 "JUnit is XML with every case" python3 -c '
import xml.etree.ElementTree as e, json, os
suite = e.parse("junit.xml").getroot()[0]
cases = json.load(open("emulate.json"))["cases"]
assert int(suite.get("tests")) == len(suite) == len(cases) == int(os.environ["cases"]), (suite.attrib, len(cases))
assert {c.get("classname") for c in suite} == {"storage", "process"}'

## A platform: what would upset it is skipped, what needs an image too.
export MOCKHCS=emulate,machines=paper
expect 0 "a platform without an image" "${run[@]}" --target real --group storage --group process
says "SKIP needs an image"
says "SKIP only for the emulator"
mkdir -p base/Files app/Files
expect 0 "an image" "$build/cmd/vhd/vhd" create --size 20G -o base/blank-base.vhdx
expect 0 "a platform with an image" "${run[@]}" --target real --image "$work/app,$work/base" --group storage --group process \
        --results real.json --compare emulate.json --parity parity.md
silent_about "SKIP needs an image"
grep -q "^- real: [0-9]* passed, 0 failed" parity.md || fail "no count of the platform"
grep -q "^- emulator: $((cases - programs)) passed, 0 failed, 0 differ as known, $programs skipped" parity.md || fail "no count of the emulator"
grep -q "| passed | passed | observed (was assumed) |" parity.md || fail "what was assumed is not observed"

## The table of a case that failed, one that was skipped, one that only this run has, and one that only the other has.
one="hcs: a system pauses once (computecore)"
expect 0 "one case of a platform" "${run[@]}" --target real --case "$one" --results one.json
MOCKHCS="faults=NameToGuid fail=0x80004005,emulate,machines=paper" expect 1 "a platform that fails" "${run[@]}" --target real \
        --group storage --results failed.json --junit failed.xml
expect 0 "beside one that has another case" "${run[@]}" --group storage --parity mixed.md --compare failed.json
grep -q "^| storage: a name has one GUID | failed | passed | observed: hcsshim LayerID |$" mixed.md || fail "the failure is not in the table"
grep -q "^| storage: an active scratch is a volume | skipped: needs an image (--image) | passed |" mixed.md || fail "the skip is not in the table"
expect 0 "beside one case" "${run[@]}" --group storage --parity mixed.md --compare one.json
grep -qF "| $one | passed | not run |" mixed.md || fail "what only the other run has is lost"
grep -q "^| storage: a name has one GUID | not run | passed |" mixed.md || fail "what only this run has is lost"
[[ $(grep -c "^| \(storage\|hcs\): " mixed.md) == $(($("$conform" --list --group storage | wc -l) + 1)) ]] || fail "not one row a case"
expect 0 "JUnit counts what failed and what was skipped" python3 -c '
import xml.etree.ElementTree as e
root = e.parse("failed.xml").getroot()
assert root.tag == "testsuites" and [s.tag for s in root] == ["testsuite"], root.tag
suite = root[0]
for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
    assert int(suite.get(attribute)) == len(suite.findall("testcase/" + tag)), (attribute, suite.attrib)
assert int(suite.get("failures")) > 0 and int(suite.get("skipped")) > 0, suite.attrib
for case in suite.findall("testcase"):
    assert case.get("name") and case.get("classname") and float(case.get("time")) >= 0, case.attrib
    assert {part.tag for part in case} <= {"failure", "error", "skipped", "system-out"} and len(case) <= 2, case.attrib'

## Where hosts may answer in several ways, the results and the table say which, also from under the recorder.
choice="hcs: a state that is not there needs no processor"
expect 0 "an answer of several" "${run[@]}" --target real --case "$choice" --parity chosen.md
grep -q "| $choice | passed: processor: 0x80070002 ERROR_FILE_NOT_FOUND | not run | observed" chosen.md || fail "no answer in $(<chosen.md)"
expect 0 "an answer of several under the recorder" "${run[@]}" --target real --case "$choice" --parity recorded.md \
        --record chosen --recorder "$build/cmd/hcstrace/hcstrace"
cmp chosen.md recorded.md || fail "recorded, another table"
MOCKHCS="faults=HcsGetProcessorCompatibilityFromSavedState fail=0x80004005,emulate,machines=paper" \
        expect 1 "an answer that is none of them" "${run[@]}" --target real --case "$choice"
says "which none of the 2 known answers is"

## A host that never completes what it took is not waited for for ever, and the call is named.
for api in computecore vmcompute; do
        MOCKHCS="faults=HcsPauseComputeSystem never,emulate,machines=paper" expect 1 "a pause that never ends ($api)" "${run[@]}" \
                --target real --patience 1 --case "hcs: a system pauses once ($api)"
        says "pause: expected 0x00000000 S_OK, got 0x80370118"
done
MOCKHCS="faults=HcsCreateComputeSystemInNamespace never,emulate,machines=paper" expect 1 "a machine of a namespace that never comes" \
        "${run[@]}" --target real --patience 1 --case "hcs: a system of a namespace is opened and listed there"
says "create: expected 0x00000000 S_OK, got 0x80370118"
MOCKHCS="faults=HcsEnumerateComputeSystems never,emulate,machines=paper" expect 1 "a list that never comes" "${run[@]}" \
        --target real --patience 1 --case "hcs: an operation serves one call"
says "wait for the list: expected 0x00000000 S_OK, got 0x80370118"
expect 2 "no patience" "$conform" --patience 0
says "no number of seconds"
expect 2 "patience that is no number" "$conform" --patience long

## A host is spared handles that are none.
for case in "handles of another kind are refused" "a handle is closed once" "a callback is unregistered once" "a reservation is released once"; do
        expect 0 "$case, of the emulator alone" "${run[@]}" --target real --case "network: $case"
        says "SKIP only for the emulator"
done

## A platform without Hyper-V, one that takes us for nobody, one that is too old for some cases.
MOCKHCS="faults=HcsCreateComputeSystem fail=0x80370102,emulate,machines=paper" \
        expect 1 "one by its name runs all the same" "${run[@]}" --target real --case "a system pauses once (computecore)"
silent_about "SKIP"
MOCKHCS="faults=HcsCreateComputeSystem fail=0x80370102,emulate,machines=paper" \
        expect 0 "no Hyper-V" "${run[@]}" --target real --group hcs --results none.json
says "SKIP needs Hyper-V"
MOCKHCS="faults=HcsEnumerateComputeSystems fail=0x80070005,emulate,machines=paper" \
        expect 0 "no rights" "${run[@]}" --target real --group storage
says "SKIP needs the rights of an administrator"
mkdir old
cp "$build"/mockhcs/abi/lib{vmcompute,computenetwork,computestorage}.so old
LC_ALL=C sed 's/HcsWaitForComputeSystemExit/HcsWaitForComputeSystemEnd_/g' "$build/mockhcs/abi/libcomputecore.so" >old/libcomputecore.so
expect 0 "an older platform" "$conform" --library-path old --target real --group hcs
says "SKIP needs a function that this platform does not have"
expect 0 "an older platform under the recorder" "$conform" --library-path old --target real \
        --case "hcs: the exit of a system is waited for" --record old_traces --recorder "$build/cmd/hcstrace/hcstrace"
says "SKIP needs a function that this platform does not have"
mkdir without
cp "$build"/mockhcs/abi/lib{vmcompute,computenetwork,computestorage}.so without
LC_ALL=C sed 's/HcsCreateOperationWithNotifications/HcsCreateOperationWithNotification_/g' "$build/mockhcs/abi/libcomputecore.so" \
        >without/libcomputecore.so
expect 0 "an older platform that lacks what gives a handle" "$conform" --library-path without --target real \
        --case "hcs: an operation with notifications is one" --results without.json
says "SKIP needs a function that this platform does not have"
grep -q '"notes": *"there is no operation' without.json || fail "something was taken for a handle: $(<without.json)"
mkdir -p older
cp "$build"/mockhcs/abi/lib{vmcompute,computenetwork,computestorage}.so older
LC_ALL=C sed 's/HcsCloseOperation/HcsCloseOperatio_/g' "$build/mockhcs/abi/libcomputecore.so" >older/libcomputecore.so
MOCKHCS="faults=HcsPauseComputeSystem fail=0x80004005,emulate,machines=paper" \
        expect 1 "what fails for another reason than what an older platform lacks" "$conform" --library-path older \
        --target real --case "a system pauses once (computecore)"
says "not ok"
silent_about "SKIP"

## Recorded: a trace for each case, which replays.
expect 0 "a case under the recorder" "${run[@]}" --target real --case "a long name has the GUID that a host gave it" \
        --record traces --recorder "$build/cmd/hcstrace/hcstrace"
[[ -s traces/storage-a-long-name-has-the-guid-that-a-host-gave-it.trace ]] || fail "there is no trace"
expect 0 "its trace is good" "$build/cmd/hcstrace/hcstrace" show traces/*.trace
says "NameToGuid"
expect 1 "a recorder that is not there" "${run[@]}" --target real --case "a name has one GUID" --record traces --recorder ./none
says "not ok"
unset MOCKHCS

## Wrong usage, and what cannot be read or written.
expect 0 "help" "$conform" --help
expect 0 "version" "$conform" --version
expect 0 "list" "$conform" --list
says "storage: an active scratch is a volume [image] [admin] observed: log-07"
expect 2 "a target that is none" "$conform" --target moon
expect 2 "a group that is none" "$conform" --group moon
expect 2 "replay without a recording" "$conform" --replay
expect 2 "an argument too much" "$conform" moon
expect 2 "an option that is none" "$conform" --moon
matches "^hcsconform: unrecognized option '--moon'"
expect 2 "libraries that are not there" "$conform" --library-path "$work/none"
says "cannot open"
expect 1 "a case that is none" "${run[@]}" --case moon
says 'there is no case "moon"'
expect 2 "results of another kind" "${run[@]}" --case "a name has one GUID" --parity p.md --compare parity.md
says "parity.md"
echo '{"conform":2,"cases":[]}' >later.json
expect 2 "results of a later version" "${run[@]}" --case "a name has one GUID" --parity p.md --compare later.json
says "does not hold results of version 1"
expect 2 "a place that cannot be written" "${run[@]}" --case "a name has one GUID" --results "$work/none/r.json"
finish
