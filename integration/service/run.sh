#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A world that several processes share: mockhcs service, its clients, and hcsctl at it. usage: run.sh BUILD_DIR
#
# What `eventually' runs looks as if nobody called it.
# shellcheck disable=SC2317

set -u
build=$1
client=$build/integration/service/service_client
mockhcs=$build/cmd/mockhcs/mockhcs
hcsctl=$build/cmd/hcsctl/hcsctl
hcnctl=$build/cmd/hcnctl/hcnctl
hcstrace=$build/cmd/hcstrace/hcstrace
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
socket=$work/s
trap '"$hcsctl" service stop --socket "$socket" >/dev/null 2>&1; rm -rf "$work"' EXIT # a run that was cut short leaves none
export HCSSHIM_LIBRARY_PATH=$build/mockhcs/abi MOCKHCS=remote=$socket HCSSHIM_LOG=error
unset XDG_RUNTIME_DIR

# Waits until a command succeeds: for what another process does.
eventually() {
        for ((i = 0; i < 600; i++)); do
                "$@" >/dev/null 2>&1 && return 0
                sleep 0.05
        done
        fail "never: $*"
}
lists() {
        "$hcsctl" list --ids 2>/dev/null | grep -qx "$1"
}
lists_no() {
        local ids
        ids=$("$hcsctl" list --ids 2>/dev/null) && ! grep -qx "$1" <<<"$ids"
}
stops() {
        ! "$hcsctl" service status
}

# Starting, and one service a socket.
expect 1 "nobody there" "$hcsctl" list
says "HCS_E_SERVICE_NOT_AVAILABLE 0x80370114"
expect 0 "it goes on by itself" "$mockhcs" service --socket "$socket" --state "$work/state"
expect 75 "one service a socket" "$mockhcs" service --socket "$socket"
expect 2 "wrong usage" "$mockhcs" service --idle-exit soon
expect 1 "a composition that is none" "$mockhcs" service --socket "$work/other" --backend dream
says '"dream"'
expect 1 "a folder that is not there" "$mockhcs" service --socket "$work/no/where"

# Systems are found by other processes.
expect 0 "a system" "$client" create shared
expect 0 "all see it" "$hcsctl" list
matches '^ID +TYPE +STATE +OWNER'
matches '^shared +Container +Running +client'
expect 0 "as JSON" "$hcsctl" list --json
python3 -m json.tool "$work/out" >/dev/null || fail "not JSON"
expect 0 "of another owner" "$hcsctl" list --owner nobody --ids
silent_about shared
expect 0 "show" "$hcsctl" show shared
matches '^State: Running$'
expect 0 "what a query says" "$hcsctl" show --property ProcessList shared
expect 3 "show what is not there" "$hcsctl" show nothing
expect 1 "taken" "$client" create shared
says "0x8037010F"

# Processes with their streams.
expect 0 "exec" "$hcsctl" exec shared cmd /c echo hello world
matches '^hello world'
expect 3 "the exit code is the command's" "$hcsctl" exec shared -- cmd /c exit 3
expect 125 "a command that is not there" "$hcsctl" exec shared nothing-of-that-name
expect 125 "a system that is not there" "$hcsctl" exec nothing cmd
expect 2 "no command" "$hcsctl" exec shared
[[ $(printf 'through the pipe' | timeout 60 "$hcsctl" exec -i shared cat) == "through the pipe" ]] || fail "input"
head -c 3000000 /dev/urandom >"$work/bytes"
timeout 120 "$hcsctl" exec -i shared cat <"$work/bytes" >"$work/back"
cmp -s "$work/bytes" "$work/back" || fail "bytes do not come back as they went"
printf 'echo one\nexit 7\n' | timeout 60 "$hcsctl" console shared >"$work/out"
[[ ${PIPESTATUS[1]} -eq 7 ]] || fail "console: the exit code"
matches '^one'

# A process of one client is another one's to end.
timeout 60 "$hcsctl" exec shared ping -t localhost >"$work/ping" &
ping=$!
is_written Pinging "$work/ping" "$ping" || fail "nothing pings"
pid=$("$hcsctl" show --json --property ProcessList shared | grep -o '"ProcessId": [0-9]*' | tail -1 | grep -o '[0-9]*')
expect 0 "kill a process" "$hcsctl" kill --pid "$pid" shared
wait "$ping"
[[ $? -ne 0 && $? -ne 124 ]] || fail "the process did not end"
expect 3 "kill it again" "$hcsctl" kill --pid "$pid" shared

# Events reach every client.
"$client" watch shared >"$work/watch" &
watch=$!
timeout 60 "$hcsctl" events shared >"$work/events" &
events=$!
timeout 60 "$hcsctl" events --json shared >"$work/events.json" &
events_json=$!
is_written watching "$work/watch" "$watch" || fail "nobody watches"
at_it() {
        [[ $("$hcsctl" service status --json | grep -c '"Handles": [1-9]') -ge 3 ]]
}
eventually at_it
expect 0 "kill a system" "$hcsctl" kill shared
wait "$watch" || fail "watch"
wait "$events" || fail "events"
wait "$events_json" || fail "events as JSON"
grep -q '^SystemExited {"Status":0,"ExitType":"ForcedExit"}' "$work/watch" || fail "what the watcher heard"
grep -q 'shared  SystemExited  {"Status":0' "$work/events" || fail "what hcsctl heard"
python3 -c 'import json,sys; e=json.loads(open(sys.argv[1]).readline()); assert e["Event"]=="SystemExited" and e["System"]=="shared"' "$work/events.json" || fail "events as JSON"
eventually lists_no shared

# A client that dies lets go of what it held.
mkfifo "$work/in"
"$client" hold goes '{"SchemaVersion":{"Major":2,"Minor":1},"Container":{},"ShouldTerminateOnLastHandleClosed":true}' <"$work/in" >"$work/held" &
holder=$!
exec 5>"$work/in"
is_written held "$work/held" "$holder" || fail "nobody holds it"
lists goes || fail "it is there"
kill -9 "$holder"
wait "$holder" 2>/dev/null
exec 5>&-
eventually lists_no goes
rm "$work/held"
"$client" hold stays <"$work/in" >"$work/held" &
holder=$!
exec 5>"$work/in"
is_written held "$work/held" "$holder" || fail "nobody holds it"
kill -9 "$holder"
wait "$holder" 2>/dev/null
exec 5>&-
expect 0 "a system without the flag stays" "$hcsctl" show stays

# Networks are shared, and the world is saved, put back and started anew.
expect 0 "a network" "$hcnctl" network create --name lan --type NAT
expect 0 "seen by others" "$hcnctl" network show lan
MOCKHCS=record=$work/remote.trace,remote=$socket expect 0 "status, at the socket of a composition" "$hcsctl" service status
expect 0 "status" "$hcsctl" service status
matches '^  Systems: 1$'
matches '^  NetworkObjects: 1$'
expect 0 "save" "$hcsctl" snapshot save --json "$work/world"
says "\"Saved\": \"$work/world\""
expect 3 "kill all, and one that is not there" "$hcsctl" kill --json stays nothing
python3 -c 'import json,sys; t=sys.stdin.read(); assert json.loads(t[t.index("{"):]) == {"Ended": ["stays"]}' <"$work/out" || fail "what was ended"
expect 0 "delete all" "$hcnctl" network delete lan
expect 0 "restore" "$hcsctl" snapshot restore "$work/world"
lists stays || fail "the system is back"
expect 0 "the network is back" "$hcnctl" network show lan
expect 1 "restore what is no world" "$hcsctl" snapshot restore /dev/null
expect 0 "reboot" "$hcsctl" reboot --json
says '"Rebooted": true'
eventually lists_no stays
expect 0 "a persistent network stays" "$hcnctl" network show lan
expect 0 "reboot without networks" "$hcsctl" reboot --without-networks
expect 3 "now it is gone" "$hcnctl" network show lan
expect 0 "something to keep" "$client" create kept
expect 0 "stop" "$hcsctl" service stop
eventually stops
expect 0 "a new service with that state" "$mockhcs" service --socket "$socket" --state "$work/state"
lists kept || fail "what was kept in the state file"
expect 0 "stop" "$hcsctl" service stop
eventually stops

# On demand: two clients at once get one service.
start="remote=$socket,start=yes,program=$mockhcs,service=record=$work/all.trace\\,emulate"
MOCKHCS=$start timeout 60 "$client" create first &
one=$!
MOCKHCS=$start timeout 60 "$client" create second || fail "start on demand"
wait "$one" || fail "start on demand, too"
lists first || fail "both in one world: first"
lists second || fail "both in one world: second"
MOCKHCS=record=$work/mine.trace,remote=$socket expect 0 "a client records" "$hcsctl" exec first cmd /c echo recorded
expect 0 "what the client recorded" "$hcstrace" show "$work/mine.trace"
says recorded
MOCKHCS=replay=$work/mine.trace expect 0 "plays again without a service" "$hcsctl" exec first cmd /c echo recorded
says recorded
expect 0 "stop" "$hcsctl" service stop
eventually stops
expect 0 "what the service recorded" "$hcstrace" show --all "$work/all.trace"
says recorded
says "HcsCreateOperation"

# Handed over by a service manager.
"$client" listen "$socket" "$mockhcs" service --foreground >"$work/handed" 2>&1 &
handed=$!
is_written listens "$work/handed" "$handed" || fail "nobody listens"
expect 0 "a socket that was handed over" "$client" create x
kill -TERM "$handed"
wait "$handed" || fail "SIGTERM is a way to end"
rm -f "$socket"

# Handed over, and not what it should be: a file, a pipe, nothing, two.
handed_over() { # TITLE COUNT REDIRECTION
        expect 1 "$1" bash -c "LISTEN_PID=\$\$ LISTEN_FDS=$2 exec '$mockhcs' service --foreground $3"
}
handed_over "a file that was handed over" 1 '3</dev/null'
says "descriptor 3 of LISTEN_FDS is no Unix socket that listens"
handed_over "a pipe that was handed over" 1 '3< <(sleep 0)'
says "descriptor 3 of LISTEN_FDS is no Unix socket that listens"
handed_over "nothing that was handed over" 1 '3<&-'
says "descriptor 3 of LISTEN_FDS is no Unix socket that listens"
handed_over "two that were handed over" 2 '3</dev/null'
says "one socket is expected"
if command -v systemd-socket-activate >/dev/null; then # the real one
        systemd-socket-activate -l "$socket" "$mockhcs" service --foreground >"$work/handed" 2>&1 &
        handed=$!
        eventually test -S "$socket"
        expect 0 "the first client starts the service" "$client" create first
        expect 0 "which goes on" "$hcsctl" show first
        expect 0 "until it is stopped" "$hcsctl" service stop
        wait "$handed" || fail "a service that was stopped did not end well"
        rm -f "$socket"
fi
printf '[Service]\nExecStart=/bin/true\n' >"$work/probe.service"
if systemd-analyze verify "$work/probe.service" >/dev/null 2>&1; then # our units, without the manual, which is not installed
        for unit in "$(dirname "$0")/../../cmd/mockhcs/mockhcs.socket" "$build/cmd/mockhcs/mockhcs.service"; do
                sed "/^Documentation=/d; s,^ExecStart=[^ ]*,ExecStart=$mockhcs," "$unit" >"$work/${unit##*/}"
        done
        expect 0 "the units of systemd" systemd-analyze verify "$work/mockhcs.service" "$work/mockhcs.socket"
        [[ ! -s $work/out ]] || fail "systemd does not know all that is in the units"
fi

# Faults and traces behind a service.
expect 0 "faults" "$mockhcs" service --socket "$socket" --backend 'faults=HcsCreateComputeSystem fail=0x80370106,emulate' --idle-exit 600
expect 1 "are the clients'" "$client" create broken
says "0x80370106"
expect 0 "stop" "$hcsctl" service stop
eventually stops
# Host networking that hangs is no matter to systems; who waits for it waits until the service ends.
expect 0 "networks that hang" "$mockhcs" service --socket "$socket" --backend 'faults=networks-hang,emulate'
timeout 60 "$hcnctl" network list >"$work/hanging" 2>&1 &
hanging=$!
hangs() {
        "$hcsctl" service status | grep -qE '^[0-9]+ +hcnctl +[^ ]+ +0 +1 +1$'
}
eventually hangs
expect 0 "systems go on" "$client" create meanwhile
lists meanwhile || fail "a system beside networks that hang"
hangs || fail "the call was answered"
expect 0 "stop" "$hcsctl" service stop
wait "$hanging"
[[ $? -eq 1 ]] || fail "a call that hung did not fail with the service"
grep -q 'HcnEnumerateNetworks: .*HCS_E_SERVICE_DISCONNECT 0x8037011E' "$work/hanging" || fail "why it failed"
eventually stops
expect 0 "a trace" "$mockhcs" service --socket "$socket" --backend "replay=$work/mine.trace"
expect 0 "is played to a client" "$hcsctl" exec first cmd /c echo recorded
says recorded
expect 1 "has no world" "$hcsctl" snapshot save "$work/none"
says "0x80004001"
expect 0 "stop" "$hcsctl" service stop
eventually stops

for program in "$hcsctl" "$mockhcs"; do
        expect 0 "help" "$program" --help
        expect 0 "version" "$program" --version
        expect 2 "an unknown command" "$program" dance
done
for command in list show exec console kill events snapshot reboot service; do
        expect 0 "help of $command" "$hcsctl" $command --help
        expect 2 "an unknown option of $command" "$hcsctl" $command --dance
done
finish
