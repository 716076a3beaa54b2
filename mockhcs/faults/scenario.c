/* SPDX-License-Identifier: MIT */

/* What went wrong for others, as rules with a name. The sources are issues of public projects. */

#include "mockhcs/faults/scenario.h"

#include "base/mem.h"
#include "base/str.h"

static const struct fault_scenario scenarios[] = {
        {"never-starts", "HcsStartComputeSystem never", "the start of a system never completes",
         "microsoft/hcsshim 152, 763, 846, 1056, 1751"},
        {"never-created", "HcsCreateComputeSystem never", "the creation of a system never completes",
         "microsoft/hcsshim 1056"},
        {"slow-start", "HcsStartComputeSystem delay=p50:20ms/p99:2s/p100:10s", "some starts take very long",
         "microsoft/hcsshim 801, kubernetes/kubernetes 107290"},
        {"slow-events", "event:* delay=10ms..200ms", "events are heard late", "flannel-io/flannel 1857"},
        {"exit-before-start", "HcsStartComputeSystem delay=50ms exit",
         "the exit of a system is heard before its start completes", "microsoft/hcsshim 813"},
        {"already-stopped", "HcsShut*ComputeSystem stopped; HcsTerminateComputeSystem stopped",
         "who stops a system is told that it has stopped", "microsoft/hcsshim 866"},
        {"unexpected-exit", "HcsCreateProcess exit", "the system is gone as soon as a process runs in it",
         "microsoft/Windows-Containers 356"},
        {"lost-exit", "event:SystemExited never; event:ProcessExited never", "exits are never heard",
         "microsoft/hcsshim 813"},
        {"twice", "event:* duplicate; * duplicate", "completions and events come twice",
         "the mock's own engine counts them"},
        {"out-of-order", "event:* reorder", "an event is heard behind the next one", "microsoft/hcsshim 813"},
        {"held-exit", "event:SystemExited late; event:ProcessExited late",
         "an exit is heard only when the client calls again", "microsoft/hcsshim 813"},
        {"heard-first", "HcsCreateComputeSystem early; HcsStartComputeSystem early; HcsCreateProcess early",
         "callbacks run before the calls return that they are about: a lock held across a call is not to be had",
         "moby/moby 21953, 30605, 53025, containerd/rust-extensions 340"},
        {"slow-calls", "* slow=1ms..20ms", "calls themselves take long", "moby/moby 53025"},
        {"made-again-too-soon",
         "HcnCreateNetwork#2 fail=HCN_E_NETWORK_ALREADY_EXISTS; HcnCreateEndpoint#2 fail=0x80070490; "
         "HNSCall[method=POST]#2 fail=0x80070490",
         "what is made when its like was just deleted is refused", "microsoft/hcsshim 95, cloudfoundry/winc"},
        {"invalid-json", "HcsCreateComputeSystem fail=0xC037010D; HcsModifyComputeSystem fail=0xC037010D",
         "documents are refused as invalid", "microsoft/hcsshim 2714, docker/for-win 115"},
        {"exists-but-cannot-be-opened",
         "HcnCreateNetwork fail=HCN_E_NETWORK_ALREADY_EXISTS; HcnOpenNetwork fail=0x803B0001",
         "a network exists already and cannot be opened", "microsoft/WSL 11811"},
        {"service-restarts", "*#6 disconnect=100ms", "the service goes away in the midst of a run and comes back",
         "Azure/azure-container-networking 3343, 3498"},
        {"networks-hang", "Hcn* hang; HNSCall hang", "the network service answers nothing any more", "moby/moby 40699"},
        {"all-hangs", "*#8 hang", "from the eighth call on nothing completes", "moby/moby 40699"},
        {"members-left-out", "Hcs*Properties omit; Hcn*Query* omit; *Enumerate*%0.5 omit",
         "answers lack a member that may be left out", "microsoft/hcsshim 2488"},
        {"members-shuffled", "* shuffle", "members of answers stand in another order", "the JSON of every language"},
        {"late-completion", "HcsCreateComputeSystem late; HcsStartComputeSystem late; HcsCreateProcess late",
         "a call completes when its caller has given up", "Azure/azure-container-networking 1848"},
        {"bridge-cut", "frame:Response(*)#3 cut", "the bridge ends in the midst of an answer",
         "microsoft/hcsshim 2ad2839a6: io.ErrUnexpectedEOF"},
        {"bridge-drops", "frame:Response(*)#3 exit", "the bridge ends between two frames", "microsoft/hcsshim 2871"},
        {"bridge-pauses", "frame:Response(*)#3..4 delay=50ms",
         "the guest is still for a while, as when it is paused and resumed, and the bridge is the same as before",
         "microsoft/hcsshim 2bbdac6fe, 2871"},
        {"bridge-corrupt", "frame:Response(*)#2.. corrupt", "bytes of answers are others",
         "the mock's own table of endings of a bridge"},
        {"bridge-silent", "frame:Response(*)#3.. never", "the guest answers nothing any more",
         "microsoft/hcsshim 1056, 763"},
        {"bridge-slow", "frame:* delay=0ms..5ms", "frames come late", "microsoft/hcsshim 801"},
        {"bridge-twice", "frame:Response(*)#3 duplicate; frame:Notify(*) duplicate", "frames of the guest come twice",
         "the mock's own table of endings of a bridge"},
        {"bridge-out-of-order", "frame:Response(*)#2..%0.5 reorder", "an answer comes behind the next one",
         "microsoft/hcsshim 813"},
        {"bridge-refuses", "frame:Request(*)#2.. fail=HCS_E_SYSTEM_ALREADY_STOPPED", "the guest refuses all there is",
         "microsoft/hcsshim 866"},
        {"bridge-members-left-out", "frame:Response(*)#2.. omit; frame:Notify(*) omit",
         "frames of the guest lack a member that may be left out", "microsoft/hcsshim 2488"},
        {"bridge-members-shuffled", "frame:* shuffle", "members of frames stand in another order",
         "the JSON of every language"},
        {"guest-dies", "frame:Request(Start) exit", "the guest is gone when it was told to start a container",
         "microsoft/Windows-Containers 356"},
        {"guest-never-tells", "frame:Notify(*) never", "the end of a container is never told", "microsoft/hcsshim 813"},
        {"stale-handle", "HcsOpenComputeSystem stale; HcsOpenProcess stale", "a handle that was given out is none",
         "microsoft/hcsshim 866"},
};

const struct fault_scenario *fault_scenarios(size_t *ret_n) {
        *ret_n = HCS_ARRAY_SIZE(scenarios);
        return scenarios;
}

const struct fault_scenario *fault_scenario_find(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(scenarios); i++)
                if (hcs_streq(scenarios[i].name, name))
                        return &scenarios[i];
        return NULL;
}

bool fault_scenario_is_of_bridges(const struct fault_scenario *s) {
        return hcs_str_starts(s->rules, "frame:");
}
