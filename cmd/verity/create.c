/* SPDX-License-Identifier: MIT */

/*
 * verity create: images with everything a guest needs, as hcsshim's dmverity-vhd makes them. An output appears under
 * its name when it is complete; those of a layout one after the other.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/verity/verity.h"
#include "ext4/copy.h"
#include "oci/digest.h"
#include "platform/file.h"
#include "platform/place.h"

struct create {
        struct work work;
        const char *output;
        bool into_directory, hash_device;
        GUID id;
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
        char *stem = hcs_strdup(hcs_streq(path, "-") ? "stdin" : hcs_path_name(path));

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ends); i++)
                if (hcs_str_ends(stem, ends[i]) && strlen(stem) > strlen(ends[i]))
                        stem[strlen(stem) - strlen(ends[i])] = '\0';
        return stem;
}

static const char *end_of(const struct create *c) {
        return c->work.options.vhd ? ".vhd" : ".img";
}

static char *output_path(const struct create *c, const struct place *p) {
        const char *end = end_of(c);

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
        const char *end = end_of(c);
        size_t n = strlen(output) - (hcs_str_ends(output, end) ? strlen(end) : 0);

        return hcs_asprintf("%.*s.hash-dev%s", (int)n, output, end);
}

static void show_copy(void *ctx, uint64_t done) {
        struct create *c = ctx;

        progress_bytes(&c->work.progress, done, c->copying);
}

static HRESULT copy_image(struct create *c, const struct input *i, struct hcs_data_file *out, struct layer *ret,
                          struct hcs_error **err) {
        uint64_t n;
        HRESULT hr;

        c->copying = i->data_size;
        hr = ext4_copy(i->file, 0, out, 0, i->data_size, show_copy, c, &n, err);
        if (SUCCEEDED(hr) && n < i->data_size)
                return hcs_error_make(err, VERITY_E_EOF, "it became shorter while it was read");
        return SUCCEEDED(hr) ? layer_complete(out, i->data_size, &c->work.options, ret, err) : hr;
}

static void name_files(const struct work *w, const struct place *p, struct outcome *ret) {
        const struct create *c = w->ctx;

        ret->output = output_path(c, p);
        ret->hashes = c->hash_device ? hashes_path(c, ret->output) : NULL;
}

static HRESULT write_files(struct work *w, const struct place *p, struct hcs_data_file *file, struct outcome *ret,
                           struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *out = NULL, *hashes = NULL;
        HRESULT hr = hcs_data_file_create(ret->output, &out, err);

        if (SUCCEEDED(hr) && ret->hashes)
                hr = hcs_data_file_create(ret->hashes, &hashes, err);
        w->options.hashes = hashes;
        if (SUCCEEDED(hr))
                hr = p->input->kind == INPUT_IMAGE ? copy_image(w->ctx, p->input, out, &ret->layer, err)
                                                   : layer_write(file, out, &w->options, &ret->layer, err);
        w->options.hashes = NULL;
        if (SUCCEEDED(hr) && hashes)
                hr = hcs_data_file_commit(hashes, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
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
        if (SUCCEEDED(hr))
                hr = work_on(&c->work, &i, &err);
        work_end(&c->work);
        return FAILED(hr) ? tell_error("create", err) : EXIT_OK;
}

int cmd_create(int argc, char **argv) {
        static const struct option table[] = {{"output", required_argument, NULL, 'o'},
                                              {"hash-dev-vhd", no_argument, NULL, 'd'},
                                              {"no-vhd", no_argument, NULL, 'n'},
                                              {"uuid", required_argument, NULL, 'u'},
                                              OPTION_AS,
                                              OPTION_THREADS,
                                              OPTION_JSON,
                                              OPTION_HELP,
                                              {0}};
        struct options options = {.command = "create", .usage = usage};
        struct create c = {.work = {.name = name_files, .make = write_files, .ctx = &c}};
        int o, status;

        work_init(&c.work);
        c.work.options.verity = true;
        c.work.options.vhd = true;
        while ((o = next_option(argc, argv, "ho:", table, NULL)) != -1)
                switch (o) {
                case 'o':
                        c.output = optarg;
                        break;
                case 'd':
                        c.hash_device = true;
                        break;
                case 'n':
                        c.work.options.vhd = false;
                        break;
                case 'u':
                        if (FAILED(hcs_guid_parse(optarg, &c.id, NULL)))
                                return tell_usage("create", "--uuid wants a UUID");
                        c.work.options.id = &c.id;
                        break;
                default:
                        if (!take_option(&options, o, optarg, &status))
                                return status;
                }
        if (!c.output || optind + 1 != argc)
                return tell_usage("create", "-o OUTPUT and one INPUT are needed");
        c.work.options.hashing.threads = options.threads;
        c.work.report.json = options.json ? hcs_json_new_array() : NULL;
        return run(&c, argv[optind], options.kind);
}
