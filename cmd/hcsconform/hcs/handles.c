/* SPDX-License-Identifier: MIT */

/* Handles: opening, closing, callbacks, and values that are none. */

#include "cmd/hcsconform/hcs/hcs.h"

#define UP(v) CREATE(v, VM, S_OK), START(v, S_OK)
#define STALE(n, move) \
        { n, MOVES(UP("a"), OPEN("b", "a", S_OK), CLOSE("b"), move), ASSUMED, "", BOTH, NEEDS_EMULATOR }

const struct hcs_case hcs_handle_cases[] = {
        {"a system is opened by its id",
         MOVES(CREATE("a", VM, S_OK), OPEN("b", "a", S_OK), QUERY("b", "", S_OK), VALUE("Id", "'%a%'")), OBSERVED,
         "hcsshim", BOTH, NEEDS_HYPERV},
        {"an id that no system has cannot be opened", MOVES(OPEN("a", "hcsconform-none", HCS_E_SYSTEM_NOT_FOUND)),
         DOCUMENTED, "HCS error codes", BOTH, 0},
        {"an empty id cannot be opened", MOVES(OPEN("a", "", HCS_WIN32(87))), ASSUMED, "", BOTH, 0},
        {"a system is opened any number of times",
         MOVES(CREATE("a", VM, S_OK), OPEN("b", "a", S_OK), OPEN("c", "a", S_OK), CLOSE("b"), QUERY("c", "", S_OK)),
         OBSERVED, "hcsshim", BOTH, NEEDS_HYPERV},
        {"a system is worked through any of its handles",
         MOVES(CREATE("a", VM, S_OK), OPEN("b", "a", S_OK), START("b", S_OK), PAUSE("a", S_OK), RESUME("b", S_OK)),
         OBSERVED, "hcsshim", BOTH, NEEDS_HYPERV},
        {"asking for no access is refused",
         MOVES(CREATE("a", VM, S_OK), {.op = H_OPEN, .what = 1, .a = "b", .b = "a", .hr = HCS_WIN32(5)}), ASSUMED, "",
         CORE, NEEDS_HYPERV},
        {"a handle takes one callback",
         MOVES(CREATE("a", VM, S_OK), WATCH("a", HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET)), DOCUMENTED,
         "HcsSetComputeSystemCallback", BOTH, NEEDS_HYPERV},
        STALE("a closed handle does not start", START("b", HCS_WIN32(6))),
        STALE("a closed handle does not shut down", SHUTDOWN("b", HCS_WIN32(6))),
        STALE("a closed handle does not terminate", KILL("b", HCS_WIN32(6))),
        STALE("a closed handle does not pause", PAUSE("b", HCS_WIN32(6))),
        STALE("a closed handle says nothing of itself", QUERY("b", "", HCS_WIN32(6))),
        STALE("a closed handle is not modified", MODIFY("b", "{}", HCS_WIN32(6))),
        STALE("a closed handle runs no process", RUN("p", "b", "{'CommandLine':'cmd'}", HCS_WIN32(6))),
        STALE("a closed handle takes no callback", WATCH("b", HCS_WIN32(6))),
        {"a closed process does nothing",
         MOVES(UP("a"), RUN("p", "a", "{'CommandLine':'ping -t localhost'}", S_OK), CLOSE_PROCESS("p"),
               KILL_PROCESS("p", HCS_WIN32(6)), SIGNAL("p", "", HCS_WIN32(6)),
               PROCESS(PROC_INFO, "p", NULL, HCS_WIN32(6)), PROCESS(PROC_PROPERTIES, "p", NULL, HCS_WIN32(6))),
         ASSUMED, "", BOTH, NEEDS_EMULATOR},
        {NULL},
};
