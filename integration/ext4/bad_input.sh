#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tar2ext4 when things go wrong around it: a full disk, a limit on file sizes, a pipe that breaks, a signal, a packed tar
# that was cut off. The error names the entry and its offset, and neither an image nor a part of one stays behind; the
# one that was there before stays as it was. The same tar gives the same image through a pipe, gzip and zstd.
# usage: bad_input.sh TAR2EXT4 MAKE_TAR EXT4LS SANITIZERS

set -u
tar2ext4=$(realpath "$1")
make_tar=$(realpath "$2")
ext4ls=$(realpath "$3")
sanitizers=$4
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
mounted=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
        [[ -z $mounted ]] || umount "$mounted"
        rm -rf "$work"
}
trap clean_up EXIT

# refused TEXT COMMAND...: exit code 1, the text, and nothing new in out.
refused() {
        local text=$1 got=0
        shift
        "$@" >"$work/log" 2>&1 || got=$?
        [[ $got -eq 1 ]] || fail "exit code $got: $*"
        grep -qE -- "$text" "$work/log" || fail "no \`$text' from $*: $(cut -c1-300 "$work/log")"
        [[ $(ls -A "$work/out") == before && $(<"$work/out/before") == before ]] || fail "left behind: $(ls -A "$work/out")"
        rm -rf "$work/out"
        new_out
}

new_out() {
        mkdir -p "$work/out"
        echo before >"$work/out/before"
}

new_out
"$make_tar" large 3 4000000 >"$work/large.tar"
"$make_tar" small 3000 2000 >"$work/small.tar"

# A limit on the size of files, in kilobytes, in the midst of moved content, of written content, and of the tables.
for tar in large small; do
        for limit in 1 1000 6000; do
                # shellcheck disable=SC2016 # its own shell expands it
                refused 'entry [0-9]+ `[a-z].*` at offset [0-9]+|ERROR_(FILE_TOO_LARGE|DISK_FULL)' bash -c \
                        'ulimit -f "$1"; exec "$2" -i "$3" -o "$4"' - $limit "$tar2ext4" "$work/$tar.tar" "$work/out/before"
        done
done

# A disk that is full: only root can make one.
if [[ $(id -u) -eq 0 ]] && mkdir "$work/disk" && mount -t tmpfs -o size=5m none "$work/disk" 2>/dev/null; then
        mounted=$work/disk
        for tar in large small; do
                "$tar2ext4" -i "$work/$tar.tar" -o "$work/disk/image" 2>"$work/log" && fail "$tar.tar on a full disk"
                grep -q "No space left" "$work/log" || fail "full disk: $(<"$work/log")"
                [[ -z $(ls -A "$work/disk") ]] || fail "left on the full disk: $(ls -A "$work/disk")"
        done
        umount "$work/disk"
        mounted=
else
        echo "no full disk here: not root, or no tmpfs"
fi

# Cut off in a header, in moved content, in written content; from a file and from a pipe.
for cut in 700 100000 5000000; do
        head -c $cut "$work/large.tar" >"$work/cut"
        refused "unexpected EOF at offset $cut" "$tar2ext4" -i "$work/cut" -o "$work/out/before"
        # shellcheck disable=SC2016
        refused "unexpected EOF at offset $cut" bash -c '"$1" -o "$2" <"$3"' - "$tar2ext4" "$work/out/before" "$work/cut"
        # shellcheck disable=SC2016
        refused "unexpected EOF at offset $cut" bash -c 'cat "$3" | "$1" -o "$2"' - "$tar2ext4" "$work/out/before" "$work/cut"
done
# shellcheck disable=SC2016 # no command, a quoted name
refused 'entry 2 `large/file-001` at offset' "$tar2ext4" -i "$work/cut" -o "$work/out/before"

# Packed tars: as good as plain ones, until they are cut off or corrupt.
"$tar2ext4" -i "$work/small.tar" -o "$work/plain" || fail "small.tar"
same() { # WHAT COMMAND...: it makes the same image
        rm -f "$work/again"
        "${@:2}" || fail "$1"
        cmp "$work/plain" "$work/again" || fail "$1: another image"
}
same "standard input" "$tar2ext4" -o "$work/again" <"$work/small.tar"
same "a pipe" "$tar2ext4" -o "$work/again" < <(cat "$work/small.tar")
for pack in gzip zstd; do
        command -v $pack >/dev/null || { echo "no $pack here"; continue; }
        $pack -c "$work/small.tar" >"$work/packed"
        same "$pack" "$tar2ext4" -i "$work/packed" -o "$work/again"
        same "$pack from standard input" "$tar2ext4" -o "$work/again" <"$work/packed"
        head -c 1000000 "$work/packed" >"$work/cut"
        refused "unexpected end of the compressed data" "$tar2ext4" -i "$work/cut" -o "$work/out/before"
        { head -c 1000000 "$work/packed" && head -c 3000 /dev/zero && tail -c +1003001 "$work/packed"; } >"$work/bad"
        refused "$pack: |invalid tar header|unexpected" "$tar2ext4" -i "$work/bad" -o "$work/out/before"
done

# A signal in the midst: the other end of the pipe is open, and will stay so.
mkfifo "$work/pipe"
"$tar2ext4" -i "$work/pipe" -o "$work/out/image" &
pid=$!
exec 9>"$work/pipe" # returns once it is being read
head -c 3000000 "$work/large.tar" >&9
kill -TERM $pid
wait $pid 2>/dev/null
exec 9>&-
[[ $(ls -A "$work/out") == before ]] || fail "left behind by a signal: $(ls -A "$work/out")"

# A million entries in one directory, in 16 MiB and 200 bytes an entry; a sanitizer's memory is its own.
if [[ $sanitizers == none ]]; then
        # shellcheck disable=SC2016
        "$make_tar" empty 1000000 | bash -c 'ulimit -v 211696; exec "$1" -o "$2"' - "$tar2ext4" "$work/million" ||
                fail "a million entries"
        n=$("$ext4ls" -R "$work/million" | wc -l)
        [[ $n -eq 1000002 ]] || fail "$n names instead of a million, their directory and lost+found"
        rm -f "$work/million"
fi

# What cannot be opened or made.
refused "nowhere" "$tar2ext4" -i "$work/nowhere" -o "$work/out/before"
refused "create" "$tar2ext4" -i "$work/small.tar" -o "$work/out/no/such/directory"
refused "directory" "$tar2ext4" -i "$work/out" -o "$work/out/before"
finish
