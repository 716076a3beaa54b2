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

# bin PREFIX OUT_DIR: standard input behind a prefix, for what is not text
bin() {
        { printf '%s' "$1" && cat; } >"$2/seed-$n"
        n=$((n + 1))
}
bin v "$2" < <( # dm-verity
        printf 'verity\0\0\1\0\0\0\1\0\0\0uuid-is-16-bytessha256'
        head -c 26 /dev/zero
        printf '\0\20\0\0\0\20\0\0\13\0\0\0\0\0\0\0\40\0'
        head -c 430 /dev/zero
)
for f in "$1"/fixtures/vhd/*.footer; do
        bin f "$2" <"$f" # VHD
done
part() { # FILE SKIP COUNT, in kilobytes
        zcat "$1" 2>/dev/null | tail -c "+$(($2 * 1024 + 1))" | head -c "$(($3 * 1024))"
}
vhdx=$1/fixtures/vhd/dynamic-64MiB.vhdx.gz
bin xh "$2" < <(part "$vhdx" 64 4)
bin xr "$2" < <(part "$vhdx" 192 1)
bin xm "$2" < <(part "$vhdx" 3072 1)
put o '{"imageLayoutVersion":"1.0.0"}' "$2"
sum=sha256:1111111111111111111111111111111111111111111111111111111111111111
put o '{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"'$sum'","size":498,"platform":{"os":"linux","architecture":"amd64"},"annotations":{"org.opencontainers.image.ref.name":"v1"}}]}' "$2"
put o '{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"'$sum'","size":7},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"'$sum'","size":5}]}' "$2"
put o '{"os":"linux","architecture":"arm64","variant":"v8","rootfs":{"type":"layers","diff_ids":["'$sum'"]}}' "$2"
