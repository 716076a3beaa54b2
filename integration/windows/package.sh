#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The zip for Windows: the same bytes when it is made again, nothing in it that needs a DLL which is neither in it nor
# Windows' own, and a program that is built with nothing but it, and runs.
# usage: package.sh SOURCE_ROOT BUILD_ROOT CC OBJDUMP

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1 build=$2 cc=$3 objdump=$4
unset WINEPATH HCSSHIM_LIBRARY_PATH

expect 0 "made" "$root/ci/windows/package" "$build" "$work/first.zip"
umask 077
expect 0 "made again" env TZ=Asia/Tokyo "$root/ci/windows/package" "$build" "$work/second.zip"
expect 0 "the same bytes" cmp "$work/first.zip" "$work/second.zip"
expect 0 "unpacked" unzip -q "$work/first.zip" -d "$work"
package=$(echo "$work"/hcsshim-*)

find "$package/bin" -printf '%f\n' | tr '[:upper:]' '[:lower:]' | sort >"$work/ours"
for file in "$package"/bin/*; do
        "$objdump" -p "$file" | sed -n 's/^.*DLL Name: //p' | tr '[:upper:]' '[:lower:]' | sort | comm -23 - "$work/ours" |
                grep -vxE '(advapi32|bcrypt|kernel32|msvcrt|ntdll|ole32|ws2_32)\.dll' >"$work/foreign" &&
                fail "$(basename "$file") needs $(paste -sd ' ' "$work/foreign")"
done

expect 0 "a client is built" "$cc" -I"$package/include" "$root/cmd/hcsdemo/main.c" -L"$package/lib" -lhcsshim -o "$package/bin/client.exe"
expect 0 "and runs" env HCSSHIM_LIBRARY_PATH="$(winepath -w "$package/bin")" MOCKHCS=emulate MOCKHCS_VERIFY=1 wine "$package/bin/client.exe"
expect 0 "a client of a system DLL is built" "$cc" -std=gnu17 -DLINKED -I"$package/include" "$root/integration/windows/recorded.c" \
        -L"$package/lib" -lcomputecore -o "$work/linked.exe"
cp "$package/bin/client.exe" "$package/bin/hcsshim.dll" "$work"
cd "$work" || exit 1
expect 0 "the DLLs are installed" wine "$package/bin/mockhcs.exe" install --system
expect 0 "the client finds them" wine linked.exe linked
expect 0 "the other is recorded" wine "$package/bin/hcstrace.exe" record -o run.trace -- client.exe
grep -q HcsStartComputeSystem run.trace || fail "there is no trace of it"
expect 0 "they are taken away" wine "$package/bin/mockhcs.exe" uninstall --system
expect 0 "beside a program" wine "$package/bin/mockhcs.exe" install --beside linked.exe
expect 0 "it finds them there" wine linked.exe linked

# As a CI owner begins: the suite against the emulator of the package, from a prefix where nothing is installed.
expect 1 "nothing is installed" wine "$package/bin/mockhcs.exe" status --system
expect 0 "the suite with what is beside it" wine "$package/bin/hcsconform.exe" --group storage --group network --junit junit.xml \
        --record traces --results emulate.json --parity parity.md
grep -qE '^- emulator: [0-9]+ passed, 0 failed' parity.md || fail "the table counts $(sed -n 3,5p parity.md)"
grep -q '^| storage: a name has one GUID | not run | passed | ' parity.md || fail "the table has no row of a case"
[[ $(find traces -name '*.trace' | wc -l) -eq $(grep -c '<testcase' junit.xml) ]] || fail "not each case left a trace"
expect 0 "a trace is one" wine "$package/bin/hcstrace.exe" stats traces/storage-a-name-has-one-guid.trace
expect 2 "a platform that is not there" wine "$package/bin/hcsconform.exe" --target real
says "computecore.dll"
expect 2 "another group" wine "$package/bin/hcsconform.exe" --group disks
says 'there is no group "disks"'
"$objdump" -p "$package/bin/client.exe" | grep -q 'DLL Name: hcsshim.dll' || fail "the client is not linked to hcsshim.dll"
finish
