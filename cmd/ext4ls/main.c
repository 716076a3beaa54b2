/* SPDX-License-Identifier: MIT */

/* ext4ls: looks into ext4 images. This file knows the subcommands and nothing of what they do. */

#include "cmd/ext4ls/ext4ls.h"

#include "base/str.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *summary;
} commands[] = {
        {"ls", cmd_ls, "list files (what is done when no command is named)"},
        {"stat", cmd_stat, "everything about single files"},
        {"cat", cmd_cat, "the content of files on standard output"},
        {"extract", cmd_extract, "make the files of the image below a directory"},
        {"info", cmd_info, "what the superblock says, and where the file system ends"},
};

static void usage(FILE *out) {
        fputs("usage: ext4ls [COMMAND] [OPTIONS] IMAGE [PATH...]\n\n", out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
        fputs("\nIMAGE is an ext4 file system in a file, whatever follows it there: dm-verity data, a VHD footer.\n"
              "ext4ls COMMAND --help says more. An image that is named like a command: ./NAME. Exit codes: 0 all is\n"
              "well, 1 something could not be read or written, 2 wrong usage.\n",
              out);
}

int tell_error(const char *command, const char *path, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fflush(stdout);
        fprintf(stderr, "ext4ls %s: ", command);
        if (path) {
                print_name(path, stderr);
                fputs(": ", stderr);
        }
        fprintf(stderr, "%s\n", text);
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

int tell_usage(const char *command, const char *what) {
        fprintf(stderr, "ext4ls %s: %s (ext4ls %s --help)\n", command, what, command);
        return EXIT_USAGE;
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
        tell_error(command, NULL, err);
        return false;
}

void close_image(struct opened *o) {
        ext4_image_free(o->image);
        hcs_data_file_close(o->file);
}

/* Output that cannot be written, on a full disk for example, is known at the latest here. */
static int finish(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        perror("ext4ls: standard output");
        return EXIT_PROBLEMS;
}

int main(int argc, char **argv) {
        if (argc < 2) {
                usage(stderr);
                return EXIT_USAGE;
        }
        if (hcs_streq(argv[1], "--help") || hcs_streq(argv[1], "-h") || hcs_streq(argv[1], "help")) {
                usage(stdout);
                return EXIT_OK;
        }
        if (hcs_streq(argv[1], "--version")) {
                puts("ext4ls " HCS_VERSION);
                return EXIT_OK;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                if (hcs_streq(commands[i].name, argv[1]))
                        return finish(commands[i].run(argc - 1, argv + 1));
        return finish(cmd_ls(argc, argv));
}
