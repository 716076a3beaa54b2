/* SPDX-License-Identifier: MIT */

/* What programs of several commands have in common; see commands.h. */

#include "cmd/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"

static const struct command_set *running;

static void usage(FILE *out) {
        size_t width = 0;

        for (size_t i = 0; i < running->n; i++)
                if (strlen(running->commands[i].name) > width)
                        width = strlen(running->commands[i].name);
        fprintf(out, "usage: %s\n\n", running->synopsis);
        for (size_t i = 0; i < running->n; i++)
                fprintf(out, "  %-*s  %s\n", (int)width, running->commands[i].name, running->commands[i].summary);
        fprintf(out, "\n%s", running->notes);
}

int tell_error(const char *command, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err), *plain = hcs_utf8_plain(text);

        fflush(stdout);
        fprintf(stderr, "%s %s: %s\n", running->program, command, plain);
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

int tell_usage(const char *command, const char *fmt, ...) {
        va_list ap;

        if (fmt) {
                fprintf(stderr, "%s %s: ", running->program, command);
                va_start(ap, fmt);
                vfprintf(stderr, fmt, ap);
                va_end(ap);
                fputc('\n', stderr);
        }
        fprintf(stderr, "%s %s --help says how it is used\n", running->program, command);
        return EXIT_USAGE;
}

int next_option_of(const char *program, int argc, char **argv, const char *letters, const struct option *options,
                   int *ret_index) {
        char *own = argv[0], *name = hcs_strdup(program);
        int option;

        argv[0] = name;
        option = getopt_long(argc, argv, letters, options, ret_index);
        argv[0] = own;
        free(name);
        return option;
}

int next_option(int argc, char **argv, const char *letters, const struct option *options, int *ret_index) {
        _cleanup_free_ char *whole = hcs_asprintf("%s %s", running->program, argv[0]);

        return next_option_of(whole, argc, argv, letters, options, ret_index);
}

int end_of_options(const char *command, int option, void (*usage_of_command)(void)) {
        if (option != 'h')
                return tell_usage(command, NULL);
        usage_of_command();
        return EXIT_OK;
}

/* A full disk or a closed pipe is no success; it is known at the latest here. */
static int finish(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fprintf(stderr, "%s: cannot write the output: %s\n", running->program, strerror(errno));
        return status == EXIT_OK ? EXIT_PROBLEMS : status;
}

int commands_main(const struct command_set *set, int argc, char **argv) {
        running = set;
        if (argc < 2) {
                usage(stderr);
                return EXIT_USAGE;
        }
        if (hcs_streq(argv[1], "--help") || hcs_streq(argv[1], "-h") || hcs_streq(argv[1], "help")) {
                usage(stdout);
                return finish(EXIT_OK);
        }
        if (hcs_streq(argv[1], "--version")) {
                printf("%s %s\n", set->program, set->version);
                return finish(EXIT_OK);
        }
        for (size_t i = 0; i < set->n; i++)
                if (hcs_streq(set->commands[i].name, argv[1]))
                        return finish(set->commands[i].run(argc - 1, argv + 1));
        if (set->otherwise)
                return finish(set->otherwise(argc, argv));
        fprintf(stderr, "%s: no command `%s'\n", set->program, argv[1]);
        usage(stderr);
        return EXIT_USAGE;
}
