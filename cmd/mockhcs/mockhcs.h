/* SPDX-License-Identifier: MIT */
#ifndef CMD_MOCKHCS_MOCKHCS_H
#define CMD_MOCKHCS_MOCKHCS_H

/* The commands of mockhcs, one file each; argv[0] is the command's name. Return the exit code. */

#include "cmd/commands/commands.h"

enum { EXIT_TAKEN = 75 }; /* another service has the socket: whoever only wants one to be there is served */

#define RUN_CODE "MOCKHCS_RUN_CODE" /* where the half of `mockhcs run' that is in Wine writes the whole exit code */

int run_install(int argc, char **argv); /* and uninstall */
int run_program(int argc, char **argv);
int run_service(int argc, char **argv);
int run_status(int argc, char **argv);

#endif
