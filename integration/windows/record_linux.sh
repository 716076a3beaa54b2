#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is recorded under Wine, with our DLLs in System32 of WINEPREFIX in the place of the system's, replays on Linux with
# the same results, and the reverse. Skipped without a build for Linux.
# usage: record_linux.sh BUILD_ROOT NATIVE_BUILD_ROOT

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1 native=$2
for program in hcsdemo/hcsdemo hcstrace/hcstrace hcnctl/hcnctl; do
        if [[ ! -x $native/cmd/$program ]]; then
                echo "skipped: no $native/cmd/$program (meson setup build; ninja -C build)"
                exit 77
        fi
done
unset WINEPATH HCSSHIM_LIBRARY_PATH
cd "$work" || exit 1
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root/cmd/mockhcs/mockhcs.exe" "$root/lib/hcsshim.dll" \
        "$root/cmd/hcsdemo/hcsdemo.exe" "$root/cmd/hcnctl/hcnctl.exe" .
expect 0 "install" wine mockhcs.exe install --system

here=(wine "$root/cmd/hcstrace/hcstrace.exe")
there=(env "HCSSHIM_LIBRARY_PATH=$native/mockhcs/abi" "$native/cmd/hcstrace/hcstrace")

# both_ways TITLE PROGRAM ARGUMENTS...
both_ways() {
        local title=$1 program=$2
        shift 2
        expect 0 "$title: recorded under Wine" "${here[@]}" record -o wine.trace -- "$program.exe" "$@"
        tr -d '\r' <out >said
        expect 0 "$title: replayed on Linux" "${there[@]}" verify wine.trace -- "$native/cmd/$program/$program" "$@"
        diff said out >difference || fail "$title: another output on Linux: $(cat difference)"
        expect 0 "$title: recorded on Linux" "${there[@]}" record -o linux.trace -- "$native/cmd/$program/$program" "$@"
        cp out said
        expect 0 "$title: replayed under Wine" "${here[@]}" verify linux.trace -- "$program.exe" "$@"
        diff said <(tr -d '\r' <out) >difference || fail "$title: another output under Wine: $(cat difference)"
}

both_ways "systems and processes" hcsdemo
both_ways "the same through vmcompute" hcsdemo --api vmcompute
both_ways "networks" hcnctl network create '{"Name":"nat","Type":"NAT","Ipams":[{"Subnets":[{"IpAddressPrefix":"10.0.0.0/24","Routes":[{"NextHop":"10.0.0.1","DestinationPrefix":"0.0.0.0/0"}]}]}]}'

expect 0 "uninstall" wine mockhcs.exe uninstall --system
finish
