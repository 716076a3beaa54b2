/* SPDX-License-Identifier: MIT */

/*
 * verity verify: data against tree against root hash, and what is wrong first, from the top of the tree down, is named;
 * of tars the root hashes that their images have against those that are given.
 */

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"
#include "cmd/verity/verity.h"

struct verify {
        struct work work;
        const char *hash_file;
        bool no_superblock;
        struct options common;
        struct verity_superblock sb; /* what the options say, for no_superblock */
        struct verity_root *roots;
        size_t n_roots;
        bool mismatch;
};

static void usage(void) {
        puts("usage: verity verify [OPTIONS] IMAGE ROOTHASH\n"
             "       verity verify [OPTIONS] TAR|LAYOUT ROOTHASH...\n\n"
             "Checks every block of an image: exit code 0 when all is as the root hash says, 3 when not; then the "
             "first\n"
             "block that differs is named. Reads what veritysetup format writes, and hcsshim. A tar, and every layer "
             "of\n"
             "a layout, is converted as roothash does it: its root hash has to be one of those given.\n\n"
             "  --hash-file FILE    superblock and tree are in there, from its beginning\n"
             "  --hash-offset N     they begin at that byte; without, behind the ext4 file system of the image\n"
             "  --as KIND           what the input is: tar, image or layout; guessed when left out\n"
             "  --threads N         at most N at once; as many as there are processors when left out\n"
             "  --json              machine-readable: an array with an object for each layer\n"
             "  --no-superblock     there is only a tree, and these say what a superblock would:\n"
             "    --hash NAME --salt HEX --data-block-size N --hash-block-size N --data-blocks N --format 0|1\n"
             "                      (left out: sha256, 32 zero bytes, 4096, 4096, all of the image, 1)");
}

/* Where the superblock, or without one the tree, is. */
static HRESULT find_hashes(const struct verify *v, const struct input *i, uint64_t *ret, struct hcs_error **err) {
        if (v->common.has_offset)
                *ret = v->common.offset;
        else if (v->hash_file)
                *ret = 0;
        else if (i->ext4)
                *ret = i->data_size;
        else
                return hcs_error_make(err, E_INVALIDARG,
                                      "`%s` has no ext4 file system to find the tree behind: say "
                                      "--hash-offset or --hash-file",
                                      i->path);
        return S_OK;
}

static HRESULT get_superblock(const struct verify *v, const struct input *i, struct hcs_data_file *hashes,
                              uint64_t offset, struct verity_superblock *ret, uint64_t *ret_tree,
                              struct hcs_error **err) {
        struct verity_superblock sb = v->sb;

        if (!v->no_superblock)
                return verity_read(hashes, offset, ret, ret_tree, err);
        if (offset % sb.hash_block_size != 0)
                return hcs_error_make(err, E_INVALIDARG, "--hash-offset %llu is no multiple of the hash block size",
                                      (unsigned long long)offset);
        if (sb.data_blocks == 0) {
                HRESULT hr = verity_set_size(&sb, v->hash_file ? i->data_size : offset, err);

                if (FAILED(hr))
                        return hr;
        }
        *ret = sb;
        *ret_tree = offset;
        return S_OK;
}

static HRESULT verify_image(struct verify *v, const struct input *i, struct outcome *ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        struct verity_superblock sb;
        uint64_t offset = 0, tree;
        HRESULT hr = find_hashes(v, i, &offset, err);

        if (SUCCEEDED(hr) && v->hash_file)
                hr = hcs_data_file_open(v->hash_file, &file, err);
        if (SUCCEEDED(hr))
                hr = get_superblock(v, i, file ? file : i->file, offset, &sb, &tree, err);
        if (FAILED(hr))
                return hr;
        ret->layer.root = v->roots[0];
        ret->layer.image_size = sb.data_blocks * sb.data_block_size;
        hr = verity_verify(&sb, i->file, file ? file : i->file, tree, v->roots, &v->work.options.hashing,
                           &ret->problem);
        if (hr == VERITY_E_MISMATCH)
                return S_OK;
        return FAILED(hr) ? hcs_error_move(err, &ret->problem) : hr;
}

static HRESULT verify_layer(struct work *w, const struct place *p, struct hcs_data_file *file, struct outcome *ret,
                            struct hcs_error **err) {
        return p->input->kind == INPUT_IMAGE ? verify_image(w->ctx, p->input, ret, err)
                                             : layer_root_of(file, &w->options, &ret->layer, err);
}

static bool is_given(const struct verify *v, const struct verity_root *root) {
        for (size_t i = 0; i < v->n_roots; i++)
                if (v->roots[i].size == root->size && memcmp(v->roots[i].bytes, root->bytes, root->size) == 0)
                        return true;
        return false;
}

static void judge(struct work *w, const struct place *p, struct outcome *o) {
        struct verify *v = w->ctx;
        char text[VERITY_ROOT_TEXT];

        if (p->input->kind != INPUT_IMAGE && !is_given(v, &o->layer.root))
                hcs_error_make(&o->problem, VERITY_E_MISMATCH, "the root hash is %s, which was not given",
                               verity_root_format(&o->layer.root, text));
        v->mismatch |= o->problem != NULL;
}

static bool parse_u32(const char *text, uint32_t *ret) {
        uint64_t n;

        if (!hcs_str_to_u64(text, &n) || n > UINT32_MAX)
                return false;
        *ret = (uint32_t)n;
        return true;
}

static bool parse_salt(const char *text, struct verity_superblock *sb) {
        size_t n = hcs_streq(text, "-") ? 0 : strlen(text) / 2;

        if (n > VERITY_MAX_SALT || (n > 0 && !hcs_hex_parse(text, sb->salt, n)))
                return false;
        sb->salt_size = (uint32_t)n;
        return true;
}

static bool parse_name(const char *text, struct verity_superblock *sb) {
        if (strlen(text) > VERITY_MAX_NAME)
                return false;
        strcpy(sb->algorithm, text);
        return true;
}

/* What an option of ours says; false: not something it can say. */
static bool take_own_option(struct verify *v, int o, const char *value) {
        switch (o) {
        case 'f':
                v->hash_file = value;
                return true;
        case 'n':
                v->no_superblock = true;
                return true;
        case 'A':
                return parse_name(value, &v->sb);
        case 's':
                return parse_salt(value, &v->sb);
        case 'D':
                return parse_u32(value, &v->sb.data_block_size);
        case 'H':
                return parse_u32(value, &v->sb.hash_block_size);
        case 'B':
                return hcs_str_to_u64(value, &v->sb.data_blocks);
        default:
                return parse_u32(value, &v->sb.hash_type);
        }
}

/* False: told. */
static bool take_roots(struct verify *v, char **texts, size_t n) {
        struct hcs_error *err = NULL;

        v->roots = hcs_calloc(n, sizeof(*v->roots));
        v->n_roots = n;
        for (size_t i = 0; i < n; i++)
                if (FAILED(verity_root_parse(texts[i], &v->roots[i], &err))) {
                        tell_error("verify", err);
                        return false;
                }
        return true;
}

/* False: told. */
static bool check_superblock(const struct verify *v) {
        struct verity_superblock sane = v->sb;
        struct hcs_error *err = NULL;

        sane.data_blocks = sane.data_blocks ? sane.data_blocks : 1;
        if (!v->no_superblock || SUCCEEDED(verity_superblock_check(&sane, &err)))
                return true;
        tell_error("verify", err);
        return false;
}

static int run(struct verify *v, const char *path) {
        _cleanup_(input_close) struct input i = {0};
        struct hcs_error *err = NULL;
        HRESULT hr;

        /* What says where a tree is, says that there is one. */
        if (v->common.kind == INPUT_GUESS && (v->hash_file || v->common.has_offset || v->no_superblock))
                v->common.kind = INPUT_IMAGE;
        hr = input_open(path, v->common.kind, &i, &err);
        if (SUCCEEDED(hr) && i.kind == INPUT_IMAGE && v->n_roots > 1)
                return tell_usage("verify", "an image has one ROOTHASH");
        if (SUCCEEDED(hr))
                hr = work_on(&v->work, &i, &err);
        if (FAILED(hr))
                return tell_error("verify", err);
        return v->mismatch ? EXIT_MISMATCH : EXIT_OK;
}

int cmd_verify(int argc, char **argv) {
        static const char own[] = "fnAsDHBF";
        static const struct option table[] = {{"hash-file", required_argument, NULL, 'f'},
                                              {"no-superblock", no_argument, NULL, 'n'},
                                              {"hash", required_argument, NULL, 'A'},
                                              {"salt", required_argument, NULL, 's'},
                                              {"data-block-size", required_argument, NULL, 'D'},
                                              {"hash-block-size", required_argument, NULL, 'H'},
                                              {"data-blocks", required_argument, NULL, 'B'},
                                              {"format", required_argument, NULL, 'F'},
                                              OPTION_AS,
                                              OPTION_JSON,
                                              OPTION_OFFSET,
                                              OPTION_THREADS,
                                              OPTION_HELP,
                                              {0}};
        struct verify v = {.work = {.make = verify_layer, .judge = judge, .ctx = &v},
                           .common = {.command = "verify", .usage = usage}};
        int o, which, status;

        verity_superblock_init(&v.sb);
        work_init(&v.work);
        while ((o = next_option(argc, argv, "h", table, &which)) != -1)
                if (!strchr(own, o)) {
                        if (!take_option(&v.common, o, optarg, &status))
                                return status;
                } else if (!take_own_option(&v, o, optarg)) {
                        return tell_usage("verify", "--%s cannot be %s", table[which].name, optarg);
                }
        if (optind + 2 > argc)
                return tell_usage("verify", "an INPUT and a ROOTHASH are needed");
        if (!check_superblock(&v))
                return EXIT_USAGE;
        status = EXIT_USAGE;
        if (take_roots(&v, argv + optind + 1, (size_t)(argc - optind - 1))) {
                v.work.options.hashing.threads = v.common.threads;
                v.work.report.json = v.common.json ? hcs_json_new_array() : NULL;
                v.work.report.verdicts = "verify";
                status = run(&v, argv[optind]);
                work_end(&v.work);
        }
        free(v.roots);
        return status;
}
