/* SPDX-License-Identifier: MIT */

/* mockhcs: the stand-in for the Windows Host Compute Service, as far as it is a program of its own. */

#include "base/mem.h"
#include "cmd/mockhcs/mockhcs.h"
#include "platform/process.h"

int main(int argc, char **argv) {
        static const struct command commands[] = {
                {"install", run_install, "put the DLLs into a Wine prefix, beside a program or into System32"},
                {"uninstall", run_install, "take them away again, and put back what was there before"},
                {"status", run_status, "tell which DLLs are there, and whose they are"},
                {"run", run_program, "run a Windows program in a fresh Wine prefix with the DLLs"},
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

        char **arguments;

        argc = hcs_process_arguments(argc, argv, &arguments);
        return commands_main(&set, argc, arguments);
}
