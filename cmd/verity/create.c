/* SPDX-License-Identifier: MIT */

/*
 * verity create: images with everything a guest needs, as hcsshim's dmverity-vhd makes them. An output appears under
 * its name when it is complete; those of a layout one after the other.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/verity/verity.h"
#include "ext4/copy.h"
#include "oci/digest.h"
#include "platform/file.h"

struct create {
        struct layer_options options;
        const char *output;
        bool into_directory, hash_device;
        GUID id;
        struct progress progress;
        struct report report;
        struct known known;
        uint64_t copying; /* bytes of the image that is copied */
};

static void usage(void) {
        puts("usage: verity create [OPTIONS] -o OUTPUT INPUT\n\n"
             "Writes for each layer an ext4 image (whiteouts become those of overlayfs, at most 128 GiB) with "
             "dm-verity's\n"
             "superblock and tree behind it, and then the footer of a fixed VHD, and tells the root hash. An image as\n"
             "input is copied: the file system, or without one all but a VHD footer.\n\n"
             "  -o OUTPUT       the image; for a layout, or when it is one, a folder: LAYER.vhd in it, by diff id\n"
             "  --as KIND       what the input is: tar, image or layout; guessed when left out\n"
             "  --hash-dev-vhd  superblock and tree go into a file of their own, LAYER.hash-dev.vhd\n"
             "  --no-vhd        no footers; the names then end with .img\n"
             "  --uuid UUID     of superblocks and footers; random ones when left out. The same input then gives the\n"
             "                  same bytes\n"
             "  --threads N     at most N at once; as many as there are processors when left out\n"
             "  --json          machine-readable: an array with an object for each layer");
}

/* The name of an input without folders and without what says that it is a tar or an image. */
static char *stem_of(const char *path) {
        static const char *const ends[] = {".gz", ".tgz", ".zst", ".tar", ".ext4", ".img", ".vhd"};
        const char *slash = strrchr(path, '/');
        char *stem = hcs_strdup(hcs_streq(path, "-") ? "stdin" : slash ? slash + 1 : path);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ends); i++)
                if (hcs_str_ends(stem, ends[i]) && strlen(stem) > strlen(ends[i]))
                        stem[strlen(stem) - strlen(ends[i])] = '\0';
        return stem;
}

static char *output_path(const struct create *c, const struct place *p) {
        const char *end = c->options.vhd ? ".vhd" : ".img";

        if (!c->into_directory)
                return hcs_strdup(c->output);
        if (p->layer)
                return hcs_asprintf("%s/%s%s", c->output,
                                    oci_digest_hex(p->layer->diff_id ? p->layer->diff_id : p->layer->blob.digest), end);
        _cleanup_free_ char *stem = stem_of(p->input->path);
        return hcs_asprintf("%s/%s%s", c->output, stem, end);
}

/* Beside the image, as hcsshim calls it. */
static char *hashes_path(const struct create *c, const char *output) {
        const char *end = c->options.vhd ? ".vhd" : ".img";
        size_t n = strlen(output) - (hcs_str_ends(output, end) ? strlen(end) : 0);

        return hcs_asprintf("%.*s.hash-dev%s", (int)n, output, end);
}

static void show_copy(void *ctx, uint64_t done) {
        struct create *c = ctx;

        progress_bytes(&c->progress, done, c->copying);
}

static HRESULT copy_image(struct create *c, const struct input *i, struct hcs_data_file *out, struct layer *ret,
                          struct hcs_error **err) {
        uint64_t n;
        HRESULT hr;

        c->copying = i->data_size;
        hr = ext4_copy(i->file, 0, out, 0, i->data_size, show_copy, c, &n, err);
        if (SUCCEEDED(hr) && n < i->data_size)
                return hcs_error_make(err, VERITY_E_EOF, "it became shorter while it was read");
        return SUCCEEDED(hr) ? layer_complete(out, i->data_size, &c->options, ret, err) : hr;
}

static HRESULT write_files(struct create *c, const struct place *p, struct hcs_data_file *file, const char *output,
                           const char *hashes, struct layer *ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *out = NULL, *hashes_out = NULL;
        HRESULT hr = hcs_data_file_create(output, &out, err);

        if (SUCCEEDED(hr) && hashes)
                hr = hcs_data_file_create(hashes, &hashes_out, err);
        c->options.hashes = hashes_out;
        if (SUCCEEDED(hr))
                hr = p->input->kind == INPUT_IMAGE ? copy_image(c, p->input, out, ret, err)
                                                   : layer_write(file, out, &c->options, ret, err);
        c->options.hashes = NULL;
        if (SUCCEEDED(hr) && hashes_out)
                hr = hcs_data_file_commit(hashes_out, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

static HRESULT create_layer(void *ctx, const struct place *p, struct hcs_data_file *file, struct hcs_error **err) {
        struct create *c = ctx;
        _cleanup_free_ char *name = place_name(p), *output = NULL, *hashes = NULL;
        const struct layer *known = known_find(&c->known, p);
        struct outcome o = {0};
        HRESULT hr = S_OK;

        if (!file) {
                report_skipped(&c->report, p);
                return S_OK;
        }
        output = output_path(c, p);
        hashes = c->hash_device ? hashes_path(c, output) : NULL;
        c->progress.what = name;
        if (known)
                o.layer = *known;
        else
                hr = write_files(c, p, file, output, hashes, &o.layer, err);
        progress_end(&c->progress);
        if (FAILED(hr))
                return hr;
        if (!known)
                known_add(&c->known, p, &o.layer);
        o.output = output;
        o.hashes = hashes;
        report_layer(&c->report, p, &o);
        return S_OK;
}

static int run(struct create *c, const char *path, enum input_kind kind) {
        _cleanup_(input_close) struct input i = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = input_open(path, kind, &i, &err);

        if (SUCCEEDED(hr)) {
                c->into_directory = hcs_file_is_directory(c->output);
                if (i.kind == INPUT_LAYOUT && !c->into_directory) {
                        c->into_directory = true;
                        hr = hcs_directory_create(c->output, &err);
                }
        }
        progress_init(&c->progress, NULL);
        c->options.convert.progress = progress_convert;
        c->options.hashing.progress = progress_bytes;
        c->options.convert.ctx = c->options.hashing.ctx = &c->progress;
        if (SUCCEEDED(hr))
                hr = input_each(&i, create_layer, c, &err);
        report_end(&c->report);
        known_deinit(&c->known);
        return FAILED(hr) ? tell_error("create", err) : EXIT_OK;
}

int cmd_create(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"as", required_argument, NULL, 'a'},
                                                {"hash-dev-vhd", no_argument, NULL, 'd'},
                                                {"no-vhd", no_argument, NULL, 'n'},
                                                {"uuid", required_argument, NULL, 'u'},
                                                {"threads", required_argument, NULL, 't'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        enum input_kind kind = INPUT_GUESS;
        struct create c = {0};
        int o;

        layer_options_init(&c.options);
        c.options.verity = true;
        c.options.vhd = true;
        while ((o = getopt_long(argc, argv, "ho:", options, NULL)) != -1)
                switch (o) {
                case 'o':
                        c.output = optarg;
                        break;
                case 'a':
                        kind = input_kind_parse(optarg);
                        if (kind == INPUT_GUESS)
                                return tell_usage("create", "--as wants tar, image or layout");
                        break;
                case 'd':
                        c.hash_device = true;
                        break;
                case 'n':
                        c.options.vhd = false;
                        break;
                case 'u':
                        if (FAILED(hcs_guid_parse(optarg, &c.id, NULL)))
                                return tell_usage("create", "--uuid wants a UUID");
                        c.options.id = &c.id;
                        break;
                case 't':
                        if (!parse_threads(optarg, &c.options.hashing.threads))
                                return tell_usage("create", "--threads wants a number from 1 on");
                        break;
                case 'j':
                        c.report.json = c.report.json ? c.report.json : hcs_json_new_array();
                        break;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return tell_usage("create", NULL);
                }
        if (!c.output || optind + 1 != argc)
                return tell_usage("create", "-o OUTPUT and one INPUT are needed");
        return run(&c, argv[optind], kind);
}
