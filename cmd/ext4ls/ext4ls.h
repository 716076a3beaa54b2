/* SPDX-License-Identifier: MIT */
#ifndef CMD_EXT4LS_EXT4LS_H
#define CMD_EXT4LS_EXT4LS_H

/* What the subcommands of ext4ls share: the image, how an error with a path is told, how an entry is shown. */

#include <stdbool.h>
#include <stdio.h>

#include "cmd/commands/commands.h"
#include "ext4/read/attributes.h"
#include "ext4/read/path.h"
#include "ext4/read/walk.h"

/* Each gets its own name as argv[0]; returns the exit code. */
int cmd_cat(int argc, char **argv);
int cmd_extract(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_stat(int argc, char **argv);

struct opened {
        struct hcs_data_file *file;
        struct ext4_image *image;
};

/* False: told. */
bool open_image(const char *command, const char *path, struct opened *ret);
void close_image(struct opened *o);

/* tell_error() with the path of an entry, as print_name() shows it. */
int tell_path_error(const char *command, const char *path, struct hcs_error *err);

/* An entry to be shown. name is what is printed of the path. */
struct shown_entry {
        struct ext4_image *image;
        const struct ext4_inode *node;
        const char *name;
};

/*
 * For commands of an image and paths in it: opens argv[optind] and calls each for every path behind it; links that
 * lead to them are followed, and with follow the last one too. What fails is told and does not end it. Returns the exit
 * code.
 */
int each_path(const char *command, int argc, char **argv, bool follow,
              HRESULT (*each)(const struct shown_entry *e, struct hcs_error **err));

/* A name with control characters, backslashes and what is not UTF-8 as \ooo. */
void print_name(const char *name, FILE *out);
/* "2024-02-29T12:34:56.000000007Z" */
void format_time(const struct ext4_when *t, char out[static 48]);
/* "-rwxr-sr-t" */
void format_mode(uint32_t mode, char out[static 11]);
const char *type_name(uint32_t mode);
/* The name alone, the long line, or a JSON object, each with its newline. A failure is of link target or attributes. */
HRESULT print_short(const struct shown_entry *e, struct hcs_error **err);
HRESULT print_long(const struct shown_entry *e, struct hcs_error **err);
HRESULT print_json(const struct shown_entry *e, struct hcs_error **err);

#endif
