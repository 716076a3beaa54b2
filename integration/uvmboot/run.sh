#!/bin/bash
# SPDX-License-Identifier: MIT
#
# uvmboot by its command line: what is refused, what cannot start, a console, and a guest that never calls; with the test
# guest. usage: run.sh UVMBOOT FOLDER-WITH-KERNEL-AND-INITRD
set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
uvmboot=$1
boot=$2
work=$(mktemp -d /tmp/uvmboot.XXXXXX) # names of sockets are short
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work

# expect CODE WORDS COMMAND...: the exit code, and words of the output
expect() {
        local code=$1 words=$2 got=0
        shift 2
        "$@" >"$work/out" 2>&1 </dev/null || got=$?
        if [[ $got -ne $code ]] || ! grep -qF -- "$words" "$work/out"; then
                echo "exit code $got instead of $code, or no \`$words': $*" >&2
                cat "$work/out" >&2
                exit 1
        fi
}

# wait_for WORDS FILE: until the process $pid has written them there
wait_for() {
        is_written "$1" "$2" "$pid" || { cat "$2" >&2; exit 1; }
}

expect 0 "usage: uvmboot" "$uvmboot" --help
expect 0 "uvmboot " "$uvmboot" --version
expect 2 "no such flag: --nonsense" "$uvmboot" --nonsense
expect 2 "--cpus none: a number from 1 to 255 is expected" "$uvmboot" --cpus none
expect 2 "--cpus needs a value" "$uvmboot" --cpus
expect 2 "--boot-files-path needs a value" "$uvmboot" --boot-files-path ""
expect 2 "--accel hvf: auto, kvm or tcg is expected" "$uvmboot" --accel=hvf
expect 2 "--debug is true or false" "$uvmboot" --debug=maybe
expect 2 "--exec needs a value" "$uvmboot" --exec
expect 2 "--mount-scsi disk,relative: HOST[,GUEST[,w]] with an absolute GUEST" "$uvmboot" --mount-scsi disk,relative
expect 2 "--mount-vpmem image,/place,w: HOST[,GUEST] with" "$uvmboot" --mount-vpmem image,/place,w
expect 2 "--layer image,no-hash: IMAGE[,ROOTHASH] with" "$uvmboot" --layer image,no-hash
expect 2 "--stats is about a container" "$uvmboot" --stats
expect 2 "only the agent can mount" "$uvmboot" --console --layer image
expect 2 "--vsock external: own, vhost-device-vsock or kernel is expected" "$uvmboot" --vsock external
expect 2 "--cid is the address of a guest with --vsock kernel" "$uvmboot" --cid=7
expect 2 "--cid 2: a number from 3 to" "$uvmboot" --vsock kernel --cid 2
expect 2 "an address of its own: without --count" "$uvmboot" --vsock kernel --count 2 --exec true
expect 2 "--host-exec hands on a Unix socket" "$uvmboot" --vsock kernel --host-exec true
expect 2 "--share is served at a Unix socket" "$uvmboot" --vsock kernel --share /tmp,/tmp
expect 2 "decides already" env MOCKHCS=emulate "$uvmboot" --vsock own
expect 125 "vsock=x: own, vhost-device-vsock or kernel is expected" \
        env MOCKHCS=emulate,vsock=x "$uvmboot" --boot-files-path "$boot" --exec true
expect 125 "cid=4: only guests of vsock=kernel" env MOCKHCS=emulate,cid=4 "$uvmboot" --boot-files-path "$boot" --exec true
expect 125 "cid=2: a number from 3" env MOCKHCS=emulate,vsock=kernel,cid=2 "$uvmboot" --boot-files-path "$boot" --exec true
expect 2 "--no-entropy makes no sense here" "$uvmboot" --no-entropy
expect 2 "boots from initrd or vhd" "$uvmboot" --root-fs-type none
expect 2 "what is behind -- is init's" "$uvmboot" --kernel-args "quiet -- sh"
expect 2 "no place for a double quote" "$uvmboot" --console --exec 'echo "x"'
expect 2 "decides already" env MOCKHCS=emulate "$uvmboot" --accel tcg
expect 2 "records nothing" "$uvmboot" --record a --replay b
expect 2 "a recording is of one VM" "$uvmboot" --record a --count 2 --exec true
expect 2 "is in no recording" "$uvmboot" --record a --console
expect 2 "--mount-scsi is as it was recorded" "$uvmboot" --replay a --mount-scsi b
expect 125 "/nonexistent.trace" "$uvmboot" --replay /nonexistent.trace
expect 2 "--share /tmp: HOST,GUEST[,w] with" "$uvmboot" --share /tmp
expect 2 "without --measure" "$uvmboot" --json --measure
expect 2 "resource partitions are Hyper-V's" "$uvmboot" --resource-partition x
expect 2 "a Windows guest does not boot" "$uvmboot" wcow
expect 2 "a command is written behind --" "$uvmboot" ls
expect 2 "exclude each other" "$uvmboot" --exec a -- b
expect 2 "several VMs need a command" "$uvmboot" --count 2
expect 2 "this is no terminal" "$uvmboot" --tty --exec a
expect 125 "kernel: \`$work/kernel\` not found" "$uvmboot" --boot-files-path "$work"
expect 125 "boot files: " env HCSSHIM_BOOT_FILES=/nonexistent "$uvmboot"

needs qemu-system-x86_64
expect 125 "/nonexistent.img" "$uvmboot" --boot-files-path "$boot" --accel tcg --mount-scsi /nonexistent.img --exec true

# Devices of the host that are not there.
[[ -e /dev/vhost-vsock ]] ||
        expect 125 "load the module vhost_vsock" "$uvmboot" --boot-files-path "$boot" --accel tcg --vsock kernel --exec true
command -v vhost-device-vsock >/dev/null ||
        expect 125 "start \`vhost-device-vsock\`: No such file" "$uvmboot" --boot-files-path "$boot" --accel tcg \
                --vsock vhost-device-vsock --exec true
rm -rf "$work/hcsshim/kept"

# The console: a line typed, a line heard, the end.
mkfifo "$work/keys"
"$uvmboot" --boot-files-path "$boot" --accel tcg --console --timeout 120 <"$work/keys" >"$work/console" 2>&1 &
pid=$!
exec 3>"$work/keys"
wait_for "guest: what?" "$work/console"
printf 'good morning\n' >&3
wait "$pid" || { cat "$work/console" >&2; exit 1; }
exec 3>&-
grep -q "guest: heard good morning" "$work/console"

# A guest that does not know what the host waits for: the deadline, the console's words, what is kept.
expect 125 "uvmboot-0: start the VM: " "$uvmboot" --boot-files-path "$boot" --accel tcg --timeout 3 --exec true
grep -q "console and logs are in \`$work/hcsshim/kept/uvmboot." "$work/out"
ls "$work"/hcsshim/kept/uvmboot.*/{agent.log,bridge.trace,console.log,qemu.log,qemu.arguments} >/dev/null

# start: uvmboot that waits for a guest in vain, as $pid, and its QEMU as $qemu
start() {
        : >"$work/out" # not the words of the one before
        "$uvmboot" --boot-files-path "$boot" --accel tcg --exec true >"$work/out" 2>&1 </dev/null &
        pid=$!
        wait_for "HCS has started it" "$work/out"
        qemu=$(cat "/proc/$pid"/task/*/children | tr -d ' ')
}
nothing_left() {
        [[ -z $(find "$work/hcsshim" -mindepth 1 -maxdepth 1 -name 'uvmboot*') ]] || { ls -R "$work/hcsshim"; exit 1; }
}

# Its QEMU is killed: it says so at once.
start
kill -KILL "$qemu"
code=0
wait "$pid" || code=$?
[[ $code -eq 125 ]]
grep -q "console and logs are in" "$work/out" || { cat "$work/out"; exit 1; }
nothing_left

# It is killed: QEMU goes with it, and the next one sweeps what is left of both.
start
kill -KILL "$pid"
wait "$pid" || true
while [[ -e /proc/$qemu/status ]] && ! grep -q '^State:.Z' "/proc/$qemu/status"; do
        kill -0 "$qemu" 2>/dev/null || break
done
[[ -n $(find "$work/hcsshim" -mindepth 1 -maxdepth 1 -name 'uvmboot*') ]]
expect 125 "/nonexistent.img" "$uvmboot" --boot-files-path "$boot" --accel tcg --mount-scsi /nonexistent.img --exec true
nothing_left

# Asked to end while it waits, it ends, and leaves nothing.
start
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
[[ $code -eq 125 ]]
grep -q interrupted "$work/out"
nothing_left

# Of several, those that did not come to their turn are told.
: >"$work/out"
"$uvmboot" --boot-files-path "$boot" --accel tcg --count 3 --exec true >"$work/out" 2>&1 </dev/null &
pid=$!
wait_for "HCS has started it" "$work/out"
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
[[ $code -eq 125 ]]
grep -qF "uvmboot: interrupted: 2 VMs were not booted" "$work/out" || { cat "$work/out"; exit 1; }
nothing_left
