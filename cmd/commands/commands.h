/* SPDX-License-Identifier: MIT */
#ifndef CMD_COMMANDS_COMMANDS_H
#define CMD_COMMANDS_COMMANDS_H

/*
 * A program that is several commands: help, version, the choice of the command, how errors are told, and that what was
 * printed has arrived. One program, one set; the functions below speak for the set that runs.
 */

#include <stddef.h>

#include "hcsshim/error.h"

enum {
        EXIT_OK = 0,
        EXIT_PROBLEMS = 1, /* something does not fit, or cannot be read or written */
        EXIT_USAGE = 2,
        EXIT_FIRST_OWN = 3, /* the programs' own codes begin here */
};

struct command {
        const char *name;
        int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
        const char *summary;
};
struct command_set {
        const char *program, *version;
        const char *synopsis; /* behind "usage: ", one line */
        const char *notes;    /* behind the list of commands; ends with a line break */
        const struct command *commands;
        size_t n;
        int (*otherwise)(int argc, char **argv); /* when no command is named, with all arguments; NULL: an error */
};

int commands_main(const struct command_set *set, int argc, char **argv);

/* Prints "PROGRAM COMMAND: error" and frees it; returns EXIT_PROBLEMS. */
int tell_error(const char *command, struct hcs_error *err);
/* Prints "PROGRAM COMMAND: message" and how to get help; returns EXIT_USAGE. fmt NULL: it has been said. */
int tell_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* getopt_long(), which begins what it has to say with the program's name and the command's. */
struct option;
int next_option(int argc, char **argv, const char *letters, const struct option *options, int *ret_index);
/* The same of a program that is no set of commands, with its name alone. */
int next_option_of(const char *program, int argc, char **argv, const char *letters, const struct option *options,
                   int *ret_index);
/*
 * For what next_option() returned and the command itself has no use for: 'h' is --help, anything else has been told to
 * be wrong. Returns the exit code.
 */
int end_of_options(const char *command, int option, void (*usage)(void));

#endif
