#!/bin/bash
# SPDX-License-Identifier: MIT
# A recorded host and a recorded guest play each other over Unix sockets; and each notices when the other's recording is
# another one. usage: run.sh SOURCE_ROOT HCSTRACE
set -eu
trace=$1/fixtures/traces/bridge/session.trace
hcstrace=$(realpath "$2")
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
        echo "$1"
        cat host.out guest.out
        exit 1
}

# Both sides with their traces, the host with its patience; sets host_status and guest_status.
meet() {
        : >host.out # what another one said
        HCSSHIM_LOG=info "$hcstrace" host --timeout "${3-20}" "$1" unix:v.sock >host.out 2>&1 &
        is_written "waits for a guest" host.out $! || fail "the host is gone"
        guest_status=0 host_status=0
        "$hcstrace" guest --timeout 20 ${4:+--faults "$4"} "$2" unix:v.sock >guest.out 2>&1 || guest_status=$?
        wait $! || host_status=$?
}

meet "$trace" "$trace"
[[ $host_status = 0 && $guest_status = 0 ]] || fail "they do not know each other: $host_status, $guest_status"
grep -q '^8 as recorded, 0 otherwise, 0 never came$' host.out || fail "the host heard something else"
grep -q '^7 as recorded, 0 otherwise, 0 never came$' guest.out || fail "the guest heard something else"
[[ ! -e v.sock_1073741824 ]] || fail "the socket is left behind"

# One of a machine, whose guest ends without a word.
machine=${trace%/*}/container.trace
meet "$machine" "$machine"
[[ $host_status = 0 && $guest_status = 0 ]] || fail "the machine's do not know each other: $host_status, $guest_status"
grep -q '^12 as recorded, 0 otherwise, 0 never came$' host.out || fail "the machine's host heard something else"

sed 's/"ExitCode":143/"ExitCode":9/' "$trace" >other.trace
meet "$trace" other.trace
[[ $host_status = 1 && $guest_status = 0 ]] || fail "another exit code was not noticed: $host_status, $guest_status"
grep -q '\$.ExitCode: expected 143, got 9' host.out || fail "the difference is not told"

sed 's/"Signal":15/"Signal":9/' "$trace" >other.trace
meet "$trace" other.trace 1 # the exit that a signal should bring never comes
[[ $guest_status = 1 ]] || fail "another signal was not noticed"
grep -q '\$.Options.Signal: expected 9, got 15' guest.out || fail "the difference is not told"

# On a bad bridge: what is slow and shuffled is the same, an answer that is left out is missed.
meet "$trace" "$trace" 20 'frame:* delay=0ms..2ms shuffle'
[[ $host_status = 0 && $guest_status = 0 ]] || fail "a slow bridge makes them strangers: $host_status, $guest_status"
grep -q '^15 frames met a fault$' guest.out || fail "not all frames were slow"
meet "$trace" "$trace" 1 'frame:Response(Start) never'
[[ $host_status = 1 && $guest_status = 1 ]] || fail "a lost answer was not missed: $host_status, $guest_status"
grep -q '^1 frames met a fault$' guest.out || fail "another frame was lost"
status=0
"$hcstrace" guest --faults lost-exit "$trace" unix:v.sock >guest.out 2>&1 || status=$?
[[ $status = 1 ]] || fail "rules that are for no bridge are taken"
grep -q 'a bridge knows frames only' guest.out || fail "it is not told which rule is for no bridge"

"$hcstrace" diff "$trace" "$trace" >diff.out || fail "a trace differs from itself"
sed 's/"ExitCode":143/"ExitCode":9/; s/0123456789abcdef/fedcba9876543210/g' "$trace" >other.trace
"$hcstrace" diff "$trace" other.trace >diff.out && fail "another exit code is no difference"
grep -q '^\$.ExitCode: expected 143, got 9$' diff.out || fail "the difference is not told"
grep -q '^8 messages in both, 1 of them differ, 0 moved; 0 only in A, 0 only in B$' diff.out || fail "the sums are wrong"
status=0
"$hcstrace" diff "$trace" /dev/null >diff.out 2>&1 || status=$?
[[ $status = 1 ]] || fail "what is no trace is compared"
status=0
"$hcstrace" diff "$trace" >diff.out 2>&1 || status=$?
[[ $status = 2 ]] || fail "one trace is enough"

"$hcstrace" show "$trace" >shown.out
grep -q 'bridge/1 <- Response(WaitForProcess) #4 {"Result":0,"ExitCode":143}' shown.out || fail "the timeline lacks an answer"
grep -q '^0 calls, 0 failed, 0 events, 15 frames$' shown.out || fail "the timeline lacks frames"
"$hcstrace" show --json "$trace" | tail -n +1 | cmp - <(tail -n +2 "$trace") || fail "records do not come back as they were"
