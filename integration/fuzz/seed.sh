#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the seed corpus out of the fixtures: each document, log line and trace record behind the byte that chooses its
# parser. usage: seed.sh SOURCE_ROOT OUT_DIR
set -eu
mkdir -p "$2"
n=0
put() {
        printf '%s%s' "$1" "$2" >"$3/seed-$n"
        n=$((n + 1))
}
for f in "$1"/fixtures/documents/*.json; do
        put 2 "$(cat "$f")" "$2" # JSON
        put 3 "$(cat "$f")" "$2" # schema
        put 1 "$(cat "$f")" "$2" # result documents
done
while read -r line; do
        put 0 "$line" "$2" # import
done < <(cat "$1"/fixtures/logs/*.log | cut -c1-4000)
put 4 '{"call":"HcsStartComputeSystem","dll":"computecore","n":2,"t":1200,"thread":1,"args":{"system":"system/1","options":null},"exact":{"options":"{\n}"}}' "$2"
put 4 '{"return":2,"t":1300,"hr":"0xC0370103","out":{"result":{}},"pending":true,"process":{"id":4,"stdin":true}}' "$2"
put 4 '{"complete":"operation/2","of":2,"t":9000,"hr":"0x00000000","result":{"a":18446744073709551615}}' "$2"
put 4 '{"event":"SystemExited","on":"system/1","t":9100,"data":{}}' "$2"
put 4 '{"stdio":"process/1","stream":"stdout","t":9200,"base64":"aGk=","end":true}' "$2"
