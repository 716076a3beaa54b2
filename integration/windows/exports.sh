#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the DLLs export and what they need: exactly the functions that the public headers list, no less than what clients
# look up (exports.txt) and than the import libraries of mingw-w64 know but for four, with as many arguments as its
# headers say, and nothing that does not come with Windows.
# usage: exports.sh SOURCE_ROOT CC OBJDUMP NM DLL...

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
root=$1 cc=$2 objdump=$3 nm=$4
shift 4

# No client that we know calls these, and nothing says what their arguments are.
unknown='HcsEnumerateVmWorkerProcesses|HcsFindVmWorkerProcesses|HcsGetWorkerProcessJob|HcsStartVmWorkerProcess'
windows='advapi32|bcrypt|kernel32|msvcrt|ntdll|ole32|ws2_32'

exported() {
        "$objdump" -p "$1" | awk '/^\[Ordinal\/Name Pointer\] Table/ { table = 1; next } table && !NF { exit } table { print $NF }' | sort
}

listed() {
        printf '#include "hcsshim/abi/%s.h"\nHCS_%s_FUNCTIONS(HCS_NAME_OF)\n' "$1" "${1^^}" |
                "$cc" -E -P -I"$root/lib/include" '-DHCS_NAME_OF(ret, name, params)=@@name' - | grep -o '@@[A-Za-z]*' | tr -d @ | sort
}

# Functions of a header as they are called: without const, in words of the same size.
prototypes() {
        printf '#include <windows.h>\n#include <%s>\n' "$1" |
                "$cc" -DHCS_ABI_PROTOTYPES -I"$root/lib/include" -fsyntax-only -aux-info "$work/prototypes" -x c - &&
                sed -nE 's/.*extern (.*[ *]Hc[sn][A-Za-z]* \(.*\));.*/\1/p' "$work/prototypes" |
                sed -E 's/\bconst\b ?//g; s/\bPCWSTR\b/PWSTR/g; s/\bPHCN_([A-Z]+)/HCN_\1 */g; s/\bHCS_ABI_HRESULT\b/HRESULT/
                        s/\b(SECURITY_DESCRIPTOR|HCS_CREATE_OPTIONS)\b/void/g; s/\b(ULONG|HCS_EVENT_OPTIONS)\b/DWORD/g; s/\buint32_t\b/DWORD/g
                        s/\b(HCS_OPERATION_TYPE|HCN_PORT_PROTOCOL|HCN_PORT_ACCESS)\b/int32_t/g; s/\bUINT64\b/uint64_t/g; s/\bUSHORT\b/uint16_t/g
                        s/ +([*,)])/\1/g' | sort
}

if printf '#include <windows.h>\n#include <computedefs.h>\n' | "$cc" -fsyntax-only -x c - 2>/dev/null; then
        expect 0 "mingw's headers lay out what ours lay out" "$cc" -DPUBLISHED -fsyntax-only "$root/mockhcs/abi/layout.c"
fi
for dll in "$@"; do
        name=$(basename "$dll" .dll)
        exported "$dll" >"$work/exported"
        if [[ $name == compute* || $name == vmcompute ]]; then
                listed "$name" >"$work/listed"
                expect 0 "$name.dll exports what its header lists" diff "$work/exported" "$work/listed"
                sed -n "s/^$name //p" "$(dirname "$0")/exports.txt" | sort >"$work/looked_up"
                [[ -s $work/looked_up ]] || fail "nothing is looked up in $name.dll"
                expect 0 "$name.dll exports what clients look up" comm -13 "$work/exported" "$work/looked_up"
                [[ ! -s $work/out ]] || fail "$name.dll lacks $(tr '\n' ' ' <"$work/out")"
                import=$("$cc" -print-file-name="lib$name.a")
                if [[ -f $import ]]; then
                        "$nm" "$import" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort -u | grep -vxE "$unknown" >"$work/known"
                        expect 0 "$name.dll exports what mingw's import library knows" comm -13 "$work/exported" "$work/known"
                        [[ ! -s $work/out ]] || fail "$name.dll lacks $(tr '\n' ' ' <"$work/out")"
                fi
                if prototypes "$name.h" >"$work/theirs" 2>/dev/null; then
                        prototypes "hcsshim/abi/$name.h" >"$work/ours"
                        expect 0 "$name.h says what mingw's header says" comm -13 "$work/ours" "$work/theirs"
                        [[ ! -s $work/out ]] || fail "$name.h differs in $(tr '\n' ' ' <"$work/out")"
                fi
        fi
        "$objdump" -p "$dll" | awk '/DLL Name:/ { print tolower($3) }' | sort -u >"$work/needed"
        expect 1 "$name.dll needs nothing that is neither Windows' nor ours" grep -vxE "($windows|mockhcs)\.dll" "$work/needed"
done
finish
