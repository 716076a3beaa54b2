#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs scenarios of containers in QEMU, records them and plays the recordings at once: makes the folder that stands for
# the drive C: of their host, with the guest's image and layers made of busybox.
# usage: scenarios.sh SCENARIOS IMAGE-FOLDER TAR2EXT4 BUSYBOX [NAME ...]
#
# SCENARIOS_KEEP=FOLDER keeps the recordings there, with other names for the folders of this run.

set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
scenarios=$1
image=$2
tar2ext4=$3
busybox=$4
shift 4
needs qemu-system-x86_64
world=$(mktemp -d /tmp/lcow.XXXXXX) # names of sockets are short
trap 'rm -rf "$world"' EXIT
export XDG_RUNTIME_DIR=$world

# layer NAME: of the folder of that name
layer() {
        tar -C "$world/$1" --owner=0 --group=0 -cf "$world/$1.tar" .
        "$tar2ext4" -overlay -vhd -i "$world/$1.tar" -o "$world/c/layers/$1.vhd"
}

mkdir -p "$world"/c/{boot,layers,scratch,share} "$world/traces"
cp "$image/kernel" "$image/initrd.img" "$world/c/boot"
mkdir -p "$world"/busybox/{bin,dev,etc,proc,run,sys,tmp} "$world"/{middle,top,data}
cp "$busybox" "$world/busybox/bin/busybox"
for name in $("$busybox" --list); do [[ $name = busybox ]] || ln -s busybox "$world/busybox/bin/$name"; done
echo root:x:0:0:root:/:/bin/sh >"$world/busybox/etc/passwd"
echo below | tee "$world/busybox/changed" "$world/busybox/gone" >/dev/null
echo middle | tee "$world/middle/middle" "$world/middle/changed" >/dev/null
echo top >"$world/top/top"
echo "by the top" >"$world/top/changed"
: >"$world/top/.wh.gone"
echo "on a disk" >"$world/data/file"
echo "from the host" >"$world/c/share/file"
for name in busybox middle top data; do layer "$name"; done
code=0
"$scenarios" run "$world" "$@" || code=$?
[[ -z $(find "$world" -name 'v.sock*') ]] || { echo "sockets are left" >&2; code=1; }
for trace in "$world"/traces/*.trace; do
        [[ -z ${SCENARIOS_KEEP-} ]] || sed "s|$world|/world|g" "$trace" >"$SCENARIOS_KEEP/${trace##*/}"
done
exit "$code"
