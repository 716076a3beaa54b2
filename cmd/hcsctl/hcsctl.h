/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCTL_HCSCTL_H
#define CMD_HCSCTL_HCSCTL_H

/*
 * The commands of hcsctl, one file a concern; argv[0] is the command's name, what is returned the exit code. Systems
 * and processes are reached over libhcsshim, so over the platform on Windows too; only what is asked of a mockhcs
 * service itself goes to its socket.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "cmd/commands/commands.h"
#include "hcsshim/hcs.h"

enum {
        EXIT_NOT_FOUND = EXIT_FIRST_OWN,
        EXIT_OURS = 125, /* exec and console: it was not the command that failed */
};

/* What every command takes; its own options come first in the lists. */
struct hcsctl {
        const char *command, *library, *socket;
        enum hcs_api api;
        bool json;
        struct hcs_client *client;
};
#define HCSCTL_OPTIONS                                                                           \
        {"json", no_argument, NULL, 'j'}, {"library", required_argument, NULL, 'l'},             \
                {"api", required_argument, NULL, 'a'}, {"socket", required_argument, NULL, 'S'}, \
                {"help", no_argument, NULL, 'h'}, {                                              \
                0                                                                                \
        }

/* Takes an option that is not the command's own. -1: taken, else the exit code. */
int hcsctl_option(struct hcsctl *x, int option, void (*usage)(void));
HRESULT hcsctl_connect(struct hcsctl *x, struct hcs_error **err);
void hcsctl_end(struct hcsctl *x);
/* As tell_error(), with the exit code for what is not there. */
int hcsctl_tell(const struct hcsctl *x, struct hcs_error *err);
void hcsctl_print(const struct hcs_json *j);
/* With --json: an object with that one member, for commands that have nothing to show. Takes the value. */
void hcsctl_done(const struct hcsctl *x, const char *what, struct hcs_json *value);

int run_list(int argc, char **argv);
int run_show(int argc, char **argv);
int run_kill(int argc, char **argv);
int run_exec(int argc, char **argv);
int run_console(int argc, char **argv);
int run_events(int argc, char **argv);
int run_snapshot(int argc, char **argv);
int run_reboot(int argc, char **argv);
int run_service(int argc, char **argv);

#endif
