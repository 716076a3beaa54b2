#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real layers: a minimal Debian, busybox with a link for each of its commands, and 100,000 small files. Each becomes an
# image, on which e2fsck finds nothing, and what libarchive, our reader and debugfs see of it is the same, entry by
# entry; the Debian one is extracted and compared with tar's doing. ci/layers made the tars that need a network or root.
# usage: layers.sh SOURCE_ROOT TAR2EXT4 EXT4LS COMPARE MAKE_TAR

set -u
layers=$1/.deps/layers
tar2ext4=$2
ext4ls=$3
compare=$4
make_tar=$5
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
skipped=0

# Converts and compares one tar, with each of the options.
check() {
        local tar=$1 option
        shift
        for option in "$@"; do
                "$tar2ext4" ${option:+"$option"} -i "$tar" -o "$work/image" || { fail "$tar $option"; return; }
                # shellcheck disable=SC2046
                "$compare" "$tar" "$work/image" $([[ $option == -overlay ]] && echo --overlay) || fail "$tar $option"
        done
        echo "$(basename "$tar"): $("$ext4ls" -R "$work/image" | wc -l) entries, $(stat -c %s "$work/image") bytes"
}

# As root: what ext4ls extracts is what tar extracts, owners and attributes too.
check_extract() {
        local tar=$1
        [[ $(id -u) -eq 0 ]] || return 0
        "$tar2ext4" -i "$tar" -o "$work/image" || { fail "$tar"; return; }
        mkdir "$work/by-tar"
        tar -C "$work/by-tar" --numeric-owner --xattrs --xattrs-include='*' -xpf "$tar" || fail "tar -x"
        "$ext4ls" extract -C "$work/by-us" "$work/image" || fail "ext4ls extract"
        rmdir "$work/by-us/lost+found"
        touch -d @0 "$work/by-tar" "$work/by-us" # that changed the time of one of them
        for tree in by-tar by-us; do
                (cd "$work/$tree" && tar --numeric-owner --sort=name --xattrs --xattrs-include='*' --format=posix \
                        --pax-option=delete=atime,delete=ctime -cf - .) | sha256sum >"$work/$tree.sum"
        done
        cmp -s "$work/by-tar.sum" "$work/by-us.sum" || fail "$tar: ext4ls extracts something else than tar"
}

"$make_tar" small 100000 2000 >"$work/small.tar" && check "$work/small.tar" ""
for name in busybox minbase; do
        if [[ -f $layers/$name.tar ]]; then
                check "$layers/$name.tar" "" -inline -overlay
                check_extract "$layers/$name.tar"
        else
                echo "SKIPPED: there is no $layers/$name.tar; ci/layers makes it, as root"
                skipped=$((skipped + 1))
        fi
        rm -rf "$work/by-tar" "$work/by-us"
done
[[ $failures -gt 0 || $skipped -eq 0 ]] || exit 77
finish
