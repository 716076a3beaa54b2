#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Wine as a host of HCS: `mockhcs run' of Linux starts programs of Windows, with what Wine lacks, before a service that is
# native and machines in QEMU. usage: host.sh NATIVE_BUILD_ROOT BUILD_ROOT; skipped (77) without the native build

# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"
native=$1
root=$2
image=$native/guest/image
mockhcs=$native/cmd/mockhcs/mockhcs
hcsctl=$native/cmd/hcsctl/hcsctl
if [[ ! -x $mockhcs || ! -x $hcsctl || ! -x $native/cmd/hcsdemo/hcsdemo ]]; then
        echo "the native build is not there: $native"
        exit 77
fi
unset WINEPATH HCSSHIM_LIBRARY_PATH MOCKHCS
export XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work HCSSHIM_LOG=off
cp -a "${WINEPREFIX:?}" "$work/prefix"
mkdir "$work/dlls"
cp "$root"/mockhcs/*.dll "$root"/mockhcs/abi/*.dll "$root"/mockhcs/winehv/*.dll "$root/lib/hcsshim.dll" "$root/cmd/mockhcs/mockhcs.exe" \
        "$root/cmd/hcsdemo/hcsdemo.exe" "$root"/integration/windows/*.exe "$work/dlls"
[[ ! -f $root/lib/gcs/test/hyperv_test.exe ]] || cp "$root/lib/gcs/test/hyperv_test.exe" "$work/dlls"
run=("$mockhcs" run --from "$work/dlls" --prefix "$work/prefix" --build 20348)
# As a program of this prefix sees a file of Linux.
windows_path() { echo "Z:${1//\//\\}"; }

# Into a prefix, and out of it again, from Linux.
system32=$work/other/drive_c/windows/system32
mkdir -p "$system32"
echo "somebody else's" >"$system32/vmcompute.dll"
expect 1 "a prefix without ours" "$mockhcs" status --prefix "$work/other"
matches '^vmcompute.dll +not ours'
expect 1 "what others made is refused" "$mockhcs" install --prefix "$work/other" --from "$work/dlls"
expect 1 "also when told once" "$mockhcs" install --prefix "$work/other" --from "$work/dlls" --replace
[[ ! -e $system32/mockhcs.dll ]] || fail "one was copied all the same"
expect 0 "not when told twice" "$mockhcs" install --prefix "$work/other" --from "$work/dlls" --replace --replace
expect 0 "all are ours" "$mockhcs" status --prefix "$work/other"
matches '^vmcompute.dll +ours, another is kept'
expect 0 "uninstall" "$mockhcs" uninstall --prefix "$work/other"
grep -q "somebody else's" "$system32/vmcompute.dll" || fail "what was there before was not put back"
[[ $(ls "$system32") == vmcompute.dll ]] || fail "left behind: $(ls "$system32")"
expect 1 "what is no prefix" "$mockhcs" install --prefix "$work/dlls" --from "$work/dlls"
says "is this a Wine prefix?"

expect 7 "an exit code is passed on" "${run[@]}" -- cmd /c exit 7
expect 255 "the largest too" "${run[@]}" -- cmd /c exit 255
silent_about "exit code"
expect 255 "256 is no success" "${run[@]}" -- cmd /c exit 256
says "ended with exit code 256 (0x00000100)"
expect 255 "that of a crash is told" "${run[@]}" -- cmd /c exit -1073741819
says "0xC0000005"
mkdir -p "$work/zwei Wörter"
cp "$work/dlls/listener.exe" "$work/zwei Wörter/日本.exe"
expect 3 "a program whose name is not of the code page" "${run[@]}" -- "$work/zwei Wörter/日本.exe"
expect 3 "nor of the locale" env LC_ALL=POSIX "${run[@]}" -- "$work/zwei Wörter/日本.exe"
mkdir "$work/disks"
expect 0 "what Wine lacks is there" "${run[@]}" --manifest -- "$work/dlls/lacking.exe" 20348 "Z:${work//\//\\}\\disks"
if command -v qemu-img >/dev/null; then
        expect 0 "a VHDX of virtdisk's is one" qemu-img check -f vhdx "$work/disks/one.vhdx"
        expect 0 "with its size" qemu-img info --output=json -f vhdx "$work/disks/one.vhdx"
        says '"virtual-size": 67108864'
        expect 0 "a copy is a VHDX" qemu-img check -f vhdx "$work/disks/copy.vhdx"
        expect 0 "a dynamic VHD was expanded" qemu-img info --output=json -f vpc "$work/disks/base.vhd"
        says '"virtual-size": 6291456000'
fi
expect 0 "one that stands on it is one" "$native/cmd/vhd/vhd" check "$work/disks/over/three.vhdx"
says "differencing VHDX of 67108864 bytes"
expect 0 "and so is its VHD" "$native/cmd/vhd/vhd" check "$work/disks/two.vhd"
expect 0 "VHDs of all types are some" "$native/cmd/vhd/vhd" check "$work"/disks/{base.vhd,child.vhd,fixed.vhdx,larger.vhdx,top.vhdx}
expect 1 "a program that is not there" "${run[@]}" -- "$work/gone.exe"
says gone.exe
mkdir -p "$work/template/prefix/drive_c"
expect 1 "a template that is no prefix" "$mockhcs" run --from "$work/dlls" --prefix "$work/made/" --template "$work/template" -- cmd
says "is this a Wine prefix?"
[[ -d $work/made/drive_c ]] || fail "it was not copied to a folder with a separator behind"
rm -r "$work/template"
touch "$work/a-file"
expect 1 "a prefix that is a file" "$mockhcs" run --from "$work/dlls" --prefix "$work/a-file" --template "$work/template" -- cmd
says "is no folder"
expect 2 "--backend without a service" "${run[@]}" --backend emulate -- cmd
expect 0 "a client before a native service" "${run[@]}" --service --record "$work/wine.trace" -- "$work/dlls/hcsdemo.exe"
says 'ran "cat" as process 1004: "from the host", exit code 0'
export HCSSHIM_LIBRARY_PATH=$native/mockhcs/abi
expect 0 "what it did is played on Linux" "$native/cmd/hcstrace/hcstrace" verify "$work/wine.trace" -- "$native/cmd/hcsdemo/hcsdemo"
unset HCSSHIM_LIBRARY_PATH
if [[ -f $work/dlls/hyperv_test.exe ]]; then
        expect 0 "Hyper-V sockets of the loopback" "${run[@]}" --service -- "$work/dlls/hyperv_test.exe" -t bytes_and_a_half_close_go_over_the_loopback
        silent_about SKIPPED
fi

# Ended by a signal, with the program and all that was made for both.
"${run[@]}" --service -- "$work/dlls/listener.exe" serve >"$work/served" &
server=$!
is_written listening "$work/served" $server || fail "nobody listens"
kill -TERM $server
code=0
wait $server || code=$?
[[ $code -eq 137 ]] || fail "ended by a signal: exit code $code"
! pgrep -f "$work/dlls/listener.exe" || fail "the program goes on"

# Once more while all that is tidied up, which goes on.
mkdir "$work/own"
cp -a "$work/prefix" "$work/own/prefix"
: >"$work/served"
"$mockhcs" run --from "$work/dlls" --template "$work/own" --service -- "$work/dlls/listener.exe" serve >"$work/served" &
server=$!
is_written listening "$work/served" $server || fail "nobody listens"
kill -TERM $server
kill -TERM $server
code=0
wait $server || code=$?
[[ $code -eq 137 ]] || fail "ended by two signals: exit code $code"
[[ -z $(find "$work/hcsshim" -mindepth 1 -maxdepth 1 -name 'wine*') ]] || fail "its prefix is left behind"
rm -r "$work/own"

# Who listens goes on to listen with the service that comes after the first.
expect 0 "mistakes with Hyper-V sockets" "${run[@]}" --service -- "$work/dlls/listener.exe" errors
silent_about FAILED
says "ok: datagrams"
expect 0 "Hyper-V sockets as go-winio has them" "${run[@]}" --service -- "$work/dlls/overlapped.exe"
silent_about FAILED
winehv=(env "WINEPREFIX=$work/prefix" WINEDEBUG=-all "WINEHV_SERVICE=$(windows_path "$work/door")" wine "$work/dlls/mockhcs.exe" run -- "$work/dlls/listener.exe")
begin_service() {
        "$mockhcs" service --socket "$work/listener.sock" --loopback "$work/door" || fail "the service does not begin"
}
end_service() {
        "$hcsctl" service stop --socket "$work/listener.sock" || fail "the service does not end"
}
begin_service
cp "$work/door" "$work/stale"
: >"$work/served"
HCSSHIM_LOG=warn "${winehv[@]}" serve >"$work/served" 2>"$work/noise" &
server=$!
is_written listening "$work/served" $server || fail "nobody listens"
expect 0 "a listener hears" "${winehv[@]}" dial first
says "came back: first"
end_service
expect 2 "without a service nobody does" "${winehv[@]}" dial nobody
says "connect: 10050"
expect 1 "nor does one listen behind a door that leads nowhere" "${winehv[@]/%door/stale}" serve
says "cannot listen: 10050"
is_written 'no Hyper-V sockets' "$work/noise" $server || fail "the listener does not miss its service"
begin_service
for _ in {1..60}; do
        "${winehv[@]}" dial end >"$work/dialled" && break
done
grep -q "came back: end" "$work/dialled" || { fail "the new service does not know who listens"; kill $server; }
wait $server || fail "the listener ends with $?"
[[ $(tr -d '\r' <"$work/served") == $'listening\nheard: first\nheard: end' ]] || fail "heard: $(cat "$work/served")"
end_service
noise=$(sed 's/.*error=//' "$work/noise" | sort | uniq -d)
[[ -z $noise ]] || fail "the listener tells the same more than once: $noise"

find "$work/prefix/drive_c" -maxdepth 1 -name '*.door' | grep -q . && fail "a door was left behind"

if [[ -f $image/kernel ]] && command -v qemu-system-x86_64 >/dev/null; then
        expect 0 "a machine by our client" "${run[@]}" --service -- "$work/dlls/uvm.exe" "$(windows_path "$image")"
        says "uname: Linux"
        says "lines: 18890 bytes, to the last"
        says "exit code: 7 with 8 bytes"
        says "shut down"
        if [[ -f $work/dlls/hyperv.exe ]]; then
                expect 0 "a machine by a client in Go" "${run[@]}" --service --record "$work/machine.trace" -- "$work/dlls/hyperv.exe" \
                        "$(windows_path "$image/kernel")" "$(windows_path "$image/initrd.img")"
                says "ok: its exit code is 7"
                expect 0 "its calls are a trace" "$native/cmd/hcstrace/hcstrace" show "$work/machine.trace"
                says HcsStartComputeSystem
        fi
fi
WINEPREFIX=$work/prefix wineserver -k || true
WINEPREFIX=$work/prefix wineserver -w || true
finish
