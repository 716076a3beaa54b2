#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcsshim in Go, unmodified, over our DLLs in System32 of WINEPREFIX: its public functions by a program of ours, and the
# tests by which Kubernetes checks its proxy against the networks of a Windows host. Each is emulated, recorded as it is,
# and played again.
# usage: test.sh BUILD_ROOT HCSTRACE CLIENT PROXY_TESTS

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../../checks.sh"
root=$1
hcstrace=$(realpath "$2")
client=$(realpath "$3")
proxy=$(realpath "$4")
unset WINEPATH HCSSHIM_LIBRARY_PATH
cd "$work" || exit 1
mkdir dlls layers
# The prefix is left as it was, whatever ends this.
trap 'wine dlls/mockhcs.exe uninstall --system >/dev/null 2>&1; rm -rf "$work"' EXIT
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root/cmd/mockhcs/mockhcs.exe" dlls
expect 0 "install" wine dlls/mockhcs.exe install --system
home=$(winepath -w layers)

# three NAME COMMAND...: what it says of its steps is the same each time. A replay makes no layer: the ones of the run are
# still there.
three() {
        local name=$1
        shift
        expect 0 "$name, emulated" env MOCKHCS=emulate wine "$@"
        grep -E '^(ok:|--- )' out | sed 's/ (.*s)$//' >"$name.txt"
        [[ $(wc -l <"$name.txt") -ge 20 ]] || fail "$name has done little"
        rm -rf layers
        mkdir layers
        expect 0 "$name, recorded" env MOCKHCS=emulate wine "$hcstrace" record -o "$name.trace" -- "$@"
        diff <(grep -E '^(ok:|--- )' out | sed 's/ (.*s)$//') "$name.txt" || fail "$name: other results when recorded"
        expect 0 "$name, played" env MOCKHCS=replay="$name.trace" wine "$@"
        diff <(grep -E '^(ok:|--- )' out | sed 's/ (.*s)$//') "$name.txt" || fail "$name: other results when played"
        expect 0 "$name, shown" wine "$hcstrace" show "$name.trace"
}
three client "$client" "$home"
for name in HcsCreateComputeSystem HcsOpenProcess HNSCall HcnCreateLoadBalancer CreateSandboxLayer ImportLayer; do
        says "$name"
done
three proxy "$proxy" -test.v
says HcnCreateEndpoint
! grep -vE '^--- PASS' proxy.txt || fail "not all of the proxy's tests passed"

# Where our recorder stands in front of the emulator instead of in the program.
rm -rf layers
mkdir layers
expect 0 "recorded by the DLL" env MOCKHCS=record=dll.trace,emulate wine "$client" "$home"
expect 0 "and played" env MOCKHCS=replay=dll.trace wine "$client" "$home"
diff out client.txt || fail "other results, or more to say"

expect 0 "uninstall" wine dlls/mockhcs.exe uninstall --system
finish
