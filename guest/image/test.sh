#!/bin/bash
# SPDX-License-Identifier: MIT
# The image build: the same bytes twice, any base, what it refuses. usage: test.sh SOURCE-ROOT VERITY
set -euo pipefail
root=$(cd "$1" && pwd)
verity=$(realpath "$2")
build=$root/guest/image/build.py
busybox=$root/.deps/guest/root/bin/busybox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
        echo "$*" >&2
        exit 1
}
has() { # LIST NAME...
        local list=$1 name
        shift
        for name in "$@"; do
                grep -qxF -- "$name" "$list" || fail "no $name in $list"
        done
}
refuses() { # WORDS ARGUMENT...
        local words=$1
        shift
        "$build" --out refused "$@" >out 2>&1 && fail "it takes $*"
        { grep -qF -- "$words" out && [[ $(wc -l <out) -eq 1 ]]; } || { cat out >&2; fail "no \`$words\`"; }
}
# One line a file: its kind and mode, its links, what it is and holds. Owners are for who may set them.
describe() { # FOLDER
        local owner='%U/%G'
        [[ $(id -u) -eq 0 ]] || owner=
        (cd "$1" && find . -mindepth 1 -printf "%p %y %m $owner %l\\n" | sort &&
                find . -type f -print0 | sort -z | xargs -0 sha256sum)
}
same() { # FOLDER FOLDER
        diff <(describe "$1") <(describe "$2") >differences || { head differences >&2; fail "$1 and $2 differ"; }
}
program() {
        printf '#!/bin/sh\n' >"$1"
        chmod +x "$1"
}
program init
program gcs

# The default base, twice; times and owners of the inputs do not matter.
"$build" --out one --init init --bin gcs --link tool=gcs --info gcs.commit=0123 --verity "$verity"
touch -d 2001-01-01 init gcs
"$build" --out two --init init --bin gcs --link tool=gcs --info gcs.commit=0123 --verity "$verity"
for file in delta.tar.gz rootfs.tar.gz initrd.img kernel rootfs.vhd; do
        cmp "one/$file" "two/$file"
done
# What the disk is told to be, it is, to our eyes and to those of cryptsetup.
hash=$(sed -n 's/.*"rootHash": *"\([0-9a-f]*\)".*/\1/p' one/rootfs.verity.json)
size=$(sed -n 's/.*"imageSize": *\([0-9]*\).*/\1/p' one/rootfs.verity.json)
"$verity" verify one/rootfs.vhd "$hash" >/dev/null
if command -v veritysetup >/dev/null; then
        veritysetup verify one/rootfs.vhd one/rootfs.vhd "$hash" --hash-offset="$size"
fi
[[ $(tail -c 512 one/rootfs.vhd | head -c 8) == conectix ]] || fail "rootfs.vhd has no footer"
# A flipped bit of what is mounted is seen by both.
cp one/rootfs.vhd flipped.vhd
printf '\377' | dd of=flipped.vhd bs=1 seek=$((size / 2)) conv=notrunc status=none
cmp -s one/rootfs.vhd flipped.vhd && fail "nothing is flipped"
"$verity" verify flipped.vhd "$hash" >/dev/null 2>&1 && fail "we do not see a flipped bit"
if command -v veritysetup >/dev/null; then
        veritysetup verify flipped.vhd flipped.vhd "$hash" --hash-offset="$size" >/dev/null 2>&1 && fail "cryptsetup does not see a flipped bit"
fi
# The archives, the initramfs and the disk are one tree, to the eyes of tar, cpio and e2fsprogs.
mkdir trees trees/{tar,cpio,disk}
tar -xzf one/rootfs.tar.gz -C trees/tar --exclude=dev/console
(cd trees/cpio && "$busybox" cpio -idm <../../one/initrd.img 2>/dev/null) || [[ $(id -u) -ne 0 ]]
rm -f trees/cpio/dev/console
same trees/tar trees/cpio
if command -v e2fsck >/dev/null && command -v debugfs >/dev/null; then
        head -c "$size" one/rootfs.vhd >disk.img
        # As docs/layers.md has it, padding of bitmaps is as in the images of the original.
        e2fsck -fn disk.img >all 2>&1 || true # 4 for the padding
        grep -vE '^(e2fsck |Pass |Padding at end of .* bitmap is not set|$)|still has errors|non-contiguous' all >out &&
                { cat out >&2; fail "rootfs.vhd has errors"; }
        debugfs -R "rdump / trees/disk" disk.img >out 2>&1
        # What debugfs does not dump.
        rm -rf trees/disk/lost+found
        find trees/tar -type c -delete
        chmod -t trees/tar/tmp trees/tar/var/tmp
        same trees/tar trees/disk
fi
"$busybox" cpio -t <one/initrd.img >initrd.list 2>/dev/null
tar -tzf one/rootfs.tar.gz | sed 's,/$,,' >rootfs.list
tar -tzf one/delta.tar.gz | sed 's,/$,,' >delta.list
for list in initrd.list rootfs.list; do
        has "$list" init bin/gcs bin/tool bin/sh bin/busybox usr/bin/crun sbin/mke2fs sbin/modprobe dev/console \
                etc/passwd info/gcs.commit lib/modules/modules.load lib64/ld-linux-x86-64.so.2
done
has delta.list init bin/gcs bin/tool info/gcs.commit lib/modules/modules.load
grep -q busybox delta.list && fail "the delta has the base in it"
[[ $(tar -xzOf one/rootfs.tar.gz info/gcs.commit) == 0123 ]] || fail "other words in /info"
tar -tvzf one/rootfs.tar.gz tmp | grep -q '^drwxrwxrwt 0/0' || fail "/tmp has another mode"
tar -tvzf one/rootfs.tar.gz dev/console | grep -q '^crw------- .* 5,1 ' || fail "no console"

# Each module comes behind what it needs, and every one that waits is known to modprobe.
tar -xzf one/rootfs.tar.gz lib/modules
folder=$(echo lib/modules/*/)
declare -A loaded=()
while read -r path; do
        read -ra needs < <(sed -n "s,^$(basename "$path"): *,,p" "$folder/modules.dep") || true
        for need in "${needs[@]}"; do
                [[ ${loaded[$need]-} ]] || fail "$path is loaded before $need"
        done
        loaded[$(basename "$path")]=1
done <lib/modules/modules.load
[[ ${loaded[vmw_vsock_virtio_transport.ko]-} && ! ${loaded[xfs.ko]-} ]] || fail "another choice of modules"
grep -qx "alias fs-xfs xfs" "$folder/modules.alias" || fail "modprobe does not know xfs"

# A base that has its programs in /usr, with a link of each kind.
mkdir -p base/usr/bin base/usr/lib base/etc
ln -s usr/bin base/bin
ln -s usr/lib base/lib
echo one >base/etc/first
ln base/etc/first base/etc/second
echo old >base/init
tar -C base --owner=7 --group=8 -czf base.tar.gz .
"$build" --out usr --base base.tar.gz --init init --bin gcs
tar -tzf usr/rootfs.tar.gz | sed 's,/$,,' >rootfs.list
has rootfs.list dev/console proc run sys tmp bin usr/bin/gcs usr/lib/modules/modules.load etc/second
grep -qx bin/gcs rootfs.list && fail "the link to usr/bin is gone"
tar -tvzf usr/rootfs.tar.gz etc/first | grep -q ' 7/8 ' || fail "other owners"
tar -tvzf usr/rootfs.tar.gz etc/second | grep -q 'link to etc/first' || fail "no hard link"
mkdir over
tar -xzf base.tar.gz -C over
tar -xzf usr/delta.tar.gz -C over
cmp over/init init
cmp over/bin/gcs gcs
mkdir whole
tar -xzf usr/rootfs.tar.gz -C whole
same whole over
mkdir unpacked
(cd unpacked && "$busybox" cpio -idm <../usr/initrd.img 2>/dev/null)
[[ $(stat -c %h unpacked/etc/first) -eq 2 && $(cat unpacked/etc/second) == one ]] || fail "the initramfs has no hard link"
cmp unpacked/init init

# Symbols go if wanted, and only those.
"$build" --out full --base none --no-modules --initrd-only --bin "$verity"
"$build" --out lean --base none --no-modules --initrd-only --bin "$verity" --strip strip
[[ $(stat -c %s lean/initrd.img) -lt $(stat -c %s full/initrd.img) ]] || fail "nothing is stripped"
mkdir stripped
(cd stripped && "$busybox" cpio -idm <../lean/initrd.img 2>/dev/null && bin/verity --help >/dev/null)

# What cannot be.
echo nonsense >modules
refuses "has no module nonsense" --base none --modules modules
refuses "nowhere.tar" --base nowhere.tar
refuses "nothing" --init nothing
refuses "nowhere/strip" --base none --bin "$verity" --strip nowhere/strip
refuses "NAME=VALUE is expected" --info nothing
refuses "ci/setup fetches it" --packages nowhere
refuses "nowhere is not there" --kernel nowhere
head -c 1000 /dev/urandom >bad.tar
refuses "build.py: " --base bad.tar
