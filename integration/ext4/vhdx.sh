#!/bin/bash
# SPDX-License-Identifier: MIT
#
# VHDX disks that we make and grow, against qemu-img and qemu-io, which check, fill and read them; then bad input.
# usage: vhdx.sh VHD

set -u
vhd=$(realpath "$1")
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
needs qemu-img qemu-io
cd "$work" || exit 1

## What we make, qemu-img takes.
for options in "--size 1G" "--size 1G --block-size 32M" "--size 3T" "--size 512"; do
        # shellcheck disable=SC2086 # words
        expect 0 "create $options" "$vhd" create $options -o disk.vhdx
        expect 0 "qemu-img checks $options" qemu-img check -q disk.vhdx
        expect 0 "so do we" "$vhd" check disk.vhdx
done

## What is in it stays where it was when it grows, within its BAT and beyond.
expect 0 "create" "$vhd" create --size 1G -o small.vhdx
expect 0 "qemu-io fills it" qemu-io -c "write -P 7 0 2M" -c "write -P 9 500M 1M" small.vhdx
for size in 20G 300G; do
        expect 0 "grow to $size" "$vhd" grow --size $size -o large.vhdx small.vhdx
        expect 0 "qemu-img checks $size" qemu-img check -q large.vhdx
        expect 0 "qemu-io reads $size" qemu-io -c "read -P 7 0 2M" -c "read -P 9 500M 1M" -c "read -P 0 2M 1M" \
                -c "read -P 0 19G 1M" large.vhdx
        expect 0 "its size is $size" qemu-img info large.vhdx
        says "virtual size: ${size%G} GiB"
done

## A differencing disk has its parent's size, and names it.
expect 0 "create on a parent" "$vhd" create --parent small.vhdx -o child.vhdx
expect 0 "it is one" "$vhd" check child.vhdx
says "differencing VHDX of 1073741824 bytes"

## Bad input.
expect 1 "half a sector" "$vhd" create --size 513 -o bad.vhdx
says "cannot have 513 bytes"
expect 1 "a block of 3 MiB" "$vhd" create --size 1G --block-size 3M -o bad.vhdx
says "blocks of 3145728 bytes"
expect 2 "no size" "$vhd" create -o bad.vhdx
expect 2 "a size that is none" "$vhd" create --size 1X -o bad.vhdx
expect 1 "a parent that is no disk" "$vhd" create --parent /etc/passwd -o bad.vhdx
says "is neither a VHD nor a VHDX"
expect 1 "smaller" "$vhd" grow --size 1M -o bad.vhdx small.vhdx
says "cannot shrink"
[[ ! -e bad.vhdx ]] || fail "something was left of a disk that was not made"
finish
