/* SPDX-License-Identifier: MIT */

/* mockhcs: the stand-in for the Windows Host Compute Service, as far as it is a program of its own. */

#include "base/mem.h"
#include "cmd/mockhcs/mockhcs.h"

int main(int argc, char **argv) {
        static const struct command commands[] = {
                {"service", run_service, "one world for many clients: what remote=SOCKET leads to"},
        };
        static const struct command_set set = {
                .program = "mockhcs",
                .version = HCS_VERSION,
                .synopsis = "mockhcs COMMAND ...",
                .notes = "mockhcs COMMAND --help says what it takes.\n"
                         "Exit codes: 0 done, 1 problems, 2 wrong usage, 75 another service has the socket.\n",
                .commands = commands,
                .n = HCS_ARRAY_SIZE(commands),
        };

        return commands_main(&set, argc, argv);
}
