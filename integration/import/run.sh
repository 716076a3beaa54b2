#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcstrace import over every log in fixtures/logs: the counts and the trace are what EXPECTED.tsv and
# fixtures/traces/imported say, and playing the trace fails the way the log did. usage: run.sh BUILD_DIR

set -u
build=$1
source=$(dirname "$0")/../..
hcstrace=$build/cmd/hcstrace/hcstrace
play=$build/integration/play
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

seen=0
while IFS=$'\t' read -r name code counts; do
        seen=$((seen + 1))
        rm -f "$work/trace"
        timeout 60 "$hcstrace" import --json "$source/fixtures/logs/$name.log" -o "$work/trace" >"$work/out" 2>"$work/err"
        got=$?
        [[ $got -eq $code ]] || fail "$name: exit code $got instead of $code"
        [[ $(<"$work/out") == "$counts" ]] || fail "$name: $(<"$work/out") instead of $counts"
        if [[ $code -eq 3 ]]; then
                [[ ! -e $work/trace ]] || fail "$name: a trace was made of nothing"
                continue
        fi
        cmp -s "$work/trace" "$source/fixtures/traces/imported/$name.trace" ||
                fail "$name: $(diff "$work/trace" "$source/fixtures/traces/imported/$name.trace" | cut -c1-300 | head -n 4)"
        timeout 60 "$play" "$work/trace" >"$work/played" 2>&1 || fail "$name: $(<"$work/played")"
done <"$source/fixtures/logs/EXPECTED.tsv"

logs=$(find "$source/fixtures/logs" -name '*.log' | wc -l)
[[ $seen -eq $logs ]] || fail "$logs logs, but EXPECTED.tsv has $seen"
timeout 60 "$hcstrace" import /nonexistent >"$work/out" 2>&1
[[ $? -eq 1 ]] || fail "a log that is not there"
timeout 60 "$hcstrace" import "$source/fixtures/logs/hcs-36-state-not-valid.log" -o /nonexistent/trace >"$work/out" 2>&1
[[ $? -eq 1 ]] || fail "a trace that cannot be made"
grep -q 'create ./nonexistent/trace' "$work/out" || fail "a trace that cannot be made: $(<"$work/out")"
timeout 60 "$hcstrace" import "$source/fixtures/logs/log-14-span-logfmt-2022-09-createprocess-environment.log" --no-redact \
        -o "$work/secret" >/dev/null
grep -q 'REDACTED-PLACEHOLDER' "$work/secret" || fail "--no-redact leaves out what it should keep"
grep -q REDACTED-PLACEHOLDER "$source/fixtures/traces/imported/log-14-"*.trace && fail "a secret value is in a fixture"

echo "$seen logs"
finish
