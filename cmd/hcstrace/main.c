/* SPDX-License-Identifier: MIT */

/* hcstrace: one command for traces of HCS. This file knows the subcommands and nothing of what they do. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/hcstrace/hcstrace.h"
#include "platform/terminal.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *summary;
} commands[] = {
        {"record", cmd_record, "run a program against the emulator and write what it calls into a trace"},
        {"replay", cmd_replay, "run a program against a trace; say where it goes another way"},
        {"verify", cmd_replay, "the same, and fail also for what the program never asked for"},
        {"import", cmd_import, "turn a debug log of hcsshim, dockerd or containerd into a trace"},
        {"guest", cmd_bridge, "let the guest of a recorded bridge stand in for a VM"},
        {"host", cmd_bridge, "let the host of a recorded bridge ask an agent, and compare its answers"},
        {"show", cmd_show, "print a trace for people, or as JSON"},
        {"validate", cmd_validate, "check documents against the schema of a Windows build"},
};

static void usage(FILE *out) {
        fputs("usage: hcstrace COMMAND [OPTIONS] ...\n\n", out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
        fputs("\nhcstrace COMMAND --help says more. Exit codes: 0 all is well, 1 something does not fit or cannot be\n"
              "read, 2 wrong usage, 3 no call was found in a log.\n",
              out);
}

const char *colour(enum colour c) {
        static const char *const escapes[] = {"\033[0m", "\033[31m", "\033[32m", "\033[33m", "\033[34m", "\033[2m"};

        return hcs_terminal_wants_colour() ? escapes[c] : "";
}

int tell_error(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fflush(stdout);
        fprintf(stderr, "hcstrace %s: %s\n", what, text);
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

int tell_usage(const char *what, const char *fmt, ...) {
        va_list ap;

        fprintf(stderr, "hcstrace %s: ", what);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fprintf(stderr, " (hcstrace %s --help)\n", what);
        return EXIT_USAGE;
}

/* What was printed has to arrive: a full disk or a closed pipe is no success. */
static int finish(const char *what, int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fprintf(stderr, "hcstrace %s: cannot write the output: %s\n", what, strerror(errno));
        return status == EXIT_OK ? EXIT_PROBLEMS : status;
}

int main(int argc, char **argv) {
        if (argc < 2) {
                usage(stderr);
                return EXIT_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
                usage(stdout);
                return EXIT_OK;
        }
        if (strcmp(argv[1], "--version") == 0) {
                puts("hcstrace " HCS_VERSION);
                return EXIT_OK;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                if (strcmp(commands[i].name, argv[1]) == 0)
                        return finish(argv[1], commands[i].run(argc - 1, argv + 1));
        fprintf(stderr, "hcstrace: no command `%s'\n", argv[1]);
        usage(stderr);
        return EXIT_USAGE;
}
