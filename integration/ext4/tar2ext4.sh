#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The flags of tar2ext4: each set of them on the command line gives the bytes of the golden set, written as Go's flags can
# be, and what is wrong usage ends as hcsshim's does. usage: tar2ext4.sh SOURCE_ROOT TAR2EXT4

set -u
fixtures=$1/fixtures/ext4
tar2ext4=$(realpath "$2")
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
rows=0

# image WHAT EXPECTED COMMAND...: it writes $work/image, silently, and without a VHD's footer that is its sha256.
image() {
        local footer=0 sum
        rm -f "$work/image"
        "${@:3}" >"$work/log" 2>&1 || fail "$1: exit code $?"
        [[ ! -s $work/log ]] || fail "$1 says $(head -c 300 "$work/log")"
        [[ $1 != *vhd* ]] || footer=512
        sum=$(head -c -$footer "$work/image" | sha256sum)
        [[ ${sum%% *} == "$2" ]] || fail "$1: other bytes"
        rows=$((rows + 1))
}

# The golden set's names of sets are flags joined by +; what has a root hash needs the library.
while IFS=$'\t' read -r tar options _ sha256 _; do
        flags=()
        case $options in
        none) ;;
        *verity* | *128GiB*) continue ;;
        *) IFS=+ read -ra flags <<<"-${options//+/+-}" ;;
        esac
        image "$tar $options" "$sha256" "$tar2ext4" ${flags[@]+"${flags[@]}"} -i "$fixtures/tars/$tar" -o "$work/image"
done < <(grep -E '^(realistic-layer|whiteout-backslash|wh-opaque|file-size-100)\.tar\b' "$fixtures/golden.tsv" | awk -F'\t' '$4 != ""')
[[ $rows -ge 24 ]] || fail "only $rows rows of the golden set"

# One dash or two, a value behind "=" or a blank, values of switches; an empty -i is standard input.
golden() {
        awk -F'\t' -v options="$1" '$1 == "realistic-layer.tar" && $2 == options { print $4 }' "$fixtures/golden.tsv"
}
tar=$fixtures/tars/realistic-layer.tar
image "two dashes" "$(golden overlay+inline)" "$tar2ext4" --overlay --inline=true --i="$tar" --o "$work/image"
image "switched off again" "$(golden none)" "$tar2ext4" -overlay -overlay=F -inline=0 -i "$tar" -o="$work/image"
image "standard input" "$(golden inline)" "$tar2ext4" -inline=T -i "" -o "$work/image" <"$tar"
image "the last one counts" "$(golden none)" "$tar2ext4" -i nowhere -i "$tar" -o nowhere/x -o "$work/image"

# refused CODE TEXT ARGUMENT...
refused() {
        local code=0
        "$tar2ext4" "${@:3}" >"$work/log" 2>&1 </dev/null || code=$?
        [[ $code -eq $1 ]] || fail "exit code $code instead of $1: ${*:3}"
        grep -qF -- "$2" "$work/log" || fail "no \`$2' from ${*:3}"
}
refused 0 "usage: tar2ext4" -h
refused 0 "usage: tar2ext4" --help
refused 0 "tar2ext4 " -version
refused 1 "usage: tar2ext4" -i "$tar"
refused 1 "usage: tar2ext4" -i "$tar" -o ""
refused 1 "usage: tar2ext4" -i "$tar" -o "$work/x" more
refused 1 "usage: tar2ext4" -o "$work/x" -- -vhd
refused 1 "usage: tar2ext4" - -o "$work/x"
refused 2 "no such flag: -verbose" -verbose -o "$work/x"
refused 2 "a value is missing: -o" -o
refused 2 "true or false is expected: -vhd=maybe" -vhd=maybe -o "$work/x"
[[ ! -e $work/x ]] || fail "an output of wrong usage"

# A root hash that arrives nowhere is no success.
"$tar2ext4" -verity -i "$tar" -o "$work/image" >/dev/full 2>"$work/log" && fail "standard output is full"
grep -q "tell the root hash" "$work/log" || fail "standard output is full: $(<"$work/log")"

# On a terminal, and only there, it says how far it is.
if command -v script >/dev/null; then
        # shellcheck disable=SC2016 # the inner shell expands it
        F=$work/image T=$tar2ext4 TERM=xterm script -qec 'for i in 1 2 3 4; do head -c 40000000 /dev/zero; done |
                "$T" -only-vhd -o "$F"' /dev/null >"$work/log" </dev/null || fail "a terminal: exit code $?"
        grep -q "MB" "$work/log" || fail "nothing on a terminal: $(head -c 200 "$work/log")"
        [[ $(stat -c %s "$work/image") -eq 160000512 ]] || fail "a terminal: $(stat -c %s "$work/image") bytes"
else
        echo "no script here: not tried on a terminal"
fi
finish
