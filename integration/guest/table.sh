#!/bin/bash
# SPDX-License-Identifier: MIT
# table.sh CONFORM [--write]: CASES.md has the cases of the conformance suite, no more and no less.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
table=$source/integration/guest/CASES.md
# print CONFORM: the file as it should be
print() {
        local n
        n=$("$1" -l --golden "$source/fixtures/golden/gcs/guest.jsonl" | wc -l)
        cat <<TEXT
# The cases of the conformance suite

$n black-box cases: a request or more, the answer, and what came of it in the VM. Nothing in them knows whose agent it is;
what a case needs of its surroundings stands beside it, and without it the case is skipped and counted. \`docs/guest.md\` says
how they are run. This table is printed by \`integration/guest/table.sh build/integration/guest/conform --write\`, and a test
compares it.

| case | needs |
|---|---|
TEXT
        "$1" --table --golden "$source/fixtures/golden/gcs/guest.jsonl"
}
if [ "${2:-}" = --write ]; then
        print "$1" >"$table.new"
        mv "$table.new" "$table"
else
        diff -u "$table" <(print "$1")
fi
