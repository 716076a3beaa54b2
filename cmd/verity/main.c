/* SPDX-License-Identifier: MIT */

/* verity: dm-verity for layers and images. This file knows the subcommands and nothing of what they do. */

#include <stdio.h>

#include "base/str.h"
#include "cmd/verity/verity.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *summary;
} commands[] = {
        {"create", cmd_create, "write images with dm-verity's superblock and tree, and a VHD footer"},
        {"roothash", cmd_roothash, "tell root hashes; nothing is written"},
        {"verify", cmd_verify, "check every byte of an image against its root hash"},
        {"info", cmd_info, "tell what an image says of itself: VHD, VHDX, ext4, dm-verity"},
};

static void usage(FILE *out) {
        fputs("usage: verity COMMAND [OPTIONS] INPUT...\n\n", out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
        fputs("\nINPUT is the tar of a layer (plain, gzip or zstd; - is standard input), an image (ext4 or any other, "
              "with\n"
              "or without a VHD footer), or an OCI image layout (a folder, or a tar of one): then all layers of all "
              "its\n"
              "manifests. verity COMMAND --help says more.\n\n"
              "Exit codes: 0 all is well; 1 an input is bad, or a file cannot be read or written; 2 wrong usage;\n"
              "3 verify found something that is not as the root hash says.\n",
              out);
}

int tell_error(const char *command, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fflush(stdout);
        fprintf(stderr, "verity %s: %s\n", command, text);
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

int tell_usage(const char *command, const char *what) {
        if (what)
                fprintf(stderr, "verity %s: %s\n", command, what);
        fprintf(stderr, "verity %s --help says how it is used\n", command);
        return EXIT_USAGE;
}

bool parse_threads(const char *text, unsigned *ret) {
        uint64_t n;

        if (!hcs_str_to_u64(text, &n) || n == 0 || n > 1024)
                return false;
        *ret = (unsigned)n;
        return true;
}

/* Output that cannot be written, on a full disk for example, is known at the latest here. */
static int finish(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        perror("verity: standard output");
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
                puts("verity " HCS_VERSION);
                return EXIT_OK;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(commands); i++)
                if (hcs_streq(commands[i].name, argv[1]))
                        return finish(commands[i].run(argc - 1, argv + 1));
        fprintf(stderr, "verity: no command `%s'\n", argv[1]);
        usage(stderr);
        return EXIT_USAGE;
}
