#!/bin/bash
# SPDX-License-Identifier: MIT
#
# dm-verity, VHD and OCI layouts against the tools of others: veritysetup accepts our trees and we accept its own, both
# find a flipped bit; qemu-img reads our VHDs; umoci makes the layouts. Then bad input and full disks. usage: verity.sh BUILD_DIR

set -u
build=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
verity=$(realpath "$build/cmd/verity/verity")
tar2ext4=$(realpath "$build/cmd/tar2ext4/tar2ext4")
vhd=$(realpath "$build/cmd/vhd/vhd")
tars=$source/fixtures/ext4/tars
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
needs veritysetup qemu-img umoci
cd "$work" || exit 1
# What a sanitizer finds is no exit code of ours.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99 TSAN_OPTIONS=exitcode=99

# member FILE NAME: of dm-verity, as `verity info` tells it
member() {
        "$verity" info "${@:3}" "$1" | awk -v name="$2" '$1 == "verity" && $2 == name { print $3 }'
}

# dumped NAME FILE OFFSET: the same of veritysetup
dumped() {
        veritysetup dump --hash-offset "$3" "$2" | sed -n "s/^$1: *[[:blank:]]*//p"
}

flip() { # FILE OFFSET
        local byte
        byte=$(od -An -tu1 -j "$2" -N 1 "$1")
        printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

## What we write, veritysetup verifies.
for tar in realistic-layer.tar files-5000.tar.gz sparse-140MiB.tar; do
        root=$("$tar2ext4" -i "$tars/$tar" -o image -overlay --verity)
        size=$(member image offset)
        expect 0 "veritysetup verifies $tar" veritysetup verify --hash-offset "$size" image image "$root"
        expect 0 "so do we" "$verity" verify image "$root"
        [[ $(member image rootHash) == "$root" ]] || fail "info tells another root hash"
        [[ $(dumped UUID image "$size") == "$(member image uuid)" ]] || fail "the UUIDs differ"
        [[ $(dumped "Data blocks" image "$size") == "$(member image dataBlocks)" ]] || fail "the numbers of blocks differ"
        [[ $(dumped Salt image "$size") == "$(member image salt)" ]] || fail "the salts differ"
        [[ $(dumped "Hash algorithm" image "$size") == sha256 ]] || fail "another algorithm"
        for place in data:5000 "last data:$((size - 1))" "tree:$((size + 4096 + 3))"; do
                cp image flipped
                flip flipped "${place##*:}"
                expect 2 "veritysetup sees the flipped ${place%:*}" \
                        veritysetup verify --hash-offset "$size" flipped flipped "$root"
                expect 3 "so do we" "$verity" verify flipped "$root"
        done
        says "the top of the tree is not what the root hash says"
        expect 3 "another root hash is a mismatch" "$verity" verify image "${root//[0-7]/8}"
done

## What veritysetup writes, we verify: with its random salts, in all its forms.
head -c 3000000 /dev/urandom >data
truncate -s 3145728 data
formats=("" "--hash sha512" "--hash sha1 --salt -" "--hash sha384 --format 0" "--format 0 --data-block-size 1024"
        "--data-block-size 512 --hash-block-size 512" "--hash-block-size 65536" "--data-blocks 129" "--hash sha3-256"
        "--salt $(printf 'ab%.0s' {1..256})")
for options in "${formats[@]}"; do
        rm -f hashes
        # shellcheck disable=SC2086 # several words
        root=$(veritysetup format $options data hashes | sed -n 's/^Root hash: *[[:blank:]]*//p')
        expect 0 "a tree of veritysetup format $options" "$verity" verify --hash-file hashes data "$root"
        cp data flipped
        flip flipped 40000
        expect 3 "a flipped bit under it" "$verity" verify --hash-file hashes flipped "$root"
        says "data block"
done
cp data both
root=$(veritysetup format --hash-offset 3145728 both both | sed -n 's/^Root hash: *[[:blank:]]*//p')
expect 0 "a tree of veritysetup behind its data" "$verity" verify --hash-offset 3145728 both "$root"
[[ $(member both rootHash --hash-offset 3145728) == "$root" ]] || fail "info tells another root hash"
expect 1 "without an ext4 file system the offset must be said" "$verity" verify both "$root"
rm -f hashes
root=$(veritysetup format --no-superblock --salt abcd data hashes | sed -n 's/^Root hash: *[[:blank:]]*//p')
expect 0 "a tree without a superblock" "$verity" verify --no-superblock --salt abcd --hash-file hashes data "$root"
expect 3 "and the wrong salt" "$verity" verify --no-superblock --salt abce --hash-file hashes data "$root"
expect 0 "a root hash without a tree" "$verity" roothash --as image data
root=$(cut -d' ' -f1 out)
rm -f hashes
[[ $(veritysetup format --salt "$(printf '00%.0s' {1..32})" data hashes | sed -n 's/^Root hash: *[[:blank:]]*//p') == "$root" ]] ||
        fail "veritysetup makes another root hash of the same data"

## create, of everything there is.
expect 0 "create of a tar" "$verity" create --uuid 01234567-89ab-4cde-8f01-23456789abcd -o layer.vhd "$tars/realistic-layer.tar"
root=$(cut -d' ' -f1 out)
[[ $(grep -P '^realistic-layer.tar\toverlay\+128GiB\t' "$source/fixtures/ext4/golden.tsv" | cut -f6) == "$root" ]] ||
        fail "not hcsshim's root hash"
[[ $(member layer.vhd uuid) == 01234567-89ab-4cde-8f01-23456789abcd ]] || fail "not the UUID that was asked for"
expect 0 "create from standard input" bash -c "\"$verity\" create --uuid 01234567-89ab-4cde-8f01-23456789abcd -o again.vhd - <\"$tars/realistic-layer.tar\""
cmp layer.vhd again.vhd || fail "the same input and UUID gave other bytes"
expect 0 "verify through a VHD footer" "$verity" verify layer.vhd "$root"
expect 0 "roothash of a VHD" "$verity" roothash layer.vhd
says "$root  layer.vhd"
# hcsshim's footers have no geometry, by which qemu would go.
by_size() {
        echo "driver=vpc,force_size_calc=current_size,file.filename=$1"
}
expect 0 "qemu-img reads the VHD" qemu-img info --image-opts "$(by_size layer.vhd)"
says "($(($(stat -c %s layer.vhd) - 512)) bytes)"
expect 0 "create with a hash device" "$verity" create --hash-dev-vhd -o split.vhd "$tars/realistic-layer.tar"
expect 0 "verify over two VHDs" "$verity" verify --hash-file split.hash-dev.vhd split.vhd "$root"
expect 0 "veritysetup over two VHDs" veritysetup verify split.vhd split.hash-dev.vhd "$root"
expect 0 "create of an image without footers" "$verity" create --no-vhd -o copy.img layer.vhd
cmp -n "$(member layer.vhd offset)" layer.vhd copy.img || fail "the copy differs"
expect 0 "verify the copy" "$verity" verify copy.img "$root"
mkdir folder
expect 0 "create into a folder" "$verity" create -o folder "$tars/files-5000.tar.gz"
[[ -f folder/files-5000.vhd ]] || fail "the folder lacks files-5000.vhd"

## VHDs and VHDXs of qemu-img.
expect 0 "only-vhd" "$tar2ext4" -only-vhd -i data -o data.vhd
expect 0 "qemu-img turns it back" qemu-img convert -O raw --image-opts "$(by_size data.vhd)" back
cmp data back || fail "qemu-img sees other data in the VHD"
expect 0 "vhd strip turns it back" "$vhd" strip -o back data.vhd
cmp data back || fail "vhd strip has other data"
expect 0 "vhd add" "$vhd" add --id 01234567-89ab-4cde-8f01-23456789abcd -o id.vhd data
expect 0 "vhd add of a pipe" bash -c "cat data | exec \"$vhd\" add --id 01234567-89ab-4cde-8f01-23456789abcd -o pipe.vhd -"
cmp id.vhd pipe.vhd || fail "a pipe makes another VHD"
cmp -n 3145728 id.vhd data.vhd || fail "vhd add and tar2ext4 -only-vhd differ"
expect 0 "vhd check" "$vhd" check id.vhd data.vhd
says "id.vhd: fixed VHD of 3145728 bytes"
expect 1 "vhd strip of no VHD" "$vhd" strip -o none.raw data
qemu-img create -q -f vpc -o subformat=fixed,force_size=on qemu.vhd 8M
truncate -s 8M zeros
expect 0 "vhd strip of a VHD of qemu-img" "$vhd" strip -o back qemu.vhd
cmp zeros back || fail "vhd strip of qemu's VHD has other data"
expect 0 "info of a VHD of qemu-img" "$verity" info qemu.vhd
says "fixed"
qemu-img create -q -f vpc dynamic.vhd 8M
expect 0 "info of a dynamic VHD" "$verity" info dynamic.vhd
says "dynamic"
expect 0 "vhd check of a dynamic VHD" "$vhd" check dynamic.vhd
expect 1 "vhd strip of a dynamic VHD" "$vhd" strip -o none.raw dynamic.vhd
says "is a dynamic VHD"
[[ ! -e none.raw ]] || fail "vhd strip left something"
expect 1 "a dynamic VHD has no root hash" "$verity" roothash dynamic.vhd
says "is a dynamic VHD"
for kind in fixed dynamic; do
        qemu-img create -q -f vhdx -o "subformat=$kind" disk.vhdx 64M
        expect 0 "info of a $kind VHDX" "$verity" info disk.vhdx
        says "virtualSize         67108864"
        says "type                $kind"
        expect 0 "vhd check of it" "$vhd" check disk.vhdx
        says "$kind VHDX of 67108864 bytes"
done
expect 1 "a VHDX has no root hash" "$verity" roothash disk.vhdx
says "is a VHDX"
flip disk.vhdx 65600
expect 1 "info of a damaged VHDX" "$verity" info disk.vhdx
says "VHDX header 1"
expect 1 "vhd check of it" "$vhd" check disk.vhdx
says "damaged: header 1: the checksum"
flip layer.vhd $(($(stat -c %s layer.vhd) - 440))
expect 1 "info of a damaged VHD" "$verity" info layer.vhd
says "VHD footer: the checksum is"
expect 1 "vhd check of it" "$vhd" check layer.vhd
says "damaged: the checksum is"
expect 1 "a damaged VHD is no image" "$verity" roothash layer.vhd
says "the checksum is"

## OCI image layouts.
umoci init --layout layout >/dev/null
umoci new --image layout:v1 >/dev/null
for tar in realistic-layer one-dir wh-opaque; do
        umoci raw add-layer --image layout:v1 "$tars/$tar.tar" 2>/dev/null
done
umoci tag --image layout:v1 v2 >/dev/null
expect 0 "root hashes of a layout" "$verity" roothash layout
for tar in realistic-layer one-dir wh-opaque; do
        says "$("$verity" roothash "$tars/$tar.tar" | cut -d' ' -f1)"
done
says "v1  linux/"
says "v2  linux/"
cp out folder.txt
tar -cf layout.tar -C layout .
gzip -k layout.tar
for archive in layout.tar layout.tar.gz; do
        expect 0 "the same of $archive" "$verity" roothash "$archive"
        diff <(sed 's/^layout//' folder.txt) <(sed "s/^$archive//" out) || fail "$archive has other root hashes"
done
expect 0 "as JSON" "$verity" roothash --json layout
[[ $(grep -c '"rootHash"' out) -eq 6 ]] || fail "not six layers in the JSON"
mapfile -t roots < <(for tar in realistic-layer one-dir wh-opaque; do "$verity" roothash "$tars/$tar.tar" | cut -d' ' -f1; done)
expect 0 "a layout whose root hashes are all given" "$verity" verify layout "${roots[@]}"
[[ $(grep -c ": verified$" out) -eq 6 ]] || fail "not six layers are verified"
expect 3 "a layout with a layer more" "$verity" verify layout "${roots[0]}" "${roots[2]}"
says "layer 1 of v1: the root hash is ${roots[1]}, which was not given"
says "layer 2 of v2: verified"
expect 3 "the same as JSON" "$verity" verify --json layout.tar "${roots[0]}" "${roots[2]}"
[[ $(grep -c '"verified": true' out) -eq 4 && $(grep -c '"verified": false' out) -eq 2 ]] || fail "other verdicts in the JSON"
expect 0 "a tar" "$verity" verify "$tars/one-dir.tar" "${roots[1]}"
expect 3 "a tar of another root hash" "$verity" verify --as tar "$tars/one-dir.tar" "${roots[0]}"
expect 1 "a tar that ends too soon" "$verity" verify "$tars/truncated-data.tar" "${roots[0]}"
expect 2 "an image of two root hashes" "$verity" verify data.vhd "${roots[0]}" "${roots[1]}"
expect 0 "info of a layout" "$verity" info layout
says "v2  linux/"
[[ $(grep -c "sha256:.*application/vnd.oci.image.layer.*sha256:" out) -eq 6 ]] || fail "info: not six layers"
expect 0 "info of a tar of one" "$verity" info --json layout.tar
[[ $(grep -c '"diffId"' out) -eq 6 ]] || fail "info: not six layers in the JSON"
expect 0 "info of a tar" "$verity" info "$tars/realistic-layer.tar"
says "tar    entries"
expect 1 "info of one that ends too soon" "$verity" info "$tars/truncated-data.tar"
says "damaged: unexpected EOF"
expect 0 "images of a layout" "$verity" create -o deep/er/images layout
mv deep/er/images images
[[ $(find images -name '*.vhd' | wc -l) -eq 3 ]] || fail "not three images"
for tar in realistic-layer one-dir wh-opaque; do
        image=images/$(sha256sum "$tars/$tar.tar" | cut -d' ' -f1).vhd
        expect 0 "an image named by its diff id" "$verity" verify "$image" "$("$verity" roothash "$tars/$tar.tar" | cut -d' ' -f1)"
done
blob=$(sed -n 's/.*"layer": "sha256:\(.*\)".*/\1/p' < <("$verity" roothash --json layout) | head -n 1)
flip "layout/blobs/sha256/$blob" 30
expect 1 "a changed blob" "$verity" roothash layout
says "layer 0 of v1: blob sha256:$blob: its content is sha256:"
truncate -s 10 "layout/blobs/sha256/$blob"
expect 1 "a shorter blob" "$verity" roothash layout
says "it has 10 bytes, and its descriptor says"
rm "layout/blobs/sha256/$blob"
expect 1 "a missing blob" "$verity" create -o none layout
says "blob sha256:$blob: open"
[[ -z $(ls none) ]] || fail "images of a layout that is not whole"
echo '{"manifests":[' >layout/index.json
expect 1 "an index that ends too soon" "$verity" roothash layout
says "index.json"
expect 1 "a folder that is no layout" "$verity" roothash images
says "no OCI image layout"

## Archives of Docker's own form, with the content of that layout.
whole=$work/whole
tar -xf layout.tar --one-top-level="$whole"
diff_ids=()
mkdir docker podman crane
for tar in realistic-layer one-dir wh-opaque; do
        id=$(sha256sum "$tars/$tar.tar" | cut -d' ' -f1)
        diff_ids+=("$id")
        mkdir "docker/$id" "podman/${id//[0-9]/e}"
        cp "$tars/$tar.tar" "docker/$id/layer.tar"
        cp "$tars/$tar.tar" "podman/$id.tar"
        ln -s "../$id.tar" "podman/${id//[0-9]/e}/layer.tar"
        gzip -nc "$tars/$tar.tar" >crane/layer
        mv crane/layer "crane/$(sha256sum crane/layer | cut -d' ' -f1).tar.gz"
        crane+=("$(find crane -name '*.tar.gz' -newer "$tars/$tar.tar" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2)")
done
config=$(basename "$(grep -lE "\"diff_ids\":.*${diff_ids[2]}" "$whole"/blobs/sha256/*)") # umoci leaves those of its steps too
cp "$whole/blobs/sha256/$config" "docker/$config.json"
cp "$whole/blobs/sha256/$config" "podman/$config.json"
cp "$whole/blobs/sha256/$config" "crane/sha256:$config"
manifest() { # CONFIG LAYER...
        local config=$1
        shift
        printf '[{"Config":"%s","RepoTags":["v1","example.org/two:v2"],"Layers":[%s]}]' "$config" "$(printf '"%s",' "$@" | sed 's/,$//')"
}
manifest "$config.json" "${diff_ids[@]/%//layer.tar}" >docker/manifest.json
manifest "$config.json" "${diff_ids[@]/%/.tar}" >podman/manifest.json
manifest "sha256:$config" "${crane[@]}" >crane/manifest.json
for made in docker podman crane; do
        tar -cf $made.tar -C $made .
        expect 0 "root hashes of an archive as $made makes it" "$verity" roothash $made.tar
        diff <(grep -v ' linux/' folder.txt) <(grep -v ' linux/' out) || fail "$made.tar has other root hashes"
        says "v1  linux/amd64  sha256:$config"
        says "example.org/two:v2  linux/"
done
gzip -k docker.tar
expect 0 "a compressed one" "$verity" roothash docker.tar.gz
rm "podman/${diff_ids[1]}.tar" && ln -s "${diff_ids[0]}.tar" "podman/${diff_ids[1]}.tar" && tar -cf linked.tar -C podman .
expect 1 "a link to another layer" "$verity" roothash linked.tar
says "blob sha256:${diff_ids[1]}: its content is sha256:${diff_ids[0]}"
ln -sf "${diff_ids[1]}.tar" "podman/${diff_ids[1]}.tar" && tar -cf looped.tar -C podman .
expect 1 "a link to itself" "$verity" roothash looped.tar
says "manifest.json: there is no \`${diff_ids[1]}.tar\`"
echo '[{"Config":"none.json","Layers":[7]}]' >docker/manifest.json && tar -cf bad.tar -C docker .
expect 1 "layers that are no names" "$verity" roothash bad.tar
says 'manifest.json: $[0]: Layers is no list'
id=${diff_ids[0]}
ids=$(printf "\"sha256:$id\",%.0s" {1..4096})
printf '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[%s]}}' "${ids%,}" >many.json
many=$(sha256sum many.json | cut -d' ' -f1)
mv many.json "docker/$many.json"
layers=$(printf "\"$id/layer.tar\",%.0s" {1..4096})
tags=$(printf '"t%d",' {1..17})
printf '[{"Config":"%s.json","RepoTags":[%s],"Layers":[%s]}]' "$many" "${tags%,}" "${layers%,}" >docker/manifest.json
tar -cf many.tar -C docker .
expect 1 "more layers than all images may have" "$verity" roothash many.tar
says "manifest.json: all manifests have more than 65536 layers"
rm "docker/$many.json"
{
        printf '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]},"x":"'
        head -c 2000000 /dev/zero | tr '\0' x
        echo '"}'
} >many.json
many=$(sha256sum many.json | cut -d' ' -f1)
mv many.json "docker/$many.json"
printf '[{"Config":"%s.json","RepoTags":[%s],"Layers":[]}]' "$many" "$(printf '"t%d",' {1..40} | sed 's/,$//')" >docker/manifest.json
tar -cf many.tar -C docker .
expect 1 "more of configurations than is kept" "$verity" roothash many.tar
says "manifest.json: all configurations have more than 67108864 bytes"
rm docker/manifest.json "docker/$many.json" && tar -cf bad.tar -C docker .
expect 1 "one without its manifest" "$verity" roothash bad.tar
says "no OCI image layout"
expect 0 "the same as the tar it is" "$verity" roothash --as tar bad.tar
expect 1 "a tar that is no layout" "$verity" roothash --as layout "$tars/one-dir.tar"

## Bad input.
root=$("$tar2ext4" -i "$tars/realistic-layer.tar" -o image -overlay --verity)
size=$(member image offset)
for length in 0 100 1500 "$((size - 1))" "$((size + 4096))" "$((size + 8191))"; do
        head -c "$length" image >short
        expect 1 "an image of $length bytes" "$verity" verify --hash-offset "$size" short "$root"
        timeout 20 "$verity" info short >out 2>&1
        [[ $? -le 1 ]] || fail "info of an image of $length bytes"
done
poke() { # OFFSET BYTES: into the superblock
        cp image poked
        printf '%b' "$2" | dd of=poked bs=1 seek=$((size + $1)) conv=notrunc status=none
        expect 1 "a superblock with $2 at $1" "$verity" verify poked "$root"
        expect 1 "info of it" "$verity" info poked
}
poke 72 '\xff\xff\xff\xff\xff\xff\xff\xff'
poke 72 '\x00\x00\x00\x00\x00\x00\x10'
poke 72 '\x00'
poke 64 '\x00\x00\x00\x80'
poke 68 '\x01'
poke 80 '\xff\xff'
poke 32 'nosuchhash'
poke 8 '\x07'
: >empty
expect 1 "no data at all" "$verity" roothash --as image empty
says "there is no data"
head -c 5000 data >part
expect 1 "a part of a block" "$verity" roothash --as image part
says "5000 bytes are no multiple of 4096"
expect 1 "a tar that ends too soon" "$verity" create -o x.vhd "$tars/truncated-data.tar"
says "unexpected EOF"
expect 2 "no root hash" "$verity" verify image nonsense
expect 2 "no such option" "$verity" create --nonsense
says "verity create: unrecognized option '--nonsense'"
expect 2 "no such command" "$verity" nonsense
[[ ! -e x.vhd ]] || fail "an output of bad input"

## A full disk, as a limit on the size of files: nothing stays, and what was there before does.
mkdir full
echo old >full/there.vhd
for limit in 20 72 76 80; do # kilobytes: within the file system, the superblock, the tree, the footer
        for name in there new; do
                expect 1 "$limit kB are not enough" bash -c "ulimit -f $limit; exec \"$verity\" create -o full/$name.vhd \"$tars/realistic-layer.tar\""
        done
done
expect 1 "not enough for a copy" bash -c "ulimit -f 1000; exec \"$tar2ext4\" -only-vhd -i data -o full/new.vhd"
[[ $(ls full) == there.vhd && $(cat full/there.vhd) == old ]] || fail "something stayed behind: $(ls full)"
expect 1 "no such folder" "$verity" create -o nowhere/x.vhd "$tars/one-dir.tar"
expect 1 "standard output is full" bash -c "exec \"$verity\" roothash \"$tars/one-dir.tar\" >/dev/full"

finish
