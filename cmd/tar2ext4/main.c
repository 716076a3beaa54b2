/* SPDX-License-Identifier: MIT */

/*
 * tar2ext4: a tar into an ext4 image, with the flags of hcsshim's command of that name (one dash or two, values after a
 * blank or "="). The image appears when it is complete, or not at all.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/progress/progress.h"
#include "ext4/layer.h"
#include "ext4/vhd/vhd.h"

#define EXIT_USAGE 2

struct arguments {
        const char *input, *output;
        struct layer_options layer;
        bool only_vhd, help, version;
};

enum value { FLAG, TEXT };

static const char usage_text[] =
        "usage: tar2ext4 [-i TAR] -o IMAGE [OPTIONS]\n\n"
        "Turns a tar (plain, gzip or zstd; from a file or a pipe) into a read-only ext4 image, the same bytes that\n"
        "hcsshim's tar2ext4 makes of it. On failure there is no image.\n\n"
        "  -i FILE         the tar; standard input when left out\n"
        "  -o FILE         the image\n"
        "  -overlay        OCI whiteouts become those of overlayfs\n"
        "  -inline         content of small files goes into the inodes\n"
        "  -convert-slash  backslashes in names are slashes\n"
        "  -libarchive-xattrs\n"
        "                  extended attributes that only libarchive's records have are taken too: another image then\n"
        "                  than hcsshim's\n"
        "  -verity         dm-verity's superblock and tree behind the file system; prints the root hash\n"
        "  -vhd            the footer of a fixed VHD behind all of it\n"
        "  -only-vhd       no conversion: a copy of the input and the footer\n"
        "  -h, -version\n\n"
        "Exit codes: 0 done, 1 the tar or a file is bad, or arguments are missing, 2 unknown flag.\n";

static bool parse_bool(const char *text, bool *ret) {
        static const char *const words[] = {"0", "f", "F", "false", "FALSE", "False",
                                            "1", "t", "T", "true",  "TRUE",  "True"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++)
                if (hcs_streq(text, words[i])) {
                        *ret = i >= HCS_ARRAY_SIZE(words) / 2;
                        return true;
                }
        return false;
}

static int wrong(const char *what, const char *flag) {
        fprintf(stderr, "tar2ext4: %s: -%s\n%s", what, flag, usage_text);
        return EXIT_USAGE;
}

/* 0, or the exit code. */
static int parse(int argc, char **argv, struct arguments *a) {
        const struct {
                const char *name;
                enum value value;
                void *place;
        } flags[] = {
                {"i", TEXT, &a->input},
                {"o", TEXT, &a->output},
                {"overlay", FLAG, &a->layer.convert.overlay},
                {"inline", FLAG, &a->layer.convert.writer.inline_data},
                {"convert-slash", FLAG, &a->layer.convert.convert_slash},
                {"libarchive-xattrs", FLAG, &a->layer.convert.libarchive_xattrs},
                {"verity", FLAG, &a->layer.verity},
                {"vhd", FLAG, &a->layer.vhd},
                {"only-vhd", FLAG, &a->only_vhd},
                {"h", FLAG, &a->help},
                {"help", FLAG, &a->help},
                {"version", FLAG, &a->version},
        };
        int i = 1;

        for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
                const char *name = argv[i] + 1 + (argv[i][1] == '-'), *value = strchr(name, '=');
                size_t len = value ? (size_t)(value++ - name) : strlen(name), f = 0;

                if (hcs_streq(argv[i], "--")) {
                        i++;
                        break;
                }
                while (f < HCS_ARRAY_SIZE(flags) &&
                       (strlen(flags[f].name) != len || strncmp(flags[f].name, name, len) != 0))
                        f++;
                if (f == HCS_ARRAY_SIZE(flags))
                        return wrong("no such flag", name);
                if (flags[f].value == TEXT) {
                        if (!value && i + 1 < argc)
                                value = argv[++i];
                        if (!value)
                                return wrong("a value is missing", name);
                        *(const char **)flags[f].place = value;
                } else if (!value) {
                        *(bool *)flags[f].place = true;
                } else if (!parse_bool(value, flags[f].place)) {
                        return wrong("true or false is expected", name);
                }
        }
        /* An empty name is none, as in hcsshim. */
        if (!a->help && !a->version && (i < argc || !*a->output)) {
                fputs(usage_text, stderr);
                return EXIT_FAILURE;
        }
        return 0;
}

static HRESULT write_output(struct arguments *a, struct hcs_data_file *in, struct hcs_data_file *out, struct layer *ret,
                            struct hcs_error **err) {
        struct progress progress;
        HRESULT hr;

        progress_init(&progress, NULL);
        if (a->only_vhd) {
                const struct vhd_copy_options copy = {.progress = progress_bytes, .ctx = &progress};

                hr = vhd_from_raw(in, out, &copy, err);
        } else {
                a->layer.convert.progress = progress_convert;
                a->layer.convert.ctx = &progress;
                a->layer.hashing.progress = progress_bytes;
                a->layer.hashing.ctx = &progress;
                hr = layer_write(in, out, &a->layer, ret, err);
        }
        progress_end(&progress);
        return hr;
}

static HRESULT run(struct arguments *a, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        char text[VERITY_ROOT_TEXT];
        struct layer layer;
        HRESULT hr = hcs_data_file_open(*a->input ? a->input : "-", &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(a->output, &out, err);
        if (SUCCEEDED(hr))
                hr = write_output(a, in, out, &layer, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_commit(out, err);
        if (FAILED(hr))
                return hr;
        if (!a->layer.verity || a->only_vhd)
                return S_OK;
        puts(verity_root_format(&layer.root, text));
        return fflush(stdout) == 0 ? S_OK : hcs_error_errno(err, errno, "tell the root hash");
}

int main(int argc, char **argv) {
        struct arguments a = {.input = "", .output = ""};
        struct hcs_error *err = NULL;
        _cleanup_free_ char *text = NULL;
        int status = parse(argc, argv, &a);

        if (status)
                return status;
        if (a.help || a.version) {
                fputs(a.help ? usage_text : "tar2ext4 " HCS_VERSION "\n", stdout);
                return EXIT_SUCCESS;
        }
        if (SUCCEEDED(run(&a, &err)))
                return EXIT_SUCCESS;
        text = hcs_error_format(err);
        fprintf(stderr, "tar2ext4: %s\n", text);
        hcs_error_free(err);
        return EXIT_FAILURE;
}
