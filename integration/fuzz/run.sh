#!/bin/bash
# SPDX-License-Identifier: MIT
# A smoke run of the fuzz target over its seeds. usage: run.sh SOURCE_ROOT TARGET [SECONDS]
set -eu
target=$(realpath "$2")
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$1/integration/fuzz/seed.sh" "$1" "$corpus"
cd "$corpus" # artefacts of a failure land here; the log shows the input
"$target" -max_total_time="${3:-15}" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "$corpus"
