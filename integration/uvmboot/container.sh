#!/bin/bash
# SPDX-License-Identifier: MIT
#
# uvmboot with a container over layers of ours: what is joined, its streams, exit code and statistics, dm-verity that
# does not match, terminals and their size.
# usage: container.sh UVMBOOT IMAGE-FOLDER TAR2EXT4 BUSYBOX HCSTRACE BUILD.PY VERITY
set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
uvmboot=("$1" --boot-files-path "$2" --accel tcg)
tar2ext4=$3
busybox=$4
hcstrace=$5
build=$6
verity=$7
needs qemu-system-x86_64
work=$(mktemp -d /tmp/uvmboot.XXXXXX) # names of sockets are short
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work

fail() {
        echo "$*" >&2
        tail -n 60 "$work"/out "$work"/err >&2 2>/dev/null
        exit 1
}

# layer NAME FLAG...: of the folder of that name
layer() {
        local name=$1
        shift
        tar -C "$work/$name" --owner=0 --group=0 -cf "$work/$name.tar" .
        "$tar2ext4" -overlay -vhd "$@" -i "$work/$name.tar" -o "$work/$name.vhd"
}

# Below: a small system, a file that goes and one that changes. Above: both.
mkdir -p "$work"/below/{bin,dev,proc,run,sys} "$work/above"
cp "$busybox" "$work/below/bin/busybox"
for name in sh cat ls id hostname stty; do ln -s busybox "$work/below/bin/$name"; done
echo "from below" | tee "$work/below/changes" "$work/below/goes" >"$work/below/stays"
echo "from above" >"$work/above/changes"
: >"$work/above/.wh.goes"
hash=$(layer below -verity)
layer above

# One run: everything arrives, the scratch disk is written to, the bridge is recorded.
head -c 2000000 /dev/urandom >"$work/input"
code=0
"${uvmboot[@]}" --artefacts "$work/artefacts" --json --stats --layer "$work/below.vhd,$hash" --layer "$work/above.vhd" \
        --record "$work/run.trace" --exec 'cat; { hostname; id -u; cat /stays /changes; ls /goes; echo new >/made && cat /made; } >&2; exit 7' \
        <"$work/input" >"$work/out" 2>"$work/err" || code=$?
[[ $code -eq 7 ]] || fail "exit code $code instead of 7"
cmp "$work/input" "$work/out" || fail "other bytes came back"
grep -v '^{' "$work/err" >"$work/words" || true
diff "$work/words" - <<'TEXT' || fail "the container is another one"
uvmboot-0
0
from below
from above
ls: /goes: No such file or directory
new
TEXT
grep -q '^{"vm":"uvmboot-0","ns":[0-9]*,"step":"the VM has shut down"}$' "$work/err" || fail "it does not shut down"
grep -q '^{"vm":"uvmboot-0","ns":[0-9]*,"statistics":{.*"usage":{"total":[1-9]' "$work/err" || fail "no statistics"
grep -q 'below.vhd (dm-verity)' "$work/err" || fail "no dm-verity"
"$hcstrace" show "$work/run.trace" >"$work/timeline"
for name in ModifySettings Create Start ExecuteProcess WaitForProcess GetProperties DeleteContainerState; do
        grep -q "Response($name).*\"Result\":0" "$work/timeline" || fail "no $name in the timeline"
done

# What is no layer is told before anything boots; a root hash that is another one by the guest's kernel.
for what in "above.vhd,$hash|has no tree of dm-verity" "below.tar|no ext4 file system" "nothing|open"; do
        code=0
        "${uvmboot[@]}" --layer "$work/${what%|*}" --exec true </dev/null >"$work/out" 2>"$work/err" || code=$?
        [[ $code -eq 125 ]] || fail "exit code $code instead of 125"
        grep -F "uvmboot-0: layer: " "$work/err" | grep -qF "${what#*|}" || fail "no reason is given"
        grep -q "HCS has started" "$work/err" && fail "it is booted all the same"
done
code=0
"${uvmboot[@]}" --layer "$work/below.vhd,${hash//[0-7]/8}" --exec true </dev/null >"$work/out" 2>"$work/err" || code=$?
[[ $code -eq 125 ]] || fail "exit code $code instead of 125"
grep -q "uvmboot-0: create the container: .*guest RPC failure" "$work/err" || fail "no reason is given"
[[ -z $(find "$work/hcsshim" -mindepth 1 -maxdepth 1 -name 'uvmboot*') ]] || fail "something is left"

# A terminal, of a container over the image that guest/image makes for disks, and of the VM: it has our size, and follows
# it.
if ! script -qfec true /dev/null >/dev/null 2>&1 </dev/null; then
        echo "no terminals can be made here: not tested"
        exit 0
fi
"$build" --out "$work/image" --no-modules --verity "$verity"
hash=$(sed -n 's/.*"rootHash": *"\([0-9a-f]*\)".*/\1/p' "$work/image/rootfs.verity.json")
for what in "--layer $work/image/rootfs.vhd,$hash" ""; do
        mkfifo "$work/keys"
        # shellcheck disable=SC2016 # the shell at the new terminal expands it
        what=$what work=$work uvmboot="${uvmboot[*]}" TERM=vt100 script -qfec \
                'stty rows 20 cols 70; tty >"$work/tty"; exec $uvmboot -q $what' /dev/null <"$work/keys" >"$work/out" 2>&1 &
        pid=$!
        exec 3>"$work/keys"
        # until WORDS COMMAND: types it until they are there
        until_said() {
                for ((i = 0; i < 600; i++)); do
                        printf '%s\n' "$2" >&3 2>/dev/null || break
                        timeout 0.2 grep -qm 1 "$1" < <(tail -n +1 -f --pid="$pid" "$work/out" 2>/dev/null) && return
                done
                fail "no $1 at the terminal of: uvmboot $what"
        }
        until_said "^20 70" "stty size"
        stty -F "$(cat "$work/tty")" rows 33 cols 99
        until_said "^33 99" "stty size"
        echo "exit 5" >&3
        exec 3>&-
        code=0
        wait "$pid" || code=$?
        pid=
        [[ $code -eq 5 ]] || fail "exit code $code instead of 5 at a terminal"
        rm "$work/keys" "$work/tty" "$work/out"
done
