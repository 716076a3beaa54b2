/* SPDX-License-Identifier: MIT */
#ifndef CMD_LCOWCTL_LCOWCTL_H
#define CMD_LCOWCTL_LCOWCTL_H

/* What the parts of lcowctl share: a run with where its layers come from. */

#include "cmd/commands/commands.h"
#include "cmd/lcow/lcow.h"

enum {
        EXIT_FAILED = 125, /* run: the command did not come to run, or its end is not known */
};

int cmd_run(int argc, char **argv);
int cmd_images(int argc, char **argv);
int cmd_prune(int argc, char **argv);

/* A run as the command line says it. */
struct wanted {
        struct lcow_run run;
        struct lcow_steps steps;
        struct hcs_strings layers; /* tars, the lowest first */
        char *image;               /* PATH[:TAG] */
        char *cache;
        bool user_given;
};
void wanted_deinit(struct wanted *w);

/* options.c: -1 to go on, or the exit code. */
int wanted_parse(int argc, char **argv, struct wanted *w);

/* image.c: where layers come from, to disks in the cache. config: the image's, to be freed, NULL: it has none. */
HRESULT wanted_make_disks(struct wanted *w, struct hcs_json **ret_config, struct hcs_error **err);

/* cache.c: where images and scratch disks are kept. Caller frees. */
char *cache_layer(const char *cache, const char *digest);

#endif
