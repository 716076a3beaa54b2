#!/bin/bash
# SPDX-License-Identifier: MIT
# bench_vm.sh BENCH UVMBOOT IMAGE-FOLDER LIBRARY-FOLDER PIPED: the agent's costs in a machine by QEMU, against raw vsock of the same run.
set -euo pipefail
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
needs qemu-system-x86_64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work HCSSHIM_LIBRARY_PATH=$4
# A relay is a second program: with one processor it takes turns with the container's, with two they wake each other.
for cpus in 1 2; do
        echo "processors of the machine: $cpus"
        "$2" --boot-files-path "$3" --accel tcg --cpus "$cpus" --log-level error --quiet \
                --host-exec "exec $(printf '%q' "$1") \"\$UVM_SOCKET\" /bin/busybox $(printf '%q' "$5")" </dev/null
done
