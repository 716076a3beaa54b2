#!/bin/bash
# SPDX-License-Identifier: MIT
# vm.sh BUILD [CONFORM OPTION...]: the conformance suite against our agent in a machine by QEMU, through the vsock device
# of that machine, with disks, persistent memory and an adapter. Without QEMU: skipped (exit code 77).
set -euo pipefail
build=$(cd "$1" && pwd)
shift
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
needs qemu-system-x86_64
busybox=$(command -v busybox) || skip "busybox is not installed"
ldd "$busybox" >/dev/null 2>&1 && skip "busybox is not static"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work HCSSHIM_LIBRARY_PATH=$build/mockhcs/abi

# The layer, the same with a changed block, two empty disks, one to be unplugged; memory comes in 2 MiB.
mkdir -p "$work"/tree/{bin,proc,dev,etc,tmp}
cp "$busybox" "$work/tree/bin/busybox"
for name in sh cat echo; do ln -s busybox "$work/tree/bin/$name"; done
echo "from the layer" >"$work/tree/hello"
seq 1 20000 >"$work/tree/big"
tar -C "$work/tree" --owner=0 --group=0 -cf "$work/layer.tar" .
"$build/cmd/tar2ext4/tar2ext4" -i "$work/layer.tar" -o "$work/plain.img"
hash=$("$build/cmd/tar2ext4/tar2ext4" -verity -i "$work/layer.tar" -o "$work/layer.img" | tail -n 1)
cp "$work/layer.img" "$work/changed.img"
# Its last line of five digits is far from what a mount reads.
at=$(grep -abo -m1 '^19000$' "$work/changed.img" | head -n 1 | cut -d: -f1)
printf X | dd of="$work/changed.img" bs=1 seek="$at" conv=notrunc 2>/dev/null
cp "$work/layer.img" "$work/other.img"
truncate -s 64M "$work/scratch.img"
truncate -s 512M "$work/secret.img"
cp "$work/layer.img" "$work/pmem0.img"
truncate -s 8M "$work/pmem0.img"
cat "$work/pmem0.img" "$work/pmem0.img" >"$work/pmem1.img"

code=0
printf -v options ' %q' "$@"
"$build/cmd/uvmboot/uvmboot" --boot-files-path "$build/guest/image" --accel tcg --network --log-level error --quiet \
        --artefacts "$work/artefacts" \
        --mount-scsi "$work/layer.img" --mount-scsi "$work/changed.img" --mount-scsi "$work/scratch.img,,w" \
        --mount-scsi "$work/secret.img,,w" --mount-scsi "$work/other.img" \
        --mount-vpmem "$work/pmem0.img" --mount-vpmem "$work/pmem1.img" \
        --host-exec "exec $(printf '%q' "$build/integration/guest/conform") --socket \"\$UVM_SOCKET\" \
                --golden $(printf '%q' "$source/fixtures/golden/gcs/guest.jsonl") --busybox /bin/busybox \
                --layer $hash:$(stat -c %s "$work/plain.img") --adapter 00000000-0000-4000-8000-0000000000aa \
                $([ $# -gt 0 ] && echo "$options")" </dev/null || code=$?
# What a sanitizer has to say goes where the agent's log goes.
if grep -E -A20 'runtime error:|Sanitizer' "$work"/artefacts/uvmboot-0/*.log; then
        code=1
fi
exit "$code"
