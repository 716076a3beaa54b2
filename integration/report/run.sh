#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What verify, replay, validate, torture and hcsconform say to machines: TAP that prove takes, JUnit that xmllint takes, each with the
# same cases and the same exit code as the text for people. usage: run.sh BUILD_DIR

set -u
build=$1
source=$(dirname "$0")/../..
hcstrace=$build/cmd/hcstrace/hcstrace
client=$build/cmd/hcsdemo/hcsdemo
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

# xml XPATH EXPECTED: what junit.xml has there
xml() {
        local got
        got=$(xmllint --xpath "$1" "$work/junit.xml" 2>&1)
        [[ $got == "$2" ]] || fail "JUnit: $1 is \"$got\" instead of \"$2\""
}

# reports CODE TITLE TESTS FAILED COMMAND...: TAP and JUnit of a hcstrace command have so many cases
reports() {
        local command=$5
        run_to_report "${@:1:4}" "$hcstrace" "$command" --tap --junit "$work/junit.xml" "${@:6}"
}

run_to_report() {
        local code=$1 title=$2 tests=$3 failed=$4 got
        shift 4
        rm -f "$work/junit.xml"
        timeout 120 "$@" >"$work/tap" 2>"$work/errors" </dev/null
        got=$?
        [[ $got -eq $code ]] || { fail "$title: exit code $got instead of $code"; cat "$work/tap" "$work/errors"; }
        # A suite that prints the file: prove reads it and must count as we do.
        got=0
        prove --exec cat "$work/tap" >"$work/out" 2>&1 || got=1
        [[ $got -eq $((failed > 0)) ]] || { fail "$title: prove finds $got"; cat "$work/out"; }
        grep -q "Tests=$tests, " "$work/out" || { fail "$title: not $tests cases in TAP"; cat "$work/out" "$work/tap"; }
        ! grep -vE '^(TAP version 13|(not )?ok [0-9]+ - .*|# .*|1\.\.[0-9]+)$' "$work/tap" || fail "$title: that is no TAP"
        xmllint --noout "$work/junit.xml" || fail "$title: that is no XML"
        xml 'string(/testsuites/testsuite/@tests)' "$tests"
        xml 'count(//testcase)' "$tests"
        xml 'string(/testsuites/testsuite/@failures + /testsuites/testsuite/@errors)' "$failed"
        xml 'count(//failure | //error)' "$failed"
        cp "$work/tap" "$work/out"
        echo "ok: $title"
}

expect 0 "record" "$hcstrace" record -o "$work/run.trace" -- "$client"

## verify and replay
reports 0 "a run that fits" 4 0 verify "$work/run.trace" -- "$client"
says "ok 1 - $work/run.trace: every call is recorded"
grep -q "created demo" "$work/errors" || fail "what the program says is not on standard error"
reports 1 "a run that does not" 4 2 verify "$work/run.trace" -- "$client" --memory 2048
says "# HcsCreateComputeSystem: no recorded call matches"
says "#   configuration: \$.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048"
says "not ok 1 - $work/run.trace: every call is recorded"
xml 'string(//testcase[1]/failure/@message)' "HcsCreateComputeSystem: no recorded call matches"
reports 1 "a program that asks for nothing" 4 1 verify "$work/run.trace" -- true
xml 'string(//testcase[failure]/@name)' "everything recorded is asked for"
reports 0 "which is no matter in a replay" 3 0 replay "$work/run.trace" -- true
reports 3 "a program that fails" 3 1 replay "$work/run.trace" -- sh -c 'exit 3'
xml 'string(//failure/@message)' "exit code 3"
reports 137 "a program that a signal ends" 3 1 replay "$work/run.trace" -- sh -c 'kill -9 $$'
xml 'string(//failure/@message)' "signal 9 ended it"
MOCKHCS_LEAKS=1 reports 0 "leaks are looked for, and there are none" 4 0 verify "$work/run.trace" -- "$client"

## validate
documents=$source/fixtures/documents
printf '{"a":' >"$work/half & <half>.json"
reports 1 "documents" 4 3 validate --profile strict:17763 "$documents/combined-layers-filter-type.json" \
        "$work/half & <half>.json" "$work/none.json" "$documents"/b-argon-v2.json
xml 'count(//error)' 1
xml 'starts-with(string(//testcase[1]/failure/@message), "$.GuestRequest.Settings.FilterType: member of schema 2.9")' true
xml 'string(//testcase[2]/@name)' "$work/half & <half>.json"
expect 1 "as JSON and JUnit" "$hcstrace" validate --json --junit "$work/junit.xml" "$work/half & <half>.json"
xml 'count(//testcase)' 1

## torture
reports 1 "scenarios" 2 1 torture --timeout 2 --scenario lost-exit --scenario unexpected-exit -- "$client"
says "# hangs"
says "not ok 1 - lost-exit"
says "ok 2 - unexpected-exit"
xml 'string(//testcase[1]/failure/@message)' "hangs"
xml 'contains(string(//testcase[1]/failure), "event:ProcessExited#1 never")' true
reports 0 "several seeds" 3 0 torture --runs 3 --seed 7 --faults 'HcsStart* delay=1ms' -- "$client"
says "ok 3 - HcsStart* delay=1ms, seed 9"

## conformance
conform=("$build/cmd/hcsconform/hcsconform" --library-path "$build/mockhcs/abi" --group process)
run_to_report 0 "cases of conformance" "$("${conform[@]}" --list | wc -l)" 0 "${conform[@]}" --junit "$work/junit.xml"
xml 'count(//testcase[@classname = "process"]) = count(//testcase)' true

## What cannot be: a file that is not written, and two reports on one output.
expect 1 "a report that cannot be written" "$hcstrace" verify --junit "$work/none/junit.xml" "$work/run.trace" -- "$client"
says "none/junit.xml"
for command in "verify $work/run.trace -- true" "validate $documents/b-argon-v2.json" "torture -- true"; do
        # shellcheck disable=SC2086
        set -- $command
        expect 2 "TAP and JSON at once: $1" "$hcstrace" "$1" --tap --json "${@:2}"
        says "--json and --tap both want standard output"
done

finish
