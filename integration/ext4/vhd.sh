#!/bin/bash
# SPDX-License-Identifier: MIT
#
# VHDs and VHDXs of all types that we make, fill and convert, against qemu-img and qemu-io, which check, read and make
# them too; then bad input. usage: vhd.sh VHD

set -u
vhd=$(realpath "$1")
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
needs qemu-img qemu-io
cd "$work" || exit 1

# put FILE OFFSET BYTES: bytes, as printf has them, over those of a file
put() {
        # shellcheck disable=SC2059 # the bytes are a format
        printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

## What we make, qemu takes, fills, and we read again.
for options in "--size 64M" "--size 64M --block-size 512K" "--size 300G" "--size 3146240"; do
        # shellcheck disable=SC2086 # words
        expect 0 "create $options" "$vhd" create $options -o disk.vhd
        expect 0 "so do we" "$vhd" check disk.vhd
        says "dynamic VHD"
        expect 0 "qemu-img reads $options" qemu-img compare -f vpc -F vpc disk.vhd disk.vhd
done
expect 0 "create" "$vhd" create --size 64M -o ours.vhd
expect 0 "qemu-img tells its size" qemu-img info ours.vhd
says "virtual size: 64 MiB"
expect 0 "qemu-io fills it" qemu-io -f vpc -c "write -P 7 1M 3M" -c "write -P 9 63M 1M" ours.vhd
expect 0 "it is well" "$vhd" check ours.vhd

## Converted, it is the same in every format and type.
for name in a.vhd a.vhdx; do
        for type in "" --fixed; do
                # shellcheck disable=SC2086 # words
                expect 0 "convert $type to $name" "$vhd" convert $type -o "$name" ours.vhd
                expect 0 "it is well" "$vhd" check "$name"
                expect 0 "qemu-img reads the same" qemu-img compare -F "$([[ $name == *.vhd ]] && echo vpc || echo vhdx)" ours.vhd "$name"
                [[ $name != *.vhdx ]] || expect 0 "qemu-img checks it" qemu-img check -q "$name"
        done
done

## What qemu makes, we read.
head -c 5M /dev/urandom >raw
truncate -s 12M raw
for format in "vpc -o subformat=dynamic,force_size=on" "vpc -o subformat=fixed,force_size=on" "vhdx -o subformat=dynamic" "vhdx -o subformat=fixed"; do
        # shellcheck disable=SC2086 # words
        expect 0 "qemu-img makes $format" qemu-img convert -f raw -O $format raw theirs
        for name in b.vhd b.vhdx; do
                expect 0 "we convert it to $name" "$vhd" convert -o "$name" theirs
                expect 0 "and it is the same" qemu-img compare -f raw raw "$name"
        done
done

## A differencing disk reads as its parent, until it is written.
for kind in vhd vhdx; do
        expect 0 "a parent" "$vhd" convert -o "base.$kind" ours.vhd
        expect 0 "create on a parent" "$vhd" create --parent "base.$kind" -o "child.$kind"
        expect 0 "it is one" "$vhd" check "child.$kind"
        says "differencing"
        expect 0 "flattened" "$vhd" convert -o "flat.$kind" "child.$kind"
        expect 0 "it is its parent" qemu-img compare "base.$kind" "flat.$kind"
        expect 0 "on that another" "$vhd" create --parent "child.$kind" -o "grandchild.$kind"
        expect 0 "flattened" "$vhd" convert -o "flat.$kind" "grandchild.$kind"
        expect 0 "it is the first" qemu-img compare "base.$kind" "flat.$kind"
        expect 1 "no parent of the other format" "$vhd" create --parent "base.$kind" -o "bad.$([[ $kind == vhd ]] && echo vhdx || echo vhd)"
        says "of one format"
        mv "base.$kind" away
        expect 1 "its parent is gone" "$vhd" convert -o bad "child.$kind"
        says "at none of its places"
        "$vhd" convert -o "base.$kind" ours.vhd
        expect 1 "another is in its place" "$vhd" convert -o bad "child.$kind"
        says "is not the disk that"
        mv away "base.$kind"
        expect 0 "it is back" "$vhd" convert -o "flat.$kind" "child.$kind"
done
touch -d 2001-01-01 base.vhd
expect 1 "a parent that was changed since" "$vhd" convert -o bad child.vhd
says "was changed since"

## A footer that is lost is found at the beginning.
cp ours.vhd lost.vhd
put lost.vhd $(($(stat -c %s lost.vhd) - 512)) 'XXXXXXXX'
expect 0 "without the one at the end" "$vhd" convert -o again.vhd lost.vhd
expect 0 "nothing is lost" qemu-img compare again.vhd ours.vhd
truncate -s -512 lost.vhd
expect 0 "nor when it was cut off" "$vhd" convert -o again.vhd lost.vhd
expect 0 "nothing is lost" qemu-img compare again.vhd ours.vhd
put lost.vhd 20 'XXXX'
expect 1 "but with the copy" "$vhd" convert -o bad lost.vhd

## Bad input.
bad() {
        local title=$1 offset=$2 bytes=$3 text=$4

        cp ours.vhd bad.vhd
        put bad.vhd "$offset" "$bytes"
        expect 1 "$title" "$vhd" convert -o bad bad.vhd
        says "$text"
        expect 1 "check: $title" "$vhd" check bad.vhd
        rm bad.vhd
}
bad "no header" 512 'X' "no \`cxsparse\`"
bad "a wrong checksum" 600 'X' "the checksum is"
bad "a block beyond the end" 1536 '\x7f\0\0\0' "is not inside of the file"
bad "a block in the headers" 1536 '\0\0\0\0' "is not inside of the file"
head -c 1000 ours.vhd >short.vhd
expect 1 "half a header" "$vhd" convert -o bad short.vhd
head -c 1M ours.vhd >short.vhd
expect 1 "half a disk" "$vhd" convert -o bad short.vhd
"$vhd" convert -o x.vhdx ours.vhd
head -c 5M x.vhdx >short.vhdx
expect 1 "half a VHDX" "$vhd" convert -o bad short.vhdx
says "is not inside of the file"

expect 1 "too large for a VHD" "$vhd" create --size 2041G -o bad.vhd
says "cannot have"
expect 1 "a block of 1 MiB" "$vhd" create --size 1G --block-size 1M -o bad.vhd
says "blocks of 1048576 bytes"
expect 1 "no disk" "$vhd" convert -o bad raw
says "neither a VHD nor a VHDX"
expect 1 "no file" "$vhd" convert -o bad nothing
expect 2 "no output" "$vhd" convert ours.vhd
[[ ! -e bad && ! -e bad.vhd && ! -e bad.vhdx ]] || fail "something was left of a disk that was not made"
finish
