/* SPDX-License-Identifier: MIT */

/*
 * What must hold: of any tar comes a refusal or an image in which the reader finds no fault, and of any image a listing
 * or a refusal, in bounded time. Files are made once and written over.
 */

#include "integration/fuzz/layer.h"

#include <stdlib.h>
#include <string.h>

#include "ext4/convert.h"
#include "ext4/read/attributes.h"
#include "ext4/read/path.h"
#include "ext4/read/walk.h"
#include "ext4/tar/sparse.h"

#define MAX_DISK   ((int64_t)64 << 20)
#define MAX_PIECES 100000u

static void must(bool ok) {
        if (!ok)
                abort();
}

static struct hcs_data_file *file_with(struct hcs_data_file **slot, const void *data, size_t n) {
        if (!*slot)
                must(SUCCEEDED(hcs_data_file_temporary(slot, NULL)));
        must(SUCCEEDED(hcs_data_file_resize(*slot, 0, NULL)));
        must(SUCCEEDED(hcs_data_file_write_at(*slot, 0, data, n, NULL)));
        return *slot;
}

/* ---- reading all of an image ---- */

struct reading {
        struct ext4_image *image;
        unsigned troubles, attributes;
};

static void trouble(void *ctx, const char *path, struct hcs_error *e) {
        must(hcs_error_message(e)[0] != '\0');
        hcs_error_free(e);
        ((struct reading *)ctx)->troubles++;
}

static HRESULT read_pieces(struct ext4_image *image, const struct ext4_inode *node, struct hcs_error **err) {
        uint64_t at = 0;

        for (unsigned i = 0; i < MAX_PIECES; i++) {
                struct ext4_piece piece;
                uint8_t bytes[64];
                size_t n;
                HRESULT hr = ext4_content_piece(image, node, at, &piece, err);

                if (FAILED(hr) || piece.n == 0)
                        return hr;
                must(piece.n <= node->size - at);
                if (piece.data) {
                        memcpy(bytes, piece.data, piece.n < sizeof(bytes) ? (size_t)piece.n : sizeof(bytes));
                } else {
                        hr = ext4_content_read(image, node, at, bytes, sizeof(bytes), &n, err);
                        if (FAILED(hr))
                                return hr;
                }
                at += piece.n;
        }
        return S_OK;
}

static HRESULT visit(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                     struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        _cleanup_buf_ struct hcs_buf target = {0};
        struct reading *r = ctx;
        struct hcs_error *e = NULL;
        HRESULT hr = S_OK;

        must(*name && !strchr(name, '/') && strlen(path) > strlen(name));
        if (ext4_inode_type(node) == EXT4_REG)
                hr = read_pieces(r->image, node, &e);
        else if (ext4_inode_type(node) == EXT4_LNK)
                hr = ext4_link_target(r->image, node, &target, &e);
        if (FAILED(hr))
                trouble(r, path, steal_pointer(&e));
        if (FAILED(ext4_attributes_read(r->image, node, &set, &e))) {
                hcs_error_free(e);
                r->attributes++;
        }
        return S_OK;
}

/* How much was wrong, attributes aside: names of more than 255 bytes are written as the original writes them. */
static unsigned read_image(struct hcs_data_file *f) {
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        struct reading r = {0};
        const struct ext4_visitor v = {.visit = visit, .trouble = trouble, .ctx = &r};
        struct ext4_inode root, found;

        if (FAILED(ext4_image_open(f, &image, NULL)))
                return 1;
        r.image = image;
        ext4_path_find(image, "dir/link/../file/x", true, &found, NULL);
        if (FAILED(ext4_path_find(image, "/", false, &root, NULL)))
                return 1;
        must(SUCCEEDED(ext4_walk(image, &root, "/", &v, NULL)));
        return r.troubles;
}

/* ---- what is fuzzed ---- */

static HRESULT convert(const uint8_t *data, size_t size, bool inline_data, struct hcs_data_file **out, uint64_t *ret) {
        static struct hcs_data_file *in;
        const struct ext4_convert_options options = {.writer = {.inline_data = inline_data, .max_disk_size = MAX_DISK},
                                                     .overlay = size % 2,
                                                     .libarchive_xattrs = size % 3 == 0};

        file_with(&in, data, size);
        file_with(out, "", 0);
        return ext4_convert(in, *out, &options, ret, NULL);
}

static void fuzz_tar(const uint8_t *data, size_t size) {
        static struct hcs_data_file *out;
        uint64_t disk;

        if (SUCCEEDED(convert(data, size, size % 5 < 2, &out, &disk))) {
                must(disk % EXT4_BLOCK == 0 && disk <= (uint64_t)MAX_DISK);
                must(read_image(out) == 0);
        }
}

static void fuzz_pax(const uint8_t *data, size_t size) {
        struct tar_sparse sparse = {0};
        struct tar_pax pax = {0};
        int64_t real;
        size_t len;

        hcs_buf_append(&pax.text, data, size);
        if (tar_pax_parse(&pax)) {
                const char *text = tar_pax_get(&pax, "GNU.sparse.size", &len);

                for (size_t i = 0; i < pax.n; i++) {
                        must(pax.records[i].value + pax.records[i].value_len < pax.text.len);
                        must(strlen(tar_pax_key(&pax, i)) == pax.records[i].key_len);
                        must(tar_pax_get(&pax, tar_pax_key(&pax, i), &len) == tar_pax_value(&pax, i));
                        must(i == 0 || strcmp(tar_pax_key(&pax, i - 1), tar_pax_key(&pax, i)) < 0);
                }
                if (text && tar_pax_number(text, strlen(text), &real) && tar_sparse_from_pax(&sparse, &pax) &&
                    tar_sparse_begin(&sparse, real)) {
                        uint64_t n = 1;
                        bool is_data;

                        while (n > 0) {
                                tar_sparse_run(&sparse, &n, &is_data);
                                sparse.position += (int64_t)n;
                        }
                        must(sparse.position == real);
                }
        }
        tar_sparse_deinit(&sparse);
        tar_pax_deinit(&pax);
}

/* A header of a ustar file of size 0, or with 5 bytes, of a type. */
static void put_entry(struct hcs_buf *tar, char type, const char *name, const char *link, const char *content) {
        uint8_t block[1024] = {0};
        size_t n = strlen(content);
        unsigned sum = 0;

        memcpy(block, name, strlen(name));
        memcpy(block + 100, "0000644", 7);
        block[134] = (uint8_t)('0' + n);
        memset(block + 148, ' ', 8);
        block[156] = (uint8_t)type;
        memcpy(block + 157, link, strlen(link));
        memcpy(block + 257, "ustar\00000", 8);
        memcpy(block + 512, content, n);
        for (size_t i = 0; i < 512; i++)
                sum += block[i];
        for (int i = 5; i >= 0; i--, sum /= 8)
                block[148 + i] = (uint8_t)('0' + sum % 8);
        block[154] = 0;
        hcs_buf_append(tar, block, n ? 1024 : 512);
}

/* An image with a bit of everything, read into memory. */
static void make_base(bool inline_data, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf tar = {0};
        struct hcs_data_file *image = NULL;
        uint64_t size;
        size_t n;

        put_entry(&tar, '5', "dir/", "", "");
        put_entry(&tar, '0', "dir/file", "", "hello");
        put_entry(&tar, '2', "dir/link", "../dir", "");
        put_entry(&tar, '2', "long", "a/target/that/is/longer/than/the/sixty/bytes/in/the/inode/of/a/link", "");
        put_entry(&tar, '1', "hard", "dir/file", "");
        put_entry(&tar, '3', "device", "", "");
        put_entry(&tar, '0', ".wh.gone", "", "");
        must(SUCCEEDED(convert((const uint8_t *)tar.data, tar.len, inline_data, &image, &size)));
        hcs_buf_reserve(out, size);
        must(SUCCEEDED(hcs_data_file_read_at(image, 0, out->data, size, &n, NULL)));
        out->len = n;
        hcs_data_file_close(image);
}

/* The first byte chooses the image; then offset (2 bytes), length (1) and the bytes that are put there, and so on. */
static void fuzz_image(const uint8_t *data, size_t size) {
        static struct hcs_data_file *file;
        static struct hcs_buf base[2];
        _cleanup_buf_ struct hcs_buf image = {0};
        size_t at = 1;

        if (size == 0)
                return;
        for (int i = 0; i < 2; i++)
                if (!base[i].len)
                        make_base(i, &base[i]);
        hcs_buf_append(&image, base[data[0] % 2].data, base[data[0] % 2].len);
        while (size - at > 3) {
                size_t to = ext4_get16(data + at), n = data[at + 2];

                at += 3;
                if (n > size - at)
                        n = size - at;
                if (to < image.len && n <= image.len - to)
                        memcpy(image.data + to, data + at, n);
                at += n;
        }
        file_with(&file, image.data, image.len);
        read_image(file);
}

bool fuzz_layer(uint8_t which, const uint8_t *data, size_t size) {
        switch (which) {
        case 't':
                fuzz_tar(data, size);
                return true;
        case 'p':
                fuzz_pax(data, size);
                return true;
        case 'e':
                fuzz_image(data, size);
                return true;
        default:
                return false;
        }
}
