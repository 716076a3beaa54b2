#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Programs of Windows that share a world: a service at a named pipe, two clients that have handles on one system, one of
# which is killed, and then the other.
# usage: share.sh BUILD_ROOT; mockhcs.exe and the DLLs are below BUILD_ROOT, and found by WINEPATH

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1
pipe="\\\\.\\pipe\\hcsshim-share-$$"
service=("$root/cmd/mockhcs/mockhcs.exe" service --socket "$pipe" --foreground)
share=$root/integration/windows/share.exe
export MOCKHCS="remote=$pipe"

# starts NAME COMMAND...: a child whose lines come from the descriptor ${out[NAME]}
declare -A out pids
starts() {
        local name=$1 fd
        shift
        mkfifo "$work/$name"
        WINEDEBUG=-all wine "$@" >"$work/$name" 2>"$work/$name.err" </dev/null &
        pids[$name]=$!
        exec {fd}<"$work/$name"
        out[$name]=$fd
}
# hears NAME WORD: the next line that it says has it
hears() {
        local line=""
        read -r -t 60 -u "${out[$1]}" line
        if [[ $line == *"$2"* ]]; then echo "ok: $1 says $2"; else
                fail "$1 said \`$line' instead of $2"
                cat "$work/$1.err"
        fi
}
ends() {
        kill -KILL "${pids[$1]}" 2>/dev/null
        wait "${pids[$1]}" 2>/dev/null
}
trap 'for name in "${!pids[@]}"; do ends "$name"; done; rm -rf "$work"' EXIT

expect 1 "without a service there is none" wine "$share" gone shared
starts service "${service[@]}"
hears service "listens on"
expect 75 "a second service of that name" wine "${service[@]}"
starts maker "$share" make shared
hears maker made
starts guest "$share" meet shared
hears guest met

# Who is killed has closed its handles; the system lives on by those of the other.
ends maker
starts other "$share" meet shared
hears other met
ends guest
ends other
starts later "$share" make later
hears later made
for ((i = 0; i < 100; i++)); do # the service hears of it when it does
        wine "$share" gone shared >/dev/null 2>&1 && break
done
expect 0 "the last handle has gone with its program" wine "$share" gone shared

# The service is killed: who waits is told.
ends service
expect 1 "and the service with it" wine "$share" gone later
finish
