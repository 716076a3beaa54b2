#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lcowctl: a recording of a container's whole life is played with no VM, and a run that differs is told where; the command
# line. With the image of a guest also in QEMU: layers into the cache, streams, exit code, limits, mounts, the recording.
# usage: lcowctl.sh SOURCE_ROOT BUILD_ROOT [IMAGE-FOLDER BUSYBOX]

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
source=$1
export HCSSHIM_LIBRARY_PATH=$2/mockhcs/abi HCSSHIM_LOG=off
lcowctl=$2/cmd/lcowctl/lcowctl
image=${3-}
busybox=${4-}
recording=$source/fixtures/traces/lcow/run.trace
export XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work

# shellcheck disable=SC2016 # that shell expands it
fed=(sh -c 'echo "from the host" | "$@"' sh)
replay=("${fed[@]}" "$lcowctl" run --replay)

expect 7 "a recording is played" "${replay[@]}" "$recording" --quiet
says "FROM THE HOST"
says "this is standard error"
expect 7 "with progress as objects" "${replay[@]}" "$recording" --json
matches '^\{.*"the VM has shut down'
expect 125 "another machine is told with its place" "${replay[@]}" "$recording" --memory 2048
says '$.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048'
expect 125 "and another container" "${replay[@]}" "$recording" --hostname other
head -n 100 "$recording" >"$work/half.trace"
expect 125 "a recording that ends too early" "${replay[@]}" "$work/half.trace"
echo "{}" >"$work/no.trace"
expect 2 "what is no recording" "${replay[@]}" "$work/no.trace"
says no.trace
expect 125 "what is not there" "${replay[@]}" "$work/gone.trace"
says gone.trace
expect 2 "no layer" "$lcowctl" run -- true
expect 2 "an option that is none" "$lcowctl" run --frobnicate
expect 2 "--memory nonsense" "$lcowctl" run --memory much --layer x.tar -- true
expect 125 "a layer that is not there" "$lcowctl" run --boot-files-path "$work" --layer "$work/gone.tar" -- true
expect 0 "help" "$lcowctl" run --help
says "--replay FILE"
expect 0 "an empty cache" "$lcowctl" images --json
[[ -n $image ]] || finish
command -v qemu-system-x86_64 >/dev/null || finish

# Three layers: a small system, a file that goes, one that changes; a disk and a folder that are mounted.
mkdir -p "$work"/one/{bin,dev,proc,run,sys,tmp} "$work/two" "$work/three" "$work/shared"
cp "$busybox" "$work/one/bin/busybox"
for name in sh cat ls mount grep tr hostname; do ln -s busybox "$work/one/bin/$name"; done
echo one | tee "$work/one/changes" "$work/one/goes" >/dev/null
: >"$work/two/.wh.goes"
echo three >"$work/three/changes"
for name in one two three; do tar -C "$work/$name" --owner=0 --group=0 -cf "$work/$name.tar" .; done
run=("$lcowctl" run --boot-files-path "$image" --layer "$work/one.tar" --layer "$work/two.tar" --layer "$work/three.tar")
# shellcheck disable=SC2016 # the container's shell expands it
expect 7 "a container of three layers" "${fed[@]}" "${run[@]}" --name three --record "$work/run.trace" --stats \
        --env GREETING=hello --limit-memory 64m --mount type=tmpfs,dst=/scratch -- \
        sh -c 'tr a-z A-Z; cat /changes; echo "$GREETING"; hostname; ls /goes; mount | grep -c " /scratch "; exit 7'
for text in "FROM THE HOST" three hello "/goes: No such file" "it used"; do says "$text"; done
expect 7 "its recording is played" "${replay[@]}" "$work/run.trace"
for text in "FROM THE HOST" three hello "/goes: No such file" "it used"; do says "$text"; done
expect 0 "the cache holds its layers" "$lcowctl" images --json
matches '"[0-9a-f]{64}'
expect 0 "and is emptied" "$lcowctl" prune --json
matches '"removed":[1-9]'
[[ -z $(find "$work" -name 'v.sock*') ]] || fail "sockets are left"
finish
