/* SPDX-License-Identifier: MIT */

/*
 * vhd: disks checked, a fixed VHD's footer put behind a raw image, and taken away again. An output appears when it is
 * complete, or not at all.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/progress/progress.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"

enum { EXIT_OK = 0, EXIT_PROBLEMS = 1, EXIT_USAGE = 2 };

static const char usage_text[] =
        "usage: vhd check FILE...\n"
        "       vhd add [--id UUID] -o VHD FILE\n"
        "       vhd strip -o IMAGE FILE\n\n"
        "  check   tells for each file which disk it is, and all that is wrong with it: the footer of a VHD, the\n"
        "          headers, region tables and metadata of a VHDX\n"
        "  add     a copy of the file (- is standard input), whatever it is, with the footer of a fixed VHD\n"
        "  strip   a copy of a fixed VHD without its footer\n\n"
        "Exit codes: 0 all is well; 1 a disk is damaged, or a file cannot be read or written; 2 wrong usage.\n";

static int tell(const char *command, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fflush(stdout);
        fprintf(stderr, "vhd %s: %s\n", command, text);
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

static int wrong(const char *what) {
        if (what)
                fprintf(stderr, "vhd: %s\n", what);
        fputs(usage_text, stderr);
        return EXIT_USAGE;
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
        return damage ? S_FALSE : S_OK;
}

static int check(int argc, char **argv) {
        int status = EXIT_OK;

        if (argc < 2)
                return wrong("check wants a FILE");
        for (int n = 1; n < argc; n++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
                struct hcs_error *err = NULL;
                HRESULT hr = hcs_data_file_open(argv[n], &f, &err);

                if (SUCCEEDED(hr) && !hcs_data_file_is_regular(f))
                        hr = hcs_error_make(&err, HCS_WIN32(50), "`%s` cannot be read at any place", argv[n]);
                if (SUCCEEDED(hr))
                        hr = vhdx_is(f) ? check_vhdx(argv[n], f, &err) : check_vhd(argv[n], f, &err);
                if (FAILED(hr))
                        tell("check", err);
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

static int add_or_strip(int argc, char **argv) {
        static const struct option options[] = {
                {"id", required_argument, NULL, 'i'}, {"output", required_argument, NULL, 'o'}, {0}};
        bool add = hcs_streq(argv[0], "add");
        struct vhd_copy_options copy_options = {0};
        const char *output = NULL;
        struct hcs_error *err = NULL;
        GUID id;
        int o;

        while ((o = getopt_long(argc, argv, "o:", options, NULL)) != -1)
                switch (o) {
                case 'i':
                        if (!add || FAILED(hcs_guid_parse(optarg, &id, NULL)))
                                return wrong("--id is for add and wants a UUID");
                        copy_options.id = &id;
                        break;
                case 'o':
                        output = optarg;
                        break;
                default:
                        return wrong(NULL);
                }
        if (!output || optind + 1 != argc)
                return wrong("-o and one FILE are needed");
        if (FAILED(copy(argv[optind], output, add, &copy_options, &err)))
                return tell(argv[0], err);
        return EXIT_OK;
}

static int run(int argc, char **argv) {
        if (argc < 2)
                return wrong(NULL);
        if (hcs_streq(argv[1], "check"))
                return check(argc - 1, argv + 1);
        if (hcs_streq(argv[1], "add") || hcs_streq(argv[1], "strip"))
                return add_or_strip(argc - 1, argv + 1);
        if (hcs_streq(argv[1], "--version")) {
                puts("vhd " HCS_VERSION);
                return EXIT_OK;
        }
        if (!hcs_streq(argv[1], "--help") && !hcs_streq(argv[1], "-h") && !hcs_streq(argv[1], "help"))
                return wrong("no such command");
        fputs(usage_text, stdout);
        return EXIT_OK;
}

int main(int argc, char **argv) {
        int status = run(argc, argv);

        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        perror("vhd: standard output");
        return EXIT_PROBLEMS;
}
