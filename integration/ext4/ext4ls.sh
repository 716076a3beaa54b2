#!/bin/bash
# SPDX-License-Identifier: MIT
#
# ext4ls as its users meet it: what it prints, exit codes, images of mkfs.ext4, a VHD footer, a place to extract to that
# has traps in it, images that were cut off. usage: ext4ls.sh TAR2EXT4 EXT4LS

set -u
PATH=$PATH:/usr/sbin:/sbin # e2fsprogs, for those who are not root
tar2ext4=$1
ext4ls=$2
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

# shows CODE TEXT COMMAND...: that exit code, and the text in what is printed.
shows() {
        local code=$1 text=$2 got=0
        shift 2
        "$@" >"$work/out" 2>&1 || got=$?
        [[ $got -eq $code ]] || fail "exit code $got instead of $code: $* $(head -n 3 "$work/out")"
        [[ -z $text ]] || grep -qF -- "$text" "$work/out" || fail "no \`$text' from $*: $(head -n 3 "$work/out")"
}

mkdir -p "$work/tree/dir/below"
echo hello >"$work/tree/dir/file"
ln "$work/tree/dir/file" "$work/tree/hard"
ln -s dir/file "$work/tree/link"
mkfifo "$work/tree/fifo"
printf x >"$work/tree/"$'odd\nname\e[31m'
chmod 4711 "$work/tree/hard"
touch -d '2024-02-29 12:34:56.000000007 UTC' "$work/tree/hard" "$work/tree/dir"
tar -C "$work/tree" --owner=1:1 --group=2:2 --format=posix -cf "$work/tar" .
"$tar2ext4" -i "$work/tar" -o "$work/image" || fail tar2ext4
{ cat "$work/image" && printf conectix && head -c 504 /dev/zero; } >"$work/vhd" # a footer is nothing to a reader

for image in image vhd; do
        shows 0 "-rws--x--x   2     1     2          6 2024-02-29T12:34:56.000000007Z hard" "$ext4ls" -l "$work/$image"
        shows 0 "link -> dir/file" "$ext4ls" ls -l "$work/$image" /
        shows 0 "/dir/below" "$ext4ls" -R "$work/$image"
        shows 0 hello "$ext4ls" cat "$work/$image" /link
done
shows 0 'odd\012name\033[31m' "$ext4ls" "$work/image"
shows 0 '"target":"dir/file"' "$ext4ls" --json "$work/image" /link
shows 0 "inode:" "$ext4ls" stat "$work/image" dir
shows 0 "type: file" "$ext4ls" stat -L "$work/image" link
shows 0 "bytes behind it        512" "$ext4ls" info "$work/vhd"
shows 0 '"behind":0' "$ext4ls" info --json "$work/image"
shows 0 "usage: ext4ls" "$ext4ls" --help
shows 0 "ext4ls 0." "$ext4ls" --version
shows 1 "no ext4 file system" "$ext4ls" info "$work/tar"
for command in ls stat cat extract info; do
        shows 0 "usage: ext4ls" "$ext4ls" "$command" --help
        shows 2 "ext4ls $command --help" "$ext4ls" "$command"
        shows 2 option "$ext4ls" "$command" --nonsense "$work/image"
        [[ $command == info ]] || expect 1 "no ext4 file system" "$ext4ls" "$command" "$work/tar" /
done
shows 2 "ext4ls ls: unrecognized option '--nonsense'" "$ext4ls" --nonsense "$work/image"
shows 1 "no such file" "$ext4ls" "$work/image" /nothing
shows 1 "no such file" "$ext4ls" cat "$work/image" /nothing
shows 1 "is a directory" "$ext4ls" cat "$work/image" /dir
shows 1 "not a directory" "$ext4ls" stat "$work/image" /dir/file/x
shows 1 "nowhere" "$ext4ls" "$work/nowhere"
# shellcheck disable=SC2016 # its own shell expands it
shows 1 "No space left" bash -c '"$1" cat "$2" /dir/file >/dev/full' - "$ext4ls" "$work/image"
"$ext4ls" -l "$work/image" | grep -q $'\e' && fail "colour without a terminal"

# Everything comes out, hard links as such; a link in the way is replaced and not followed.
mkdir -p "$work/out.d" "$work/outside"
ln -s ../outside "$work/out.d/dir"
ln -s ../outside/victim "$work/out.d/hard"
shows 0 "" "$ext4ls" extract -C "$work/out.d" "$work/image"
[[ -z $(ls -A "$work/outside") ]] || fail "something was written outside"
[[ $(stat -c %i "$work/out.d/hard") == $(stat -c %i "$work/out.d/dir/file") ]] || fail "a hard link came apart"
[[ $(stat -c %a:%Y "$work/out.d/hard") == 4711:1709210096 ]] || fail "mode or time: $(stat -c %a:%Y "$work/out.d/hard")"
[[ -p $work/out.d/fifo && $(readlink "$work/out.d/link") == dir/file ]] || fail "fifo or link"
shows 0 "/dir/below" "$ext4ls" extract -v -C "$work/part" "$work/image" dir/below
[[ $(cd "$work/part" && find . | sort | tr '\n' ' ') == ". ./dir ./dir/below " ]] || fail "more or less than a part"

# Images of mkfs.ext4, whose blocks are of other sizes and whose directories are hashed.
mkdir "$work/many"
(cd "$work/many" && for i in {1..2000}; do echo "$i" >"a-file-with-a-long-name-$i"; done)
for block in 1024 2048 4096; do
        rm -f "$work/mkfs"
        mkfs.ext4 -q -b $block -d "$work/many" "$work/mkfs" 20M >/dev/null 2>&1 || { fail "mkfs.ext4 -b $block"; continue; }
        e2fsck -fyD "$work/mkfs" >/dev/null 2>&1 # makes the hashes
        shows 0 "" "$ext4ls" extract -C "$work/mkfs-$block" "$work/mkfs"
        rmdir "$work/mkfs-$block/lost+found"
        diff -r "$work/many" "$work/mkfs-$block" || fail "mkfs.ext4 -b $block: not the same"
done
mkfs.ext4 -q -O encrypt "$work/mkfs" 4M >/dev/null 2>&1 && expect 1 encryption "$ext4ls" "$work/mkfs"
mkfs.ext4 -q -F -t ext2 -d "$work/many" "$work/mkfs" 20M >/dev/null 2>&1 &&
        shows 1 "a block map of ext2 or ext3" "$ext4ls" "$work/mkfs"

# Cut off at any place: an error, or all of it when only bitmaps are missing; never a crash.
"$ext4ls" -lR "$work/image" >"$work/whole"
size=$(stat -c %s "$work/image")
for ((at = 0; at < size; at += 1024)); do
        head -c "$at" "$work/image" >"$work/cut"
        "$ext4ls" -lR "$work/cut" >"$work/listed" 2>"$work/out"
        got=$?
        [[ $got -eq 1 && -s $work/out ]] || { [[ $got -eq 0 ]] && cmp -s "$work/listed" "$work/whole"; } || fail "cut at $at: exit code $got"
done
finish
