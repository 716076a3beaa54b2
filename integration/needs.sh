# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a test by command line needs of its machine, and of others: where a tool is not there it is skipped, which Meson
# knows by the exit code 77; what another process says is waited for. Sourced.

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

# is_written WORDS FILE PID: waits until that process has written them there; false: it ended without
is_written() {
        grep -qF -m 1 -- "$1" < <(exec tail -n +1 -F --pid="$3" -- "$2" 2>/dev/null)
}
