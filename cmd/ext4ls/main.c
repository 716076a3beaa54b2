/* SPDX-License-Identifier: MIT */

/* ext4ls: looks into ext4 images. This file knows the subcommands and nothing of what they do. */

#include <getopt.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cmd/ext4ls/ext4ls.h"

static const struct command commands[] = {
        {"ls", cmd_ls, "list files (what is done when no command is named)"},
        {"stat", cmd_stat, "everything about single files"},
        {"cat", cmd_cat, "the content of files on standard output"},
        {"extract", cmd_extract, "make the files of the image below a directory"},
        {"info", cmd_info, "what the superblock says, and where the file system ends"},
};

/* Under the command's name, not the program's path: that is what its errors begin with. */
static int ls_without_its_name(int argc, char **argv) {
        static char name[] = "ls";

        argv[0] = name;
        return cmd_ls(argc, argv);
}

static const struct command_set set = {
        .program = "ext4ls",
        .version = HCS_VERSION,
        .synopsis = "ext4ls [COMMAND] [OPTIONS] IMAGE [PATH...]",
        .notes =
                "IMAGE is an ext4 file system in a file, whatever follows it there: dm-verity data, a VHD footer.\n"
                "ext4ls COMMAND --help says more. An image that is named like a command: ./NAME. Exit codes: 0 all is\n"
                "well, 1 something could not be read or written, 2 wrong usage.\n",
        .commands = commands,
        .n = HCS_ARRAY_SIZE(commands),
        .otherwise = ls_without_its_name,
};

int tell_path_error(const char *command, const char *path, struct hcs_error *err) {
        _cleanup_free_ char *visible = hcs_utf8_visible(path);

        hcs_error_wrap(&err, "%s", visible);
        return tell_error(command, err);
}

bool open_image(const char *command, const char *path, struct opened *ret) {
        struct hcs_error *err = NULL;
        struct opened o = {0};
        HRESULT hr = hcs_data_file_open(path, &o.file, &err);

        if (SUCCEEDED(hr))
                hr = ext4_image_open(o.file, &o.image, &err);
        if (SUCCEEDED(hr)) {
                *ret = o;
                return true;
        }
        close_image(&o);
        tell_error(command, err);
        return false;
}

void close_image(struct opened *o) {
        ext4_image_free(o->image);
        hcs_data_file_close(o->file);
}

int each_path(const char *command, int argc, char **argv, bool follow,
              HRESULT (*each)(const struct shown_entry *e, struct hcs_error **err)) {
        int status = EXIT_OK;
        struct opened o;

        if (argc - optind < 2)
                return tell_usage(command, "name an image and a path");
        if (!open_image(command, argv[optind], &o))
                return EXIT_PROBLEMS;
        for (int i = optind + 1; i < argc; i++) {
                struct hcs_error *err = NULL;
                struct ext4_inode node;
                HRESULT hr = ext4_path_find(o.image, argv[i], follow, &node, &err);

                if (SUCCEEDED(hr)) {
                        hr = each(&(struct shown_entry){o.image, &node, argv[i]}, &err);
                        if (FAILED(hr))
                                hcs_error_wrap(&err, "%.200s", argv[i]);
                }
                if (FAILED(hr))
                        status = tell_error(command, err);
        }
        close_image(&o);
        return status;
}

int main(int argc, char **argv) {
        return commands_main(&set, argc, argv);
}
