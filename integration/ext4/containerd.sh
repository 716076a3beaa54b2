#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Layers against a stock containerd: what it exports has the root hashes of what it was given, and what it unpacks has the
# files that our images have. usage: containerd.sh BUILD_DIR

set -u
build=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
verity=$(realpath "$build/cmd/verity/verity")
ext4ls=$(realpath "$build/cmd/ext4ls/ext4ls")
tar2ext4=$(realpath "$build/cmd/tar2ext4/tar2ext4")
tars=$source/fixtures/ext4/tars
PATH=$source/.deps/peer/root/usr/bin:$PATH
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
needs containerd ctr umoci
needs_root containerd
cd "$work" || exit 1

# One of our own, with nothing but what keeps and unpacks images.
cat >config.toml <<TOML
version = 2
root = "$work/root"
state = "$work/state"
required_plugins = ["io.containerd.snapshotter.v1.native"]
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs",
        "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$work/socket"
TOML
# shellcheck disable=SC2317 # the trap calls it
stop() {
        for folder in theirs-*; do
                umount -l "$folder" 2>/dev/null
        done
        kill "${daemon-}" 2>/dev/null && wait "$daemon"
        rm -rf --one-file-system "$work"
}
trap stop EXIT
containerd -c config.toml >daemon.log 2>&1 &
daemon=$!
is_written "containerd successfully booted" daemon.log "$daemon" || { tail -n 5 daemon.log; fail "containerd does not run"; finish; }

# image NAME TAR...: of these layers, in containerd
image() {
        local name=$1
        shift
        umoci new --image "layout:$name" >/dev/null
        for tar; do
                umoci raw add-layer --image "layout:$name" "$tar" >/dev/null
        done
        umoci config --image "layout:$name" --architecture amd64
}
umoci init --layout layout
image three "$tars/realistic-layer.tar" "$tars/one-dir.tar" "$tars/wh-opaque.tar"
single=(hardlink-3-dirs dir-many-longnames symlink-100 symlink-mode-uid device-large-numbers file-size-mixed format-gnu
        double-slashes symlink-127-pax xattr-count-10)
for name in "${single[@]}"; do
        image "$name" "$tars/$name.tar"
done
umoci gc --layout layout
tar -C layout -cf layout.tar .
expect 0 "containerd imports our layout" ctr -a socket images import --snapshotter native --base-name test layout.tar

expect 0 "and exports an image of it" ctr -a socket images export three.tar test:three
expect 0 "root hashes of that" "$verity" roothash three.tar
grep -v linux/ out >exported
mkdir alone
umoci init --layout alone/layout
(cd alone && image three "$tars/realistic-layer.tar" "$tars/one-dir.tar" "$tars/wh-opaque.tar")
expect 0 "root hashes of ours" "$verity" roothash alone/layout
diff <(grep -v linux/ out) exported || fail "containerd's export has other root hashes"
[[ $(wc -l <exported) -ge 3 ]] || fail "there are no three root hashes"

# tree FOLDER: everything that a name leads to, but the folders that every image of ours has
tree() {
        (cd "$1" && find . -mindepth 1 ! -path './lost+found*' -printf '%P %y %m %U:%G %n %l\n' | sort)
        (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2)
}
for name in "${single[@]}"; do
        mkdir "theirs-$name" "ours-$name"
        expect 0 "containerd mounts $name" ctr -a socket images mount --snapshotter native "test:$name" "theirs-$name"
        "$tar2ext4" -i "$tars/$name.tar" -o image.ext4 >/dev/null
        expect 0 "ours is extracted" "$ext4ls" extract -C "ours-$name" image.ext4
        tree "theirs-$name" >theirs.txt
        tree "ours-$name" >ours.txt
        diff theirs.txt ours.txt >difference || { fail "$name is unpacked otherwise"; head -n 8 difference; }
done
finish
