#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mockhcs install, uninstall and status, into a Wine prefix as Linux sees it and beside a program: what others own stays or
# comes back, and what was interrupted at any place can be gone on with or taken back. usage: run.sh MOCKHCS

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
mockhcs=$(realpath "$1")
cd "$work" || exit 1
names=(mockhcs computecore computenetwork computestorage vmcompute)
system32=prefix/drive_c/windows/system32
mkdir -p dlls "$system32"
for name in "${names[@]}"; do
        echo "our $name, which names mockhcs.dll" >"dlls/$name.dll"
done
install=("$mockhcs" install --prefix prefix --from dlls)
state() { "$mockhcs" status --prefix prefix --json | python3 -c '
import json, sys
print(" ".join(d["owner"] + ("+kept" if d["kept"] else "") for d in json.load(sys.stdin)["dlls"]))'; }
is_state() { [[ $(state) == "$1" ]] || fail "$2: it is: $(state)"; }
nothing_else() { [[ -z $(find "$system32" -type f ! -name '*.dll' ! -name '*.before-mockhcs' ! -name '*.before-mockhcs.[0-9]') ]] || fail "there is $(ls "$system32")"; }

## In front of nothing.
is_state "none none none none none" "at first"
expect 1 "nothing of ours is there" "$mockhcs" status --prefix prefix
matches '^vmcompute.dll +not there$'
expect 0 "install" "${install[@]}"
is_state "ours ours ours ours ours" "installed"
expect 0 "again" "${install[@]}"
expect 0 "all are ours" "$mockhcs" status --prefix prefix
expect 0 "uninstall" "$mockhcs" uninstall --prefix prefix
is_state "none none none none none" "uninstalled"
expect 0 "there is nothing to uninstall" "$mockhcs" uninstall --prefix prefix
says "none of ours"

## In front of what others own.
echo "theirs" >"$system32/vmcompute.dll"
expect 1 "refused" "${install[@]}"
says "$system32/vmcompute.dll"
says "--replace, said twice"
is_state "none none none none others" "refused"
expect 1 "said once" "${install[@]}" --replace
expect 0 "said twice" "${install[@]}" --replace --replace
is_state "ours ours ours ours ours+kept" "replaced"
expect 0 "an update of ours needs no word" "${install[@]}"
echo "theirs, newer" >"$system32/vmcompute.dll"
expect 1 "what came later is refused" "${install[@]}"
expect 0 "and kept instead" "${install[@]}" --replace --replace
grep -qx "theirs" "$system32/vmcompute.dll.before-mockhcs.1" || fail "what was kept first is lost"
echo "theirs, newest" >"$system32/vmcompute.dll"
expect 0 "a third is kept too" "${install[@]}" --replace --replace
grep -qx "theirs, newer" "$system32/vmcompute.dll.before-mockhcs.2" || fail "what was kept second is lost"
grep -qx "theirs" "$system32/vmcompute.dll.before-mockhcs.1" || fail "what was kept first was overwritten"
echo "theirs, newest" >"$system32/vmcompute.dll"
expect 0 "the same again" "${install[@]}" --replace --replace
[[ ! -e $system32/vmcompute.dll.before-mockhcs.3 ]] || fail "one file is kept twice"
is_state "ours ours ours ours ours+kept" "kept"
expect 0 "uninstall" "$mockhcs" uninstall --prefix prefix
grep -qx "theirs, newest" "$system32/vmcompute.dll" || fail "not what was there last came back"
is_state "none none none none others" "put back"
expect 0 "and comes back once" "$mockhcs" uninstall --prefix prefix
says "none of ours"
[[ -e $system32/vmcompute.dll.before-mockhcs.1 && -e $system32/vmcompute.dll.before-mockhcs.2 ]] || fail "uninstall took what has a number"
rm "$system32"/vmcompute.dll.before-mockhcs.*

## Interrupted: a file is kept and not yet replaced; ours is gone and the kept one not yet back; theirs is back and still kept.
cp "$system32/vmcompute.dll" "$system32/vmcompute.dll.before-mockhcs"
cp dlls/mockhcs.dll "$system32"
expect 0 "an install that was interrupted is taken back" "$mockhcs" uninstall --prefix prefix
is_state "none none none none others" "taken back"
mv "$system32/vmcompute.dll" "$system32/vmcompute.dll.before-mockhcs"
expect 0 "what is only kept comes back" "$mockhcs" uninstall --prefix prefix
is_state "none none none none others" "come back"
cp dlls/mockhcs.dll "$system32"
expect 0 "an install that was interrupted goes on" "${install[@]}" --replace --replace
is_state "ours ours ours ours ours+kept" "gone on"
echo "of a third" >"$system32/vmcompute.dll"
expect 0 "what a third has put there stays" "$mockhcs" uninstall --prefix prefix
is_state "none none none none others+kept" "of a third"
rm "$system32"/vmcompute.dll*

## What cannot be: a place that takes no file, some of ours missing, no place, two.
mkdir "$system32/computestorage.dll"
expect 1 "a folder has the name" "${install[@]}" --replace --replace
says "computestorage.dll"
expect 0 "what was copied is taken away" "$mockhcs" uninstall --prefix prefix
rmdir "$system32/computestorage.dll"
is_state "none none none none none" "taken away"
if [[ $(id -u) -ne 0 ]]; then
        chmod a-w "$system32"
        expect 1 "a place that is only read" "${install[@]}"
        says "ERROR_ACCESS_DENIED"
        chmod u+w "$system32"
fi
expect 1 "a place where nothing can be made" "$mockhcs" install --beside /proc/self/environ --from dlls
says "/proc/self"
mkdir some
cp dlls/mockhcs.dll some
expect 1 "not all of ours" "$mockhcs" install --prefix prefix --from some
says "some/computecore.dll\` is not there"
is_state "none none none none none" "not all"
expect 1 "no Wine prefix" "$mockhcs" install --prefix dlls --from dlls
says "is this a Wine prefix?"
expect 2 "no place" "$mockhcs" install --from dlls
expect 2 "two places" "$mockhcs" status --prefix prefix --beside x
expect 2 "--json elsewhere" "$mockhcs" uninstall --prefix prefix --json
expect 2 "System32 of Linux" "$mockhcs" status --system

## Beside a program.
mkdir program
touch program/client.exe
expect 0 "beside a program" "$mockhcs" install --beside program/client.exe --from dlls
[[ -f program/vmcompute.dll ]] || fail "it is not beside it"
expect 0 "in the folder itself" "$mockhcs" uninstall --beside program
[[ ! -e program/vmcompute.dll && -e program/client.exe ]] || fail "not only ours went"
nothing_else
finish
