#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcsshim in Go, unmodified, over our DLLs in System32 of WINEPREFIX: its public functions by a program of ours, emulated,
# recorded and played again; and the tests by which Kubernetes checks its proxy against the networks of a Windows host.
# usage: test.sh BUILD_ROOT HCSTRACE CLIENT PROXY_TESTS

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../../checks.sh"
root=$1
hcstrace=$(realpath "$2")
client=$(realpath "$3")
proxy=$(realpath "$4")
unset WINEPATH HCSSHIM_LIBRARY_PATH
cd "$work" || exit 1
mkdir dlls
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root/cmd/mockhcs/mockhcs.exe" dlls
expect 0 "install" wine dlls/mockhcs.exe install --system

mkdir emulated recorded
expect 0 "emulated" env MOCKHCS=emulate wine "$client" "$(winepath -w emulated)"
cp out emulated.txt
expect 0 "recorded" env MOCKHCS=record=run.trace,emulate wine "$client" "$(winepath -w recorded)"
cp out recorded.txt
expect 0 "the trace is shown" wine "$hcstrace" show run.trace
for name in HcsCreateComputeSystem HcsOpenProcess HNSCall HcnCreateLoadBalancer CreateSandboxLayer ImportLayer; do
        says "$name"
done
# A replay calls nothing: the folders that the first run left are those that its results are of.
expect 0 "played" env MOCKHCS=replay=run.trace wine "$client" "$(winepath -w recorded)"
diff emulated.txt recorded.txt || fail "other results when recorded"
diff emulated.txt out || fail "other results when played"

expect 0 "the proxy of Kubernetes" env MOCKHCS=emulate wine "$proxy" -test.v
[[ $(grep -c '^--- PASS: Test' out) -ge 20 ]] || fail "not all of its tests were run"
! grep -qE '^--- (FAIL|SKIP)' out || fail "some of its tests"

expect 0 "uninstall" wine dlls/mockhcs.exe uninstall --system
finish
