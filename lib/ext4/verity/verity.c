/* SPDX-License-Identifier: MIT */

#include "ext4/verity/verity.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "ext4/verity/layout.h"
#include "ext4/verity/pass.h"

char *verity_root_format(const struct verity_root *root, char text[static VERITY_ROOT_TEXT]) {
        return hcs_hex_format(root->bytes, root->size, text);
}

HRESULT verity_root_parse(const char *text, struct verity_root *ret, struct hcs_error **err) {
        struct verity_root root = {.size = strlen(text) / 2};

        if (root.size == 0 || root.size > sizeof(root.bytes) || !hcs_hex_parse(text, root.bytes, root.size))
                return hcs_error_make(err, E_INVALIDARG, "`%.150s` is no root hash", text);
        *ret = root;
        return S_OK;
}

HRESULT verity_set_size(struct verity_superblock *sb, uint64_t size, struct hcs_error **err) {
        if (size == 0)
                return hcs_error_make(err, VERITY_E_SIZE, "there is no data");
        if (size % sb->data_block_size != 0)
                return hcs_error_make(err, VERITY_E_SIZE,
                                      "the last block is not whole: %llu bytes are no multiple of %u",
                                      (unsigned long long)size, sb->data_block_size);
        sb->data_blocks = size / sb->data_block_size;
        return verity_superblock_check(sb, err);
}

/* A tree, where it is and what it is over. */
struct tree {
        const struct verity_superblock *sb;
        struct verity_layout layout;
        struct verity_digest *digest;
        struct hcs_data_file *data, *hashes;
        uint64_t offset;
};

static void tree_deinit(struct tree *t) {
        verity_digest_free(t->digest);
}

static HRESULT tree_init(struct tree *t, const struct verity_superblock *sb, struct hcs_data_file *data,
                         struct hcs_data_file *hashes, uint64_t offset, struct hcs_error **err) {
        HRESULT hr = verity_superblock_check(sb, err);

        *t = (struct tree){.sb = sb, .data = data, .hashes = hashes, .offset = offset};
        if (SUCCEEDED(hr))
                hr = verity_digest_new(sb, &t->digest, err);
        if (SUCCEEDED(hr))
                hr = verity_layout_init(&t->layout, sb, verity_digest_size(t->digest), err);
        return hr;
}

/* Is there what the numbers say? Asked first, since a superblock can say anything. */
static HRESULT check_room(struct hcs_data_file *f, uint64_t offset, uint64_t size, const char *what,
                          struct hcs_error **err) {
        uint64_t have, end = offset + size;
        HRESULT hr;

        if (!hcs_data_file_is_regular(f))
                return hcs_error_make(err, HCS_WIN32(50), "`%s` cannot be read at any place", hcs_data_file_name(f));
        hr = hcs_data_file_size(f, &have, err);
        if (FAILED(hr))
                return hr;
        if (offset > have || size > have - offset)
                return hcs_error_make(err, VERITY_E_EOF, "`%s` has %llu bytes, and the %s would end at %llu",
                                      hcs_data_file_name(f), (unsigned long long)have, what, (unsigned long long)end);
        return S_OK;
}

static HRESULT run_level(const struct tree *t, unsigned level, bool compare, const struct verity_options *o,
                         struct hcs_error **err) {
        struct verity_pass pass = {.sb = t->sb,
                                   .layout = &t->layout,
                                   .level = level,
                                   .compare = compare,
                                   .below = level == 0 ? t->data : t->hashes,
                                   .tree = t->hashes,
                                   .tree_offset = t->offset,
                                   .threads = o ? o->threads : 0};

        if (level > 0)
                pass.below_offset = t->offset + t->layout.level[level - 1].offset;
        else if (o) {
                pass.progress = o->progress;
                pass.ctx = o->ctx;
        }
        return verity_pass_run(&pass, err);
}

/* Of the top block: the first of the tree, or the only one of the data. */
static HRESULT hash_top(const struct tree *t, struct verity_root *ret, struct hcs_error **err) {
        struct hcs_data_file *file = t->layout.levels ? t->hashes : t->data;
        size_t n = t->layout.levels ? t->sb->hash_block_size : t->sb->data_block_size, got;
        uint64_t offset = t->layout.levels ? t->offset : 0;
        _cleanup_free_ uint8_t *block = hcs_malloc(n);
        struct verity_root root = {.size = verity_digest_size(t->digest)};
        HRESULT hr = hcs_data_file_read_at(file, offset, block, n, &got, err);

        if (SUCCEEDED(hr) && got < n)
                return hcs_error_make(err, VERITY_E_EOF, "failed to read dm-verity root hash: `%s` ends too soon",
                                      hcs_data_file_name(file));
        if (SUCCEEDED(hr))
                hr = verity_digest_of(t->digest, block, n, root.bytes, err);
        if (FAILED(hr))
                return hr;
        *ret = root;
        return S_OK;
}

static HRESULT build(const struct tree *t, const struct verity_options *o, struct verity_root *ret,
                     struct hcs_error **err) {
        HRESULT hr = check_room(t->data, 0, t->sb->data_blocks * t->sb->data_block_size, "data", err);

        for (unsigned level = 0; SUCCEEDED(hr) && level < t->layout.levels; level++)
                hr = run_level(t, level, false, o, err);
        return SUCCEEDED(hr) ? hash_top(t, ret, err) : hr;
}

HRESULT verity_root_of(const struct verity_superblock *sb, struct hcs_data_file *data,
                       const struct verity_options *options, struct verity_root *ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *temporary = NULL;
        _cleanup_(tree_deinit) struct tree t = {0};
        HRESULT hr = hcs_data_file_temporary(&temporary, err);

        if (SUCCEEDED(hr))
                hr = tree_init(&t, sb, data, temporary, 0, err);
        return SUCCEEDED(hr) ? build(&t, options, ret, err) : hr;
}

static HRESULT write_superblock(const struct tree *t, uint64_t offset, struct hcs_error **err) {
        _cleanup_free_ uint8_t *bytes = hcs_calloc(1, (size_t)(t->offset - offset));

        verity_superblock_print(t->sb, bytes);
        return hcs_data_file_write_at(t->hashes, offset, bytes, (size_t)(t->offset - offset), err);
}

HRESULT verity_write(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *out,
                     uint64_t offset, const struct verity_options *options, struct verity_root *ret_root,
                     uint64_t *ret_end, struct hcs_error **err) {
        _cleanup_(tree_deinit) struct tree t = {0};
        struct verity_root root;
        HRESULT hr;

        if (offset % sb->hash_block_size != 0)
                return hcs_error_make(err, E_INVALIDARG, "%llu is no multiple of the hash block size of %u",
                                      (unsigned long long)offset, sb->hash_block_size);
        hr = tree_init(&t, sb, data, out, verity_layout_after(sb, offset), err);
        if (SUCCEEDED(hr))
                hr = write_superblock(&t, offset, err);
        if (SUCCEEDED(hr))
                hr = build(&t, options, &root, err);
        if (FAILED(hr))
                return hr;
        *ret_root = root;
        *ret_end = t.offset + t.layout.size;
        return S_OK;
}

HRESULT verity_read(struct hcs_data_file *hashes, uint64_t offset, struct verity_superblock *ret, uint64_t *ret_tree,
                    struct hcs_error **err) {
        uint8_t bytes[VERITY_SUPERBLOCK];
        struct verity_superblock sb;
        size_t got;
        HRESULT hr;

        if (offset % VERITY_SUPERBLOCK != 0)
                return hcs_error_make(err, E_INVALIDARG, "%llu is no multiple of %u", (unsigned long long)offset,
                                      VERITY_SUPERBLOCK);
        if (!hcs_data_file_is_regular(hashes))
                return check_room(hashes, offset, sizeof(bytes), "super block", err);
        hr = hcs_data_file_read_at(hashes, offset, bytes, sizeof(bytes), &got, err);
        if (SUCCEEDED(hr) && got < sizeof(bytes))
                return hcs_error_make(err, VERITY_E_EOF, "failed to read dm-verity super block at byte %llu: `%s` ends",
                                      (unsigned long long)offset, hcs_data_file_name(hashes));
        if (SUCCEEDED(hr))
                hr = verity_superblock_parse(bytes, &sb, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "`%s` at byte %llu", hcs_data_file_name(hashes), (unsigned long long)offset);
                return hr;
        }
        *ret = sb;
        *ret_tree = verity_layout_after(&sb, offset);
        return S_OK;
}

static HRESULT open_tree(struct tree *t, const struct verity_superblock *sb, struct hcs_data_file *data,
                         struct hcs_data_file *hashes, uint64_t tree, struct hcs_error **err) {
        HRESULT hr = tree_init(t, sb, data, hashes, tree, err);

        if (SUCCEEDED(hr))
                hr = check_room(hashes, tree, t->layout.size, "tree", err);
        if (SUCCEEDED(hr))
                hr = check_room(data, 0, sb->data_blocks * sb->data_block_size, "data", err);
        return hr;
}

HRESULT verity_read_root(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *hashes,
                         uint64_t tree, struct verity_root *ret, struct hcs_error **err) {
        _cleanup_(tree_deinit) struct tree t = {0};
        HRESULT hr = open_tree(&t, sb, data, hashes, tree, err);

        return SUCCEEDED(hr) ? hash_top(&t, ret, err) : hr;
}

HRESULT verity_verify(const struct verity_superblock *sb, struct hcs_data_file *data, struct hcs_data_file *hashes,
                      uint64_t tree, const struct verity_root *root, const struct verity_options *options,
                      struct hcs_error **err) {
        _cleanup_(tree_deinit) struct tree t = {0};
        struct verity_root top;
        HRESULT hr = open_tree(&t, sb, data, hashes, tree, err);

        if (SUCCEEDED(hr) && root->size != verity_digest_size(t.digest))
                return hcs_error_make(err, E_INVALIDARG, "a root hash of %zu bytes, where %s makes %zu", root->size,
                                      sb->algorithm, verity_digest_size(t.digest));
        if (SUCCEEDED(hr))
                hr = hash_top(&t, &top, err);
        if (FAILED(hr))
                return hr;
        if (memcmp(top.bytes, root->bytes, top.size) != 0) {
                char text[VERITY_ROOT_TEXT];

                return hcs_error_make(err, VERITY_E_MISMATCH, "the %s is not what the root hash says: it makes %s",
                                      t.layout.levels ? "top of the tree" : "only data block",
                                      verity_root_format(&top, text));
        }
        for (unsigned level = t.layout.levels; SUCCEEDED(hr) && level-- > 0;)
                hr = run_level(&t, level, true, options, err);
        return hr;
}
