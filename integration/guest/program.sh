#!/bin/bash
# SPDX-License-Identifier: MIT
# program.sh AGENT: what the agent does as a program: its help, flags that make no sense, and a bridge on its own streams.
# In namespaces, for /run is the agent's; as root.
set -u
agent=$1
if [ -z "${AGENT_IS_ALONE:-}" ]; then
        if [ "$(id -u)" != 0 ] || ! unshare -mpfn --mount-proc true 2>/dev/null; then
                echo "SKIPPED: the guest agent needs root and namespaces" >&2
                exit 77
        fi
        AGENT_IS_ALONE=1 exec unshare -mpfn --mount-proc --kill-child "$0" "$agent"
fi
mount -t tmpfs tmpfs /run || exit 1
said=/run/said
failed=0
fail() {
        echo "FAIL $1: $(tr -d '\0' <$said)" >&2
        failed=1
}
# refused CODE TEXT FLAG...: the agent ends with the code and says the text.
refused() {
        local code=$1 text=$2
        shift 2
        "$agent" -v4 -no-cgroups "$@" </dev/null >$said 2>&1
        if [ $? != "$code" ] || ! grep -qF -- "$text" $said; then fail "$*"; fi
}
refused 2 "flag provided but not defined: -nosuch" -nosuch
refused 2 "-loglevel \`loud\`: not a level" -loglevel loud
refused 1 "outside of Hyper-V use -disable-time-sync" -use-inouterr
refused 1 "transport \`tcp\`: neither vsock nor unix:PATH" -disable-time-sync -transport tcp
refused 1 "unknown initial-policy-stance \`maybe\`" -disable-time-sync -initial-policy-stance maybe
refused 1 "/run/nowhere/log" -disable-time-sync -logfile /run/nowhere/log
refused 0 "-initial-policy-stance string" -help
# The kernel's pattern of core files is the machine's: here a file of ours is in its place.
touch /run/pattern && mount --bind /run/pattern /proc/sys/kernel/core_pattern || exit 1
for flags in "-core-dump-location /run/cores/core.%p" ""; do
        # shellcheck disable=SC2086
        : | "$agent" -v4 -no-cgroups -disable-time-sync -use-inouterr -loglevel error $flags >$said 2>&1 || fail "$flags"
        [ "$(cat /run/pattern)" = /run/cores/core.%p ] || fail "with \`$flags\` the pattern is $(cat /run/pattern)"
done
mount -o remount,bind,ro /proc/sys/kernel/core_pattern || exit 1
refused 1 "failed to set core dump location" -disable-time-sync -use-inouterr -core-dump-location /run/elsewhere

# little SIZE NUMBER: its bytes, the lowest first.
little() {
        local i
        for ((i = 0; i < $1; i++)); do printf '%b' "\\x$(printf %02x $(($2 >> 8 * i & 255)))"; done
}
# frame TYPE ID BODY: a message of the bridge.
frame() {
        little 4 "$1"
        little 4 $((16 + ${#3}))
        little 8 "$2"
        printf %s "$3"
}
# The bridge's end is the agent's. It answers what came before.
frame $((0x10100b01)) 7 '{"ContainerId":"","ActivityId":"","MinimumVersion":4,"MaximumVersion":4}' |
        "$agent" -v4 -no-cgroups -disable-time-sync -use-inouterr -loglevel error >$said 2>/run/log ||
        fail "a bridge on standard streams"
grep -qaF '"Version":4' $said || fail "an answer on standard output"
# A host that goes while a runtime hangs: the agent ends when the runtime's time is over.
printf '#!/bin/sh\necho asked >>/run/asked\nexec sleep 1000\n' >/run/hangs
chmod +x /run/hangs
config='{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"OciBundlePath\":\"/run/bundle\",\"OciSpecification\":{\"process\":{\"cwd\":\"/\",\"args\":[\"true\"],\"user\":{}},\"root\":{\"path\":\"/run/root\"},\"linux\":{}}}'
{
        frame $((0x10100b01)) 7 '{"MinimumVersion":4,"MaximumVersion":4}'
        frame $((0x10100101)) 8 "{\"ContainerId\":\"c\",\"ContainerConfig\":\"$config\"}"
} | timeout 30 "$agent" -v4 -no-cgroups -disable-time-sync -use-inouterr -loglevel error -runtime /run/hangs \
        -runtime-timeout-ms 200 >$said 2>/run/log || fail "a host that goes while a runtime hangs"
[ -e /run/asked ] || fail "the runtime that hangs"
# A file is a bridge as well: what is asked in it is answered, by threads too, and its end is the bridge's.
{
        frame $((0x10100b01)) 7 '{"ContainerId":"","ActivityId":"","MinimumVersion":4,"MaximumVersion":4}'
        frame $((0x10100a01)) 8 '{"ContainerId":"00000000-0000-0000-0000-000000000000","Request":{"ResourceType":"CombinedLayers","RequestType":"Add","Settings":{"ContainerRootPath":"/run/nowhere/root","Layers":[{"Path":"/run/nowhere/layer"}]}}}'
} >/run/frames
timeout 20 "$agent" -v4 -no-cgroups -disable-time-sync -use-inouterr -loglevel error </run/frames >$said 2>/run/log ||
        fail "a bridge that is a file"
grep -qaF '"Version":4' $said || fail "an answer to a file"
grep -qaF '"ErrorMessage"' $said || fail "an answer of a thread to a file"
# Without protocol 4 nothing but negotiation is known.
frame $((0x10100201)) 7 '{"ContainerId":"","ActivityId":""}' |
        "$agent" -no-cgroups -disable-time-sync -use-inouterr -loglevel error >$said 2>/run/log
grep -qaF 'function not supported' $said || fail "without -v4"
exit $failed
