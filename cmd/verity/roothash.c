/* SPDX-License-Identifier: MIT */

/* verity roothash: the hashes that a policy holds. Each layer of a layout is converted once. */

#include <getopt.h>
#include <stdio.h>

#include "cmd/verity/verity.h"

struct roothash {
        struct layer_options options;
        struct progress progress;
        struct report report;
        struct known known;
};

static void usage(void) {
        puts("usage: verity roothash [OPTIONS] INPUT...\n\n"
             "Tells the dm-verity root hash of each layer. A tar is converted as hcsshim does it for a policy: "
             "whiteouts\n"
             "become those of overlayfs, at most 128 GiB, no VHD footer. Of an ext4 image the hash is over the file\n"
             "system, whatever follows it; of another one over all but a VHD footer.\n\n"
             "  --as KIND     what the inputs are: tar, image or layout; guessed when left out\n"
             "  --threads N   at most N at once; as many as there are processors when left out\n"
             "  --json        machine-readable: an array with an object for each layer");
}

static HRESULT hash_image(struct roothash *c, const struct input *i, struct layer *ret, struct hcs_error **err) {
        struct verity_superblock sb;
        HRESULT hr;

        verity_superblock_init(&sb);
        hr = verity_set_size(&sb, i->data_size, err);
        ret->image_size = i->data_size;
        return SUCCEEDED(hr) ? verity_root_of(&sb, i->file, &c->options.hashing, &ret->root, err) : hr;
}

static HRESULT hash_layer(void *ctx, const struct place *p, struct hcs_data_file *file, struct hcs_error **err) {
        struct roothash *c = ctx;
        _cleanup_free_ char *name = place_name(p);
        const struct layer *known = known_find(&c->known, p);
        struct outcome o = {0};
        HRESULT hr = S_OK;

        if (!file) {
                report_skipped(&c->report, p);
                return S_OK;
        }
        if (known) {
                o.layer = *known;
        } else {
                c->progress.what = name;
                hr = p->input->kind == INPUT_IMAGE ? hash_image(c, p->input, &o.layer, err)
                                                   : layer_root_of(file, &c->options, &o.layer, err);
                progress_end(&c->progress);
                if (SUCCEEDED(hr))
                        known_add(&c->known, p, &o.layer);
        }
        if (SUCCEEDED(hr))
                report_layer(&c->report, p, &o);
        return hr;
}

static bool hash_input(struct roothash *c, const char *path, enum input_kind kind) {
        _cleanup_(input_close) struct input i = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = input_open(path, kind, &i, &err);

        if (SUCCEEDED(hr))
                hr = input_each(&i, hash_layer, c, &err);
        c->report.manifest = NULL;
        if (FAILED(hr))
                tell_error("roothash", err);
        return SUCCEEDED(hr);
}

int cmd_roothash(int argc, char **argv) {
        static const struct option options[] = {{"as", required_argument, NULL, 'a'},
                                                {"threads", required_argument, NULL, 't'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        enum input_kind kind = INPUT_GUESS;
        struct roothash c = {0};
        bool ok = true;
        int o;

        layer_options_init(&c.options);
        while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
                switch (o) {
                case 'a':
                        kind = input_kind_parse(optarg);
                        if (kind == INPUT_GUESS)
                                return tell_usage("roothash", "--as wants tar, image or layout");
                        break;
                case 't':
                        if (!parse_threads(optarg, &c.options.hashing.threads))
                                return tell_usage("roothash", "--threads wants a number from 1 on");
                        break;
                case 'j':
                        c.report.json = c.report.json ? c.report.json : hcs_json_new_array();
                        break;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return tell_usage("roothash", NULL);
                }
        if (optind == argc)
                return tell_usage("roothash", "an INPUT is needed");
        progress_init(&c.progress, NULL);
        c.options.convert.progress = progress_convert;
        c.options.hashing.progress = progress_bytes;
        c.options.convert.ctx = c.options.hashing.ctx = &c.progress;
        for (int n = optind; n < argc; n++)
                ok &= hash_input(&c, argv[n], kind);
        report_end(&c.report);
        known_deinit(&c.known);
        return ok ? EXIT_OK : EXIT_PROBLEMS;
}
