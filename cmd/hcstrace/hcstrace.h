/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_HCSTRACE_H
#define CMD_HCSTRACE_HCSTRACE_H

/* What the subcommands of hcstrace share: exit codes, colours, and how an error is told. */

#include <stdbool.h>
#include <stdio.h>

#include "hcsshim/error.h"

enum {
        EXIT_OK = 0,
        EXIT_PROBLEMS = 1, /* a document or a run that does not fit; a file that cannot be read */
        EXIT_USAGE = 2,
        EXIT_NOTHING = 3, /* import: no call was found */
};

/* Each gets its own name as argv[0]; returns the exit code. */
int cmd_bridge(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_validate(int argc, char **argv);

/* The escape for a terminal, "" for anything else or with NO_COLOR set. */
enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE, COLOUR_FAINT };
const char *colour(enum colour c);

/* Prints "hcstrace WHAT: error" and frees it; returns EXIT_PROBLEMS. */
int tell_error(const char *what, struct hcs_error *err);
/* Prints "hcstrace WHAT: message" and how to get help; returns EXIT_USAGE. */
int tell_usage(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
