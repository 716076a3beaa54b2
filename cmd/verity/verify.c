/* SPDX-License-Identifier: MIT */

/* verity verify: data against tree against root hash; what is wrong first, from the top of the tree down, is named. */

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"
#include "cmd/verity/verity.h"

struct verify {
        const char *hash_file;
        bool no_superblock;
        struct options common;
        struct verity_superblock sb; /* what the options say, for no_superblock */
        struct verity_options options;
};

static void usage(void) {
        puts("usage: verity verify [OPTIONS] IMAGE ROOTHASH\n\n"
             "Checks every block of the image: exit code 0 when all is as the root hash says, 3 when not; then the "
             "first\n"
             "block that differs is named. Reads what veritysetup format writes, and hcsshim.\n\n"
             "  --hash-file FILE    superblock and tree are in there, from its beginning\n"
             "  --hash-offset N     they begin at that byte; without, behind the ext4 file system of the image\n"
             "  --threads N         at most N at once; as many as there are processors when left out\n"
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

static HRESULT verify(const struct verify *v, const char *path, const struct verity_root *root,
                      struct hcs_error **err) {
        _cleanup_(input_close) struct input i = {0};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        struct verity_superblock sb;
        uint64_t offset = 0, tree;
        HRESULT hr = input_open(path, INPUT_IMAGE, &i, err);

        if (SUCCEEDED(hr))
                hr = find_hashes(v, &i, &offset, err);
        if (SUCCEEDED(hr) && v->hash_file)
                hr = hcs_data_file_open(v->hash_file, &file, err);
        if (SUCCEEDED(hr))
                hr = get_superblock(v, &i, file ? file : i.file, offset, &sb, &tree, err);
        if (SUCCEEDED(hr))
                hr = verity_verify(&sb, i.file, file ? file : i.file, tree, root, &v->options, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", path);
        return hr;
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

static int run(struct verify *v, const char *path, const char *root_text) {
        struct verity_root root;
        struct progress progress;
        struct hcs_error *err = NULL;
        struct verity_superblock sane = v->sb;
        HRESULT hr;

        if (FAILED(verity_root_parse(root_text, &root, &err))) {
                tell_error("verify", err);
                return EXIT_USAGE;
        }
        sane.data_blocks = sane.data_blocks ? sane.data_blocks : 1;
        if (v->no_superblock && FAILED(verity_superblock_check(&sane, &err))) {
                tell_error("verify", err);
                return EXIT_USAGE;
        }
        progress_init(&progress, path);
        v->options.progress = progress_bytes;
        v->options.ctx = &progress;
        hr = verify(v, path, &root, &err);
        progress_end(&progress);
        if (SUCCEEDED(hr)) {
                printf("%s: verified\n", path);
                return EXIT_OK;
        }
        tell_error("verify", err);
        return hr == VERITY_E_MISMATCH ? EXIT_MISMATCH : EXIT_PROBLEMS;
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
                                              OPTION_OFFSET,
                                              OPTION_THREADS,
                                              OPTION_HELP,
                                              {0}};
        struct verify v = {.common = {.command = "verify", .usage = usage}};
        int o, which, status;

        verity_superblock_init(&v.sb);
        while ((o = getopt_long(argc, argv, "h", table, &which)) != -1)
                if (!strchr(own, o)) {
                        if (!take_option(&v.common, o, optarg, &status))
                                return status;
                } else if (!take_own_option(&v, o, optarg)) {
                        return tell_usage("verify", "--%s cannot be %s", table[which].name, optarg);
                }
        if (optind + 2 != argc)
                return tell_usage("verify", "an IMAGE and a ROOTHASH are needed");
        v.options.threads = v.common.threads;
        return run(&v, argv[optind], argv[optind + 1]);
}
