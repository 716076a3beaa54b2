/* SPDX-License-Identifier: MIT */

/* verity roothash: the hashes that a policy holds. Each layer of a layout is converted once. */

#include <stdio.h>

#include "cmd/verity/verity.h"

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

static HRESULT hash_image(const struct work *w, const struct input *i, struct layer *ret, struct hcs_error **err) {
        struct verity_superblock sb;
        HRESULT hr;

        verity_superblock_init(&sb);
        hr = verity_set_size(&sb, i->data_size, err);
        ret->image_size = i->data_size;
        return SUCCEEDED(hr) ? verity_root_of(&sb, i->file, &w->options.hashing, &ret->root, err) : hr;
}

static HRESULT hash_layer(struct work *w, const struct place *p, struct hcs_data_file *file, struct outcome *ret,
                          struct hcs_error **err) {
        return p->input->kind == INPUT_IMAGE ? hash_image(w, p->input, &ret->layer, err)
                                             : layer_root_of(file, &w->options, &ret->layer, err);
}

static bool hash_input(struct work *w, const char *path, enum input_kind kind) {
        _cleanup_(input_close) struct input i = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = input_open(path, kind, &i, &err);

        if (SUCCEEDED(hr))
                hr = work_on(w, &i, &err);
        if (FAILED(hr))
                tell_error("roothash", err);
        return SUCCEEDED(hr);
}

int cmd_roothash(int argc, char **argv) {
        static const struct option table[] = {OPTION_AS, OPTION_THREADS, OPTION_JSON, OPTION_HELP, {0}};
        struct options options = {.command = "roothash", .usage = usage};
        struct work w = {.make = hash_layer};
        bool ok = true;
        int o, status;

        while ((o = next_option(argc, argv, "h", table, NULL)) != -1)
                if (!take_option(&options, o, optarg, &status))
                        return status;
        if (optind == argc)
                return tell_usage("roothash", "an INPUT is needed");
        work_init(&w);
        w.options.hashing.threads = options.threads;
        w.report.json = options.json ? hcs_json_new_array() : NULL;
        for (int n = optind; n < argc; n++)
                ok &= hash_input(&w, argv[n], options.kind);
        work_end(&w);
        return ok ? EXIT_OK : EXIT_PROBLEMS;
}
