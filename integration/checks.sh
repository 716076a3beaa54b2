# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests by command line share: a folder for their work, commands with the exit code they must have and the words
# they must say, and the count of what failed. Sourced; the script ends with `finish'.

# shellcheck source=integration/needs.sh
source "$(dirname "${BASH_SOURCE[0]}")/needs.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
        echo "FAILED: $*"
        failures=$((failures + 1))
}

# expect CODE TITLE COMMAND...: its output is in $work/out
expect() {
        local code=$1 title=$2 got=0
        shift 2
        timeout 120 "$@" >"$work/out" 2>&1 </dev/null || got=$?
        if [[ $got -ne $code ]]; then
                fail "$title: exit code $got instead of $code: $*"
                tail -n 20 "$work/out"
        else
                echo "ok: $title"
        fi
}

# says TEXT, matches PATTERN: what the output must have; silent_about PATTERN: must not
says() {
        grep -qF -- "$1" "$work/out" || { fail "the output lacks: $1"; tail -n 20 "$work/out"; }
}

matches() {
        grep -qE -- "$1" "$work/out" || { fail "the output has nothing like: $1"; tail -n 20 "$work/out"; }
}

silent_about() {
        ! grep -qE -- "$1" "$work/out" || fail "the output has: $1"
}

finish() {
        [[ $failures -eq 0 ]] && exit 0
        echo "$failures failures"
        exit 1
}
