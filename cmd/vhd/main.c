/* SPDX-License-Identifier: MIT */

/*
 * vhd: disks checked, a fixed VHD's footer put behind a raw image, and taken away again; VHDX disks made and grown. An
 * output appears when it is complete, or not at all.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/commands/commands.h"
#include "cmd/progress/progress.h"
#include "cmd/vhd/convert.h"
#include "cmd/vhd/create.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"

/* The places of its blocks; S_FALSE: one is damaged, and told. */
static HRESULT check_blocks(struct hcs_data_file *f) {
        _cleanup_(disk_image_closep) struct disk_image *i = NULL;
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        HRESULT hr = disk_image_open(f, NULL, &i, &err);

        if (FAILED(hr))
                printf("  damaged: %s\n", hcs_error_message(err));
        return SUCCEEDED(hr) ? S_OK : S_FALSE;
}

/* S_FALSE: damaged, and told. */
static HRESULT check_vhdx(const char *path, struct hcs_data_file *f, struct hcs_error **err) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        HRESULT hr = vhdx_read(f, &i, err);

        if (FAILED(hr))
                return hr;
        printf("%s: %s VHDX of %llu bytes%s\n", path, vhdx_type_name(i.type), (unsigned long long)i.virtual_size,
               hcs_guid_is_null(&i.header[i.current].log) ? "" : ", with a log to replay");
        for (unsigned n = 0; n < 2; n++) {
                if (i.header[n].damage)
                        printf("  damaged: header %u: %s\n", n + 1, i.header[n].damage);
                if (i.region_damage[n])
                        printf("  damaged: region table %u: %s\n", n + 1, i.region_damage[n]);
                if (i.header[n].damage || i.region_damage[n])
                        hr = S_FALSE;
        }
        if (hr == S_OK && hcs_guid_is_null(&i.header[i.current].log))
                hr = check_blocks(f);
        return hr;
}

static HRESULT check_vhd(const char *path, struct hcs_data_file *f, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf texts = {0};
        struct vhd_footer footer;
        char *rest, *line;
        unsigned damage;
        HRESULT hr = vhd_read(f, &footer, &damage, &texts, err);

        if (FAILED(hr))
                return hr;
        if (hr == S_FALSE)
                return hcs_error_make(err, E_INVALIDARG, "`%s` is neither a VHD nor a VHDX", path);
        printf("%s: %s VHD of %llu bytes\n", path, vhd_type_name(footer.type), (unsigned long long)footer.current_size);
        rest = texts.data;
        while (rest && *rest && (line = strsep(&rest, "\n")))
                printf("  damaged: %s\n", line);
        if (damage)
                return S_FALSE;
        return footer.type == VHD_FIXED ? S_OK : check_blocks(f);
}

static void usage_check(void) {
        puts("usage: vhd check FILE...\n\n"
             "Tells for each file which disk it is, and all that is wrong with it: the footer of a VHD, the\n"
             "headers, region tables and metadata of a VHDX, and of either where its blocks are.");
}

static int check(int argc, char **argv) {
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        int o = next_option(argc, argv, "h", options, NULL), status = EXIT_OK;

        if (o != -1)
                return end_of_options("check", o, usage_check);
        if (optind == argc)
                return tell_usage("check", "a FILE is needed");
        for (int n = optind; n < argc; n++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
                struct hcs_error *err = NULL;
                HRESULT hr = hcs_data_file_open(argv[n], &f, &err);

                if (SUCCEEDED(hr) && !hcs_data_file_is_regular(f))
                        hr = hcs_error_make(&err, HCS_WIN32(50), "`%s` cannot be read at any place", argv[n]);
                if (SUCCEEDED(hr))
                        hr = vhdx_is(f) ? check_vhdx(argv[n], f, &err) : check_vhd(argv[n], f, &err);
                if (FAILED(hr))
                        tell_error("check", err);
                if (hr != S_OK)
                        status = EXIT_PROBLEMS;
        }
        return status;
}

static HRESULT copy(const char *from, const char *to, bool add, struct vhd_copy_options *options,
                    struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        struct progress progress;
        HRESULT hr = hcs_data_file_open(from, &in, err);

        if (SUCCEEDED(hr) && !add && !hcs_data_file_is_regular(in))
                return hcs_error_make(err, HCS_WIN32(50), "`%s` cannot be read at any place, as a VHD must be", from);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(to, &out, err);
        if (FAILED(hr))
                return hr;
        progress_init(&progress, from);
        options->progress = progress_bytes;
        options->ctx = &progress;
        hr = add ? vhd_from_raw(in, out, options, err) : vhd_to_raw(in, out, options, err);
        progress_end(&progress);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

static void usage_add(void) {
        puts("usage: vhd add [--id UUID] -o VHD FILE\n\n"
             "Writes a copy of the file (- is standard input), whatever it is, with the footer of a fixed VHD.\n\n"
             "  -o VHD     the copy\n"
             "  --id UUID  the disk's id in the footer; a random one when left out");
}

static void usage_strip(void) {
        puts("usage: vhd strip -o IMAGE FILE\n\n"
             "Writes a copy of a fixed VHD without its footer.");
}

static int add_or_strip(int argc, char **argv) {
        static const struct option options[] = {{"id", required_argument, NULL, 'i'},
                                                {"output", required_argument, NULL, 'o'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        bool add = hcs_streq(argv[0], "add");
        struct vhd_copy_options copy_options = {0};
        const char *output = NULL;
        struct hcs_error *err = NULL;
        GUID id;
        int o;

        while ((o = next_option(argc, argv, "ho:", options, NULL)) != -1)
                switch (o) {
                case 'i':
                        if (!add || FAILED(hcs_guid_parse(optarg, &id, NULL)))
                                return tell_usage(argv[0], "--id is for add and wants a UUID");
                        copy_options.id = &id;
                        break;
                case 'o':
                        output = optarg;
                        break;
                default:
                        return end_of_options(argv[0], o, add ? usage_add : usage_strip);
                }
        if (!output || optind + 1 != argc)
                return tell_usage(argv[0], "-o and one FILE are needed");
        if (FAILED(copy(argv[optind], output, add, &copy_options, &err)))
                return tell_error(argv[0], err);
        return EXIT_OK;
}

static const struct command commands[] = {
        {"check", check, "tell which disks files are, and all that is wrong with them"},
        {"add", add_or_strip, "copy a file and put the footer of a fixed VHD behind it"},
        {"strip", add_or_strip, "copy a fixed VHD without its footer"},
        {"create", command_create, "make an empty VHD or VHDX, or one on a parent"},
        {"convert", command_convert, "copy what a disk holds into one of another format or type"},
        {"grow", command_grow, "copy a VHDX into one that holds more"},
};

static const struct command_set set = {
        .program = "vhd",
        .version = HCS_VERSION,
        .synopsis = "vhd COMMAND [OPTIONS] FILE...",
        .notes = "vhd COMMAND --help says more. Exit codes: 0 all is well; 1 a disk is damaged, or a file cannot be "
                 "read or\n"
                 "written; 2 wrong usage.\n",
        .commands = commands,
        .n = HCS_ARRAY_SIZE(commands),
};

int main(int argc, char **argv) {
        return commands_main(&set, argc, argv);
}
