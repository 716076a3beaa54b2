/* SPDX-License-Identifier: MIT */

/* vhd convert: what a disk holds, its parents' included, as a disk of another format or type. */

#include "cmd/vhd/convert.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "cmd/commands/commands.h"
#include "ext4/vhd/chain.h"
#include "ext4/vhd/disk_make.h"

enum disk_format vhd_format_of(const char *path) {
        const char *dot = strrchr(path, '.');

        return dot && strcasecmp(dot, ".vhd") == 0 ? DISK_VHD : DISK_VHDX;
}

char *vhd_find_parent(const char *path, const char *said) {
        const char *end = strrchr(path, '/');
        char *place =
                said[0] == '/' || !end ? hcs_strdup(said) : hcs_asprintf("%.*s/%s", (int)(end - path), path, said);

        for (char *p = place; *p; p++)
                if (*p == '\\')
                        *p = '/';
        return place;
}

static HRESULT convert(const char *from, const char *to, enum vhd_type type, struct hcs_error **err) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        HRESULT hr = disk_chain_open(from, &(struct disk_chain_options){.find = vhd_find_parent}, &c, err);

        if (hr == S_FALSE)
                return hcs_error_make(err, E_INVALIDARG, "`%s` is neither a VHD nor a VHDX", from);
        if (FAILED(hr))
                return hr;
        return disk_make(to,
                         &(struct disk_make_options){
                                 .format = vhd_format_of(to), .type = type, .source = disk_chain_image(c, 0)},
                         err);
}

static void usage(void) {
        puts("usage: vhd convert [--fixed] -o DISK FILE\n\n"
             "Writes what a VHD or VHDX of any type holds, its parents' data included, as a dynamic disk; blocks of "
             "zeros\n"
             "take no room.\n\n"
             "  -o DISK  the new disk: a VHD when its name ends in .vhd, else a VHDX\n"
             "  --fixed  a fixed one");
}

int command_convert(int argc, char **argv) {
        static const struct option options[] = {{"fixed", no_argument, NULL, 'f'},
                                                {"output", required_argument, NULL, 'o'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        enum vhd_type type = VHD_DYNAMIC;
        const char *output = NULL;
        struct hcs_error *err = NULL;
        int o;

        while ((o = next_option(argc, argv, "ho:", options, NULL)) != -1)
                switch (o) {
                case 'f':
                        type = VHD_FIXED;
                        break;
                case 'o':
                        output = optarg;
                        break;
                default:
                        return end_of_options(argv[0], o, usage);
                }
        if (!output || optind + 1 != argc)
                return tell_usage(argv[0], "-o and one FILE are needed");
        return FAILED(convert(argv[optind], output, type, &err)) ? tell_error(argv[0], err) : EXIT_OK;
}
