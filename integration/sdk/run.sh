#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is installed can be built against: the first test of the README, as it stands there, and every installed header by
# itself. usage: run.sh SOURCE_DIR BUILD_DIR SANITIZERS
set -eu
source=$1
build=$2
[[ $3 == none ]] || { echo "a sanitizer build is not for installing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$work/root" >/dev/null
pc=$(find "$work/root" -name mockhcs.pc -printf %h)
lib=$(dirname "$pc")
flags() {
        PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_PATH=$pc pkg-config "$@"
}

# shellcheck disable=SC2016 # backquotes of the README
sed -n '/^```c$/,/^```$/p' "$source/README.md" | grep -v '^```' >"$work/first.c"
# shellcheck disable=SC2046 # flags are words
cc -Wall -Wextra -Werror "$work/first.c" $(flags --cflags --libs mockhcs) -Wl,-rpath-link,"$lib" -o "$work/first"
LD_LIBRARY_PATH=$lib "$work/first"
echo "ok: the first test of the README"

: >"$work/all.c"
while read -r header; do
        printf '#include <%s>\n' "$header" | tee -a "$work/all.c" >"$work/one.c"
        # shellcheck disable=SC2046
        cc -Wall -Wextra -Werror -fsyntax-only $(flags --cflags hcsshim mockhcs) "$work/one.c"
        echo "ok: $header by itself"
done < <(cd "$work/root" && find . -path '*/include/*' -name '*.h' | sed 's,.*/include/,,' | sort)
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror -fsyntax-only $(flags --cflags hcsshim mockhcs) "$work/all.c"
echo "ok: all of them together"
