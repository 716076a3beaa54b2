/* SPDX-License-Identifier: MIT */

/* hcstrace: one command for traces of HCS. This file knows the subcommands and nothing of what they do. */

#include "base/mem.h"
#include "cmd/hcstrace/hcstrace.h"
#include "platform/terminal.h"

static const struct command commands[] = {
        {"record", cmd_record, "run a program against the emulator and write what it calls into a trace"},
        {"replay", cmd_replay, "run a program against a trace; say where it goes another way"},
        {"verify", cmd_replay, "the same, and fail also for what the program never asked for"},
        {"torture", cmd_torture, "run a program under faults, and say which of them break it"},
        {"import", cmd_import, "turn a debug log of hcsshim, dockerd or containerd into a trace"},
        {"guest", cmd_bridge, "let the guest of a recorded bridge stand in for a VM"},
        {"host", cmd_bridge, "let the host of a recorded bridge ask an agent, and compare its answers"},
        {"diff", cmd_diff, "two traces side by side, where they part first"},
        {"stats", cmd_stats, "a trace in numbers"},
        {"merge", cmd_merge, "several traces as one, by time; or a newer recording into an older one"},
        {"split", cmd_split, "one trace as several, by system, container or thread"},
        {"minimise", cmd_minimise, "how little of a trace makes a program fail as it does"},
        {"prune", cmd_prune, "leave out of a trace what no run asks for"},
        {"noise", cmd_noise, "mark in a trace what varies by itself from run to run"},
        {"redact", cmd_redact, "leave secrets out of a trace, with a way back when asked for"},
        {"show", cmd_show, "print a trace for people, or as JSON"},
        {"validate", cmd_validate, "check documents against the schema of a Windows build"},
};

static const struct command_set set = {
        .program = "hcstrace",
        .version = HCS_VERSION,
        .synopsis = "hcstrace COMMAND [OPTIONS] ...",
        .notes = "hcstrace COMMAND --help says more. Exit codes: 0 all is well, 1 something does not fit or cannot be\n"
                 "read, 2 wrong usage, 3 no call was found in a log.\n",
        .commands = commands,
        .n = HCS_ARRAY_SIZE(commands),
};

const char *colour(enum colour c) {
        static const char *const escapes[] = {"\033[0m", "\033[31m", "\033[32m", "\033[33m", "\033[34m", "\033[2m"};

        return hcs_terminal_wants_colour() ? escapes[c] : "";
}

int main(int argc, char **argv) {
        return commands_main(&set, argc, argv);
}
