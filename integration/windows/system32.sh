#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The DLLs where the system's are, in System32 of WINEPREFIX: put there by `mockhcs install', found there by our tests, by
# the conformance suite and by a client in Go, and taken away again.
# usage: system32.sh BUILD_ROOT [CLIENT_IN_GO]; mockhcs.exe and the programs are below BUILD_ROOT

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1
client=${2:+$(realpath "$2")}
unset WINEPATH HCSSHIM_LIBRARY_PATH
cd "$work" || exit 1
mkdir dlls
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root/cmd/mockhcs/mockhcs.exe" dlls
mockhcs=(wine dlls/mockhcs.exe)

# In front of nothing, of something else, and of ourselves.
expect 1 "none is there at first" "${mockhcs[@]}" status --system
matches '^vmcompute.dll +not there'
system32=$WINEPREFIX/drive_c/windows/system32
echo "somebody else's" >"$system32/vmcompute.dll"
expect 1 "what others made is refused" "${mockhcs[@]}" install --system
says "vmcompute.dll"
[[ ! -e $system32/mockhcs.dll ]] || fail "one was copied all the same"
expect 1 "also when told once" "${mockhcs[@]}" install --system --replace
expect 0 "not when told twice" "${mockhcs[@]}" install --system --replace --replace
expect 0 "and again over ours" "${mockhcs[@]}" install --system
expect 1 "with nothing to install" "${mockhcs[@]}" install --system --from /nowhere
expect 2 "without a place" "${mockhcs[@]}" install

# Every unit test that is linked to one of ours, which it finds there only. Without cmocka there is none.
HCSWORKER=$(winepath -w "$root/cmd/hcsconform/hcsworker.exe") # what some of them start
export HCSWORKER
ours='(mockhcs|computecore|computenetwork|computestorage|vmcompute)\.dll'
# What real processes print and read by the megabyte does not depend on where the DLLs are.
count=0
while read -r program; do
        expect 0 "$(basename "$program" .exe)" wine "$program"
        count=$((count + 1))
done < <(find "$root" -name '*_test.exe' ! -name real_flow_test.exe -exec grep -lE "$ours" {} + | sort)
[[ $count -ge 25 || -z $(find "$root" -name '*_test.exe' -print -quit) ]] || fail "only $count tests are linked to ours"
expect 0 "conformance" wine "$root/cmd/hcsconform/hcsconform.exe" --target emulate
MOCKHCS=emulate,machines=paper expect 0 "conformance of what is in System32" wine "$root/cmd/hcsconform/hcsconform.exe" --target real
says "SKIP needs an image"
expect 0 "promises" wine "$root/integration/windows/promises.exe"
expect 0 "torture" wine "$root/integration/windows/torture.exe"
if [[ -n $client ]]; then
        expect 0 "a client in Go" wine "$client"
        says "ok: its exit code is 7"
        says "ok: and gone, with a record"
fi

expect 0 "uninstall" "${mockhcs[@]}" uninstall --system
grep -q "somebody else's" "$system32/vmcompute.dll" || fail "what was there before was not put back"
rm "$system32/vmcompute.dll"
expect 1 "none is there in the end" "${mockhcs[@]}" status --system
expect 0 "there is nothing to uninstall" "${mockhcs[@]}" uninstall --system
says "none of ours"
finish
