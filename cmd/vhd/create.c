/* SPDX-License-Identifier: MIT */

/* vhd create and vhd grow: disks that hold nothing yet, and larger copies of VHDXs. */

#include "cmd/vhd/create.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/commands/commands.h"
#include "cmd/vhd/convert.h"
#include "ext4/vhd/disk_make.h"
#include "ext4/vhd/vhdx_create.h"

/* "20G": bytes, with K, M, G or T behind it for powers of 1024. */
static bool parse_size(const char *text, uint64_t *ret) {
        static const char units[] = "KMGT";
        size_t n = strlen(text);
        const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
        _cleanup_free_ char *number = hcs_strndup(text, unit ? n - 1 : n);
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        uint64_t value;

        if (!hcs_str_to_u64(number, &value) || value > UINT64_MAX >> shift)
                return false;
        *ret = value << shift;
        return true;
}

static HRESULT create(const char *output, const char *parent, struct disk_make_options *o, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_(disk_image_closep) struct disk_image *i = NULL;
        HRESULT hr = parent ? hcs_data_file_open(parent, &f, err) : S_OK;

        if (SUCCEEDED(hr) && parent)
                hr = disk_image_open(f, NULL, &i, err);
        if (FAILED(hr))
                return hr;
        if (hr == S_FALSE)
                return hcs_error_make(err, VHD_E_NO_PROVIDER, "`%s` is neither a VHD nor a VHDX", parent);
        if (parent) {
                o->type = VHD_DIFFERENCING;
                o->parent = disk_image_facts(i);
                o->parent_file = f;
                o->parent_relative = o->parent_absolute = parent;
        }
        return disk_make(output, o, err);
}

static void usage_create(void) {
        puts("usage: vhd create [OPTIONS] -o DISK\n\n"
             "Makes a dynamic disk that reads as zeros, or a differencing one that reads as its parent.\n\n"
             "  -o DISK              the disk: a VHD when its name ends in .vhd, else a VHDX\n"
             "  --size SIZE          what it holds, in bytes or with K, M, G, T; needed without a parent\n"
             "  --block-size SIZE    of a VHDX 1M (default) to 256M, a power of two; of a VHD 512K or 2M (default)\n"
             "  --parent DISK        its parent; the path is written down as it is given here");
}

int command_create(int argc, char **argv) {
        static const struct option options[] = {
                {"size", required_argument, NULL, 's'},   {"block-size", required_argument, NULL, 'b'},
                {"parent", required_argument, NULL, 'p'}, {"output", required_argument, NULL, 'o'},
                {"help", no_argument, NULL, 'h'},         {0}};
        struct disk_make_options create_options = {.type = VHD_DYNAMIC};
        const char *output = NULL, *parent = NULL;
        struct hcs_error *err = NULL;
        uint64_t block = 0;
        int o;

        while ((o = next_option(argc, argv, "ho:", options, NULL)) != -1)
                switch (o) {
                case 's':
                        if (!parse_size(optarg, &create_options.size))
                                return tell_usage(argv[0], "\"%s\" is no size", optarg);
                        break;
                case 'b':
                        if (!parse_size(optarg, &block) || block > UINT32_MAX)
                                return tell_usage(argv[0], "\"%s\" is no size of a block", optarg);
                        break;
                case 'p':
                        parent = optarg;
                        break;
                case 'o':
                        output = optarg;
                        break;
                default:
                        return end_of_options(argv[0], o, usage_create);
                }
        if (!output || optind != argc || (!create_options.size && !parent))
                return tell_usage(argv[0], "-o and --size or --parent are needed");
        create_options.block_size = (uint32_t)block;
        create_options.format = vhd_format_of(output);
        return FAILED(create(output, parent, &create_options, &err)) ? tell_error(argv[0], err) : EXIT_OK;
}

static HRESULT grow(const char *from, const char *to, uint64_t size, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        HRESULT hr = hcs_data_file_open(from, &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(to, &out, err);
        if (SUCCEEDED(hr))
                hr = vhdx_grow(in, out, size, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

static void usage_grow(void) {
        puts("usage: vhd grow --size SIZE -o VHDX FILE\n\n"
             "Writes a copy of a VHDX that holds more: SIZE in bytes or with K, M, G, T. The file systems in it are "
             "as\n"
             "they were.");
}

int command_grow(int argc, char **argv) {
        static const struct option options[] = {{"size", required_argument, NULL, 's'},
                                                {"output", required_argument, NULL, 'o'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        const char *output = NULL;
        struct hcs_error *err = NULL;
        uint64_t size = 0;
        int o;

        while ((o = next_option(argc, argv, "ho:", options, NULL)) != -1)
                switch (o) {
                case 's':
                        if (!parse_size(optarg, &size))
                                return tell_usage(argv[0], "\"%s\" is no size", optarg);
                        break;
                case 'o':
                        output = optarg;
                        break;
                default:
                        return end_of_options(argv[0], o, usage_grow);
                }
        if (!output || !size || optind + 1 != argc)
                return tell_usage(argv[0], "--size, -o and one FILE are needed");
        return FAILED(grow(argv[optind], output, size, &err)) ? tell_error(argv[0], err) : EXIT_OK;
}
