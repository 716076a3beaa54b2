#!/bin/bash
# SPDX-License-Identifier: MIT
#
# uvmboot with our agent in the machine: commands and their streams, disks, several VMs, what is recorded and played.
# usage: agent.sh UVMBOOT IMAGE-FOLDER TAR2EXT4 HCSTRACE [IMAGE-FOLDER-WITH-9P]
# $VM_PROGRAMS is the folder of a vhost-device-vsock, for a host that has none installed.
set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
uvmboot=("$1" --boot-files-path "$2" --accel tcg)
tar2ext4=$3
hcstrace=$4
needs qemu-system-x86_64
work=$(mktemp -d /tmp/uvmboot.XXXXXX) # names of sockets are short
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work

fail() {
        echo "$*" >&2
        cat "$work/err" >&2
        exit 1
}

# A layer, as an ext4 image on a disk and as persistent memory, which comes in 2 MiB.
mkdir "$work/layer"
echo "good morning" >"$work/layer/hello"
tar -C "$work/layer" --owner=0 --group=0 -cf "$work/layer.tar" .
"$tar2ext4" -vhd -i "$work/layer.tar" -o "$work/layer.vhd"
"$tar2ext4" -i "$work/layer.tar" -o "$work/layer.img"
truncate -s 4M "$work/layer.img"

# One VM: input, both outputs, the exit code, disks at their places, an adapter, what it leaves behind.
head -c 3000000 /dev/urandom >"$work/input"
code=0
"${uvmboot[@]}" --artefacts "$work/artefacts" --record "$work/run.trace" --trace --network \
        --kernel-args "words=of that=are the-guest-s-own" --mount-scsi "$work/layer.vhd" --mount-vpmem "$work/layer.img,/layers/one" \
        --exec 'cat; cat /run/mounts/scsi/m0/hello /layers/one/hello >&2; cat /sys/class/net/eth0/address >&2; exit 7' \
        <"$work/input" >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 7 ]] || fail "exit code $code instead of 7"
cmp "$work/input" "$work/output" || fail "other bytes came back"
[[ $(grep -c "^good morning" "$work/err") -eq 2 ]] || fail "the mounts have not what they should"
grep -q "^00:15:5d" "$work/err" || fail "no adapter"
grep -q 'to HCS create: {.*"KernelCmdLine":.*"AllowOvercommit":true' "$work/err" || fail "the document is not shown"
grep -q 'to HCS modify: {"ResourcePath":"VirtualMachine/Devices/Scsi/' "$work/err" || fail "no request is shown"
grep -q "has shut down" "$work/err" || fail "it did not shut down"
"$hcstrace" show "$work/run.trace" >"$work/timeline"
grep -q "Request(ExecuteProcess)" "$work/timeline" || fail "the bridge is not recorded"
"$hcstrace" show "$work/artefacts/uvmboot-0/bridge.trace" >"$work/timeline"
grep -q "Request(ExecuteProcess)" "$work/timeline" || fail "the bridge is not among the artefacts"
grep -q '"msg"' "$work/artefacts/uvmboot-0/agent.log" || fail "the agent's log is empty"
grep -q "Linux version" "$work/artefacts/uvmboot-0/console.log" && fail "the kernel is not quiet"

# The same bridge through a vhost-device-vsock of the host, which leaves no socket behind.
code=0
PATH=$VM_PROGRAMS:$PATH "${uvmboot[@]}" --vsock vhost-device-vsock --exec 'cat; exit 5' <"$work/input" >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 5 ]] || fail "vhost-device-vsock: exit code $code instead of 5"
cmp "$work/input" "$work/output" || fail "vhost-device-vsock: other bytes came back"
[[ -z $(ls "$work/hcsshim/hvsocket") ]] || fail "vhost-device-vsock: a folder of sockets is left"

# Its recording is played with none of that; what differs is told with its place.
code=0
env -u XDG_RUNTIME_DIR "$1" --replay "$work/run.trace" <"$work/input" >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 7 ]] || fail "played, exit code $code instead of 7"
cmp "$work/input" "$work/output" || fail "played, other bytes came back"
[[ $(grep -c "^good morning" "$work/err") -eq 2 ]] || fail "played, the errors are others"
code=0
"$1" --replay "$work/run.trace" --memory 2048 <"$work/input" >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 125 ]] || fail "another machine: exit code $code instead of 125"
grep -qF '$.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048' "$work/err" || fail "no difference is told"
sed 's/"kernel":"[^"]*",//' "$work/run.trace" >"$work/less.trace"
code=0
"$1" --replay "$work/less.trace" </dev/null >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 125 ]] || fail "a record without a kernel gave $code"
grep -q "its record of the run lacks something" "$work/err" || fail "what a record lacks is not told"

# A kernel with a console restarts when it panics: also where the replay is given its arguments anew.
code=0
"${uvmboot[@]}" --debug --record "$work/debug.trace" --kernel-args a=b --exec true </dev/null >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 0 ]] || fail "with a console: exit code $code"
"$1" --replay "$work/debug.trace" --kernel-args a=b </dev/null >"$work/output" 2>"$work/err" || fail "the same arguments are others"

# Two at a time, each with its own command line and the worst of the exit codes.
code=0
"${uvmboot[@]}" --count 2 --parallel 2 -- sh -c 'echo from a VM; exit 3' >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 3 && $(grep -c "from a VM" "$work/output") -eq 2 ]] || fail "two VMs gave $code"
for name in uvmboot-0 uvmboot-1; do
        grep -q "$name" "$work/err" || fail "two VMs have no names"
done

# A folder of the host, where the guest's kernel has 9P; what an annotation and an option make of the document.
if [[ -n ${5-} ]]; then
        code=0
        "$1" --boot-files-path "$5" --accel tcg --trace --share "$work/layer,/mnt/layer,w" --allow-overcommit=false \
                --annotation io.microsoft.virtualmachine.computetopology.memory.sizeinmb=768 \
                --exec 'cat /mnt/layer/hello; echo made >/mnt/layer/new' </dev/null >"$work/output" 2>"$work/err" || code=$?
        [[ $code -eq 0 && $(cat "$work/output") == "good morning" && $(cat "$work/layer/new") == made ]] || fail "no folder of the host"
        grep -q '"Memory":{"SizeInMB":768}' "$work/err" || fail "the annotation is not in the document, or memory overcommits"
fi

# A program that is not there is the agent's error; the VM is gone all the same.
code=0
"${uvmboot[@]}" -- /nonexistent/program </dev/null >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 125 ]] || fail "exit code $code instead of 125"
grep -q "run the command: " "$work/err" || fail "no reason is given"

# Another program of the host has the bridge.
code=0
# shellcheck disable=SC2016 # the shell that uvmboot starts expands it
"${uvmboot[@]}" --host-exec '[ -S "$UVM_SOCKET" ] && exit 9' </dev/null >"$work/output" 2>"$work/err" || code=$?
[[ $code -eq 9 ]] || fail "exit code $code instead of 9"

# Asked to end, it ends that program, and what that started; the VM goes.
mkfifo "$work/told"
exec 3<>"$work/told" # whoever does not come to tell holds nobody up
code=0
mkfifo "$work/alive"
"${uvmboot[@]}" --host-exec 'exec 9<>'"$work/alive"'; sleep 1000 & echo started >'"$work/told"'; wait' </dev/null >"$work/output" 2>"$work/err" &
pid=$!
read -r -t 120 _ <&3 || fail "its program was not started"
exec 4<"$work/alive" # ends when nobody has it for writing any more
kill -TERM "$pid"
wait "$pid" || code=$?
[[ $code -eq 125 ]] || fail "asked to end, it ended with $code"
grep -q interrupted "$work/err" || fail "that it was asked to end is not told"
cat <&4
[[ -z $(find "$work/hcsshim" -mindepth 1 -maxdepth 1 -name 'uvmboot*') ]] || fail "something is left"
