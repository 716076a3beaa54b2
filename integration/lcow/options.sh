#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The options of lcowctl run in QEMU: images as a layout and as Docker archives it, what an image says and what the command
# line says instead, mounts of every kind, a network, the machine's size, a terminal that changes its size; and that each of
# these runs is played again from its recording.
# usage: options.sh BUILD_ROOT IMAGE-FOLDER BUSYBOX; the image is that with 9P

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
needs qemu-system-x86_64 umoci script
export HCSSHIM_LIBRARY_PATH=$1/mockhcs/abi HCSSHIM_LOG=off
export XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work
lcowctl=$1/cmd/lcowctl/lcowctl tar2ext4=$1/cmd/tar2ext4/tar2ext4 image=$2 busybox=$3
cd "$work" || exit 1

# An image with everything that one can say, in a layout of two images.
mkdir -p root/{bin,dev,etc,home,proc,run,sys,tmp} shared fixed data
cp "$busybox" root/bin/busybox
for name in $("$busybox" --list); do [[ $name = busybox ]] || ln -s busybox "root/bin/$name"; done
printf 'root:x:0:0:root:/:/bin/sh\nguest:x:1000:1001::/home:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\nguests:x:1001:\n' >root/etc/group
tar -C root --owner=0 --group=0 -cf root.tar .
umoci init --layout layout >/dev/null
umoci new --image layout:plain >/dev/null
umoci raw add-layer --image layout:plain root.tar 2>/dev/null
umoci tag --image layout:plain said >/dev/null
# shellcheck disable=SC2016 # the container's shell expands it
umoci config --image layout:said --config.env FROM=image --config.env BOTH=image --config.workingdir /home --config.user 1000:1001 \
        --config.entrypoint /bin/sh --config.entrypoint -c --config.cmd 'echo "command of the image"; pwd; id -u; echo $FROM' >/dev/null
echo "on the host" | tee shared/file fixed/file >/dev/null
echo "on a disk" >data/file
tar -C data -cf data.tar .
"$tar2ext4" -vhd -i data.tar -o data.vhd
run=("$lcowctl" run --boot-files-path "$image")

expect 125 "which of two images" "${run[@]}" --image layout
says "it has 2 images: say which, as PATH:TAG"
expect 125 "an image that is not in it" "${run[@]}" --image layout:none
says "it has no Linux image called none"
expect 2 "--tty without a terminal" "${run[@]}" --layer root.tar -t
says "this is no terminal"
for bad in "--mount type=odd,src=/a,dst=/b" "--mount src=a,dst=/b" "--mount src=/a,dst=b" "--limit-cpus 0" "--limit-cpus 1.25" "--limit-memory 5q" \
        "--user :5" "--user 5000000000" "--annotation =x" "--annotation x" "--cpus 0" "--name ../x" "--guest-log loud" "--workdir x" "--env x" "--scratch-size 0"; do
        # shellcheck disable=SC2086 # two words
        expect 2 "$bad" "${run[@]}" --layer root.tar $bad -- true
        bad=${bad%% *}
        says "${bad#--}"
done

# What the image says.
expect 0 "a command of the image" "${run[@]}" --image layout:said --record said.trace --quiet
for text in "command of the image" /home 1000 image; do says "$text"; done
expect 0 "and played" "$lcowctl" run --replay said.trace --quiet
says "command of the image"

# What the command line says instead, and all the rest of it.
# shellcheck disable=SC2016 # the container's shell expands it
expect 9 "everything at once" "${run[@]}" --image layout:said --name many --record many.trace --trace --guest-log debug \
        --env BOTH=line --workdir /tmp --user guest --hostname other --cpus 1 --memory 512 --limit-cpus 0.5 --limit-memory 96m \
        --annotation "io.microsoft.lcow.rlimitcore=4096;8192" --network lcow-options \
        --mount "type=bind,src=$work/shared,dst=/shared" --mount "src=$work/fixed,dst=/fixed,ro" \
        --mount "type=scsi,src=$work/data.vhd,dst=/disk,ro" --mount type=tmpfs,dst=/scratch,size=4m -- '
        echo "env $FROM $BOTH"; echo "in $(pwd) as $(id -u) $(id -g) on $(hostname) with $(nproc)"
        echo "core $(ulimit -c) scratch $(df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2)"
        cat /shared/file /fixed/file /disk/file; (echo x >/fixed/new) 2>&1; (echo x >/disk/new) 2>&1
        ip -4 addr show eth0 | grep -o "inet 1[^ ]*"; ip route | grep -o "default via [^ ]*"; exit 9'
says "env image line"
says "in /tmp as 1000 1001 on other with 1"
says "core 8 scratch 4096"
[[ $(grep -c "^on the host" out) -eq 2 ]] || fail "not both folders of the host are there"
says "on a disk"
[[ $(grep -ciE "read-only file system" out) -eq 2 ]] || fail "not both mounts are read-only"
says '\"memory\":{\"limit\":100663296},\"cpu\":{\"quota\":50000,\"period\":100000}'
matches '^inet 1'
matches '^default via 1'
says "to HCS create:"
matches 'level=(info|debug) .*uvm-id=many@vm'
expect 9 "and played" "$lcowctl" run --replay many.trace --quiet
for text in "env image line" "in /tmp as 1000 1001 on other with 1" "on a disk"; do says "$text"; done

# A specification of one's own; an archive of Docker's form; a terminal that changes its size.
id=$(sha256sum root.tar | cut -d' ' -f1)
mkdir -p "docker/$id" && cp root.tar "docker/$id/layer.tar"
config=$(basename "$(grep -lE "\"diff_ids\":.*$id" layout/blobs/sha256/* | xargs grep -L Entrypoint | head -n 1)")
cp "layout/blobs/sha256/$config" "docker/$config.json"
printf '[{"Config":"%s.json","RepoTags":["busybox:latest"],"Layers":["%s/layer.tar"]}]' "$config" "$id" >docker/manifest.json
tar -cf docker.tar -C docker .
cat >config.json <<'J'
{"ociVersion":"1.0.2","process":{"terminal":false,"cwd":"/etc","user":{"uid":0,"gid":0},"args":["sh"],"env":["SPEC=its"]},
 "root":{"path":"rootfs"},"linux":{},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
 {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]},
 {"destination":"/dev/pts","type":"devpts","source":"devpts","options":["newinstance","ptmxmode=0666"]}]}
J
# shellcheck disable=SC2016
cat >terminal.sh <<'S'
tty >terminal
stty rows 20 cols 90
exec "$@"
S
# shellcheck disable=SC2016
inside='echo "env $SPEC in $(pwd)"; s=$(stty size); echo "size $s"; while [ "$(stty size)" = "$s" ]; do sleep 0.1; done; echo "size $(stty size)"; exit 4'
printf '%q ' sh terminal.sh "${run[@]}" --image docker.tar:latest --spec config.json -t --record terminal.trace --quiet -- sh -c "$inside" >terminal.command
mkfifo typescript
timeout 100 script -qfec "$(cat terminal.command)" typescript </dev/null >/dev/null 2>&1 &
script=$!
while IFS= read -r line; do
        printf '%s\n' "$line"
        [[ $line != *"size 20 90"* ]] || stty -F "$(cat terminal)" rows 33 cols 101
done <typescript >out
code=0
wait $script || code=$?
[[ $code -eq 4 ]] || fail "a terminal: exit code $code instead of 4"
echo "ok: a terminal"
says "env its in /etc"
says "size 20 90"
says "size 33 101"
[[ -z $(find "$work" -name 'v.sock*') ]] || fail "sockets are left"
finish
