/* SPDX-License-Identifier: MIT */

/* lcowctl: Linux containers in utility VMs, through HCS. */

#include "cmd/lcowctl/lcowctl.h"

int main(int argc, char **argv) {
        static const struct command commands[] = {
                {"run", cmd_run, "runs a command in a container in a VM of its own; records and replays that"},
                {"images", cmd_images, "what the cache holds"},
                {"prune", cmd_prune, "removes it"},
        };
        static const struct command_set set = {
                .program = "lcowctl",
                .version = HCS_VERSION,
                .synopsis = "lcowctl COMMAND [OPTIONS] ...",
                .notes = "lcowctl COMMAND --help says more. What stands behind HCS is said by MOCKHCS, else it is the\n"
                         "emulator with QEMU.\n",
                .commands = commands,
                .n = HCS_ARRAY_SIZE(commands),
        };

        return commands_main(&set, argc, argv);
}
