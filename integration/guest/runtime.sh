#!/bin/bash
# SPDX-License-Identifier: MIT
# runtime.sh NAME: the command line of an OCI runtime for runs without a VM, in words without blanks: the installed one,
# else the one of the guest's image with the libraries that came with it. Nothing, and 1, when there is neither.
set -u
image=$(cd "$(dirname "$0")/../.." && pwd)/.deps/guest/root
if command -v "$1"; then
        exit 0
fi
[ -x "$image/usr/bin/$1" ] || exit 1
echo "env LD_LIBRARY_PATH=$image/lib/x86_64-linux-gnu:$image/usr/lib/x86_64-linux-gnu $image/usr/bin/$1"
