#!/bin/bash
# SPDX-License-Identifier: MIT
# bench.sh BENCH AGENT PIPED: in a mount namespace of its own, for the agent's folders are the machine's.
set -u
# shellcheck source=integration/needs.sh
source "$(dirname "$0")/../needs.sh"
needs_root "the guest agent"
runtime=$("$(dirname "$0")/runtime.sh" crun) || skip "crun is not installed"
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$2" && echo "agent: $(stat -c %s "$stripped") bytes stripped (goal: 1200000)"
busybox=$(command -v busybox)
# shellcheck disable=SC2016
unshare -mpfn --mount-proc --kill-child /bin/bash -c 'mount -t tmpfs tmpfs /run; umount /sys/fs/cgroup/unified 2>/dev/null
printf "#!/bin/sh\nexec %s \"\$@\"\n" "$5" >/run/runtime
chmod +x /run/runtime
exec "$1" /run/v.sock "$3" "$4" "$2" -v4 -runtime /run/runtime -transport unix:/run/v.sock -disable-time-sync -no-cgroups -loglevel error \
        -logfile /run/log' bench "$1" "$2" "$busybox" "$3" "$runtime"
