# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a test by command line needs of its machine. Where that is not there it is skipped, which Meson knows by the exit
# code 77. Sourced.

# skip WHY
skip() {
        echo "SKIPPED: $*" >&2
        exit 77
}

# needs TOOL...
needs() {
        local tool
        for tool in "$@"; do
                command -v "$tool" >/dev/null || skip "$tool is not installed"
        done
}

# needs_root WHO
needs_root() {
        [[ $(id -u) -eq 0 ]] || skip "$1 needs root"
}
