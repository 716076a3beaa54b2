/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_HCSTRACE_H
#define CMD_HCSTRACE_HCSTRACE_H

/* What the subcommands of hcstrace share: an exit code, and colours. */

#include <stdbool.h>
#include <stdio.h>

#include "cmd/commands/commands.h"

enum {
        EXIT_NOTHING = EXIT_FIRST_OWN, /* import: no call was found */
};

/* Each gets its own name as argv[0]; returns the exit code. */
int cmd_bridge(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_minimise(int argc, char **argv);
int cmd_noise(int argc, char **argv);
int cmd_prune(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_redact(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_split(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_torture(int argc, char **argv);
int cmd_validate(int argc, char **argv);

/* Appends a text as a value of a composition (mockhcs.h), in which commas and backslashes have a meaning. */
struct hcs_buf;
void put_composed(struct hcs_buf *b, const char *text);

/* The escape for a terminal, "" for anything else or with NO_COLOR set. */
enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE, COLOUR_FAINT };
const char *colour(enum colour c);

#endif
