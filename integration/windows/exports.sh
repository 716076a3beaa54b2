#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the DLLs export and what they need: exactly the functions that the public headers list, no less than the import
# libraries of mingw-w64 know but for four, with as many arguments as its headers say, and nothing that does not come
# with Windows.
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

# Functions of a header with the number of their arguments.
arities() {
        printf '#include <windows.h>\n#include <%s>\n' "$1" |
                "$cc" -DHCS_ABI_PROTOTYPES -I"$root/lib/include" -fsyntax-only -aux-info "$work/prototypes" -x c - &&
                sed -nE 's/.*extern [^(]*\b(Hc[sn][A-Za-z]*) \((.*)\);.*/\1 \2/p' "$work/prototypes" |
                awk '{ name = $1; $1 = ""; n = gsub(/,/, ","); print name, $0 == " void" ? 0 : n + 1 }' | sort
}

for dll in "$@"; do
        name=$(basename "$dll" .dll)
        exported "$dll" >"$work/exported"
        if [[ $name == compute* || $name == vmcompute ]]; then
                listed "$name" >"$work/listed"
                expect 0 "$name.dll exports what its header lists" diff "$work/exported" "$work/listed"
                import=$("$cc" -print-file-name="lib$name.a")
                if [[ -f $import ]]; then
                        "$nm" "$import" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort -u | grep -vxE "$unknown" >"$work/known"
                        expect 0 "$name.dll exports what mingw's import library knows" comm -13 "$work/exported" "$work/known"
                        [[ ! -s $work/out ]] || fail "$name.dll lacks $(tr '\n' ' ' <"$work/out")"
                fi
                if arities "$name.h" >"$work/theirs" 2>/dev/null; then
                        arities "hcsshim/abi/$name.h" >"$work/ours"
                        expect 0 "$name.h says what mingw's header says" comm -13 "$work/ours" "$work/theirs"
                        [[ ! -s $work/out ]] || fail "$name.h differs in $(tr '\n' ' ' <"$work/out")"
                fi
        fi
        "$objdump" -p "$dll" | awk '/DLL Name:/ { print tolower($3) }' | sort -u >"$work/needed"
        expect 1 "$name.dll needs nothing that is neither Windows' nor ours" grep -vxE "($windows|mockhcs)\.dll" "$work/needed"
done
finish
