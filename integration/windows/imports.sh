#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Import libraries of a DLL that are not the linker's: one knows its functions by their numbers only, the other has the
# DLL loaded by the first call of each.
# usage: imports.sh OBJDUMP DLLTOOL DLL BY_NUMBER DELAYED

set -euo pipefail
objdump=$1 dlltool=$2 dll=$3 by_number=$4 delayed=$5
definition=$(mktemp)
trap 'rm -f "$definition"' EXIT

# NUMBER NAME of every export
exports() {
        local base
        base=$("$objdump" -p "$dll" | sed -n 's/^Ordinal Base[[:space:]]*\([0-9]*\)$/\1/p')
        "$objdump" -p "$dll" | sed -n '/^\[Ordinal\/Name Pointer\]/,/^$/s/^[[:space:]]*\[ *\([0-9]*\)\].*[[:space:]]\([A-Za-z0-9_]*\)$/\1 \2/p' |
                while read -r index name; do
                        echo "$((index + base)) $name"
                done
}

# define SUFFIX
define() {
        printf 'LIBRARY %s\nEXPORTS\n' "$(basename "$dll")"
        exports | while read -r number name; do
                echo "$name @$number $1"
        done
}

define NONAME >"$definition"
"$dlltool" -d "$definition" -l "$by_number"
define "" >"$definition"
"$dlltool" -d "$definition" --output-delaylib "$delayed"
