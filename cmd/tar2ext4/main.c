/* SPDX-License-Identifier: MIT */

/*
 * tar2ext4: a tar into an ext4 image, with the flags of hcsshim's command of that name (one dash or two, values after a
 * blank or "="). The image appears when it is complete, or not at all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "ext4/convert.h"
#include "platform/clock.h"

#define EXIT_USAGE   2
#define REPORT_EVERY (HCS_NS_PER_S / 10)

struct arguments {
        const char *input, *output;
        struct ext4_convert_options convert;
        bool help, version;
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
                {"overlay", FLAG, &a->convert.overlay},
                {"inline", FLAG, &a->convert.writer.inline_data},
                {"convert-slash", FLAG, &a->convert.convert_slash},
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
        if (!a->help && !a->version && (i < argc || !a->output)) {
                fputs(usage_text, stderr);
                return EXIT_FAILURE;
        }
        return 0;
}

/* What was shown last, and when. */
struct display {
        uint64_t next;
        bool shown;
};

static void show_progress(void *ctx, const struct ext4_progress *p) {
        struct display *d = ctx;
        uint64_t now = hcs_clock_ns();

        if (now < d->next)
                return;
        d->next = now + REPORT_EVERY;
        d->shown = true;
        if (p->total)
                fprintf(stderr, "\r%3u %%  ", (unsigned)(100.0 * (double)p->done / (double)p->total));
        else
                fprintf(stderr, "\r");
        fprintf(stderr, "%.1f MB, %llu entries\033[K", (double)p->done / 1e6, (unsigned long long)p->entries);
}

static HRESULT run(struct arguments *a, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        struct display display = {0};
        uint64_t size;
        HRESULT hr = hcs_data_file_open(a->input, &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(a->output, &out, err);
        if (FAILED(hr))
                return hr;
        if (isatty(STDERR_FILENO)) {
                a->convert.progress = show_progress;
                a->convert.ctx = &display;
        }
        hr = ext4_convert(in, out, &a->convert, &size, err);
        if (display.shown)
                fputs("\r\033[K", stderr);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

int main(int argc, char **argv) {
        struct arguments a = {.input = "-"};
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
