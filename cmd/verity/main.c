/* SPDX-License-Identifier: MIT */

/* verity: dm-verity for layers and images. This file knows the subcommands and nothing of what they do. */

#include "base/mem.h"
#include "cmd/verity/verity.h"

static const struct command commands[] = {
        {"create", cmd_create, "write images with dm-verity's superblock and tree, and a VHD footer"},
        {"roothash", cmd_roothash, "tell root hashes; nothing is written"},
        {"verify", cmd_verify, "check every byte of an image against its root hash"},
        {"info", cmd_info, "tell what an image says of itself: VHD, VHDX, ext4, dm-verity"},
};

static const struct command_set set = {
        .program = "verity",
        .version = HCS_VERSION,
        .synopsis = "verity COMMAND [OPTIONS] INPUT...",
        .notes =
                "INPUT is the tar of a layer (plain, gzip or zstd; - is standard input), an image (ext4 or any other,\n"
                "with or without a VHD footer), or an OCI image layout (a folder, or a tar of one): then all layers "
                "of\n"
                "all its manifests. verity COMMAND --help says more.\n\n"
                "Exit codes: 0 all is well; 1 an input is bad, or a file cannot be read or written; 2 wrong usage;\n"
                "3 verify found something that is not as the root hash says.\n",
        .commands = commands,
        .n = HCS_ARRAY_SIZE(commands),
};

int main(int argc, char **argv) {
        return commands_main(&set, argc, argv);
}
