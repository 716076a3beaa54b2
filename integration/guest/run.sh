#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh BUILD RUNTIME [OPTION...]: the conformance suite against our agent, without a VM: in mount, pid, network and
# cgroup namespaces of its own, with folders in memory where the agent keeps its state. Needs root; without it: skipped
# (exit code 77), and what the kernel at hand lacks is said.
set -u
build=$(cd "$1" && pwd) runtime=$2
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
needs_root "the guest agent"
unshare -mpfnC --mount-proc true 2>/dev/null || skip "no namespaces can be made here"
runtime=$("$source/integration/guest/runtime.sh" "$runtime") || skip "$runtime is not installed"
busybox=$(command -v busybox) || skip "busybox is not installed"
ldd "$busybox" >/dev/null 2>&1 && skip "busybox is not static"

# A cgroup of its own in every hierarchy: in the new namespace it is the root, and all that the agent makes is below it.
hierarchies=() cgroups=(--no-cgroups)
group=conform-$$
for h in /sys/fs/cgroup/*/; do
        [ -w "$h/cgroup.procs" ] && mkdir "$h/$group" 2>/dev/null && hierarchies+=("$h$group")
done
if [ -e /sys/fs/cgroup/memory/cgroup.procs ] && [ "${#hierarchies[@]}" -gt 0 ]; then
        cgroups=()
fi
# A group that still has processes goes when they have.
clean() {
        for h in "${hierarchies[@]}"; do
                find "$h" -depth -type d -exec rmdir {} \; 2>/dev/null
        done
}
trap clean EXIT

# shellcheck disable=SC2016
bash -c '
        group=$1
        shift
        for h in /sys/fs/cgroup/*/"$group"; do
                [ -e "$h/cpuset.cpus" ] && cat "$h/../cpuset.cpus" >"$h/cpuset.cpus" && cat "$h/../cpuset.mems" >"$h/cpuset.mems"
                echo $$ >"$h/cgroup.procs"
        done 2>/dev/null
        exec unshare -mpfnC --mount-proc --kill-child /bin/bash -c "$@"
' enter "$group" '
        build=$1 source=$3 busybox=$4 cgroups=$5
        read -ra runtime <<<"$2"
        shift 5
        mount -t tmpfs tmpfs /run
        mkdir -p /run/conform
        # What was mounted before shows the groups of before; and a mix of both versions is more than a runtime takes.
        umount /sys/fs/cgroup/unified 2>/dev/null
        for h in /sys/fs/cgroup/*/; do
                name=$(basename "$h")
                umount "$h" 2>/dev/null || continue
                if [ "$name" = systemd ]; then name=none,name=systemd; fi
                mount -t cgroup -o "$name" cgroup "$h" 2>/dev/null
        done
        # Where there is no /sys, in a chroot, the runtime needs one with control groups in it.
        [ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys 2>/dev/null
        [ -n "$(ls -A /sys/fs/cgroup 2>/dev/null)" ] || mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
        # Can it run anything at all here?
        runtimes=()
        mkdir -p /run/probe/rootfs/bin /run/probe/rootfs/proc /run/probe/rootfs/dev
        cp "$busybox" /run/probe/rootfs/bin/busybox
        printf "%s" "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/bin/busybox\",\"true\"]," \
                "\"env\":[],\"cwd\":\"/\"},\"root\":{\"path\":\"rootfs\"},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"," \
                "\"source\":\"proc\"}],\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"ipc\"}," \
                "{\"type\":\"uts\"},{\"type\":\"network\"}]}}" >/run/probe/config.json
        if ! "${runtime[@]}" --root /run/probe/state run --bundle /run/probe probe </dev/null >/run/probe/log 2>&1; then
                echo "${runtime[*]} cannot run containers here: $(cat /run/probe/log)"
                runtimes=(--no-runtime)
        fi
        rm -rf /run/probe
        # The runtime, with faults on demand.
        printf "#!/bin/sh\ncase \"\$(cat /run/conform/fault 2>/dev/null)\" in crash) kill -SEGV \$\$ ;; hang) sleep 1000 ;; lazy) exit 0 ;; esac\nexec %s \"\$@\"\n" \
                "${runtime[*]}" >/run/conform/runtime
        chmod +x /run/conform/runtime
        # A pid namespace is what powering off ends where there is no VM.
        agent=() wrap=()
        for option in "$@"; do
                if [ "$option" = --power-off ]; then wrap=(unshare -pf --kill-child --mount-proc); fi
        done
        if [ -n "$cgroups" ]; then agent=(-no-cgroups); fi
        exec "$build/integration/guest/conform" --socket /run/conform/v.sock --busybox "$busybox" \
                --golden "$source/fixtures/golden/gcs/guest.jsonl" --fault-file /run/conform/fault \
                --bounded-close ${cgroups:+$cgroups} "${runtimes[@]}" "$@" -- \
                "${wrap[@]}" "$build/guest/agent/gcs" -v4 -transport unix:/run/conform/v.sock -disable-time-sync -loglevel error \
                -logfile /run/conform/log -runtime /run/conform/runtime -runtime-timeout-ms 3000 \
                -stdio-close-timeout-ms 1500 -device-timeout-ms 100 -root-mem-reserve-bytes 1048576 \
                "${agent[@]}"
' conform "$build" "$runtime" "$source" "$busybox" "${cgroups[*]:-}" "$@"
