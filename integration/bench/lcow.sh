#!/bin/bash
# SPDX-License-Identifier: MIT
# lcow.sh BENCH LCOWCTL IMAGE-FOLDER BUSYBOX LIBRARY-FOLDER [ROUNDS]: with a layer of a small system, and a second one.
set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
needs qemu-system-x86_64
work=$(mktemp -d /tmp/lcowbench.XXXXXX) # names of sockets are short
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/one/{bin,dev,proc,run,sys,tmp} "$work/two"
cp "$4" "$work/one/bin/busybox"
for name in sh echo; do ln -s busybox "$work/one/bin/$name"; done
echo two >"$work/two/file"
for name in one two; do tar -C "$work/$name" --owner=0 --group=0 -cf "$work/$name.tar" .; done
export XDG_RUNTIME_DIR=$work HCSSHIM_LIBRARY_PATH=$5 MOCKHCS=emulate,machines=qemu,accel=tcg
"$1" "$2" "$3" "$work" "${6-7}" "$work/one.tar" "$work/two.tar"
